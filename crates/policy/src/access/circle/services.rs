//! Services that run the code of who calls them as a role that is handed to them (iam:PassRole; IAM User Guide,
//! "Grant a user permissions to pass a role to an AWS service").

use std::rc::Rc;
use std::sync::LazyLock;

use super::edges::{Called, Hands, any_calls, best, called};
use super::iam::{self, may};
use super::somewhere::all_somewhere;
use super::{Actor, Edge, entries};
use crate::access::Trust;
use crate::context::Value;
use crate::document::{Document, Entry, Who};
use crate::prove::{Doubt, Proof, Prover, Requests};
use crate::request::{Caller, Stack};

/// A service, and what makes it run code as a role.
pub(super) struct Service {
    /// Its principal, as trust policies name it.
    principal: &'static str,
    /// Each list alone is enough, with iam:PassRole: all of its actions are needed.
    runs: &'static [&'static [&'static str]],
    /// What changes code that runs as a role already: which, nobody reads.
    changes: &'static [&'static str],
}

/// The names that actions begin with by which a service is handed something that it runs, or told to run it: with
/// iam:PassRole each may be enough, where it is not known which are. A role that one service trusts another may be
/// asked to hand on: Auto Scaling that of an instance.
const VERBS: [&str; 14] = [
    "Associate",
    "Create",
    "Deploy",
    "Execute",
    "Import",
    "Launch",
    "Modify",
    "Register",
    "Replace",
    "Request",
    "Run",
    "Start",
    "Submit",
    "Update",
];

/// iam:PassRole, and what changes code that runs.
pub(super) static PASS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let changes = SERVICES.iter().flat_map(|service| service.changes).copied();
    ["iam:PassRole"].into_iter().chain(changes).collect()
});

/// The services that are followed.
pub(super) fn principals() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().map(|service| service.principal)
}

static SERVICES: [Service; 17] = [
    Service {
        principal: "sagemaker.amazonaws.com",
        runs: &[
            &["sagemaker:CreateNotebookInstance"],
            &["sagemaker:CreateProcessingJob"],
            &["sagemaker:CreateTrainingJob"],
            &["sagemaker:CreateHyperParameterTuningJob"],
            &["sagemaker:CreateModel", "sagemaker:CreateTransformJob"],
            &[
                "sagemaker:CreateModel",
                "sagemaker:CreateEndpointConfig",
                "sagemaker:CreateEndpoint",
            ],
            &["sagemaker:CreateUserProfile"],
            &["sagemaker:CreateDomain"],
        ],
        changes: &[
            "sagemaker:CreatePresignedNotebookInstanceUrl",
            "sagemaker:CreatePresignedDomainUrl",
            "sagemaker:CreateApp",
            "sagemaker:StartSession",
            "sagemaker:UpdateCluster",
            "sagemaker:UpdateClusterSoftware",
            "sagemaker:UpdateCodeRepository",
            "sagemaker:UpdateDomain",
            "sagemaker:UpdateNotebookInstance",
            "sagemaker:UpdateNotebookInstanceLifecycleConfig",
            "sagemaker:UpdatePipeline",
            "sagemaker:UpdateUserProfile",
            "ssm:StartSession",
        ],
    },
    Service {
        principal: "lambda.amazonaws.com",
        runs: &[
            &["lambda:CreateFunction", "lambda:InvokeFunction"],
            &["lambda:CreateFunction", "lambda:CreateEventSourceMapping"],
            &["lambda:CreateFunction", "lambda:AddPermission"],
        ],
        changes: &[
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
        ],
    },
    Service {
        principal: "ec2.amazonaws.com",
        runs: &[&["ec2:RunInstances"], &["ec2:AssociateIamInstanceProfile"]],
        changes: &[
            "codedeploy:CreateDeployment",
            "ec2-instance-connect:SendSSHPublicKey",
            "ec2-instance-connect:SendSerialConsoleSSHPublicKey",
            "ec2:AttachVolume",
            "ec2:CreateLaunchTemplateVersion",
            "ec2:CreateReplaceRootVolumeTask",
            "ec2:ModifyInstanceAttribute",
            "ec2:ModifyLaunchTemplate",
            "elasticmapreduce:AddJobFlowSteps",
            "imagebuilder:CreateComponent",
            "ssm:CreateAssociation",
            "ssm:ResumeSession",
            "ssm:SendCommand",
            "ssm:StartAutomationExecution",
            "ssm:StartSession",
            "ssm:UpdateAssociation",
            "ssm:UpdateDocument",
        ],
    },
    Service {
        principal: "ecs-tasks.amazonaws.com",
        runs: &[
            &["ecs:RegisterTaskDefinition", "ecs:RunTask"],
            &["ecs:RegisterTaskDefinition", "ecs:StartTask"],
            &["ecs:RegisterTaskDefinition", "ecs:CreateService"],
            &["ecs:RegisterTaskDefinition", "ecs:UpdateService"],
        ],
        changes: &[
            "batch:SubmitJob",
            "ecs:ExecuteCommand",
            "ecs:RunTask",
            "ecs:StartTask",
        ],
    },
    Service {
        principal: "glue.amazonaws.com",
        runs: &[
            &["glue:CreateJob", "glue:StartJobRun"],
            &["glue:CreateSession", "glue:RunStatement"],
            &["glue:CreateDevEndpoint"],
        ],
        changes: &[
            "glue:CreateTrigger",
            "glue:RunStatement",
            "glue:StartJobRun",
            "glue:UpdateDevEndpoint",
            "glue:UpdateJob",
            "glue:UpdateTrigger",
        ],
    },
    Service {
        principal: "codebuild.amazonaws.com",
        runs: &[&["codebuild:CreateProject", "codebuild:StartBuild"]],
        changes: &[
            "codebuild:StartBuild",
            "codebuild:StartBuildBatch",
            "codebuild:StartCommandExecution",
            "codebuild:StartSandbox",
            "codebuild:StartSandboxConnection",
            "codebuild:UpdateProject",
        ],
    },
    Service {
        principal: "cloudformation.amazonaws.com",
        runs: &[
            &["cloudformation:CreateStack"],
            &[
                "cloudformation:CreateChangeSet",
                "cloudformation:ExecuteChangeSet",
            ],
        ],
        changes: &[
            "cloudformation:CreateChangeSet",
            "cloudformation:CreateStackInstances",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:UpdateStack",
            "cloudformation:UpdateStackSet",
        ],
    },
    Service {
        principal: "states.amazonaws.com",
        runs: &[
            &["states:CreateStateMachine", "states:StartExecution"],
            &["states:TestState"],
        ],
        changes: &["states:UpdateStateMachine"],
    },
    Service {
        principal: "ssm.amazonaws.com",
        runs: &[&["ssm:StartAutomationExecution"]],
        changes: &[
            "ssm:CreateAssociation",
            "ssm:SendCommand",
            "ssm:StartAutomationExecution",
            "ssm:StartSession",
            "ssm:UpdateDocument",
        ],
    },
    Service {
        principal: "scheduler.amazonaws.com",
        runs: &[&["scheduler:CreateSchedule"]],
        changes: &["scheduler:UpdateSchedule"],
    },
    Service {
        principal: "elasticmapreduce.amazonaws.com",
        runs: &[&["elasticmapreduce:RunJobFlow"]],
        changes: &["elasticmapreduce:AddJobFlowSteps"],
    },
    Service {
        principal: "batch.amazonaws.com",
        runs: &[&["batch:RegisterJobDefinition", "batch:SubmitJob"]],
        changes: &["batch:SubmitJob"],
    },
    Service {
        principal: "athena.amazonaws.com",
        runs: &[],
        changes: &["athena:StartCalculationExecution", "athena:StartSession"],
    },
    Service {
        principal: "tasks.apprunner.amazonaws.com",
        runs: &[&["apprunner:CreateService"]],
        changes: &["apprunner:UpdateService"],
    },
    Service {
        principal: "bedrock-agentcore.amazonaws.com",
        runs: &[],
        changes: &[
            "bedrock-agentcore:InvokeCodeInterpreter",
            "bedrock-agentcore:StartCodeInterpreterSession",
        ],
    },
    Service {
        principal: "credentials.iot.amazonaws.com",
        runs: &[],
        changes: &["iot:AttachPolicy", "iot:AttachThingPrincipal"],
    },
    Service {
        principal: "deadline.amazonaws.com",
        runs: &[],
        changes: &[
            "deadline:AssumeFleetRoleForWorker",
            "deadline:AssumeQueueRoleForUser",
            "deadline:AssumeQueueRoleForWorker",
        ],
    },
];

/// Every action that makes a service run code.
#[cfg(test)]
pub(super) fn actions() -> impl Iterator<Item = &'static str> {
    let runs = SERVICES.iter().flat_map(|service| service.runs);
    let changes = SERVICES.iter().flat_map(|service| service.changes);
    runs.copied().flatten().chain(changes).copied()
}

/// Whether somebody can have a service run its code as a role of its account.
pub(super) fn passed(actor: &Rc<Actor>, target: &Actor, prover: &Prover) -> Option<Edge> {
    let is_role = matches!(target.identity.who, Who::Role(_));
    if !is_role || actor.identity.account != target.identity.account {
        return None;
    }
    let trust = match &target.principal.trust {
        Trust::Known(document) => Some(document),
        // Which services may run as it is not known.
        Trust::Unread | Trust::NotAsked => None,
    };
    let Some(document) = trust else {
        let any = PASS.iter().copied().find(|action| may(actor, action))?;
        let on = (&*target.principal.arn, &*target.identity.account);
        let pass = called(&actor.principal, "iam:PassRole", on, &[], None, prover);
        let can_pass = !matches!(pass, Called::Never);
        return (can_pass || any != "iam:PassRole").then(|| {
            let action = if can_pass { "iam:PassRole" } else { any };
            Edge::perhaps(vec![Doubt::Action(action)])
        });
    };
    let named = entries(document).filter_map(|entry| match entry {
        Entry::Service(name) => Some(&**name),
        Entry::Everybody
        | Entry::Account { .. }
        | Entry::Identity(_)
        | Entry::Provider(_)
        | Entry::Nobody(_) => None,
    });
    best(named.map(|name| {
        let mut edge = by(name, actor, target, prover)?;
        edge.doubts
            .extend(lets_assume(document, name, target, prover)?);
        Some(edge)
    }))
}

/// The services of which some may take every step to run something, if not one of them all.
pub(super) fn started(who: Hands<'_>) -> Vec<&'static Service> {
    let may_any = |action: &&'static str| who.iter().any(|actor| may(actor, action));
    let starts = |known: &&Service| {
        let mut runs = known.runs.iter();
        runs.any(|actions| actions.len() > 1 && actions.iter().all(may_any))
    };
    if !may_any(&"iam:PassRole") {
        return Vec::new();
    }
    SERVICES.iter().filter(starts).collect()
}

/// Whether some can have a service run their code as a role: one hands it on, and others start what it runs.
pub(super) fn passed_together(
    services: &[&Service],
    who: Hands<'_>,
    target: &Actor,
    prover: &Prover,
) -> Option<Edge> {
    let Trust::Known(document) = &target.principal.trust else {
        return None;
    };
    let on = (&*target.principal.arn, &*target.identity.account);
    services.iter().find_map(|known| {
        let is_it =
            |entry: &Entry| matches!(entry, Entry::Service(name) if **name == *known.principal);
        if !entries(document).any(is_it)
            || lets_assume(document, known.principal, target, prover).is_none()
        {
            return None;
        }
        let told = [("iam:PassedToService", known.principal)];
        let pass = any_calls(who, "iam:PassRole", on, &told, prover)?;
        Some(pass.doubted(Doubt::Action("iam:PassRole")))
    })
}

/// Whether a trust policy lets a service assume the role: certainly, or perhaps.
fn lets_assume(
    document: &Document,
    service: &str,
    target: &Actor,
    prover: &Prover,
) -> Option<Vec<Doubt>> {
    let stack = Stack {
        resource: Some(document.clone()),
        ..Stack::default()
    };
    let (arn, account) = (&*target.principal.arn, &*target.identity.account);
    let asked = || {
        let caller = Caller::Service(service.into());
        Requests::new(caller, "sts:AssumeRole", arn, account, []).ok()
    };
    if matches!(asked()?.allowed(&stack, prover), Proof::Proved) {
        return None;
    }
    // A service signs nothing with a second factor or tags, and asks for whoever is of the role's account; an external id
    // few services send (IAM User Guide, "The confused deputy problem").
    let plain = asked()?
        .telling("aws:SourceAccount", Some(Value::One(account.into())))
        .telling("sts:ExternalId", None)
        .telling("sts:SourceIdentity", None)
        .telling("aws:SourceIdentity", None)
        .telling("aws:SourceIp", None)
        .telling("aws:PrincipalArn", None)
        .telling("aws:MultiFactorAuthPresent", None)
        .telling("aws:MultiFactorAuthAge", None)
        .telling("aws:TagKeys", None)
        .whole("aws:PrincipalTag/")
        .whole("aws:RequestTag/");
    let is_plain = matches!(plain.allowed(&stack, prover), Proof::Violated(_));
    let doubt = || Doubt::Trust(arn.into());
    Some(if is_plain { Vec::new() } else { vec![doubt()] })
}

fn by(service: &str, actor: &Rc<Actor>, target: &Actor, prover: &Prover) -> Option<Edge> {
    let on = (&*target.principal.arn, &*target.identity.account);
    let told = [("iam:PassedToService", service)];
    let pass = any_calls(&[actor], "iam:PassRole", on, &told, prover);
    let mut services = SERVICES.iter();
    let Some(known) = services.find(|one| one.principal == service) else {
        // What makes it run code is not followed.
        return pass.map(|_| Edge::perhaps(vec![Doubt::Action("iam:PassRole")]));
    };
    let runs = known.runs.iter().map(|actions| {
        let edge = pass.clone()?.and(all_somewhere(actor, actions, prover)?);
        // EventBridge Scheduler User Guide, "Using universal targets": nobody is told what the target answers.
        Some(if known.principal == "scheduler.amazonaws.com" {
            edge.doubted(Doubt::Action("scheduler:CreateSchedule"))
        } else {
            edge
        })
    });
    // What changes code that runs already: as which role it runs is not read.
    let changes = known.changes.iter().filter(|action| may(actor, action));
    let changes = changes.map(|action| Some(Edge::perhaps(vec![Doubt::Action(action)])));
    // What else has it run something, of all that it can be asked.
    let is_handed = pass.is_some() && may_hand(actor, service);
    let other = is_handed.then(|| Edge::perhaps(vec![Doubt::Action("iam:PassRole")]));
    best(runs.chain(changes).chain([other]))
}

/// Services whose actions hand nobody a role: what can be done with them is followed by itself.
const NO_HANDS: [&str; 5] = ["iam", "kms", "s3", "sso", "sts"];

/// Services that hand on roles which trust another: of those that are followed, the others do not.
const HANDS: [(&str, &[&str]); 3] = [
    ("ec2", &["batch", "elasticmapreduce"]),
    ("ecs-tasks", &["batch", "ecs"]),
    ("sagemaker", &["batch"]),
];

/// Whether somebody may be allowed any action that may have a service run something as a role that trusts one.
fn may_hand(actor: &Actor, service: &str) -> bool {
    let principal = &actor.principal;
    let own = service.strip_suffix(".amazonaws.com").unwrap_or(service);
    let own = own
        .trim_start_matches("tasks.")
        .trim_start_matches("credentials.");
    let of = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let hands = HANDS.iter().find(|(name, _)| *name == own);
    let hands = hands.map_or(&[][..], |(_, hands)| hands);
    let followed = SERVICES.iter().map(|one| match one.principal {
        "ecs-tasks.amazonaws.com" => "ecs".to_owned(),
        name => of(name
            .trim_start_matches("tasks.")
            .trim_start_matches("credentials.")),
    });
    let others = followed.filter(|name| *name != of(own) && !hands.contains(&name.as_str()));
    let but: Vec<String> = others.chain(NO_HANDS.map(ToOwned::to_owned)).collect();
    let may_begin =
        |document: &Document| Document::any_may_begin(std::slice::from_ref(document), &but, &VERBS);
    principal.is_partial
        || (own == "ec2" && iam::may(actor, "iam:AddRoleToInstanceProfile"))
        || (principal.identity.iter().any(may_begin) && principal.boundary.iter().all(may_begin))
}
