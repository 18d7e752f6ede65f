//! Every place of a request in which a secret can stand, by right or by mistake.

mod bodies;
mod heads;
mod wire;

use super::document::Operation;
use super::marks::Told;
use super::request::Request;

pub use wire::no_requests;

type Put = Box<dyn Fn(&mut Request, &str)>;

/// One place.
pub struct Place {
    pub name: String,
    /// Who may see what stands there.
    pub told: Told,
    /// It is one in which credentials stand by right.
    pub credential: bool,
    put: Put,
}

impl Place {
    /// All of an endpoint.
    pub fn all(operation: &Operation) -> Vec<Self> {
        let credentials = heads::credentials().into_iter();
        let mut all: Vec<_> = credentials.map(|place| Self { credential: true, ..place }).collect();
        all.extend(heads::others());
        all.extend(heads::targets(operation));
        all.extend(bodies::any());
        let members = bodies::members(operation).into_iter();
        all.extend(members.map(|place| Self { credential: true, ..place }));
        all
    }

    /// Puts `secret` there.
    pub fn put(&self, request: &mut Request, secret: &str) {
        (self.put)(request, secret);
    }

    fn told(self, told: Told) -> Self {
        Self { told, ..self }
    }
}

fn place(name: impl Into<String>, put: impl Fn(&mut Request, &str) + 'static) -> Place {
    Place { name: name.into(), told: Told::Never, credential: false, put: Box::new(put) }
}
