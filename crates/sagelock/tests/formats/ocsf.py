"""OCSF events against the published schema 1.8.0, and against the audit that they tell of."""

import json
import sys
from datetime import datetime
from importlib.resources import files

import jsonschema_rs
from ocsf_json_schema import OcsfJsonSchemaEmbedded

from checks import Checks, pairs, text

OCSF = json.loads((files("ocsf_json_schema") / "ocsf/1.8.0.json").read_text())
CLASS = OcsfJsonSchemaEmbedded(OCSF).get_class_schema("compliance_finding", ["cloud"])
VALIDATOR = jsonschema_rs.validator_for(CLASS, validate_formats=True)
STATUS = {"pass": 1, "fail": 3, "unknown": 0, "not_applicable": 99}
SEVERITY = {"low": 2, "medium": 3, "high": 4, "critical": 5}
# The words that go with numbers, in the schema's own table of each object.
CAPTIONS = [
    ("classes", "compliance_finding", lambda event: [event], [
        ("activity_id", "activity_name"), ("category_uid", "category_name"),
        ("class_uid", "class_name"), ("type_uid", "type_name"),
        ("severity_id", "severity"), ("status_id", "status"),
    ]),
    ("objects", "compliance", lambda event: [event["compliance"]], [("status_id", "status")]),
    ("objects", "account", lambda event: [event["cloud"]["account"]], [("type_id", "type")]),
    ("objects", "analytic", lambda event: [event["finding_info"]["analytic"]],
     [("type_id", "type")]),
    ("objects", "resource_details", lambda event: event["resources"], [("role_id", "role")]),
]


def captions(event):
    """Where a number and its word disagree."""
    for kind, name, places, words in CAPTIONS:
        attributes = OCSF[kind][name]["attributes"]
        for place in places(event):
            for number, word in words:
                caption = attributes[number]["enum"][str(place[number])]["caption"]
                if place[number] != 99 and place[word] != caption:
                    yield f"{name}.{word} {place[word]} is not {caption}"


def milliseconds(time):
    """RFC 3339 with up to nine digits, of which Python reads six."""
    whole, _, digits = time.rstrip("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    return seconds * 1000 + int(digits.ljust(3, "0")[:3])


def agree(checks, audit, events, replayed):
    checks.same(len(events), len(audit["findings"]), "an event for each finding")
    wrong = []
    for finding, event in zip(audit["findings"], events):
        asks = finding["verdict"] in ("fail", "unknown")
        said = (
            event["finding_info"]["uid"], event["compliance"]["control"],
            event["compliance"]["status_id"], event["compliance"]["status_code"],
            event["severity_id"], event["resources"][0]["uid"], event["cloud"]["account"]["uid"],
            event["cloud"]["region"], len(event["compliance"]["requirements"]),
            "remediation" in event, len(event.get("evidences", [])),
        )
        expected = (
            finding["id"], finding["rule"], STATUS[finding["verdict"]], finding["reason"],
            SEVERITY[finding["severity"]] if asks else 1, finding["subject"]["arn"],
            finding["subject"]["account"], finding["subject"]["region"],
            len(finding["compliance"]), bool(finding["remediation"]), len(finding["evidence"]),
        )
        if said != expected:
            wrong.append((said, expected))
        if replayed and event["time"] != milliseconds(audit["finished_at"]):
            wrong.append("the time is not the audit's")
        wrong.extend(captions(event))
    checks.none(wrong, "events agree")
    uids = {event["metadata"]["uid"] for event in events}
    checks.same(len(uids), len(events), "an event has an id of its own")


def main():
    checks = Checks()
    for audit, path in pairs(sys.argv[1:]):
        events = [json.loads(line) for line in text(path).splitlines()]
        for event in events:
            problems = list(VALIDATOR.iter_errors(event))
            if problems:
                checks.none(problems, path)
        agree(checks, audit, events, "recorded" in path)
    event = next(event for event in events if "remediation" in event)
    checks.refused(event, [
        ("another class", lambda event: event.update(class_uid=2002)),
        ("a severity that there is not", lambda event: event.update(severity_id=7)),
        ("a status that there is not", lambda event: event["compliance"].update(status_id=4)),
        ("a time that is no number", lambda event: event.update(time="2026-01-01T00:00:00Z")),
        ("no finding_info", lambda event: event.pop("finding_info")),
        ("no uid", lambda event: event["finding_info"].pop("uid")),
        ("no version", lambda event: event["metadata"].pop("version")),
        ("a field that there is not", lambda event: event.update(verdict_reason="x")),
        ("a resource without a name", lambda event: event.update(resources=[{"type": "x"}])),
        ("no provider", lambda event: event["cloud"].pop("provider")),
        ("no desc", lambda event: event["remediation"].pop("desc")),
    ], VALIDATOR.iter_errors)
    checks.refused(event, [
        ("a word of another number", lambda event: event.update(severity="Fatal")),
    ], captions)
    checks.close()


main()
