//! `tts info`: what a voice file says about itself, and what is in it.

use std::collections::BTreeMap;

use serde::Serialize;

use tts::voice::config::{VoiceConfig, WaveGlowKind};
use tts::voice::layout::{TACOTRON2, expected_tensors};

use crate::args::Info;
use crate::fail::Result;
use crate::input::open_voice;
use crate::print;

#[derive(Serialize)]
struct Description<'a> {
    file: String,
    file_bytes: usize,
    name: &'a str,
    language: &'a str,
    license: Option<&'a str>,
    provenance: Option<&'a str>,
    /// Parameters of each network.
    tacotron2_parameters: u64,
    waveglow_parameters: u64,
    /// Tensors by how they are stored.
    stored: BTreeMap<String, usize>,
    config: &'a VoiceConfig,
}

pub(crate) fn run(args: &Info) -> Result {
    let (voice, path) = open_voice(Some(&args.voice))?;
    let config = voice.config();
    let (mut tacotron2, mut waveglow) = (0, 0);
    let mut stored = BTreeMap::new();
    for (name, shape) in expected_tensors(config) {
        let parameters = shape.iter().product::<usize>() as u64;
        if name.starts_with(TACOTRON2) {
            tacotron2 += parameters;
        } else {
            waveglow += parameters;
        }
        if let Ok(tensor) = voice.tensor(&name) {
            *stored.entry(tensor.dtype().to_string()).or_default() += 1;
        }
    }
    let or_metadata = |own: &'_ str, key| if own.is_empty() { voice.metadata(key) } else { None };
    let description = Description {
        file: path.display().to_string(),
        file_bytes: voice.file_size(),
        name: or_metadata(&config.name, "name").unwrap_or(&config.name),
        language: or_metadata(&config.language, "language").unwrap_or(&config.language),
        license: voice.metadata("license"),
        provenance: voice.metadata("provenance"),
        tacotron2_parameters: tacotron2,
        waveglow_parameters: waveglow,
        stored,
        config,
    };
    if args.json {
        return print::json(&description);
    }
    print::line(&for_people(&description))
}

fn for_people(voice: &Description) -> String {
    let (t, w, a) = (&voice.config.tacotron2, &voice.config.waveglow, &voice.config.audio);
    let kind = match w.kind {
        WaveGlowKind::Waveglow => "WaveGlow",
        WaveGlowKind::Squeezewave => "squeezed WaveGlow",
    };
    let stored: Vec<_> = voice.stored.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    let symbols = match voice.config.frontend.symbols.len() {
        0 => "the published 148".to_owned(),
        n => format!("its own {n}"),
    };
    let rows = [
        ("file", format!("{}, {} bytes", voice.file, print::thousands(voice.file_bytes as u64))),
        ("name", voice.name.to_owned()),
        ("language", voice.language.to_owned()),
        ("license", voice.license.unwrap_or("not said").to_owned()),
        ("provenance", voice.provenance.unwrap_or("not said").to_owned()),
        (
            "Tacotron 2",
            format!(
                "{} parameters; encoder {}, LSTMs {} and {}, {} frame(s) a step",
                print::thousands(voice.tacotron2_parameters),
                t.encoder_embedding_dim,
                t.attention_rnn_dim,
                t.decoder_rnn_dim,
                t.n_frames_per_step
            ),
        ),
        (
            kind,
            format!(
                "{} parameters; {} flows of groups of {}, WN of {} layers, {} channels",
                print::thousands(voice.waveglow_parameters),
                w.n_flows,
                w.n_group,
                w.wn.n_layers,
                w.wn.n_channels
            ),
        ),
        (
            "audio",
            format!(
                "{} Hz, {} mel bands {} to {} Hz, FFT {}, hop {}",
                a.sampling_rate, a.n_mel_channels, a.mel_fmin, a.mel_fmax, a.filter_length, a.hop_length
            ),
        ),
        ("symbols", symbols),
        (
            "defaults",
            format!(
                "sigma {}, denoiser {}, gate threshold {}, at most {} steps a sentence",
                w.sigma, w.denoiser_strength, t.gate_threshold, t.max_decoder_steps
            ),
        ),
        ("tensors", stored.join(", ")),
    ];
    rows.map(|(label, value)| format!("{label:18}{value}")).join("\n")
}
