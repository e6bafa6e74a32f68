//! Lookup tables, sums and products of quantized values, as onnxruntime's x86 kernels compute them.
#![allow(unsafe_code, reason = "register loads and stores at checked offsets")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::dot::{LanesTask, MAX_COLUMNS, dispatch_lanes};
use super::lanes::{ByteBounds, Lanes};
use super::{Bytes, Output};
use crate::parallel::for_each_chunk;

/// Elements per task.
const CHUNK: usize = 1 << 15;

/// How a tensor's integers stand for real numbers: `scale * (q - zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// Size of a step.
    pub scale: f32,
    /// What stands for 0.
    pub zero_point: i32,
}

/// `output = table[input]`, indexed by the byte of an element, `i8` by its bit pattern (`-1` is 255).
///
/// # Panics
/// When the lengths differ.
pub fn lookup(input: Bytes<'_>, table: &[u8; 256], output: &mut [u8]) {
    assert_eq!(input.len(), output.len());
    let bits = input.bits();
    for_each_chunk(output, CHUNK, |i, output| {
        for (y, x) in output.iter_mut().zip(&bits[i * CHUNK..]) {
            *y = table[usize::from(*x)];
        }
    });
}

/// Sum of two tensors (`QLinearAdd`): with `ra = a.scale / c.scale` and `rb = b.scale / c.scale`,
/// `rint(fma(qa, ra, fma(qb, rb, c.zero_point - fma(ra, a.zero_point, rb * b.zero_point))))`, saturated to the
/// output's type; what does not fit 32 bits becomes its smallest integer. Exactly in this order: swapping `a` and `b` may
/// change the last integer.
///
/// `b` may have one element, for all of `a`. onnxruntime swaps the operands to bring a single one there.
///
/// # Panics
/// When the lengths do not fit or the output is not 8-bit.
pub fn add(
    a: Bytes<'_>,
    a_params: Affine,
    b: Bytes<'_>,
    b_params: Affine,
    output: Output<'_>,
    params: Affine,
) {
    let (ra, rb) = (a_params.scale / params.scale, b_params.scale / params.scale);
    let fixed =
        params.zero_point as f32 - ra.mul_add(a_params.zero_point as f32, rb * b_params.zero_point as f32);
    zip(a, b, output, Op::Add { ra, rb, fixed });
}

/// Product of two tensors (`QLinearMul`): with `r = a.scale * b.scale / c.scale`,
/// `rint(f32((qa - a.zero_point) * (qb - b.zero_point)) * r + c.zero_point)`, saturated to the output's type;
/// the product and the sum each round to `f32`. What does not fit 32 bits becomes the smallest integer.
///
/// `b` may have one element, for all of `a`.
///
/// # Panics
/// When the lengths do not fit or the output is not 8-bit.
pub fn mul(
    a: Bytes<'_>,
    a_params: Affine,
    b: Bytes<'_>,
    b_params: Affine,
    output: Output<'_>,
    params: Affine,
) {
    let op = Op::Mul {
        a_zero_point: a_params.zero_point,
        b_zero_point: b_params.zero_point,
        ratio: a_params.scale * b_params.scale / params.scale,
        zero_point: params.zero_point as f32,
    };
    zip(a, b, output, op);
}

/// What is done to a pair of elements.
#[derive(Clone, Copy, Debug)]
enum Op {
    Add { ra: f32, rb: f32, fixed: f32 },
    Mul { a_zero_point: i32, b_zero_point: i32, ratio: f32, zero_point: f32 },
}

fn zip(a: Bytes<'_>, b: Bytes<'_>, output: Output<'_>, op: Op) {
    assert!(b.len() == a.len() || b.len() == 1, "lengths of the operands");
    assert_eq!(a.len(), output.len());
    let signed = matches!(output, Output::I8(_));
    let output = output.into_bits();
    for_each_chunk(output, CHUNK, |i, output| {
        let begin = i * CHUNK;
        let a = a.slice(begin, output.len());
        let b = if b.len() == 1 { b } else { b.slice(begin, output.len()) };
        let pair = Pair { a_signed: a.is_signed(), b_signed: b.is_signed(), signed, op };
        dispatch_lanes(Zip { a: a.bits(), b: b.bits(), output, pair });
    });
}

/// A part of the elements.
struct Zip<'a> {
    a: &'a [u8],
    b: &'a [u8],
    output: &'a mut [u8],
    pair: Pair,
}

/// An operation and the types of its operands and result.
#[derive(Clone, Copy, Debug)]
struct Pair {
    a_signed: bool,
    b_signed: bool,
    signed: bool,
    op: Op,
}

impl LanesTask for Zip<'_> {
    #[inline(always)]
    fn run<S: Lanes>(self, s: S) {
        let Self { a, b, output, pair } = self;
        let block = 2 * S::LANES;
        let n = output.len();
        let single = [b.first().copied().unwrap_or(0); MAX_COLUMNS];
        let repeats = b.len() == 1 && n != 1;
        let (mut a_rest, mut b_rest, mut out_rest) = ([0; MAX_COLUMNS], single, [0; MAX_COLUMNS]);
        let mut i = 0;
        while i + block <= n {
            // SAFETY: `block` elements from `i`, or of the repeated one.
            unsafe {
                let b = if repeats { single.as_ptr() } else { b.as_ptr().add(i) };
                pair.block(s, a.as_ptr().add(i), b, output.as_mut_ptr().add(i));
            }
            i += block;
        }
        let rest = n - i;
        if rest > 0 {
            a_rest[..rest].copy_from_slice(&a[i..]);
            if !repeats {
                b_rest[..rest].copy_from_slice(&b[i..]);
            }
            // SAFETY: buffers of the widest block.
            unsafe { pair.block(s, a_rest.as_ptr(), b_rest.as_ptr(), out_rest.as_mut_ptr()) };
            output[i..].copy_from_slice(&out_rest[..rest]);
        }
    }
}

impl Pair {
    /// # Safety
    /// `2 * LANES` elements are readable and writable.
    #[inline(always)]
    unsafe fn block<S: Lanes>(self, s: S, a: *const u8, b: *const u8, out: *mut u8) {
        let (min, max) = if self.signed { (-128, 127.0) } else { (0, 255.0) };
        let high = s.splat(max);
        // SAFETY: the caller's promise.
        unsafe {
            let mut results = [s.splat_i(0); 2];
            for (j, result) in results.iter_mut().enumerate() {
                let a = widen(s, self.a_signed, a.add(j * S::LANES));
                let b = widen(s, self.b_signed, b.add(j * S::LANES));
                let value = match self.op {
                    Op::Add { ra, rb, fixed } => {
                        let sum = s.fused_mul_add(s.i_to_f(b), s.splat(rb), s.splat(fixed));
                        s.fused_mul_add(s.i_to_f(a), s.splat(ra), sum)
                    }
                    Op::Mul { a_zero_point, b_zero_point, ratio, zero_point } => {
                        // Factors of 9 bits: their product is exact in f32.
                        let a = s.i_to_f(s.sub_i(a, s.splat_i(a_zero_point)));
                        let b = s.i_to_f(s.sub_i(b, s.splat_i(b_zero_point)));
                        s.add(s.mul(s.mul(a, b), s.splat(ratio)), s.splat(zero_point))
                    }
                };
                // 2^31 and above, and NaN, become the smallest integer, as `vcvtps2dq` makes them.
                let fits = s.lt(value, s.splat(2_147_483_648.0));
                *result = s.round_to_i(s.select(fits, s.min(value, high), s.splat(-1e9)));
            }
            s.store_quantized(out, results[0], results[1], ByteBounds { zero_point: 0, min });
        }
    }
}

/// # Safety
/// `LANES` bytes are readable.
#[inline(always)]
unsafe fn widen<S: Lanes>(s: S, signed: bool, p: *const u8) -> S::I {
    // SAFETY: the caller's promise.
    unsafe { if signed { s.widen_i8(p) } else { s.widen_u8(p) } }
}

#[cfg(test)]
mod tests {
    use super::super::dot::testing::on_each_kernel;
    use super::super::testing::Owned;
    use super::*;
    use crate::testing::Random;

    fn random_params(random: &mut Random, signed: bool) -> Affine {
        let huge = random.below(10) == 0;
        let scale = if huge { 1e-12 } else { 0.01 + 0.05 * (random.float() + 1.0) };
        Affine { scale, zero_point: Owned::random_zero_point(random, signed) }
    }

    #[test]
    fn sums_and_products_equal_their_definition() {
        on_each_kernel(|kernel| {
            let mut random = Random::new(7);
            for i in 0..200 {
                let (signed, n) = (random.below(2) == 0, random.below(100));
                let n_b = if random.below(4) == 0 { 1 } else { n };
                let (a, b) = (Owned::random(&mut random, signed, n), Owned::random(&mut random, signed, n_b));
                let params: [Affine; 3] = std::array::from_fn(|_| random_params(&mut random, signed));
                let [pa, pb, pc] = params;
                let adds = i % 2 == 0;
                let (ra, rb) = (pa.scale / pc.scale, pb.scale / pc.scale);
                let fixed =
                    pc.zero_point as f32 - ra.mul_add(pa.zero_point as f32, rb * pb.zero_point as f32);
                let ratio = pa.scale * pb.scale / pc.scale;
                let expected: Vec<i32> = (0..n)
                    .map(|i| {
                        let (x, y) = (a.bytes().get(i), b.bytes().get(if n_b == 1 { 0 } else { i }));
                        let value = if adds {
                            (x as f32).mul_add(ra, (y as f32).mul_add(rb, fixed))
                        } else {
                            ((x - pa.zero_point) * (y - pb.zero_point)) as f32 * ratio + pc.zero_point as f32
                        };
                        let (low, high) = if signed { (-128, 127) } else { (0, 255) };
                        let fits = value < 2_147_483_648.0;
                        if fits { (value.round_ties_even() as i32).clamp(low, high) } else { low }
                    })
                    .collect();
                let op = if adds { add } else { mul };
                let got: Vec<i32> = if signed {
                    let mut out = vec![0i8; n];
                    op(a.bytes(), pa, b.bytes(), pb, Output::I8(&mut out), pc);
                    out.into_iter().map(i32::from).collect()
                } else {
                    let mut out = vec![0u8; n];
                    op(a.bytes(), pa, b.bytes(), pb, Output::U8(&mut out), pc);
                    out.into_iter().map(i32::from).collect()
                };
                assert_eq!(got, expected, "{kernel:?} {params:?}");
            }
        });
    }

    #[test]
    fn tables_are_indexed_by_the_byte() {
        let table = std::array::from_fn(|i| 255 - i as u8);
        let mut output = [0; 3];
        lookup(Bytes::I8(&[-1, 0, 127]), &table, &mut output);
        assert_eq!(output, [0, 255, 128]);
    }
}
