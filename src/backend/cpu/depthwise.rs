//! BatchNorm and depthwise convolution of the squeezed WN layer, folded into one.
#![allow(unsafe_code)]

use std::ops::Range;

use super::product::{load_part, parallel, store_part};
use super::simd::{InstructionSet, Kernel, Simd, dispatch};
use super::{Cpu, SendPointer, Tensor};
use crate::backend::{DepthwiseWeights, Rows};

pub(super) fn run(
    set: InstructionSet,
    threads: usize,
    w: &DepthwiseWeights<Cpu>,
    x: Rows<'_, Tensor>,
    y: &mut Tensor,
    n: usize,
    inside: Range<usize>,
) {
    let taps = w.taps.rows;
    let channels = w.taps.channels;
    assert!(y.channels == channels && x.tensor.channels == channels);
    let x = x.tensor.from_row(x.row, n + taps - 1);
    let out = SendPointer(y.from_row_mut(0, n).as_mut_ptr());
    let parts = if n * channels < 16 * 1024 { 1 } else { threads };
    parallel(parts, &|i| {
        let out = &out;
        let rows = n * i / parts..n * (i + 1) / parts;
        dispatch(
            set,
            Depthwise {
                w,
                x,
                y: out.0,
                rows,
                inside: inside.clone(),
            },
        );
    });
}

struct Depthwise<'a> {
    w: &'a DepthwiseWeights<Cpu>,
    x: &'a [f32],
    /// Row 0 of the output; this task writes `rows` of it.
    y: *mut f32,
    rows: Range<usize>,
    inside: Range<usize>,
}

impl Kernel for Depthwise<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (taps, channels) = (self.w.taps.rows, self.w.taps.channels);
        let (weight, shift) = (self.w.taps.data.as_ptr(), self.w.shifts.data.as_ptr());
        let bias = self.w.bias.data.as_ptr();
        for r in self.rows {
            let mut c = 0;
            while c < channels {
                let real = (channels - c).min(S::LANES);
                // SAFETY: rows r..r + taps of x and row r of y exist, `real` channels from c on too.
                unsafe {
                    let mut acc = load_part::<S>(bias.add(c), real);
                    for tap in 0..taps {
                        if self.inside.contains(&(r + tap)) {
                            let x =
                                load_part::<S>(self.x.as_ptr().add((r + tap) * channels + c), real);
                            let w = load_part::<S>(weight.add(tap * channels + c), real);
                            acc = S::fma(x, w, acc);
                            acc = S::add(acc, load_part::<S>(shift.add(tap * channels + c), real));
                        }
                    }
                    store_part::<S>(self.y.add(r * channels + c), acc, real);
                }
                c += real;
            }
        }
    }
}
