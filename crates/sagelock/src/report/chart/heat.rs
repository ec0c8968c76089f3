//! A map of counts, a row and a column for each: where it is worst.

use maud::{Markup, html};

use super::{Caption, count, float, frame};

/// A place of the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeatCell {
    pub(crate) fails: u64,
    pub(crate) unknowns: u64,
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

/// What stands in a place: fails, and how many more may be.
pub(crate) fn text(cell: Option<HeatCell>) -> String {
    match cell {
        None => "–".to_owned(),
        Some(cell) if cell.unknowns == 0 => count(cell.fails),
        Some(cell) => format!("{} +{}?", count(cell.fails), count(cell.unknowns)),
    }
}

fn level(cell: Option<HeatCell>, most: u64) -> Option<f64> {
    let cell = cell?;
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
