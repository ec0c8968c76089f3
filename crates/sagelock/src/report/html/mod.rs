//! One file that opens from an e-mail or a bucket and asks nobody for anything.
//!
//! The summary and the worst findings are there without JavaScript; the rows follow as data, which
//! the page's own script filters, groups and shows. Nothing that somebody else wrote is ever
//! markup: the server's part is escaped, the script's part is text, and the policy of the page lets
//! nothing run but its own two scripts.

mod assets;
mod charts;
mod coverage;
mod finding;
mod list;
mod next;
mod overview;
mod rows;
mod summary;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use maud::{Markup, PreEscaped, html};

use self::overview::Overview;
use crate::findings::worst;
use crate::outcome::Audit;

/// Rows that the page holds: more make a browser slow and an e-mail too large. Fails and unknowns
/// come first.
const ROWS_MAX: u64 = 50_000;

/// Findings that stand in the page without JavaScript.
const WORST_MAX: usize = 100;

/// Writes the page.
pub(super) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    write_up_to(audit, out, ROWS_MAX)
}

fn write_up_to(audit: &Audit, out: &mut dyn Write, rows_max: u64) -> io::Result<()> {
    let overview = Overview::of(audit)?;
    let chosen = rows::Chosen::of(&overview.shown, rows_max);
    let worst = worst(&audit.findings, WORST_MAX)?;
    out.write_all(b"<!DOCTYPE html>\n<html lang=\"en\">\n")?;
    out.write_all(head(audit).into_string().as_bytes())?;
    out.write_all(b"\n<body>\n")?;
    let body = html! {
        a.skip href="#findings" { "Skip to the findings" }
        (charts::patterns())
        (summary::header(audit))
        main {
            (summary::banners(audit, &overview, &chosen))
            (charts::cards(audit, &overview))
            (list::section(audit, &overview, &worst))
        }
        (summary::footer())
    };
    out.write_all(body.into_string().as_bytes())?;
    rows::write(&audit.findings, &chosen, out)?;
    let script = html! { script { (PreEscaped(assets::SCRIPT)) } };
    out.write_all(script.into_string().as_bytes())?;
    out.write_all(b"\n</body>\n</html>\n")
}

fn head(audit: &Audit) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(assets::policy());
            meta name="referrer" content="no-referrer";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="robots" content="noindex";
            title { (summary::title(audit)) }
            link rel="icon" href=(assets::ICON);
            style { (PreEscaped(assets::STYLE)) }
            script { (PreEscaped(assets::EARLY)) }
        }
    }
}
