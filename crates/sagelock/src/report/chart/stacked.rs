//! A bar for each of some wholes, divided into its parts.

use maud::{Markup, html};

use super::{Caption, Part, float, frame, hint, px};

/// A whole.
pub(crate) struct Stack {
    pub(crate) label: String,
    pub(crate) parts: Vec<Part>,
    /// What stands after the bar.
    pub(crate) note: String,
}

const WIDTH: u64 = 400;
const ROW: u64 = 24;
const LEFT: f64 = 62.0;
const LONGEST: f64 = 226.0;
/// The least that a part which exists is drawn with, in pixels.
const LEAST: f64 = 2.0;

/// Draws every whole as long as the others: it is the shares that are compared.
pub(crate) fn stacked(caption: Caption<'_>, stacks: &[Stack]) -> Markup {
    let shapes = html! {
        @for (row, stack) in (0_u64..).zip(stacks) {
            @let top = row * ROW;
            text.c-label x="0" y=(top + 16) { (stack.label) }
            rect.c-empty x=(px(LEFT)) y=(top + 4) width=(px(LONGEST)) height="16" {}
            @for (part, left, width) in laid_out(&stack.parts) {
                rect class=(part.tone.class()) x=(px(LEFT + left)) y=(top + 4)
                    width=(px(width)) height="16" { (hint(part)) }
            }
            text.c-value x=(px(LEFT + LONGEST + 8.0)) y=(top + 16) { (stack.note) }
        }
    };
    let rows = u64::try_from(stacks.len()).unwrap_or(0).max(1);
    frame(caption, WIDTH, rows * ROW, &shapes)
}

/// The parts that exist, where each begins and how wide it is; a pixel apart, and none too small
/// to be seen.
fn laid_out(parts: &[Part]) -> Vec<(&Part, f64, f64)> {
    let there: Vec<&Part> = parts.iter().filter(|part| part.value > 0).collect();
    let all: u64 = there.iter().map(|part| part.value).sum();
    let wanted = |part: &Part| (LONGEST * float(part.value) / float(all)).max(LEAST + 1.0);
    let needed: f64 = there.iter().map(|part| wanted(part)).sum();
    let mut left = 0.0;
    there
        .into_iter()
        .map(|part| {
            let width = wanted(part) * LONGEST / needed;
            let place = (part, left, width - 1.0);
            left += width;
            place
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Tone;
    use super::*;

    #[test]
    fn parts_fill_the_bar_and_the_smallest_is_seen() {
        let part = |value| Part {
            label: "",
            value,
            tone: Tone::Fail,
        };
        let parts = [part(1), part(0), part(999_999)];
        let laid = laid_out(&parts);
        assert_eq!(laid.len(), 2);
        assert!(laid.iter().all(|(_, _, width)| *width >= 1.9));
        let end = laid.last().map_or(0.0, |(_, left, width)| left + width);
        assert!((end - LONGEST + 1.0).abs() < 0.01, "{end}");
    }
}
