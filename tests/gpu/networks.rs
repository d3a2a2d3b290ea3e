//! Both networks against PyTorch, and streaming against one piece.

use std::time::Duration;

use super::common::parity::{Bounds, published_case, small_cases};
use super::common::{bundled_voice, decibels, key, not_tested};
use super::{device, open};
use tts::backend::gpu::{Gpu, Options};
use tts::backend::{Backend, Precision};
use tts::nn::waveglow::WaveGlow;

/// The bounds that the project promises for a GPU.
const BOUNDS: Bounds = Bounds {
    encoder: 1e-4,
    mel: 1e-3,
    alignment: 1e-3,
    audio: 1e-3,
    half_precision_decibels: 40.0,
};

#[test]
fn tiny_networks_equal_pytorch() {
    let Some(device) = device() else { return };
    for case in small_cases() {
        let backend = &mut Gpu::on(&device);
        case.tacotron2(backend, &BOUNDS);
        case.waveglow(backend, &BOUNDS);
    }
}

#[test]
fn published_sizes_equal_pytorch() {
    // A processor in the place of a GPU takes minutes for this: pieces that it is waited for one by one.
    let budget = Some(Duration::from_secs(1));
    let Some(device) = open(&Options {
        budget,
        ..Options::default()
    }) else {
        return;
    };
    let Some(case) = published_case() else { return };
    let backend = &mut Gpu::on(&device);
    case.tacotron2(backend, &BOUNDS);
    case.waveglow(backend, &BOUNDS);
    case.half_precision(backend, &BOUNDS);
}

fn mel(frames: usize) -> Vec<f32> {
    let mut random = super::random::Random::new(1);
    random
        .values(frames * 80)
        .iter()
        .map(|x| 2.0 * x - 5.0)
        .collect()
}

fn vocode(network: &WaveGlow<Gpu>, backend: &mut Gpu, mel: &[f32], block: usize) -> Vec<f32> {
    let mut stream = network.stream(backend, block);
    stream.restart(backend, key(7, 1), 0.6);
    let mut audio = Vec::new();
    network
        .push(backend, &mut stream, mel, true, &mut audio)
        .unwrap();
    audio
}

/// Mel in pieces of any size, through blocks of any size, is the audio of one piece.
#[test]
fn streams_in_pieces_equal_one_piece() {
    let Some(device) = device() else { return };
    let mel = mel(90);
    for precision in [Precision::F32, Precision::F16] {
        let backend = &mut Gpu::on(&device);
        let network = WaveGlow::load(&bundled_voice(), backend, precision).unwrap();
        let whole = vocode(&network, backend, &mel, 90);
        for (block, piece) in [(1, 13), (8, 90), (33, 7)] {
            let mut stream = network.stream(backend, block);
            stream.restart(backend, key(7, 1), 0.6);
            let mut audio = Vec::new();
            for piece in mel.chunks(piece * 80) {
                network
                    .push(backend, &mut stream, piece, false, &mut audio)
                    .unwrap();
            }
            network
                .push(backend, &mut stream, &[], true, &mut audio)
                .unwrap();
            let d = super::common::difference(&audio, &whole);
            eprintln!("{precision:?}, blocks of {block}, pieces of {piece}: {d:.1e}");
            assert!(
                d <= 1e-6,
                "{precision:?}, blocks of {block}, pieces of {piece}: {d}"
            );
        }
    }
}

/// How far half precision is from single, of the bundled voice's vocoder, the noise being the same.
#[test]
fn half_precision_is_close_to_single_precision() {
    let Some(device) = device() else { return };
    if !device.has_f16() {
        not_tested("this adapter has no half precision");
        return;
    }
    let backend = &mut Gpu::on(&device);
    let mel = mel(60);
    let [single, half] = [Precision::F32, Precision::F16].map(|precision| {
        let network = WaveGlow::load(&bundled_voice(), backend, precision).unwrap();
        vocode(&network, backend, &mel, 60)
    });
    let snr = decibels(&single, &half);
    eprintln!("f16 against f32: {snr:.1} dB");
    assert!(snr > 40.0, "only {snr:.1} dB");
}
