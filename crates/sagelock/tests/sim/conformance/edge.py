"""EC2 Regions and instance types, S3 buckets, objects and their encryption, Account Regions."""
from harness import accepted, account, check, client, eq, err, flat, has, lacks, lazy, matches, name, pages, step

E = "EC2 API, "
S = "S3 API, "


def regions():
    ec2, page = client("ec2", acct=account()), E + "DescribeRegions, "
    default = lazy(lambda: {r["RegionName"]: r for r in ec2.describe_regions()["Regions"]})
    everything = lazy(lambda: {r["RegionName"]: r for r in ec2.describe_regions(AllRegions=True)["Regions"]})
    only = lambda **kw: sorted(r["RegionName"] for r in ec2.describe_regions(**kw)["Regions"])  # noqa: E731
    check("the default list holds the Regions that need no opt-in", page + "AllRegions", lambda: {"us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1"} <= set(default()))
    check("the default list holds no Region that is not opted in", page + "OptInStatus", eq(lambda: [r for r, v in default().items() if v["OptInStatus"] == "not-opted-in"], []))
    check("us-east-1 needs no opt-in", page + "Region.OptInStatus", eq(lambda: default()["us-east-1"]["OptInStatus"], "opt-in-not-required"))
    check("the endpoint of a Region is ec2.<region>.amazonaws.com", page + "Region.Endpoint", eq(lambda: default()["eu-west-1"]["Endpoint"], "ec2.eu-west-1.amazonaws.com"))
    check("AllRegions adds Regions that are not opted in", page + "AllRegions", lambda: set(default()) < set(everything()) and everything()["af-south-1"]["OptInStatus"] == "not-opted-in")
    check("a filter by opt-in status returns only such Regions", page + "Filters opt-in-status", eq(
        lambda: only(AllRegions=True, Filters=[{"Name": "opt-in-status", "Values": ["not-opted-in"]}]), lambda: sorted(r for r, v in everything().items() if v["OptInStatus"] == "not-opted-in")))
    check("a filter by name returns that Region", page + "Filters region-name", eq(lambda: only(Filters=[{"Name": "region-name", "Values": ["eu-west-1"]}]), ["eu-west-1"]))
    check("a filter by endpoint takes wildcards", page + "Filters endpoint", eq(lambda: only(Filters=[{"Name": "endpoint", "Values": ["*us-east-*"]}]), ["us-east-1", "us-east-2"]))
    check("RegionNames returns the named Regions, also one that is not opted in", page + "RegionNames", eq(lambda: only(RegionNames=["us-east-1", "af-south-1"]), ["af-south-1", "us-east-1"]))
    check("an unknown Region is refused", page + "RegionNames", err(lambda: ec2.describe_regions(RegionNames=["mars-north-1"])))
    acc = client("account", acct=account())
    listed = lazy(lambda: {r["RegionName"]: r["RegionOptStatus"] for r in flat(pages(acc.list_regions, "Regions", "NextToken", "NextToken"))})
    page = "Account API, ListRegions, "
    check("us-east-1 is enabled by default", page + "RegionOptStatus", eq(lambda: listed()["us-east-1"], "ENABLED_BY_DEFAULT"))
    check("a Region that needs opt-in is disabled in a new account", page + "RegionOptStatus", eq(lambda: listed()["af-south-1"], "DISABLED"))
    check("ListRegions and DescribeRegions know the same Regions", page + "Regions", eq(lambda: sorted(listed()), lambda: sorted(everything())))
    check("enabled by default is what EC2 calls opt-in-not-required", page + "RegionOptStatus", eq(
        lambda: sorted(r for r, s in listed().items() if s == "ENABLED_BY_DEFAULT"), lambda: sorted(r for r, v in everything().items() if v["OptInStatus"] == "opt-in-not-required")))
    check("a filter by status returns only such Regions", page + "RegionOptStatusContains", eq(
        lambda: {r["RegionOptStatus"] for r in flat(pages(acc.list_regions, "Regions", "NextToken", "NextToken", RegionOptStatusContains=["DISABLED"]))}, {"DISABLED"}))
    check("following the tokens lists every Region once", page + "MaxResults", eq(
        lambda: sorted(r["RegionName"] for r in flat(pages(acc.list_regions, "Regions", "NextToken", "NextToken", MaxResults=5))), lambda: sorted(listed())))
    check("ListRegions never returns more than MaxResults Regions", page + "MaxResults", eq(lambda: (lambda r: (len(r["Regions"]), "NextToken" in r))(acc.list_regions(MaxResults=5)), (5, True)))
    check("MaxResults=51 is refused", page + "MaxResults", err(lambda: client("account", raw=True).list_regions(MaxResults=51), "ValidationException"))
    check("GetRegionOptStatus agrees with ListRegions", "Account API, GetRegionOptStatus, RegionOptStatus", eq(lambda: acc.get_region_opt_status(RegionName="af-south-1")["RegionOptStatus"], "DISABLED"))


def instance_types():
    ec2, raw, page = client("ec2"), client("ec2", raw=True), E + "DescribeInstanceTypes, "
    one = lambda t: ec2.describe_instance_types(InstanceTypes=[t])["InstanceTypes"][0]  # noqa: E731
    facts = {"m5d.large": (True, 75, "required"), "g5.xlarge": (True, 250, "required"), "c5d.large": (True, 50, "required"), "r5d.large": (True, 75, "required"), "g4dn.xlarge": (True, 125, "required")}
    for t, want in facts.items():
        x = lazy(lambda: one(t))
        check("%s has local NVMe storage of %d GB" % (t, want[1]), page + "InstanceStorageInfo", eq(
            lambda: (x()["InstanceStorageSupported"], x()["InstanceStorageInfo"]["TotalSizeInGB"], x()["InstanceStorageInfo"]["NvmeSupport"]), want))
    check("local NVMe storage is always encrypted", page + "InstanceStorageInfo.EncryptionSupport", eq(lambda: one("m5d.large")["InstanceStorageInfo"]["EncryptionSupport"], "required"))
    check("the disks add up to the total size", page + "InstanceStorageInfo.Disks", lambda: all(
        sum(d["SizeInGB"] * d["Count"] for d in i["Disks"]) == i["TotalSizeInGB"] for i in [one(t)["InstanceStorageInfo"] for t in facts]))
    for t in ("m5.large", "c6i.large", "inf2.xlarge"):
        check("%s has no local storage" % t, page + "InstanceStorageSupported", eq(lambda: (lambda x: (x["InstanceStorageSupported"], "InstanceStorageInfo" in x))(one(t)), (False, False)))
    check("only the named types are returned", page + "InstanceTypes", eq(
        lambda: sorted(x["InstanceType"] for x in ec2.describe_instance_types(InstanceTypes=["m5.large", "m5d.large"])["InstanceTypes"]), ["m5.large", "m5d.large"]))
    check("a type that does not exist is refused", page + "InvalidInstanceType", err(lambda: one("zz9.large"), "InvalidInstanceType", "zz9.large"))
    check("a SageMaker type name is not an EC2 type", page + "InvalidInstanceType", err(lambda: one("ml.m5.large"), "InvalidInstanceType"))
    every = lazy(lambda: flat(pages(ec2.describe_instance_types, "InstanceTypes", "NextToken", "NextToken")))
    check("paging without a size lists every type once", page + "NextToken", lambda: len({x["InstanceType"] for x in every()}) == len(every()) > 20)
    filt = lambda n, *v: sorted(x["InstanceType"] for x in flat(pages(  # noqa: E731
        ec2.describe_instance_types, "InstanceTypes", "NextToken", "NextToken", Filters=[{"Name": n, "Values": list(v)}])))
    check("MaxResults=5 returns five types and a token", page + "MaxResults", eq(lambda: (lambda r: (len(r["InstanceTypes"]), "NextToken" in r))(ec2.describe_instance_types(MaxResults=5)), (5, True)))
    check("paging by five under a filter lists the same types", page + "MaxResults", eq(
        lambda: sorted(x["InstanceType"] for x in flat(pages(ec2.describe_instance_types, "InstanceTypes", "NextToken", "NextToken", MaxResults=5,
                                                            Filters=[{"Name": "instance-type", "Values": ["m5d.*"]}]))), lambda: filt("instance-type", "m5d.*")))
    check("a filter by type takes wildcards", page + "Filters instance-type", lambda: "m5d.large" in filt("instance-type", "m5d.*") and all(t.startswith("m5d.") for t in filt("instance-type", "m5d.*")))
    check("a filter by instance storage returns only types with storage", page + "Filters instance-storage-supported", eq(
        lambda: filt("instance-storage-supported", "true"), lambda: sorted(x["InstanceType"] for x in every() if x["InstanceStorageSupported"])))
    check("a filter by NVMe support agrees with the descriptions", page + "Filters instance-storage-info.nvme-support", eq(
        lambda: filt("instance-storage-info.nvme-support", "required"), lambda: sorted(x["InstanceType"] for x in every() if x.get("InstanceStorageInfo", {}).get("NvmeSupport") == "required")))
    check("MaxResults=4 is refused", page + "MaxResults", err(lambda: raw.describe_instance_types(MaxResults=4)))
    check("MaxResults=101 is refused", page + "MaxResults", err(lambda: raw.describe_instance_types(MaxResults=101)))
    check("a token it never gave is refused", page + "NextToken", err(lambda: ec2.describe_instance_types(NextToken="not-a-token")))


def bucket(region="us-east-1", acct=None, n=None):
    n = n or name("bkt")
    kw = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client("s3", region=region, acct=acct).create_bucket(Bucket=n, **kw)
    return n


def rule(out):
    return out["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]


def config(algorithm, key=None, **kw):
    return {"Rules": [dict({"ApplyServerSideEncryptionByDefault": dict({"SSEAlgorithm": algorithm}, **({"KMSMasterKeyID": key} if key else {}))}, **kw)]}


def encryption():
    s3, kms, page = client("s3"), client("kms"), S + "GetBucketEncryption, "
    b, key = lazy(bucket), lazy(lambda: kms.create_key()["KeyMetadata"]["Arn"])
    get = lambda: s3.get_bucket_encryption(Bucket=b())  # noqa: E731
    check("a new bucket is encrypted with SSE-S3", page + "default", eq(lambda: rule(get()), {"SSEAlgorithm": "AES256"}))
    put = step(lambda: s3.put_bucket_encryption(Bucket=b(), ServerSideEncryptionConfiguration=config("aws:kms", key(), BucketKeyEnabled=True)))
    got = lazy(lambda: (put(), get())[1])
    check("GetBucketEncryption returns algorithm and key as given", page + "ApplyServerSideEncryptionByDefault", eq(lambda: rule(got()), lambda: {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key()}))
    check("GetBucketEncryption returns BucketKeyEnabled", page + "BucketKeyEnabled", eq(lambda: got()["ServerSideEncryptionConfiguration"]["Rules"][0]["BucketKeyEnabled"], True))
    gone = step(lambda: (got(), s3.delete_bucket_encryption(Bucket=b()))[1])
    check("DeleteBucketEncryption answers 204", S + "DeleteBucketEncryption", eq(lambda: gone()["ResponseMetadata"]["HTTPStatusCode"], 204))
    check("after DeleteBucketEncryption the bucket is back at SSE-S3", S + "DeleteBucketEncryption", eq(lambda: (gone(), rule(get()))[1], {"SSEAlgorithm": "AES256"}))
    check("aws:kms without a key is kept without a key", S + "PutBucketEncryption, KMSMasterKeyID", eq(
        lambda: (gone(), s3.put_bucket_encryption(Bucket=b(), ServerSideEncryptionConfiguration=config("aws:kms")), rule(get()))[2], {"SSEAlgorithm": "aws:kms"}))
    check("dual-layer encryption is kept", S + "PutBucketEncryption, SSEAlgorithm", eq(
        lambda: (gone(), s3.put_bucket_encryption(Bucket=b(), ServerSideEncryptionConfiguration=config("aws:kms:dsse", key())), rule(get())["SSEAlgorithm"])[2], "aws:kms:dsse"))
    check("an unknown algorithm is refused", S + "PutBucketEncryption, SSEAlgorithm", err(
        lambda: s3.put_bucket_encryption(Bucket=b(), ServerSideEncryptionConfiguration=config("rot13")), ("MalformedXML", "InvalidArgument", "InvalidEncryptionAlgorithmError")))
    check("a key together with AES256 is refused", S + "PutBucketEncryption, KMSMasterKeyID", err(
        lambda: s3.put_bucket_encryption(Bucket=b(), ServerSideEncryptionConfiguration=config("AES256", key())), ("InvalidArgument", "MalformedXML")))
    for what, call in (("GetBucketEncryption", lambda n: s3.get_bucket_encryption(Bucket=n)), ("DeleteBucketEncryption", lambda n: s3.delete_bucket_encryption(Bucket=n)),
                       ("PutBucketEncryption", lambda n: s3.put_bucket_encryption(Bucket=n, ServerSideEncryptionConfiguration=config("AES256")))):
        check("%s of an unknown bucket is refused" % what, S + what + ", NoSuchBucket", err(lambda: call(name("none")), "NoSuchBucket", status=404))


def buckets():
    a, c = account(), account()
    s3, eu = client("s3", acct=a), client("s3", region="eu-west-1", acct=a)
    b, e = step(lambda: bucket(acct=a)), step(lambda: bucket("eu-west-1", a))
    check("HeadBucket of an existing bucket answers 200", S + "HeadBucket", eq(lambda: s3.head_bucket(Bucket=b())["ResponseMetadata"]["HTTPStatusCode"], 200))
    check("HeadBucket tells the Region", S + "HeadBucket, x-amz-bucket-region", eq(lambda: eu.head_bucket(Bucket=e())["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region"), "eu-west-1"))
    check("HeadBucket of an unknown bucket answers 404", S + "HeadBucket", err(lambda: s3.head_bucket(Bucket=name("none")), status=404))
    check("ListBuckets lists the account's buckets of every Region", S + "ListBuckets, Buckets", lambda: {b(), e()} <= {x["Name"] for x in s3.list_buckets()["Buckets"]})
    check("ListBuckets of another account does not list them", S + "ListBuckets, Buckets", lambda: not {b(), e()} & {x["Name"] for x in client("s3", acct=c).list_buckets()["Buckets"]})
    check("ListBuckets names the owner", S + "ListBuckets, Owner", lambda: bool(s3.list_buckets()["Owner"]["ID"]))
    check("GetBucketLocation gives the Region", S + "GetBucketLocation, LocationConstraint", eq(lambda: eu.get_bucket_location(Bucket=e())["LocationConstraint"], "eu-west-1"))
    check("GetBucketLocation gives nothing for us-east-1", S + "GetBucketLocation, LocationConstraint", eq(lambda: s3.get_bucket_location(Bucket=b()).get("LocationConstraint"), None))
    check("CreateBucket answers with the location", S + "CreateBucket, Location", matches(lambda: s3.create_bucket(Bucket=name("bkt"))["Location"], "^/bkt-"))
    check("a bucket that is already one's own is refused outside us-east-1", S + "CreateBucket, BucketAlreadyOwnedByYou", err(lambda: bucket("eu-west-1", a, e()), "BucketAlreadyOwnedByYou", status=409))
    check("a bucket of another account is refused", S + "CreateBucket, BucketAlreadyExists", err(lambda: bucket("eu-west-1", c, e()), "BucketAlreadyExists", status=409))
    check("a bucket of another Region than the endpoint's is refused", S + "CreateBucket, LocationConstraint", err(
        lambda: eu.create_bucket(Bucket=name("bkt")), "IllegalLocationConstraintException"))
    for bad in ("ab", "has_under.Score-UP"):
        check("the bucket name %s is refused" % bad, S + "CreateBucket, InvalidBucketName", err(lambda: eu.create_bucket(
            Bucket=bad, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}), "InvalidBucketName"))
    gone = step(lambda: eu.delete_bucket(Bucket=e()))
    check("a deleted bucket is no longer listed", S + "DeleteBucket", lambda: (gone(), e() not in {x["Name"] for x in s3.list_buckets()["Buckets"]})[1])
    check("no encryption rule is missing from a bucket of another Region", S + "GetBucketEncryption, default", lacks(
        lambda: rule(eu.get_bucket_encryption(Bucket=bucket("eu-west-1", a))), "KMSMasterKeyID"))


def objects():
    s3, kms, a = client("s3"), client("kms"), account()
    b, key = lazy(bucket), lazy(lambda: kms.create_key()["KeyMetadata"]["Arn"])
    put = lambda k, **kw: s3.put_object(Bucket=b(), Key=k, Body=b"weights", **kw)  # noqa: E731
    head = lambda k, **kw: s3.head_object(Bucket=b(), Key=k, **kw)  # noqa: E731
    P, H, L = S + "PutObject, ", S + "HeadObject, ", S + "ListObjectsV2, "
    plain = step(lambda: put("a/plain"))
    check("an object gets the default encryption of its bucket", P + "ServerSideEncryption", eq(lambda: plain()["ServerSideEncryption"], "AES256"))
    check("HeadObject tells the encryption", H + "ServerSideEncryption", eq(lambda: (plain(), head("a/plain")["ServerSideEncryption"])[1], "AES256"))
    check("an object under SSE-S3 names no key", H + "SSEKMSKeyId", lacks(lambda: (plain(), head("a/plain"))[1], "SSEKMSKeyId"))
    check("HeadObject tells the length", H + "ContentLength", eq(lambda: (plain(), head("a/plain")["ContentLength"])[1], 7))
    check("HeadObject gives the ETag of PutObject", H + "ETag", eq(lambda: head("a/plain")["ETag"], lambda: plain()["ETag"]))
    own = step(lambda: put("a/own", ServerSideEncryption="aws:kms", SSEKMSKeyId=key().split("/")[1], BucketKeyEnabled=True))
    check("an object under a key named by its id tells the ARN", H + "SSEKMSKeyId", eq(lambda: (own(), head("a/own")["SSEKMSKeyId"])[1], lambda: key()))
    check("HeadObject tells the bucket key", H + "BucketKeyEnabled", eq(lambda: (own(), head("a/own")["BucketKeyEnabled"])[1], True))
    alias = lazy(lambda: (lambda n: (kms.create_alias(AliasName=n, TargetKeyId=key()), n)[1])("alias/" + name("obj")))
    check("an object under a key named by its alias tells the ARN", H + "SSEKMSKeyId", eq(
        lambda: (put("a/alias", ServerSideEncryption="aws:kms:dsse", SSEKMSKeyId=alias()), head("a/alias"))[1]["SSEKMSKeyId"], lambda: key()))
    check("dual-layer encryption of an object is told", H + "ServerSideEncryption", eq(
        lambda: (put("a/dsse", ServerSideEncryption="aws:kms:dsse", SSEKMSKeyId=key()), head("a/dsse"))[1]["ServerSideEncryption"], "aws:kms:dsse"))
    check("aws:kms without a key is under aws/s3", H + "SSEKMSKeyId", eq(
        lambda: (put("a/managed", ServerSideEncryption="aws:kms"), head("a/managed"))[1]["SSEKMSKeyId"], lambda: kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"]))
    changed = step(lambda: (plain(), s3.put_bucket_encryption(Bucket=b(), ServerSideEncryptionConfiguration=config("aws:kms", key())))[1])
    check("a new default is for new objects", P + "SSEKMSKeyId", eq(lambda: (changed(), put("a/new"), head("a/new"))[2]["SSEKMSKeyId"], lambda: key()))
    check("an object keeps the encryption it was written with", H + "ServerSideEncryption", eq(lambda: (changed(), head("a/plain"))[1]["ServerSideEncryption"], "AES256"))
    odd = "a b/\u00e9+#?%25&=~'(!)*"
    check("any key is found again", H + "Key", lambda: (put(odd), head(odd))[1]["ResponseMetadata"]["HTTPStatusCode"] == 200)
    check("a key with two slashes is another than with one", H + "Key", err(lambda: (put("s//x"), head("s//x"), head("s/x")), status=404))
    check("HeadObject of an unknown key answers 404", H + "404", err(lambda: head("never"), status=404))
    check("HeadObject in an unknown bucket answers 404", H + "404", err(lambda: s3.head_object(Bucket=name("none"), Key="k"), status=404))
    check("an object of another account is denied", H + "403", err(lambda: client("s3", acct=a).head_object(Bucket=b(), Key="a/plain"), status=403))
    check("the encryption of another account's bucket is denied", S + "GetBucketEncryption, AccessDenied", err(
        lambda: client("s3", acct=a).get_bucket_encryption(Bucket=b()), "AccessDenied", status=403))
    customer = dict(SSECustomerAlgorithm="AES256", SSECustomerKey="0" * 32)
    check("an object under the customer's own key needs it", H + "400", err(lambda: (put("a/customer", **customer), head("a/customer")), status=400))
    check("with that key it is told", H + "SSECustomerAlgorithm", eq(lambda: head("a/customer", **customer)["SSECustomerAlgorithm"], "AES256"))
    for what, kw, code in (("an unknown algorithm", {"ServerSideEncryption": "rot13"}, "InvalidArgument"),
                           ("a key without aws:kms", {"SSEKMSKeyId": "alias/x"}, "InvalidArgument"),
                           ("a key that KMS does not know", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/never-made"}, "KMS.NotFoundException")):
        check("PutObject with %s is refused" % what, P + "errors", err(lambda kw=kw: put("a/bad", **kw), code))
    off = lazy(lambda: (lambda k: (kms.disable_key(KeyId=k), k)[1])(kms.create_key()["KeyMetadata"]["Arn"]))
    check("PutObject under a disabled key is refused", P + "KMS.DisabledException", err(lambda: put("a/off", ServerSideEncryption="aws:kms", SSEKMSKeyId=off()), "KMS.DisabledException"))
    eu = lazy(lambda: bucket("eu-west-1"))
    there = lambda: client("s3", region="eu-west-1").put_object(Bucket=eu(), Key="k")  # noqa: E731
    check("a bucket of another Region is found by its redirect", H + "x-amz-bucket-region", lambda: (there(), s3.head_object(Bucket=eu(), Key="k"))[1]["ServerSideEncryption"] == "AES256")
    check("its encryption too", S + "GetBucketEncryption, x-amz-bucket-region", eq(lambda: rule(s3.get_bucket_encryption(Bucket=eu())), {"SSEAlgorithm": "AES256"}))
    many = lazy(bucket)
    fill = step(lambda: [s3.put_object(Bucket=many(), Key="p/%02d &" % i) for i in range(7)] + [s3.put_object(Bucket=many(), Key="q")])
    keys = lambda **kw: [o["Key"] for o in s3.list_objects_v2(Bucket=many(), **kw).get("Contents", [])]  # noqa: E731
    check("ListObjectsV2 lists the keys in order", L + "Contents", eq(lambda: (fill(), keys())[1], ["p/%02d &" % i for i in range(7)] + ["q"]))
    check("ListObjectsV2 lists under a prefix", L + "Prefix", eq(lambda: (fill(), len(keys(Prefix="p/")))[1], 7))
    check("ListObjectsV2 goes on by its token", L + "ContinuationToken", eq(lambda: (fill(), flat(pages(
        s3.list_objects_v2, "Contents", "ContinuationToken", "NextContinuationToken", Bucket=many(), MaxKeys=3)))[1].__len__(), 8))
    check("an empty bucket has no Contents", L + "KeyCount", eq(lambda: s3.list_objects_v2(Bucket=bucket())["KeyCount"], 0))
    check("a bucket with objects is not deleted", S + "DeleteBucket, BucketNotEmpty", err(lambda: (fill(), s3.delete_bucket(Bucket=many())), "BucketNotEmpty", status=409))
    check("DeleteObject answers 204", S + "DeleteObject", eq(lambda: (fill(), s3.delete_object(Bucket=many(), Key="q"))[1]["ResponseMetadata"]["HTTPStatusCode"], 204))
    check("DeleteObject of what is not there answers 204", S + "DeleteObject", eq(lambda: s3.delete_object(Bucket=many(), Key="never")["ResponseMetadata"]["HTTPStatusCode"], 204))
    check("a deleted object is not found", S + "DeleteObject", err(lambda: (s3.delete_object(Bucket=many(), Key="q"), s3.head_object(Bucket=many(), Key="q")), status=404))


SCENARIOS = [regions, instance_types, encryption, buckets, objects]
