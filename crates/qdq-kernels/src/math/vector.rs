//! Elementary functions on one register of lanes.
//!
//! Polynomials: exp, log and tanh after Cephes (`expf.c`, `logf.c`, `tanhf.c`), erf after
//! N. Juffa's single-precision erf, the one onnxruntime's MLAS uses too. Measured errors are in
//! the tests of the parent module.
use super::super::simd::Simd;

/// Evaluates a polynomial, highest coefficient first.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(s: S, x: S::V, coefficients: [f32; N]) -> S::V {
    let mut sum = s.splat(coefficients[0]);
    for c in &coefficients[1..] {
        sum = s.mul_add(sum, x, s.splat(*c));
    }
    sum
}

/// `2^n` for whole `n` in -126..=127.
#[inline(always)]
fn power_of_two<S: Simd>(s: S, n: S::I) -> S::V {
    s.bits_to_f(s.shl_i::<23>(s.add_i(n, s.splat_i(127))))
}

/// `e^x`, gradual underflow and overflow to infinity included.
#[inline(always)]
pub(crate) fn exp<S: Simd>(s: S, x: S::V) -> S::V {
    // Past these bounds the result is 0 or infinity anyway.
    let x = s.min(s.splat(89.5), s.max(s.splat(-105.0), x));
    let n = s.round(s.mul(x, s.splat(std::f32::consts::LOG2_E)));
    let r = s.mul_add(n, s.splat(-0.693_359_4), x);
    let r = s.mul_add(n, s.splat(2.121_944_4e-4), r);
    let p =
        polynomial(s, r, [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5]);
    let p = s.add(s.mul_add(p, s.mul(r, r), r), s.splat(1.0));
    // Two factors, because 2^n itself leaves the range of normal numbers.
    let n = s.to_i(n);
    let half = s.shr_i::<1>(n);
    let p = s.mul(p, power_of_two(s, half));
    s.mul(p, power_of_two(s, s.sub_i(n, half)))
}

/// Natural logarithm; -infinity at 0, NaN below.
#[inline(always)]
pub(crate) fn log<S: Simd>(s: S, x: S::V) -> S::V {
    let tiny = s.lt(x, s.splat(f32::MIN_POSITIVE));
    let scaled = s.select(tiny, s.mul(x, s.splat(33_554_432.0)), x);
    let bits = s.to_bits(scaled);
    // Exponent of the mantissa's representative in [sqrt(1/2), sqrt(2)).
    let offset = s.sub_i(bits, s.splat_i(0x3f35_04f3));
    let e = s.shr_i::<23>(offset);
    let m = s.bits_to_f(s.sub_i(bits, s.shl_i::<23>(e)));
    let e = s.i_to_f(e);
    let e = s.select(tiny, s.sub(e, s.splat(25.0)), e);
    let r = s.sub(m, s.splat(1.0));
    let z = s.mul(r, r);
    let p = polynomial(
        s,
        r,
        [
            7.037_683_6e-2,
            -1.151_461e-1,
            1.167_699_9e-1,
            -1.242_014_1e-1,
            1.424_932_3e-1,
            -1.666_805_8e-1,
            2.000_071_5e-1,
            -2.499_999_4e-1,
            0.333_333_3,
        ],
    );
    let y = s.mul(s.mul(r, z), p);
    let y = s.mul_add(e, s.splat(-2.121_944_4e-4), y);
    let y = s.mul_add(z, s.splat(-0.5), y);
    let y = s.mul_add(e, s.splat(0.693_359_4), s.add(r, y));
    // Special values: infinity and NaN as they are, zero and negatives.
    let y = s.select(s.lt(x, s.splat(f32::INFINITY)), y, x);
    let y = s.select(s.lt(s.splat(0.0), x), y, s.mul(x, s.splat(f32::NAN)));
    let zero = s.lt(s.abs(x), s.splat(f32::from_bits(1)));
    s.select(zero, s.splat(f32::NEG_INFINITY), y)
}

/// Hyperbolic tangent.
#[inline(always)]
pub(crate) fn tanh<S: Simd>(s: S, x: S::V) -> S::V {
    let a = s.abs(x);
    let z = s.mul(x, x);
    let p =
        polynomial(s, z, [-5.704_988_7e-3, 2.063_908_8e-2, -5.373_971_6e-2, 1.333_144_2e-1, -0.333_332_8]);
    let small = s.mul_add(s.mul(p, z), x, x);
    let e = exp(s, s.add(a, a));
    let large = s.sub(s.splat(1.0), s.div(s.splat(2.0), s.add(e, s.splat(1.0))));
    s.select(s.lt(a, s.splat(0.625)), small, s.copysign(large, x))
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(s: S, x: S::V) -> S::V {
    let e = exp(s, s.sub(s.splat(0.0), x));
    s.div(s.splat(1.0), s.add(s.splat(1.0), e))
}

/// The error function.
#[inline(always)]
pub(crate) fn erf<S: Simd>(s: S, x: S::V) -> S::V {
    let a = s.abs(x);
    let z = s.mul(x, x);
    let big = polynomial(
        s,
        a,
        [
            1.729_489_3e-5,
            -3.832_087e-4,
            3.883_934_3e-3,
            -2.425_456e-2,
            1.067_778_5e-1,
            6.348_467e-1,
            1.287_175_1e-1,
        ],
    );
    let big = s.mul_add(big, a, a);
    let big = s.sub(s.splat(1.0), exp(s, s.sub(s.splat(0.0), big)));
    let small = polynomial(
        s,
        z,
        [-5.991_05e-4, 4.993_396e-3, -2.676_673_4e-2, 1.128_180_25e-1, -3.761_248_6e-1, 1.283_791_5e-1],
    );
    let small = s.mul_add(small, x, x);
    s.select(s.lt(a, s.splat(0.921_875)), small, s.copysign(big, x))
}

/// `ln(1 + e^x)` without overflow: `max(x, 0) + ln(1 + e^-|x|)`.
#[inline(always)]
pub(crate) fn softplus<S: Simd>(s: S, x: S::V) -> S::V {
    let e = exp(s, s.sub(s.splat(0.0), s.abs(x)));
    let one = s.splat(1.0);
    let u = s.add(one, e);
    // ln(1 + e) = ln(u) * e / (u - 1) undoes the rounding of u (Kahan); exactly e when u is 1.
    let d = s.sub(u, one);
    let log1p = s.select(s.lt(s.splat(0.0), d), s.mul(log(s, u), s.div(e, d)), e);
    s.add(s.max(s.splat(0.0), x), log1p)
}
