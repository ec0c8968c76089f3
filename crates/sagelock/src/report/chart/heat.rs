//! A map of counts, a row and a column for each: where it is worst.

use maud::{Markup, html};

use super::{Caption, count, float, frame};

/// A place of the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeatCell {
    pub(crate) fails: u64,
    pub(crate) unknowns: u64,
    /// Whether there may be more, because not everything could be listed.
    pub(crate) is_unread: bool,
}

/// The map. A place in which nothing was looked at is none.
pub(crate) struct Heat {
    pub(crate) rows: Vec<(String, Vec<Option<HeatCell>>)>,
    pub(crate) columns: Vec<String>,
}

const LEFT: u64 = 104;
const ROW: u64 = 30;
/// Whether a map is narrow enough to stand beside something else.
pub(crate) fn is_narrow(map: &Heat) -> bool {
    map.columns.len() <= WIDE_MAX
}

/// Columns whose names stand over them as they are; more are written aslant.
const WIDE_MAX: usize = 4;
/// Shades of the page's style, beside that of none.
const SHADES: f64 = 5.0;

/// Draws the map, each place in a shade of its fails; where there is one, it is never the shade of
/// none.
pub(crate) fn heat(caption: Caption<'_>, map: &Heat) -> Markup {
    let is_wide = is_narrow(map);
    let (column, head) = if is_wide { (86, 24) } else { (58, 78) };
    let cells = map.rows.iter().flat_map(|(_, cells)| cells).flatten();
    let most = cells.map(|cell| cell.fails).max().unwrap_or(0).max(1);
    let shapes = html! {
        @for (index, name) in (0_u64..).zip(&map.columns) {
            @let left = LEFT + index * column;
            @if is_wide {
                text.c-label x=(left + column / 2) y="16" text-anchor="middle" { (name) }
            } @else {
                @let (x, y) = (left + column / 2, head - 8);
                text.c-label x=(x) y=(y) transform=(format!("rotate(-40 {x} {y})")) { (name) }
            }
        }
        @for (index, (name, cells)) in (0_u64..).zip(&map.rows) {
            @let top = head + index * ROW;
            text.c-label x="0" y=(top + 19) { (name) }
            @for (index, cell) in (0_u64..).zip(cells) {
                @let left = LEFT + index * column;
                rect class=(shade(*cell, most)) x=(left) y=(top) rx="2"
                    width=(column - 3) height=(ROW - 3) {}
                text class=(ink(*cell, most)) x=(left + (column - 3) / 2) y=(top + 18)
                    text-anchor="middle" { (text(*cell)) }
            }
        }
    };
    let columns = u64::try_from(map.columns.len()).unwrap_or(0);
    let rows = u64::try_from(map.rows.len()).unwrap_or(0);
    let aslant = if is_wide { 0 } else { 40 };
    let width = LEFT + columns.max(1) * column + aslant;
    frame(caption, width, head + rows.max(1) * ROW, &shapes)
}

/// What stands in a place: fails, and how many more may be; a question mark where nobody knows.
pub(crate) fn text(cell: Option<HeatCell>) -> String {
    let Some(cell) = cell else {
        return "–".to_owned();
    };
    let fails = count(cell.fails);
    match (cell.unknowns, cell.is_unread) {
        (0, false) => fails,
        (0, true) if cell.fails == 0 => "?".to_owned(),
        (0, true) => format!("{fails} +?"),
        (unknowns, _) => format!("{fails} +{}?", count(unknowns)),
    }
}

fn level(cell: Option<HeatCell>, most: u64) -> Option<f64> {
    let cell = cell.filter(|cell| cell.fails > 0 || !cell.is_unread)?;
    Some((SHADES * float(cell.fails) / float(most)).ceil())
}

fn shade(cell: Option<HeatCell>, most: u64) -> String {
    level(cell, most).map_or("h-none".to_owned(), |level| format!("h-{level:.0}"))
}

/// The text's colour: dark on a light shade, light on a dark one, as the page decides.
fn ink(cell: Option<HeatCell>, most: u64) -> &'static str {
    match level(cell, most) {
        Some(level) if level > 3.5 => "c-cell c-over",
        Some(_) | None => "c-cell",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_nothing_and_not_known_are_three_things() {
        let cell = |fails, unknowns, is_unread| {
            Some(HeatCell {
                fails,
                unknowns,
                is_unread,
            })
        };
        for (cell, expected, shaded) in [
            (None, "–", "h-none"),
            (cell(0, 0, false), "0", "h-0"),
            (cell(0, 0, true), "?", "h-none"),
            (cell(3, 0, true), "3 +?", "h-2"),
            (cell(3, 2, false), "3 +2?", "h-2"),
            (cell(1, 0, false), "1", "h-1"),
            (cell(10, 0, false), "10", "h-5"),
        ] {
            assert_eq!(text(cell), expected);
            assert_eq!(shade(cell, 10), shaded, "{expected}");
        }
    }
}
