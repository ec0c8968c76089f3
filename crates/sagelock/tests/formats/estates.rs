//! Audits to write down: the recorded one, one whose names are hostile, and that of the demo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The formats for machines.
pub(crate) const FORMATS: [&str; 4] = ["sarif", "junit", "ocsf", "asff"];

/// The recording of moto's estate, which has all four verdicts.
pub(crate) const RECORDED: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/recorded/moto");

/// The key of the recording that the hostile text takes the place of.
const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// The program in an empty world.
pub(crate) fn sagelock(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sagelock"));
    command.env_clear().env("HOME", home).current_dir(home);
    command
}

/// Audits in JSON and in a format, side by side.
pub(crate) struct Estates {
    home: TempDir,
    pairs: Vec<PathBuf>,
}

impl Estates {
    /// Writes every audit in JSON and in a format.
    pub(crate) fn written(format: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let mut estates = Self {
            home,
            pairs: Vec::new(),
        };
        estates.replay(Path::new(RECORDED), "recorded", format);
        let hostile = estates.hostile();
        estates.replay(&hostile, "hostile", format);
        estates.demo(format);
        estates
    }

    /// The paths, a JSON document and then its like.
    pub(crate) fn pairs(&self) -> &[PathBuf] {
        &self.pairs
    }

    fn replay(&mut self, recording: &Path, name: &str, format: &str) {
        let at = |format: &str| self.home.path().join(format!("{name}.{format}"));
        let (json, other) = (at("json"), at(format));
        let output = sagelock(self.home.path())
            .args(["audit", "--quiet", "--fail-on", "none", "--offline"])
            .arg(recording)
            .arg("-o")
            .arg(format!("json={}", json.display()))
            .arg("-o")
            .arg(format!("{format}={}", other.display()))
            .output()
            .expect("runs");
        // Incomplete: moto has no monitoring schedules.
        assert_eq!(output.status.code(), Some(3), "{name}");
        self.pairs.extend([json, other]);
    }

    /// The demo's audit has new times in every run, and the same findings.
    fn demo(&mut self, format: &str) {
        for format in ["json", format] {
            let output = sagelock(self.home.path())
                .args(["demo", "--once", "--quiet", "--format", format])
                .output()
                .expect("runs");
            assert!(output.status.success(), "{format}");
            let path = self.home.path().join(format!("demo.{format}"));
            fs::write(&path, output.stdout).expect("written");
            self.pairs.push(path);
        }
    }

    /// The recording again, with a key that nobody should name so: characters that XML does not
    /// have, markup, and more than any field of Security Hub takes.
    fn hostile(&self) -> PathBuf {
        let folder = self.home.path().join("recording");
        fs::create_dir(&folder).expect("a folder");
        let read = |name: &str| fs::read_to_string(Path::new(RECORDED).join(name)).expect("read");
        let wide = "ü".repeat(3000);
        let key = format!(r#"x\u0000\u001b[31m<&>\"']]>\ufffe\ud83d\ude00{wide}"#);
        let calls = read("calls.ndjson");
        assert!(calls.contains(KEY), "the recording has the key");
        fs::write(folder.join("calls.ndjson"), calls.replace(KEY, &key)).expect("written");
        fs::write(folder.join("recording.json"), read("recording.json")).expect("written");
        folder
    }
}
