//! What a rule says about one subject: its own words, and reasons for not knowing, which a report words.

use crate::why::Why;

/// One sentence without its full stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Vec<Part>);

/// A part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words of the rule.
    Text(String),
    /// Why something is not known.
    Why(Why),
}

impl Message {
    /// Its parts, in their order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// And more.
    #[must_use]
    pub fn and(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }

    /// And reasons for not knowing, one after the other.
    #[must_use]
    pub fn listing<'a>(mut self, whys: impl IntoIterator<Item = &'a Why>) -> Self {
        for (index, why) in whys.into_iter().enumerate() {
            if index > 0 {
                self = self.and(", ");
            }
            self = self.and(why.clone());
        }
        self
    }

    /// In the words that a report has for the reasons.
    #[must_use]
    pub fn worded(&self, words: impl Fn(&Why) -> String) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Why(why) => words(why),
        });
        parts.collect()
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self(vec![Part::Text(text.to_owned())])
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self(vec![Part::Text(text)])
    }
}

impl From<Why> for Message {
    fn from(why: Why) -> Self {
        Self(vec![Part::Why(why)])
    }
}
