"""Run Prowler's SageMaker and KMS checks over a seeded estate and judge its findings.

    python prowler_run.py PORT

PORT serves an AWS API on 127.0.0.1.  The status each resource must get is computed here
from the tables the estate was seeded from, as AWS behaves and as each check is defined;
None means that the check must say nothing about the resource.  Only resources of this
seeding are judged.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from estate import AWS_KEY, CONFIGS, KEYS, REGION, report, seed


def verdict(good):
    """A truth value as Prowler writes it."""
    return "PASS" if good else "FAIL"


def over_configs(test):
    """Expected status of every endpoint configuration: PASS where test holds."""
    return {label: verdict(test(spec)) for label, spec in CONFIGS.items()}


def over_keys(applies, test):
    """Expected status of every key: PASS where test holds, None where it does not apply."""
    statuses = {label: verdict(test(spec)) if applies(spec) else None for label, spec in KEYS.items()}
    return {**statuses, AWS_KEY: None}


def enabled(spec):
    """Whether a key of KEYS ends up enabled."""
    return spec.get("state", "Enabled") == "Enabled"


# check -> kind of resource, label -> status.
EXPECTED = {
    "sagemaker_endpoint_config_kms_encryption_enabled": (
        "configs", over_configs(lambda c: "key" in c)),
    "sagemaker_endpoint_config_prod_variant_instances": (
        "configs", over_configs(lambda c: all(count > 1 for _, count in c["variants"]))),
    "kms_cmk_rotation_enabled": ("keys", over_keys(
        lambda k: enabled(k) and "spec" not in k, lambda k: k.get("rotation"))),
    "kms_cmk_not_deleted_unintentionally": ("keys", over_keys(
        lambda k: k.get("state") != "Disabled", lambda k: k.get("state") != "PendingDeletion")),
    "kms_cmk_not_multi_region": ("keys", over_keys(enabled, lambda k: not k.get("multi_region"))),
    "kms_cmk_are_used": ("keys", over_keys(
        lambda k: True, lambda k: k.get("state") != "Disabled")),
    "kms_key_not_publicly_accessible": ("keys", over_keys(
        enabled, lambda k: k.get("principal", {}).get("AWS") != "*")),
}


def run(estate, output):
    """Run Prowler over one region; its findings, one dictionary each."""
    command = [str(Path(sys.executable).parent / "prowler"), "aws",
               "--service", "sagemaker", "kms", "--region", REGION,
               "--output-formats", "json-ocsf", "--output-directory", str(output),
               "--output-filename", "findings", "--no-banner", "--ignore-exit-code-3"]
    done = subprocess.run(command, env=estate.environment, capture_output=True, text=True, timeout=900)
    try:
        return json.loads((output / "findings.ocsf.json").read_text())
    except (OSError, ValueError):
        print(done.stdout[-2000:], done.stderr[-2000:], f"prowler left no findings, exit status {done.returncode}")
        return []


def by_check(findings):
    """(check, last part of the resource's ARN) -> status."""
    return {(found["metadata"]["event_code"], resource["uid"].rpartition("/")[2]): found["status_code"]
            for found in findings for resource in found["resources"]}


def compare(estate, statuses, check):
    """What is wrong with a check's findings; empty if nothing is."""
    kind, expected = EXPECTED[check]
    names = getattr(estate, kind)
    got = {label: statuses.get((check, names[label])) for label in expected}
    return ", ".join(f"{label} is {got[label]}, must be {expected[label]}"
                     for label in sorted(expected) if got[label] != expected[label])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    estate = seed(int(sys.argv[1]))
    with tempfile.TemporaryDirectory() as directory:
        statuses = by_check(run(estate, Path(directory)))
    return report([(check, compare(estate, statuses, check)) for check in EXPECTED])


if __name__ == "__main__":
    sys.exit(main())
