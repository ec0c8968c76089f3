"""IAM: roles and policies as storage, account authorization details, simulation."""
import json

import harness
from harness import ALLOW_ALL, account, check, client, eq, err, flat, has, lacks, lazy, matches, name, step, trust

P = "IAM API, "
_a = account()
ROOT = "arn:aws:iam::%s:root" % _a


def doc(action="s3:GetObject", effect="Allow"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]})


def role(iam, **kw):
    n = name("role")
    kw.setdefault("AssumeRolePolicyDocument", trust(ROOT))
    return iam.create_role(RoleName=n, **kw)["Role"]


def listed(call, key, **kw):
    """Follow Marker by hand."""
    out, marker = [], {}
    for _ in range(300):
        r = call(**kw, **marker)
        out += r[key]
        if not r["IsTruncated"]:
            return out
        marker = {"Marker": r["Marker"]}
    raise AssertionError("paging did not end")


def raw_body(op):
    return harness.LAST[("iam", op)][1].decode()


def roles():
    iam = client("iam", acct=_a)
    r = step(lambda: role(iam, Path="/team/", Description="d", MaxSessionDuration=7200, Tags=[{"Key": "a", "Value": "1"}]))
    n = lambda: r()["RoleName"]  # noqa: E731
    got = lazy(lambda: iam.get_role(RoleName=n())["Role"])
    check("the role ARN holds account, path and name", P + "Role, Arn", eq(lambda: r()["Arn"], lambda: "arn:aws:iam::%s:role/team/%s" % (_a, n())))
    check("a role id begins with AROA", P + "Role, RoleId", matches(lambda: r()["RoleId"], "^AROA[A-Z0-9]{12,}$"))
    for field, want in (("Path", "/team/"), ("Description", "d"), ("MaxSessionDuration", 7200), ("Tags", [{"Key": "a", "Value": "1"}])):
        check("GetRole shows %s" % field, P + "Role, " + field, eq(lambda: got()[field], want))
    check("GetRole shows the trust policy", P + "Role, AssumeRolePolicyDocument", eq(lambda: got()["AssumeRolePolicyDocument"], json.loads(trust(ROOT))))
    check("the trust policy is URL-encoded in the reply", P + "GetRole, AssumeRolePolicyDocument encoding", matches(lambda: (got(), raw_body("GetRole"))[1], "<AssumeRolePolicyDocument>%7B"))
    check("MaxSessionDuration defaults to 3600 and the path to /", P + "CreateRole", eq(lambda: (lambda x: (x["MaxSessionDuration"], x["Path"]))(
        iam.get_role(RoleName=role(iam)["RoleName"])["Role"]), (3600, "/")))
    check("a second role of the same name is refused with HTTP 409", P + "CreateRole, EntityAlreadyExists", err(
        lambda: iam.create_role(RoleName=n(), AssumeRolePolicyDocument=trust(ROOT)), "EntityAlreadyExists", status=409))
    check("role names are compared without case", P + "CreateRole, RoleName", err(lambda: iam.create_role(RoleName=n().upper(), AssumeRolePolicyDocument=trust(ROOT)), "EntityAlreadyExists"))
    check("an unknown role is reported with HTTP 404", P + "GetRole, NoSuchEntity", err(lambda: iam.get_role(RoleName="no-such-role"), "NoSuchEntity", "no-such-role", 404))
    check("a trust policy that is no JSON is refused", P + "CreateRole, MalformedPolicyDocument", err(lambda: role(iam, AssumeRolePolicyDocument="{oops"), "MalformedPolicyDocument"))
    check("a session duration of 3599 is refused", P + "CreateRole, MaxSessionDuration", err(lambda: role(client("iam", acct=_a, raw=True), MaxSessionDuration=3599), "ValidationError"))
    check("a role name with a space is refused", P + "CreateRole, RoleName pattern", err(lambda: iam.create_role(RoleName="a b", AssumeRolePolicyDocument=trust(ROOT)), "ValidationError"))
    check("roles are global: another Region's client sees them", P + "GetRole", eq(lambda: client("iam", region="eu-west-1", acct=_a).get_role(RoleName=n())["Role"]["Arn"], lambda: r()["Arn"]))
    check("a role of one account is unknown in another", P + "GetRole, NoSuchEntity", err(lambda: client("iam", acct=account()).get_role(RoleName=n()), "NoSuchEntity"))
    check("ListRoles lists the role", P + "ListRoles, Roles", has(lambda: [x["RoleName"] for x in listed(iam.list_roles, "Roles")], n))
    check("ListRoles with PathPrefix lists only that path", P + "ListRoles, PathPrefix", eq(lambda: (r(), {x["Path"] for x in listed(iam.list_roles, "Roles", PathPrefix="/team/")})[1], {"/team/"}))
    check("ListRoles with MaxItems=1 is truncated and has a marker", P + "ListRoles, MaxItems", eq(
        lambda: (got(), (lambda x: (len(x["Roles"]), x["IsTruncated"], "Marker" in x))(iam.list_roles(MaxItems=1)))[1], (1, True, True)))
    check("following the markers lists every role once", P + "ListRoles, Marker", lambda: sorted(x["RoleName"] for x in listed(iam.list_roles, "Roles", MaxItems=1)) == sorted(x["RoleName"] for x in listed(iam.list_roles, "Roles")))
    changed = step(lambda: (got(), iam.update_assume_role_policy(RoleName=n(), PolicyDocument=trust(service="sagemaker.amazonaws.com"))))
    check("UpdateAssumeRolePolicy replaces the trust policy", P + "UpdateAssumeRolePolicy", eq(
        lambda: (changed(), iam.get_role(RoleName=n())["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"])[1], {"Service": "sagemaker.amazonaws.com"}))
    tagged = step(lambda: (iam.tag_role(RoleName=n(), Tags=[{"Key": "b", "Value": "2"}]), iam.untag_role(RoleName=n(), TagKeys=["a"])))
    check("TagRole and UntagRole show in ListRoleTags", P + "ListRoleTags, Tags", eq(lambda: (tagged(), iam.list_role_tags(RoleName=n())["Tags"])[1], [{"Key": "b", "Value": "2"}]))
    pol = step(lambda: iam.put_role_policy(RoleName=n(), PolicyName="inline", PolicyDocument=doc()))
    check("a role with a policy cannot be deleted", P + "DeleteRole, DeleteConflict", err(lambda: (pol(), iam.delete_role(RoleName=n())), "DeleteConflict", status=409))
    gone = step(lambda: (pol(), iam.delete_role_policy(RoleName=n(), PolicyName="inline"), iam.delete_role(RoleName=n())))
    check("a deleted role is no longer found", P + "DeleteRole", err(lambda: (gone(), iam.get_role(RoleName=n())), "NoSuchEntity"))


def inline():
    iam = client("iam", acct=_a)
    n = lazy(lambda: role(iam)["RoleName"])
    put = step(lambda: iam.put_role_policy(RoleName=n(), PolicyName="one", PolicyDocument=doc()))
    got = lazy(lambda: (put(), iam.get_role_policy(RoleName=n(), PolicyName="one"))[1])
    check("GetRolePolicy returns the document", P + "GetRolePolicy, PolicyDocument", eq(lambda: got()["PolicyDocument"], json.loads(doc())))
    check("the document is URL-encoded in the reply", P + "GetRolePolicy, PolicyDocument encoding", matches(lambda: (got(), raw_body("GetRolePolicy"))[1], "<PolicyDocument>%7B"))
    check("GetRolePolicy names role and policy", P + "GetRolePolicy", eq(lambda: (got()["RoleName"], got()["PolicyName"]), lambda: (n(), "one")))
    check("ListRolePolicies lists the policy", P + "ListRolePolicies, PolicyNames", eq(lambda: (put(), iam.list_role_policies(RoleName=n())["PolicyNames"])[1], ["one"]))
    check("PutRolePolicy overwrites", P + "PutRolePolicy", eq(lambda: (got(), iam.put_role_policy(RoleName=n(), PolicyName="one", PolicyDocument=doc("ec2:*")), iam.get_role_policy(
        RoleName=n(), PolicyName="one")["PolicyDocument"]["Statement"][0]["Action"])[2], "ec2:*"))
    check("an unknown inline policy is reported", P + "GetRolePolicy, NoSuchEntity", err(lambda: iam.get_role_policy(RoleName=n(), PolicyName="two"), "NoSuchEntity"))
    check("a policy that is no JSON is refused", P + "PutRolePolicy, MalformedPolicyDocument", err(lambda: iam.put_role_policy(RoleName=n(), PolicyName="bad", PolicyDocument="{oops"), "MalformedPolicyDocument"))
    check("a policy of an unknown role is refused", P + "PutRolePolicy, NoSuchEntity", err(lambda: iam.put_role_policy(RoleName="no-such-role", PolicyName="x", PolicyDocument=doc()), "NoSuchEntity"))
    gone = step(lambda: iam.delete_role_policy(RoleName=n(), PolicyName="one"))
    check("a deleted inline policy is no longer listed", P + "DeleteRolePolicy", eq(lambda: (gone(), iam.list_role_policies(RoleName=n())["PolicyNames"])[1], []))
    check("deleting an unknown inline policy is refused", P + "DeleteRolePolicy, NoSuchEntity", err(lambda: (gone(), iam.delete_role_policy(RoleName=n(), PolicyName="one")), "NoSuchEntity"))


def managed():
    iam, label = client("iam", acct=_a), name("pol")
    n = lazy(lambda: role(iam)["RoleName"])
    p = step(lambda: iam.create_policy(PolicyName=label, PolicyDocument=doc(), Description="d", Path="/team/")["Policy"])
    arn = lambda: p()["Arn"]  # noqa: E731
    get = lambda: iam.get_policy(PolicyArn=arn())["Policy"]  # noqa: E731
    check("the policy ARN holds account, path and name", P + "Policy, Arn", eq(arn, "arn:aws:iam::%s:policy/team/%s" % (_a, label)))
    check("a policy id begins with ANPA", P + "Policy, PolicyId", matches(lambda: p()["PolicyId"], "^ANPA[A-Z0-9]{12,}$"))
    check("a new policy has version v1 and no attachments", P + "Policy, DefaultVersionId", eq(lambda: (p()["DefaultVersionId"], p()["AttachmentCount"], p()["IsAttachable"]), ("v1", 0, True)))
    ver = lazy(lambda: iam.get_policy_version(PolicyArn=arn(), VersionId="v1")["PolicyVersion"])
    check("GetPolicyVersion returns the document", P + "GetPolicyVersion, Document", eq(lambda: (ver()["Document"], ver()["IsDefaultVersion"]), (json.loads(doc()), True)))
    check("the version's document is URL-encoded in the reply", P + "GetPolicyVersion, Document encoding", matches(lambda: (ver(), raw_body("GetPolicyVersion"))[1], "<Document>%7B"))
    check("a second policy of the same name is refused", P + "CreatePolicy, EntityAlreadyExists", err(lambda: (p(), iam.create_policy(PolicyName=label, PolicyDocument=doc(), Path="/team/")), "EntityAlreadyExists"))
    check("a policy that is no JSON is refused", P + "CreatePolicy, MalformedPolicyDocument", err(lambda: iam.create_policy(PolicyName=name("bad"), PolicyDocument="{oops"), "MalformedPolicyDocument"))
    check("an unknown policy is reported", P + "GetPolicy, NoSuchEntity", err(lambda: iam.get_policy(PolicyArn="arn:aws:iam::%s:policy/none" % _a), "NoSuchEntity"))
    att = step(lambda: iam.attach_role_policy(RoleName=n(), PolicyArn=arn()))
    check("an attached policy is in ListAttachedRolePolicies", P + "ListAttachedRolePolicies", eq(
        lambda: (att(), iam.list_attached_role_policies(RoleName=n())["AttachedPolicies"])[1], lambda: [{"PolicyName": label, "PolicyArn": arn()}]))
    check("an attachment counts", P + "Policy, AttachmentCount", eq(lambda: (att(), get()["AttachmentCount"])[1], 1))
    check("attaching twice is allowed and counts once", P + "AttachRolePolicy", eq(lambda: (att(), iam.attach_role_policy(RoleName=n(), PolicyArn=arn()), get()["AttachmentCount"])[2], 1))
    check("ListEntitiesForPolicy lists the role", P + "ListEntitiesForPolicy, PolicyRoles", eq(lambda: (att(), [x["RoleName"] for x in iam.list_entities_for_policy(PolicyArn=arn())["PolicyRoles"]])[1], lambda: [n()]))
    check("an attached policy cannot be deleted", P + "DeletePolicy, DeleteConflict", err(lambda: (att(), iam.delete_policy(PolicyArn=arn())), "DeleteConflict"))
    check("a role with an attached policy cannot be deleted", P + "DeleteRole, DeleteConflict", err(lambda: (att(), iam.delete_role(RoleName=n())), "DeleteConflict"))
    check("attaching an unknown policy is refused", P + "AttachRolePolicy, NoSuchEntity", err(lambda: iam.attach_role_policy(RoleName=n(), PolicyArn="arn:aws:iam::%s:policy/none" % _a), "NoSuchEntity"))
    check("ListPolicies of the account lists the policy", P + "ListPolicies, Scope", has(lambda: (p(), [x["Arn"] for x in listed(iam.list_policies, "Policies", Scope="Local")])[1], arn))
    off = step(lambda: (att(), iam.detach_role_policy(RoleName=n(), PolicyArn=arn())))
    check("a detached policy is no longer listed", P + "DetachRolePolicy", eq(lambda: (off(), iam.list_attached_role_policies(RoleName=n())["AttachedPolicies"])[1], []))
    check("detaching it again is refused", P + "DetachRolePolicy, NoSuchEntity", err(lambda: (off(), iam.detach_role_policy(RoleName=n(), PolicyArn=arn())), "NoSuchEntity"))


def details():
    a, page = account(), P + "GetAccountAuthorizationDetails, "
    iam = client("iam", acct=a)
    label = name("gaad")

    def build():
        r = iam.create_role(RoleName=label, AssumeRolePolicyDocument=trust("arn:aws:iam::%s:root" % a))["Role"]
        iam.put_role_policy(RoleName=label, PolicyName="in", PolicyDocument=doc())
        p = iam.create_policy(PolicyName=label, PolicyDocument=doc("ec2:*"))["Policy"]
        iam.attach_role_policy(RoleName=label, PolicyArn=p["Arn"])
        iam.create_role(RoleName=label + "-2", AssumeRolePolicyDocument=trust("arn:aws:iam::%s:root" % a))
        return r, p
    made = step(build)
    every = lambda key, **kw: (made(), listed(iam.get_account_authorization_details, key, **kw))[1]  # noqa: E731
    r = lazy(lambda: next(x for x in every("RoleDetailList", Filter=["Role"]) if x["RoleName"] == label))
    check("the details show the role's ARN and id", page + "RoleDetail", eq(lambda: (r()["Arn"], r()["RoleId"]), lambda: (made()[0]["Arn"], made()[0]["RoleId"])))
    check("the details show the trust policy", page + "RoleDetail.AssumeRolePolicyDocument", eq(lambda: r()["AssumeRolePolicyDocument"], json.loads(trust("arn:aws:iam::%s:root" % a))))
    check("the details show the inline policy with its document", page + "RoleDetail.RolePolicyList", eq(lambda: [(x["PolicyName"], x["PolicyDocument"]) for x in r()["RolePolicyList"]], [("in", json.loads(doc()))]))
    check("the details show the attached policy", page + "RoleDetail.AttachedManagedPolicies", eq(lambda: r()["AttachedManagedPolicies"], lambda: [{"PolicyName": label, "PolicyArn": made()[1]["Arn"]}]))
    check("documents are URL-encoded in the reply", page + "document encoding", matches(lambda: (r(), raw_body("GetAccountAuthorizationDetails"))[1], "<AssumeRolePolicyDocument>%7B"))
    p = lazy(lambda: next(x for x in every("Policies", Filter=["LocalManagedPolicy"]) if x["PolicyName"] == label))
    check("the details show the managed policy with its document", page + "ManagedPolicyDetail.PolicyVersionList", eq(
        lambda: [(x["VersionId"], x["IsDefaultVersion"], x["Document"]) for x in p()["PolicyVersionList"]], [("v1", True, json.loads(doc("ec2:*")))]))
    check("the filter Role returns no policies and no users", page + "Filter", eq(lambda: (lambda x: (x.get("Policies") or [], x.get("UserDetailList") or []))((made(), iam.get_account_authorization_details(Filter=["Role"]))[1]), ([], [])))
    check("MaxItems=1 truncates and gives a marker", page + "MaxItems", eq(
        lambda: (made(), (lambda x: (len(x["RoleDetailList"]), x["IsTruncated"], "Marker" in x))(iam.get_account_authorization_details(Filter=["Role"], MaxItems=1)))[1], (1, True, True)))
    check("following the markers lists every role once", page + "Marker", eq(lambda: sorted(x["RoleName"] for x in every("RoleDetailList", Filter=["Role"], MaxItems=1)),
                                                                         lambda: sorted(x["RoleName"] for x in every("RoleDetailList", Filter=["Role"]))))
    check("a complete reply has no marker", page + "IsTruncated", lacks(lambda: (made(), iam.get_account_authorization_details(Filter=["LocalManagedPolicy"]))[1], "Marker"))


SCENARIOS = [roles, inline, managed, details]
