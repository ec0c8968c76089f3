"""The estate that third-party tools look at, seeded through boto3.

Everything a test expects is derived from the tables KEYS, CONFIGS and ENDPOINTS below,
never from what a tool or the server says.  Each seeding uses names with a suffix of its
own and asks for an account of its own (an access key id of twelve digits), so that it
can be repeated against the same server.
"""
import json
import os
import random
from dataclasses import dataclass, field

import boto3
from botocore.config import Config

REGION = "us-east-1"
FOREIGN = "222222222222"
ALIAS = "alias/strangers/"
AWS_KEY = "aws-ebs"

# label -> what the key is; absent entries mean: enabled, no rotation, symmetric, private.
KEYS = {
    "plain": {"alias": True, "tags": {"purpose": "fleet"}},
    "rotated": {"alias": True, "rotation": True, "tags": {"purpose": "fleet"}},
    "disabled": {"alias": True, "rotation": True, "state": "Disabled"},
    "pending": {"rotation": True, "state": "PendingDeletion"},
    "multi": {"rotation": True, "multi_region": True, "tags": {"purpose": "other"}},
    "signing": {"alias": True, "spec": "RSA_2048", "usage": "SIGN_VERIFY"},
    "shared": {"principal": {"AWS": f"arn:aws:iam::{FOREIGN}:root"}},
    "public": {"principal": {"AWS": "*"}, "rotation": True},
    "granted": {"alias": True, "grants": 2},
}

M5, GPU = "ml.m5.large", "ml.g4dn.xlarge"
# label -> key (label, form of the reference), variants (instance type, count), tags.
CONFIGS = {
    "bare": {"variants": [(M5, 2)]},
    "bare-tagged": {"variants": [(M5, 1)], "tags": {"team": "fraud", "cost": "7"}},
    "bare-gpu": {"variants": [(GPU, 1), (M5, 3)]},
    "serverless": {"variants": [("serverless", 0)], "tags": {"team": "search"}},
    "bare-capture": {"variants": [(M5, 2)], "capture": "plain"},
    "aws-alias": {"key": (AWS_KEY, "alias"), "variants": [(M5, 2)]},
    "aws-alias-arn": {"key": (AWS_KEY, "alias-arn"), "variants": [(M5, 1)], "tags": {"team": "fraud"}},
    "aws-arn": {"key": (AWS_KEY, "arn"), "variants": [(M5, 2)]},
    "by-id": {"key": ("plain", "id"), "variants": [(M5, 2), (GPU, 2)], "tags": {"team": "fraud"}},
    "by-arn": {"key": ("rotated", "arn"), "variants": [(M5, 2)]},
    "by-alias": {"key": ("plain", "alias"), "variants": [(M5, 2)], "capture": "rotated"},
    "by-alias-arn": {"key": ("granted", "alias-arn"), "variants": [(M5, 1)], "tags": {"team": "search"}},
    "key-disabled": {"key": ("disabled", "alias"), "variants": [(M5, 2)]},
    "key-pending": {"key": ("pending", "arn"), "variants": [(M5, 2)], "tags": {"team": "fraud"}},
}

ENDPOINTS = {
    "web": {"config": "bare", "tags": {"team": "fraud"}},
    "rank": {"config": "bare-gpu"},
    "ads": {"config": "by-id", "tags": {"team": "fraud", "cost": "9"}},
    "mail": {"config": "by-alias", "tags": {"team": "search"}},
    "spam": {"config": "aws-alias"},
}


@dataclass
class Estate:
    """What was created: label -> name of each kind of resource."""
    environment: dict
    account: str = ""
    role: str = ""
    keys: dict = field(default_factory=dict)      # label -> key id
    aliases: dict = field(default_factory=dict)   # label -> alias name
    configs: dict = field(default_factory=dict)
    endpoints: dict = field(default_factory=dict)

    def client(self, service):
        """A boto3 client of the server the estate lives on."""
        env = self.environment
        return boto3.client(
            service, region_name=REGION, endpoint_url=env["AWS_ENDPOINT_URL"],
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"max_attempts": 3}, read_timeout=30))


def environment(port):
    """Variables that point any AWS SDK at the server on this port and at nothing else."""
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": str(random.randrange(3 * 10**11, 9 * 10**11)),
        "AWS_SECRET_ACCESS_KEY": "stranger", "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_PROXY": "127.0.0.1"}


def tag_list(tags, name="Key", value="Value"):
    """Tags in the form of SageMaker (or, with other field names, of KMS)."""
    return [{name: k, value: v} for k, v in (tags or {}).items()]


def make_key(kms, account, spec):
    """Create one key as KEYS says, not yet disabled or scheduled for deletion."""
    principals = [{"AWS": f"arn:aws:iam::{account}:root"}]
    if "principal" in spec:
        principals.append(spec["principal"])
    policy = {"Version": "2012-10-17", "Statement": [
        {"Sid": f"S{n}", "Effect": "Allow", "Principal": p, "Resource": "*",
         "Action": "kms:*" if n == 0 else ["kms:Decrypt", "kms:DescribeKey"]}
        for n, p in enumerate(principals)]}
    key = kms.create_key(
        Policy=json.dumps(policy), KeySpec=spec.get("spec", "SYMMETRIC_DEFAULT"),
        KeyUsage=spec.get("usage", "ENCRYPT_DECRYPT"), MultiRegion=spec.get("multi_region", False),
        Tags=tag_list(spec.get("tags"), "TagKey", "TagValue"))["KeyMetadata"]["KeyId"]
    if spec.get("rotation"):
        kms.enable_key_rotation(KeyId=key)
    return key


def key_reference(estate, label, form):
    """A key as an endpoint configuration may name it: id, arn, alias or alias-arn."""
    arn = f"arn:aws:kms:{REGION}:{estate.account}:"
    return {"id": estate.keys[label], "arn": arn + "key/" + estate.keys[label],
            "alias": estate.aliases.get(label), "alias-arn": arn + estate.aliases.get(label, "")}[form]


def variant(model, number, kind, count):
    """One production variant; kind `serverless` has no instances."""
    made = {"VariantName": f"v{number}", "ModelName": model}
    if kind == "serverless":
        return {**made, "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    return {**made, "InstanceType": kind, "InitialInstanceCount": count, "InitialVariantWeight": 1.0}


def make_config(sagemaker, estate, model, name, spec):
    """Create one endpoint configuration as CONFIGS says."""
    request = {"EndpointConfigName": name, "ProductionVariants": [
        variant(model, n, *v) for n, v in enumerate(spec["variants"])]}
    if "key" in spec:
        request["KmsKeyId"] = key_reference(estate, *spec["key"])
    if "tags" in spec:
        request["Tags"] = tag_list(spec["tags"])
    if "capture" in spec:
        request["DataCaptureConfig"] = {
            "EnableCapture": True, "InitialSamplingPercentage": 10,
            "DestinationS3Uri": "s3://strangers-capture/" + name,
            "KmsKeyId": key_reference(estate, spec["capture"], "arn"),
            "CaptureOptions": [{"CaptureMode": "Input"}]}
    sagemaker.create_endpoint_config(**request)


def seed(port):
    """Create the whole estate on the server at this port and say what was created."""
    estate = Estate(environment(port))
    suffix = f"{random.getrandbits(24):06x}"
    estate.account = estate.client("sts").get_caller_identity()["Account"]
    iam, kms, sagemaker = (estate.client(s) for s in ("iam", "kms", "sagemaker"))
    estate.role = f"exec-{suffix}"
    role_arn = iam.create_role(RoleName=estate.role, AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "sagemaker.amazonaws.com"}}]}))["Role"]["Arn"]
    iam.put_role_policy(RoleName=estate.role, PolicyName="keys", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}))
    for label, spec in KEYS.items():
        key = estate.keys[label] = make_key(kms, estate.account, spec)
        if spec.get("alias"):
            estate.aliases[label] = f"{ALIAS}{label}-{suffix}"
            kms.create_alias(AliasName=estate.aliases[label], TargetKeyId=key)
        for _ in range(spec.get("grants", 0)):
            kms.create_grant(KeyId=key, GranteePrincipal=role_arn, Operations=["Decrypt"])
    estate.aliases[AWS_KEY] = "alias/aws/ebs"
    estate.keys[AWS_KEY] = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["KeyId"]
    model = f"model-{suffix}"
    sagemaker.create_model(ModelName=model, ExecutionRoleArn=role_arn, PrimaryContainer={
        "Image": f"{estate.account}.dkr.ecr.{REGION}.amazonaws.com/serve:1"})
    for label, spec in CONFIGS.items():
        estate.configs[label] = f"{label}-{suffix}"
        make_config(sagemaker, estate, model, estate.configs[label], spec)
    for label, spec in ENDPOINTS.items():
        estate.endpoints[label] = f"{label}-{suffix}"
        sagemaker.create_endpoint(
            EndpointName=estate.endpoints[label], Tags=tag_list(spec.get("tags")),
            EndpointConfigName=estate.configs[spec["config"]])
    waiter = sagemaker.get_waiter("endpoint_in_service")
    for name in estate.endpoints.values():
        waiter.wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    for label, spec in KEYS.items():
        if spec.get("state") == "Disabled":
            kms.disable_key(KeyId=estate.keys[label])
        elif spec.get("state") == "PendingDeletion":
            kms.schedule_key_deletion(KeyId=estate.keys[label], PendingWindowInDays=7)
    return estate


def report(checks):
    """Print each failed check and the closing line; the exit status.

    checks is a list of (name, complaint); an empty complaint is a pass.
    """
    failed = [(name, complaint) for name, complaint in checks if complaint]
    for name, complaint in failed:
        print(f"MISMATCH {name}: {complaint}")
    print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0
