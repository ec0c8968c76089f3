"""SageMaker: endpoint configurations: round trips, keys, limits, refusals."""
from harness import accepted, check, client, eq, err, exec_role, lacks, lazy, matches, name, one_of, step
from models_lists import BAD, make_config, make_model

P = "SageMaker API, CreateEndpointConfig, "
D = "SageMaker API, DescribeEndpointConfig, "


def variant(model, n="v1", itype="ml.m5.large", count=1, **kw):
    return dict(VariantName=n, ModelName=model, InstanceType=itype, InitialInstanceCount=count, **kw)


_sm = lazy(lambda: client("sagemaker"))
_model = lazy(lambda: make_model(_sm())[0])


def described(**kw):
    n, _ = make_config(_sm(), _model(), **kw)
    return _sm().describe_endpoint_config(EndpointConfigName=n)


def keys():
    kms, sm = client("kms"), client("sagemaker")
    meta = lazy(lambda: kms.create_key()["KeyMetadata"])
    alias = "alias/" + name("cmk")
    aliased = lazy(lambda: (kms.create_alias(AliasName=alias, TargetKeyId=meta()["KeyId"]), alias)[1])
    forms = [("key id", lambda: meta()["KeyId"]), ("key ARN", lambda: meta()["Arn"]), ("alias name", aliased),
             ("alias ARN", lambda: "arn:aws:kms:us-east-1:123456789012:" + aliased())]
    for label, form in forms:
        check("KmsKeyId given as a %s is kept as given" % label, D + "KmsKeyId", eq(lambda: described(KmsKeyId=form())["KmsKeyId"], form))
    check("a key with a character outside the pattern is refused", P + "KmsKeyId pattern",
          err(lambda: make_config(sm, _model(), KmsKeyId="no spaces"), BAD, "failed to satisfy constraint"))
    check("a key of 2049 characters is refused", P + "KmsKeyId length",
          err(lambda: make_config(sm, _model(), KmsKeyId="a" * 2049), BAD, "failed to satisfy constraint"))
    for itype in ("ml.m5d.large", "ml.g5.xlarge", "ml.p4d.24xlarge"):
        check("a key together with %s, which has local storage, is accepted" % itype, P + "KmsKeyId",
              eq(lambda: described(KmsKeyId=meta()["Arn"], ProductionVariants=[variant(_model(), itype=itype)])["KmsKeyId"], lambda: meta()["Arn"]))
    serverless = lambda: [{"VariantName": "v1", "ModelName": _model(), "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}]  # noqa: E731
    check("a key together with a serverless variant is accepted", P + "KmsKeyId",
          eq(lambda: described(KmsKeyId=meta()["Arn"], ProductionVariants=serverless())["KmsKeyId"], lambda: meta()["Arn"]))
    check("a serverless variant comes back as given", D + "ProductionVariants.ServerlessConfig",
          eq(lambda: described(ProductionVariants=serverless())["ProductionVariants"][0]["ServerlessConfig"], {"MemorySizeInMB": 2048, "MaxConcurrency": 5}))
    check("a serverless variant has no InstanceType", D + "ProductionVariants.InstanceType",
          lacks(lambda: described(ProductionVariants=serverless())["ProductionVariants"][0], "InstanceType", "InitialInstanceCount"))


def round_trip():
    role = lazy(exec_role)
    capture = {"EnableCapture": True, "InitialSamplingPercentage": 40, "DestinationS3Uri": "s3://capture/x", "KmsKeyId": "alias/capture",
               "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}], "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]}}
    isasync = {"ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
               "OutputConfig": {"S3OutputPath": "s3://out/a", "S3FailurePath": "s3://out/f", "KmsKeyId": "alias/out"}}
    explainer = {"ClarifyExplainerConfig": {"EnableExplanations": "`true`", "ShapConfig": {
        "NumberOfSamples": 50, "UseLogit": False, "Seed": 7, "ShapBaselineConfig": {"MimeType": "text/csv", "ShapBaseline": "1,2,3"}}}}
    vpc = {"SecurityGroupIds": ["sg-0a1b2c3d"], "Subnets": ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]}
    metrics = {"EnableEnhancedMetrics": True, "MetricPublishFrequencyInSeconds": 30}
    core = {"DestinationS3Uri": "s3://core/x", "KmsKeyId": "alias/core"}
    scaling = {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 3}
    first = lambda **kw: described(ProductionVariants=[variant(_model(), **kw)])["ProductionVariants"][0]  # noqa: E731
    part = lambda got, want: {k: got.get(k) for k in want}  # noqa: E731

    check("DataCaptureConfig comes back as given", D + "DataCaptureConfig", eq(lambda: described(DataCaptureConfig=capture)["DataCaptureConfig"], capture))
    check("AsyncInferenceConfig comes back as given", D + "AsyncInferenceConfig", eq(lambda: described(AsyncInferenceConfig=isasync)["AsyncInferenceConfig"], isasync))
    check("ExplainerConfig comes back as given", D + "ExplainerConfig", eq(lambda: described(ExplainerConfig=explainer)["ExplainerConfig"], explainer))
    # These three belong to endpoints of inference components, whose variants name no model.
    hosting = lazy(lambda: described(VpcConfig=vpc, ExecutionRoleArn=role(), EnableNetworkIsolation=True, ProductionVariants=[
        {"VariantName": "v1", "InstanceType": "ml.g5.2xlarge", "InitialInstanceCount": 1}]))
    check("VpcConfig comes back as given", D + "VpcConfig", eq(lambda: hosting()["VpcConfig"], vpc))
    check("ExecutionRoleArn comes back as given", D + "ExecutionRoleArn", eq(lambda: hosting()["ExecutionRoleArn"], role))
    check("EnableNetworkIsolation comes back as given", D + "EnableNetworkIsolation", eq(lambda: hosting()["EnableNetworkIsolation"], True))
    check("a variant without a model has no ModelName", D + "ProductionVariants.ModelName", lacks(lambda: hosting()["ProductionVariants"][0], "ModelName"))
    check("MetricsConfig comes back with the values given", D + "MetricsConfig", eq(lambda: part(described(MetricsConfig=metrics)["MetricsConfig"], metrics), metrics))
    check("CrossRegionTrafficConfig comes back as given", D + "CrossRegionTrafficConfig", eq(
        lambda: described(CrossRegionTrafficConfig={"MaxInvocationsPerSecondPerInstance": 10, "MaxCrossRegionPercentPerEndpoint": 20})["CrossRegionTrafficConfig"],
        {"MaxInvocationsPerSecondPerInstance": 10, "MaxCrossRegionPercentPerEndpoint": 20}))
    check("a shadow variant comes back", D + "ShadowProductionVariants", eq(
        lambda: [v["VariantName"] for v in described(ShadowProductionVariants=[variant(_model(), "shadow")])["ShadowProductionVariants"]], ["shadow"]))
    check("CoreDumpConfig comes back as given", D + "ProductionVariants.CoreDumpConfig", eq(lambda: first(CoreDumpConfig=core)["CoreDumpConfig"], core))
    check("ManagedInstanceScaling comes back with the values given", D + "ProductionVariants.ManagedInstanceScaling",
          eq(lambda: part(first(ManagedInstanceScaling=scaling)["ManagedInstanceScaling"], scaling), scaling))
    check("RoutingConfig comes back as given", D + "ProductionVariants.RoutingConfig",
          eq(lambda: first(RoutingConfig={"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"})["RoutingConfig"], {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}))
    sizes = {"VolumeSizeInGB": 30, "ModelDataDownloadTimeoutInSeconds": 600, "ContainerStartupHealthCheckTimeoutInSeconds": 300,
             "InitialVariantWeight": 2.0}
    check("the scalar fields of a variant come back as given", D + "ProductionVariants", eq(lambda: part(first(**sizes), sizes), sizes))
    pools = [{"InstanceType": "ml.g5.xlarge", "Priority": 1}, {"InstanceType": "ml.g6.xlarge", "Priority": 2}]
    check("InstancePools come back as given", D + "ProductionVariants.InstancePools", eq(
        lambda: described(ProductionVariants=[{"VariantName": "v1", "ModelName": _model(), "InitialInstanceCount": 1, "InstancePools": pools}])
        ["ProductionVariants"][0]["InstancePools"], pools))
    check("InitialVariantWeight that was not given is 1.0 or absent", D + "ProductionVariants.InitialVariantWeight", one_of(lambda: first().get("InitialVariantWeight", 1.0), 1.0))
    check("two variants come back in the order given", D + "ProductionVariants", eq(
        lambda: [v["VariantName"] for v in described(ProductionVariants=[variant(_model(), "zeta"), variant(_model(), "alpha")])["ProductionVariants"]],
        ["zeta", "alpha"]))
    plain = lazy(described)
    for field in ("KmsKeyId", "DataCaptureConfig", "AsyncInferenceConfig", "ExplainerConfig", "ShadowProductionVariants", "VpcConfig",
                  "ExecutionRoleArn", "CrossRegionTrafficConfig"):
        check("%s is absent when it was not given" % field, D + field, lacks(plain, field))
    check("optional fields of a variant are absent when they were not given", D + "ProductionVariants",
          lacks(lambda: plain()["ProductionVariants"][0], "ServerlessConfig", "CoreDumpConfig", "InstancePools", "ManagedInstanceScaling", "AcceleratorType"))


def identity():
    sm = client("sagemaker")
    made = lazy(lambda: make_config(sm, _model()))
    check("the ARN is that of an endpoint configuration in this account", P + "EndpointConfigArn",
          matches(lambda: made()[1], r"^arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/cfg-"))
    check("DescribeEndpointConfig returns the same ARN", D + "EndpointConfigArn",
          eq(lambda: sm.describe_endpoint_config(EndpointConfigName=made()[0])["EndpointConfigArn"], lambda: made()[1]))
    check("ListEndpointConfigs and DescribeEndpointConfig give the same creation time", D + "CreationTime",
          eq(lambda: sm.list_endpoint_configs(NameContains=made()[0])["EndpointConfigs"][0]["CreationTime"],
             lambda: sm.describe_endpoint_config(EndpointConfigName=made()[0])["CreationTime"]))
    check("a second configuration of the same name is refused", P + "EndpointConfigName",
          err(lambda: make_config(sm, _model(), n=made()[0]), BAD, r'Cannot create already existing endpoint configuration "arn:'))
    check("an unknown configuration is reported with its ARN", D + "errors",
          err(lambda: sm.describe_endpoint_config(EndpointConfigName="no-such-cfg"), BAD, r'Could not find endpoint configuration "arn:.*no-such-cfg"'))
    check("deleting an unknown configuration is refused", "SageMaker API, DeleteEndpointConfig, errors",
          err(lambda: sm.delete_endpoint_config(EndpointConfigName="no-such-cfg"), BAD, "Could not find endpoint configuration"))
    gone = step(lambda: sm.delete_endpoint_config(EndpointConfigName=made()[0]))
    check("a deleted configuration can no longer be described", "SageMaker API, DeleteEndpointConfig",
          err(lambda: (gone(), sm.describe_endpoint_config(EndpointConfigName=made()[0])), BAD, "Could not find endpoint configuration"))
    check("a deleted configuration's name can be used again", "SageMaker API, DeleteEndpointConfig", accepted(lambda: make_config(sm, _model(), n=made()[0])))


def instance_types():
    sm = client("sagemaker")
    for itype in ("ml.g5.xlarge", "ml.g6.xlarge", "ml.g6e.xlarge", "ml.p4d.24xlarge", "ml.p5.48xlarge", "ml.m6gd.large", "ml.c6i.large",
                  "ml.m7i.large", "ml.inf2.xlarge", "ml.trn1.2xlarge", "ml.r7gd.large", "ml.c8g.large", "ml.t2.medium"):
        check("the instance type %s is accepted" % itype, P + "ProductionVariants.InstanceType",
              eq(lambda: described(ProductionVariants=[variant(_model(), itype=itype)])["ProductionVariants"][0]["InstanceType"], itype))
    for itype in ("ml.zz9.large", "m5.large", "ml.m5.tiny"):
        check("the instance type %s, which does not exist, is refused" % itype, P + "ProductionVariants.InstanceType",
              err(lambda: make_config(sm, _model(), ProductionVariants=[variant(_model(), itype=itype)]), BAD, "failed to satisfy constraint"))


def refusals():
    sm, raw = client("sagemaker"), client("sagemaker", raw=True)
    bad = lambda **kw: (lambda: make_config(raw, _model(), **kw))  # noqa: E731
    one = lambda **kw: bad(ProductionVariants=[variant(_model(), **kw)])  # noqa: E731
    constraint = "failed to satisfy constraint"
    check("an unknown model is refused and named by its ARN", P + "ProductionVariants.ModelName",
          err(lambda: make_config(sm, "no-such-model"), BAD, r'Could not find model "arn:.*no-such-model"'))
    for label, value in (("of 64 characters", "c" * 64), ("that ends with a hyphen", "bad-"), ("with an underscore", "bad_name"), ("that begins with a hyphen", "-bad")):
        check("a configuration name %s is refused" % label, P + "EndpointConfigName", err(bad(n=value), BAD, constraint))
    check("a configuration name of 63 characters is accepted", P + "EndpointConfigName length",
          accepted(lambda: make_config(sm, _model(), n=(name("c") + "-" + "x" * 63)[:63])))
    check("a variant name with an underscore is refused", P + "ProductionVariants.VariantName", err(lambda: one(n="bad_name")(), BAD, constraint))
    check("an empty list of variants is refused", P + "ProductionVariants length", err(bad(ProductionVariants=[]), BAD, constraint))
    check("eleven variants are refused", P + "ProductionVariants length",
          err(lambda: make_config(raw, _model(), ProductionVariants=[variant(_model(), "v%d" % i) for i in range(11)]), BAD, constraint))
    check("a missing list of variants is refused", P + "ProductionVariants required", err(lambda: raw.create_endpoint_config(EndpointConfigName=name("cfg")), BAD))
    check("an initial instance count of 0 is refused", P + "ProductionVariants.InitialInstanceCount", err(lambda: one(count=0)(), BAD, constraint))
    check("a volume of 513 GB is refused", P + "ProductionVariants.VolumeSizeInGB", err(lambda: one(VolumeSizeInGB=513)(), BAD, constraint))
    check("a negative weight is refused", P + "ProductionVariants.InitialVariantWeight", err(lambda: one(InitialVariantWeight=-1.0)(), BAD, constraint))
    check("a model download timeout of 59 seconds is refused", P + "ProductionVariants.ModelDataDownloadTimeoutInSeconds",
          err(lambda: one(ModelDataDownloadTimeoutInSeconds=59)(), BAD, constraint))
    check("more than one production variant beside a shadow variant is refused", P + "ShadowProductionVariants", err(
        lambda: make_config(sm, _model(), ProductionVariants=[variant(_model(), "a"), variant(_model(), "b")],
                            ShadowProductionVariants=[variant(_model(), "c")]), BAD))
    check("two shadow variants are refused", P + "ShadowProductionVariants", err(
        lambda: make_config(sm, _model(), ShadowProductionVariants=[variant(_model(), "s1"), variant(_model(), "s2")]), BAD))
    sless = lambda mem, conc: (lambda: make_config(raw, _model(), ProductionVariants=[  # noqa: E731
        {"VariantName": "v1", "ModelName": _model(), "ServerlessConfig": {"MemorySizeInMB": mem, "MaxConcurrency": conc}}]))
    check("serverless memory of 1500 MB is refused", P + "ServerlessConfig.MemorySizeInMB", err(sless(1500, 1), BAD))
    check("serverless memory of 7168 MB is refused", P + "ServerlessConfig.MemorySizeInMB", err(sless(7168, 1), BAD))
    check("a serverless concurrency of 201 is refused", P + "ServerlessConfig.MaxConcurrency", err(sless(2048, 201), BAD))
    check("a sampling percentage of 101 is refused", P + "DataCaptureConfig.InitialSamplingPercentage", err(bad(DataCaptureConfig={
        "InitialSamplingPercentage": 101, "DestinationS3Uri": "s3://x/y", "CaptureOptions": [{"CaptureMode": "Input"}]}), BAD, constraint))
    check("a capture destination that is no S3 URI is refused", P + "DataCaptureConfig.DestinationS3Uri", err(bad(DataCaptureConfig={
        "InitialSamplingPercentage": 10, "DestinationS3Uri": "ftp://x/y", "CaptureOptions": [{"CaptureMode": "Input"}]}), BAD, constraint))
    check("an execution role that is no role ARN is refused", P + "ExecutionRoleArn pattern", err(bad(ExecutionRoleArn="arn:aws:iam::123456789012:user/someone"), BAD, constraint))
    check("six security groups are refused", P + "VpcConfig.SecurityGroupIds length",
          err(bad(VpcConfig={"SecurityGroupIds": ["sg-%d" % i for i in range(6)], "Subnets": ["subnet-1"]}), BAD, constraint))
    pool = lambda n: [{"VariantName": "v1", "ModelName": _model(), "InitialInstanceCount": 1,  # noqa: E731
                       "InstancePools": [{"InstanceType": "ml.g5.xlarge", "Priority": min(i + 1, 5)} for i in range(n)]}]
    check("six instance pools are refused", P + "ProductionVariants.InstancePools length", err(lambda: make_config(raw, _model(), ProductionVariants=pool(6)), BAD, constraint))
    check("a cross-Region traffic cap beside an asynchronous configuration is refused", P + "CrossRegionTrafficConfig", err(
        lambda: make_config(sm, _model(), AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://o/p"}},
                            CrossRegionTrafficConfig={"MaxInvocationsPerSecondPerInstance": 1, "MaxCrossRegionPercentPerEndpoint": 1}), BAD))


SCENARIOS = [keys, round_trip, identity, instance_types, refusals]
