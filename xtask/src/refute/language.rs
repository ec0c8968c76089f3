//! The language of key policies as factors: what a stack is made of, and what cannot stand together.

use super::cover::{Clash, Factor};

pub(super) const CLAIM: usize = 0;
pub(super) const PARTITION: usize = 1;
pub(super) const CALLER: usize = 2;
pub(super) const PLACE: usize = 3;
pub(super) const PRINCIPAL: usize = 4;
pub(super) const ACTION: usize = 5;
pub(super) const RESOURCE: usize = 6;
pub(super) const OPERATOR: usize = 7;
pub(super) const QUANTITY: usize = 8;
pub(super) const KEY: usize = 9;
pub(super) const FORM: usize = 10;
pub(super) const SECOND: usize = 11;
pub(super) const BASE: usize = 12;
pub(super) const CONTROL: usize = 13;
pub(super) const CAP: usize = 14;
pub(super) const GRANT: usize = 15;
pub(super) const FACTS: usize = 16;
pub(super) const CHANGE: usize = 17;
pub(super) const OWN: usize = 18;
pub(super) const VERSION: usize = 19;

const fn factor(name: &'static str, levels: &'static [&'static str]) -> Factor {
    Factor { name, levels }
}

/// In the order of the numbers above.
pub(super) const FACTORS: [Factor; 20] = [
    factor("claim", &["who-can", "outsiders", "lockout", "diff"]),
    factor("partition", &["aws", "aws-cn", "aws-us-gov", "aws-eusc"]),
    factor(
        "caller",
        &[
            "role",
            "role-path",
            "user",
            "root",
            "service-linked",
            "foreign-role",
            "foreign-user",
        ],
    ),
    factor(
        "place",
        &[
            "key-allow",
            "key-deny",
            "identity-allow",
            "identity-deny",
            "boundary",
            "session",
            "scp-deny",
            "scp-allow",
            "rcp-deny",
            "rcp-deny-below",
        ],
    ),
    factor(
        "principal",
        &[
            "-",
            "account",
            "root",
            "caller",
            "session",
            "star",
            "aws-star",
            "service",
            "services",
            "federated",
            "foreign-account",
            "foreign-role",
            "foreign-user",
            "unique-id",
            "list",
            "not-caller",
            "not-root",
            "not-foreign",
            "not-service",
        ],
    ),
    factor(
        "action",
        &[
            "Decrypt",
            "lower",
            "kms:*",
            "*",
            "Get*",
            "De?rypt",
            "list",
            "not-other",
            "not-decrypt",
            "CreateGrant",
            "PutKeyPolicy",
            "TagResource",
            "aliases",
        ],
    ),
    factor(
        "resource",
        &[
            "*",
            "key",
            "other",
            "keys-of-account",
            "any-key",
            "not-other",
            "not-key",
            "variable",
            "list",
        ],
    ),
    factor(
        "operator",
        &[
            "-",
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
            "ArnEquals",
            "ArnLike",
            "ArnNotEquals",
            "ArnNotLike",
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
            "Bool",
            "BinaryEquals",
            "IpAddress",
            "NotIpAddress",
            "Null",
        ],
    ),
    factor(
        "quantity",
        &[
            "one",
            "IfExists",
            "ForAnyValue",
            "ForAllValues",
            "AllIfExists",
            "AnyIfExists",
        ],
    ),
    factor(
        "key",
        &[
            "aws:PrincipalArn",
            "aws:PrincipalAccount",
            "aws:PrincipalOrgID",
            "aws:PrincipalOrgPaths",
            "aws:PrincipalType",
            "aws:PrincipalTag/team",
            "aws:PrincipalServiceName",
            "aws:PrincipalServiceNamesList",
            "aws:PrincipalIsAWSService",
            "aws:userid",
            "aws:username",
            "aws:SourceArn",
            "aws:SourceAccount",
            "aws:SourceOrgID",
            "aws:SourceIp",
            "aws:SourceVpce",
            "aws:ViaAWSService",
            "aws:CalledVia",
            "aws:CalledViaFirst",
            "aws:CurrentTime",
            "aws:EpochTime",
            "aws:SecureTransport",
            "aws:MultiFactorAuthPresent",
            "aws:MultiFactorAuthAge",
            "aws:TokenIssueTime",
            "aws:SourceIdentity",
            "aws:FederatedProvider",
            "aws:RequestedRegion",
            "aws:ResourceAccount",
            "aws:ResourceTag/team",
            "aws:ResourceOrgID",
            "aws:UserAgent",
            "aws:PrincipleArn",
            "kms:ViaService",
            "kms:CallerAccount",
            "kms:EncryptionContext:team",
            "kms:EncryptionContextKeys",
            "kms:RequestAlias",
            "kms:ResourceAliases",
            "kms:GrantIsForAWSResource",
            "kms:GrantOperations",
            "kms:GranteePrincipal",
            "kms:KeySpec",
            "kms:MultiRegion",
            "kms:EncryptionAlgorithm",
            "kms:CallerAccounts",
        ],
    ),
    factor(
        "form",
        &[
            "literal",
            "other-case",
            "ends-open",
            "begins-open",
            "inner-star",
            "question",
            "star",
            "variable",
            "variable-default",
            "variable-within",
            "special",
            "empty",
            "two",
        ],
    ),
    factor(
        "second",
        &[
            "none",
            "null-true",
            "null-false",
            "via-service",
            "not-via-service",
            "is-no-service",
            "caller-account",
            "organisation",
            "same-tag",
            "source-account",
            "context-of-tag",
        ],
    ),
    factor(
        "base",
        &[
            "none",
            "root",
            "foreign-root",
            "everybody-of",
            "caller",
            "service",
            "admin",
        ],
    ),
    factor(
        "control",
        &["none", "scp", "scp-short", "rcp", "rcp-perimeter", "both"],
    ),
    factor(
        "cap",
        &[
            "none",
            "boundary-all",
            "boundary-decrypt",
            "boundary-none",
            "session-all",
            "session-decrypt",
        ],
    ),
    factor(
        "grant",
        &[
            "none",
            "caller",
            "session",
            "foreign",
            "foreign-account",
            "masked",
            "service",
            "equals",
            "subset",
            "source",
            "retiring",
            "unknown",
        ],
    ),
    factor(
        "facts",
        &[
            "none",
            "tagged",
            "aliased",
            "tags-unknown",
            "aliases-unknown",
            "all-known",
        ],
    ),
    factor(
        "change",
        &[
            "-",
            "same",
            "order",
            "spelling",
            "drop-condition",
            "if-exists",
            "other-operator",
            "other-form",
            "drop-statement",
            "add-deny",
            "principal-form",
            "add-foreign",
        ],
    ),
    factor("own", &["none", "decrypt", "kms", "tagger", "unread"]),
    factor("version", &["2012-10-17", "2008-10-17", "none"]),
];

const KEY_PLACES: &[&str] = &["key-allow", "key-deny"];
const OWN_PLACES: &[&str] = &[
    "identity-allow",
    "identity-deny",
    "boundary",
    "session",
    "scp-deny",
    "scp-allow",
];
const NOT_PRINCIPALS: &[&str] = &["not-caller", "not-root", "not-foreign", "not-service"];
/// Claims that nobody is asked about.
const OF_KEYS: &[&str] = &["but", "who-can"];
/// Every level but one.
const BUT_NONE: &[&str] = &["but", "none"];
const BUT_DASH: &[&str] = &["but", "-"];

pub(super) const CLASHES: [Clash; 21] = [
    // Only policies of resources name principals; control policies name everybody.
    (
        "place",
        &["but", "key-allow", "key-deny"],
        "principal",
        BUT_DASH,
    ),
    ("place", KEY_PLACES, "principal", &["-"]),
    // IAM User Guide, "NotPrincipal": not to be used with Allow; a question that AWS leaves open.
    ("place", &["key-allow"], "principal", NOT_PRINCIPALS),
    // No role or user is asked about, so that nothing of its own is there.
    ("claim", OF_KEYS, "place", OWN_PLACES),
    ("claim", OF_KEYS, "cap", BUT_NONE),
    ("claim", OF_KEYS, "own", BUT_NONE),
    ("claim", OF_KEYS, "control", &["scp", "scp-short", "both"]),
    ("claim", &["but", "diff"], "change", BUT_DASH),
    ("claim", &["diff"], "change", &["-"]),
    // A diff is of two key policies and nothing else.
    (
        "claim",
        &["diff"],
        "place",
        &["but", "key-allow", "key-deny"],
    ),
    ("claim", &["diff"], "control", &["rcp", "rcp-perimeter"]),
    ("claim", &["diff"], "grant", BUT_NONE),
    ("claim", &["diff"], "facts", &["but", "tags-unknown"]),
    // Boundaries and sessions are of users and roles, and control policies not of service-linked roles.
    ("caller", &["root"], "cap", BUT_NONE),
    (
        "caller",
        &["root"],
        "place",
        &["boundary", "session", "identity-allow", "identity-deny"],
    ),
    ("caller", &["root"], "own", BUT_NONE),
    ("caller", &["service-linked"], "cap", BUT_NONE),
    (
        "caller",
        &["service-linked"],
        "place",
        &["boundary", "session"],
    ),
    // IAM User Guide, "Null": there is no `NullIfExists`, nor one of several values.
    ("operator", &["Null"], "quantity", &["but", "one"]),
    // One boundary and one session policy.
    (
        "place",
        &["boundary"],
        "cap",
        &["boundary-all", "boundary-decrypt", "boundary-none"],
    ),
    (
        "place",
        &["session"],
        "cap",
        &["session-all", "session-decrypt"],
    ),
];
