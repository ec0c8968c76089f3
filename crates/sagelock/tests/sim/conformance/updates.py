"""SageMaker: UpdateEndpoint and UpdateEndpointWeightsAndCapacities."""
import harness
from endpoint_configs import variant
from endpoints import _model, _sm, in_service, settled
from harness import check, client, eq, err, lacks, lazy, name, one_of, step
from models_lists import BAD, make_config

U = "SageMaker API, UpdateEndpoint, "
W = "SageMaker API, UpdateEndpointWeightsAndCapacities, "


def cfg(**kw):
    return make_config(_sm(), _model(), **kw)[0]


def two(count=1):
    return cfg(ProductionVariants=[variant(_model(), "a", count=count, InitialVariantWeight=3.0), variant(_model(), "b", count=count, InitialVariantWeight=1.0)])


def update(ep, config, **kw):
    return _sm().update_endpoint(EndpointName=ep, EndpointConfigName=config, **kw)


def scale(ep, *wanted):
    return _sm().update_endpoint_weights_and_capacities(EndpointName=ep, DesiredWeightsAndCapacities=list(wanted))


def shape(got):
    return {v["VariantName"]: (v.get("CurrentInstanceCount"), v.get("DesiredInstanceCount"), v.get("CurrentWeight"), v.get("DesiredWeight"))
            for v in got["ProductionVariants"]}


def update_endpoint():
    sm = _sm()
    ep, old, new = lazy(lambda: in_service(old())), lazy(cfg), lazy(cfg)

    def run():
        before = sm.describe_endpoint(EndpointName=ep())
        reply = update(ep(), new())
        during = sm.describe_endpoint(EndpointName=ep())
        refused = []
        for call in (lambda: update(ep(), old()), lambda: scale(ep(), {"VariantName": "v1", "DesiredInstanceCount": 2}),
                     lambda: sm.delete_endpoint(EndpointName=ep())):
            try:
                call()
                refused.append("accepted")
            except sm.exceptions.ClientError as exc:
                refused.append("%s: %s" % (exc.response["Error"]["Code"], exc.response["Error"]["Message"]))
        still = sm.describe_endpoint(EndpointName=ep())["EndpointStatus"]
        return before, reply, during, refused, still, settled(ep())
    r = step(run)
    check("UpdateEndpoint returns the endpoint's ARN", U + "EndpointArn", eq(lambda: r()[1]["EndpointArn"], lambda: r()[0]["EndpointArn"]))
    check("the endpoint is Updating just after UpdateEndpoint", U + "EndpointStatus", eq(lambda: r()[2]["EndpointStatus"], "Updating"))
    check("the pending deployment names the new configuration", "SageMaker API, DescribeEndpoint, PendingDeploymentSummary",
          eq(lambda: r()[2]["PendingDeploymentSummary"]["EndpointConfigName"], new))
    check("the endpoint keeps its variants while it is updated", U + "availability", eq(lambda: [v["VariantName"] for v in r()[2]["ProductionVariants"]], ["v1"]))
    for i, what in enumerate(("UpdateEndpoint", "UpdateEndpointWeightsAndCapacities", "DeleteEndpoint")):
        check("%s is refused while the endpoint is updated" % what, "SageMaker API, %s, errors" % what, harness.matches(
            lambda: r()[3][i], r'^ValidationException: Cannot update in-progress endpoint "arn:'))
    check("the endpoint returns to InService", U + "EndpointStatus", eq(lambda: r()[5]["EndpointStatus"], "InService"))
    check("the endpoint then has the new configuration", U + "EndpointConfigName", eq(lambda: r()[5]["EndpointConfigName"], new))
    check("no pending deployment is left", "SageMaker API, DescribeEndpoint, PendingDeploymentSummary", lacks(lambda: r()[5], "PendingDeploymentSummary", "FailureReason"))
    check("the modification time moves on and the creation time does not", "SageMaker API, DescribeEndpoint, LastModifiedTime",
          lambda: r()[5]["LastModifiedTime"] > r()[0]["LastModifiedTime"] and r()[5]["CreationTime"] == r()[0]["CreationTime"])
    check("the old configuration remains after the update", U + "EndpointConfigName", eq(
        lambda: (r(), sm.describe_endpoint_config(EndpointConfigName=old()))[1]["EndpointConfigName"], old))
    check("an unknown endpoint is refused", U + "EndpointName", err(lambda: update("no-such-ep", new()), BAD, r'Could not find endpoint "arn:'))
    check("an unknown configuration is refused", U + "EndpointConfigName", err(lambda: (r(), update(ep(), "no-such-cfg")), BAD, r'Could not find endpoint configuration "arn:'))

    def same():
        try:
            update(in_service(old()), old())
            return "accepted"
        except sm.exceptions.ClientError as exc:
            return exc.response["Error"]["Code"]
    check("an update to the configuration in use is refused as invalid or is carried out", U + "EndpointConfigName", one_of(same, BAD, "accepted"))
    check("an unknown retained property is refused", U + "ExcludeRetainedVariantProperties", err(
        lambda: (r(), client("sagemaker", raw=True).update_endpoint(EndpointName=ep(), EndpointConfigName=old(), RetainAllVariantProperties=True,
                                                                  ExcludeRetainedVariantProperties=[{"VariantPropertyType": "Colour"}])), BAD, "failed to satisfy constraint"))
    out = {"OutputConfig": {"S3OutputPath": "s3://out/a"}}
    check("an asynchronous endpoint cannot lose its asynchronous configuration", U + "AsyncInferenceConfig", err(
        lambda: update(in_service(cfg(AsyncInferenceConfig=out)), new()), BAD, "AsyncInferenceConfig"))
    keyed, ep2 = lazy(lambda: cfg(KmsKeyId=key())), lazy(lambda: in_service(old()))
    key = lazy(lambda: client("kms").create_key()["KeyMetadata"]["Arn"])
    check("an update may bring in a configuration with a key", U + "EndpointConfigName", eq(
        lambda: (update(ep2(), keyed()), settled(ep2())["EndpointConfigName"])[1], lambda: keyed()))


def deployment():
    policy = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 60},
                                        "TerminationWaitInSeconds": 0, "MaximumExecutionTimeoutInSeconds": 1800}}
    ep, new = lazy(lambda: in_service(cfg())), lazy(cfg)
    done = step(lambda: (update(ep(), new(), DeploymentConfig=policy), settled(ep()))[1])
    check("an update with a blue/green policy ends InService on the new configuration", U + "DeploymentConfig", eq(
        lambda: (done()["EndpointStatus"], done()["EndpointConfigName"]), lambda: ("InService", new())))
    part = lambda: done()["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]  # noqa: E731
    check("DescribeEndpoint returns the last deployment policy", "SageMaker API, DescribeEndpoint, LastDeploymentConfig",
          eq(lambda: {k: part().get(k) for k in policy["BlueGreenUpdatePolicy"]}, policy["BlueGreenUpdatePolicy"]))
    raw = client("sagemaker", raw=True)
    bad = lambda **kw: (lambda: (done(), raw.update_endpoint(EndpointName=ep(), EndpointConfigName=cfg(), DeploymentConfig={  # noqa: E731
        "BlueGreenUpdatePolicy": dict(policy["BlueGreenUpdatePolicy"], **kw)})))
    check("a termination wait of 3601 seconds is refused", "SageMaker API, BlueGreenUpdatePolicy, TerminationWaitInSeconds",
          err(bad(TerminationWaitInSeconds=3601), BAD, "failed to satisfy constraint"))
    check("an execution timeout of 599 seconds is refused", "SageMaker API, BlueGreenUpdatePolicy, MaximumExecutionTimeoutInSeconds",
          err(bad(MaximumExecutionTimeoutInSeconds=599), BAD, "failed to satisfy constraint"))
    check("an unknown traffic routing type is refused", "SageMaker API, TrafficRoutingConfig, Type",
          err(bad(TrafficRoutingConfiguration={"Type": "ZIGZAG", "WaitIntervalInSeconds": 0}), BAD, "failed to satisfy constraint"))
    check("a rolling policy with a batch of 50 percent is carried out", "SageMaker API, RollingUpdatePolicy", eq(
        lambda: (update(rolled(), new(), DeploymentConfig={"RollingUpdatePolicy": {"MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50}, "WaitIntervalInSeconds": 0}}),
                 settled(rolled())["EndpointConfigName"])[1], new))


rolled = lazy(lambda: in_service(cfg(ProductionVariants=[variant(_model(), count=2)])))


def weights():
    sm, raw = _sm(), client("sagemaker", raw=True)
    ep = step(lambda: in_service(two()))

    def first():
        reply = scale(ep(), {"VariantName": "a", "DesiredInstanceCount": 3})
        return reply, sm.describe_endpoint(EndpointName=ep()), settled(ep())
    r = step(first)
    check("the initial weights are those of the configuration", "SageMaker API, ProductionVariant, InitialVariantWeight", eq(
        lambda: [x[2:] for x in shape(sm.describe_endpoint(EndpointName=in_service(two()))).values()], [(3.0, 3.0), (1.0, 1.0)]))
    check("the call returns the endpoint's ARN", W + "EndpointArn", eq(lambda: r()[0]["EndpointArn"], lambda: r()[2]["EndpointArn"]))
    check("the endpoint is Updating just after the call", W + "EndpointStatus", eq(lambda: r()[1]["EndpointStatus"], "Updating"))
    check("DesiredInstanceCount is the new count while it is updated", "SageMaker API, ProductionVariantSummary, DesiredInstanceCount", eq(lambda: shape(r()[1])["a"][1], 3))
    check("the endpoint returns to InService with the new count", W + "DesiredInstanceCount", eq(lambda: (r()[2]["EndpointStatus"], shape(r()[2])["a"][:2]), ("InService", (3, 3))))
    check("a change of count alone keeps the weights", W + "DesiredWeight", eq(lambda: {k: v[2:] for k, v in shape(r()[2]).items()}, {"a": (3.0, 3.0), "b": (1.0, 1.0)}))
    check("a variant that was not named keeps its count", W + "DesiredWeightsAndCapacities", eq(lambda: shape(r()[2])["b"][:2], (1, 1)))
    w = step(lambda: (r(), scale(ep(), {"VariantName": "b", "DesiredWeight": 5.0}), settled(ep()))[2])
    check("a change of weight alone keeps the counts", W + "DesiredWeight", eq(lambda: shape(w()), {"a": (3, 3, 3.0, 3.0), "b": (1, 1, 5.0, 5.0)}))
    check("the configuration stays the same", W + "response", eq(lambda: w()["EndpointConfigName"], lambda: r()[2]["EndpointConfigName"]))
    check("an unknown variant is refused", W + "VariantName", err(lambda: (w(), scale(ep(), {"VariantName": "nope", "DesiredWeight": 1.0})), BAD))
    check("an unknown endpoint is refused", W + "EndpointName", err(lambda: scale("no-such-ep", {"VariantName": "a", "DesiredWeight": 1.0}), BAD, r'Could not find endpoint "arn:'))
    check("an empty list is refused", W + "DesiredWeightsAndCapacities length", err(
        lambda: (w(), raw.update_endpoint_weights_and_capacities(EndpointName=ep(), DesiredWeightsAndCapacities=[])), BAD, "failed to satisfy constraint"))
    check("a negative weight is refused", W + "DesiredWeight", err(lambda: (w(), raw.update_endpoint_weights_and_capacities(
        EndpointName=ep(), DesiredWeightsAndCapacities=[{"VariantName": "a", "DesiredWeight": -1.0}])), BAD, "failed to satisfy constraint"))


def retain():
    """What UpdateEndpoint does to counts and weights that were changed after creation."""
    def changed():
        ep = in_service(two())
        scale(ep, {"VariantName": "a", "DesiredInstanceCount": 4, "DesiredWeight": 9.0})
        settled(ep)
        return ep

    def after(**kw):
        ep = changed()
        update(ep, two(), **kw)
        return shape(settled(ep))["a"]
    check("an update without RetainAllVariantProperties takes counts and weights from the new configuration", U + "RetainAllVariantProperties",
          eq(after, (1, 1, 3.0, 3.0)))
    check("an update with RetainAllVariantProperties keeps counts and weights", U + "RetainAllVariantProperties",
          eq(lambda: after(RetainAllVariantProperties=True), (4, 4, 9.0, 9.0)))
    check("ExcludeRetainedVariantProperties takes the excluded property from the new configuration", U + "ExcludeRetainedVariantProperties",
          eq(lambda: after(RetainAllVariantProperties=True, ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredInstanceCount"}]), (1, 1, 9.0, 9.0)))
    check("an endpoint name that was never used is still unknown", "SageMaker API, DescribeEndpoint, errors", err(
        lambda: _sm().describe_endpoint(EndpointName=name("ghost")), BAD, "Could not find endpoint"))


SCENARIOS = [update_endpoint, deployment, weights, retain]
