//! Whole sentences on a GPU, and devices that are full or lost.

use super::common::bundled_voice;
use super::{device, open};
use tts::backend::gpu::{Gpu, Options};
use tts::backend::{Backend, Error, Precision};
use tts::nn::tacotron2::Tacotron2;
use tts::synth::{DeviceChoice, Engine, EngineConfig, Event, SentenceReport, SpeakOptions};

const TEXT: &str = "The engine can speak.";

fn speak(choice: DeviceChoice) -> (Vec<f32>, SentenceReport) {
    let config = EngineConfig {
        device: choice,
        ..EngineConfig::default()
    };
    let engine = Engine::new(&config).unwrap();
    let synthesizer = engine.load(&bundled_voice(), Some(Precision::F32)).unwrap();
    let (mut audio, mut report) = (Vec::new(), None);
    for event in synthesizer.speak(TEXT, &SpeakOptions::default()).unwrap() {
        match event.unwrap() {
            Event::Audio(samples) => audio.extend(samples),
            Event::Sentence(sentence) => report = Some(*sentence),
        }
    }
    (audio, report.unwrap())
}

/// The same seed gives the same words at the same places on both devices.
#[test]
fn a_sentence_is_the_same_on_both_devices() {
    if device().is_none() {
        return;
    }
    let (on_cpu, cpu) = speak(DeviceChoice::Cpu);
    let (on_gpu, gpu) = speak(DeviceChoice::Gpu);
    assert_eq!((cpu.steps, cpu.end), (gpu.steps, gpu.end));
    assert_eq!(cpu.marks, gpu.marks);
    let d = super::common::difference(&on_cpu, &on_gpu);
    eprintln!("audio differs by {d:.1e}");
    assert!(d < 1e-2, "audio differs by {d}");
}

#[test]
fn a_voice_larger_than_the_memory_limit_is_refused() {
    let options = Options {
        memory_limit: Some(1 << 20),
        ..Options::default()
    };
    let Some(device) = open(&options) else { return };
    let loaded = Tacotron2::load(&bundled_voice(), &mut Gpu::on(&device), Precision::F32);
    let error = loaded.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.contains("out of memory"), "{error:?}");
}

/// A job on a lost device fails with a status; the device can be opened again.
#[test]
fn a_lost_device_is_an_error() {
    let Some(lost) = device() else { return };
    let mut backend = Gpu::on(&lost);
    let tensor = backend.zeros(4, 4);
    lost.lose();
    let read = backend.read(&tensor, 0..4);
    assert!(matches!(read, Err(Error::Lost(_))), "{read:?}");
    let Some(again) = device() else { return };
    let mut backend = Gpu::on(&again);
    let tensor = backend.zeros(4, 4);
    assert_eq!(backend.read(&tensor, 0..4).unwrap(), [0.0; 16]);
}
