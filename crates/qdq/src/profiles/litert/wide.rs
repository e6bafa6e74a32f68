//! Products of 16-bit activations by 8-bit weights: sums of 64 bits, multipliers of 15, of 31 for matrices.

use super::product::{bias, weights};
use super::sums::fixed_point;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::quantize::FixedPoint;
use crate::ops::{Args, Conv, Prepared, output_count};
use crate::profiles::integers::{Affine, activation, integers, output, params};
use crate::profiles::products::{check_scales, matrix};
use crate::tensor::{DType, Tensor};

/// `x` times the factor, whose multiplier is cut to 15 bits, rounded once, half up.
///
/// Source: `MultiplyByQuantizedMultiplier` for 64 bits in `LiteRT`'s `kernels/internal/common.cc`.
pub(super) fn multiply_wide(x: i64, factor: FixedPoint) -> i64 {
    let reduced =
        if factor.multiplier < 0x7fff_0000 { (factor.multiplier + (1 << 15)) >> 16 } else { 0x7fff };
    let shift = (15 - factor.shift).clamp(1, 62) as u32;
    x.wrapping_mul(reduced.into()).wrapping_add(1 << (shift - 1)) >> shift
}

/// `x` times the factor, rounded once, half up, with all bits of the multiplier.
fn multiply_once(x: i64, factor: FixedPoint) -> i64 {
    let shift = (31 - factor.shift).clamp(1, 62);
    ((i128::from(x) * i128::from(factor.multiplier) + (1 << (shift - 1))) >> shift) as i64
}

/// What becomes of sums.
#[derive(Debug)]
struct Requantize {
    factors: Vec<FixedPoint>,
    output: Affine,
}

impl Requantize {
    fn new(node: &IntegerNode<'_>, n_outputs: usize) -> Result<Self> {
        let (x, output, scales) = (activation(node, 0)?, output(node)?, &params(node, 1)?.scale);
        if output.storage != DType::I16 || x.zero_point != 0 || output.zero_point != 0 {
            return Err(Error::unsupported(format!("16-bit products into {}", output.storage))
                .help("LiteRT multiplies i16 by i8 into i16, with zero points 0"));
        }
        check_scales(node, n_outputs)?;
        let factor =
            |scale: &f32| fixed_point(f64::from(x.scale) * f64::from(*scale) / f64::from(output.scale));
        Ok(Self { factors: scales.iter().map(factor).collect::<Result<_>>()?, output })
    }

    fn factor(&self, channel: usize) -> FixedPoint {
        self.factors[if self.factors.len() == 1 { 0 } else { channel }]
    }
}

/// Binds a convolution of so many outputs.
pub(super) fn prepare_conv(
    conv: &Conv,
    n_outputs: usize,
    node: &IntegerNode<'_>,
) -> Result<Box<dyn Prepared>> {
    let weights = weights(node, 0)?;
    Ok(Box::new(WideConv {
        conv: conv.clone(),
        shape: weights.shape().to_vec(),
        weights: integers(weights)?,
        bias: bias(node, n_outputs)?,
        requantize: Requantize::new(node, n_outputs)?,
    }))
}

#[derive(Debug)]
struct WideConv {
    conv: Conv,
    /// Of the weights.
    shape: Vec<usize>,
    weights: Vec<i32>,
    bias: Option<Vec<i32>>,
    requantize: Requantize,
}

impl Prepared for WideConv {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.get(0)?;
        let windows = self.conv.windows(x.shape(), &self.shape)?;
        let (outputs, channels) = (self.shape[0], self.shape[1]);
        let shape = [&[x.shape()[0], outputs], windows.output.as_slice()].concat();
        let (plane, n_positions) =
            (windows.input.iter().product::<usize>(), windows.output.iter().product::<usize>());
        let (x, n_taps, per_group) = (integers(x)?, windows.n_taps(), outputs / self.conv.group);
        let mut integers = Vec::with_capacity(output_count(&shape)?);
        for image in x.chunks((plane * channels * self.conv.group).max(1)) {
            for output in 0..outputs {
                let mut sums =
                    vec![self.bias.as_ref().map_or(0, |bias| i64::from(bias[output])); n_positions];
                for channel in 0..channels {
                    let first = (output / per_group * channels + channel) * plane;
                    let taps = &self.weights[(output * channels + channel) * n_taps..][..n_taps];
                    add_plane(&windows, &image[first..][..plane], taps, &mut sums);
                }
                let (to, factor) = (&self.requantize.output, self.requantize.factor(output));
                integers.extend(sums.into_iter().map(|sum| to.limit(multiply_wide(sum, factor))));
            }
        }
        Ok(vec![self.requantize.output.tensor(shape, &integers)?])
    }
}

/// Adds the products of one plane of the input by its taps.
fn add_plane(windows: &crate::ops::Windows, plane: &[i32], taps: &[i32], sums: &mut [i64]) {
    windows.for_each_row(|row| {
        let weight = i64::from(taps[row.tap]);
        for i in 0..row.len {
            sums[row.output + i] += weight * i64::from(plane[row.input + i * row.stride]);
        }
    });
}

/// Binds a product with a constant matrix of weights, and a constant bias.
pub(super) fn prepare_matrix(node: &IntegerNode<'_>, is_transposed: bool) -> Result<Box<dyn Prepared>> {
    let weights = weights(node, usize::from(!is_transposed))?;
    let (rows, columns, n) = matrix(weights, is_transposed)?;
    let k = if is_transposed { columns } else { rows };
    let flat = integers(weights)?;
    let by_output = if is_transposed {
        flat
    } else {
        (0..n).flat_map(|output| flat.iter().skip(output).step_by(n).copied()).collect()
    };
    let (bias, requantize) = (bias(node, n)?, Requantize::new(node, n)?);
    Ok(Box::new(WideMatrix { weights: by_output, k, n, bias, requantize }))
}

#[derive(Debug)]
struct WideMatrix {
    /// `[n, k]`.
    weights: Vec<i32>,
    k: usize,
    n: usize,
    bias: Option<Vec<i32>>,
    requantize: Requantize,
}

impl Prepared for WideMatrix {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.get(0)?;
        let Some((_, lead)) = x.shape().split_last().filter(|(last, _)| **last == self.k) else {
            return Err(Error::data(format!(
                "a product of {:?} with a matrix of {} rows",
                x.shape(),
                self.k
            )));
        };
        let rows = integers(x)?;
        let mut outputs = Vec::with_capacity(rows.len() / self.k.max(1) * self.n);
        for row in rows.chunks(self.k.max(1)) {
            for output in 0..self.n {
                let weights = &self.weights[output * self.k..][..self.k];
                let products = row.iter().zip(weights).map(|(&x, &w)| i64::from(x) * i64::from(w));
                let bias = self.bias.as_ref().map_or(0, |bias| i64::from(bias[output]));
                let steps = multiply_once(bias + products.sum::<i64>(), self.requantize.factor(output));
                outputs.push(self.requantize.output.limit(steps));
            }
        }
        Ok(vec![self.requantize.output.tensor([lead, &[self.n]].concat(), &outputs)?])
    }
}
