//! Many texts at once
//!
//! For what is known beforehand, such as all lines of a scene: the decoder reads its weights once for all of them, and
//! the threads of a CPU make the sound of different lines, so that none waits for another.

use std::ffi::c_char;
use std::sync::atomic::Ordering;

use super::audio::{lend, tts_audio};
use super::boundary::{Failure, Result, outside_callbacks, status_boundary};
use super::handle::Object as _;
use super::memory;
use super::options::{Settings, tts_utterance_config};
use super::status::{TTS_ATTENTION_LOST, TTS_OK, TTS_STEP_LIMIT, tts_status};
use super::voice::{VoiceObject, gone_meanwhile, tts_voice};
use crate::synth::{self, BatchText, End, Output, Synthesizer};
use crate::text::Sentence;

/// Speaks `count` texts, each of which ends in NUL, and returns when all have been spoken. A text sounds as
/// tts_voice_speak would speak it with this `config`, whose callbacks, `buffer_ms` and `priority` have no part in
/// this. `out_audio` is an array of `count` structs, the struct_size of each set; `out_results`, which may be NULL,
/// an array of as many statuses, which tell how each text ended. The call gives the gravest of them: TTS_OK,
/// TTS_STEP_LIMIT or TTS_ATTENTION_LOST. It computes on the threads of the engine: utterances that
/// are on their way go on beside it, more slowly. Every thread needs memory for a line of its own; with a limit that has no
/// room for as many lines, there are fewer at a time.
///
/// Ownership: as for tts_voice_speak; every struct is given back with tts_audio_free. Threads and errors: as
/// tts_voice_speak. With an error nothing is written, and the message tells which text it is about. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tts_voice_speak_batch(
    voice: *const tts_voice,
    texts: *const *const c_char,
    count: usize,
    config: *const tts_utterance_config,
    out_audio: *mut tts_audio,
    out_results: *mut tts_status,
) -> tts_status {
    status_boundary(|| {
        outside_callbacks("tts_voice_speak_batch")?;
        let texts = memory::pointers(texts, count, "texts")?;
        let out_audio = memory::Row::new(out_audio, count)?;
        let wanted = if out_results.is_null() { 0 } else { count };
        let out_results = memory::buffer(out_results, wanted, "out_results")?;
        let settings = Settings::read(config)?;
        let voice = VoiceObject::registry().get(voice)?;
        let synthesizer = settings.front_end(voice.synthesizer()?)?;
        let mut batch = Vec::new();
        for (i, &text) in texts.iter().enumerate() {
            let sentences = sentences(&voice, &synthesizer, &settings, text);
            batch.push(sentences.map_err(|failure| about(i, &failure))?);
        }
        let over = || voice.closing.load(Ordering::Relaxed) || voice.queue.is_shut_down();
        let spoken = synthesizer.speak_texts(batch, &settings.options.speak, &over);
        let spoken = spoken.map_err(|error| match error {
            synth::Error::Cancelled => gone_meanwhile(),
            error => error.into(),
        })?;
        let rate = settings.sample_rate(&synthesizer);
        let results: Vec<_> = spoken.iter().map(ended).collect();
        let audio = spoken
            .into_iter()
            .map(|text| finished(&text, &synthesizer, &settings))
            .collect::<Result<Vec<_>>>()?;
        for (i, samples) in audio.into_iter().enumerate() {
            out_audio.write(i, lend(samples, rate, settings.s16))?;
        }
        out_results.copy_from_slice(&results[..wanted]);
        Ok(results.into_iter().max().unwrap_or(TTS_OK))
    })
}

fn about(index: usize, failure: &Failure) -> Failure {
    Failure::new(
        failure.status,
        format!("texts[{index}]: {}", failure.message),
    )
}

/// The sentences of a text, with something to speak among them.
fn sentences(
    voice: &VoiceObject,
    synthesizer: &Synthesizer,
    settings: &Settings,
    text: *const c_char,
) -> Result<Vec<Sentence>> {
    let feed = settings.feed(memory::text(text, "text")?);
    let feed = voice.checked(synthesizer, feed)?;
    Ok(feed
        .sentences(synthesizer, settings.options.output.pitch)
        .collect())
}

/// The samples of a text as the caller wants them.
fn finished(text: &BatchText, synthesizer: &Synthesizer, settings: &Settings) -> Result<Vec<f32>> {
    let voice_rate = synthesizer.config().audio.sampling_rate;
    let mut output = Output::new(voice_rate, &settings.options.output)?;
    let mut samples = Vec::new();
    // A second at a time, of which the resampler keeps a copy.
    for piece in text.audio.chunks(voice_rate as usize) {
        output.process(piece, &mut samples);
    }
    output.finish(&mut samples);
    Ok(samples)
}

fn ended(text: &BatchText) -> tts_status {
    let any = |end| text.sentences.iter().any(|sentence| sentence.end == end);
    if any(End::Lost) {
        TTS_ATTENTION_LOST
    } else if any(End::Limit) {
        TTS_STEP_LIMIT
    } else {
        TTS_OK
    }
}
