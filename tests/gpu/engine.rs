//! Whole sentences on a GPU: what they sound like, how they are cut into submissions, and what they take of the device.

use std::time::{Duration, Instant};

use super::common::{bundled_voice, difference};
use super::{device, open};
use tts::backend::Precision;
use tts::backend::gpu::{Device, Options};
use tts::synth::{
    self, DeviceChoice, Engine, EngineConfig, Event, SentenceReport, SpeakOptions, Synthesizer,
};

pub(crate) const TEXT: &str = "The engine can speak.";

/// An engine on a GPU; none where there is no adapter.
pub(crate) fn engine(config: EngineConfig) -> Option<Engine> {
    device()?;
    let device = DeviceChoice::Gpu;
    Some(Engine::new(&EngineConfig { device, ..config }).unwrap())
}

pub(crate) type Spoken = (Vec<f32>, Vec<SentenceReport>);

pub(crate) fn speak(voice: &Synthesizer, text: &str) -> Result<Spoken, synth::Error> {
    speak_with(voice, text, &SpeakOptions::default())
}

fn speak_with(
    voice: &Synthesizer,
    text: &str,
    options: &SpeakOptions,
) -> Result<Spoken, synth::Error> {
    let (mut audio, mut reports) = (Vec::new(), Vec::new());
    for event in voice.speak(text, options)? {
        match event? {
            Event::Audio(samples) => audio.extend(samples),
            Event::Sentence(sentence) => reports.push(*sentence),
        }
    }
    Ok((audio, reports))
}

fn denoised() -> SpeakOptions {
    SpeakOptions {
        denoise: Some(0.1),
        ..SpeakOptions::default()
    }
}

/// The same seed gives the same words at the same places on both devices, denoised or not.
#[test]
fn a_sentence_is_the_same_on_both_devices() {
    let Some(on_gpu) = engine(EngineConfig::default()) else {
        return;
    };
    let on_cpu = EngineConfig {
        device: DeviceChoice::Cpu,
        ..EngineConfig::default()
    };
    let on_cpu = Engine::new(&on_cpu).unwrap();
    let voices =
        [on_cpu, on_gpu].map(|engine| engine.load(&bundled_voice(), Some(Precision::F32)).unwrap());
    for options in [SpeakOptions::default(), denoised()] {
        let spoken = voices
            .each_ref()
            .map(|v| speak_with(v, TEXT, &options).unwrap());
        let [(cpu_audio, cpu), (gpu_audio, gpu)] = spoken;
        assert_eq!((cpu[0].steps, cpu[0].end), (gpu[0].steps, gpu[0].end));
        assert_eq!(cpu[0].marks, gpu[0].marks);
        let d = difference(&cpu_audio, &gpu_audio);
        eprintln!("denoised {:?}: audio differs by {d:.1e}", options.denoise);
        assert!(d < 1e-3, "audio differs by {d}");
    }
}

/// Lines of a batch end at different steps, with blocks of steps on their way for all; each sounds as it does alone.
#[test]
fn lines_of_a_batch_sound_as_alone() {
    let Some(engine) = engine(EngineConfig::default()) else {
        return;
    };
    let voice = engine.load(&bundled_voice(), None).unwrap();
    let lines = ["Is anybody there?", "Yes.", "Not now."];
    let texts = lines.map(|line| voice.front_end().sentences(line).collect());
    let options = SpeakOptions::default();
    let batch = voice.speak_texts(texts.into(), &options, &|| false);
    for (text, line) in batch.unwrap().iter().zip(lines) {
        let (audio, reports) = speak(&voice, line).unwrap();
        assert_eq!(text.sentences[0].steps, reports[0].steps, "{line}");
        let d = difference(&text.audio, &audio);
        assert!(d < 1e-3, "{line}: differs by {d}");
    }
}

/// `auto` takes a GPU if there is a real one, and says why if it does not.
#[test]
fn the_cpu_is_taken_where_no_real_gpu_works() {
    let engine = Engine::new(&EngineConfig::default()).unwrap();
    let mut adapters = tts::backend::gpu::adapters().iter();
    let real = adapters.any(|a| a.is_real() && a.obstacle().is_none());
    assert_eq!(engine.gpu().is_some(), real);
    match engine.fallback() {
        None => assert!(real),
        Some(reason) => {
            assert!(!real && reason.starts_with("no graphics "), "{reason}");
            assert!(engine.device().starts_with("cpu"));
        }
    }
}

/// A budget cuts a sentence into more and shorter submissions, and changes nothing that is heard.
#[test]
fn submissions_keep_to_a_budget() {
    let budgets = [10, 100].map(Duration::from_millis);
    let spoken = budgets.map(|budget| {
        let config = EngineConfig {
            submission_budget: Some(budget),
            ..EngineConfig::default()
        };
        let engine = engine(config)?;
        let voice = engine.load(&bundled_voice(), None).unwrap();
        let (audio, _) = speak(&voice, TEXT).unwrap();
        let mut times = engine.take_submissions();
        assert!(engine.take_submissions().is_empty(), "they were taken");
        times.sort();
        Some((audio, times))
    });
    let [Some(tight), Some(loose)] = spoken else {
        return;
    };
    assert!(tight.0 == loose.0, "the sound depends on the budget");
    for ((_, times), budget) in [&tight, &loose].into_iter().zip(budgets) {
        let (middle, most) = (times[times.len() / 2], times[times.len() - 1]);
        eprintln!(
            "{budget:?}: {} submissions, {middle:?} to {most:?}",
            times.len()
        );
        assert!(
            middle < budget * 2,
            "half of {times:?} are beyond {budget:?}"
        );
    }
    let (more, fewer) = (tight.1.len(), loose.1.len());
    assert!(more > 3 * fewer, "{more} submissions against {fewer}");
}

/// Once a voice is warm, no sentence makes anything on the device, be it shorter or longer than those before it: neither its
/// first block nor later ones, with a budget or without.
#[test]
fn nothing_is_made_in_the_steady_state() {
    for budget in [None, Some(Duration::from_millis(20))] {
        let config = EngineConfig {
            submission_budget: budget,
            ..EngineConfig::default()
        };
        let Some(engine) = engine(config) else { return };
        let gpu = engine.gpu().unwrap();
        let voice = engine.load(&bundled_voice(), None).unwrap();
        let mut told = 0.0;
        voice.warm_up(&mut |part| told = part).unwrap();
        assert_eq!(told, 1.0);
        let compiled = gpu.made().pipelines;
        // As `tts_voice_warm_up` does.
        speak(&voice, "One.").unwrap();
        let longer = "The first sentence takes longer than those after it.";
        speak_with(&voice, longer, &denoised()).unwrap();
        let warm = gpu.made();
        assert_eq!(warm.pipelines, compiled, "something was not compiled");
        for text in [
            "No.",
            "This one has nearly as many symbols as the sentences that the voice was trained with.",
            "Two sentences. The second one is longer.",
        ] {
            for options in [SpeakOptions::default(), denoised()] {
                for event in voice.speak(text, &options).unwrap() {
                    event.unwrap();
                    assert_eq!(gpu.made(), warm, "{text} {budget:?} {:?}", options.denoise);
                }
            }
        }
    }
}

/// What an earlier run compiled is taken over; what is damaged is not.
#[test]
fn a_pipeline_cache_is_taken_over() {
    let Some(first) = open(&Options::default()) else {
        return;
    };
    let warm_up = |device: &Device| {
        let begun = Instant::now();
        device.warm_up(Precision::F16, &mut |_| ()).unwrap();
        begun.elapsed()
    };
    let without = warm_up(&first);
    let blob = first.pipeline_cache();
    let with = |blob: &[u8]| {
        let pipeline_cache = blob.to_vec();
        let options = Options {
            pipeline_cache,
            ..Options::default()
        };
        let device = open(&options).unwrap();
        let cache = device.pipeline_cache();
        eprintln!(
            "warmed up in {:?}, at first in {without:?}",
            warm_up(&device)
        );
        cache
    };
    let (taken, damaged, fresh) = (with(&blob), with(&blob[..blob.len() - 1]), with(&[]));
    assert!(!fresh.is_empty() && damaged == fresh);
    // Mesa's software renderer gives no more than the head of a cache.
    eprintln!(
        "{} bytes, taken over {}, fresh {}",
        blob.len(),
        taken.len(),
        fresh.len()
    );
    assert_eq!(taken.len() > fresh.len(), blob.len() > fresh.len());
}
