//! The policy of a key, read once.

use std::sync::Arc;

use sagelock_policy::{Document, Kind};

/// A key policy: what `GetKeyPolicy` returned, and what it says. Keys with the same text share one.
#[derive(Clone, Debug)]
pub struct KeyPolicy {
    text: Arc<str>,
    document: Result<Document, Arc<str>>,
}

impl KeyPolicy {
    /// Reads a policy; one that is malformed is kept as that.
    #[must_use]
    pub fn read(text: &Arc<str>) -> Self {
        let document = Document::read(Kind::Resource, text);
        Self {
            text: text.clone(),
            document: document.map_err(|error| error.to_string().into()),
        }
    }

    /// The text.
    #[must_use]
    pub const fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// What it says.
    ///
    /// # Errors
    /// It is no policy: where, and what is wrong.
    pub const fn document(&self) -> Result<&Document, &Arc<str>> {
        self.document.as_ref()
    }
}
