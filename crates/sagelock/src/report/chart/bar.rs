//! A bar for each of some counts.

use maud::{Markup, html};

use super::{Caption, Tone, count, float, frame, px};

/// A count.
pub(crate) struct Bar {
    pub(crate) label: &'static str,
    pub(crate) value: u64,
    pub(crate) tone: Tone,
}

const WIDTH: u64 = 262;
const ROW: u64 = 28;
/// Where bars begin, and how long the longest is.
const LEFT: f64 = 64.0;
const LONGEST: f64 = 148.0;

/// Draws bars, the longest as long as there is room.
pub(crate) fn bars(caption: Caption<'_>, bars: &[Bar]) -> Markup {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let shapes = html! {
        @for (row, bar) in (0_u64..).zip(bars) {
            @let top = row * ROW;
            @let length = LONGEST * float(bar.value) / float(most);
            text.c-label x="0" y=(top + 18) { (bar.label) }
            @if bar.value > 0 {
                rect class=(bar.tone.class()) x=(px(LEFT)) y=(top + 5) rx="2"
                    width=(px(length.max(2.0))) height="18" {}
            }
            text.c-value x=(px(LEFT + length + 8.0)) y=(top + 18) { (count(bar.value)) }
        }
    };
    let rows = u64::try_from(bars.len()).unwrap_or(0).max(1);
    frame(caption, WIDTH, rows * ROW, &shapes)
}
