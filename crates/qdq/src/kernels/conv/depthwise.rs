//! Depthwise convolution: each output channel looks at one input channel.
//!
//! A plane is first copied into a zero-padded buffer whose columns are sorted by their remainder
//! modulo the stride. After that every tap reads contiguous columns and no border needs a test:
//! the same few lines serve any kernel, stride, dilation and padding of one or two axes.
#![allow(unsafe_code, reason = "loads at computed offsets of the padded plane; see `Plane`")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::super::activation::Activation;
use super::super::parallel::{for_each_chunk, rows_per_task};
use super::super::scratch::with_buffer;
use super::super::simd::{self, Isa, Simd, SimdTask, dispatch_on};
use super::{ConvShape, Geometry};

/// Multiplications per task.
const CHUNK: usize = 1 << 17;
/// Floats read past the last column of a row: more than any register and its column offset.
const SLACK: usize = 16;

/// Weights `[out_channels, taps]`.
#[derive(Debug)]
pub(super) struct Depthwise {
    weights: Vec<f32>,
    in_channels: usize,
    out_channels: usize,
}

impl Depthwise {
    /// Keeps the weights of a shape whose groups have one input channel.
    pub(super) fn new(weights: &[f32], shape: &ConvShape) -> Self {
        Self { weights: weights.to_vec(), in_channels: shape.in_channels, out_channels: shape.out_channels }
    }

    /// Convolves `[n, in_channels, spatial]`.
    pub(super) fn run(
        &self,
        input: &[f32],
        geometry: &Geometry,
        bias: Option<&[f32]>,
        activation: Activation,
        output: &mut [f32],
    ) {
        let n_taps: usize = geometry.axes.iter().map(|axis| axis.kernel).product();
        let (in_len, out_len) = (geometry.input_len(), geometry.output_len());
        let planes = rows_per_task(n_taps * out_len, CHUNK);
        let per_input = self.out_channels / self.in_channels;
        let layout = Layout::new(geometry);
        // Half as wide registers cost nothing on processors that split the wide ones, and fill
        // the narrow planes of a network's end better.
        let isa = Isa::current().min(Isa::Avx2);
        for_each_chunk(output, planes * out_len, |task, chunk| {
            let part = |i: usize| {
                let plane = task * planes + i;
                let channel = plane % self.out_channels;
                let in_plane = plane / self.out_channels * self.in_channels + channel / per_input;
                let input = &input[in_plane * in_len..(in_plane + 1) * in_len];
                let weights = &self.weights[channel * n_taps..(channel + 1) * n_taps];
                (input, weights, bias.map_or(0.0, |b| b[channel]))
            };
            let Some(layout) = &layout else {
                for (i, out) in chunk.chunks_exact_mut(out_len).enumerate() {
                    let (input, weights, bias) = part(i);
                    out.fill(bias);
                    general_plane(input, weights, geometry, out);
                    activation.apply(out);
                }
                return;
            };
            with_buffer(layout.len, |padded| {
                padded.fill(0.0);
                for (i, out) in chunk.chunks_exact_mut(out_len).enumerate() {
                    let (input, weights, bias) = part(i);
                    let clamp = activation.clamp_bounds();
                    dispatch_on(isa, Plane { layout, input, weights, bias, clamp, padded, out });
                    if let Some(unary) = activation.as_unary() {
                        unary.apply_serial(out);
                    }
                }
            });
        });
    }
}

/// The padded plane and where each tap reads it.
struct Layout {
    /// Rows and columns of the input that some window reaches.
    input: [usize; 2],
    /// Floats between rows of the input.
    in_row_len: usize,
    output: [usize; 2],
    /// Padding before each axis.
    pads: [usize; 2],
    column_stride: usize,
    /// Columns of one remainder in a row.
    phase_len: usize,
    /// Floats between rows.
    row_len: usize,
    /// Floats between the rows that neighbouring outputs read.
    row_step: usize,
    /// Of each tap, relative to the row and column of an output.
    offsets: Vec<usize>,
    /// The largest of them.
    last_offset: usize,
    /// Floats of the padded plane.
    len: usize,
}

impl Layout {
    /// `None` when there is depth, which the general path does.
    fn new(geometry: &Geometry) -> Option<Self> {
        let Geometry { axes, input, output } = *geometry;
        let has_depth = input[0] != 1 || axes[0].kernel != 1 || output[0] != 1;
        if has_depth {
            return None;
        }
        let (rows, columns) = (axes[1], axes[2]);
        let span =
            |n: usize, axis: super::Axis| (n - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
        // Inputs that no window reaches are cut off, pads that none reaches are not made.
        let height = span(output[1], rows).max(rows.pad_begin);
        let width = span(output[2], columns).max(columns.pad_begin);
        let phase_len = width.div_ceil(columns.stride) + SLACK;
        let row_len = phase_len * columns.stride;
        let mut offsets = Vec::new();
        for kh in 0..rows.kernel {
            for kw in 0..columns.kernel {
                let column = kw * columns.dilation;
                let phase = column % columns.stride * phase_len;
                offsets.push(kh * rows.dilation * row_len + phase + column / columns.stride);
            }
        }
        let pads = [rows.pad_begin, columns.pad_begin];
        let cut = |input: usize, span: usize, pad: usize| input.min(span - pad);
        Some(Self {
            input: [cut(input[1], height, pads[0]), cut(input[2], width, pads[1])],
            in_row_len: input[2],
            output: [output[1], output[2]],
            pads,
            column_stride: columns.stride,
            phase_len,
            row_len,
            row_step: rows.stride * row_len,
            last_offset: offsets.iter().copied().max().unwrap_or(0),
            offsets,
            len: height * row_len + SLACK,
        })
    }
}

/// One plane.
struct Plane<'a> {
    layout: &'a Layout,
    input: &'a [f32],
    weights: &'a [f32],
    bias: f32,
    clamp: Option<(f32, f32)>,
    /// Zero where no input is copied to.
    padded: &'a mut [f32],
    out: &'a mut [f32],
}

impl SimdTask for Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        self.copy_in(s);
        let [n_rows, n_columns] = self.layout.output;
        // Registers begin every LANES columns; the last is moved back to end with the row.
        let n_registers = n_columns.div_ceil(S::LANES);
        let column = |i: usize| (i * S::LANES).min(n_columns.saturating_sub(S::LANES));
        let mut i = 0;
        while i < n_registers {
            let pair = i + 1 < n_registers;
            let columns = [column(i), column(i + 1)];
            let mut row = 0;
            while row < n_rows {
                let rest = n_rows - row;
                // As with columns, the last block of rows may repeat some of the block before.
                row = match (pair, n_rows) {
                    (true, 4..) => self.block::<S, 4, 2>(s, row.min(n_rows - 4), columns),
                    (true, _) => self.block::<S, 1, 2>(s, row, columns),
                    (false, 7..) if rest > 4 => self.block::<S, 7, 1>(s, row.min(n_rows - 7), [columns[0]]),
                    (false, 4..) => self.block::<S, 4, 1>(s, row.min(n_rows - 4), [columns[0]]),
                    (false, _) => self.block::<S, 1, 1>(s, row, [columns[0]]),
                };
            }
            i += if pair { 2 } else { 1 };
        }
    }
}

impl Plane<'_> {
    /// Copies the input into the padded plane.
    #[inline(always)]
    fn copy_in<S: Simd>(&mut self, s: S) {
        let layout = self.layout;
        let [n_rows, n_columns] = layout.input;
        let stride = layout.column_stride;
        let in_row_len = layout.in_row_len;
        for row in 0..n_rows {
            let source = &self.input[row * in_row_len..][..n_columns];
            let target = &mut self.padded[(row + layout.pads[0]) * layout.row_len..][..layout.row_len];
            for phase in 0..stride {
                // First input column of this remainder.
                let first = (phase + stride - layout.pads[1] % stride) % stride;
                if first >= n_columns {
                    continue;
                }
                let n = (n_columns - first).div_ceil(stride);
                let begin = phase * layout.phase_len + (first + layout.pads[1]) / stride;
                let (source, target) = (&source[first..], &mut target[begin..begin + n]);
                // SAFETY: `n` floats, or `2 n - 1`, of the source and `n` of the target.
                match stride {
                    1 => unsafe { simd::copy(s, source.as_ptr(), target.as_mut_ptr(), n) },
                    2 => unsafe { simd::copy_even(s, source.as_ptr(), target.as_mut_ptr(), n) },
                    _ => {
                        for (y, x) in target.iter_mut().zip(source.iter().step_by(stride)) {
                            *y = *x;
                        }
                    }
                }
            }
        }
    }

    /// `ROWS` output rows from `row`, `REGISTERS` registers of columns; returns the row after.
    #[inline(always)]
    fn block<S: Simd, const ROWS: usize, const REGISTERS: usize>(
        &mut self,
        s: S,
        row: usize,
        columns: [usize; REGISTERS],
    ) -> usize {
        let layout = self.layout;
        let step = layout.row_step;
        let mut sums = [[s.splat(self.bias); REGISTERS]; ROWS];
        let last_column = columns[REGISTERS - 1];
        let last = (row + ROWS - 1) * step + layout.last_offset + last_column + S::LANES;
        assert!(last <= self.padded.len() && self.weights.len() == layout.offsets.len());
        let origin = self.padded.as_ptr().wrapping_add(row * step);
        for (offset, weight) in layout.offsets.iter().zip(self.weights) {
            let weight = s.splat(*weight);
            let tap = origin.wrapping_add(*offset);
            for (r, sums) in sums.iter_mut().enumerate() {
                for (sum, column) in sums.iter_mut().zip(columns) {
                    // SAFETY: no further than `last`, which is checked.
                    let x = unsafe { s.load(tap.wrapping_add(r * step + column)) };
                    *sum = s.mul_add(weight, x, *sum);
                }
            }
        }
        if let Some((low, high)) = self.clamp {
            let (low, high) = (s.splat(low), s.splat(high));
            for sum in sums.iter_mut().flatten() {
                *sum = s.min(high, s.max(low, *sum));
            }
        }
        let width = layout.output[1];
        for (r, sums) in sums.iter().enumerate() {
            for (sum, column) in sums.iter().zip(columns) {
                let out = &mut self.out[(row + r) * width + column..(row + r + 1) * width];
                // SAFETY: at most the rest of the row.
                unsafe { s.store_partial(out.as_mut_ptr(), *sum, out.len().min(S::LANES)) };
            }
        }
        row + ROWS
    }
}
/// Adds one plane's convolution to `out`, any kernel: a pass over output rows for each tap.
fn general_plane(input: &[f32], weights: &[f32], geometry: &Geometry, out: &mut [f32]) {
    let Geometry { axes, input: [in_d, in_h, in_w], output: [out_d, out_h, out_w] } = *geometry;
    let index = |axis: usize, o: usize, tap: usize, size: usize| {
        (o * axes[axis].stride + tap * axes[axis].dilation)
            .checked_sub(axes[axis].pad_begin)
            .filter(|i| *i < size)
    };
    for (tap, weight) in weights.iter().enumerate() {
        let (kh, kw) = (axes[1].kernel, axes[2].kernel);
        let (kd, kh, kw) = (tap / (kh * kw), tap / kw % kh, tap % kw);
        let (begin, end) = axes[2].valid_outputs(kw, in_w, out_w);
        if begin >= end {
            continue;
        }
        let iw = begin * axes[2].stride + kw * axes[2].dilation - axes[2].pad_begin;
        for od in 0..out_d {
            let Some(id) = index(0, od, kd, in_d) else {
                continue;
            };
            for oh in 0..out_h {
                let Some(ih) = index(1, oh, kh, in_h) else {
                    continue;
                };
                let row = &mut out[(od * out_h + oh) * out_w..][begin..end];
                let source = &input[(id * in_h + ih) * in_w + iw..];
                for (y, x) in row.iter_mut().zip(source.iter().step_by(axes[2].stride)) {
                    *y += weight * x;
                }
            }
        }
    }
}
