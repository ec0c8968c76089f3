//! Keys that KMS does not know: asked about once, however late another reference to them comes.

use super::{KeyBook, RefId};
use crate::fact::{Read, Source};
use crate::ids::KeyArn;
use crate::inventory::Resolved;

impl KeyBook {
    /// Answers a reference to a key that KMS said it does not know.
    pub(super) fn is_absent(&mut self, arn: &KeyArn, id: &RefId) -> bool {
        let Some(source) = self.absent.get(arn) else {
            return false;
        };
        let read = Read::known(*source, Resolved::NotFound);
        self.keys.resolved.insert(id.clone(), read);
        true
    }

    /// KMS does not know a key.
    pub(super) fn note_absent(&mut self, arn: &KeyArn, source: &Source) {
        self.absent.insert(arn.clone(), *source);
    }
}
