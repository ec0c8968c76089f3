"""Run Cloud Custodian's policies over a seeded estate and judge what they match.

    python custodian.py PORT

PORT serves an AWS API on 127.0.0.1.  The policies are in policies.yml; what each must
match is computed here from the tables the estate was seeded from, as AWS behaves.  Only
resources of this seeding are judged.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from estate import AWS_KEY, CONFIGS, ENDPOINTS, GPU, KEYS, REGION, report, seed

HERE = Path(__file__).parent
BASE_STATE = "Enabled"


def configs(test):
    """Labels of the endpoint configurations of which test holds."""
    return {label for label, spec in CONFIGS.items() if test(spec)}


def endpoints(test):
    """Labels of the endpoints of which test holds."""
    return {label for label, spec in ENDPOINTS.items() if test(spec)}


def keys(test):
    """Labels of the customer's keys of which test holds."""
    return {label for label, spec in KEYS.items() if test(spec)}


def key_label(spec):
    """Which key an endpoint configuration names, or None."""
    return spec.get("key", (None,))[0]


def state(spec):
    """The state a key of KEYS ends in."""
    return spec.get("state", BASE_STATE)


def rotates(spec):
    """Whether KMS reports rotation: kept while disabled, off once deletion is scheduled."""
    return bool(spec.get("rotation")) and state(spec) != "PendingDeletion"


def team(wanted):
    """A test of the tag `team`."""
    return lambda spec: spec.get("tags", {}).get("team") == wanted


# policy -> kind of resource, labels it must match.
EXPECTED = {
    "config-no-key": ("configs", configs(lambda c: "key" not in c)),
    "config-aws-managed-key": ("configs", configs(lambda c: key_label(c) == AWS_KEY)),
    "config-customer-key": ("configs", configs(lambda c: key_label(c) in KEYS)),
    "config-unusable-key": ("configs", configs(
        lambda c: key_label(c) in KEYS and state(KEYS[key_label(c)]) != BASE_STATE)),
    "config-key-by-alias": ("configs", configs(lambda c: key_label(c) == "plain")),
    "config-tagged": ("configs", configs(team("fraud"))),
    "config-untagged": ("configs", configs(team(None))),
    "config-gpu": ("configs", configs(lambda c: GPU in [kind for kind, _ in c["variants"]])),
    "config-serverless": ("configs", configs(lambda c: c["variants"][0][0] == "serverless")),
    "config-no-capture": ("configs", configs(lambda c: "capture" not in c)),
    "endpoint-in-service": ("endpoints", set(ENDPOINTS)),
    "endpoint-tagged": ("endpoints", endpoints(team("fraud"))),
    "endpoint-of-keyless-config": ("endpoints", endpoints(lambda e: e["config"].startswith("bare"))),
    # Of an asymmetric key KMS tells no status: GetKeyRotationStatus is an unsupported operation.
    "key-rotation-off": ("keys", keys(lambda k: not rotates(k) and k.get("usage") != "SIGN_VERIFY")),
    "key-rotation-on": ("keys", keys(rotates)),
    "key-disabled": ("keys", keys(lambda k: state(k) == "Disabled")),
    "key-pending-deletion": ("keys", keys(lambda k: state(k) == "PendingDeletion")),
    "key-aws-managed": ("keys", {AWS_KEY}),
    "key-with-alias": ("keys", keys(lambda k: k.get("alias"))),
    "key-tagged": ("keys", keys(lambda k: k.get("tags", {}).get("purpose") == "fleet")),
    "key-multi-region": ("keys", keys(lambda k: k.get("multi_region"))),
    "key-for-signing": ("keys", keys(lambda k: k.get("usage") == "SIGN_VERIFY")),
    "key-cross-account": ("keys", keys(lambda k: "principal" in k)),
    "alias-of-granted-key": ("aliases", keys(lambda k: k.get("alias") and k.get("grants", 0) >= 2)),
    "role-inline-policy": ("role", {"role"}),
    "account-known": ("account", {"account"}),
}

# kind -> the field of custodian's output that names the resource.
NAME_FIELD = {"configs": "EndpointConfigName", "endpoints": "EndpointName", "keys": "KeyId",
              "aliases": "AliasName", "role": "RoleName", "account": "account_id"}


def names(estate, kind):
    """Name -> label of the seeded resources of a kind."""
    made = getattr(estate, kind)
    if isinstance(made, str):
        return {made: kind}
    return {name: label for label, name in made.items()}


def matched(output, policy, kind):
    """Names a policy matched, or None if custodian left no result."""
    try:
        found = json.loads((output / policy / "resources.json").read_text())
    except (OSError, ValueError):
        return None
    return {resource.get(NAME_FIELD[kind]) for resource in found}


def compare(estate, output, policy):
    """What is wrong with a policy's matches; empty if nothing is."""
    kind, expected = EXPECTED[policy]
    labels = names(estate, kind)
    found = matched(output, policy, kind)
    if found is None:
        return "no result (the policy failed, see custodian's messages above)"
    got = {labels[name] for name in found if name in labels}
    complaints = []
    if expected - got:
        complaints.append("not matched: " + ", ".join(sorted(expected - got)))
    if got - expected:
        complaints.append("wrongly matched: " + ", ".join(sorted(got - expected)))
    return "; ".join(complaints)


def run(estate, output):
    """Run every policy; custodian goes on to the next one when one fails."""
    command = [str(Path(sys.executable).parent / "custodian"), "run", "--region", REGION,
               "--cache-period", "0", "--output-dir", str(output), str(HERE / "policies.yml")]
    done = subprocess.run(command, env=estate.environment, capture_output=True, text=True, timeout=600)
    for line in done.stderr.splitlines():
        if "ERROR" in line or "WARNING" in line or "Error" in line:
            print(line)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    estate = seed(int(sys.argv[1]))
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory)
        run(estate, output)
        return report([(policy, compare(estate, output, policy)) for policy in EXPECTED])


if __name__ == "__main__":
    sys.exit(main())
