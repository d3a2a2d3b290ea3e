//! WAV files: a streaming writer, and a reader for analysis.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::{Error, Result};
use crate::disk::OutputFile;

/// How a sample is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SampleFormat {
    /// 16-bit integers; what exceeds full scale is clipped.
    #[default]
    S16,
    /// 32-bit floats, as they are.
    F32,
}

impl SampleFormat {
    /// Bytes of one sample.
    pub fn bytes(self) -> usize {
        match self {
            Self::S16 => 2,
            Self::F32 => 4,
        }
    }
}

/// What to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WavSpec {
    /// Samples per second.
    pub sample_rate: u32,
    /// How a sample is stored.
    pub format: SampleFormat,
}

/// The size fields of a file whose length is not known when its header is written, or above 4 GiB:
/// readers then go on to the end of the stream.
const UNKNOWN_SIZE: u32 = u32::MAX;

enum Target {
    File(OutputFile),
    Stream(Box<dyn Write + Send>),
}

/// Writes a mono WAV file as its samples arrive.
///
/// A file appears under its name only with [`finish`](Self::finish), whole; a writer dropped
/// before that leaves nothing behind.
pub struct WavWriter {
    target: Target,
    /// For messages.
    name: String,
    spec: WavSpec,
    samples: u64,
    bytes: Vec<u8>,
}

impl WavWriter {
    /// Starts the file `path`.
    ///
    /// # Errors
    /// [`Error::Write`] if it cannot be made there; [`Error::Argument`] for a sample rate of 0.
    pub fn create(path: &Path, spec: WavSpec) -> Result<Self> {
        let file = OutputFile::create(path).map_err(|e| Error::write(path, e))?;
        Self::start(Target::File(file), path.display().to_string(), spec)
    }

    /// Starts a WAV stream, for standard output or a pipe; `name` is for messages. Its header says
    /// that the length is unknown.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn stream(out: impl Write + Send + 'static, name: &str, spec: WavSpec) -> Result<Self> {
        Self::start(Target::Stream(Box::new(out)), name.to_owned(), spec)
    }

    fn start(target: Target, name: String, spec: WavSpec) -> Result<Self> {
        if spec.sample_rate == 0 {
            return Err(Error::Argument(
                "a sample rate of 0 Hz cannot be".to_owned(),
            ));
        }
        let mut writer = Self {
            target,
            name,
            spec,
            samples: 0,
            bytes: Vec::new(),
        };
        let header = header(spec, None);
        writer.put(|out| out.write_all(&header))?;
        Ok(writer)
    }

    /// Appends samples, full scale at ±1. What is not a number becomes silence in 16 bits.
    ///
    /// # Errors
    /// [`Error::Write`] if the disk is full or the pipe closed.
    pub fn write(&mut self, samples: &[f32]) -> Result<()> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        match self.spec.format {
            // `as` saturates, and takes NaN to 0.
            SampleFormat::S16 => bytes.extend(
                samples
                    .iter()
                    .flat_map(|s| ((s * 32768.0).round() as i16).to_le_bytes()),
            ),
            SampleFormat::F32 => bytes.extend(samples.iter().flat_map(|s| s.to_le_bytes())),
        }
        let written = self.put(|out| out.write_all(&bytes));
        self.bytes = bytes;
        written?;
        self.samples += samples.len() as u64;
        Ok(())
    }

    /// Samples written so far.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Completes the header and gives the file its name; returns the number of samples.
    ///
    /// # Errors
    /// [`Error::Write`]; then there is no file.
    pub fn finish(mut self) -> Result<u64> {
        let header = header(self.spec, Some(self.samples));
        if let Target::File(file) = &mut self.target
            && file.is_seekable()
        {
            self.put(|out| out.seek_to_start()?.write_all(&header))?;
        }
        let finished = match self.target {
            Target::File(file) => file.finish(),
            Target::Stream(mut out) => out.flush(),
        };
        finished.map_err(|source| Error::Write {
            name: self.name,
            source,
        })?;
        Ok(self.samples)
    }

    fn put(&mut self, write: impl FnOnce(&mut Target) -> io::Result<()>) -> Result<()> {
        write(&mut self.target).map_err(|source| Error::Write {
            name: self.name.clone(),
            source,
        })
    }
}

impl Target {
    fn seek_to_start(&mut self) -> io::Result<&mut Self> {
        if let Self::File(file) = self {
            file.seek(SeekFrom::Start(0))?;
        }
        Ok(self)
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stream(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stream(out) => out.flush(),
        }
    }
}

/// The bytes before the samples: 44 for 16 bits, 58 for floats, which need a `fact` chunk.
fn header(spec: WavSpec, samples: Option<u64>) -> Vec<u8> {
    let width = spec.format.bytes() as u32;
    let (tag, format_size, fact_size): (u16, u32, u32) = match spec.format {
        SampleFormat::S16 => (1, 16, 0),
        SampleFormat::F32 => (3, 18, 12),
    };
    let before_data = 4 + (8 + format_size) + fact_size + 8;
    let size = |extra: u32| {
        samples
            .and_then(|n| {
                n.checked_mul(u64::from(width))?
                    .checked_add(u64::from(extra))
            })
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(UNKNOWN_SIZE)
    };
    let mut h = Vec::with_capacity(58);
    h.extend(b"RIFF");
    h.extend(size(before_data).to_le_bytes());
    h.extend(b"WAVEfmt ");
    h.extend(format_size.to_le_bytes());
    h.extend(tag.to_le_bytes());
    h.extend(1_u16.to_le_bytes());
    h.extend(spec.sample_rate.to_le_bytes());
    h.extend(spec.sample_rate.wrapping_mul(width).to_le_bytes());
    h.extend((width as u16).to_le_bytes());
    h.extend((8 * width as u16).to_le_bytes());
    if fact_size > 0 {
        h.extend(0_u16.to_le_bytes());
        h.extend(b"fact");
        h.extend(4_u32.to_le_bytes());
        let count = samples.and_then(|n| u32::try_from(n).ok());
        h.extend(count.unwrap_or(UNKNOWN_SIZE).to_le_bytes());
    }
    h.extend(b"data");
    h.extend(size(0).to_le_bytes());
    h
}

/// A WAV file in memory, mixed to mono.
#[derive(Clone, Debug, PartialEq)]
pub struct Wav {
    /// Samples per second.
    pub sample_rate: u32,
    /// The mean of the channels, full scale at ±1.
    pub samples: Vec<f32>,
}

/// Reads the WAV file `path`: 8, 16, 24 or 32-bit integers, 32 or 64-bit floats, any number of
/// channels, which are averaged.
///
/// # Errors
/// [`Error::Read`] if it cannot be read, [`Error::Format`] if it is not a WAV file of such samples.
pub fn read_file(path: &Path) -> Result<Wav> {
    let file = File::open(path).map_err(|e| Error::read(path, e))?;
    read(BufReader::new(file), &path.display().to_string())
}

/// Reads a WAV stream to its end; as [`read_file`]. `name` is for messages. Memory is that of the
/// samples that are really there, whatever the header says.
///
/// # Errors
/// As [`read_file`].
pub fn read(mut input: impl Read, name: &str) -> Result<Wav> {
    let io_error = |source: io::Error| {
        if source.kind() == io::ErrorKind::UnexpectedEof {
            Error::format(name, "the WAV file is cut off before its samples")
        } else {
            Error::Read {
                name: name.to_owned(),
                source,
            }
        }
    };
    let mut riff = [0; 12];
    input.read_exact(&mut riff).map_err(io_error)?;
    if !matches!(&riff[..4], b"RIFF" | b"RF64") || &riff[8..] != b"WAVE" {
        return Err(Error::format(
            name,
            "this is not a WAV file; convert it, for example with `ffmpeg -i IN OUT.wav`",
        ));
    }
    let mut layout = None;
    loop {
        let mut chunk = [0; 8];
        input.read_exact(&mut chunk).map_err(io_error)?;
        let size = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        match &chunk[..4] {
            b"fmt " => {
                let mut fields = Vec::new();
                // Chunks are padded to an even size.
                let padded = u64::from(size) + u64::from(size & 1);
                if padded > 4096 {
                    return Err(Error::format(name, "its format chunk is absurdly long"));
                }
                (&mut input)
                    .take(padded)
                    .read_to_end(&mut fields)
                    .map_err(io_error)?;
                layout = Some(Layout::parse(&fields, name)?);
            }
            b"data" => {
                let layout = layout
                    .ok_or_else(|| Error::format(name, "its samples come before their format"))?;
                let size = if size == UNKNOWN_SIZE {
                    u64::MAX
                } else {
                    u64::from(size)
                };
                let samples = layout.read_samples(input.take(size)).map_err(io_error)?;
                return Ok(Wav {
                    sample_rate: layout.sample_rate,
                    samples,
                });
            }
            _ => {
                let padded = u64::from(size) + u64::from(size & 1);
                let skipped =
                    io::copy(&mut (&mut input).take(padded), &mut io::sink()).map_err(io_error)?;
                if skipped < padded {
                    return Err(io_error(io::ErrorKind::UnexpectedEof.into()));
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Layout {
    sample_rate: u32,
    channels: usize,
    /// Bytes of one sample.
    width: usize,
    float: bool,
}

impl Layout {
    fn parse(fields: &[u8], name: &str) -> Result<Self> {
        let u16_at = |i: usize| {
            fields
                .get(i..i + 2)
                .map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
        };
        let sample_rate = u32::from(u16_at(4)) | u32::from(u16_at(6)) << 16;
        let (channels, bits) = (usize::from(u16_at(2)), u16_at(14));
        // "Extensible" (0xFFFE) keeps the real tag at the front of its GUID.
        let tag = match u16_at(0) {
            0xFFFE => u16_at(24),
            tag => tag,
        };
        let float = match (tag, bits) {
            (1, 8 | 16 | 24 | 32) => false,
            (3, 32 | 64) => true,
            _ => {
                return Err(Error::format(
                    name,
                    format!(
                        "its samples are of WAV format {tag} with {bits} bits; \
                         integers of 8 to 32 bits and floats are read"
                    ),
                ));
            }
        };
        if channels == 0 || sample_rate == 0 {
            return Err(Error::format(
                name,
                format!("it claims {channels} channels at {sample_rate} Hz"),
            ));
        }
        Ok(Self {
            sample_rate,
            channels,
            width: usize::from(bits / 8),
            float,
        })
    }

    /// Reads to the end; an incomplete last sample is left out, as every player does.
    fn read_samples(&self, mut data: impl Read) -> io::Result<Vec<f32>> {
        let block = self.width * self.channels;
        // Whole blocks at a time, however many channels the header claims.
        let mut buffer = vec![0; block * 65_536_usize.div_ceil(block)];
        let mut samples = Vec::new();
        loop {
            let filled = fill(&mut data, &mut buffer)?;
            for block in buffer[..filled].chunks_exact(block) {
                let sum: f64 = block.chunks_exact(self.width).map(|b| self.decode(b)).sum();
                samples.push((sum / self.channels as f64) as f32);
            }
            if filled < buffer.len() {
                return Ok(samples);
            }
        }
    }

    fn decode(&self, b: &[u8]) -> f64 {
        match (self.float, b) {
            (true, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
            (true, _) => b.try_into().map_or(0.0, f64::from_le_bytes),
            // Eight bits are the one format without a sign.
            (false, &[a]) => (f64::from(a) - 128.0) / 128.0,
            // At the top of 32 bits, the sign comes by itself.
            (false, _) => {
                let mut top = [0; 4];
                top[4 - b.len()..].copy_from_slice(b);
                f64::from(i32::from_le_bytes(top)) / 2_147_483_648.0
            }
        }
    }
}

/// Fills as much of `buffer` as there is to read.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}
