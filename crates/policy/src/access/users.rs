//! Which of those who are known can come to what a key protects, by themselves or by a step before.

use std::cell::OnceCell;

use super::channel::{Channel, requests, tells_channels};
use super::way::{ALIASES, DIRECTLY, GRANTED, TAGS, Way};
use super::{Key, Principal, everything};
use crate::context::{Context, Value};
use crate::document::{Document, Effect, Identity, Listed, Who};
use crate::evaluate::{Verdict, evaluate};
use crate::pattern::{self, Pattern};
use crate::prove::{Doubt, Proof, Requests};
use crate::request::{Caller, Request, Stack};

/// What was found of one way.
#[derive(Clone, Debug)]
pub struct Use {
    /// The way.
    pub way: Way,
    /// Whether it is open.
    pub proof: Proof,
}

/// Finds who can use a key.
#[derive(Debug)]
pub struct Users {
    key: Key,
    /// Everything but what is the caller's.
    stack: Stack,
    ways: Vec<Plan>,
    tells_channels: bool,
    named: Vec<Identity>,
}

/// A way, and what is known of it whoever asks.
#[derive(Debug)]
struct Plan {
    way: Way,
    /// For somebody of the key's account whom the key policy and the grants do not name.
    here: Reach,
    /// Of another account.
    there: Reach,
}

/// What somebody needs whom nothing names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It is denied, whatever its own policies say.
    Never,
    /// Its own policies have to allow it.
    ByOwn,
    /// They need not.
    Open,
}

impl Users {
    /// Looks at a key.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        let stack = key.stack();
        let mut users = Self {
            key: key.clone(),
            tells_channels: tells_channels(stack.documents()),
            named: key.named(),
            stack,
            ways: Vec::new(),
        };
        let with_all = Stack {
            identity: everything(),
            ..users.stack.clone()
        };
        let plan = |way| Plan {
            way,
            here: users.reach(way, true, &with_all),
            there: users.reach(way, false, &with_all),
        };
        users.ways = users.ways_there_are().into_iter().map(plan).collect();
        users
    }

    /// Those of tags and aliases are ways only for whom a policy asks about them.
    fn ways_there_are(&self) -> Vec<Way> {
        let mut ways: Vec<Way> = DIRECTLY.into_iter().map(Way::Directly).collect();
        ways.extend([Way::ByGrant, Way::ByPolicy]);
        // KMS Developer Guide, "Multi-Region keys": their ids begin so, and a replica has a key policy
        // of its own over the same key material.
        if self.key.arn.contains(":key/mrk-") {
            ways.push(Way::ByReplica);
        }
        ways.extend(TAGS.map(Way::ByTag));
        ways.extend(ALIASES.map(Way::ByAlias));
        ways
    }

    /// What somebody needs whom neither the key policy nor a grant names. Boundaries, session and
    /// service control policies only take away.
    fn reach(&self, way: Way, is_here: bool, with_all: &Stack) -> Reach {
        let own = self.key.account();
        // Somebody of another account may be of any that is named, whose own policies have to allow it
        // as well (KMS Developer Guide, "Allowing users in other accounts to use a KMS key").
        if !is_here
            && self
                .named
                .iter()
                .any(|one| *one.account != *own && one.who == Who::Root)
        {
            return Reach::ByOwn;
        }
        let caller = Caller::Identity(Identity {
            partition: self.key.partition().into(),
            account: if is_here { own.into() } else { "".into() },
            who: Who::Role("".into()),
        });
        let is_service = Some(Value::One("false".into()));
        let mut told = vec![("aws:PrincipalIsAWSService".to_owned(), is_service)];
        if is_here {
            told.push(("kms:CallerAccount".to_owned(), Some(Value::One(own.into()))));
        }
        let context = Context::open(told);
        let Ok(request) = Request::new(caller, way.action(), &self.key.arn, own, context) else {
            return Reach::Open;
        };
        let is_denied = |stack: &Stack| matches!(evaluate(&request, stack), Verdict::Denied { .. });
        match (is_denied(&self.stack), is_denied(with_all)) {
            (true, true) => Reach::Never,
            (true, false) => Reach::ByOwn,
            (false, _) => Reach::Open,
        }
    }

    /// The ways of somebody: each is proved closed, shown to be open, or may be.
    #[must_use]
    pub fn of(&self, principal: &Principal) -> Vec<Use> {
        let stack = OnceCell::new();
        let plans = self.ways.iter();
        plans
            .map(|plan| Use {
                way: plan.way,
                proof: self.proof(plan, principal, &stack),
            })
            .collect()
    }

    /// The first way that is open, or else that may be.
    #[must_use]
    pub fn worst(&self, principal: &Principal, with_steps: bool) -> Option<Use> {
        let stack = OnceCell::new();
        let mut possible = None;
        for plan in &self.ways {
            if plan.way.has_steps() && !with_steps {
                continue;
            }
            match self.proof(plan, principal, &stack) {
                Proof::Proved => {}
                proof @ Proof::Violated(_) => {
                    return Some(Use {
                        way: plan.way,
                        proof,
                    });
                }
                proof @ Proof::Possible(_) => {
                    possible.get_or_insert(Use {
                        way: plan.way,
                        proof,
                    });
                }
            }
        }
        possible
    }

    fn proof(&self, plan: &Plan, principal: &Principal, stack: &OnceCell<Stack>) -> Proof {
        if self.is_out_of_reach(plan, principal) {
            return Proof::Proved;
        }
        let stack = stack.get_or_init(|| Stack {
            // What is not known may allow everything.
            identity: if principal.is_partial {
                everything()
            } else {
                principal.identity.clone()
            },
            boundary: principal.boundary.clone().filter(|_| !principal.is_partial),
            scp: principal.scp.clone().unwrap_or_default(),
            ..self.stack.clone()
        });
        if !plan.way.is_asked_for(stack) {
            return Proof::Proved;
        }
        let mut found = Proof::Proved;
        for caller in self.callers(principal) {
            for channel in self.channels(plan.way, stack).iter().copied() {
                match self.one(plan.way, principal, &caller, channel, stack) {
                    Proof::Proved => {}
                    violated @ Proof::Violated(_) => {
                        return self.as_far_as_known(principal, plan, violated);
                    }
                    possible @ Proof::Possible(_) => found = possible,
                }
            }
        }
        self.as_far_as_known(principal, plan, found)
    }

    /// What was found, where not everything is known that could make it another.
    fn as_far_as_known(&self, principal: &Principal, plan: &Plan, found: Proof) -> Proof {
        match found {
            // Grants only add: without them nothing is proved closed.
            Proof::Proved if self.key.grants.is_none() && plan.way.is_granted() => {
                Proof::Possible(vec![Doubt::Grants])
            }
            Proof::Violated(_) if principal.is_partial => Proof::Possible(vec![Doubt::Policies]),
            Proof::Violated(_) if principal.scp.is_none() => Proof::Possible(vec![Doubt::Scp]),
            Proof::Violated(_) if self.key.rcp.is_none() => Proof::Possible(vec![Doubt::Rcp]),
            Proof::Proved | Proof::Violated(_) | Proof::Possible(_) => found,
        }
    }

    fn channels(&self, way: Way, stack: &Stack) -> &'static [Channel] {
        match way {
            // What a service gets by a grant is the service's.
            Way::ByGrant => &[Channel::Direct],
            _ if self.tells_channels || tells_channels(stack.documents()) => {
                &[Channel::Direct, Channel::Through]
            }
            Way::Directly(_) | Way::ByPolicy | Way::ByReplica | Way::ByTag(_) | Way::ByAlias(_) => {
                &[Channel::Direct]
            }
        }
    }

    /// A role asks as one of its sessions: any, and those that are named.
    fn callers(&self, principal: &Principal) -> Vec<Caller> {
        let Caller::Identity(identity) = &principal.caller else {
            return vec![principal.caller.clone()];
        };
        let own = identity.session_but(&[]);
        let is_own = |session: &Identity| {
            session.account == own.account
                && matches!((&session.who, &own.who),
                    (Who::Session(one, _), Who::Session(other, _)) if one == other)
        };
        let sessions: Vec<&Identity> = self.named.iter().filter(|one| is_own(one)).collect();
        let names = sessions.iter().filter_map(|session| match &session.who {
            Who::Session(_, name) => Some(&**name),
            Who::Root | Who::User(_) | Who::Role(_) | Who::Federated(_) => None,
        });
        let other = identity.session_but(&names.collect::<Vec<_>>());
        let mut callers = vec![Caller::Identity(other)];
        callers.extend(sessions.into_iter().cloned().map(Caller::Identity));
        callers
    }

    /// Requests of an action by somebody, with what is known of it.
    fn asked(
        key: &Key,
        principal: &Principal,
        caller: &Caller,
        action: &str,
        channel: Channel,
    ) -> Option<Requests> {
        let asked = requests(key, caller, &principal.arn, action, channel).ok()?;
        Some(telling_principal(asked, principal))
    }

    fn one(
        &self,
        way: Way,
        principal: &Principal,
        caller: &Caller,
        channel: Channel,
        stack: &Stack,
    ) -> Proof {
        let asked = Self::asked(&self.key, principal, caller, way.action(), channel);
        let Some(asked) = asked else {
            return Proof::Possible(vec![Doubt::Budget]);
        };
        match way {
            Way::ByGrant => to_itself(asked, &principal.arn, caller, stack),
            Way::Directly(_) | Way::ByPolicy => asked.allowed(stack),
            // It takes kms:CreateKey in the other Region as well.
            Way::ByReplica => match asked.allowed(stack) {
                Proof::Violated(_) => Proof::Possible(vec![Doubt::Replica]),
                found @ (Proof::Proved | Proof::Possible(_)) => found,
            },
            Way::ByTag(action) => match asked.allowed(stack) {
                Proof::Proved => Proof::Proved,
                first @ (Proof::Violated(_) | Proof::Possible(_)) => {
                    match self.after(principal, caller, channel, stack) {
                        Proof::Proved => Proof::Proved,
                        // Which tags can be given, and whether taking one away is enough, is not
                        // followed.
                        _ if action != TAGS[0] || asks_for_new_tags(stack) => {
                            Proof::Possible(vec![Doubt::Tag])
                        }
                        Proof::Violated(_) => first,
                        possible @ Proof::Possible(_) => possible,
                    }
                }
            },
            Way::ByAlias(_) => match asked.allowed(stack) {
                Proof::Proved => Proof::Proved,
                Proof::Violated(_) | Proof::Possible(_) => {
                    match self.after(principal, caller, channel, stack) {
                        Proof::Proved => Proof::Proved,
                        // An alias is given by who may change the alias as well.
                        Proof::Violated(_) | Proof::Possible(_) => {
                            Proof::Possible(vec![Doubt::Alias])
                        }
                    }
                }
            },
        }
    }

    /// Whether an operation is allowed once the key's tags and aliases are others.
    fn after(
        &self,
        principal: &Principal,
        caller: &Caller,
        channel: Channel,
        stack: &Stack,
    ) -> Proof {
        let other = Key {
            tags: None,
            aliases: None,
            ..self.key.clone()
        };
        let mut found = Proof::Proved;
        for action in DIRECTLY {
            let Some(asked) = Self::asked(&other, principal, caller, action, channel) else {
                continue;
            };
            let asked = asked
                .choosing("aws:ResourceTag/")
                .choosing("kms:ResourceAliases")
                .choosing("kms:RequestAlias");
            match asked.allowed(stack) {
                Proof::Proved => {}
                violated @ Proof::Violated(_) => return violated,
                possible @ Proof::Possible(_) => found = possible,
            }
        }
        found
    }

    /// Whether it is plain that a way is closed to somebody.
    fn is_out_of_reach(&self, plan: &Plan, principal: &Principal) -> bool {
        if self.key.policy.is_none() || (self.key.grants.is_none() && plan.way.is_granted()) {
            return false;
        }
        let Caller::Identity(identity) = &principal.caller else {
            return false;
        };
        if !matches!(identity.who, Who::Role(_) | Who::User(_)) || self.is_named(identity) {
            return false;
        }
        let reach = if *identity.account == *self.key.account() {
            plan.here
        } else {
            plan.there
        };
        match reach {
            Reach::Never => true,
            Reach::Open => false,
            Reach::ByOwn => {
                !principal.is_partial
                    && !may_allow(&principal.identity, plan.way.action(), &self.key.arn)
            }
        }
    }

    /// Whether the key policy or a grant names somebody, or a session of it.
    fn is_named(&self, identity: &Identity) -> bool {
        fn name(who: &Who) -> Option<&str> {
            match who {
                Who::Role(path) | Who::User(path) => path.rsplit('/').next(),
                Who::Session(role, _) => Some(role),
                Who::Federated(name) => Some(name),
                Who::Root => None,
            }
        }
        let own = name(&identity.who);
        let mut named = self.named.iter();
        named.any(|one| one.account == identity.account && name(&one.who) == own)
    }
}

/// With what is so of who asks, whatever it asks for.
pub(super) fn telling_principal(mut asked: Requests, principal: &Principal) -> Requests {
    asked = match &principal.organization {
        Some(organization) => {
            let value = Value::One(organization.clone());
            asked.telling("aws:PrincipalOrgID", Some(value))
        }
        None => asked.not_knowing("aws:PrincipalOrgID"),
    }
    .not_knowing("aws:PrincipalOrgPaths");
    if let Some(tags) = &principal.tags {
        for (name, value) in tags {
            let value = Some(Value::One(value.clone()));
            asked = asked.telling(&format!("aws:PrincipalTag/{name}"), value);
        }
        asked = asked.whole("aws:PrincipalTag/");
    }
    asked
}

/// Whether somebody can create a grant to itself, for an operation that gives plaintext or a data key.
fn to_itself(asked: Requests, arn: &str, caller: &Caller, stack: &Stack) -> Proof {
    let asked = asked
        .without("kms:GrantIsForAWSResource", ["true".into()])
        .with_one_of("kms:GrantOperations", &GRANTED)
        .with("kms:GranteePrincipal")
        .telling("kms:GranteeServicePrincipal", None)
        .telling("kms:RetiringServicePrincipal", None);
    for grantee in [arn.to_owned(), caller.to_string()] {
        let value = Some(Value::One(grantee.into()));
        let to_it = asked.clone().telling("kms:GranteePrincipal", value);
        match to_it.allowed(stack) {
            Proof::Proved => {}
            found @ (Proof::Violated(_) | Proof::Possible(_)) => return found,
        }
    }
    // To somebody else, who may be of the same mind.
    match asked.allowed(stack) {
        Proof::Proved => Proof::Proved,
        Proof::Violated(_) | Proof::Possible(_) => {
            Proof::Possible(vec![Doubt::Fact("kms:GranteePrincipal".into())])
        }
    }
}

/// Whether a policy depends on the tags that are to be given.
fn asks_for_new_tags(stack: &Stack) -> bool {
    let is = |key: &str| key.starts_with("aws:requesttag/") || key == "aws:tagkeys";
    stack.documents().any(|document| document.asks(is))
}

/// Whether documents can allow an action on a resource, whatever their conditions say.
fn may_allow(documents: &[Document], action: &str, resource: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let may = |listed: &Listed<Pattern>, text: &str| {
        let mut patterns = listed.list.iter();
        if listed.is_all_but {
            let is_out = |one: &Pattern| {
                one.fixed()
                    .is_some_and(|pieces| pattern::matches(pieces, text))
            };
            !patterns.any(is_out)
        } else {
            patterns.any(|one| {
                one.fixed()
                    .is_none_or(|pieces| pattern::matches(pieces, text))
            })
        }
    };
    documents
        .iter()
        .flat_map(Document::statements)
        .filter(|statement| statement.effect == Effect::Allow)
        .any(|statement| may(&statement.actions, &action) && may(&statement.resources, resource))
}
