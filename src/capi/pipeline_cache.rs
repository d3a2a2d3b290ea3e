//! Pipeline caches
//!
//! A GPU's driver compiles the kernels before they run for the first time. What it compiled can be kept, and given to
//! tts_engine_create in the next run. Only Vulkan tells; the systems behind other interfaces keep a cache of their own.

use std::ffi::c_void;

use super::boundary::{Failure, boundary};
use super::engine::{EngineObject, tts_engine};
use super::handle::Object as _;
use super::memory;
use super::status::{TTS_ERROR_ARGUMENT, tts_status};

/// Copies what the driver compiled so far into `buffer`, which has room for `size` bytes, and gives its size. The best
/// time is after tts_voice_warm_up. Call it with `size` 0 first to learn how much room it needs; between two calls it
/// may grow. Empty, with size 0, on the CPU and where the driver does not tell.
///
/// Ownership: the bytes are yours; they are for this GPU, driver and version of the library. Threads: any, also while
/// the engine speaks. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_ARGUMENT (too little room, though some; then
/// `out_size` tells how much it takes). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_engine_pipeline_cache(
    engine: *const tts_engine,
    buffer: *mut c_void,
    size: usize,
    out_size: *mut usize,
) -> tts_status {
    boundary(|| {
        let out_size = memory::not_null(out_size, "out_size")?;
        let room = memory::buffer(buffer.cast::<u8>(), size, "buffer")?;
        let blob = EngineObject::registry()
            .get(engine)?
            .engine
            .pipeline_cache();
        memory::put(out_size, blob.len());
        if let Some(room) = room.get_mut(..blob.len()) {
            room.copy_from_slice(&blob);
        } else if size > 0 {
            let message = format!("the pipeline cache takes {} bytes, not {size}", blob.len());
            return Err(Failure::new(TTS_ERROR_ARGUMENT, message));
        }
        Ok(())
    })
}
