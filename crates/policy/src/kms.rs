//! What is special about AWS KMS: which actions are about a key, which cross accounts, which a
//! grant can give.

/// Actions that name no key: their resource is `*`, and no key policy is looked at (KMS Developer
/// Guide, "AWS KMS permissions"; Service Authorization Reference, AWS KMS).
const WITHOUT_KEY: [&str; 11] = [
    "connectcustomkeystore",
    "createcustomkeystore",
    "createkey",
    "deletecustomkeystore",
    "describecustomkeystores",
    "disconnectcustomkeystore",
    "generaterandom",
    "listaliases",
    "listkeys",
    "listretirablegrants",
    "updatecustomkeystore",
];

/// Operations that a grant can give (AWS KMS API, CreateGrant, `Operations`).
const GRANTED: [&str; 17] = [
    "creategrant",
    "decrypt",
    "derivesharedsecret",
    "describekey",
    "encrypt",
    "generatedatakey",
    "generatedatakeypair",
    "generatedatakeypairwithoutplaintext",
    "generatedatakeywithoutplaintext",
    "generatemac",
    "getpublickey",
    "reencryptfrom",
    "reencryptto",
    "retiregrant",
    "sign",
    "verify",
    "verifymac",
];

/// Actions that are about a key (Service Authorization Reference, AWS KMS).
pub(crate) const ABOUT_KEYS: [&str; 44] = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DeleteAlias",
    "kms:DeleteImportedKeyMaterial",
    "kms:DeriveSharedSecret",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateMac",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:GetParametersForImport",
    "kms:GetPublicKey",
    "kms:ImportKeyMaterial",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:ReplicateKey",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:Sign",
    "kms:SynchronizeMultiRegionKey",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
    "kms:UpdatePrimaryRegion",
    "kms:Verify",
    "kms:VerifyMac",
];

/// Actions that are about no key, as AWS writes them, and those that are.
pub(crate) fn actions() -> impl Iterator<Item = String> {
    let without = WITHOUT_KEY.iter().map(|name| format!("kms:{name}"));
    without.chain(ABOUT_KEYS.iter().map(|name| (*name).to_owned()))
}

/// Whether a grant can give an action of KMS, in lower case.
pub(crate) fn is_granted(name: &str) -> bool {
    GRANTED.binary_search(&name).is_ok()
}

/// Whether an action of KMS, in lower case, is about a key.
pub(crate) fn is_about_key(name: &str) -> bool {
    WITHOUT_KEY.binary_search(&name).is_err()
}

/// Whether a principal of another account can be allowed an action of KMS, in lower case: what a
/// grant can give, and three more (KMS Developer Guide, "Allowing users in other accounts to use a KMS
/// key").
pub(crate) fn crosses(name: &str) -> bool {
    is_granted(name) || matches!(name, "getkeyrotationstatus" | "listgrants" | "revokegrant")
}

/// Services of which a resource is taken to have no policy where none is given: next to none of theirs
/// can have one (IAM User Guide, "AWS services that work with IAM").
pub(crate) fn has_resource_policies(service: &str) -> bool {
    !matches!(
        service,
        "sagemaker"
            | "iam"
            | "ec2"
            | "organizations"
            | "cloudwatch"
            | "sts"
            | "application-autoscaling"
    )
}
