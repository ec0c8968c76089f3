//! Words of the contract, in JSON as everywhere.

/// Writes an enum as the word that its `as_str` (or `name`, `code`) gives, and reads it back by the list of
/// all its values.
macro_rules! by_word {
    ($type:ident, $word:ident, $what:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.$word())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                $type::ALL
                    .iter()
                    .copied()
                    .find(|one| one.$word() == text)
                    .ok_or_else(|| {
                        let said = format!(concat!("unknown ", $what, " `{}`"), text);
                        serde::de::Error::custom(said)
                    })
            }
        }
    };
}

pub(crate) use by_word;
