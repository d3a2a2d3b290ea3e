//! The networks on the CPU against PyTorch, on the same weights, through the import of the same checkpoints.
//!
//! Oracles: `torchaudio.models.Tacotron2`, the WaveGlow of the PyPI package `waveglowpkg`, and for what
//! neither has (several frames per step, the squeezed kind) a restatement in `tests/oracle/networks.py`.
//! Fixtures of tiny networks are always checked; the published sizes when PyTorch is installed.

mod common;

use common::in_pool;
use common::parity::{Bounds, published_case, small_cases};
use tts::backend::cpu::Cpu;

/// The bounds that the project promises, after 200 steps and twelve flows.
const BOUNDS: Bounds = Bounds {
    encoder: 1e-5,
    mel: 1e-3,
    alignment: 1e-4,
    audio: 1e-4,
    // Measured: 70 dB at 256 channels.
    half_precision_decibels: 55.0,
};

/// Every instruction set gives what PyTorch gives.
#[test]
fn tiny_networks_equal_pytorch() {
    for case in small_cases() {
        for threads in [1, 2] {
            for (set, mut backend) in Cpu::every_instruction_set(threads) {
                eprintln!("{set}, {threads} threads");
                in_pool(threads, || {
                    case.tacotron2(&mut backend, &BOUNDS);
                    case.waveglow(&mut backend, &BOUNDS);
                });
            }
        }
    }
}

#[test]
fn a_sentence_in_a_batch_is_as_it_is_alone() {
    for case in small_cases() {
        for (_, mut backend) in Cpu::every_instruction_set(1) {
            in_pool(1, || case.batch(&mut backend));
        }
    }
}

#[test]
fn published_sizes_equal_pytorch() {
    let Some(case) = published_case() else {
        return;
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    in_pool(threads, || {
        let backend = &mut Cpu::new(threads);
        case.tacotron2(backend, &BOUNDS);
        case.waveglow(backend, &BOUNDS);
        case.half_precision(backend, &BOUNDS);
    });
}
