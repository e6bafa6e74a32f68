//! Softmax: kernel `QLinearSoftmax`.

use super::node::{self, Affine, bits, check_one_storage, constants, from_bits, from_byte};
use crate::error::Result;
use crate::exec::IntegerNode;
use crate::ops::{Args, Prepared, Softmax, resolve_axis, with_constants};
use crate::tensor::Tensor;

/// Binds a softmax along an axis.
pub(super) fn prepare(softmax: &Softmax, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let (input, output) = (node::input(node, 0)?, node::output(node)?);
    check_one_storage(&[output, input])?;
    Ok(Box::new(PreparedSoftmax { axis: softmax.axis, input, output, constants: constants(node) }))
}

#[derive(Debug)]
struct PreparedSoftmax {
    axis: i64,
    input: Affine,
    output: Affine,
    constants: Vec<Option<Tensor>>,
}

impl Prepared for PreparedSoftmax {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let input = inputs.get(0)?;
        let axis = resolve_axis(self.axis, input.shape().len())?;
        let (size, inner) = (input.shape()[axis], input.shape()[axis + 1..].iter().product::<usize>());
        let from = bits(input)?;
        let mut output = vec![0; from.len()];
        let exponentials = exponentials(self.input.scale, size);
        let mut lane = Vec::with_capacity(size);
        for (plane_idx, plane) in output.chunks_mut((size * inner).max(1)).enumerate() {
            for start in 0..inner {
                let elements = from[plane_idx * size * inner + start..].iter().step_by(inner).take(size);
                lane.clear();
                lane.extend(elements.map(|&byte| from_byte(self.input.storage, byte)));
                let to = plane[start..].iter_mut().step_by(inner);
                to.zip(self.lane(&lane, &exponentials)).for_each(|(to, byte)| *to = byte);
            }
        }
        Ok(vec![from_bits(self.output.storage, input.shape().to_vec(), output)?])
    }
}

/// `exp(scale · (i - 255 + shift))` for i in 0..=255, shifted so that the sum of `size` of them stays finite.
///
/// Source: onnxruntime `QlinearBuildLookupTableUint32`.
fn exponentials(scale: f32, size: usize) -> Vec<f32> {
    let largest_sum = f64::from((f32::MAX / size as f32).ln());
    let shift = f64::max(0.0, largest_sum - 5.0) / f64::from(scale);
    (0..256).map(|i| ((f64::from(i) - 255.0 + shift) * f64::from(scale)).exp() as f32).collect()
}

impl PreparedSoftmax {
    /// The largest element is taken for 255. The output's scale acts as `floor(1 / scale)`. The sum is in f32, the rest in
    /// f64. Source: onnxruntime `QlinearSoftmaxCPU`; f64 and saturation of i8 by experiment.
    fn lane(&self, lane: &[i32], exponentials: &[f32]) -> Vec<u8> {
        let largest = lane.iter().copied().max().unwrap_or(0);
        let steps = f64::from((1.0 / self.output.scale).floor());
        let exponential = |q: i32| exponentials[(255 - largest + q) as usize];
        let sum = f64::from(lane.iter().fold(0.0f32, |sum, &q| sum + exponential(q)));
        let (min, max) = self.output.range();
        let of = |&q: &i32| {
            let steps = (f64::from(exponential(q)) * steps / sum).round_ties_even();
            (steps as i64 + i64::from(self.output.zero_point)).clamp(min.into(), max.into()) as u8
        };
        lane.iter().map(of).collect()
    }
}
