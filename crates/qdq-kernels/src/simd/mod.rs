//! Vector registers behind one trait, and the choice of instruction set at run time.
//!
//! A kernel is written once as a [`SimdTask`], generic over [`Simd`]; [`dispatch`] compiles it for
//! every instruction set and runs the best one this processor has. Everything on the way from
//! [`dispatch`] to the innermost intrinsic must be `#[inline(always)]`: only code inlined into the
//! `#[target_feature]` functions of this module is compiled for those features.
//!
//! The environment variable `QDQ_CPU` (`portable`, `avx2`, `avx512`) lowers the choice, which
//! reproduces another machine's bits on this one.
#![allow(unsafe_code, reason = "std::arch intrinsics and pointer loads; see each block")]
#![allow(
    clippy::inline_always,
    reason = "required for code generation with target features, see the module doc"
)]

use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
pub(crate) mod portable;

/// An instruction set the kernels are compiled for, from least to most capable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Isa {
    /// Four lanes of plain Rust arithmetic; any processor.
    Portable,
    /// Eight lanes: AVX2 and FMA.
    Avx2,
    /// Sixteen lanes: AVX-512 F, VL, BW and DQ.
    Avx512,
}

impl Isa {
    /// The best instruction set of this processor, found once.
    pub(crate) fn current() -> Self {
        static ISA: OnceLock<Isa> = OnceLock::new();
        #[cfg(test)]
        if let Some(isa) = testing::forced() {
            return isa;
        }
        *ISA.get_or_init(|| {
            let limit = match std::env::var("QDQ_CPU").as_deref() {
                Ok("portable") => Isa::Portable,
                Ok("avx2") => Isa::Avx2,
                _ => Isa::Avx512,
            };
            Self::detect().min(limit)
        })
    }

    #[cfg(target_arch = "x86_64")]
    fn detect() -> Self {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = avx2
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq");
        match (avx512, avx2) {
            (true, _) => Self::Avx512,
            (false, true) => Self::Avx2,
            (false, false) => Self::Portable,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn detect() -> Self {
        Self::Portable
    }
}

/// Lanes of `f32` and `i32` and what can be done to them.
///
/// A value of an implementing type is the proof that the processor has the features: it can only
/// be made by [`dispatch`] after detection. `max` and `min` return their *second* operand when
/// either is NaN, so `max(low, x)` keeps the NaN of `x`.
pub(crate) trait Simd: Copy + Send + Sync {
    /// A register of `f32`.
    type V: Copy;
    /// A register of `i32`.
    type I: Copy;
    /// One truth value per lane.
    type M: Copy;
    /// Lanes of a register.
    const LANES: usize;
    /// Rows of C that the matrix multiplication micro-kernel keeps in registers beside two
    /// registers of columns.
    const TILE_ROWS: usize;

    fn splat(self, x: f32) -> Self::V;
    /// # Safety
    /// `LANES` readable floats at `p`.
    unsafe fn load(self, p: *const f32) -> Self::V;
    /// # Safety
    /// `LANES` writable floats at `p`.
    unsafe fn store(self, p: *mut f32, v: Self::V);
    /// The first `n <= LANES` lanes from memory, the others zero.
    /// # Safety
    /// `n` readable floats at `p`.
    unsafe fn load_partial(self, p: *const f32, n: usize) -> Self::V;
    /// Writes the first `n <= LANES` lanes.
    /// # Safety
    /// `n` writable floats at `p`.
    unsafe fn store_partial(self, p: *mut f32, v: Self::V, n: usize);

    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, fused where the processor can.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    fn sqrt(self, a: Self::V) -> Self::V;
    /// Nearest integer, ties to even.
    fn round(self, a: Self::V) -> Self::V;
    fn abs(self, a: Self::V) -> Self::V;
    /// Magnitude of `a` with the sign of `sign`.
    fn copysign(self, a: Self::V, sign: Self::V) -> Self::V;
    /// `a < b`; false when either is NaN.
    fn lt(self, a: Self::V, b: Self::V) -> Self::M;
    /// Per lane `yes` where `m`, else `no`.
    fn select(self, m: Self::M, yes: Self::V, no: Self::V) -> Self::V;

    fn splat_i(self, x: i32) -> Self::I;
    fn add_i(self, a: Self::I, b: Self::I) -> Self::I;
    fn sub_i(self, a: Self::I, b: Self::I) -> Self::I;
    fn shl_i<const N: u32>(self, a: Self::I) -> Self::I;
    /// Arithmetic shift right.
    fn shr_i<const N: u32>(self, a: Self::I) -> Self::I;
    /// Converts whole numbers; out of range gives an unspecified value.
    fn to_i(self, a: Self::V) -> Self::I;
    fn i_to_f(self, a: Self::I) -> Self::V;
    fn to_bits(self, a: Self::V) -> Self::I;
    fn bits_to_f(self, a: Self::I) -> Self::V;

    /// The even and the odd elements of `a` followed by `b`.
    fn deinterleave(self, a: Self::V, b: Self::V) -> (Self::V, Self::V);

    /// `target[j * target_stride + i] = source[i * source_stride + j]` for a square of 8.
    ///
    /// # Safety
    /// 8 floats readable at each of 8 sources and writable at each of 8 targets.
    #[inline(always)]
    unsafe fn transpose_8x8(
        self,
        source: *const f32,
        source_stride: usize,
        target: *mut f32,
        target_stride: usize,
    ) {
        for i in 0..8 {
            for j in 0..8 {
                // SAFETY: the caller's promise.
                unsafe { *target.add(j * target_stride + i) = *source.add(i * source_stride + j) };
            }
        }
    }

    /// The lanes in order.
    #[inline(always)]
    fn lanes(self, v: Self::V) -> [f32; 16] {
        let mut out = [0.0; 16];
        // SAFETY: LANES <= 16 for every implementation.
        unsafe { self.store(out.as_mut_ptr(), v) };
        out
    }

    /// Sum of the lanes, added pairwise.
    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        let mut lanes = self.lanes(v);
        let mut width = Self::LANES;
        while width > 1 {
            width /= 2;
            for i in 0..width {
                lanes[i] += lanes[i + width];
            }
        }
        lanes[0]
    }
}

/// A kernel generic over the instruction set.
pub(crate) trait SimdTask {
    /// What it returns.
    type Output;
    /// The body; implementations must be `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Runs a task compiled for the best instruction set of this processor.
#[inline]
pub(crate) fn dispatch<T: SimdTask>(task: T) -> T::Output {
    dispatch_on(Isa::current(), task)
}

/// Runs a task compiled for `isa`, which must come from [`Isa::current`].
#[inline]
pub(crate) fn dispatch_on<T: SimdTask>(isa: Isa, task: T) -> T::Output {
    match isa {
        // SAFETY: `Isa::current` only gives instruction sets it has detected.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { run_avx512(task) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { run_avx2(task) },
        _ => task.run(portable::Portable),
    }
}

/// Like [`dispatch`] with at most eight lanes: as fast on processors that split wider registers, and
/// better filled by short rows.
#[inline]
pub(crate) fn dispatch_narrow<T: SimdTask>(task: T) -> T::Output {
    match Isa::current() {
        // SAFETY: `Isa::current` only gives instruction sets it has detected.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { run_avx512_narrow(task) },
        isa => dispatch_on(isa, task),
    }
}

/// # Safety
/// The processor has the features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,bmi2")]
unsafe fn run_avx512_narrow<T: SimdTask>(task: T) -> T::Output {
    // SAFETY: the caller's promise.
    task.run(unsafe { avx2::Avx512Narrow::new() })
}

/// # Safety
/// The processor has the features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,bmi2")]
unsafe fn run_avx512<T: SimdTask>(task: T) -> T::Output {
    // SAFETY: the caller's promise.
    task.run(unsafe { avx512::Avx512::new() })
}

/// # Safety
/// The processor has the features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2<T: SimdTask>(task: T) -> T::Output {
    // SAFETY: the caller's promise.
    task.run(unsafe { avx2::Avx2::new() })
}

/// Replaces every value `x` of a slice by an expression in the register `x`.
///
/// A macro, since a closure called from here would not be compiled for the features of the caller.
macro_rules! map_in_place {
    ($simd:expr, $values:expr, |$x:ident| $mapped:expr) => {{
        let simd = $simd;
        for chunk in $values.chunks_mut($crate::simd::n_lanes(simd)) {
            let $x = $crate::simd::load_chunk(simd, chunk);
            let mapped = $mapped;
            $crate::simd::store_chunk(simd, chunk, mapped);
        }
    }};
}
pub(crate) use map_in_place;

/// Number of floats in a register.
#[inline(always)]
pub(crate) fn n_lanes<S: Simd>(_: S) -> usize {
    S::LANES
}

/// A register of up to `LANES` floats; missing ones are 0.
#[inline(always)]
pub(crate) fn load_chunk<S: Simd>(simd: S, chunk: &[f32]) -> S::V {
    if chunk.len() >= S::LANES {
        // SAFETY: LANES floats are readable.
        unsafe { simd.load(chunk.as_ptr()) }
    } else {
        // SAFETY: `chunk.len()` floats are readable.
        unsafe { simd.load_partial(chunk.as_ptr(), chunk.len()) }
    }
}

/// Writes the first floats of a register, as many as the chunk holds.
#[inline(always)]
pub(crate) fn store_chunk<S: Simd>(simd: S, chunk: &mut [f32], v: S::V) {
    if chunk.len() >= S::LANES {
        // SAFETY: LANES floats are writable.
        unsafe { simd.store(chunk.as_mut_ptr(), v) };
    } else {
        // SAFETY: `chunk.len()` floats are writable.
        unsafe { simd.store_partial(chunk.as_mut_ptr(), v, chunk.len()) };
    }
}

/// Copies `n` floats, which do not overlap.
///
/// # Safety
/// `n` floats readable at `source` and writable at `target`.
#[inline(always)]
pub(crate) unsafe fn copy<S: Simd>(simd: S, source: *const f32, target: *mut f32, n: usize) {
    let mut i = 0;
    // SAFETY: the caller's promise, `i + LANES <= n` or `n - i` floats.
    unsafe {
        while i + S::LANES <= n {
            simd.store(target.add(i), simd.load(source.add(i)));
            i += S::LANES;
        }
        if i < n {
            simd.store_partial(target.add(i), simd.load_partial(source.add(i), n - i), n - i);
        }
    }
}

/// Zeroes `n` floats.
///
/// # Safety
/// `n` floats writable at `target`.
#[inline(always)]
pub(crate) unsafe fn zero<S: Simd>(simd: S, target: *mut f32, n: usize) {
    let mut i = 0;
    // SAFETY: the caller's promise, `i + LANES <= n` or `n - i` floats.
    unsafe {
        while i + S::LANES <= n {
            simd.store(target.add(i), simd.splat(0.0));
            i += S::LANES;
        }
        if i < n {
            simd.store_partial(target.add(i), simd.splat(0.0), n - i);
        }
    }
}

/// Copies every second of `2 * n - 1` floats.
///
/// # Safety
/// `2 * n - 1` floats readable at `source`, `n` writable at `target`.
#[inline(always)]
pub(crate) unsafe fn copy_even<S: Simd>(simd: S, source: *const f32, target: *mut f32, n: usize) {
    let mut i = 0;
    // SAFETY: the caller's promise; a full step reads up to element `2 * (i + LANES) - 1`, which
    // is inside when one more output follows.
    unsafe {
        while i + S::LANES < n {
            let low = simd.load(source.add(2 * i));
            let high = simd.load(source.add(2 * i + S::LANES));
            simd.store(target.add(i), simd.deinterleave(low, high).0);
            i += S::LANES;
        }
        if i < n {
            let (rest, n_floats) = (n - i, 2 * (n - i) - 1);
            let low = simd.load_partial(source.add(2 * i), n_floats.min(S::LANES));
            let n_high = n_floats.saturating_sub(S::LANES);
            let high = simd.load_partial(source.add(2 * i + n_floats - n_high), n_high);
            simd.store_partial(target.add(i), simd.deinterleave(low, high).0, rest);
        }
    }
}

/// Forcing an instruction set in tests, on the calling thread.
#[cfg(test)]
pub(crate) mod testing {
    use super::Isa;
    use std::cell::Cell;

    thread_local!(static FORCED: Cell<Option<Isa>> = const { Cell::new(None) });

    pub(super) fn forced() -> Option<Isa> {
        FORCED.get()
    }

    /// Runs `body` once for each instruction set of this processor.
    pub(crate) fn on_each_isa(mut body: impl FnMut(Isa)) {
        for isa in [Isa::Portable, Isa::Avx2, Isa::Avx512] {
            if isa <= Isa::detect() {
                FORCED.set(Some(isa));
                body(isa);
            }
        }
        FORCED.set(None);
    }
}
