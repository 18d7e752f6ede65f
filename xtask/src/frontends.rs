//! Existing front ends for Simple JWT, against the dialect and against the package itself.

use crate::run::Done;
use crate::{node, original};

pub(crate) fn run() -> Done {
    // The package, as the probe has it.
    let python = original::python()?;
    // Nearly all of each file is waiting for tokens to expire, so they wait together.
    node::test("crates/rekindle-server/tests/frontends", 5, &[("REKINDLE_PYTHON", &python)])
}
