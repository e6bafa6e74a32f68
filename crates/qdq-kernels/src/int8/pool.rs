//! Pooling of 8-bit integers.
//!
//! The loops run along the channels, which come last; other tensors are transposed on the way in and out.

use super::scratch::{with_bytes, with_output};
use super::turn::transpose;
use super::{Affine, Bytes, Layout, Output};
use crate::parallel::{for_each_chunk, rows_per_task};
use crate::pool::PoolShape;
use crate::window::{Axis, axes3, spatial3};

/// Elements read per task.
const CHUNK: usize = 1 << 16;

/// The input of a pooling.
#[derive(Clone, Copy, Debug)]
pub struct PoolInput<'a> {
    /// The numbers.
    pub data: Bytes<'a>,
    /// `[n, c, spatial...]`, whatever the order in memory.
    pub dims: &'a [usize],
    /// Order in memory, of the output too.
    pub layout: Layout,
}

/// Largest element of each window; pads are no elements.
///
/// A window without elements gives the smallest number of the type.
///
/// # Panics
/// When a length does not fit or the output is of another type than the input.
pub fn max_pool(input: PoolInput<'_>, shape: &PoolShape, output: Output<'_>) {
    let same = matches!((&output, input.data), (Output::U8(_), Bytes::U8(_)) | (Output::I8(_), Bytes::I8(_)));
    assert!(same, "output of another type than the input");
    // Unsigned bytes are compared: i8 plus 128.
    let flip = if input.data.is_signed() { 0x80 } else { 0 };
    pool(input, shape, output, |windows, position, out| {
        out.fill(0);
        windows.for_each_tap(position, |pixel| {
            for (y, x) in out.iter_mut().zip(pixel) {
                *y = (*y).max(*x ^ flip);
            }
        });
        for y in out {
            *y ^= flip;
        }
    });
}

/// Mean of each window (`QLinearAveragePool`): elements as real numbers `scale * (q - zero_point)`, added in
/// order, divided by the number of elements (with pads if `include_pads`), then
/// `rint(mean / scale + zero_point)` saturated; everything in `f32`.
///
/// # Panics
/// When a length does not fit or the output is not 8-bit.
pub fn average_pool(
    input: PoolInput<'_>,
    params: Affine,
    shape: &PoolShape,
    include_pads: bool,
    output: Output<'_>,
    output_params: Affine,
) {
    let n_taps: usize = shape.kernel.iter().product();
    let values: Vec<f32> = (0..=255u8)
        .map(|x| {
            let q = if input.data.is_signed() { i32::from(x as i8) } else { i32::from(x) };
            params.scale * (q - params.zero_point) as f32
        })
        .collect();
    let (min, max) = bounds(&output);
    pool(input, shape, output, |windows, position, out| {
        let mut sums = vec![0.0f32; out.len()];
        let mut n_elements = 0;
        windows.for_each_tap(position, |pixel| {
            n_elements += 1;
            for (sum, x) in sums.iter_mut().zip(pixel) {
                *sum += values[usize::from(*x)];
            }
        });
        let n = if include_pads { n_taps } else { n_elements } as f32;
        for (y, sum) in out.iter_mut().zip(sums) {
            let q = sum / n / output_params.scale + output_params.zero_point as f32;
            *y = (q.round_ties_even() as i32).clamp(min, max) as u8;
        }
    });
}

/// Mean over all positions (`QLinearGlobalAveragePool`):
/// `rint(f32(sum(q) - n * zero_point) * (scale / (output scale * n))) + output zero point`, saturated.
///
/// # Panics
/// When a length does not fit or the output is not 8-bit.
pub fn global_average_pool(input: PoolInput<'_>, params: Affine, output: Output<'_>, output_params: Affine) {
    let (n, c) = (input.dims[0], input.dims[1]);
    let n_positions: usize = input.dims[2..].iter().product();
    assert_eq!(input.data.len(), n * c * n_positions);
    assert_eq!(output.len(), n * c);
    let (min, max) = bounds(&output);
    let scale = params.scale / (output_params.scale * n_positions as f32);
    // Bytes are summed as unsigned ones: i8 plus 128.
    let (flip, offset) = if input.data.is_signed() { (0x80, 128) } else { (0, 0) };
    let correction = (n_positions as i32).wrapping_mul(params.zero_point + offset);
    let bits = input.data.bits();
    for_each_chunk(output.into_bits(), c.max(1), |image, out| {
        let image = &bits[image * c * n_positions..][..c * n_positions];
        let mut sums = vec![0i32; c];
        match input.layout {
            Layout::ChannelsFirst => {
                for (sum, plane) in sums.iter_mut().zip(image.chunks_exact(n_positions.max(1))) {
                    *sum = plane.iter().map(|x| i32::from(*x ^ flip)).sum();
                }
            }
            Layout::ChannelsLast => {
                for pixel in image.chunks_exact(c) {
                    for (sum, x) in sums.iter_mut().zip(pixel) {
                        *sum += i32::from(*x ^ flip);
                    }
                }
            }
        }
        for (y, sum) in out.iter_mut().zip(sums) {
            let q = (sum.wrapping_sub(correction) as f32 * scale).round_ties_even() as i32;
            *y = q.saturating_add(output_params.zero_point).clamp(min, max) as u8;
        }
    });
}

/// Smallest and largest number of an 8-bit output.
fn bounds(output: &Output<'_>) -> (i32, i32) {
    match output {
        Output::U8(_) => (0, 255),
        Output::I8(_) => (-128, 127),
        _ => panic!("an output of 8-bit integers"),
    }
}

/// Windows over an input with its channels last.
struct Windows<'a> {
    input: &'a [u8],
    axes: [Axis; 3],
    sizes: [usize; 3],
    outputs: [usize; 3],
    channels: usize,
}

impl Windows<'_> {
    /// Calls `tap` with the channels of each element under the window of a position, counted over all images.
    fn for_each_tap(&self, position: usize, mut tap: impl FnMut(&[u8])) {
        let [_, height, width] = self.outputs;
        let (line, ow) = (position / width, position % width);
        let (plane, oh) = (line / height, line % height);
        let (image, od) = (plane / self.outputs[0], plane % self.outputs[0]);
        for d in taps(self.axes[0], od, self.sizes[0]) {
            for h in taps(self.axes[1], oh, self.sizes[1]) {
                for w in taps(self.axes[2], ow, self.sizes[2]) {
                    let pixel = ((image * self.sizes[0] + d) * self.sizes[1] + h) * self.sizes[2] + w;
                    tap(&self.input[pixel * self.channels..][..self.channels]);
                }
            }
        }
    }
}

/// The inputs under a window.
fn taps(axis: Axis, output: usize, size: usize) -> impl Iterator<Item = usize> {
    (0..axis.kernel)
        .filter_map(move |tap| (output * axis.stride + tap * axis.dilation).checked_sub(axis.pad_begin))
        .filter(move |i| *i < size)
}

/// Calls `body(windows, position, channels of the output)` for each position, whatever the layout.
fn pool(
    input: PoolInput<'_>,
    shape: &PoolShape,
    output: Output<'_>,
    body: impl Fn(&Windows<'_>, usize, &mut [u8]) + Sync,
) {
    let output_dims = shape.output_dims(input.dims);
    assert_eq!(input.data.len(), input.dims.iter().product::<usize>());
    assert_eq!(output.len(), output_dims.iter().product::<usize>());
    if output.is_empty() {
        return;
    }
    let (n, channels) = (input.dims[0], input.dims[1]);
    let axes = axes3(&shape.kernel, &shape.strides, &shape.dilations, &shape.pads_begin, &shape.pads_end);
    let (sizes, outputs) = (spatial3(&input.dims[2..]), spatial3(&output_dims[2..]));
    let n_taps: usize = shape.kernel.iter().product();
    let positions = rows_per_task(channels * n_taps, CHUNK);
    let channels_last = |input: &[u8], output: &mut [u8]| {
        let windows = Windows { input, axes, sizes, outputs, channels };
        for_each_chunk(output, positions * channels, |task, out| {
            for (i, out) in out.chunks_exact_mut(channels).enumerate() {
                body(&windows, task * positions + i, out);
            }
        });
    };
    let bits = input.data.bits();
    if input.layout == Layout::ChannelsLast || channels == 1 {
        return channels_last(bits, output.into_bits());
    }
    let (n_inputs, n_outputs) = (sizes.iter().product(), outputs.iter().product());
    with_bytes(bits.len(), |turned| {
        transpose(bits, n, channels, n_inputs, turned);
        with_output(output, |output| channels_last(turned, output.into_bits()), n, n_outputs, channels);
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::Owned;
    use super::*;
    use crate::testing::Random;

    /// Indices of the elements under the window of output `o`, by the definition.
    fn window(shape: &PoolShape, sizes: [usize; 2], o: [usize; 2]) -> Vec<usize> {
        let mut indices = Vec::new();
        for kh in 0..shape.kernel[0] {
            for kw in 0..shape.kernel[1] {
                let at = |axis: usize, tap: usize| {
                    (o[axis] * shape.strides[axis] + tap * shape.dilations[axis])
                        .checked_sub(shape.pads_begin[axis])
                        .filter(|at| *at < sizes[axis])
                };
                if let (Some(h), Some(w)) = (at(0, kh), at(1, kw)) {
                    indices.push(h * sizes[1] + w);
                }
            }
        }
        indices
    }

    /// A random pooling of an `i8` or `u8` input in either layout, against the definition of `expected`.
    fn check(
        seed: u64,
        run: impl Fn(PoolInput<'_>, &PoolShape, Output<'_>),
        expected: impl Fn(&PoolShape, bool, &[i32]) -> i32,
    ) {
        let mut random = Random::new(seed);
        for _ in 0..100 {
            let signed = random.below(2) == 0;
            let dims = [random.below(3), 1 + random.below(20), 4 + random.below(5), 4 + random.below(5)];
            let mut list = |low: usize, high: usize| -> Vec<usize> {
                (0..2).map(|_| low + random.below(high - low + 1)).collect()
            };
            let (kernel, strides, dilations) = (list(1, 3), list(1, 2), list(1, 2));
            let (pads_begin, pads_end) = (list(0, 1), list(0, 1));
            let shape = PoolShape { kernel, strides, dilations, pads_begin, pads_end, ceil_mode: false };
            let layout = [Layout::ChannelsFirst, Layout::ChannelsLast][random.below(2)];
            let data = Owned::random(&mut random, signed, dims.iter().product());
            let out_dims = shape.output_dims(&dims);
            let n = out_dims.iter().product();
            let place = |image: usize, c: usize, position: usize, n_positions: usize| match layout {
                Layout::ChannelsFirst => (image * dims[1] + c) * n_positions + position,
                Layout::ChannelsLast => (image * n_positions + position) * dims[1] + c,
            };
            let input = PoolInput { data: data.bytes(), dims: &dims, layout };
            let (mut bytes, mut signed_bytes) = (vec![0u8; n], vec![0i8; n]);
            let output = if signed { Output::I8(&mut signed_bytes) } else { Output::U8(&mut bytes) };
            run(input, &shape, output);
            for image in 0..dims[0] {
                for c in 0..dims[1] {
                    for position in 0..out_dims[2] * out_dims[3] {
                        let o = [position / out_dims[3], position % out_dims[3]];
                        let at = |i: usize| data.bytes().get(place(image, c, i, dims[2] * dims[3]));
                        let values: Vec<i32> =
                            window(&shape, [dims[2], dims[3]], o).into_iter().map(at).collect();
                        let idx = place(image, c, position, out_dims[2] * out_dims[3]);
                        let got = if signed { i32::from(signed_bytes[idx]) } else { i32::from(bytes[idx]) };
                        assert_eq!(got, expected(&shape, signed, &values), "{shape:?} {dims:?} {layout:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn maxima_equal_their_definition() {
        check(3, max_pool, |_, signed, values| {
            values.iter().copied().max().unwrap_or(if signed { -128 } else { 0 })
        });
    }

    #[test]
    fn means_equal_their_definition() {
        let (params, output) =
            (Affine { scale: 0.03, zero_point: 7 }, Affine { scale: 0.021, zero_point: -3 });
        for include_pads in [false, true] {
            let run = |input: PoolInput<'_>, shape: &PoolShape, out: Output<'_>| {
                average_pool(input, params, shape, include_pads, out, output);
            };
            check(5, run, |shape, signed, values| {
                let sum = values.iter().fold(0.0f32, |sum, q| sum + 0.03 * (q - 7) as f32);
                let n = if include_pads { shape.kernel.iter().product() } else { values.len() };
                let (low, high) = if signed { (-128, 127) } else { (0, 255) };
                ((sum / n as f32 / 0.021 - 3.0).round_ties_even() as i32).clamp(low, high)
            });
        }
    }

    #[test]
    fn global_means_equal_their_definition() {
        let mut random = Random::new(9);
        let (n, c, positions) = (2, 19, 35);
        for (signed, layout) in [(false, Layout::ChannelsFirst), (true, Layout::ChannelsLast)] {
            let data = Owned::random(&mut random, signed, n * c * positions);
            let (params, output) =
                (Affine { scale: 0.1, zero_point: 5 }, Affine { scale: 0.07, zero_point: 9 });
            let input = PoolInput { data: data.bytes(), dims: &[n, c, 5, 7], layout };
            let mut got = vec![0u8; n * c];
            global_average_pool(input, params, Output::U8(&mut got), output);
            for image in 0..n {
                for channel in 0..c {
                    let at = |p: usize| match layout {
                        Layout::ChannelsFirst => (image * c + channel) * positions + p,
                        Layout::ChannelsLast => (image * positions + p) * c + channel,
                    };
                    let sum: i32 = (0..positions).map(|p| data.bytes().get(at(p)) - 5).sum();
                    let q = (sum as f32 * (0.1 / (0.07 * 35.0f32))).round_ties_even() as i32 + 9;
                    assert_eq!(i32::from(got[image * c + channel]), q.clamp(0, 255));
                }
            }
        }
    }
}
