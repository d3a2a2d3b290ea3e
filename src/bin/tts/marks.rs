//! `--marks`: when sentences, words and phonemes are spoken, as JSON.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use tts::disk::OutputFile;
use tts::synth::{MarkKind, SentenceReport};

use crate::fail::{Fail, Result, cannot_write};
use crate::sink::Sink;

/// Marks of all sentences, and the file that they will be written to: begun before any speech is
/// made, so that a place that cannot be written to is noticed at once.
#[derive(Serialize)]
pub(crate) struct Marks {
    #[serde(skip)]
    path: PathBuf,
    #[serde(skip)]
    file: OutputFile,
    /// Samples per second of the file.
    sample_rate: u32,
    #[serde(rename = "marks")]
    list: Vec<Mark>,
    #[serde(skip)]
    voice_rate: u32,
}

#[derive(Serialize)]
struct Mark {
    /// `sentence`, `word`, `phoneme`, `end` (of a sentence), or `mark` (of SSML).
    kind: &'static str,
    /// Seconds from the start of the file.
    time: f64,
    sample: u64,
    /// The piece of the text, in bytes, and what stands there; the name of a phoneme or a mark.
    start: usize,
    end: usize,
    value: String,
}

impl Marks {
    /// No marks yet of a sound that is made at `voice_rate` Hz and goes to `sink`.
    pub(crate) fn create(path: &Path, sink: &Sink, voice_rate: u32) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            file: OutputFile::create(path).map_err(|e| cannot_write(path, e))?,
            sample_rate: sink.sample_rate(),
            list: Vec::new(),
            voice_rate,
        })
    }

    /// Adds the marks of a sentence of `text`.
    pub(crate) fn add(&mut self, report: &SentenceReport, text: &str) {
        for mark in &report.marks {
            let time = mark.sample as f64 / f64::from(self.voice_rate);
            let (kind, value) = match mark.kind {
                MarkKind::Sentence => ("sentence", text.get(mark.source.clone())),
                MarkKind::Word => ("word", text.get(mark.source.clone())),
                MarkKind::Phoneme => ("phoneme", Some(mark.name.as_str())),
                MarkKind::Named => ("mark", Some(mark.name.as_str())),
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

    /// Writes the JSON to the disk.
    pub(crate) fn write(&mut self) -> Result {
        let mut json =
            serde_json::to_vec_pretty(&*self).map_err(|e| Fail::failed(e.to_string()))?;
        json.push(b'\n');
        let written = self.file.write_all(&json);
        written.map_err(|e| cannot_write(&self.path, e))
    }

    /// Gives what was written its name.
    pub(crate) fn finish(self) -> Result {
        let finished = self.file.finish();
        finished.map_err(|e| cannot_write(&self.path, e))
    }
}
