//! Pooling of 8-bit integers.

use super::{Affine, Bytes, Layout, Output};
use crate::pool::PoolShape;
use crate::window::{Axis, axes3, spatial3};

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
pub fn max_pool(input: PoolInput<'_>, shape: &PoolShape, mut output: Output<'_>) {
    let data = input.data;
    let start = match (&output, data) {
        (Output::U8(_), Bytes::U8(_)) => 0,
        (Output::I8(_), Bytes::I8(_)) => -128,
        _ => panic!("output of another type than the input"),
    };
    for_each_window(input, shape, output.len(), |idx, window, _| {
        let max = window.iter().fold(start, |max, i| max.max(data.get(*i)));
        set(&mut output, idx, max);
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
    mut output: Output<'_>,
    output_params: Affine,
) {
    for_each_window(input, shape, output.len(), |idx, window, n_taps| {
        let value = |i: &usize| params.scale * (input.data.get(*i) - params.zero_point) as f32;
        let sum = window.iter().fold(0.0, |sum, i| sum + value(i));
        let mean = sum / if include_pads { n_taps } else { window.len() } as f32;
        let y = mean / output_params.scale + output_params.zero_point as f32;
        set(&mut output, idx, y.round_ties_even() as i32);
    });
}

/// Mean over all positions (`QLinearGlobalAveragePool`):
/// `rint(f32(sum(q) - n * zero_point) * (scale / (output scale * n))) + output zero point`, saturated.
///
/// # Panics
/// When a length does not fit or the output is not 8-bit.
pub fn global_average_pool(
    input: PoolInput<'_>,
    params: Affine,
    mut output: Output<'_>,
    output_params: Affine,
) {
    let (n, c) = (input.dims[0], input.dims[1]);
    let n_positions: usize = input.dims[2..].iter().product();
    assert_eq!(input.data.len(), n * c * n_positions);
    assert_eq!(output.len(), n * c);
    let scale = params.scale / (output_params.scale * n_positions as f32);
    for plane in 0..n * c {
        let (image, channel) = (plane / c, plane % c);
        let at = |position: usize| match input.layout {
            Layout::ChannelsFirst => plane * n_positions + position,
            Layout::ChannelsLast => (image * n_positions + position) * c + channel,
        };
        let sum: i32 = (0..n_positions).map(|p| input.data.get(at(p)) - params.zero_point).sum();
        let y = (sum as f32 * scale).round_ties_even() as i32;
        set(&mut output, plane, y.saturating_add(output_params.zero_point));
    }
}

/// Stores a saturated number.
fn set(output: &mut Output<'_>, idx: usize, x: i32) {
    match output {
        Output::U8(data) => data[idx] = x.clamp(0, 255) as u8,
        Output::I8(data) => data[idx] = x.clamp(-128, 127) as i8,
        _ => panic!("an output of 8-bit integers"),
    }
}

/// Calls `body(output index, input indices, taps of a full window)` for each output.
fn for_each_window(
    input: PoolInput<'_>,
    shape: &PoolShape,
    output_len: usize,
    mut body: impl FnMut(usize, &[usize], usize),
) {
    let output_dims = shape.output_dims(input.dims);
    assert_eq!(input.data.len(), input.dims.iter().product::<usize>());
    assert_eq!(output_len, output_dims.iter().product::<usize>());
    let axes = axes3(&shape.kernel, &shape.strides, &shape.dilations, &shape.pads_begin, &shape.pads_end);
    let sizes = spatial3(&input.dims[2..]);
    let outputs = spatial3(&output_dims[2..]);
    let (n_inputs, n_outputs) = (sizes.iter().product::<usize>(), outputs.iter().product::<usize>());
    let channels = input.dims[1];
    let place = |plane: usize, position: usize, n_positions: usize| match input.layout {
        Layout::ChannelsFirst => plane * n_positions + position,
        Layout::ChannelsLast => (plane / channels * n_positions + position) * channels + plane % channels,
    };
    let mut window = Vec::new();
    for plane in 0..input.dims[0] * channels {
        for position in 0..n_outputs {
            let o = [
                position / (outputs[1] * outputs[2]),
                position / outputs[2] % outputs[1],
                position % outputs[2],
            ];
            window.clear();
            for d in taps(axes[0], o[0], sizes[0]) {
                for h in taps(axes[1], o[1], sizes[1]) {
                    for w in taps(axes[2], o[2], sizes[2]) {
                        window.push(place(plane, (d * sizes[1] + h) * sizes[2] + w, n_inputs));
                    }
                }
            }
            body(place(plane, position, n_outputs), &window, shape.kernel.iter().product());
        }
    }
}

/// The inputs under a window.
fn taps(axis: Axis, output: usize, size: usize) -> impl Iterator<Item = usize> {
    (0..axis.kernel)
        .filter_map(move |tap| (output * axis.stride + tap * axis.dilation).checked_sub(axis.pad_begin))
        .filter(move |i| *i < size)
}
