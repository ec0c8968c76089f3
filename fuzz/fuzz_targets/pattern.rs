//! A pattern matches what the definition says, told here by a table over both texts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sagelock_policy::context::Context;
use sagelock_policy::evaluate::{Verdict, evaluate};
use sagelock_policy::request::{Caller, Request, Stack};
use sagelock_policy::{Document, Kind, is_arn_like};
use serde_json::json;

fn matches(pattern: &[char], text: &[char]) -> bool {
    // Whether the pattern so far matches each beginning of the text.
    let mut row: Vec<bool> = (0..=text.len()).map(|at| at == 0).collect();
    for step in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match step {
                '*' => row[at] || (at > 0 && next[at - 1]),
                '?' => at > 0 && row[at - 1],
                c => at > 0 && row[at - 1] && text[at - 1] == *c,
            };
        }
        row = next;
    }
    row[text.len()]
}

fuzz_target!(|data: (&str, &str)| {
    let (pattern, text) = data;
    if pattern.len() > 512 || text.len() > 512 || pattern.is_empty() || text.is_empty() {
        return;
    }
    let chars = |text: &str| text.chars().collect::<Vec<char>>();
    let expected = matches(&chars(pattern), &chars(text));
    // Without a version there are no variables.
    let document = json!({ "Statement": [
        { "Effect": "Allow", "Action": "s3:GetObject", "Resource": pattern } ] });
    let document = Document::read(Kind::Identity, &document.to_string()).expect("a policy");
    let caller = Caller::read("arn:aws:iam::111122223333:user/a").expect("a user");
    let request = Request::new(caller, "s3:GetObject", text, "111122223333", Context::default());
    let resource = json!({ "Statement": [] });
    let stack = Stack {
        identity: vec![document],
        resource: Document::read(Kind::Resource, &resource.to_string()).ok(),
        ..Stack::default()
    };
    let verdict = evaluate(&request.expect("an action"), &stack);
    assert_eq!(verdict == Verdict::Allowed, expected, "{pattern:?} {text:?}");
    let _ = is_arn_like(pattern, text);
});
