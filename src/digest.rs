//! SHA-256 as lower-case hex: what plans, requests and journal rows are recognised by.

use std::fmt::Write;
use std::io;

/// The digest of `bytes`.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&ring::digest::digest(&ring::digest::SHA256, bytes))
}

/// The digest of everything that `from` has left.
///
/// # Errors
/// Those of `from`.
pub fn sha256_of(mut from: impl io::Read) -> io::Result<String> {
    let mut digest = Digesting::new(io::sink());
    io::copy(&mut from, &mut digest)?;
    Ok(digest.end().1)
}

/// The digest of what comes piece by piece.
pub struct Sha256(ring::digest::Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(ring::digest::Context::new(&ring::digest::SHA256))
    }
}

impl Sha256 {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything so far.
    pub fn hex(self) -> String {
        hex(&self.0.finish())
    }
}

impl io::Write for Sha256 {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hands on what is written, and takes its digest and its size.
pub struct Digesting<W> {
    to: W,
    digest: Sha256,
    bytes: u64,
}

impl<W: io::Write> Digesting<W> {
    pub fn new(to: W) -> Self {
        Self { to, digest: Sha256::default(), bytes: 0 }
    }

    /// What was written to, the digest, and how many bytes there were.
    pub fn end(self) -> (W, String, u64) {
        (self.to, self.digest.hex(), self.bytes)
    }
}

impl<W: io::Write> io::Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += u64::try_from(written).unwrap_or_default();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn hex(digest: &ring::digest::Digest) -> String {
    digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
        hex
    })
}
