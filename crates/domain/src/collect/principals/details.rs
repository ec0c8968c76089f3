//! Users and roles out of the pages of IAM's answer: a policy may stand on another page than who has
//! it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sagelock_policy::access::may_matter;
use sagelock_policy::{Document, Kind};

use super::About;
use crate::call::view_iam::{
    AttachedPolicy, AuthorizationDetails, Members, PermissionsBoundary, PolicyDetail, Tag,
};
use crate::inventory::{Policy, Principal, Tags};

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Policy,
    /// Who may assume a role.
    Trust,
}

/// A policy that is there and allows nothing.
const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

/// What the pages so far said.
#[derive(Debug, Default)]
pub(super) struct Pages {
    people: Vec<Person>,
    groups: BTreeMap<String, Group>,
    /// Managed policies, by ARN.
    managed: BTreeMap<String, Arc<str>>,
}

#[derive(Debug)]
struct Person {
    found: Principal,
    attached: Vec<String>,
    boundary: Option<String>,
    groups: Vec<String>,
}

#[derive(Debug)]
struct Group {
    policies: Vec<Policy>,
    attached: Vec<String>,
}

impl Pages {
    /// Takes a page. A text that many have is kept once, and of one that says nothing about keys, where
    /// nobody asks for more, that it allows nothing.
    pub(super) fn add(
        &mut self,
        details: AuthorizationDetails,
        texts: &mut BTreeSet<Arc<str>>,
        wanted: Option<About>,
    ) {
        let mut once = |text: &str| -> Arc<str> {
            if let Some(known) = texts.get(text) {
                return known.clone();
            }
            let text: Arc<str> = text.into();
            texts.insert(text.clone());
            text
        };
        let mut keep = |encoded: &str, what: What| -> Arc<str> {
            let text = decoded(encoded);
            let of_others = what == What::Policy && wanted == Some(About::Keys);
            if of_others && says_nothing_of_keys(&text) {
                once(NOTHING)
            } else {
                once(&text)
            }
        };
        for user in details.user_detail_list.0 {
            let who = (user.arn, user.user_id, user.tags);
            let found = principal(who, &user.user_policy_list, None, &mut keep);
            self.people.push(Person {
                found,
                attached: arns(user.attached_managed_policies),
                boundary: boundary(user.permissions_boundary),
                groups: user.group_list.0,
            });
        }
        for role in details.role_detail_list.0 {
            let trust = role.assume_role_policy_document;
            let who = (role.arn, role.role_id, role.tags);
            let found = principal(who, &role.role_policy_list, trust, &mut keep);
            self.people.push(Person {
                found,
                attached: arns(role.attached_managed_policies),
                boundary: boundary(role.permissions_boundary),
                groups: Vec::new(),
            });
        }
        for group in details.group_detail_list.0 {
            let own = group.group_policy_list.0.iter();
            let policies = own.map(|policy| inline(policy, &mut keep)).collect();
            let attached = arns(group.attached_managed_policies);
            self.groups
                .insert(group.group_name, Group { policies, attached });
        }
        for policy in details.policies.0 {
            let versions = policy.policy_version_list.0;
            let current = versions
                .iter()
                .find(|version| version.is_default_version.as_deref() == Some("true"));
            if let Some(version) = current {
                let text = keep(&version.document, What::Policy);
                self.managed.insert(policy.arn, text);
            }
        }
    }

    /// Everybody, with the policies of each.
    pub(super) fn close(self) -> Vec<Principal> {
        let Self {
            people,
            groups,
            managed,
        } = self;
        people
            .into_iter()
            .map(|person| {
                let mut found = person.found;
                let mut attached = person.attached;
                for name in &person.groups {
                    match groups.get(name) {
                        Some(group) => {
                            found.policies.extend(group.policies.iter().cloned());
                            attached.extend(group.attached.iter().cloned());
                        }
                        None => found.is_partial = true,
                    }
                }
                for arn in attached {
                    match managed.get(&arn) {
                        Some(text) => found.policies.push(Policy {
                            name: arn.into(),
                            text: text.clone(),
                        }),
                        None => found.is_partial = true,
                    }
                }
                if let Some(arn) = person.boundary {
                    found.boundary = managed.get(&arn).map(|text| Policy {
                        name: arn.into(),
                        text: text.clone(),
                    });
                    found.is_partial |= found.boundary.is_none();
                }
                found
            })
            .collect()
    }
}

/// Whether it is known to make no difference to who can use which key.
fn says_nothing_of_keys(text: &str) -> bool {
    let document = Document::read(Kind::Identity, text);
    document.is_ok_and(|document| !may_matter(&document))
}

fn principal(
    (arn, id, tags): (String, Option<String>, Members<Tag>),
    own: &Members<PolicyDetail>,
    trust: Option<String>,
    keep: &mut impl FnMut(&str, What) -> Arc<str>,
) -> Principal {
    let tags = tags.0.into_iter().map(|tag| (tag.key, tag.value));
    let own = own.0.iter();
    Principal {
        arn,
        id: id.filter(|id| !id.is_empty()).map(Into::into),
        tags: tags.collect::<Tags>(),
        policies: own.map(|policy| inline(policy, keep)).collect(),
        boundary: None,
        is_partial: false,
        trust: trust.map(|text| keep(&text, What::Trust)),
    }
}

fn inline(policy: &PolicyDetail, keep: &mut impl FnMut(&str, What) -> Arc<str>) -> Policy {
    Policy {
        name: policy.policy_name.as_str().into(),
        text: keep(&policy.policy_document, What::Policy),
    }
}

fn arns(attached: Members<AttachedPolicy>) -> Vec<String> {
    attached.0.into_iter().map(|one| one.policy_arn).collect()
}

fn boundary(boundary: Option<PermissionsBoundary>) -> Option<String> {
    boundary.map(|one| one.permissions_boundary_arn)
}

/// IAM gives documents percent-encoded (IAM API, `PolicyDetail`: "URL-encoded compliant with RFC
/// 3986").
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}
