//! Means and sums over axes: kernels `MEAN` and `SUM`.

use super::Kernels;
use super::sums::{fixed_point, multiply_in_vectors};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::quantize::FixedPoint;
use crate::ops::{Args, Prepared, resolve_axis};
use crate::profiles::integers::{Affine, activation, constants, integers, output};
use crate::tensor::{DType, Tensor};

/// Binds a mean over constant axes, input 1.
pub(super) fn prepare_mean(
    node: &IntegerNode<'_>,
    keepdims: bool,
    kernels: Kernels,
) -> Result<Box<dyn Prepared>> {
    prepare(node, axes(node)?, keepdims, Kind::Mean, kernels)
}

/// Binds a sum over constant axes, input 1.
pub(super) fn prepare_sum(
    node: &IntegerNode<'_>,
    keepdims: bool,
    kernels: Kernels,
) -> Result<Box<dyn Prepared>> {
    if kernels == Kernels::Reference {
        return Err(Error::unsupported(
            "`reduce_sum` by LiteRT's reference kernel, which writes -1 everywhere",
        )
        .help("the other kernels add"));
    }
    prepare(node, axes(node)?, keepdims, Kind::Sum, kernels)
}

/// Binds a mean over all spatial axes.
pub(super) fn prepare_global(node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    prepare(node, Axes::Spatial, true, Kind::Mean, kernels)
}

fn prepare(
    node: &IntegerNode<'_>,
    axes: Axes,
    keepdims: bool,
    kind: Kind,
    kernels: Kernels,
) -> Result<Box<dyn Prepared>> {
    let (input, output) = (activation(node, 0)?, output(node)?);
    if input.storage != output.storage || (kind == Kind::Sum && input.storage != DType::I8) {
        return Err(Error::unsupported(format!("a mean of {} into {}", input.storage, output.storage)));
    }
    Ok(Box::new(Reduced { input, output, axes, keepdims, kind, kernels }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mean,
    Sum,
}

#[derive(Debug)]
enum Axes {
    These(Vec<i64>),
    Spatial,
}

fn axes(node: &IntegerNode<'_>) -> Result<Axes> {
    match constants(node).get(1) {
        Some(Some(axes)) => Ok(Axes::These(axes.to_i64_vec()?)),
        _ => Err(Error::unsupported("axes that are computed, or all axes")),
    }
}

#[derive(Debug)]
struct Reduced {
    input: Affine,
    output: Affine,
    axes: Axes,
    keepdims: bool,
    kind: Kind,
    kernels: Kernels,
}

impl Prepared for Reduced {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let rank = input.shape().len();
        let axes: Vec<usize> = match &self.axes {
            Axes::These(axes) => axes.iter().map(|&axis| resolve_axis(axis, rank)).collect::<Result<_>>()?,
            Axes::Spatial => (2..rank).collect(),
        };
        let count: usize = axes.iter().map(|&axis| input.shape()[axis]).product();
        let (shape, sums) = sums(input, &axes, self.keepdims)?;
        let is_image = rank == 4 && self.keepdims && (axes == [1, 2] || axes == [2, 3]);
        let rescale = self.rescale(count, is_image)?;
        let channels = if is_image { shape.iter().skip(1).product::<usize>().max(1) } else { 1 };
        let in_blocks = channels / BLOCK * BLOCK;
        let apply =
            |(index, sum): (usize, i64)| rescale.apply(sum, &self.output, index % channels < in_blocks);
        let integers: Vec<i32> = sums.into_iter().enumerate().map(apply).collect();
        Ok(vec![self.output.tensor(shape, &integers)?])
    }
}

/// The shape without these axes, and sums of the integers over them.
fn sums(input: &Tensor, axes: &[usize], keepdims: bool) -> Result<(Vec<usize>, Vec<i64>)> {
    let dims = input.shape();
    let kept = |axis: usize| if axes.contains(&axis) { 1 } else { dims[axis] };
    let sizes: Vec<usize> = (0..dims.len()).map(kept).collect();
    let mut sums = vec![0i64; sizes.iter().product()];
    let mut position = vec![0usize; dims.len()];
    for q in integers(input)? {
        let index = (0..dims.len()).fold(0, |index, axis| {
            index * sizes[axis] + if axes.contains(&axis) { 0 } else { position[axis] }
        });
        sums[index] += i64::from(q);
        for axis in (0..dims.len()).rev() {
            position[axis] += 1;
            if position[axis] < dims[axis] {
                break;
            }
            position[axis] = 0;
        }
    }
    let shape = sizes.iter().enumerate().filter(|(axis, _)| keepdims || !axes.contains(axis));
    Ok((shape.map(|(_, size)| *size).collect(), sums))
}

/// Channels that the optimized mean over height and width rounds at once.
const BLOCK: usize = 16;

/// What becomes of a sum of integers as they are.
#[derive(Clone, Copy, Debug)]
enum Rescale {
    /// The zero points are taken off first; in 32 bits, rounded twice.
    Narrow { zeros: i64, factor: FixedPoint },
    /// In 32 bits, rounded once.
    Once { zeros: i64, factor: FixedPoint },
    /// The zero points are accounted for afterwards, rounded by themselves; blocks of channels are rounded by vector
    /// instructions.
    ZerosLast { bias: i64, factor: FixedPoint },
    /// In f32.
    Floats { zeros: i64, factor: f32 },
}

impl Rescale {
    fn apply(self, sum: i64, output: &Affine, is_in_block: bool) -> i32 {
        match self {
            Rescale::Narrow { zeros, factor } => {
                output.limit(factor.multiply_rounding_twice((sum - zeros) as i32).into())
            }
            Rescale::Once { zeros, factor } => {
                output.limit(factor.multiply_rounding_once((sum - zeros) as i32).into())
            }
            Rescale::ZerosLast { bias, factor } => {
                let steps = if is_in_block {
                    multiply_in_vectors(sum as i32, factor)
                } else {
                    factor.multiply_rounding_twice(sum as i32)
                };
                let steps = i64::from(steps) + bias;
                output.limit(steps - i64::from(output.zero_point))
            }
            Rescale::Floats { zeros, factor } => {
                output.limit(((sum - zeros) as f32 * factor).round_ties_even() as i64)
            }
        }
    }
}

impl Reduced {
    fn rescale(&self, count: usize, is_image: bool) -> Result<Rescale> {
        let (input, output) = (&self.input, &self.output);
        let zeros = i64::from(input.zero_point) * count as i64;
        let ratio = f64::from(input.scale) / f64::from(output.scale);
        let is_byte = output.storage == DType::I8;
        match (self.kernels, self.kind) {
            (Kernels::Xnnpack, kind) if is_byte => {
                let divisor = if kind == Kind::Mean { count as f32 } else { 1.0 };
                Ok(Rescale::Floats { zeros, factor: input.scale / output.scale / divisor })
            }
            (Kernels::Builtin, Kind::Mean) if is_byte && is_image => {
                // Source: `optimized_integer_ops::Mean`.
                let offset = input.zero_point as f32 * input.scale / output.scale;
                let offset = (if offset > 0.0 { offset + 0.5 } else { offset - 0.5 }) as i64;
                let factor = fixed_point((input.scale / (count as f32 * output.scale)).into())?;
                Ok(Rescale::ZerosLast { bias: i64::from(output.zero_point) - offset, factor })
            }
            (_, Kind::Sum) => Ok(Rescale::Once { zeros, factor: fixed_point(ratio)? }),
            _ => Ok(Rescale::Narrow { zeros, factor: Self::divided(fixed_point(ratio)?, count) }),
        }
    }

    /// The multiplier of a mean has the division in it. Source: `QuantizedMeanOrSum` in the reference kernels.
    fn divided(factor: FixedPoint, count: usize) -> FixedPoint {
        if count == 0 {
            return factor;
        }
        let shift = (63 - (count as u64).leading_zeros() as i32).min(32).min(31 + factor.shift);
        let multiplier = (i64::from(factor.multiplier) << shift) / count as i64;
        FixedPoint { multiplier: multiplier as i32, shift: factor.shift - shift }
    }
}
