//! What these prove: the bundled voice opens, written voices read back bit for bit, and nothing about a
//! file is believed without a check.

use super::config::{Tacotron2Config, WaveGlowConfig, WaveGlowKind, WnConfig};
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
        frontend: Default::default(),
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
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/voices/starter-squeezed.safetensors"
    );
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
