//! The matrix product under every kernel: rows of activations times packed weights, with an
//! epilogue on the registers.
//!
//! `out[r, :] = epilogue(scale · Σ over segments a[r, 0..k] · W + bias + init[r, :])`. A segment is a run of
//! inputs: a tap of a convolution, the conditioning, a part of an LSTM's input. Nothing is unfolded
//! or concatenated in memory. Each output is one chain of fused multiply-adds over the inputs in
//! their order, whatever the tile, so a value does not depend on the block it was computed in.
#![allow(unsafe_code)]
// Loops over tiles are written with indices on purpose: their bounds are constants, and the compiler
// unrolls them into registers.
#![allow(clippy::needless_range_loop)]

use std::mem::MaybeUninit;
use std::ops::Range;

use super::matrix::{Layout, Matrix, Storage};
use super::simd::{self, InstructionSet, Kernel, Simd, dispatch};
use super::team::Team;

/// A run of `k` inputs: row `r` starts at `a + r * stride`.
#[derive(Clone, Copy)]
pub(super) struct Segment {
    pub(super) a: *const f32,
    pub(super) stride: usize,
    pub(super) k: usize,
}

/// Values added to the product: row `r` starts at `a + (r + shift) / repeat * stride`,
/// outputs in their natural order.
#[derive(Clone, Copy)]
pub(super) struct Init {
    pub(super) a: *const f32,
    pub(super) stride: usize,
    pub(super) shift: usize,
    pub(super) repeat: usize,
}

/// What becomes of a finished row of outputs. Row `r` of a target starts at `y + r * stride`.
#[derive(Clone, Copy)]
pub(super) enum Epilogue {
    /// `y = x`
    Linear { y: *mut f32, stride: usize },
    /// `y = max(x, 0)`
    Relu { y: *mut f32, stride: usize },
    /// `y = tanh(x)`
    Tanh { y: *mut f32, stride: usize },
    /// `y = base + x`, for outputs before `split`; `skip (+)= x` for the others.
    ResSkip {
        base: *const f32,
        y: *mut f32,
        skip: *mut f32,
        stride: usize,
        split: usize,
        first: bool,
    },
    /// `y = tanh(x[..n/2]) * sigmoid(x[n/2..])` ([`Layout::Gate`])
    Gate { y: *mut f32, stride: usize },
    /// LSTM state update ([`Layout::Lstm`]): `c = σ(f) c + σ(i) tanh(g)`, `h = σ(o) tanh(c)`.
    Lstm {
        c: *mut f32,
        h: *mut f32,
        c_stride: usize,
        h_stride: usize,
    },
}

/// A product over `rows` rows.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    pub(super) weights: &'a Matrix,
    pub(super) segments: &'a [Segment],
    pub(super) init: Option<Init>,
    pub(super) epilogue: Epilogue,
    pub(super) rows: usize,
}

// SAFETY: a product is only shared between threads that write disjoint tiles of its targets.
unsafe impl Send for Product<'_> {}
unsafe impl Sync for Product<'_> {}

/// Activations of a block of rows: half of a common second-level cache.
const BLOCK_INPUTS: usize = 128 * 1024;

/// Rows that the tiles of every instruction set divide.
const TILE: usize = 12;

/// Multiply-adds of a part: a few microseconds of work, against the one that handing it over takes.
const PART: usize = 256 * 1024;

/// Rows that could be computed in the time that it takes to read their weights.
const ROWS_OF_READING: usize = 8;

impl Product<'_> {
    /// Runs the product on a team's threads.
    pub(super) fn run(self, set: InstructionSet, team: &Team) {
        self.run_around(set, team, &|_| {}, &|_| {});
    }

    /// Runs the product on this thread.
    pub(super) fn run_alone(self, set: InstructionSet) {
        self.part(set, 0..self.rows, 0..self.weights.panels);
    }

    /// [`Self::run`], where `before` makes rows of the input just before they are read, and `after`
    /// uses rows of the output just after they were made, on the thread that has them in its cache.
    pub(super) fn run_around(
        self,
        set: InstructionSet,
        team: &Team,
        before: &(dyn Fn(Range<usize>) + Sync),
        after: &(dyn Fn(Range<usize>) + Sync),
    ) {
        let w = self.weights;
        debug_assert_eq!(w.k, self.segments.iter().map(|s| s.k).sum::<usize>());
        debug_assert_eq!(w.lanes, set.lanes());
        let work = self.rows.max(ROWS_OF_READING) * w.k * w.n;
        let parts = team.threads().min(work / PART).max(1);
        // Split the weights when there are few rows (each thread then streams its own part of the
        // weights, as in the decoder), else the rows.
        let unit = if w.layout == Layout::Lstm { 2 } else { 1 };
        if self.rows < 16 * parts && w.panels >= parts * unit {
            before(0..self.rows);
            let units = w.panels / unit;
            team.run(parts, &|i| {
                let panels = units * i / parts * unit..units * (i + 1) / parts * unit;
                self.part(set, 0..self.rows, panels);
            });
            after(0..self.rows);
        } else {
            // Whole tiles per thread; the last one takes the remainder.
            let tiles = self.rows.div_ceil(TILE);
            team.run(parts, &|i| {
                let from = (tiles * i / parts * TILE).min(self.rows);
                let to = (tiles * (i + 1) / parts * TILE).min(self.rows);
                before(from..to);
                self.part(set, from..to, 0..w.panels);
                after(from..to);
            });
        }
    }

    fn part(&self, set: InstructionSet, rows: Range<usize>, panels: Range<usize>) {
        let part = Part {
            product: *self,
            rows,
            panels,
        };
        match &self.weights.storage {
            Storage::F32(w) => dispatch(
                set,
                Typed {
                    part,
                    weights: w.as_slice(),
                },
            ),
            Storage::F16(w) => dispatch(
                set,
                Typed {
                    part,
                    weights: w.as_slice(),
                },
            ),
        }
    }
}

struct Part<'a> {
    product: Product<'a>,
    rows: Range<usize>,
    panels: Range<usize>,
}

/// A stored number that widens to f32 lanes.
trait Weight: Copy {
    unsafe fn load<S: Simd>(p: *const Self) -> S::V;
}

impl Weight for f32 {
    #[inline(always)]
    unsafe fn load<S: Simd>(p: *const Self) -> S::V {
        // SAFETY: the panel holds whole vectors.
        unsafe { S::load(p) }
    }
}

impl Weight for u16 {
    #[inline(always)]
    unsafe fn load<S: Simd>(p: *const Self) -> S::V {
        // SAFETY: the panel holds whole vectors.
        unsafe { S::load_f16(p) }
    }
}

struct Typed<'a, W> {
    part: Part<'a>,
    weights: &'a [W],
}

impl<W: Weight> Kernel for Typed<'_, W> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Part {
            product,
            rows,
            panels,
        } = self.part;
        let (row, row_end, panel, panel_end) = (rows.start, rows.end, panels.start, panels.end);
        let w = product.weights;
        let panel_len = w.k * 2 * S::LANES;
        // SAFETY: rows and panels are in range, and the targets hold them (the callers' contract).
        unsafe {
            if w.layout == Layout::Lstm || row_end - row == 1 {
                // Few rows: several panels at once, so that there are enough independent chains.
                let mut p = panel;
                while p + 4 <= panel_end {
                    let data = self.weights.as_ptr().add(p * panel_len);
                    for r in row..row_end {
                        tile::<S, W, 1, 8>(&product, data, panel_len, p, r);
                    }
                    p += 4;
                }
                while p + 2 <= panel_end {
                    let data = self.weights.as_ptr().add(p * panel_len);
                    for r in row..row_end {
                        tile::<S, W, 1, 4>(&product, data, panel_len, p, r);
                    }
                    p += 2;
                }
                if p < panel_end {
                    let data = self.weights.as_ptr().add(p * panel_len);
                    for r in row..row_end {
                        tile::<S, W, 1, 2>(&product, data, panel_len, p, r);
                    }
                }
                return;
            }
            // Rows in blocks that stay in the second-level cache while all panels pass by.
            let block = (BLOCK_INPUTS / w.k / TILE * TILE).max(4 * TILE);
            let mut from = row;
            while from < row_end {
                let to = (from + block).min(row_end);
                for p in panel..panel_end {
                    let data = self.weights.as_ptr().add(p * panel_len);
                    let mut r = from;
                    if S::TILE_ROWS == 12 {
                        while r + 12 <= to {
                            tile::<S, W, 12, 2>(&product, data, panel_len, p, r);
                            r += 12;
                        }
                    }
                    if S::TILE_ROWS == 6 {
                        while r + 6 <= to {
                            tile::<S, W, 6, 2>(&product, data, panel_len, p, r);
                            r += 6;
                        }
                    }
                    while r + 4 <= to {
                        tile::<S, W, 4, 2>(&product, data, panel_len, p, r);
                        r += 4;
                    }
                    while r < to {
                        tile::<S, W, 1, 2>(&product, data, panel_len, p, r);
                        r += 1;
                    }
                }
                from = to;
            }
        }
    }
}

/// `ROWS` rows times `VECTORS` vectors of outputs (two per panel).
#[inline(always)]
unsafe fn tile<S: Simd, W: Weight, const ROWS: usize, const VECTORS: usize>(
    product: &Product<'_>,
    weights: *const W,
    panel_len: usize,
    panel: usize,
    row: usize,
) {
    // The sums go through memory once at the end: were the array of registers ever indexed by a
    // variable, the compiler would keep all of it in memory, inside the loop too.
    let mut sums = MaybeUninit::<[[[f32; 16]; VECTORS]; ROWS]>::uninit();
    let sums = sums.as_mut_ptr().cast::<f32>();
    // SAFETY: see `Typed::run`.
    unsafe {
        let mut acc = [[S::splat(0.0); VECTORS]; ROWS];
        let mut b = weights;
        for segment in product.segments {
            let a = segment.a.add(row * segment.stride);
            for k in 0..segment.k {
                let mut weight = [S::splat(0.0); VECTORS];
                for v in 0..VECTORS {
                    weight[v] = W::load::<S>(b.add(v / 2 * panel_len + v % 2 * S::LANES));
                }
                for m in 0..ROWS {
                    let x = S::splat(*a.add(m * segment.stride + k));
                    for v in 0..VECTORS {
                        acc[m][v] = S::fma(x, weight[v], acc[m][v]);
                    }
                }
                b = b.add(2 * S::LANES);
            }
        }
        for m in 0..ROWS {
            for v in 0..VECTORS {
                S::store(sums.add((m * VECTORS + v) * 16), acc[m][v]);
            }
        }
        for m in 0..ROWS {
            finish::<S, VECTORS>(product, sums.add(m * VECTORS * 16), panel, row + m);
        }
    }
}

#[inline(always)]
unsafe fn finish<S: Simd, const VECTORS: usize>(
    product: &Product<'_>,
    sums: *const f32,
    panel: usize,
    row: usize,
) {
    let w = product.weights;
    let outputs = |v: usize| w.layout.outputs(w.n, S::LANES, panel + v / 2, v % 2);
    // SAFETY: see `Typed::run`.
    unsafe {
        let mut acc = [S::splat(0.0); VECTORS];
        for v in 0..VECTORS {
            let at = panel * 2 * S::LANES + v * S::LANES;
            let scale = S::load(w.scale.as_ptr().add(at));
            let bias = S::load(w.bias.as_ptr().add(at));
            acc[v] = S::fma(S::load(sums.add(v * 16)), scale, bias);
        }
        if let Some(init) = product.init {
            // 32-bit division, once a row: a 64-bit one costs as much as several vectors of products.
            let source = (row + init.shift) as u32 / init.repeat as u32;
            let from = init.a.add(source as usize * init.stride);
            for v in 0..VECTORS {
                let (first, real) = outputs(v);
                acc[v] = S::add(acc[v], load_part::<S>(from.add(first), real));
            }
        }
        match product.epilogue {
            Epilogue::Linear { y, stride } => {
                for v in 0..VECTORS {
                    let (first, real) = outputs(v);
                    store_part::<S>(y.add(row * stride + first), acc[v], real);
                }
            }
            Epilogue::Relu { y, stride } => {
                for v in 0..VECTORS {
                    let (first, real) = outputs(v);
                    store_part::<S>(
                        y.add(row * stride + first),
                        S::max(acc[v], S::splat(0.0)),
                        real,
                    );
                }
            }
            Epilogue::Tanh { y, stride } => {
                for v in 0..VECTORS {
                    let (first, real) = outputs(v);
                    store_part::<S>(y.add(row * stride + first), simd::tanh::<S>(acc[v]), real);
                }
            }
            Epilogue::ResSkip {
                base,
                y,
                skip,
                stride,
                split,
                first: is_first,
            } => {
                for v in 0..VECTORS {
                    let (first, real) = outputs(v);
                    res_skip::<S>(
                        acc[v],
                        first,
                        real,
                        split,
                        row * stride,
                        base,
                        y,
                        skip,
                        is_first,
                    );
                }
            }
            Epilogue::Gate { y, stride } => {
                for pair in 0..VECTORS / 2 {
                    let (first, real) = outputs(2 * pair);
                    let gated = simd::gate::<S>(acc[2 * pair], acc[2 * pair + 1]);
                    store_part::<S>(y.add(row * stride + first), gated, real);
                }
            }
            Epilogue::Lstm {
                c,
                h,
                c_stride,
                h_stride,
            } => {
                for unit in 0..VECTORS / 4 {
                    let (first, real) = outputs(4 * unit);
                    let c = c.add(row * c_stride + first);
                    let i = simd::sigmoid::<S>(acc[4 * unit]);
                    let f = simd::sigmoid::<S>(acc[4 * unit + 1]);
                    let g = simd::tanh::<S>(acc[4 * unit + 2]);
                    let o = simd::sigmoid::<S>(acc[4 * unit + 3]);
                    let state = S::fma(f, load_part::<S>(c, real), S::mul(i, g));
                    store_part::<S>(c, state, real);
                    let hidden = S::mul(o, simd::tanh::<S>(state));
                    store_part::<S>(h.add(row * h_stride + first), hidden, real);
                }
            }
        }
    }
}

/// One vector of a residual and skip product. The split may fall inside it.
#[inline(always)]
unsafe fn res_skip<S: Simd>(
    x: S::V,
    first: usize,
    real: usize,
    split: usize,
    at: usize,
    base: *const f32,
    y: *mut f32,
    skip: *mut f32,
    is_first: bool,
) {
    // SAFETY: see `Typed::run`.
    unsafe {
        if first + real <= split {
            let b = load_part::<S>(base.add(at + first), real);
            store_part::<S>(y.add(at + first), S::add(b, x), real);
        } else if first >= split {
            let to = skip.add(at + first - split);
            let x = if is_first {
                x
            } else {
                S::add(load_part::<S>(to, real), x)
            };
            store_part::<S>(to, x, real);
        } else {
            let mut lanes = [0.0f32; 16];
            S::store(lanes.as_mut_ptr(), x);
            for (lane, &x) in lanes.iter().enumerate().take(real) {
                let n = first + lane;
                if n < split {
                    *y.add(at + n) = *base.add(at + n) + x;
                } else {
                    let to = skip.add(at + n - split);
                    *to = if is_first { x } else { *to + x };
                }
            }
        }
    }
}

/// Loads `real` lanes, zero beyond.
#[inline(always)]
pub(super) unsafe fn load_part<S: Simd>(p: *const f32, real: usize) -> S::V {
    // SAFETY: `p` is valid for `real` elements; 16 lanes hold a vector of any set.
    unsafe {
        if real == S::LANES {
            return S::load(p);
        }
        let mut lanes = [0.0f32; 16];
        std::ptr::copy_nonoverlapping(p, lanes.as_mut_ptr(), real);
        S::load(lanes.as_ptr())
    }
}

/// Stores the first `real` lanes.
#[inline(always)]
pub(super) unsafe fn store_part<S: Simd>(p: *mut f32, v: S::V, real: usize) {
    // SAFETY: as for `load_part`.
    unsafe {
        if real == S::LANES {
            S::store(p, v);
            return;
        }
        let mut lanes = [0.0f32; 16];
        S::store(lanes.as_mut_ptr(), v);
        std::ptr::copy_nonoverlapping(lanes.as_ptr(), p, real);
    }
}
