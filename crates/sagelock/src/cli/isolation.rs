//! `sagelock isolation`.

use clap::Args;
use sagelock_domain::isolation::{AnswerKind, Asked, Matrix, matrix};

use super::{SourceArgs, print, print_plain};
use crate::audit::{Keep, Past, audit};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::outcome::Done;
use crate::progress::Progress;
use crate::report::{isolation_json, isolation_page, isolation_table};
use crate::session::Session;

/// `sagelock isolation`.
#[derive(Args, Debug)]
#[command(
    after_help = "`tags.tenant` names the tag that identifies tenants. A tenant owns the users and roles that bear it and \
    the roles that its endpoints run as; its keys are those that bear it and those that its endpoints \
    use. Each answer is proved (nobody of the tenant can use the key), violated (somebody can, and a \
    request shows it) or possible (with the reason). Paths of any length are followed, such as creating a grant or \
    changing the key policy. The principals in `isolation.trusted_admins` are assumed to take no such step.\n\n\
    It reads the users, roles and policies of every account (iam:GetAccountAuthorizationDetails) \
    and the service and resource control policies of the organisation, which its management \
    account and delegated administrators may read.\n\n\
    Examples:\n  \
    sagelock isolation\n  \
    sagelock isolation --org --role sagelock-audit --format html > isolation.html\n  \
    sagelock isolation --format json |\n    \
    jq '.keys[].tenants[] | select(.answer == \"violated\")'\n\n\
    Exit codes: 0 everything is proved · 1 something is violated, or a key belongs to several tenants · \
    3 something is possible or could not be read, or there is no tenant"
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
        let progress = progress.of_accounts();
        let gaps = done.audit.coverage.gaps.iter().map(|one| one.gap.clone());
        let asked = Asked {
            tenancy: &done.tenancy,
            keys: &done.keys,
            principals: &done.principals,
            gaps: &gaps.collect(),
            settings: &config.settings,
        };
        let found = matrix(asked, |done, of| progress.at(done, of));
        progress.finish();
        match self.format {
            Format::Json => print_plain(|out| isolation_json(&found, &done, out))?,
            Format::Html => {
                print_plain(|out| out.write_all(isolation_page(&found, &done).as_bytes()))?;
            }
            Format::Table => print(|out| isolation_table(&found, &done, out))?,
        }
        Ok(exit(&found, &done))
    }
}

fn exit(found: &Matrix, done: &Done) -> Exit {
    let has = |kind| found.count(kind) > 0;
    if has(AnswerKind::Violated) || has(AnswerKind::Shared) {
        Exit::Findings
    } else if has(AnswerKind::Possible) || !done.is_whole(found) || found.tenants.is_empty() {
        Exit::Incomplete
    } else {
        Exit::Clean
    }
}
