//! `tts info`: what a voice file says about itself, and what is in it.

use serde::Serialize;

use tts::voice::config::{LexiconUse, VoiceConfig, WaveGlowKind};
use tts::voice::{Voice, VoiceInfo};

use crate::args::Info;
use crate::fail::Result;
use crate::input::open_voice;
use crate::print;

#[derive(Serialize)]
struct Description<'a> {
    file: String,
    #[serde(flatten)]
    info: VoiceInfo,
    config: &'a VoiceConfig,
}

pub(crate) fn run(args: &Info) -> Result {
    let (voice, path) = open_voice(Some(&args.voice))?;
    let file = path.display().to_string();
    if args.json {
        return print::json(&Description {
            file,
            info: voice.info(),
            config: voice.config(),
        });
    }
    print::line(&for_people(&file, &voice))
}

fn for_people(file: &str, voice: &Voice) -> String {
    let info = voice.info();
    let config = voice.config();
    let (audio, t, w) = (&config.audio, &info.tacotron2, &info.waveglow);
    let number = |n: usize| print::thousands(n as u64);
    let stored: Vec<_> = info
        .stored_as
        .iter()
        .map(|(kind, n)| format!("{} {kind}", number(*n)))
        .collect();
    let vocoder = match w.kind {
        WaveGlowKind::Waveglow => "WaveGlow",
        WaveGlowKind::Squeezewave => "squeezed WaveGlow",
    };
    let words = match info.lexicon {
        LexiconUse::None => "words are letters",
        LexiconUse::Cmudict => "known words are phonemes (CMUdict)",
    };
    let not_said = || "not said".to_owned();
    let rows = [
        ("file", format!("{file}, {} bytes", number(info.bytes))),
        ("name", info.name.clone()),
        ("language", info.language.clone()),
        ("license", info.license.clone().unwrap_or_else(not_said)),
        (
            "provenance",
            info.provenance.clone().unwrap_or_else(not_said),
        ),
        (
            "Tacotron 2",
            format!(
                "{} weights; encoder {}, LSTMs {} and {}, {} mel frames a step, {:.0} s at most",
                number(t.parameters),
                t.encoder_channels,
                t.lstm[0],
                t.lstm[1],
                t.frames_per_step,
                t.max_seconds
            ),
        ),
        (
            vocoder,
            format!(
                "{} weights; {} flows, groups of {}, WN of {} layers and {} channels",
                number(w.parameters),
                w.flows,
                w.group,
                w.layers,
                w.channels
            ),
        ),
        (
            "audio",
            format!(
                "{} Hz; {} mel bands from {} to {} Hz, FFT {}, hop {}",
                audio.sampling_rate,
                audio.n_mel_channels,
                audio.mel_fmin,
                audio.mel_fmax,
                audio.filter_length,
                audio.hop_length
            ),
        ),
        ("symbols", format!("{}; {words}", info.symbols)),
        (
            "defaults",
            format!(
                "sigma {}, denoiser {}, gate threshold {}, {} decoder steps at most",
                w.sigma,
                config.waveglow.denoiser_strength,
                config.tacotron2.gate_threshold,
                config.tacotron2.max_decoder_steps
            ),
        ),
        ("stored as", stored.join(", ")),
    ];
    rows.map(|(label, value)| format!("{label:18} {value}"))
        .join("\n")
}
