//! The zip container of `torch.save` (PyTorch 1.6 and later).
//!
//! Entries are stored, never compressed, so that each is a slice of the file: nothing is unpacked, and no
//! entry can be larger than the file it lies in. Names are keys to look up and never become paths.

use std::collections::HashMap;

use super::bytes::Reader;
use crate::voice::error::{Error, Result};

const END: [u8; 4] = *b"PK\x05\x06";
const END_64: [u8; 4] = *b"PK\x06\x06";
const END_64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// A torch file has one entry per storage; an optimizer triples them.
const MAX_ENTRIES: u64 = 100_000;

/// The entries of a zip file of stored entries.
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    entries: HashMap<&'a str, Entry>,
}

struct Entry {
    method: u16,
    encrypted: bool,
    stored: u64,
    size: u64,
    header: u64,
}

impl<'a> Archive<'a> {
    /// Reads the central directory.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self> {
        let (count, size, offset) = directory(bytes)?;
        if count > MAX_ENTRIES {
            return Err(damaged(&format!(
                "{count} entries are more than any checkpoint has"
            )));
        }
        let mut directory = Reader::new(
            slice(bytes, offset, size)
                .ok_or_else(|| damaged("its directory lies outside the file"))?,
        );
        let mut entries = HashMap::new();
        for _ in 0..count {
            let (name, entry) = central_entry(&mut directory)?;
            if entries.insert(name, entry).is_some() {
                return Err(damaged(&format!("entry {name:?} appears twice")));
            }
        }
        Ok(Self { bytes, entries })
    }

    /// Names of all entries, in no order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.keys().copied()
    }

    /// The content of an entry, or `None` if there is no such entry.
    pub(super) fn get(&self, name: &str) -> Result<Option<&'a [u8]>> {
        let Some(entry) = self.entries.get(name) else {
            return Ok(None);
        };
        if entry.encrypted {
            return Err(damaged(&format!("entry {name:?} is encrypted")));
        }
        if entry.method != 0 || entry.stored != entry.size {
            return Err(damaged(&format!(
                "entry {name:?} is compressed; torch.save stores entries as they are"
            )));
        }
        let outside = || damaged(&format!("entry {name:?} lies outside the file"));
        let local = slice(self.bytes, entry.header, 30).ok_or_else(outside)?;
        let mut local = Reader::new(local);
        if local.array::<4>()? != LOCAL {
            return Err(damaged(&format!("entry {name:?} has no local header")));
        }
        local.skip(22)?;
        let skip = 30 + u64::from(local.u16()?) + u64::from(local.u16()?);
        let start = entry.header.checked_add(skip).ok_or_else(outside)?;
        slice(self.bytes, start, entry.size)
            .map(Some)
            .ok_or_else(outside)
    }
}

/// Number of entries, size and offset of the central directory.
fn directory(bytes: &[u8]) -> Result<(u64, u64, u64)> {
    // The end record is 22 bytes and a comment of at most 65,535.
    let from = bytes.len().saturating_sub(22 + 0xffff);
    let end = bytes[from..]
        .windows(4)
        .rposition(|w| w == END)
        .map(|at| from + at)
        .ok_or_else(|| damaged("it has no end record; the file is cut off"))?;
    let mut r = Reader::new(&bytes[end..]);
    r.skip(10)?;
    let (count, size, offset) = (r.u16()?, r.u32()?, r.u32()?);
    let locator = end.checked_sub(20).and_then(|at| bytes.get(at..end));
    let Some(locator) = locator.filter(|l| l.starts_with(&END_64_LOCATOR)) else {
        return Ok((count.into(), size.into(), offset.into()));
    };
    let mut r = Reader::new(locator);
    r.skip(8)?;
    let at = r.u64()?;
    let end_64 =
        slice(bytes, at, 56).ok_or_else(|| damaged("its zip64 record lies outside the file"))?;
    let mut r = Reader::new(end_64);
    if r.array::<4>()? != END_64 {
        return Err(damaged("its zip64 record is missing"));
    }
    r.skip(28)?;
    Ok((r.u64()?, r.u64()?, r.u64()?))
}

fn central_entry<'a>(r: &mut Reader<'a>) -> Result<(&'a str, Entry)> {
    if r.array::<4>()? != CENTRAL {
        return Err(damaged("its directory is damaged"));
    }
    r.skip(4)?;
    let flags = r.u16()?;
    let method = r.u16()?;
    r.skip(8)?;
    let (stored, size) = (r.u32()?, r.u32()?);
    let (name, extra, comment) = (r.u16()?, r.u16()?, r.u16()?);
    r.skip(8)?;
    let header = r.u32()?;
    let name = std::str::from_utf8(r.take(name.into())?)
        .map_err(|_| damaged("an entry's name is not UTF-8"))?;
    let mut entry = Entry {
        method,
        encrypted: flags & 1 != 0,
        stored: stored.into(),
        size: size.into(),
        header: header.into(),
    };
    let mut extra = Reader::new(r.take(extra.into())?);
    while extra.left() >= 4 {
        let (id, length) = (extra.u16()?, extra.u16()?);
        let mut field = Reader::new(extra.take(length.into())?);
        if id != 1 {
            continue;
        }
        // Zip64: only the values that did not fit are here, in this order.
        for (value, short) in [
            (&mut entry.size, size),
            (&mut entry.stored, stored),
            (&mut entry.header, header),
        ] {
            if short == u32::MAX {
                *value = field.u64()?;
            }
        }
    }
    r.skip(comment.into())?;
    Ok((name, entry))
}

fn slice(bytes: &[u8], start: u64, length: u64) -> Option<&[u8]> {
    let end = start.checked_add(length)?;
    bytes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

fn damaged(what: &str) -> Error {
    Error::Checkpoint(format!("damaged zip file: {what}"))
}
