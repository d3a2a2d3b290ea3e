//! Any bytes as a voice file: an error or a voice whose every tensor can be read, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tts::voice::Voice;
use tts::voice::layout::expected_tensors;

fuzz_target!(|bytes: &[u8]| {
    let Ok(voice) = Voice::from_bytes(bytes.to_vec()) else {
        return;
    };
    let _ = voice.info();
    for (name, shape) in expected_tensors(voice.config()) {
        let tensor = voice
            .tensor(&name)
            .expect("an opened voice has all tensors");
        assert_eq!(tensor.shape(), shape);
        if let Ok(values) = tensor.to_f32() {
            assert!(values.iter().all(|x| x.is_finite()));
        }
    }
    voice.release();
});
