//! Any bytes as a PyTorch checkpoint: an error or tensors, never a panic, and nothing is run.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tts::voice::import::{Checkpoint, Import, ImportOptions};

fuzz_target!(|bytes: &[u8]| {
    let Ok(checkpoint) = Checkpoint::parse(bytes) else {
        return;
    };
    for name in checkpoint.names() {
        if let Ok(values) = checkpoint.read(name) {
            let shape = checkpoint.shape(name).expect("a listed tensor has a shape");
            assert_eq!(values.len(), shape.iter().product::<usize>());
        }
    }
    // Its names may be those of either network.
    if let Ok(import) = Import::new(&checkpoint, &checkpoint, &ImportOptions::default()) {
        let _ = import.writer();
    }
});
