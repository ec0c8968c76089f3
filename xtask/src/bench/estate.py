"""Makes an estate through the API, on any server.

Usage: estate.py URL REGION CONFIGURATIONS ENDPOINTS

Prints, as JSON, how many customer managed keys the configurations name. What each configuration
says is decided by counting, so that the estate is the same every time.
"""
import json
import sys

import boto3
from botocore.config import Config

URL, REGION, CONFIGS, ENDPOINTS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
KEYS = 12


def client(service):
    return boto3.client(
        service, endpoint_url=URL, region_name=REGION, config=Config(retries={"max_attempts": 0}),
        aws_access_key_id="123456789012", aws_secret_access_key="x",
    )


def pairs(tags, key="Key", value="Value"):
    return [{key: k, value: v} for k, v in tags.items()]


sagemaker, kms = client("sagemaker"), client("kms")
keys = []
for number in range(KEYS):
    # moto leaves KeyUsage out of its answers where it was not given; AWS never does.
    made = kms.create_key(
        KeyUsage="ENCRYPT_DECRYPT", Description=f"tenant {number}",
        Tags=pairs({"owner": "security"}, "TagKey", "TagValue"),
    )["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/ml/tenant-{number}", TargetKeyId=made["KeyId"])
    if number % 3:
        kms.enable_key_rotation(KeyId=made["KeyId"])
    keys.append(made)
for model in range(10):
    sagemaker.create_model(
        ModelName=f"model-{model}", ExecutionRoleArn="arn:aws:iam::123456789012:role/exec",
        PrimaryContainer={"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"},
    )


def reference(index):
    case = index % 16
    if case < KEYS:
        return keys[case]["Arn"]
    return [None, "alias/aws/ebs", "alias/ml/tenant-0", keys[1]["KeyId"]][case - KEYS]


for index in range(CONFIGS):
    arguments = {
        "EndpointConfigName": f"config-{index:04}",
        "ProductionVariants": [{
            "VariantName": "main", "ModelName": f"model-{index % 10}",
            "InstanceType": ["ml.m5.large", "ml.c5.large", "ml.g4dn.xlarge"][index % 3],
            "InitialInstanceCount": 1,
        }],
    }
    if reference(index):
        arguments["KmsKeyId"] = reference(index)
    arn = sagemaker.create_endpoint_config(**arguments)["EndpointConfigArn"]
    # moto forgets the tags given at creation; those added later it keeps.
    sagemaker.add_tags(ResourceArn=arn, Tags=pairs({"owner": "ml", "tenant": f"t{index % 12}"}))
for index in range(ENDPOINTS):
    name = f"endpoint-{index:04}"
    arn = sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=f"config-{index:04}")["EndpointArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=pairs({
        "owner": "ml", "tenant": f"t{index % 12}", "data-class": ["restricted", "internal"][index % 2]}))
print(json.dumps({"keys": KEYS}))
