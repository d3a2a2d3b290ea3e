//! Too long a sentence in parts: at marks inside it, else before a word that opens a clause, else between
//! words, in parts of about the same length.

use std::collections::VecDeque;

use super::encode::Said;
use super::english::{Item, Piece};
use super::{Cleaner, FrontEnd, Sentence};

/// Words before which a clause may be cut off.
const OPENERS: &[&str] = &[
    "after", "although", "and", "as", "because", "before", "but", "if", "or", "since", "so",
    "than", "that", "though", "unless", "until", "when", "where", "which", "while", "who", "with",
    "without",
];

/// Words that belong to the next one.
const BINDERS: &[&str] = &[
    "a", "an", "and", "at", "but", "by", "for", "from", "her", "his", "in", "its", "my", "no",
    "of", "on", "or", "our", "than", "that", "the", "their", "this", "to", "with", "your",
];

/// How good a place between two pieces is for a cut; 0 is no place.
fn quality(before: &Piece, after: &Piece) -> u32 {
    match (&before.item, &after.item) {
        // A mark stays with what it ends, and the words of a number with each other.
        (_, Item::Mark(_)) => 0,
        _ if before.source == after.source => 1,
        (Item::Mark(','), _) => 4,
        (Item::Mark(_), _) => 5,
        (Item::Word(word), _) if BINDERS.contains(&word.as_str()) => 1,
        (_, Item::Word(word)) if OPENERS.contains(&word.as_str()) => 3,
        _ => 2,
    }
}

/// Where to cut: numbers of pieces that begin a part. With the space before each word, and the final
/// mark, no part has more than `max` symbols unless a single piece has.
fn cuts(pieces: &[Said], max: usize) -> Vec<usize> {
    let mark = |n: usize| matches!(pieces[n].piece.item, Item::Mark(_));
    let size = |n: usize| pieces[n].ids.len() + usize::from(!mark(n));
    let mut left: usize = (0..pieces.len()).map(size).sum();
    let mut cuts = Vec::new();
    let mut start = 0;
    // Each part may need a full stop of its own.
    let room = max.saturating_sub(1).max(1);
    while left > room + 1 {
        let parts = left.div_ceil(room);
        let target = left.div_ceil(parts);
        let mut best = None;
        let mut used = 0usize;
        for n in start..pieces.len() {
            if n > start {
                let quality = quality(&pieces[n - 1].piece, &pieces[n].piece);
                // A good place is worth a part that is longer or shorter than the others.
                let off = used.abs_diff(target) * 4 / target.max(1);
                let score = (quality * 2).saturating_sub(off as u32);
                if quality > 0 && used * 4 >= target && best.is_none_or(|(s, _, _)| score >= s) {
                    best = Some((score, n, used));
                }
                if used + size(n) > room + 1 {
                    // A single piece that is too long stays whole here.
                    best = best.or((quality > 0).then_some((0, n, used)));
                    if best.is_some() {
                        break;
                    }
                }
            }
            used += size(n);
        }
        let Some((_, cut, used)) = best else { break };
        cuts.push(cut);
        start = cut;
        left -= used.min(left);
    }
    cuts
}

impl FrontEnd {
    /// Appends what can be spoken of a sentence at `base` in the input, in parts that are not too long.
    pub(super) fn speakable_parts(&self, text: &str, base: usize, out: &mut VecDeque<Sentence>) {
        let sentences = match self.cleaner {
            Cleaner::English => self.english_parts(text, base),
            Cleaner::Published => self.published_parts(text, base),
        };
        out.extend(sentences.into_iter().filter(Sentence::is_speakable));
    }

    fn english_parts(&self, text: &str, base: usize) -> Vec<Sentence> {
        let pieces = self.pieces(text, base);
        if self.max_symbols == 0 {
            return vec![self.assemble(text, base..base + text.len(), &self.said(pieces))];
        }
        let said = self.said(self.short_words(pieces));
        // Every word has a space before it, and a mark has not; one more for the final mark.
        let space = |said: &Said| usize::from(!matches!(said.piece.item, Item::Mark(_)));
        let size: usize = said.iter().map(|said| said.ids.len() + space(said)).sum();
        if size <= self.max_symbols {
            return vec![self.assemble(text, base..base + text.len(), &said)];
        }
        let mut ends = cuts(&said, self.max_symbols);
        ends.push(said.len());
        let mut start = 0;
        let mut parts = Vec::with_capacity(ends.len());
        for end in ends {
            let part = &said[start..end];
            let from = part.first().map_or(base, |s| s.piece.source.start);
            let to = part.last().map_or(from, |s| s.piece.source.end).max(from);
            let source = text.get(from - base..to - base).unwrap_or("");
            parts.push(self.assemble(source, from..to, part));
            start = end;
        }
        parts
    }

    /// Cuts words that are longer than a sentence may be, such as a long row of letters.
    fn short_words(&self, pieces: Vec<Piece>) -> Vec<Piece> {
        let room = self.max_symbols.saturating_sub(2).max(1);
        let mut out = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match &piece.item {
                Item::Word(word) if word.len() > room => {
                    let letters: Vec<char> = word.chars().collect();
                    out.extend(letters.chunks(room).map(|part| Piece {
                        item: Item::Word(part.iter().collect()),
                        source: piece.source.clone(),
                    }));
                }
                Item::Phonemes(names) if names.len() > room => {
                    out.extend(names.chunks(room).map(|part| Piece {
                        item: Item::Phonemes(part.to_vec()),
                        source: piece.source.clone(),
                    }));
                }
                _ => out.push(piece),
            }
        }
        out
    }

    fn published_parts(&self, text: &str, base: usize) -> Vec<Sentence> {
        let mut whole = self.published(text, base);
        self.end_with_mark(&mut whole);
        self.name_symbols(&mut whole);
        if self.max_symbols == 0 || whole.ids.len() <= self.max_symbols {
            return vec![whole];
        }
        // The words of the input stand for the pieces; each is cleaned again in its part.
        let (mut pieces, mut starts) = (Vec::new(), Vec::new());
        for word in &whole.words {
            let source = word.source.clone();
            let last = whole.symbols.get(word.symbols.end.saturating_sub(1));
            let ids = whole.ids.get(word.symbols.clone()).unwrap_or(&[]).to_vec();
            pieces.push(Said {
                piece: Piece {
                    item: Item::Word(String::new()),
                    source: source.clone(),
                },
                ids,
            });
            starts.push(source.start);
            if let Some(mark) = last
                .and_then(|name| name.chars().next())
                .filter(|c| ",;:".contains(*c))
            {
                pieces.push(Said {
                    piece: Piece {
                        item: Item::Mark(mark),
                        source,
                    },
                    ids: Vec::new(),
                });
                starts.push(word.source.end);
            }
        }
        let mut ends: Vec<usize> = cuts(&pieces, self.max_symbols)
            .iter()
            .map(|&n| starts[n])
            .collect();
        ends.push(base + text.len());
        let mut start = base;
        let mut parts = Vec::with_capacity(ends.len());
        for end in ends {
            let part = text.get(start - base..end - base).unwrap_or("").trim_end();
            let mut sentence = self.published(part, start);
            self.end_with_mark(&mut sentence);
            self.name_symbols(&mut sentence);
            parts.push(sentence);
            start = end;
        }
        parts
    }
}
