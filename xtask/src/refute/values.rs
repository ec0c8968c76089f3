//! What conditions compare keys with, and the neighbours of that: values that a request may have.

use super::names::{ALIAS, FOREIGN, Names, ORGANIZATION, OWN, ROLE_ID};
use crate::random::Random;

/// A value that a key has in requests, so that conditions are about something.
pub(super) fn literal(
    key: &str,
    operator: &str,
    caller: &str,
    names: Names,
    random: &mut Random,
) -> String {
    let other = |one: &str, two: &str, random: &mut Random| random.one(&[one, two]).to_owned();
    match key {
        "aws:PrincipalArn" | "kms:GranteePrincipal" => {
            let foreign = names.iam(FOREIGN, "role/Ext");
            other(caller, &foreign, random)
        }
        "aws:PrincipalAccount"
        | "kms:CallerAccount"
        | "aws:SourceAccount"
        | "kms:CallerAccounts" => other(OWN, FOREIGN, random),
        "aws:ResourceAccount" => OWN.to_owned(),
        "aws:PrincipalOrgID" | "aws:SourceOrgID" | "aws:ResourceOrgID" => {
            other(ORGANIZATION, "o-bbbbbbbbbb", random)
        }
        "aws:PrincipalOrgPaths" => format!("{ORGANIZATION}/r-ab12/ou-ab12-11111111/"),
        "aws:PrincipalType" => random.one(&["AssumedRole", "User", "Account"]).to_owned(),
        "aws:PrincipalServiceName" | "aws:PrincipalServiceNamesList" => other(
            "cloudtrail.amazonaws.com",
            "logs.eu-west-1.amazonaws.com",
            random,
        ),
        "aws:userid" => other(&format!("{ROLE_ID}:s1"), OWN, random),
        "aws:username" => "alice".to_owned(),
        "aws:SourceArn" => {
            let account = random.one(&[OWN, FOREIGN]);
            random.pick(&names.sources(account)).clone()
        }
        "aws:SourceIp" => other("203.0.113.0/24", "198.51.100.7", random),
        "aws:SourceVpce" => "vpce-1a2b3c4d".to_owned(),
        "kms:ViaService" => names.via(random.one(&["s3", "sagemaker"])),
        "aws:CalledVia" | "aws:CalledViaFirst" => "athena.amazonaws.com".to_owned(),
        "aws:CurrentTime" | "aws:TokenIssueTime" => "2026-06-01T00:00:00Z".to_owned(),
        "aws:EpochTime" => "1780272000".to_owned(),
        "aws:MultiFactorAuthAge" => "3600".to_owned(),
        "aws:RequestedRegion" => other(names.region, "us-east-1", random),
        "kms:RequestAlias" | "kms:ResourceAliases" => other(ALIAS, "alias/blue", random),
        "kms:GrantOperations" => other("Decrypt", "DescribeKey", random),
        "kms:KeySpec" | "kms:EncryptionAlgorithm" => "SYMMETRIC_DEFAULT".to_owned(),
        "kms:EncryptionContextKeys" => "team".to_owned(),
        "aws:FederatedProvider" => "accounts.google.com".to_owned(),
        "aws:PrincipleArn" => caller.to_owned(),
        "aws:PrincipalIsAWSService"
        | "aws:ViaAWSService"
        | "aws:SecureTransport"
        | "aws:MultiFactorAuthPresent"
        | "kms:GrantIsForAWSResource"
        | "kms:MultiRegion" => other("true", "false", random),
        // Texts of anybody's choice are whatever the operator compares.
        _ => of_operator(operator, caller, random),
    }
}

fn of_operator(operator: &str, caller: &str, random: &mut Random) -> String {
    if operator.starts_with("Numeric") {
        random.one(&["5", "10.5"]).to_owned()
    } else if operator.starts_with("Date") {
        "2026-06-01T00:00:00Z".to_owned()
    } else if operator.starts_with("Bool") {
        random.one(&["true", "false"]).to_owned()
    } else if operator.starts_with("Binary") {
        "QmluYXJ5".to_owned()
    } else if operator.contains("IpAddress") {
        "203.0.113.0/24".to_owned()
    } else if operator.starts_with("Arn") {
        caller.to_owned()
    } else {
        random.one(&["red", "Red", "blue"]).to_owned()
    }
}

/// A literal as a condition writes it, by the level of its factor.
pub(super) fn written(form: &str, literal: &str, another: &str) -> Vec<String> {
    let half = half(literal);
    let (head, tail) = literal.split_at(half);
    let one = match form {
        "other-case" => swapped(literal),
        "ends-open" => format!("{head}*"),
        "begins-open" => format!("*{tail}"),
        "inner-star" => {
            let (first, _) = head.split_at(self::half(head));
            format!("{first}*{tail}")
        }
        "question" => {
            let mut rest = tail.chars();
            rest.next();
            format!("{head}?{}", rest.as_str())
        }
        "star" => "*".to_owned(),
        "variable" => "${aws:PrincipalTag/team}".to_owned(),
        "variable-default" => format!("${{aws:PrincipalTag/team, '{literal}'}}"),
        "variable-within" => format!("{head}${{aws:PrincipalTag/team}}"),
        "special" => format!("{head}${{*}}"),
        "empty" => String::new(),
        "two" => return vec![literal.to_owned(), another.to_owned()],
        _ => literal.to_owned(),
    };
    vec![one]
}

fn half(text: &str) -> usize {
    let half = text.len().div_ceil(2);
    (half..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

/// In the other case: small letters where there are capital ones.
pub(super) fn swapped(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii_lowercase() {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// Values near what a policy writes: on both sides of everything that could tell them apart.
pub(super) fn neighbours(text: &str) -> Vec<String> {
    let mut found = vec![text.to_owned()];
    let bare = without_variables(text);
    let mut add = |one: String| {
        if !found.contains(&one) {
            found.push(one);
        }
    };
    for (run, single) in [("", "q"), ("x", "Q"), ("a/b", ":"), ("1:2", "")] {
        add(bare.replace('*', run).replace('?', single));
    }
    add(swapped(&bare));
    add(bare.to_lowercase());
    add(bare.to_uppercase());
    let mut shorter = bare.clone();
    shorter.pop();
    add(shorter);
    add(format!("{bare}x"));
    add(format!("x{bare}"));
    for (one, other) in [
        ("arn:aws:", "arn:aws-cn:"),
        ("arn:aws-cn:", "arn:aws:"),
        ("arn:aws-us-gov:", "arn:aws:"),
        (OWN, FOREIGN),
        (FOREIGN, OWN),
        (".amazonaws.com", ".amazonaws.com.cn"),
        (".amazonaws.com", ".amazonaws.eu"),
        (".amazonaws.eu", ".amazonaws.com"),
        ("arn:aws-eusc:", "arn:aws:"),
    ] {
        if bare.contains(one) {
            add(bare.replacen(one, other, 1));
        }
    }
    around(&bare, &mut add);
    add(String::new());
    found
}

/// Numbers, times and addresses on both sides of one.
fn around(text: &str, add: &mut dyn FnMut(String)) {
    if let Ok(number) = text.parse::<i64>()
        && text.len() < 12
    {
        add((number - 1).to_string());
        add((number + 1).to_string());
        add(format!("{number}.0"));
    }
    if text.starts_with("20") && text.ends_with('Z') {
        add(text.replace(":00Z", ":01Z"));
        add("2026-05-31T23:59:59Z".to_owned());
    }
    if let Some((network, _)) = text.split_once('/')
        && network.parse::<std::net::IpAddr>().is_ok()
    {
        add(network.replace(".0", ".9"));
        add("192.0.2.1".to_owned());
        add("2001:db8::1".to_owned());
    }
    if text == "true" || text == "false" {
        add("true".to_owned());
        add("false".to_owned());
    }
}

/// What stands beside the variables, and their defaults.
fn without_variables(text: &str) -> String {
    let mut rest = text;
    let mut bare = String::new();
    while let Some((head, tail)) = rest.split_once("${") {
        bare.push_str(head);
        let Some((variable, after)) = tail.split_once('}') else {
            break;
        };
        match variable.split_once('\'') {
            Some((_, default)) => bare.push_str(default.trim_end_matches('\'')),
            None if variable.len() == 1 => bare.push_str(variable),
            None => {}
        }
        rest = after;
    }
    bare.push_str(rest);
    bare
}

/// The keys of the variables of a text, defaults left out.
pub(super) fn variables(text: &str) -> Vec<String> {
    let mut parts = text.split("${");
    parts.next();
    parts
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name.split(',').next().unwrap_or_default().trim())
        .filter(|name| name.contains(':'))
        .map(ToOwned::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_on_both_sides() {
        let near = neighbours("re*");
        for one in ["re", "rex", "RE*", "rea/b", "", "xre*"] {
            assert!(near.iter().any(|text| text == one), "{one}: {near:?}");
        }
        assert!(neighbours("${aws:PrincipalTag/t, 'red'}").contains(&"red".to_owned()));
        assert!(neighbours("5").contains(&"6".to_owned()));
        assert_eq!(
            variables("a${aws:username}b${*}${x:y, 'z'}"),
            ["aws:username", "x:y"]
        );
    }

    #[test]
    fn forms_are_of_the_literal() {
        let of = |form| written(form, "abcdef", "z").join(" ");
        assert_eq!(of("ends-open"), "abc*");
        assert_eq!(of("begins-open"), "*def");
        assert_eq!(of("inner-star"), "ab*def");
        assert_eq!(of("question"), "abc?ef");
        assert_eq!(of("two"), "abcdef z");
    }
}
