//! What these prove: every form that published checkpoints have gives the same voice, and a hostile or
//! damaged file gives an error, whatever is done to it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;

use super::pickle::unpickle;
use super::{Checkpoint, Import, ImportOptions, import};
use crate::voice::config::WaveGlowKind;
use crate::voice::{Error, StorageType, Voice};

/// Folding in f64 and PyTorch's in f32 differ by the rounding of the latter.
const FOLDING: f32 = 1e-6;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/checkpoints")
        .join(name)
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

/// Name -> shape and values, as PyTorch has them.
fn expected(name: &str) -> HashMap<String, (Vec<usize>, Vec<f32>)> {
    let bytes = read(name);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors = file.iter().map(|(name, tensor)| {
        let values = tensor
            .data()
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b));
        (name.to_owned(), (tensor.shape().to_vec(), values.collect()))
    });
    tensors.collect()
}

fn options() -> ImportOptions {
    ImportOptions {
        storage: StorageType::F32,
        ..ImportOptions::default()
    }
}

/// Imports two fixtures and compares every tensor of one network with what PyTorch says.
fn compare(tacotron2: &str, waveglow: &str, prefix: &str, truth: &str) {
    let (t, w) = (read(tacotron2), read(waveglow));
    let (t, w) = (
        Checkpoint::parse(&t).unwrap(),
        Checkpoint::parse(&w).unwrap(),
    );
    let import = Import::new(&t, &w, &options()).unwrap();
    let truth = expected(truth);
    let mut compared = 0;
    for (name, (_, len)) in import
        .weights
        .iter()
        .filter(|(name, _)| name.starts_with(prefix))
    {
        let (_, expected) = &truth[&name[prefix.len()..]];
        let values = import.read(name).unwrap();
        // torchaudio's form has the first 38 rows of the embedding.
        let expected = expected.get(..*len).unwrap_or_default();
        assert_eq!((values.len(), expected.len()), (*len, *len), "{name}");
        for (a, b) in values.iter().zip(expected) {
            assert!(
                (a - b).abs() <= FOLDING * b.abs().max(1.0),
                "{tacotron2} {waveglow} {name}: {a} {b}"
            );
        }
        compared += 1;
    }
    assert_eq!(compared, truth.len());
}

#[test]
fn every_form_of_tacotron2_gives_the_same_weights() {
    for form in [
        "tacotron2_bare.pt",
        "tacotron2_training_legacy.pt",
        "tacotron2_f16_legacy.pt",
        "tacotron2_torchaudio.pth",
    ] {
        compare(
            form,
            "waveglow_module.pt",
            "tacotron2.",
            "expected_tacotron2.safetensors",
        );
    }
}

#[test]
fn every_form_of_waveglow_gives_the_same_weights() {
    for form in [
        "waveglow_module.pt",
        "waveglow_module_legacy.pt",
        "waveglow_old_module_legacy.pt",
        "waveglow_split_shared.pt",
        "waveglow_double_legacy.pt",
    ] {
        compare(
            "tacotron2_bare.pt",
            form,
            "waveglow.",
            "expected_waveglow.safetensors",
        );
    }
    compare(
        "tacotron2_bare.pt",
        "squeezewave_parametrized.pt",
        "waveglow.",
        "expected_squeezewave.safetensors",
    );
}

#[test]
fn an_imported_voice_opens_with_the_sizes_of_its_weights() {
    let output = std::env::temp_dir().join(format!(
        "tacoglow-import-{}.safetensors",
        std::process::id()
    ));
    let report = import(
        &fixture("tacotron2_training_legacy.pt"),
        &fixture("waveglow_old_module_legacy.pt"),
        &output,
        &ImportOptions {
            license: Some("CC0-1.0".into()),
            ..ImportOptions::default()
        },
    )
    .unwrap();
    let voice = Voice::open(&output).unwrap();
    std::fs::remove_file(&output).unwrap();
    assert_eq!(report.kind, WaveGlowKind::Waveglow);
    assert_eq!(report.bytes, voice.file_size() as u64);
    assert_eq!(voice.metadata("license"), Some("CC0-1.0"));
    let config = voice.config();
    assert_eq!(
        (
            config.tacotron2.n_symbols,
            config.tacotron2.n_frames_per_step
        ),
        (148, 2)
    );
    assert_eq!((config.waveglow.n_group, config.waveglow.n_flows), (8, 4));
    assert_eq!(
        (config.waveglow.n_early_every, config.waveglow.n_early_size),
        (2, 2)
    );
    assert_eq!(config.waveglow.wn.n_layers, 2);
}

#[test]
fn swapped_files_are_recognised() {
    let (t, w) = (read("tacotron2_bare.pt"), read("waveglow_module.pt"));
    let (t, w) = (
        Checkpoint::parse(&t).unwrap(),
        Checkpoint::parse(&w).unwrap(),
    );
    let error = Import::new(&w, &t, &options()).unwrap_err().to_string();
    assert!(error.contains("swapped"), "{error}");
}

#[test]
fn a_pickle_that_calls_os_system_is_refused_by_name() {
    for name in ["hostile_os_system.pt", "hostile_os_system_legacy.pt"] {
        let error = Checkpoint::parse(&read(name)).unwrap_err();
        assert!(
            matches!(&error, Error::ForbiddenGlobal(name) if name == "posix.system"),
            "{error}"
        );
    }
}

#[test]
fn every_other_way_to_name_something_forbidden_is_refused() {
    for pickle in [
        b"\x80\x02cos\nsystem\n.".as_slice(),
        b"\x80\x02c__builtin__\neval\n.",
        b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93.",
        b"\x80\x02ctorch\nload\n.",
        b"\x80\x02ctorch.nn.modules.linear\nos\n.",
        b"\x80\x02ctorch.nn.modules.linear.os\nLinear\n.",
        b"\x80\x02ctorch.hub\nload\n.",
    ] {
        let error = unpickle(pickle).unwrap_err();
        assert!(matches!(error, Error::ForbiddenGlobal(_)), "{error}");
    }
    // Old opcodes that build instances, extension codes and out-of-band buffers are not known at all.
    for pickle in [
        b"\x80\x02(S'x'\nios\nsystem\n.".as_slice(),
        b"\x80\x02\x82\x01.",
        b"\x80\x05\x97.",
        b"(cos\nsystem\no.",
    ] {
        assert!(unpickle(pickle).is_err());
    }
}

/// `n` lists within each other, by opcodes.
fn nested(n: usize) -> Vec<u8> {
    let mut pickle = vec![0x80, 2];
    pickle.extend(std::iter::repeat_n(b']', n));
    pickle.extend(std::iter::repeat_n(b'a', n - 1));
    pickle.push(b'.');
    pickle
}

#[test]
fn nested_recursive_and_enormous_pickles_end_quickly() {
    // Deeper than any stack: containers are held by number, so nothing recurses.
    assert!(unpickle(&nested(900_000)).is_ok());
    assert!(unpickle(&nested(3_000_000)).is_err());
    // A list that contains itself.
    assert!(unpickle(b"\x80\x02]q\x00h\x00a.").is_ok());
    // A module that contains itself, as its own child.
    let own_child = b"\x80\x02cglow\nWaveGlow\n)\x81q\x00}X\x08\x00\x00\x00_modules}X\x01\x00\x00\x00ah\x00ssb.";
    let pickle = unpickle(own_child).unwrap();
    assert!(super::modules::state(&pickle.graph, pickle.root).is_err());
    // "Billion laughs": lists of ten references to the list before.
    let mut laughs = vec![0x80, 2, b']', b'q', 0];
    for i in 1..60_u8 {
        laughs.extend([b']', b'(']);
        laughs.extend([b'h', i - 1].repeat(10));
        laughs.extend([b'e', b'q', i]);
    }
    laughs.push(b'.');
    assert!(unpickle(&laughs).is_ok());
    // Dicts that are made again and again from one long list of pairs.
    let mut copies = b"\x80\x02ccollections\nOrderedDict\nq\x00](".to_vec();
    copies.extend(b"NN\x86".repeat(100_000));
    copies.extend(b"e\x85q\x01");
    copies.extend(b"h\x00h\x01R".repeat(100_000));
    copies.push(b'.');
    assert!(unpickle(&copies).is_err());
    // Lengths of which nothing follows.
    for opcode in [0x8d_u8, 0x8e, 0x96] {
        let mut pickle = vec![0x80, 4, opcode];
        pickle.extend([0xff; 8]);
        assert!(unpickle(&pickle).is_err());
    }
    assert!(unpickle(b"\x80\x02r\xff\xff\xff\xff.").is_err());
}

#[test]
fn a_tensor_that_reaches_beyond_its_storage_is_refused() {
    // storage of 4 floats; (offset, size, stride) as given
    let tensor = |offset: u8, size: u8, stride: u8| {
        let mut p = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ".to_vec();
        p.extend([b'K', offset, b'K', size, 0x85, b'K', stride, 0x85]);
        p.extend(b"\x89NtR.");
        unpickle(&p).map(|_| ())
    };
    assert!(tensor(0, 4, 1).is_ok());
    assert!(tensor(1, 2, 2).is_ok());
    assert!(tensor(1, 4, 1).is_err());
    assert!(tensor(0, 3, 2).is_err());
    // Stride 0 would make a large tensor of a small storage.
    assert!(tensor(0, 200, 0).is_err());
}

/// A zip entry's central record starts with this; the fields after it are changed one by one.
const CENTRAL: &[u8] = b"PK\x01\x02";

#[test]
fn lying_zip_directories_are_refused() {
    let good = read("tacotron2_bare.pt");
    let at = good.windows(4).position(|w| w == CENTRAL).unwrap();
    let lie = |offset: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        bad[at + offset..at + offset + bytes.len()].copy_from_slice(bytes);
        Checkpoint::parse(&bad).map(|_| ()).unwrap_err().to_string()
    };
    assert!(lie(10, &[8, 0]).contains("compressed"));
    assert!(lie(8, &[1, 0]).contains("encrypted"));
    assert!(lie(20, &[0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f]).contains("outside"));
    assert!(lie(42, &[0xf0, 0xff, 0xff, 0x7f]).contains("outside"));
    // PyTorch always writes a zip64 record; its last field is where the directory begins.
    let record = good.windows(4).rposition(|w| w == b"PK\x06\x06").unwrap();
    let mut bad = good.clone();
    bad[record + 48..record + 56].fill(0xfe);
    assert!(Checkpoint::parse(&bad).is_err());
}

#[test]
fn storage_names_are_keys_and_never_paths() {
    // The pickle of a storage whose key climbs out of the archive: it is simply not there.
    let mut bytes = read("tacotron2_bare.pt");
    let key = b"X\x01\x00\x00\x000";
    let at = bytes.windows(key.len()).position(|w| w == key).unwrap();
    bytes[at + 5] = b'/';
    let checkpoint = Checkpoint::parse(&bytes).unwrap();
    let errors = checkpoint
        .names()
        .filter_map(|name| checkpoint.read(name).err());
    let missing = errors.filter(|e| e.to_string() == r#"checkpoint: storage "/" is missing"#);
    assert_eq!(missing.count(), 1);
}

#[test]
fn files_of_other_kinds_are_named() {
    for (bytes, says) in [
        (b"<!DOCTYPE html>".to_vec(), "web page"),
        (
            crate::voice::tests::tiny_file(WaveGlowKind::Waveglow, StorageType::F16),
            "safetensors",
        ),
        (Vec::new(), "not a PyTorch"),
    ] {
        let error = Checkpoint::parse(&bytes).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

/// Reads everything that can be read.
fn exercise(bytes: &[u8]) {
    if let Ok(checkpoint) = Checkpoint::parse(bytes) {
        for name in checkpoint.names() {
            drop(checkpoint.read(name));
        }
        if let Ok(import) = Import::new(&checkpoint, &checkpoint, &options()) {
            drop(import.writer());
        }
    }
}

#[test]
fn views_of_one_storage_are_read_in_the_order_of_their_shape() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/checkpoint");
    for seed in ["small.pt", "small_legacy.pt"] {
        let bytes = std::fs::read(format!("{seeds}/{seed}")).unwrap();
        let checkpoint = Checkpoint::parse(&bytes).unwrap();
        assert_eq!(
            checkpoint.read("a.weight").unwrap(),
            [0., 1., 2., 3., 4., 5.]
        );
        assert_eq!(checkpoint.shape("b"), Some([3, 2].as_slice()));
        assert_eq!(checkpoint.read("b").unwrap(), [0., 3., 1., 4., 2., 5.]);
    }
}

#[test]
fn cut_and_flipped_checkpoints_never_panic() {
    for name in [
        "tacotron2_torchaudio.pth",
        "tacotron2_f16_legacy.pt",
        "waveglow_module_legacy.pt",
        "waveglow_split_shared.pt",
    ] {
        let good = read(name);
        for length in (0..good.len()).step_by(97) {
            assert!(
                Checkpoint::parse(&good[..length]).is_err(),
                "{name} cut to {length}"
            );
        }
        // A fixed walk over the file; one bit, then a whole byte.
        for step in 0..500_usize {
            let at = step.wrapping_mul(2_654_435_761) % good.len();
            for change in [1_u8 << (step % 8), 0xff] {
                let mut bad = good.clone();
                bad[at] ^= change;
                exercise(&bad);
            }
        }
    }
}
