//! The container of `torch.save` before PyTorch 1.6.
//!
//! Five pickles in a row (magic number, protocol, machine, the object, the keys of the storages), then for
//! each key the number of elements as eight bytes and the elements.

use std::collections::HashMap;

use super::bytes::Reader;
use super::graph::Value;
use super::pickle::{Pickle, unpickle};
use crate::voice::error::{Error, Result};

/// 0x1950a86a20f9469cfc6c, as a pickled integer.
const MAGIC: &[u8] = &[0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const PROTOCOL: i64 = 1001;

/// Bytes of the root storages by key.
pub(super) type Storages<'a> = HashMap<&'a str, &'a [u8]>;

/// Reads the object's pickle and finds the storages.
pub(super) fn parse(bytes: &[u8]) -> Result<(Pickle<'_>, Storages<'_>)> {
    let mut input = Reader::new(bytes);
    let mut next = || -> Result<Pickle<'_>> {
        let pickle = unpickle(&bytes[input.position()..])?;
        input.skip(pickle.length)?;
        Ok(pickle)
    };
    if !matches!(next()?.root, Value::Long(magic) if magic == MAGIC) {
        return Err(Error::Checkpoint("not a file made by torch.save".into()));
    }
    if !matches!(next()?.root, Value::Int(PROTOCOL)) {
        return Err(Error::Checkpoint(
            "a torch.save protocol other than 1001".into(),
        ));
    }
    let machine = next()?;
    if matches!(
        machine.graph.entry(machine.root, "little_endian"),
        Some(Value::Bool(false))
    ) {
        return Err(Error::Checkpoint(
            "made on a big-endian machine, which is not supported".into(),
        ));
    }
    let object = next()?;
    let keys = next()?;
    let keys = keys
        .graph
        .sequence(keys.root)
        .ok_or_else(|| Error::Checkpoint("the list of storages is missing".into()))?;

    let mut storages = Storages::new();
    for key in keys {
        let Value::Text(key) = *key else {
            return Err(Error::Checkpoint("a storage's key is not a text".into()));
        };
        let Some(&(element, len)) = object.storages.get(key) else {
            return Err(Error::Checkpoint(format!(
                "storage {key:?} belongs to no tensor"
            )));
        };
        let stored = input.length()?;
        if stored != len {
            return Err(Error::Checkpoint(format!(
                "storage {key:?} has {stored} elements, its pickle says {len}"
            )));
        }
        let size = len
            .checked_mul(element.size())
            .ok_or_else(|| Error::Checkpoint(format!("storage {key:?} is too large")))?;
        storages.insert(key, input.take(size)?);
    }
    Ok((object, storages))
}
