//! The actions of AWS KMS (Service Authorization Reference, AWS KMS, "Actions", "Condition keys"; AWS KMS
//! API, each operation's "Cross-account use"; CreateGrant, `Operations`). Tests hold it against the
//! service's own model and against the published reference.

/// What an action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A key.
    Key,
    /// An alias and its key.
    Alias,
    /// Neither: its resource is `*`, and no key policy is looked at.
    Nothing,
}

/// Who can be allowed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A principal of the key's account.
    Own,
    /// One of another account as well.
    Crosses,
    /// The same, and a grant can give it.
    Granted,
}

/// An action.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// As AWS writes it: `kms:Decrypt`.
    pub name: &'static str,
    /// What it is about.
    pub on: On,
    /// Who can be allowed it.
    pub reach: Reach,
    /// Its condition keys beside those that every action on a key has; one that ends with `:` or `/`
    /// stands for all that begin so.
    pub keys: &'static [&'static str],
}

/// Condition keys of every action that is about a key.
pub const EVERY_KEY: [&str; 11] = [
    "aws:ResourceTag/",
    "kms:CallerAccount",
    "kms:CustomerMasterKeySpec",
    "kms:CustomerMasterKeyUsage",
    "kms:KeyOrigin",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:MultiRegion",
    "kms:MultiRegionKeyType",
    "kms:ResourceAliases",
    "kms:ViaService",
];

const fn row(name: &'static str, on: On, reach: Reach, keys: &'static [&'static str]) -> Action {
    Action {
        name,
        on,
        reach,
        keys,
    }
}

/// Every action, in the order of their names.
pub const ACTIONS: [Action; 58] = [
    row("kms:CancelKeyDeletion", On::Key, Reach::Own, &[]),
    row(
        "kms:ConnectCustomKeyStore",
        On::Nothing,
        Reach::Own,
        &["kms:CallerAccount"],
    ),
    row("kms:CreateAlias", On::Alias, Reach::Own, &[]),
    row(
        "kms:CreateCustomKeyStore",
        On::Nothing,
        Reach::Own,
        &["kms:CallerAccount"],
    ),
    row(
        "kms:CreateGrant",
        On::Key,
        Reach::Granted,
        &[
            "kms:EncryptionContext:",
            "kms:EncryptionContextKeys",
            "kms:GrantConstraintSourceArn",
            "kms:GrantConstraintType",
            "kms:GranteePrincipal",
            "kms:GranteeServicePrincipal",
            "kms:GrantIsForAWSResource",
            "kms:GrantOperations",
            "kms:RetiringPrincipal",
            "kms:RetiringServicePrincipal",
        ],
    ),
    row(
        "kms:CreateKey",
        On::Nothing,
        Reach::Own,
        &[
            "aws:RequestTag/",
            "aws:ResourceTag/",
            "aws:TagKeys",
            "kms:BypassPolicyLockoutSafetyCheck",
            "kms:CallerAccount",
            "kms:KeyOrigin",
            "kms:KeySpec",
            "kms:KeyUsage",
            "kms:MultiRegion",
            "kms:MultiRegionKeyType",
            "kms:ViaService",
        ],
    ),
    row(
        "kms:Decapsulate",
        On::Key,
        Reach::Granted,
        &["kms:RequestAlias", "kms:RecipientAttestation:"],
    ),
    row(
        "kms:Decrypt",
        On::Key,
        Reach::Granted,
        &[
            "kms:EncryptionAlgorithm",
            "kms:EncryptionContext:",
            "kms:EncryptionContextKeys",
            "kms:RequestAlias",
            "kms:RecipientAttestation:",
        ],
    ),
    row("kms:DeleteAlias", On::Alias, Reach::Own, &[]),
    row(
        "kms:DeleteCustomKeyStore",
        On::Nothing,
        Reach::Own,
        &["kms:CallerAccount"],
    ),
    row("kms:DeleteImportedKeyMaterial", On::Key, Reach::Own, &[]),
    row(
        "kms:DeriveSharedSecret",
        On::Key,
        Reach::Granted,
        &[
            "kms:KeyAgreementAlgorithm",
            "kms:RequestAlias",
            "kms:RecipientAttestation:",
        ],
    ),
    row(
        "kms:DescribeCustomKeyStores",
        On::Nothing,
        Reach::Own,
        &["kms:CallerAccount"],
    ),
    row(
        "kms:DescribeKey",
        On::Key,
        Reach::Granted,
        &["kms:RequestAlias"],
    ),
    row(
        "kms:DisableKey",
        On::Key,
        Reach::Own,
        &["kms:TrailingDaysWithoutKeyUsage"],
    ),
    row("kms:DisableKeyRotation", On::Key, Reach::Own, &[]),
    row(
        "kms:DisconnectCustomKeyStore",
        On::Nothing,
        Reach::Own,
        &["kms:CallerAccount"],
    ),
    row("kms:EnableKey", On::Key, Reach::Own, &[]),
    row(
        "kms:EnableKeyRotation",
        On::Key,
        Reach::Own,
        &["kms:RotationPeriodInDays"],
    ),
    row(
        "kms:Encapsulate",
        On::Key,
        Reach::Granted,
        &["kms:RequestAlias"],
    ),
    row(
        "kms:Encrypt",
        On::Key,
        Reach::Granted,
        &[
            "kms:EncryptionAlgorithm",
            "kms:EncryptionContext:",
            "kms:EncryptionContextKeys",
            "kms:RequestAlias",
        ],
    ),
    row(
        "kms:GenerateDataKey",
        On::Key,
        Reach::Granted,
        &[
            "kms:EncryptionAlgorithm",
            "kms:EncryptionContext:",
            "kms:EncryptionContextKeys",
            "kms:RequestAlias",
            "kms:RecipientAttestation:",
        ],
    ),
    row(
        "kms:GenerateDataKeyPair",
        On::Key,
        Reach::Granted,
        &[
            "kms:DataKeyPairSpec",
            "kms:EncryptionAlgorithm",
            "kms:EncryptionContext:",
            "kms:EncryptionContextKeys",
            "kms:RequestAlias",
            "kms:RecipientAttestation:",
        ],
    ),
    row(
        "kms:GenerateDataKeyPairWithoutPlaintext",
        On::Key,
        Reach::Granted,
        &[
            "kms:DataKeyPairSpec",
            "kms:EncryptionAlgorithm",
            "kms:EncryptionContext:",
            "kms:EncryptionContextKeys",
            "kms:RequestAlias",
        ],
    ),
    row(
        "kms:GenerateDataKeyWithoutPlaintext",
        On::Key,
        Reach::Granted,
        &[
            "kms:EncryptionAlgorithm",
            "kms:EncryptionContext:",
            "kms:EncryptionContextKeys",
            "kms:RequestAlias",
        ],
    ),
    row(
        "kms:GenerateMac",
        On::Key,
        Reach::Granted,
        &["kms:MacAlgorithm", "kms:RequestAlias"],
    ),
    row(
        "kms:GenerateRandom",
        On::Nothing,
        Reach::Own,
        &["kms:RecipientAttestation:"],
    ),
    row("kms:GetKeyLastUsage", On::Key, Reach::Own, &[]),
    row("kms:GetKeyPolicy", On::Key, Reach::Own, &[]),
    row("kms:GetKeyRotationStatus", On::Key, Reach::Crosses, &[]),
    row(
        "kms:GetParametersForImport",
        On::Key,
        Reach::Own,
        &["kms:WrappingAlgorithm", "kms:WrappingKeySpec"],
    ),
    row(
        "kms:GetPublicKey",
        On::Key,
        Reach::Granted,
        &["kms:RequestAlias"],
    ),
    row(
        "kms:ImportKeyMaterial",
        On::Key,
        Reach::Own,
        &["kms:ExpirationModel", "kms:ValidTo"],
    ),
    row("kms:ListAliases", On::Nothing, Reach::Own, &[]),
    row(
        "kms:ListGrants",
        On::Key,
        Reach::Crosses,
        &["kms:GrantIsForAWSResource"],
    ),
    row("kms:ListKeyPolicies", On::Key, Reach::Own, &[]),
    row("kms:ListKeyRotations", On::Key, Reach::Own, &[]),
    row("kms:ListKeys", On::Nothing, Reach::Own, &[]),
    row("kms:ListResourceTags", On::Key, Reach::Own, &[]),
    row("kms:ListRetirableGrants", On::Nothing, Reach::Own, &[]),
    row(
        "kms:PutKeyPolicy",
        On::Key,
        Reach::Own,
        &["kms:BypassPolicyLockoutSafetyCheck"],
    ),
    row(
        "kms:ReEncryptFrom",
        On::Key,
        Reach::Granted,
        &[
            "kms:EncryptionAlgorithm",
            "kms:EncryptionContext:",
            "kms:EncryptionContextKeys",
            "kms:ReEncryptOnSameKey",
            "kms:RequestAlias",
        ],
    ),
    row(
        "kms:ReEncryptTo",
        On::Key,
        Reach::Granted,
        &[
            "kms:EncryptionAlgorithm",
            "kms:EncryptionContext:",
            "kms:EncryptionContextKeys",
            "kms:ReEncryptOnSameKey",
            "kms:RequestAlias",
        ],
    ),
    row(
        "kms:ReplicateKey",
        On::Key,
        Reach::Own,
        &["kms:ReplicaRegion"],
    ),
    row(
        "kms:RetireGrant",
        On::Key,
        Reach::Granted,
        &[
            "kms:EncryptionContext:",
            "kms:EncryptionContextKeys",
            "kms:GrantConstraintType",
        ],
    ),
    row(
        "kms:RevokeGrant",
        On::Key,
        Reach::Crosses,
        &["kms:GrantIsForAWSResource"],
    ),
    row("kms:RotateKeyOnDemand", On::Key, Reach::Own, &[]),
    row(
        "kms:ScheduleKeyDeletion",
        On::Key,
        Reach::Own,
        &[
            "kms:ScheduleKeyDeletionPendingWindowInDays",
            "kms:TrailingDaysWithoutKeyUsage",
        ],
    ),
    row(
        "kms:Sign",
        On::Key,
        Reach::Granted,
        &[
            "kms:MessageType",
            "kms:RequestAlias",
            "kms:SigningAlgorithm",
        ],
    ),
    row("kms:SynchronizeMultiRegionKey", On::Key, Reach::Own, &[]),
    row(
        "kms:TagResource",
        On::Key,
        Reach::Own,
        &["aws:RequestTag/", "aws:TagKeys"],
    ),
    row("kms:UntagResource", On::Key, Reach::Own, &["aws:TagKeys"]),
    row("kms:UpdateAlias", On::Alias, Reach::Own, &[]),
    row(
        "kms:UpdateCustomKeyStore",
        On::Nothing,
        Reach::Own,
        &["kms:CallerAccount"],
    ),
    row("kms:UpdateKeyDescription", On::Key, Reach::Own, &[]),
    row(
        "kms:UpdatePrimaryRegion",
        On::Key,
        Reach::Own,
        &["kms:PrimaryRegion"],
    ),
    row(
        "kms:Verify",
        On::Key,
        Reach::Granted,
        &[
            "kms:MessageType",
            "kms:RequestAlias",
            "kms:SigningAlgorithm",
        ],
    ),
    row(
        "kms:VerifyMac",
        On::Key,
        Reach::Granted,
        &["kms:MacAlgorithm", "kms:RequestAlias"],
    ),
];
