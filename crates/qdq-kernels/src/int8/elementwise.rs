//! Lookup tables, sums and products of quantized values, as onnxruntime's x86 kernels compute them.

use super::{Bytes, Output};

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
    for (y, x) in output.iter_mut().zip(input.bits()) {
        *y = table[usize::from(*x)];
    }
}

/// Sum of two tensors (`QLinearAdd`): with `ra = a.scale / c.scale` and `rb = b.scale / c.scale`,
/// `rint(fma(qa, ra, fma(qb, rb, c.zero_point - fma(ra, a.zero_point, rb * b.zero_point))))`, saturated to the
/// output's type. Exactly in this order: swapping `a` and `b` may change the last integer.
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
    zip(a, b, output, |a, b| (a as f32).mul_add(ra, (b as f32).mul_add(rb, fixed)));
}

/// Product of two tensors (`QLinearMul`): with `r = a.scale * b.scale / c.scale`,
/// `rint(f32((qa - a.zero_point) * (qb - b.zero_point)) * r + c.zero_point)`, saturated to the output's type;
/// the product and the sum each round to `f32`.
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
    let ratio = a_params.scale * b_params.scale / params.scale;
    let zero_point = params.zero_point as f32;
    let (za, zb) = (a_params.zero_point, b_params.zero_point);
    zip(a, b, output, |a, b| ((a - za) * (b - zb)) as f32 * ratio + zero_point);
}

fn zip(a: Bytes<'_>, b: Bytes<'_>, output: Output<'_>, body: impl Fn(i32, i32) -> f32) {
    assert!(b.len() == a.len() || b.len() == 1, "lengths of the operands");
    assert_eq!(a.len(), output.len());
    let value = |i: usize| body(a.get(i), b.get(if b.len() == 1 { 0 } else { i })).round_ties_even() as i32;
    match output {
        Output::U8(data) => {
            for (i, y) in data.iter_mut().enumerate() {
                *y = value(i).clamp(0, 255) as u8;
            }
        }
        Output::I8(data) => {
            for (i, y) in data.iter_mut().enumerate() {
                *y = value(i).clamp(-128, 127) as i8;
            }
        }
        _ => panic!("an output of 8-bit integers"),
    }
}
