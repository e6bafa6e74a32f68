//! Integers of other parameters: kernel `QUANTIZE` of integers.

use super::Kernels;
use super::sums::{fixed_point, multiply_in_vectors};
use crate::error::Result;
use crate::exec::IntegerNode;
use crate::kernels::quantize::FixedPoint;
use crate::ops::{Args, Prepared};
use crate::profiles::integers::{Affine, activation, integers, output};
use crate::tensor::{DType, Tensor};

/// Binds a conversion.
pub(super) fn prepare(node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    let (input, output) = (activation(node, 0)?, output(node)?);
    let ratio = input.scale / output.scale;
    // XNNPACK: multipliers of 8 bits after the point. Source: `xnn_init_qs8_cvt_scalar_params`.
    let is_delegated =
        (input.storage, output.storage) == (DType::I8, DType::I8) && (2f32.powi(-8)..128.0).contains(&ratio);
    let factor = fixed_point(f64::from(input.scale) / f64::from(output.scale))?;
    let is_byte = |params: &Affine| params.storage != DType::I16;
    let scale = match kernels {
        Kernels::Xnnpack if is_delegated => Scale::Coarse((256.0 * ratio).round_ties_even() as i64),
        Kernels::Reference => Scale::Fixed(factor),
        _ if is_byte(&input) && is_byte(&output) => Scale::Vectors(factor),
        _ => Scale::Fixed(factor),
    };
    Ok(Box::new(Requantize { input, output, scale }))
}

/// Elements that the optimized kernel converts at once.
const BLOCK: usize = 16;

#[derive(Clone, Copy, Debug)]
enum Scale {
    Fixed(FixedPoint),
    /// In blocks by vector instructions, and the rest as [`Scale::Fixed`].
    Vectors(FixedPoint),
    /// In steps of 1/256, rounded once, half up.
    Coarse(i64),
}

#[derive(Debug)]
struct Requantize {
    input: Affine,
    output: Affine,
    scale: Scale,
}

impl Prepared for Requantize {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let in_blocks = input.len() / BLOCK * BLOCK;
        let convert = |(index, q): (usize, i32)| {
            let steps = q - self.input.zero_point;
            self.output.limit(match self.scale {
                Scale::Vectors(factor) if index < in_blocks => multiply_in_vectors(steps, factor).into(),
                Scale::Fixed(factor) | Scale::Vectors(factor) => factor.multiply_rounding_twice(steps).into(),
                Scale::Coarse(factor) => (i64::from(steps) * factor + 128) >> 8,
            })
        };
        let converted: Vec<i32> = integers(input)?.into_iter().enumerate().map(convert).collect();
        Ok(vec![self.output.tensor(input.shape().to_vec(), &converted)?])
    }
}
