//! An utterance as the worker sees it: a chunk of sound at a time, as long as somebody takes it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Feed;
use super::utterance::{Outcome, Shared, Stats};
use crate::room;
use crate::synth::{End, Error, Event, Mark, Output, Result, Speech};

/// Where sound goes. Used by the worker's thread alone.
pub trait Sink: Send {
    /// Takes a mark; its sound comes after it.
    fn mark(&mut self, mark: Mark);

    /// Takes samples of the output, as many as there is room for; gives their number.
    fn audio(&mut self, samples: &[f32]) -> (usize, Want);

    /// There is no more to come. Not called after a cancel.
    fn end(&mut self);
}

/// What a sink wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// More sound.
    More,
    /// The utterance is to be cancelled.
    Stop,
}

/// What a step of a job came to.
pub(super) enum Progress {
    /// Something was done.
    Worked,
    /// There is nothing to do before somebody takes sound or gives text; look again after this time.
    Stalled(Duration),
    /// It is over.
    Ended,
}

/// How long a job without text sleeps: a new piece wakes the worker, so this is for a cancel alone.
const WITHOUT_TEXT: Duration = Duration::from_millis(20);

pub(super) struct Job {
    shared: Arc<Shared>,
    speech: Speech<'static>,
    feed: Feed,
    output: Output,
    sink: Box<dyn Sink>,
    /// Samples and marks that the sink had no room for.
    pending: Vec<f32>,
    taken: usize,
    /// The speech is over, and the output has been drained.
    finished: bool,
}

impl Job {
    pub(super) fn new(
        shared: Arc<Shared>,
        speech: Speech<'static>,
        feed: Feed,
        output: Output,
        sink: Box<dyn Sink>,
    ) -> Self {
        Self {
            shared,
            speech,
            feed,
            output,
            sink,
            pending: Vec::new(),
            taken: 0,
            finished: false,
        }
    }

    /// Does a piece of work, no longer than it takes to make a chunk of sound.
    pub(super) fn step(&mut self) -> Progress {
        let begun = Instant::now();
        let progress = room::or_error(|| self.advance());
        if !matches!(progress, Ok(Progress::Stalled(_))) {
            self.shared.inner().stats.work += begun.elapsed();
        }
        progress.unwrap_or_else(|error| {
            self.end(match error {
                Error::Cancelled => Outcome::Cancelled,
                error => Outcome::Failed(error),
            });
            Progress::Ended
        })
    }

    fn advance(&mut self) -> Result<Progress> {
        if self.shared.cancelled.load(Ordering::SeqCst) {
            return Err(Error::Cancelled);
        }
        if let Some(wait) = self.hand_over()? {
            return Ok(Progress::Stalled(wait));
        }
        if self.finished {
            let stats = self.shared.inner().stats;
            self.end(match stats {
                Stats { sentences: 0, .. } => {
                    Outcome::Failed(crate::text::Error::NothingToSpeak.into())
                }
                Stats { lost: 1.., .. } => Outcome::AttentionLost,
                Stats { cut_off: 1.., .. } => Outcome::StepLimit,
                _ => Outcome::Complete,
            });
            return Ok(Progress::Ended);
        }
        match self.speech.next() {
            Some(event) => self.take(event?)?,
            None if self.feed.is_over() => {
                self.output.finish(&mut self.pending);
                self.finished = true;
            }
            None => return Ok(Progress::Stalled(WITHOUT_TEXT)),
        }
        self.hand_over()?;
        Ok(Progress::Worked)
    }

    fn take(&mut self, event: Event) -> Result<()> {
        for mark in self.speech.new_marks() {
            let sample = self.output.place(mark.sample);
            let mark = Mark {
                sample,
                ..mark.clone()
            };
            // For each anew: a function of the caller's may cancel.
            let guard = self.shared.enter_sink().ok_or(Error::Cancelled)?;
            self.sink.mark(mark);
            drop(guard);
        }
        match event {
            Event::Audio(samples) => self.output.process(&samples, &mut self.pending),
            Event::Sentence(report) if !report.sentence.ids.is_empty() => {
                let stats = &mut self.shared.inner().stats;
                stats.sentences += 1;
                stats.steps += report.steps as u64;
                stats.cut_off += u64::from(report.end == End::Limit);
                stats.lost += u64::from(report.end == End::Lost);
                stats.retried += u64::from(report.retries > 0);
            }
            Event::Sentence(_) => {}
        }
        Ok(())
    }

    /// Gives the sink what is pending; if it has no room, for how long to leave it alone.
    fn hand_over(&mut self) -> Result<Option<Duration>> {
        while self.taken < self.pending.len() {
            let guard = self.shared.enter_sink().ok_or(Error::Cancelled)?;
            let (count, want) = self.sink.audio(&self.pending[self.taken..]);
            drop(guard);
            self.taken += count;
            let before = self
                .shared
                .samples
                .fetch_add(count as u64, Ordering::Relaxed);
            if before == 0 && count > 0 {
                let elapsed = self.shared.begun.elapsed();
                self.shared.inner().stats.time_to_first_audio = Some(elapsed);
            }
            if want == Want::Stop {
                return Err(Error::Cancelled);
            }
            if count == 0 {
                // The reader says nothing, since it must not: it is looked at again when it may have
                // played some of what it has.
                return Ok(Some(Duration::from_millis(5)));
            }
        }
        self.pending.clear();
        self.taken = 0;
        Ok(None)
    }

    /// Tells everyone that it is over.
    pub(super) fn end(&mut self, outcome: Outcome) {
        if !matches!(outcome, Outcome::Cancelled)
            && let Some(guard) = self.shared.enter_sink()
        {
            self.sink.end();
            drop(guard);
        }
        self.shared.end(outcome);
    }
}

impl Drop for Job {
    /// Nobody waits for a job that the worker never saw.
    fn drop(&mut self) {
        self.shared.end(Outcome::Cancelled);
    }
}
