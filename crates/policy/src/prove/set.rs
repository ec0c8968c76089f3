//! Which characters texts are of.

/// A set of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::prove) enum Set {
    Any,
    /// A field of an ARN ends at a colon.
    NoColon,
    Digit,
    /// Of the name of a user, role or session (IAM User Guide, "IAM and AWS STS quotas").
    Name,
    /// The same, with the slashes of a path.
    Path,
    /// Small letters and digits, as in the ids of organisations.
    Small,
    /// The same and hyphens, as in the names of hosts.
    Label,
    /// Capital letters and digits, as in unique ids.
    Capital,
    /// Labels and the dots between them.
    Host,
    /// Digits of base 16, as in the ids of EC2.
    Hex,
    /// The same and colons, as in addresses of version 6.
    Address,
    /// Of the name of an alias (AWS KMS API, CreateAlias).
    Alias,
    /// Of the value of a tag (IAM User Guide, "Rules for tagging in IAM and AWS STS").
    Tag,
}

impl Set {
    pub(in crate::prove) fn has(self, c: char) -> bool {
        match self {
            Self::Any => true,
            Self::NoColon => c != ':',
            Self::Digit => c.is_ascii_digit(),
            Self::Name => c.is_ascii_alphanumeric() || "_+=,.@-".contains(c),
            Self::Path => c == '/' || Self::Name.has(c),
            Self::Small => c.is_ascii_lowercase() || c.is_ascii_digit(),
            Self::Label => c == '-' || Self::Small.has(c),
            Self::Capital => c.is_ascii_uppercase() || c.is_ascii_digit(),
            Self::Host => c == '.' || Self::Label.has(c),
            Self::Hex => c.is_ascii_digit() || ('a'..='f').contains(&c),
            Self::Address => c == ':' || Self::Hex.has(c),
            Self::Alias => c.is_ascii_alphanumeric() || ":/_-".contains(c),
            Self::Tag => c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c),
        }
    }

    pub(super) const ALL: [Self; 13] = [
        Self::Any,
        Self::NoColon,
        Self::Digit,
        Self::Name,
        Self::Path,
        Self::Small,
        Self::Label,
        Self::Capital,
        Self::Host,
        Self::Hex,
        Self::Address,
        Self::Alias,
        Self::Tag,
    ];
}
