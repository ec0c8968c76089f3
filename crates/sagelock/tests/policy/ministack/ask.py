"""Asks MiniStack, an emulator with an evaluator of its own, what it allows: every identity policy by every
key policy by every operation. Prints one JSON line for each: the case, as `sagelock policy simulate` reads it,
and whether it was allowed."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

REGION = "us-east-1"
ACCOUNT = "000000000000"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def serve(folder):
    """A server on a free port of loopback, that asks who is who."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder, "AUTH": "true",
        "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "SERVICES": "kms,iam,sts",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "LOG_LEVEL": "ERROR",
        "S3_DATA_DIR": folder, "DOCKER_HOST": f"unix://{folder}/none",
    }
    command = [sys.executable, "-m", "ministack"]
    log = open(os.path.join(folder, "log"), "w")
    return subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log), port


def client(port, service, key="test", secret="test", token=None):
    return boto3.client(
        service, endpoint_url=f"http://127.0.0.1:{port}", region_name=REGION, aws_access_key_id=key,
        aws_secret_access_key=secret, aws_session_token=token,
        config=Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=30),
    )


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def identities(other):
    """Identity policies; `other` is a key that nobody asks about."""
    here = {"StringEquals": {"aws:RequestedRegion": REGION}}
    there = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    return {
        "nothing": [],
        "everything": [allow("kms:*")],
        "encrypt": [allow("kms:Encrypt")],
        "some": [allow(["kms:Enc*", "kms:Describe?ey"])],
        "another-key": [allow("kms:*", other)],
        "but-encrypt": [allow("kms:*"), deny("kms:Encrypt")],
        "not-encrypt": [{"Effect": "Allow", "NotAction": "kms:Encrypt", "Resource": "*"}],
        "not-the-other": [{"Effect": "Allow", "Action": "kms:*", "NotResource": other}],
        "here": [allow("kms:*", Condition=here)],
        "there": [allow("kms:*", Condition=there)],
        "denied-there": [allow("kms:*"), deny("kms:*", Condition=there)],
        "another-service": [allow("s3:*")],
    }


def key_policies(roles):
    """Key policies, all of which leave something to the account."""
    root = {"AWS": ROOT}
    delegates = allow("kms:*", Principal=root, Sid="Root")
    administers = allow(
        ["kms:Describe*", "kms:Get*", "kms:List*", "kms:Put*", "kms:Delete*", "kms:ScheduleKeyDeletion"],
        Principal=root, Sid="Administration",
    )
    all_roles = {"AWS": list(roles.values())}
    one = {"AWS": roles["nothing"]}
    via = {"StringNotEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    not_me = {"ArnNotEquals": {"aws:PrincipalArn": roles["everything"]}}
    like = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*encrypt"}}
    return {
        "delegates": [delegates],
        "denies-encrypt": [delegates, deny("kms:Encrypt", Principal=all_roles)],
        "denies-everybody": [delegates, deny("kms:GenerateDataKey*", Principal="*")],
        "names-one": [delegates, allow(["kms:Encrypt", "kms:DescribeKey"], Principal=one)],
        "denies-one": [delegates, deny("kms:*", Principal={"AWS": roles["everything"]})],
        "denies-direct-calls": [delegates, deny("kms:Encrypt", Principal="*", Condition=via)],
        "denies-all-but-one": [delegates, deny("kms:GenerateDataKey", Principal="*", Condition=not_me)],
        "denies-by-name": [delegates, deny("kms:DescribeKey", Principal="*", Condition=like)],
        "uses-apart": [administers, allow(["kms:Encrypt", "kms:GenerateDataKey"], Principal=all_roles)],
        "nobody-uses": [administers],
    }


OPERATIONS = {
    "kms:Encrypt": lambda kms, key: kms.encrypt(KeyId=key, Plaintext=b"x"),
    "kms:GenerateDataKey": lambda kms, key: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
    "kms:DescribeKey": lambda kms, key: kms.describe_key(KeyId=key),
}


def wait(port, server):
    sts = client(port, "sts")
    for _ in range(120):
        if server.poll() is not None:
            sys.exit("ministack has ended")
        try:
            sts.get_caller_identity()
            return
        except (EndpointConnectionError, ClientError):
            time.sleep(0.5)
    sys.exit("ministack does not answer")


def ask(port):
    iam, kms, sts = (client(port, name) for name in ("iam", "kms", "sts"))
    other = kms.create_key()["KeyMetadata"]["Arn"]
    own = identities(other)
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}]}
    roles = {}
    for name, statements in own.items():
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        roles[name] = made["Role"]["Arn"]
        if statements:
            document = {"Version": "2012-10-17", "Statement": statements}
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(document))
    keys = {}
    for name, statements in key_policies(roles).items():
        policy = {"Version": "2012-10-17", "Statement": statements}
        made = kms.create_key(Policy=json.dumps(policy), BypassPolicyLockoutSafetyCheck=True)
        keys[name] = (made["KeyMetadata"]["Arn"], policy)
    for role, arn in roles.items():
        session = sts.assume_role(RoleArn=arn, RoleSessionName="asking")
        given = session["Credentials"]
        asking = client(port, "kms", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        for key, (key_arn, policy) in keys.items():
            for action, operation in OPERATIONS.items():
                try:
                    operation(asking, key_arn)
                    allowed = True
                except ClientError as error:
                    if "AccessDenied" not in error.response["Error"]["Code"]:
                        raise
                    allowed = False
                statements = own[role]
                case = {
                    "id": f"{role} {key} {action}", "action": action, "resource": key_arn,
                    "principal": session["AssumedRoleUser"]["Arn"], "scp": [], "key": policy,
                    "identity": [{"Version": "2012-10-17", "Statement": statements}] if statements else [],
                    "context": {
                        "aws:PrincipalArn": arn, "aws:PrincipalAccount": ACCOUNT,
                        "aws:RequestedRegion": REGION, "kms:CallerAccount": ACCOUNT,
                    },
                }
                print(json.dumps({"case": case, "allowed": allowed}), flush=True)


with tempfile.TemporaryDirectory() as folder:
    server, port = serve(folder)
    try:
        wait(port, server)
        ask(port)
    finally:
        server.kill()
        server.wait()
