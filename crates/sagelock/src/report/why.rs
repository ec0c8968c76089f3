//! What reasons for not knowing are called.

use sagelock_domain::ids::InstanceType;
use sagelock_domain::why::Why;
use sagelock_policy::evaluate::Open;
use sagelock_policy::prove::Doubt;

/// For people: what it is that is not known, so that it can stand after "it depends on".
pub(crate) fn words(why: &Why) -> String {
    match why {
        Why::Gap(gap) => gap.to_string(),
        Why::NotAsked => "it was not asked about".to_owned(),
        Why::Doubt(doubt) => doubt_words(doubt),
        Why::Malformed(wrong) => format!("the policy cannot be read: {wrong}"),
        Why::Nobody(arn) => {
            format!("`{arn}` is no user, role or root user whose policies are known")
        }
        Why::OwnerNotAudited => {
            "KMS gives a key's policy and grants to its own account only, and that account was not \
             audited"
                .to_owned()
        }
        Why::Reach => "which accounts the key policy lets in could not be read".to_owned(),
        Why::AccountNotAudited(account) => {
            format!("account {account}, which the key policy or a grant lets in, was not audited")
        }
        Why::AccountsNotAudited => {
            "the key policy lets in accounts that were not audited".to_owned()
        }
        Why::PeopleNotRead(account) => {
            format!("the users and roles of account {account} were not read")
        }
        Why::EndpointsNotRead(account) => {
            format!("endpoints of account {account} could not be read")
        }
        Why::RegionsLeftOut(account) => format!(
            "Regions of account {account} were left out, where endpoints may run as roles of another \
             tenant"
        ),
        Why::UntaggedEndpoint => {
            "an endpoint that names no tenant uses the key, or runs as a role that may".to_owned()
        }
        Why::KeyManager(name) => format!("KMS names the key's manager `{name}`"),
        Why::KeyPartition => "the key is of another partition".to_owned(),
        Why::KeyTags => "the tags of the key, which say whose it is, could not be read".to_owned(),
        Why::KeyReplicas => {
            "the key policies of its replicas in other Regions, which are not looked at".to_owned()
        }
        Why::KeyStateMissing => "KMS did not say the state of the key".to_owned(),
        Why::KeyState(state) => format!("what the state `{state}` of the key allows"),
        Why::KeyKindMissing => "KMS did not say what kind of key it is".to_owned(),
        Why::KeyUnread(reference) => format!("what key {reference} is could not be read"),
        Why::ModelNotAsked(model) => format!("what model {model} loads was not asked"),
        Why::ModelUnread(model) => format!("what {model} loads is not known"),
        Why::ModelPackage { model, package } => {
            format!("what the model package {package} of {model} loads, which is not read")
        }
        Why::ModelRole(model) => format!("the execution role of {model}"),
        Why::Components => "what the inference components load, which are not read".to_owned(),
        Why::PlaceKey { uri, endpoint } => {
            format!("which key {uri} of endpoint {endpoint} is under is not known")
        }
        Why::HiddenConfig(endpoint) => {
            format!("AWS does not name every configuration that endpoint {endpoint} may be running")
        }
        Why::ConfigGone { config, endpoint } => format!(
            "configuration {config} was deleted under endpoint {endpoint}, so its keys are not known"
        ),
        Why::ConfigRoles(config) => format!("what the models of {config} run as is not known"),
        Why::ScheduleRole(schedule) => {
            format!("what monitoring schedule {schedule} runs as is not read")
        }
        Why::KeyNotAsked { key, endpoint } => {
            format!("which key {key} of endpoint {endpoint} means was not asked")
        }
        Why::NoConfigNamed => {
            "which configuration it runs, DescribeEndpoint does not say".to_owned()
        }
        Why::EndpointStatus(status) => {
            format!("whether an endpoint that is {status} can be updated")
        }
        Why::LocalStorage(types) => {
            let types: Vec<&str> = types.iter().map(InstanceType::as_str).collect();
            format!(
                "whether {} has local storage, which no key covers",
                types.join(", ")
            )
        }
        Why::NoBucket(uri) => format!("{uri} is no bucket whose policies can be read"),
        Why::BucketOwner { account, denied } => {
            format!("whether the bucket is of account {account}: {denied}")
        }
        Why::ObjectNames { uri, denied } => {
            format!("whether the names of the objects under {uri} make a difference: {denied}")
        }
        Why::PrefixListed { uri, denied } => format!(
            "whether SageMaker lists {uri} as the execution role, which AWS does not document: {denied}"
        ),
        Why::ObjectKey => "under which key it is was not asked about".to_owned(),
        Why::BucketDefault(bucket) => {
            format!("the default encryption of {bucket} was not asked about")
        }
        Why::Encryption(name) => format!("S3 names the encryption `{name}`"),
        Why::HostingDescribes(denied) => {
            format!("whether hosting asks for it, which AWS documents of HyperPod only ({denied})")
        }
    }
}

/// Several of them, one after the other.
pub(crate) fn all_words(whys: &[Why]) -> String {
    let words: Vec<String> = whys.iter().map(words).collect();
    words.join(", ")
}

/// For programs: the name of a doubt, and the words of everything else.
pub(crate) fn code(why: &Why) -> String {
    if let Why::Doubt(doubt) = why {
        doubt.to_string()
    } else {
        words(why)
    }
}

/// What it is that the policies do not decide.
pub(crate) fn doubt_words(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Open(question) => open_words(*question).to_owned(),
        Doubt::Key(name) => format!("a condition on {name}, which is not followed"),
        Doubt::Fact(name) => format!("the value of {name}"),
        Doubt::Grants => "the grants of the key, which were not read".to_owned(),
        Doubt::Scp => "the service control policies, which were not read".to_owned(),
        Doubt::Rcp => "the resource control policies, which were not read".to_owned(),
        Doubt::Policies => "the identity policies of the principal, which were not read".to_owned(),
        Doubt::Tag => "tags that the principal may be allowed to change".to_owned(),
        Doubt::Replica => "whether the principal may create keys in another Region".to_owned(),
        Doubt::Alias => "aliases that the principal may be allowed to change".to_owned(),
        Doubt::BucketPolicy => "the bucket policy, which was not read".to_owned(),
        Doubt::Trust(role) => format!("the trust policy of {role}, which was not read"),
        Doubt::Outside(account) => {
            format!(
                "the roles of account {account}, which the principal may be allowed to assume, and which were not read"
            )
        }
        Doubt::Action(action) => {
            format!(
                "{action}, which the principal may be allowed, and whose effect is not followed"
            )
        }
        Doubt::Budget => "more work than one question is given".to_owned(),
    }
}

/// What AWS leaves open.
const fn open_words(question: Open) -> &'static str {
    match question {
        Open::ResourcePolicy => "the policy of the resource, which was not read",
        Open::CappedGrant => {
            "whether a permissions boundary or session policy limits a grant to a role"
        }
        Open::AccountGrant => "how a grant to an account is handed on within the account",
        Open::ForeignGrant => {
            "whether a grant that another account issued is enough without an IAM permission"
        }
        Open::GrantContextCase => "whether the encryption context of a grant is compared by case",
        Open::YoungGrant => "whether a grant younger than five minutes is effective yet",
        Open::ChildGrant => {
            "what a grant demands of a CreateGrant request whose grant is not known"
        }
        Open::AnyIfExists => "ForAnyValue with IfExists on an absent key",
        Open::NegatedList => {
            "a negated operator without ForAnyValue or ForAllValues on a multivalued key"
        }
        Open::NoValues => "a condition with an empty list of values",
        Open::NegatedUnreadable => {
            "a negated operator on a value that is not a number, date or address"
        }
        Open::BooleanVariable => "a policy variable under Bool",
        Open::ListVariable => "a multivalued key as a policy variable under a negated operator",
        Open::PartNotPrincipal => {
            "NotPrincipal that lists only some of the caller's account, role and session"
        }
        Open::KeyTwice => "two keys that differ only in case",
        Open::AllowNotPrincipal => "Allow with NotPrincipal, which AWS does not support",
        Open::ArnVariable => "a policy variable before the fifth colon of a Resource",
        Open::ArnWildcard => "a wildcard in a Resource that would have to match across a colon",
        Open::ShortArn => {
            "an ARN pattern in a condition with fewer than six fields that ends with `*`, such as `*` under ArnLike"
        }
        Open::MaskedGrantee => {
            "the grantee of a grant, for which KMS shows the name of an AWS service"
        }
        Open::RolePath => "the path of the caller's role",
        Open::SessionName => "the name of the caller's session",
    }
}
