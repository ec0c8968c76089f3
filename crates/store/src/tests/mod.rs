//! The store on real files, in processes that are killed, on disks that are full.

mod audits;
mod child;
mod crash;
mod full;
mod keep;
mod refuse;
mod texts;

use std::path::Path;

use jiff::Timestamp;
use sagelock_domain::ids::{AccountId, Region};
use tempfile::TempDir;

use crate::{Batch, Denial, Description, Lease, NewAudit, Ran, Store, url_of};

/// A folder and the address of a store in it.
struct Folder {
    folder: TempDir,
    url: String,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = url_of(&folder.path().join("audits.db")).unwrap();
        Self { folder, url }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("audits.db")
    }

    async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }
}

fn url(folder: &Path) -> String {
    url_of(&folder.join("audits.db")).unwrap()
}

/// A time, in microseconds since 2023.
fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(1_700_000_000_000_000 + micros).unwrap()
}

fn account(number: u32) -> AccountId {
    AccountId::new(format!("{number:012}"))
}

fn region(name: &str) -> Region {
    Region::new(name)
}

fn lease(pid: u32, micros: i64) -> Lease {
    Lease {
        host: "here".to_owned(),
        pid,
        at: at(micros),
    }
}

/// An audit that process 1 begins at the time.
fn new(id: &str, scope: &str, micros: i64) -> NewAudit {
    NewAudit {
        id: id.to_owned(),
        started: at(micros),
        scope: scope.to_owned(),
        about: r#"{"regions":["eu-west-1"]}"#.to_owned(),
        lease: lease(1, micros),
    }
}

fn description(name: &str, micros: i64) -> Description {
    Description {
        name: name.to_owned(),
        arn: format!("arn:aws:sagemaker:eu-west-1:000000000001:endpoint-config/{name}"),
        created: at(micros),
        body: format!(r#"{{"EndpointConfigName":"{name}","Ä":"\u0000"}}"#),
        answered: at(micros + 1),
        request_id: (micros % 2 == 0).then(|| format!("request-{name}")),
    }
}

fn denial(call: &str, subject: &str, micros: i64) -> Denial {
    Denial {
        caller: account(1),
        call: call.to_owned(),
        subject: subject.to_owned(),
        at: at(micros),
        code: "AccessDeniedException".to_owned(),
        said: "no".to_owned(),
    }
}

fn ran(endpoint: &str, config: &str, micros: i64) -> Ran {
    Ran {
        endpoint: endpoint.to_owned(),
        modified: at(micros),
        config: config.to_owned(),
        created: at(micros - 1),
    }
}

/// One of everything, numbered.
fn everything(number: u32) -> Batch {
    let cell = (account(1), region("eu-west-1"));
    let micros = i64::from(number);
    let body = "x".repeat(2000);
    let described = (0..20).map(|part| Description {
        body: body.clone(),
        ..description(&format!("config-{number}-{part}"), micros)
    });
    Batch {
        descriptions: described
            .map(|one| (cell.0.clone(), cell.1.clone(), one))
            .collect(),
        answers: vec![(
            cell.0.clone(),
            cell.1.clone(),
            number.to_le_bytes().to_vec(),
        )],
        findings: vec![(
            account(number),
            cell.1.clone(),
            0,
            number.to_le_bytes().to_vec(),
        )],
        forget_denials: Vec::new(),
        denials: vec![denial("kms:DescribeKey", &format!("key-{number}"), micros)],
        ran: vec![(
            cell.0,
            cell.1,
            ran(&format!("endpoint-{number}"), "config", micros),
        )],
    }
}

/// How many whole batches of [`everything`] there are, counted in each table. All must agree.
async fn whole(store: &Store, audit: &str) -> usize {
    let (account, region) = (account(1), region("eu-west-1"));
    let descriptions = store.descriptions(&account, &region).await.unwrap().len();
    let counts = [
        descriptions / 20,
        store.answers(audit, &account, &region).await.unwrap().len(),
        store.cells(audit).await.unwrap().len(),
        store.denials(at(0)).await.unwrap().len(),
        store.ran(&account, &region).await.unwrap().len(),
    ];
    assert_eq!(descriptions % 20, 0, "half a batch");
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    counts[0]
}
