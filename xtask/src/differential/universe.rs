//! The small universe of random cases: who asks, what for, and which keys a request has.

pub(super) const OWN: &str = "111122223333";
pub(super) const KEY: &str =
    "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
pub(super) const OTHER_KEY: &str =
    "arn:aws:kms:eu-west-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab";

pub(super) const ACTIONS: [&str; 8] = [
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:CreateGrant",
    "kms:DescribeKey",
    "kms:PutKeyPolicy",
    "kms:ListGrants",
    "kms:ReEncryptFrom",
];

/// Somebody who asks: the ARN of the request, `aws:PrincipalArn`, and whom policies name for it.
pub(super) const CALLERS: [(&str, &str); 6] = [
    (
        "arn:aws:sts::111122223333:assumed-role/Deployer/s1",
        "arn:aws:iam::111122223333:role/Deployer",
    ),
    (
        "arn:aws:sts::111122223333:assumed-role/Reader/s2",
        "arn:aws:iam::111122223333:role/Reader",
    ),
    (
        "arn:aws:iam::111122223333:user/alice",
        "arn:aws:iam::111122223333:user/alice",
    ),
    (
        "arn:aws:sts::444455556666:assumed-role/Ext/s1",
        "arn:aws:iam::444455556666:role/Ext",
    ),
    (
        "arn:aws:iam::444455556666:user/bob",
        "arn:aws:iam::444455556666:user/bob",
    ),
    (
        "arn:aws:sts::777788889999:assumed-role/Other/s1",
        "arn:aws:iam::777788889999:role/Other",
    ),
];
pub(super) const ROOT: &str = "arn:aws:iam::111122223333:root";

const WORDS: [&str; 6] = ["red", "Red", "redder", "blue", "re", "r*d"];
pub(super) const PATTERNS: [&str; 8] = ["red", "Red", "re*", "r?d", "*", "blue", "*d*r", "??"];
const VIA: [&str; 3] = [
    "s3.eu-west-1.amazonaws.com",
    "sagemaker.eu-west-1.amazonaws.com",
    "ec2.eu-west-1.amazonaws.com",
];
const OPERATIONS: [&str; 4] = ["Decrypt", "Encrypt", "RetireGrant", "DescribeKey"];

/// A kind of key, which values it has in requests, and what policies compare it with.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) is_list: bool,
    pub(super) values: &'static [&'static str],
    pub(super) patterns: &'static [&'static str],
    /// Only requests of these have it.
    pub(super) actions: &'static [&'static str],
    pub(super) operators: &'static [&'static str],
}

const STRINGS: [&str; 6] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
];

pub(super) const KEYS: [Key; 12] = [
    Key {
        name: "kms:CallerAccount",
        is_list: false,
        values: &[],
        patterns: &["111122223333", "444455556666", "*"],
        actions: &ACTIONS,
        operators: &STRINGS,
    },
    Key {
        name: "kms:ViaService",
        is_list: false,
        values: &VIA,
        patterns: &[VIA[0], VIA[1], "s3.*.amazonaws.com", "*.eu-west-1.*"],
        actions: &ACTIONS,
        operators: &STRINGS,
    },
    Key {
        name: "aws:PrincipalOrgID",
        is_list: false,
        values: &["o-abc", "o-other"],
        patterns: &["o-abc", "o-*"],
        actions: &ACTIONS,
        operators: &STRINGS,
    },
    Key {
        name: "aws:PrincipalTag/t",
        is_list: false,
        values: &WORDS,
        patterns: &PATTERNS,
        actions: &ACTIONS,
        operators: &STRINGS,
    },
    Key {
        name: "aws:ResourceTag/t",
        is_list: false,
        values: &WORDS,
        patterns: &PATTERNS,
        actions: &ACTIONS,
        operators: &STRINGS,
    },
    Key {
        name: "kms:RequestAlias",
        is_list: false,
        values: &["alias/t-a", "alias/x"],
        patterns: &["alias/t-*", "alias/x", "alias/?"],
        actions: &[
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:DescribeKey",
        ],
        operators: &STRINGS,
    },
    Key {
        name: "kms:GrantIsForAWSResource",
        is_list: false,
        values: &["true", "false"],
        patterns: &["true", "false"],
        actions: &["kms:CreateGrant", "kms:ListGrants"],
        operators: &["Bool"],
    },
    Key {
        name: "aws:MultiFactorAuthAge",
        is_list: false,
        values: &["0", "300", "3600"],
        patterns: &["300", "301", "3600", "0"],
        actions: &ACTIONS,
        operators: &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
    },
    Key {
        name: "aws:PrincipalArn",
        is_list: false,
        values: &[],
        patterns: &[
            "arn:aws:iam::111122223333:role/Deployer",
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::*:user/*",
            "arn:*:iam::444455556666:*",
            "arn:aws:iam::*:*/Ext",
        ],
        actions: &ACTIONS,
        operators: &[
            "ArnEquals",
            "ArnLike",
            "ArnNotEquals",
            "ArnNotLike",
            "StringLike",
        ],
    },
    Key {
        name: "kms:GrantOperations",
        is_list: true,
        values: &OPERATIONS,
        patterns: &["Decrypt", "Encrypt", "decrypt", "*Grant", "D*"],
        actions: &["kms:CreateGrant"],
        operators: &STRINGS,
    },
    Key {
        name: "kms:EncryptionContextKeys",
        is_list: true,
        values: &WORDS,
        patterns: &PATTERNS,
        actions: &[
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:ReEncryptFrom",
        ],
        operators: &STRINGS,
    },
    Key {
        name: "kms:ResourceAliases",
        is_list: true,
        values: &["alias/t-a", "alias/x", "alias/T-a"],
        patterns: &["alias/t-*", "alias/x", "alias/*"],
        actions: &ACTIONS,
        operators: &STRINGS,
    },
];
