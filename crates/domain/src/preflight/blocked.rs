//! Why a request is denied, by the names of the policies, and what would allow it.

use sagelock_policy::access::{Denial, On};
use sagelock_policy::change::{Edit, changes};
use sagelock_policy::write::Conditions;

use super::Block;
use super::cause::{Cause, Names};
use super::requests::{Asking, Who};
use crate::ids::AccountId;
use crate::inventory::{Control, Policy};

impl Asking<'_> {
    fn levels(&self, control: Control, account: &AccountId) -> Vec<Vec<Policy>> {
        self.principals
            .controls
            .levels(control, account)
            .unwrap_or_default()
    }

    /// Why it is denied, and what would allow it.
    pub(super) fn block(&self, who: &Who<'_>, on: On<'_>, denial: &Denial) -> Block {
        let (key, owner) = match on {
            On::Key { key, .. } => (Some(&*key.arn), Some(AccountId::new(key.account()))),
            On::Resource { account, .. } => (None, Some(AccountId::new(account))),
        };
        let names = Names {
            principal: who.found,
            who: &who.arn,
            key,
            scp: self.levels(Control::Service, &who.account),
            rcp: owner
                .map(|owner| self.levels(Control::Resource, &owner))
                .unwrap_or_default(),
        };
        let answer = &denial.answer;
        let denying: Vec<Cause> = answer.because.iter().map(|one| names.of(one)).collect();
        let (verb, causes) = if denying.is_empty() {
            let shut = answer.shut.iter().map(|shut| names.of_shut(*shut));
            ("not allowed by", shut.collect())
        } else {
            ("denied by", denying)
        };
        let told: Vec<String> = causes.iter().map(ToString::to_string).collect();
        let mut changes = changes(&denial.request, &denial.stack);
        if let On::Key {
            via: Some(host), ..
        } = on
        {
            let edits = changes.iter_mut().flatten();
            edits.for_each(|edit| narrow(edit, host, &denial.request.action_name()));
        }
        let changes = changes.into_iter();
        let changes = changes.map(|edits| {
            let written = edits.into_iter().map(|edit| {
                let cause = match &edit {
                    Edit::Allow { to, .. } => names.of_shut(*to),
                    Edit::Except { statement, .. } | Edit::Remove { statement } => {
                        names.of(statement)
                    }
                };
                (cause, edit)
            });
            written.collect()
        });
        Block {
            says: if told.is_empty() {
                "denied, whatever is not known".to_owned()
            } else {
                format!("{verb} {}", told.join("; "))
            },
            changes: changes.collect(),
            causes,
        }
    }
}

/// A statement that allows what a service asks for is about what it asks for, and no direct call.
fn narrow(edit: &mut Edit, host: &str, action: &str) {
    let Edit::Allow { statement, .. } = edit else {
        return;
    };
    let mut through = Conditions::one("StringEquals", "kms:ViaService", host);
    if action == "kms:CreateGrant" {
        through = through.and("Bool", "kms:GrantIsForAWSResource", "true");
    }
    *statement = statement.clone().when(through);
}
