//! Sound and marks through the C interface, and a voice that is not as others are.

use std::ffi::CString;
use std::{fs, ptr};

use tts::capi::*;

use crate::tools;

/// The promises that `speaking.c` goes through.
#[test]
fn what_the_header_promises_of_speech() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut program) = tools::test_program(dir.path(), "speaking") else {
        return;
    };
    tools::run(program.arg(tools::voice()));
}

/// A voice whose vocoder makes infinite numbers without noise can be warmed up and spoken with; it is refused to
/// whoever wants it denoised.
#[test]
#[allow(unsafe_code)]
fn what_cannot_be_denoised_can_be_spoken_with() {
    let mut bytes = fs::read(tools::voice()).unwrap();
    let start = bytes.as_ptr().addr();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let bias = file.tensor("waveglow.WN.11.end.bias").unwrap().data();
    let at = bias.as_ptr().addr() - start;
    let range = at..at + bias.len();
    // The exponential of 100 is beyond f32.
    for value in bytes[range].as_chunks_mut::<2>().0 {
        *value = half::f16::from_f32(-100.0).to_le_bytes();
    }
    let mut engine = ptr::null_mut();
    let mut voice = ptr::null_mut();
    // SAFETY: every pointer is to a local of the right type, or NULL where that is allowed.
    unsafe {
        assert_eq!(tts_engine_create(ptr::null(), &raw mut engine), TTS_OK);
        let data = bytes.as_ptr().cast();
        let open = tts_voice_open_memory_copied(engine, data, bytes.len(), &raw mut voice);
        assert_eq!(open, TTS_OK);
        assert_eq!(tts_voice_warm_up(voice, None, ptr::null_mut()), TTS_OK);
        let text = CString::new("Yes.").unwrap();
        let mut config: tts_utterance_config = std::mem::zeroed();
        tts_utterance_config_init(&raw mut config, size_of::<tts_utterance_config>());
        let mut audio: tts_audio = std::mem::zeroed();
        audio.struct_size = size_of::<tts_audio>() as u32;
        let spoken = tts_voice_speak(voice, text.as_ptr(), &raw const config, &raw mut audio);
        assert!(spoken >= TTS_OK && audio.count > 0);
        tts_audio_free(&raw mut audio);
        config.denoise = 0.05;
        let refused = tts_voice_speak(voice, text.as_ptr(), &raw const config, &raw mut audio);
        assert_eq!(refused, TTS_ERROR_ARGUMENT);
        let message = std::ffi::CStr::from_ptr(tts_last_error());
        assert!(message.to_str().unwrap().contains("denoise"), "{message:?}");
        tts_voice_destroy(voice);
        tts_engine_destroy(engine);
    }
}
