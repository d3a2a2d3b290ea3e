//! Marks: when in the audio each sentence, word and symbol is spoken, from the attention.

use std::collections::VecDeque;
use std::ops::Range;

use crate::text::{NamedMark, Sentence};

/// What a mark marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A sentence begins.
    Sentence,
    /// A word begins.
    Word,
    /// A phoneme (ARPAbet symbol) begins.
    Phoneme,
    /// The sentence is over.
    End,
    /// A mark of SSML.
    Named,
}

/// A place in the output and the text that is spoken there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What begins here.
    pub kind: MarkKind,
    /// Sample of the utterance's output, at the voice's rate.
    pub sample: u64,
    /// The piece of the input, in bytes.
    pub source: Range<usize>,
    /// Of a phoneme and a mark of SSML; empty for other kinds.
    pub name: String,
}

/// Follows the attention of one sentence: which symbol is spoken at which decoder step.
pub(super) struct Follower {
    steps: usize,
    /// Marks that wait for the attention to reach their symbol, or one after it.
    ahead: VecDeque<(usize, Mark)>,
    /// Marks with their sample.
    made: Vec<Mark>,
    /// How many of those have been taken.
    taken: usize,
}

impl Follower {
    /// For a sentence whose audio starts at sample `start`.
    pub(super) fn new(sentence: &Sentence, start: u64) -> Self {
        let mark = |kind, source: &Range<usize>, name: &str| Mark {
            kind,
            sample: start,
            source: source.clone(),
            name: name.to_string(),
        };
        let named = |m: &NamedMark| (m.symbol, mark(MarkKind::Named, &m.source, &m.name));
        let mut ahead: Vec<_> = sentence.marks.iter().map(named).collect();
        for word in &sentence.words {
            let first = word.symbols.start;
            ahead.push((first, mark(MarkKind::Word, &word.source, "")));
            for symbol in word.symbols.clone() {
                if let Some(name) = sentence.symbols[symbol].strip_prefix('@') {
                    ahead.push((symbol, mark(MarkKind::Phoneme, &word.source, name)));
                }
            }
        }
        // A named mark comes before the word that it stands before: the order is stable.
        ahead.sort_by_key(|&(symbol, _)| symbol);
        Self {
            steps: 0,
            ahead: ahead.into(),
            made: vec![mark(MarkKind::Sentence, &sentence.source, "")],
            taken: 0,
        }
    }

    /// Takes the attention weights `[steps, symbols]` of the next steps; `sample` turns a step into a
    /// sample of the utterance.
    pub(super) fn follow(
        &mut self,
        alignment: &[f32],
        symbols: usize,
        sample: impl Fn(usize) -> u64,
    ) {
        for weights in alignment.chunks_exact(symbols) {
            let peaks = weights.iter().enumerate();
            let peak = peaks.max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |p| p.0);
            while self
                .ahead
                .front()
                .is_some_and(|(symbol, _)| *symbol <= peak)
            {
                let Some((_, mark)) = self.ahead.pop_front() else {
                    break;
                };
                let sample = sample(self.steps);
                self.made.push(Mark { sample, ..mark });
            }
            self.steps += 1;
        }
    }

    /// Everything has been spoken up to sample `end`: what was never reached is there.
    pub(super) fn end(&mut self, sentence: &Sentence, end: u64) {
        let rest = self.ahead.drain(..).map(|(_, mark)| mark);
        self.made.extend(rest.map(|mark| Mark {
            sample: end,
            ..mark
        }));
        for mark in &mut self.made[self.taken..] {
            mark.sample = mark.sample.min(end);
        }
        self.made.push(Mark {
            kind: MarkKind::End,
            sample: end,
            source: sentence.source.clone(),
            name: String::new(),
        });
    }

    /// The marks that were not taken before.
    pub(super) fn take(&mut self) -> Vec<Mark> {
        let new = self.made[self.taken..].to_vec();
        self.taken = self.made.len();
        new
    }

    /// All marks of the sentence.
    pub(super) fn into_marks(self) -> Vec<Mark> {
        self.made
    }
}
