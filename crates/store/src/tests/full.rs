//! A disk that is full in the middle of a write, really and by SQLite's own limit.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use sqlx::{AssertSqlSafe, Executor};

use super::child::{command, given};
use super::*;
use crate::StoreError;

/// A batch of some megabytes, more than any disk here has room for.
fn large() -> Batch {
    let mut batch = everything(2);
    let chunk = vec![7; 100_000];
    batch.answers = (0..60)
        .map(|_| (account(1), region("eu-west-1"), chunk.clone()))
        .collect();
    batch
}

/// Writes, then writes too much, several times; what was there is there, and the same store goes
/// on.
async fn survives(store: &Store) {
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    store
        .write("a", &lease(1, 1), &everything(1))
        .await
        .unwrap();
    let large = large();
    for attempt in 0..3 {
        let error = store.write("a", &lease(1, 2), &large).await.unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        let said = error.to_string();
        assert!(said.contains("no room to write the store"), "{said}");
        assert_eq!(whole(store, "a").await, 1, "attempt {attempt}");
    }
    assert_eq!(store.unfinished("s").await.unwrap().unwrap().1, lease(1, 1));
    store
        .write("a", &lease(1, 3), &everything(2))
        .await
        .unwrap();
    assert_eq!(whole(store, "a").await, 2);
}

#[tokio::test]
async fn full_by_the_number_of_pages() {
    let folder = Folder::new();
    let store = folder.open().await;
    let limit = |pages: u32| AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
    let mut connection = store.connection().await.unwrap();
    connection.execute(limit(100)).await.unwrap();
    drop(connection);
    survives(&store).await;
    let mut connection = store.connection().await.unwrap();
    connection.execute(limit(1_000_000)).await.unwrap();
    drop(connection);
    let large = large();
    store.write("a", &lease(1, 4), &large).await.unwrap();
    let answers = store.answers("a", &account(1), &region("eu-west-1")).await;
    assert_eq!(answers.unwrap().len(), 62);
}

/// Writes until there is no room left, and says why it ended.
fn fill(path: &Path) -> io::Error {
    let mut file = fs::File::create(path).unwrap();
    loop {
        if let Err(error) = file.write_all(&[0; 512]) {
            return error;
        }
    }
}

/// Runs the test again behind `before`, in a folder of its own, and believes it only where it
/// says that it came to the end.
fn in_a_child(before: &[&str], test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let given = folder.path().to_str().unwrap();
    let output = command(before, test, given).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(
        said.lines().any(|line| line.ends_with("survived")),
        "{said}"
    );
}

/// No file may grow beyond 1 MiB; the signal that this sends is ignored, as a process that means
/// to go on does.
#[tokio::test]
async fn full_by_the_size_of_a_file() {
    if let Some(folder) = given() {
        let store = Store::open(&url(Path::new(&folder))).await.unwrap();
        survives(&store).await;
        store.close().await;
        println!("survived");
        return;
    }
    let shell = [
        "bash",
        "-c",
        "trap '' XFSZ && ulimit -f 1024 && exec \"$0\" \"$@\"",
    ];
    in_a_child(&shell, "full::full_by_the_size_of_a_file");
}

/// A file system of 3 MiB, in a mount namespace of its own that goes with the child. Where that
/// is not allowed, SQLite's limit alone is tested.
#[tokio::test]
async fn full_by_the_disk() {
    if let Some(folder) = given() {
        let filler = Path::new(&folder).join("filler");
        let store = Store::open(&url(Path::new(&folder))).await.unwrap();
        survives(&store).await;
        // Not one page is left, and there is no room for a new store either.
        assert_eq!(fill(&filler).kind(), ErrorKind::StorageFull);
        let second = Path::new(&folder).join("second");
        let error = Store::open(&url(&second)).await.unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        fs::remove_file(&filler).unwrap();
        store
            .write("a", &lease(1, 4), &everything(3))
            .await
            .unwrap();
        assert_eq!(whole(&store, "a").await, 3);
        store.close().await;
        println!("survived");
        return;
    }
    let script = "mount -t tmpfs -o size=3m tmpfs \"$SAGELOCK_STORE_CHILD\" && exec \"$0\" \"$@\"";
    for namespace in [
        &["unshare", "--mount"][..],
        &["unshare", "--mount", "--map-root-user"],
    ] {
        let allowed = Command::new(namespace[0])
            .args(&namespace[1..])
            .args(["sh", "-c", "mount -t tmpfs tmpfs /mnt"])
            .stderr(Stdio::null())
            .status();
        if allowed.is_ok_and(|status| status.success()) {
            let before = [namespace, &["sh", "-c", script]].concat();
            return in_a_child(&before, "full::full_by_the_disk");
        }
    }
    full_by_pages_only().await;
}

async fn full_by_pages_only() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let mut connection = store.connection().await.unwrap();
    connection
        .execute("PRAGMA max_page_count = 100")
        .await
        .unwrap();
    drop(connection);
    survives(&store).await;
}
