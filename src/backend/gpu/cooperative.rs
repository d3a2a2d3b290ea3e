//! Cooperative matrices: products of half precision on tensor cores and the like.
//!
//! They are experimental in wgpu, and drivers are known that list them and are slow or wrong. So they are used only where
//! they are measured, when the device is opened, to give the right result sooner.

use std::time::{Duration, Instant};

use super::device::Device;
use super::kernels::Gpu;
use crate::backend::{
    Activation, Backend, Error, MatrixKind, MatrixSpec, Precision, rows, rows_mut,
};

/// A product of the size that a WN layer has.
const ROWS: usize = 1024;
const INPUTS: usize = 1024;
const OUTPUTS: usize = 512;

/// Times that it is run for the measurement.
const RUNS: usize = 16;

/// Results are sums of 1024 products of numbers up to 1, typically near 10. What is wrong differs by as much, and what is
/// rounded otherwise by some hundredths.
const TOLERANCE: f32 = 0.5;

/// Whether a product with cooperative matrices equals the one without, and is faster.
pub(super) fn wins(device: &Device) -> Result<bool, Error> {
    let mut gpu = Gpu::on(device);
    let kind = MatrixKind::Conv {
        taps: 1,
        dilation: 1,
    };
    let w = gpu.matrix(MatrixSpec {
        kind,
        outputs: OUTPUTS,
        inputs: INPUTS,
        precision: Precision::F16,
        row: &|output, row| {
            let row = row.iter_mut().enumerate();
            row.for_each(|(input, w)| *w = value(31 * output + 17 * input));
        },
        scale: None,
        bias: None,
    })?;
    let mut x = gpu.zeros(ROWS, INPUTS);
    let values: Vec<f32> = (0..ROWS * INPUTS).map(|i| value(7 * i)).collect();
    gpu.write(rows_mut(&mut x, 0), &values);
    let mut y = gpu.zeros(ROWS, OUTPUTS);
    let mut run = |on: bool, runs: usize| -> Result<(Vec<f32>, Duration), Error> {
        device.use_cooperative(on);
        let begun = Instant::now();
        for _ in 0..runs {
            let to = rows_mut(&mut y, 0);
            gpu.conv(&w, rows(&x, 0), to, 0, ROWS, Activation::Linear);
        }
        Ok((gpu.read(&y, 0..ROWS)?, begun.elapsed()))
    };
    // The first run of each compiles.
    let (expected, _) = run(false, 1)?;
    let (found, _) = run(true, 1)?;
    let mut pairs = expected.iter().zip(&found);
    if !pairs.all(|(a, b)| (a - b).abs() < TOLERANCE) {
        log::warn!("{}: its cooperative matrices are wrong", device.name());
        return Ok(false);
    }
    let (_, without) = run(false, RUNS)?;
    let (_, with) = run(true, RUNS)?;
    log::info!(
        "{}: {with:?} with cooperative matrices, {without:?} without",
        device.name()
    );
    Ok(with < without)
}

/// Numbers from -1 to 1.
fn value(i: usize) -> f32 {
    (i % 61) as f32 / 30.0 - 1.0
}
