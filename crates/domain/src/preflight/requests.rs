//! What AWS asks of who deploys and of the execution role (Service Authorization Reference, Amazon
//! SageMaker; SageMaker Developer Guide, "Amazon SageMaker API permissions").

use jiff::Timestamp;
use sagelock_policy::access::{self, May, On, may};
use sagelock_policy::context::Value;

use super::storage::storage;
use super::{Answer, AnswerKind, Check, Deployment, Step};
use crate::access::{Reader, principal_unread};
use crate::fact::Fact;
use crate::ids::{AccountId, KeyRef, ModelName, Partition, Region};
use crate::inventory::{Cell, CellId, Key, Keys, Placement, Principal, Principals, Resolved, Tags};
use crate::key_policy::GRANTED;
use crate::why::Why;

/// Condition keys of the key of the volumes: the one that policies were written with, and the one that has
/// replaced it.
const VOLUME_KEYS: [&str; 2] = ["sagemaker:VolumeKmsKey", "sagemaker:VolumeKmsKeyArn"];

/// What one request tells beside what follows from who asks and for what.
pub(super) type Told = Vec<(String, Option<Value>)>;

/// Somebody who asks.
pub(super) struct Who<'a> {
    pub(super) arn: String,
    pub(super) account: AccountId,
    pub(super) found: Option<&'a Principal>,
    /// It asks as a session that a service began: an execution role.
    is_begun_by_service: bool,
    asked: access::Principal,
}

/// Everything that a request may depend on.
pub(super) struct Asking<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) cell: &'a Cell,
    pub(super) keys: &'a Keys,
    pub(super) principals: &'a Principals,
    pub(super) reader: Reader<'a>,
    /// When it is to be done.
    at: Timestamp,
}

/// A key of the context that has one value.
pub(super) fn told(key: &str, value: &str) -> (String, Option<Value>) {
    (key.to_owned(), Some(Value::One(value.into())))
}

fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> Value {
    Value::List(texts.into_iter().map(Into::into).collect())
}

impl<'a> Asking<'a> {
    pub(super) fn new(
        deployment: &'a Deployment,
        cell: &'a Cell,
        keys: &'a Keys,
        principals: &'a Principals,
        at: Timestamp,
    ) -> Self {
        Self {
            at,
            deployment,
            cell,
            keys,
            principals,
            reader: Reader::new(principals),
        }
    }

    pub(super) fn checks(&self) -> Vec<Check> {
        let Some(deployer) = self.who(&self.deployment.deployer) else {
            return vec![check(
                Step::Deploy,
                None,
                None,
                &self.deployment.deployer,
                Answer::unknown(Why::Nobody(self.deployment.deployer.as_str().into())),
            )];
        };
        if self.is_missing(&deployer) {
            let says = format!("there is no {} in its account", deployer.arn);
            let answer = Answer::blocked(says);
            return vec![check(
                Step::Deploy,
                Some(&deployer),
                None,
                &deployer.arn,
                answer,
            )];
        }
        let roles = self.roles();
        let mut checks = self.of_sagemaker(&deployer, &roles);
        let spare = self.deployment.roles.iter();
        let spare = spare.filter(|role| !roles.contains(role));
        checks.extend(spare.map(|role| {
            let says = "not looked at: the models are there, and run as roles of their own";
            check(
                Step::CreateModel,
                None,
                None,
                role,
                Answer::Noted(says.to_owned()),
            )
        }));
        let unread = roles.iter().filter(|role| self.who(role).is_none());
        checks.extend(unread.map(|role| {
            let answer = Answer::unknown(Why::Nobody(role.as_str().into()));
            check(Step::Grant, None, Some("kms:CreateGrant"), role, answer)
        }));
        let roles: Vec<Who<'_>> = roles
            .iter()
            .filter_map(|role| self.who(role))
            .map(|role| Who {
                is_begun_by_service: true,
                ..role
            })
            .collect();
        let missing = roles.iter().filter(|role| self.is_missing(role));
        checks.extend(missing.map(|role| {
            let answer = Answer::blocked(format!("there is no {} in its account", role.arn));
            check(Step::Models, Some(role), None, &role.arn, answer)
        }));
        if let Some(reference) = self.deployment.key() {
            checks.extend(self.of_key(reference, &deployer, &roles));
        }
        checks.extend(storage(self, &roles));
        checks
    }

    /// Whether everybody of its account is known, and it is nobody of them.
    fn is_missing(&self, who: &Who<'_>) -> bool {
        let read = self.principals.by_account.get(&who.account);
        let is_read = read.is_some_and(|read| read.fact.known().is_some());
        let is_listed = [":role/", ":user/", ":assumed-role/"]
            .iter()
            .any(|kind| who.arn.contains(kind));
        is_read && who.found.is_none() && is_listed
    }

    /// The roles that the models run as: those that are there, and, where not all are known, those that
    /// were named.
    fn roles(&self) -> Vec<String> {
        let (mut roles, are_all) = self.cell.execution_roles(&self.deployment.facts);
        if !are_all {
            roles.extend(self.deployment.roles.iter().cloned());
        }
        roles.into_iter().collect()
    }

    /// A user or role by its ARN, or by that of a session, with what is known of its policies.
    fn who(&self, arn: &str) -> Option<Who<'a>> {
        let account = AccountId::new(arn.split(':').nth(4)?);
        let read = self.principals.by_account.get(&account);
        let known = read.and_then(|read| read.fact.known());
        let session = arn.split_once(":assumed-role/");
        let role = session.and_then(|(_, rest)| rest.split('/').next());
        let is_meant = |one: &&Principal| match role {
            Some(name) => one.arn.contains(":role/") && one.arn.rsplit('/').next() == Some(name),
            None => one.arn == arn,
        };
        let found = known.and_then(|list| list.iter().find(is_meant));
        let is_root = arn.ends_with(":root");
        let asked = match found {
            Some(found) => self.reader.principal(found, &account).ok()?,
            None if is_root => self.reader.nobody(arn, &account).ok()?,
            None => principal_unread(arn).ok()?,
        };
        Some(Who {
            arn: found.map_or(arn, |found| &found.arn).to_owned(),
            account,
            found,
            is_begun_by_service: false,
            asked,
        })
    }

    fn arn(&self, resource: &str) -> String {
        let CellId { account, region } = &self.cell.id;
        let partition = Partition::of_region(region);
        let resource = resource.to_lowercase();
        format!(
            "arn:{}:sagemaker:{region}:{account}:{resource}",
            partition.as_str()
        )
    }

    /// What is asked of who deploys by SageMaker itself, and for the roles that it hands over.
    fn of_sagemaker(&self, deployer: &Who<'_>, roles: &[String]) -> Vec<Check> {
        let deployment = self.deployment;
        let config = self.arn(&format!("endpoint-config/{}", deployment.config));
        let endpoint = self.arn(&format!("endpoint/{}", deployment.endpoint));
        let mut checks = Vec::new();
        let mut ask = |step, action, resource: &str, told: &Told, whole: &[&'static str]| {
            let on = On::Resource {
                arn: resource,
                account: self.cell.id.account.as_str(),
                may_have_policy: false,
                // Neither SageMaker nor IAM is under them (Organizations User Guide, "Resource control
                // policies").
                rcp: Some(&[]),
            };
            let answer = self.answer(deployer, action, on, told, whole);
            checks.push(check(step, Some(deployer), Some(action), resource, answer));
        };
        let passed = vec![told("iam:PassedToService", "sagemaker.amazonaws.com")];
        let is_missing = |name: &ModelName| {
            let model = self.cell.models.get(name).map(|read| &read.fact);
            matches!(model, Some(Fact::Known(None)))
        };
        if !deployment.roles.is_empty() {
            for name in deployment.facts.models().filter(|name| is_missing(name)) {
                let arn = self.arn(&format!("model/{name}"));
                ask(
                    Step::CreateModel,
                    "sagemaker:CreateModel",
                    &arn,
                    &self.everywhere(),
                    &[],
                );
            }
            let any_missing = deployment.facts.models().any(is_missing);
            let named = roles.iter().filter(|_| any_missing);
            for role in named.filter(|role| deployment.roles.contains(role)) {
                ask(Step::CreateModel, "iam:PassRole", role, &passed, &[]);
            }
        }
        let (said, whole) = self.of_config();
        ask(
            Step::CreateConfig,
            "sagemaker:CreateEndpointConfig",
            &config,
            &said,
            &whole,
        );
        if deployment
            .tags
            .as_ref()
            .is_some_and(|tags| tags.iter().next().is_some())
        {
            let (said, whole) = self.of_tags();
            ask(
                Step::CreateConfig,
                "sagemaker:AddTags",
                &config,
                &said,
                &whole,
            );
        }
        if let Some(role) = &deployment.facts.execution_role
            && !deployment.roles.contains(role)
        {
            ask(Step::CreateConfig, "iam:PassRole", role, &passed, &[]);
        }
        let action = if deployment.is_new {
            "sagemaker:CreateEndpoint"
        } else {
            "sagemaker:UpdateEndpoint"
        };
        let own = self.cell.endpoints.get(&deployment.endpoint);
        let own = own.and_then(|endpoint| endpoint.tags.fact.known());
        for (resource, tags) in [(&endpoint, own), (&config, deployment.tags.as_ref())] {
            let mut said = self.everywhere();
            let names = tags.into_iter().flat_map(Tags::iter);
            said.extend(names.map(|(name, value)| told(&format!("aws:ResourceTag/{name}"), value)));
            let whole: &[&'static str] = if tags.is_some() {
                &["aws:ResourceTag/"]
            } else {
                &[]
            };
            ask(Step::Deploy, action, resource, &said, whole);
        }
        checks
    }

    /// What every request in the endpoint's region tells.
    pub(super) fn everywhere(&self) -> Told {
        vec![
            told("aws:RequestedRegion", self.cell.id.region.as_str()),
            told("aws:ResourceAccount", self.cell.id.account.as_str()),
        ]
    }

    /// The tags that the configuration is given.
    fn of_tags(&self) -> (Told, Vec<&'static str>) {
        let mut said = self.everywhere();
        let Some(tags) = &self.deployment.tags else {
            return (said, Vec::new());
        };
        let names = list(tags.iter().map(|(name, _)| name));
        said.push(("aws:TagKeys".to_owned(), Some(names)));
        let each = tags.iter();
        said.extend(each.map(|(name, value)| told(&format!("aws:RequestTag/{name}"), value)));
        (said, vec!["aws:RequestTag/"])
    }

    /// What CreateEndpointConfig tells: its key, its instance types, its tags.
    fn of_config(&self) -> (Told, Vec<&'static str>) {
        let (mut said, whole) = self.of_tags();
        let [old, new] = VOLUME_KEYS.map(ToOwned::to_owned);
        match self.deployment.key() {
            None => said.extend([(old, None), (new, None)]),
            Some(key @ KeyRef::Arn(_)) => {
                let arn = Some(Value::One(key.as_str().into()));
                said.extend([(old, arn.clone()), (new, arn)]);
            }
            // Service Authorization Reference, Amazon SageMaker, `sagemaker:VolumeKmsKeyArn`: "The ARN of the
            // key-id must be used"; what the key that it has replaced is then, no page says.
            Some(reference @ (KeyRef::Id(_) | KeyRef::Alias(_) | KeyRef::AliasArn(_))) => {
                if let Some(Resolved::Key(arn)) = self.resolved(reference, &self.cell.id.region) {
                    said.push((new, Some(Value::One(arn.as_str().into()))));
                }
            }
        }
        let variants = self.deployment.facts.variants.iter();
        let types = variants.flat_map(|variant| match &variant.placement {
            Placement::Serverless => &[],
            Placement::Instances(types) => types.as_slice(),
        });
        let types = list(types.map(crate::ids::InstanceType::as_str));
        said.push(("sagemaker:InstanceTypes".to_owned(), Some(types)));
        (said, whole)
    }

    /// What a reference of the endpoint's cell means.
    pub(super) fn resolved(&self, reference: &KeyRef, region: &Region) -> Option<&'a Resolved> {
        let cell = CellId {
            account: self.cell.id.account.clone(),
            region: region.clone(),
        };
        let read = self
            .keys
            .resolved
            .get(&(cell, reference.as_str().to_owned()))?;
        read.fact.known()
    }

    /// The key that it means.
    fn key_of(&self, reference: &KeyRef, region: &Region) -> Option<&'a Key> {
        match self.resolved(reference, region)? {
            Resolved::Key(arn) => self.keys.by_arn.get(arn),
            Resolved::AwsManagedAlias | Resolved::NotFound | Resolved::OtherPartition => None,
        }
    }

    /// SageMaker's grant on the key of the volumes, for who deploys and for each execution role: one of
    /// them is enough, since the pages disagree whose it is (SageMaker API, CreateEndpointConfig,
    /// `KmsKeyId`; "Amazon SageMaker API permissions", CreateEndpoint).
    fn of_key(&self, reference: &KeyRef, deployer: &Who<'_>, roles: &[Who<'_>]) -> Vec<Check> {
        let Some(key) = self.key_of(reference, &self.cell.id.region) else {
            return Vec::new();
        };
        let asked = self.reader.key(key);
        let host = format!("sagemaker.{}.amazonaws.com", self.cell.id.region);
        let on = On::Key {
            key: &asked,
            via: Some(&host),
        };
        let mut grants = Vec::new();
        let mut descriptions = Vec::new();
        for who in [deployer].into_iter().chain(roles) {
            let of_grant = |operations| {
                let operations = ("kms:GrantOperations".to_owned(), Some(operations));
                vec![told("kms:GrantIsForAWSResource", "true"), operations]
            };
            let action = "kms:CreateGrant";
            let answer = self.answer(who, action, on, &of_grant(list(GRANTED)), &[]);
            // Which operations it asks for is not known: a smaller set may be allowed.
            let answer = answer.unless_blocked(|block| {
                match self.answer(who, action, on, &of_grant(Value::Unknown), &[]) {
                    Answer::Unknown(why) => Answer::Unknown(why),
                    Answer::Passed | Answer::Blocked(_) | Answer::Spare(_) | Answer::Noted(_) => {
                        Answer::Blocked(block)
                    }
                }
            });
            grants.push(check(
                Step::Grant,
                Some(who),
                Some(action),
                key.arn.as_str(),
                answer,
            ));
            let action = "kms:DescribeKey";
            let answer = self.answer(who, action, on, &Told::new(), &[]);
            let answer =
                answer.unless_blocked(|block| Answer::unknown(Why::HostingDescribes(block.says)));
            descriptions.push(check(
                Step::DescribeKey,
                Some(who),
                Some(action),
                key.arn.as_str(),
                answer,
            ));
        }
        one_is_enough(&mut grants);
        one_is_enough(&mut descriptions);
        grants.extend(descriptions);
        grants
    }

    /// What is so of the moment, and of how somebody comes to be who it is.
    fn tell_moment(&self, who: &Who<'_>, all: &mut access::Told) {
        let second = self.at.as_second();
        let time = Timestamp::from_second(second).unwrap_or(self.at);
        all.keys.extend([
            told("aws:CurrentTime", &time.to_string()),
            told("aws:EpochTime", &second.to_string()),
        ]);
        // IAM User Guide, "aws:MultiFactorAuthPresent": a service that assumes a role brings no factor.
        if who.is_begun_by_service {
            all.if_there.push(("aws:MultiFactorAuthPresent", "false"));
            all.keys.push(("aws:MultiFactorAuthAge".to_owned(), None));
        }
    }

    /// Whether somebody may.
    pub(super) fn answer(
        &self,
        who: &Who<'_>,
        action: &'static str,
        on: On<'_>,
        told: &Told,
        whole: &[&'static str],
    ) -> Answer {
        let mut told = access::Told {
            keys: told.clone(),
            whole: whole.to_vec(),
            ..access::Told::default()
        };
        self.tell_moment(who, &mut told);
        if action == "sagemaker:CreateEndpointConfig" && self.deployment.key().is_some() {
            told.there.extend(VOLUME_KEYS);
        }
        match may(&who.asked, action, on, &told) {
            Ok(May::Yes) => Answer::Passed,
            Ok(May::Unknown(doubts)) => {
                Answer::Unknown(doubts.into_iter().map(Why::from).collect())
            }
            Ok(May::No(denial)) => Answer::Blocked(self.block(who, on, &denial)),
            Err(_no_action) => Answer::unknown(Why::NotAsked),
        }
    }
}

/// What somebody is asked for, and whether it may.
pub(super) fn check(
    step: Step,
    who: Option<&Who<'_>>,
    action: Option<&'static str>,
    resource: &str,
    answer: Answer,
) -> Check {
    Check {
        step,
        principal: who.map(|who| who.arn.clone()),
        action,
        resource: resource.to_owned(),
        answer,
    }
}

const NOT_NEEDED: &str =
    "not needed, since another principal has it; whether this one has it is not known";

/// Where one of several is enough: the others are spare where one has it, and stop nothing where one may.
fn one_is_enough(checks: &mut [Check]) {
    let has = |kind| checks.iter().any(|check| check.answer.kind() == kind);
    let (passed, unknown) = (has(AnswerKind::Passed), has(AnswerKind::Unknown));
    let several = checks.len() > 1;
    for check in checks {
        check.answer = match std::mem::replace(&mut check.answer, Answer::Passed) {
            Answer::Blocked(block) if passed || unknown => Answer::Spare(block),
            Answer::Blocked(mut block) if several => {
                block.says.push_str("; one of the principals is enough");
                Answer::Blocked(block)
            }
            // Another principal has it.
            Answer::Unknown(_) if passed => Answer::Noted(NOT_NEEDED.to_owned()),
            answer @ (Answer::Passed
            | Answer::Blocked(_)
            | Answer::Spare(_)
            | Answer::Unknown(_)
            | Answer::Noted(_)) => answer,
        };
    }
}
