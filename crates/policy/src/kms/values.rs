//! Condition keys of AWS KMS of which the values are listed (AWS KMS API; a test holds them against the
//! service's own model).

/// A condition key in lower case, and every value that it has.
pub type Values = (&'static str, &'static [&'static str]);

const SPECS: [&str; 20] = [
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SYMMETRIC_DEFAULT",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];

const USAGES: [&str; 5] = [
    "SIGN_VERIFY",
    "ENCRYPT_DECRYPT",
    "GENERATE_VERIFY_MAC",
    "KEY_AGREEMENT",
    "ENCAPSULATE_DECAPSULATE",
];

/// Each of them.
pub const VALUES: [Values; 15] = [
    ("kms:customermasterkeyspec", &SPECS),
    ("kms:customermasterkeyusage", &USAGES),
    (
        "kms:datakeypairspec",
        &[
            "RSA_2048",
            "RSA_3072",
            "RSA_4096",
            "ECC_NIST_P256",
            "ECC_NIST_P384",
            "ECC_NIST_P521",
            "ECC_SECG_P256K1",
            "SM2",
            "ECC_NIST_EDWARDS25519",
            "ML_KEM_512",
            "ML_KEM_768",
            "ML_KEM_1024",
        ],
    ),
    (
        "kms:encryptionalgorithm",
        &[
            "SYMMETRIC_DEFAULT",
            "RSAES_OAEP_SHA_1",
            "RSAES_OAEP_SHA_256",
            "SM2PKE",
        ],
    ),
    (
        "kms:expirationmodel",
        &["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"],
    ),
    (
        "kms:grantconstrainttype",
        &["EncryptionContextEquals", "EncryptionContextSubset"],
    ),
    (
        "kms:grantoperations",
        &[
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
            "Encapsulate",
            "Decapsulate",
        ],
    ),
    ("kms:keyagreementalgorithm", &["ECDH"]),
    (
        "kms:keyorigin",
        &["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"],
    ),
    ("kms:keyspec", &SPECS),
    ("kms:keyusage", &USAGES),
    (
        "kms:macalgorithm",
        &[
            "HMAC_SHA_224",
            "HMAC_SHA_256",
            "HMAC_SHA_384",
            "HMAC_SHA_512",
        ],
    ),
    ("kms:messagetype", &["RAW", "DIGEST", "EXTERNAL_MU"]),
    ("kms:multiregionkeytype", &["PRIMARY", "REPLICA"]),
    (
        "kms:signingalgorithm",
        &[
            "RSASSA_PSS_SHA_256",
            "RSASSA_PSS_SHA_384",
            "RSASSA_PSS_SHA_512",
            "RSASSA_PKCS1_V1_5_SHA_256",
            "RSASSA_PKCS1_V1_5_SHA_384",
            "RSASSA_PKCS1_V1_5_SHA_512",
            "ECDSA_SHA_256",
            "ECDSA_SHA_384",
            "ECDSA_SHA_512",
            "SM2DSA",
            "ML_DSA_SHAKE_256",
            "ED25519_SHA_512",
            "ED25519_PH_SHA_512",
        ],
    ),
];

/// The values of a condition key, in lower case, where they are listed.
pub(crate) fn listed(key: &str) -> Option<&'static [&'static str]> {
    let found = VALUES.iter().find(|(name, _)| *name == key);
    found.map(|(_, values)| *values)
}

/// A condition key in lower case, and the actions of which requests always have it: it is a parameter that
/// they require.
pub type Required = (&'static str, &'static [&'static str]);

/// Each of them.
pub const REQUIRED: [Required; 7] = [
    (
        "kms:datakeypairspec",
        &[
            "kms:GenerateDataKeyPair",
            "kms:GenerateDataKeyPairWithoutPlaintext",
        ],
    ),
    ("kms:grantoperations", &["kms:CreateGrant"]),
    ("kms:keyagreementalgorithm", &["kms:DeriveSharedSecret"]),
    ("kms:macalgorithm", &["kms:GenerateMac", "kms:VerifyMac"]),
    ("kms:signingalgorithm", &["kms:Sign", "kms:Verify"]),
    ("kms:wrappingalgorithm", &["kms:GetParametersForImport"]),
    ("kms:wrappingkeyspec", &["kms:GetParametersForImport"]),
];

/// Whether requests of an action always have a condition key, both in lower case.
pub(crate) fn is_required(action: &str, key: &str) -> bool {
    let found = REQUIRED.iter().find(|(name, _)| *name == key);
    found.is_some_and(|(_, actions)| actions.iter().any(|one| one.eq_ignore_ascii_case(action)))
}
