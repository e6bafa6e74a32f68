//! Average pooling: kernels `QLinearAveragePool` and `QLinearGlobalAveragePool`.

use super::node::{self, Affine, bits, bytes, check_one_storage, constants, from_bits, from_byte};
use super::rounding::{Saturate, to_i32};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::int8::{Bytes, Layout};
use crate::ops::{Args, AveragePool, Prepared, Windows, with_constants};
use crate::tensor::Tensor;

/// Binds an average over windows of up to three axes.
pub(super) fn prepare_average(pool: &AveragePool, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    if pool.dilations.iter().any(|&dilation| dilation != 1) {
        return Err(Error::unsupported("an average over a dilated window").help("leave the node in float"));
    }
    if !(1..=3).contains(&pool.kernel_shape.len()) {
        return Err(
            Error::unsupported("an average over more than three axes").help("leave the node in float")
        );
    }
    let (input, output, constants) = bind(node)?;
    Ok(Box::new(PreparedAverage { pool: pool.clone(), input, output, constants }))
}

/// Binds an average over all spatial axes.
pub(super) fn prepare_global(node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let (input, output, constants) = bind(node)?;
    Ok(Box::new(PreparedGlobal { input, output, layout: node.input_layout, constants }))
}

fn bind(node: &IntegerNode<'_>) -> Result<(Affine, Affine, Vec<Option<Tensor>>)> {
    let (input, output) = (node::input(node, 0)?, node::output(node)?);
    check_one_storage(&[output, input])?;
    Ok((input, output, constants(node)))
}

#[derive(Debug)]
struct PreparedAverage {
    pool: AveragePool,
    input: Affine,
    output: Affine,
    constants: Vec<Option<Tensor>>,
}

impl Prepared for PreparedAverage {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let input = inputs.get(0)?;
        let windows = self.pool.windows(input.shape())?;
        let shape = [&input.shape()[..2], &windows.output].concat();
        let is_global = windows.kernel == windows.input
            && windows.pads_begin.iter().chain(&windows.pads_end).all(|&pad| pad == 0);
        if is_global {
            // onnxruntime calls its other kernel, which rounds differently.
            return Ok(vec![global_average(input, Layout::ChannelsFirst, shape, self.input, self.output)?]);
        }
        let table: Vec<f32> =
            (0..=255).map(|byte| self.input.dequantize(from_byte(self.input.storage, byte))).collect();
        let in_len = windows.input.iter().product::<usize>();
        let counts = self.counts(&windows);
        let mut output = Vec::with_capacity(shape.iter().product());
        for plane in bits(input)?.chunks(in_len.max(1)) {
            let sums = window_sums(plane, &table, &windows);
            output.extend(sums.iter().zip(&counts).map(|(sum, count)| self.finish(sum / count)));
        }
        Ok(vec![from_bits(self.output.storage, shape, output)?])
    }
}

/// f32 sums in the order of the taps, as the kernel adds them.
fn window_sums(plane: &[u8], table: &[f32], windows: &Windows) -> Vec<f32> {
    let mut sums = vec![0.0f32; windows.output.iter().product()];
    windows.for_each_row(|row| {
        for i in 0..row.len {
            sums[row.output + i] += table[usize::from(plane[row.input + i * row.stride])];
        }
    });
    sums
}

impl PreparedAverage {
    /// What each sum is divided by.
    fn counts(&self, windows: &Windows) -> Vec<f32> {
        let mut counts = vec![0usize; windows.output.iter().product()];
        if self.pool.count_include_pad {
            counts.fill(windows.n_taps());
        } else {
            windows.for_each_row(|row| {
                counts[row.output..row.output + row.len].iter_mut().for_each(|n| *n += 1)
            });
        }
        counts.into_iter().map(|count| count as f32).collect()
    }

    /// The zero point is added before rounding, not after. Source: onnxruntime `quantize_value` in `qlinear_pool.cc`.
    fn finish(&self, average: f32) -> u8 {
        let (min, max) = self.output.range();
        to_i32(average / self.output.scale + self.output.zero_point as f32).clamp(min, max) as u8
    }
}

#[derive(Debug)]
struct PreparedGlobal {
    input: Affine,
    output: Affine,
    /// Of the input; the output, a single position, is the same in both.
    layout: Layout,
    constants: Vec<Option<Tensor>>,
}

impl Prepared for PreparedGlobal {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let input = inputs.get(0)?;
        if input.shape().len() < 3 {
            return Err(Error::data(format!("the shape {:?} has no spatial axes", input.shape())));
        }
        let shape = input.shape().iter().enumerate().map(|(axis, &size)| if axis < 2 { size } else { 1 });
        Ok(vec![global_average(input, self.layout, shape.collect(), self.input, self.output)?])
    }
}

/// Source: MLAS `MlasQLinearGlobalAveragePoolNchw`.
fn global_average(
    tensor: &Tensor,
    layout: Layout,
    shape: Vec<usize>,
    input: Affine,
    output: Affine,
) -> Result<Tensor> {
    let count: usize = tensor.shape()[2..].iter().product();
    let factor = input.scale / (output.scale * count as f32);
    let (smallest, largest) = (2f32.powi(-32), 256.0);
    if count >= 1 << 24 || !(smallest..largest).contains(&factor) {
        return Err(Error::unsupported(format!("an average of {count} elements, scaled by {factor}"))
            .help("onnxruntime computes fewer than 2^24 elements and factors of 2^-32 up to 256"));
    }
    let saturate = Saturate::to(output);
    let zeros = (count as i32).wrapping_mul(input.zero_point);
    let average = |sum: i32| saturate.bits(sum.wrapping_sub(zeros) as f32 * factor);
    let (n_channels, n_positions) = match layout {
        Layout::ChannelsFirst => (1, count),
        Layout::ChannelsLast => (shape[1], count),
    };
    let sums = match bytes(tensor)? {
        Bytes::U8(q) => sums(q, n_positions, n_channels),
        Bytes::I8(q) => sums(q, n_positions, n_channels),
    };
    from_bits(output.storage, shape, sums.into_iter().map(average).collect())
}

/// Sums over the positions of planes `[positions, channels]`, for each plane and channel.
fn sums<T: Copy + Into<i32>>(integers: &[T], n_positions: usize, n_channels: usize) -> Vec<i32> {
    let mut sums = Vec::new();
    for plane in integers.chunks((n_positions * n_channels).max(1)) {
        let begin = sums.len();
        sums.resize(begin + n_channels, 0i32);
        for position in plane.chunks_exact(n_channels) {
            for (sum, &q) in sums[begin..].iter_mut().zip(position) {
                *sum = sum.wrapping_add(q.into());
            }
        }
    }
    sums
}
