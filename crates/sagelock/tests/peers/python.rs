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
