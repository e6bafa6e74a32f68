//! Integer loads and stores for the registers of [`Simd`].
#![allow(unsafe_code, reason = "std::arch intrinsics and pointer loads; see each block")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::dot::MAX_COLUMNS;
use crate::simd::Simd;
use crate::simd::portable::Portable;

/// Zero point and smallest number of an 8-bit output.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByteBounds {
    pub(super) zero_point: i16,
    pub(super) min: i16,
}

/// What integer kernels want from a register file beside [`Simd`].
pub(super) trait Lanes: Simd {
    /// # Safety
    /// `LANES` readable numbers at `p`.
    unsafe fn load_i(self, p: *const i32) -> Self::I;
    /// # Safety
    /// `LANES` writable numbers at `p`.
    unsafe fn store_i(self, p: *mut i32, v: Self::I);
    /// `LANES` numbers from as many bytes.
    /// # Safety
    /// `LANES` readable bytes at `p`.
    unsafe fn widen_u8(self, p: *const u8) -> Self::I;
    /// `LANES` numbers from as many bytes.
    /// # Safety
    /// `LANES` readable bytes at `p`.
    unsafe fn widen_i8(self, p: *const u8) -> Self::I;
    /// The low bytes of the lanes of two registers, in order. Lanes are 0 to 255 or -128 to 127.
    /// # Safety
    /// `2 * LANES` writable bytes at `p`.
    unsafe fn store_bytes(self, p: *mut u8, low: Self::I, high: Self::I);
    /// The low halves of the lanes of two registers, in order.
    /// # Safety
    /// `2 * LANES` writable numbers at `p`.
    unsafe fn store_halves(self, p: *mut u16, low: Self::I, high: Self::I);
    /// Two registers one after the other.
    /// # Safety
    /// `2 * LANES` writable numbers at `p`.
    #[inline(always)]
    unsafe fn store_pair_i(self, p: *mut i32, low: Self::I, high: Self::I) {
        // SAFETY: the caller's promise.
        unsafe {
            self.store_i(p, low);
            self.store_i(p.add(Self::LANES), high);
        }
    }
    /// Two registers one after the other.
    /// # Safety
    /// `2 * LANES` writable numbers at `p`.
    #[inline(always)]
    unsafe fn store_pair(self, p: *mut f32, low: Self::V, high: Self::V) {
        // SAFETY: the caller's promise.
        unsafe {
            self.store(p, low);
            self.store(p.add(Self::LANES), high);
        }
    }
    /// [`Lanes::store_bytes`] of numbers plus a zero point, at least `bounds.min`; no sum is above the type's largest.
    /// # Safety
    /// `2 * LANES` writable bytes at `p`.
    unsafe fn store_quantized(self, p: *mut u8, low: Self::I, high: Self::I, bounds: ByteBounds);
    /// The first `n` bytes of [`Lanes::store_quantized`].
    /// # Safety
    /// `n <= 2 * LANES` writable bytes at `p`.
    #[inline(always)]
    unsafe fn store_quantized_part(
        self,
        p: *mut u8,
        low: Self::I,
        high: Self::I,
        bounds: ByteBounds,
        n: usize,
    ) {
        let mut bytes = [0; MAX_COLUMNS];
        // SAFETY: room for the widest registers; the caller's promise.
        unsafe {
            self.store_quantized(bytes.as_mut_ptr(), low, high, bounds);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), p, n);
        }
    }
    /// Two registers of lanes that hold a byte of `low` and, 16 bits above it, one of `high`: `2 * LANES` bytes of each.
    /// # Safety
    /// `2 * LANES` readable bytes at both pointers.
    #[inline(always)]
    unsafe fn pairs<const SIGNED: bool>(self, low: *const u8, high: *const u8) -> [Self::I; 2] {
        // SAFETY: the caller's promise.
        unsafe {
            let (low_end, high_end) = (low.add(Self::LANES), high.add(Self::LANES));
            if SIGNED {
                let first = self.join_halves(self.widen_i8(low), self.widen_i8(high));
                [first, self.join_halves(self.widen_i8(low_end), self.widen_i8(high_end))]
            } else {
                let first = self.join_halves(self.widen_u8(low), self.widen_u8(high));
                [first, self.join_halves(self.widen_u8(low_end), self.widen_u8(high_end))]
            }
        }
    }
    /// The bytes of four rows, four to a lane, each xor `FLIP`: lane `l` of register `q` holds element
    /// `16 * (l / 4) + 4 * q + l % 4` of each row.
    /// # Safety
    /// `4 * LANES` readable bytes at each pointer.
    unsafe fn interleave<const FLIP: u8>(self, rows: [*const u8; 4]) -> [Self::I; 4];
    /// [`Lanes::store_quantized`] of four registers whose lanes are those of [`Lanes::interleave`].
    /// # Safety
    /// `4 * LANES` writable bytes at `p`.
    unsafe fn store_interleaved(self, p: *mut u8, lanes: [Self::I; 4], bounds: ByteBounds);
    /// Nearest whole number, ties to even; out of range gives an unspecified value.
    fn round_to_i(self, v: Self::V) -> Self::I;
    /// `a * b + c`, rounded once, on every processor.
    #[inline(always)]
    fn fused_mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        self.mul_add(a, b, c)
    }
    /// Products of two pairs of signed 16-bit halves, added: lane by lane, wrapping.
    fn dot_halves(self, a: Self::I, b: Self::I) -> Self::I;
    /// The low half of `low` and, above it, the low half of `high`.
    fn join_halves(self, low: Self::I, high: Self::I) -> Self::I;
}

// SAFETY (every block): pointers are the caller's promise.
impl Lanes for Portable {
    #[inline(always)]
    unsafe fn load_i(self, p: *const i32) -> [i32; 4] {
        unsafe { p.cast::<[i32; 4]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store_i(self, p: *mut i32, v: [i32; 4]) {
        unsafe { p.cast::<[i32; 4]>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn widen_u8(self, p: *const u8) -> [i32; 4] {
        unsafe { p.cast::<[u8; 4]>().read_unaligned() }.map(i32::from)
    }
    #[inline(always)]
    unsafe fn widen_i8(self, p: *const u8) -> [i32; 4] {
        unsafe { p.cast::<[i8; 4]>().read_unaligned() }.map(i32::from)
    }
    #[inline(always)]
    unsafe fn store_bytes(self, p: *mut u8, low: [i32; 4], high: [i32; 4]) {
        unsafe { p.cast::<[[u8; 4]; 2]>().write_unaligned([low, high].map(|v| v.map(|x| x as u8))) }
    }
    #[inline(always)]
    unsafe fn store_quantized(self, p: *mut u8, low: [i32; 4], high: [i32; 4], bounds: ByteBounds) {
        let (zero_point, min) = (i32::from(bounds.zero_point), i32::from(bounds.min));
        let moved = [low, high].map(|v| v.map(|x| x.max(min - zero_point) + zero_point));
        unsafe { self.store_bytes(p, moved[0], moved[1]) }
    }
    #[inline(always)]
    unsafe fn interleave<const FLIP: u8>(self, rows: [*const u8; 4]) -> [[i32; 4]; 4] {
        let rows = rows.map(|row| unsafe { row.cast::<[u8; 16]>().read_unaligned() });
        std::array::from_fn(|q| {
            std::array::from_fn(|l| i32::from_le_bytes(rows.map(|row| row[4 * q + l] ^ FLIP)))
        })
    }
    #[inline(always)]
    unsafe fn store_interleaved(self, p: *mut u8, lanes: [[i32; 4]; 4], bounds: ByteBounds) {
        unsafe {
            self.store_quantized(p, lanes[0], lanes[1], bounds);
            self.store_quantized(p.add(8), lanes[2], lanes[3], bounds);
        }
    }
    #[inline(always)]
    unsafe fn store_halves(self, p: *mut u16, low: [i32; 4], high: [i32; 4]) {
        unsafe { p.cast::<[[u16; 4]; 2]>().write_unaligned([low, high].map(|v| v.map(|x| x as u16))) }
    }
    #[inline(always)]
    fn round_to_i(self, v: [f32; 4]) -> [i32; 4] {
        v.map(|x| x.round_ties_even() as i32)
    }
    #[inline(always)]
    fn fused_mul_add(self, a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
    }
    #[inline(always)]
    fn dot_halves(self, a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        let low = |x: i32| i32::from(x as i16);
        std::array::from_fn(|i| (low(a[i]) * low(b[i])).wrapping_add((a[i] >> 16) * (b[i] >> 16)))
    }
    #[inline(always)]
    fn join_halves(self, low: [i32; 4], high: [i32; 4]) -> [i32; 4] {
        std::array::from_fn(|i| low[i] & 0xffff | high[i] << 16)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{ByteBounds, Lanes};
    use crate::simd::avx2::Avx2;
    use crate::simd::avx512::Avx512;
    #[allow(clippy::wildcard_imports, reason = "dozens of intrinsics")]
    use std::arch::x86_64::*;

    // SAFETY (every block): a value of `Avx2` proves the features; pointers are the caller's promise.
    impl Lanes for Avx2 {
        #[inline(always)]
        unsafe fn load_i(self, p: *const i32) -> __m256i {
            unsafe { _mm256_loadu_si256(p.cast()) }
        }
        #[inline(always)]
        unsafe fn store_i(self, p: *mut i32, v: __m256i) {
            unsafe { _mm256_storeu_si256(p.cast(), v) }
        }
        #[inline(always)]
        unsafe fn widen_u8(self, p: *const u8) -> __m256i {
            unsafe { _mm256_cvtepu8_epi32(_mm_loadl_epi64(p.cast())) }
        }
        #[inline(always)]
        unsafe fn widen_i8(self, p: *const u8) -> __m256i {
            unsafe { _mm256_cvtepi8_epi32(_mm_loadl_epi64(p.cast())) }
        }
        #[inline(always)]
        unsafe fn store_bytes(self, p: *mut u8, low: __m256i, high: __m256i) {
            unsafe {
                let byte = _mm256_set1_epi32(0xff);
                let (low, high) = (_mm256_and_si256(low, byte), _mm256_and_si256(high, byte));
                // Packing works in the two 128-bit parts; the permutation puts the halves in order.
                let halves = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi32(low, high));
                let (a, b) = (_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves));
                _mm_storeu_si128(p.cast(), _mm_packus_epi16(a, b));
            }
        }
        #[inline(always)]
        unsafe fn store_quantized(self, p: *mut u8, low: __m256i, high: __m256i, bounds: ByteBounds) {
            unsafe {
                let halves = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(low, high));
                let moved = _mm256_adds_epi16(halves, _mm256_set1_epi16(bounds.zero_point));
                let bounded = _mm256_max_epi16(moved, _mm256_set1_epi16(bounds.min));
                let (a, b) = (_mm256_castsi256_si128(bounded), _mm256_extracti128_si256::<1>(bounded));
                // Numbers of either type now.
                let bytes = if bounds.min < 0 { _mm_packs_epi16(a, b) } else { _mm_packus_epi16(a, b) };
                _mm_storeu_si128(p.cast(), bytes);
            }
        }
        #[inline(always)]
        unsafe fn pairs<const SIGNED: bool>(self, low: *const u8, high: *const u8) -> [__m256i; 2] {
            unsafe {
                let (low, high) = (_mm_loadu_si128(low.cast()), _mm_loadu_si128(high.cast()));
                let (a, b) = (_mm_unpacklo_epi8(low, high), _mm_unpackhi_epi8(low, high));
                if SIGNED {
                    [_mm256_cvtepi8_epi16(a), _mm256_cvtepi8_epi16(b)]
                } else {
                    [_mm256_cvtepu8_epi16(a), _mm256_cvtepu8_epi16(b)]
                }
            }
        }
        #[inline(always)]
        unsafe fn interleave<const FLIP: u8>(self, rows: [*const u8; 4]) -> [__m256i; 4] {
            unsafe {
                let flip = _mm256_set1_epi8(FLIP as i8);
                let [a, b, c, d] = rows.map(|row| {
                    let row = _mm256_loadu_si256(row.cast());
                    if FLIP == 0 { row } else { _mm256_xor_si256(row, flip) }
                });
                let [low, high] = [_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b)];
                let [low_end, high_end] = [_mm256_unpacklo_epi8(c, d), _mm256_unpackhi_epi8(c, d)];
                [
                    _mm256_unpacklo_epi16(low, low_end),
                    _mm256_unpackhi_epi16(low, low_end),
                    _mm256_unpacklo_epi16(high, high_end),
                    _mm256_unpackhi_epi16(high, high_end),
                ]
            }
        }
        #[inline(always)]
        unsafe fn store_interleaved(self, p: *mut u8, [a, b, c, d]: [__m256i; 4], bounds: ByteBounds) {
            unsafe {
                let zero_point = _mm256_set1_epi16(bounds.zero_point);
                let min = _mm256_set1_epi16(bounds.min);
                let [low, high] = [_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d)]
                    .map(|halves| _mm256_max_epi16(_mm256_adds_epi16(halves, zero_point), min));
                // Numbers of either type now.
                let bytes = if bounds.min < 0 {
                    _mm256_packs_epi16(low, high)
                } else {
                    _mm256_packus_epi16(low, high)
                };
                _mm256_storeu_si256(p.cast(), bytes);
            }
        }
        #[inline(always)]
        unsafe fn store_halves(self, p: *mut u16, low: __m256i, high: __m256i) {
            unsafe {
                let half = _mm256_set1_epi32(0xffff);
                let (low, high) = (_mm256_and_si256(low, half), _mm256_and_si256(high, half));
                let halves = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi32(low, high));
                _mm256_storeu_si256(p.cast(), halves);
            }
        }
        #[inline(always)]
        fn round_to_i(self, v: __m256) -> __m256i {
            unsafe { _mm256_cvtps_epi32(v) }
        }
        #[inline(always)]
        fn dot_halves(self, a: __m256i, b: __m256i) -> __m256i {
            unsafe { _mm256_madd_epi16(a, b) }
        }
        #[inline(always)]
        fn join_halves(self, low: __m256i, high: __m256i) -> __m256i {
            unsafe { _mm256_blend_epi16::<0b1010_1010>(low, _mm256_slli_epi32::<16>(high)) }
        }
    }

    // SAFETY (every block): a value of `Avx512` proves the features; pointers are the caller's promise.
    impl Lanes for Avx512 {
        #[inline(always)]
        unsafe fn load_i(self, p: *const i32) -> __m512i {
            unsafe { _mm512_loadu_si512(p.cast()) }
        }
        #[inline(always)]
        unsafe fn store_i(self, p: *mut i32, v: __m512i) {
            unsafe { _mm512_storeu_si512(p.cast(), v) }
        }
        #[inline(always)]
        unsafe fn widen_u8(self, p: *const u8) -> __m512i {
            unsafe { _mm512_cvtepu8_epi32(_mm_loadu_si128(p.cast())) }
        }
        #[inline(always)]
        unsafe fn widen_i8(self, p: *const u8) -> __m512i {
            unsafe { _mm512_cvtepi8_epi32(_mm_loadu_si128(p.cast())) }
        }
        #[inline(always)]
        unsafe fn store_bytes(self, p: *mut u8, low: __m512i, high: __m512i) {
            unsafe {
                _mm_storeu_si128(p.cast(), _mm512_cvtepi32_epi8(low));
                _mm_storeu_si128(p.add(16).cast(), _mm512_cvtepi32_epi8(high));
            }
        }
        #[inline(always)]
        unsafe fn store_quantized(self, p: *mut u8, low: __m512i, high: __m512i, bounds: ByteBounds) {
            unsafe { _mm256_storeu_si256(p.cast(), quantized(low, high, bounds)) }
        }
        #[inline(always)]
        unsafe fn store_quantized_part(
            self,
            p: *mut u8,
            low: __m512i,
            high: __m512i,
            bounds: ByteBounds,
            n: usize,
        ) {
            let mask = u32::MAX >> (32 - n.clamp(1, 32));
            unsafe { _mm256_mask_storeu_epi8(p.cast(), mask, quantized(low, high, bounds)) }
        }
        #[inline(always)]
        unsafe fn interleave<const FLIP: u8>(self, rows: [*const u8; 4]) -> [__m512i; 4] {
            unsafe {
                let flip = _mm512_set1_epi8(FLIP as i8);
                let [a, b, c, d] = rows.map(|row| {
                    let row = _mm512_loadu_si512(row.cast());
                    if FLIP == 0 { row } else { _mm512_xor_si512(row, flip) }
                });
                let [low, high] = [_mm512_unpacklo_epi8(a, b), _mm512_unpackhi_epi8(a, b)];
                let [low_end, high_end] = [_mm512_unpacklo_epi8(c, d), _mm512_unpackhi_epi8(c, d)];
                [
                    _mm512_unpacklo_epi16(low, low_end),
                    _mm512_unpackhi_epi16(low, low_end),
                    _mm512_unpacklo_epi16(high, high_end),
                    _mm512_unpackhi_epi16(high, high_end),
                ]
            }
        }
        #[inline(always)]
        unsafe fn store_interleaved(self, p: *mut u8, [a, b, c, d]: [__m512i; 4], bounds: ByteBounds) {
            unsafe {
                let zero_point = _mm512_set1_epi16(bounds.zero_point);
                let min = _mm512_set1_epi16(bounds.min);
                let [low, high] = [_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d)]
                    .map(|halves| _mm512_max_epi16(_mm512_adds_epi16(halves, zero_point), min));
                // Numbers of either type now.
                let bytes = if bounds.min < 0 {
                    _mm512_packs_epi16(low, high)
                } else {
                    _mm512_packus_epi16(low, high)
                };
                _mm512_storeu_si512(p.cast(), bytes);
            }
        }
        #[inline(always)]
        unsafe fn store_halves(self, p: *mut u16, low: __m512i, high: __m512i) {
            unsafe {
                _mm256_storeu_si256(p.cast(), _mm512_cvtepi32_epi16(low));
                _mm256_storeu_si256(p.add(16).cast(), _mm512_cvtepi32_epi16(high));
            }
        }
        #[inline(always)]
        fn round_to_i(self, v: __m512) -> __m512i {
            unsafe { _mm512_cvtps_epi32(v) }
        }
        #[inline(always)]
        fn dot_halves(self, a: __m512i, b: __m512i) -> __m512i {
            unsafe { _mm512_madd_epi16(a, b) }
        }
        #[inline(always)]
        fn join_halves(self, low: __m512i, high: __m512i) -> __m512i {
            unsafe { _mm512_mask_blend_epi16(0xaaaa_aaaa, low, _mm512_slli_epi32::<16>(high)) }
        }
    }

    /// Two registers of lanes plus a zero point as bytes, in order.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    unsafe fn quantized(low: __m512i, high: __m512i, bounds: ByteBounds) -> __m256i {
        let halves = _mm512_adds_epi16(_mm512_packs_epi32(low, high), _mm512_set1_epi16(bounds.zero_point));
        let halves = _mm512_max_epi16(halves, _mm512_set1_epi16(bounds.min));
        // Numbers of either type now.
        let bytes = if bounds.min < 0 {
            _mm512_packs_epi16(halves, halves)
        } else {
            _mm512_packus_epi16(halves, halves)
        };
        // Packing works in the four 128-bit parts, each with 4 lanes of `low` and 4 of `high` now.
        let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 0, 4, 8, 12, 1, 5, 9, 13);
        _mm512_castsi512_si256(_mm512_permutexvar_epi32(order, bytes))
    }
}
