//! Specifications of keys, what each may be used for, and with which algorithms (KMS API,
//! CreateKey, `KeySpec` and `KeyUsage`; KeyMetadata).

use serde_json::{Map, Value};

/// Whether a specification has a usage.
pub(super) fn has_usage(spec: &str, usage: &str) -> bool {
    let usages: &[&str] = match family(spec) {
        Family::Symmetric => &["ENCRYPT_DECRYPT"],
        Family::Rsa => &["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
        Family::Sm2 => &["ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT"],
        Family::Nist => &["SIGN_VERIFY", "KEY_AGREEMENT"],
        Family::Signing => &["SIGN_VERIFY"],
        Family::Hmac => &["GENERATE_VERIFY_MAC"],
        Family::Kem => &["ENCAPSULATE_DECAPSULATE"],
    };
    usages.contains(&usage)
}

/// The usage of a specification that has only one that need not be said.
pub(super) fn usage_default(spec: &str) -> Option<&'static str> {
    (spec == "SYMMETRIC_DEFAULT").then_some("ENCRYPT_DECRYPT")
}

enum Family {
    Symmetric,
    Rsa,
    Sm2,
    Nist,
    Signing,
    Hmac,
    Kem,
}

fn family(spec: &str) -> Family {
    match spec {
        "SYMMETRIC_DEFAULT" => Family::Symmetric,
        "SM2" => Family::Sm2,
        spec if spec.starts_with("RSA_") => Family::Rsa,
        "ECC_NIST_P256" | "ECC_NIST_P384" | "ECC_NIST_P521" => Family::Nist,
        spec if spec.starts_with("HMAC_") => Family::Hmac,
        spec if spec.starts_with("ML_KEM_") => Family::Kem,
        _ => Family::Signing,
    }
}

pub(super) const SPECS: &[&str] = &[
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

pub(super) const USAGES: &[&str] = &[
    "SIGN_VERIFY",
    "ENCRYPT_DECRYPT",
    "GENERATE_VERIFY_MAC",
    "KEY_AGREEMENT",
    "ENCAPSULATE_DECAPSULATE",
];

/// The fields of KeyMetadata that list a key's algorithms.
pub(super) fn algorithms(spec: &str, usage: &str, into: &mut Map<String, Value>) {
    let (field, list): (&str, &[&str]) = match (usage, spec) {
        ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT") => {
            ("EncryptionAlgorithms", &["SYMMETRIC_DEFAULT"])
        }
        ("ENCRYPT_DECRYPT", "SM2") => ("EncryptionAlgorithms", &["SM2PKE"]),
        ("ENCRYPT_DECRYPT", _) => (
            "EncryptionAlgorithms",
            &["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
        ),
        ("ENCAPSULATE_DECAPSULATE", _) => ("EncapsulationAlgorithms", &["ML_KEM"]),
        ("KEY_AGREEMENT", _) => ("KeyAgreementAlgorithms", &["ECDH"]),
        ("GENERATE_VERIFY_MAC", "HMAC_224") => ("MacAlgorithms", &["HMAC_SHA_224"]),
        ("GENERATE_VERIFY_MAC", "HMAC_256") => ("MacAlgorithms", &["HMAC_SHA_256"]),
        ("GENERATE_VERIFY_MAC", "HMAC_384") => ("MacAlgorithms", &["HMAC_SHA_384"]),
        ("GENERATE_VERIFY_MAC", _) => ("MacAlgorithms", &["HMAC_SHA_512"]),
        ("SIGN_VERIFY", "ECC_NIST_P256" | "ECC_SECG_P256K1") => {
            ("SigningAlgorithms", &["ECDSA_SHA_256"])
        }
        ("SIGN_VERIFY", "ECC_NIST_P384") => ("SigningAlgorithms", &["ECDSA_SHA_384"]),
        ("SIGN_VERIFY", "ECC_NIST_P521") => ("SigningAlgorithms", &["ECDSA_SHA_512"]),
        ("SIGN_VERIFY", "ECC_NIST_EDWARDS25519") => (
            "SigningAlgorithms",
            &["ED25519_SHA_512", "ED25519_PH_SHA_512"],
        ),
        ("SIGN_VERIFY", "SM2") => ("SigningAlgorithms", &["SM2DSA"]),
        ("SIGN_VERIFY", spec) if spec.starts_with("ML_DSA_") => {
            ("SigningAlgorithms", &["ML_DSA_SHAKE_256"])
        }
        ("SIGN_VERIFY", _) => (
            "SigningAlgorithms",
            &[
                "RSASSA_PKCS1_V1_5_SHA_256",
                "RSASSA_PKCS1_V1_5_SHA_384",
                "RSASSA_PKCS1_V1_5_SHA_512",
                "RSASSA_PSS_SHA_256",
                "RSASSA_PSS_SHA_384",
                "RSASSA_PSS_SHA_512",
            ],
        ),
        _ => return,
    };
    into.insert(field.to_owned(), Value::from(list.to_vec()));
}
