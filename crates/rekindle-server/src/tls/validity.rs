//! Until when a certificate is good. rustls reads it too, and keeps it to itself.

use rekindle::core::Timestamp;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// The `notAfter` of a certificate (RFC 5280 section 4.1), `None` where it is none.
pub(super) fn expires(certificate: &[u8]) -> Option<Timestamp> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let end = certificate.tbs_certificate().validity().not_after.to_unix_duration();
    Some(Timestamp::from_unix(end.as_secs()))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    const FIRST: &[u8] = include_bytes!("../../tests/certificates/first.crt.pem");

    #[test]
    fn the_end_is_read_as_openssl_reads_it() {
        let der = CertificateDer::from_pem_slice(FIRST).unwrap();
        // `openssl x509 -enddate`: Jan  1 00:00:00 2076 GMT; `date +%s`.
        assert_eq!(expires(&der), Some(Timestamp::from_unix(3_345_062_400)));
        for end in 0..der.len() {
            assert_eq!(expires(&der[..end]), None);
        }
    }
}
