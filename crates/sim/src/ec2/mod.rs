//! Amazon EC2, as far as SageMaker's users ask it: regions and instance types.

pub(crate) mod regions;
mod types;

use crate::table::operations;

operations! {
    Ec2;
    Read DescribeRegions("") = regions::describe;
    Read DescribeInstanceTypes("") = types::describe;
}
