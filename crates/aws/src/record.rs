//! A run on disk: `recording.json` says what it is, `calls.ndjson` holds every exchange.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use sagelock_domain::call::{Call, CallError, Reply};
use sagelock_domain::collect::Address;
use sagelock_domain::recording::{self, BadLine, Ending, Meta, Recording, SCHEMA};

const META: &str = "recording.json";
const CALLS: &str = "calls.ndjson";

/// A recording cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A file cannot be opened, read or written.
    #[error("cannot {doing} `{}`", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// There is a recording in the folder already.
    #[error("`{}` already holds a recording; choose an empty folder", .0.display())]
    Exists(PathBuf),
    /// `recording.json` is not what it should be.
    #[error("cannot read `{}`", path.display())]
    Meta {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The recording is of a version that this release does not know.
    #[error("`{}` is of version `{schema}`; this release reads `{SCHEMA}`", path.display())]
    Version {
        /// Which file.
        path: PathBuf,
        /// Its version.
        schema: String,
    },
    /// A line of `calls.ndjson` is not one of a recording.
    #[error("cannot read `{}`", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, and why not.
        #[source]
        source: BadLine,
    },
}

/// Writes a recording while a run goes on. Its files can be read by their owner only.
#[derive(Debug)]
pub struct Recorder {
    meta: Meta,
    meta_path: PathBuf,
    path: PathBuf,
    calls: Mutex<Lines>,
}

#[derive(Debug)]
struct Lines {
    file: BufWriter<File>,
    /// The first thing that went wrong; told at the end, so that the run is not lost.
    failed: Option<io::Error>,
}

impl Recorder {
    /// Begins a recording in a folder, which is made where it does not exist.
    ///
    /// # Errors
    /// The folder cannot be written, or holds a recording already.
    pub fn create(folder: &Path, meta: &Meta) -> Result<Self, RecordError> {
        let file = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| RecordError::File {
                doing,
                path,
                source,
            }
        };
        fs::create_dir_all(folder).map_err(file("create", folder))?;
        let path = folder.join(META);
        let mut json = match private(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(RecordError::Exists(folder.to_owned()));
            }
            opened => opened.map_err(file("create", &path))?,
        };
        let text = meta_text(meta, &path)?;
        writeln!(json, "{text}").map_err(file("write", &path))?;
        let meta_path = path;
        let path = folder.join(CALLS);
        let opened = private(&path).map_err(file("create", &path))?;
        let calls = Mutex::new(Lines {
            file: BufWriter::new(opened),
            failed: None,
        });
        Ok(Self {
            meta: meta.clone(),
            meta_path,
            path,
            calls,
        })
    }

    /// Adds one exchange.
    pub fn add(
        &self,
        address: &Address,
        call: &Call,
        result: &Result<Reply, CallError>,
        at: Timestamp,
    ) {
        let Some(line) = recording::line(address, call, result, at) else {
            return;
        };
        let mut lines = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.failed.is_none()
            && let Err(error) = writeln!(lines.file, "{line}")
        {
            lines.failed = Some(error);
        }
    }

    /// Ends the recording, and says in it how the run ended.
    ///
    /// # Errors
    /// It could not be written whole.
    pub fn finish(&self, ending: Ending) -> Result<(), RecordError> {
        let mut lines = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let flushed = lines.file.flush();
        let failed = lines.failed.take().map_or(flushed, Err);
        failed.map_err(|source| RecordError::File {
            doing: "write",
            path: self.path.clone(),
            source,
        })?;
        let meta = Meta {
            ending: Some(ending),
            ..self.meta.clone()
        };
        let text = meta_text(&meta, &self.meta_path)?;
        fs::write(&self.meta_path, format!("{text}\n")).map_err(|source| RecordError::File {
            doing: "write",
            path: self.meta_path.clone(),
            source,
        })
    }
}

fn meta_text(meta: &Meta, path: &Path) -> Result<String, RecordError> {
    serde_json::to_string_pretty(meta).map_err(|source| RecordError::Meta {
        path: path.to_owned(),
        source,
    })
}

/// Creates a file that only its owner can read.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Loads a recording from its folder.
///
/// # Errors
/// A file is missing, cannot be read, or is not of a recording.
pub fn load_recording(folder: &Path) -> Result<(Meta, Recording), RecordError> {
    let read = |name: &str| {
        let path = folder.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok((path, text)),
            Err(source) => Err(RecordError::File {
                doing: "read",
                path,
                source,
            }),
        }
    };
    let (path, text) = read(META)?;
    let schema: Schema = serde_json::from_str(&text).map_err(|source| RecordError::Meta {
        path: path.clone(),
        source,
    })?;
    if schema.schema != SCHEMA {
        return Err(RecordError::Version {
            path,
            schema: schema.schema,
        });
    }
    let meta: Meta =
        serde_json::from_str(&text).map_err(|source| RecordError::Meta { path, source })?;
    let (path, text) = read(CALLS)?;
    let recording = Recording::read(&text).map_err(|source| RecordError::Line { path, source })?;
    Ok((meta, recording))
}

#[derive(serde::Deserialize)]
struct Schema {
    schema: String,
}
