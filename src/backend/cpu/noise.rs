//! Noise for WaveGlow: standard normal values from counters, scaled by sigma.

use rayon::prelude::*;

use super::Tensor;
use crate::backend::{Noise, RowsMut, normal_pair};

/// Rows that one task fills.
const ROWS: usize = 64;

/// Fills the first `channels` of `n` rows.
pub(super) fn fill(
    threads: usize,
    y: RowsMut<'_, Tensor>,
    channels: usize,
    n: usize,
    noise: Noise,
) {
    let stride = y.tensor.channels;
    let out = y.tensor.rows_mut(y.row, n);
    let task = |(task, rows): (usize, &mut [f32])| {
        let position = noise.position + (task * ROWS) as u64;
        for (row, position) in rows.chunks_exact_mut(stride).zip(position..) {
            fill_row(&mut row[..channels], position, noise);
        }
    };
    if threads == 1 || n <= ROWS {
        out.chunks_mut(ROWS * stride).enumerate().for_each(task);
    } else {
        out.par_chunks_mut(ROWS * stride).enumerate().for_each(task);
    }
}

fn fill_row(row: &mut [f32], position: u64, noise: Noise) {
    if noise.sigma == 0.0 {
        row.fill(0.0);
        return;
    }
    // A row starts at a block of its own, so that its values do not depend on the chunking.
    let first = position * row.len().div_ceil(4) as u64;
    for (four, block) in row.chunks_mut(4).zip(first..) {
        let w = noise.key.block(noise.stream, block);
        let [a, b] = normal_pair(w[0], w[1]);
        let [c, d] = normal_pair(w[2], w[3]);
        for (x, z) in four.iter_mut().zip([a, b, c, d]) {
            *x = z * noise.sigma;
        }
    }
}
