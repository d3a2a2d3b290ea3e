//! Marks: when in the audio each sentence, word and symbol is spoken, from the attention.

use std::ops::Range;

use crate::text::Sentence;

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
    /// The phoneme's name; empty for other kinds.
    pub name: String,
}

/// Follows the attention of one sentence: which symbol is spoken at which decoder step.
#[derive(Default)]
pub(super) struct Follower {
    /// Step at which the attention first reached each symbol or one after it.
    reached: Vec<usize>,
    steps: usize,
}

impl Follower {
    /// Takes the attention weights `[steps, symbols]` of the next steps.
    pub(super) fn follow(&mut self, alignment: &[f32], symbols: usize) {
        for weights in alignment.chunks_exact(symbols) {
            let peak = weights
                .iter()
                .enumerate()
                .max_by(|a, b| a.1.total_cmp(b.1))
                .map_or(0, |p| p.0);
            while self.reached.len() <= peak {
                self.reached.push(self.steps);
            }
            self.steps += 1;
        }
    }

    /// The marks of `sentence`, whose audio starts at sample `start` and ends at `end`; `sample`
    /// turns a decoder step into samples since `start`.
    pub(super) fn marks(
        &self,
        sentence: &Sentence,
        start: u64,
        end: u64,
        sample: impl Fn(usize) -> u64,
    ) -> Vec<Mark> {
        let at = |symbol: usize| match self.reached.get(symbol) {
            Some(&step) => (start + sample(step)).min(end),
            None => end,
        };
        let mark = |kind, sample, source: &Range<usize>| Mark {
            kind,
            sample,
            source: source.clone(),
            name: String::new(),
        };
        let mut marks = vec![mark(MarkKind::Sentence, start, &sentence.source)];
        for word in &sentence.words {
            marks.push(mark(MarkKind::Word, at(word.symbols.start), &word.source));
            for symbol in word.symbols.clone() {
                if let Some(name) = sentence.symbols[symbol].strip_prefix('@') {
                    let phoneme = mark(MarkKind::Phoneme, at(symbol), &word.source);
                    marks.push(Mark {
                        name: name.to_string(),
                        ..phoneme
                    });
                }
            }
        }
        marks.push(mark(MarkKind::End, end, &sentence.source));
        marks
    }
}
