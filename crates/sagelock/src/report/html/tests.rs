//! What the page leaves out, what it says of it, and that it is the same every time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sagelock_domain::assess::{Coverage, Record, Totals};
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::inventory::CellId;
use serde_json::{Value, json};

use super::write_up_to;
use crate::findings::Findings;
use crate::outcome::{Audit, Names};

const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\u{2028}";

fn record(number: usize, verdict: &str) -> Record {
    let record = json!({
        "id": format!("{number:016x}"), "rule": "EP-001", "verdict": verdict, "reason": "no_key",
        "severity": "high",
        "subject": {"type": "endpoint", "arn": format!("arn:{number}"), "name": HOSTILE,
            "account": "111122223333", "region": "eu-west-1", "team": HOSTILE},
        "key": HOSTILE, "message": HOSTILE,
        "evidence": [{"fact": "KmsKeyId", "value": HOSTILE, "call": "sagemaker:DescribeEndpoint",
            "at": "2026-11-25T10:00:00Z"}],
        "remediation": "", "compliance": ["NIST"], "exception": null,
    });
    serde_json::from_value(record).expect("a record")
}

fn audit(verdicts: &[&str]) -> Audit {
    let mut findings = Findings::default();
    let cell = CellId {
        account: AccountId::new("111122223333"),
        region: Region::new("eu-west-1"),
    };
    let records = verdicts.iter().enumerate();
    let records = records.map(|(number, verdict)| record(number, verdict));
    findings
        .add(cell.clone(), records.collect())
        .expect("added");
    Audit {
        started_at: Timestamp::UNIX_EPOCH,
        finished_at: Timestamp::UNIX_EPOCH,
        accounts: vec![cell.account],
        regions: vec![cell.region],
        looked_at: std::collections::BTreeMap::new(),
        regions_off: Vec::new(),
        off_in_accounts: 0,
        simulated: false,
        interrupted: false,
        rules_off: vec!["EP-011".to_owned()],
        coverage: Coverage::new(
            &Totals::default(),
            &std::collections::BTreeSet::new(),
            &std::collections::BTreeSet::new(),
            false,
        ),
        totals: Totals::default(),
        findings,
        calls: BTreeMap::new(),
        names: Names::default(),
    }
}

fn page(audit: &Audit, rows_max: u64) -> String {
    let mut out = Vec::new();
    write_up_to(audit, &mut out, rows_max).expect("written");
    String::from_utf8(out).expect("text")
}

/// The rows that a page holds, by verdict.
fn held(page: &str) -> Vec<String> {
    let blocks = page.split("class=\"rows\">").skip(1);
    let mut texts: Vec<Value> = Vec::new();
    let mut held = Vec::new();
    for block in blocks {
        let block = block.split("</script>").next().expect("an end");
        let block: Value = serde_json::from_str(block).expect("JSON");
        texts.extend(block["texts"].as_array().expect("texts").iter().cloned());
        for row in block["rows"].as_array().expect("rows") {
            let verdict = usize::try_from(row[2].as_u64().expect("a number")).expect("small");
            held.push(texts[verdict].as_str().expect("text").to_owned());
        }
    }
    held
}

#[test]
fn beyond_its_bound_the_page_holds_the_worst_and_says_what_it_leaves_out() {
    let audit = audit(&["pass", "fail", "not_applicable", "unknown", "fail", "pass"]);
    let whole = page(&audit, 6);
    assert_eq!(held(&whole).len(), 6);
    assert!(!whole.contains("NOT ALL ROWS"));
    let part = page(&audit, 4);
    assert_eq!(held(&part), ["pass", "fail", "unknown", "fail"]);
    assert!(part.contains("NOT ALL ROWS"));
    assert!(part.contains(
        "holds 4 of 6 findings, the worst first. It leaves out 1 pass, 1 not applicable."
    ));
    assert!(part.contains("json, ndjson and csv"));
    assert_eq!(held(&page(&audit, 1)), ["fail"]);
    assert!(held(&page(&audit, 0)).is_empty());
}

#[test]
fn the_page_is_the_same_every_time_and_nothing_foreign_is_markup() {
    let audit = audit(&["fail", "unknown", "pass"]);
    let first = page(&audit, 10);
    assert_eq!(first, page(&audit, 10));
    // A browser takes the first of two attributes of a name, and drops the other unsaid.
    for tag in first.split('<').filter_map(|text| text.split('>').next()) {
        assert!(tag.matches(" class=\"").count() < 2, "{tag}");
    }
    assert!(!first.contains("<img"), "a name became markup");
    assert_eq!(
        first.matches("<script").count(),
        first.matches("</script>").count()
    );
    assert!(first.contains("Switched off by the configuration: EP-011."));
}

#[test]
fn what_verdict_leaves_out_is_said() {
    let mut audit = audit(&["fail", "pass", "pass"]);
    audit
        .findings
        .only(vec![sagelock_domain::rules::Verdict::Fail]);
    let page = page(&audit, 10);
    assert_eq!(held(&page), ["fail"]);
    assert!(page.contains("which left out 2 pass."));
}

#[test]
fn an_interrupted_audit_and_an_empty_one_say_so() {
    let mut audit = audit(&[]);
    audit.interrupted = true;
    let page = page(&audit, 10);
    assert!(page.contains("INTERRUPTED"));
    assert!(page.contains("No fail and no unknown among 0 findings."));
}
