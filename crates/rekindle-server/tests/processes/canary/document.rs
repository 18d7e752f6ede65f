//! What an OpenAPI document says can be asked: an endpoint or a member that is added there is tried, too.

use serde_json::{Map, Value};

use super::request::{Kind, Request};

/// One endpoint.
pub struct Operation {
    pub method: String,
    pub path: String,
    /// Where it stands (`path`, `query`, `header`), and its name.
    pub parameters: Vec<(String, String)>,
    pub body: Option<(Kind, Vec<Member>)>,
}

/// One member of its body.
pub struct Member {
    pub name: String,
    required: bool,
    /// The members of an object.
    pub inner: Vec<String>,
}

impl Operation {
    /// All of a document.
    pub fn all(document: &Value) -> Vec<Self> {
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, about) in item.as_object().unwrap() {
                all.push(Self::new(document, method.to_uppercase(), path.clone(), about));
            }
        }
        all
    }

    fn new(document: &Value, method: String, path: String, about: &Value) -> Self {
        let parameters = about["parameters"].as_array().into_iter().flatten();
        let parameters = parameters.map(|parameter| {
            let text = |member: &str| parameter[member].as_str().unwrap().to_owned();
            (text("in"), text("name"))
        });
        let body = about["requestBody"]["content"].as_object().map(|content| {
            let (kind, content) = content.iter().next().unwrap();
            let kind = match kind.as_str() {
                "application/json" => Kind::Json,
                "application/x-www-form-urlencoded" => Kind::Form,
                other => panic!("teach this test what to put into a body of {other}"),
            };
            let schema = content["schema"]["$ref"].as_str().expect("a schema of its own");
            (kind, members(&document["components"]["schemas"][schema.rsplit('/').next().unwrap()]))
        });
        Self { method, path, parameters: parameters.collect(), body }
    }

    /// A request that most likely succeeds. `fill` is asked for what stands under a name. A token is in the body where
    /// it `may`.
    pub fn request(&self, may: bool, fill: impl Fn(&str) -> String) -> Request {
        let mut request = Request::new(&self.method, &self.path);
        for (place, name) in &self.parameters {
            match place.as_str() {
                "path" => request.target = request.target.replace(&format!("{{{name}}}"), &fill(name)),
                "query" => request.query(name, &fill(name)),
                "header" => {}
                other => panic!("teach this test what to put into a parameter in {other}"),
            }
        }
        if let Some((kind, members)) = &self.body {
            let all = may && members.iter().all(|member| !member.required);
            let sent = members.iter().filter(|member| member.required || all);
            let sent: Map<String, Value> =
                sent.map(|member| (member.name.clone(), fill(&member.name).into())).collect();
            request.send(*kind, sent);
        }
        request
    }
}

fn members(schema: &Value) -> Vec<Member> {
    let required =
        |name: &String| schema["required"].as_array().is_some_and(|all| all.contains(&name.as_str().into()));
    let members = schema["properties"].as_object().unwrap().iter();
    members
        .map(|(name, about)| Member {
            name: name.clone(),
            required: required(name),
            inner: about["properties"].as_object().into_iter().flat_map(Map::keys).cloned().collect(),
        })
        .collect()
}
