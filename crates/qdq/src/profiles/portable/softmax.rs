//! Softmax: a table of exponentials and one integer division for each element.

use super::functions::exponential;
use super::multiplier::Multiplier;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, Prepared, Softmax, resolve_axis};
use crate::profiles::integers::{Affine, activation, integers, output};
use crate::tensor::{DType, Tensor};

/// Binds a softmax along an axis.
///
/// # Errors
/// An input of more than 8 bits.
pub(super) fn prepare(softmax: &Softmax, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let (input, output) = (activation(node, 0)?, output(node)?);
    if !matches!(input.storage, DType::I8 | DType::U8) {
        return Err(Error::unsupported(format!("a softmax of {}", input.storage)));
    }
    let power = |d: i32| {
        (exponential(-f64::from(d) * f64::from(input.scale)) * f64::from(1 << 23) + 0.5).floor() as i64
    };
    let multiplier = Multiplier::of(&[1.0], output.scale)?;
    Ok(Box::new(PreparedSoftmax {
        axis: softmax.axis,
        powers: (0..256).map(power).collect(),
        multiplier,
        output,
    }))
}

#[derive(Debug)]
struct PreparedSoftmax {
    axis: i64,
    /// For each distance from the largest.
    powers: Vec<i64>,
    multiplier: Multiplier,
    output: Affine,
}

impl Prepared for PreparedSoftmax {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let shape = input.shape().to_vec();
        let axis = resolve_axis(self.axis, shape.len())?;
        let (size, inner): (usize, usize) = (shape[axis], shape[axis + 1..].iter().product());
        let mut elements = integers(input)?;
        for slab in elements.chunks_mut((size * inner).max(1)) {
            for lane in 0..inner {
                self.lane(slab, lane, inner);
            }
        }
        Ok(vec![self.output.tensor(shape, &elements)?])
    }
}

impl PreparedSoftmax {
    fn lane(&self, slab: &mut [i32], lane: usize, inner: usize) {
        let of_lane = |slab: &[i32]| slab[lane..].iter().step_by(inner).copied().collect::<Vec<i32>>();
        let lane_elements = of_lane(slab);
        let largest = lane_elements.iter().copied().max().unwrap_or(0);
        let power = |q: i32| i128::from(self.powers[(largest - q) as usize]);
        let sum: i128 = lane_elements.iter().map(|&q| power(q)).sum();
        let by = sum << self.multiplier.shift;
        for (i, &q) in lane_elements.iter().enumerate() {
            let product = power(q) * i128::from(self.multiplier.mantissa);
            slab[lane + i * inner] = self.output.limit(((2 * product + by) / (2 * by)) as i64);
        }
    }
}
