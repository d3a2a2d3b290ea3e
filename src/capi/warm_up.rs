//! Warming up
//!
//! The first sound of a voice comes later than that of the next ones: a GPU compiles its kernels, weights are touched
//! for the first time, and the denoiser listens to the voice once. A game does that behind its loading screen.

use std::ffi::c_void;

use super::audio::whole;
use super::boundary::{Result, boundary, in_callback, outside_callbacks};
use super::handle::Object as _;
use super::options::Settings;
use super::status::{TTS_ERROR_ARGUMENT, tts_status};
use super::voice::{VoiceObject, tts_voice};

/// Told how far it is, from 0 to 1. Called on the thread that waits.
pub type tts_progress_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, progress: f32)>;

/// What is spoken, and the strength of the denoiser meanwhile.
const SPOKEN: [(&str, f32); 2] = [
    ("One.", 0.0),
    ("The first sentence takes longer than those after it.", 0.1),
];

/// Does everything that would make the first sound of a voice late, and returns when it is done. `on_progress`
/// may be NULL.
///
/// Threads: any, but not in a callback. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_CALLBACK,
/// TTS_ERROR_ENGINE_GONE, TTS_ERROR_FORKED, TTS_ERROR_OUT_OF_MEMORY, TTS_ERROR_DEVICE_LOST; TTS_ERROR_ARGUMENT for
/// a voice that is to be denoised by itself and cannot be. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_warm_up(
    voice: *const tts_voice,
    on_progress: tts_progress_callback,
    user_data: *mut c_void,
) -> tts_status {
    boundary(|| {
        outside_callbacks("tts_voice_warm_up")?;
        let voice = VoiceObject::registry().get(voice)?;
        let progress = |progress: f32| {
            if let Some(on_progress) = on_progress {
                // SAFETY: by the contract of the header the function may be called with its user_data
                // during this call.
                in_callback(|| unsafe { on_progress(user_data, progress) });
            }
        };
        progress(0.0);
        let parts = (1 + SPOKEN.len()) as f32;
        voice
            .synthesizer()?
            .warm_up(&mut |part| progress(part / parts))?;
        for (i, (text, denoise)) in SPOKEN.into_iter().enumerate() {
            match speak(&voice, text, denoise) {
                // A voice that cannot be denoised may well be spoken with, unless it asks for that itself.
                Err(failure)
                    if failure.status == TTS_ERROR_ARGUMENT && !voice.facts.is_denoised() => {}
                spoken => spoken?,
            }
            progress((i + 2) as f32 / parts);
        }
        Ok(())
    })
}

fn speak(voice: &VoiceObject, text: &str, denoise: f32) -> Result<()> {
    let mut settings = Settings::read(std::ptr::null())?;
    settings.options.speak.denoise = Some(denoise);
    // Whether a few words come to their end does not matter here.
    settings.options.speak.max_decoder_steps = Some(200);
    whole(voice, text, &settings).map(drop)
}
