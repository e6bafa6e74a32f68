//! Means over windows: kernel `AVERAGE_POOL_2D`.

use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, AveragePool, Prepared, output_count};
use crate::profiles::integers::{Affine, activation, integers, output};
use crate::tensor::Tensor;

/// Binds a mean over windows; input and output have the same parameters.
///
/// Integers are added as they are and divided by the number of elements inside, rounded half away from zero.
/// Source: `reference_integer_ops::AveragePool`. XNNPACK does not take it.
pub(super) fn prepare(pool: &AveragePool, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let (input, output) = (activation(node, 0)?, output(node)?);
    if input != output {
        return Err(Error::unsupported("a mean over windows with other parameters for its output")
            .help("LiteRT wants the input's parameters"));
    }
    let is_known = !pool.count_include_pad || pool.pads.iter().all(|&pad| pad == 0);
    if !is_known || pool.dilations.iter().any(|&dilation| dilation != 1) {
        return Err(Error::unsupported("a mean that counts padding, or over a dilated window"));
    }
    Ok(Box::new(Average { pool: pool.clone(), output }))
}

#[derive(Debug)]
struct Average {
    pool: AveragePool,
    output: Affine,
}

impl Prepared for Average {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let windows = self.pool.windows(input.shape())?;
        let shape = [&input.shape()[..2], windows.output.as_slice()].concat();
        let mut means = Vec::with_capacity(output_count(&shape)?);
        let n_positions = windows.output.iter().product();
        for plane in integers(input)?.chunks(windows.input.iter().product::<usize>().max(1)) {
            let mut sums = vec![(0i32, 0i32); n_positions];
            windows.for_each_row(|row| {
                for i in 0..row.len {
                    let (sum, count) = &mut sums[row.output + i];
                    (*sum, *count) = (*sum + plane[row.input + i * row.stride], *count + 1);
                }
            });
            means.extend(sums.into_iter().map(|(sum, count)| self.mean(sum, count.max(1))));
        }
        Ok(vec![self.output.tensor(shape, &means)?])
    }
}

impl Average {
    fn mean(&self, sum: i32, count: i32) -> i32 {
        let half = if sum > 0 { count / 2 } else { -(count / 2) };
        ((sum + half) / count).clamp(self.output.min, self.output.max)
    }
}
