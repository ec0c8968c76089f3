//! Where a store is: from an address to a file that is there and ours alone.

use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{StoreError, refused};

/// A place to keep things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Gone with the connection.
    Memory,
    /// A file, by its absolute path.
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str(":memory:"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Place {
    /// Reads `sqlite:///absolute/path` or `sqlite::memory:`. In a path `%3F` is a `?`, `%23` a
    /// `#` and `%25` a `%`.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let address = |why| StoreError::Address {
            url: url.to_owned(),
            why,
        };
        if url == "sqlite::memory:" {
            return Ok(Self::Memory);
        }
        let Some(path) = url.strip_prefix("sqlite://") else {
            return match url.split_once("://") {
                Some((scheme, _)) => Err(StoreError::Unsupported {
                    scheme: scheme.to_owned(),
                }),
                None => Err(address("it has no scheme")),
            };
        };
        if path.contains(['?', '#']) {
            return Err(address("it takes no parameters"));
        }
        let path = decoded(path).ok_or_else(|| address("a `%` stands before two hex digits"))?;
        let path = PathBuf::from(path);
        if !path.is_absolute() {
            return Err(address("the path is not absolute"));
        }
        if path.file_name().is_none() {
            return Err(address("the path names no file"));
        }
        Ok(Self::File(path))
    }

    /// Makes folders and file where they are missing, for their owner only. A file that is there
    /// keeps its mode.
    ///
    /// The file is never opened when it is there: closing it again would drop every lock that
    /// this process has on it (fcntl(2), "Record locks").
    pub(crate) fn prepare(&mut self) -> Result<(), StoreError> {
        let Self::File(path) = self else {
            return Ok(());
        };
        let said = |error, path: &Path| refused(error, path.display().to_string());
        let folder = path.parent().unwrap_or(Path::new("/"));
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder
            .create(folder)
            .map_err(|error| said(error, folder))?;
        // The driver reads an address, and an address drops `..`, which is not what a folder
        // behind a link means by it.
        let folder = folder.canonicalize().map_err(|error| said(error, folder))?;
        *path = folder.join(path.file_name().unwrap_or_default());
        let mut new = OpenOptions::new();
        new.write(true).create_new(true).mode(0o600);
        match new.open(&*path) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let about = fs::metadata(&*path).map_err(|error| said(error, path))?;
                if about.is_file() {
                    Ok(())
                } else {
                    let path = path.display().to_string();
                    Err(StoreError::NotADatabase { path })
                }
            }
            Err(error) => Err(said(error, path)),
        }
    }

    /// The address as the driver reads it.
    pub(crate) fn driver_url(&self, mode: Mode) -> Result<String, StoreError> {
        let Self::File(path) = self else {
            return Ok("sqlite::memory:".to_owned());
        };
        let mode = match mode {
            Mode::Read => "ro",
            Mode::Write => "rw",
        };
        url_of(path).map(|url| format!("{url}?mode={mode}"))
    }
}

/// What is done with a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// Looked at.
    Read,
    /// Looked at and changed.
    Write,
}

/// The address of a store in a file.
///
/// # Errors
/// A path that is not absolute or not UTF-8.
pub fn url_of(path: &Path) -> Result<String, StoreError> {
    let address = |why| StoreError::Address {
        url: path.display().to_string(),
        why,
    };
    if !path.is_absolute() {
        return Err(address("the path is not absolute"));
    }
    let text = path
        .to_str()
        .ok_or_else(|| address("the path is not UTF-8"))?;
    let mut url = String::from("sqlite://");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push('%');
            for digit in [byte >> 4, byte & 15] {
                url.extend(char::from_digit(digit.into(), 16));
            }
        }
    }
    Ok(url)
}

/// The text with its `%XX` read; none where a `%` is alone or the bytes are not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let value = digit()? * 16 + digit()?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_or_refused_by_name() {
        let file = |path: &str| format!("File(\"{path}\")");
        for (url, expected) in [
            ("sqlite::memory:", "Memory".to_owned()),
            ("sqlite:///var/lib/audits.db", file("/var/lib/audits.db")),
            ("sqlite:///a b/ä%20%23%3f%25.db", file("/a b/ä #?%.db")),
            ("sqlite://audits.db", "the path is not absolute".to_owned()),
            ("sqlite:///", "the path names no file".to_owned()),
            ("sqlite:///a/..", "the path names no file".to_owned()),
            ("sqlite:///a?mode=ro", "it takes no parameters".to_owned()),
            ("sqlite:///a%zz", "a `%` stands before".to_owned()),
            ("sqlite:///a%f", "a `%` stands before".to_owned()),
            ("/var/lib/audits.db", "it has no scheme".to_owned()),
            ("", "it has no scheme".to_owned()),
            (
                "postgres://me:secret@db/audits",
                "a store at `postgres://…` is not in this release".to_owned(),
            ),
            (
                "postgresql://db/audits",
                "a store at `postgresql://…` is not in this release".to_owned(),
            ),
        ] {
            let said = match Place::parse(url) {
                Ok(place) => format!("{place:?}"),
                Err(error) => error.to_string(),
            };
            assert!(said.contains(&expected), "{url}: {said}");
            assert!(!said.contains("secret"), "{url}: {said}");
        }
    }

    #[test]
    fn a_path_comes_back_from_its_address() {
        for path in ["/a/b.db", "/a b/ä #?%&+=.db", "/a/100%25.db", "/:memory:"] {
            let url = url_of(Path::new(path)).unwrap();
            assert_eq!(
                Place::parse(&url).unwrap(),
                Place::File(path.into()),
                "{url}"
            );
        }
        assert!(url_of(Path::new("a.db")).is_err());
    }
}
