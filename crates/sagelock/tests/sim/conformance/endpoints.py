"""SageMaker: endpoints from creation to deletion, inference InvokeEndpoint."""
import time

import harness
from endpoint_configs import variant
from harness import accepted, check, client, eq, err, exec_role, gap, has, lacks, lazy, matches, name, one_of, step, wait_for
from models_lists import BAD, make_config, make_model, tag_map

C = "SageMaker API, CreateEndpoint, "
D = "SageMaker API, DescribeEndpoint, "
_sm = lazy(lambda: client("sagemaker"))
_model = lazy(lambda: make_model(_sm())[0])
_config = lazy(lambda: make_config(_sm(), _model())[0])


def status(ep):
    return _sm().describe_endpoint(EndpointName=ep)["EndpointStatus"]


def settled(ep):
    """Wait until the endpoint stops moving; returns its description."""
    def probe():
        got = _sm().describe_endpoint(EndpointName=ep)
        return got if got["EndpointStatus"] not in ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting") else None
    got = wait_for(probe)
    if not got:
        raise AssertionError("endpoint %s is still %s" % (ep, status(ep)))
    return got


def make_endpoint(config=None, n=None, **kw):
    n = n or name("ep")
    return n, _sm().create_endpoint(EndpointName=n, EndpointConfigName=config or _config(), **kw)["EndpointArn"]


def in_service(config=None, **kw):
    n, _ = make_endpoint(config, **kw)
    got = settled(n)
    if got["EndpointStatus"] != "InService":
        raise AssertionError("endpoint %s ended as %s: %s" % (n, got["EndpointStatus"], got.get("FailureReason")))
    return n


def while_creating(act, good):
    """Create an endpoint and act at once; again if the machine was too slow to catch it in Creating."""
    for _ in range(4):
        n, _ = make_endpoint()
        started = time.time()
        try:
            value = act(n)
        except Exception as exc:  # noqa: BLE001 - the refusal is what is looked for
            value = exc
        if good(value) or (time.time() - started) * harness.SPEED < 45:
            break
    if isinstance(value, Exception):
        raise value
    return value


def life():
    sm = _sm()
    creating = step(lambda: while_creating(lambda n: sm.describe_endpoint(EndpointName=n), lambda v: not isinstance(v, Exception) and v["EndpointStatus"] == "Creating"))
    check("an endpoint is Creating just after CreateEndpoint", D + "EndpointStatus", eq(lambda: creating()["EndpointStatus"], "Creating"))
    check("an endpoint in Creating cannot be deleted", "SageMaker API, DeleteEndpoint, errors", err(
        lambda: while_creating(lambda n: sm.delete_endpoint(EndpointName=n), lambda v: isinstance(v, Exception)), BAD, r'Cannot update in-progress endpoint "arn:'))
    other = lazy(lambda: make_config(sm, _model())[0])
    check("an endpoint in Creating cannot be updated", "SageMaker API, UpdateEndpoint, errors", err(
        lambda: while_creating(lambda n: sm.update_endpoint(EndpointName=n, EndpointConfigName=other()), lambda v: isinstance(v, Exception)),
        BAD, r'Cannot update in-progress endpoint "arn:'))
    made = step(lambda: make_endpoint(Tags=[{"Key": "tier", "Value": "gold"}]))
    check("the ARN is that of an endpoint in this account", C + "EndpointArn",
          matches(lambda: made()[1], r"^arn:aws:sagemaker:us-east-1:123456789012:endpoint/ep-"))
    waiter = sm.get_waiter("endpoint_in_service")
    up = step(lambda: waiter.wait(EndpointName=made()[0], WaiterConfig={"Delay": max(0.1, 30 / harness.SPEED), "MaxAttempts": 120}))
    check("the waiter endpoint_in_service succeeds", "SageMaker waiters, EndpointInService", accepted(up))
    got = lazy(lambda: (up(), sm.describe_endpoint(EndpointName=made()[0]))[1])
    check("the endpoint is InService afterwards", D + "EndpointStatus", eq(lambda: got()["EndpointStatus"], "InService"))
    check("DescribeEndpoint returns the ARN of CreateEndpoint", D + "EndpointArn", eq(lambda: got()["EndpointArn"], lambda: made()[1]))
    check("DescribeEndpoint names the endpoint configuration", D + "EndpointConfigName", eq(lambda: got()["EndpointConfigName"], _config))
    v = lazy(lambda: got()["ProductionVariants"][0])
    for field, want in (("VariantName", "v1"), ("CurrentInstanceCount", 1), ("DesiredInstanceCount", 1), ("CurrentWeight", 1.0), ("DesiredWeight", 1.0)):
        check("a variant of an InService endpoint has %s" % field, D + "ProductionVariants." + field, eq(lambda: v()[field], want))
    check("a variant of an InService endpoint names its image", D + "ProductionVariants.DeployedImages",
          matches(lambda: v()["DeployedImages"][0]["SpecifiedImage"], "pytorch-inference"))
    check("an InService endpoint has no failure reason and no pending deployment", D + "PendingDeploymentSummary",
          lacks(got, "FailureReason", "PendingDeploymentSummary", "DataCaptureConfig", "AsyncInferenceConfig", "ShadowProductionVariants", "ExplainerConfig"))
    check("DescribeEndpoint does not return the volume key", D + "response", lacks(got, "KmsKeyId"))
    check("the modification time is not before the creation time", D + "LastModifiedTime", lambda: got()["LastModifiedTime"] >= got()["CreationTime"])
    check("tags given to CreateEndpoint are in ListTags", C + "Tags", eq(lambda: tag_map(sm.list_tags(ResourceArn=made()[1])["Tags"]), {"tier": "gold"}))
    check("ListEndpoints shows the endpoint with its status", "SageMaker API, ListEndpoints, EndpointSummary",
          eq(lambda: [(e["EndpointArn"], e["EndpointStatus"]) for e in sm.list_endpoints(NameContains=made()[0])["Endpoints"] if e["EndpointName"] == made()[0]],
             lambda: [(made()[1], "InService")]))
    check("a second endpoint of the same name is refused", C + "EndpointName",
          err(lambda: make_endpoint(n=made()[0]), BAD, r'Cannot create already existing endpoint "arn:'))
    check("endpoint names are compared without case", C + "EndpointName", err(lambda: make_endpoint(n=made()[0].upper()), BAD, "Cannot create already existing endpoint"))
    check("an endpoint may be described and its configuration deleted while in use", "SageMaker API, DeleteEndpointConfig",
          accepted(lambda: delete_in_use(sm)))
    down = step(lambda: (up(), sm.delete_endpoint(EndpointName=made()[0])))
    check("the waiter endpoint_deleted succeeds", "SageMaker waiters, EndpointDeleted", accepted(lambda: (down(), sm.get_waiter("endpoint_deleted").wait(
        EndpointName=made()[0], WaiterConfig={"Delay": max(0.1, 30 / harness.SPEED), "MaxAttempts": 60}))))
    check("a deleted endpoint can no longer be described", "SageMaker API, DeleteEndpoint",
          err(lambda: (down(), sm.describe_endpoint(EndpointName=made()[0])), BAD, r'Could not find endpoint "arn:'))
    check("deleting an endpoint leaves its configuration", "SageMaker API, DeleteEndpoint",
          eq(lambda: (down(), sm.describe_endpoint_config(EndpointConfigName=_config()))[1]["EndpointConfigName"], _config))


def delete_in_use(sm):
    cfg, _ = make_config(sm, _model())
    ep = in_service(cfg)
    sm.delete_endpoint_config(EndpointConfigName=cfg)
    if status(ep) != "InService":
        raise AssertionError("the endpoint left InService")


def missing():
    sm, raw = _sm(), client("sagemaker", raw=True)
    check("an unknown endpoint is reported with its ARN", D + "errors", err(lambda: sm.describe_endpoint(EndpointName="no-such-ep"), BAD, r'Could not find endpoint "arn:.*no-such-ep"'))
    check("deleting an unknown endpoint is refused", "SageMaker API, DeleteEndpoint, errors", err(lambda: sm.delete_endpoint(EndpointName="no-such-ep"), BAD, r'Could not find endpoint "arn:'))
    check("an unknown configuration is refused", C + "EndpointConfigName", err(lambda: make_endpoint("no-such-cfg"), BAD, r'Could not find endpoint configuration "arn:.*no-such-cfg"'))
    check("an endpoint name of 64 characters is refused", C + "EndpointName length", err(
        lambda: raw.create_endpoint(EndpointName="e" * 64, EndpointConfigName=_config()), BAD, "failed to satisfy constraint"))
    check("an endpoint name with a dot is refused", C + "EndpointName pattern", err(
        lambda: raw.create_endpoint(EndpointName="a.b", EndpointConfigName=_config()), BAD, "failed to satisfy constraint"))
    check("CreateEndpoint without a configuration name is refused", C + "EndpointConfigName required", err(lambda: raw.create_endpoint(EndpointName=name("ep")), BAD))
    check("51 tags are refused", C + "Tags length", err(lambda: make_endpoint(Tags=[{"Key": "k%d" % i, "Value": "v"} for i in range(51)]), (BAD, "ResourceLimitExceeded")))


def features():
    sm, kms = _sm(), client("kms")
    key = lazy(lambda: kms.create_key()["KeyMetadata"]["Arn"])
    capture = lambda: {"InitialSamplingPercentage": 25, "DestinationS3Uri": "s3://capture/x", "KmsKeyId": key(),  # noqa: E731
                       "CaptureOptions": [{"CaptureMode": "Input"}]}
    ep = step(lambda: in_service(make_config(sm, _model(), KmsKeyId=key(), DataCaptureConfig=dict(capture(), EnableCapture=True))[0]))
    cap = lazy(lambda: sm.describe_endpoint(EndpointName=ep())["DataCaptureConfig"])
    check("data capture of an InService endpoint is Started", D + "DataCaptureConfig.CaptureStatus", eq(lambda: cap()["CaptureStatus"], "Started"))
    check("the capture summary has the sampling percentage", D + "DataCaptureConfig.CurrentSamplingPercentage", eq(lambda: cap()["CurrentSamplingPercentage"], 25))
    check("the capture summary has the destination", D + "DataCaptureConfig.DestinationS3Uri", eq(lambda: cap()["DestinationS3Uri"], "s3://capture/x"))
    check("the capture summary has the key", D + "DataCaptureConfig.KmsKeyId", eq(lambda: cap()["KmsKeyId"], key))
    check("EnableCapture defaults to true", "SageMaker API, DataCaptureConfig, EnableCapture", eq(
        lambda: sm.describe_endpoint(EndpointName=in_service(make_config(sm, _model(), DataCaptureConfig=capture())[0]))["DataCaptureConfig"]["EnableCapture"], True))
    check("data capture that is switched off is Stopped", D + "DataCaptureConfig.CaptureStatus", eq(
        lambda: sm.describe_endpoint(EndpointName=in_service(make_config(sm, _model(), DataCaptureConfig=dict(capture(), EnableCapture=False))[0]))
        .get("DataCaptureConfig", {}).get("CaptureStatus", "Stopped"), "Stopped"))
    out = {"OutputConfig": {"S3OutputPath": "s3://out/a"}}
    check("AsyncInferenceConfig is in DescribeEndpoint", D + "AsyncInferenceConfig", eq(
        lambda: sm.describe_endpoint(EndpointName=in_service(make_config(sm, _model(), AsyncInferenceConfig=out)[0]))["AsyncInferenceConfig"]["OutputConfig"]
        ["S3OutputPath"], "s3://out/a"))
    explainer = {"ClarifyExplainerConfig": {"ShapConfig": {"ShapBaselineConfig": {"MimeType": "text/csv", "ShapBaseline": "1,2,3"}}}}
    check("ExplainerConfig is in DescribeEndpoint", D + "ExplainerConfig", eq(
        lambda: sm.describe_endpoint(EndpointName=in_service(make_config(sm, _model(), ExplainerConfig=explainer)[0]))["ExplainerConfig"]
        ["ClarifyExplainerConfig"]["ShapConfig"]["ShapBaselineConfig"]["ShapBaseline"], "1,2,3"))
    check("a shadow variant is in DescribeEndpoint", D + "ShadowProductionVariants", eq(
        lambda: [s["VariantName"] for s in sm.describe_endpoint(EndpointName=in_service(
            make_config(sm, _model(), ShadowProductionVariants=[variant(_model(), "shadow")])[0]))["ShadowProductionVariants"]], ["shadow"]))
    sless = lambda: [{"VariantName": "v1", "ModelName": _model(), "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}]  # noqa: E731
    check("a serverless variant shows its current configuration", D + "ProductionVariants.CurrentServerlessConfig", eq(
        lambda: sm.describe_endpoint(EndpointName=in_service(make_config(sm, _model(), ProductionVariants=sless())[0]))["ProductionVariants"][0]
        ["CurrentServerlessConfig"]["MaxConcurrency"], 5))


def filters():
    sm, raw, page = _sm(), client("sagemaker", raw=True), "SageMaker API, ListEndpoints, "
    stem = name("flt")
    both = step(lambda: ([make_endpoint(n=stem + "-a"), settled(stem + "-a"), gap(), gap(), make_endpoint(n=stem + "-b"), settled(stem + "-b")]))
    seen = lambda **kw: (both(), sorted(e["EndpointName"][-1] for e in sm.list_endpoints(NameContains=stem, **kw)["Endpoints"]))[1]  # noqa: E731
    check("StatusEquals=InService returns the endpoints in service", page + "StatusEquals", eq(lambda: seen(StatusEquals="InService"), ["a", "b"]))
    check("StatusEquals=Failed returns none of them", page + "StatusEquals", eq(lambda: seen(StatusEquals="Failed"), []))
    check("an unknown StatusEquals is refused", page + "StatusEquals", err(lambda: raw.list_endpoints(StatusEquals="Sleeping"), BAD, "failed to satisfy constraint"))
    when = lazy(lambda: sm.describe_endpoint(EndpointName=stem + "-b")["CreationTime"])
    check("LastModifiedTimeAfter returns only endpoints modified later", page + "LastModifiedTimeAfter", eq(lambda: seen(LastModifiedTimeAfter=when()), ["b"]))
    check("LastModifiedTimeBefore returns only endpoints modified earlier", page + "LastModifiedTimeBefore", eq(lambda: seen(LastModifiedTimeBefore=when()), ["a"]))


def runtime():
    rt, page = client("sagemaker-runtime"), "SageMaker Runtime API, InvokeEndpoint, "
    ep = step(lambda: in_service(n=name("Ep-Mixed")))
    call = lambda n: rt.invoke_endpoint(EndpointName=n, ContentType="text/csv", Body=b"1,2,3")  # noqa: E731
    check("an unknown endpoint is refused", page + "ValidationError", err(lambda: call("no-such-ep"), "ValidationError"))
    reply = step(lambda: call(ep()))
    check("an InService endpoint answers with a body", page + "Body", lambda: len(reply()["Body"].read()) > 0)
    check("the answer names the variant", page + "InvokedProductionVariant", one_of(lambda: reply().get("InvokedProductionVariant", "v1"), "v1"))
    check("the case of the name must match", "SageMaker API, CreateEndpoint, EndpointName", err(lambda: call(ep().lower()), "ValidationError"))
    check("DescribeEndpoint keeps the case of the name", D + "EndpointName", has(lambda: _sm().describe_endpoint(EndpointName=ep())["EndpointName"], "Ep-Mixed"))


SCENARIOS = [life, missing, features, filters, runtime]
