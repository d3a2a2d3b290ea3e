//! The networks against PyTorch, on the same weights, through the import of the same checkpoints.
//!
//! Oracles: `torchaudio.models.Tacotron2`, the WaveGlow of the PyPI package `waveglowpkg`, and for what
//! neither has (several frames per step, the squeezed kind) a restatement in `tests/oracle/networks.py`.
//! Fixtures of tiny networks are always checked; the published sizes when PyTorch is installed.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Tensors, difference, in_pool, key, read_tensors};
use tts::backend::cpu::Cpu;
use tts::backend::{Backend, Precision, RandomKey};
use tts::nn::tacotron2::Tacotron2;
use tts::nn::waveglow::WaveGlow;
use tts::voice::config::AudioConfig;
use tts::voice::import::{ImportOptions, import};
use tts::voice::{StorageType, Voice};

/// Log-mel units, after 200 decoder steps that feed back into themselves: the bound the project promises.
const MEL_TOLERANCE: f32 = 1e-3;
/// Attention weights, likewise.
const ALIGNMENT_TOLERANCE: f32 = 1e-4;
/// Full scale is 1: the bound the project promises.
const AUDIO_TOLERANCE: f32 = 1e-4;
/// Values below 1 that go through a few layers, once.
const ENCODER_TOLERANCE: f32 = 1e-5;
/// Signal over difference when weights are stored as f16. Measured: 70 dB at 256 channels.
const HALF_PRECISION_DECIBELS: f64 = 55.0;

/// A voice imported from the checkpoints of a case, and what PyTorch makes of them.
struct Case {
    voice: Voice,
    expected: Tensors,
    name: String,
}

impl Case {
    fn open(folder: &Path) -> Self {
        let expected = read_tensors(&folder.join("expected.safetensors"));
        let number = |name: &str| expected[name].data[0] as usize;
        // 148 rows are the published table.
        let symbols = (0..number("symbols")).map(|i| format!("<{i}>"));
        let options = ImportOptions {
            storage: StorageType::F32,
            audio: AudioConfig {
                hop_length: number("hop"),
                ..AudioConfig::default()
            },
            symbols: Some(symbols.collect()),
            ..ImportOptions::default()
        };
        let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let file = scratch.path().join("voice.safetensors");
        import(
            &folder.join("tacotron2.pt"),
            &folder.join("waveglow.pt"),
            &file,
            &options,
        )
        .unwrap();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        Self {
            voice: Voice::open(&file).unwrap(),
            expected,
            name,
        }
    }

    fn key(&self, sentence: u32) -> RandomKey {
        let seed = &self.expected["seed"].data;
        key((seed[0] as u64) << 24 | seed[1] as u64, sentence)
    }

    fn ids(&self, sentence: usize) -> Vec<u32> {
        let ids = &self.expected[&format!("{sentence}.ids")].data;
        ids.iter().map(|&id| id as u32).collect()
    }

    fn sentences(&self) -> usize {
        let has = |i: &usize| self.expected.contains_key(&format!("{i}.ids"));
        (0..self.expected.len()).take_while(has).count()
    }

    /// Compares with a tensor of the oracle and says how close it is.
    fn check(&self, what: &str, ours: &[f32], tolerance: f32) {
        let theirs = &self.expected[what].data;
        let d = difference(ours, theirs);
        let size = theirs.iter().fold(0.0f32, |a, x| a.max(x.abs()));
        eprintln!("{}: {what} differs by {d:.1e} of {size:.2}", self.name);
        assert!(d < tolerance, "{}: {what} differs by {d}", self.name);
    }

    /// Encoder, decoder and postnet, dropout off and on, each sentence by itself.
    fn tacotron2(&self, backend: &mut Cpu) {
        let network = Tacotron2::load(&self.voice, backend, Precision::F32).unwrap();
        for sentence in 0..self.sentences() {
            let ids = self.ids(sentence);
            for (kind, dropout) in [("off", false), ("on", true)] {
                let name = |tensor: &str| format!("{sentence}.{kind}.{tensor}");
                let memory = network.encode(backend, &ids);
                let encoder = backend.read(&memory, 0..ids.len());
                self.check(&name("encoder"), &encoder, ENCODER_TOLERANCE);
                let steps = self.expected[&name("gate")].data.len();
                let keys = [self.key(sentence as u32)];
                let memories = vec![(memory, ids.len())];
                // Blocks that do not divide the steps: a decoder carries its state across them.
                let mut decoder = network.start(backend, memories, &keys, 7);
                let (mut mel, mut gate, mut alignment) = (Vec::new(), Vec::new(), Vec::new());
                while gate.len() < steps {
                    let count = 7.min(steps - gate.len());
                    let block = network.decode(backend, &mut decoder, count, dropout);
                    mel.extend_from_slice(&block[0].mel);
                    gate.extend_from_slice(&block[0].gate);
                    alignment.extend_from_slice(&block[0].alignment);
                }
                self.check(&name("alignment"), &alignment, ALIGNMENT_TOLERANCE);
                self.check(&name("gate"), &gate, MEL_TOLERANCE);
                self.check(&name("mel"), &mel, MEL_TOLERANCE);
                let mut postnet = network.postnet(backend, 64);
                let refined = network.refine(backend, &mut postnet, &mel, true);
                self.check(&name("mel_postnet"), &refined, MEL_TOLERANCE);
            }
        }
    }

    /// The vocoder without noise, and with the noise of the key: order and scale of the early outputs.
    fn waveglow(&self, backend: &mut Cpu) {
        let network = WaveGlow::load(&self.voice, backend, Precision::F32).unwrap();
        for (name, sigma) in [
            ("audio.0", 0.0),
            ("audio.1", self.expected["sigma"].data[0]),
        ] {
            let mut stream = network.stream(backend, 4, self.key(0), sigma);
            let mut audio = Vec::new();
            let mel = &self.expected["mel"].data;
            network.push(backend, &mut stream, mel, true, &mut audio);
            self.check(name, &audio, AUDIO_TOLERANCE);
        }
    }

    /// What rounding all weights to f16 changes in the audio, in decibels below the signal.
    fn half_precision(&self, backend: &mut Cpu) {
        let network = WaveGlow::load(&self.voice, backend, Precision::F16).unwrap();
        let mel = &self.expected["mel"].data;
        let theirs = &self.expected["audio.1"].data;
        let sigma = self.expected["sigma"].data[0];
        let mut stream = network.stream(backend, 4, self.key(0), sigma);
        let mut audio = Vec::new();
        network.push(backend, &mut stream, mel, true, &mut audio);
        let snr = common::decibels(theirs, &audio);
        eprintln!("{}: f16 weights are {snr:.1} dB from f32", self.name);
        assert!(snr > HALF_PRECISION_DECIBELS, "only {snr:.1} dB");
    }

    /// All sentences in one batch: each bit for bit as it is alone, whatever the others are.
    fn batch(&self, backend: &mut Cpu) {
        let network = Tacotron2::load(&self.voice, backend, Precision::F32).unwrap();
        let mut speak = |sentences: &[usize]| {
            let ids = sentences.iter().map(|&i| self.ids(i));
            let memories = ids.map(|ids| (network.encode(backend, &ids), ids.len()));
            let memories = memories.collect();
            let keys: Vec<_> = sentences.iter().map(|&i| self.key(i as u32)).collect();
            let mut decoder = network.start(backend, memories, &keys, 8);
            network.decode(backend, &mut decoder, 8, true)
        };
        let all: Vec<_> = (0..self.sentences()).collect();
        for (i, together) in all.iter().zip(speak(&all)) {
            let alone = speak(&[*i]).remove(0);
            assert!(together.mel == alone.mel, "{}: mel of {i}", self.name);
            assert!(together.gate == alone.gate, "{}: gate of {i}", self.name);
            assert!(
                together.alignment == alone.alignment,
                "{}: alignment of {i}",
                self.name
            );
        }
    }
}

fn small_cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parity");
    let mut folders: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    assert_eq!(folders.len(), 4);
    folders.iter().map(|folder| Case::open(folder)).collect()
}

/// Two published networks of odd sizes, two squeezed ones with two and three frames per step: every
/// instruction set gives what PyTorch gives.
#[test]
fn tiny_networks_equal_pytorch() {
    for case in small_cases() {
        for threads in [1, 2] {
            for (set, mut backend) in Cpu::every_instruction_set(threads) {
                eprintln!("{set}, {threads} threads");
                in_pool(threads, || {
                    case.tacotron2(&mut backend);
                    case.waveglow(&mut backend);
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

/// Tacotron 2 of the published size after 200 steps, WaveGlow of 256 channels and 12 flows.
#[test]
fn published_sizes_equal_pytorch() {
    let Some(python) = common::python(
        "import torch, torchaudio, importlib.util; assert importlib.util.find_spec('waveglow')",
        "PyTorch, torchaudio and waveglowpkg",
    ) else {
        return;
    };
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/make_parity.py");
    let status = Command::new(python)
        .arg(script)
        .arg("full")
        .arg(scratch.path())
        .status();
    assert!(status.unwrap().success(), "the oracle failed");
    let folder: PathBuf = scratch.path().join("full");
    let case = Case::open(&folder);
    // The checkpoints take half a gigabyte.
    drop(scratch);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    in_pool(threads, || {
        let backend = &mut Cpu::new(threads);
        case.tacotron2(backend);
        case.waveglow(backend);
        case.half_precision(backend);
    });
}
