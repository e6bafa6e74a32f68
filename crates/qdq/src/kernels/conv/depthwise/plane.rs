//! Depthwise convolution of planes with one or two axes.
//!
//! A band of a plane is first copied into a zero-padded buffer whose columns are sorted by their
//! remainder modulo the stride. After that every tap reads contiguous columns and no border needs a
//! test: the same few lines serve any kernel, stride, dilation and padding.
#![allow(
    unsafe_code,
    reason = "register loads at checked offsets of the padded band"
)]
#![allow(
    clippy::inline_always,
    reason = "code generation with target features, see `simd`"
)]

use super::super::super::simd::{Simd, SimdTask};
use super::super::{Axis, Geometry};
use super::Channel;

/// Floats after the last column of a phase: more than any register of columns.
const SLACK: usize = 16;
/// Floats of padded bands at once: half of a first-level cache.
const BAND: usize = 4096;
/// Most bands copied before they are computed, so that the loads do not wait for the stores.
const MAX_GROUP: usize = 8;

/// Columns of an input row that go side by side into the padded row.
#[derive(Debug)]
struct Phase {
    /// First column of the input row.
    source: usize,
    /// First column of the padded row.
    target: usize,
    /// Number of columns.
    len: usize,
}

/// The padded band and where each tap reads it.
#[derive(Debug)]
pub(super) struct Layout {
    /// Rows of the input, floats between them.
    in_rows: usize,
    in_row_len: usize,
    out_rows: usize,
    out_columns: usize,
    /// Output rows of a band.
    band_rows: usize,
    row_stride: usize,
    /// Padding above the input.
    pad_rows: usize,
    column_stride: usize,
    /// Runs of columns with the same remainder modulo the stride.
    phases: Vec<Phase>,
    /// Floats between rows of the band.
    row_len: usize,
    /// Rows of a band.
    height: usize,
    /// Of each tap, relative to the row and column of an output.
    offsets: Vec<usize>,
    /// The largest of them.
    last_offset: usize,
    /// Bands in the buffer.
    group: usize,
}

impl Layout {
    /// `None` when there is depth, which the general path does.
    pub(super) fn new(geometry: &Geometry) -> Option<Self> {
        let Geometry {
            axes,
            input,
            output,
        } = *geometry;
        if input[0] != 1 || axes[0].kernel != 1 || output[0] != 1 {
            return None;
        }
        let (rows, columns) = (axes[1], axes[2]);
        let span =
            |n: usize, axis: Axis| (n - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
        let width = span(output[2], columns);
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
        let fitting = (BAND / row_len).saturating_sub(span(1, rows)) / rows.stride;
        let band_rows = if fitting + 4 >= output[1] {
            output[1]
        } else {
            fitting.max(4) / 4 * 4
        };
        let height = span(band_rows.min(output[1]), rows);
        Some(Self {
            in_rows: input[1],
            in_row_len: input[2],
            out_rows: output[1],
            out_columns: output[2],
            band_rows,
            row_stride: rows.stride,
            pad_rows: rows.pad_begin,
            column_stride: columns.stride,
            phases: phases(columns, input[2], width, phase_len),
            row_len,
            height,
            last_offset: offsets.iter().copied().max().unwrap_or(0),
            offsets,
            group: (BAND / (height * row_len)).clamp(1, MAX_GROUP),
        })
    }

    /// Floats of one padded band.
    fn band_len(&self) -> usize {
        self.height * self.row_len + SLACK
    }

    /// Floats that [`Planes`] needs.
    pub(super) fn buffer_len(&self) -> usize {
        self.group * self.band_len()
    }
}

/// The runs of an input row of `n` columns in a padded row of `width`.
fn phases(axis: Axis, n: usize, width: usize, phase_len: usize) -> Vec<Phase> {
    let (stride, pad) = (axis.stride, axis.pad_begin);
    // Inputs that no window reaches are cut off.
    let n_columns = n.min(width.saturating_sub(pad));
    let phase = |phase: usize| {
        let source = (phase + stride - pad % stride) % stride;
        (source < n_columns).then(|| Phase {
            source,
            target: phase * phase_len + (source + pad) / stride,
            len: (n_columns - source).div_ceil(stride),
        })
    };
    (0..stride).filter_map(phase).collect()
}

/// Some neighbouring output planes.
pub(super) struct Planes<'a, F> {
    pub(super) layout: &'a Layout,
    /// Input, weights and bias of a plane.
    pub(super) channel: &'a F,
    pub(super) clamp: Option<(f32, f32)>,
    /// [`Layout::buffer_len`] floats.
    pub(super) padded: &'a mut [f32],
    pub(super) out: &'a mut [f32],
}

impl<'c, F: Fn(usize) -> Channel<'c>> SimdTask for Planes<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let layout = self.layout;
        let out_len = layout.out_rows * layout.out_columns;
        let n_bands = layout.out_rows.div_ceil(layout.band_rows);
        let n_jobs = self.out.len() / out_len * n_bands;
        // The columns beside the input are zero from here on: rows are only written inside.
        self.padded.fill(0.0);
        let band_len = layout.band_len();
        for first in (0..n_jobs).step_by(layout.group) {
            let jobs = first..n_jobs.min(first + layout.group);
            for (job, padded) in jobs.clone().zip(self.padded.chunks_exact_mut(band_len)) {
                let row = job % n_bands * layout.band_rows;
                copy_band(s, layout, (self.channel)(job / n_bands).input, row, padded);
            }
            for (job, padded) in jobs.zip(self.padded.chunks_exact(band_len)) {
                let (plane, row) = (job / n_bands, job % n_bands * layout.band_rows);
                let n_rows = layout.band_rows.min(layout.out_rows - row);
                let begin = plane * out_len + row * layout.out_columns;
                let Channel { weights, bias, .. } = (self.channel)(plane);
                let out = &mut self.out[begin..begin + n_rows * layout.out_columns];
                Band {
                    layout,
                    weights,
                    bias,
                    clamp: self.clamp,
                    padded,
                    out,
                }
                .run(s, n_rows);
            }
        }
    }
}

/// Copies the input rows of the band that begins at output row `out_row`.
#[inline(always)]
fn copy_band<S: Simd>(s: S, layout: &Layout, input: &[f32], out_row: usize, padded: &mut [f32]) {
    let first = out_row * layout.row_stride;
    for (i, target) in padded
        .chunks_exact_mut(layout.row_len)
        .take(layout.height)
        .enumerate()
    {
        let row = (first + i).wrapping_sub(layout.pad_rows);
        for phase in &layout.phases {
            let target = &mut target[phase.target..];
            if row < layout.in_rows {
                let source = &input[row * layout.in_row_len..(row + 1) * layout.in_row_len];
                copy_row(
                    s,
                    &source[phase.source..],
                    target,
                    phase.len,
                    layout.column_stride,
                );
            } else {
                target[..phase.len].fill(0.0);
            }
        }
    }
}

/// Copies every `stride`-th float, `n` in all; a full register may write zeros after them.
#[inline(always)]
fn copy_row<S: Simd>(s: S, source: &[f32], target: &mut [f32], n: usize, stride: usize) {
    assert!(source.len() > (n - 1) * stride && target.len() >= n + S::LANES);
    let (from, to) = (source.as_ptr(), target.as_mut_ptr());
    let mut i = 0;
    // SAFETY (all blocks): `(n - 1) * stride + 1` floats of the source, `n + LANES` of the target.
    match stride {
        1 => {
            while i + S::LANES <= n {
                unsafe { s.store(to.add(i), s.load(from.add(i))) };
                i += S::LANES;
            }
            if i < n {
                unsafe { s.store(to.add(i), s.load_partial(from.add(i), n - i)) };
            }
        }
        2 => {
            while i < n {
                let n_floats = 2 * (n - i) - 1;
                let (low, high) = unsafe {
                    if n_floats >= 2 * S::LANES {
                        (s.load(from.add(2 * i)), s.load(from.add(2 * i + S::LANES)))
                    } else {
                        let n_low = n_floats.min(S::LANES);
                        let low = s.load_partial(from.add(2 * i), n_low);
                        (
                            low,
                            s.load_partial(from.add(2 * i + n_low), n_floats - n_low),
                        )
                    }
                };
                let (even, _) = s.deinterleave(low, high);
                let rest = (n - i).min(S::LANES);
                unsafe { s.store(to.add(i), even) };
                i += rest;
            }
        }
        _ => {
            for (y, x) in target[..n].iter_mut().zip(source.iter().step_by(stride)) {
                *y = *x;
            }
        }
    }
}

/// One padded band and its outputs.
struct Band<'a> {
    layout: &'a Layout,
    weights: &'a [f32],
    bias: f32,
    clamp: Option<(f32, f32)>,
    padded: &'a [f32],
    out: &'a mut [f32],
}

impl Band<'_> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, s: S, n_rows: usize) {
        let n_columns = self.layout.out_columns;
        // Registers begin every LANES columns; the last is moved back to end with the row.
        let n_registers = n_columns.div_ceil(S::LANES);
        let column = |i: usize| (i * S::LANES).min(n_columns.saturating_sub(S::LANES));
        let mut row = 0;
        while row < n_rows {
            let rest = n_rows - row;
            // As with columns, the last block of rows may repeat some of the block before.
            let wide_row = if n_rows >= 4 {
                row.min(n_rows - 4)
            } else {
                row
            };
            for i in (0..n_registers - 1).step_by(2) {
                let columns = [column(i), column(i + 1)];
                if n_rows >= 4 {
                    self.block::<S, 4, 2>(s, wide_row, columns);
                } else {
                    self.block::<S, 1, 2>(s, row, columns);
                }
            }
            if n_registers % 2 == 1 {
                let columns = [column(n_registers - 1)];
                if n_rows == 7 && row == 0 && n_registers == 1 {
                    self.block::<S, 7, 1>(s, 0, columns);
                    return;
                }
                if n_rows >= 4 {
                    self.block::<S, 4, 1>(s, wide_row, columns);
                } else {
                    self.block::<S, 1, 1>(s, row, columns);
                }
            }
            row += if n_rows >= 4 { rest.min(4) } else { 1 };
        }
    }

    /// `ROWS` output rows from `row`, `REGISTERS` registers of columns.
    #[inline(always)]
    fn block<S: Simd, const ROWS: usize, const REGISTERS: usize>(
        &mut self,
        s: S,
        row: usize,
        columns: [usize; REGISTERS],
    ) {
        let layout = self.layout;
        let step = layout.row_stride * layout.row_len;
        let last_row = (row + ROWS - 1) * step;
        let last = last_row + layout.last_offset + columns[REGISTERS - 1] + S::LANES;
        assert!(last <= self.padded.len() && self.weights.len() == layout.offsets.len());
        let mut sums = [[s.splat(self.bias); REGISTERS]; ROWS];
        let origin = self.padded.as_ptr().wrapping_add(row * step);
        for (offset, weight) in layout.offsets.iter().zip(self.weights) {
            let weight = s.splat(*weight);
            let tap = origin.wrapping_add(*offset);
            for r in 0..ROWS {
                for j in 0..REGISTERS {
                    // SAFETY: not past `last`.
                    let x = unsafe { s.load(tap.wrapping_add(r * step + columns[j])) };
                    sums[r][j] = s.mul_add(weight, x, sums[r][j]);
                }
            }
        }
        let (low, high) = self.clamp.unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
        let (low, high) = (s.splat(low), s.splat(high));
        let width = layout.out_columns;
        assert!((row + ROWS) * width <= self.out.len() && columns[REGISTERS - 1] < width);
        let out = self.out.as_mut_ptr().wrapping_add(row * width);
        let n = width.min(S::LANES);
        for r in 0..ROWS {
            for j in 0..REGISTERS {
                let value = s.min(high, s.max(low, sums[r][j]));
                let target = out.wrapping_add(r * width + columns[j]);
                // SAFETY: inside the row: a register that is not the only one ends with it.
                unsafe {
                    if n == S::LANES {
                        s.store(target, value);
                    } else {
                        s.store_partial(target, value, n);
                    }
                }
            }
        }
    }
}
