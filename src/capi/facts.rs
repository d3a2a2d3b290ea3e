//! Facts about a voice

use std::ffi::{CString, c_char};

use super::boundary::{Failure, Result, boundary};
use super::handle::Object as _;
use super::memory::{self, Versioned};
use super::status::{TTS_ERROR_ARGUMENT, tts_status};
use super::voice::{VoiceObject, tts_voice};
use crate::backend::Precision;
use crate::synth::Synthesizer;
use crate::voice::Voice;
use crate::voice::config::LexiconUse;

/// What there is to know about a voice, in numbers. Set struct_size to sizeof(tts_voice_info) before the call
/// that fills it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tts_voice_info {
    /// Size of this struct as the program knows it.
    pub struct_size: u32,
    /// Samples per second that the voice speaks with, before any change of rate.
    pub sample_rate: u32,
    /// Samples in a mel frame.
    pub hop_length: u32,
    /// Bands of a mel frame.
    pub mel_channels: u32,
    /// Symbols that it knows: see tts_voice_symbol.
    pub symbols: u32,
    /// Whether it speaks known words by their phonemes, and gives marks for them: 1 or 0.
    pub phonemes: i32,
    /// Decoder steps after which a sentence is cut off.
    pub max_steps: u32,
    /// Bits of a stored weight: 32 or 16.
    pub weight_bits: u32,
    /// Seconds of speech after which a sentence is cut off.
    pub max_seconds: f32,
    /// Standard deviation of the vocoder's noise unless you say otherwise.
    pub sigma: f32,
    /// Strength of the denoiser unless you say otherwise.
    pub denoise: f32,
    /// Probability above which a sentence is over, unless you say otherwise.
    pub gate_threshold: f32,
}

// SAFETY: repr(C), struct_size first, twelve members of four bytes, no padding, all bits are values.
unsafe impl Versioned for tts_voice_info {
    const NAME: &'static str = "voice info";
    const FIRST_SIZE: usize = 48;

    fn defaults() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            sample_rate: 0,
            hop_length: 0,
            mel_channels: 0,
            symbols: 0,
            phonemes: 0,
            max_steps: 0,
            weight_bits: 0,
            max_seconds: 0.0,
            sigma: 0.0,
            denoise: 0.0,
            gate_threshold: 0.0,
        }
    }
}

/// A text that a voice has about itself: one of the constants TTS_VOICE_*.
pub type tts_voice_text_kind = i32;
/// Its short name.
pub const TTS_VOICE_NAME: tts_voice_text_kind = 1;
/// Its language, as a BCP 47 tag such as "en-US".
pub const TTS_VOICE_LANGUAGE: tts_voice_text_kind = 2;
/// The licence of its weights.
pub const TTS_VOICE_LICENSE: tts_voice_text_kind = 3;
/// Where it comes from.
pub const TTS_VOICE_PROVENANCE: tts_voice_text_kind = 4;

/// What a voice is asked for.
pub(super) struct Facts {
    info: tts_voice_info,
    /// Name, language, licence, provenance.
    texts: [CString; 4],
    symbols: Vec<CString>,
}

impl Facts {
    pub(super) fn new(voice: &Voice, synthesizer: &Synthesizer) -> Self {
        let c = voice.config();
        let about = voice.info();
        let table = synthesizer.front_end().table();
        let info = tts_voice_info {
            sample_rate: c.audio.sampling_rate,
            hop_length: c.audio.hop_length as u32,
            mel_channels: c.audio.n_mel_channels as u32,
            symbols: c.tacotron2.n_symbols as u32,
            phonemes: i32::from(c.frontend.lexicon != LexiconUse::None && table.has_phonemes()),
            max_steps: c.tacotron2.max_decoder_steps as u32,
            weight_bits: if synthesizer.precision() == Precision::F32 {
                32
            } else {
                16
            },
            max_seconds: about.tacotron2.max_seconds,
            sigma: c.waveglow.sigma,
            denoise: c.waveglow.denoiser_strength,
            gate_threshold: c.tacotron2.gate_threshold,
            ..tts_voice_info::defaults()
        };
        let texts = [
            about.name,
            about.language,
            about.license.unwrap_or_default(),
            about.provenance.unwrap_or_default(),
        ];
        let symbols = (0..table.len()).filter_map(|id| table.name(id as u32));
        Self {
            info,
            texts: texts.map(|text| memory::c_text(&text)),
            symbols: symbols.map(memory::c_text).collect(),
        }
    }

    /// Whether it is denoised unless the caller says otherwise.
    pub(super) fn is_denoised(&self) -> bool {
        self.info.denoise > 0.0
    }

    pub(super) fn name(&self) -> String {
        self.texts[0].to_string_lossy().into_owned()
    }
}

/// Tells what there is to know about a voice, in numbers.
///
/// Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_STRUCT_SIZE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_describe(
    voice: *const tts_voice,
    out_info: *mut tts_voice_info,
) -> tts_status {
    boundary(|| {
        memory::check_out(out_info)?;
        memory::write(out_info, VoiceObject::registry().get(voice)?.facts.info)
    })
}

/// Gives a text that a voice has about itself; empty if the voice file does not say.
///
/// Ownership: the voice's; it lives until the voice is destroyed. Threads: any. Errors: TTS_ERROR_NULL,
/// TTS_ERROR_HANDLE, TTS_ERROR_ARGUMENT. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_text(
    voice: *const tts_voice,
    kind: tts_voice_text_kind,
    out_text: *mut *const c_char,
) -> tts_status {
    boundary(|| {
        let voice = VoiceObject::registry().get(voice)?;
        let place = usize::try_from(i64::from(kind) - i64::from(TTS_VOICE_NAME)).ok();
        give(
            place.and_then(|place| voice.facts.texts.get(place)),
            out_text,
        )
    })
}

/// Gives the symbol with this index, from 0 on: a letter, a mark, or a phoneme with `@` before it.
///
/// Ownership, threads and errors: as tts_voice_text. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_symbol(
    voice: *const tts_voice,
    index: usize,
    out_symbol: *mut *const c_char,
) -> tts_status {
    boundary(|| {
        let voice = VoiceObject::registry().get(voice)?;
        give(voice.facts.symbols.get(index), out_symbol)
    })
}

fn give(text: Option<&CString>, out: *mut *const c_char) -> Result<()> {
    let out = memory::not_null(out, "the place for the text")?;
    let Some(text) = text else {
        return Err(Failure::new(
            TTS_ERROR_ARGUMENT,
            "the voice has no text with this number",
        ));
    };
    memory::put(out, text.as_ptr());
    Ok(())
}
