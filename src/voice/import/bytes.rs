//! Reads little-endian numbers from a slice without ever running over its end.

use crate::voice::error::{Error, Result};

#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..length).ok_or_else(|| {
            Error::Checkpoint(format!(
                "cut off: {length} bytes are called for at byte {}, {} are there",
                self.at,
                rest.len()
            ))
        })?;
        self.at += length;
        Ok(taken)
    }

    /// The bytes up to the next newline, without it.
    pub(super) fn line(&mut self) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| *b == b'\n');
        let length = length.ok_or_else(|| Error::Checkpoint("cut off inside a line".into()))?;
        self.at += length + 1;
        Ok(&rest[..length])
    }

    pub(super) fn skip(&mut self, length: usize) -> Result<()> {
        self.take(length).map(drop)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A length as a pickle or a legacy file has it, checked to fit this machine.
    pub(super) fn length(&mut self) -> Result<usize> {
        let length = self.u64()?;
        usize::try_from(length)
            .map_err(|_| Error::Checkpoint(format!("a length of {length} bytes is not possible")))
    }
}
