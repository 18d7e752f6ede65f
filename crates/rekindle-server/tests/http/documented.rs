//! The OpenAPI document, the answers in `tests/answers` and the server say the same.
//!
//! An answer that is not in the document, and one in the document that no file shows, both fail here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Browser, Node, Transcript, World};

/// `GET /v1/sessions/{id}`, by its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Operation {
    method: String,
    path: String,
}

/// A status, and the code of a problem.
type Answer = (u16, Option<String>);

on_every_store!(every_operation_meets_what_can_happen_to_any);

/// The same mishaps for each operation: no token, junk for one, one too old, one whose session has ended, a store
/// that is away, a body that cannot be read.
async fn every_operation_meets_what_can_happen_to_any(world: World) {
    let node = world.node().await;
    let mut t = Transcript::new("any");
    for (operation, about) in operations(&node).await {
        let (method, path) = (operation.method.as_str(), operation.path.replace("{id}", &"0".repeat(32)));
        let path = path.as_str();
        if about["security"].to_string().contains("api_key") {
            t.operate("no API key", &node, "", method, path, "").await;
            t.operate("junk for an API key", &node, "junk", method, path, "").await;
            let key = node.api_key(&format!("{method} {path}")).await;
            node.probe.fail(true);
            let body = match about["requestBody"]["content"].as_object().and_then(|kinds| kinds.keys().next())
            {
                Some(kind) if kind == "application/json" => r#"{"subject":"x"}"#,
                Some(_) => "token=rkrt1_x",
                None => "",
            };
            t.operate("the store is away", &node, &key, method, &format!("{path}?subject=x"), body).await;
            node.probe.fail(false);
            if about["requestBody"].is_object() {
                let other = if body.starts_with('{') { "a=b" } else { "{}" };
                t.operate("a body of another kind", &node, &key, method, path, other).await;
                let long = "{".to_owned() + &" ".repeat(20_000);
                t.operate("a body that is too long", &node, &key, method, path, &long).await;
            }
            let twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
            t.operate_with("two tokens", &node, method, path, &twice).await;
            continue;
        }
        if about["security"].as_array().is_some_and(|ways| !ways.contains(&Value::Object(Default::default())))
        {
            t.exchange("no token", &node, method, path, &[], "").await;
            t.signed_in("junk for a token", &node, method, path, "junk").await;
            let ended = node.login().await;
            node.logout(&ended.refresh).await;
            t.signed_in("the session has ended", &node, method, path, &ended.access).await;
            let late = node.login().await;
            world.clock.advance(5);
            t.signed_in("the access token has expired", &node, method, path, &late.access).await;
            let login = node.login().await;
            node.probe.fail(true);
            t.signed_in("the store is away", &node, method, path, &login.access).await;
            node.probe.fail(false);
            let twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
            t.exchange("two tokens", &node, method, path, &twice, "").await;
        }
        if about["security"].to_string().contains("cookie") && method != "GET" {
            let mut browser = Browser::new(&world.clock);
            browser.login(&node).await;
            let cookies = browser.cookies(path);
            t.exchange("perhaps from another site", &node, method, path, &[("cookie", &cookies)], "").await;
        }
        if about["requestBody"]["content"]["application/json"].is_object() {
            let login = node.login().await;
            let bearer = format!("Bearer {}", login.access);
            let json = [("authorization", bearer.as_str()), ("content-type", "application/json")];
            for (situation, body) in [
                ("no JSON", "{"),
                ("a member that is unknown", r#"{"colour":"red"}"#),
                ("a body that is too long", &" ".repeat(20_000)),
            ] {
                t.exchange(situation, &node, method, path, &json, body).await;
            }
            let form = [json[0], ("content-type", "application/x-www-form-urlencoded")];
            t.exchange("a form", &node, method, path, &form, "a=b").await;
        }
    }
    t.check();
}

/// Reads the files as they are in the tree.
#[tokio::test]
async fn what_is_documented_is_what_is_answered() {
    let node = World::new(crate::support::Kind::Memory).await.node().await;
    let documented: BTreeMap<Operation, BTreeSet<Answer>> = operations(&node)
        .await
        .into_iter()
        .map(|(operation, about)| (operation, documented_answers(&about)))
        .collect();
    let mut shown: BTreeMap<Operation, BTreeSet<Answer>> = BTreeMap::new();
    for (method, path, answer) in shown_answers() {
        let found = documented.keys().find(|o| o.method == method && matches(&o.path, &path));
        if let Some(operation) = found {
            shown.entry(operation.clone()).or_default().insert(answer);
        }
    }
    let mut differences = Vec::new();
    for (operation, documented) in &documented {
        let shown = shown.remove(operation).unwrap_or_default();
        let name = format!("{} {}", operation.method, operation.path);
        differences.extend(documented.difference(&shown).map(|a| format!("{name}: no file shows {a:?}")));
        differences.extend(shown.difference(documented).map(|a| format!("{name}: not documented: {a:?}")));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

async fn operations(node: &Node) -> Vec<(Operation, Value)> {
    let public = node.send("GET", "/openapi.json", &[], "").await.json();
    let admin = node.operate("", "GET", "/openapi.json", "").await.json();
    let mut operations = BTreeMap::new();
    for document in [public, admin] {
        assert_eq!(document["openapi"], "3.1.0");
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, about) in item.as_object().unwrap() {
                let operation = Operation { method: method.to_uppercase(), path: path.clone() };
                operations.insert(operation, about.clone());
            }
        }
    }
    assert!(operations.len() > 20);
    operations.into_iter().collect()
}

/// Each status with each of the codes that its description names.
fn documented_answers(about: &Value) -> BTreeSet<Answer> {
    let mut answers = BTreeSet::new();
    for (status, response) in about["responses"].as_object().unwrap() {
        let status = status.parse().unwrap();
        if status < 400 {
            answers.insert((status, None));
            continue;
        }
        let codes = response["description"].as_str().unwrap().split('`').skip(1).step_by(2);
        answers.extend(codes.map(|code| (status, Some(code.to_owned()))));
    }
    answers
}

/// Every exchange in `tests/answers`: method, path without its query, answer.
fn shown_answers() -> Vec<(String, String, Answer)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/answers");
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for exchange in text.split("## ").skip(1) {
            let mut lines = exchange.lines().skip(1);
            let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
            let status = lines.nth(1).unwrap().parse().unwrap();
            let problem =
                lines.find(|line| line.starts_with(r#"{"type""#) || line.starts_with(r#"{"error""#));
            let code = problem.map(|problem| {
                let problem: Value = serde_json::from_str(problem).unwrap();
                problem["code"].as_str().or(problem["error"].as_str()).unwrap().to_owned()
            });
            let path = path.split('?').next().unwrap();
            // HEAD is answered as GET is, without the body in which the code stands.
            found.push((method.to_owned(), path.to_owned(), (status, code)));
        }
    }
    found
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(part, given)| part.starts_with('{') || part == given)
}
