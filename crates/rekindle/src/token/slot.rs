//! Names for the cookies of a session.

use rekindle_core::SessionId;

use super::base64url;

/// 8 characters of base64url that are the same whenever they are derived again, and from which nobody learns the
/// session's id. Two sessions share them once in 2^48; then one browser that holds both loses one of them.
pub fn cookie_slot(session: SessionId) -> String {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    context.update(b"rekindle cookie slot");
    context.update(&session.0);
    base64url::encode(&context.finish().as_ref()[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other versions of this server read the cookies that this one set.
    #[test]
    fn a_slot_never_changes() {
        assert_eq!(cookie_slot(SessionId([7; 16])), "ZYhiMGmY");
    }
}
