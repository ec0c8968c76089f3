//! The macro behind the tables of operations.

/// Declares every operation of a table: its input, its row and the type its reply is looked at through.
macro_rules! operations {
    (
        $(#[$op_meta:meta])* enum $Op:ident;
        $(#[$call_meta:meta])* enum $Call:ident;
        ids: [$($id:ident),*];
    $(
        $(#[doc = $doc:literal])*
        $op:ident {
            service: $service:ident,
            wire: $wire:expr,
            actions: [$($action:literal),+],
            resource: $resource:literal,
            finds: $finds:ident,
            $(also: $also:expr,)?
            view: $view:ty,
            $(field $(#[$field_meta:meta])* $field:ident: $type:ty,)*
        }
    )*) => {
        /// The inputs, with AWS's own field names on the wire.
        pub mod input {
            use super::view;
            use crate::ids::{$($id),*};

            $(
                $(#[doc = $doc])*
                #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
                #[serde(rename_all = "PascalCase")]
                pub struct $op {
                    $(
                        #[doc = concat!("AWS API reference, ", stringify!($op), ", `", stringify!($field), "` in its own case.")]
                        $(#[$field_meta])*
                        pub $field: $type,
                    )*
                }

                impl $op {
                    /// The typed look at this operation's reply.
                    ///
                    /// # Errors
                    /// The reply lacks a field that the operation always gives, or has it in
                    /// another type.
                    pub fn view(reply: &super::super::Reply) -> Result<$view, super::super::Malformed> {
                        reply.view()
                    }
                }

                impl From<$op> for super::$Call {
                    fn from(input: $op) -> Self {
                        Self::$op(input)
                    }
                }
            )*
        }

        $(#[$op_meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $Op {
            $($(#[doc = $doc])* $op,)*
        }

        impl $Op {
            /// Every operation, in the table's order.
            pub const ALL: &'static [$Op] = &[$($Op::$op,)*];

            /// What the table says of it.
            #[must_use]
            pub fn row(self) -> &'static super::Row {
                match self {
                    $(Self::$op => {
                        const ROW: super::Row = super::Row {
                            operation: stringify!($op),
                            service: super::Service::$service,
                            wire: $wire,
                            actions: &[$($action),+],
                            resource: $resource,
                            finds: super::Finds::$finds,
                            also: operations!(@also $($also)?),
                            purpose: concat!($($doc),*),
                        };
                        &ROW
                    })*
                }
            }

            /// `sagemaker:DescribeEndpoint`: the service's IAM prefix and the operation.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$op => {
                        const NAME: &str = operations!(@prefix $service $op);
                        NAME
                    })*
                }
            }
        }

        $(#[$call_meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $Call {
            $($(#[doc = $doc])* $op(input::$op),)*
        }

        impl $Call {
            /// The operation.
            #[must_use]
            pub fn op(&self) -> $Op {
                match self {
                    $(Self::$op(_) => $Op::$op,)*
                }
            }

            /// The input as one JSON object in AWS's own field names.
            #[must_use]
            pub fn body(&self) -> serde_json::Value {
                match self {
                    $(Self::$op(input) => serde_json::to_value(input).unwrap_or_default(),)*
                }
            }
        }
    };
    (@also) => { &[] };
    (@also $also:expr) => { &$also };
    (@prefix SageMaker $op:ident) => { concat!("sagemaker:", stringify!($op)) };
    (@prefix Kms $op:ident) => { concat!("kms:", stringify!($op)) };
    (@prefix Sts $op:ident) => { concat!("sts:", stringify!($op)) };
    (@prefix Ec2 $op:ident) => { concat!("ec2:", stringify!($op)) };
    (@prefix Organizations $op:ident) => { concat!("organizations:", stringify!($op)) };
    (@prefix S3 $op:ident) => { concat!("s3:", stringify!($op)) };
    (@prefix Iam $op:ident) => { concat!("iam:", stringify!($op)) };
}

pub(super) use operations;
