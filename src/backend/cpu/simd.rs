//! The one abstraction over instruction sets: a vector of f32 lanes and what the kernels do with it.
//!
//! Kernels are written once, generic over [`Simd`], and inlined into an entry point per instruction
//! set (see [`dispatch`]). The set is chosen when the backend is made, never at compile time.
#![allow(unsafe_code)]
// Each operation of a set is unsafe for one reason only: the processor must have the set. Pointers
// passed to loads and stores must be valid for `LANES` elements; they need no alignment.
#![allow(clippy::missing_safety_doc)]

/// A vector of f32 lanes.
pub(crate) trait Simd: Copy + Send + Sync + 'static {
    /// Lanes in a vector.
    const LANES: usize;
    /// Rows of a matrix-product tile that is two vectors wide: as many as the registers hold.
    const TILE_ROWS: usize;
    /// The vector type.
    type V: Copy;

    unsafe fn splat(x: f32) -> Self::V;
    unsafe fn load(p: *const f32) -> Self::V;
    unsafe fn store(p: *mut f32, v: Self::V);
    /// Loads `LANES` IEEE half-precision values and widens them.
    unsafe fn load_f16(p: *const u16) -> Self::V;
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, rounded once.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `2^n` for integral `n` in [-126, 127].
    unsafe fn pow2(n: Self::V) -> Self::V;
    /// Sum of the lanes, in a fixed order.
    unsafe fn sum(a: Self::V) -> f32;
    /// Brings the cache line of any address, valid or not, to the second level, if it can be had.
    #[inline(always)]
    unsafe fn prefetch<T>(_p: *const T) {}
}

/// `exp(x)` to about 2 ULP for x in [-87, 88]; outside it is clamped to that range.
#[inline(always)]
pub(crate) unsafe fn exp<S: Simd>(x: S::V) -> S::V {
    // Cody and Waite range reduction, then the degree-6 minimax polynomial of Cephes' expf.
    // SAFETY: as for the operations themselves.
    unsafe {
        let x = S::min(S::max(x, S::splat(-87.0)), S::splat(88.0));
        let rounder = S::splat(12_582_912.0); // 1.5 * 2^23: adding it rounds to an integer
        let n = S::sub(
            S::fma(x, S::splat(std::f32::consts::LOG2_E), rounder),
            rounder,
        );
        let r = S::fma(n, S::splat(-0.693_359_4), x);
        let r = S::fma(n, S::splat(2.121_944_4e-4), r);
        let mut p = S::splat(1.987_569_1e-4);
        p = S::fma(p, r, S::splat(1.398_199_9e-3));
        p = S::fma(p, r, S::splat(8.333_452e-3));
        p = S::fma(p, r, S::splat(4.166_579_6e-2));
        p = S::fma(p, r, S::splat(1.666_666_5e-1));
        p = S::fma(p, r, S::splat(5.000_000_3e-1));
        let p = S::add(S::fma(S::mul(r, r), p, r), S::splat(1.0));
        S::mul(p, S::pow2(n))
    }
}

/// `tanh(x)`, absolute error below 1e-7.
#[inline(always)]
pub(crate) unsafe fn tanh<S: Simd>(x: S::V) -> S::V {
    // SAFETY: as for the operations themselves.
    unsafe {
        let x = S::min(S::max(x, S::splat(-9.0)), S::splat(9.0));
        let e = exp::<S>(S::add(x, x));
        S::div(S::sub(e, S::splat(1.0)), S::add(e, S::splat(1.0)))
    }
}

/// The logistic function `1 / (1 + exp(-x))`.
#[inline(always)]
pub(crate) unsafe fn sigmoid<S: Simd>(x: S::V) -> S::V {
    // SAFETY: as for the operations themselves.
    unsafe {
        let e = exp::<S>(S::sub(S::splat(0.0), x));
        S::div(S::splat(1.0), S::add(S::splat(1.0), e))
    }
}

/// WaveGlow's gate `tanh(a) * sigmoid(b)` with a single division.
#[inline(always)]
pub(crate) unsafe fn gate<S: Simd>(a: S::V, b: S::V) -> S::V {
    // SAFETY: as for the operations themselves.
    unsafe {
        let one = S::splat(1.0);
        let a = S::min(S::max(a, S::splat(-9.0)), S::splat(9.0));
        let b = S::max(b, S::splat(-60.0)); // keeps the denominator finite
        let e = exp::<S>(S::add(a, a));
        let f = exp::<S>(S::sub(S::splat(0.0), b));
        S::div(S::sub(e, one), S::mul(S::add(e, one), S::add(one, f)))
    }
}

/// Portable lanes for the compiler to vectorise as it can.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

macro_rules! lanewise {
    ($a:ident, $b:ident, $e:expr) => {{
        let mut out = [0.0; 4];
        for i in 0..4 {
            let ($a, $b) = ($a[i], $b[i]);
            out[i] = $e;
        }
        out
    }};
}

impl Simd for Portable {
    const LANES: usize = 4;
    const TILE_ROWS: usize = 4;
    type V = [f32; 4];

    #[inline(always)]
    unsafe fn splat(x: f32) -> [f32; 4] {
        [x; 4]
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> [f32; 4] {
        // SAFETY: the caller's pointer is valid for four elements.
        unsafe { p.cast::<[f32; 4]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: [f32; 4]) {
        // SAFETY: as above.
        unsafe { p.cast::<[f32; 4]>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn load_f16(p: *const u16) -> [f32; 4] {
        // SAFETY: as above.
        let bits = unsafe { p.cast::<[u16; 4]>().read_unaligned() };
        bits.map(|b| half::f16::from_bits(b).to_f32())
    }
    #[inline(always)]
    unsafe fn add(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        lanewise!(a, b, a + b)
    }
    #[inline(always)]
    unsafe fn sub(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        lanewise!(a, b, a - b)
    }
    #[inline(always)]
    unsafe fn mul(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        lanewise!(a, b, a * b)
    }
    #[inline(always)]
    unsafe fn div(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        lanewise!(a, b, a / b)
    }
    #[inline(always)]
    unsafe fn min(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        lanewise!(a, b, if a < b { a } else { b })
    }
    #[inline(always)]
    unsafe fn max(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        lanewise!(a, b, if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn fma(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        // Multiply and add, rounded twice: a fused operation without hardware is a slow library call.
        let mut out = [0.0; 4];
        for i in 0..4 {
            out[i] = a[i] * b[i] + c[i];
        }
        out
    }
    #[inline(always)]
    unsafe fn pow2(n: [f32; 4]) -> [f32; 4] {
        n.map(|n| f32::from_bits((((n as i32) + 127) as u32) << 23))
    }
    #[inline(always)]
    unsafe fn sum(a: [f32; 4]) -> f32 {
        (a[0] + a[1]) + (a[2] + a[3])
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
#[allow(clippy::wildcard_imports)] // one name per instruction
mod x86 {
    use super::Simd;
    use std::arch::x86_64::*;

    /// AVX2 with FMA and half-precision conversion (Haswell, Zen and later).
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2;

    /// AVX-512 Foundation (Skylake-X, Zen 4 and later).
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512;

    // SAFETY of both: the caller has checked the instruction set; pointers are the caller's.
    impl Simd for Avx2 {
        const LANES: usize = 8;
        const TILE_ROWS: usize = 6;
        type V = __m256;

        #[inline(always)]
        unsafe fn splat(x: f32) -> __m256 {
            unsafe { _mm256_set1_ps(x) }
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> __m256 {
            unsafe { _mm256_loadu_ps(p) }
        }
        #[inline(always)]
        unsafe fn store(p: *mut f32, v: __m256) {
            unsafe { _mm256_storeu_ps(p, v) }
        }
        #[inline(always)]
        unsafe fn load_f16(p: *const u16) -> __m256 {
            unsafe { _mm256_cvtph_ps(_mm_loadu_si128(p.cast())) }
        }
        #[inline(always)]
        unsafe fn add(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_add_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn sub(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_sub_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn mul(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_mul_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn div(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_div_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn min(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_min_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn max(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_max_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn fma(a: __m256, b: __m256, c: __m256) -> __m256 {
            unsafe { _mm256_fmadd_ps(a, b, c) }
        }
        #[inline(always)]
        unsafe fn pow2(n: __m256) -> __m256 {
            unsafe {
                let biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
                _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23))
            }
        }
        #[inline(always)]
        unsafe fn prefetch<T>(p: *const T) {
            unsafe { _mm_prefetch::<_MM_HINT_T1>(p.cast()) }
        }
        #[inline(always)]
        unsafe fn sum(a: __m256) -> f32 {
            unsafe {
                let q = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
                let d = _mm_add_ps(q, _mm_movehl_ps(q, q));
                _mm_cvtss_f32(_mm_add_ss(d, _mm_shuffle_ps(d, d, 1)))
            }
        }
    }

    impl Simd for Avx512 {
        const LANES: usize = 16;
        const TILE_ROWS: usize = 12;
        type V = __m512;

        #[inline(always)]
        unsafe fn splat(x: f32) -> __m512 {
            unsafe { _mm512_set1_ps(x) }
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> __m512 {
            unsafe { _mm512_loadu_ps(p) }
        }
        #[inline(always)]
        unsafe fn store(p: *mut f32, v: __m512) {
            unsafe { _mm512_storeu_ps(p, v) }
        }
        #[inline(always)]
        unsafe fn load_f16(p: *const u16) -> __m512 {
            unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(p.cast())) }
        }
        #[inline(always)]
        unsafe fn add(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_add_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn sub(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_sub_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn mul(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_mul_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn div(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_div_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn min(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_min_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn max(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_max_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
            unsafe { _mm512_fmadd_ps(a, b, c) }
        }
        #[inline(always)]
        unsafe fn pow2(n: __m512) -> __m512 {
            unsafe {
                let biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
                _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23))
            }
        }
        #[inline(always)]
        unsafe fn prefetch<T>(p: *const T) {
            unsafe { _mm_prefetch::<_MM_HINT_T1>(p.cast()) }
        }
        #[inline(always)]
        unsafe fn sum(a: __m512) -> f32 {
            unsafe { _mm512_reduce_add_ps(a) }
        }
    }
}

#[cfg(target_arch = "aarch64")]
pub(crate) use neon::Neon;

#[cfg(target_arch = "aarch64")]
#[allow(clippy::wildcard_imports)] // one name per instruction
mod neon {
    use super::Simd;
    use std::arch::aarch64::*;

    /// Advanced SIMD of every 64-bit Arm processor.
    #[derive(Clone, Copy)]
    pub(crate) struct Neon;

    // SAFETY: the caller has checked the instruction set; pointers are the caller's.
    impl Simd for Neon {
        const LANES: usize = 4;
        const TILE_ROWS: usize = 12;
        type V = float32x4_t;

        #[inline(always)]
        unsafe fn splat(x: f32) -> float32x4_t {
            unsafe { vdupq_n_f32(x) }
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> float32x4_t {
            unsafe { vld1q_f32(p) }
        }
        #[inline(always)]
        unsafe fn store(p: *mut f32, v: float32x4_t) {
            unsafe { vst1q_f32(p, v) }
        }
        #[inline(always)]
        unsafe fn load_f16(p: *const u16) -> float32x4_t {
            // Widening is base Armv8, but its intrinsic needs an unstable type: hence one instruction.
            unsafe {
                let bits = vld1_u16(p);
                let out: float32x4_t;
                std::arch::asm!("fcvtl {o:v}.4s, {i:v}.4h", o = out(vreg) out, i = in(vreg) bits,
                    options(pure, nomem, nostack, preserves_flags));
                out
            }
        }
        #[inline(always)]
        unsafe fn add(a: float32x4_t, b: float32x4_t) -> float32x4_t {
            unsafe { vaddq_f32(a, b) }
        }
        #[inline(always)]
        unsafe fn sub(a: float32x4_t, b: float32x4_t) -> float32x4_t {
            unsafe { vsubq_f32(a, b) }
        }
        #[inline(always)]
        unsafe fn mul(a: float32x4_t, b: float32x4_t) -> float32x4_t {
            unsafe { vmulq_f32(a, b) }
        }
        #[inline(always)]
        unsafe fn div(a: float32x4_t, b: float32x4_t) -> float32x4_t {
            unsafe { vdivq_f32(a, b) }
        }
        #[inline(always)]
        unsafe fn min(a: float32x4_t, b: float32x4_t) -> float32x4_t {
            unsafe { vminq_f32(a, b) }
        }
        #[inline(always)]
        unsafe fn max(a: float32x4_t, b: float32x4_t) -> float32x4_t {
            unsafe { vmaxq_f32(a, b) }
        }
        #[inline(always)]
        unsafe fn fma(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
            unsafe { vfmaq_f32(c, a, b) }
        }
        #[inline(always)]
        unsafe fn pow2(n: float32x4_t) -> float32x4_t {
            unsafe {
                let biased = vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127));
                vreinterpretq_f32_s32(vshlq_n_s32(biased, 23))
            }
        }
        #[inline(always)]
        unsafe fn sum(a: float32x4_t) -> f32 {
            unsafe { vaddvq_f32(a) }
        }
    }
}

/// The instruction sets that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InstructionSet {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl InstructionSet {
    /// Every set that this processor can run, the best last.
    pub(crate) fn available() -> Vec<Self> {
        let mut sets = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("fma") && has!("f16c") {
                sets.push(Self::Avx2);
                if has!("avx512f") {
                    sets.push(Self::Avx512);
                }
            }
        }
        #[cfg(target_arch = "aarch64")]
        sets.push(Self::Neon);
        sets
    }

    /// f32 lanes of a vector.
    pub(crate) fn lanes(self) -> usize {
        match self {
            Self::Portable => Portable::LANES,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::LANES,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::LANES,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => Neon::LANES,
        }
    }

    /// Whether it widens half precision in an instruction.
    pub(crate) fn widens_f16(self) -> bool {
        self != Self::Portable
    }

    /// Its usual name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "AVX-512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "NEON",
        }
    }
}

/// A kernel, generic over the instruction set. `run` must be `#[inline(always)]`, so that it is
/// compiled anew inside each entry point of [`dispatch`].
pub(crate) trait Kernel {
    unsafe fn run<S: Simd>(self);
}

/// Runs `kernel` compiled for `set`.
#[inline]
pub(crate) fn dispatch<K: Kernel>(set: InstructionSet, kernel: K) {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx2,fma,f16c")]
    unsafe fn avx512<K: Kernel>(kernel: K) {
        unsafe { kernel.run::<Avx512>() }
    }
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn avx2<K: Kernel>(kernel: K) {
        unsafe { kernel.run::<Avx2>() }
    }
    // SAFETY: a set other than the portable one is only ever taken from `available`.
    unsafe {
        match set {
            InstructionSet::Portable => kernel.run::<Portable>(),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => avx2(kernel),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => avx512(kernel),
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => kernel.run::<Neon>(),
        }
    }
}
