//! Version
//!
//! Names that this header has keep their meaning, values and layout for as long as TTS_ABI_VERSION stays
//! the same. A program that was built with an older header of the same ABI version runs unchanged.

use std::ffi::c_char;

/// Version of this header: major. Below 1, a new minor version may change the interface.
pub const TTS_VERSION_MAJOR: u32 = 0;
/// Version of this header: minor.
pub const TTS_VERSION_MINOR: u32 = 1;
/// Version of this header: patch.
pub const TTS_VERSION_PATCH: u32 = 0;
/// Version of the binary interface that this header describes.
pub const TTS_ABI_VERSION: u32 = 1;

/// The version of the library that is loaded, such as "0.1.0". The text lives as long as the library.
///
/// Threads: any. Errors: none. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn tts_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The version of the binary interface of the library that is loaded. Compare it with TTS_ABI_VERSION
/// after loading the library by hand.
///
/// Threads: any. Errors: none. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn tts_abi_version() -> u32 {
    TTS_ABI_VERSION
}
