//! What several integration tests need.
#![allow(
    dead_code,
    reason = "each test is a program of its own and uses a part"
)]

pub(crate) mod parity;

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use safetensors::SafeTensors;
use tts::backend::RandomKey;
use tts::voice::Voice;

/// Values and shape of a tensor.
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<f32>,
}

/// The tensors of a file, by name.
pub(crate) type Tensors = HashMap<String, Tensor>;

/// All tensors of a safetensors file, f32 or i64, as f32.
pub(crate) fn read_tensors(path: &Path) -> Tensors {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors = file.tensors().into_iter().map(|(name, view)| {
        let data: Vec<f32> = match view.dtype() {
            safetensors::Dtype::F32 => {
                let words = view.data().chunks_exact(4);
                words
                    .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
                    .collect()
            }
            safetensors::Dtype::I64 => {
                let words = view.data().chunks_exact(8);
                words
                    .map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f32)
                    .collect()
            }
            other => panic!("{name} is stored as {other}"),
        };
        let shape = view.shape().to_vec();
        (name, Tensor { shape, data })
    });
    tensors.collect()
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The voice that comes with the project.
pub(crate) fn bundled_voice() -> Voice {
    Voice::open(repository("voices/heart.safetensors")).unwrap()
}

/// The largest absolute difference; NaN is a difference.
pub(crate) fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    pairs.fold(0.0, |max, d| if d <= max { max } else { d })
}

/// `[channels, rows]` to `[rows, channels]`.
pub(crate) fn transpose(values: &[f32], channels: usize) -> Vec<f32> {
    let rows = values.len() / channels;
    let places = (0..rows).flat_map(|row| (0..channels).map(move |c| c * rows + row));
    places.map(|at| values[at]).collect()
}

pub(crate) fn key(seed: u64, sentence: u32) -> RandomKey {
    RandomKey { seed, sentence }
}

/// Runs a network as the library does: inside a pool of its threads.
pub(crate) fn in_pool<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(work)
}

/// A Python that can run `probe`, the one that `.ci/run` prepares first.
pub(crate) fn python(probe: &str, what: &str) -> Option<PathBuf> {
    let candidates = [
        repository("target/venv/bin/python"),
        "/usr/bin/python3".into(),
        "python3".into(),
    ];
    let found = candidates.into_iter().find(|python| {
        let mut command = Command::new(python);
        let command = command.args(["-c", probe]);
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    });
    if found.is_none() {
        absent(what);
    }
    found
}

/// Says loudly that the current test leaves something out, and why. Not by `eprintln!`, whose output is kept back from tests
/// that pass.
pub(crate) fn not_tested(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "\n*** NOT TESTED: {test}: {why} ***");
}

/// Says so of a tool that is not there; in CI that is a failure.
pub(crate) fn absent(what: &str) {
    not_tested(&format!(
        "{what} not found; `.ci/run` installs what tests can use"
    ));
    assert!(
        std::env::var_os("CI").is_none(),
        "{what}: must be there in CI"
    );
}

/// Energy of a signal over that of its difference to another.
pub(crate) fn decibels(reference: &[f32], other: &[f32]) -> f64 {
    let energy =
        |values: &mut dyn Iterator<Item = f32>| values.map(|x| f64::from(x).powi(2)).sum::<f64>();
    let noise = energy(&mut reference.iter().zip(other).map(|(a, b)| a - b));
    10.0 * (energy(&mut reference.iter().copied()) / noise).log10()
}
