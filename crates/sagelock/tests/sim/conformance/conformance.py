"""Conformance checks of a simulated AWS server: python conformance.py PORT [SPEED]."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
for variable in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "HTTP_PROXY", "http_proxy"):
    os.environ.pop(variable, None)

import harness  # noqa: E402
import edge  # noqa: E402
import endpoint_configs  # noqa: E402
import endpoints  # noqa: E402
import grants  # noqa: E402
import iam  # noqa: E402
import kms  # noqa: E402
import kms_more  # noqa: E402
import models_lists  # noqa: E402
import organizations  # noqa: E402
import sts  # noqa: E402
import updates  # noqa: E402

SERVICES = ("sagemaker", "sagemaker-runtime", "kms", "sts", "organizations", "iam", "ec2", "s3", "account")
MODULES = (models_lists, endpoint_configs, endpoints, updates, kms, kms_more, grants, sts, organizations, iam, edge)


def main(argv):
    if len(argv) < 2:
        print("usage: python conformance.py PORT [SPEED] [MODULE ...] [--calls]")
        return 2
    words = [a for a in argv[2:] if not a.startswith("--")]
    speed = 600.0
    if words and words[0].replace(".", "", 1).isdigit():
        speed = float(words.pop(0))
    harness.configure(int(argv[1]), speed)
    for module in MODULES:
        if words and module.__name__ not in words:
            continue
        for fn in module.SCENARIOS:
            harness.scenario(fn)
    harness.report_violations(SERVICES)
    if "--calls" in argv:
        print("\n".join(sorted(harness.CALLED)), file=sys.stderr)
    print("%d passed, %d failed" % (harness.RESULTS["passed"], harness.RESULTS["failed"]))
    return 0 if harness.RESULTS["failed"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
