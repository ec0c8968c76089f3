//! The findings: the frame that the script fills, and the worst of them for where it cannot.

use maud::{Markup, html};
use sagelock_domain::rules::RULES;

use super::finding::finding;
use super::overview::Overview;
use crate::findings::Worst;
use crate::outcome::Audit;
use crate::report::chart::count;

/// The section of the findings.
pub(super) fn section(audit: &Audit, overview: &Overview, worst: &Worst) -> Markup {
    let all: u64 = overview.shown.values().sum();
    html! {
        section #findings tabindex="-1" aria-labelledby="findings-title" {
            h2 #findings-title { "Findings" }
            (filters())
            p #status role="status" {}
            p #said.unseen role="status" {}
            ul #rules-titles hidden { @for rule in RULES { li data-rule=(rule.id) { (rule.title) } } }
            div #tools hidden {
                button #link type="button" { "Copy link to this view" }
                button #csv type="button" { "Save these as CSV" }
                button #whole type="button" hidden { "Put all into the page" }
                span #whole-says hidden {}
            }
            div #list role="table" aria-labelledby="findings-title" hidden {}
            div #worst {
                p.needs-js { strong { "Filters, grouping and the whole list need JavaScript." }
                    " The page's own script does that; it asks no server for anything." }
                @if worst.records.is_empty() {
                    p { "No fail and no unknown among " (count(all)) " findings." }
                } @else {
                    p { "The worst " (worst.records.len()) " of "
                        (count(worst.left + u64::try_from(worst.records.len()).unwrap_or_default()))
                        " that want attention, of " (count(all)) " findings in all." }
                }
                ol.finding-list { @for record in &worst.records { (finding(record)) } }
            }
            div #printed {}
            @if overview.excepted > 0 {
                p.note { (count(overview.excepted)) " are excepted and shown muted." }
            }
            @if !audit.complete() {
                p.note { "There may be more: not everything could be read." }
            }
        }
    }
}

/// The filters, which appear with the script.
fn filters() -> Markup {
    html! {
        form #filters autocomplete="off" hidden {
            fieldset { legend { "Verdict" } div #f-verdict.pills {} }
            fieldset { legend { "Severity of fails" } div #f-severity.pills {} }
            div.selects {
                (select("f-rule", "Rule"))
                (select("f-reason", "Reason"))
                (select("f-account", "Account"))
                (select("f-region", "Region"))
                (select("f-team", "Team"))
                label for="f-group" { span { "Group by" }
                    select #f-group {
                        option value="none" { "nothing" }
                        option value="rule" { "rule" }
                        option value="place" { "account and region" }
                        option value="team" { "team" }
                    }
                }
                label.search for="f-text" { span { "Text" }
                    input #f-text type="search" placeholder="name, ARN, key, reason, value …";
                }
                button #clear type="button" { "Clear filters" }
            }
        }
    }
}

fn select(id: &str, label: &str) -> Markup {
    html! {
        label for=(id) { span { (label) } select id=(id) { option value="" { "all" } } }
    }
}
