//! What a store cannot do, and what a user writes wrong: a clear message, the right exit code, and
//! nothing lost.

use std::os::unix::fs::PermissionsExt;

use crate::server::{Sim, sagelock};
use crate::{MANAGEMENT, MEMBER, Said, against, run};

#[test]
fn a_file_of_accounts_that_is_wrong_is_refused_with_its_line() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("accounts.yml");
    let audit = |text: &str, further: &[&str]| -> Said {
        std::fs::write(&path, text).expect("written");
        let mut command = sagelock(home.path());
        command
            .env("AWS_ACCESS_KEY_ID", "x")
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .args(["audit", "--no-store", "--accounts-file"])
            .arg(&path);
        run(command.args(further))
    };
    for (text, words) in [
        (
            "accounts:\n- account_id: 12\n",
            "accounts.yml:2:15: `12` is not an account id",
        ),
        ("accounts:\n  - name: [\n", "accounts.yml:3:1: not YAML"),
        (
            "projects: []\n",
            "accounts.yml:1:1: `projects` are not AWS accounts",
        ),
    ] {
        let said = audit(text, &[]);
        assert_eq!(said.code, Some(2), "{}", said.err);
        assert!(said.err.contains(words), "{words}:\n{}", said.err);
    }
    let missing = run(sagelock(home.path()).args(["audit", "--accounts-file", "none.yml"]));
    assert_eq!(missing.code, Some(2));
    assert!(
        missing.err.contains("cannot read `none.yml`"),
        "{}",
        missing.err
    );
    let alone = run(sagelock(home.path()).args(["audit", "--role", "x"]));
    assert_eq!(alone.code, Some(2));
    assert!(
        alone.err.contains("`--role` is for several accounts"),
        "{}",
        alone.err
    );
}

#[test]
fn an_organisation_that_does_not_answer_says_what_to_do() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &[]);
    let audit = |account: &str, further: &[&str]| {
        let mut command = against(&sim, home.path(), account);
        command.args([
            "audit",
            "--no-store",
            "--region",
            "eu-west-1",
            "--org",
            "--role",
            "r",
        ]);
        run(command.args(further))
    };
    let member = audit(MEMBER, &[]);
    assert_eq!(member.code, Some(4), "{}", member.err);
    assert!(
        member
            .err
            .contains("cannot list the accounts of the organisation"),
        "{}",
        member.err
    );
    assert!(
        member.err.contains("delegated administrator"),
        "{}",
        member.err
    );
    let alone = audit("999999999999", &[]);
    assert_eq!(alone.code, Some(2), "{}", alone.err);
    let unit = audit(MANAGEMENT, &["--ou", "ou-none-12345678"]);
    assert_eq!(unit.code, Some(2), "{}", unit.err);
    assert!(unit.err.contains("--ou"), "{}", unit.err);
    let nobody = audit(MANAGEMENT, &[]);
    assert_eq!(nobody.code, Some(3), "{}", nobody.err);
    assert!(
        nobody.err.contains("not entered: 222233334444"),
        "{}",
        nobody.err
    );
}

#[test]
fn a_store_that_cannot_be_used_is_told_before_anything_is_asked() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &[]);
    let audit = |url: &str| {
        let mut command = against(&sim, home.path(), MEMBER);
        command.args(["audit", "--region", "eu-west-1", "--db", url]);
        run(&mut command)
    };
    let text = home.path().join("text.db");
    std::fs::write(
        &text,
        "these are notes of mine, and no database at all\n".repeat(100),
    )
    .expect("written");
    let url = format!("sqlite://{}", text.display());
    for (url, words) in [
        (
            "postgres://me:secret@db/x",
            "a store at `postgres://…` is not in this release",
        ),
        ("sagelock.db", "is no address of a store"),
        (
            url.as_str(),
            "is no store of sagelock and was left as it is",
        ),
        ("sqlite:///proc/nowhere/x.db", "cannot open the store"),
    ] {
        let said = audit(url);
        assert_eq!(said.code, Some(2), "{url}: {}", said.err);
        assert!(said.err.contains(words), "{url}: {}", said.err);
        assert!(
            said.err.contains("`--no-store` keeps nothing"),
            "{url}: {}",
            said.err
        );
        assert!(!said.err.contains("secret"), "{}", said.err);
        assert!(said.out.is_empty());
    }
    let nowhere = run(sagelock(home.path()).env_remove("HOME").args(["kpi"]));
    assert_eq!(nowhere.code, Some(2), "{}", nowhere.err);
    assert!(nowhere.err.contains("no data directory"), "{}", nowhere.err);
    let none = run(sagelock(home.path()).args(["kpi"]));
    assert_eq!(none.code, Some(2), "{}", none.err);
    assert!(none.err.contains("no audit is kept yet"), "{}", none.err);
}

#[test]
fn what_does_not_fit_together_is_refused_before_anything_is_asked() {
    let home = tempfile::tempdir().expect("a folder");
    let cases: [(&[&str], &str); 4] = [
        (
            &[
                "audit",
                "--accounts-file",
                "a.yml",
                "--role",
                "r",
                "--ou",
                "ou-abcd-12345678",
            ],
            "cannot be used with",
        ),
        (
            &["doctor", "--org", "--role", "r"],
            "what its own credentials may do",
        ),
        (
            &["audit", "-o", "json=a", "-o", "csv=a"],
            "two formats are to be written to `a`",
        ),
        (
            &["audit", "-o", "json=-"],
            "standard output is `--format FORMAT`",
        ),
    ];
    for (arguments, words) in cases {
        let refused = run(sagelock(home.path()).args(arguments));
        assert_eq!(refused.code, Some(2), "{arguments:?}: {}", refused.err);
        assert!(refused.err.contains(words), "{words}: {}", refused.err);
    }
    assert!(!home.path().join("a").exists());
}

#[test]
fn an_audit_of_another_scope_is_not_compared() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &[]);
    let audit = |region: &str, further: &[&str]| {
        let mut command = against(&sim, home.path(), MEMBER);
        run(command.args(["audit", "--region", region]).args(further))
    };
    let first = audit("sa-east-1", &[]);
    assert_eq!(first.code, Some(0), "{}", first.err);
    let kpi = run(sagelock(home.path()).args(["kpi", "--format", "json"])).json();
    let id = kpi["audits"][0]["id"].as_str().expect("an id");
    let since = format!("--diff={id}");
    let same = audit("sa-east-1", &[&since]);
    assert_eq!(same.code, Some(0), "{}", same.err);
    let other = audit("eu-west-1", &[&since]);
    assert_eq!(other.code, Some(2), "{}", other.err);
    assert!(
        other.err.contains("was of other accounts or regions"),
        "{}",
        other.err
    );
}

/// A limit on the size of files is to SQLite what a full disk is.
#[test]
fn a_disk_that_is_full_loses_no_audit() {
    let home = tempfile::tempdir().expect("a folder");
    let sim = Sim::start(home.path(), &[]);
    let program = env!("CARGO_BIN_EXE_sagelock");
    let audit = |limit: &str, region: &str| {
        let mut command = std::process::Command::new("sh");
        command
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", sim.url())
            .env("AWS_ACCESS_KEY_ID", MEMBER)
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .current_dir(home.path())
            .arg("-c")
            .arg(format!(
                "trap '' XFSZ; ulimit -f {limit}; exec {program} audit --region {region} --format json"
            ));
        run(&mut command)
    };
    let first = audit("unlimited", "sa-east-1");
    assert_eq!(first.code, Some(0), "{}", first.err);
    let database = home.path().join(".local/share/sagelock/sagelock.db");
    let mode = std::fs::metadata(&database)
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let left: Vec<_> = std::fs::read_dir(home.path().join(".local/share/sagelock"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, ["sagelock.db"], "one file holds all of it");
    // In blocks of 512 bytes: there is room for what is there, and not for what comes.
    let there = std::fs::metadata(&database).expect("there").len();
    let full = audit(&(there / 512 + 16).to_string(), "eu-west-1");
    assert_eq!(full.code, Some(2), "{}", full.err);
    for words in [
        "no room to write the store",
        "the audit above is whole and was not kept",
    ] {
        assert!(full.err.contains(words), "{words}: {}", full.err);
    }
    let kpi = run(sagelock(home.path()).args(["kpi", "--format", "json"])).json();
    let audits = kpi["audits"].as_array().map(Vec::len);
    assert_eq!(audits, Some(1), "what was kept is intact");
    let after = audit("unlimited", "eu-west-1");
    assert_eq!(after.code, Some(1), "{}", after.err);
    let (whole, unkept) = (crate::said(&after.json()), crate::said(&full.json()));
    assert!(whole == unkept, "the audit is the same");
    assert!(whole.len() > 100, "{} verdicts", whole.len());
}
