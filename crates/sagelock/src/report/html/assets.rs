//! What the page is made of beside its content, and the policy that lets nothing else in.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The page's style.
pub(super) const STYLE: &str = concat!(
    include_str!("style/colours.css"),
    include_str!("style/page.css"),
    include_str!("style/summary.css"),
    include_str!("style/findings.css"),
    include_str!("style/print.css"),
);

/// Runs before anything is painted: the colours of before, and that there is JavaScript.
pub(super) const EARLY: &str = include_str!("script/early.js");

/// Runs when everything is there.
pub(super) const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("script/data.js"),
    include_str!("script/filter.js"),
    include_str!("script/element.js"),
    include_str!("script/row.js"),
    include_str!("script/list.js"),
    include_str!("script/print.js"),
    include_str!("script/csv.js"),
    include_str!("script/page.js"),
    "})();\n",
);

/// A key, so that no browser asks a server for `favicon.ico`.
pub(super) const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M6 6V5a2 2 0 1 1 4 0v1h1v7H5V6z' fill='none' stroke='%232a78d0' stroke-width='1.6'/%3E%3C/svg%3E";

/// The Content-Security-Policy of the page: nothing is fetched, nothing runs but its own scripts,
/// nothing becomes markup, no form is sent anywhere.
pub(super) fn policy() -> String {
    format!(
        "default-src 'none'; script-src {} {}; style-src {}; img-src data:; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        hash(EARLY),
        hash(SCRIPT),
        hash(STYLE)
    )
}

/// A source of a policy by its content.
fn hash(content: &str) -> String {
    format!("'sha256-{}'", base64(&Sha256::digest(content)))
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |value: u32| {
        let index = usize::try_from(value & 63).unwrap_or_default();
        DIGITS.get(index..=index).unwrap_or_default()
    };
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let text_of = if place > group.len() {
                "="
            } else {
                digit(bits >> shift)
            };
            let _ = write!(text, "{text_of}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }

    #[test]
    fn what_is_embedded_stays_inside_and_names_no_place() {
        for (name, content) in [("style", STYLE), ("early", EARLY), ("script", SCRIPT)] {
            for bad in [
                "</",
                "<!--",
                "//cdn",
                "@import",
                "url(h",
                "innerHTML",
                "fetch(",
                "eval(",
            ] {
                assert!(!content.contains(bad), "{name} holds `{bad}`");
            }
        }
    }
}
