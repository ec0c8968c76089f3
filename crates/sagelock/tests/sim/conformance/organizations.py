"""Organizations: organization, accounts, OUs, service control policies."""
import json

from harness import account, check, client, eq, err, flat, has, lacks, lazy, matches, name, one_of, pages, step, wait_for

P = "Organizations API, "
SCP = "SERVICE_CONTROL_POLICY"
_mgmt = account()
_org = lazy(lambda: client("organizations", acct=_mgmt))
_created = lazy(lambda: _org().create_organization(FeatureSet="ALL")["Organization"])
_root = lazy(lambda: (_created(), _org().list_roots()["Roots"][0])[1])


def finish(request_id):
    got = wait_for(lambda: (lambda s: s if s["State"] != "IN_PROGRESS" else None)(
        _org().describe_create_account_status(CreateAccountRequestId=request_id)["CreateAccountStatus"]))
    if not got:
        raise AssertionError("the account request is still in progress")
    return got


def mail(stem):
    return "%s@example.com" % name(stem)


def make_account(**kw):
    _created()
    request = _org().create_account(Email=mail("acct"), AccountName=name("acct"), **kw)["CreateAccountStatus"]
    got = finish(request["Id"])
    if got["State"] != "SUCCEEDED":
        raise AssertionError("CreateAccount ended as %r" % got)
    return got["AccountId"]


_member = lazy(make_account)


def every(method, key, **kw):
    _created()
    return flat(pages(getattr(_org(), method), key, "NextToken", "NextToken", **kw))


def organization():
    org = _org()
    check("an account without an organization is told so", P + "DescribeOrganization, AWSOrganizationsNotInUseException", err(
        lambda: client("organizations", acct=account()).describe_organization(), "AWSOrganizationsNotInUseException"))
    check("ListAccounts without an organization is refused", P + "ListAccounts, AWSOrganizationsNotInUseException", err(
        lambda: client("organizations", acct=account()).list_accounts(), "AWSOrganizationsNotInUseException"))
    check("the caller's account becomes the management account", P + "Organization, MasterAccountId", eq(lambda: _created()["MasterAccountId"], _mgmt))
    check("an organization id begins with o-", P + "Organization, Id", matches(lambda: _created()["Id"], "^o-[a-z0-9]{10,32}$"))
    check("an organization has all features by default", P + "CreateOrganization, FeatureSet", eq(lambda: _created()["FeatureSet"], "ALL"))
    check("the ARN holds the management account and the id", P + "Organization, Arn", eq(
        lambda: _created()["Arn"], lambda: "arn:aws:organizations::%s:organization/%s" % (_mgmt, _created()["Id"])))
    check("DescribeOrganization gives the same organization", P + "DescribeOrganization, Organization", eq(lambda: (_created(), org.describe_organization()["Organization"]["Id"])[1], lambda: _created()["Id"]))
    check("a second organization of the same account is refused", P + "CreateOrganization, AlreadyInOrganizationException", err(
        lambda: (_created(), org.create_organization()), "AlreadyInOrganizationException"))
    check("there is one root, named Root", P + "ListRoots, Roots", eq(lambda: [r["Name"] for r in every("list_roots", "Roots")], ["Root"]))
    check("a root id begins with r-", P + "Root, Id", matches(lambda: _root()["Id"], "^r-[0-9a-z]{4,32}$"))
    check("service control policies are enabled in a new root", P + "CreateOrganization, FeatureSet ALL", has(lambda: _root()["PolicyTypes"], {"Type": SCP, "Status": "ENABLED"}))
    check("enabling a policy type that is enabled is refused", P + "EnablePolicyType, PolicyTypeAlreadyEnabledException", err(
        lambda: org.enable_policy_type(RootId=_root()["Id"], PolicyType=SCP), "PolicyTypeAlreadyEnabledException"))


def accounts():
    org, raw = _org(), client("organizations", acct=_mgmt, raw=True)
    address, label = mail("first"), name("first")
    req = step(lambda: (_created(), org.create_account(Email=address, AccountName=label)["CreateAccountStatus"])[1])
    done = step(lambda: finish(req()["Id"]))
    check("CreateAccount returns a request that is under way", P + "CreateAccountStatus, State", one_of(lambda: req()["State"], "IN_PROGRESS", "SUCCEEDED"))
    check("a request id begins with car-", P + "CreateAccountStatus, Id", matches(lambda: req()["Id"], "^car-[a-z0-9]{8,32}$"))
    check("the request succeeds with an account id", P + "DescribeCreateAccountStatus, AccountId", matches(lambda: done()["State"] + done()["AccountId"], r"^SUCCEEDED\d{12}$"))
    check("the finished request has a completion time not before its start", P + "CreateAccountStatus, CompletedTimestamp", lambda: done()["CompletedTimestamp"] >= done()["RequestedTimestamp"])
    desc = lazy(lambda: org.describe_account(AccountId=done()["AccountId"])["Account"])
    for field, want in (("Email", address), ("Name", label), ("JoinedMethod", "CREATED")):
        check("DescribeAccount shows %s of the new account" % field, P + "Account, " + field, eq(lambda: desc()[field], want))
    check("DescribeAccount shows the new account as active (Status gives way to State in 2026)", P + "Account, State",
          eq(lambda: desc().get("State") or desc().get("Status"), "ACTIVE"))
    check("the account ARN holds management account, organization and account", P + "Account, Arn", eq(
        lambda: desc()["Arn"], lambda: "arn:aws:organizations::%s:account/%s/%s" % (_mgmt, _created()["Id"], done()["AccountId"])))
    check("ListAccounts has the management and the new account", P + "ListAccounts, Accounts", lambda: {_mgmt, done()["AccountId"]} <= {a["Id"] for a in every("list_accounts", "Accounts")})
    check("the e-mail address of another account is refused in the end", P + "CreateAccountStatus, FailureReason", eq(
        lambda: (done(), finish(org.create_account(Email=address, AccountName=name("dup"))["CreateAccountStatus"]["Id"]))[1].get("FailureReason"), "EMAIL_ALREADY_EXISTS"))
    check("an address that is no address is refused", P + "CreateAccount, Email pattern", err(lambda: org.create_account(Email="no-address", AccountName=name("x")), "InvalidInputException"))
    check("an unknown request is reported", P + "DescribeCreateAccountStatus, CreateAccountStatusNotFoundException", err(
        lambda: (_created(), org.describe_create_account_status(CreateAccountRequestId="car-" + "0" * 32)), "CreateAccountStatusNotFoundException"))
    check("ListCreateAccountStatus lists the finished request", P + "ListCreateAccountStatus, States", has(
        lambda: (done(), [s["Id"] for s in every("list_create_account_status", "CreateAccountStatuses", States=["SUCCEEDED"])])[1], lambda: req()["Id"]))
    check("an unknown account is reported", P + "DescribeAccount, AccountNotFoundException", err(lambda: (_created(), org.describe_account(AccountId="999999999999")), "AccountNotFoundException"))
    more = step(lambda: [make_account() for _ in range(2)])
    check("ListAccounts with MaxResults=1 returns one account and a token", P + "ListAccounts, MaxResults", eq(
        lambda: (more(), (lambda r: (len(r["Accounts"]), "NextToken" in r))(org.list_accounts(MaxResults=1)))[1], (1, True)))
    check("following the tokens lists every account once", P + "ListAccounts, NextToken", lambda: (more(), sorted(a["Id"] for a in every("list_accounts", "Accounts", MaxResults=1))
                                                                                             == sorted(a["Id"] for a in every("list_accounts", "Accounts")))[1])
    check("a complete list has no token", P + "ListAccounts, NextToken", lacks(lambda: (_created(), org.list_accounts(MaxResults=20))[1], "NextToken"))
    for limit in (0, 21):
        check("ListAccounts with MaxResults=%d is refused" % limit, P + "ListAccounts, MaxResults", err(lambda: (_created(), raw.list_accounts(MaxResults=limit)), ("InvalidInputException", "ValidationException")))
    check("ListAccounts refuses a token it never gave", P + "ListAccounts, NextToken", err(lambda: (_created(), org.list_accounts(NextToken="not-a-token")), "InvalidInputException"))
    check("a member account may not list accounts", P + "ListAccounts, AccessDeniedException", err(lambda: client("organizations", acct=done()["AccountId"]).list_accounts(), "AccessDeniedException"))
    check("a member account may describe its organization", P + "DescribeOrganization", eq(
        lambda: client("organizations", acct=done()["AccountId"]).describe_organization()["Organization"]["Id"], lambda: _created()["Id"]))
    check("a member account may not create accounts", P + "CreateAccount, AccessDeniedException", err(
        lambda: client("organizations", acct=done()["AccountId"]).create_account(Email=mail("m"), AccountName="m"), ("AccessDeniedException", "ConstraintViolationException")))
    sts = lambda role, member: client("sts", acct=_mgmt).assume_role(RoleArn="arn:aws:iam::%s:role/%s" % (member, role), RoleSessionName="mgmt")  # noqa: E731
    check("the management account may assume OrganizationAccountAccessRole of a new account", P + "CreateAccount, RoleName", eq(
        lambda: client("sts", creds=sts("OrganizationAccountAccessRole", done()["AccountId"])["Credentials"]).get_caller_identity()["Account"], lambda: done()["AccountId"]))
    named = lazy(lambda: make_account(RoleName="Custom-Admin"))
    check("RoleName names that role", P + "CreateAccount, RoleName", lambda: bool(sts("Custom-Admin", named())["Credentials"]))
    check("another account may not assume that role", P + "CreateAccount, RoleName", err(lambda: client("sts", acct=account()).assume_role(
        RoleArn="arn:aws:iam::%s:role/OrganizationAccountAccessRole" % done()["AccountId"], RoleSessionName="other"), ("AccessDenied", "AccessDeniedException")))


def units():
    org = _org()
    rid = lambda: _root()["Id"]  # noqa: E731
    label = name("ou")
    ou = step(lambda: org.create_organizational_unit(ParentId=rid(), Name=label)["OrganizationalUnit"])
    oid = lambda: ou()["Id"]  # noqa: E731
    sub = step(lambda: org.create_organizational_unit(ParentId=oid(), Name=label)["OrganizationalUnit"])
    check("an OU id holds the root's id", P + "OrganizationalUnit, Id", matches(oid, "^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$"))
    check("DescribeOrganizationalUnit shows the name", P + "DescribeOrganizationalUnit, Name", eq(lambda: org.describe_organizational_unit(OrganizationalUnitId=oid())["OrganizationalUnit"]["Name"], label))
    check("ListOrganizationalUnitsForParent lists the OU", P + "ListOrganizationalUnitsForParent", has(lambda: [o["Id"] for o in every("list_organizational_units_for_parent", "OrganizationalUnits", ParentId=rid())], oid))
    check("a nested OU is listed under its parent only", P + "ListOrganizationalUnitsForParent", eq(
        lambda: (sub(), [o["Id"] for o in every("list_organizational_units_for_parent", "OrganizationalUnits", ParentId=oid())])[1], lambda: [sub()["Id"]]))
    check("a second OU of the same name and parent is refused", P + "CreateOrganizationalUnit, DuplicateOrganizationalUnitException", err(
        lambda: (ou(), org.create_organizational_unit(ParentId=rid(), Name=label)), "DuplicateOrganizationalUnitException"))
    check("an OU under an unknown parent is refused", P + "CreateOrganizationalUnit, ParentNotFoundException", err(
        lambda: (_created(), org.create_organizational_unit(ParentId="ou-abcd-12345678", Name=name("x"))), ("ParentNotFoundException", "InvalidInputException")))
    check("an unknown OU is reported", P + "DescribeOrganizationalUnit, OrganizationalUnitNotFoundException", err(
        lambda: (_created(), org.describe_organizational_unit(OrganizationalUnitId="ou-abcd-12345678")), ("OrganizationalUnitNotFoundException", "InvalidInputException")))
    parents = lambda child: [(p["Id"], p["Type"]) for p in every("list_parents", "Parents", ChildId=child)]  # noqa: E731
    check("the parent of a new account is the root", P + "ListParents, Parents", eq(lambda: parents(_member()), lambda: [(rid(), "ROOT")]))
    check("the parent of a nested OU is its OU", P + "ListParents, Parents", eq(lambda: parents(sub()["Id"]), lambda: [(oid(), "ORGANIZATIONAL_UNIT")]))
    children = lambda parent, kind: [c["Id"] for c in every("list_children", "Children", ParentId=parent, ChildType=kind)]  # noqa: E731
    check("ListChildren lists OUs of the root", P + "ListChildren, ChildType", has(lambda: children(rid(), "ORGANIZATIONAL_UNIT"), oid))
    check("ListChildren lists accounts of the root", P + "ListChildren, ChildType", lambda: {_mgmt, _member()} <= set(children(rid(), "ACCOUNT")))
    mover = lazy(make_account)
    moved = step(lambda: org.move_account(AccountId=mover(), SourceParentId=rid(), DestinationParentId=oid()))
    check("MoveAccount changes the parent", P + "MoveAccount", eq(lambda: (moved(), parents(mover()))[1], lambda: [(oid(), "ORGANIZATIONAL_UNIT")]))
    check("ListAccountsForParent lists the moved account", P + "ListAccountsForParent", eq(
        lambda: (moved(), [a["Id"] for a in every("list_accounts_for_parent", "Accounts", ParentId=oid())])[1], lambda: [mover()]))
    check("ListAccountsForParent of the root no longer lists it", P + "ListAccountsForParent", lambda: (moved(), mover() not in [a["Id"] for a in every("list_accounts_for_parent", "Accounts", ParentId=rid())])[1])
    check("MoveAccount from a parent that is not its own is refused", P + "MoveAccount, SourceParentNotFoundException", err(
        lambda: (moved(), org.move_account(AccountId=mover(), SourceParentId=rid(), DestinationParentId=oid()))))
    check("an OU that is not empty cannot be deleted", P + "DeleteOrganizationalUnit, OrganizationalUnitNotEmptyException", err(
        lambda: (moved(), org.delete_organizational_unit(OrganizationalUnitId=oid())), "OrganizationalUnitNotEmptyException"))
    other = name("ou")
    check("UpdateOrganizationalUnit renames an OU", P + "UpdateOrganizationalUnit, Name", eq(
        lambda: (org.update_organizational_unit(OrganizationalUnitId=sub()["Id"], Name=other), org.describe_organizational_unit(
            OrganizationalUnitId=sub()["Id"])["OrganizationalUnit"]["Name"])[1], other))
    gone = step(lambda: org.delete_organizational_unit(OrganizationalUnitId=sub()["Id"]))
    check("a deleted OU is no longer found", P + "DeleteOrganizationalUnit", err(
        lambda: (gone(), org.describe_organizational_unit(OrganizationalUnitId=sub()["Id"])), "OrganizationalUnitNotFoundException"))


def policies():
    org = _org()
    doc = lambda action="s3:*": json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]})  # noqa: E731
    label = name("scp")
    p = step(lambda: (_created(), org.create_policy(Name=label, Description="d", Type=SCP, Content=doc())["Policy"])[1])
    pid = lambda: p()["PolicySummary"]["Id"]  # noqa: E731
    attached = lambda target: [x["Id"] for x in every("list_policies_for_target", "Policies", TargetId=target, Filter=SCP)]  # noqa: E731
    check("a policy id begins with p-", P + "PolicySummary, Id", matches(pid, "^p-[0-9a-zA-Z_]{8,128}$"))
    check("CreatePolicy returns name, type and ownership", P + "PolicySummary", eq(lambda: [p()["PolicySummary"].get(k) for k in ("Name", "Description", "Type", "AwsManaged")], [label, "d", SCP, False]))
    check("DescribePolicy returns the content", P + "DescribePolicy, Content", eq(lambda: json.loads(org.describe_policy(PolicyId=pid())["Policy"]["Content"]), lambda: json.loads(doc())))
    check("ListPolicies lists the policy and FullAWSAccess", P + "ListPolicies, Policies", lambda: {pid(), "p-FullAWSAccess"} <= {x["Id"] for x in every("list_policies", "Policies", Filter=SCP)})
    check("FullAWSAccess is managed by AWS", P + "PolicySummary, AwsManaged", eq(lambda: (_created(), org.describe_policy(PolicyId="p-FullAWSAccess"))[1]["Policy"]["PolicySummary"]["AwsManaged"], True))
    check("FullAWSAccess is attached to the root", P + "ListPoliciesForTarget, root", has(lambda: attached(_root()["Id"]), "p-FullAWSAccess"))
    check("FullAWSAccess is attached to a new account", P + "ListPoliciesForTarget, account", has(lambda: attached(_member()), "p-FullAWSAccess"))
    unit = lazy(lambda: org.create_organizational_unit(ParentId=_root()["Id"], Name=name("ou"))["OrganizationalUnit"]["Id"])
    check("FullAWSAccess is attached to a new OU", P + "ListPoliciesForTarget, OU", has(lambda: attached(unit()), "p-FullAWSAccess"))
    att = step(lambda: org.attach_policy(PolicyId=pid(), TargetId=unit()))
    check("an attached policy is in ListPoliciesForTarget", P + "AttachPolicy", has(lambda: (att(), attached(unit()))[1], pid))
    check("ListPoliciesForTarget lists only direct attachments", P + "ListPoliciesForTarget", lambda: (att(), pid() not in attached(_member()))[1])
    targets = lambda: [(t["TargetId"], t["Type"]) for t in every("list_targets_for_policy", "Targets", PolicyId=pid())]  # noqa: E731
    check("ListTargetsForPolicy lists the target", P + "ListTargetsForPolicy, Targets", eq(lambda: (att(), targets())[1], lambda: [(unit(), "ORGANIZATIONAL_UNIT")]))
    check("attaching a policy twice is refused", P + "AttachPolicy, DuplicatePolicyAttachmentException", err(lambda: (att(), org.attach_policy(PolicyId=pid(), TargetId=unit())), "DuplicatePolicyAttachmentException"))
    check("an attached policy cannot be deleted", P + "DeletePolicy, PolicyInUseException", err(lambda: (att(), org.delete_policy(PolicyId=pid())), "PolicyInUseException"))
    check("a second policy of the same name is refused", P + "CreatePolicy, DuplicatePolicyException", err(
        lambda: (p(), org.create_policy(Name=label, Description="", Type=SCP, Content=doc())), "DuplicatePolicyException"))
    check("a policy that is no JSON is refused", P + "CreatePolicy, MalformedPolicyDocumentException", err(
        lambda: (_created(), org.create_policy(Name=name("bad"), Description="", Type=SCP, Content="{oops")), "MalformedPolicyDocumentException"))
    check("attaching to an unknown target is refused", P + "AttachPolicy, TargetNotFoundException", err(lambda: org.attach_policy(PolicyId=pid(), TargetId="999999999999"), "TargetNotFoundException"))
    check("attaching an unknown policy is refused", P + "AttachPolicy, PolicyNotFoundException", err(lambda: org.attach_policy(PolicyId="p-nosuch12", TargetId=unit()), "PolicyNotFoundException"))
    new = step(lambda: org.update_policy(PolicyId=pid(), Content=doc("ec2:*"))["Policy"])
    check("UpdatePolicy changes the content and keeps the name", P + "UpdatePolicy, Content", eq(
        lambda: (new()["PolicySummary"]["Name"], json.loads(org.describe_policy(PolicyId=pid())["Policy"]["Content"])["Statement"][0]["Action"]), (label, "ec2:*")))
    off = step(lambda: (att(), org.detach_policy(PolicyId=pid(), TargetId=unit())))
    check("a detached policy is no longer listed", P + "DetachPolicy", lambda: (off(), pid() not in attached(unit()))[1])
    check("detaching it again is refused", P + "DetachPolicy, PolicyNotAttachedException", err(lambda: (off(), org.detach_policy(PolicyId=pid(), TargetId=unit())), "PolicyNotAttachedException"))
    check("the last service control policy cannot be detached", P + "DetachPolicy, ConstraintViolationException", err(
        lambda: (off(), org.detach_policy(PolicyId="p-FullAWSAccess", TargetId=unit())), "ConstraintViolationException"))
    check("an AWS managed policy cannot be deleted", P + "DeletePolicy", err(lambda: (_created(), org.delete_policy(PolicyId="p-FullAWSAccess"))))
    gone = step(lambda: (off(), org.delete_policy(PolicyId=pid())))
    check("a deleted policy is no longer found", P + "DeletePolicy, PolicyNotFoundException", err(lambda: (gone(), org.describe_policy(PolicyId=pid())), "PolicyNotFoundException"))
    check("ListPoliciesForTarget of an unknown target is refused", P + "ListPoliciesForTarget, TargetNotFoundException", err(
        lambda: (_created(), org.list_policies_for_target(TargetId="999999999999", Filter=SCP)), "TargetNotFoundException"))
    check("a list without a filter is refused", P + "ListPolicies, Filter required", err(
        lambda: (_created(), client("organizations", acct=_mgmt, raw=True).list_policies()), ("InvalidInputException", "ValidationException", "SerializationException")))
    check("an organization of another account is separate", P + "CreateOrganization", lambda: client(
        "organizations", acct=account()).create_organization()["Organization"]["Id"] != _created()["Id"])


SCENARIOS = [organization, accounts, units, policies]
