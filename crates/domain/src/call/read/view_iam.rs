//! The typed look at IAM's reply about everybody of an account (IAM API,
//! GetAccountAuthorizationDetails).

use serde::{Deserialize, Deserializer};

/// A list of the Query protocol: `member` elements, or an empty text.
#[derive(Clone, Debug)]
pub struct Members<T>(pub Vec<T>);

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Listed<T> {
            #[serde(default = "Vec::new")]
            member: Vec<T>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<T> {
            Listed(Listed<T>),
            Empty(#[expect(dead_code, reason = "there is nothing in it")] String),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Listed(listed) => Self(listed.member),
            Either::Empty(_) => Self::default(),
        })
    }
}

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        #[expect(missing_docs, reason = "the fields are those of the AWS API reference")]
        pub struct $name { $(#[serde(default)] pub $field: $type,)* }
    )*};
}

views! {
    /// A page of everybody.
    GetAccountAuthorizationDetails {
        get_account_authorization_details_result: Option<AuthorizationDetails>,
    }
    /// Users, groups, roles and managed policies.
    AuthorizationDetails {
        user_detail_list: Members<UserDetail>, group_detail_list: Members<GroupDetail>,
        role_detail_list: Members<RoleDetail>, policies: Members<ManagedPolicyDetail>,
        is_truncated: Option<String>, marker: Option<String>,
    }
    /// A user.
    UserDetail {
        arn: String, user_id: Option<String>, user_policy_list: Members<PolicyDetail>, group_list: Members<String>,
        attached_managed_policies: Members<AttachedPolicy>,
        permissions_boundary: Option<PermissionsBoundary>, tags: Members<Tag>,
    }
    /// A group.
    GroupDetail {
        group_name: String, group_policy_list: Members<PolicyDetail>,
        attached_managed_policies: Members<AttachedPolicy>,
    }
    /// A role.
    RoleDetail {
        arn: String, role_id: Option<String>, assume_role_policy_document: Option<String>,
        role_policy_list: Members<PolicyDetail>,
        attached_managed_policies: Members<AttachedPolicy>,
        permissions_boundary: Option<PermissionsBoundary>, tags: Members<Tag>,
    }
    /// An inline policy, percent-encoded.
    PolicyDetail { policy_name: String, policy_document: String, }
    /// A managed policy that is attached.
    AttachedPolicy { policy_arn: String, }
    /// A permissions boundary.
    PermissionsBoundary { permissions_boundary_arn: String, }
    /// A managed policy.
    ManagedPolicyDetail { arn: String, policy_version_list: Members<PolicyVersion>, }
    /// A version of it.
    PolicyVersion { document: String, is_default_version: Option<String>, }
    /// A tag.
    Tag { key: String, value: String, }
}
