"""SageMaker: models, tags, and the List operations (page size, tokens, filters, order)."""
from harness import (account, check, client, eq, err, exec_role, flat, gap, has, lacks, lazy, matches, name, one_of,
                     pages, step, accepted)

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.1-cpu-py310"
BAD = "ValidationException"


def make_model(sm, acct=None, n=None, **kw):
    n = n or name("model")
    kw.setdefault("PrimaryContainer", {"Image": IMAGE})
    return n, sm.create_model(ModelName=n, ExecutionRoleArn=exec_role(acct), **kw)["ModelArn"]


def make_config(sm, model, n=None, acct=None, **kw):
    n = n or name("cfg")
    kw.setdefault("ProductionVariants", [{"VariantName": "v1", "ModelName": model, "InstanceType": "ml.m5.large",
                                          "InitialInstanceCount": 1}])
    return n, sm.create_endpoint_config(EndpointConfigName=n, **kw)["EndpointConfigArn"]


def tag_map(tags):
    return {t["Key"]: t["Value"] for t in tags}


def models():
    sm, raw = client("sagemaker"), client("sagemaker", raw=True)
    page = "SageMaker API, "
    made = lazy(lambda: make_model(sm, PrimaryContainer={"Image": IMAGE, "Environment": {"A": "1"}}, EnableNetworkIsolation=True,
                                   VpcConfig={"SecurityGroupIds": ["sg-0a1b2c3d"], "Subnets": ["subnet-0a1b2c3d"]},
                                   Tags=[{"Key": "team", "Value": "red"}]))
    got = lazy(lambda: sm.describe_model(ModelName=made()[0]))
    check("CreateModel returns the ARN of the model in the caller's account and Region", page + "CreateModel, ModelArn",
          matches(lambda: made()[1].lower(), r"^arn:aws:sagemaker:us-east-1:123456789012:model/model-"))
    check("DescribeModel returns the ARN of CreateModel", page + "DescribeModel, ModelArn", eq(lambda: got()["ModelArn"], lambda: made()[1]))
    check("DescribeModel returns the name", page + "DescribeModel, ModelName", eq(lambda: got()["ModelName"], lambda: made()[0]))
    check("DescribeModel returns the image", page + "DescribeModel, PrimaryContainer", eq(lambda: got()["PrimaryContainer"]["Image"], IMAGE))
    check("DescribeModel returns the environment", page + "ContainerDefinition, Environment",
          eq(lambda: got()["PrimaryContainer"]["Environment"], {"A": "1"}))
    check("DescribeModel returns the execution role", page + "DescribeModel, ExecutionRoleArn", eq(lambda: got()["ExecutionRoleArn"], lambda: exec_role()))
    check("DescribeModel returns the VPC configuration", page + "DescribeModel, VpcConfig",
          eq(lambda: got()["VpcConfig"], {"SecurityGroupIds": ["sg-0a1b2c3d"], "Subnets": ["subnet-0a1b2c3d"]}))
    check("DescribeModel returns the network isolation", page + "DescribeModel, EnableNetworkIsolation", eq(lambda: got()["EnableNetworkIsolation"], True))
    check("tags given to CreateModel are in ListTags", page + "CreateModel, Tags",
          eq(lambda: tag_map(sm.list_tags(ResourceArn=made()[1])["Tags"]), {"team": "red"}))
    check("a model of two containers comes back as two containers in order", page + "CreateModel, Containers", eq(
        lambda: [c["ContainerHostname"] for c in sm.describe_model(ModelName=make_model_pipeline(sm))["Containers"]], ["first", "second"]))
    check("a second model of the same name is refused", page + "CreateModel, ModelName",
          err(lambda: make_model(sm, n=made()[0]), BAD, r'Cannot create already existing model "arn:'))
    check("an unknown model is reported with its ARN", page + "DescribeModel, errors",
          err(lambda: sm.describe_model(ModelName="no-such-model"), BAD, r'Could not find model "arn:.*no-such-model"'))
    check("deleting an unknown model is refused", page + "DeleteModel, errors",
          err(lambda: sm.delete_model(ModelName="no-such-model"), BAD, "Could not find model"))
    check("a model name of 64 characters is refused", page + "CreateModel, ModelName length",
          err(lambda: make_model(raw, n="m" * 64), BAD, "failed to satisfy constraint"))
    check("a model name with an underscore is refused", page + "CreateModel, ModelName pattern",
          err(lambda: make_model(raw, n="bad_name"), BAD, "failed to satisfy constraint"))
    check("CreateModel without a name is refused", page + "CreateModel, ModelName required",
          err(lambda: raw.create_model(PrimaryContainer={"Image": IMAGE}), BAD))
    gone = step(lambda: sm.delete_model(ModelName=made()[0]))
    check("a deleted model can no longer be described", page + "DeleteModel",
          err(lambda: (gone(), sm.describe_model(ModelName=made()[0])), BAD, "Could not find model"))


def make_model_pipeline(sm):
    n = name("pipe")
    sm.create_model(ModelName=n, ExecutionRoleArn=exec_role(), Containers=[
        {"ContainerHostname": "first", "Image": IMAGE}, {"ContainerHostname": "second", "Image": IMAGE}])
    return n


def tags():
    sm, raw, page = client("sagemaker"), client("sagemaker", raw=True), "SageMaker API, "
    model = lazy(lambda: make_model(sm)[0])
    cfg = lazy(lambda: make_config(sm, model(), Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])[1])
    get = lambda: tag_map(sm.list_tags(ResourceArn=cfg())["Tags"])  # noqa: E731
    check("tags given to CreateEndpointConfig are in ListTags", page + "CreateEndpointConfig, Tags", eq(get, {"a": "1", "b": ""}))
    check("DescribeEndpointConfig does not return tags", page + "DescribeEndpointConfig, response",
          lacks(lambda: sm.describe_endpoint_config(EndpointConfigName=cfg().rsplit("/", 1)[1]), "Tags"))
    add = step(lambda: sm.add_tags(ResourceArn=cfg(), Tags=[{"Key": "a", "Value": "2"}, {"Key": "c", "Value": "3"}]))
    check("AddTags overwrites the value of a known key and adds a new one", page + "AddTags", eq(lambda: (add(), get())[1], {"a": "2", "b": "", "c": "3"}))
    check("AddTags returns tags of the resource", page + "AddTags, response Tags", has(lambda: tag_map(add()["Tags"]), "c"))
    rem = step(lambda: sm.delete_tags(ResourceArn=cfg(), TagKeys=["a", "nothing"]))
    check("DeleteTags removes the named keys and leaves the others", page + "DeleteTags, TagKeys", eq(lambda: (rem(), get())[1], {"b": "", "c": "3"}))
    many = [{"Key": "k%d" % i, "Value": "v"} for i in range(51)]
    check("51 tags at creation are refused", page + "CreateEndpointConfig, Tags length",
          err(lambda: make_config(sm, model(), Tags=many), (BAD, "ResourceLimitExceeded")))
    check("50 tags at creation are accepted and all listed", page + "CreateEndpointConfig, Tags length",
          eq(lambda: len(flat(pages(sm.list_tags, "Tags", "NextToken", "NextToken", ResourceArn=make_config(sm, model(), Tags=many[:50])[1]))), 50))
    check("a tag key of 129 characters is refused", page + "Tag, Key length",
          err(lambda: raw.add_tags(ResourceArn=cfg(), Tags=[{"Key": "k" * 129, "Value": "v"}]), BAD, "failed to satisfy constraint"))
    check("a tag value of 257 characters is refused", page + "Tag, Value length",
          err(lambda: raw.add_tags(ResourceArn=cfg(), Tags=[{"Key": "k", "Value": "v" * 257}]), BAD, "failed to satisfy constraint"))
    check("a tag key that begins with aws: is refused", "AWS General Reference, tag naming limits", err(
        lambda: sm.add_tags(ResourceArn=cfg(), Tags=[{"Key": "aws:mine", "Value": "v"}])))
    check("AddTags on an ARN that is no SageMaker ARN is refused", page + "AddTags, ResourceArn pattern",
          err(lambda: sm.add_tags(ResourceArn="arn:aws:s3:::bucket", Tags=[{"Key": "k", "Value": "v"}]), BAD))


class Kind:
    """One kind of listed resource."""
    def __init__(self, op, key, field, make):
        self.op, self.key, self.field, self.make = op, key, field, make


def lists():
    sm, raw, acct = client("sagemaker"), client("sagemaker", raw=True), None
    model = lazy(lambda: make_model(sm)[0])
    config = lazy(lambda: make_config(sm, model())[0])
    kinds = [
        Kind("ListModels", "Models", "ModelName", lambda n: make_model(sm, acct, n)),
        Kind("ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName", lambda n: make_config(sm, model(), n)),
        Kind("ListEndpoints", "Endpoints", "EndpointName", lambda n: sm.create_endpoint(EndpointName=n, EndpointConfigName=config())),
    ]
    for kind in kinds:
        one_list(kind, sm, raw)


def one_list(kind, sm, raw):
    page = "SageMaker API, %s, " % kind.op
    method = {"ListModels": "list_models", "ListEndpointConfigs": "list_endpoint_configs", "ListEndpoints": "list_endpoints"}[kind.op]
    call, bad = getattr(sm, method), getattr(raw, method)
    stem = name("ls")

    def build():
        order = ["%s-%02d" % (stem, (i * 5) % 12) for i in range(12)]       # name order differs from time order
        for n in order[:6]:
            kind.make(n)
        gap()
        kind.make(order[6])
        gap()
        for n in order[7:]:
            kind.make(n)
        return order
    order = step(build)

    def names(**kw):
        order()
        kw.setdefault("NameContains", stem)
        return [x[kind.field] for x in call(**kw)[kind.key]]
    everything = lambda **kw: [x[kind.field] for x in flat(pages(call, kind.key, "NextToken", "NextToken", NameContains=stem, **kw))]  # noqa: E731
    when = lazy(lambda: next(x["CreationTime"] for x in call(NameContains=order()[6])[kind.key]))

    check("%s returns 10 items by default" % kind.op, page + "MaxResults", eq(lambda: len(names()), 10))
    check("%s returns a NextToken when more items exist" % kind.op, page + "NextToken", has(lambda: (order(), call(NameContains=stem))[1], "NextToken"))
    check("%s returns no NextToken on the last page" % kind.op, page + "NextToken", lacks(lambda: (order(), call(NameContains=stem, MaxResults=100))[1], "NextToken"))
    check("%s is ordered by descending creation time by default" % kind.op, page + "SortOrder", eq(lambda: names(MaxResults=100), lambda: order()[::-1]))
    check("%s orders by ascending creation time on request" % kind.op, page + "SortOrder",
          eq(lambda: names(MaxResults=100, SortBy="CreationTime", SortOrder="Ascending"), order))
    check("%s orders by ascending name on request" % kind.op, page + "SortBy",
          eq(lambda: names(MaxResults=100, SortBy="Name", SortOrder="Ascending"), lambda: sorted(order())))
    check("%s orders by descending name on request" % kind.op, page + "SortBy",
          eq(lambda: names(MaxResults=100, SortBy="Name", SortOrder="Descending"), lambda: sorted(order(), reverse=True)))
    check("%s with MaxResults=5 gives every item exactly once" % kind.op, page + "MaxResults", eq(lambda: (order(), everything(MaxResults=5))[1], lambda: order()[::-1]))
    check("%s never returns more than MaxResults items" % kind.op, page + "MaxResults", eq(lambda: len(names(MaxResults=3)), 3))
    check("%s keeps the filter on later pages" % kind.op, page + "NextToken",
          eq(lambda: (order(), len(everything()))[1], 12))
    check("%s refuses MaxResults=101" % kind.op, page + "MaxResults", err(lambda: bad(MaxResults=101), BAD, "failed to satisfy constraint"))
    check("%s refuses MaxResults=0" % kind.op, page + "MaxResults", err(lambda: bad(MaxResults=0), BAD, "failed to satisfy constraint"))
    check("%s refuses a token it never gave" % kind.op, page + "NextToken", err(lambda: call(NextToken="not-a-token"), BAD))
    check("%s refuses an unknown SortBy" % kind.op, page + "SortBy", err(lambda: bad(SortBy="Colour"), BAD, "failed to satisfy constraint"))
    check("%s refuses an unknown SortOrder" % kind.op, page + "SortOrder", err(lambda: bad(SortOrder="Sideways"), BAD, "failed to satisfy constraint"))
    check("%s refuses a NameContains outside its pattern" % kind.op, page + "NameContains", err(lambda: bad(NameContains="a_b"), BAD, "failed to satisfy constraint"))
    check("%s with NameContains returns only matching names" % kind.op, page + "NameContains", eq(lambda: names(NameContains=stem + "-03"), [stem + "-03"]))
    check("%s with NameContains that matches nothing returns an empty list" % kind.op, page + "NameContains", eq(lambda: names(NameContains=name("nil")), []))
    check("%s with CreationTimeAfter returns the item of that second and later ones" % kind.op, page + "CreationTimeAfter",
          eq(lambda: sorted(names(CreationTimeAfter=when(), MaxResults=100)), lambda: sorted(order()[6:])))
    check("%s with CreationTimeBefore returns only earlier items" % kind.op, page + "CreationTimeBefore",
          eq(lambda: sorted(names(CreationTimeBefore=when(), MaxResults=100)), lambda: sorted(order()[:6])))


def isolation():
    sm, page = client("sagemaker"), "SageMaker API, "
    model = lazy(lambda: make_model(sm))
    cfg = lazy(lambda: make_config(sm, model()[0]))
    other = client("sagemaker", region="eu-west-1")
    stranger = account()
    check("a model of one Region is unknown in another", page + "DescribeModel, Region", err(lambda: other.describe_model(ModelName=model()[0]), BAD, "Could not find model"))
    check("an endpoint configuration of one Region is unknown in another", page + "DescribeEndpointConfig, Region",
          err(lambda: other.describe_endpoint_config(EndpointConfigName=cfg()[0]), BAD, "Could not find endpoint configuration"))
    check("a model of one account is unknown in another", page + "DescribeModel, account",
          err(lambda: client("sagemaker", acct=stranger).describe_model(ModelName=model()[0]), BAD, "Could not find model"))
    check("a name may be used again in another Region", page + "CreateModel, ModelName", accepted(lambda: make_model(other, n=model()[0])))
    check("the ARN names the Region of the request", page + "CreateModel, ModelArn", matches(lambda: make_model(other)[1], "^arn:aws:sagemaker:eu-west-1:"))
    check("a 12-digit access key selects the account", page + "CreateModel, ModelArn",
          matches(lambda: make_model(client("sagemaker", acct=stranger), stranger)[1], ":%s:" % stranger))


def monitoring():
    sm, raw, page = client("sagemaker"), client("sagemaker", raw=True), "SageMaker API, ListMonitoringSchedules, "
    check("an account without schedules gets an empty list", page + "MonitoringScheduleSummaries",
          eq(lambda: sm.list_monitoring_schedules(NameContains=name("none"))["MonitoringScheduleSummaries"], []))
    check("a filter by endpoint that nothing matches gives an empty list", page + "EndpointName",
          eq(lambda: sm.list_monitoring_schedules(EndpointName=name("none"))["MonitoringScheduleSummaries"], []))
    check("an empty list has no NextToken", page + "NextToken", lacks(lambda: sm.list_monitoring_schedules(EndpointName=name("none")), "NextToken"))
    check("MaxResults=101 is refused", page + "MaxResults", err(lambda: raw.list_monitoring_schedules(MaxResults=101), BAD, "failed to satisfy constraint"))
    check("an unknown StatusEquals is refused", page + "StatusEquals", err(lambda: raw.list_monitoring_schedules(StatusEquals="Sleeping"), BAD, "failed to satisfy constraint"))
    check("the reply to a sort order is still a list", page + "SortOrder",
          one_of(lambda: type(sm.list_monitoring_schedules(SortBy="Name", SortOrder="Ascending")["MonitoringScheduleSummaries"]).__name__, "list"))


SCENARIOS = [lists, models, tags, isolation, monitoring]
