//! One step of location-sensitive attention (section 2.2 of the Tacotron 2 paper):
//! `e_t = v · tanh(W h + location_t + processed_t)`, softmax, context; then the cumulative weights
//! take this step's weights, so that the location features see the sum without the current step.
#![allow(unsafe_code)]

use std::slice;
use std::sync::{Mutex, PoisonError};

use super::product::{Epilogue, Init, Product, Segment, load_part, store_part};
use super::simd::{self, Kernel, Simd, dispatch};
use super::{Cpu, SendPointer, Tensor};
use crate::backend::{Activation, AttentionState, AttentionWeights, Backend, Rows, RowsMut};

/// Values of the memory that a thread reads at least for the context: some microseconds of work.
const CONTEXT_PART: usize = 16 * 1024;

/// Buffers that are kept from step to step.
#[derive(Default)]
pub(super) struct Scratch {
    query: Tensor,
    features: Tensor,
    weights: Vec<f32>,
}

impl Scratch {
    pub(super) fn step(
        &mut self,
        cpu: &mut Cpu,
        w: &AttentionWeights<Cpu>,
        state: &mut AttentionState<Cpu>,
        query: Rows<'_, Tensor>,
        context: RowsMut<'_, Tensor>,
        alignment: RowsMut<'_, Tensor>,
    ) {
        let dim = w.query.n;
        let symbols = state.symbols;
        if self.query.channels != dim {
            self.query = Tensor::new(1, dim);
        }
        if self.features.channels != dim || self.features.rows < symbols {
            self.features = Tensor::new(symbols, dim);
        }
        self.weights.resize(symbols, 0.0);
        let into = RowsMut {
            tensor: &mut self.query,
            row: 0,
        };
        cpu.conv(&w.query, query, into, 0, 1, Activation::Linear);
        // Location features of all symbols, on top of the processed memory; energies while they are in
        // the cache.
        let location = &state.location;
        let product = Product {
            weights: &w.location,
            segments: &[Segment {
                a: location.rows_from(0, symbols + w.taps - 1).as_ptr(),
                stride: 2,
                k: 2 * w.taps,
            }],
            init: Some(Init {
                a: state.processed.rows_from(0, symbols).as_ptr(),
                stride: dim,
                shift: 0,
                repeat: 1,
            }),
            epilogue: Epilogue::Linear {
                y: self.features.rows_mut(0, symbols).as_mut_ptr(),
                stride: dim,
            },
            rows: symbols,
        };
        let features = SendPointer(self.features.data.as_mut_ptr());
        let energies = SendPointer(self.weights.as_mut_ptr());
        let (query, v) = (&self.query.data, &w.v.data);
        let set = cpu.set;
        product.run_around(set, &cpu.team, &|_| {}, &|symbols| {
            let (features, energies) = (&features, &energies);
            // SAFETY: the parts of the product have disjoint rows, and these have been made.
            unsafe {
                dispatch(
                    set,
                    Energies {
                        features: slice::from_raw_parts(
                            features.0.add(symbols.start * dim),
                            symbols.len() * dim,
                        ),
                        query,
                        v,
                        out: slice::from_raw_parts_mut(
                            energies.0.add(symbols.start),
                            symbols.len(),
                        ),
                    },
                );
            }
        });
        softmax(&mut self.weights);
        let memory = state.memory.rows_from(0, symbols);
        let channels = state.memory.channels;
        let context = context.tensor.rows_mut(context.row, 1);
        let parts = cpu.team.threads().min(memory.len() / CONTEXT_PART).max(1);
        let share = channels.div_ceil(parts).next_multiple_of(16);
        let context: Vec<_> = context.chunks_mut(share).map(Mutex::new).collect();
        let weights = &self.weights;
        cpu.team.run(context.len(), &|part| {
            let mut context = context[part].lock().unwrap_or_else(PoisonError::into_inner);
            let memory = &memory[part * share..];
            dispatch(
                set,
                Context {
                    memory,
                    channels,
                    weights,
                    context: &mut context,
                },
            );
        });
        let pad = w.taps / 2;
        let location = state.location.rows_mut(pad, symbols);
        for (pair, &weight) in location.chunks_exact_mut(2).zip(&self.weights) {
            pair[0] = weight;
            pair[1] += weight;
        }
        alignment.tensor.rows_mut(alignment.row, 1)[..symbols].copy_from_slice(&self.weights);
    }
}

struct Energies<'a> {
    features: &'a [f32],
    query: &'a [f32],
    v: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Energies<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let dim = self.query.len();
        for (features, energy) in self.features.chunks_exact(dim).zip(self.out) {
            // SAFETY: `real` elements from `c` on are inside the three slices of `dim` elements.
            unsafe {
                let mut sum = S::splat(0.0);
                let mut c = 0;
                while c < dim {
                    let real = (dim - c).min(S::LANES);
                    let x = load_part::<S>(features.as_ptr().add(c), real);
                    let q = load_part::<S>(self.query.as_ptr().add(c), real);
                    let v = load_part::<S>(self.v.as_ptr().add(c), real);
                    sum = S::fma(v, simd::tanh::<S>(S::add(x, q)), sum);
                    c += real;
                }
                *energy = S::sum(sum);
            }
        }
    }
}

/// Softmax with the maximum subtracted.
fn softmax(x: &mut [f32]) {
    let maximum = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for x in x.iter_mut() {
        *x = (*x - maximum).exp();
        sum += *x;
    }
    for x in x {
        *x /= sum;
    }
}

/// Some channels of the context; `memory` begins with them, and has `channels` a row.
struct Context<'a> {
    memory: &'a [f32],
    channels: usize,
    weights: &'a [f32],
    context: &'a mut [f32],
}

impl Kernel for Context<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let mut c = 0;
        while c < self.context.len() {
            let real = (self.context.len() - c).min(S::LANES);
            // SAFETY: `real` channels from `c` on exist in every row.
            unsafe {
                let mut sum = S::splat(0.0);
                for (t, &weight) in self.weights.iter().enumerate() {
                    let row = self.memory.as_ptr().add(t * self.channels + c);
                    sum = S::fma(S::splat(weight), load_part::<S>(row, real), sum);
                }
                store_part::<S>(self.context.as_mut_ptr().add(c), sum, real);
            }
            c += real;
        }
    }
}
