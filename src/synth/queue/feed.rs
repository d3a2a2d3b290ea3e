//! Text that comes in pieces, as a language model writes it, and leaves in whole sentences.

use std::str::Utf8Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self_cell::self_cell;

use crate::room;
use crate::synth::{Result, Synthesizer};
use crate::text::{FrontEnd, Sentence, Sentences};

/// Bytes without the end of a sentence after which text is spoken all the same.
const LONGEST: usize = 4000;

/// A text that may still be growing. Clones are the same text.
#[derive(Clone, Default)]
pub struct Feed(Arc<Mutex<Text>>);

#[derive(Default)]
struct Text {
    /// What has not been taken yet.
    rest: String,
    /// The beginning of a character that goes on in the next piece.
    cut: Vec<u8>,
    /// Bytes taken before it.
    taken: usize,
    /// How many bytes of `rest` may be spoken although their sentence may go on.
    flushed: usize,
    finished: bool,
    ssml: bool,
}

impl Feed {
    /// A text that is complete.
    pub fn whole(text: String) -> Self {
        let text = Text {
            rest: text,
            finished: true,
            ..Text::default()
        };
        Self(Arc::new(Mutex::new(text)))
    }

    /// An SSML document, which is always complete.
    pub fn ssml(document: String) -> Self {
        let feed = Self::whole(document);
        feed.text().ssml = true;
        feed
    }

    fn text(&self) -> MutexGuard<'_, Text> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to the text, which is UTF-8; a piece may end within a character, as tokens of a language model do. False
    /// if the text was finished before.
    ///
    /// # Errors
    /// The piece is not UTF-8. It is left out, and so is the beginning of a character before it.
    pub fn push(&self, piece: &[u8]) -> std::result::Result<bool, Utf8Error> {
        let mut text = self.text();
        if text.finished {
            return Ok(false);
        }
        let mut joined = std::mem::take(&mut text.cut);
        let piece = if joined.is_empty() {
            piece
        } else {
            room::reserve(&mut joined, piece.len());
            joined.extend_from_slice(piece);
            &joined
        };
        let whole = match std::str::from_utf8(piece) {
            Err(error) if error.error_len().is_none() => {
                let (whole, cut) = piece.split_at(error.valid_up_to());
                text.cut = cut.to_vec();
                std::str::from_utf8(whole)?
            }
            all => all?,
        };
        room::push_str(&mut text.rest, whole);
        Ok(true)
    }

    /// What has been pushed so far is to be spoken now, even if the last sentence has no end yet. False
    /// if the text was finished before.
    pub fn flush(&self) -> bool {
        let mut text = self.text();
        text.flushed = text.rest.len();
        !text.finished
    }

    /// Nothing more will be pushed. False if that was said before.
    pub fn finish(&self) -> bool {
        !std::mem::replace(&mut self.text().finished, true)
    }

    /// Looks whether there is anything to speak in what has been pushed. Gives the warnings of an SSML
    /// document.
    ///
    /// # Errors
    /// [`crate::text::Error::NothingToSpeak`], or what is wrong with the document.
    pub fn check(&self, synthesizer: &Synthesizer) -> Result<Vec<String>> {
        let text = self.text();
        let front_end = synthesizer.front_end();
        let mut sentences = sentences_of(front_end, &text.rest, text.ssml)?;
        let found = sentences.any(|sentence| !sentence.ids.is_empty());
        let found = found.then(|| sentences.warnings().to_vec());
        Ok(found.ok_or(crate::text::Error::NothingToSpeak)?)
    }

    /// The sentences of the text, which must be complete. The output will shorten their pauses by `pitch`.
    pub fn sentences(
        self,
        synthesizer: &Synthesizer,
        pitch: f32,
    ) -> impl Iterator<Item = Sentence> + use<> {
        FedSentences::new(self, synthesizer.clone(), pitch)
    }

    /// Whether nothing more will come.
    pub fn is_over(&self) -> bool {
        let text = self.text();
        text.finished && text.rest.is_empty()
    }

    /// The next whole sentences of the text, and where they begin in it.
    fn take(&self, front_end: &FrontEnd) -> Option<(String, usize)> {
        let mut text = self.text();
        let ready = if text.finished {
            text.rest.len()
        } else {
            text.flushed.max(whole_sentences(front_end, &text.rest))
        };
        if ready == 0 {
            return None;
        }
        let rest = text.rest.split_off(ready);
        let piece = std::mem::replace(&mut text.rest, rest);
        let start = text.taken;
        text.taken += ready;
        text.flushed = 0;
        Some((piece, start))
    }
}

/// The sentences of a complete text.
fn sentences_of<'a>(
    front_end: &'a FrontEnd,
    text: &'a str,
    ssml: bool,
) -> std::result::Result<Sentences<'a>, crate::text::Error> {
    if ssml {
        front_end.ssml(text)
    } else {
        Ok(front_end.sentences(text))
    }
}

/// How many bytes of an unfinished text are whole sentences: up to the end of the last one that another
/// one follows, since only what follows shows whether a dot was the end.
fn whole_sentences(front_end: &FrontEnd, text: &str) -> usize {
    let mut ready = 0;
    let mut end: Option<usize> = None;
    for sentence in front_end.sentences(text) {
        let begin = sentence.source.start;
        // Too long a sentence comes in parts, which end in the middle of it.
        if let Some(end) = end
            && (ends(&text[..end]) || text[end..begin].contains('\n'))
        {
            ready = begin;
        }
        end = Some(sentence.source.end);
    }
    if ready == 0 && text.len() > LONGEST {
        ready = text.rfind(char::is_whitespace).unwrap_or(text.len());
    }
    ready
}

/// Whether a text ends as a sentence does.
fn ends(text: &str) -> bool {
    let closers = |c: char| c.is_whitespace() || "\"'”’»)]}".contains(c);
    text.trim_end_matches(closers)
        .ends_with(['.', '!', '?', '…'])
}

self_cell!(
    /// Sentences together with what they are made from.
    struct Piece {
        owner: (Synthesizer, String),

        #[covariant]
        dependent: Sentences,
    }
);

/// The sentences of a [`Feed`]. `None` may mean that none is complete yet: ask again.
pub(super) struct FedSentences {
    feed: Feed,
    synthesizer: Synthesizer,
    /// How much shorter the output makes a pause.
    pitch: f32,
    piece: Option<(Piece, usize)>,
}

impl FedSentences {
    pub(super) fn new(feed: Feed, synthesizer: Synthesizer, pitch: f32) -> Self {
        Self {
            feed,
            synthesizer,
            pitch,
            piece: None,
        }
    }
}

impl Iterator for FedSentences {
    type Item = Sentence;

    fn next(&mut self) -> Option<Sentence> {
        loop {
            if let Some((piece, start)) = &mut self.piece {
                if let Some(mut sentence) = piece.with_dependent_mut(|_, rest| rest.next()) {
                    shift(&mut sentence, *start);
                    sentence.pause = sentence.pause.map(|pause| pause * self.pitch);
                    return Some(sentence);
                }
                self.piece = None;
            }
            let (text, start) = self.feed.take(self.synthesizer.front_end())?;
            let owner = (self.synthesizer.clone(), text);
            let ssml = self.feed.text().ssml;
            let piece = Piece::new(owner, |(voice, text)| {
                // What is wrong with a document was found when it came.
                let front_end = voice.front_end();
                sentences_of(front_end, text, ssml).unwrap_or_else(|_| front_end.sentences(""))
            });
            self.piece = Some((piece, start));
        }
    }
}

/// Places in a piece become places in the whole text.
fn shift(sentence: &mut Sentence, by: usize) {
    let ranges = sentence.words.iter_mut().map(|word| &mut word.source);
    for range in ranges.chain([&mut sentence.source]) {
        *range = range.start + by..range.end + by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::config::FrontendConfig;

    fn front_end() -> FrontEnd {
        FrontEnd::new(&FrontendConfig::default()).unwrap()
    }

    /// Whatever the pieces, the same sentences leave; and none before the next has begun.
    #[test]
    fn sentences_do_not_depend_on_the_pieces() {
        let front_end = front_end();
        let text = "Dr. Who paid $3.50. “Why?” he asked! It was 3.14 p.m. on Jan. 5 😀. Bye";
        let whole: Vec<_> = front_end.sentences(text).map(|s| s.normalized).collect();
        for size in [1, 2, 3, 7, 1000] {
            let feed = Feed::default();
            let mut spoken = Vec::new();
            let mut speak = |feed: &Feed| {
                while let Some((piece, start)) = feed.take(&front_end) {
                    assert!(text[start..].starts_with(&piece));
                    spoken.extend(front_end.sentences(&piece).map(|s| s.normalized));
                }
            };
            for piece in text.as_bytes().chunks(size) {
                assert_eq!(feed.push(piece), Ok(true));
                speak(&feed);
            }
            feed.finish();
            speak(&feed);
            assert!(feed.is_over() && feed.push(b"more") == Ok(false));
            assert_eq!(spoken, whole, "in pieces of {size}");
        }
    }

    /// A flush speaks what is there; text without any end is spoken when it is long.
    #[test]
    fn text_without_an_end_is_not_kept_for_ever() {
        let front_end = front_end();
        let feed = Feed::default();
        feed.push(b"Well, I think").unwrap();
        assert_eq!(feed.take(&front_end), None);
        feed.flush();
        assert_eq!(feed.take(&front_end), Some(("Well, I think".into(), 0)));
        feed.push("word ".repeat(1000).as_bytes()).unwrap();
        let (piece, start) = feed.take(&front_end).unwrap();
        assert_eq!((piece.len(), start), (4999, 13));
    }
    /// What is not UTF-8 is refused, as is a character that does not go on; what comes after it is spoken.
    #[test]
    fn broken_characters_are_left_out() {
        let front_end = front_end();
        let feed = Feed::default();
        feed.push(b"Caf\xc3").unwrap();
        assert!(feed.push(b"e. ").is_err());
        assert!(feed.push(b"\xff").is_err());
        feed.push(b"\xc3").unwrap();
        feed.push(b"\xa9. And\xf0\x9f").unwrap();
        feed.finish();
        assert_eq!(feed.take(&front_end), Some(("Caf\u{e9}. And".into(), 0)));
        assert!(feed.is_over());
    }
}
