//! Utterances
//!
//! How a text is spoken.

use std::ffi::c_char;
use std::ptr;

use super::boundary::{Failure, Result, boundary};
use super::memory::{self, Versioned};
use super::status::{TTS_ERROR_ARGUMENT, tts_status};
use crate::synth::{OutputOptions, SpeakOptions};
use crate::text::UserLexicon;

/// How a sample is stored: one of the constants TTS_FORMAT_*.
pub type tts_format = i32;
/// 32-bit float; full scale is -1 to 1, and louder is possible.
pub const TTS_FORMAT_F32: tts_format = 0;
/// 16-bit signed integer, clipped at full scale.
pub const TTS_FORMAT_S16: tts_format = 1;

/// Flag of an utterance: the dropout of Tacotron 2's prenet is off. Speech is then the same for every
/// seed up to the vocoder, but often loses its place; it is meant for tests.
pub const TTS_UTTERANCE_NO_DROPOUT: u32 = 1;

/// How a text is spoken. Initialise it with tts_utterance_config_init, then change what you like.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tts_utterance_config {
    /// Size of this struct as the program knows it.
    pub struct_size: u32,
    /// How samples are stored. Default TTS_FORMAT_F32.
    pub format: tts_format,
    /// The same seed gives the same audio. Default 0.
    pub seed: u64,
    /// Standard deviation of the vocoder's noise, 0 to 10; -1, the default, is the voice's own.
    pub sigma: f32,
    /// Strength of the denoiser, 0 (off) to 100; -1, the default, is the voice's own.
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
    /// Decoder steps after which a sentence is cut off; 0, the default, is the voice's own limit.
    pub max_steps: u32,
    /// TTS_UTTERANCE_* flags. Default 0.
    pub flags: u32,
    /// Words and how to say them, one a line: "tacoglow T AA1 K OW0 G L OW2" (ARPAbet) or "SQL = sequel".
    /// Ends in NUL; read during the call alone. NULL, the default, is none.
    pub lexicon: *const c_char,
}

// SAFETY: repr(C), struct_size first; two times 4 bytes, 8, ten times 4 and a pointer follow each
// other without padding where a pointer has 8 or 4 bytes; all bits are values.
unsafe impl Versioned for tts_utterance_config {
    const NAME: &'static str = "utterance config";
    const FIRST_SIZE: usize = 56 + size_of::<*const c_char>();

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
            lexicon: ptr::null(),
        }
    }
}

/// A config that was looked through.
pub(super) struct Settings {
    pub(super) speak: SpeakOptions,
    pub(super) output: OutputOptions,
    pub(super) s16: bool,
    pub(super) lexicon: Option<UserLexicon>,
}

impl Settings {
    pub(super) fn read(config: *const tts_utterance_config) -> Result<Self> {
        let c = memory::read(config)?;
        let argument = |message: String| Failure::new(TTS_ERROR_ARGUMENT, message);
        let s16 = match c.format {
            TTS_FORMAT_F32 => false,
            TTS_FORMAT_S16 => true,
            other => return Err(argument(format!("{other} is not a format of samples"))),
        };
        if c.flags & !TTS_UTTERANCE_NO_DROPOUT != 0 {
            return Err(argument(format!(
                "{:#x} has flags that this version does not know",
                c.flags
            )));
        }
        if !(0.5..=2.0).contains(&c.pitch) {
            return Err(argument(format!(
                "option pitch: {} is not a number from 0.5 to 2",
                c.pitch
            )));
        }
        if !(0.0..=5.0).contains(&c.sentence_pause) {
            let pause = c.sentence_pause;
            return Err(argument(format!(
                "option sentence_pause: {pause} is not a number of seconds from 0 to 5"
            )));
        }
        // -1 leaves the value to the voice; anything else, NaN included, is looked at with the others.
        #[allow(clippy::float_cmp)] // it is a mark, not a number to compute with
        let own = |value: f32| (value != -1.0).then_some(value);
        let speak = SpeakOptions {
            seed: c.seed,
            sigma: own(c.sigma),
            denoise: own(c.denoise),
            gate_threshold: own(c.gate_threshold),
            max_decoder_steps: (c.max_steps != 0).then_some(c.max_steps as usize),
            prenet_dropout: c.flags & TTS_UTTERANCE_NO_DROPOUT == 0,
            // Pitch is a change of rate, which the tempo makes up for.
            speed: c.speed / c.pitch,
            sentence_pause: c.sentence_pause * c.pitch,
            keep_tensors: false,
        };
        let sample_rate = (c.sample_rate != 0).then_some(c.sample_rate);
        let output = OutputOptions {
            sample_rate,
            gain: c.gain,
            pitch: c.pitch,
        };
        let lexicon = if c.lexicon.is_null() {
            None
        } else {
            Some(memory::text(c.lexicon, "lexicon")?.parse()?)
        };
        Ok(Self {
            speak,
            output,
            s16,
            lexicon,
        })
    }
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
