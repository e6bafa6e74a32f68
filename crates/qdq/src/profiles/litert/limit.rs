//! Limits of integers: activations that other kernels have fused, and kernels `RELU`, `RELU6`, `RELU_N1_TO_1`.

use super::Kernels;
use super::sums::fixed_point;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::quantize::FixedPoint;
use crate::ops::{Args, Op, Prepared};
use crate::profiles::integers::{Affine, activation, constants, integers, output};
use crate::tensor::Tensor;

/// Binds a relu or a clip with constant limits.
pub(super) fn prepare(node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    let (input, output) = (activation(node, 0)?, output(node)?);
    let (low, high) = limits(node)?;
    // Source: `CalculateActivationRangeQuantized`: rounded half away from zero; XNNPACK rounds half to even.
    let integer = |limit: f32| {
        let steps = limit / output.scale;
        let steps = if kernels == Kernels::Xnnpack { steps.round_ties_even() } else { steps.round() };
        (steps as i32).saturating_add(output.zero_point).clamp(output.min, output.max)
    };
    let factor = if input == output {
        None
    } else if kernels == Kernels::Xnnpack {
        return Err(Error::unsupported("a limit with other parameters for its output")
            .help("which kernel computes it depends on the graph around it"));
    } else {
        Some(fixed_point(f64::from(input.scale) / f64::from(output.scale))?)
    };
    Ok(Box::new(Limit { input, output, low: integer(low), high: integer(high), factor }))
}

fn limits(node: &IntegerNode<'_>) -> Result<(f32, f32)> {
    if let Op::Relu(_) = node.op {
        return Ok((0.0, f32::INFINITY));
    }
    let constants = constants(node);
    let limit = |position: usize, otherwise: f32| match node.inputs.get(position) {
        None | Some(None) => Ok(otherwise),
        Some(Some(_)) => match constants[position].as_ref().map(Tensor::as_slice::<f32>) {
            Some(Ok(&[limit])) => Ok(limit),
            _ => Err(Error::unsupported("a limit that is no constant number")),
        },
    };
    Ok((limit(1, f32::NEG_INFINITY)?, limit(2, f32::INFINITY)?))
}

#[derive(Debug)]
struct Limit {
    input: Affine,
    output: Affine,
    low: i32,
    high: i32,
    /// `None` where the parameters are the same.
    factor: Option<FixedPoint>,
}

impl Prepared for Limit {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let limit = |q: i32| match self.factor {
            None => q.max(self.low).min(self.high),
            Some(factor) => {
                let steps = factor.multiply_rounding_twice(q - self.input.zero_point);
                steps.saturating_add(self.output.zero_point).max(self.low).min(self.high)
            }
        };
        let limited: Vec<i32> = integers(input)?.into_iter().map(limit).collect();
        Ok(vec![self.output.tensor(input.shape().to_vec(), &limited)?])
    }
}
