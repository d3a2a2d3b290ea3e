//! Checkpoints, what PyTorch makes of them, and whether a backend makes the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Tensors, decibels, difference, key, read_tensors};
use tts::backend::{Backend, Precision, RandomKey};
use tts::nn::tacotron2::Tacotron2;
use tts::nn::waveglow::WaveGlow;
use tts::voice::config::AudioConfig;
use tts::voice::import::{ImportOptions, import};
use tts::voice::{StorageType, Voice};

/// The largest absolute differences that a backend may show.
pub(crate) struct Bounds {
    /// Values below 1 that go through a few layers, once.
    pub(crate) encoder: f32,
    /// Log-mel units, after 200 decoder steps that feed back into themselves.
    pub(crate) mel: f32,
    /// Attention weights, likewise.
    pub(crate) alignment: f32,
    /// Full scale is 1.
    pub(crate) audio: f32,
    /// Signal over difference when weights are stored as f16.
    pub(crate) half_precision_decibels: f64,
}

/// A voice imported from the checkpoints of a case, and what PyTorch makes of them.
pub(crate) struct Case {
    pub(crate) voice: Voice,
    expected: Tensors,
    name: String,
}

impl Case {
    pub(crate) fn open(folder: &Path) -> Self {
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
    pub(crate) fn tacotron2<B: Backend>(&self, backend: &mut B, bounds: &Bounds) {
        let network = Tacotron2::load(&self.voice, backend, Precision::F32).unwrap();
        for sentence in 0..self.sentences() {
            let ids = self.ids(sentence);
            for (kind, dropout) in [("off", false), ("on", true)] {
                let name = |tensor: &str| format!("{sentence}.{kind}.{tensor}");
                let memory = network.encode(backend, &ids);
                let encoder = backend.read(&memory, 0..ids.len()).unwrap();
                self.check(&name("encoder"), &encoder, bounds.encoder);
                let steps = self.expected[&name("gate")].data.len();
                let keys = [self.key(sentence as u32)];
                let memories = vec![(memory, ids.len())];
                // Blocks that do not divide the steps: a decoder carries its state across them.
                let mut decoder = network.start(backend, memories, &keys, 7);
                let (mut mel, mut gate, mut alignment) = (Vec::new(), Vec::new(), Vec::new());
                while gate.len() < steps {
                    let count = 7.min(steps - gate.len());
                    let block = network.decode(backend, &mut decoder, count, dropout);
                    let block = block.wait(backend).unwrap();
                    mel.extend_from_slice(&block[0].mel);
                    gate.extend_from_slice(&block[0].gate);
                    alignment.extend_from_slice(&block[0].alignment);
                }
                self.check(&name("alignment"), &alignment, bounds.alignment);
                self.check(&name("gate"), &gate, bounds.mel);
                self.check(&name("mel"), &mel, bounds.mel);
                let mut postnet = network.postnet(backend, 64);
                let refined = network.refine(backend, &mut postnet, &mel, true).unwrap();
                self.check(&name("mel_postnet"), &refined, bounds.mel);
            }
        }
    }

    /// The vocoder without noise, and with the noise of the key: order and scale of the early outputs.
    pub(crate) fn waveglow<B: Backend>(&self, backend: &mut B, bounds: &Bounds) {
        let network = WaveGlow::load(&self.voice, backend, Precision::F32).unwrap();
        for (name, sigma) in [
            ("audio.0", 0.0),
            ("audio.1", self.expected["sigma"].data[0]),
        ] {
            let mut stream = network.stream(backend, 4);
            stream.restart(backend, self.key(0), sigma);
            let mut audio = Vec::new();
            let mel = &self.expected["mel"].data;
            network
                .push(backend, &mut stream, mel, true, &mut audio)
                .unwrap();
            self.check(name, &audio, bounds.audio);
        }
    }

    /// What rounding all weights to f16 changes in the audio, in decibels below the signal.
    pub(crate) fn half_precision<B: Backend>(&self, backend: &mut B, bounds: &Bounds) {
        let network = WaveGlow::load(&self.voice, backend, Precision::F16).unwrap();
        let mel = &self.expected["mel"].data;
        let theirs = &self.expected["audio.1"].data;
        let sigma = self.expected["sigma"].data[0];
        let mut stream = network.stream(backend, 4);
        stream.restart(backend, self.key(0), sigma);
        let mut audio = Vec::new();
        network
            .push(backend, &mut stream, mel, true, &mut audio)
            .unwrap();
        let snr = decibels(theirs, &audio);
        eprintln!("{}: f16 weights are {snr:.1} dB from f32", self.name);
        assert!(snr > bounds.half_precision_decibels, "only {snr:.1} dB");
    }

    /// All sentences in one batch: each bit for bit as it is alone, whatever the others are.
    pub(crate) fn batch<B: Backend>(&self, backend: &mut B) {
        let network = Tacotron2::load(&self.voice, backend, Precision::F32).unwrap();
        let mut speak = |sentences: &[usize]| {
            let ids = sentences.iter().map(|&i| self.ids(i));
            let memories = ids.map(|ids| (network.encode(backend, &ids), ids.len()));
            let memories = memories.collect();
            let keys: Vec<_> = sentences.iter().map(|&i| self.key(i as u32)).collect();
            let mut decoder = network.start(backend, memories, &keys, 8);
            network
                .decode(backend, &mut decoder, 8, true)
                .wait(backend)
                .unwrap()
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

/// Two published networks of odd sizes, two squeezed ones with two and three frames per step.
pub(crate) fn small_cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parity");
    let mut folders: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    assert_eq!(folders.len(), 4);
    folders.iter().map(|folder| Case::open(folder)).collect()
}

/// Tacotron 2 of the published size after 200 steps, WaveGlow of 256 channels and 12 flows; none where
/// PyTorch is not installed.
pub(crate) fn published_case() -> Option<Case> {
    let python = super::python(
        "import torch, torchaudio, importlib.util; assert importlib.util.find_spec('waveglow')",
        "PyTorch, torchaudio and waveglowpkg",
    )?;
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/make_parity.py");
    let status = Command::new(python)
        .arg(script)
        .arg("full")
        .arg(scratch.path())
        .status();
    assert!(status.unwrap().success(), "the oracle failed");
    let folder: PathBuf = scratch.path().join("full");
    // The checkpoints, which take half a gigabyte, go with the scratch folder.
    Some(Case::open(&folder))
}
