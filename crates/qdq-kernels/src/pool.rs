//! Max and average pooling over 1 to 3 spatial axes, and global pooling.

use super::parallel::{SharedMut, for_each_chunk, for_each_task, rows_per_task};
use super::reduce::{Reduction, reduce};
use super::window::{Axis, axes3, spatial3};

/// Window taps per task.
const CHUNK: usize = 1 << 15;

/// Attributes of a pooling; lists have one entry per spatial axis, empty lists mean the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolShape {
    /// Window sizes.
    pub kernel: Vec<usize>,
    /// Steps between windows; default 1.
    pub strides: Vec<usize>,
    /// Distances between taps; default 1.
    pub dilations: Vec<usize>,
    /// Padding before each axis; default 0.
    pub pads_begin: Vec<usize>,
    /// Padding after each axis; default 0.
    pub pads_end: Vec<usize>,
    /// Round the output size up; a window must still begin inside the input or its begin padding.
    pub ceil_mode: bool,
}

impl PoolShape {
    /// `[n, c, spatial...]` of the output for an input of `[n, c, spatial...]`.
    ///
    /// # Panics
    /// When the rank of the input is not that of the kernel plus two.
    pub fn output_dims(&self, input_dims: &[usize]) -> Vec<usize> {
        let axes = self.axes();
        let rank = self.kernel.len();
        assert_eq!(input_dims.len(), rank + 2);
        let mut dims = input_dims.to_vec();
        for (axis, size) in axes[3 - rank..].iter().zip(&mut dims[2..]) {
            *size = self.axis_output(*axis, *size);
        }
        dims
    }

    fn axes(&self) -> [Axis; 3] {
        axes3(&self.kernel, &self.strides, &self.dilations, &self.pads_begin, &self.pads_end)
    }

    fn axis_output(&self, axis: Axis, input: usize) -> usize {
        let floor = axis.output_size(input);
        let span = axis.dilation * (axis.kernel - 1) + 1;
        let padded = input + axis.pad_begin + axis.pad_end;
        if !self.ceil_mode || padded < span {
            return floor;
        }
        let ceil = (padded - span).div_ceil(axis.stride) + 1;
        if (ceil - 1) * axis.stride >= input + axis.pad_begin { ceil - 1 } else { ceil }
    }

    fn plan(&self, input_dims: &[usize]) -> Plan {
        let axes = self.axes();
        let input = spatial3(&input_dims[2..]);
        let output = spatial3(&self.output_dims(input_dims)[2..]);
        Plan { axes, input, output, n_planes: input_dims[0] * input_dims[1] }
    }
}

/// A pooling of planes of known size.
struct Plan {
    axes: [Axis; 3],
    input: [usize; 3],
    output: [usize; 3],
    n_planes: usize,
}

impl Plan {
    fn input_len(&self) -> usize {
        self.input.iter().product()
    }

    fn output_len(&self) -> usize {
        self.output.iter().product()
    }

    fn planes_per_task(&self) -> usize {
        let taps: usize = self.axes.iter().map(|axis| axis.kernel).product();
        rows_per_task(taps * self.output_len(), CHUNK)
    }

    /// Calls `tap(output row offset, input row offset, first output, count, first input column)`
    /// for each kernel tap and output row it reaches, depth and height first, then taps in order.
    fn for_each_tap_row(&self, mut tap: impl FnMut(usize, usize, usize, usize, usize)) {
        let [axis_d, axis_h, axis_w] = self.axes;
        let [in_d, in_h, in_w] = self.input;
        let [out_d, out_h, out_w] = self.output;
        for od in 0..out_d {
            for oh in 0..out_h {
                for kd in 0..axis_d.kernel {
                    let Some(id) = input_index(axis_d, od, kd, in_d) else {
                        continue;
                    };
                    for kh in 0..axis_h.kernel {
                        let Some(ih) = input_index(axis_h, oh, kh, in_h) else {
                            continue;
                        };
                        for kw in 0..axis_w.kernel {
                            let (begin, end) = axis_w.valid_outputs(kw, in_w, out_w);
                            if begin < end {
                                let column = begin * axis_w.stride + kw * axis_w.dilation - axis_w.pad_begin;
                                let out_row = (od * out_h + oh) * out_w;
                                tap(out_row, (id * in_h + ih) * in_w, begin, end - begin, column);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Input index of a tap, when inside.
fn input_index(axis: Axis, output: usize, tap: usize, input: usize) -> Option<usize> {
    (output * axis.stride + tap * axis.dilation).checked_sub(axis.pad_begin).filter(|index| *index < input)
}

/// The largest value of each window; NaN when there is one.
///
/// `indices`, when given, receives for each output the index of the first largest value in the
/// flattened input `[n, c, spatial...]` (`column_major` numbers the spatial axes first-fastest).
///
/// # Panics
/// When a length differs from its shape.
pub fn max_pool(
    input: &[f32],
    input_dims: &[usize],
    shape: &PoolShape,
    output: &mut [f32],
    indices: Option<(&mut [i64], bool)>,
) {
    let plan = shape.plan(input_dims);
    check_lens(&plan, input, output);
    if output.is_empty() {
        return;
    }
    if let Some((indices, column_major)) = indices {
        assert_eq!(indices.len(), output.len());
        max_pool_indices(input, &plan, output, indices, column_major);
        return;
    }
    let (in_len, out_len) = (plan.input_len(), plan.output_len());
    let planes = plan.planes_per_task();
    let stride = plan.axes[2].stride;
    for_each_chunk(output, planes * out_len, |task, chunk| {
        chunk.fill(f32::NEG_INFINITY);
        for (i, out) in chunk.chunks_exact_mut(out_len).enumerate() {
            let plane = &input[(task * planes + i) * in_len..][..in_len];
            plan.for_each_tap_row(|out_row, in_row, begin, count, column| {
                let out = &mut out[out_row + begin..out_row + begin + count];
                let row = &plane[in_row + column..];
                zip_strided(out, row, stride, |y, x| *y = if *y > x || y.is_nan() { *y } else { x });
            });
        }
    });
}

/// Calls `f` on outputs and every `stride`-th input.
#[inline]
fn zip_strided(out: &mut [f32], row: &[f32], stride: usize, f: impl Fn(&mut f32, f32)) {
    match stride {
        1 => out.iter_mut().zip(row).for_each(|(y, x)| f(y, *x)),
        2 => {
            // The last output may not have the second value of its pair.
            let (last, head) = out.split_last_mut().expect("at least one output");
            for (y, pair) in head.iter_mut().zip(row.chunks_exact(2)) {
                f(y, pair[0]);
            }
            f(last, row[2 * head.len()]);
        }
        _ => out.iter_mut().zip(row.iter().step_by(stride)).for_each(|(y, x)| f(y, *x)),
    }
}

fn max_pool_indices(input: &[f32], plan: &Plan, output: &mut [f32], indices: &mut [i64], column_major: bool) {
    let (in_len, out_len) = (plan.input_len(), plan.output_len());
    let [in_d, in_h, in_w] = plan.input;
    let stride = plan.axes[2].stride;
    let all_outputs = SharedMut::new(output);
    let all_indices = SharedMut::new(indices);
    for_each_task(plan.n_planes, |plane_idx| {
        #[expect(unsafe_code, reason = "one plane per task")]
        // SAFETY: planes do not overlap and each belongs to one task.
        let (out, index) = unsafe {
            (all_outputs.slice(plane_idx * out_len, out_len), all_indices.slice(plane_idx * out_len, out_len))
        };
        out.fill(f32::NEG_INFINITY);
        index.fill(-1);
        let plane = &input[plane_idx * in_len..][..in_len];
        plan.for_each_tap_row(|out_row, in_row, begin, count, column| {
            for i in 0..count {
                let at = in_row + column + i * stride;
                let o = out_row + begin + i;
                if plane[at] > out[o] || index[o] < 0 || (plane[at].is_nan() && !out[o].is_nan()) {
                    out[o] = plane[at];
                    index[o] = at as i64;
                }
            }
        });
        for at in index.iter_mut().filter(|at| **at >= 0) {
            let flat = *at as usize;
            let (d, h, w) = (flat / (in_h * in_w), flat / in_w % in_h, flat % in_w);
            let spatial = if column_major { d + in_d * (h + in_h * w) } else { flat };
            *at = (plane_idx * in_len + spatial) as i64;
        }
    });
}

/// The mean of each window, over the taps inside the input or, with `count_include_pad`, inside
/// the padded input (taps that only `ceil_mode` adds never count).
///
/// # Panics
/// When a length differs from its shape.
pub fn average_pool(
    input: &[f32],
    input_dims: &[usize],
    shape: &PoolShape,
    count_include_pad: bool,
    output: &mut [f32],
) {
    let plan = shape.plan(input_dims);
    check_lens(&plan, input, output);
    if output.is_empty() {
        return;
    }
    let factors = average_factors(&plan, count_include_pad);
    let (in_len, out_len) = (plan.input_len(), plan.output_len());
    let planes = plan.planes_per_task();
    let stride = plan.axes[2].stride;
    for_each_chunk(output, planes * out_len, |task, chunk| {
        chunk.fill(0.0);
        for (i, out) in chunk.chunks_exact_mut(out_len).enumerate() {
            let plane = &input[(task * planes + i) * in_len..][..in_len];
            plan.for_each_tap_row(|out_row, in_row, begin, count, column| {
                let out = &mut out[out_row + begin..out_row + begin + count];
                zip_strided(out, &plane[in_row + column..], stride, |y, x| *y += x);
            });
            out.iter_mut().zip(&factors).for_each(|(y, n)| *y /= n);
        }
    });
}

/// Taps that count for each output of a plane.
fn average_factors(plan: &Plan, count_include_pad: bool) -> Vec<f32> {
    let counts = |axis: Axis, input: usize, n_outputs: usize| -> Vec<usize> {
        let (low, high) = if count_include_pad {
            (0, axis.pad_begin + input + axis.pad_end)
        } else {
            (axis.pad_begin, axis.pad_begin + input)
        };
        (0..n_outputs)
            .map(|o| {
                let taps = (0..axis.kernel).map(|k| o * axis.stride + k * axis.dilation);
                taps.filter(|at| (low..high).contains(at)).count()
            })
            .collect()
    };
    let [d, h, w] = std::array::from_fn(|i| counts(plan.axes[i], plan.input[i], plan.output[i]));
    let mut factors = Vec::with_capacity(plan.output_len());
    for nd in &d {
        for nh in &h {
            factors.extend(w.iter().map(|nw| (nd * nh * nw) as f32));
        }
    }
    factors
}

fn check_lens(plan: &Plan, input: &[f32], output: &[f32]) {
    let expected = [plan.n_planes * plan.input_len(), plan.n_planes * plan.output_len()];
    assert_eq!([input.len(), output.len()], expected);
}

/// Mean of each plane: `[n * c, inner]` to `[n * c]`.
///
/// # Panics
/// When a length differs from its shape.
pub fn global_average_pool(input: &[f32], n_planes: usize, inner: usize, output: &mut [f32]) {
    reduce(input, n_planes, inner, 1, Reduction::Mean, output);
}

/// Maximum of each plane: `[n * c, inner]` to `[n * c]`.
///
/// # Panics
/// When a length differs from its shape.
pub fn global_max_pool(input: &[f32], n_planes: usize, inner: usize, output: &mut [f32]) {
    reduce(input, n_planes, inner, 1, Reduction::Max, output);
}

#[cfg(test)]
mod tests;
