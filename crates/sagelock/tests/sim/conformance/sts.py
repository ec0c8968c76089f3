"""STS: who am I, and AssumeRole within and across accounts."""
import datetime

from harness import ALLOW_ALL, account, check, client, eq, err, has, lazy, matches, name, step, trust

P = "STS API, AssumeRole, "
DENIED = ("AccessDenied", "AccessDeniedException")


def root(acct):
    return "arn:aws:iam::%s:root" % acct


def make_role(acct, document, **kw):
    iam, n = client("iam", acct=acct), name("role")
    arn = iam.create_role(RoleName=n, AssumeRolePolicyDocument=document, **kw)["Role"]["Arn"]
    iam.put_role_policy(RoleName=n, PolicyName="all", PolicyDocument=ALLOW_ALL)
    return arn


def assume(acct, arn, session="session-1", **kw):
    return client("sts", acct=acct).assume_role(RoleArn=arn, RoleSessionName=session, **kw)


def identity():
    a, page = account(), "STS API, GetCallerIdentity, "
    me, default = lazy(lambda: client("sts", acct=a).get_caller_identity()), lazy(lambda: client("sts").get_caller_identity())
    check("a 12-digit access key is that account", page + "Account", eq(lambda: me()["Account"], a))
    check("the caller is the account's root user", page + "Arn", eq(lambda: me()["Arn"], root(a)))
    check("the root user's id is the account id", page + "UserId", eq(lambda: me()["UserId"], a))
    check("any other access key is account 123456789012", page + "Account", eq(lambda: (default()["Account"], default()["Arn"]), ("123456789012", root("123456789012"))))
    check("the identity is the same in another Region", page + "Arn", eq(lambda: client("sts", region="eu-west-1", acct=a).get_caller_identity()["Arn"], root(a)))


def across():
    a, b, c = account(), account(), account()
    arn = lazy(lambda: make_role(b, trust(root(a)), MaxSessionDuration=43200))
    short = lambda: arn().rsplit("/", 1)[1]  # noqa: E731
    r = step(lambda: assume(a, arn(), DurationSeconds=43200))
    creds = lambda: r()["Credentials"]  # noqa: E731
    check("a trusted account may assume a role of another account", P + "Credentials", lambda: all(creds()[k] for k in ("AccessKeyId", "SecretAccessKey", "SessionToken")))
    check("a temporary access key id begins with ASIA", "IAM User Guide, unique identifiers", matches(lambda: creds()["AccessKeyId"], "^ASIA[A-Z0-9]{16}$"))
    check("the assumed role's ARN holds the role and the session", P + "AssumedRoleUser.Arn", eq(
        lambda: r()["AssumedRoleUser"]["Arn"], lambda: "arn:aws:sts::%s:assumed-role/%s/session-1" % (b, short())))
    check("the assumed role's id ends with the session name", P + "AssumedRoleUser.AssumedRoleId", matches(lambda: r()["AssumedRoleUser"]["AssumedRoleId"], "^AROA[A-Z0-9]+:session-1$"))
    check("the assumed role's id begins with the role's id", P + "AssumedRoleUser.AssumedRoleId", eq(
        lambda: r()["AssumedRoleUser"]["AssumedRoleId"].split(":")[0], lambda: client("iam", acct=b).get_role(RoleName=short())["Role"]["RoleId"]))
    who = lazy(lambda: client("sts", creds=creds()).get_caller_identity())
    check("the temporary credentials act in the role's account", "STS API, GetCallerIdentity, Account", eq(lambda: who()["Account"], b))
    check("the temporary credentials act as the assumed role", "STS API, GetCallerIdentity, Arn", eq(lambda: who()["Arn"], lambda: r()["AssumedRoleUser"]["Arn"]))
    check("the caller's UserId is the assumed role's id", "STS API, GetCallerIdentity, UserId", eq(lambda: who()["UserId"], lambda: r()["AssumedRoleUser"]["AssumedRoleId"]))
    key = lazy(lambda: client("kms", creds=creds()).create_key()["KeyMetadata"])
    check("a key made with the credentials belongs to the role's account", "KMS API, KeyMetadata, AWSAccountId", eq(lambda: key()["AWSAccountId"], b))
    check("the role's account sees that key", "KMS API, ListKeys", has(
        lambda: [k["KeyId"] for p in client("kms", acct=b).get_paginator("list_keys").paginate() for k in p["Keys"]] if key() else [], lambda: key()["KeyId"]))
    check("the calling account does not see that key", "KMS API, ListKeys", lambda: key()["KeyId"] not in [
        k["KeyId"] for p in client("kms", acct=a).get_paginator("list_keys").paginate() for k in p["Keys"]])
    check("an account that the role does not trust is refused", P + "RoleArn", err(lambda: assume(c, arn()), DENIED, r"not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::%s:role/" % b))
    check("a role that does not exist is refused", P + "RoleArn", err(
        lambda: assume(a, "arn:aws:iam::%s:role/no-such-role" % b), DENIED, "not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::%s:role/no-such-role" % b))
    check("the refusal has HTTP status 403", P + "AccessDenied", err(lambda: assume(a, "arn:aws:iam::%s:role/no-such-role" % b), DENIED, status=403))
    check("a role that only a service may assume is refused", P + "RoleArn", err(lambda: assume(a, make_role(b, trust(service="sagemaker.amazonaws.com"))), DENIED))
    check("a role of the caller's own account may be assumed when it trusts the account", P + "RoleArn", eq(
        lambda: assume(b, make_role(b, trust(root(b))))["AssumedRoleUser"]["Arn"].split(":")[4], b))
    ext = lazy(lambda: make_role(b, trust(root(a), condition={"StringEquals": {"sts:ExternalId": "secret-id"}})))
    check("a role that asks for an external id is refused without it", P + "ExternalId", err(lambda: assume(a, ext()), DENIED))
    check("a role that asks for an external id is refused with another", P + "ExternalId", err(lambda: assume(a, ext(), ExternalId="other-id"), DENIED))
    check("a role that asks for an external id is given with it", P + "ExternalId", lambda: bool(assume(a, ext(), ExternalId="secret-id")["Credentials"]["AccessKeyId"]))


def parameters():
    a, b = account(), account()
    arn = lazy(lambda: make_role(b, trust(root(a))))
    invalid = ("ValidationError", "ValidationException")
    raw = client("sts", acct=a, raw=True)
    span = lambda seconds: (assume(a, arn(), "x1", DurationSeconds=seconds)["Credentials"]["Expiration"])  # noqa: E731
    check("a longer duration expires later by the difference", P + "DurationSeconds", lambda: datetime.timedelta(
        minutes=30) < span(3600) - span(900) < datetime.timedelta(hours=2))
    for seconds in (899, 43201):
        check("a duration of %d seconds is refused" % seconds, P + "DurationSeconds", err(
            lambda: raw.assume_role(RoleArn=arn(), RoleSessionName="session", DurationSeconds=seconds), invalid))
    check("a duration over the role's MaxSessionDuration is refused", P + "DurationSeconds", err(lambda: span(7200), invalid, "MaxSessionDuration"))
    check("a duration up to the role's MaxSessionDuration is given", P + "DurationSeconds", lambda: bool(
        assume(a, make_role(b, trust(root(a)), MaxSessionDuration=7200), DurationSeconds=7200)["Credentials"]))
    check("a session name of one character is refused", P + "RoleSessionName length", err(lambda: raw.assume_role(RoleArn=arn(), RoleSessionName="s"), invalid))
    check("a session name of 65 characters is refused", P + "RoleSessionName length", err(lambda: raw.assume_role(RoleArn=arn(), RoleSessionName="s" * 65), invalid))
    check("a session name with a space is refused", P + "RoleSessionName pattern", err(lambda: raw.assume_role(RoleArn=arn(), RoleSessionName="a b"), invalid))
    check("a missing session name is refused", P + "RoleSessionName required", err(lambda: raw.assume_role(RoleArn=arn()), invalid + ("MissingParameter",)))


SCENARIOS = [identity, across, parameters]
