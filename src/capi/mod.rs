//! The C interface of `include/tts.h`, one file for each C object.
//!
//! `build.rs` makes the header from these files: a file's own documentation is the title of its
//! section, and documentation of items is written for the C programmer who reads it there.
//!
//! Every function goes through `boundary`, which turns an error into a status with a message and
//! stops a panic. Handles are looked up, never dereferenced (`handle`); memory of the caller is
//! read through `memory` alone. These three files hold the rules; the others only apply them.
#![allow(unsafe_code)] // The door to C; what may be assumed of a caller is said in the preface of tts.h.
#![allow(non_camel_case_types)] // Names of types are those of C.
#![allow(clippy::doc_markdown)] // Documentation of items becomes comments in C.
#![allow(clippy::missing_safety_doc)] // The preface of tts.h says it once for all functions.

mod audio;
mod batch;
mod boundary;
mod device;
mod engine;
mod exclusive;
mod facts;
mod feed;
mod handle;
mod mark;
mod memory;
mod options;
mod pipeline_cache;
mod reader;
#[cfg(feature = "reserve")]
mod reserve;
mod sink;
mod stats;
mod status;
mod utterance;
mod version;
mod voice;
mod warm_up;

pub use audio::*;
pub use batch::*;
pub use device::*;
pub use engine::*;
pub use facts::*;
pub use feed::*;
pub use mark::*;
pub use options::*;
pub use pipeline_cache::*;
pub use reader::*;
pub use stats::*;
pub use status::*;
pub use utterance::*;
pub use version::*;
pub use voice::*;
pub use warm_up::*;
