//! Depthwise convolution of planes with one or two axes.
//!
//! A band of a plane is first copied into a zero-padded buffer whose columns are sorted by their
//! remainder modulo the stride. After that every tap reads contiguous columns and no border needs a
//! test: the same few lines serve any kernel, stride, dilation and padding.
#![allow(unsafe_code, reason = "register loads at checked offsets of the padded band")]
#![allow(clippy::needless_range_loop, reason = "indices of several register arrays")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::super::super::simd::{Simd, SimdTask};
use super::super::{Axis, Geometry};
use super::{Channel, Channels};

/// Floats after the last column of a phase: more than any register of columns.
const SLACK: usize = 16;
/// Floats of padded bands at once: half of a first-level cache.
const BAND: usize = 4096;
/// Most input rows of a block: 7 output rows of 5 taps with stride 2.
const MAX_BLOCK_ROWS: usize = 17;
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
    /// Rows of the kernel.
    tap_rows: usize,
    /// Whether neighbouring taps of a column are neighbouring rows.
    dense_rows: bool,
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
        let Geometry { axes, input, output } = *geometry;
        if input[0] != 1 || axes[0].kernel != 1 || output[0] != 1 {
            return None;
        }
        let (rows, columns) = (axes[1], axes[2]);
        let span = |n: usize, axis: Axis| (n - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
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
        let band_rows = if fitting + 4 >= output[1] { output[1] } else { fitting.max(4) / 4 * 4 };
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
            tap_rows: rows.kernel,
            dense_rows: rows.dilation == 1,
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
pub(super) struct Planes<'a> {
    pub(super) layout: &'a Layout,
    /// Input, weights and bias of each plane.
    pub(super) channels: Channels<'a>,
    pub(super) clamp: Option<(f32, f32)>,
    /// [`Layout::buffer_len`] floats.
    pub(super) padded: &'a mut [f32],
    pub(super) out: &'a mut [f32],
}

/// A band of a plane to compute.
#[derive(Clone, Copy, Debug, Default)]
struct Job<'a> {
    channel: Channel<'a>,
    n_rows: usize,
}

impl SimdTask for Planes<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let layout = self.layout;
        let band_len = layout.band_len();
        // The columns beside the input are zero from here on: rows are only written inside.
        self.padded.fill(0.0);
        let mut rest = self.out;
        let mut channel = Channel::default();
        let mut row = 0;
        while !rest.is_empty() {
            let mut jobs = [Job::default(); MAX_GROUP];
            let (mut n_jobs, mut group_len) = (0, 0);
            while n_jobs < layout.group && group_len < rest.len() {
                if row == 0 {
                    channel = self.channels.next().unwrap_or_default();
                }
                let n_rows = layout.band_rows.min(layout.out_rows - row);
                jobs[n_jobs] = Job { channel, n_rows };
                let padded = &mut self.padded[n_jobs * band_len..(n_jobs + 1) * band_len];
                copy_band(s, layout, channel.input, row, padded);
                n_jobs += 1;
                group_len += n_rows * layout.out_columns;
                row += n_rows;
                if row == layout.out_rows {
                    row = 0;
                }
            }
            for (i, job) in jobs.iter().enumerate().take(n_jobs) {
                let (out, after) = rest.split_at_mut(job.n_rows * layout.out_columns);
                rest = after;
                let padded = &self.padded[i * band_len..(i + 1) * band_len];
                let Channel { weights, bias, .. } = job.channel;
                let band = Band { layout, weights, bias, clamp: self.clamp, padded, out };
                band.run_any(s, job.n_rows);
            }
        }
    }
}

/// Copies the input rows of the band that begins at output row `out_row`.
#[inline(always)]
fn copy_band<S: Simd>(s: S, layout: &Layout, input: &[f32], out_row: usize, padded: &mut [f32]) {
    let first = out_row * layout.row_stride;
    let begin = layout.pad_rows.saturating_sub(first).min(layout.height);
    let end = (layout.in_rows + layout.pad_rows).saturating_sub(first).min(layout.height).max(begin);
    if layout.band_rows < layout.out_rows {
        // Rows beside the input may hold another band's.
        padded[..begin * layout.row_len].fill(0.0);
        padded[end * layout.row_len..].fill(0.0);
    }
    if begin == end {
        return;
    }
    let input = &input[(first + begin - layout.pad_rows) * layout.in_row_len..];
    let padded = &mut padded[begin * layout.row_len..];
    let n_rows = end - begin;
    for phase in &layout.phases {
        let source = &input[phase.source..];
        let target = &mut padded[phase.target..];
        let last = (phase.len - 1) * layout.column_stride;
        assert!(source.len() > (n_rows - 1) * layout.in_row_len + last);
        assert!(target.len() >= (n_rows - 1) * layout.row_len + phase.len + S::LANES);
        let (mut from, mut to) = (source.as_ptr(), target.as_mut_ptr());
        for _ in 0..n_rows {
            // SAFETY: just measured for all rows.
            unsafe { copy_row(s, from, to, phase.len, layout.column_stride) };
            from = from.wrapping_add(layout.in_row_len);
            to = to.wrapping_add(layout.row_len);
        }
    }
}

/// Copies every `stride`-th float, `n` in all; a full register may write zeros after them.
///
/// # Safety
/// `(n - 1) * stride + 1` floats are readable and `n + LANES` writable.
#[inline(always)]
unsafe fn copy_row<S: Simd>(s: S, from: *const f32, to: *mut f32, n: usize, stride: usize) {
    let mut i = 0;
    // SAFETY: the caller's promise.
    unsafe {
        match stride {
            1 => {
                while i + S::LANES <= n {
                    s.store(to.add(i), s.load(from.add(i)));
                    i += S::LANES;
                }
                if i < n {
                    s.store(to.add(i), s.load_partial(from.add(i), n - i));
                }
            }
            2 => {
                // A full step reads one float more than its outputs, the next output's.
                while i + S::LANES < n {
                    let low = s.load(from.add(2 * i));
                    let high = s.load(from.add(2 * i + S::LANES));
                    s.store(to.add(i), s.deinterleave(low, high).0);
                    i += S::LANES;
                }
                let n_floats = 2 * (n - i) - 1;
                let n_low = n_floats.min(S::LANES);
                let low = s.load_partial(from.add(2 * i), n_low);
                let high = s.load_partial(from.add(2 * i + n_low), n_floats - n_low);
                s.store(to.add(i), s.deinterleave(low, high).0);
            }
            _ => {
                while i < n {
                    *to.add(i) = *from.add(i * stride);
                    i += 1;
                }
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
    /// Chooses the loop for the kernel's height and stride.
    #[inline(always)]
    fn run_any<S: Simd>(mut self, s: S, n_rows: usize) {
        let layout = self.layout;
        match (layout.tap_rows, layout.row_stride, layout.dense_rows) {
            (3, 1, true) => self.run::<S, 3, 1>(s, n_rows),
            (3, 2, true) => self.run::<S, 3, 2>(s, n_rows),
            (5, 1, true) => self.run::<S, 5, 1>(s, n_rows),
            (5, 2, true) => self.run::<S, 5, 2>(s, n_rows),
            (7, 1, true) => self.run::<S, 7, 1>(s, n_rows),
            _ => self.run::<S, 0, 0>(s, n_rows),
        }
    }

    /// `TAPS` is the kernel's height and `STRIDE` that of the rows, or both 0 for any.
    #[inline(always)]
    fn run<S: Simd, const TAPS: usize, const STRIDE: usize>(&mut self, s: S, n_rows: usize) {
        let n_columns = self.layout.out_columns;
        // Registers begin every LANES columns; the last is moved back to end with the row.
        let n_registers = n_columns.div_ceil(S::LANES);
        let column = |i: usize| (i * S::LANES).min(n_columns.saturating_sub(S::LANES));
        if n_rows == 7 && n_registers == 1 {
            self.block::<S, TAPS, STRIDE, 7, 1>(s, 0, [0]);
            return;
        }
        let mut row = 0;
        while row < n_rows {
            // As with columns, the last block of rows may repeat some of the block before.
            let wide = n_rows >= 4;
            let first = if wide { row.min(n_rows - 4) } else { row };
            for i in (0..n_registers - 1).step_by(2) {
                let columns = [column(i), column(i + 1)];
                if wide {
                    self.block::<S, TAPS, STRIDE, 4, 2>(s, first, columns);
                } else {
                    self.block::<S, TAPS, STRIDE, 1, 2>(s, first, columns);
                }
            }
            if n_registers % 2 == 1 {
                let columns = [column(n_registers - 1)];
                if wide {
                    self.block::<S, TAPS, STRIDE, 4, 1>(s, first, columns);
                } else {
                    self.block::<S, TAPS, STRIDE, 1, 1>(s, first, columns);
                }
            }
            row += if wide { 4 } else { 1 };
        }
    }

    /// `ROWS` output rows from `row`, `REGISTERS` registers of columns.
    #[inline(always)]
    fn block<S: Simd, const TAPS: usize, const STRIDE: usize, const ROWS: usize, const REGISTERS: usize>(
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
        let origin = self.padded.as_ptr().wrapping_add(row * step);
        let mut sums = [[s.splat(self.bias); REGISTERS]; ROWS];
        // SAFETY: no load goes past `last`.
        unsafe {
            if TAPS == 0 {
                self.any_taps::<S, ROWS, REGISTERS>(s, origin, columns, &mut sums);
            } else {
                self.dense_taps::<S, TAPS, STRIDE, ROWS, REGISTERS>(s, origin, columns, &mut sums);
            }
        }
        self.finish(s, row, columns, sums);
    }

    /// All taps, one after the other.
    ///
    /// # Safety
    /// Every tap of the block lies in the padded band.
    #[inline(always)]
    unsafe fn any_taps<S: Simd, const ROWS: usize, const REGISTERS: usize>(
        &self,
        s: S,
        origin: *const f32,
        columns: [usize; REGISTERS],
        sums: &mut [[S::V; REGISTERS]; ROWS],
    ) {
        let step = self.layout.row_stride * self.layout.row_len;
        for (offset, weight) in self.layout.offsets.iter().zip(self.weights) {
            let weight = s.splat(*weight);
            let tap = origin.wrapping_add(*offset);
            for r in 0..ROWS {
                for j in 0..REGISTERS {
                    // SAFETY: the caller's promise.
                    let x = unsafe { s.load(tap.wrapping_add(r * step + columns[j])) };
                    sums[r][j] = s.mul_add(weight, x, sums[r][j]);
                }
            }
        }
    }

    /// Column by column of taps: each input row is loaded once for all the outputs it reaches.
    ///
    /// # Safety
    /// Every tap of the block lies in the padded band, which has `TAPS` dense rows and `STRIDE`.
    #[inline(always)]
    unsafe fn dense_taps<
        S: Simd,
        const TAPS: usize,
        const STRIDE: usize,
        const ROWS: usize,
        const REGISTERS: usize,
    >(
        &self,
        s: S,
        origin: *const f32,
        columns: [usize; REGISTERS],
        sums: &mut [[S::V; REGISTERS]; ROWS],
    ) {
        let row_len = self.layout.row_len;
        let n_tap_columns = self.layout.offsets.len() / TAPS;
        let mut local = *sums;
        for kw in 0..n_tap_columns {
            let tap = origin.wrapping_add(self.layout.offsets[kw]);
            for j in 0..REGISTERS {
                let mut rows = [s.splat(0.0); MAX_BLOCK_ROWS];
                for (i, row) in rows.iter_mut().enumerate().take((ROWS - 1) * STRIDE + TAPS) {
                    // SAFETY: the caller's promise.
                    *row = unsafe { s.load(tap.wrapping_add(i * row_len + columns[j])) };
                }
                for kh in 0..TAPS {
                    let weight = s.splat(self.weights[kh * n_tap_columns + kw]);
                    for r in 0..ROWS {
                        local[r][j] = s.mul_add(weight, rows[r * STRIDE + kh], local[r][j]);
                    }
                }
            }
        }
        *sums = local;
    }

    /// Clamps and writes a block.
    #[inline(always)]
    fn finish<S: Simd, const ROWS: usize, const REGISTERS: usize>(
        &mut self,
        s: S,
        row: usize,
        columns: [usize; REGISTERS],
        sums: [[S::V; REGISTERS]; ROWS],
    ) {
        let (low, high) = self.clamp.unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
        let (low, high) = (s.splat(low), s.splat(high));
        let width = self.layout.out_columns;
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
