//! What has to follow a step: the change of a key's tags, aliases, policy or grants, and what it opens.

use std::collections::BTreeMap;

use super::channel::{Channel, common, requests};
use super::of_one;
use super::users::{Asking, Use, Users, telling_principal};
use super::way::{ALIASES, DIRECTLY, Freed, GRANTED, Step, TAGS, Way};
use super::{Key, Principal};
use crate::context::Value;
use crate::document::Kind;
use crate::prove::{Doubt, Proof, Prover, Requests};
use crate::request::{Caller, Grant, Request, Stack};
use crate::write::{Principal as Whom, Statement};

/// A way that begins with a change of tags or aliases: open where what it opens is asked for, the chain of
/// any length.
pub(super) fn by_change(users: &Users, way: Way, asking: &Asking<'_>) -> Use {
    let closed = Use {
        way,
        proof: Proof::Proved,
        steps: Vec::new(),
    };
    let asked = Freed::asked(asking.stack);
    let own = match way {
        Way::ByTag(_) => Freed {
            tags: true,
            aliases: false,
        },
        Way::Directly(_)
        | Way::ByGrant
        | Way::ByPolicy
        | Way::ByReplica
        | Way::ByAlias(_)
        | Way::ByBecoming(_) => Freed {
            tags: false,
            aliases: true,
        },
    };
    if (own.tags && !asked.tags) || (own.aliases && !asked.aliases) {
        return closed;
    }
    let first = users.opened(way, asking, Freed::default());
    let is_first = !matches!(first.proof, Proof::Proved);
    // What the other change opens first.
    let other = Freed {
        tags: own.aliases && asked.tags,
        aliases: own.tags && asked.aliases,
    };
    if !is_first {
        let is_opened = other.any() && can_change(users, asking, other, Freed::default());
        if !is_opened || matches!(users.opened(way, asking, other).proof, Proof::Proved) {
            return closed;
        }
    }
    let mut freed = own;
    let mut then = opens(users, asking, freed);
    if matches!(then.proof, Proof::Proved) && other.any() {
        // This change may open the other one, or the other one this.
        if can_change(users, asking, other, own) {
            freed = asked;
            then = opens(users, asking, freed);
        }
    }
    let possible = |doubt: Doubt| Use {
        way,
        proof: Proof::Possible(vec![doubt]),
        steps: Vec::new(),
    };
    match &then.proof {
        Proof::Proved => closed,
        Proof::Violated(request) if freed == own && is_first => {
            exactly(users, way, asking, request, &then.steps)
                .unwrap_or_else(|| possible(doubt_of(way)))
        }
        Proof::Violated(_) => possible(doubt_of(way)),
        Proof::Possible(doubts) => Use {
            way,
            proof: match &first.proof {
                Proof::Possible(more) => Proof::Possible(more.clone()),
                Proof::Proved | Proof::Violated(_) => Proof::Possible(doubts.clone()),
            },
            steps: Vec::new(),
        },
    }
}

const fn doubt_of(way: Way) -> Doubt {
    match way {
        Way::ByTag(_) => Doubt::Tag,
        Way::ByAlias(_)
        | Way::Directly(_)
        | Way::ByGrant
        | Way::ByPolicy
        | Way::ByReplica
        | Way::ByBecoming(_) => Doubt::Alias,
    }
}

/// The ways that change something.
fn changes(what: Freed) -> impl Iterator<Item = Way> {
    let tags = TAGS.map(Way::ByTag).into_iter();
    let aliases = ALIASES.map(Way::ByAlias).into_iter();
    tags.filter(move |_| what.tags)
        .chain(aliases.filter(move |_| what.aliases))
}

/// Whether somebody may be able to change something, once it has changed something else.
fn can_change(users: &Users, asking: &Asking<'_>, what: Freed, freed: Freed) -> bool {
    changes(what).any(|way| !matches!(users.opened(way, asking, freed).proof, Proof::Proved))
}

impl Users {
    /// Whether some may come to the key together, where each alone does not: one gives it the tags or the alias that
    /// another one needs; what that depends on.
    pub(super) fn together(&self, who: &[&Principal], prover: &Prover) -> Option<Doubt> {
        if who.len() < 2 {
            return None;
        }
        let stacks: Vec<Stack> = who.iter().map(|one| self.stack_of(one)).collect();
        let mut asked = Freed::default();
        for stack in &stacks {
            let one = Freed::asked(stack);
            asked.tags |= one.tags;
            asked.aliases |= one.aliases;
        }
        let asking: Vec<Asking<'_>> = who
            .iter()
            .zip(&stacks)
            .map(|(principal, stack)| Asking {
                principal,
                stack,
                prover,
            })
            .collect();
        // Nothing that is out of reach whatever the tags need be proved.
        let within = |one: &&Asking<'_>, ways: &[Way]| {
            let mut ways = ways.iter();
            ways.any(|way| self.may_reach(*way, one.principal))
        };
        let any = |what: Freed, freed| {
            let ways: Vec<Way> = changes(what).collect();
            let mut all = asking.iter().filter(|one| within(one, &ways));
            what.any() && all.any(|one| can_change(self, one, what, freed))
        };
        let (tags, aliases) = (
            Freed {
                tags: asked.tags,
                aliases: false,
            },
            Freed {
                tags: false,
                aliases: asked.aliases,
            },
        );
        let mut freed = Freed::default();
        // What one change opens may be the other.
        for _ in 0..2 {
            freed.tags |= any(tags, freed);
            freed.aliases |= any(aliases, freed);
        }
        let opens_any = || {
            let ways = ways_to_open(self);
            let mut all = asking.iter().filter(|one| within(one, &ways));
            all.any(|one| !matches!(opens(self, one, freed).proof, Proof::Proved))
        };
        let doubt = if freed.tags { Doubt::Tag } else { Doubt::Alias };
        (freed.any() && opens_any()).then_some(doubt)
    }
}

/// The ways that end at what the key protects.
fn ways_to_open(users: &Users) -> Vec<Way> {
    let mut ways: Vec<Way> = DIRECTLY.into_iter().map(Way::Directly).collect();
    ways.extend([Way::ByPolicy, Way::ByGrant]);
    if users.key.arn.contains(":key/mrk-") {
        ways.push(Way::ByReplica);
    }
    ways
}

/// The first way that is open, or may be, once some of the key's facts are as somebody wants them.
fn opens(users: &Users, asking: &Asking<'_>, freed: Freed) -> Use {
    let mut possible = None;
    for way in ways_to_open(users) {
        let found = users.opened(way, asking, freed);
        match found.proof {
            Proof::Proved => {}
            Proof::Violated(_) => return found,
            Proof::Possible(_) => {
                possible.get_or_insert(found);
            }
        }
    }
    possible.unwrap_or(Use {
        way: Way::ByPolicy,
        proof: Proof::Proved,
        steps: Vec::new(),
    })
}

/// The steps of a change and of what follows, where the change that the second step needs is allowed
/// exactly.
fn exactly(
    users: &Users,
    way: Way,
    asking: &Asking<'_>,
    needs: &Request,
    rest: &[Step],
) -> Option<Use> {
    let context: BTreeMap<String, Option<Value>> = needs
        .context()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let first = match way {
        Way::ByTag(action) => tagged(users, asking, action, &context)?,
        Way::ByAlias("kms:CreateAlias") => given_alias(users, asking, &context)?,
        Way::ByAlias(_)
        | Way::Directly(_)
        | Way::ByGrant
        | Way::ByPolicy
        | Way::ByReplica
        | Way::ByBecoming(_) => return None,
    };
    let who = asking.principal.arn.clone();
    let step = Step {
        who,
        request: first.clone(),
    };
    Some(Use {
        way,
        proof: Proof::Violated(first),
        steps: [step].into_iter().chain(rest.iter().cloned()).collect(),
    })
}

const TAG: &str = "aws:ResourceTag/";

/// A request that gives the key the tags that another one needs, or takes those away that it must not have.
fn tagged(
    users: &Users,
    asking: &Asking<'_>,
    action: &'static str,
    needs: &BTreeMap<String, Option<Value>>,
) -> Option<Box<Request>> {
    let own = users.key.tags.as_ref()?;
    let mut give: Vec<(String, Value)> = Vec::new();
    let mut take: Vec<String> = Vec::new();
    for (name, value) in needs {
        let Some(tag) = name.strip_prefix(TAG) else {
            continue;
        };
        // Only AWS gives these (AWS General Reference, "Tagging your AWS resources").
        if tag.to_ascii_lowercase().starts_with("aws:") {
            return None;
        }
        let is_now = own.iter().find(|(name, _)| name.eq_ignore_ascii_case(tag));
        match value {
            Some(Value::One(text)) if is_now.is_none_or(|(_, now)| now != text) => {
                give.push((tag.to_owned(), Value::One(text.clone())));
            }
            None if is_now.is_some() => take.push(tag.to_owned()),
            Some(_) | None => {}
        }
    }
    let (names, values) = match (action, give.is_empty(), take.is_empty()) {
        ("kms:TagResource", false, true) => {
            let names: Vec<String> = give.iter().map(|(name, _)| name.clone()).collect();
            (names, give)
        }
        ("kms:UntagResource", true, false) => (take, Vec::new()),
        // The tags are as they have to be already.
        (_, true, true) => return any_of(users, asking, action, |asked| asked),
        _ => return None,
    };
    let names: Vec<Box<str>> = names.into_iter().map(Into::into).collect();
    any_of(users, asking, action, |asked| {
        let list = Value::List(names.clone().into());
        let mut asked = asked.telling("aws:TagKeys", Some(list));
        for (name, value) in &values {
            asked = asked.telling(&format!("aws:RequestTag/{name}"), Some(value.clone()));
        }
        asked.whole("aws:RequestTag/")
    })
}

/// A request that gives the key the alias that another one needs: it takes the permission on the key, which
/// is asked, and on the alias (KMS Developer Guide, "Controlling access to aliases").
fn given_alias(
    users: &Users,
    asking: &Asking<'_>,
    needs: &BTreeMap<String, Option<Value>>,
) -> Option<Box<Request>> {
    let own = users.key.aliases.as_ref()?;
    let wanted = needs
        .iter()
        .filter_map(|(name, value)| match (&**name, value) {
            ("kms:RequestAlias", Some(Value::One(text))) => Some(vec![text.clone()]),
            ("kms:ResourceAliases", Some(Value::List(list))) => Some(list.to_vec()),
            _ => None,
        });
    let mut wanted: Vec<Box<str>> = wanted.flatten().collect();
    wanted.retain(|alias| !own.contains(alias));
    wanted.dedup();
    let [alias] = wanted.as_slice() else {
        return None;
    };
    // KMS API, CreateAlias: "The alias/aws/ prefix is reserved".
    if !alias.starts_with("alias/") || alias.starts_with("alias/aws/") {
        return None;
    }
    let (before, _) = users.key.arn.split_once(":key/")?;
    let arn = format!("{before}:{alias}");
    let Asking {
        principal,
        stack,
        prover,
    } = *asking;
    let caller = users.callers(principal).into_iter().next()?;
    let told = common(&caller, &principal.arn, Channel::Direct);
    let on_alias =
        Requests::new(caller, "kms:CreateAlias", &arn, users.key.account(), told).ok()?;
    let on_alias = telling_principal(on_alias.of_action("createalias"), principal);
    match on_alias.allowed(stack, prover) {
        Proof::Violated(_) => any_of(users, asking, "kms:CreateAlias", |asked| asked),
        Proof::Proved | Proof::Possible(_) => None,
    }
}

/// A request of an action on the key that is allowed to somebody.
fn any_of(
    users: &Users,
    asking: &Asking<'_>,
    action: &str,
    tell: impl Fn(Requests) -> Requests,
) -> Option<Box<Request>> {
    let Asking {
        principal,
        stack,
        prover,
    } = *asking;
    users.callers(principal).iter().find_map(|caller| {
        let freed = Freed::default();
        let asked = users.asked(action, caller, Channel::Direct, principal, freed)?;
        match tell(asked).allowed(stack, prover) {
            Proof::Violated(request) => Some(request),
            Proof::Proved | Proof::Possible(_) => None,
        }
    })
}

/// Replicating a key takes kms:CreateKey in the other Region as well (AWS KMS API, ReplicateKey, "Required
/// permissions").
pub(super) fn and_create_key(
    users: &Users,
    found: Proof,
    caller: &Caller,
    asking: &Asking<'_>,
) -> Proof {
    let Asking {
        principal,
        stack,
        prover,
    } = *asking;
    let told = common(caller, &principal.arn, Channel::Direct);
    let asked = Requests::new(
        caller.clone(),
        "kms:CreateKey",
        "*",
        users.key.account(),
        told,
    );
    let Ok(asked) = asked else {
        return Proof::Possible(vec![Doubt::Replica]);
    };
    let asked = telling_principal(asked.of_action("createkey"), principal);
    match (asked.allowed(stack, prover), found) {
        (Proof::Proved, _) if !principal.is_partial => Proof::Proved,
        (Proof::Violated(_), found @ Proof::Violated(_)) => found,
        (_, Proof::Possible(doubts)) => Proof::Possible(doubts),
        _ => Proof::Possible(vec![Doubt::Replica]),
    }
}

/// What is encrypted again is of use under another key, which takes kms:ReEncryptTo there (AWS KMS API, ReEncrypt, "Required
/// permissions"): certain where somebody's own policies allow it on a key of its account that leaves it to them.
pub(super) fn and_reencrypt_to(
    users: &Users,
    found: Proof,
    caller: &Caller,
    asking: &Asking<'_>,
) -> Proof {
    const ACTION: &str = "kms:ReEncryptTo";
    let Proof::Violated(request) = found else {
        return found;
    };
    let account = caller.account().unwrap_or_default();
    let (partition, region) = (users.key.partition(), users.key.region());
    let arn = |rest: &str| format!("arn:{partition}:{rest}");
    let other = arn(&format!(
        "kms:{region}:{account}:key/00000000-0000-0000-0000-000000000000"
    ));
    let root = arn(&format!("iam::{account}:root"));
    let leaves = Statement::allow("kms:*").to(Whom::Aws(root.into()));
    let stack = Stack {
        resource: of_one(Kind::Resource, leaves).pop(),
        grants: Vec::new(),
        ..asking.stack.clone()
    };
    let other = Key::new(&other);
    let asked = requests(
        &other,
        caller,
        &asking.principal.arn,
        ACTION,
        Channel::Direct,
    );
    let is_on_another = |text: &str| !text.eq_ignore_ascii_case("true");
    let is_of_use = request
        .context()
        .filter(|(name, _)| name.eq_ignore_ascii_case("kms:ReEncryptOnSameKey"))
        .all(|(_, value)| matches!(value, Some(Value::One(text)) if is_on_another(&text)));
    let asked = asked.map(|asked| {
        let asked = asked
            .of_action("reencryptto")
            .telling("kms:ReEncryptOnSameKey", Some(Value::One("false".into())));
        telling_principal(asked, asking.principal)
    });
    let is_allowed =
        asked.is_ok_and(|asked| matches!(asked.allowed(&stack, asking.prover), Proof::Violated(_)));
    if is_allowed && is_of_use {
        Proof::Violated(request)
    } else {
        Proof::Possible(vec![Doubt::Action(ACTION)])
    }
}

/// Every step of a way whose first request is allowed.
pub(super) fn steps(
    users: &Users,
    way: Way,
    caller: &Caller,
    first: &Request,
    asking: &Asking<'_>,
) -> Vec<Step> {
    let who = asking.principal.arn.clone();
    let mut steps = vec![Step {
        who: who.clone(),
        request: Box::new(first.clone()),
    }];
    let changed = match way {
        // Whom the new policy lets in, it lets in.
        Way::ByPolicy => Stack {
            resource: of_one(
                Kind::Resource,
                Statement::allow("kms:*").to(Whom::Aws(asking.principal.arn.to_string().into())),
            )
            .pop(),
            ..asking.stack.clone()
        },
        Way::ByGrant => {
            let mut stack = asking.stack.clone();
            let given = first
                .context()
                .find_map(|(name, value)| match (name, value) {
                    ("kms:GrantOperations", Some(Value::List(list))) => Some(list),
                    _ => None,
                });
            // Where nothing depends on them, any will do.
            let any: Vec<Box<str>> = GRANTED.map(Into::into).into();
            let operations = given.map_or(any, |list| list.to_vec());
            let operations = operations.iter();
            stack.grants.push(Grant {
                grantee: Some(caller.to_string().into()),
                issuer: caller.account().map(Into::into),
                operations: operations
                    .map(|one| one.to_ascii_lowercase().into())
                    .collect(),
                ..Grant::default()
            });
            stack
        }
        Way::Directly(_)
        | Way::ByReplica
        | Way::ByTag(_)
        | Way::ByAlias(_)
        | Way::ByBecoming(_) => return steps,
    };
    let then = DIRECTLY.iter().find_map(|action| {
        let (principal, freed) = (asking.principal, Freed::default());
        let asked = users.asked(action, caller, Channel::Direct, principal, freed)?;
        match asked.allowed(&changed, asking.prover) {
            Proof::Violated(request) => Some(request),
            Proof::Proved | Proof::Possible(_) => None,
        }
    });
    steps.extend(then.map(|request| Step { who, request }));
    steps
}
