//! Dropout of the prenet: on at inference too, with masks that depend on the seed and step alone.

use crate::backend::Dropout;

/// Multiplies each value by 0 or `1 / (1 - p)`. `y` is `[rows, channels]`.
pub(super) fn dropout(y: &mut [f32], channels: usize, dropout: Dropout<'_>) {
    // A 32-bit word below the threshold drops its channel.
    let threshold = (f64::from(dropout.probability) * 4_294_967_296.0) as u64;
    let scale = 1.0 / (1.0 - dropout.probability);
    let blocks = channels.div_ceil(4) as u64;
    for (row, key) in y.chunks_exact_mut(channels).zip(dropout.keys) {
        for (four, block) in row.chunks_mut(4).zip(dropout.step * blocks..) {
            let words = key.block(dropout.stream, block);
            for (x, word) in four.iter_mut().zip(words) {
                *x = if u64::from(word) < threshold {
                    0.0
                } else {
                    *x * scale
                };
            }
        }
    }
}
