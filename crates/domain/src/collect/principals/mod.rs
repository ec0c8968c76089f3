//! Who there is in the accounts, and what the organisation lets them do: asked for where somebody
//! wants to know who can use which key.

mod details;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use details::Pages;

use super::ask::{After, Page};
use super::scope::Scope;
use super::{Address, Answer};
use crate::call::{Call, Op, input, view};
use crate::fact::{Fact, Gap, Read};
use crate::ids::{AccountId, Region};
use crate::inventory::{Control, Principals};

/// IAM gives at most 1,000 a page (IAM API, GetAccountAuthorizationDetails, `MaxItems`).
const DETAILS_PAGE: u32 = 1_000;

/// What the policies of users and roles are read for: what says nothing about it is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Who can use which key.
    Keys,
    /// What somebody may do.
    Everything,
}

/// A question about who there is.
#[derive(Clone, Debug)]
pub(in crate::collect) enum PrincipalAsk {
    Details {
        account: AccountId,
        page: Page,
    },
    Organization,
    Roots,
    Parent {
        child: String,
    },
    Attached {
        control: Control,
        target: String,
        page: Page,
        so_far: Vec<String>,
    },
    Policy {
        id: String,
    },
}

/// What is known of who there is, and what is still asked.
#[derive(Debug)]
pub(in crate::collect) struct PrincipalBook {
    /// What their policies are read for; none: they are not.
    wanted: Option<About>,
    home: Address,
    found: Principals,
    pages: BTreeMap<AccountId, Pages>,
    /// Accounts and units about which it was asked.
    asked: BTreeSet<String>,
    /// Accounts that wait until it is known what may bind them.
    waiting: Vec<AccountId>,
    /// Whether that is known.
    is_told: bool,
    texts: BTreeSet<Arc<str>>,
}

type Outcome = super::answer::Outcome<PrincipalAsk>;

impl PrincipalBook {
    pub(in crate::collect) fn new(scope: &Scope) -> Self {
        Self {
            wanted: None,
            home: Address {
                account: scope.account.clone(),
                region: crate::regions::organizations_home(&scope.home),
            },
            found: Principals::default(),
            pages: BTreeMap::new(),
            asked: BTreeSet::new(),
            waiting: Vec::new(),
            is_told: false,
            texts: BTreeSet::new(),
        }
    }

    pub(in crate::collect) fn set_wanted(&mut self, about: About) {
        self.wanted = Some(about);
    }

    pub(in crate::collect) fn found(&self) -> &Principals {
        &self.found
    }

    pub(in crate::collect) fn into_found(self) -> Principals {
        self.found
    }

    /// Takes up an account that was entered.
    pub(in crate::collect) fn enter(&mut self, account: &AccountId) -> Vec<PrincipalAsk> {
        if self.wanted.is_none() || self.pages.contains_key(account) {
            return Vec::new();
        }
        self.pages.insert(account.clone(), Pages::default());
        let mut asks = vec![PrincipalAsk::Details {
            account: account.clone(),
            page: Page::default(),
        }];
        asks.extend(self.bind(account));
        asks
    }

    /// Takes up what binds an account, whoever there is.
    pub(in crate::collect) fn bind(&mut self, account: &AccountId) -> Vec<PrincipalAsk> {
        if self.wanted.is_none() {
            return Vec::new();
        }
        if self.is_told {
            return self.climb_from(account);
        }
        let is_first = self.waiting.is_empty();
        self.waiting.push(account.clone());
        let asks = is_first.then_some(PrincipalAsk::Organization);
        asks.into_iter().collect()
    }

    /// All that is above an account, where there is an organisation.
    fn climb_from(&mut self, account: &AccountId) -> Vec<PrincipalAsk> {
        let management = self.found.controls.management.as_ref();
        match management.map(|read| &read.fact) {
            Some(Fact::Known(Some(_))) => self.climb(account.to_string()),
            Some(Fact::Known(None) | Fact::Unknown(_)) | None => Vec::new(),
        }
    }

    /// Goes on with the accounts that waited.
    fn tell(&mut self) -> Vec<PrincipalAsk> {
        self.is_told = true;
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        waiting
            .flat_map(|account| self.climb_from(&account))
            .collect()
    }

    /// What is attached to an account or a unit, and what is above it.
    fn climb(&mut self, target: String) -> Vec<PrincipalAsk> {
        if !self.asked.insert(target.clone()) {
            return Vec::new();
        }
        let off = &self.found.controls.off;
        let on = Control::ALL.into_iter().filter(|one| !off.contains(one));
        let mut asks: Vec<PrincipalAsk> = on
            .map(|control| PrincipalAsk::Attached {
                control,
                target: target.clone(),
                page: Page::default(),
                so_far: Vec::new(),
            })
            .collect();
        // The root has nothing above it (Organizations API, `Root`, `Id`).
        if target.starts_with("r-") {
            self.found
                .controls
                .parents
                .insert(target, Fact::Known(None));
        } else {
            asks.push(PrincipalAsk::Parent { child: target });
        }
        asks
    }

    pub(in crate::collect) fn on_answer(&mut self, ask: PrincipalAsk, answer: Answer) -> Outcome {
        match ask {
            PrincipalAsk::Details { account, page } => self.on_details(&account, &page, answer),
            PrincipalAsk::Organization => self.on_organization(answer),
            PrincipalAsk::Roots => self.on_roots(answer),
            PrincipalAsk::Parent { child } => self.on_parent(child, answer),
            PrincipalAsk::Attached {
                control,
                target,
                page,
                so_far,
            } => self.on_attached(control, target, &page, so_far, answer),
            PrincipalAsk::Policy { id } => self.on_policy(id, answer),
        }
    }

    fn on_details(&mut self, account: &AccountId, page: &Page, answer: Answer) -> Outcome {
        let region = iam_home(&self.home.region);
        let gap = || Gap::malformed(Op::GetAccountAuthorizationDetails, account, &region, "");
        let (source, viewed) = answer.view::<view::GetAccountAuthorizationDetails>(gap);
        let mut outcome = Outcome::default();
        let fact = match viewed {
            Err(failure) => outcome.unknown(failure.gap),
            Ok(reply) => {
                let details = reply.get_account_authorization_details_result;
                let Some(details) = details else {
                    let fact = outcome.unknown(gap());
                    let read = Read { source, fact };
                    self.found.by_account.insert(account.clone(), read);
                    return outcome;
                };
                let is_more = details.is_truncated.as_deref() == Some("true");
                let marker = details.marker.clone().filter(|_| is_more);
                let pages = self.pages.entry(account.clone()).or_default();
                pages.add(details, &mut self.texts, self.wanted);
                match page.after(marker) {
                    After::Page(page) => {
                        let account = account.clone();
                        outcome.asks.push(PrincipalAsk::Details { account, page });
                        return outcome;
                    }
                    After::TooMany => outcome.unknown(gap().endless()),
                    After::Nothing => Fact::Known(std::mem::take(pages).close()),
                }
            }
        };
        let read = Read { source, fact };
        self.found.by_account.insert(account.clone(), read);
        outcome
    }

    fn on_organization(&mut self, answer: Answer) -> Outcome {
        let home = self.home.clone();
        let gap = || Gap::malformed(Op::DescribeOrganization, &home.account, &home.region, "");
        let (source, viewed) = answer.view::<view::DescribeOrganization>(gap);
        let mut outcome = Outcome::default();
        let fact = match viewed {
            Ok(view) => Fact::Known(view.organization.and_then(|one| {
                self.found.controls.organization = one.id;
                one.master_account_id
            })),
            // Organizations API, DescribeOrganization, errors.
            Err(failure) if failure.is_no_organization() => Fact::Known(None),
            Err(failure) => outcome.unknown(failure.gap),
        };
        let is_there = matches!(fact, Fact::Known(Some(_)));
        self.found.controls.told_to = Some(self.home.account.clone());
        self.found.controls.management = Some(Read { source, fact });
        if is_there {
            outcome.asks.push(PrincipalAsk::Roots);
        } else {
            outcome.asks.extend(self.tell());
        }
        outcome
    }

    /// A type that no root lists is not switched on (Organizations API, `Root`, `PolicyTypes`). Where this
    /// may not be asked nothing is lost: each account is asked about every type.
    fn on_roots(&mut self, answer: Answer) -> Outcome {
        let home = self.home.clone();
        let gap = || Gap::malformed(Op::ListRoots, &home.account, &home.region, "");
        let (_, viewed) = answer.view::<view::ListRoots>(gap);
        if let Ok(listed) = viewed
            && let Some(root) = listed.roots.first()
        {
            let is_on = |control: &Control| {
                let mut types = root.policy_types.iter();
                types.any(|one| one.r#type == control.as_str())
            };
            let off = Control::ALL.into_iter().filter(|control| !is_on(control));
            self.found.controls.off = off.collect();
        }
        let asks = self.tell();
        Outcome {
            asks,
            ..Outcome::default()
        }
    }

    fn on_parent(&mut self, child: String, answer: Answer) -> Outcome {
        let home = self.home.clone();
        let gap = || Gap::malformed(Op::ListParents, &home.account, &home.region, &child);
        let (_, viewed) = answer.view::<view::ListParents>(gap);
        let mut outcome = Outcome::default();
        let fact = match viewed {
            Err(failure) => outcome.unknown(failure.gap),
            // Organizations API, ListParents: "a child can have only a single parent".
            Ok(listed) => match listed.parents.into_iter().next() {
                None => outcome.unknown(gap()),
                Some(parent) => {
                    outcome.asks.extend(self.climb(parent.id.clone()));
                    Fact::Known(Some(parent.id))
                }
            },
        };
        self.found.controls.parents.insert(child, fact);
        outcome
    }

    fn on_attached(
        &mut self,
        control: Control,
        target: String,
        page: &Page,
        mut so_far: Vec<String>,
        answer: Answer,
    ) -> Outcome {
        let home = self.home.clone();
        let gap = || {
            Gap::malformed(
                Op::ListPoliciesForTarget,
                &home.account,
                &home.region,
                &target,
            )
        };
        let (_, viewed) = answer.view::<view::ListPoliciesForTarget>(gap);
        let mut outcome = Outcome::default();
        let fact = match viewed {
            Err(failure) => outcome.unknown(failure.gap),
            Ok(listed) => {
                so_far.extend(listed.policies.into_iter().map(|policy| policy.id));
                match page.after(listed.next_token) {
                    After::Page(page) => {
                        outcome.asks.push(PrincipalAsk::Attached {
                            control,
                            target,
                            page,
                            so_far,
                        });
                        return outcome;
                    }
                    After::TooMany => outcome.unknown(gap().endless()),
                    After::Nothing => {
                        for id in &so_far {
                            if self.asked.insert(id.clone()) {
                                outcome.asks.push(PrincipalAsk::Policy { id: id.clone() });
                            }
                        }
                        Fact::Known(so_far)
                    }
                }
            }
        };
        self.found.controls.attached.insert((control, target), fact);
        outcome
    }

    fn on_policy(&mut self, id: String, answer: Answer) -> Outcome {
        let home = self.home.clone();
        let gap = || Gap::malformed(Op::DescribePolicy, &home.account, &home.region, &id);
        let (_, viewed) = answer.view::<view::DescribePolicy>(gap);
        let mut outcome = Outcome::default();
        let fact = match viewed {
            Err(failure) => outcome.unknown(failure.gap),
            Ok(read) => Fact::Known(read.policy.content.into()),
        };
        self.found.controls.texts.insert(id, fact);
        outcome
    }

    /// The call that asks it, and where.
    pub(in crate::collect) fn call(&self, ask: &PrincipalAsk) -> (Address, Call) {
        let home = self.home.clone();
        match ask {
            PrincipalAsk::Details { account, page } => (
                Address {
                    account: account.clone(),
                    region: iam_home(&home.region),
                },
                input::GetAccountAuthorizationDetails {
                    max_items: DETAILS_PAGE,
                    marker: page.token.clone(),
                }
                .into(),
            ),
            PrincipalAsk::Organization => (home, input::DescribeOrganization {}.into()),
            PrincipalAsk::Roots => (home, input::ListRoots {}.into()),
            PrincipalAsk::Parent { child } => (
                home,
                input::ListParents {
                    child_id: child.clone(),
                }
                .into(),
            ),
            PrincipalAsk::Attached {
                control,
                target,
                page,
                ..
            } => (
                home,
                input::ListPoliciesForTarget {
                    target_id: target.clone(),
                    filter: control.as_str().to_owned(),
                    next_token: page.token.clone(),
                }
                .into(),
            ),
            PrincipalAsk::Policy { id } => (
                home,
                input::DescribePolicy {
                    policy_id: id.clone(),
                }
                .into(),
            ),
        }
    }

    /// What it is about, for a gap.
    pub(in crate::collect) fn subject(ask: &PrincipalAsk) -> String {
        match ask {
            PrincipalAsk::Details { .. } | PrincipalAsk::Organization | PrincipalAsk::Roots => {
                String::new()
            }
            PrincipalAsk::Parent { child } => child.clone(),
            PrincipalAsk::Attached { target, .. } => target.clone(),
            PrincipalAsk::Policy { id } => id.clone(),
        }
    }
}

/// Where IAM of a partition answers (botocore, `endpoints.json`, iam).
fn iam_home(region: &Region) -> Region {
    if region.as_str().starts_with("cn-") {
        return Region::new("cn-north-1");
    }
    crate::regions::organizations_home(region)
}
