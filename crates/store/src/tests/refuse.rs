//! What is refused, in which words, and that it is left as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, Executor};

use super::*;
use crate::StoreError;

/// What somebody else does to the file.
async fn meddle(url: &str, text: &'static str) -> sqlx::AnyConnection {
    sqlx::any::install_default_drivers();
    let mut other = sqlx::AnyConnection::connect(&format!("{url}?mode=rwc"))
        .await
        .unwrap();
    other.execute(AssertSqlSafe(text)).await.unwrap();
    other
}

fn bytes(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder.folder.path()).unwrap();
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        // SQLite's own notes of who reads; made by looking, and worth nothing without a reader.
        .filter(|(name, bytes)| !name.ends_with("-shm") && !bytes.is_empty())
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_store_of_a_newer_release_is_not_touched() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    store.close().await;
    // The newer process is there: the version is only in the write-ahead file. It was killed
    // there: so it is in a copy, and whoever closes that last could fold it in. It has gone.
    let other = meddle(&folder.url, "UPDATE sagelock_schema SET version = 7").await;
    let killed = Folder::new();
    for (name, content) in bytes(&folder) {
        fs::write(killed.folder.path().join(name), content).unwrap();
    }
    assert_eq!(bytes(&killed).len(), 2);
    is_newer(&folder).await;
    is_newer(&killed).await;
    other.close().await.unwrap();
    is_newer(&folder).await;
}

async fn is_newer(folder: &Folder) {
    let before = bytes(folder);
    let error = Store::open(&folder.url).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Newer {
                found: 7,
                known: 1,
                ..
            }
        ),
        "{error:?}"
    );
    let said = error.to_string();
    assert!(
        said.contains("newer release (schema 7, this one knows 1)"),
        "{said}"
    );
    // A connection that is dropped goes back to its pool, and is closed by its thread.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(bytes(folder), before);
}

#[tokio::test]
async fn a_newer_release_that_comes_later_stops_the_older_writer() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    let _other = meddle(&folder.url, "UPDATE sagelock_schema SET version = 2").await;
    let error = store
        .write("a", &lease(1, 1), &everything(1))
        .await
        .unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 2, .. }),
        "{error:?}"
    );
    let _other = meddle(&folder.url, "UPDATE sagelock_schema SET version = 1").await;
    store
        .write("a", &lease(1, 1), &everything(1))
        .await
        .unwrap();
    assert_eq!(whole(&store, "a").await, 1);
}

#[tokio::test]
async fn a_file_that_is_no_store_is_not_touched() {
    let text = "not a database, ".repeat(100).into_bytes();
    for content in [text, b"short".to_vec(), vec![0; 4096]] {
        let folder = Folder::new();
        fs::write(folder.file(), &content).unwrap();
        let error = Store::open(&folder.url).await.unwrap_err();
        assert!(
            matches!(error, StoreError::NotADatabase { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("audits.db"), "{error}");
        assert_eq!(bytes(&folder), [("audits.db".to_owned(), content)]);
    }
    for somebody_elses in [
        "CREATE TABLE bookmarks (title TEXT)",
        "CREATE TABLE sagelock_schema (version BIGINT)",
        "CREATE TABLE sagelock_schema (version BIGINT); INSERT INTO sagelock_schema VALUES (0)",
    ] {
        let folder = Folder::new();
        let other = meddle(&folder.url, somebody_elses).await;
        other.close().await.unwrap();
        let before = bytes(&folder);
        let error = Store::open(&folder.url).await.unwrap_err();
        assert!(
            matches!(error, StoreError::NotADatabase { .. }),
            "{error:?}"
        );
        assert_eq!(bytes(&folder), before);
    }
    let folder = Folder::new();
    fs::create_dir(folder.file()).unwrap();
    let error = Store::open(&folder.url).await.unwrap_err();
    assert!(
        matches!(error, StoreError::NotADatabase { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let outer = tempfile::tempdir().unwrap();
    let (file, closed) = (outer.path().join("file"), outer.path().join("closed"));
    fs::write(&file, "").unwrap();
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, PermissionsExt::from_mode(0o500)).unwrap();
    let mut folders = vec![file.clone(), file.join("in"), "/proc/sagelock".into()];
    // For root every folder is open.
    if fs::write(closed.join("probe"), "").is_err() {
        folders.extend([closed.clone(), closed.join("in")]);
        let unreadable = outer.path().join("unreadable");
        fs::create_dir(&unreadable).unwrap();
        fs::write(unreadable.join("audits.db"), "").unwrap();
        let file = unreadable.join("audits.db");
        fs::set_permissions(file, PermissionsExt::from_mode(0o000)).unwrap();
        folders.push(unreadable);
    }
    for folder in folders {
        let error = Store::open(&url(&folder)).await.unwrap_err();
        assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
        let said = error.to_string();
        let named = folder.display().to_string();
        assert!(said.contains(&named), "{said}: not {named}");
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test]
async fn a_store_that_another_holds_is_waited_for_and_then_refused() {
    let patience = Duration::from_millis(300);
    // Held before it has a schema, and after.
    let folder = Folder::new();
    let mut other = meddle(&folder.url, "BEGIN EXCLUSIVE").await;
    let began = Instant::now();
    let error = Store::open_within(&folder.url, patience).await.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    assert!(error.to_string().contains("locked for 300ms"), "{error}");
    let waited = began.elapsed();
    assert!(waited >= patience && waited < patience * 10, "{waited:?}");
    other.execute("ROLLBACK").await.unwrap();
    let store = Store::open_within(&folder.url, patience).await.unwrap();

    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    let error = store.begin_audit(&new("a", "s", 0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    // Whoever only reads is not held up.
    assert_eq!(store.audits(9).await.unwrap(), []);
    let second = Store::open_within(&folder.url, patience).await.unwrap();
    assert_eq!(second.audits(9).await.unwrap(), []);
    // Let go in time, nobody sees it.
    let release = async {
        tokio::time::sleep(patience / 3).await;
        other.execute("COMMIT").await.unwrap();
    };
    let audit = new("a", "s", 0);
    let (audited, ()) = tokio::join!(store.begin_audit(&audit), release);
    audited.unwrap();
}

#[tokio::test]
async fn what_no_release_writes_is_damage() {
    for text in [
        "UPDATE audits SET state = 'sleeping'",
        "UPDATE audits SET started = 9223372036854775807",
        "UPDATE audits SET lease_pid = -1",
        "UPDATE audits SET lease_at = 'yesterday'",
    ] {
        let folder = Folder::new();
        let store = folder.open().await;
        store.begin_audit(&new("a", "s", 0)).await.unwrap();
        let _other = meddle(&folder.url, text).await;
        let error = match store.audit("a").await {
            Ok(_) => store.unfinished("s").await.unwrap_err(),
            Err(error) => error,
        };
        assert!(
            matches!(error, StoreError::Malformed { .. }),
            "{text}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_damaged_file_is_said_to_be_one() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    store
        .write("a", &lease(1, 1), &everything(1))
        .await
        .unwrap();
    store.close().await;
    let mut bytes = fs::read(folder.file()).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(folder.file(), bytes).unwrap();
    let error = match Store::open(&folder.url).await {
        Ok(store) => store.audits(9).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, StoreError::Malformed { .. }), "{error:?}");
}
