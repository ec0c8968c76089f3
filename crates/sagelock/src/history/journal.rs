//! What a run has been answered, kept as it comes, so that a killed run goes on where it was.

use std::collections::BTreeMap;
use std::io::{self, Read};

use jiff::Timestamp;
use sagelock_domain::call::{Call, CallError, CallErrorKind, Op, Reply, Service, view};
use sagelock_domain::collect::{Address, Denied};
use sagelock_domain::ids::{AccountId, Region};
use sagelock_domain::inventory::CellId;
use sagelock_domain::recording::{Recording, line};
use sagelock_store::{Batch, Denial, Description, Ran};

use crate::packing::{Packer, unpacked};

/// Answers of one account and region that are packed together, in bytes before they are packed.
const CHUNK: usize = 4 * 1024;
/// Packed bytes that are written together.
const BATCH: usize = 256 * 1024;

/// What waits to be written.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Lines of answers, by account and region; what belongs to no cell stands under `nowhere`.
    open: BTreeMap<CellId, Vec<u8>>,
    batch: Batch,
    bytes: usize,
    packer: Packer,
}

/// What belongs to no account and region alone: keys, the organisation.
pub(crate) fn nowhere() -> CellId {
    CellId {
        account: AccountId::new(""),
        region: Region::new(""),
    }
}

impl Journal {
    /// Takes an answer.
    pub(crate) fn note(
        &mut self,
        address: &Address,
        call: &Call,
        result: &Result<Reply, CallError>,
        at: Timestamp,
    ) -> io::Result<()> {
        if matches!(call, Call::AssumeRole(_)) {
            return Ok(());
        }
        if let Call::DescribeKey(asked) = call {
            self.note_denial(address, &asked.key_id, result, at);
        }
        if let (Call::DescribeEndpointConfig(_), Ok(reply)) = (call, result)
            && let Some(description) = description(reply)
        {
            self.bytes += description.body.len();
            let Address { account, region } = address.clone();
            self.batch.descriptions.push((account, region, description));
        }
        let is_final = result
            .as_ref()
            .map_or_else(|error| is_final(error.kind), |_| true);
        if !is_final {
            return Ok(());
        }
        let service = call.op().row().service;
        let belongs = if matches!(service, Service::SageMaker | Service::S3) {
            CellId {
                account: address.account.clone(),
                region: address.region.clone(),
            }
        } else {
            nowhere()
        };
        let Some(line) = line(address, call, result, at) else {
            return Ok(());
        };
        let open = self.open.entry(belongs.clone()).or_default();
        open.extend_from_slice(line.as_bytes());
        open.push(b'\n');
        if open.len() >= CHUNK {
            self.pack(&belongs)?;
        }
        Ok(())
    }

    /// A denied key of another account is not asked about again and again; one that could be read
    /// is forgotten to have been denied.
    fn note_denial(
        &mut self,
        address: &Address,
        key: &str,
        result: &Result<Reply, CallError>,
        at: Timestamp,
    ) {
        if !Denied::is_foreign(&address.account, key) {
            return;
        }
        let caller = address.account.clone();
        let call = Op::DescribeKey.name().to_owned();
        match result {
            Ok(_) => {
                let denial = (caller, call, key.to_owned());
                self.batch.forget_denials.push(denial);
            }
            Err(error) if error.kind == CallErrorKind::AccessDenied => {
                self.batch.denials.push(Denial {
                    caller,
                    call,
                    subject: key.to_owned(),
                    at,
                    code: error.code.clone(),
                    said: error.message.clone(),
                });
            }
            Err(_) => {}
        }
    }

    fn pack(&mut self, cell: &CellId) -> io::Result<()> {
        let Some(lines) = self.open.remove(cell) else {
            return Ok(());
        };
        let packed = self.packer.pack(&lines)?;
        self.bytes += packed.len();
        let CellId { account, region } = cell.clone();
        self.batch.answers.push((account, region, packed));
        Ok(())
    }

    /// Takes what came of an account and region, now that nothing of it is open any more.
    pub(crate) fn close(&mut self, cell: &CellId, pack: Vec<u8>, ran: Vec<Ran>) -> io::Result<()> {
        self.pack(cell)?;
        self.add_findings(cell, 0, pack);
        let CellId { account, region } = cell;
        let ran = ran.into_iter();
        let ran = ran.map(|ran| (account.clone(), region.clone(), ran));
        self.batch.ran.extend(ran);
        Ok(())
    }

    /// Takes findings: those of part 0 are of endpoints and configurations, of part 1 of keys.
    pub(crate) fn add_findings(&mut self, cell: &CellId, part: u8, pack: Vec<u8>) {
        self.bytes += pack.len();
        let CellId { account, region } = cell.clone();
        self.batch.findings.push((account, region, part, pack));
    }

    /// Whether there is enough to be written.
    pub(crate) fn is_due(&self) -> bool {
        self.bytes >= BATCH
    }

    /// What is to be written now.
    pub(crate) fn take(&mut self) -> Batch {
        self.bytes = 0;
        std::mem::take(&mut self.batch)
    }

    /// What is to be written at the end: all that there is.
    pub(crate) fn take_all(&mut self) -> io::Result<Batch> {
        for cell in self.open.keys().cloned().collect::<Vec<_>>() {
            self.pack(&cell)?;
        }
        Ok(self.take())
    }
}

/// Whether the answer would be the same again. What failed, or was denied, may have been mended.
fn is_final(kind: CallErrorKind) -> bool {
    match kind {
        CallErrorKind::NotFound => true,
        CallErrorKind::AccessDenied
        | CallErrorKind::Refused
        | CallErrorKind::Throttled
        | CallErrorKind::Unavailable
        | CallErrorKind::Credentials
        | CallErrorKind::NotJson
        | CallErrorKind::Interrupted
        | CallErrorKind::NotRecorded => false,
    }
}

fn description(reply: &Reply) -> Option<Description> {
    let view: view::Created = reply.view().ok()?;
    Some(Description {
        name: view.endpoint_config_name.to_string(),
        arn: view.endpoint_config_arn,
        created: view.creation_time.0,
        body: reply.body.get().to_owned(),
        answered: reply.at,
        request_id: reply.request_id.clone(),
    })
}

/// Reads packed answers.
pub(crate) fn recording(chunks: &[Vec<u8>]) -> anyhow::Result<Recording> {
    let mut text = String::new();
    for chunk in chunks {
        unpacked(chunk).read_to_string(&mut text)?;
    }
    Ok(Recording::read(&text)?)
}
