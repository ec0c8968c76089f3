//! The life of an audit, and who may go on with it.

use std::io::Write;

use super::child::{command, given, lines};
use super::*;
use crate::{AuditState, Ending, StoreError};

/// Ends an audit at the time of the lease.
async fn end(
    store: &Store,
    id: &str,
    lease: Lease,
    ending: Ending,
    summary: &str,
) -> Result<(), StoreError> {
    let finish = store.finish_audit(id, &lease, lease.at, ending, summary);
    finish.await
}

async fn state(store: &Store, id: &str) -> Option<AuditState> {
    store.audit(id).await.unwrap().map(|audit| audit.state)
}

async fn cells(store: &Store, id: &str) -> (usize, usize) {
    let findings = store.cells(id).await.unwrap().len();
    (findings, store.answered_cells(id).await.unwrap().len())
}

#[tokio::test]
async fn an_audit_is_begun_and_done() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    let (audit, held) = store.unfinished("s").await.unwrap().unwrap();
    assert_eq!((audit.state, audit.finished), (AuditState::Running, None));
    assert_eq!((audit.started, audit.summary), (at(0), None));
    assert_eq!(audit.about, r#"{"regions":["eu-west-1"]}"#);
    assert_eq!(held, lease(1, 0));
    assert_eq!(store.unfinished("S").await.unwrap(), None);
    assert_eq!(store.audits(9).await.unwrap(), []);
    store.begin_audit(&new("a", "s", 0)).await.unwrap_err();

    store
        .write("a", &lease(1, 1), &everything(1))
        .await
        .unwrap();
    assert_eq!(store.unfinished("s").await.unwrap().unwrap().1, lease(1, 1));
    store.renew("a", &lease(1, 2)).await.unwrap();
    assert_eq!(store.unfinished("s").await.unwrap().unwrap().1, lease(1, 2));
    assert_eq!(cells(&store, "a").await, (1, 1));
    end(&store, "a", lease(1, 3), Ending::Done, "{}")
        .await
        .unwrap();
    assert_eq!(cells(&store, "a").await, (1, 0));
    assert_eq!(store.unfinished("s").await.unwrap(), None);
    let kept = store.audits(9).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].state, AuditState::Done);
    assert_eq!(kept[0].finished, Some(at(3)));
    assert_eq!(kept[0].summary.as_deref(), Some("{}"));

    // Nothing is added to it any more, by nobody.
    let late = store.write("a", &lease(1, 4), &everything(2)).await;
    assert!(matches!(late, Err(StoreError::Taken { .. })), "{late:?}");
    assert_eq!(store.denials(at(0)).await.unwrap().len(), 1);
    assert!(
        !store
            .take_over("a", &lease(1, 2), &lease(2, 5))
            .await
            .unwrap()
    );
    assert!(!store.abandon("a", &lease(1, 2)).await.unwrap());
}

#[tokio::test]
async fn what_was_interrupted_or_killed_goes_on() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    store.begin_audit(&new("b", "s", 1)).await.unwrap();
    store
        .write("b", &lease(1, 2), &everything(1))
        .await
        .unwrap();
    end(&store, "b", lease(1, 3), Ending::Interrupted, "half")
        .await
        .unwrap();
    let (audit, seen) = store.unfinished("s").await.unwrap().unwrap();
    assert_eq!(
        (audit.id.as_str(), audit.state),
        ("b", AuditState::Interrupted)
    );
    assert_eq!(store.audits(9).await.unwrap(), [audit]);
    assert_eq!(cells(&store, "b").await, (1, 1));

    for (case, wrong) in [
        ("another process", lease(9, 2)),
        ("an older look", lease(1, 1)),
        (
            "another machine",
            Lease {
                host: "there".to_owned(),
                ..lease(1, 2)
            },
        ),
    ] {
        let taken = store.take_over("b", &wrong, &lease(2, 9)).await.unwrap();
        assert!(!taken, "{case}");
        assert!(!store.abandon("b", &wrong).await.unwrap(), "{case}");
    }
    assert!(store.take_over("b", &seen, &lease(2, 10)).await.unwrap());
    assert!(!store.take_over("b", &seen, &lease(3, 10)).await.unwrap());
    assert_eq!(state(&store, "b").await, Some(AuditState::Running));
    assert_eq!(store.audits(9).await.unwrap(), []);

    // The one before may have slept; it must learn that it has lost the audit.
    // So must one on another machine that has the new one's number.
    let elsewhere = Lease {
        host: "there".to_owned(),
        ..lease(2, 11)
    };
    for slept in [lease(1, 11), elsewhere] {
        for late in [
            store.write("b", &slept, &everything(2)).await,
            store.renew("b", &slept).await,
            end(&store, "b", slept.clone(), Ending::Done, "").await,
        ] {
            assert!(matches!(late, Err(StoreError::Taken { .. })), "{late:?}");
        }
    }
    store
        .write("b", &lease(2, 12), &everything(2))
        .await
        .unwrap();
    assert_eq!(whole(&store, "b").await, 2);
    end(&store, "b", lease(2, 13), Ending::Done, "whole")
        .await
        .unwrap();
    let kept = store.audits(9).await.unwrap();
    assert_eq!(kept[0].summary.as_deref(), Some("whole"));
    let left = store.unfinished("s").await.unwrap().unwrap();
    assert_eq!((left.0.id.as_str(), left.1), ("a", lease(1, 0)));
}

#[tokio::test]
async fn what_is_abandoned_keeps_what_it_can_show() {
    let folder = Folder::new();
    let store = folder.open().await;
    for id in ["interrupted", "killed"] {
        store.begin_audit(&new(id, "s", 0)).await.unwrap();
        store.write(id, &lease(1, 1), &everything(1)).await.unwrap();
    }
    end(
        &store,
        "interrupted",
        lease(1, 2),
        Ending::Interrupted,
        "{}",
    )
    .await
    .unwrap();
    assert!(store.abandon("interrupted", &lease(1, 1)).await.unwrap());
    assert!(store.abandon("killed", &lease(1, 1)).await.unwrap());
    assert!(!store.abandon("killed", &lease(1, 1)).await.unwrap());
    assert_eq!(cells(&store, "interrupted").await, (1, 0));
    assert_eq!(cells(&store, "killed").await, (0, 0));
    assert_eq!(store.unfinished("s").await.unwrap(), None);
    let kept = store.audits(9).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].state, AuditState::Abandoned);
    assert_eq!(state(&store, "killed").await, Some(AuditState::Abandoned));
}

#[tokio::test]
async fn an_audit_is_found_by_the_beginning_of_its_id() {
    let folder = Folder::new();
    let store = folder.open().await;
    for id in ["20260102-ab", "20260102-abc", "20260103-ab", "%_"] {
        store.begin_audit(&new(id, "s", 0)).await.unwrap();
    }
    for (prefix, expected) in [
        ("20260103", "20260103-ab"),
        ("20260102-abc", "20260102-abc"),
        ("20260102-ab", "20260102-ab"),
        ("%", "%_"),
        ("", "none"),
        ("2027", "none"),
        ("20260103-abc", "none"),
        ("20260103-AB", "none"),
        ("20260102", "20260102-ab and 20260102-abc"),
    ] {
        let found = match store.audit(prefix).await {
            Ok(Some(audit)) => audit.id,
            Ok(None) => "none".to_owned(),
            Err(StoreError::Ambiguous { first, second, .. }) => format!("{first} and {second}"),
            Err(error) => panic!("{prefix}: {error}"),
        };
        assert_eq!(found, expected, "`{prefix}`");
    }
}

#[tokio::test]
async fn the_newest_of_each_scope_are_kept() {
    let folder = Folder::new();
    let store = folder.open().await;
    for (id, scope, micros) in [
        ("s1", "s", 1),
        ("s2", "s", 2),
        ("s3", "s", 3),
        ("s4", "s", 4),
        ("t1", "t", 1),
        ("killed", "s", 5),
        ("alive", "s", 0),
        ("given up", "s", 9),
    ] {
        store.begin_audit(&new(id, scope, micros)).await.unwrap();
        let mine = lease(1, micros);
        store.write(id, &mine, &everything(1)).await.unwrap();
        match id {
            "killed" => {}
            "alive" => store.renew(id, &lease(1, 100)).await.unwrap(),
            "given up" => assert!(store.abandon(id, &mine).await.unwrap()),
            "s3" => {
                end(&store, id, mine.clone(), Ending::Interrupted, "{}")
                    .await
                    .unwrap();
            }
            _ => {
                end(&store, id, mine.clone(), Ending::Done, "{}")
                    .await
                    .unwrap();
            }
        }
    }
    assert_eq!(store.prune(2, at(50)).await.unwrap(), 4);
    for (id, expected) in [
        ("s1", (0, 0)),
        ("s2", (0, 0)),
        ("s3", (1, 1)),
        ("s4", (1, 0)),
        ("t1", (1, 0)),
        ("killed", (0, 0)),
        ("alive", (1, 1)),
        ("given up", (0, 0)),
    ] {
        assert_eq!(cells(&store, id).await, expected, "{id}");
        let there = store.audit(id).await.unwrap().is_some();
        assert_eq!(there, expected.0 == 1, "{id}");
    }
    assert_eq!(store.prune(2, at(50)).await.unwrap(), 0);
    let ids: Vec<String> = store
        .audits(2)
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.id)
        .collect();
    assert_eq!(ids, ["s4", "s3"]);
    assert_eq!(
        store
            .descriptions(&account(1), &region("eu-west-1"))
            .await
            .unwrap()
            .len(),
        20
    );
}

/// Four processes see the same lease and are let go at once.
#[tokio::test]
async fn of_several_processes_one_takes_a_run_over() {
    if let Some(url) = given() {
        let store = Store::open(&url).await.unwrap();
        let (audit, seen) = store.unfinished("s").await.unwrap().unwrap();
        println!("ready");
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        let ours = lease(std::process::id(), 1);
        let won = store.take_over(&audit.id, &seen, &ours).await.unwrap();
        println!("{}", if won { "won" } else { "lost" });
        return;
    }
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin_audit(&new("a", "s", 0)).await.unwrap();
    store.close().await;
    let test = "audits::of_several_processes_one_takes_a_run_over";
    let mut children = Vec::new();
    for _ in 0..4 {
        let mut child = command(&[], test, &folder.url).spawn().unwrap();
        let mut said = lines(&mut child);
        assert!(said.any(|line| line.ends_with("ready")));
        children.push((child, said));
    }
    for (child, _) in &mut children {
        writeln!(child.stdin.as_mut().unwrap(), "go").unwrap();
    }
    let mut won = Vec::new();
    for (mut child, said) in children {
        let said: Vec<String> = said.collect();
        assert!(child.wait().unwrap().success(), "{said:?}");
        assert!(
            said.iter().any(|line| line == "won" || line == "lost"),
            "{said:?}"
        );
        if said.iter().any(|line| line == "won") {
            won.push(child.id());
        }
    }
    let (_, held) = folder.open().await.unfinished("s").await.unwrap().unwrap();
    assert_eq!(won, [held.pid]);
}
