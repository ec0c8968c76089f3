//! What an account holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::iam::Iam;
use crate::kms::Kms;
use crate::sagemaker::SageMaker;

/// An account.
#[derive(Debug, Default)]
pub struct Account {
    pub(crate) cells: BTreeMap<String, Cell>,
    pub(crate) iam: Iam,
    /// Regions that are off until an account opts in, and that this one has.
    pub(crate) opted_in: BTreeSet<String>,
}

/// What an account holds in one region.
#[derive(Debug)]
pub struct Cell {
    /// Amazon SageMaker.
    pub sagemaker: SageMaker,
    /// AWS KMS.
    pub kms: Kms,
}

impl Cell {
    pub(crate) fn new() -> Self {
        Self {
            sagemaker: SageMaker::default(),
            kms: Kms::new(),
        }
    }
}
