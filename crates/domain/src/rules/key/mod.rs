//! Rules about keys, one file each.

pub(super) mod key_001;
pub(super) mod key_002;
pub(super) mod key_003;
pub(super) mod key_004;
pub(super) mod key_005;
pub(super) mod key_006;
pub(super) mod key_007;
pub(super) mod key_009;
pub(super) mod key_010;
mod key_of;
mod policy_of;
