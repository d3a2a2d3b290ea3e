//! What commands read: the text to speak, and the voice to speak with.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use tts::text::UserLexicon;
use tts::voice::Voice;

use crate::args::TextInput;
use crate::fail::{Fail, Result};

/// The voice that is used when none is named.
const BUNDLED: &str = "heart";

impl TextInput {
    /// The whole text. A UTF-8 byte order mark is not part of it.
    pub(crate) fn read(&self) -> Result<String> {
        let path = match (&self.file, &self.text) {
            (Some(path), _) => path,
            (None, Some(text)) if text != "-" => return Ok(text.clone()),
            _ => Path::new("-"),
        };
        let (mut input, name) = open(path)?;
        let mut bytes = Vec::new();
        input
            .read_to_end(&mut bytes)
            .map_err(|e| Fail::failed(format!("cannot read {name}: {e}")))?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            let line = e.as_bytes()[..at].split(|&b| b == b'\n').count();
            Fail::failed(format!(
                "{name} is not UTF-8: byte {at}, in line {line}; \
                 convert it, for example with `iconv -f latin1 -t utf-8`"
            ))
        })?;
        Ok(text
            .strip_prefix('\u{feff}')
            .map_or_else(|| text.clone(), str::to_owned))
    }
}

/// Opens a file to read, or standard input for `-`; returns also what to call it.
pub(crate) fn open(path: &Path) -> Result<(Box<dyn Read>, String)> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(io::stdin()), "standard input".to_owned()));
    }
    let name = path.display().to_string();
    if path.is_dir() {
        return Err(Fail::failed(format!("{name} is a directory; give a file")));
    }
    let file = File::open(path)
        .map_err(|e| Fail::failed(format!("cannot read {name}: {e}; check the path")))?;
    Ok((Box::new(BufReader::new(file)), name))
}

/// Opens a voice by path or name, or the bundled one; returns also where it was.
pub(crate) fn open_voice(wanted: Option<&Path>) -> Result<(Voice, PathBuf)> {
    let path = find_voice(wanted)?;
    let voice = Voice::open(&path).map_err(|e| {
        let text = e.to_string();
        let name = path.display().to_string();
        // Errors of the content do not know the file they came from.
        Fail::Failed(if text.contains(&name) {
            text
        } else {
            format!("{name}: {text}")
        })
    })?;
    Ok((voice, path))
}

/// A path is taken as it is; a bare name is looked for in `voices` here, beside the program and
/// above it (where a build directory is), and in `../share/tacoglow/voices`.
fn find_voice(wanted: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = wanted
        && (path.exists() || path.extension().is_some() || path.components().count() > 1)
    {
        return Ok(path.to_owned());
    }
    let name = wanted.unwrap_or(Path::new(BUNDLED));
    let file = name.with_extension("safetensors");
    let program = std::env::current_exe()
        .and_then(fs::canonicalize)
        .unwrap_or_default();
    let places = std::iter::once(PathBuf::new())
        .chain(program.ancestors().skip(1).take(4).map(Path::to_owned))
        .flat_map(|base| [base.join("voices"), base.join("share/tacoglow/voices")]);
    let found = places
        .map(|place| place.join(&file))
        .find(|path| path.is_file());
    found.ok_or_else(|| {
        Fail::Failed(format!(
            "there is no voice {} in `voices` here or beside the program; \
             name a voice file with --voice FILE",
            name.display()
        ))
    })
}

/// Reads the user's pronunciations.
pub(crate) fn read_lexicon(path: &Path) -> Result<UserLexicon> {
    let name = path.display();
    let text = fs::read_to_string(path)
        .map_err(|e| Fail::failed(format!("cannot read the lexicon {name}: {e}")))?;
    text.parse()
        .map_err(|e: tts::text::Error| Fail::failed(format!("{name}: {e}")))
}
