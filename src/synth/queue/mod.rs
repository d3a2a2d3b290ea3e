//! Utterances in flight: a worker thread that owns the device, and rings between it and the caller.
//!
//! ```text
//! text pieces ->  Feed  -> sentences -> Speech -> Output -> Sink: ring, callback or buffer -> caller
//!                          '------- one worker thread for all utterances of a device -------'
//! ```
//!
//! [`Queue::start`] gives an [`Utterance`], which says how it is getting on, and ends it. What it speaks
//! goes to a [`Sink`]; [`ring()`] makes one whose other end may be read where nothing may wait, as in
//! an audio callback. Of several utterances the worker serves the one of the highest priority, and those
//! of the same in turn, a chunk of sound at a time.

mod feed;
mod job;
mod ring;
mod utterance;
mod worker;

pub use feed::Feed;
pub use job::{Sink, Want};
pub use ring::{MarkReader, Pull, RingReader, RingSink, ring};
pub use utterance::{Outcome, State, Stats, Utterance};
pub use worker::{Queue, UtteranceOptions};

#[cfg(test)]
mod tests;
