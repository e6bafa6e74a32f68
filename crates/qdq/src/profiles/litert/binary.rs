//! Sums and products of two tensors: kernels `ADD`, `SUB`, `MUL`.

use super::Kernels;
use super::sums::fixed_point;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::quantize::FixedPoint;
use crate::ops::{Args, Prepared, broadcast_sizes, output_count, with_constants};
use crate::profiles::integers::{Affine, activation, constants, integers, output, stretched};
use crate::tensor::{DType, Tensor};

/// Binds an addition or subtraction.
///
/// # Errors
/// Scales that `LiteRT` refuses.
pub(super) fn prepare_sum(
    node: &IntegerNode<'_>,
    subtracts: bool,
    kernels: Kernels,
) -> Result<Box<dyn Prepared>> {
    let (a, b, output) = (activation(node, 0)?, activation(node, 1)?, output(node)?);
    let sign = if subtracts { -1 } else { 1 };
    let combine = match Single::new(&a, &b, &output) {
        Some(sum) if kernels == Kernels::Xnnpack && output.storage == DType::I8 => {
            Combine::SumOnce(Single { of_b: sum.of_b * i64::from(sign), ..sum })
        }
        _ => Combine::sum(&a, &b, &output, sign)?,
    };
    Ok(Box::new(Binary { a, b, output, combine, constants: constants(node) }))
}

/// Binds a multiplication.
///
/// # Errors
/// Scales from which no factor comes.
pub(super) fn prepare_mul(node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    let (a, b, output) = (activation(node, 0)?, activation(node, 1)?, output(node)?);
    let factor = a.scale * b.scale / output.scale;
    let is_delegated = (2f32.powi(-16)..256.0).contains(&factor) && output.storage == DType::I8;
    let combine = if kernels == Kernels::Xnnpack && is_delegated {
        Combine::ProductOfFloats(factor)
    } else {
        Combine::Product(fixed_point(factor.into())?)
    };
    Ok(Box::new(Binary { a, b, output, combine, constants: constants(node) }))
}

/// Binds a relu whose slope is the second input.
///
/// # Errors
/// Scales from which no factor comes.
pub(super) fn prepare_prelu(node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let (a, b, output) = (activation(node, 0)?, activation(node, 1)?, output(node)?);
    let ratio = f64::from(a.scale) / f64::from(output.scale);
    let product = f64::from(a.scale) * f64::from(b.scale) / f64::from(output.scale);
    let combine = Combine::Slope { positive: fixed_point(ratio)?, negative: fixed_point(product)? };
    Ok(Box::new(Binary { a, b, output, combine, constants: constants(node) }))
}

/// XNNPACK's sum: multipliers of 21 bits, rounded once. Source: `xnn_init_qs8_add_minmax_scalar_params`.
#[derive(Clone, Copy, Debug)]
struct Single {
    of_a: i64,
    of_b: i64,
    shift: u32,
}

impl Single {
    /// `None` for scales that XNNPACK does not take.
    fn new(a: &Affine, b: &Affine, output: &Affine) -> Option<Self> {
        let ratios = [a.scale / output.scale, b.scale / output.scale];
        let (least, limit) = (2f32.powi(-10), 256.0);
        if !ratios.iter().all(|ratio| (least..limit).contains(ratio)) {
            return None;
        }
        let larger = ratios[0].max(ratios[1]);
        let exponent = (larger.to_bits() >> 23) as i32 - 127;
        let shift = 20 - exponent;
        let [of_a, of_b] = ratios.map(|ratio| (ratio * 2f32.powi(shift)).round_ties_even() as i64);
        Some(Self { of_a, of_b, shift: shift as u32 })
    }
}

/// How two distances from zero points become steps of the output.
#[derive(Clone, Copy, Debug)]
enum Combine {
    /// Each shifted left, scaled to twice the larger scale, added, scaled to the output: rounded twice each time.
    ///
    /// Source: `AddElementwise` in the reference kernels.
    Sum { left_shift: u32, of_a: FixedPoint, of_b: FixedPoint, of_sum: FixedPoint, sign: i32 },
    /// XNNPACK's.
    SumOnce(Single),
    /// Rounded twice.
    Product(FixedPoint),
    /// In f32, rounded to the nearest even integer.
    ProductOfFloats(f32),
    /// The first where it is positive, else the product; rounded twice.
    Slope { positive: FixedPoint, negative: FixedPoint },
}

impl Combine {
    fn sum(a: &Affine, b: &Affine, output: &Affine, sign: i32) -> Result<Self> {
        let left_shift = if output.storage == DType::I16 { 15 } else { 20 };
        let twice = 2.0 * f64::from(a.scale.max(b.scale));
        let factor = twice / (f64::from(1 << left_shift) * f64::from(output.scale));
        if factor >= 1.0 {
            return Err(Error::unsupported(format!("an output scale of {}", output.scale))
                .help("LiteRT adds only if the inputs' scales are less than 2^19 times the output's"));
        }
        Ok(Combine::Sum {
            left_shift,
            of_a: fixed_point(f64::from(a.scale) / twice)?,
            of_b: fixed_point(f64::from(b.scale) / twice)?,
            of_sum: fixed_point(factor)?,
            sign,
        })
    }

    #[inline]
    fn call(self, a: i32, b: i32) -> i64 {
        match self {
            Combine::Sum { left_shift, of_a, of_b, of_sum, sign } => {
                let a = of_a.multiply_rounding_twice(a << left_shift);
                let b = of_b.multiply_rounding_twice(b << left_shift);
                of_sum.multiply_rounding_twice(a + sign * b).into()
            }
            Combine::SumOnce(Single { of_a, of_b, shift }) => {
                (i64::from(a) * of_a + i64::from(b) * of_b + (1 << (shift - 1))) >> shift
            }
            Combine::Product(factor) => factor.multiply_rounding_twice(a * b).into(),
            Combine::Slope { positive, .. } if a >= 0 => positive.multiply_rounding_twice(a).into(),
            Combine::Slope { negative, .. } => negative.multiply_rounding_twice(a * b).into(),
            Combine::ProductOfFloats(factor) => ((a * b) as f32 * factor).round_ties_even() as i64,
        }
    }
}

#[derive(Debug)]
struct Binary {
    a: Affine,
    b: Affine,
    output: Affine,
    combine: Combine,
    constants: Vec<Option<Tensor>>,
}

impl Prepared for Binary {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let shape = broadcast_sizes(&[a.shape(), b.shape()])?;
        output_count(&shape)?;
        let is_plain = a.shape() == shape && b.shape() == shape;
        let (a, b) = if is_plain {
            (integers(a)?, integers(b)?)
        } else {
            (stretched(a, &shape)?, stretched(b, &shape)?)
        };
        let combined = a.iter().zip(&b).map(|(&a, &b)| {
            self.output.limit(self.combine.call(a - self.a.zero_point, b - self.b.zero_point))
        });
        let combined: Vec<i32> = combined.collect();
        Ok(vec![self.output.tensor(shape, &combined)?])
    }
}
