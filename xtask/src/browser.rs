//! The cookie transport, the JavaScript client and the playground in a real Chromium, against the real server.

use crate::node;
use crate::run::Done;

pub(crate) fn run() -> Done {
    node::test("crates/rekindle-server/tests/browser", 2, &[])
}
