//! `sagelock isolation`.

use clap::Args;
use sagelock_domain::isolation::{Answer, Matrix, is_whole, matrix};
use sagelock_policy::access::Way;
use serde_json::{Value, json};

use super::{SourceArgs, print, print_plain};
use crate::audit::{Done, Keep, Past, audit};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::report::{isolation_page, isolation_table};
use crate::session::Session;

/// `sagelock isolation`.
#[derive(Args, Debug)]
#[command(
    after_help = "Whose is what: `tags.tenant` names the tag. A tenant's are the users and roles that bear it and\n\
    the roles that its endpoints run as; its keys are those that bear it and those that its endpoints\n\
    use. Each answer is proved (nobody of the tenant can use the key), violated (somebody can, and a\n\
    request shows it) or possible (and why), operations in two steps included: creating a grant,\n\
    changing the key policy. `isolation.trusted_admins` are left out of second steps.\n\n\
    It reads the users, roles and policies of every account (iam:GetAccountAuthorizationDetails)\n\
    and the service and resource control policies of the organisation, which its management\n\
    account and delegated administrators may read.\n\n\
    Examples:\n  \
    sagelock isolation\n  \
    sagelock isolation --org --format html > isolation.html\n  \
    sagelock isolation --format json | jq '.keys[].tenants[] | select(.answer == \"violated\")'\n\n\
    Exit codes: 0 everything is proved · 1 something is violated · 3 something is possible, or could\n\
    not be read"
)]
pub(super) struct Command {
    #[command(flatten)]
    source: SourceArgs,
    /// What standard output gets
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Table,
    /// One object with everything
    Json,
    /// A picture, on a page of its own
    Html,
}

impl Command {
    pub(super) async fn run(self, config: Config, quiet: bool) -> Result<Exit, Failure> {
        let session = Session::open(&self.source.wanted(&config)?).await?;
        let progress = Progress::new(quiet);
        let keep = Keep {
            principals: true,
            ..Keep::default()
        };
        let done = audit(&session, &config, &progress, keep, Past::none()).await?;
        let found = matrix(
            &done.tenancy,
            &done.keys,
            &done.principals,
            &config.settings,
            |_, _| {},
        );
        let written = written(&found, &done);
        match self.format {
            Format::Json => print_plain(|out| {
                serde_json::to_writer_pretty(&mut *out, &written)?;
                out.write_all(b"\n")
            })?,
            Format::Html => {
                print_plain(|out| out.write_all(isolation_page(&found, &written).as_bytes()))?;
            }
            Format::Table => print(|out| isolation_table(&found, &done, out))?,
        }
        Ok(exit(&found, &done))
    }
}

fn exit(found: &Matrix, done: &Done) -> Exit {
    let mut answers = found.rows.iter().flat_map(|row| &row.answers);
    if answers.any(|answer| matches!(answer, Answer::Violated { .. } | Answer::Shared)) {
        return Exit::Findings;
    }
    let mut answers = found.rows.iter().flat_map(|row| &row.answers);
    let is_open = answers.any(|answer| matches!(answer, Answer::Possible { .. }));
    let is_known = is_whole(&done.principals)
        && done.tenancy.unread.is_empty()
        && done.tenancy.untagged.is_empty()
        && done.audit.complete();
    if is_open || !is_known {
        Exit::Incomplete
    } else {
        Exit::Clean
    }
}

fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Own => "own",
        Answer::Shared => "shared",
        Answer::Proved => "proved",
        Answer::Violated { .. } => "violated",
        Answer::Possible { .. } => "possible",
    }
}

fn written(found: &Matrix, done: &Done) -> Value {
    let names = found.tenants.iter().map(|tenant| tenant.name.as_str());
    let names: Vec<&str> = names.collect();
    let keys: Vec<Value> = found
        .rows
        .iter()
        .map(|row| {
            let answers = names.iter().zip(&row.answers).map(|(name, answer)| {
                let mut told = json!({ "tenant": name, "answer": word(answer) });
                let fields = told.as_object_mut();
                match (answer, fields) {
                    (
                        Answer::Violated {
                            principal,
                            way,
                            request,
                        },
                        Some(fields),
                    ) => {
                        fields.extend(by(principal, *way));
                        fields.insert("request".to_owned(), json!(request));
                    }
                    (
                        Answer::Possible {
                            principal,
                            way,
                            why,
                        },
                        Some(fields),
                    ) => {
                        fields.extend(by(principal, *way));
                        fields.insert("why".to_owned(), json!(why));
                    }
                    (
                        Answer::Own
                        | Answer::Shared
                        | Answer::Proved
                        | Answer::Violated { .. }
                        | Answer::Possible { .. },
                        _,
                    ) => {}
                }
                told
            });
            json!({
                "key": row.key.as_str(),
                "alias": row.alias,
                "owners": row.owners,
                "tenants": answers.collect::<Vec<_>>(),
            })
        })
        .collect();
    let tenants: Vec<Value> = found
        .tenants
        .iter()
        .map(|tenant| json!({ "name": tenant.name, "principals": tenant.principals }))
        .collect();
    let places = |list: &[(
        sagelock_domain::inventory::CellId,
        sagelock_domain::ids::EndpointName,
    )]| {
        let texts = list.iter().map(|(cell, name)| {
            json!({ "account": cell.account.as_str(), "region": cell.region.as_str(), "endpoint": name.as_str() })
        });
        texts.collect::<Vec<Value>>()
    };
    let gaps: Vec<Value> = done
        .audit
        .coverage
        .gaps
        .iter()
        .map(|one| {
            json!({
                "call": one.gap.call.name(), "account": one.gap.account.as_str(),
                "region": one.gap.region.as_str(), "reason": one.gap.reason.code(),
                "subject": one.gap.subject,
            })
        })
        .collect();
    json!({
        "schema": "sagelock.isolation/1",
        "simulated": done.audit.simulated,
        "complete": done.audit.complete() && is_whole(&done.principals) && gaps.is_empty(),
        "gaps": gaps,
        "tenants": tenants,
        "keys": keys,
        "untagged": places(&done.tenancy.untagged),
        "unread": places(&done.tenancy.unread),
        "assumptions": found.assumptions,
    })
}

fn by(principal: &str, way: Way) -> [(String, Value); 3] {
    [
        ("principal".to_owned(), json!(principal)),
        ("way".to_owned(), json!(way.action())),
        (
            "steps".to_owned(),
            json!(if way.has_steps() { 2 } else { 1 }),
        ),
    ]
}
