//! Means over windows and over all positions.

use super::multiplier::{Multiplier, Ratio};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, AveragePool, Prepared};
use crate::profiles::integers::{Affine, activation, integers, output};
use crate::tensor::Tensor;

/// Binds a mean over windows.
pub(super) fn prepare_average(pool: &AveragePool, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    Ok(Box::new(Mean { pool: Some(pool.clone()), input: activation(node, 0)?, output: output(node)? }))
}

/// Binds a mean over all positions.
pub(super) fn prepare_global(node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    Ok(Box::new(Mean { pool: None, input: activation(node, 0)?, output: output(node)? }))
}

#[derive(Debug)]
struct Mean {
    /// `None`: over all positions.
    pool: Option<AveragePool>,
    input: Affine,
    output: Affine,
}

impl Prepared for Mean {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let &[batch, channels, ref spatial @ ..] = input.shape() else {
            return Err(Error::data(format!("pooling of a tensor of shape {:?}", input.shape())));
        };
        let elements = integers(input)?;
        let size: usize = spatial.iter().product();
        let planes = elements.chunks(size.max(1));
        let (positions, output_shape) = match &self.pool {
            None => (vec![vec![(0, size)]], vec![1; spatial.len()]),
            Some(pool) => windows(pool, input.shape())?,
        };
        let counts: Vec<usize> = match &self.pool {
            None => vec![size],
            Some(pool) => positions.iter().map(|runs| divisor(pool, runs)).collect(),
        };
        let mut multipliers = std::collections::BTreeMap::new();
        for &count in &counts {
            let ratio = Ratio::new(&[self.input.scale], self.output.scale, count)?;
            multipliers.insert(count, Multiplier::new(&ratio)?);
        }
        let mut means = Vec::with_capacity(batch * channels * positions.len());
        for plane in planes {
            for (runs, count) in positions.iter().zip(&counts) {
                let indices = runs.iter().flat_map(|&(first, length)| first..first + length);
                let sum: i64 = indices.map(|i| i64::from(plane[i] - self.input.zero_point)).sum();
                means.push(self.output.limit(multipliers[count].apply(sum)));
            }
        }
        let shape = [&[batch, channels], output_shape.as_slice()].concat();
        Ok(vec![self.output.tensor(shape, &means)?])
    }
}

/// What a window's sum is divided by.
fn divisor(pool: &AveragePool, runs: &[(usize, usize)]) -> usize {
    let inside: usize = runs.iter().map(|(_, length)| length).sum();
    if pool.count_include_pad { pool.kernel_shape.iter().product() } else { inside.max(1) }
}

type Runs = Vec<(usize, usize)>;

/// For each output position the elements of its window that are inside, as runs of flat positions; and the output's
/// spatial sizes.
fn windows(pool: &AveragePool, shape: &[usize]) -> Result<(Vec<Runs>, Vec<usize>)> {
    if pool.ceil_mode && pool.count_include_pad {
        return Err(Error::unsupported("windows that reach beyond the padding and count it"));
    }
    let windows = pool.windows(shape)?;
    let mut runs = vec![Vec::new(); windows.output.iter().product()];
    windows.for_each_row(|row| {
        for i in 0..row.len {
            runs[row.output + i].push((row.input + i * row.stride, 1));
        }
    });
    Ok((runs, windows.output.clone()))
}
