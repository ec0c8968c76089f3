//! Whether one key policy lets anybody do what another does not.

use super::actions::alike;
use super::channel::{Channel, requests, tells_channels};
use super::{Key, allowing, everything, of_one};
use crate::document::{Document, Kind};
use crate::kms;
use crate::pattern::Piece;
use crate::prove::{Asker, Doubt, Proof, Prover, Requests, askers};
use crate::request::{Caller, Request, Stack};
use crate::write::Statement;

/// What a caller's own policies say while two key policies are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Own {
    /// Nothing: the key policy alone allows.
    Nothing,
    /// A boundary allows nothing: the key policy allows past it.
    Capped,
    /// Everything.
    Everything,
}

/// Something that one key policy allows and the other does not.
#[derive(Clone, Debug)]
pub struct Beyond {
    /// An ARN, or the name of a service.
    pub who: String,
    /// It is named itself; else it stands for all that are like it.
    pub is_itself: bool,
    /// It stands for everybody whom neither policy names.
    pub is_anybody: bool,
    /// `kms:Decrypt`.
    pub action: String,
    /// What its own policies have to say.
    pub own: Own,
    /// Such a request.
    pub request: Box<Request>,
}

/// Two key policies, compared.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// What the second allows and the first does not.
    pub wider: Vec<Beyond>,
    /// What the first allows and the second does not.
    pub narrower: Vec<Beyond>,
    /// Why more may be allowed by the second.
    pub perhaps_wider: Vec<Doubt>,
    /// Why more may be allowed by the first.
    pub perhaps_narrower: Vec<Doubt>,
}

/// Compares the policies of a key: what anybody may do under one and not under the other, whatever
/// their own policies say.
///
/// # Errors
/// They have too many patterns to tell who there is.
pub fn compare(old: &Key, new: &Key, prover: &Prover) -> Result<Comparison, Doubt> {
    let pairs = [Own::Nothing, Own::Capped, Own::Everything].map(|own| {
        let of = |key: &Key| {
            let identity = match own {
                Own::Nothing => Vec::new(),
                Own::Capped | Own::Everything => everything(),
            };
            let boundary = (own == Own::Capped).then(nothing).flatten();
            Stack {
                identity,
                boundary,
                ..key.stack()
            }
        };
        (own, of(old), of(new))
    });
    let [(_, first, second), ..] = &pairs;
    let accounts = [old.account()];
    let askers =
        askers(&[first, second], old.partition(), &accounts, prover).ok_or(Doubt::Budget)?;
    let groups = alike(actions(&[first, second]), &[first, second]);
    let is_told = tells_channels(first.documents().chain(second.documents()));
    let mut comparison = Comparison::default();
    for asker in &askers {
        let channels: &[Channel] = match (&asker.caller, is_told) {
            (Caller::Service(_), _) => &[Channel::Service],
            (_, true) => &[Channel::Direct, Channel::Through],
            (_, false) => &[Channel::Direct],
        };
        for group in &groups {
            let Some(action) = group.first() else {
                continue;
            };
            let mut found = [false; 2];
            for (own, first, second) in &pairs {
                // Boundaries are of users and roles (IAM User Guide, "Permissions boundaries").
                if *own == Own::Capped && !asker.can_have_boundary() {
                    continue;
                }
                let (first, second) = (&*allowing(first, asker), &*allowing(second, asker));
                for channel in channels {
                    let asked = requests(old, &asker.caller, &asker.arn, action, *channel);
                    // The key may have any tags.
                    let Ok(asked) = asked.map(|asked| of_any_key(asked, *channel)) else {
                        continue;
                    };
                    let sides = [(second, first), (first, second)];
                    for ((wider, other), found) in sides.into_iter().zip(&mut found) {
                        if *found {
                            continue;
                        }
                        let is_wider = std::ptr::eq(wider, second);
                        match asked.allowed_beyond(wider, other, prover) {
                            Proof::Proved => {}
                            Proof::Violated(request) => {
                                *found = true;
                                let list = if is_wider {
                                    &mut comparison.wider
                                } else {
                                    &mut comparison.narrower
                                };
                                let proof = Proof::Violated(request);
                                list.extend(
                                    group
                                        .iter()
                                        .filter_map(|one| beyond(asker, one, *own, &proof)),
                                );
                            }
                            Proof::Possible(doubts) if is_wider => {
                                comparison.perhaps_wider.extend(doubts);
                            }
                            Proof::Possible(doubts) => comparison.perhaps_narrower.extend(doubts),
                        }
                    }
                }
            }
        }
    }
    for doubts in [
        &mut comparison.perhaps_wider,
        &mut comparison.perhaps_narrower,
    ] {
        doubts.sort();
        doubts.dedup();
    }
    Ok(comparison)
}

/// Requests about a key that may have any tags, at any time.
fn of_any_key(asked: Requests, channel: Channel) -> Requests {
    let asked = asked.knowing_all();
    match channel {
        // What it is in a direct call nobody chooses; a service may create grants for its resources (KMS Developer
        // Guide, "kms:GrantIsForAWSResource").
        Channel::Direct => asked.not_knowing("kms:GrantIsForAWSResource"),
        Channel::Through => asked,
        Channel::Service => asked.not_knowing("kms:ViaService"),
    }
}

fn beyond(asker: &Asker, action: &str, own: Own, proof: &Proof) -> Option<Beyond> {
    let Proof::Violated(request) = proof.of_action(action) else {
        return None;
    };
    Some(Beyond {
        who: asker.name(),
        is_itself: asker.is_itself,
        is_anybody: !asker.is_named,
        action: action.to_owned(),
        own,
        request,
    })
}

/// A boundary that allows nothing of KMS.
fn nothing() -> Option<Document> {
    of_one(Kind::Boundary, Statement::allow("none:None")).pop()
}

/// The actions that can be about a key, those that policies write out, and one for all others.
fn actions(stacks: &[&Stack]) -> Vec<String> {
    let mut actions: Vec<String> = kms::about_keys().map(ToOwned::to_owned).collect();
    let written = stacks
        .iter()
        .flat_map(|stack| stack.documents())
        .flat_map(Document::statements)
        .flat_map(|statement| &statement.actions.list);
    for pattern in written {
        if let [Piece::Text(text)] = pattern.pieces()
            && text.starts_with("kms:")
            && !actions.iter().any(|one| one.eq_ignore_ascii_case(text))
            && crate::kms::is_about_key(text.get(4..).unwrap_or_default())
        {
            actions.push(text.to_string());
        }
    }
    actions.push("kms:AnyOtherAction".to_owned());
    actions
}
