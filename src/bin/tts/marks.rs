//! `--marks`: when sentences, words and phonemes are spoken, as JSON.

use std::path::Path;

use serde::Serialize;

use tts::audio::output;
use tts::synth::{MarkKind, SentenceReport};

use crate::fail::{Fail, Result};
use crate::sink::Sink;

#[derive(Serialize)]
pub(crate) struct Marks {
    /// Samples per second of the file.
    sample_rate: u32,
    #[serde(rename = "marks")]
    list: Vec<Mark>,
    #[serde(skip)]
    voice_rate: u32,
}

#[derive(Serialize)]
struct Mark {
    /// `sentence`, `word`, `phoneme` or `end` (of a sentence).
    kind: &'static str,
    /// Seconds from the start of the file.
    time: f64,
    sample: u64,
    /// The piece of the text, in bytes, and what stands there; a phoneme's name.
    start: usize,
    end: usize,
    value: String,
}

impl Marks {
    /// No marks yet of a sound that is made at `voice_rate` Hz.
    pub(crate) fn new(sink: &Sink, voice_rate: u32) -> Self {
        Self {
            sample_rate: sink.sample_rate(),
            list: Vec::new(),
            voice_rate,
        }
    }

    /// Adds the marks of a sentence of `text`.
    pub(crate) fn add(&mut self, report: &SentenceReport, text: &str) {
        for mark in &report.marks {
            let time = mark.sample as f64 / f64::from(self.voice_rate);
            let (kind, value) = match mark.kind {
                MarkKind::Sentence => ("sentence", text.get(mark.source.clone())),
                MarkKind::Word => ("word", text.get(mark.source.clone())),
                MarkKind::Phoneme => ("phoneme", Some(mark.name.as_str())),
                MarkKind::End => ("end", None),
            };
            self.list.push(Mark {
                kind,
                time,
                sample: (time * f64::from(self.sample_rate)).round() as u64,
                start: mark.source.start,
                end: mark.source.end,
                value: value.unwrap_or_default().to_owned(),
            });
        }
    }

    pub(crate) fn write(&self, path: &Path) -> Result {
        let mut json = serde_json::to_vec_pretty(self).map_err(|e| Fail::failed(e.to_string()))?;
        json.push(b'\n');
        Ok(output::write_file(path, &json)?)
    }
}
