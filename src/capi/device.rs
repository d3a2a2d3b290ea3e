//! Devices
//!
//! What there is to compute on.

use std::ffi::c_char;

use super::boundary::{Failure, Result, boundary};
use super::memory::{self, Versioned};
use super::status::{TTS_ERROR_ARGUMENT, tts_status};
use crate::synth::{DeviceChoice, devices};

/// A kind of device, one of the constants TTS_DEVICE_*; or TTS_DEVICE_INDEX and an index added to it.
pub type tts_device = i32;
/// The best one that works.
pub const TTS_DEVICE_AUTO: tts_device = 0;
/// The processor.
pub const TTS_DEVICE_CPU: tts_device = 1;
/// A graphics processor.
pub const TTS_DEVICE_GPU: tts_device = 2;
/// TTS_DEVICE_INDEX + i is the device that tts_device_describe tells of for the index i: one of several GPUs, say.
pub const TTS_DEVICE_INDEX: tts_device = 1000;

/// What there is to know about a device. Set struct_size to sizeof(tts_device_info) before the call that
/// fills it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tts_device_info {
    /// Size of this struct as the program knows it.
    pub struct_size: u32,
    /// TTS_DEVICE_CPU or TTS_DEVICE_GPU.
    pub kind: tts_device,
    /// Whether an engine can be made on it: 1 or 0.
    pub usable: i32,
    /// Must not be looked at.
    pub reserved: u32,
    /// What it is. Ends in NUL.
    pub name: [c_char; 128],
    /// What it offers, or why it is not usable. Ends in NUL.
    pub note: [c_char; 256],
    /// Bytes of its memory; 0 if that is not known: of GPUs, Vulkan alone tells. Since 0.1.
    pub memory: u64,
    /// Whether weights in half precision stay so: 1 or 0. Otherwise they take twice the room that they take in the voice
    /// file. Since 0.1.
    pub f16: i32,
    /// Must not be looked at.
    pub reserved2: u32,
}

// SAFETY: repr(C), struct_size first, four members of four bytes, two arrays of bytes, one member of eight bytes and two
// of four; no padding, all bits are values.
unsafe impl Versioned for tts_device_info {
    const NAME: &'static str = "device info";
    const FIRST_SIZE: usize = 400;

    fn defaults() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            kind: TTS_DEVICE_AUTO,
            usable: 0,
            reserved: 0,
            name: [0; 128],
            note: [0; 256],
            memory: 0,
            f16: 0,
            reserved2: 0,
        }
    }
}

/// What a number from C asks for.
pub(super) fn choice(device: tts_device) -> Result<DeviceChoice> {
    match device {
        TTS_DEVICE_AUTO => Ok(DeviceChoice::Auto),
        TTS_DEVICE_CPU => Ok(DeviceChoice::Cpu),
        TTS_DEVICE_GPU => Ok(DeviceChoice::Gpu),
        TTS_DEVICE_INDEX.. => Ok(DeviceChoice::Index((device - TTS_DEVICE_INDEX) as usize)),
        other => Err(Failure::new(
            TTS_ERROR_ARGUMENT,
            format!("{other} is not a kind of device"),
        )),
    }
}

/// Number of devices, usable or not. They and their order stay the same while the process runs.
///
/// Threads: any. Errors: TTS_ERROR_NULL. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_device_count(out_count: *mut usize) -> tts_status {
    boundary(|| {
        memory::put(memory::not_null(out_count, "out_count")?, devices().len());
        Ok(())
    })
}

/// Describes the device with this index, from 0 on.
///
/// Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_ARGUMENT. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_device_describe(
    index: usize,
    out_info: *mut tts_device_info,
) -> tts_status {
    boundary(|| {
        memory::check_out(out_info)?;
        let devices = devices();
        let Some(device) = devices.get(index) else {
            let message = format!("there is no device {index}; there are {}", devices.len());
            return Err(Failure::new(TTS_ERROR_ARGUMENT, message));
        };
        let info = tts_device_info {
            kind: if device.kind == "cpu" {
                TTS_DEVICE_CPU
            } else {
                TTS_DEVICE_GPU
            },
            usable: i32::from(device.usable),
            name: memory::fixed_text(&device.name),
            note: memory::fixed_text(&device.note),
            memory: device.memory.unwrap_or(0),
            f16: i32::from(device.f16),
            ..tts_device_info::defaults()
        };
        memory::write(out_info, info)
    })
}
