//! Rules about endpoints and their configurations, one file each.

pub(super) mod ep_001;
pub(super) mod ep_002;
pub(super) mod ep_003;
pub(super) mod ep_004;
pub(super) mod ep_005;
pub(super) mod ep_006;
pub(super) mod ep_007;
pub(super) mod ep_008;
pub(super) mod ep_009;
pub(super) mod ep_010;
pub(super) mod ep_011;
pub(super) mod ep_012;
mod holder;
mod output;
mod storage;
mod volume;
