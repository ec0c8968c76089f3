//! Credentials and regions.

use super::*;

#[test]
fn no_credentials() {
    let home = home();
    let said = run(sagelock(home.path()).args(REGION));
    said.ends(4, &["credentials", "hint:"]);
    assert!(said.out.is_empty());
}

#[test]
fn a_profile_that_does_not_exist() {
    let home = home();
    let said = run(sagelock(home.path())
        .args(REGION)
        .args(["--profile", "nobody"])
        // A profile that is named goes before keys in the environment.
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret"));
    said.ends(4, &["in profile `nobody`"]);
}

#[test]
fn expired_credentials() {
    let home = home();
    let by_sts = Server::start(|asked| {
        let expired = "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token \
                       included in the request is expired</Message></Error></ErrorResponse>";
        (asked.operation == "GetCallerIdentity").then(|| Answer::new(403, expired))
    });
    let said = run(against(&by_sts, home.path()).args(REGION));
    said.ends(4, &["ExpiredToken", "log in again"]);
    let later = Server::start(|asked| {
        (asked.operation.starts_with("List"))
            .then(|| Answer::error("ExpiredTokenException", "The security token is expired"))
    });
    let said = run(against(&later, home.path()).args(REGION));
    said.ends(4, &["ExpiredTokenException", "log in again"]);
}

#[test]
fn regions_that_do_not_exist() {
    let (home, server) = (home(), Server::start(|_| None));
    let cases = [
        ("eu-wset-1", "did you mean eu-west-1"),
        ("moon", "there is no region `moon`"),
        ("eu-west-9", "there is no region"),
    ];
    for (region, words) in cases {
        let said = run(against(&server, home.path()).args(["audit", "--region", region]));
        said.ends(2, &[words]);
    }
}

#[test]
fn a_region_that_is_off_is_no_gap() {
    let (home, server) = (home(), Server::start(|_| None));
    let said = json(against(&server, home.path()).arg("audit"));
    said.ends(0, &["not enabled, so not looked at: ap-east-1"]);
    let document = said.json();
    assert_eq!(
        document["scope"]["regions"],
        serde_json::json!(["eu-west-1", "us-east-1"])
    );
    assert_eq!(document["coverage"]["gaps"], serde_json::json!([]));
}

#[test]
fn a_region_that_is_off_and_named_is_an_error() {
    let (home, server) = (home(), Server::start(|_| None));
    let arguments = ["audit", "--region", "eu-west-1", "--region", "ap-east-1"];
    let said = run(against(&server, home.path()).args(arguments));
    said.ends(2, &["region `ap-east-1` is not enabled", "leave it out"]);
}

#[test]
fn regions_that_may_not_be_listed() {
    let home = home();
    let server = Server::start(|asked| {
        let denied = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no\
                      </Message></Error></Errors></Response>";
        (asked.operation == "DescribeRegions").then(|| Answer::new(403, denied))
    });
    let said = json(
        against(&server, home.path())
            .arg("audit")
            .env("AWS_REGION", "eu-west-1"),
    );
    said.ends(3, &["ec2:DescribeRegions"]);
    assert_eq!(said.json()["complete"], false, "there may be more regions");
    let said = json(against(&server, home.path()).args(REGION));
    said.ends(0, &[]);
}
