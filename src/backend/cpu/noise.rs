//! Noise for WaveGlow: standard normal values from counters, scaled by sigma.

use std::sync::{Mutex, PoisonError};

use super::Tensor;
use super::team::Team;
use crate::backend::{Noise, RowsMut, normal_pair};

/// Values that a thread fills at least: some ten microseconds of work.
const PART: usize = 512;

/// Fills the first `channels` of `n` rows.
pub(super) fn fill(team: &Team, y: RowsMut<'_, Tensor>, channels: usize, n: usize, noise: Noise) {
    let stride = y.tensor.channels;
    let parts = team.threads().min(n * channels / PART).max(1);
    let rows = n.div_ceil(parts).max(1);
    let out = y.tensor.rows_mut(y.row, n).chunks_mut(rows * stride);
    let out: Vec<_> = out.map(Mutex::new).collect();
    team.run(out.len(), &|part| {
        let mut out = out[part].lock().unwrap_or_else(PoisonError::into_inner);
        let first = noise.position + (part * rows) as u64;
        for (row, position) in out.chunks_exact_mut(stride).zip(first..) {
            fill_row(&mut row[..channels], position, noise);
        }
    });
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
