//! As much of MIME as shows what the reader of a raw e-mail sees.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Parts within parts that are looked into.
const DEPTH: usize = 8;

/// Base64 as mail programs write it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An e-mail, or a part of one.
#[derive(Debug)]
pub(super) struct Part {
    headers: Vec<(String, String)>,
    body: String,
}

pub(super) fn read(message: &str) -> Part {
    let message = message.replace("\r\n", "\n");
    let (head, body) = message.split_once("\n\n").unwrap_or((message.as_str(), ""));
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        match (headers.last_mut(), line.starts_with([' ', '\t'])) {
            // A folded line goes on with the one before.
            (Some((_, value)), true) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            _ => {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
    }
    Part { headers, body: body.to_owned() }
}

impl Part {
    /// A header's value as it is read.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| decode_words(value))
    }

    /// The plain text, or whatever text there is.
    pub(super) fn text(&self) -> String {
        self.find("text/plain", DEPTH).or_else(|| self.find("text/", DEPTH)).unwrap_or_default()
    }

    fn find(&self, kind: &str, depth: usize) -> Option<String> {
        let content_type = self.header("Content-Type").unwrap_or_else(|| "text/plain".to_owned());
        let lower = content_type.to_lowercase();
        if lower.starts_with(kind) {
            return Some(self.decoded());
        }
        if !lower.starts_with("multipart/") || depth == 0 {
            return None;
        }
        let at = lower.find("boundary=")? + "boundary=".len();
        let rest = &content_type[at..];
        let boundary = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => rest.split([';', ' ']).next(),
        }?;
        let marker = format!("\n--{boundary}");
        let whole = format!("\n{}", self.body);
        let parts = whole.split(&marker).skip(1).take_while(|part| !part.starts_with("--"));
        parts.map(|part| read(part.trim_start_matches('\n'))).find_map(|part| part.find(kind, depth - 1))
    }

    fn decoded(&self) -> String {
        let encoding = self.header("Content-Transfer-Encoding").unwrap_or_default().to_lowercase();
        let bytes = match encoding.as_str() {
            "base64" => {
                let clean: String = self.body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
                BASE64.decode(clean).unwrap_or_default()
            }
            "quoted-printable" => unquote(&self.body.replace("=\n", ""), false),
            _ => self.body.clone().into_bytes(),
        };
        String::from_utf8_lossy(&bytes).trim_end().to_owned()
    }
}

/// Decodes `=?utf-8?B?…?=` and `=?utf-8?Q?…?=`.
fn decode_words(value: &str) -> String {
    let mut decoded = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("=?") {
        let mut parts = after.splitn(3, '?');
        let word = (parts.next(), parts.next(), parts.next().and_then(|tail| tail.split_once("?=")));
        let (Some(_charset), Some(encoding), Some((text, tail))) = word else { break };
        // The space between two encoded words is not part of the text.
        if decoded.is_empty() || !before.trim().is_empty() {
            decoded.push_str(before);
        }
        let bytes = match encoding {
            "B" | "b" => BASE64.decode(text).unwrap_or_default(),
            _ => unquote(text, true),
        };
        decoded.push_str(&String::from_utf8_lossy(&bytes));
        rest = tail;
    }
    decoded.push_str(rest);
    decoded
}

/// Decodes `=C3=A9`; in headers an underscore is a space.
fn unquote(text: &str, in_header: bool) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = bytes.get(at + 1..at + 3).and_then(|pair| hex::decode(pair).ok());
        match (byte, escaped.as_deref()) {
            (b'=', Some([value])) => {
                decoded.push(*value);
                at += 3;
                continue;
            }
            (b'_', _) if in_header => decoded.push(b' '),
            _ => decoded.push(*byte),
        }
        at += 1;
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_text_is_found_in_a_message_of_many_parts() {
        let mail = read(
            "Subject: =?utf-8?Q?Visit_=C3=A9?= =?UTF-8?B?8J+Zgg==?= now\r\nTo: a@example.com\r\n\
             Content-Type: multipart/mixed;\r\n boundary=\"outer\"\r\n\r\n--outer\r\n\
             Content-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\n\
             Content-Type: text/html\r\n\r\n<p>Hi</p>\r\n--inner\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
             Caf=C3=A9 =\r\ntoday\r\n--inner--\r\n--outer--\r\n",
        );
        assert_eq!(mail.header("subject").unwrap(), "Visit é🙂 now");
        assert_eq!(mail.text(), "Café today");
    }

    #[test]
    fn a_message_of_one_part_is_read_and_nothing_breaks_on_nonsense() {
        assert_eq!(read("Subject: Hi\n\nHello\n").text(), "Hello");
        let coded = read("Content-Type: text/html\nContent-Transfer-Encoding: base64\n\nSGVs\nbG8\n");
        assert_eq!(coded.text(), "Hello");
        assert_eq!(read("=?utf-8?").header("=?utf-8?").as_deref(), Some(""));
        assert_eq!(read("Content-Type: multipart/mixed").text(), "");
        assert_eq!(read("Subject: =?x\n\n=4").header("Subject").as_deref(), Some("=?x"));
    }
}
