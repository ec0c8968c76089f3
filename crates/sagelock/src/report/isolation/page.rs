//! The picture of which tenant can use which key.

use maud::{DOCTYPE, PreEscaped, html};
use sagelock_domain::isolation::{Answer, Matrix};

use super::table::totals;
use crate::outcome::Done;
use crate::report::all_words;

const STYLE: &str = "
:root{color-scheme:light dark;--line:#8884}
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem}
.scroll{overflow:auto;max-height:80vh;border:1px solid var(--line)}
table{border-collapse:separate;border-spacing:0}
th,td{padding:.3rem .5rem;border-bottom:1px solid var(--line);border-right:1px solid var(--line)}
thead th{position:sticky;top:0;background:Canvas;writing-mode:vertical-rl;text-align:left}
tbody th{position:sticky;left:0;background:Canvas;text-align:left;font-weight:400;white-space:nowrap}
td{text-align:center;min-width:1.4rem}
.own{background:#8882}.proved{background:#1a7f371f}.violated{background:#cf222e;color:#fff;font-weight:700}
.possible{background:#bf87004d}.shared{background:#cf222e4d}
thead th:first-child{writing-mode:horizontal-tb}
code{overflow-wrap:anywhere}dt{margin-top:.8rem}
";

/// A page with the matrix, and with what is not proved below it. It loads and runs nothing.
pub(crate) fn isolation_page(found: &Matrix, done: &Done) -> String {
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width";
                title { "Tenant isolation" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Tenant isolation" }
                @if done.audit.simulated { p { strong { "SIMULATED" } } }
                p { "= own, + shared by tenants, · proved, X violated, ? possible" }
                p { (totals(found)) }
                @if !done.is_whole(found) {
                    p { strong { "Not everything could be read" } ": the table and JSON say what." }
                }
                div class="scroll" tabindex="0" role="region" aria-label="Keys by tenants" {
                    table {
                        thead { tr {
                            th scope="col" { "Key" }
                            @for tenant in &found.tenants { th scope="col" { (tenant.name) } }
                        } }
                        tbody { @for row in &found.rows { tr {
                            th scope="row" title=(row.key.as_str()) {
                                (row.name())
                                br;
                                small { (row.key.account().as_str()) " " (row.key.region().as_str()) }
                            }
                            @for (tenant, answer) in found.tenants.iter().zip(&row.answers) {
                                (cell(&tenant.name, answer))
                            }
                        } } }
                    }
                }
                (open(found))
                h2 { "Taken for granted" }
                ul { @for assumption in &found.assumptions { li { (assumption) } } }
            }
        }
    }
    .into_string()
}

fn cell(tenant: &str, answer: &Answer) -> PreEscaped<String> {
    let class = answer.name();
    let (sign, title) = match answer {
        Answer::Own => ("=", format!("{tenant}: its own")),
        Answer::Shared => ("+", format!("{tenant}: shared with other tenants")),
        Answer::Proved(_) => ("·", format!("{tenant}: proved")),
        Answer::Violated { principal, way, .. } => {
            let action = way.action();
            ("X", format!("{tenant}: {principal} by {action}"))
        }
        Answer::Possible { why, .. } => ("?", format!("{tenant}: depends on {}", all_words(why))),
    };
    html! { td class=(class) title=(title) aria-label=(title) { (sign) } }
}

/// What is not proved.
fn open(found: &Matrix) -> PreEscaped<String> {
    html! {
        h2 { "Not proved" }
        dl { @for row in &found.rows {
            @for (tenant, answer) in found.tenants.iter().zip(&row.answers) {
                @match answer {
                    Answer::Own | Answer::Shared | Answer::Proved(_) => {}
                    Answer::Violated { principal, way, request, steps } => {
                        dt { (tenant.name) " can use " code { (row.key.as_str()) } }
                        dd {
                            code { (principal) } " by " (way.action())
                            @if !steps.is_empty() { ", in " (steps.len()) " steps" }
                            details {
                                @if steps.is_empty() {
                                    summary { "a request that is allowed" }
                                    code { (serde_json::to_string(request).unwrap_or_default()) }
                                } @else {
                                    summary { "the requests that are allowed" }
                                    ol { @for step in steps {
                                        li {
                                            code { (step.who) } ": "
                                            code { (serde_json::to_string(&step.request).unwrap_or_default()) }
                                        }
                                    } }
                                }
                            }
                        }
                    }
                    Answer::Possible { principal, way, why } => {
                        dt { (tenant.name) " may use " code { (row.key.as_str()) } }
                        dd {
                            code { (principal) } " by " (way.action())
                            @if way.has_steps() { ", in several steps" }
                            ", depending on " (all_words(why))
                        }
                    }
                }
            }
        } }
    }
}
