//! What a driver compiled, as a blob that a program keeps from one run to the next.
//!
//! wgpu and the driver check that a blob comes from the same adapter, driver and version, but trust that its bytes are
//! those that they gave. So a blob has a sum over them: one that was cut short or damaged on a disk is passed over.

use std::hash::{DefaultHasher, Hasher as _};

use wgpu::{Device, ErrorFilter, PipelineCache, PipelineCacheDescriptor};

const MAGIC: &[u8; 8] = b"tts pipe";

/// A pipeline cache that begins with what is in `blob`, if that can be used.
pub(super) fn open(device: &Device, blob: &[u8]) -> PipelineCache {
    let data = unseal(blob);
    if data.is_none() && !blob.is_empty() {
        log::warn!("the pipeline cache is damaged, or not one: not used");
    }
    if data.is_some() {
        // `fallback` is for other versions of a driver. Data of another adapter is a mistake of the caller's to wgpu, but to
        // us no more than what happens when a graphics card is changed.
        let scope = device.push_error_scope(ErrorFilter::Validation);
        let cache = create(device, data);
        match pollster::block_on(scope.pop()) {
            None => return cache,
            Some(error) => log::warn!("the pipeline cache is not used: {error}"),
        }
    }
    create(device, None)
}

fn create(device: &Device, data: Option<&[u8]>) -> PipelineCache {
    // SAFETY: the bytes are as they were given, which `unseal` sees to unless they are forged, and the documentation
    // forbids that.
    #[allow(unsafe_code)]
    unsafe {
        device.create_pipeline_cache(&PipelineCacheDescriptor {
            label: None,
            data,
            fallback: true,
        })
    }
}

/// The blob of a cache; empty if the driver does not tell.
pub(super) fn blob(cache: &PipelineCache) -> Vec<u8> {
    cache.get_data().map_or_else(Vec::new, |data| seal(&data))
}

pub(super) fn seal(data: &[u8]) -> Vec<u8> {
    [&MAGIC[..], &sum(data), data].concat()
}

fn unseal(blob: &[u8]) -> Option<&[u8]> {
    let (expected, data) = blob.strip_prefix(MAGIC)?.split_first_chunk::<8>()?;
    (*expected == sum(data)).then_some(data)
}

fn sum(data: &[u8]) -> [u8; 8] {
    let mut hasher = DefaultHasher::new();
    hasher.write(data);
    hasher.finish().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every change of a byte, and every cut, is seen.
    #[test]
    fn damage_is_seen() {
        let blob = seal(b"what a driver gave");
        assert_eq!(unseal(&blob), Some(&b"what a driver gave"[..]));
        for at in 0..blob.len() {
            let mut damaged = blob.clone();
            damaged[at] ^= 1;
            assert_eq!(unseal(&damaged), None, "byte {at}");
            assert_eq!(unseal(&blob[..at]), None, "cut at {at}");
        }
    }
}
