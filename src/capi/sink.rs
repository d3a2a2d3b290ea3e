//! Where sound goes: to a callback, or into a buffer for a caller who waits.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::boundary::in_callback;
use super::mark::tts_mark;
use super::options::{Callbacks, tts_chunk};
use crate::room;
use crate::synth::queue::{RingSink, Sink, Want};
use crate::synth::{Mark, to_s16};

/// Gives sound to the caller's function, and marks to a ring unless there is a function for them.
pub(super) struct CallbackSink {
    callbacks: Callbacks,
    s16: bool,
    sample_rate: u32,
    position: u64,
    /// Samples in the caller's format.
    converted: Vec<i16>,
    ring: RingSink,
}

impl CallbackSink {
    pub(super) fn new(callbacks: Callbacks, s16: bool, sample_rate: u32, ring: RingSink) -> Self {
        Self {
            callbacks,
            s16,
            sample_rate,
            position: 0,
            converted: Vec::new(),
            ring,
        }
    }

    fn call(&mut self, samples: &[f32]) -> i32 {
        let Some(on_audio) = self.callbacks.on_audio else {
            return 0;
        };
        let mut chunk = tts_chunk {
            struct_size: size_of::<tts_chunk>() as u32,
            sample_rate: self.sample_rate,
            position: self.position,
            count: samples.len() as u64,
            f32: ptr::null(),
            s16: ptr::null(),
        };
        if self.s16 {
            self.converted.clear();
            room::reserve(&mut self.converted, samples.len());
            self.converted
                .extend(samples.iter().map(|&sample| to_s16(sample)));
            chunk.s16 = self.converted.as_ptr();
        } else {
            chunk.f32 = samples.as_ptr();
        }
        self.position += chunk.count;
        let user_data = self.callbacks.user_data;
        // SAFETY: by the contract of the header the function may be called on this thread with its
        // user_data until the utterance is over; the chunk and its samples outlive the call.
        in_callback(|| unsafe { on_audio(user_data, &raw const chunk) })
    }
}

impl Sink for CallbackSink {
    fn mark(&mut self, mark: Mark) {
        if !give_mark(&self.callbacks, &mark) {
            self.ring.mark(mark);
        }
    }

    fn audio(&mut self, samples: &[f32]) -> (usize, Want) {
        let stop = self.call(samples) != 0;
        (samples.len(), if stop { Want::Stop } else { Want::More })
    }

    fn end(&mut self) {
        self.call(&[]);
    }
}

/// A ring for sound, and for marks unless there is a function for them.
pub(super) struct PolledSink {
    pub(super) ring: RingSink,
    pub(super) callbacks: Callbacks,
}

impl Sink for PolledSink {
    fn mark(&mut self, mark: Mark) {
        if !give_mark(&self.callbacks, &mark) {
            self.ring.mark(mark);
        }
    }

    fn audio(&mut self, samples: &[f32]) -> (usize, Want) {
        self.ring.audio(samples)
    }

    fn end(&mut self) {
        self.ring.end();
    }
}

/// Keeps all sound for a caller who waits for it.
pub(super) struct WholeSink {
    pub(super) samples: Arc<Mutex<Vec<f32>>>,
    pub(super) callbacks: Callbacks,
    /// The voice is being destroyed.
    pub(super) closing: Arc<AtomicBool>,
}

impl Sink for WholeSink {
    fn mark(&mut self, mark: Mark) {
        give_mark(&self.callbacks, &mark);
    }

    fn audio(&mut self, samples: &[f32]) -> (usize, Want) {
        let mut all = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        room::reserve(&mut all, samples.len());
        all.extend_from_slice(samples);
        let stop = self.closing.load(Ordering::Relaxed);
        (samples.len(), if stop { Want::Stop } else { Want::More })
    }

    fn end(&mut self) {}
}

/// Calls the caller's function for marks; whether there is one.
fn give_mark(callbacks: &Callbacks, mark: &Mark) -> bool {
    let Some(on_mark) = callbacks.on_mark else {
        return false;
    };
    let mark = tts_mark::from(mark);
    let user_data: *mut c_void = callbacks.user_data;
    // SAFETY: as for the function that takes sound.
    in_callback(|| unsafe { on_mark(user_data, &raw const mark) });
    true
}
