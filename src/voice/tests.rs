//! What these prove: the bundled voice opens, written voices read back bit for bit, and nothing about a
//! file is believed without a check.

use super::config::{FrontendConfig, Tacotron2Config, WaveGlowConfig, WaveGlowKind, WnConfig};
use super::layout::expected_tensors;
use super::{Dtype, Error, StorageType, Voice, VoiceConfig, VoiceWriter};

/// The smallest voice that has every kind of tensor.
pub(super) fn tiny_config(kind: WaveGlowKind) -> VoiceConfig {
    VoiceConfig {
        name: "tiny".into(),
        language: "en".into(),
        audio: super::config::AudioConfig {
            n_mel_channels: 4,
            filter_length: 32,
            win_length: 32,
            hop_length: 16,
            ..Default::default()
        },
        frontend: FrontendConfig::default(),
        tacotron2: Tacotron2Config {
            n_mel_channels: 4,
            symbols_embedding_dim: 6,
            encoder_embedding_dim: 6,
            n_frames_per_step: 2,
            prenet_dim: 5,
            attention_rnn_dim: 7,
            decoder_rnn_dim: 8,
            attention_dim: 3,
            attention_location_n_filters: 2,
            attention_location_kernel_size: 5,
            postnet_embedding_dim: 6,
            ..Default::default()
        },
        waveglow: WaveGlowConfig {
            kind,
            n_mel_channels: 4,
            n_flows: 4,
            n_group: 8,
            n_early_every: 2,
            n_early_size: 2,
            wn: WnConfig {
                n_layers: 2,
                n_channels: 4,
                kernel_size: 3,
            },
            upsample_kernel: 32,
            upsample_stride: 16,
            ..Default::default()
        },
    }
}

/// A tiny voice file in memory.
pub(super) fn tiny_file(kind: WaveGlowKind, storage: StorageType) -> Vec<u8> {
    let voice = Voice::random(tiny_config(kind), 7, storage).unwrap();
    VoiceWriter::new(voice.config().clone(), storage)
        .unwrap()
        .to_bytes(|name, _| voice.tensor(name)?.to_f32())
        .unwrap()
}

#[test]
fn the_bundled_voice_opens_and_every_weight_is_usable() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/voices/heart.safetensors");
    let voice = Voice::open(path).unwrap();
    assert_eq!(voice.config().waveglow.kind, WaveGlowKind::Squeezewave);
    assert_eq!(voice.metadata("license"), Some("Apache-2.0"));
    let mut parameters = 0;
    for (name, shape) in expected_tensors(voice.config()) {
        let tensor = voice.tensor(&name).unwrap();
        assert_eq!(tensor.shape(), shape);
        parameters += tensor.to_f32().unwrap().len();
    }
    // 22,881,634 bytes of f16 in the file; BatchNorm statistics are counted as well as what was trained.
    assert_eq!(parameters, 11_440_817);
    voice.release();
}

#[test]
fn a_written_voice_reads_back_bit_for_bit() {
    for kind in [WaveGlowKind::Waveglow, WaveGlowKind::Squeezewave] {
        for storage in [StorageType::F32, StorageType::F16] {
            let made_up = Voice::random(tiny_config(kind), 7, storage).unwrap();
            let voice = Voice::from_bytes(tiny_file(kind, storage)).unwrap();
            assert_eq!(voice.config(), made_up.config());
            for (name, _) in expected_tensors(voice.config()) {
                let (a, b) = (voice.tensor(&name).unwrap(), made_up.tensor(&name).unwrap());
                assert_eq!(a.dtype(), storage.of(&name));
                assert_eq!(a.to_f32().unwrap(), b.to_f32().unwrap(), "{name}");
                assert_eq!(a.raw(), b.raw(), "{name}");
            }
        }
    }
}

#[test]
fn the_seeds_of_the_fuzzer_are_voices_and_a_checkpoint_is_told_apart() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/voice");
    for seed in ["waveglow", "squeezewave"] {
        Voice::open(format!("{seeds}/{seed}.safetensors")).unwrap();
    }
    for seed in ["small.pt", "small_legacy.pt"] {
        let error = Voice::open(format!("{seeds}/../checkpoint/{seed}")).unwrap_err();
        assert!(error.to_string().contains("PyTorch checkpoint"), "{error}");
    }
}

#[test]
fn the_1x1_convolutions_stay_f32() {
    assert_eq!(
        StorageType::F16.of("waveglow.convinv.3.conv.weight"),
        Dtype::F32
    );
    assert_eq!(StorageType::F16.of("waveglow.WN.3.end.weight"), Dtype::F16);
}

#[test]
fn a_shape_that_differs_from_the_config_is_named() {
    let mut bytes = tiny_file(WaveGlowKind::Waveglow, StorageType::F32);
    let from = br#""waveglow.WN.3.end.weight":{"dtype":"F32","shape":[6,4,1]"#;
    let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
    bytes[at..at + from.len()]
        .copy_from_slice(br#""waveglow.WN.3.end.weight":{"dtype":"F32","shape":[4,6,1]"#);
    let error = Voice::from_bytes(bytes).unwrap_err();
    assert!(matches!(error, Error::Shape { .. }));
    assert_eq!(
        error.to_string(),
        "voice file: tensor waveglow.WN.3.end.weight has shape [4, 6, 1], config says [6, 4, 1]"
    );
}

/// Replaces the config of a tiny voice by one with a change made to its JSON.
fn with_config(change: impl Fn(&mut serde_json::Value)) -> Error {
    let bytes = tiny_file(WaveGlowKind::Waveglow, StorageType::F32);
    let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let text = header["__metadata__"]["config"].as_str().unwrap();
    let mut config: serde_json::Value = serde_json::from_str(text).unwrap();
    change(&mut config);
    header["__metadata__"]["config"] = config.to_string().into();
    let header = header.to_string().into_bytes();
    let mut changed = (header.len() as u64).to_le_bytes().to_vec();
    changed.extend(header);
    changed.extend(&bytes[8 + length..]);
    Voice::from_bytes(changed).unwrap_err()
}

#[test]
fn a_config_that_lies_is_refused_with_the_field_it_lies_about() {
    let lies: [(&str, &str, serde_json::Value, &str); _] = [
        (
            "tacotron2",
            "encoder_embedding_dim",
            7.into(),
            "must be even",
        ),
        ("tacotron2", "encoder_kernel_size", 4.into(), "must be odd"),
        (
            "tacotron2",
            "n_symbols",
            149.into(),
            "the published symbol table has 148",
        ),
        (
            "tacotron2",
            "n_mel_channels",
            5.into(),
            "audio.n_mel_channels has 4",
        ),
        (
            "tacotron2",
            "attention_rnn_dim",
            u64::MAX.into(),
            "allowed are",
        ),
        ("tacotron2", "n_frames_per_step", 0.into(), "allowed are"),
        (
            "tacotron2",
            "p_prenet_dropout",
            1.0.into(),
            "p_prenet_dropout",
        ),
        (
            "tacotron2",
            "gate_threshold",
            (-0.5).into(),
            "gate_threshold",
        ),
        (
            "tacotron2",
            "gate_threshold",
            1e300.into(),
            "gate_threshold",
        ),
        (
            "waveglow",
            "upsample_stride",
            8.into(),
            "audio.hop_length has 16",
        ),
        ("waveglow", "n_group", 6.into(), "n_group 6 does not divide"),
        ("waveglow", "n_early_every", 0.into(), "allowed are"),
        (
            "waveglow",
            "n_early_every",
            1.into(),
            "config says [6, 6, 1]",
        ),
        (
            "waveglow",
            "n_early_size",
            8.into(),
            "the last flow needs at least 2",
        ),
        ("waveglow", "n_early_size", 3.into(), "must be even"),
        ("waveglow", "n_flows", 3.into(), "not part of the networks"),
        (
            "waveglow",
            "n_flows",
            5.into(),
            "tensor waveglow.convinv.4.conv.weight of shape [4, 4, 1] is missing",
        ),
        ("waveglow", "sigma", "loud".into(), "expected f32"),
        ("audio", "mel_fmax", 1e9.into(), "mel_fmax"),
        ("audio", "hop_length", 0.into(), "hop_length"),
    ];
    for (part, field, value, says) in lies {
        let error = with_config(|config| config[part][field] = value.clone());
        assert!(error.to_string().contains(says), "{part}.{field}: {error}");
    }
    let error = with_config(|config| config["frontend"]["symbols"] = vec!["a"; 148].into());
    assert!(error.to_string().contains("twice"), "{error}");
}

#[test]
fn weights_that_are_not_numbers_are_refused_where_they_are_read() {
    let name = "tacotron2.postnet.convolutions.0.1.running_var";
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.5] {
        let mut bytes = tiny_file(WaveGlowKind::Waveglow, StorageType::F32);
        let voice = Voice::from_bytes(bytes.clone()).unwrap();
        let values = voice.tensor(name).unwrap().raw().into_owned();
        let at = bytes
            .windows(values.len())
            .position(|w| w == values)
            .unwrap();
        bytes[at + 8..at + 12].copy_from_slice(&bad.to_le_bytes());
        let error = Voice::from_bytes(bytes)
            .unwrap()
            .tensor(name)
            .unwrap()
            .to_f32()
            .unwrap_err();
        assert!(
            matches!(error, Error::BadWeight { index: 2, .. }),
            "{error}"
        );
    }
    let writer = VoiceWriter::new(tiny_config(WaveGlowKind::Waveglow), StorageType::F16).unwrap();
    let fill = |value: f32| move |_: &str, shape: &[usize]| Ok(vec![value; shape.iter().product()]);
    assert!(matches!(
        writer.to_bytes(fill(f32::NAN)),
        Err(Error::BadWeight { .. })
    ));
    assert!(matches!(
        writer.to_bytes(fill(1e5)),
        Err(Error::Overflow { .. })
    ));
    assert!(matches!(
        writer.to_bytes(|_, _| Ok(vec![0.0])),
        Err(Error::Length { found: 1, .. })
    ));
}

#[test]
fn int8_weights_are_multiplied_by_the_scale_of_their_row() {
    // One tensor of a tiny f32 voice becomes int8 with a scale; the header is rebuilt around it.
    let voice = Voice::random(tiny_config(WaveGlowKind::Squeezewave), 7, StorageType::F32).unwrap();
    let int8 = "waveglow.WN.0.start.weight";
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    let config = serde_json::to_string(voice.config()).unwrap();
    header.insert(
        "__metadata__".into(),
        serde_json::json!({ "config": config }),
    );
    let mut add = |name: String, dtype: &str, shape: &[usize], bytes: &[u8]| {
        let start = data.len();
        data.extend_from_slice(bytes);
        let offsets = [start, data.len()];
        header.insert(
            name,
            serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets }),
        );
    };
    for (name, shape) in expected_tensors(voice.config()) {
        if name == int8 {
            add(
                name,
                "I8",
                &shape,
                &[1, 2, 3, 4, 0xff, 0xfe, 0xfd, 0x80, 0, 0, 0, 0, 127, 0, 0, 0],
            );
        } else {
            add(
                name.clone(),
                "F32",
                &shape,
                &voice.tensor(&name).unwrap().raw(),
            );
        }
    }
    let scale: Vec<u8> = [0.5_f32, 2.0, 1.0, 0.25]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    add(format!("{int8}.scale"), "F32", &[4], &scale);
    let header = serde_json::to_vec(&header).unwrap();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(data);

    let voice = Voice::from_shared(bytes.into()).unwrap();
    let tensor = voice.tensor(int8).unwrap();
    assert_eq!(
        (tensor.dtype(), tensor.shape()),
        (Dtype::I8, [4, 4, 1].as_slice())
    );
    #[rustfmt::skip]
    assert_eq!(tensor.to_f32().unwrap(), [
        0.5, 1.0, 1.5, 2.0,
        -2.0, -4.0, -6.0, -256.0,
        0.0, 0.0, 0.0, 0.0,
        31.75, 0.0, 0.0, 0.0,
    ]);
}

#[test]
fn cut_and_flipped_voices_never_panic() {
    let good = tiny_file(WaveGlowKind::Squeezewave, StorageType::F16);
    for length in (0..good.len()).step_by(41) {
        assert!(
            Voice::from_bytes(good[..length].to_vec()).is_err(),
            "cut to {length}"
        );
    }
    for at in (0..good.len()).step_by(17) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        if let Ok(voice) = Voice::from_bytes(bad) {
            for (name, _) in expected_tensors(voice.config()) {
                drop(voice.tensor(&name).unwrap().to_f32());
            }
        }
    }
}

#[test]
fn a_failed_write_leaves_nothing_behind() {
    let folder = std::env::temp_dir().join(format!("tacoglow-write-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("voice.safetensors");
    let voice = Voice::random(tiny_config(WaveGlowKind::Waveglow), 1, StorageType::F16).unwrap();
    let writer = VoiceWriter::new(voice.config().clone(), StorageType::F16).unwrap();
    let mut left = 20;
    let cut = writer.write(&path, |name, _| {
        left -= 1;
        if left == 0 {
            return Err(Error::UnknownTensor { name: name.into() });
        }
        voice.tensor(name)?.to_f32()
    });
    assert!(cut.is_err());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    writer
        .write(&path, |name, _| voice.tensor(name)?.to_f32())
        .unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    assert_eq!(Voice::open(&path).unwrap().config(), voice.config());
    // A directory in the way, and a folder that is not there.
    assert!(matches!(
        writer.write(&folder, |_, _| Ok(Vec::new())),
        Err(Error::Write { .. })
    ));
    let nowhere = folder.join("none/voice.safetensors");
    assert!(matches!(
        writer.write(nowhere, |_, _| Ok(Vec::new())),
        Err(Error::Write { .. })
    ));
    assert!(matches!(Voice::open(&folder), Err(Error::Read { .. })));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn random_weights_are_the_same_for_the_same_seed_and_sane() {
    let make =
        |seed| Voice::random(tiny_config(WaveGlowKind::Waveglow), seed, StorageType::F32).unwrap();
    let values = |voice: &Voice, name: &str| voice.tensor(name).unwrap().to_f32().unwrap();
    let name = "waveglow.WN.1.in_layers.0.weight";
    assert_eq!(values(&make(3), name), values(&make(3), name));
    assert_ne!(values(&make(3), name), values(&make(4), name));
    // Rows of a 1x1 convolution are orthonormal.
    let rotation = values(&make(3), "waveglow.convinv.0.conv.weight");
    for (i, a) in rotation.chunks(8).enumerate() {
        for (j, b) in rotation.chunks(8).enumerate() {
            let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
            assert!((dot - f32::from(u8::from(i == j))).abs() < 1e-5);
        }
    }
}

#[test]
fn info_counts_every_weight() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/voices/heart.safetensors");
    let info = Voice::open(path).unwrap().info();
    assert_eq!(
        info.tacotron2.parameters + info.waveglow.parameters,
        11_440_817
    );
    // The 1x1 convolutions are kept in f32.
    assert_eq!(info.stored_as["f16"] + info.stored_as["f32"], 11_440_817);
    assert_eq!(info.bytes as u64, std::fs::metadata(path).unwrap().len());
    assert_eq!(info.sampling_rate, 22_050);
    // The published sizes, from the published names: 28,193,153 trainable and 4 x running statistics.
    let published = VoiceConfig {
        frontend: FrontendConfig::default(),
        ..serde_json::from_str(r#"{"tacotron2":{},"waveglow":{}}"#).unwrap()
    };
    let info = Voice::random(published, 0, StorageType::F16)
        .unwrap()
        .info();
    let statistics = 2 * (3 * 512 + 4 * 512 + 80);
    assert_eq!(info.tacotron2.parameters, 28_193_153 + statistics);
    // 87,879,272 with weight norm; folding takes one magnitude per output channel of start, in, cond and res_skip.
    assert_eq!(
        info.waveglow.parameters,
        87_879_272 - 12 * 256 * (1 + 16 + 16 + 15)
    );
    assert_eq!(info.stored_as["f32"], 4 * (64 + 36 + 16));
}
