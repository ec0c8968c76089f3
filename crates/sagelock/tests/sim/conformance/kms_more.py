"""KMS: aliases, AWS-managed keys, listing, tags, policies, multi-Region keys, last usage."""
import json

from harness import accepted, account, check, client, eq, err, flat, has, lacks, lazy, matches, name, one_of, pages, step, wait_for
from kms import INVALID_STATE, NONE, P, meta, new_key, refused_anyhow

V = "ValidationException"


def alias_list(k, **kw):
    return flat(pages(k.list_aliases, "Aliases", "Marker", "NextMarker", **kw))


def aliases():
    kms, page = client("kms"), P + "CreateAlias, "
    m, m2, alias = lazy(new_key), lazy(new_key), "alias/" + name("al")
    made = step(lambda: kms.create_alias(AliasName=alias, TargetKeyId=m()["KeyId"]))
    entry = lambda k=None: (made(), next(a for a in alias_list(k or kms) if a["AliasName"] == alias))[1]  # noqa: E731
    check("a new alias is in ListAliases with its target", P + "ListAliases, TargetKeyId", eq(lambda: entry()["TargetKeyId"], lambda: m()["KeyId"]))
    check("the alias ARN holds account, Region and name", P + "ListAliases, AliasArn", eq(lambda: entry()["AliasArn"], "arn:aws:kms:us-east-1:123456789012:" + alias))
    check("a second alias of the same name is refused", page + "AlreadyExistsException", err(
        lambda: (made(), kms.create_alias(AliasName=alias, TargetKeyId=m2()["KeyId"])), "AlreadyExistsException", "already exists"))
    check("the same name may be used in another Region", page + "AliasName", accepted(lambda: client("kms", region="eu-west-1").create_alias(
        AliasName=alias, TargetKeyId=new_key(client("kms", region="eu-west-1"))["KeyId"])))
    check("a name that begins with alias/aws/ is refused", page + "AliasName", err(lambda: kms.create_alias(AliasName="alias/aws/" + name("x"), TargetKeyId=m()["KeyId"]),
                                                                                 ("InvalidAliasNameException", "NotAuthorizedException", V, "AccessDeniedException")))
    check("a name without alias/ is refused", page + "AliasName", err(lambda: kms.create_alias(AliasName=name("x"), TargetKeyId=m()["KeyId"]), (V, "InvalidAliasNameException")))
    check("a name with a space is refused", page + "AliasName pattern", err(lambda: kms.create_alias(AliasName="alias/a b", TargetKeyId=m()["KeyId"]), (V, "InvalidAliasNameException")))
    check("a name of 257 characters is refused", page + "AliasName length", err(
        lambda: client("kms", raw=True).create_alias(AliasName="alias/" + "a" * 251, TargetKeyId=m()["KeyId"]), (V, "InvalidAliasNameException")))
    check("an alias for an unknown key is refused", page + "TargetKeyId", err(lambda: kms.create_alias(AliasName="alias/" + name("x"), TargetKeyId=NONE), "NotFoundException"))
    moved = step(lambda: (made(), kms.update_alias(AliasName=alias, TargetKeyId=m2()["KeyId"])))
    check("UpdateAlias moves the alias to the other key", P + "UpdateAlias", eq(lambda: (moved(), meta(alias)["KeyId"])[1], lambda: m2()["KeyId"]))
    check("ListAliases has two different times for a moved alias", P + "AliasListEntry, LastUpdatedDate", lambda: (moved(), entry())[1]["LastUpdatedDate"] >= entry()["CreationDate"])
    check("ListAliases with KeyId lists only that key's aliases", P + "ListAliases, KeyId", eq(lambda: (moved(), [a["AliasName"] for a in alias_list(kms, KeyId=m2()["KeyId"])])[1], [alias]))
    check("ListAliases with the KeyId of a key without aliases is empty", P + "ListAliases, KeyId", eq(lambda: (moved(), alias_list(kms, KeyId=m()["Arn"]))[1], []))
    check("ListAliases of an unknown key is refused", P + "ListAliases, KeyId", err(lambda: kms.list_aliases(KeyId=NONE), "NotFoundException"))
    check("UpdateAlias of an unknown alias is refused", P + "UpdateAlias, AliasName", err(lambda: kms.update_alias(AliasName="alias/" + name("x"), TargetKeyId=m()["KeyId"]), "NotFoundException"))
    check("UpdateAlias to a key of another type is refused", P + "UpdateAlias, TargetKeyId", refused_anyhow(
        lambda: (moved(), kms.update_alias(AliasName=alias, TargetKeyId=new_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyId"]))[1]))
    dying = lazy(lambda: (lambda k: (kms.schedule_key_deletion(KeyId=k), k)[1])(new_key()["KeyId"]))
    check("UpdateAlias to a key that is pending deletion is refused", "KMS Developer Guide, key states, UpdateAlias", err(
        lambda: (moved(), kms.update_alias(AliasName=alias, TargetKeyId=dying())), INVALID_STATE, "is pending deletion"))
    gone = step(lambda: (moved(), kms.delete_alias(AliasName=alias)))
    check("a deleted alias is no longer found", P + "DeleteAlias", err(lambda: (gone(), meta(alias)), "NotFoundException", "is not found"))
    check("deleting an alias leaves the key", P + "DeleteAlias", eq(lambda: (gone(), meta(m2()["KeyId"])["KeyState"])[1], "Enabled"))
    check("deleting an unknown alias is refused", P + "DeleteAlias, NotFoundException", err(lambda: kms.delete_alias(AliasName="alias/" + name("x")), "NotFoundException"))


def managed():
    acct = account()
    kms, page = client("kms", acct=acct), "KMS Developer Guide, AWS managed keys, "
    names = lazy(lambda: [a["AliasName"] for a in alias_list(kms)])
    for alias in ("alias/aws/s3", "alias/aws/ebs"):
        check("ListAliases of an empty account has %s" % alias, P + "ListAliases, AWS aliases", has(names, alias))
        m = lazy(lambda: meta(alias, kms))
        check("the key of %s is managed by AWS" % alias, P + "KeyMetadata, KeyManager", eq(lambda: (m()["KeyManager"], m()["KeyState"], m()["KeySpec"], m()["Origin"]),
                                                                                        ("AWS", "Enabled", "SYMMETRIC_DEFAULT", "AWS_KMS")))
        check("the key of %s belongs to the caller's account" % alias, P + "KeyMetadata, AWSAccountId", eq(lambda: m()["AWSAccountId"], acct))
        check("ListAliases then names the same key for %s" % alias, P + "DescribeKey, KeyId", eq(
            lambda: (m(), next(a for a in alias_list(kms) if a["AliasName"] == alias).get("TargetKeyId"))[1], lambda: m()["KeyId"]))

    def sagemaker():
        try:
            return meta("alias/aws/sagemaker", kms)["KeyManager"]
        except kms.exceptions.NotFoundException:
            return "not found"
    check("alias/aws/sagemaker is unknown or names an AWS managed key", P + "KeyMetadata, KeyManager", one_of(sagemaker, "AWS", "not found"))
    k = lazy(lambda: meta("alias/aws/s3", kms)["KeyId"])
    check("an AWS managed key is rotated", P + "GetKeyRotationStatus, AWS managed keys", eq(lambda: kms.get_key_rotation_status(KeyId=k())["KeyRotationEnabled"], True))
    policy = lazy(lambda: kms.get_key_policy(KeyId=k())["Policy"])
    changes = {
        "DisableKey": lambda: kms.disable_key(KeyId=k()), "ScheduleKeyDeletion": lambda: kms.schedule_key_deletion(KeyId=k()), "DisableKeyRotation": lambda: kms.disable_key_rotation(KeyId=k()),
        "EnableKeyRotation": lambda: kms.enable_key_rotation(KeyId=k()), "PutKeyPolicy": lambda: kms.put_key_policy(KeyId=k(), PolicyName="default", Policy=policy()),
        "TagResource": lambda: kms.tag_resource(KeyId=k(), Tags=[{"TagKey": "k", "TagValue": "v"}]), "CreateAlias": lambda: kms.create_alias(AliasName="alias/" + name("x"), TargetKeyId=k()),
        "UpdateKeyDescription": lambda: kms.update_key_description(KeyId=k(), Description="x")}
    for what, call in changes.items():
        check("%s on an AWS managed key is refused" % what, page + what, refused_anyhow(lambda: (k(), policy(), call())[2]))
    check("deleting an AWS alias is refused", page + "DeleteAlias", refused_anyhow(lambda: kms.delete_alias(AliasName="alias/aws/s3")))


def listing():
    acct = account()
    kms, raw = client("kms", acct=acct), client("kms", acct=acct, raw=True)
    made = step(lambda: [new_key(kms)["KeyId"] for _ in range(3)])
    named = step(lambda: [kms.create_alias(AliasName="alias/" + name("p"), TargetKeyId=k) for k in made()])
    one = lambda: (made(), kms.list_keys(Limit=1))[1]  # noqa: E731
    check("ListKeys with Limit=1 returns one key and is truncated", P + "ListKeys, Limit", eq(lambda: (len(one()["Keys"]), one()["Truncated"], bool(one().get("NextMarker"))), (1, True, True)))
    check("following the markers lists every key once", P + "ListKeys, Marker", lambda: sorted(k for k in walk(kms) if k in made()) == sorted(made()) and len(set(walk(kms))) == len(walk(kms)))
    check("an entry of ListKeys has the key's ARN", P + "KeyListEntry, KeyArn", lambda: all(k["KeyArn"].endswith(":key/" + k["KeyId"]) for k in (made(), kms.list_keys())[1]["Keys"]))
    check("a complete list is not truncated and has no marker", P + "ListKeys, Truncated", eq(lambda: (lambda r: (r["Truncated"], "NextMarker" in r))(kms.list_keys(Limit=1000)), (False, False)))
    check("keys of another account are not listed", P + "ListKeys", lambda: not set(made()) & set(walk(client("kms", acct=account()))))
    check("ListAliases with Limit=2 returns two entries and is truncated", P + "ListAliases, Limit", eq(
        lambda: (named(), (lambda r: (len(r["Aliases"]), r["Truncated"]))(kms.list_aliases(Limit=2)))[1], (2, True)))
    check("following the markers lists every alias once", P + "ListAliases, Marker", lambda: (named(), len(alias_list(kms, Limit=2)) == len(alias_list(kms)) >= 3)[1])
    for what, call in (("ListKeys", raw.list_keys), ("ListAliases", raw.list_aliases)):
        check("%s refuses a Limit of 0" % what, P + what + ", Limit", err(lambda: call(Limit=0), V))
        check("%s refuses a Limit of 1001" % what, P + what + ", Limit", err(lambda: call(Limit=1001), V))
        check("%s refuses a marker it never gave" % what, P + what + ", InvalidMarkerException", err(lambda: call(Marker="not-a-marker"), ("InvalidMarkerException", V)))


def walk(k):
    return [x["KeyId"] for x in flat(pages(k.list_keys, "Keys", "Marker", "NextMarker", Limit=2))]


def tags():
    kms, raw, page = client("kms"), client("kms", raw=True), P + "TagResource, "
    k = lazy(lambda: new_key()["KeyId"])
    get = lambda: {t["TagKey"]: t["TagValue"] for t in kms.list_resource_tags(KeyId=k())["Tags"]}  # noqa: E731
    pair = lambda a, b: {"TagKey": a, "TagValue": b}  # noqa: E731
    check("a key without tags has an empty list", P + "ListResourceTags, Tags", eq(get, {}))
    s1 = step(lambda: (kms.tag_resource(KeyId=k(), Tags=[pair("a", "1"), pair("b", "")]), get())[1])
    check("TagResource adds tags, also with an empty value", page + "Tags", eq(s1, {"a": "1", "b": ""}))
    s2 = step(lambda: (s1(), kms.tag_resource(KeyId=k(), Tags=[pair("a", "2"), pair("A", "3")]), get())[2])
    check("TagResource overwrites a known key and keys are case-sensitive", page + "Tags", eq(s2, {"a": "2", "b": "", "A": "3"}))
    s3 = step(lambda: (s2(), kms.untag_resource(KeyId=k(), TagKeys=["a", "never"]), get())[2])
    check("UntagResource removes a key and ignores an unknown one", P + "UntagResource, TagKeys", eq(s3, {"b": "", "A": "3"}))
    check("a list of tags is not truncated when complete", P + "ListResourceTags, Truncated", eq(lambda: kms.list_resource_tags(KeyId=k())["Truncated"], False))
    check("ListResourceTags with Limit=1 is truncated", P + "ListResourceTags, Limit", eq(
        lambda: (s3(), (lambda r: (len(r["Tags"]), r["Truncated"], "NextMarker" in r))(kms.list_resource_tags(KeyId=k(), Limit=1)))[1], (1, True, True)))
    check("two tags with the same key are refused", page + "TagException", err(lambda: kms.tag_resource(KeyId=k(), Tags=[pair("z", "1"), pair("z", "2")]), ("TagException", V)))
    check("two tags with the same key are refused at creation", P + "CreateKey, Tags", err(lambda: kms.create_key(Tags=[pair("z", "1"), pair("z", "2")]), ("TagException", V)))
    check("a tag key that begins with aws: is refused", page + "TagException", err(lambda: kms.tag_resource(KeyId=k(), Tags=[pair("aws:x", "1")]), ("TagException", V)))
    check("more than 50 tags are refused", page + "LimitExceededException", err(
        lambda: kms.tag_resource(KeyId=k(), Tags=[pair("t%d" % i, "v") for i in range(51)]), ("LimitExceededException", "TagException", V)))
    check("a tag key of 129 characters is refused", P + "Tag, TagKey length", err(lambda: raw.tag_resource(KeyId=k(), Tags=[pair("k" * 129, "v")]), (V, "TagException")))
    check("a tag value of 257 characters is refused", P + "Tag, TagValue length", err(lambda: raw.tag_resource(KeyId=k(), Tags=[pair("k", "v" * 257)]), (V, "TagException")))


def policies():
    kms, page = client("kms"), P + "PutKeyPolicy, "
    root = "arn:aws:iam::123456789012:root"
    doc = lambda action, principal=root, **kw: json.dumps({"Version": "2012-10-17", "Statement": [  # noqa: E731
        dict({"Sid": "one", "Effect": "Allow", "Action": action, "Resource": "*"}, **({"Principal": {"AWS": principal}} if principal else {}), **kw)]})
    k = lazy(lambda: new_key()["KeyId"])
    default = lazy(lambda: kms.get_key_policy(KeyId=k()))
    st = lambda: json.loads(default()["Policy"])["Statement"][0]  # noqa: E731
    check("the default policy lets the account's root do everything", "KMS Developer Guide, default key policy", eq(
        lambda: (st()["Effect"], st()["Principal"], st()["Action"], st()["Resource"]), ("Allow", {"AWS": root}, "kms:*", "*")))
    check("the policy is named default", P + "GetKeyPolicy, PolicyName", eq(lambda: default().get("PolicyName"), "default"))
    check("ListKeyPolicies lists default only", P + "ListKeyPolicies, PolicyNames", eq(lambda: (lambda r: (r["PolicyNames"], r["Truncated"]))(kms.list_key_policies(KeyId=k())), (["default"], False)))
    put = step(lambda: kms.put_key_policy(KeyId=k(), PolicyName="default", Policy=doc(["kms:*"])))
    check("GetKeyPolicy returns what PutKeyPolicy was given", page + "Policy", eq(lambda: (put(), json.loads(kms.get_key_policy(KeyId=k())["Policy"]))[1], lambda: json.loads(doc(["kms:*"]))))
    check("PutKeyPolicy without a name sets the default policy", page + "PolicyName", eq(
        lambda: (kms.put_key_policy(KeyId=k(), Policy=doc("kms:*")), json.loads(kms.get_key_policy(KeyId=k(), PolicyName="default")["Policy"])["Statement"][0]["Action"])[1], "kms:*"))
    check("a policy given to CreateKey is its default policy", P + "CreateKey, Policy", eq(
        lambda: json.loads(kms.get_key_policy(KeyId=new_key(Policy=doc("kms:*"))["KeyId"])["Policy"])["Statement"][0]["Sid"], "one"))
    bad = "MalformedPolicyDocumentException"
    check("a policy that is no JSON is refused", page + bad, err(lambda: kms.put_key_policy(KeyId=k(), PolicyName="default", Policy="{oops"), bad))
    check("a policy that is no JSON is refused at creation", P + "CreateKey, " + bad, err(lambda: kms.create_key(Policy="not json"), bad))
    check("a statement without a principal is refused", page + bad, err(lambda: kms.put_key_policy(KeyId=k(), PolicyName="default", Policy=doc("kms:*", None)), bad))
    check("a policy that locks its caller out is refused", page + "BypassPolicyLockoutSafetyCheck", err(
        lambda: kms.put_key_policy(KeyId=k(), PolicyName="default", Policy=doc("kms:DescribeKey")), bad))
    check("a refused policy leaves the former one", page + "Policy", eq(lambda: (put(), json.loads(kms.get_key_policy(KeyId=k())["Policy"])["Statement"][0]["Action"] in ("kms:*", ["kms:*"]))[1], True))
    check("a policy that locks its caller out is accepted when the check is bypassed", page + "BypassPolicyLockoutSafetyCheck", accepted(
        lambda: kms.put_key_policy(KeyId=new_key()["KeyId"], PolicyName="default", Policy=doc("kms:DescribeKey"), BypassPolicyLockoutSafetyCheck=True)))
    check("another policy name is refused", page + "PolicyName", refused_anyhow(lambda: kms.put_key_policy(KeyId=k(), PolicyName="other", Policy=doc("kms:*"))))
    check("the policy of RAM cannot be set", page + "PolicyName AWS_RAM", err(lambda: kms.put_key_policy(KeyId=k(), PolicyName="AWS_RAM", Policy=doc("kms:*")), (V, "AccessDeniedException")))
    check("the policy of RAM of an unshared key is not found", P + "GetKeyPolicy, PolicyName AWS_RAM", err(lambda: kms.get_key_policy(KeyId=k(), PolicyName="AWS_RAM"), "NotFoundException"))
    check("a policy with a character beyond Latin-1 is refused", page + "Policy pattern", err(
        lambda: kms.put_key_policy(KeyId=k(), PolicyName="default", Policy=doc("kms:*").replace("one", "\u2013")), (V, bad)))


def multi_region():
    kms, west, page = client("kms"), client("kms", region="eu-west-1"), P + "ReplicateKey, "
    m = lazy(lambda: new_key(MultiRegion=True, Description="primary", Tags=[{"TagKey": "a", "TagValue": "1"}]))
    conf = lambda x: x["MultiRegionConfiguration"]  # noqa: E731
    check("the id of a multi-Region key begins with mrk-", P + "KeyMetadata, KeyId", matches(lambda: m()["KeyId"], "^mrk-[0-9a-f]{32}$"))
    check("a multi-Region key says so and is a primary", P + "KeyMetadata, MultiRegionConfiguration", eq(
        lambda: (m()["MultiRegion"], conf(m())["MultiRegionKeyType"], conf(m())["PrimaryKey"], conf(m())["ReplicaKeys"]), lambda: (True, "PRIMARY", {"Arn": m()["Arn"], "Region": "us-east-1"}, [])))
    r = step(lambda: kms.replicate_key(KeyId=m()["KeyId"], ReplicaRegion="eu-west-1", Description="replica"))
    rm = lazy(lambda: r()["ReplicaKeyMetadata"])
    check("a replica has the same key id in the other Region", page + "ReplicaKeyMetadata.Arn", eq(lambda: rm()["Arn"], lambda: m()["Arn"].replace("us-east-1", "eu-west-1")))
    check("a replica is of type REPLICA and names its primary", page + "ReplicaKeyMetadata.MultiRegionConfiguration", eq(
        lambda: (conf(rm())["MultiRegionKeyType"], conf(rm())["PrimaryKey"]["Arn"]), lambda: ("REPLICA", m()["Arn"])))
    check("a new replica is Creating or Enabled", page + "ReplicaKeyMetadata.KeyState", one_of(lambda: rm()["KeyState"], "Creating", "Enabled"))
    check("a replica becomes Enabled", page + "KeyState", eq(lambda: (r(), wait_for(lambda: meta(m()["KeyId"], west)["KeyState"] == "Enabled"))[1], True))
    check("a replica has its own description", page + "Description", eq(lambda: (r(), meta(m()["KeyId"], west)["Description"])[1], "replica"))
    check("tags of the primary are not replicated", page + "Tags", eq(lambda: (r(), west.list_resource_tags(KeyId=m()["KeyId"])["Tags"])[1], []))
    check("a replica gets the default policy", page + "ReplicaPolicy", has(lambda: r()["ReplicaPolicy"], "kms:*"))
    check("DescribeKey of the primary lists the replica", P + "MultiRegionConfiguration, ReplicaKeys", eq(
        lambda: (r(), conf(meta(m()["KeyId"]))["ReplicaKeys"])[1], lambda: [{"Arn": rm()["Arn"], "Region": "eu-west-1"}]))
    check("a second replica in the same Region is refused", page + "AlreadyExistsException", err(lambda: (r(), kms.replicate_key(KeyId=m()["KeyId"], ReplicaRegion="eu-west-1")), "AlreadyExistsException"))
    check("a replica in the primary's own Region is refused", page + "ReplicaRegion", refused_anyhow(lambda: kms.replicate_key(KeyId=m()["KeyId"], ReplicaRegion="us-east-1")))
    check("a regional key cannot be replicated", page + "UnsupportedOperationException", err(lambda: kms.replicate_key(KeyId=new_key()["KeyId"], ReplicaRegion="eu-west-1"), "UnsupportedOperationException"))
    check("a replica cannot be replicated", page + "KeyId", refused_anyhow(lambda: (r(), west.replicate_key(KeyId=m()["KeyId"], ReplicaRegion="eu-west-2"))[1]))
    check("rotation cannot be set on a replica", P + "EnableKeyRotation, UnsupportedOperationException", err(lambda: (r(), west.enable_key_rotation(KeyId=m()["KeyId"])), "UnsupportedOperationException"))
    check("rotation of the primary shows on the replica", P + "EnableKeyRotation, multi-Region keys", eq(
        lambda: (r(), kms.enable_key_rotation(KeyId=m()["KeyId"]), wait_for(lambda: west.get_key_rotation_status(KeyId=m()["KeyId"])["KeyRotationEnabled"]))[2], True))
    s = step(lambda: (r(), kms.schedule_key_deletion(KeyId=m()["KeyId"], PendingWindowInDays=7))[1])
    check("a primary with a replica becomes PendingReplicaDeletion", P + "ScheduleKeyDeletion, KeyState", eq(lambda: s()["KeyState"], "PendingReplicaDeletion"))
    check("a primary with a replica has no deletion date", P + "ScheduleKeyDeletion, DeletionDate", lacks(s, "DeletionDate"))
    check("DescribeKey then shows the window", P + "KeyMetadata, PendingDeletionWindowInDays", eq(lambda: (s(), meta(m()["KeyId"]).get("PendingDeletionWindowInDays"))[1], 7))
    check("the replica stays Enabled", P + "ScheduleKeyDeletion, multi-Region keys", eq(lambda: (s(), meta(m()["KeyId"], west)["KeyState"])[1], "Enabled"))


def last_usage():
    kms, page = client("kms"), P + "GetKeyLastUsage, "
    m = lazy(new_key)
    r = lazy(lambda: kms.get_key_last_usage(KeyId=m()["KeyId"]))
    check("a key that was never used has no last usage", page + "KeyLastUsage", eq(lambda: r().get("KeyLastUsage", {}), {}))
    check("the creation date is that of DescribeKey", page + "KeyCreationDate", eq(lambda: r()["KeyCreationDate"], lambda: m()["CreationDate"]))
    check("tracking starts no earlier than the key's creation", page + "TrackingStartDate", lambda: r()["TrackingStartDate"] >= r()["KeyCreationDate"])
    check("the reply names the key", page + "KeyId", has(lambda: r()["KeyId"], lambda: m()["KeyId"]))
    check("an unknown key is refused", page + "NotFoundException", err(lambda: kms.get_key_last_usage(KeyId=NONE), "NotFoundException"))
    alias = "alias/" + name("lu")
    check("an alias is refused", page + "KeyId", refused_anyhow(lambda: (kms.create_alias(AliasName=alias, TargetKeyId=m()["KeyId"]), kms.get_key_last_usage(KeyId=alias))[1]))


SCENARIOS = [aliases, managed, listing, tags, policies, multi_region, last_usage]
