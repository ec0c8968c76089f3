//! Killed at any moment, the store is whole: what was acknowledged is there, nothing is half.

use std::time::Duration;

use super::child::{command, given, lines};
use super::*;

#[tokio::test]
async fn killed_while_it_writes_nothing_is_half_written() {
    if let Some(url) = given() {
        let store = Store::open(&url).await.unwrap();
        for number in 1.. {
            let lease = lease(1, i64::from(number));
            store.write("a", &lease, &everything(number)).await.unwrap();
            println!("wrote {number}");
        }
    }
    let test = "crash::killed_while_it_writes_nothing_is_half_written";
    for (written, more) in [(1, 0), (3, 1), (10, 2), (40, 3), (90, 5), (150, 0)] {
        let folder = Folder::new();
        let store = folder.open().await;
        store.begin_audit(&new("a", "s", 0)).await.unwrap();
        drop(store);
        let mut child = command(&[], test, &folder.url).spawn().unwrap();
        let mut said = lines(&mut child);
        let end = format!("wrote {written}");
        assert!(said.any(|line| line.ends_with(&end)));
        std::thread::sleep(Duration::from_millis(more));
        child.kill().unwrap();
        child.wait().unwrap();
        let acknowledged = written + said.filter(|line| line.starts_with("wrote")).count();

        let store = folder.open().await;
        let found = whole(&store, "a").await;
        assert!(
            (acknowledged..=acknowledged + 1).contains(&found),
            "acknowledged {acknowledged}, found {found}"
        );
        let next = u32::try_from(found).unwrap() + 1;
        let batch = everything(next);
        store.write("a", &lease(1, 1000), &batch).await.unwrap();
        assert_eq!(whole(&store, "a").await, found + 1);
    }
}

/// A new store, made by several processes at once, and each writes to it.
#[tokio::test]
async fn several_may_make_the_store_at_once() {
    if let Some(given) = given() {
        let (id, url) = given.split_once(' ').unwrap();
        let store = Store::open(url).await.unwrap();
        store.begin_audit(&new(id, "s", 0)).await.unwrap();
        return;
    }
    let test = "crash::several_may_make_the_store_at_once";
    for round in 0..3 {
        let folder = Folder::new();
        let children: Vec<_> = (0..6)
            .map(|number| {
                let given = format!("audit-{number} {}", folder.url);
                command(&[], test, &given).spawn().unwrap()
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "round {round}: {said}");
        }
        let store = folder.open().await;
        for number in 0..6 {
            let id = format!("audit-{number}");
            assert!(store.audit(&id).await.unwrap().is_some(), "{id}");
        }
    }
}

/// A call that nobody waits for any more leaves no transaction behind.
#[tokio::test]
async fn a_write_that_is_abandoned_half_way_is_undone() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    let mut abandoned = 0;
    for micros in (0..3000).step_by(100) {
        let before = whole(&store, "a").await;
        let number = u32::try_from(before).unwrap() + 1;
        let lease = lease(1, i64::from(number));
        let batch = everything(number);
        let write = store.write("a", &lease, &batch);
        let done = tokio::time::timeout(Duration::from_micros(micros), write).await;
        abandoned += usize::from(done.is_err());
        let after = whole(&store, "a").await;
        match done {
            Ok(done) => {
                done.unwrap();
                assert_eq!(after, before + 1);
            }
            // The commit may have been under way.
            Err(_) => assert!((before..=before + 1).contains(&after)),
        }
    }
    assert!(abandoned > 0);
    let other = folder.open().await;
    other.begin_audit(&new("b", "s", 0)).await.unwrap();
}
