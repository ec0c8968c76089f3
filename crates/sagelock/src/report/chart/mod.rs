//! Pictures of numbers, as SVG that takes its colours from the page. Pure functions: the same
//! numbers are the same bytes. Beside every picture stands its table, for who cannot see it.

mod bar;
mod donut;
mod heat;
mod stacked;

pub(crate) use bar::{Bar, bars};
pub(crate) use donut::donut;
pub(crate) use heat::{Heat, HeatCell, heat, is_narrow};
use maud::{Markup, html};
pub(crate) use stacked::{Stack, stacked};

/// What a colour stands for; the page says which colour that is, in light and in dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Pass,
    Fail,
    Unknown,
    Muted,
    Critical,
    High,
    Medium,
    Low,
}

impl Tone {
    /// The class of the page's style.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Pass => "t-pass",
            Self::Fail => "t-fail",
            Self::Unknown => "t-unknown",
            Self::Muted => "t-muted",
            Self::Critical => "t-critical",
            Self::High => "t-high",
            Self::Medium => "t-medium",
            Self::Low => "t-low",
        }
    }
}

/// A part of a whole.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) label: &'static str,
    pub(crate) value: u64,
    pub(crate) tone: Tone,
}

/// What a picture is called, and what it says in a sentence. The id is its own in the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caption<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) says: &'a str,
}

/// A frame of so many pixels around shapes.
fn frame(caption: Caption<'_>, width: u64, height: u64, shapes: &Markup) -> Markup {
    let title = format!("{}-title", caption.id);
    let says = format!("{}-says", caption.id);
    html! {
        svg.chart xmlns="http://www.w3.org/2000/svg" role="img"
            width=(width) height=(height) viewBox=(format!("0 0 {width} {height}"))
            aria-labelledby=(format!("{title} {says}")) {
            title id=(title) { (caption.title) }
            desc id=(says) { (caption.says) }
            (shapes)
        }
    }
}

/// What a part says under the pointer.
fn hint(part: &Part) -> Markup {
    html! { title { (part.label) ": " (count(part.value)) } }
}

/// A length or a place in a picture, to a hundredth of a pixel.
fn px(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_owned()
}

/// A count as a length is computed from it.
#[expect(
    clippy::cast_precision_loss,
    reason = "findings are counted in millions at the most"
)]
fn float(value: u64) -> f64 {
    value as f64
}

/// The share of a part in thousandths, rounded so that nothing looks better than it is: what is
/// good is rounded down, what is not is rounded up.
pub(crate) fn share(part: u64, of: u64, is_good: bool) -> String {
    if of == 0 {
        return "–".to_owned();
    }
    let thousandths = float(part) * 1000.0 / float(of);
    let rounded = if is_good {
        thousandths.floor()
    } else {
        thousandths.ceil()
    };
    format!("{:.1} %", rounded / 10.0)
}

/// A count with its thousands apart, by a space that does not break.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_looks_better_than_it_is() {
        for (part, of, is_good, expected) in [
            (0, 0, true, "–"),
            (0, 10, true, "0.0 %"),
            (9_999, 10_000, true, "99.9 %"),
            (10_000, 10_000, true, "100.0 %"),
            (1, 10_000, false, "0.1 %"),
            (0, 10_000, false, "0.0 %"),
            (1, 3, true, "33.3 %"),
            (1, 3, false, "33.4 %"),
        ] {
            assert_eq!(share(part, of, is_good), expected, "{part} of {of}");
        }
    }

    #[test]
    fn numbers_are_written_short() {
        assert_eq!(px(1.0), "1");
        assert_eq!(px(1.506), "1.51");
        assert_eq!(px(-0.001), "0");
        assert_eq!(count(7), "7");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
    }

    /// What is drawn closes what it opens, and every number in it is one.
    #[test]
    fn pictures_are_well_formed_and_the_same_every_time() {
        let caption = Caption {
            id: "c",
            title: "a < b",
            says: "\"&\"",
        };
        let parts =
            [(0, Tone::Pass), (3, Tone::Fail), (1, Tone::Unknown)].map(|(value, tone)| Part {
                label: "x",
                value,
                tone,
            });
        let stack = [Stack {
            label: "EP-001".to_owned(),
            parts: parts.to_vec(),
            note: "3 <fail>".to_owned(),
        }];
        let bar = [Bar {
            label: "critical",
            value: 3,
            tone: Tone::Critical,
        }];
        let cell = Some(HeatCell {
            fails: 3,
            unknowns: 1,
            is_unread: false,
        });
        let map = Heat {
            rows: vec![("111122223333".to_owned(), vec![cell, None])],
            columns: vec!["eu-west-1".to_owned(), "<script>".to_owned()],
        };
        let draw = || {
            [
                donut(caption, &parts, "1 %", "<b>"),
                donut(caption, &[], "–", ""),
                stacked(caption, &stack),
                bars(caption, &bar),
                bars(caption, &[]),
                heat(caption, &map),
            ]
        };
        for (first, second) in draw().iter().zip(&draw()) {
            let text = first.clone().into_string();
            assert_eq!(text, second.clone().into_string());
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
            assert!(
                !text.contains("<script>") && !text.contains("<b>"),
                "{text}"
            );
            let opened = text.matches('<').count() - text.matches("</").count();
            assert_eq!(opened, text.matches("</").count(), "{text}");
        }
    }
}
