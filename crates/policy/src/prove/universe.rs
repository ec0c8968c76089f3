//! Which keys a request can have, and with what values (Service Authorization Reference, condition
//! keys of AWS KMS; IAM User Guide, "AWS global condition context keys").

use super::automaton::{Set, Step, Steps, literal};

/// What the values of a key look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::prove) enum Form {
    /// Any text.
    Text,
    /// Any text, or an empty one.
    Tag,
    /// The number of an account.
    Account,
    /// `o-` and small letters and digits (AWS Organizations API, `Organization.Id`).
    Organization,
    Boolean,
    /// `sagemaker.eu-west-1.amazonaws.com` (KMS Developer Guide, "kms:ViaService").
    Via,
    /// One of these.
    OneOf(&'static [&'static str]),
    Number,
    Date,
    Address,
}

/// What a grant can give, as `kms:GrantOperations` says it.
pub(in crate::prove) const OPERATIONS: [&str; 17] = [
    "Decrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "Encrypt",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GetPublicKey",
    "Sign",
    "Verify",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
];

impl Form {
    /// Of a key in lower case.
    pub(in crate::prove) fn of(key: &str) -> Self {
        match key {
            "aws:principalaccount"
            | "kms:calleraccount"
            | "aws:sourceaccount"
            | "aws:resourceaccount"
            | "aws:sourceowner" => Self::Account,
            "aws:principalorgid" | "aws:sourceorgid" | "aws:resourceorgid" => Self::Organization,
            "aws:securetransport"
            | "aws:viaawsservice"
            | "aws:principalisawsservice"
            | "aws:multifactorauthpresent"
            | "kms:grantisforawsresource"
            | "kms:bypasspolicylockoutsafetycheck"
            | "kms:multiregion" => Self::Boolean,
            "kms:viaservice" => Self::Via,
            "kms:grantoperations" => Self::OneOf(&OPERATIONS),
            "kms:grantconstrainttype" => {
                Self::OneOf(&["EncryptionContextEquals", "EncryptionContextSubset"])
            }
            "aws:principaltype" => Self::OneOf(&[
                "AssumedRole",
                "User",
                "Account",
                "FederatedUser",
                "Anonymous",
            ]),
            "aws:currenttime" | "aws:epochtime" | "aws:tokenissuetime" => Self::Date,
            "aws:multifactorauthage" => Self::Number,
            "aws:sourceip" | "aws:vpcsourceip" => Self::Address,
            _ if key.starts_with("aws:principaltag/")
                || key.starts_with("aws:resourcetag/")
                || key.starts_with("aws:requesttag/") =>
            {
                Self::Tag
            }
            _ => Self::Text,
        }
    }

    /// What its texts are; none where they may be anything.
    pub(in crate::prove) fn grammar(self) -> Vec<Steps> {
        match self {
            Self::Account => vec![vec![Step::One(Set::Digit); 12]],
            Self::Organization => {
                let mut steps = literal("o-");
                steps.push(Step::One(Set::Small));
                steps.push(Step::Run(Set::Small));
                vec![steps]
            }
            Self::Via => {
                let label = [Step::One(Set::Label), Step::Run(Set::Label)];
                let mut steps = Steps::from(label);
                steps.push(Step::Char('.'));
                steps.extend(label);
                steps.extend(literal(".amazonaws.com"));
                vec![steps]
            }
            Self::Text => vec![vec![Step::One(Set::Any), Step::Run(Set::Any)]],
            Self::Boolean => vec![literal("true"), literal("false")],
            Self::OneOf(list) => list.iter().map(|text| literal(text)).collect(),
            Self::Tag | Self::Number | Self::Date | Self::Address => Vec::new(),
        }
    }

    /// A text that nobody wrote, and others.
    pub(in crate::prove) fn fresh(self, number: usize) -> String {
        match self {
            Self::Account => format!("{:012}", 999_999_999_999 - number),
            Self::Organization => format!("o-other{number:05}"),
            Self::Via => format!("other{number}.eu-west-1.amazonaws.com"),
            Self::Boolean | Self::OneOf(_) => self
                .listed()
                .get(number)
                .copied()
                .unwrap_or_default()
                .to_owned(),
            Self::Text | Self::Tag | Self::Number | Self::Date | Self::Address => {
                if number == 0 {
                    "other".to_owned()
                } else {
                    format!("other{number}")
                }
            }
        }
    }

    /// Texts to be taken for others that are like them.
    pub(in crate::prove) fn examples(self) -> Vec<String> {
        match self {
            Self::Via => ["s3", "sagemaker", "ec2"]
                .iter()
                .flat_map(|service| {
                    let regions = ["eu-west-1", "us-east-1"];
                    regions.map(|region| format!("{service}.{region}.amazonaws.com"))
                })
                .collect(),
            Self::Text
            | Self::Tag
            | Self::Account
            | Self::Organization
            | Self::Boolean
            | Self::OneOf(_)
            | Self::Number
            | Self::Date
            | Self::Address => vec![self.fresh(0), self.fresh(1)],
        }
    }

    /// All of its texts, where they are few.
    pub(in crate::prove) fn listed(self) -> &'static [&'static str] {
        match self {
            Self::Boolean => &["false", "true"],
            Self::OneOf(list) => list,
            Self::Text
            | Self::Tag
            | Self::Account
            | Self::Organization
            | Self::Via
            | Self::Number
            | Self::Date
            | Self::Address => &[],
        }
    }
}

/// Keys that every signed request has, in lower case.
pub(in crate::prove) fn is_always_there(key: &str) -> bool {
    matches!(
        key,
        "aws:securetransport"
            | "aws:currenttime"
            | "aws:epochtime"
            | "aws:requestedregion"
            | "aws:viaawsservice"
            | "aws:principalisawsservice"
            | "kms:calleraccount"
            | "aws:useragent"
    )
}

/// Whether a key that is no list in the Service Authorization Reference has one value at the most.
pub(in crate::prove) fn is_single(key: &str) -> bool {
    key.starts_with("aws:") || key.starts_with("kms:") || key.starts_with("sagemaker:")
}

/// Whether requests of an action have an encryption context, or constrain a grant by one (Service
/// Authorization Reference, AWS KMS). The action is one of KMS, in lower case.
pub(crate) fn has_context(action: &str) -> bool {
    matches!(
        action,
        "creategrant" | "decrypt" | "encrypt" | "reencryptfrom" | "reencryptto" | "retiregrant"
    ) || action.starts_with("generatedatakey")
}

/// Keys that requests of an action do not have (Service Authorization Reference, AWS KMS). The
/// action is one of KMS, in lower case.
pub(crate) fn absent(action: &str) -> Vec<&'static str> {
    let mut absent = Vec::new();
    if action != "creategrant" {
        absent.extend([
            "kms:GrantOperations",
            "kms:GranteePrincipal",
            "kms:GranteeServicePrincipal",
            "kms:RetiringServicePrincipal",
            "kms:GrantConstraintType",
            "kms:GrantConstraintSourceArn",
        ]);
        if action != "retiregrant" {
            absent.push("kms:RetiringPrincipal");
        }
    }
    let is_of_key = has_context(action)
        || matches!(
            action,
            "describekey"
                | "getpublickey"
                | "sign"
                | "verify"
                | "generatemac"
                | "verifymac"
                | "derivesharedsecret"
        );
    if !is_of_key {
        absent.push("kms:RequestAlias");
    }
    if !matches!(action, "creategrant" | "listgrants" | "revokegrant") {
        absent.push("kms:GrantIsForAWSResource");
    }
    if !matches!(
        action,
        "tagresource" | "untagresource" | "createkey" | "replicatekey"
    ) {
        absent.push("aws:TagKeys");
    }
    absent
}
