//! The SQL itself: every text is prepared, shared texts say nothing that one engine alone
//! understands, keys serve the reads, and no SQL stands elsewhere.

use std::fs;

use sqlx::{AssertSqlSafe, Executor, Row, SqlSafeStr};

use super::*;
use crate::sql::{self, SHARED, SQLITE};

const UPSERTS: [sql::Upsert; 2] = [sql::DESCRIPTIONS_WRITE, sql::RAN_WRITE];

#[tokio::test]
async fn every_text_is_prepared() {
    let folder = Folder::new();
    let store = folder.open().await;
    let many = UPSERTS.map(|upsert| [upsert.text(1), upsert.text(sql::ROWS)]);
    let texts = SHARED
        .iter()
        .chain(SQLITE)
        .map(|(name, text)| (*name, *text));
    let rows = many.iter().flatten().map(|text| ("upsert", text.as_str()));
    for (name, text) in texts.chain(rows) {
        let mut connection = store.connection().await.unwrap();
        let prepared = connection.prepare(AssertSqlSafe(text).into_sql_str()).await;
        let refused = prepared.err();
        assert!(refused.is_none(), "{name}: {refused:?}");
    }
}

/// Words that PostgreSQL lacks or reads otherwise.
const ONE_ENGINE_ONLY: &[&str] = &[
    "autoincrement",
    "insert or",
    "replace into",
    "`",
    "\"",
    "datetime(",
    "julianday",
    "strftime",
    "ifnull",
    "group_concat",
    "glob",
    "like",
    "rowid",
    "pragma",
    "sqlite_",
    "boolean",
    "immediate",
    "json_",
    "last_insert",
    "limit -1",
    "?",
    "==",
    " x'",
];

#[test]
fn shared_texts_are_understood_by_both_engines() {
    let steps = sql::SQLITE_STEPS.iter().copied().flatten();
    let steps = steps.map(|text| ("step", (*text).to_owned()));
    let shared = SHARED
        .iter()
        .map(|(name, text)| (*name, (*text).to_owned()));
    let many = UPSERTS.map(|upsert| ("upsert", upsert.text(2)));
    for (name, text) in shared.chain(steps).chain(many) {
        let lower = text.to_lowercase();
        for word in ONE_ENGINE_ONLY {
            assert!(!lower.contains(word), "{name}: `{word}` in {text}");
        }
        // Numbered from one, without a gap: PostgreSQL refuses a value that is not used.
        let numbers: std::collections::BTreeSet<usize> = lower
            .split('$')
            .skip(1)
            .map(|rest| {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse().unwrap()
            })
            .collect();
        assert!(
            numbers.iter().copied().eq(1..=numbers.len()),
            "{name}: {numbers:?}"
        );
    }
    let words = "insert or ignore into t values (?)";
    assert!(ONE_ENGINE_ONLY.iter().any(|word| words.contains(word)));
}

/// Reads by cell go through the primary key, as do the deletions that follow an audit.
#[tokio::test]
async fn the_keys_serve_the_reads() {
    let folder = Folder::new();
    let store = folder.open().await;
    for (text, key) in [
        (sql::DESCRIPTIONS, "descriptions_1 (account=? AND region=?)"),
        (sql::RAN, "ran_1 (account=? AND region=?)"),
        (
            sql::FINDINGS,
            "findings_1 (audit=? AND account=? AND region=?)",
        ),
        (
            sql::ANSWERS,
            "answers_1 (audit=? AND account=? AND region=?)",
        ),
        (
            sql::ANSWERS_WRITE,
            "answers_1 (audit=? AND account=? AND region=?)",
        ),
        (sql::FINDINGS_CELLS, "findings_1 (audit=?)"),
        (sql::ANSWERS_CELLS, "answers_1 (audit=?)"),
        (sql::ANSWERS_DROP, "answers_1 (audit=?)"),
        (sql::AUDIT_HOLD, "audits_1 (id=?)"),
    ] {
        let explain = format!("EXPLAIN QUERY PLAN {text}");
        let mut connection = store.connection().await.unwrap();
        let rows = sqlx::query(AssertSqlSafe(explain))
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.try_get(3).unwrap()).collect();
        assert!(
            plan.iter().any(|step| step.ends_with(key)),
            "{text}: {plan:?}"
        );
        assert!(
            !plan.iter().any(|step| step.contains("TEMP B-TREE")),
            "{text}: {plan:?}"
        );
    }
}

#[test]
fn no_sql_stands_elsewhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut read = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.ends_with("sql.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        read += 1;
        for word in [
            "SELECT ", "INSERT ", "UPDATE ", "DELETE ", "PRAGMA ", "CREATE ", "BEGIN",
        ] {
            let found = text
                .lines()
                .find(|line| line.contains(&format!("\"{word}")));
            assert!(found.is_none(), "{}: {found:?}", path.display());
        }
    }
    assert!(read > 5);
}

/// Each pragma holds on the connection that is used.
#[tokio::test]
async fn a_commit_is_flushed() {
    let folder = Folder::new();
    let store = folder.open().await;
    let mut connection = store.connection().await.unwrap();
    for (pragma, expected) in [
        ("PRAGMA synchronous", 2),
        ("PRAGMA foreign_keys", 1),
        ("PRAGMA busy_timeout", 5000),
    ] {
        let found: i64 = sqlx::query_scalar(pragma)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!(found, expected, "{pragma}");
    }
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert_eq!(mode, "wal");
}

/// Futures can be given to another thread.
#[tokio::test]
async fn every_call_can_move_between_threads() {
    fn moves(_: impl Send) {}
    let store = Store::open("sqlite::memory:").await.unwrap();
    let (account, region) = (account(1), region("eu-west-1"));
    moves(store.write("a", &lease(1, 1), &everything(1)));
    moves(store.descriptions(&account, &region));
    moves(store.prune(1, at(0)));
    moves(Store::open("sqlite::memory:"));
}
