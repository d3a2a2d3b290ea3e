//! How to speak
//!
//! What may be chosen for each utterance, and how its sound is handed over.

use std::ffi::{c_char, c_void};
use std::ptr;

use super::boundary::{Failure, Result, boundary};
use super::mark::tts_mark_callback;
use super::memory::{self, Versioned};
use super::status::{TTS_ERROR_ARGUMENT, tts_status};
use crate::room;
use crate::synth::queue::{Feed, UtteranceOptions};
use crate::synth::{OutputOptions, SpeakOptions, Synthesizer};
use crate::text::{FrontEnd, UserLexicon};

/// How a sample is stored: one of the constants TTS_FORMAT_*.
pub type tts_format = i32;
/// 32-bit float; full scale is -1 to 1. Louder is possible; what is infinite or not a number is not.
pub const TTS_FORMAT_F32: tts_format = 0;
/// 16-bit signed integer, clipped at full scale.
pub const TTS_FORMAT_S16: tts_format = 1;

/// What a text is written in: one of the constants TTS_TEXT_*.
pub type tts_text_format = i32;
/// Text as people write it: numbers, dates, money, abbreviations. In braces are phonemes of ARPAbet, such as
/// "{HH AH0 L OW1}", for a voice that has phonemes.
pub const TTS_TEXT_PLAIN: tts_text_format = 0;
/// An SSML document: one element `speak`, in which are known: `p` and `s`; `break` (time, strength);
/// `prosody` (rate, pitch, volume); `sub` (alias); `phoneme` (alphabet "x-arpabet", ph); `say-as`
/// (interpret-as: characters, spell-out, cardinal, ordinal, digits, telephone, date with a format such as
/// "dmy"); and `mark` (name). Values are those of SSML 1.1: a time is "300ms" or "1.5s", a rate "slow" or "120%" or
/// "+20%" or "1.2", a pitch "high" or "+10%" or "-2st", a volume "loud" or "+6dB" or "80". Words, and a volume without
/// a unit, which is of 100, say how it is from here on; other values change the prosody around them. The outcome stays
/// within what `speed` and `pitch` may be, and follows the words inside a sentence. The text of other elements is
/// spoken; of them, and of values that cannot be understood, the log has a warning. What is not well-formed is
/// TTS_ERROR_SSML, and the message names the byte. A document has 4 MiB at most.
pub const TTS_TEXT_SSML: tts_text_format = 1;

/// Flag of an utterance: the dropout of Tacotron 2's prenet is off. Speech is then the same for every
/// seed up to the vocoder, but often loses its place; it is meant for tests.
pub const TTS_UTTERANCE_NO_DROPOUT: u32 = 1;

/// A piece of sound on its way to a callback.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tts_chunk {
    /// Size of this struct as the library knows it.
    pub struct_size: u32,
    /// Samples per second.
    pub sample_rate: u32,
    /// Place of the first sample in the utterance.
    pub position: u64,
    /// Number of samples; 0 in the last call, when everything was spoken or something failed.
    pub count: u64,
    /// The samples if the format is TTS_FORMAT_F32, else NULL.
    pub f32: *const f32,
    /// The samples if the format is TTS_FORMAT_S16, else NULL.
    pub s16: *const i16,
}

/// Takes sound. Called on the engine's worker thread, one chunk after the other; while it runs, no
/// utterance of the engine goes on. The chunk and its samples live as long as the call. Return 0 to go
/// on, anything else to cancel the utterance. It may call every function that does not say otherwise, but
/// must not throw.
pub type tts_audio_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, chunk: *const tts_chunk) -> i32>;

/// How a text is spoken. Initialise it with tts_utterance_config_init, then change what you like.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tts_utterance_config {
    /// Size of this struct as the program knows it.
    pub struct_size: u32,
    /// How samples are stored in tts_audio and tts_chunk. Default TTS_FORMAT_F32.
    pub format: tts_format,
    /// The same seed gives the same sound. Default 0.
    pub seed: u64,
    /// Standard deviation of the vocoder's noise, 0 to 10; -1, the default, is the voice's own.
    pub sigma: f32,
    /// Strength of the denoiser, 0 (off) to 100; -1, the default, is the voice's own; 0.01 to 0.1 is usual. A voice whose
    /// vocoder has no finite hum to be taken away gives TTS_ERROR_ARGUMENT for all but 0.
    pub denoise: f32,
    /// Probability above which a sentence is over, between 0 and 1; -1, the default, is the voice's own.
    pub gate_threshold: f32,
    /// Tempo, 0.25 to 4, at the same pitch. Default 1.
    pub speed: f32,
    /// Pitch, 0.5 to 2, at the same tempo; speed / pitch must be from 0.25 to 4. Default 1.
    pub pitch: f32,
    /// Factor of loudness, 0 to 100. Default 1.
    pub gain: f32,
    /// Silence between two sentences in seconds, 0 to 5. Default 0.2.
    pub sentence_pause: f32,
    /// Samples per second of the output, 4000 to 384000; 0, the default, is the voice's own rate.
    pub sample_rate: u32,
    /// Decoder steps after which a sentence is cut off, 1 to 1000000; 0, the default, is the voice's own limit.
    pub max_steps: u32,
    /// TTS_UTTERANCE_* flags. Default 0.
    pub flags: u32,
    /// Of several utterances of an engine, those of the highest priority are served first, and those of
    /// the same in turn. Default 0; below 0 is for what is spoken in advance.
    pub priority: i32,
    /// How far an utterance may run ahead of tts_utterance_read, in milliseconds of sound, 10 to 60000.
    /// Default 2000. Memory is set aside for that much.
    pub buffer_ms: u32,
    /// Words and how to say them, one a line: "tacoglow T AA1 K OW0 G L OW2" (ARPAbet) or "SQL = sequel".
    /// Ends in NUL; read during the call alone. NULL, the default, is none.
    pub lexicon: *const c_char,
    /// Takes the sound of an utterance. NULL, the default, leaves it to tts_utterance_read.
    pub on_audio: tts_audio_callback,
    /// Takes the marks of an utterance. NULL, the default, leaves them to tts_utterance_next_mark.
    pub on_mark: tts_mark_callback,
    /// Given to the callbacks.
    pub user_data: *mut c_void,
    /// What the text is written in. Default TTS_TEXT_PLAIN. An utterance that is fed takes no SSML.
    pub text_format: tts_text_format,
    /// How far the decoder runs ahead of the sound, in milliseconds of speech, 0 to 10000. A sentence that
    /// loses its place within that time from its start is made again, up to three times, with another seed,
    /// before any of it is heard. Default 2000. 0 gives the first sound a little earlier.
    pub retry_window_ms: u32,
    /// Mel frames (about 12 ms each) after the first sound of the utterance that the vocoder waits for, 0 to 96.
    /// -1, the default, is all that it uses: 96 for the published kind, 48 for the squeezed. With fewer, the
    /// first 0.2 s are made as if the utterance ended there, heard sooner and not quite exact; what follows is
    /// the same. It pays for voices with a vocoder of the published kind. BENCHMARKS.md has the figures.
    pub look_ahead: i32,
    /// Must be 0.
    pub reserved: u32,
}

// SAFETY: repr(C), struct_size first; two times 4 bytes, 8, twelve times 4, four pointers and four times 4
// follow each other without padding, whether a pointer has 4 or 8 bytes; all bits are values.
unsafe impl Versioned for tts_utterance_config {
    const NAME: &'static str = "utterance config";
    const FIRST_SIZE: usize = 64 + 4 * size_of::<*const c_char>();

    fn defaults() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            format: TTS_FORMAT_F32,
            seed: 0,
            sigma: -1.0,
            denoise: -1.0,
            gate_threshold: -1.0,
            speed: 1.0,
            pitch: 1.0,
            gain: 1.0,
            sentence_pause: 0.2,
            sample_rate: 0,
            max_steps: 0,
            flags: 0,
            priority: 0,
            buffer_ms: 2000,
            lexicon: ptr::null(),
            on_audio: None,
            on_mark: None,
            user_data: ptr::null_mut(),
            text_format: TTS_TEXT_PLAIN,
            retry_window_ms: 2000,
            look_ahead: -1,
            reserved: 0,
        }
    }
}

/// What the caller wants to be told, and with what.
#[derive(Clone, Copy)]
pub(super) struct Callbacks {
    pub(super) on_audio: tts_audio_callback,
    pub(super) on_mark: tts_mark_callback,
    pub(super) user_data: *mut c_void,
}

// SAFETY: the pointer is not followed here, only given back to the caller's functions, which by the
// contract of the header are ready to be called on the worker thread.
unsafe impl Send for Callbacks {}

/// A config that was looked through.
pub(super) struct Settings {
    pub(super) options: UtteranceOptions,
    pub(super) callbacks: Callbacks,
    pub(super) s16: bool,
    pub(super) ssml: bool,
    pub(super) buffer_ms: u32,
    lexicon: Option<UserLexicon>,
}

impl Settings {
    pub(super) fn read(config: *const tts_utterance_config) -> Result<Self> {
        let c = memory::read(config)?;
        memory::reserved(c.reserved)?;
        let s16 = match c.format {
            TTS_FORMAT_F32 => false,
            TTS_FORMAT_S16 => true,
            other => return Err(argument(format!("{other} is not a format of samples"))),
        };
        if c.flags & !TTS_UTTERANCE_NO_DROPOUT != 0 {
            let flags = c.flags;
            return Err(argument(format!(
                "{flags:#x} has flags that this version does not know"
            )));
        }
        let ssml = match c.text_format {
            TTS_TEXT_PLAIN => false,
            TTS_TEXT_SSML => true,
            other => return Err(argument(format!("{other} is not a format of texts"))),
        };
        in_range("retry_window_ms", c.retry_window_ms as f32, 0.0, 10_000.0)?;
        in_range("look_ahead", c.look_ahead as f32, -1.0, 96.0)?;
        in_range("pitch", c.pitch, 0.5, 2.0)?;
        in_range("speed", c.speed, 0.25, 4.0)?;
        in_range("speed / pitch", c.speed / c.pitch, 0.25, 4.0)?;
        in_range("max_steps", c.max_steps as f32, 0.0, 1e6)?;
        in_range("sentence_pause", c.sentence_pause, 0.0, 5.0)?;
        in_range("buffer_ms", c.buffer_ms as f32, 10.0, 60_000.0)?;
        // -1 leaves the value to the voice; anything else, NaN included, is looked at with the others.
        let own = |value: f32| (value != -1.0).then_some(value);
        let speak = SpeakOptions {
            seed: c.seed,
            sigma: own(c.sigma),
            denoise: own(c.denoise),
            gate_threshold: own(c.gate_threshold),
            max_decoder_steps: (c.max_steps != 0).then_some(c.max_steps as usize),
            prenet_dropout: c.flags & TTS_UTTERANCE_NO_DROPOUT == 0,
            // Pitch is a change of rate, which tempo and pauses make up for.
            speed: c.speed / c.pitch,
            sentence_pause: c.sentence_pause * c.pitch,
            retry_window: c.retry_window_ms as f32 / 1000.0,
            look_ahead: usize::try_from(c.look_ahead).ok(),
            keep_tensors: false,
        };
        let output = OutputOptions {
            sample_rate: (c.sample_rate != 0).then_some(c.sample_rate),
            gain: c.gain,
            pitch: c.pitch,
        };
        let lexicon = if c.lexicon.is_null() {
            None
        } else {
            Some(memory::text(c.lexicon, "lexicon")?.parse()?)
        };
        let callbacks = Callbacks {
            on_audio: c.on_audio,
            on_mark: c.on_mark,
            user_data: c.user_data,
        };
        Ok(Self {
            options: UtteranceOptions {
                speak,
                output,
                priority: c.priority,
            },
            callbacks,
            s16,
            ssml,
            buffer_ms: c.buffer_ms,
            lexicon,
        })
    }

    /// The voice behind the front end that the caller wants.
    pub(super) fn front_end(&self, synthesizer: Synthesizer) -> Result<Synthesizer> {
        let Some(lexicon) = &self.lexicon else {
            return Ok(synthesizer);
        };
        let front_end =
            FrontEnd::new(&synthesizer.config().frontend)?.with_lexicon(lexicon.clone());
        Ok(synthesizer.with_front_end(front_end))
    }

    /// A whole text, as it is written.
    pub(super) fn feed(&self, text: &str) -> Feed {
        let mut copy = String::new();
        room::push_str(&mut copy, text);
        if self.ssml {
            Feed::ssml(copy)
        } else {
            Feed::whole(copy)
        }
    }

    /// Samples per second of the output.
    pub(super) fn sample_rate(&self, synthesizer: &Synthesizer) -> u32 {
        self.options
            .output
            .sample_rate
            .unwrap_or(synthesizer.config().audio.sampling_rate)
    }
}

fn argument(message: String) -> Failure {
    Failure::new(TTS_ERROR_ARGUMENT, message)
}

fn in_range(name: &str, value: f32, low: f32, high: f32) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(argument(format!(
        "option {name}: {value} is not a number from {low} to {high}"
    )))
}

/// Fills a config with the defaults. `size` is sizeof(tts_utterance_config).
///
/// Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_utterance_config_init(
    config: *mut tts_utterance_config,
    size: usize,
) -> tts_status {
    boundary(|| memory::init(config, size))
}
