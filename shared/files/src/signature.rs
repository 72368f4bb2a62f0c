//! What the links of a folder are signed with. A bucket's are AWS's affair: `sigv4`.

use ring::hmac;

pub(crate) use sigv4::escaped;

pub(crate) fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}
