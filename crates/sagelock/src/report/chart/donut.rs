//! A whole and its parts, with what matters of it in the middle.

use std::f64::consts::TAU;

use maud::{Markup, html};

use super::{Caption, Part, float, frame, hint, px};

const SIZE: u64 = 176;
const MIDDLE: f64 = 88.0;
const OUTER: f64 = 84.0;
const INNER: f64 = 58.0;
/// Between two parts, in radians.
const GAP: f64 = 0.02;

/// Draws a ring of the parts that exist, from the top, clockwise.
pub(crate) fn donut(caption: Caption<'_>, parts: &[Part], big: &str, small: &str) -> Markup {
    let there: Vec<&Part> = parts.iter().filter(|part| part.value > 0).collect();
    let all: u64 = there.iter().map(|part| part.value).sum();
    let mut begun = 0;
    let arcs: Vec<(&Part, f64, f64)> = there
        .iter()
        .map(|part| {
            let from = TAU * float(begun) / float(all);
            begun += part.value;
            (*part, from, TAU * float(begun) / float(all))
        })
        .collect();
    let shapes = html! {
        @if let [only] = there.as_slice() {
            path class=(only.tone.class()) fill-rule="evenodd" d=(ring()) { (hint(only)) }
        } @else if arcs.is_empty() {
            path.c-empty fill-rule="evenodd" d=(ring()) {}
        } @else {
            @for (part, from, to) in &arcs {
                path class=(part.tone.class()) d=(arc(*from, *to)) { (hint(part)) }
            }
        }
        text.c-big x=(px(MIDDLE)) y=(px(MIDDLE + 4.0)) text-anchor="middle" { (big) }
        text.c-small x=(px(MIDDLE)) y=(px(MIDDLE + 24.0)) text-anchor="middle" { (small) }
    };
    frame(caption, SIZE, SIZE, &shapes)
}

/// Two circles, one inside the other.
fn ring() -> String {
    let circle = |radius: f64| {
        let (top, bottom, r) = (px(MIDDLE - radius), px(MIDDLE + radius), px(radius));
        let x = px(MIDDLE);
        format!("M{x} {top}A{r} {r} 0 1 1 {x} {bottom}A{r} {r} 0 1 1 {x} {top}Z")
    };
    format!("{}{}", circle(OUTER), circle(INNER))
}

/// A part of the ring, from an angle to another.
fn arc(from: f64, to: f64) -> String {
    let to = (to - GAP).max(from + GAP);
    let at = |radius: f64, angle: f64| {
        format!(
            "{} {}",
            px(MIDDLE + radius * angle.sin()),
            px(MIDDLE - radius * angle.cos())
        )
    };
    let large = u8::from(to - from > TAU / 2.0);
    let (outer, inner) = (px(OUTER), px(INNER));
    format!(
        "M{}A{outer} {outer} 0 {large} 1 {}L{}A{inner} {inner} 0 {large} 0 {}Z",
        at(OUTER, from),
        at(OUTER, to),
        at(INNER, to),
        at(INNER, from)
    )
}
