//! The condition keys of all services (IAM User Guide, "AWS global condition context keys"), as of November
//! 2026.

use crate::spelling::distance;

/// Each of them; one that ends with a slash stands for all that begin so.
const KEYS: [&str; 52] = [
    "aws:AssumedRoot",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:IsMcpServiceAction",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalTag/",
    "aws:PrincipalType",
    "aws:Referer",
    "aws:RequestTag/",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:ResourceTag/",
    "aws:SecureTransport",
    "aws:SignInSessionArn",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:ViaAWSMCPService",
    "aws:ViaAWSService",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:userid",
    "aws:username",
];

/// Typing errors in one name.
const ERRORS: usize = 2;

/// Whether a request to KMS is known to have a key, in lower case: a condition key of all services, or one of
/// KMS. What else policies write may be newer than this release, and is nothing that somebody is known to be
/// able to send.
pub(crate) fn is_known(key: &str) -> bool {
    key.starts_with("kms:") || is_listed(key)
}

/// A key that begins with a text, in lower case.
pub(crate) fn begins(text: &str) -> Option<&'static str> {
    let mut known = KEYS.iter();
    known
        .find(|one| one.to_ascii_lowercase().starts_with(text))
        .copied()
}

fn is_listed(key: &str) -> bool {
    KEYS.iter().any(|known| {
        let head = key.get(..known.len()).unwrap_or_default();
        let is_head = head.eq_ignore_ascii_case(known);
        is_head && (key.len() == known.len() || known.ends_with('/'))
    })
}

/// A key that exists and that a text, in lower case, was meant to be; `None` where the text is one, or may be
/// one that is newer than this release.
pub(crate) fn meant(key: &str) -> Option<&'static str> {
    // The service is misspelt, and the key is not.
    if let Some((service, name)) = key.split_once(':')
        && service != "aws"
        && distance(service, "aws") == 1
    {
        let own = format!("aws:{name}");
        let mut known = KEYS.iter();
        return known.find(|one| one.eq_ignore_ascii_case(&own)).copied();
    }
    if !key.starts_with("aws:") || is_listed(key) {
        return None;
    }
    let slash = key.find('/').map_or(key.len(), |slash| slash + 1);
    let head = key.get(..slash).unwrap_or(key);
    let mut near: Vec<(usize, &'static str)> = KEYS
        .iter()
        .map(|known| (distance(&known.to_ascii_lowercase(), head), *known))
        .collect();
    near.sort_unstable();
    let nearest = near.first().filter(|(errors, _)| *errors <= ERRORS);
    nearest.map(|(_, known)| *known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_told_from_one_that_may_be_new() {
        for (key, expected) in [
            ("aws:principalarn", None),
            ("aws:principaltag/team", None),
            ("aws:principalarns", Some("aws:PrincipalArn")),
            ("aws:principalorgid ", Some("aws:PrincipalOrgID")),
            ("aws:principletag/team", Some("aws:PrincipalTag/")),
            ("aws:somethingverynew", None),
            ("kms:calleraccounts", None),
            ("s3:prefix", None),
            ("awws:principalaccount", Some("aws:PrincipalAccount")),
            ("ws:sourcearn", Some("aws:SourceArn")),
        ] {
            assert_eq!(meant(key), expected, "{key}");
        }
    }
}
