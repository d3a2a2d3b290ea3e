//! The command line: every command, option and help text, and which values make sense.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use tts::audio::wav::SampleFormat;

/// Speaks text with Tacotron 2 and WaveGlow.
#[derive(Parser)]
#[command(
    name = "tts",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "\
Examples:
  tts say \"Hello world, this is my first sentence.\" -o hello.wav
  tts say --file book.txt -o book.wav
  echo \"Piped text.\" | tts say - -o - | aplay
  tts text \"Dr. Smith paid $3.50.\"

`tts COMMAND --help` shows the options of a command, with examples.
Exit codes: 0 success, 1 failure, 2 the command line was not understood."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Say(Say),
    Vocode(Vocode),
    Mel(Mel),
    Text(Text),
    Import(Import),
    Info(Info),
    Bench(Bench),
    Devices(Devices),
}

/// Speak text into a WAV file.
///
/// The text may be of any length: it is spoken sentence by sentence, in bounded memory, into one
/// file. The file appears when it is complete.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tts say \"Hello world.\" -o hello.wav
  tts say --file story.txt -o story.wav --seed 7 --sample-rate 48000
  tts say \"Say {T AH0 M EY1 T OW0}.\" -o tomato.wav
  tts say - -o - < story.txt | aplay
  tts say --ssml \"<speak>One<break time='1s'/>two.</speak>\" -o pause.wav
  tts say \"Hello.\" -o hello.wav --plot hello.png --marks hello.json --json")]
pub(crate) struct Say {
    #[command(flatten)]
    pub(crate) input: TextInput,
    #[command(flatten)]
    pub(crate) output: WavOutput,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(flatten)]
    pub(crate) vocoder: VocoderArgs,
    /// A sentence ends when its gate exceeds this probability, between 0 and 1 [default: the voice's]
    #[arg(long, value_name = "P", value_parser = gate, allow_negative_numbers = true, help_heading = SPEECH)]
    pub(crate) gate_threshold: Option<f32>,
    /// A sentence is cut off after this many decoder steps [default: the voice's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000), allow_negative_numbers = true, help_heading = SPEECH)]
    pub(crate) max_decoder_steps: Option<u32>,
    /// Turn off the dropout in the decoder's prenet: the same speech for every seed, but flatter
    #[arg(long, help_heading = SPEECH)]
    pub(crate) no_prenet_dropout: bool,
    /// Speed of speech from 0.25 to 4; the pitch stays
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed, allow_negative_numbers = true, help_heading = SPEECH)]
    pub(crate) speed: f32,
    /// Silence between sentences, 0 to 10 seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0.2, value_parser = seconds, allow_negative_numbers = true, help_heading = SPEECH)]
    pub(crate) pause: f32,
    /// How far the decoder runs ahead of the sound, 0 to 10 seconds of speech: a sentence that loses its place
    /// within that time from its start is made again, unheard
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds, allow_negative_numbers = true, help_heading = SPEECH)]
    pub(crate) retry_window: f32,
    /// Mel frames after the first sound that the vocoder waits for; fewer make that sound, its first 0.2 s,
    /// inexact [default: all that the vocoder uses]
    #[arg(long, value_name = "FRAMES", value_parser = clap::value_parser!(u32).range(0..=96), allow_negative_numbers = true, help_heading = SPEECH)]
    pub(crate) look_ahead: Option<u32>,
    /// Pronunciations that override the lexicon: lines of WORD  PHONEMES, as in CMUdict
    #[arg(long, value_name = "FILE", help_heading = SPEECH)]
    pub(crate) lexicon: Option<PathBuf>,
    /// The text is SSML: speak, p, s, break, prosody, sub, phoneme (x-arpabet), say-as, mark
    #[arg(long, help_heading = SPEECH)]
    pub(crate) ssml: bool,
    /// Write where each sentence and word begins and ends, as JSON
    #[arg(long, value_name = "OUT.json", help_heading = OUTPUT)]
    pub(crate) marks: Option<PathBuf>,
    /// Draw mel spectrogram and attention; further sentences become OUT-2.png, OUT-3.png, ...
    #[arg(long, value_name = "OUT.png", help_heading = OUTPUT)]
    pub(crate) plot: Option<PathBuf>,
    /// Write tensors of each sentence: `DIR/000/{tokens,encoder,mel,mel_postnet,gate,alignment,audio}.npy`
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub(crate) dump: Option<PathBuf>,
    /// Print what was made as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) json: bool,
}

/// Turn a mel spectrogram into sound.
///
/// Reads a NumPy file of log-mel frames [frames, 80], such as `tts mel` writes.
#[derive(Args)]
#[command(after_help = "\
Examples (copy-synthesis):
  tts mel recording.wav -o recording.npy
  tts vocode recording.npy -o copy.wav --sigma 0.6
  tts mel recording.wav -o - | tts vocode - -o copy.wav")]
pub(crate) struct Vocode {
    /// Mel spectrogram, [frames, bands], natural logarithm of magnitudes; `-` reads standard input
    #[arg(value_name = "MEL.npy")]
    pub(crate) mel: PathBuf,
    /// The mel is [bands, frames]
    #[arg(long)]
    pub(crate) bands_first: bool,
    #[command(flatten)]
    pub(crate) output: WavOutput,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(flatten)]
    pub(crate) vocoder: VocoderArgs,
    /// Print what was made as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) json: bool,
}

/// Analyse a recording into a mel spectrogram.
///
/// The published settings: 80 bands from 0 to 8000 Hz, a frame every 256 samples at 22,050 Hz,
/// natural logarithm. Other sample rates are converted, several channels averaged.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tts mel recording.wav -o recording.npy
  tts mel recording.wav -o recording.npy --plot recording.png")]
pub(crate) struct Mel {
    /// Recording; `-` reads standard input
    #[arg(value_name = "IN.wav")]
    pub(crate) wav: PathBuf,
    /// NumPy file to write, [frames, bands]; `-` writes to standard output
    #[arg(short, long, value_name = "MEL.npy")]
    pub(crate) output: PathBuf,
    /// Write [bands, frames] instead
    #[arg(long)]
    pub(crate) bands_first: bool,
    /// Use the analysis settings of this voice
    #[arg(long, value_name = "FILE")]
    pub(crate) voice: Option<PathBuf>,
    /// Draw the spectrogram
    #[arg(long, value_name = "OUT.png")]
    pub(crate) plot: Option<PathBuf>,
    /// Print what was made as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show what a text becomes: sentences, words as they are spoken, symbols and their ids.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tts text \"Dr. Smith paid $3.50 on 2 May 1999.\"
  tts text --file story.txt --json
  tts text \"$3.50\" --cleaner published --no-split --json")]
pub(crate) struct Text {
    #[command(flatten)]
    pub(crate) input: TextInput,
    /// Front end
    #[arg(long, value_enum, default_value_t = CleanerArg::English)]
    pub(crate) cleaner: CleanerArg,
    /// Take the whole text as one sentence
    #[arg(long)]
    pub(crate) no_split: bool,
    /// Use the symbols and the lexicon of this voice [default: the bundled voice's; with
    /// `--cleaner published` the published 148 symbols]
    #[arg(long, value_name = "FILE")]
    pub(crate) voice: Option<PathBuf>,
    /// Pronunciations that override the lexicon: lines of WORD  PHONEMES, as in CMUdict
    #[arg(long, value_name = "FILE")]
    pub(crate) lexicon: Option<PathBuf>,
    /// Print JSON: {"sentences": [{"text", "normalized", "symbols", "ids"}]}
    #[arg(long)]
    pub(crate) json: bool,
}

/// Make a voice file of published PyTorch checkpoints.
///
/// Nothing in the checkpoints is run. They may be zip or legacy files with state dicts, training
/// checkpoints or whole modules, of Tacotron 2 and WaveGlow as published or torchaudio's Tacotron 2.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tts import --tacotron2 tacotron2.pt --waveglow waveglow.pt -o voice.safetensors
  tts import --tacotron2 t.pt --waveglow w.pt -o voice.safetensors --f16 --name ljspeech")]
pub(crate) struct Import {
    /// Checkpoint of Tacotron 2
    #[arg(long, value_name = "T.pt")]
    pub(crate) tacotron2: PathBuf,
    /// Checkpoint of WaveGlow
    #[arg(long, value_name = "W.pt")]
    pub(crate) waveglow: PathBuf,
    /// Voice file to write
    #[arg(short, long, value_name = "VOICE.safetensors")]
    pub(crate) output: PathBuf,
    /// Store weights as 32-bit floats (the default)
    #[arg(long, conflicts_with = "f16")]
    pub(crate) f32: bool,
    /// Store weights as 16-bit floats: half the size
    #[arg(long)]
    pub(crate) f16: bool,
    /// Name of the voice [default: the output file's]
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: Option<String>,
    /// Language tag (BCP 47)
    #[arg(long, default_value = "en-US", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) language: String,
    /// Licence of the weights, kept in the file
    #[arg(long)]
    pub(crate) license: Option<String>,
    /// Print what was made as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Describe a voice file.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tts info voices/heart.safetensors
  tts info voice.safetensors --json")]
pub(crate) struct Info {
    /// Voice file
    pub(crate) voice: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Measure speed and memory.
///
/// Latency is from the start of Tacotron 2 to the end of WaveGlow. Every run makes the same number
/// of frames: the decoder goes on until then, whatever its gate says. It warms up first.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tts bench
  tts bench --random 256 --chars 128 --runs 5 --json
  tts bench --device gpu --profile")]
pub(crate) struct Bench {
    /// Voice file [default: the bundled voice]
    #[arg(long, value_name = "FILE", conflicts_with = "random")]
    pub(crate) voice: Option<PathBuf>,
    /// Full-size Tacotron 2 and WaveGlow of this many channels, random weights, made in memory
    #[arg(long, value_name = "CHANNELS", value_parser = ["256", "512"])]
    pub(crate) random: Option<String>,
    /// Length of the text in characters
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=10_000), allow_negative_numbers = true)]
    pub(crate) chars: u32,
    /// Frames to make [default: 602 for 128 characters, in proportion to the length]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000), allow_negative_numbers = true)]
    pub(crate) frames: Option<u32>,
    /// Texts at once
    #[arg(long, value_name = "B", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256), allow_negative_numbers = true)]
    pub(crate) batch: u32,
    /// Timed runs
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000), allow_negative_numbers = true)]
    pub(crate) runs: u32,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    /// Storage of the weights in memory [default: as in the voice file]
    #[arg(long, value_enum)]
    pub(crate) precision: Option<PrecisionArg>,
    /// Also tell what each kernel takes, by the GPU's own clock, in one more run that is not timed otherwise
    #[arg(long)]
    pub(crate) profile: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the devices that can speak.
#[derive(Args)]
pub(crate) struct Devices {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const OUTPUT: &str = "Output";
const SPEECH: &str = "Speech";

/// Text from the command line, a file or standard input.
#[derive(Args)]
pub(crate) struct TextInput {
    /// Text to speak; `-` reads standard input
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub(crate) text: Option<String>,
    /// Read the text from a file, UTF-8
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// Where sound goes.
#[derive(Args)]
pub(crate) struct WavOutput {
    /// WAV file to write; `-` writes to standard output
    #[arg(short, long, value_name = "OUT.wav", help_heading = OUTPUT)]
    pub(crate) output: PathBuf,
    /// Samples: s16 (16-bit integers) or f32 (floats)
    #[arg(long, value_enum, default_value_t = FormatArg::S16, help_heading = OUTPUT)]
    pub(crate) format: FormatArg,
    /// Samples per second, 8000 to 192000 [default: the voice's, usually 22050]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8000..=192_000), allow_negative_numbers = true, help_heading = OUTPUT)]
    pub(crate) sample_rate: Option<u32>,
}

#[derive(Args)]
pub(crate) struct DeviceArgs {
    /// Device to run on; `tts devices` lists them
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = ["auto", "cpu", "gpu"])]
    pub(crate) device: String,
    /// CPU threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024), allow_negative_numbers = true)]
    pub(crate) threads: Option<u32>,
    /// Most memory that the voice may take on its device, in MB [default: no limit]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000), allow_negative_numbers = true)]
    pub(crate) memory_limit: Option<u64>,
    /// On a GPU, the longest time that a submission should take; 0 does not cut
    #[arg(long, value_name = "MS", default_value_t = 2.0, value_parser = submission_ms, allow_negative_numbers = true)]
    pub(crate) submission_ms: f32,
}

#[derive(Args)]
pub(crate) struct EngineArgs {
    /// Voice file, or the name of one in a `voices` directory [default: the bundled voice]
    #[arg(long, value_name = "FILE")]
    pub(crate) voice: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    /// Storage of the weights in memory [default: as in the voice file]
    #[arg(long, value_enum)]
    pub(crate) precision: Option<PrecisionArg>,
}

/// What WaveGlow does with a mel.
#[derive(Args)]
pub(crate) struct VocoderArgs {
    /// Seed of all randomness: the same seed gives the same sound
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = seed, allow_negative_numbers = true, help_heading = SPEECH)]
    pub(crate) seed: u64,
    /// Standard deviation of WaveGlow's noise, 0 to 10 [default: the voice's]
    #[arg(long, value_name = "X", value_parser = sigma, allow_negative_numbers = true, help_heading = SPEECH)]
    pub(crate) sigma: Option<f32>,
    /// Strength of the denoiser, 0 (off) to 100; 0.01 to 0.1 is usual [default: the voice's]
    #[arg(long, value_name = "X", value_parser = denoise, allow_negative_numbers = true, help_heading = SPEECH)]
    pub(crate) denoise: Option<f32>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CleanerArg {
    /// Numbers, dates, abbreviations and more, as people read them.
    English,
    /// Byte for byte what the published English cleaners give.
    Published,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    /// 16-bit integers.
    S16,
    /// 32-bit floats.
    F32,
}

impl From<FormatArg> for SampleFormat {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::S16 => Self::S16,
            FormatArg::F32 => Self::F32,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PrecisionArg {
    /// 32-bit floats.
    F32,
    /// 16-bit floats, half the memory.
    F16,
}

/// A number within bounds; what is no number is never within them.
fn number(text: &str, bounds: std::ops::RangeInclusive<f32>) -> Result<f32, String> {
    match text.parse() {
        Ok(value) if bounds.contains(&value) => Ok(value),
        _ => Err(format!(
            "give a number from {} to {}",
            bounds.start(),
            bounds.end()
        )),
    }
}

fn seed(text: &str) -> Result<u64, String> {
    let seed = text.parse();
    seed.map_err(|_| format!("give a whole number from 0 to {}", u64::MAX))
}

fn sigma(text: &str) -> Result<f32, String> {
    number(text, 0.0..=10.0)
}

fn denoise(text: &str) -> Result<f32, String> {
    number(text, 0.0..=100.0)
}

fn gate(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(value) if value > 0.0 && value < 1.0 => Ok(value),
        _ => Err("give a number between 0 and 1".to_owned()),
    }
}

fn submission_ms(text: &str) -> Result<f32, String> {
    number(text, 0.0..=1000.0)
}

fn speed(text: &str) -> Result<f32, String> {
    number(text, 0.25..=4.0)
}

fn seconds(text: &str) -> Result<f32, String> {
    number(text, 0.0..=10.0)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// No two options clash, and every default is one of its values.
    #[test]
    fn definitions_are_sound() {
        Cli::command().debug_assert();
    }

    /// What is not a number in its range is refused when the command line is read.
    #[test]
    fn numbers_are_bounded() {
        let say = |option: &str, value: &str| {
            Cli::try_parse_from(["tts", "say", "Hi.", "-o", "x.wav", option, value]).is_ok()
        };
        for good in [
            ("--sigma", "0"),
            ("--sigma", "0.666"),
            ("--speed", "2"),
            ("--gate-threshold", "0.9"),
        ] {
            assert!(say(good.0, good.1), "{good:?}");
        }
        for bad in [
            ("--sigma", "-1"),
            ("--sigma", "NaN"),
            ("--sigma", "inf"),
            ("--denoise", "-0.1"),
            ("--gate-threshold", "0"),
            ("--gate-threshold", "1"),
            ("--speed", "0"),
            ("--submission-ms", "-1"),
            ("--memory-limit", "0"),
            ("--sample-rate", "0"),
            ("--sample-rate", "7999"),
            ("--sample-rate", "1e4"),
            ("--max-decoder-steps", "0"),
            ("--threads", "0"),
            ("--seed", "-1"),
            ("--seed", "18446744073709551616"),
            ("--threads", "-1"),
        ] {
            assert!(!say(bad.0, bad.1), "{bad:?}");
        }
    }
}
