//! The table of simulated operations: more than the product calls, since strangers call too.

use crate::answer::Answered;
use crate::input::Input;
use crate::service::Service;
use crate::world::{Ctx, World};

/// Whether an operation can change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It cannot.
    Read,
    /// It can.
    Write,
}

/// An operation.
pub struct Operation {
    /// The service.
    pub service: Service,
    /// Its name in the API reference.
    pub name: &'static str,
    /// Whether it can change anything.
    pub access: Access,
    /// The field of the input that names what it is about; empty where none does.
    pub subject: &'static str,
    pub(crate) handler: fn(&mut World, &Ctx, &Input) -> Answered,
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.service.prefix(), self.name)
    }
}

/// Declares the operations of a service.
macro_rules! operations {
    ($service:ident; $($access:ident $name:ident($subject:literal) = $handler:path;)*) => {
        pub(crate) const OPERATIONS: &[crate::table::Operation] = &[
            $(crate::table::Operation {
                service: crate::service::Service::$service,
                name: stringify!($name),
                access: crate::table::Access::$access,
                subject: $subject,
                handler: $handler,
            },)*
        ];
    };
}
pub(crate) use operations;

/// The operations of a service.
#[must_use]
pub fn of(service: Service) -> &'static [Operation] {
    match service {
        Service::SageMaker => crate::sagemaker::OPERATIONS,
        Service::SageMakerRuntime => crate::runtime::OPERATIONS,
        Service::Kms => crate::kms::OPERATIONS,
        Service::Sts => crate::iam::sts::OPERATIONS,
        Service::Iam => crate::iam::OPERATIONS,
        Service::Organizations => crate::organizations::OPERATIONS,
        Service::Ec2 => crate::ec2::OPERATIONS,
        Service::S3 => crate::s3::OPERATIONS,
        Service::Account => crate::account::OPERATIONS,
        Service::Tagging => crate::tagging::OPERATIONS,
    }
}

/// Looks an operation up.
pub(crate) fn find(service: Service, name: &str) -> Option<&'static Operation> {
    of(service).iter().find(|row| row.name == name)
}
