//! Who there is in an account, and what binds it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sagelock_policy::access::Organization;

use super::Tags;
use crate::fact::{Fact, Gap, Read};
use crate::ids::AccountId;

/// A user or role, and what its policies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its ARN, with its path.
    pub arn: String,
    /// Its unique id.
    pub id: Option<Box<str>>,
    /// Its tags.
    pub tags: Tags,
    /// Its policies, its groups' included.
    pub policies: Vec<Policy>,
    /// Its permissions boundary.
    pub boundary: Option<Policy>,
    /// A policy that is attached to it was not told.
    pub is_partial: bool,
    /// Of a role, the text of its trust policy.
    pub trust: Option<Arc<str>>,
}

/// A policy of IAM's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The ARN of a managed policy, the name of an inline one.
    pub name: Arc<str>,
    /// What it says.
    pub text: Arc<str>,
}

/// Who there is, and what binds them.
#[derive(Clone, Debug, Default)]
pub struct Principals {
    /// By account.
    pub by_account: BTreeMap<AccountId, Read<Vec<Principal>>>,
    /// What the organisation says.
    pub controls: Controls,
}

/// Service and resource control policies of an organisation.
#[derive(Clone, Debug, Default)]
pub struct Controls {
    /// The management account, which none of them binds; `None` within: there is no organisation.
    pub management: Option<Read<Option<AccountId>>>,
    /// Its id.
    pub organization: Option<String>,
    /// The account that was told so; of others it says nothing where there is no organisation.
    pub told_to: Option<AccountId>,
    /// Kinds that are switched off: they bind nobody.
    pub off: BTreeSet<Control>,
    /// Above an account or a unit; `None` within: nothing, it is the root.
    pub parents: BTreeMap<String, Fact<Option<String>>>,
    /// By kind and target: the ids of the policies that are attached.
    pub attached: BTreeMap<(Control, String), Fact<Vec<String>>>,
    /// By id.
    pub texts: BTreeMap<String, Fact<Arc<str>>>,
}

/// A kind of control policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Control {
    /// Of what an account's own may do.
    Service,
    /// Of what may be done with an account's resources.
    Resource,
}

impl Control {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Service, Self::Resource];

    /// As Organizations calls it (Organizations API, `PolicyType`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "SERVICE_CONTROL_POLICY",
            Self::Resource => "RESOURCE_CONTROL_POLICY",
        }
    }
}

/// More units than these are not above one another (Organizations User Guide, "Quotas for AWS
/// Organizations", OU maximum nesting).
const DEPTH_MAX: usize = 8;

impl Controls {
    /// The organisation that an account belongs to.
    #[must_use]
    pub fn organization_of(&self, account: &AccountId) -> Organization {
        let told = self.management.as_ref().and_then(|read| read.fact.known());
        if told == Some(&None) && self.told_to.as_ref() == Some(account) {
            return Organization::None;
        }
        let is_management = told.and_then(Option::as_ref) == Some(account);
        let parent = self.parents.get(account.as_str());
        let is_member = parent.is_some_and(|parent| parent.known().is_some());
        match self.organization.as_deref() {
            Some(id) if is_management || is_member => Organization::Of(id.into()),
            Some(_) | None => Organization::Unknown,
        }
    }

    /// The policies that bind an account, by level, the root first; none where nothing does.
    ///
    /// # Errors
    /// Something of it could not be read; `None` is that it was not asked for.
    pub fn levels(
        &self,
        control: Control,
        account: &AccountId,
    ) -> Result<Vec<Vec<Policy>>, Option<Arc<Gap>>> {
        match self.management.as_ref().map(|read| &read.fact) {
            Some(Fact::Unknown(gap)) => return Err(Some(gap.clone())),
            Some(Fact::Known(None)) if self.told_to.as_ref() == Some(account) => {
                return Ok(Vec::new());
            }
            None | Some(Fact::Known(None)) => return Err(None),
            Some(Fact::Known(Some(management))) if management == account => return Ok(Vec::new()),
            Some(Fact::Known(Some(_))) => {}
        }
        if self.off.contains(&control) {
            return Ok(Vec::new());
        }
        let mut levels = Vec::new();
        let mut at = account.to_string();
        for _ in 0..DEPTH_MAX {
            let ids = known(self.attached.get(&(control, at.clone())))?;
            let policies = ids.iter().map(|id| {
                let text = known(self.texts.get(id))?.clone();
                let name = id.as_str().into();
                Ok::<_, Option<Arc<Gap>>>(Policy { name, text })
            });
            levels.push(policies.collect::<Result<Vec<_>, _>>()?);
            match known(self.parents.get(&at))? {
                Some(parent) => at.clone_from(parent),
                None => break,
            }
        }
        // Organizations User Guide, "Disabling a policy type": all policies of the type are detached, and
        // "Attaching and detaching": where it is enabled, each level has one at least.
        match levels.iter().filter(|level| level.is_empty()).count() {
            0 => {}
            all if all == levels.len() => return Ok(Vec::new()),
            _ => return Err(None),
        }
        levels.reverse();
        Ok(levels)
    }
}

fn known<T>(fact: Option<&Fact<T>>) -> Result<&T, Option<Arc<Gap>>> {
    match fact {
        None => Err(None),
        Some(Fact::Unknown(gap)) => Err(Some(gap.clone())),
        Some(Fact::Known(value)) => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Op;
    use crate::fact::Source;

    fn controls(management: Option<&str>, attached: &[(&str, &[&str])]) -> Controls {
        let source = Source {
            call: Op::DescribeOrganization,
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        let fact = Fact::Known(management.map(AccountId::new));
        let attached = attached.iter().map(|(target, ids)| {
            let ids = ids.iter().map(ToString::to_string).collect();
            ((Control::Service, (*target).to_owned()), Fact::Known(ids))
        });
        Controls {
            management: Some(Read { source, fact }),
            told_to: Some(AccountId::new("111122223333")),
            parents: [
                (
                    "222233334444".to_owned(),
                    Fact::Known(Some("r-1".to_owned())),
                ),
                ("r-1".to_owned(), Fact::Known(None)),
            ]
            .into(),
            attached: attached.collect(),
            texts: [("p-1".to_owned(), Fact::Known("{}".into()))].into(),
            ..Controls::default()
        }
    }

    fn levels(controls: &Controls, account: &str) -> Option<Vec<usize>> {
        let levels = controls.levels(Control::Service, &AccountId::new(account));
        levels
            .ok()
            .map(|levels| levels.iter().map(Vec::len).collect())
    }

    #[test]
    fn without_an_organisation_only_the_account_that_was_told_so_is_bound_by_nothing() {
        let none = controls(None, &[]);
        assert_eq!(levels(&none, "111122223333"), Some(vec![]));
        assert_eq!(levels(&none, "222233334444"), None);
    }

    #[test]
    fn where_nothing_is_attached_the_type_is_switched_off() {
        let of = |account, unit| {
            let attached: [(&str, &[&str]); 2] = [("222233334444", account), ("r-1", unit)];
            levels(&controls(Some("111122223333"), &attached), "222233334444")
        };
        assert_eq!(of(&[], &[]), Some(vec![]));
        assert_eq!(of(&["p-1"], &["p-1", "p-1"]), Some(vec![2, 1]));
        // That cannot be: it is not known what there is.
        assert_eq!(of(&["p-1"], &[]), None);
        assert_eq!(
            levels(&controls(Some("111122223333"), &[]), "111122223333"),
            Some(vec![])
        );
    }
}
