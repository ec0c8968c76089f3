//! Chromium, driven by Playwright from a folder that is made once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::peer::passed;

/// Runs a script of `browser/`, and returns how many checks passed; none may have failed.
#[track_caller]
pub(crate) fn checks(script: &str, arguments: &[&Path]) -> u32 {
    let folder = installed();
    passed(
        Command::new("node")
            .arg(folder.join(script))
            .args(arguments)
            .current_dir(&folder),
    )
}

/// The folder of the scripts with what they import. Its name holds a hash of the lock, so that a
/// change of versions makes a new one.
fn installed() -> PathBuf {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/html/browser");
    let lock_file = fs::read(scripts.join("package-lock.json")).expect("the lock");
    let hash = Sha256::digest(&lock_file);
    let hash = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{hash:08x}"));
    let lock = File::create(folder.with_extension("lock")).expect("lock file");
    lock.lock().expect("lock");
    fs::create_dir_all(&folder).expect("the folder");
    for entry in fs::read_dir(&scripts).expect("the scripts") {
        let path = entry.expect("an entry").path();
        let target = folder.join(path.file_name().expect("a name"));
        let script = fs::read(&path).expect("a script");
        // Another test may be reading what is there.
        if fs::read(&target).is_ok_and(|there| there == script) {
            continue;
        }
        fs::write(&target, script).expect("written");
    }
    let done = folder.join("done");
    if !done.exists() {
        let mut install = Command::new("npm");
        install
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&folder);
        let status = install.status().unwrap_or_else(|error| {
            panic!("cannot run npm: {error}; this test needs Node.js 20 and npm")
        });
        assert!(status.success(), "npm ci failed");
        fs::write(&done, "").expect("written");
    }
    folder
}
