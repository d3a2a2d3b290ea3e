//! BatchNorm and depthwise convolution of the squeezed WN layer, folded into one.
#![allow(unsafe_code)]

use std::ops::Range;

use super::Cpu;
use super::product::{load_part, store_part};
use super::simd::{InstructionSet, Kernel, Simd, dispatch};
use crate::backend::SeparableWeights;

/// Makes `rows` of the output `[.., channels]`, whose row 0 is at `y`. Row 0 of `x` is the first that
/// output row 0 reads; `inside` are the rows of `x` that belong to the utterance.
///
/// # Safety
/// `y` holds `rows`, and nobody else uses them meanwhile.
pub(super) unsafe fn run(
    set: InstructionSet,
    w: &SeparableWeights<Cpu>,
    x: &[f32],
    y: *mut f32,
    rows: Range<usize>,
    inside: Range<usize>,
) {
    assert!(x.len() >= (rows.end + w.taps.rows - 1) * w.taps.channels);
    dispatch(
        set,
        Depthwise {
            w,
            x,
            y,
            rows,
            inside,
        },
    );
}

struct Depthwise<'a> {
    w: &'a SeparableWeights<Cpu>,
    x: &'a [f32],
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
