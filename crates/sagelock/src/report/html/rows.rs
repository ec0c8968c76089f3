//! The findings as data: a row each, and every text once.

use std::collections::BTreeMap;
use std::io::{self, Write};

use sagelock_domain::assess::{Record, RecordSubject};
use sagelock_domain::rules::{Severity, Verdict};
use serde_json::{Value, json};

use super::overview::Shown;
use crate::findings::Findings;

/// Rows of a block: each block is parsed on its own.
const BLOCK_ROWS: usize = 500;

/// Which findings the page holds: of each verdict and severity so many, in the order of the
/// contract.
pub(super) struct Chosen {
    /// How many of how many, worst first.
    pub(super) kinds: Vec<(Verdict, Severity, u64, u64)>,
}

impl Chosen {
    /// The worst of them, at most so many.
    pub(super) fn of(shown: &Shown, most: u64) -> Self {
        let mut room = most;
        let kinds = shown.iter().rev().map(|((verdict, severity), all)| {
            let held = room.min(*all);
            room -= held;
            (*verdict, *severity, held, *all)
        });
        Self {
            kinds: kinds.collect(),
        }
    }

    /// How many are held, and how many there are.
    pub(super) fn held(&self) -> (u64, u64) {
        let held = self.kinds.iter().map(|(_, _, held, _)| held).sum();
        (held, self.kinds.iter().map(|(_, _, _, all)| all).sum())
    }
}

/// Writes the chosen findings, in the order of the contract.
pub(super) fn write(findings: &Findings, chosen: &Chosen, out: &mut dyn Write) -> io::Result<()> {
    let mut room: BTreeMap<(Verdict, Severity), u64> = BTreeMap::new();
    for (verdict, severity, held, _) in &chosen.kinds {
        room.insert((*verdict, *severity), *held);
    }
    let mut texts = Texts::default();
    let mut rows = Vec::new();
    findings.each(&mut |record| {
        let left = room.entry((record.verdict, record.severity)).or_default();
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        rows.push(row(&record, &mut texts));
        if rows.len() == BLOCK_ROWS {
            write_block(&mut rows, &mut texts, out)?;
        }
        Ok(())
    })?;
    write_block(&mut rows, &mut texts, out)
}

/// A block: the texts that are new in it, and its rows.
fn write_block(rows: &mut Vec<Value>, texts: &mut Texts, out: &mut dyn Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let block = json!({
        "texts": std::mem::take(&mut texts.fresh),
        "rows": std::mem::take(rows),
    });
    out.write_all(b"\n<script type=\"application/json\" class=\"rows\">")?;
    out.write_all(in_script(&block.to_string()).as_bytes())?;
    out.write_all(b"</script>")
}

/// JSON that a script element holds to its end: nothing in it opens or closes markup.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// Texts by number, in the order of their first appearance.
#[derive(Default)]
struct Texts {
    known: BTreeMap<String, i64>,
    fresh: Vec<String>,
}

/// The number of a text that is not there.
const NONE: i64 = -1;

impl Texts {
    fn of(&mut self, text: &str) -> i64 {
        if let Some(number) = self.known.get(text) {
            return *number;
        }
        let number = i64::try_from(self.known.len()).unwrap_or(NONE);
        self.known.insert(text.to_owned(), number);
        self.fresh.push(text.to_owned());
        number
    }

    fn of_some(&mut self, text: Option<&str>) -> i64 {
        text.map_or(NONE, |text| self.of(text))
    }

    /// An ARN by what stands before the name, or, where it does not end with the name, as a whole:
    /// then the number is negative.
    fn of_arn(&mut self, subject: &RecordSubject) -> i64 {
        match subject.arn.strip_suffix(&subject.name) {
            Some(before) if !subject.name.is_empty() => self.of(before),
            Some(_) | None => -1 - self.of(&subject.arn),
        }
    }
}

/// A finding in the order that `script/data.js` reads.
fn row(record: &Record, texts: &mut Texts) -> Value {
    let subject = &record.subject;
    let evidence: Vec<i64> = record
        .evidence
        .iter()
        .flat_map(|evidence| {
            [
                texts.of(&evidence.fact),
                texts.of(&evidence.value),
                texts.of(evidence.call.name()),
                texts.of(&evidence.at.to_string()),
            ]
        })
        .collect();
    let gap: Vec<i64> = record.gap.as_ref().map_or_else(Vec::new, |gap| {
        [
            gap.call.name(),
            gap.account.as_str(),
            gap.region.as_str(),
            gap.reason.code(),
            &gap.subject,
            &gap.said,
        ]
        .map(|text| texts.of(text))
        .to_vec()
    });
    json!([
        record.id,
        texts.of(&record.rule),
        texts.of(record.verdict.as_str()),
        texts.of(&record.reason),
        texts.of(record.severity.as_str()),
        texts.of(subject.kind.as_str()),
        texts.of_arn(subject),
        texts.of(&subject.name),
        texts.of(subject.account.as_str()),
        texts.of(subject.region.as_str()),
        texts.of_some(subject.team.as_deref()),
        texts.of_some(record.key.as_deref()),
        texts.of(&record.message),
        texts.of(&record.remediation),
        texts.of(&record.compliance.join("; ")),
        u8::from(record.exception.is_some()),
        evidence,
        gap,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_are_chosen_first() {
        let shown = Shown::from([
            ((Verdict::Fail, Severity::High), 3),
            ((Verdict::Fail, Severity::Critical), 2),
            ((Verdict::Unknown, Severity::Critical), 4),
            ((Verdict::Pass, Severity::Critical), 5),
            ((Verdict::NotApplicable, Severity::Critical), 6),
        ]);
        for (most, expected) in [
            (100, [2, 3, 4, 5, 6]),
            (10, [2, 3, 4, 1, 0]),
            (4, [2, 2, 0, 0, 0]),
            (0, [0; 5]),
        ] {
            let chosen = Chosen::of(&shown, most);
            let held: Vec<u64> = chosen.kinds.iter().map(|(_, _, held, _)| *held).collect();
            assert_eq!(held, expected, "{most}");
            assert_eq!(chosen.held(), (expected.iter().sum(), 20));
        }
    }

    #[test]
    fn data_never_leaves_its_element() {
        let json = json!(["</script><!--", "\u{2028}\u{2029}", "a\u{0}b"]).to_string();
        let escaped = in_script(&json);
        assert!(
            !escaped.contains('<') && !escaped.contains('\u{2028}') && !escaped.contains('\u{0}')
        );
        assert_eq!(
            serde_json::from_str::<Value>(&escaped).ok(),
            serde_json::from_str(&json).ok()
        );
    }
}
