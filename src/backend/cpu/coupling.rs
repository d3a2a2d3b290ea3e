//! Inverse affine coupling: `a1 = (a1 - b) / exp(log s)`.
#![allow(unsafe_code)]

use super::Tensor;
use super::product::{load_part, store_part};
use super::simd::{self, InstructionSet, Kernel, Simd, dispatch};
use crate::backend::RowsMut;

pub(super) fn run(set: InstructionSet, bs: &Tensor, a: RowsMut<'_, Tensor>, n: usize) {
    let half = bs.channels / 2;
    let channels = a.tensor.channels;
    assert_eq!(channels, 2 * half);
    let bs = bs.rows_from(0, n);
    let a = a.tensor.rows_mut(a.row, n);
    dispatch(set, Coupling { bs, a, half });
}

struct Coupling<'a> {
    bs: &'a [f32],
    a: &'a mut [f32],
    half: usize,
}

impl Kernel for Coupling<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let half = self.half;
        for (a, bs) in self
            .a
            .chunks_exact_mut(2 * half)
            .zip(self.bs.chunks_exact(2 * half))
        {
            let (a1, (b, log_s)) = (&mut a[half..], bs.split_at(half));
            let mut c = 0;
            while c < half {
                let real = (half - c).min(S::LANES);
                // SAFETY: `real` elements from `c` on are inside all three slices.
                unsafe {
                    let x = load_part::<S>(a1.as_ptr().add(c), real);
                    let b = load_part::<S>(b.as_ptr().add(c), real);
                    let log_s = load_part::<S>(log_s.as_ptr().add(c), real);
                    let scale = simd::exp::<S>(S::sub(S::splat(0.0), log_s));
                    store_part::<S>(a1.as_mut_ptr().add(c), S::mul(S::sub(x, b), scale), real);
                }
                c += real;
            }
        }
    }
}
