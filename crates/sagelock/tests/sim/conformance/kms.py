"""KMS: keys of every kind, identifiers, states, deletion, rotation."""
import datetime

from harness import accepted, account, check, client, eq, err, has, lacks, lazy, matches, name, one_of, step, wait_for

P = "KMS API, "
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NONE = "00000000-1111-2222-3333-444444444444"
INVALID_STATE = "KMSInvalidStateException"


def new_key(k=None, **kw):
    return (k or client("kms")).create_key(**kw)["KeyMetadata"]


def meta(key_id, k=None):
    return (k or client("kms")).describe_key(KeyId=key_id)["KeyMetadata"]


def refused_anyhow(call):
    return err(call, None)


def create():
    kms = client("kms")
    m = lazy(lambda: new_key(Description="first", Tags=[{"TagKey": "a", "TagValue": "1"}]))
    check("a key id is a UUID", P + "KeyMetadata, KeyId", matches(lambda: m()["KeyId"], "^%s$" % UUID))
    check("the key ARN holds the account, Region and key id", P + "KeyMetadata, Arn", eq(lambda: m()["Arn"], lambda: "arn:aws:kms:us-east-1:123456789012:key/" + m()["KeyId"]))
    for field, want in (("AWSAccountId", "123456789012"), ("Enabled", True), ("KeyState", "Enabled"), ("KeyUsage", "ENCRYPT_DECRYPT"), ("KeySpec", "SYMMETRIC_DEFAULT"),
                        ("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"), ("Origin", "AWS_KMS"), ("KeyManager", "CUSTOMER"), ("MultiRegion", False),
                        ("EncryptionAlgorithms", ["SYMMETRIC_DEFAULT"]), ("Description", "first")):
        check("a new key has %s %s" % (field, want), P + "KeyMetadata, " + field, eq(lambda: m()[field], want))
    check("a symmetric key names its key material", P + "KeyMetadata, CurrentKeyMaterialId", matches(lambda: m()["CurrentKeyMaterialId"], "^[a-f0-9]{64}$"))
    check("fields that do not apply to a symmetric regional key are absent", P + "KeyMetadata", lacks(
        m, "DeletionDate", "SigningAlgorithms", "MacAlgorithms", "MultiRegionConfiguration", "ExpirationModel", "ValidTo", "CustomKeyStoreId",
        "PendingDeletionWindowInDays", "KeyAgreementAlgorithms"))
    check("the description defaults to the empty string", P + "CreateKey, Description", eq(lambda: new_key().get("Description"), ""))
    check("tags given to CreateKey are in ListResourceTags", P + "CreateKey, Tags",
          eq(lambda: kms.list_resource_tags(KeyId=m()["KeyId"])["Tags"], [{"TagKey": "a", "TagValue": "1"}]))
    check("DescribeKey gives what CreateKey gave", P + "DescribeKey, KeyMetadata", eq(lambda: meta(m()["KeyId"]), m))
    kms2 = lazy(lambda: (kms.update_key_description(KeyId=m()["KeyId"], Description="second"), meta(m()["KeyId"]))[1])
    check("UpdateKeyDescription changes the description", P + "UpdateKeyDescription, Description", eq(lambda: kms2()["Description"], "second"))
    check("a description of 8193 characters is refused", P + "CreateKey, Description length", err(
        lambda: client("kms", raw=True).create_key(Description="d" * 8193), "ValidationException"))


def kinds():
    raw = client("kms", raw=True)
    table = [  # spec, usage, the field that lists its algorithms, one algorithm in it
        ("RSA_2048", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", "RSAES_OAEP_SHA_256"), ("RSA_3072", "SIGN_VERIFY", "SigningAlgorithms", "RSASSA_PSS_SHA_512"),
        ("RSA_4096", "SIGN_VERIFY", "SigningAlgorithms", "RSASSA_PKCS1_V1_5_SHA_256"), ("ECC_NIST_P256", "SIGN_VERIFY", "SigningAlgorithms", "ECDSA_SHA_256"),
        ("ECC_NIST_P384", "KEY_AGREEMENT", "KeyAgreementAlgorithms", "ECDH"), ("ECC_NIST_P521", "SIGN_VERIFY", "SigningAlgorithms", "ECDSA_SHA_512"),
        ("ECC_SECG_P256K1", "SIGN_VERIFY", "SigningAlgorithms", "ECDSA_SHA_256"), ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY", "SigningAlgorithms", "ED25519_SHA_512"),
        ("HMAC_224", "GENERATE_VERIFY_MAC", "MacAlgorithms", "HMAC_SHA_224"), ("HMAC_256", "GENERATE_VERIFY_MAC", "MacAlgorithms", "HMAC_SHA_256"),
        ("HMAC_384", "GENERATE_VERIFY_MAC", "MacAlgorithms", "HMAC_SHA_384"), ("HMAC_512", "GENERATE_VERIFY_MAC", "MacAlgorithms", "HMAC_SHA_512"),
        ("ML_DSA_44", "SIGN_VERIFY", "SigningAlgorithms", "ML_DSA_SHAKE_256"), ("ML_DSA_65", "SIGN_VERIFY", "SigningAlgorithms", "ML_DSA_SHAKE_256"),
        ("ML_DSA_87", "SIGN_VERIFY", "SigningAlgorithms", "ML_DSA_SHAKE_256"),
        ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE", "EncapsulationAlgorithms", None), ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "EncapsulationAlgorithms", None),
        ("ML_KEM_1024", "ENCAPSULATE_DECAPSULATE", "EncapsulationAlgorithms", None)]
    fields = ("EncryptionAlgorithms", "SigningAlgorithms", "MacAlgorithms", "KeyAgreementAlgorithms", "EncapsulationAlgorithms")
    for spec, usage, field, algorithm in table:
        m = step(lambda: new_key(raw, KeySpec=spec, KeyUsage=usage))
        check("a key of spec %s and usage %s says so" % (spec, usage), P + "CreateKey, KeySpec", eq(lambda: (m()["KeySpec"], m()["KeyUsage"], m()["KeyState"]), (spec, usage, "Enabled")))
        check("a key of spec %s and usage %s lists its algorithms in %s only" % (spec, usage, field), P + "KeyMetadata, " + field,
              eq(lambda: [f for f in fields if m().get(f)] + [algorithm for _ in (1,) if algorithm in (None, *m()[field])], [field, algorithm]))
    for spec, usage in (("HMAC_256", None), ("RSA_2048", None), ("HMAC_256", "ENCRYPT_DECRYPT"), ("SYMMETRIC_DEFAULT", "SIGN_VERIFY"), ("ECC_NIST_P256", "ENCRYPT_DECRYPT"),
                        ("ECC_SECG_P256K1", "KEY_AGREEMENT"), ("RSA_2048", "GENERATE_VERIFY_MAC"), ("ML_DSA_65", "ENCRYPT_DECRYPT")):
        check("%s %s is refused" % (spec, "with usage " + usage if usage else "without a usage"), P + "CreateKey, KeyUsage", err(
            lambda: new_key(raw, KeySpec=spec, **({"KeyUsage": usage} if usage else {})), ("ValidationException", "UnsupportedOperationException")))
    check("SM2 outside the China Regions is refused", P + "CreateKey, KeySpec", err(
        lambda: new_key(raw, KeySpec="SM2", KeyUsage="SIGN_VERIFY"), ("ValidationException", "UnsupportedOperationException")))
    check("an unknown key spec is refused", P + "CreateKey, KeySpec", err(lambda: new_key(raw, KeySpec="DES_56", KeyUsage="ENCRYPT_DECRYPT"), "ValidationException"))
    check("an unknown custom key store is refused", P + "CreateKey, CustomKeyStoreId", err(
        lambda: new_key(raw, Origin="AWS_CLOUDHSM", CustomKeyStoreId="cks-1234567890abcdef0"), ("CustomKeyStoreNotFoundException", "ValidationException", "UnsupportedOperationException")))
    ext = step(lambda: new_key(Origin="EXTERNAL"))
    check("a key of origin EXTERNAL is PendingImport and not enabled", P + "KeyMetadata, KeyState", eq(lambda: (ext()["KeyState"], ext()["Enabled"], ext()["Origin"]), ("PendingImport", False, "EXTERNAL")))
    kms = client("kms")
    for what, call in (("EnableKey", lambda: kms.enable_key(KeyId=ext()["KeyId"])), ("DisableKey", lambda: kms.disable_key(KeyId=ext()["KeyId"]))):
        check("%s on a key that is pending import is refused" % what, "KMS Developer Guide, key states, " + what, err(call, INVALID_STATE, "pending import"))


def identifiers():
    kms, page = client("kms"), P + "DescribeKey, KeyId"
    m, alias = lazy(new_key), "alias/" + name("id")
    made = step(lambda: kms.create_alias(AliasName=alias, TargetKeyId=m()["KeyId"]))
    for label, form in (("key id", lambda: m()["KeyId"]), ("key ARN", lambda: m()["Arn"]), ("alias name", lambda: alias),
                        ("alias ARN", lambda: "arn:aws:kms:us-east-1:123456789012:" + alias)):
        check("DescribeKey by %s finds the key" % label, page, eq(lambda: (made(), meta(form())["Arn"])[1], lambda: m()["Arn"]))
    check("an unknown key id is reported with its ARN", P + "NotFoundException", err(
        lambda: meta(NONE), "NotFoundException", "Key 'arn:aws:kms:us-east-1:123456789012:key/%s' does not exist" % NONE))
    check("an unknown key ARN is reported", P + "NotFoundException", err(
        lambda: meta("arn:aws:kms:us-east-1:123456789012:key/" + NONE), "NotFoundException", "does not exist"))
    check("an unknown alias is reported with its ARN", P + "NotFoundException", err(
        lambda: meta("alias/no-such-alias"), "NotFoundException", "Alias arn:aws:kms:us-east-1:123456789012:alias/no-such-alias is not found"))
    check("a text that is no identifier is refused", page, err(lambda: meta("not-a-key"), ("NotFoundException", "ValidationException", "InvalidArnException")))
    check("an ARN of another service is refused", page, err(
        lambda: meta("arn:aws:s3:::bucket"), ("InvalidArnException", "NotFoundException", "ValidationException")))
    check("a key of another Region is not found", page, err(lambda: meta(m()["KeyId"], client("kms", region="eu-west-1")), "NotFoundException"))
    check("a key of another account is not found by its id", page, err(lambda: meta(m()["KeyId"], client("kms", acct=account())), "NotFoundException"))
    check("DisableKey does not take an alias", P + "DisableKey, KeyId", refused_anyhow(lambda: (made(), kms.disable_key(KeyId=alias))[1]))


def states():
    kms, guide = client("kms"), "KMS Developer Guide, key states, "
    m = lazy(new_key)
    kid = lambda: m()["KeyId"]  # noqa: E731
    off = step(lambda: kms.disable_key(KeyId=kid()))
    check("a disabled key has state Disabled and is not enabled", P + "DisableKey", eq(lambda: (off(), meta(kid())["KeyState"], meta(kid())["Enabled"])[1:], ("Disabled", False)))
    check("EnableKeyRotation on a disabled key is refused", guide + "EnableKeyRotation", err(lambda: (off(), kms.enable_key_rotation(KeyId=kid())), "DisabledException", "is disabled"))
    check("CreateGrant on a disabled key is refused", guide + "CreateGrant", err(lambda: (off(), kms.create_grant(
        KeyId=kid(), GranteePrincipal="arn:aws:iam::123456789012:root", Operations=["Decrypt"])), "DisabledException", "is disabled"))
    check("CreateAlias on a disabled key is allowed", guide + "CreateAlias", accepted(lambda: (off(), kms.create_alias(AliasName="alias/" + name("off"), TargetKeyId=kid()))))
    check("TagResource on a disabled key is allowed", guide + "TagResource", accepted(lambda: (off(), kms.tag_resource(KeyId=kid(), Tags=[{"TagKey": "k", "TagValue": "v"}]))))
    check("CancelKeyDeletion on a key that is not pending deletion is refused", guide + "CancelKeyDeletion", err(
        lambda: (off(), kms.cancel_key_deletion(KeyId=kid())), INVALID_STATE, "is not pending deletion"))
    on = step(lambda: kms.enable_key(KeyId=kid()))
    check("EnableKey brings the key back to Enabled", P + "EnableKey", eq(lambda: (on(), meta(kid())["KeyState"], meta(kid())["Enabled"])[1:], ("Enabled", True)))
    check("EnableKey on an enabled key is allowed", guide + "EnableKey", accepted(lambda: (on(), kms.enable_key(KeyId=kid()))))
    for call in ("enable_key", "disable_key", "schedule_key_deletion", "cancel_key_deletion", "get_key_policy", "list_grants", "list_resource_tags", "get_key_rotation_status"):
        check("%s of an unknown key is refused" % call, P + "NotFoundException", err(lambda: getattr(kms, call)(KeyId=NONE), "NotFoundException", "does not exist"))


def deletion():
    kms, raw, page, guide = client("kms"), client("kms", raw=True), P + "ScheduleKeyDeletion, ", "KMS Developer Guide, key states, "
    m = lazy(new_key)
    kid = lambda: m()["KeyId"]  # noqa: E731
    alias = "alias/" + name("del")
    r = step(lambda: (kms.create_alias(AliasName=alias, TargetKeyId=kid()), kms.schedule_key_deletion(KeyId=kid(), PendingWindowInDays=7))[1])
    d = lazy(lambda: (r(), meta(kid()))[1])
    check("the reply holds the key ARN", page + "KeyId", eq(lambda: r()["KeyId"], lambda: m()["Arn"]))
    check("the reply holds the state PendingDeletion", page + "KeyState", eq(lambda: r()["KeyState"], "PendingDeletion"))
    check("the reply holds the window", page + "PendingWindowInDays", eq(lambda: r()["PendingWindowInDays"], 7))
    check("the deletion date is a window after now", page + "DeletionDate", lambda: datetime.timedelta(days=7) <= r()["DeletionDate"] - m()["CreationDate"] < datetime.timedelta(days=8))
    check("DescribeKey shows PendingDeletion, not enabled", P + "KeyMetadata, KeyState", eq(lambda: (d()["KeyState"], d()["Enabled"]), ("PendingDeletion", False)))
    check("DescribeKey shows the deletion date of the reply", P + "KeyMetadata, DeletionDate", eq(lambda: d()["DeletionDate"], lambda: r()["DeletionDate"]))
    check("a regional key that is pending deletion shows no window", P + "KeyMetadata, PendingDeletionWindowInDays", lacks(d, "PendingDeletionWindowInDays"))
    check("a key that is pending deletion is still listed", P + "ListKeys", has(
        lambda: (r(), [k["KeyId"] for p in kms.get_paginator("list_keys").paginate() for k in p["Keys"]])[1], kid))
    check("the alias of a key that is pending deletion remains", P + "ListAliases", eq(lambda: (r(), [a["AliasName"] for a in kms.list_aliases(KeyId=kid())["Aliases"]])[1], [alias]))
    refused = {
        "EnableKey": lambda: kms.enable_key(KeyId=kid()), "DisableKey": lambda: kms.disable_key(KeyId=kid()), "ScheduleKeyDeletion": lambda: kms.schedule_key_deletion(KeyId=kid()),
        "CreateAlias": lambda: kms.create_alias(AliasName="alias/" + name("x"), TargetKeyId=kid()), "TagResource": lambda: kms.tag_resource(KeyId=kid(), Tags=[{"TagKey": "k", "TagValue": "v"}]),
        "UntagResource": lambda: kms.untag_resource(KeyId=kid(), TagKeys=["k"]), "UpdateKeyDescription": lambda: kms.update_key_description(KeyId=kid(), Description="x"),
        "EnableKeyRotation": lambda: kms.enable_key_rotation(KeyId=kid())}
    for what, call in refused.items():
        check("%s on a key that is pending deletion is refused" % what, guide + what, err(lambda: (r(), call()), INVALID_STATE, "is pending deletion"))
    check("CreateGrant on a key that is pending deletion is refused", guide + "CreateGrant", err(lambda: (r(), kms.create_grant(
        KeyId=kid(), GranteePrincipal="arn:aws:iam::123456789012:root", Operations=["Decrypt"])), (INVALID_STATE, "DisabledException"), "is pending deletion"))
    back = step(lambda: (r(), kms.cancel_key_deletion(KeyId=kid()))[1])
    check("CancelKeyDeletion returns the key ARN", P + "CancelKeyDeletion, KeyId", eq(lambda: back()["KeyId"], lambda: m()["Arn"]))
    check("a key is Disabled after CancelKeyDeletion", P + "CancelKeyDeletion", eq(lambda: (back(), meta(kid())["KeyState"])[1], "Disabled"))
    check("the deletion date is gone after CancelKeyDeletion", P + "KeyMetadata, DeletionDate", lacks(lambda: (back(), meta(kid()))[1], "DeletionDate"))
    check("the window defaults to 30 days", page + "PendingWindowInDays", eq(lambda: kms.schedule_key_deletion(KeyId=new_key()["KeyId"])["PendingWindowInDays"], 30))
    for days in (6, 31, 0):
        check("a window of %d days is refused" % days, page + "PendingWindowInDays", err(
            lambda: raw.schedule_key_deletion(KeyId=new_key()["KeyId"], PendingWindowInDays=days), "ValidationException"))


def rotation():
    kms, raw, page = client("kms"), client("kms", raw=True), P + "EnableKeyRotation, "
    m = lazy(new_key)
    kid = lambda: m()["KeyId"]  # noqa: E731
    get = lambda k=None: kms.get_key_rotation_status(KeyId=k or kid())  # noqa: E731
    check("rotation is off for a new key", P + "GetKeyRotationStatus, KeyRotationEnabled", eq(lambda: get()["KeyRotationEnabled"], False))
    check("there is no next rotation date while rotation is off", P + "GetKeyRotationStatus, NextRotationDate", lacks(lambda: get(), "NextRotationDate"))
    on = step(lambda: (kms.enable_key_rotation(KeyId=kid(), RotationPeriodInDays=200), get())[1])
    check("rotation is on after EnableKeyRotation", page + "KeyId", eq(lambda: on()["KeyRotationEnabled"], True))
    check("the rotation period is kept", P + "GetKeyRotationStatus, RotationPeriodInDays", eq(lambda: on()["RotationPeriodInDays"], 200))
    check("the next rotation is one period away", P + "GetKeyRotationStatus, NextRotationDate",
          lambda: datetime.timedelta(days=200) <= on()["NextRotationDate"] - m()["CreationDate"] < datetime.timedelta(days=202))
    again = step(lambda: (on(), kms.enable_key_rotation(KeyId=kid(), RotationPeriodInDays=100), get())[2])
    check("a second EnableKeyRotation changes the period", page + "RotationPeriodInDays", eq(lambda: again()["RotationPeriodInDays"], 100))
    k2 = lazy(lambda: new_key()["KeyId"])
    check("the period defaults to 365 days", page + "RotationPeriodInDays", eq(lambda: (kms.enable_key_rotation(KeyId=k2()), get(k2()))[1].get("RotationPeriodInDays"), 365))
    check("a disabled key keeps its rotation status", P + "GetKeyRotationStatus, Disabled", eq(lambda: (kms.disable_key(KeyId=k2()), get(k2()))[1]["KeyRotationEnabled"], True))
    check("the rotation status is false while the key is pending deletion", P + "GetKeyRotationStatus, Pending deletion",
          eq(lambda: (kms.schedule_key_deletion(KeyId=k2()), get(k2()))[1]["KeyRotationEnabled"], False))
    check("the rotation status returns after CancelKeyDeletion", P + "GetKeyRotationStatus, Pending deletion",
          eq(lambda: (kms.cancel_key_deletion(KeyId=k2()), get(k2()))[1]["KeyRotationEnabled"], True))
    off = step(lambda: (again(), kms.disable_key_rotation(KeyId=kid()), get())[2])
    check("rotation is off after DisableKeyRotation", P + "DisableKeyRotation", eq(lambda: off()["KeyRotationEnabled"], False))
    for days in (89, 2561):
        check("a rotation period of %d days is refused" % days, page + "RotationPeriodInDays", err(
            lambda: raw.enable_key_rotation(KeyId=kid(), RotationPeriodInDays=days), "ValidationException"))
    for label, kw in (("an RSA", dict(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")), ("an HMAC", dict(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC"))):
        check("rotation of %s key is not supported" % label, page + "UnsupportedOperationException", err(lambda: kms.enable_key_rotation(KeyId=new_key(**kw)["KeyId"]), "UnsupportedOperationException"))
    check("rotation of a key with imported material is not supported", page + "UnsupportedOperationException", err(
        lambda: kms.enable_key_rotation(KeyId=new_key(Origin="EXTERNAL")["KeyId"]), ("UnsupportedOperationException", INVALID_STATE)))
    check("a new key has no rotations", P + "ListKeyRotations, Rotations", eq(lambda: kms.list_key_rotations(KeyId=new_key()["KeyId"])["Rotations"], []))
    k3 = lazy(lambda: new_key()["KeyId"])
    asked = step(lambda: kms.rotate_key_on_demand(KeyId=k3()))
    check("RotateKeyOnDemand returns the key", P + "RotateKeyOnDemand, KeyId", has(lambda: asked()["KeyId"], k3))
    check("an on-demand rotation is listed in the end", P + "ListKeyRotations, RotationType", one_of(
        lambda: (asked(), wait_for(lambda: kms.list_key_rotations(KeyId=k3())["Rotations"]))[1][0]["RotationType"], "ON_DEMAND"))
    check("on-demand rotation of an RSA key is not supported", P + "RotateKeyOnDemand, UnsupportedOperationException", err(
        lambda: kms.rotate_key_on_demand(KeyId=new_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyId"]), "UnsupportedOperationException"))


SCENARIOS = [create, kinds, identifiers, states, deletion, rotation]
