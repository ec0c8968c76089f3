//! Virtual environments for the tests' Python peers, made once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// The Python of a virtual environment with these requirements. Its name holds a hash of them,
/// so that a change of versions makes a new one.
pub(crate) fn python(requirements: &Path) -> PathBuf {
    let text = fs::read(requirements).expect("the requirements");
    let hash = Sha256::digest(&text);
    let hash = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{hash:08x}"));
    let lock = File::create(folder.with_extension("lock")).expect("lock file");
    lock.lock().expect("lock");
    let done = folder.join("done");
    let python = folder.join("bin/python");
    if !done.exists() {
        let _ = fs::remove_dir_all(&folder);
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "-r"])
            .arg(requirements));
        fs::write(&done, "").expect("write");
    }
    python
}

/// Runs a command that must succeed.
pub(crate) fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| {
        panic!("cannot run {command:?}: {error}; this test needs python3 with venv")
    });
    assert!(status.success(), "{command:?} failed");
}

/// The archive of a package's source, as its registry has it.
pub(crate) fn source(python: &Path, package: &str, version: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("source-{package}-{version}"));
    let lock = File::create(folder.with_extension("lock")).expect("lock file");
    lock.lock().expect("lock");
    let archive = || {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut paths = entries.map(|entry| entry.path());
        paths.find(|path| path.to_string_lossy().ends_with(".tar.gz"))
    };
    if let Some(archive) = archive() {
        return archive;
    }
    run(Command::new(python)
        .args(["-m", "pip", "download", "--quiet", "--no-deps"])
        .args(["--no-binary", ":all:", "--dest"])
        .arg(&folder)
        .arg(format!("{package}=={version}")));
    archive().expect("an archive was downloaded")
}
