//! Stacks by chance, and requests by chance that they may decide.

use serde_json::{Map, Value, json};

pub(crate) const KEY: &str =
    "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OWN: &str = "111122223333";

/// Numbers by chance, the same for the same seed (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    pub(crate) fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    pub(crate) fn is(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// A key of the context: how policies compare it, with what, and what requests have.
struct Key {
    name: &'static str,
    operators: &'static [&'static str],
    patterns: &'static [&'static str],
    values: &'static [&'static str],
    is_list: bool,
}

const TEXT: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringEqualsIfExists",
    "StringLikeIfExists",
    "ForAnyValue:StringLike",
    "ForAllValues:StringEquals",
];
const SETS: &[&str] = &[
    "ForAnyValue:StringEquals",
    "ForAllValues:StringEquals",
    "ForAllValues:StringLike",
    "ForAnyValue:StringNotEquals",
    "ForAllValues:StringNotLike",
    "StringEquals",
];

const KEYS: [Key; 13] = [
    Key {
        name: "aws:PrincipalTag/team",
        operators: TEXT,
        patterns: &[
            "red",
            "Red",
            "r*",
            "*d",
            "blue",
            "",
            "${aws:ResourceTag/team}",
            "${aws:RequestTag/t, 'red'}",
            "?ed",
        ],
        values: &["red", "RED", "reed", "blue", "", "green", "rd"],
        is_list: false,
    },
    Key {
        name: "aws:ResourceTag/team",
        operators: TEXT,
        patterns: &[
            "red",
            "blue*",
            "${aws:PrincipalTag/team}",
            "x-${aws:PrincipalTag/team}",
            "${aws:PrincipalTag/none}",
        ],
        values: &["red", "blue", "blueish", "x-red", "green", ""],
        is_list: false,
    },
    Key {
        name: "aws:RequestTag/t",
        operators: TEXT,
        patterns: &["red", "b?", "${aws:PrincipalTag/team}-1"],
        values: &["red", "b1", "blue", "red-1"],
        is_list: false,
    },
    Key {
        name: "aws:PrincipalOrgID",
        operators: &[
            "StringEquals",
            "StringNotEquals",
            "StringNotEqualsIfExists",
            "StringLike",
        ],
        patterns: &["o-aaaaaaaaaa", "o-b*", "o-bbbbbbbbbb"],
        values: &[
            "o-aaaaaaaaaa",
            "o-bbbbbbbbbb",
            "o-cccccccccc",
            "o-bcbcbcbcbc",
        ],
        is_list: false,
    },
    Key {
        name: "kms:ViaService",
        operators: &[
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringEqualsIfExists",
        ],
        patterns: &[
            "s3.eu-west-1.amazonaws.com",
            "sagemaker.*.amazonaws.com",
            "*.amazonaws.com",
        ],
        values: &[
            "s3.eu-west-1.amazonaws.com",
            "sagemaker.us-east-1.amazonaws.com",
            "ec2.eu-west-1.amazonaws.com",
        ],
        is_list: false,
    },
    Key {
        name: "aws:SourceArn",
        operators: &["ArnLike", "ArnNotEquals", "StringLike", "ArnEqualsIfExists"],
        patterns: &[
            "arn:aws:sagemaker:*:111122223333:endpoint/*",
            "arn:aws:sagemaker:eu-west-1:*:*",
            "arn:*:111122223333:*",
            "arn:aws:s3:::bucket",
        ],
        values: &[
            "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/a",
            "arn:aws:sagemaker:eu-west-1:444455556666:endpoint/a",
            "arn:aws:s3:::bucket",
            "arn:aws:s3:::other:111122223333:x",
            "nothing",
        ],
        is_list: false,
    },
    Key {
        name: "kms:GrantOperations",
        operators: SETS,
        patterns: &["Decrypt", "Encrypt", "GenerateDataKey*", "CreateGrant", "*"],
        values: &[
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "DescribeKey",
            "CreateGrant",
        ],
        is_list: true,
    },
    Key {
        name: "aws:TagKeys",
        operators: SETS,
        patterns: &["a", "b", "a*", "*c*"],
        values: &["a", "b", "ab", "c", "d"],
        is_list: true,
    },
    Key {
        name: "aws:MultiFactorAuthAge",
        operators: &[
            "NumericLessThan",
            "NumericEquals",
            "NumericNotEquals",
            "NumericGreaterThanEqualsIfExists",
        ],
        patterns: &["10", "10.5", "-1", "300"],
        // IAM User Guide: "the number of seconds since".
        values: &["0", "9", "10", "11", "299", "300", "301"],
        is_list: false,
    },
    Key {
        name: "aws:CurrentTime",
        operators: &[
            "DateLessThan",
            "DateGreaterThan",
            "DateEquals",
            "DateNotEquals",
        ],
        patterns: &["2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"],
        values: &[
            "2025-12-31T23:59:59Z",
            "2026-01-01T00:00:00Z",
            "2026-03-01T00:00:00Z",
            "2026-06-01T00:00:01Z",
        ],
        is_list: false,
    },
    Key {
        name: "aws:SourceIp",
        operators: &["IpAddress", "NotIpAddress", "IpAddressIfExists"],
        patterns: &[
            "10.16.0.0/12",
            "10.17.0.0/16",
            "192.168.1.1",
            "2001:db8::/32",
        ],
        values: &[
            "10.16.0.1",
            "10.17.2.3",
            "11.0.0.1",
            "192.168.1.1",
            "2001:db8::1",
            "::1",
        ],
        is_list: false,
    },
    Key {
        name: "aws:SecureTransport",
        operators: &["Bool", "BoolIfExists"],
        patterns: &["true", "false"],
        values: &["true", "false"],
        is_list: false,
    },
    Key {
        name: "kms:EncryptionContext:App",
        operators: TEXT,
        patterns: &["x", "X", "y*"],
        values: &["x", "X", "y1", "z"],
        is_list: false,
    },
];

const CALLERS: [(&str, &str); 4] = [
    (
        "arn:aws:sts::111122223333:assumed-role/Deployer/s1",
        "arn:aws:iam::111122223333:role/Deployer",
    ),
    (
        "arn:aws:iam::111122223333:user/alice",
        "arn:aws:iam::111122223333:user/alice",
    ),
    (
        "arn:aws:sts::444455556666:assumed-role/Far/s1",
        "arn:aws:iam::444455556666:role/Far",
    ),
    (
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:root",
    ),
];
const ACTIONS: [&str; 4] = [
    "kms:Decrypt",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "kms:DescribeKey",
];

fn conditions(c: &mut Chance) -> Value {
    let mut block = Map::new();
    for _ in 0..*c.one(&[0, 1, 1, 2, 3]) {
        let key = c.one(&KEYS);
        let (operator, values) = if c.is(12) {
            ("Null", json!(c.one(&["true", "false"])))
        } else {
            let count = 1 + c.below(2);
            let values: Vec<_> = (0..count).map(|_| *c.one(key.patterns)).collect();
            (*c.one(key.operators), json!(values))
        };
        let keys = block.entry(operator).or_insert_with(|| json!({}));
        keys[key.name] = values;
    }
    Value::Object(block)
}

fn statement(c: &mut Chance, has_principal: bool, arn: &str) -> Value {
    let mut statement = json!({
        "Effect": if c.is(70) { "Allow" } else { "Deny" },
        "Action": *c.one(&["kms:*", "kms:Decrypt", "kms:*Grant*", "*"]),
        "Resource": *c.one(&["*", "*", "*", KEY, "arn:aws:kms:*:*:key/${aws:PrincipalTag/team}*"]),
        "Condition": conditions(c),
    });
    if has_principal {
        statement["Resource"] = json!("*");
        statement["Principal"] = match c.below(5) {
            0 => json!("*"),
            1 => json!({ "AWS": OWN }),
            2 => json!({ "AWS": c.one(&CALLERS).1 }),
            _ => json!({ "AWS": arn }),
        };
    }
    statement
}

fn policy(c: &mut Chance, has_principal: bool, arn: &str) -> Value {
    let count = 1 + c.below(4);
    let statements: Vec<_> = (0..count)
        .map(|_| statement(c, has_principal, arn))
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Documents and a request without a context.
pub(crate) fn stack(c: &mut Chance) -> Value {
    let (principal, arn) = *c.one(&CALLERS);
    let mut case = json!({
        "principal": principal, "action": *c.one(&ACTIONS), "resource": KEY,
        "identity": [policy(c, false, arn)], "key": policy(c, true, arn), "context": {},
    });
    if c.is(20) {
        case["pb"] = policy(c, false, arn);
    }
    if c.is(20) {
        case["scp"] = json!([[policy(c, false, arn)]]);
    }
    if c.is(30) {
        case["grants"] = json!([{
            "GranteePrincipal": arn, "Operations": ["Decrypt", "CreateGrant"],
            "Constraints": match c.below(3) {
                0 => json!({ "EncryptionContextSubset": { "App": "x" } }),
                1 => json!({ "EncryptionContextEquals": { "App": "x" } }),
                _ => json!({}),
            },
        }]);
    }
    case["context"]["aws:PrincipalArn"] = json!(arn);
    case
}

/// The names of all the keys that there are.
pub(crate) fn names() -> Vec<&'static str> {
    KEYS.iter().map(|key| key.name).collect()
}

/// A context, such as a request has.
pub(crate) fn context(c: &mut Chance, case: &Value) -> Value {
    let mut context = case["context"].clone();
    for key in &KEYS {
        // AWS KMS API, CreateGrant: `Operations` is required.
        let is_grant = case["action"] == "kms:CreateGrant" && key.name == "kms:GrantOperations";
        let always = is_grant || matches!(key.name, "aws:SecureTransport" | "aws:CurrentTime");
        if !always && c.is(40) {
            continue;
        }
        context[key.name] = if key.is_list {
            let count = 1 + c.below(3);
            let mut values: Vec<_> = (0..count).map(|_| *c.one(key.values)).collect();
            values.sort_unstable();
            values.dedup();
            json!(values)
        } else {
            json!(c.one(key.values))
        };
    }
    context
}
