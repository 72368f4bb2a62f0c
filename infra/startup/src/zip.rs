//! The size of a function's package.

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::{self, Write};
use std::path::Path;

/// What the formats of a zip's local header, central directory entry and end record have besides the name.
const HEADERS: u64 = 30 + 46 + 22;
/// The name of the one file in a function's package.
const NAME: &str = "bootstrap";

/// How many bytes a zip with this binary as its `bootstrap` has. It is not written anywhere.
pub fn zipped_size(binary: &Path) -> io::Result<u64> {
    let mut encoder = DeflateEncoder::new(Counter(0), Compression::best());
    encoder.write_all(&std::fs::read(binary)?)?;
    let Counter(deflated) = encoder.finish()?;
    Ok(deflated + HEADERS + 2 * NAME.len() as u64)
}

struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_small() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![7; 1_000_000]).unwrap();
        let size = zipped_size(file.path()).unwrap();
        assert!((116..3_000).contains(&size), "{size}");
        assert!(zipped_size(Path::new("/nowhere")).is_err());
    }
}
