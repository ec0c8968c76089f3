//! Whether any request is as a statement of a key policy says.

use super::actions::alike;
use super::channel::{Channel, requests};
use super::{Key, allowing, everything};
use crate::document::Document;
use crate::kms;
use crate::prove::{Proof, Prover, askers};
use crate::request::{Caller, Stack};

/// Actions of which no request is as a statement says.
pub(crate) struct Never {
    /// `kms:Decrypt`.
    pub(crate) actions: Vec<String>,
    /// They are all that the statement allows.
    pub(crate) is_whole: bool,
}

/// Asks about a document of one statement that allows; `None` where it cannot be told.
pub(crate) fn can_hold(key: &Key, alone: &Document, prover: &Prover) -> Option<Never> {
    let stack = Stack {
        identity: everything(),
        resource: Some(alone.clone()),
        ..Stack::default()
    };
    let askers = askers(&[&stack], key.partition(), &[key.account()], prover)?;
    let named = kms::about_keys().filter(|name| {
        let documents = std::slice::from_ref(alone);
        Document::any_may_allow(documents, name, None)
    });
    let (mut never, mut ever) = (Vec::new(), false);
    for group in alike(named.map(ToOwned::to_owned), &[&stack]) {
        let action = group.first()?;
        let mut is_possible = false;
        for asker in &askers {
            let channels: &[Channel] = match asker.caller {
                Caller::Service(_) => &[Channel::Service],
                Caller::Identity(_) | Caller::Anonymous => &[Channel::Direct, Channel::Through],
            };
            for channel in channels {
                let asked = requests(key, &asker.caller, &asker.arn, action, *channel).ok()?;
                let stack = allowing(&stack, asker);
                is_possible |= !matches!(asked.allowed(&stack, prover), Proof::Proved);
            }
            if is_possible {
                break;
            }
        }
        if is_possible {
            ever = true;
        } else {
            never.extend(group);
        }
    }
    Some(Never {
        is_whole: !ever && !never.is_empty(),
        actions: never,
    })
}
