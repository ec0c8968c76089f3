//! Names and other texts, by the patterns of the API reference.

use crate::answer::ApiError;

/// `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`: endpoints, configurations, variants, models, schedules
/// (SageMaker API, `EndpointName` and its like).
pub(super) fn check_name(field: &str, name: &str) -> Result<(), ApiError> {
    if name.len() > 63 {
        let constraint = "have length less than or equal to 63";
        return Err(ApiError::constraint(name, field, constraint));
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inside = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if inside && edge(name.chars().next()) && edge(name.chars().last()) {
        return Ok(());
    }
    let constraint = "satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}";
    Err(ApiError::constraint(name, field, constraint))
}

/// `[a-zA-Z0-9:/_-]*`, at most 2048 (SageMaker API, `KmsKeyId`).
pub(super) fn check_key(text: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ":/_-".contains(c);
    if text.len() > 2048 {
        let constraint = "have length less than or equal to 2048";
        return Err(ApiError::constraint(text, "kmsKeyId", constraint));
    }
    if text.chars().all(allowed) {
        return Ok(());
    }
    let constraint = "satisfy regular expression pattern: [a-zA-Z0-9:/_-]*";
    Err(ApiError::constraint(text, "kmsKeyId", constraint))
}

/// `arn:aws[a-z\-]*:iam::\d{12}:role/?…` (SageMaker API, `RoleArn`).
pub(super) fn check_role(text: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    if let ["arn", partition, "iam", "", account, resource] = parts.as_slice()
        && partition.starts_with("aws")
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && resource.starts_with("role/")
    {
        return Ok(());
    }
    let constraint = "satisfy regular expression pattern: \
        ^arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+$";
    Err(ApiError::constraint(text, "executionRoleArn", constraint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_pattern() {
        let long = "a".repeat(63);
        let too_long = "a".repeat(64);
        let cases = [
            ("a", true),
            ("A-1", true),
            ("a--b", true),
            (long.as_str(), true),
            ("", false),
            ("-a", false),
            ("a-", false),
            ("a_b", false),
            (too_long.as_str(), false),
        ];
        for (name, expected) in cases {
            assert_eq!(check_name("endpointName", name).is_ok(), expected, "{name}");
        }
    }
}
