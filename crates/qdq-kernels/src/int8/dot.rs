//! The multiply-and-add instructions of integer products, and their choice at run time.
//!
//! A kernel is written once as a [`DotTask`], generic over [`Dot`], and compiled for every [`Kernel`]. As in
//! [`simd`](crate::simd), everything on the way to an intrinsic must be `#[inline(always)]`.
//!
//! Operands are cut along the depth into groups of [`Dot::DEPTH`] steps that fill the 32 bits of a lane. The
//! activations `a` are bytes plus an offset that makes them unsigned (or signed, [`Dot::SIGNED`]); where two steps
//! fill a lane they are 16 bits wide. The weights `b` are `i8` in memory.
#![allow(unsafe_code, reason = "std::arch intrinsics; see each block")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use std::sync::OnceLock;

use super::Arithmetic;
use super::lanes::Lanes;
use crate::simd::portable::Portable;

/// Registers of columns in a tile.
pub(super) const TILE_VECTORS: usize = 2;
/// Most rows of a tile.
pub(super) const MAX_ROWS: usize = 12;
/// Most columns of a tile.
pub(super) const MAX_COLUMNS: usize = 32;

/// One way to add up products.
pub(super) trait Dot: Copy {
    /// Registers of sums.
    type S: Lanes;
    /// Steps of depth in a lane: 4, or 2 where activations are widened to 16 bits.
    const DEPTH: usize;
    /// Rows of a tile.
    const ROWS: usize;
    /// Whether activations are signed bytes.
    const SIGNED: bool = false;
    /// The registers.
    fn simd(self) -> Self::S;
    /// One group of `LANES` columns, ready for [`Dot::dot`].
    /// # Safety
    /// `LANES * DEPTH` readable bytes at `p`.
    unsafe fn load_b(self, p: *const i8) -> I<Self>;
    /// `sum` plus the products of a group, in each lane; `a` is one group in every lane.
    fn dot(self, sum: I<Self>, a: I<Self>, b: I<Self>) -> I<Self>;
}

/// A register of integers.
pub(super) type I<D> = <<D as Dot>::S as crate::simd::Simd>::I;

/// The kernels, each an implementation of [`Dot`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "each processor has some")]
pub(super) enum Kernel {
    Portable,
    PortableSaturating,
    Avx2,
    Avx2Saturating,
    AvxVnni,
    Avx512Vnni,
    Neon,
}

/// A computation generic over the kernel.
pub(super) trait DotTask {
    /// What it returns.
    type Output;
    /// The body; implementations must be `#[inline(always)]`.
    fn run<D: Dot>(self, d: D) -> Self::Output;
}

/// A computation generic over the registers only.
pub(super) trait LanesTask {
    /// The body; implementations must be `#[inline(always)]`.
    fn run<S: Lanes>(self, s: S);
}

impl Kernel {
    /// The best kernel of this processor for an arithmetic, found once.
    pub(super) fn current(arithmetic: Arithmetic) -> Self {
        static EXACT: OnceLock<Kernel> = OnceLock::new();
        let exact = || *EXACT.get_or_init(|| Self::detect(std::env::var("QDQ_CPU").ok().as_deref()));
        #[cfg(test)]
        let exact = || testing::forced().unwrap_or_else(exact);
        match (arithmetic, exact()) {
            (Arithmetic::Exact, kernel) => kernel,
            (Arithmetic::SaturatingPairs, Self::Portable | Self::Neon) => Self::PortableSaturating,
            (Arithmetic::SaturatingPairs, _) => Self::Avx2Saturating,
        }
    }

    /// The best kernel that multiplies bytes exactly, four to a lane, in registers of at most `max_lanes` lanes, and how
    /// many lanes they have.
    pub(super) fn of_four(max_lanes: usize) -> Option<(Self, usize)> {
        let kernel = match Self::current(Arithmetic::Exact) {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni if max_lanes < 16 && is_x86_feature_detected!("avxvnni") => Self::AvxVnni,
            kernel => kernel,
        };
        let lanes = match kernel {
            Self::Avx512Vnni => 16,
            Self::AvxVnni => 8,
            Self::Neon => 4,
            _ => return None,
        };
        (lanes <= max_lanes).then_some((kernel, lanes))
    }

    /// What is added to activations, signed or not, when they become those of this kernel.
    pub(super) fn activation_offset(self, signed: bool) -> i32 {
        match (signed, self == Self::Neon) {
            (true, false) => 128,
            (false, true) => -128,
            _ => 0,
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn detect(limit: Option<&str>) -> Self {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = avx2
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq");
        let wide = !matches!(limit, Some("avx2" | "avx-vnni" | "portable"));
        if !avx2 || limit == Some("portable") {
            Self::Portable
        } else if avx512 && wide && is_x86_feature_detected!("avx512vnni") {
            Self::Avx512Vnni
        } else if limit != Some("avx2") && is_x86_feature_detected!("avxvnni") {
            Self::AvxVnni
        } else {
            Self::Avx2
        }
    }

    #[cfg(target_arch = "aarch64")]
    fn detect(limit: Option<&str>) -> Self {
        if limit != Some("portable") && std::arch::is_aarch64_feature_detected!("dotprod") {
            Self::Neon
        } else {
            Self::Portable
        }
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn detect(_: Option<&str>) -> Self {
        Self::Portable
    }

    /// Runs a task compiled for this kernel, which must come from [`Kernel::current`].
    pub(super) fn dispatch<T: DotTask>(self, task: T) -> T::Output {
        match self {
            Self::PortableSaturating => task.run(PortableSaturating),
            // SAFETY (all): `Kernel::current` only gives what it has detected.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { x86::run_avx2(task) },
            #[cfg(target_arch = "x86_64")]
            Self::Avx2Saturating => unsafe { x86::run_avx2_saturating(task) },
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => unsafe { x86::run_avx_vnni(task) },
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => unsafe { x86::run_avx512_vnni(task) },
            #[cfg(target_arch = "aarch64")]
            Self::Neon => unsafe { neon::run(task) },
            _ => task.run(PortableExact),
        }
    }
}

/// Runs a task on the widest registers of this processor.
pub(super) fn dispatch_lanes<T: LanesTask>(task: T) {
    match Kernel::current(Arithmetic::Exact) {
        // SAFETY (both): `Kernel::current` only gives what it has detected.
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 | Kernel::AvxVnni => unsafe { x86::lanes_avx2(task) },
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512Vnni => unsafe { x86::lanes_avx512(task) },
        _ => task.run(Portable),
    }
}

/// Plain Rust.
#[derive(Clone, Copy, Debug)]
struct PortableExact;

impl Dot for PortableExact {
    type S = Portable;
    const DEPTH: usize = 2;
    const ROWS: usize = 4;

    #[inline(always)]
    fn simd(self) -> Portable {
        Portable
    }
    #[inline(always)]
    unsafe fn load_b(self, p: *const i8) -> [i32; 4] {
        // SAFETY: 4 * 2 bytes, the caller's promise.
        let pairs = unsafe { p.cast::<[[i8; 2]; 4]>().read_unaligned() };
        pairs.map(|[low, high]| i32::from(low) & 0xffff | i32::from(high) << 16)
    }
    #[inline(always)]
    fn dot(self, sum: [i32; 4], a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        let products = Portable.dot_halves(a, b);
        std::array::from_fn(|i| sum[i].wrapping_add(products[i]))
    }
}

/// [`super::saturating_pair`] in plain Rust.
#[derive(Clone, Copy, Debug)]
struct PortableSaturating;

impl Dot for PortableSaturating {
    type S = Portable;
    const DEPTH: usize = 4;
    const ROWS: usize = 4;

    #[inline(always)]
    fn simd(self) -> Portable {
        Portable
    }
    #[inline(always)]
    unsafe fn load_b(self, p: *const i8) -> [i32; 4] {
        // SAFETY: 4 * 4 bytes, the caller's promise.
        unsafe { p.cast::<[i32; 4]>().read_unaligned() }
    }
    #[inline(always)]
    fn dot(self, sum: [i32; 4], a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        std::array::from_fn(|i| {
            let (a, b) = (a[i].to_le_bytes(), b[i].to_le_bytes().map(|x| x as i8));
            sum[i]
                .wrapping_add(super::saturating_pair([a[0], a[1]], [b[0], b[1]]))
                .wrapping_add(super::saturating_pair([a[2], a[3]], [b[2], b[3]]))
        })
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Dot, DotTask, LanesTask};
    use crate::simd::avx2::Avx2;
    use crate::simd::avx512::Avx512;
    #[allow(clippy::wildcard_imports, reason = "dozens of intrinsics")]
    use std::arch::x86_64::*;

    /// A kernel: its token, its features and its instructions.
    // SAFETY (every block of a body): a value of the token proves the features; pointers are the caller's promise.
    macro_rules! kernel {
        ($(#[$doc:meta])* $token:ident($simd:ident), $run:ident, $features:literal, $depth:literal, $rows:literal,
         $register:ident, load($p:ident) $load:block, dot($sum:ident, $a:ident, $b:ident) $dot:block) => {
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            struct $token($simd);

            impl Dot for $token {
                type S = $simd;
                const DEPTH: usize = $depth;
                const ROWS: usize = $rows;

                #[inline(always)]
                fn simd(self) -> $simd {
                    self.0
                }
                #[inline(always)]
                unsafe fn load_b(self, $p: *const i8) -> $register {
                    unsafe { $load }
                }
                #[inline(always)]
                fn dot(self, $sum: $register, $a: $register, $b: $register) -> $register {
                    unsafe { $dot }
                }
            }

            /// # Safety
            /// The processor has the features.
            #[target_feature(enable = $features)]
            pub(super) unsafe fn $run<T: DotTask>(task: T) -> T::Output {
                // SAFETY: the caller's promise.
                task.run($token(unsafe { $simd::new() }))
            }
        };
    }

    /// # Safety
    /// The processor has the features.
    #[target_feature(enable = "avx2,fma,bmi2")]
    pub(super) unsafe fn lanes_avx2<T: LanesTask>(task: T) {
        // SAFETY: the caller's promise.
        task.run(unsafe { Avx2::new() });
    }

    /// # Safety
    /// The processor has the features.
    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,bmi2")]
    pub(super) unsafe fn lanes_avx512<T: LanesTask>(task: T) {
        // SAFETY: the caller's promise.
        task.run(unsafe { Avx512::new() });
    }

    kernel! {
        /// Pairs of 16-bit products: exact.
        Avx2Exact(Avx2), run_avx2, "avx2,fma,bmi2", 2, 6, __m256i,
        load(p) { _mm256_cvtepi8_epi16(_mm_loadu_si128(p.cast())) },
        dot(sum, a, b) { _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)) }
    }
    kernel! {
        /// Pairs of 8-bit products saturated to 16 bits.
        Avx2Saturating(Avx2), run_avx2_saturating, "avx2,fma,bmi2", 4, 6, __m256i,
        load(p) { _mm256_loadu_si256(p.cast()) },
        dot(sum, a, b) {
            let pairs = _mm256_maddubs_epi16(a, b);
            _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }
    kernel! {
        /// Four products a lane, exact: `vpdpbusd` in registers of 256 bits.
        AvxVnni(Avx2), run_avx_vnni, "avxvnni,avx2,fma,bmi2", 4, 6, __m256i,
        load(p) { _mm256_loadu_si256(p.cast()) },
        dot(sum, a, b) { _mm256_dpbusd_avx_epi32(sum, a, b) }
    }
    kernel! {
        /// Four products a lane, exact: `vpdpbusd` in registers of 512 bits.
        Avx512Vnni(Avx512), run_avx512_vnni,
        "avx512vnni,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,bmi2", 4, 12, __m512i,
        load(p) { _mm512_loadu_si512(p.cast()) },
        dot(sum, a, b) { _mm512_dpbusd_epi32(sum, a, b) }
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::{Dot, DotTask};
    use crate::simd::portable::Portable;
    use std::arch::aarch64::{vld1q_s32, vst1q_s32};
    use std::arch::asm;

    /// Four products of signed bytes a lane, exact: `sdot`.
    #[derive(Clone, Copy, Debug)]
    struct NeonDot(());

    impl Dot for NeonDot {
        type S = Portable;
        const DEPTH: usize = 4;
        const ROWS: usize = 8;
        const SIGNED: bool = true;

        #[inline(always)]
        fn simd(self) -> Portable {
            Portable
        }
        #[inline(always)]
        unsafe fn load_b(self, p: *const i8) -> [i32; 4] {
            // SAFETY: 16 bytes, the caller's promise.
            unsafe { p.cast::<[i32; 4]>().read_unaligned() }
        }
        #[inline(always)]
        fn dot(self, sum: [i32; 4], a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
            let mut out = [0; 4];
            // The intrinsic `vdotq_s32` is not stable yet.
            // SAFETY: a value of `NeonDot` proves the feature; arrays of 4.
            unsafe {
                let mut register = vld1q_s32(sum.as_ptr());
                asm!(
                    "sdot {sum:v}.4s, {b:v}.16b, {a:v}.16b",
                    sum = inout(vreg) register,
                    a = in(vreg) vld1q_s32(a.as_ptr()),
                    b = in(vreg) vld1q_s32(b.as_ptr()),
                    options(pure, nomem, nostack, preserves_flags),
                );
                vst1q_s32(out.as_mut_ptr(), register);
            }
            out
        }
    }

    /// # Safety
    /// The processor has the features.
    #[target_feature(enable = "neon,dotprod")]
    pub(super) unsafe fn run<T: DotTask>(task: T) -> T::Output {
        task.run(NeonDot(()))
    }
}

/// Forcing a kernel in tests, on the calling thread.
#[cfg(test)]
pub(super) mod testing {
    use super::Kernel;
    use std::cell::Cell;

    thread_local!(static FORCED: Cell<Option<Kernel>> = const { Cell::new(None) });

    pub(super) fn forced() -> Option<Kernel> {
        FORCED.get()
    }

    /// Runs `body` once for each exact kernel of this processor.
    pub(in super::super) fn on_each_kernel(mut body: impl FnMut(Kernel)) {
        let mut kernels =
            vec![Kernel::Portable, Kernel::detect(Some("avx2")), Kernel::detect(Some("avx-vnni"))];
        kernels.push(Kernel::detect(None));
        kernels.dedup();
        for kernel in kernels {
            FORCED.set(Some(kernel));
            body(kernel);
        }
        FORCED.set(None);
    }
}
