"""KMS: grants as storage."""
import json

from harness import check, client, eq, err, flat, has, lacks, lazy, matches, name, pages, step, trust
from kms import NONE, P, new_key

ROOT = "arn:aws:iam::123456789012:root"


def role():
    n = name("grantee")
    return client("iam").create_role(RoleName=n, AssumeRolePolicyDocument=trust(ROOT))["Role"]["Arn"]


def grants():
    kms, raw, page = client("kms"), client("kms", raw=True), P + "CreateGrant, "
    k, a, b = lazy(new_key), step(role), step(role)
    kid = lambda: k()["KeyId"]  # noqa: E731
    make = lambda key=None, **kw: kms.create_grant(KeyId=key or kid(), **{"GranteePrincipal": a(), "Operations": ["Decrypt", "DescribeKey"], **kw})  # noqa: E731
    entries = lambda key=None, **kw: flat(pages(kms.list_grants, "Grants", "Marker", "NextMarker", KeyId=key or kid(), **kw))  # noqa: E731
    context = {"EncryptionContextSubset": {"tenant": "red", "stage": "prod"}}
    label = name("g")
    g = step(lambda: make(Name=label, Constraints=context, RetiringPrincipal=b()))
    e = lazy(lambda: next(x for x in entries() if x["GrantId"] == g()["GrantId"]))
    check("CreateGrant returns an id and a token", page + "GrantToken", lambda: bool(g()["GrantId"]) and bool(g()["GrantToken"]) and g()["GrantId"] != g()["GrantToken"])
    check("a grant id is 64 hexadecimal digits", page + "GrantId", matches(lambda: g()["GrantId"], "^[0-9a-f]{64}$"))
    for field, want in (("Name", label), ("GranteePrincipal", a), ("RetiringPrincipal", b), ("Constraints", context), ("IssuingAccount", ROOT)):
        check("ListGrants shows %s of the grant" % field, P + "GrantListEntry, " + field, eq(lambda: e()[field], want))
    check("ListGrants shows the operations of the grant", P + "GrantListEntry, Operations", eq(lambda: sorted(e()["Operations"]), ["Decrypt", "DescribeKey"]))
    check("ListGrants shows the key ARN", P + "GrantListEntry, KeyId", eq(lambda: e()["KeyId"], lambda: k()["Arn"]))
    check("ListGrants shows the creation date, not before that of the key", P + "GrantListEntry, CreationDate", lambda: e()["CreationDate"] >= k()["CreationDate"])
    check("ListGrants does not show the token", P + "GrantListEntry", lacks(e, "GrantToken"))
    g2 = step(lambda: make(GranteePrincipal=b(), Constraints={"EncryptionContextEquals": {"x": "y"}}))
    check("a grant without name has no Name or an empty one", P + "GrantListEntry, Name", lambda: (not next(x for x in entries() if x["GrantId"] == g2()["GrantId"]).get("Name")))
    check("EncryptionContextEquals comes back as given", P + "GrantConstraints, EncryptionContextEquals",
          eq(lambda: next(x for x in entries() if x["GrantId"] == g2()["GrantId"])["Constraints"], {"EncryptionContextEquals": {"x": "y"}}))
    check("ListGrants with GrantId returns that grant only", P + "ListGrants, GrantId", eq(lambda: [x["GrantId"] for x in entries(GrantId=g()["GrantId"])], lambda: [g()["GrantId"]]))
    check("ListGrants with GranteePrincipal returns that principal's grants only", P + "ListGrants, GranteePrincipal", eq(
        lambda: (g(), [x["GrantId"] for x in entries(GranteePrincipal=b())])[1], lambda: [g2()["GrantId"]]))
    check("ListGrants takes the key ARN", P + "ListGrants, KeyId", has(lambda: [x["GrantId"] for x in entries(k()["Arn"])], lambda: g()["GrantId"]))
    check("the same named request again returns the same grant", page + "Name", eq(
        lambda: make(Name=label, Constraints=context, RetiringPrincipal=b())["GrantId"], lambda: g()["GrantId"]))
    k2 = lazy(lambda: new_key()["KeyId"])
    twice = step(lambda: [make(k2())["GrantId"], make(k2())["GrantId"], make(k2())["GrantId"]])
    check("the same request without a name makes a new grant each time", page + "Name", eq(lambda: (len(set(twice())), len(entries(k2()))), (3, 3)))
    lim = lambda: (twice(), kms.list_grants(KeyId=k2(), Limit=2))[1]  # noqa: E731
    check("ListGrants with Limit=2 is truncated and has a marker", P + "ListGrants, Limit", eq(lambda: (len(lim()["Grants"]), lim()["Truncated"], "NextMarker" in lim()), (2, True, True)))
    check("following the markers lists every grant once", P + "ListGrants, Marker", eq(lambda: sorted(x["GrantId"] for x in (twice(), entries(k2(), Limit=1))[1]), lambda: sorted(twice())))
    check("ListGrants refuses a marker it never gave", P + "ListGrants, InvalidMarkerException", err(
        lambda: kms.list_grants(KeyId=kid(), Marker="not-a-marker"), ("InvalidMarkerException", "ValidationException")))
    check("ListGrants of a key without grants is empty", P + "ListGrants, Grants", eq(lambda: (lambda r: (r["Grants"], r["Truncated"]))(kms.list_grants(KeyId=new_key()["KeyId"])), ([], False)))
    bad = "ValidationException"
    check("an operation that the key does not support is refused", page + "Operations", err(lambda: make(Operations=["Sign"]), bad))
    check("an unknown operation is refused", page + "Operations", err(lambda: raw.create_grant(KeyId=kid(), GranteePrincipal=a(), Operations=["Fly"]), bad))
    check("a grant without a grantee is refused", page + "GranteePrincipal", err(lambda: raw.create_grant(KeyId=kid(), Operations=["Decrypt"]), bad))
    check("a grant name with a space is refused", page + "Name pattern", err(lambda: make(Name="a b"), bad))
    check("an encryption context constraint on an RSA key is refused", P + "GrantConstraints", err(
        lambda: make(new_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyId"], Operations=["Decrypt"], Constraints=context), bad))
    check("a grant on an unknown key is refused", page + "NotFoundException", err(lambda: make(NONE), "NotFoundException"))


def removal():
    kms = client("kms")
    k, a, b = lazy(new_key), step(role), step(role)
    make = lambda **kw: kms.create_grant(KeyId=k()["KeyId"], **{"GranteePrincipal": a(), "Operations": ["Decrypt"], "RetiringPrincipal": b(), **kw})  # noqa: E731
    ids = lambda: [x["GrantId"] for x in kms.list_grants(KeyId=k()["KeyId"])["Grants"]]  # noqa: E731
    gone = lambda gid: eq(lambda: gid() in ids(), False)  # noqa: E731
    g = [lazy(make) for _ in range(5)]
    first = step(lambda: (g[0](), kms.revoke_grant(KeyId=k()["KeyId"], GrantId=g[0]()["GrantId"]))[0]["GrantId"])
    check("a revoked grant is no longer listed", P + "RevokeGrant", gone(first))
    second = step(lambda: (g[1](), kms.retire_grant(GrantToken=g[1]()["GrantToken"]))[0]["GrantId"])
    check("a grant retired by its token is no longer listed", P + "RetireGrant, GrantToken", gone(second))
    third = step(lambda: (g[2](), kms.retire_grant(KeyId=k()["Arn"], GrantId=g[2]()["GrantId"]))[0]["GrantId"])
    check("a grant retired by key and id is no longer listed", P + "RetireGrant, GrantId", gone(third))
    check("revoking an unknown grant is refused", P + "RevokeGrant, GrantId", err(lambda: kms.revoke_grant(KeyId=k()["KeyId"], GrantId="0" * 64), ("NotFoundException", "InvalidGrantIdException")))
    check("revoking a grant twice is refused", P + "RevokeGrant, GrantId", err(
        lambda: kms.revoke_grant(KeyId=k()["KeyId"], GrantId=first()), ("NotFoundException", "InvalidGrantIdException")))
    check("retiring with an invalid token is refused", P + "RetireGrant, InvalidGrantTokenException", err(
        lambda: kms.retire_grant(GrantToken="nonsense"), ("InvalidGrantTokenException", "NotFoundException", "ValidationException")))
    retirable = lambda p: [x["GrantId"] for x in flat(pages(kms.list_retirable_grants, "Grants", "Marker", "NextMarker", RetiringPrincipal=p))]  # noqa: E731
    check("ListRetirableGrants lists the grants of that retiring principal", P + "ListRetirableGrants, RetiringPrincipal", eq(
        lambda: (g[3](), retirable(b()))[1], lambda: [g[3]()["GrantId"]]))
    check("ListRetirableGrants of another principal does not list them", P + "ListRetirableGrants, RetiringPrincipal", eq(lambda: (g[3](), retirable(a()))[1], []))
    check("a dry run of CreateGrant reports that it would have succeeded", P + "CreateGrant, DryRun", err(lambda: make(DryRun=True), "DryRunOperationException"))
    n = lazy(lambda: (g[4](), len(ids()))[1])
    check("a dry run of CreateGrant makes no grant", P + "CreateGrant, DryRun", eq(lambda: (n(), swallow(lambda: make(DryRun=True)), len(ids()))[2], n))
    check("a dry run of RevokeGrant reports that it would have succeeded", P + "RevokeGrant, DryRun", err(
        lambda: kms.revoke_grant(KeyId=k()["KeyId"], GrantId=g[4]()["GrantId"], DryRun=True), "DryRunOperationException"))
    check("a dry run of RetireGrant reports that it would have succeeded", P + "RetireGrant, DryRun", err(
        lambda: kms.retire_grant(KeyId=k()["Arn"], GrantId=g[4]()["GrantId"], DryRun=True), "DryRunOperationException"))
    check("a dry run removes no grant", P + "RevokeGrant, DryRun", has(ids, lambda: g[4]()["GrantId"]))
    check("a grant does not change the key policy", P + "CreateGrant", eq(
        lambda: len(json.loads(kms.get_key_policy(KeyId=k()["KeyId"])["Policy"])["Statement"]), 1))


def swallow(call):
    try:
        call()
    except Exception:  # noqa: BLE001
        pass


SCENARIOS = [grants, removal]
