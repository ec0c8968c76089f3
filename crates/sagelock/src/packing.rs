//! Lines of text, deflated: what an audit keeps of itself, in memory and in the store.

use std::io::{self, Read};

use flate2::bufread::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};

/// Packs text. It keeps what it works with: DEFLATE wants 300 KiB each time, and taking and
/// freeing them thousands of times leaves as many holes between what an audit keeps.
#[derive(Debug)]
pub(crate) struct Packer {
    deflate: Compress,
    text: Vec<u8>,
    packed: Vec<u8>,
}

impl Default for Packer {
    fn default() -> Self {
        Self {
            deflate: Compress::new(Compression::fast(), false),
            text: Vec::new(),
            packed: Vec::new(),
        }
    }
}

impl Packer {
    /// Packs a text.
    pub(crate) fn pack(&mut self, text: &[u8]) -> io::Result<Vec<u8>> {
        self.deflate.reset();
        self.packed.clear();
        let mut rest = text;
        loop {
            self.packed.reserve(rest.len() / 2 + 64);
            let before = self.deflate.total_in();
            let finish = FlushCompress::Finish;
            let status = self.deflate.compress_vec(rest, &mut self.packed, finish)?;
            if status == Status::StreamEnd {
                return Ok(self.packed.as_slice().to_vec());
            }
            let read = usize::try_from(self.deflate.total_in() - before).unwrap_or(usize::MAX);
            rest = rest.get(read..).unwrap_or_default();
        }
    }

    /// Packs what is written.
    pub(crate) fn pack_written(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<Vec<u8>> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let packed = write(&mut text).and_then(|()| self.pack(&text));
        self.text = text;
        packed
    }
}

/// Reads what was packed.
pub(crate) fn unpacked(pack: &[u8]) -> impl Read {
    DeflateDecoder::new(pack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_whatever_was_packed_before() {
        let mut packer = Packer::default();
        // What cannot be packed well takes more room than was thought.
        let mut noise = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.to_be_bytes()[0]
        })
        .take(300_000)
        .collect();
        let lines = b"a line\n".repeat(50_000);
        for text in [&b""[..], b"x", &lines, &noise, b"x", &noise, &lines, b""] {
            let mut back = Vec::new();
            let small = packer.pack(text).expect("packed");
            unpacked(&small).read_to_end(&mut back).expect("read");
            assert!(back == text, "{} bytes", text.len());
        }
        assert!(packer.pack(&lines).expect("packed").len() < lines.len() / 20);
        let refused = packer.pack_written(|_| Err(io::Error::other("no")));
        assert!(refused.is_err());
        let written = packer.pack_written(|text| {
            text.extend_from_slice(b"x");
            Ok(())
        });
        assert_eq!(written.expect("packed"), packer.pack(b"x").expect("packed"));
    }
}
