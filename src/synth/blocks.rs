//! Decoder blocks, recorded as far ahead as the device likes.

use std::collections::VecDeque;

use super::Result;
use super::loaded::Loaded;
use super::options::Settings;
use super::sentence::Job;
use crate::backend::{Backend, RandomKey};
use crate::nn::tacotron2::{DecoderBlock, DecoderState, PendingBlock, Tacotron2};

/// The decoder of one batch, block after block up to the step limit. A device that takes long to answer
/// gets the next block before the gates of the last one are known.
pub(super) struct DecoderBlocks<B: Backend> {
    decoder: DecoderState<B>,
    /// Recorded, not yet looked at.
    pending: VecDeque<PendingBlock<B>>,
    recorded: usize,
    limit: usize,
    dropout: bool,
}

impl<B: Backend> DecoderBlocks<B> {
    /// Before the first step of these sentences.
    pub(super) fn start(
        voice: &Loaded<B>,
        backend: &mut B,
        settings: &Settings,
        jobs: &mut [&mut Job],
    ) -> Result<Self> {
        let memories = jobs.iter_mut().map(|job| job.encode(voice, backend));
        let memories = memories.collect::<Result<_>>()?;
        let keys: Vec<_> = jobs.iter().map(|job| job.key(settings)).collect();
        let block = backend.pace().decoder_steps;
        Ok(Self {
            decoder: voice.tacotron2.start(backend, memories, &keys, block),
            pending: VecDeque::new(),
            recorded: 0,
            limit: settings.max_decoder_steps,
            dropout: settings.prenet_dropout,
        })
    }

    /// Back to before the first step of the same sentences, with the keys of another try.
    pub(super) fn restart(&mut self, network: &Tacotron2<B>, backend: &mut B, keys: &[RandomKey]) {
        network.restart(backend, &mut self.decoder, keys);
        self.pending.clear();
        self.recorded = 0;
    }

    /// Whether a sentence is left that has not been retired.
    pub(super) fn is_empty(&self) -> bool {
        self.decoder.sentences() == 0
    }

    /// Makes no more blocks of a sentence; those that are recorded still come.
    pub(super) fn retire(&mut self, backend: &mut B, sentence: usize) {
        self.decoder.retire(backend, sentence);
    }

    /// The next block, one item per sentence; `None` after the step limit.
    pub(super) fn next(
        &mut self,
        network: &Tacotron2<B>,
        backend: &mut B,
    ) -> Result<Option<Vec<DecoderBlock>>> {
        let pace = backend.pace();
        while self.pending.len() <= pace.decoder_ahead && self.recorded < self.limit {
            let steps = pace.decoder_steps.min(self.limit - self.recorded);
            let block = network.decode(backend, &mut self.decoder, steps, self.dropout);
            self.pending.push_back(block);
            self.recorded += steps;
        }
        let Some(block) = self.pending.pop_front() else {
            return Ok(None);
        };
        Ok(Some(block.wait(backend)?))
    }
}
