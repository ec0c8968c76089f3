//! Sources of Python packages: what others publish stands beside the code that checks itself by it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python::run;

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
