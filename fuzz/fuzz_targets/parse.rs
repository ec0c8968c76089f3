//! Whatever is read, it is a document or an error with a place in the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sagelock_policy::request::Grant;
use sagelock_policy::{Document, Kind};

const KINDS: [Kind; 8] = [
    Kind::Identity,
    Kind::Boundary,
    Kind::Session,
    Kind::Scp,
    Kind::Rcp,
    Kind::Resource,
    Kind::Endpoint,
    Kind::Trust,
];

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for kind in KINDS {
        match Document::read(kind, text) {
            Ok(document) => {
                let _ = (document.every_account(), document.organizations());
            }
            Err(error) => {
                let lines = text.split('\n').count();
                assert!(error.at.line >= 1 && error.at.line <= lines, "{error}");
                assert!(error.at.column >= 1, "{error}");
                assert!(!error.message.is_empty());
            }
        }
    }
    let _ = Grant::read_list(text);
    let _ = sagelock_policy::case::Case::read(text);
    let _ = sagelock_policy::case::Question::read(text);
});
