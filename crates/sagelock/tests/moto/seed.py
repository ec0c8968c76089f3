"""Fills a moto server with a labelled estate and writes down what it did.

Usage: seed.py PORT CONFIGURATIONS ENDPOINTS OUT.json

What is written down are the parameters of every call made here, not what any tool should say of
them: the labels are derived elsewhere. The choice of cases is by counting, not by chance, so
that every case is there and the estate is the same every time.
"""
import json
import sys

import boto3

PORT, CONFIGS, ENDPOINTS, OUT = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
REGION, OTHER_REGION = "us-east-1", "eu-west-1"
ACCOUNT, STRANGER = "123456789012", "222222222222"


def client(service, region=REGION, credentials=None):
    keys = credentials or {"AccessKeyId": "test", "SecretAccessKey": "test", "SessionToken": None}
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{PORT}",
        region_name=region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def assume(account):
    role = f"arn:aws:iam::{account}:role/keys"
    answer = client("sts").assume_role(RoleArn=role, RoleSessionName="seed")
    return answer["Credentials"]


sagemaker, kms = client("sagemaker"), client("kms")
organizations = client("organizations")
organizations.create_organization(FeatureSet="ALL")
member = organizations.create_account(AccountName="keys", Email="keys@example.com")
MEMBER = member["CreateAccountStatus"]["AccountId"]

keys = {}


def key(name, kms=kms, account=ACCOUNT, region=REGION, state="Enabled", rotation=False, tags=(), aliases=(), **how):
    # moto leaves KeyUsage out of its answers where it was not given; AWS never does.
    how.setdefault("KeyUsage", "ENCRYPT_DECRYPT")
    made = kms.create_key(Tags=[{"TagKey": k, "TagValue": v} for k, v in tags], **how)["KeyMetadata"]
    for alias in aliases:
        kms.create_alias(AliasName=alias, TargetKeyId=made["KeyId"])
    if rotation:
        kms.enable_key_rotation(KeyId=made["KeyId"])
    if state == "Disabled":
        kms.disable_key(KeyId=made["KeyId"])
    if state == "PendingDeletion":
        kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    keys[name] = {
        "arn": made["Arn"], "id": made["KeyId"], "account": account, "region": region,
        "state": state, "rotation": rotation, "tags": dict(tags), "aliases": list(aliases),
        "spec": how.get("KeySpec", "SYMMETRIC_DEFAULT"), "usage": how["KeyUsage"],
        "origin": how.get("Origin", "AWS_KMS"), "manager": "CUSTOMER",
    }


owned = (("owner", "ml"),)
key("good", rotation=True, tags=owned, aliases=["alias/prod-good"])
key("plain")
# Open to everybody; the account has no say in its policy; and a grant to the whole account.
public = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Principal": "*"},
    {"Effect": "Allow", "Action": "kms:PutKeyPolicy", "Resource": "*", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"}},
]})
key("open", Policy=public)
narrow = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["kms:Describe*", "kms:PutKeyPolicy"], "Resource": "*", "Principal": {"AWS": ACCOUNT}},
]})
key("narrow", Policy=narrow)
kms.create_grant(KeyId=keys["open"]["id"], GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:root", Operations=["Decrypt"])
key("misnamed", rotation=True, tags=owned, aliases=["alias/misnamed"])
key("disabled", state="Disabled", tags=owned, aliases=["alias/prod-disabled"])
key("leaving", state="PendingDeletion", aliases=["alias/prod-leaving"])
key("leaving-unused", state="PendingDeletion")
key("rsa", KeySpec="RSA_2048")
key("signing", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
key("hmac", KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
key("imported", Origin="EXTERNAL")
key("multi", MultiRegion=True, rotation=True, tags=owned, aliases=["alias/prod-multi"])
key("elsewhere", kms=client("kms", OTHER_REGION), region=OTHER_REGION)
key("member", kms=client("kms", credentials=assume(MEMBER)), account=MEMBER)
key("stranger", kms=client("kms", credentials=assume(STRANGER)), account=STRANGER)
aws_key = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
# On AWS this key's manager is AWS. moto calls it CUSTOMER, and no client can see otherwise.
keys["aws"] = {
    "arn": aws_key["Arn"], "id": aws_key["KeyId"], "account": ACCOUNT, "region": REGION,
    "state": "Enabled", "rotation": False, "tags": {}, "aliases": [],
    "spec": "SYMMETRIC_DEFAULT", "usage": "ENCRYPT_DECRYPT", "origin": "AWS_KMS",
    "manager": "CUSTOMER as moto has it, AWS on AWS",
}
GONE = "1234abcd-12ab-34cd-56ef-1234567890ab"


def arn_of_alias(alias, account=ACCOUNT, region=REGION):
    return f"arn:aws:kms:{region}:{account}:{alias}"


def by(name, form, text):
    return {"key": name, "form": form, "text": text}


def all_forms(name):
    one = keys[name]
    forms = [by(name, "id", one["id"]), by(name, "arn", one["arn"])]
    for alias in one["aliases"]:
        forms += [by(name, "alias", alias), by(name, "alias ARN", arn_of_alias(alias))]
    return forms


REFERENCES = [
    by(None, "absent", None),
    by(None, "empty", ""),
    by("aws-alias", "alias", "alias/aws/sagemaker"),
    by("aws-alias", "alias ARN", arn_of_alias("alias/aws/ebs")),
    by("gone", "id", GONE),
    by("gone", "arn", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{GONE}"),
    by("gone", "alias", "alias/never-made"),
    by("gone", "alias ARN", arn_of_alias("alias/never-made")),
    by("gone", "not a key", "not-a-key"),
    by("gone", "a role", f"arn:aws:iam::{ACCOUNT}:role/x"),
    by("member", "arn", keys["member"]["arn"]),
    by("stranger", "arn", keys["stranger"]["arn"]),
    by("elsewhere", "arn", keys["elsewhere"]["arn"]),
    by("aws", "arn", keys["aws"]["arn"]),
]
for name in ["good", "plain", "open", "narrow", "misnamed", "disabled", "leaving", "rsa", "signing", "hmac", "imported", "multi"]:
    REFERENCES += all_forms(name)
OUTPUT_REFERENCES = [
    by(None, "absent", None),
    by("good", "alias", "alias/prod-good"),
    by("aws-alias", "alias", "alias/aws/s3"),
    by("gone", "id", GONE),
    by("plain", "arn", keys["plain"]["arn"]),
]
# moto knows 66 older types and refuses the others (g5, p5, m6gd, inf2 and all newer ones).
EBS, LOCAL = "ml.m5.large", "ml.g4dn.xlarge"
PLACEMENTS = [
    [EBS], [EBS], [EBS], [EBS], [LOCAL], ["ml.c5d.large"], [EBS, LOCAL], [LOCAL, "ml.m5d.large"],
    [EBS, "ml.c5.large"], ["serverless"], ["ml.inf1.xlarge"], ["ml.r5d.large"],
]
DATA_CLASSES = [None, "public", None, "restricted", None, "internal"]
OUTPUTS = ["none", "capture", "capture off", "async", "dump", "none", "capture and dump"]

# Where outputs go, and the default encryption of each bucket; moto has none where none was put.
BUCKETS = {
    "out-good": ("aws:kms", keys["good"]["arn"]),
    "out-dsse": ("aws:kms:dsse", keys["plain"]["arn"]),
    "out-id": ("aws:kms", keys["good"]["id"]),
    "out-alias": ("aws:kms", "alias/prod-good"),
    "out.dots": ("aws:kms", keys["good"]["arn"]),
    "out-s3": ("AES256", None),
    "out-none": (None, None),
    "out-managed": ("aws:kms", None),
    "out-managed-alias": ("aws:kms", "alias/aws/s3"),
    "out-gone": ("aws:kms", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{GONE}"),
}
s3 = client("s3")
for bucket, (algorithm, default) in BUCKETS.items():
    s3.create_bucket(Bucket=bucket)
    if algorithm:
        rule = {"SSEAlgorithm": algorithm} | ({"KMSMasterKeyID": default} if default else {})
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": rule}]})
PLACES = [f"s3://{bucket}" for bucket in BUCKETS] + [
    "s3://out-never-made", f"s3://arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/p"]
OBJECT = "a b/\u00e9+#%25&=~.tar.gz"
s3.put_object(Bucket="out-s3", Key=OBJECT, Body=b"w", ServerSideEncryption="aws:kms", SSEKMSKeyId=keys["good"]["arn"])
s3.put_object(Bucket="out-good", Key="s3", Body=b"w", ServerSideEncryption="AES256")
s3.put_object(Bucket="out-none", Key="none", Body=b"w")
s3.put_object(Bucket="out-s3", Key="gone", Body=b"w", ServerSideEncryption="aws:kms",
              SSEKMSKeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{GONE}")
s3.put_object(Bucket="out-s3", Key="strange", Body=b"w", ServerSideEncryption="aws:kms", SSEKMSKeyId=GONE)
s3.put_object(Bucket="out-good", Key="default", Body=b"w")
for part in ("", "part 1+2", "\u00e9 <&>'\"%41\r"):
    s3.put_object(Bucket="out-good", Key=f"prefix/{part}", Body=b"w" if part else b"",
                  ServerSideEncryption="aws:kms", SSEKMSKeyId=keys["good"]["arn"])


def source(uri, kind):
    return {"ModelDataSource": {"S3DataSource": {"S3Uri": uri, "S3DataType": kind, "CompressionType": "None"}}}


# What the containers of each model load.
LOADS = [
    [{}],
    [{"ModelDataUrl": f"s3://out-s3/{OBJECT}"}],
    [{"ModelDataUrl": "s3://out-good/s3"}],
    [source("s3://out-none/none", "S3Object")],
    [source("s3://out-good/prefix/", "S3Prefix")],
    [{"ModelDataUrl": "s3://out-s3/many/", "Mode": "MultiModel"}],
    [{"ModelDataUrl": "s3://out-good/never-made"}],
    [{"ModelDataUrl": "s3://out-s3/gone"}],
    [{"ModelDataUrl": "s3://out-good/default"}, {"ModelDataUrl": "https://example.com/model.tar.gz"}],
    [{"ModelDataUrl": "s3://out-s3/strange"}],
]
estate = {"account": ACCOUNT, "region": REGION, "member": MEMBER, "stranger": STRANGER,
          "keys": keys, "configs": [], "endpoints": []}
for model, loads in enumerate(LOADS):
    containers = [{"Image": "image", "Environment": {"TOKEN": "not-to-be-recorded"}} | more for more in loads]
    one = {"PrimaryContainer": containers[0]} if len(containers) == 1 else {"Containers": containers}
    sagemaker.create_model(
        ModelName=f"model-{model}", ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/exec-{model}", **one)


def output(place, reference):
    made = dict(place)
    if reference["text"] is not None:
        made["KmsKeyId"] = reference["text"]
    return made


for index in range(CONFIGS):
    name = f"config-{index:04}"
    reference = REFERENCES[index % len(REFERENCES)]
    if index == CONFIGS - 1:
        # The only configuration that names this key; no endpoint runs it.
        reference = by("leaving-unused", "arn", keys["leaving-unused"]["arn"])
    placement = PLACEMENTS[(index // 3) % len(PLACEMENTS)]
    outputs = OUTPUTS[(index // 2) % len(OUTPUTS)]
    output_reference = OUTPUT_REFERENCES[(index // 5) % len(OUTPUT_REFERENCES)]
    place = PLACES[(index // 3) % len(PLACES)]
    variants = []
    for number, on in enumerate(placement):
        variant = {"VariantName": f"v{number}", "ModelName": f"model-{index % 10}"}
        if on == "serverless":
            variant["ServerlessConfig"] = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
        else:
            variant |= {"InstanceType": on, "InitialInstanceCount": 1}
            if "dump" in outputs:
                variant["CoreDumpConfig"] = output({"DestinationS3Uri": f"{place}/d"}, output_reference)
        variants.append(variant)
    arguments = {"EndpointConfigName": name, "ProductionVariants": variants}
    if reference["text"] is not None:
        arguments["KmsKeyId"] = reference["text"]
    if "capture" in outputs:
        arguments["DataCaptureConfig"] = output(
            {"EnableCapture": outputs != "capture off", "InitialSamplingPercentage": 10,
             "DestinationS3Uri": f"{place}/c", "CaptureOptions": [{"CaptureMode": "Input"}]},
            output_reference)
    if outputs == "async":
        arguments["AsyncInferenceConfig"] = {
            "OutputConfig": output({"S3OutputPath": f"{place}/a"}, output_reference)}
    arn = sagemaker.create_endpoint_config(**arguments)["EndpointConfigArn"]
    # moto forgets the tags given at creation; those added later it keeps.
    tags = {}
    if index % 4 != 1:
        tags["owner"] = "ml"
    if (index // 7) % 6 == 3:
        tags["data-class"] = "restricted"
    if tags:
        sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": k, "Value": v} for k, v in tags.items()])
    estate["configs"].append({
        "name": name, "arn": arn, "reference": reference, "placement": placement, "outputs": outputs,
        "output_reference": output_reference, "place": place, "model": index % 10,
        "tags": tags, "deleted": False,
    })

for index in range(ENDPOINTS):
    name = f"Endpoint-{index:03}"
    config = estate["configs"][index]
    arn = sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config["name"])["EndpointArn"]
    tags = {}
    if index % 5 != 2:
        tags["owner"] = "ml"
    if DATA_CLASSES[index % len(DATA_CLASSES)]:
        tags["data-class"] = DATA_CLASSES[index % len(DATA_CLASSES)]
    if tags:
        sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": k, "Value": v} for k, v in tags.items()])
    estate["endpoints"].append({"name": name, "arn": arn, "config": config["name"], "tags": tags})

# Some endpoints were moved, and their new configurations say from where.
for index in range(ENDPOINTS // 15, ENDPOINTS // 5, 2):
    config = estate["configs"][index]
    old = {0: f"config-{ENDPOINTS + index:04}", 1: "config-never-made", 2: "config-0000"}[(index // 2) % 3]
    sagemaker.add_tags(ResourceArn=config["arn"], Tags=[{"Key": "sagelock:supersedes", "Value": old}])
    config["tags"]["sagelock:supersedes"] = old
# Some configurations are deleted under their endpoints; AWS, too, does not refuse that.
for index in range(ENDPOINTS // 3, ENDPOINTS // 3 + ENDPOINTS // 15):
    sagemaker.delete_endpoint_config(EndpointConfigName=estate["configs"][index]["name"])
    estate["configs"][index]["deleted"] = True

with open(OUT, "w", encoding="utf-8") as out:
    json.dump(estate, out, indent=1)
