//! What has changed since an earlier audit.

use std::collections::BTreeSet;

use anyhow::anyhow;
use sagelock_domain::assess::{Changed, Seen, compare};
use sagelock_domain::inventory::CellId;
use sagelock_domain::rules::rule;
use sagelock_store::{AuditRow, Store};

use super::{History, Summary, findings};
use crate::exit::{Exit, Failure};
use crate::outcome::Audit;

/// The audit that another is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// The last one of the same scope.
    Last,
    /// This one, by its id or the beginning of it.
    Id(String),
}

/// What has changed.
pub(crate) struct Difference {
    pub(crate) since: AuditRow,
    /// The earlier audit was itself not whole.
    pub(crate) since_incomplete: bool,
    /// Rules that were switched off in one of the two.
    pub(crate) not_compared: Vec<String>,
    pub(crate) changes: Vec<Changed>,
}

/// The audit to compare with; none where there is no earlier one of the scope.
pub(crate) async fn earlier(
    store: &Store,
    since: &Since,
    scope: &str,
) -> Result<Option<AuditRow>, Failure> {
    let refused = |error: sagelock_store::StoreError| Failure::usage(error);
    match since {
        Since::Last => {
            let rows = store.audits_of(scope, 1).await.map_err(refused)?;
            Ok(rows.into_iter().next())
        }
        Since::Id(id) => match store.audit(id).await.map_err(refused)? {
            Some(row) if row.scope != scope => {
                let failure = Failure::usage(anyhow!(
                    "audit `{}` was of other accounts or regions, so what is missing in one of \
                     the two says nothing",
                    row.id
                ));
                Err(failure.hint("`sagelock audit --diff` compares with the last of the same"))
            }
            Some(row) if row.summary.is_some() => Ok(Some(row)),
            Some(row) => Err(Failure::usage(anyhow!(
                "audit `{}` has not ended, so there is nothing to compare with",
                row.id
            ))),
            None => {
                let failure = Failure::usage(anyhow!("there is no audit `{id}` in the store"));
                Err(failure.hint("`sagelock kpi` lists the audits and their ids"))
            }
        },
    }
}

impl History {
    /// Compares an audit with an earlier one.
    pub(crate) async fn difference(
        &self,
        audit: &Audit,
        row: AuditRow,
    ) -> anyhow::Result<Difference> {
        let store = self.store().ok_or_else(|| anyhow!("nothing is kept"))?;
        let text = row.summary.clone().unwrap_or_default();
        let before = Summary::read(&text)?;
        let now = Summary::of(audit);
        let mut cells: BTreeSet<CellId> = audit.findings.cells().cloned().collect();
        for (account, region) in store.cells(&row.id).await? {
            let cell = CellId { account, region };
            // What a first part of that audit left behind is not of it; the keys of accounts that
            // were not in scope are.
            if before.has_looked_at(&cell) || !before.accounts.contains(&cell.account) {
                cells.insert(cell);
            }
        }
        let off: BTreeSet<&String> = audit.rules_off.iter().chain(&before.rules_off).collect();
        let is_compared = |id: &str| rule(id).is_some() && !off.iter().any(|one| *one == id);
        let mut changes = Vec::new();
        for cell in cells {
            let was = findings(store, &row.id, &cell).await?;
            let is = audit.findings.of(&cell)?;
            let seen = Seen {
                listed: now.has_listed(&cell),
                everything: now.complete && now.gaps == 0,
            };
            changes.extend(compare(was, is, seen, is_compared));
        }
        Ok(Difference {
            since: row,
            since_incomplete: !before.complete,
            not_compared: off.into_iter().cloned().collect(),
            changes,
        })
    }
}

/// How a store that cannot be read ends a comparison: the audit itself has been said.
pub(crate) fn not_compared(error: anyhow::Error) -> Failure {
    Failure::new(
        Exit::Usage,
        error.context("cannot compare with the earlier audit"),
    )
}
