//! What becomes of an engine whose device is lost or full: errors, and another engine that works.

use std::process::Command;

use super::common::{bundled_voice, not_tested};
use super::device;
use super::engine::{TEXT, engine, speak};
use tts::backend::gpu::Gpu;
use tts::backend::{Backend, Error};
use tts::synth::{self, EngineConfig, SpeakOptions};

fn is_full(error: &synth::Error) -> bool {
    error.to_string().contains("out of memory")
}

/// A lost device ends an utterance with an error, and every later one; another engine can be made and speaks.
#[test]
fn a_lost_device_is_an_error_and_can_be_replaced() {
    let Some(first) = engine(EngineConfig::default()) else {
        return;
    };
    let voice = first.load(&bundled_voice(), None).unwrap();
    let options = SpeakOptions::default();
    let mut speech = voice.speak(TEXT, &options).unwrap();
    first.gpu().unwrap().lose();
    let error = speech.find_map(Result::err);
    let is_lost = |error: &synth::Error| matches!(error, synth::Error::Device(Error::Lost(_)));
    assert!(error.as_ref().is_some_and(is_lost), "{error:?}");
    drop(speech);
    let again = speak(&voice, TEXT).err();
    assert!(again.as_ref().is_some_and(is_lost), "{again:?}");
    let load = first
        .load(&bundled_voice(), None)
        .err()
        .map(|e| e.to_string());
    assert!(
        load.as_ref().is_some_and(|e| e.contains("lost")),
        "{load:?}"
    );
    let second = engine(EngineConfig::default()).unwrap();
    let voice = second.load(&bundled_voice(), None).unwrap();
    assert!(speak(&voice, TEXT).unwrap().0.len() > 10_000);
}

/// A job on a lost device fails, also one that had nothing to do with its loss.
#[test]
fn a_lost_device_reads_nothing() {
    let Some(lost) = device() else { return };
    let mut backend = Gpu::on(&lost);
    let tensor = backend.zeros(4, 4);
    lost.lose();
    let read = backend.read(&tensor, 0..4);
    assert!(matches!(read, Err(Error::Lost(_))), "{read:?}");
}

/// An engine keeps to its memory limit: a voice that does not fit is refused, and so is a sentence. What fits goes on.
#[test]
fn a_memory_limit_is_an_error() {
    let with = |limit: u64| {
        engine(EngineConfig {
            memory_limit: Some(limit),
            ..EngineConfig::default()
        })
    };
    let Some(small) = with(1 << 20) else { return };
    let error = small.load(&bundled_voice(), None).err();
    assert!(error.as_ref().is_some_and(is_full), "{error:?}");

    let unlimited = engine(EngineConfig::default()).unwrap();
    let voice = unlimited.load(&bundled_voice(), None).unwrap();
    let loaded = unlimited.gpu().unwrap().memory_used();
    speak(&voice, TEXT).unwrap();
    let spoken = unlimited.gpu().unwrap().memory_used();
    eprintln!("{loaded} bytes loaded, {spoken} after a sentence");

    // Room for the weights and half of what a sentence takes.
    let middle = with(u64::midpoint(loaded, spoken)).unwrap();
    let voice = middle.load(&bundled_voice(), None).unwrap();
    for _ in 0..2 {
        let error = speak(&voice, TEXT).err();
        assert!(error.as_ref().is_some_and(is_full), "{error:?}");
    }
    let just = with(spoken).unwrap();
    let voice = just.load(&bundled_voice(), None).unwrap();
    speak(&voice, TEXT).unwrap();
}

/// Set in a process that is to run out of memory.
const FULL: &str = "TACOGLOW_TEST_FULL";

/// A driver that has no memory left, in a process that may not have more of it, is an error like a limit; what was freed can be
/// had again.
#[test]
fn a_driver_without_memory_is_an_error() {
    if !cfg!(target_os = "linux") {
        return not_tested("only Linux can take memory away from a driver");
    }
    if std::env::var_os(FULL).is_none() {
        let mut test = Command::new(std::env::current_exe().unwrap());
        test.args([
            "--exact",
            "failures::a_driver_without_memory_is_an_error",
            "--nocapture",
        ]);
        let output = test.env(FULL, "1").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        eprintln!("{said}");
        assert!(output.status.success(), "{:?}", output.status);
        return;
    }
    let Some(device) = device() else { return };
    if !device.name().contains("llvmpipe") {
        return not_tested("the memory of this adapter is not the process's");
    }
    let works = || {
        let gpu = &mut Gpu::on(&device);
        let tensor = gpu.zeros(16, 16);
        gpu.read(&tensor, 0..16).map(drop)
    };
    works().unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let used = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))
        .unwrap();
    let used: u64 = used.trim().trim_end_matches(" kB").parse().unwrap();
    let limit = format!("--as={}", (used << 10) + (600 << 20));
    let process = std::process::id().to_string();
    let prlimit = Command::new("prlimit")
        .args(["--pid", &process, &limit])
        .status();
    assert!(prlimit.unwrap().success());

    let mut gpu = Gpu::on(&device);
    let mut tensors = Vec::new();
    let error = loop {
        let tensor = gpu.zeros(1 << 13, 1 << 10);
        if let Err(error) = gpu.read(&tensor, 0..1) {
            break error;
        }
        tensors.push(tensor);
        assert!(tensors.len() < 100, "there is memory without end");
    };
    eprintln!("after {} times 32 MiB: {error}", tensors.len());
    assert!(matches!(error, Error::OutOfMemory(_)), "{error:?}");
    drop((tensors, gpu));
    works().unwrap();
}
