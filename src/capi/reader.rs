//! Voices from anywhere
//!
//! A function that gives the bytes of a voice file.

use std::ffi::c_void;
use std::ptr;

use super::boundary::{Failure, Result, in_callback};
use super::memory::{self, Versioned};
use super::status::{TTS_ERROR_NULL, TTS_ERROR_VOICE_READ};
use crate::room;

/// Reads the next bytes of a voice file into `buffer`, `size` at most. Returns their number, which may be smaller
/// than `size` at any time; 0 at the end of the file, or (size_t)-1 if it cannot be read.
pub type tts_read_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, buffer: *mut c_void, size: usize) -> usize>;

/// A source of bytes. Set struct_size to sizeof(tts_reader) and the rest as you need it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tts_reader {
    /// Size of this struct as the program knows it.
    pub struct_size: u32,
    /// Must be 0.
    pub reserved: u32,
    /// Reads the next bytes.
    pub read: tts_read_callback,
    /// Given to `read`.
    pub user_data: *mut c_void,
}

// SAFETY: repr(C), struct_size first, two members of four bytes and two pointers; no padding, all bits
// are values.
unsafe impl Versioned for tts_reader {
    const NAME: &'static str = "reader";
    const FIRST_SIZE: usize = 8 + 2 * size_of::<*const c_void>();

    fn defaults() -> Self {
        let struct_size = size_of::<Self>() as u32;
        Self {
            struct_size,
            reserved: 0,
            read: None,
            user_data: ptr::null_mut(),
        }
    }
}

/// Bytes that are asked for at once.
const STEP: usize = 1 << 20;

/// Everything that a reader gives.
pub(super) fn read_all(reader: *const tts_reader) -> Result<Vec<u8>> {
    if reader.is_null() {
        return Err(memory::null("the reader"));
    }
    let reader = memory::read(reader)?;
    memory::reserved(reader.reserved)?;
    let Some(read) = reader.read else {
        return Err(Failure::new(
            TTS_ERROR_NULL,
            "the reader has no function `read`",
        ));
    };
    let mut bytes = Vec::new();
    loop {
        let start = bytes.len();
        room::reserve(&mut bytes, STEP);
        bytes.resize(start + STEP, 0);
        let room = bytes[start..].as_mut_ptr().cast();
        // SAFETY: by the contract of the header the function may be called with its user_data during
        // this call; the buffer has STEP bytes.
        let count = in_callback(|| unsafe { read(reader.user_data, room, STEP) });
        if count > STEP {
            return Err(Failure::new(
                TTS_ERROR_VOICE_READ,
                "the reader could not read the voice",
            ));
        }
        bytes.truncate(start + count);
        if count == 0 {
            return Ok(bytes);
        }
    }
}
