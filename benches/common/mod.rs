//! What several benchmarks speak, and with what.

use tts::voice::config::{
    AudioConfig, FrontendConfig, Tacotron2Config, VoiceConfig, WaveGlowConfig,
};
use tts::voice::{StorageType, Voice};

/// Lines as games have them, of 4 to 67 letters.
pub(crate) const LINES: [&str; 16] = [
    "The birch canoe slid on the smooth planks.",
    "Hello world, this is my first sentence.",
    "She had your dark suit in greasy wash water all year.",
    "Four hours of steady work faced us.",
    "Please open the door before the guests arrive.",
    "Yes.",
    "A rainbow is a division of white light into many beautiful colors.",
    "Why did the ship leave the harbor so late in the evening?",
    "Not now.",
    "Behind the mill you will find a path.",
    "They took everything, even the old lamp.",
    "Come back tomorrow, and bring the letter.",
    "Is anybody there?",
    "The king has not been seen since the first snow.",
    "I would not go there alone.",
    "Good luck, my friend.",
];

/// A voice of the published sizes, WaveGlow with 256 channels, of random weights in half precision.
pub(crate) fn full_size() -> tts::voice::Result<Voice> {
    let mut config = VoiceConfig {
        name: "random".to_owned(),
        language: "en-US".to_owned(),
        audio: AudioConfig::default(),
        frontend: FrontendConfig::default(),
        tacotron2: Tacotron2Config::default(),
        waveglow: WaveGlowConfig::default(),
    };
    config.waveglow.wn.n_channels = 256;
    Voice::random(config, 0, StorageType::F16)
}
