//! How what is sent is signed, so that a receiver knows that it comes from here, and when it was sent.

use ring::hmac;
use tenantry_types::Timestamp;
use tenantry_types::text::Secret;

/// The header's value: `t=<unix time>,v1=<hex>`, with a `v1` for each secret. Signed is `<unix time>.<body>` by
/// HMAC-SHA256, with the secret as it was shown for a key.
pub(super) fn signature(secrets: &[Secret], at: Timestamp, body: &str) -> String {
    let time = at.unix();
    let mut out = format!("t={time}");
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
        out.push_str(",v1=");
        for byte in tag.as_ref() {
            out.push_str(&format!("{byte:02x}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_others_compute() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_test
        let at = Timestamp(time::OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(1_700_000_000));
        let one = signature(&[Secret::new("whsec_test")], at, r#"{"a":1}"#);
        assert_eq!(one, "t=1700000000,v1=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789");
        let both = signature(&[Secret::new("whsec_test"), Secret::new("other")], at, r#"{"a":1}"#);
        assert_eq!(both.matches("v1=").count(), 2);
        assert!(both.starts_with(&one));
    }
}
