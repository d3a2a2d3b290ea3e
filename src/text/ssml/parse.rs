//! XML to blocks of plain text.

use std::ops::Range;

use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::block::{Block, Blocks};
use super::{Prosody, say_as, values};
use crate::text::{Error, FrontEnd, NamedMark};

/// Elements inside each other, at most.
const DEEPEST: usize = 64;
/// Attributes that are looked at.
const ATTRIBUTES: usize = 32;
/// Warnings that are kept.
const WARNINGS: usize = 16;

/// An element whose end is still to come.
struct Open {
    name: String,
    /// The prosody around it.
    around: Prosody,
    end: AtEnd,
}

/// What is to be done at the end of an element.
enum AtEnd {
    Nothing,
    /// The prosody around it comes back.
    Prosody,
    /// A sentence is over, or a paragraph, with this pause to the next.
    Border(Option<f32>),
    /// What is in it is not spoken.
    Hidden,
    /// This is spoken in place of what is in it, which begins at this byte of the document.
    Replace(String, usize),
    /// What is in it is to be read in this way: `interpret-as` and `format`. It begins in this block, at
    /// this byte of the plain text, and that of the document.
    SayAs {
        way: (String, String),
        block: usize,
        plain: usize,
        at: usize,
    },
}

pub(super) struct Parser<'a> {
    text: &'a str,
    front_end: &'a FrontEnd,
    blocks: Vec<Block>,
    block: Block,
    /// The pause before the block that its borders ask for.
    gap: Option<f32>,
    prosody: Prosody,
    open: Vec<Open>,
    /// How many of the open elements hide or replace what is in them, and read it in a way of their own.
    hidden: usize,
    saying: usize,
    warnings: Vec<String>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, front_end: &'a FrontEnd) -> Self {
        Self {
            text,
            front_end,
            blocks: Vec::new(),
            block: Block::default(),
            gap: None,
            prosody: Prosody::default(),
            open: Vec::new(),
            hidden: 0,
            saying: 0,
            warnings: Vec::new(),
        }
    }

    pub(super) fn parse(mut self) -> Result<Blocks, Error> {
        let mut reader = Reader::from_str(self.text);
        let mut spoken = false;
        loop {
            let from = reader.buffer_position() as usize;
            let event = reader.read_event().map_err(|error| Error::Ssml {
                at: reader.error_position() as usize,
                message: error.to_string(),
            })?;
            let place = from..reader.buffer_position() as usize;
            let outside = self.open.is_empty();
            match event {
                Event::Start(element) => {
                    if outside && (spoken || element.local_name().as_ref() != "speak") {
                        return Err(wrong(from, "the document must be one element `speak`"));
                    }
                    spoken = true;
                    self.start(&element, &place)?;
                }
                Event::Empty(element) if !outside => {
                    self.start(&element, &place)?;
                    self.end(place.end);
                }
                Event::Empty(_) => {
                    return Err(wrong(from, "the document must be one element `speak`"));
                }
                Event::End(_) => self.end(from),
                Event::Text(text) if outside => {
                    if !text.trim_start_matches('\u{feff}').trim().is_empty() {
                        return Err(wrong(from, "text outside the element `speak`"));
                    }
                }
                Event::Text(_) => self.say(&self.text[place.clone()], place.start),
                Event::CData(text) => {
                    let begin = place.start + "<![CDATA[".len();
                    self.say(&self.text[begin..begin + text.len()], begin);
                }
                Event::GeneralRef(name) => {
                    let character = match &*name {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        name if name.starts_with('#') => character(name)
                            .ok_or_else(|| wrong(from, format!("&{name}; is not a character")))?,
                        name => return Err(wrong(from, format!("&{name}; is not known"))),
                    };
                    if self.hidden == 0 {
                        self.block
                            .replace(character.encode_utf8(&mut [0; 4]), place);
                    }
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => break,
            }
        }
        if let Some(open) = self.open.last() {
            let message = format!("the element `{}` has no end", open.name);
            return Err(wrong(self.text.len(), message));
        }
        if !spoken {
            return Err(wrong(0, "there is no element `speak`"));
        }
        self.cut();
        // A pause after everything is a block without text.
        if self.block.pause.is_some() {
            self.blocks.push(std::mem::take(&mut self.block));
        }
        Ok(Blocks::new(self.blocks, self.text.len(), self.warnings))
    }

    fn say(&mut self, text: &str, at: usize) {
        if self.hidden == 0 {
            self.block.push(text, at);
        }
    }

    fn warn(&mut self, at: usize, message: impl std::fmt::Display) {
        if self.warnings.len() < WARNINGS {
            self.warnings.push(format!("SSML, byte {at}: {message}"));
        }
    }

    /// Ends the block.
    fn cut(&mut self) {
        if self.block.is_blank() {
            return;
        }
        let next = self.block.next(self.prosody);
        let mut block = std::mem::replace(&mut self.block, next);
        block.pause = block.pause.or(self.gap);
        self.gap = None;
        self.blocks.push(block);
    }

    /// What follows comes after a pause. Breaks in a row add up.
    fn pause(&mut self, seconds: f32) {
        self.cut();
        self.block.pause = Some(self.block.pause.unwrap_or(0.0) + seconds);
    }

    /// A border of sentences or paragraphs: it is a pause between two of them only, and a break there is
    /// the pause.
    fn border(&mut self, gap: Option<f32>) {
        self.cut();
        if !self.blocks.is_empty() {
            self.gap = gap.or(self.gap);
        }
    }

    fn start(&mut self, element: &BytesStart<'_>, place: &Range<usize>) -> Result<(), Error> {
        if self.open.len() == DEEPEST {
            let message = format!("more than {DEEPEST} elements inside each other");
            return Err(wrong(place.start, message));
        }
        let mut attributes: Vec<(String, String)> = Vec::new();
        for attribute in element.attributes().with_checks(false).take(ATTRIBUTES) {
            let attribute = attribute.map_err(|error| in_tag(place.start, &error))?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| wrong(place.start, error))?;
            attributes.push((
                attribute.key.local_name().as_ref().to_owned(),
                value.into_owned(),
            ));
        }
        let attribute = |name: &str| {
            let found = attributes.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str())
        };
        let around = self.prosody;
        let name = element.local_name().as_ref().to_owned();
        let hidden = self.hidden > 0;
        let end = match &*name {
            _ if hidden => AtEnd::Nothing,
            "p" | "s" => {
                let gap = (name == "p").then_some(values::STRONG);
                self.border(gap);
                self.block.sentence = name == "s";
                AtEnd::Border(gap)
            }
            "break" => {
                let pause = values::pause(attribute("time"), attribute("strength"));
                match pause {
                    Some(pause) if pause > 0.0 => self.pause(pause),
                    Some(_) => {}
                    None => self.warn(place.start, "a break that cannot be understood is ignored"),
                }
                AtEnd::Nothing
            }
            "prosody" => {
                let (prosody, wrong) = values::prosody(attribute, around);
                if let Some(name) = wrong {
                    let value = attribute(name).unwrap_or_default();
                    self.warn(
                        place.start,
                        format!("{name}=\"{value}\" cannot be understood and is ignored"),
                    );
                }
                self.set(prosody);
                AtEnd::Prosody
            }
            "sub" => match attribute("alias") {
                Some(alias) => AtEnd::Replace(alias.to_owned(), place.end),
                None => AtEnd::Nothing,
            },
            "phoneme" => {
                if let Some(phonemes) = self.phonemes(attribute("alphabet"), attribute("ph")) {
                    AtEnd::Replace(phonemes, place.end)
                } else {
                    let message =
                        "phonemes that this voice does not know are ignored; the text is spoken";
                    self.warn(place.start, message);
                    AtEnd::Nothing
                }
            }
            "say-as" if self.saying == 0 => AtEnd::SayAs {
                way: (
                    attribute("interpret-as").unwrap_or_default().to_owned(),
                    attribute("format").unwrap_or_default().to_owned(),
                ),
                block: self.blocks.len(),
                plain: self.block.text.len(),
                at: place.end,
            },
            "mark" => {
                let mark = NamedMark {
                    symbol: 0,
                    name: attribute("name").unwrap_or_default().to_owned(),
                    source: place.clone(),
                };
                self.block.marks.push((self.block.text.len(), mark));
                AtEnd::Nothing
            }
            "metadata" | "meta" | "desc" | "lexicon" => AtEnd::Hidden,
            "speak" | "say-as" => AtEnd::Nothing,
            _ => {
                self.warn(
                    place.start,
                    format!("the element `{name}` is not known; its text is spoken"),
                );
                AtEnd::Nothing
            }
        };
        self.hidden += usize::from(matches!(end, AtEnd::Hidden | AtEnd::Replace(..)));
        self.saying += usize::from(matches!(end, AtEnd::SayAs { .. }));
        self.open.push(Open { name, around, end });
        Ok(())
    }

    /// The innermost element ends before byte `at`.
    fn end(&mut self, at: usize) {
        let Some(open) = self.open.pop() else { return };
        match open.end {
            AtEnd::Nothing => {}
            AtEnd::Prosody => self.set(open.around),
            AtEnd::Border(gap) => {
                self.border(gap);
                self.block.sentence = false;
            }
            AtEnd::Hidden => self.hidden -= 1,
            AtEnd::Replace(text, from) => {
                self.hidden -= 1;
                self.block.replace(&text, from..at);
            }
            AtEnd::SayAs {
                way,
                block,
                plain,
                at: from,
            } => {
                self.saying -= 1;
                // A pause inside it has parted it, so that it is no single thing to be read.
                if block == self.blocks.len() && plain <= self.block.text.len() {
                    let content = &self.block.text[plain..];
                    if let Some(words) = say_as::say(content, &way.0, &way.1, self.front_end) {
                        self.block.take(plain);
                        self.block.replace(&words, from..at);
                    }
                }
            }
        }
    }

    fn set(&mut self, prosody: Prosody) {
        self.prosody = prosody;
        self.block.prosody.push((self.block.text.len(), prosody));
    }

    /// Phonemes as the front end takes them, if it takes all of these.
    fn phonemes(&self, alphabet: Option<&str>, names: Option<&str>) -> Option<String> {
        let alphabet = alphabet.unwrap_or_default();
        let names = names?.to_ascii_uppercase();
        let table = self.front_end.table();
        let known = |name: &str| table.phoneme(name).is_some();
        let good = matches!(alphabet, "x-arpabet" | "x-ARPAbet" | "arpabet")
            && names.split_whitespace().next().is_some()
            && names.split_whitespace().all(known);
        let names: Vec<_> = names.split_whitespace().collect();
        good.then(|| format!("{{{}}}", names.join(" ")))
    }
}

/// An error in a tag, whose place is counted from the name on.
fn in_tag(tag: usize, error: &AttrError) -> Error {
    let (AttrError::ExpectedEq(at)
    | AttrError::ExpectedValue(at)
    | AttrError::UnquotedValue(at)
    | AttrError::ExpectedQuote(at, _)
    | AttrError::Duplicated(at, _)) = *error;
    let text = error.to_string();
    let message = text.split_once(": ").map_or(&*text, |(_, message)| message);
    wrong(tag + 1 + at, message)
}

fn wrong(at: usize, message: impl ToString) -> Error {
    Error::Ssml {
        at,
        message: message.to_string(),
    }
}

/// `#65` or `#x41`.
fn character(name: &str) -> Option<char> {
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?).filter(|&c| c != '\0')
}
