//! What is written is read again.

use std::os::unix::fs::PermissionsExt;
use std::{fs, path::Path};

use super::*;

#[tokio::test]
async fn descriptions_come_back_by_cell_name_and_creation() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    let cell =
        |region_name: &str, one: &Description| (account(1), region(region_name), one.clone());
    // Nineteen: two statements of many rows, and three of one.
    let mut sorted: Vec<Description> = (10..29)
        .map(|number| description(&format!("config-{number}"), number))
        .collect();
    let mut batch = Batch {
        descriptions: sorted
            .iter()
            .rev()
            .map(|one| cell("eu-west-1", one))
            .collect(),
        ..Batch::default()
    };
    let elsewhere = description("config-10", 10);
    batch.descriptions.push(cell("eu-west-2", &elsewhere));
    store.write("a", &lease(1, 1), &batch).await.unwrap();

    // Created again, under a name in another spelling; and one that is said again, twice.
    let again = description("CONFIG-10", 99);
    let newer = Description {
        body: "{}".to_owned(),
        request_id: Some("later".to_owned()),
        ..description("config-11", 11)
    };
    let twice = Batch {
        descriptions: vec![
            cell("eu-west-1", &again),
            cell("eu-west-1", &description("config-11", 11)),
            cell("eu-west-1", &newer),
        ],
        ..Batch::default()
    };
    store.write("a", &lease(1, 2), &twice).await.unwrap();
    sorted[1] = newer;
    let again = Description {
        name: "config-10".to_owned(),
        ..again
    };
    sorted.insert(1, again);

    let found = store.descriptions(&account(1), &region("eu-west-1")).await;
    assert_eq!(found.unwrap(), sorted);
    let found = store.descriptions(&account(1), &region("eu-west-2")).await;
    assert_eq!(found.unwrap(), [elsewhere]);
    let found = store.descriptions(&account(2), &region("eu-west-1")).await;
    assert_eq!(found.unwrap(), []);
}

/// An answer and the cell it belongs to.
type Chunk<'a> = (&'a (AccountId, Region), &'a [u8]);

#[tokio::test]
async fn answers_keep_their_order_and_findings_their_part() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    store.begin_audit(&new("b", "s", 0)).await.unwrap();
    let here = (account(1), region("eu-west-1"));
    let there = (account(2), region("eu-west-1"));
    let none = (AccountId::new(""), Region::new(""));
    let batches: [&[Chunk<'_>]; 3] = [
        &[(&here, b"1"), (&none, b"account"), (&here, b"")],
        &[(&there, b"other"), (&here, b"\0\xff")],
        &[(&here, b"1")],
    ];
    for batch in batches {
        let answers = batch
            .iter()
            .map(|((account, region), chunk)| (account.clone(), region.clone(), chunk.to_vec()))
            .collect();
        let batch = Batch {
            answers,
            ..Batch::default()
        };
        store.write("a", &lease(1, 1), &batch).await.unwrap();
    }
    let answers = store.answers("a", &here.0, &here.1).await.unwrap();
    assert_eq!(answers, [&b"1"[..], b"", b"\0\xff", b"1"]);
    let answers = store.answers("a", &none.0, &none.1).await.unwrap();
    assert_eq!(answers, [b"account"]);
    assert!(
        store
            .answers("b", &here.0, &here.1)
            .await
            .unwrap()
            .is_empty()
    );
    let cells = store.answered_cells("a").await.unwrap();
    assert_eq!(cells, [none, here.clone(), there.clone()]);

    let finding = |(account, region): &(AccountId, Region), part, packed: &[u8]| {
        (account.clone(), region.clone(), part, packed.to_vec())
    };
    for findings in [
        vec![finding(&there, 1, b"keys"), finding(&here, 0, b"old")],
        vec![finding(&there, 0, b"endpoints"), finding(&here, 0, b"new")],
    ] {
        let batch = Batch {
            findings,
            ..Batch::default()
        };
        store.write("a", &lease(1, 1), &batch).await.unwrap();
    }
    let found = store.findings("a", &there.0, &there.1).await.unwrap();
    assert_eq!(found, [&b"endpoints"[..], b"keys"]);
    let found = store.findings("a", &here.0, &here.1).await.unwrap();
    assert_eq!(found, [b"new"]);
    assert_eq!(store.cells("a").await.unwrap(), [here, there]);
    assert!(store.cells("b").await.unwrap().is_empty());
}

#[tokio::test]
async fn denials_and_what_ran_are_replaced_and_forgotten() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    let (one, two) = (account(1), region("eu-west-1"));
    let batch = Batch {
        denials: vec![
            denial("kms:DescribeKey", "key-2", 20),
            denial("kms:DescribeKey", "key-1", 10),
            denial("kms:ListAliases", "key-1", 5),
        ],
        ran: vec![(one.clone(), two.clone(), ran("arn:Endpoint/B", "old", 5))],
        ..Batch::default()
    };
    store.write("a", &lease(1, 1), &batch).await.unwrap();
    let forget = |call: &str, subject: &str| (account(1), call.to_owned(), subject.to_owned());
    let batch = Batch {
        forget_denials: vec![
            forget("kms:DescribeKey", "key-1"),
            forget("kms:DescribeKey", "key-2"),
            forget("kms:DescribeKey", "key-3"),
        ],
        denials: vec![denial("kms:DescribeKey", "key-2", 30)],
        ran: vec![
            (one.clone(), two.clone(), ran("arn:endpoint/b", "new", 6)),
            (one.clone(), two.clone(), ran("arn:endpoint/a", "x", 7)),
        ],
        ..Batch::default()
    };
    store.write("a", &lease(1, 2), &batch).await.unwrap();
    let two_left = [
        denial("kms:DescribeKey", "key-2", 30),
        denial("kms:ListAliases", "key-1", 5),
    ];
    assert_eq!(store.denials(at(0)).await.unwrap(), two_left);
    assert_eq!(store.denials(at(5)).await.unwrap(), two_left);
    assert_eq!(store.denials(at(6)).await.unwrap(), two_left[..1]);
    let found = store.ran(&one, &two).await.unwrap();
    let expected = [
        ran("arn:endpoint/a", "x", 7),
        ran("arn:endpoint/b", "new", 6),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn what_many_endpoints_ran_is_written_at_once() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    let one = |number: i64, config: &str| {
        let endpoint = format!("arn:endpoint/{number}");
        (
            account(1),
            region("eu-west-1"),
            ran(&endpoint, config, number),
        )
    };
    let sorted: Vec<_> = (10..29).map(|number| one(number, "new")).collect();
    let older = (10..29).map(|number| one(number, "old"));
    let batch = Batch {
        ran: older.chain(sorted.iter().rev().cloned()).collect(),
        ..Batch::default()
    };
    store.write("a", &lease(1, 1), &batch).await.unwrap();
    let found = store.ran(&account(1), &region("eu-west-1")).await.unwrap();
    let expected: Vec<_> = sorted.into_iter().map(|(_, _, ran)| ran).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_store_that_was_closed_or_dropped_is_there_again() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    store
        .write("a", &lease(1, 1), &everything(1))
        .await
        .unwrap();
    drop(store);
    let store = folder.open().await;
    assert_eq!(whole(&store, "a").await, 1);
    store
        .write("a", &lease(1, 2), &everything(2))
        .await
        .unwrap();
    store.close().await;
    assert!(!folder.folder.path().join("audits.db-wal").exists());
    let store = folder.open().await;
    assert_eq!(whole(&store, "a").await, 2);
}

#[tokio::test]
async fn a_store_in_memory_is_its_own() {
    let one = Store::open("sqlite::memory:").await.unwrap();
    let two = Store::open("sqlite::memory:").await.unwrap();
    one.begin_audit(&new("a", "s", 0)).await.unwrap();
    one.write("a", &lease(1, 1), &everything(1)).await.unwrap();
    assert_eq!(whole(&one, "a").await, 1);
    assert_eq!(two.audit("a").await.unwrap(), None);
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("a b").join("100%ä#?");
    let store = Store::open(&url(&folder)).await.unwrap();
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for (path, expected) in [
        (folder.parent().unwrap().to_owned(), 0o700),
        (folder.clone(), 0o700),
        (folder.join("audits.db"), 0o600),
        (folder.join("audits.db-wal"), 0o600),
        (folder.join("audits.db-shm"), 0o600),
    ] {
        assert_eq!(mode(&path), expected, "{}", path.display());
    }
    store.close().await;

    // What its owner chose stays.
    let file = folder.join("audits.db");
    fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    let store = Store::open(&url(&folder)).await.unwrap();
    assert!(store.audit("a").await.unwrap().is_some());
    store.close().await;
    assert_eq!(mode(&file), 0o640);
}

#[tokio::test]
async fn a_folder_behind_a_link_is_the_folder_that_it_leads_to() {
    let outer = tempfile::tempdir().unwrap();
    let (inner, link) = (outer.path().join("x/inner"), outer.path().join("link"));
    fs::create_dir_all(&inner).unwrap();
    std::os::unix::fs::symlink(&inner, &link).unwrap();
    let store = Store::open(&url(&link.join(".."))).await.unwrap();
    store.close().await;
    assert!(outer.path().join("x/audits.db").exists());
}

#[tokio::test]
async fn many_use_one_store_at_once() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    let tasks: Vec<_> = (1..=20)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let batch = everything(number);
                store.write("a", &lease(1, i64::from(number)), &batch).await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(whole(&store, "a").await, 20);
}
