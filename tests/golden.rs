//! The bundled voice against reference values of PyTorch, and what must not change a bit of its output:
//! chunking, threads, batches. Also how far half-precision weights are from single precision.

mod common;

use common::{
    Tensors, bundled_voice, difference, in_pool, key, read_tensors, repository, transpose,
};
use tts::backend::cpu::Cpu;
use tts::backend::{Backend, Precision};
use tts::nn::tacotron2::Tacotron2;
use tts::nn::waveglow::WaveGlow;
use tts::synth::{BatchOptions, Engine, EngineConfig, Event, SpeakOptions};
use tts::voice::config::{Tacotron2Config, VoiceConfig, WaveGlowConfig, WnConfig};
use tts::voice::{StorageType, Voice};

const SENTENCES: [&str; 2] = ["s1", "s2"];
const BANDS: usize = 80;
const STEPS: usize = 40;

/// Log-mel units after 40 steps; the bound the project promises for 200. Measured: 2e-5.
const MEL_TOLERANCE: f32 = 1e-3;
/// Attention weights. Measured: 3e-6.
const ALIGNMENT_TOLERANCE: f32 = 1e-4;
/// Full scale is 1. Measured: 5e-5.
const AUDIO_TOLERANCE: f32 = 1e-4;

fn golden(name: &str) -> Tensors {
    read_tensors(&repository("tests/fixtures").join(name))
}

fn check(what: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    let d = difference(ours, theirs);
    eprintln!("{what} differs by {d:.1e}");
    assert!(d < tolerance, "{what} differs by {d}");
}

/// Encoder, forty decoder steps without dropout, postnet.
fn tacotron2(set: &str, backend: &mut Cpu, precision: Precision) {
    let golden = golden("heart-golden.safetensors");
    let network = Tacotron2::load(&bundled_voice(), backend, precision).unwrap();
    for s in SENTENCES {
        let expected = |name: &str| &golden[&format!("{s}.{name}")].data;
        let what = |name: &str| format!("{set}, {precision:?}, {s}: {name}");
        let ids: Vec<u32> = expected("tokens").iter().map(|&id| id as u32).collect();
        let memory = network.encode(backend, &ids);
        let encoder = backend.read(&memory, 0..ids.len()).unwrap();
        check(
            &what("encoder"),
            &encoder,
            expected("encoder_output"),
            ALIGNMENT_TOLERANCE,
        );
        let memories = vec![(memory, ids.len())];
        let mut decoder = network.start(backend, memories, &[key(0, 0)], STEPS);
        let block = network.decode(backend, &mut decoder, STEPS, false);
        let block = block.wait(backend).unwrap().remove(0);
        check(
            &what("alignment"),
            &block.alignment,
            expected("alignments"),
            ALIGNMENT_TOLERANCE,
        );
        check(
            &what("gate"),
            &block.gate,
            expected("gate_logits"),
            MEL_TOLERANCE,
        );
        let mel = transpose(expected("mel_before_postnet"), BANDS);
        check(&what("mel"), &block.mel, &mel, MEL_TOLERANCE);
        let mut postnet = network.postnet(backend, 16);
        let refined = network
            .refine(backend, &mut postnet, &block.mel, true)
            .unwrap();
        let mel = transpose(expected("mel_after_postnet"), BANDS);
        check(&what("final mel"), &refined, &mel, MEL_TOLERANCE);
    }
}

fn vocode(
    network: &WaveGlow<Cpu>,
    backend: &mut Cpu,
    mel: &[f32],
    block: usize,
    sigma: f32,
) -> Vec<f32> {
    let mut stream = network.stream(backend, block);
    stream.restart(backend, key(7, 1), sigma);
    let mut audio = Vec::new();
    network
        .push(backend, &mut stream, mel, true, &mut audio)
        .unwrap();
    audio
}

/// The bundled voice stores half precision, so both ways to hold its weights are exact.
#[test]
fn every_instruction_set_gives_the_golden_mels_and_audio() {
    let golden = golden("heart-golden.safetensors");
    let voice = bundled_voice();
    for precision in [Precision::F32, Precision::F16] {
        for (set, mut backend) in Cpu::every_instruction_set(2) {
            let backend = &mut backend;
            in_pool(2, || {
                tacotron2(set, backend, precision);
                let network = WaveGlow::load(&voice, backend, precision).unwrap();
                for s in SENTENCES {
                    let mel = transpose(&golden[&format!("{s}.mel_after_postnet")].data, BANDS);
                    let audio = vocode(&network, backend, &mel, 48, 0.0);
                    let expected = &golden[&format!("{s}.audio_sigma0")].data;
                    check(
                        &format!("{set}, {precision:?}, {s}: audio"),
                        &audio,
                        expected,
                        AUDIO_TOLERANCE,
                    );
                }
            });
        }
    }
}

/// A published-layout voice with the kernels of 256 channels, small in everything else.
fn random_voice() -> Voice {
    let config = VoiceConfig {
        name: "random".into(),
        language: "en".into(),
        audio: tts::voice::config::AudioConfig::default(),
        frontend: tts::voice::config::FrontendConfig::default(),
        tacotron2: Tacotron2Config::default(),
        waveglow: WaveGlowConfig {
            n_flows: 4,
            n_early_every: 2,
            wn: WnConfig {
                n_layers: 4,
                n_channels: 64,
                kernel_size: 3,
            },
            ..WaveGlowConfig::default()
        },
    };
    Voice::random(config, 3, StorageType::F32).unwrap()
}

/// Streaming is exact: mel in pieces of any size, through blocks of any size, is bit for bit the audio
/// of one piece.
#[test]
fn streams_in_pieces_equal_one_piece() {
    let mel = transpose(
        &golden("heart-golden.safetensors")["s1.mel_after_postnet"].data,
        BANDS,
    );
    let frames = mel.len() / BANDS;
    for (name, voice) in [("squeezed", bundled_voice()), ("published", random_voice())] {
        for (set, mut backend) in Cpu::every_instruction_set(1) {
            let backend = &mut backend;
            in_pool(1, || {
                let network = WaveGlow::load(&voice, backend, Precision::F32).unwrap();
                let whole = vocode(&network, backend, &mel, frames, 0.6);
                assert_eq!(whole.len(), frames * 256);
                for (block, piece) in [(1, 1), (1, 13), (5, 3), (8, 80), (33, 7), (100, 41)] {
                    let mut stream = network.stream(backend, block);
                    stream.restart(backend, key(7, 1), 0.6);
                    let mut audio = Vec::new();
                    let mut pushed = 0;
                    for piece in mel.chunks(piece * BANDS) {
                        network
                            .push(backend, &mut stream, piece, false, &mut audio)
                            .unwrap();
                        pushed += piece.len() / BANDS;
                        assert!(audio.len() < pushed * 256, "the future is not known");
                    }
                    network
                        .push(backend, &mut stream, &[], true, &mut audio)
                        .unwrap();
                    assert!(
                        audio == whole,
                        "{name}, {set}: blocks of {block}, pieces of {piece}"
                    );
                }
            });
        }
    }
}

#[test]
fn the_postnet_in_pieces_equals_one_piece() {
    let mel = transpose(
        &golden("heart-golden.safetensors")["s1.mel_before_postnet"].data,
        BANDS,
    );
    let backend = &mut Cpu::new(1);
    in_pool(1, || {
        let network = Tacotron2::load(&bundled_voice(), backend, Precision::F32).unwrap();
        let mut stream = network.postnet(backend, 80);
        let whole = network.refine(backend, &mut stream, &mel, true).unwrap();
        for (block, piece) in [(1, 1), (2, 2), (3, 8), (16, 5), (200, 79)] {
            let mut stream = network.postnet(backend, block);
            let mut out = Vec::new();
            for piece in mel.chunks(piece * BANDS) {
                out.extend(network.refine(backend, &mut stream, piece, false).unwrap());
            }
            out.extend(network.refine(backend, &mut stream, &[], true).unwrap());
            assert!(out == whole, "blocks of {block}, pieces of {piece}");
        }
    });
}

fn speak(threads: usize, precision: Option<Precision>, text: &str, seed: u64) -> Vec<f32> {
    let config = EngineConfig {
        threads,
        ..EngineConfig::default()
    };
    let engine = Engine::new(&config).unwrap();
    let synthesizer = engine.load(&bundled_voice(), precision).unwrap();
    let options = SpeakOptions {
        seed,
        ..SpeakOptions::default()
    };
    let mut audio = Vec::new();
    for event in synthesizer.speak(text, &options).unwrap() {
        if let Event::Audio(samples) = event.unwrap() {
            audio.extend(samples);
        }
    }
    audio
}

const TEXT: &str = "Hello world, the engine can speak. It says two sentences.";

#[test]
fn the_same_seed_gives_the_same_audio_on_any_number_of_threads() {
    let one = speak(1, None, TEXT, 5);
    for threads in 2..=4 {
        assert!(speak(threads, None, TEXT, 5) == one, "{threads} threads");
    }
    assert!(speak(2, None, TEXT, 6) != one, "the seed does nothing");
}

#[test]
fn sentences_of_a_batch_are_spoken_as_alone() {
    let engine = Engine::new(&EngineConfig::default()).unwrap();
    let synthesizer = engine.load(&bundled_voice(), None).unwrap();
    let texts = [
        "Hello.",
        "The price of coffee went up again.",
        "Where is the small green box?",
    ];
    let ids: Vec<_> = texts
        .iter()
        .flat_map(|text| synthesizer.front_end().sentences(text))
        .map(|sentence| sentence.ids)
        .collect();
    let options = BatchOptions::default();
    let (together, _) = synthesizer.speak_batch(&ids, &options).unwrap();
    // The first of a batch has the key of a sentence that is spoken alone.
    let (alone, _) = synthesizer.speak_batch(&ids[..1], &options).unwrap();
    assert!(together[0].audio == alone[0].audio);
    let (pair, _) = synthesizer.speak_batch(&ids[..2], &options).unwrap();
    assert!(together[1].audio == pair[1].audio);
}

/// Half precision is exact for the bundled voice, which is stored so; rounding f32 weights to it is
/// heard far below the signal (the published sizes: `torch_parity.rs`). Measured: 85 dB.
#[test]
fn half_precision_weights_are_close_to_single_precision() {
    let mel = transpose(
        &golden("heart-golden.safetensors")["s2.mel_after_postnet"].data,
        BANDS,
    );
    let voice = random_voice();
    let backend = &mut Cpu::new(2);
    let [single, half] = in_pool(2, || {
        [Precision::F32, Precision::F16].map(|precision| {
            let network = WaveGlow::load(&voice, backend, precision).unwrap();
            vocode(&network, backend, &mel, 16, 0.6)
        })
    });
    let snr = common::decibels(&single, &half);
    eprintln!("f16 against f32: {snr:.1} dB");
    assert!(snr > 60.0, "only {snr:.1} dB");
    assert!(speak(2, Some(Precision::F16), TEXT, 1) == speak(2, Some(Precision::F32), TEXT, 1));
}
