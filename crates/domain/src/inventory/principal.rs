//! Who there is in an account, and what binds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Tags;
use crate::fact::{Fact, Gap, Read};
use crate::ids::AccountId;

/// A user or role, and what its policies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its ARN, with its path.
    pub arn: String,
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
    /// The organisation that an account is known to belong to.
    #[must_use]
    pub fn organization_of(&self, account: &AccountId) -> Option<&str> {
        let is_management = self
            .management
            .as_ref()
            .is_some_and(|read| read.fact.known().and_then(Option::as_ref) == Some(account));
        let parent = self.parents.get(account.as_str());
        let is_member = parent.is_some_and(|parent| parent.known().is_some());
        let id = self.organization.as_deref();
        id.filter(|_| is_management || is_member)
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
            None => return Err(None),
            Some(Fact::Unknown(gap)) => return Err(Some(gap.clone())),
            Some(Fact::Known(None)) => return Ok(Vec::new()),
            Some(Fact::Known(Some(management))) if management == account => return Ok(Vec::new()),
            Some(Fact::Known(Some(_))) => {}
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
