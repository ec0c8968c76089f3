//! Which of those who are known can come to what a key protects, by what they may do themselves.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::after;
use super::channel::{Channel, requests, tells_channels};
use super::way::{ALIASES, DIRECTLY, Freed, GRANTED, Step, TAGS, Way};
use super::{Key, Organization, Principal, everything};
use crate::context::{Context, Value};
use crate::document::{Document, Identity, Who};
use crate::evaluate::{Verdict, evaluate};
use crate::prove::{Doubt, Proof, Prover, Requests};
use crate::request::{Caller, Grant, Request, Stack};

/// What was found of one way.
#[derive(Clone, Debug)]
pub struct Use {
    /// The way.
    pub way: Way,
    /// Whether it is open: a request is the first that has to be allowed.
    pub proof: Proof,
    /// Of an open way, every step, the first included.
    pub steps: Vec<Step>,
}

/// Finds who can use a key.
#[derive(Debug)]
pub struct Users {
    pub(super) key: Key,
    /// Everything but what is the caller's.
    stack: Stack,
    ways: Vec<Plan>,
    tells_channels: bool,
    named: Vec<Identity>,
    /// By account and name, without paths and sessions.
    names: HashSet<(Box<str>, Option<Box<str>>)>,
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

/// Somebody, while it is asked about.
pub(super) struct Asking<'a> {
    pub(super) principal: &'a Principal,
    pub(super) stack: &'a Stack,
    pub(super) prover: &'a Prover,
}

impl Users {
    /// Looks at a key.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        let stack = key.stack();
        let mut users = Self {
            key: key.clone(),
            tells_channels: tells_channels(stack.documents()),
            names: key.named().iter().map(name).collect(),
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

    /// What somebody needs whom neither the key policy nor a grant names, and who is no service-linked role.
    /// Boundaries, session and service control policies only take away.
    fn reach(&self, way: Way, is_here: bool, with_all: &Stack) -> Reach {
        let own = self.key.account();
        let mut named = self.named.iter().filter(|one| *one.account != *own);
        if !is_here && named.any(|one| one.who == Who::Root) {
            // How a grant to an account is handed on within it, AWS does not say.
            if self.key.grants().iter().any(Grant::is_to_account) {
                return Reach::Open;
            }
            // Somebody of another account may be of any that is named, whose own policies have to allow it
            // as well (KMS Developer Guide, "Allowing users in other accounts to use a KMS key").
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
    pub fn of(&self, principal: &Principal, prover: &Prover) -> Vec<Use> {
        let stack = OnceCell::new();
        let is_named = self.may_be_named(principal);
        let plans = self.ways.iter();
        plans
            .map(|plan| self.found(plan, is_named, principal, &stack, prover))
            .collect()
    }

    /// The first way that is open, or else that may be.
    #[must_use]
    pub fn worst(&self, principal: &Principal, with_steps: bool, prover: &Prover) -> Option<Use> {
        let stack = OnceCell::new();
        let is_named = self.may_be_named(principal);
        let mut possible = None;
        for plan in &self.ways {
            if plan.way.has_steps() && !with_steps {
                continue;
            }
            let found = self.found(plan, is_named, principal, &stack, prover);
            match found.proof {
                Proof::Proved => {}
                Proof::Violated(_) => return Some(found),
                Proof::Possible(_) => {
                    possible.get_or_insert(found);
                }
            }
        }
        possible
    }

    fn found(
        &self,
        plan: &Plan,
        is_named: bool,
        principal: &Principal,
        stack: &OnceCell<Stack>,
        prover: &Prover,
    ) -> Use {
        let way = plan.way;
        if !is_named && self.is_out_of_reach(plan, principal) {
            return Use {
                way,
                proof: Proof::Proved,
                steps: Vec::new(),
            };
        }
        let stack = stack.get_or_init(|| self.stack_of(principal));
        let asking = Asking {
            principal,
            stack,
            prover,
        };
        let found = match way {
            Way::ByTag(_) | Way::ByAlias(_) => after::by_change(self, way, &asking),
            Way::Directly(_)
            | Way::ByGrant
            | Way::ByPolicy
            | Way::ByReplica
            | Way::ByBecoming(_) => self.opened(way, &asking, Freed::default()),
        };
        self.as_far_as_known(principal, way, found)
    }

    /// Everything that has a say about somebody.
    pub(super) fn stack_of(&self, principal: &Principal) -> Stack {
        let own = self.stack.about(&principal.caller);
        principal.stack(own)
    }

    /// A way, where somebody has changed some of the key's facts already.
    pub(super) fn opened(&self, way: Way, asking: &Asking<'_>, freed: Freed) -> Use {
        let mut found = Use {
            way,
            proof: Proof::Proved,
            steps: Vec::new(),
        };
        for caller in self.callers(asking.principal) {
            for channel in self.channels(way, asking.stack).iter().copied() {
                let proof = self.one(way, &caller, channel, asking, freed);
                match &proof {
                    Proof::Proved => {}
                    Proof::Violated(request) => {
                        found.steps = after::steps(self, way, &caller, request, asking);
                        found.proof = proof;
                        return found;
                    }
                    Proof::Possible(_) => found.proof = proof,
                }
            }
        }
        found
    }

    /// What was found, where not everything is known that could make it another.
    fn as_far_as_known(&self, principal: &Principal, way: Way, mut found: Use) -> Use {
        let doubt = match &found.proof {
            // Grants only add: without them nothing is proved closed.
            Proof::Proved if self.key.grants.is_none() && way.is_granted() => Doubt::Grants,
            Proof::Violated(_) if principal.is_partial => Doubt::Policies,
            Proof::Violated(_) if principal.scp.is_none() => Doubt::Scp,
            Proof::Violated(_) if self.key.rcp.is_none() => Doubt::Rcp,
            Proof::Proved | Proof::Violated(_) | Proof::Possible(_) => return found,
        };
        found.proof = Proof::Possible(vec![doubt]);
        found.steps.clear();
        found
    }

    fn channels(&self, way: Way, stack: &Stack) -> &'static [Channel] {
        match way {
            // What a service gets by a grant is the service's.
            Way::ByGrant => &[Channel::Direct],
            _ if self.tells_channels || tells_channels(stack.documents()) => {
                &[Channel::Direct, Channel::Through]
            }
            Way::Directly(_)
            | Way::ByPolicy
            | Way::ByReplica
            | Way::ByTag(_)
            | Way::ByAlias(_)
            | Way::ByBecoming(_) => &[Channel::Direct],
        }
    }

    /// A role asks as one of its sessions: any, and those that are named.
    pub(super) fn callers(&self, principal: &Principal) -> Vec<Caller> {
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

    /// The federated users that the key policy and the grants name in an account.
    pub(super) fn federated(&self, account: &str) -> Vec<&Identity> {
        let mut named: Vec<&Identity> = Vec::new();
        for one in &self.named {
            let is = matches!(one.who, Who::Federated(_)) && *one.account == *account;
            if is && !named.contains(&one) {
                named.push(one);
            }
        }
        named
    }

    /// The accounts but the key's own that its policy or a grant names.
    pub(super) fn strangers(&self) -> Vec<String> {
        let own = self.key.account();
        let others = self.named.iter().filter(|one| *one.account != *own);
        others.map(|one| one.account.to_string()).collect()
    }

    /// Requests of an action by somebody, with what is known of it.
    pub(super) fn asked(
        &self,
        action: &str,
        caller: &Caller,
        channel: Channel,
        principal: &Principal,
        freed: Freed,
    ) -> Option<Requests> {
        let key = Key {
            tags: self.key.tags.clone().filter(|_| !freed.tags),
            aliases: self.key.aliases.clone().filter(|_| !freed.aliases),
            ..self.key.clone()
        };
        let key = if freed.any() { &key } else { &self.key };
        let mut asked = requests(key, caller, &principal.arn, action, channel).ok()?;
        if freed.tags {
            asked = asked.choosing("aws:ResourceTag/");
        }
        if freed.aliases {
            asked = asked
                .choosing("kms:ResourceAliases")
                .choosing("kms:RequestAlias");
        }
        Some(telling_principal(asked, principal))
    }

    fn one(
        &self,
        way: Way,
        caller: &Caller,
        channel: Channel,
        asking: &Asking<'_>,
        freed: Freed,
    ) -> Proof {
        let Asking {
            principal,
            stack,
            prover,
        } = *asking;
        let asked = self.asked(way.action(), caller, channel, principal, freed);
        let Some(asked) = asked else {
            return Proof::Possible(vec![Doubt::Budget]);
        };
        match way {
            Way::ByGrant => to_itself(asked, &principal.arn, caller, stack, prover),
            Way::ByReplica => match asked.allowed(stack, prover) {
                Proof::Proved => Proof::Proved,
                found @ (Proof::Violated(_) | Proof::Possible(_)) => {
                    after::and_create_key(self, found, caller, asking)
                }
            },
            Way::Directly("kms:ReEncryptFrom") => {
                after::and_reencrypt_to(self, asked.allowed(stack, prover), caller, asking)
            }
            Way::Directly(_)
            | Way::ByPolicy
            | Way::ByTag(_)
            | Way::ByAlias(_)
            | Way::ByBecoming(_) => asked.allowed(stack, prover),
        }
    }

    /// Whether the key policy or a grant may be about somebody more than about others.
    fn may_be_named(&self, principal: &Principal) -> bool {
        let Caller::Identity(identity) = &principal.caller else {
            return true;
        };
        let path = match &identity.who {
            Who::Role(path) | Who::User(path) => path,
            Who::Root | Who::Session(..) | Who::Federated(_) => return true,
        };
        // What control policies deny they deny nobody of these.
        path.starts_with("aws-service-role/") || self.names.contains(&name(identity))
    }

    /// Whether a way may be open to somebody, whatever the tags and aliases of the key are.
    pub(super) fn may_reach(&self, way: Way, principal: &Principal) -> bool {
        let plan = self.ways.iter().find(|plan| plan.way == way);
        self.may_be_named(principal)
            || plan.is_none_or(|plan| !self.is_out_of_reach(plan, principal))
    }

    /// Whether it is plain that a way is closed to somebody whom nothing names.
    fn is_out_of_reach(&self, plan: &Plan, principal: &Principal) -> bool {
        if self.key.policy.is_none() || (self.key.grants.is_none() && plan.way.is_granted()) {
            return false;
        }
        let Caller::Identity(identity) = &principal.caller else {
            return false;
        };
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
                    && !Document::any_may_allow(
                        &principal.identity,
                        plan.way.action(),
                        Some(&self.key.arn),
                    )
            }
        }
    }
}

/// The account, and the name that key policies tell somebody or its sessions by.
fn name(identity: &Identity) -> (Box<str>, Option<Box<str>>) {
    let name = match &identity.who {
        Who::Role(path) | Who::User(path) => path.rsplit('/').next(),
        Who::Session(role, _) => Some(&**role),
        Who::Federated(name) => Some(&**name),
        Who::Root => None,
    };
    (identity.account.clone(), name.map(Into::into))
}

/// With what is so of who asks, whatever it asks for.
pub(super) fn telling_principal(mut asked: Requests, principal: &Principal) -> Requests {
    asked = match &principal.organization {
        Organization::Of(organization) => {
            let value = Value::One(organization.clone());
            asked
                .telling("aws:PrincipalOrgID", Some(value))
                .not_knowing("aws:PrincipalOrgPaths")
        }
        // IAM User Guide, "aws:PrincipalOrgID": it is there where the principal is a member.
        Organization::None => asked
            .telling("aws:PrincipalOrgID", None)
            .telling("aws:PrincipalOrgPaths", None),
        Organization::Unknown => asked
            .not_knowing("aws:PrincipalOrgID")
            .not_knowing("aws:PrincipalOrgPaths"),
    };
    if let Some(id) = &principal.id {
        // IAM User Guide, "Principal key values": of a role, with the name of the session.
        asked = match &principal.caller {
            Caller::Identity(identity) if matches!(identity.who, Who::Role(_)) => asked
                .with("aws:userid")
                .with_prefix("aws:userid", &format!("{id}:"))
                .choosing("aws:userid"),
            Caller::Identity(_) | Caller::Service(_) | Caller::Anonymous => {
                asked.telling("aws:userid", Some(Value::One(id.clone())))
            }
        };
    }
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
fn to_itself(asked: Requests, arn: &str, caller: &Caller, stack: &Stack, prover: &Prover) -> Proof {
    let asked = asked
        .without("kms:GrantIsForAWSResource", ["true".into()])
        .with_one_of("kms:GrantOperations", &GRANTED)
        .with("kms:GranteePrincipal")
        .telling("kms:GranteeServicePrincipal", None)
        .telling("kms:RetiringServicePrincipal", None);
    for grantee in [arn.to_owned(), caller.to_string()] {
        let value = Some(Value::One(grantee.into()));
        let to_it = asked.clone().telling("kms:GranteePrincipal", value);
        match to_it.allowed(stack, prover) {
            Proof::Proved => {}
            found @ (Proof::Violated(_) | Proof::Possible(_)) => return found,
        }
    }
    // To somebody else, who may be of the same mind.
    match asked.allowed(stack, prover) {
        Proof::Proved => Proof::Proved,
        Proof::Violated(_) | Proof::Possible(_) => {
            Proof::Possible(vec![Doubt::Fact("kms:GranteePrincipal".into())])
        }
    }
}
