//! Rings between the worker and a reader: no lock, no allocation, no wait on the reader's side.

use rtrb::{Consumer, Producer, RingBuffer};

use super::job::{Sink, Want};
use crate::sync::Arc;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::synth::Mark;

/// What both ends see.
#[derive(Default)]
struct Shared {
    /// Everything has been written.
    ended: AtomicBool,
    /// Marks that were thrown away because nobody took them.
    lost_marks: AtomicU64,
}

/// Rings for `samples` samples and `marks` marks: the worker's end, and those of the two readers.
pub fn ring(samples: usize, marks: usize) -> (RingSink, RingReader, MarkReader) {
    let (audio_in, audio_out) = RingBuffer::new(samples.max(1));
    let (marks_in, marks_out) = RingBuffer::new(marks.max(1));
    let shared = Arc::new(Shared::default());
    let sink = RingSink {
        audio: audio_in,
        marks: marks_in,
        shared: shared.clone(),
    };
    let reader = RingReader {
        audio: audio_out,
        shared: shared.clone(),
    };
    let marks = MarkReader {
        marks: marks_out,
        shared,
    };
    (sink, reader, marks)
}

/// The worker's end.
pub struct RingSink {
    audio: Producer<f32>,
    marks: Producer<Mark>,
    shared: Arc<Shared>,
}

impl Sink for RingSink {
    fn mark(&mut self, mark: Mark) {
        if self.marks.push(mark).is_err() {
            self.shared.lost_marks.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn audio(&mut self, samples: &[f32]) -> (usize, Want) {
        let count = samples.len().min(self.audio.slots());
        if let Ok(mut chunk) = self.audio.write_chunk(count) {
            let (first, second) = chunk.as_mut_slices();
            let (a, b) = samples[..count].split_at(first.len());
            first.copy_from_slice(a);
            second.copy_from_slice(b);
            chunk.commit_all();
        }
        (count, Want::More)
    }

    fn end(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
    }
}

/// Where sound is read.
pub struct RingReader {
    audio: Consumer<f32>,
    shared: Arc<Shared>,
}

/// What a read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// As many samples as there was room for.
    Full,
    /// Fewer: more are being made.
    Underrun,
    /// Fewer, since these were the last.
    End,
}

impl RingReader {
    /// Copies the next samples into `out`, through `convert`; gives how many there were. Wait-free.
    pub fn read<T>(&mut self, out: &mut [T], convert: impl Fn(f32) -> T) -> (usize, Pull) {
        // Asked before the count, so that the last samples are not missed.
        let ended = self.shared.ended.load(Ordering::Acquire);
        let count = out.len().min(self.audio.slots());
        if let Ok(chunk) = self.audio.read_chunk(count) {
            let (first, second) = chunk.as_slices();
            for (to, from) in out.iter_mut().zip(first.iter().chain(second)) {
                *to = convert(*from);
            }
            chunk.commit_all();
        }
        let pull = match (count < out.len(), ended) {
            (false, _) => Pull::Full,
            (true, false) => Pull::Underrun,
            (true, true) => Pull::End,
        };
        (count, pull)
    }

    /// Samples that wait to be read.
    pub fn available(&self) -> usize {
        self.audio.slots()
    }
}

/// Where marks are taken.
pub struct MarkReader {
    marks: Consumer<Mark>,
    shared: Arc<Shared>,
}

impl MarkReader {
    /// The next mark that is there.
    pub fn take(&mut self) -> Option<Mark> {
        self.marks.pop().ok()
    }

    /// Marks that were thrown away since nobody took them.
    pub fn lost_marks(&self) -> u64 {
        self.shared.lost_marks.load(Ordering::Relaxed)
    }
}
