//! Makes things through the operations of the world, so that nothing is there that AWS would
//! have refused.

use sagelock_domain::permissions::Role;
use serde_json::{Value, json};

use crate::answer::Body;
use crate::input::Input;
use crate::service::Service;
use crate::world::{Answer, Ctx, World, partition};

/// Makes things in one account and region.
pub(super) struct Builder<'a> {
    pub(super) world: &'a mut World,
    pub(super) account: String,
    pub(super) region: String,
}

impl<'a> Builder<'a> {
    pub(super) fn new(world: &'a mut World, account: &str, region: &str) -> Self {
        Self {
            world,
            account: account.to_owned(),
            region: region.to_owned(),
        }
    }

    /// Performs an operation; what is refused is in the ledger, and the answer is null.
    pub(super) fn call(&mut self, service: Service, operation: &str, input: &Value) -> Value {
        let input = Input::from_json(&input.to_string()).unwrap_or_default();
        self.send(service, operation, &input)
    }

    fn send(&mut self, service: Service, operation: &str, input: &Input) -> Value {
        let ctx = Ctx::root(service, &self.account, &self.region);
        match self.world.perform(&ctx, operation, input).answer {
            Answer::Says(Ok(Body::Tree(tree))) => tree,
            Answer::Says(Ok(Body::Text(text))) => serde_json::from_str(&text).unwrap_or_default(),
            Answer::Says(
                Ok(Body::Xml(_) | Body::Headers(_) | Body::Bytes(_) | Body::Empty) | Err(_),
            )
            | Answer::Nothing
            | Answer::Reset
            | Answer::Truncated(_)
            | Answer::NotAws => Value::Null,
        }
    }

    pub(super) fn sagemaker(&mut self, operation: &str, input: &Value) -> Value {
        self.call(Service::SageMaker, operation, input)
    }

    pub(super) fn kms(&mut self, operation: &str, input: &Value) -> Value {
        self.call(Service::Kms, operation, input)
    }

    /// A key, its aliases and its rotation; its ARN.
    pub(super) fn key(&mut self, input: &Value, aliases: &[&str], rotates: bool) -> String {
        let made = self.kms("CreateKey", input);
        let arn = made.pointer("/KeyMetadata/Arn").and_then(Value::as_str);
        let arn = arn.unwrap_or_default().to_owned();
        for alias in aliases {
            let input = json!({ "AliasName": alias, "TargetKeyId": arn });
            self.kms("CreateAlias", &input);
        }
        if rotates {
            self.kms("EnableKeyRotation", &json!({ "KeyId": arn }));
        }
        arn
    }

    /// A bucket of this region with a default encryption: SSE-S3 where no algorithm is named.
    pub(super) fn bucket(&mut self, name: &str, algorithm: Option<&str>, key: Option<&str>) {
        let mut input = json!({ "Bucket": name });
        if let Some(fields) = input.as_object_mut().filter(|_| self.region != "us-east-1") {
            let region = Value::from(self.region.as_str());
            fields.insert("LocationConstraint".to_owned(), region);
        }
        self.call(Service::S3, "CreateBucket", &input);
        self.default_encryption(name, algorithm, key);
    }

    /// What is written to a bucket from now on.
    pub(super) fn default_encryption(
        &mut self,
        name: &str,
        algorithm: Option<&str>,
        key: Option<&str>,
    ) {
        if let Some(algorithm) = algorithm {
            let input = json!({ "Bucket": name, "SSEAlgorithm": algorithm, "KMSMasterKeyID": key });
            self.call(Service::S3, "PutBucketEncryption", &input);
        }
    }

    /// An object, with an encryption of its own or its bucket's default.
    pub(super) fn object(
        &mut self,
        bucket: &str,
        name: &str,
        algorithm: Option<&str>,
        key: Option<&str>,
    ) {
        let input = json!({
            "Bucket": bucket, "Key": name, "ServerSideEncryption": algorithm, "SSEKMSKeyId": key,
        });
        let input = Input::from_json(&input.to_string()).unwrap_or_default();
        self.send(Service::S3, "PutObject", &input.carrying(b"weights"));
    }

    /// A model with a role of its own, whose containers load something beside their image.
    pub(super) fn model(&mut self, name: &str, loads: &[Value]) {
        let role = format!(
            "arn:{}:iam::{}:role/exec-{name}",
            partition(&self.region),
            self.account
        );
        let image = format!(
            "{}.dkr.ecr.{}.amazonaws.com/{name}:1",
            self.account, self.region
        );
        let container = |loads: &Value| {
            let secret = json!({ "TOKEN": "not-to-be-recorded" });
            let mut container = json!({ "Image": image, "Environment": secret });
            let more = loads.as_object().cloned().unwrap_or_default();
            if let Some(fields) = container.as_object_mut() {
                fields.extend(more);
            }
            container
        };
        let mut input = json!({ "ModelName": name, "ExecutionRoleArn": role });
        if let Some(fields) = input.as_object_mut() {
            match loads {
                [] => fields.insert("PrimaryContainer".to_owned(), container(&json!({}))),
                [one] => fields.insert("PrimaryContainer".to_owned(), container(one)),
                several => fields.insert(
                    "Containers".to_owned(),
                    several.iter().map(container).collect(),
                ),
            };
        }
        self.sagemaker("CreateModel", &input);
    }
}

/// What a container loads that is one object.
pub(super) fn url(uri: &str) -> Value {
    json!({ "ModelDataUrl": uri })
}

/// What a container loads that is everything under a prefix.
pub(super) fn prefix(uri: &str) -> Value {
    json!({ "ModelDataSource": { "S3DataSource": {
        "S3Uri": uri, "S3DataType": "S3Prefix", "CompressionType": "None",
    }}})
}

/// What a multi-model container loads from.
pub(super) fn many(uri: &str) -> Value {
    json!({ "ModelDataUrl": uri, "Mode": "MultiModel" })
}

/// Tags as SageMaker takes them.
pub(super) fn tag_list<'t>(tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> Value {
    tags.into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

/// A key policy that lets another account use the key.
pub(super) fn shared_with(owner: &str, other: &str) -> String {
    let of = |sid: &str, account: &str, action: Value| {
        json!({
            "Sid": sid,
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": action,
            "Resource": "*",
        })
    };
    let uses = json!([
        "kms:DescribeKey",
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
        "kms:GetKeyRotationStatus"
    ]);
    json!({
        "Version": "2012-10-17",
        "Statement": [of("Owner", owner, json!("kms:*")), of("User", other, uses)],
    })
    .to_string()
}

/// What the role of an audit needs, to be put into it.
pub(super) fn let_audit(world: &mut World, account: &str, name: &str, region: &str) {
    let document = sagelock_domain::permissions::policy(Role::Audit).to_string();
    let input = json!({ "RoleName": name, "PolicyName": "sagelock", "PolicyDocument": document });
    Builder::new(world, account, region).call(Service::Iam, "PutRolePolicy", &input);
}

/// A role in an account that trusts another account.
pub(crate) fn trusting_role(
    world: &mut World,
    account: &str,
    name: &str,
    trusted: &str,
    region: &str,
) {
    let principal = format!("arn:{}:iam::{trusted}:root", partition(region));
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": principal },
            "Action": "sts:AssumeRole",
        }],
    });
    let input = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust.to_string() });
    let mut builder = Builder::new(world, account, region);
    builder.call(Service::Iam, "CreateRole", &input);
}
