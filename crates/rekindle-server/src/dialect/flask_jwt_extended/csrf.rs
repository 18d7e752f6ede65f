//! The double submit: what a page of another site cannot read, it cannot repeat.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use axum::http::HeaderMap;

use crate::dialect::jwt::Signed;
use crate::dialect::uuid;

/// What the token with this name wants repeated. A function of the name, so that a token that is derived again is the same.
pub(super) fn value(token_id: [u8; 16]) -> String {
    let mut context = Context::new(&SHA256);
    context.update(b"rekindle csrf");
    context.update(&token_id);
    let mut short = [0; 16];
    short.copy_from_slice(&context.finish().as_ref()[..16]);
    uuid::dashed(short)
}

/// # Errors
/// In the package's words.
pub(super) fn check(signed: &Signed, headers: &HeaderMap, header: &str) -> Result<(), (u16, &'static str)> {
    let sent = headers.get(header).and_then(|value| value.to_str().ok());
    let sent = sent.ok_or((401, "Missing CSRF token"))?;
    let wanted = signed.text("csrf").ok_or((422, "Missing claim: csrf"))?;
    verify_slices_are_equal(sent.as_bytes(), wanted.as_bytes())
        .map_err(|_| (401, "CSRF double submit tokens do not match"))
}
