//! Plain text of a document up to a pause, and what is to be remembered of the elements around it.

use std::collections::VecDeque;
use std::ops::Range;
use std::vec::IntoIter;

use super::Prosody;
use crate::text::split::{LONGEST, Splitter};
use crate::text::{FrontEnd, NamedMark, Sentence};

/// Plain text without a pause that was asked for.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) text: String,
    places: Vec<Place>,
    /// From which byte of the text on it is spoken how.
    pub(super) prosody: Vec<(usize, Prosody)>,
    /// Marks, by the byte of the text before which they stand.
    pub(super) marks: Vec<(usize, NamedMark)>,
    /// Silence before it.
    pub(super) pause: Option<f32>,
    /// It is one sentence, by its author.
    pub(super) sentence: bool,
}

/// Where a stretch of plain text comes from.
#[derive(Debug)]
struct Place {
    /// Its first byte in the plain text.
    plain: usize,
    /// Bytes of the document.
    source: Range<usize>,
    /// It stands there as it is; otherwise all of it is for all of the source.
    verbatim: bool,
}

impl Block {
    /// Whether there is nothing in it to be spoken or remembered.
    pub(super) fn is_blank(&self) -> bool {
        self.marks.is_empty() && self.text.trim().is_empty()
    }

    /// The block after this one.
    pub(super) fn next(&self, prosody: Prosody) -> Self {
        Self {
            prosody: vec![(0, prosody)],
            sentence: self.sentence,
            ..Self::default()
        }
    }

    /// Appends text that stands in the document from byte `at` on. Line breaks are spaces in XML.
    pub(super) fn push(&mut self, text: &str, at: usize) {
        let plain = self.text.len();
        let source = at..at + text.len();
        self.text.extend(
            text.chars()
                .map(|c| if c.is_ascii_whitespace() { ' ' } else { c }),
        );
        match self.places.last_mut() {
            Some(last) if last.verbatim && last.source.end == at => last.source.end = source.end,
            _ => self.places.push(Place {
                plain,
                source,
                verbatim: true,
            }),
        }
    }

    /// Appends text that stands for a stretch of the document.
    pub(super) fn replace(&mut self, text: &str, source: Range<usize>) {
        self.places.push(Place {
            plain: self.text.len(),
            source,
            verbatim: false,
        });
        self.text.push_str(text);
    }

    /// Takes away the text from byte `plain` on.
    pub(super) fn take(&mut self, plain: usize) -> String {
        self.places.retain(|place| place.plain < plain);
        if let Some(last) = self.places.last_mut().filter(|place| place.verbatim) {
            last.source.end = last.source.end.min(last.source.start + plain - last.plain);
        }
        for (at, _) in &mut self.prosody {
            *at = plain.min(*at);
        }
        for (at, _) in &mut self.marks {
            *at = plain.min(*at);
        }
        self.text.split_off(plain)
    }

    /// Where a piece of the text comes from.
    fn source(&self, plain: &Range<usize>) -> Range<usize> {
        let place = |at: usize| {
            let next = self.places.partition_point(|place| place.plain <= at);
            next.checked_sub(1).and_then(|i| self.places.get(i))
        };
        let start = place(plain.start).map_or(0, |place| {
            let into = if place.verbatim {
                plain.start - place.plain
            } else {
                0
            };
            place.source.start + into
        });
        let last = plain.end.saturating_sub(1).max(plain.start);
        let end = place(last).map_or(0, |place| {
            if place.verbatim {
                place.source.start + plain.end - place.plain
            } else {
                place.source.end
            }
        });
        start..end.max(start)
    }

    fn prosody_at(&self, plain: usize) -> Prosody {
        let next = self.prosody.partition_point(|&(at, _)| at <= plain);
        next.checked_sub(1)
            .map_or_else(Prosody::default, |i| self.prosody[i].1)
    }

    /// Turns a sentence of the plain text into one of the document. `marks` come before its first word,
    /// those of the block before the word that follows them.
    fn dress(&mut self, sentence: &mut Sentence, marks: &mut Vec<NamedMark>) {
        let mut prosody = Prosody::default();
        let first = sentence.words.first().map_or(0, |word| word.symbols.start);
        sentence.marks.append(marks);
        for word in &mut sentence.words {
            // What the sentence begins with, such as a space, belongs to its first word.
            let symbol = if word.symbols.start == first {
                0
            } else {
                word.symbols.start
            };
            let here = self.prosody_at(word.source.start);
            if here != prosody {
                prosody = here;
                sentence.prosody.push((symbol, here));
            }
            let before = self
                .marks
                .partition_point(|&(at, _)| at <= word.source.start);
            let named = self.marks.drain(..before);
            sentence
                .marks
                .extend(named.map(|(_, mark)| NamedMark { symbol, ..mark }));
            word.source = self.source(&word.source);
        }
        sentence.source = self.source(&sentence.source);
    }
}

/// The blocks of a document on their way to sentences.
#[derive(Debug)]
pub(in crate::text) struct Blocks {
    rest: IntoIter<Block>,
    /// The block in work, and how far.
    block: Option<(Block, usize)>,
    /// What comes before the next sentence.
    pause: Option<f32>,
    marks: Vec<NamedMark>,
    end: usize,
    pub(in crate::text) warnings: Vec<String>,
}

impl Blocks {
    pub(super) fn new(blocks: Vec<Block>, end: usize, warnings: Vec<String>) -> Self {
        Self {
            rest: blocks.into_iter(),
            block: None,
            pause: None,
            marks: Vec::new(),
            end,
            warnings,
        }
    }

    /// Appends the next sentence to `ready`, perhaps in parts; false at the end. A sentence without
    /// symbols is a pause, or a place for marks, with no sentence after it.
    pub(in crate::text) fn next(
        &mut self,
        front_end: &FrontEnd,
        ready: &mut VecDeque<Sentence>,
    ) -> bool {
        loop {
            let Some((block, at)) = &mut self.block else {
                let Some(block) = self.rest.next() else {
                    return self.silence(self.end, ready);
                };
                let pause = block.pause;
                let place = block
                    .places
                    .first()
                    .map_or(self.end, |place| place.source.start);
                self.block = Some((block, 0));
                // Marks before a pause are not to wait until it is over.
                let waits = pause.is_some() && !self.marks.is_empty() && self.silence(place, ready);
                if pause.is_some() {
                    self.pause = Some(self.pause.unwrap_or(0.0) + pause.unwrap_or(0.0));
                }
                if waits {
                    return true;
                }
                continue;
            };
            let next = if block.sentence && block.text.len() <= LONGEST {
                Some(*at..block.text.len()).filter(|range| !range.is_empty())
            } else {
                Splitter::from(&block.text, *at).next()
            };
            let Some(range) = next else {
                self.marks
                    .extend(block.marks.drain(..).map(|(_, mark)| mark));
                self.block = None;
                continue;
            };
            *at = range.end;
            let mut parts = VecDeque::new();
            front_end.speakable_parts(&block.text[range.clone()], range.start, &mut parts);
            for sentence in &mut parts {
                sentence.pause = self.pause.take();
                block.dress(sentence, &mut self.marks);
            }
            if !parts.is_empty() {
                ready.append(&mut parts);
                return true;
            }
        }
    }

    /// A sentence for a pause and marks that no sentence follows, if there are any.
    fn silence(&mut self, at: usize, ready: &mut VecDeque<Sentence>) -> bool {
        let pause = self.pause.take();
        if pause.is_none() && self.marks.is_empty() {
            return false;
        }
        ready.push_back(Sentence {
            source: at..at,
            pause: Some(pause.unwrap_or(0.0)),
            marks: std::mem::take(&mut self.marks),
            ..Sentence::default()
        });
        true
    }
}
