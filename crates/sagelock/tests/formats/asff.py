"""ASFF findings against botocore's model of BatchImportFindings, words and lengths of its own
documentation among them, against moto's Security Hub, and against the audit that they tell of."""

import json
import os
import re
import sys

import boto3
import botocore.session
from botocore.validate import ParamValidator
from moto import mock_aws

from checks import Checks, pairs, text

MODEL = botocore.session.get_session().get_service_model("securityhub")
FINDING = MODEL.shape_for("AwsSecurityFinding")
FINDING_BYTES_MAX = 240_000
BATCH = 100
STATUS = {"pass": "PASSED", "fail": "FAILED", "unknown": "WARNING",
          "not_applicable": "NOT_AVAILABLE"}


def plain(shape):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shape.documentation))


def number(pattern, words):
    found = re.search(pattern, words)
    return int(found.group(1).replace(",", "")) if found else None


def bounds(words):
    """The shortest and longest that the documentation of a member allows."""
    exact = number(r"Length Constraints: (\d+)\.", words)
    if exact:
        return exact, exact
    least = number(r"Minimum (?:length )?of (\d+)", words)
    most = number(r"Maximum (?:length )?of (\d[\d,]*)", words)
    return least, most


def problems_of(shape, value, words="", path=""):
    """Everything in which a value differs from its shape."""
    if shape.type_name == "structure":
        for name in shape.required_members:
            if name not in value:
                yield f"{path}.{name} is missing"
        for name, inner in value.items():
            member = shape.members.get(name)
            if member is None:
                yield f"{path}.{name} is no field"
            else:
                yield from problems_of(member, inner, plain(member), f"{path}.{name}")
    elif shape.type_name == "list":
        most = number(r"Maximum number of (\d+) item", words)
        if most is not None and len(value) > most:
            yield f"{path} has more than {most} items"
        if "Minimum number of 1 item" in words and not value:
            yield f"{path} is empty"
        for item in value:
            yield from problems_of(shape.member, item, plain(shape.member), f"{path}[]")
    elif shape.type_name == "map":
        yield from problems_of_map(shape, value, words, path)
    elif shape.type_name == "string":
        yield from problems_of_string(shape, value, words, path)


def problems_of_map(shape, value, words, path):
    most = number(r"up to (\d+) key-value pairs", words)
    longest_key = number(r"key can contain up to (\d+) characters", words)
    longest = number(r"value can contain up to (\d+) characters", words)
    if most is not None and len(value) > most:
        yield f"{path} has more than {most} pairs"
    for key, inner in value.items():
        if longest_key is not None and len(key) > longest_key:
            yield f"{path}: a key is too long"
        if longest is not None and len(inner) > longest:
            yield f"{path}.{key} is longer than {longest}"
        yield from problems_of(shape.value, inner, "", f"{path}.{key}")


def problems_of_string(shape, value, words, path):
    if not isinstance(value, str):
        yield f"{path} is no text"
        return
    least, most = bounds(words)
    if (least is not None and len(value) < least) or (most is not None and len(value) > most):
        yield f"{path} has {len(value)} characters, not {least} to {most}"
    if shape.enum and value not in shape.enum:
        yield f"{path}: `{value}` is no word"
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value, re.DOTALL):
        yield f"{path} does not match {pattern}"
    if path.endswith("At") and not re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", value):
        yield f"{path}: {value} is no time"


def problems(finding):
    yield from problems_of(FINDING, finding)
    report = ParamValidator().validate(finding, FINDING)
    if report.has_errors():
        yield report.generate_report()
    if len(json.dumps(finding, ensure_ascii=False).encode()) > FINDING_BYTES_MAX:
        yield "larger than a finding may be"


def agree(checks, audit, findings, replayed):
    checks.same(len(findings), len(audit["findings"]), "one for each")
    wrong = []
    for known, finding in zip(audit["findings"], findings):
        subject = known["subject"]
        partition = subject["arn"].split(":")[1]
        account, region = subject["account"], subject["region"]
        asks = known["verdict"] in ("fail", "unknown")
        resource = finding["Resources"][0]
        said = (
            finding["Id"], finding["ProductArn"], finding["Compliance"]["Status"],
            finding["Severity"]["Label"], resource["Id"], resource["Type"],
            finding["AwsAccountId"], finding["GeneratorId"], "Remediation" in finding,
            finding["Description"][:1000] if replayed else None,
        )
        expected = (
            f"{region}/{account}/{known['id']}",
            f"arn:{partition}:securityhub:{region}:{account}:product/{account}/default",
            STATUS[known["verdict"]],
            known["severity"].upper() if asks else "INFORMATIONAL",
            subject["arn"], "AwsKmsKey" if subject["type"] == "key" else "Other",
            account, f"sagelock/{known['rule']}", bool(known["remediation"]),
            known["message"][:1000] if replayed else None,
        )
        if said != expected:
            wrong.append((said, expected))
    checks.none(wrong, "findings agree")


def imported(checks, findings):
    """moto's Security Hub takes all of them, a hundred at a time."""
    os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
    with mock_aws():
        hub = boto3.client("securityhub", region_name="us-east-1")
        for start in range(0, len(findings), BATCH):
            batch = findings[start:start + BATCH]
            answer = hub.batch_import_findings(Findings=batch)
            checks.same((answer["FailedCount"], answer["SuccessCount"]), (0, len(batch)), "taken")
        pages = hub.get_paginator("get_findings").paginate()
        kept = [finding["Id"] for page in pages for finding in page["Findings"]]
        checks.same(sorted(kept), sorted(f["Id"] for f in findings), "moto has them")
        damaged = dict(findings[0], Resources=[])
        answer = hub.batch_import_findings(Findings=[damaged])
        checks.same(answer["FailedCount"], 1, "moto refuses one without a resource")


def main():
    checks = Checks()
    # The lengths stand in sentences; that they are found there is checked too.
    for member, expected in [("Title", (1, 256)), ("Description", (1, 1024)), ("Id", (1, 512)),
                             ("AwsAccountId", (12, 12)), ("ProductArn", (12, 2048))]:
        checks.same(bounds(plain(FINDING.members[member])), expected, member)
    text_of = MODEL.shape_for("Recommendation").members["Text"]
    checks.same(bounds(plain(text_of)), (1, 512), "Text")
    for audit, path in pairs(sys.argv[1:]):
        findings = json.loads(text(path))
        for finding in findings:
            found = list(problems(finding))
            if found:
                checks.none(found, path)
        agree(checks, audit, findings, "demo" not in path)
        if "recorded" in path:
            imported(checks, findings)
            sample = next(f for f in findings if "Remediation" in f)
    recommend = ("Remediation", "Recommendation")
    checks.refused(sample, [
        ("no resources", lambda f: f.update(Resources=[])),
        ("33 resources", lambda f: f.update(Resources=f["Resources"] * 33)),
        ("no title", lambda f: f.pop("Title")),
        ("a blank title", lambda f: f.update(Title=" ")),
        ("a long title", lambda f: f.update(Title="x" * 257)),
        ("a long description", lambda f: f.update(Description="ü" * 1025)),
        ("a long recommendation", lambda f: f[recommend[0]][recommend[1]].update(Text="x" * 513)),
        ("an account that is none", lambda f: f.update(AwsAccountId="1234")),
        ("a status that there is not", lambda f: f["Compliance"].update(Status="UNKNOWN")),
        ("33 requirements", lambda f: f["Compliance"].update(RelatedRequirements=["x"] * 33)),
        ("a label that there is not", lambda f: f["Severity"].update(Label="FATAL")),
        ("a field that there is not", lambda f: f.update(Verdict="fail")),
        ("a time that is none", lambda f: f.update(UpdatedAt="2026-01-01")),
        ("a product field that is too long", lambda f: f["ProductFields"].update(a="x" * 2049)),
        ("51 product fields",
         lambda f: f.update(ProductFields={str(n): "x" for n in range(51)})),
        ("more than 240 KB", lambda f: f.update(
            Resources=[dict(f["Resources"][0], Details={"Other": {"x": "y" * 250_000}})])),
    ], problems)
    checks.close()


main()
