//! Depthwise convolution with four taps a lane, for kernels that multiply bytes (`vpdpbusd`, `sdot`).
//!
//! A block is four registers of channels. For a line of outputs, the rows of input under it are interleaved by fours, column
//! by column: lane `l` of register `q` holds four rows of channel `16 * (l / 4) + 4 * q + l % 4` of the block. An output is the
//! sum over its columns; packing its four registers of results puts the channels back in order.
#![allow(unsafe_code, reason = "register loads at checked offsets; see each block")]
#![allow(clippy::needless_range_loop, reason = "indices of several register arrays")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use std::ops::Range;

use super::super::Epilogue;
use super::super::dot::{Dot, DotTask, Kernel};
use super::super::epilogue::entry;
use super::super::lanes::{ByteBounds, Lanes};
use super::super::scratch::with_bytes;
use super::Call;
use crate::conv::Geometry;
use crate::parallel::{SharedMut, for_each_task, rows_per_task};
use crate::simd::Simd;

/// Registers of a block.
const REGISTERS: usize = 4;
/// Channels of the widest block.
const MAX_CHANNELS: usize = REGISTERS * 16;
/// Bytes of a cache line: registers that cross two take twice as long.
const ALIGNMENT: usize = 64;
/// Multiplications per task.
const CHUNK: usize = 1 << 18;

/// Weights less their zero points, which must fit a signed byte.
#[derive(Debug)]
pub(super) struct Quads {
    kernel: Kernel,
    /// First channel of each block; the last one is shifted back to end with the channels.
    begins: Vec<usize>,
    /// Channels of a block.
    width: usize,
    /// `[block][column of the kernel][group of four rows][register][lane][row]`.
    weights: AlignedBytes,
    /// Rows and columns of the kernel, all outer axes taken as rows.
    kernel_size: [usize; 2],
    n_channels: usize,
}

/// Channel of a block in a lane of a register.
fn channel_of(register: usize, lane: usize) -> usize {
    16 * (lane / 4) + 4 * register + lane % 4
}

impl Quads {
    /// Packs the weights of `(channel, tap)`, if this processor has a kernel for that many channels and they fit its
    /// bytes. `kernel_size`: rows, columns.
    pub(super) fn new(
        weight: impl Fn(usize, usize) -> i32,
        kernel_size: [usize; 2],
        n_channels: usize,
    ) -> Option<Self> {
        let (kernel, lanes) = Kernel::of_four(n_channels / REGISTERS)?;
        let width = REGISTERS * lanes;
        let begins: Vec<usize> =
            (0..n_channels).step_by(width).map(|begin| begin.min(n_channels - width)).collect();
        let [n_rows, n_columns] = kernel_size;
        let mut weights = Vec::with_capacity(begins.len() * n_columns * n_rows.next_multiple_of(4) * width);
        for begin in &begins {
            for column in 0..n_columns {
                for first_row in (0..n_rows).step_by(4) {
                    for lane in 0..width {
                        let channel = begin + channel_of(lane / lanes, lane % lanes);
                        for row in first_row..first_row + 4 {
                            let value =
                                if row < n_rows { weight(channel, row * n_columns + column) } else { 0 };
                            weights.push(i8::try_from(value).ok()? as u8);
                        }
                    }
                }
            }
        }
        Some(Self { kernel, begins, width, weights: AlignedBytes::new(&weights), kernel_size, n_channels })
    }

    /// Convolves `[n, spatial..., channels]` into quantized bytes; `sums` are those of each channel's weights.
    pub(super) fn run(
        &self,
        call: &Call<'_>,
        input: &[u8],
        bias: Option<&[i32]>,
        sums: &[i32],
        output: &SharedMut<'_, u8>,
    ) {
        let [depth, height, width] = call.geometry.output;
        let n_lines = call.n * depth * height;
        assert_eq!(input.len(), call.n * call.geometry.input_len() * self.n_channels);
        assert_eq!(output.len(), n_lines * width * self.n_channels);
        let pad = vec![call.zero_point as u8; self.n_channels];
        let terms: Vec<Terms> =
            self.begins.iter().map(|&begin| self.terms(call, begin, bias, sums)).collect();
        let lines_per_task = rows_per_task(width * self.n_channels * self.n_taps(), CHUNK);
        let columns_len = n_input_columns(call.geometry) * self.column_len();
        for_each_task(n_lines.div_ceil(lines_per_task), |task| {
            let begin = task * lines_per_task;
            let range = begin..n_lines.min(begin + lines_per_task);
            with_bytes(columns_len + ALIGNMENT, |scratch| {
                let offset = scratch.as_ptr().align_offset(ALIGNMENT);
                let columns = &mut scratch[offset..offset + columns_len];
                let task =
                    Lines { quads: self, call, input, pad: &pad, terms: &terms, output, range, columns };
                if call.signed {
                    self.kernel.dispatch(Typed::<true>(task));
                } else {
                    self.kernel.dispatch(Typed::<false>(task));
                }
            });
        });
    }

    fn n_taps(&self) -> usize {
        self.kernel_size[0] * self.kernel_size[1]
    }

    /// Groups of four rows.
    fn n_groups(&self) -> usize {
        self.kernel_size[0].div_ceil(4)
    }

    /// Bytes of an interleaved column.
    fn column_len(&self) -> usize {
        self.n_groups() * 4 * self.width
    }

    /// What a block's sums are turned into results with.
    fn terms(&self, call: &Call<'_>, begin: usize, bias: Option<&[i32]>, sums: &[i32]) -> Terms {
        let Epilogue::Requantize { multipliers, .. } = *call.epilogue else {
            unreachable!("checked by the caller")
        };
        let zero_point = call.zero_point + self.kernel.activation_offset(call.signed);
        let lanes = self.width / REGISTERS;
        let mut terms = Terms { sums: [0; MAX_CHANNELS], multipliers: [0.0; MAX_CHANNELS] };
        for i in 0..self.width {
            let channel = begin + channel_of(i / lanes, i % lanes);
            let bias = bias.map_or(0, |bias| bias[channel]);
            terms.sums[i] = bias.wrapping_sub(sums[channel].wrapping_mul(zero_point));
            terms.multipliers[i] = entry(multipliers, channel);
        }
        terms
    }
}

/// Columns of input, pads included, that a line of outputs looks at.
fn n_input_columns(geometry: Geometry) -> usize {
    let axis = geometry.axes[2];
    (geometry.output[2] - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1
}

/// What is added to the sums of a block, and what they are multiplied by, in the order of its lanes.
#[derive(Clone, Copy, Debug)]
struct Terms {
    sums: [i32; MAX_CHANNELS],
    multipliers: [f32; MAX_CHANNELS],
}

/// Some lines of the output.
struct Lines<'a> {
    quads: &'a Quads,
    call: &'a Call<'a>,
    input: &'a [u8],
    /// A pixel outside of the input.
    pad: &'a [u8],
    terms: &'a [Terms],
    output: &'a SharedMut<'a, u8>,
    range: Range<usize>,
    /// Room for the interleaved columns of a line.
    columns: &'a mut [u8],
}

/// Lines of an input of `i8` or `u8`.
struct Typed<'a, const SIGNED: bool>(Lines<'a>);

impl<const SIGNED: bool> DotTask for Typed<'_, SIGNED> {
    type Output = ();

    #[inline(always)]
    fn run<D: Dot>(self, d: D) {
        let mut lines = self.0;
        assert!(D::DEPTH == 4 && lines.quads.width == REGISTERS * D::S::LANES);
        let mut rows = vec![(lines.pad, 0); 4 * lines.quads.n_groups()];
        for line in lines.range.clone() {
            lines.find_rows(line, &mut rows);
            for block in 0..lines.quads.begins.len() {
                lines.interleave::<D, SIGNED>(d, &rows, lines.quads.begins[block]);
                match lines.quads.kernel_size {
                    [1..=4, 3] => lines.block::<D, 1, 3>(d, line, block),
                    [5..=8, 5] => lines.block::<D, 2, 5>(d, line, block),
                    _ => lines.block::<D, 0, 0>(d, line, block),
                }
            }
        }
    }
}

impl<'a> Lines<'a> {
    /// The rows of input under a line of outputs and the bytes between their pixels; the pad again and again outside.
    #[inline(always)]
    fn find_rows(&self, line: usize, rows: &mut [(&'a [u8], usize)]) {
        let Geometry { axes, input, output } = self.call.geometry;
        let (image, od, oh) =
            (line / (output[0] * output[1]), line / output[1] % output[0], line % output[1]);
        let index = |axis: usize, o: usize, tap: usize| {
            (o * axes[axis].stride + tap * axes[axis].dilation)
                .checked_sub(axes[axis].pad_begin)
                .filter(|i| *i < input[axis])
        };
        let row_len = input[2] * self.quads.n_channels;
        for (i, row) in rows.iter_mut().enumerate().take(self.quads.kernel_size[0]) {
            let (kd, kh) = (i / axes[1].kernel, i % axes[1].kernel);
            *row = match (index(0, od, kd), index(1, oh, kh)) {
                (Some(id), Some(ih)) => {
                    let row = (image * input[0] + id) * input[1] + ih;
                    (&self.input[row * row_len..][..row_len], self.quads.n_channels)
                }
                _ => (self.pad, 0),
            };
        }
    }

    /// Interleaves the columns of the block that begins at `channel`.
    #[inline(always)]
    fn interleave<D: Dot, const SIGNED: bool>(&mut self, d: D, rows: &[(&[u8], usize)], channel: usize) {
        let s = d.simd();
        let (axis, width) = (self.call.geometry.axes[2], self.call.geometry.input[2]);
        let column_len = self.quads.column_len();
        let n_columns = self.columns.len() / column_len;
        assert!(
            channel + self.quads.width <= self.quads.n_channels && rows.len() == 4 * self.quads.n_groups()
        );
        for x in 0..n_columns {
            let target = self.columns[x * column_len..][..column_len].as_mut_ptr();
            let inside = x.checked_sub(axis.pad_begin).filter(|x| *x < width);
            for group in 0..rows.len() / 4 {
                // SAFETY: a pixel inside of its row, or the pad, has the block's channels; a column has four registers for
                // each group.
                unsafe {
                    let pixels: [*const u8; 4] = std::array::from_fn(|i| {
                        let (row, step) = rows[4 * group + i];
                        let pixel = inside.map_or(self.pad.as_ptr(), |x| row.as_ptr().add(x * step));
                        pixel.add(channel)
                    });
                    let lanes = if SIGNED == D::SIGNED {
                        s.interleave::<0>(pixels)
                    } else {
                        s.interleave::<0x80>(pixels)
                    };
                    for q in 0..REGISTERS {
                        let lane = (group * REGISTERS + q) * D::S::LANES;
                        s.store_i(target.add(4 * lane).cast(), lanes[q]);
                    }
                }
            }
        }
    }

    /// A block of a line's outputs; `GROUPS` of four rows and `COLUMNS` of the kernel, or 0 if that is not known when
    /// compiling.
    #[inline(always)]
    fn block<D: Dot, const GROUPS: usize, const COLUMNS: usize>(&self, d: D, line: usize, block: usize) {
        let (s, quads, axis) = (d.simd(), self.quads, self.call.geometry.axes[2]);
        let n_groups = if GROUPS > 0 { GROUPS } else { quads.n_groups() };
        let n_columns = if COLUMNS > 0 { COLUMNS } else { axis.kernel };
        let Epilogue::Requantize { range, .. } = *self.call.epilogue else {
            unreachable!("checked by the caller")
        };
        let high = s.splat((range.max - range.zero_point) as f32);
        let bounds = ByteBounds { zero_point: range.zero_point as i16, min: range.min as i16 };
        let (n_channels, n_outputs) = (quads.n_channels, self.call.geometry.output[2]);
        // SAFETY: this line belongs to this task.
        let output = unsafe { self.output.slice(line * n_outputs * n_channels, n_outputs * n_channels) };
        let column_len = 4 * REGISTERS * D::S::LANES * n_groups;
        let weights =
            quads.weights.bytes()[block * n_columns * column_len..][..n_columns * column_len].as_ptr();
        let (channel, terms) = (quads.begins[block], &self.terms[block]);
        assert!(
            self.columns.len()
                >= ((n_outputs - 1) * axis.stride + (n_columns - 1) * axis.dilation + 1) * column_len
        );
        // SAFETY (both blocks): columns, weights and output are as long as said above, blocks end with the channels or
        // before, and terms are as long as the widest block.
        let (added, multipliers) = unsafe {
            let at = |q: usize| q * D::S::LANES;
            let added: [_; REGISTERS] = std::array::from_fn(|q| s.load_i(terms.sums.as_ptr().add(at(q))));
            let multipliers: [_; REGISTERS] =
                std::array::from_fn(|q| s.load(terms.multipliers.as_ptr().add(at(q))));
            (added, multipliers)
        };
        for ow in 0..n_outputs {
            unsafe {
                let mut sums = added;
                for column in 0..n_columns {
                    let inputs =
                        self.columns.as_ptr().add((ow * axis.stride + column * axis.dilation) * column_len);
                    let weights = weights.add(column * column_len);
                    for i in 0..n_groups * REGISTERS {
                        let at = i * 4 * D::S::LANES;
                        let inputs = s.load_i(inputs.add(at).cast());
                        sums[i % REGISTERS] =
                            d.dot(sums[i % REGISTERS], inputs, d.load_b(weights.add(at).cast()));
                    }
                }
                let mut results = sums;
                for q in 0..REGISTERS {
                    // The lower bound is cheaper as an integer; far below it, rounding gives i32::MIN.
                    results[q] = s.round_to_i(s.min(s.mul(s.i_to_f(sums[q]), multipliers[q]), high));
                }
                s.store_interleaved(output.as_mut_ptr().add(ow * n_channels + channel), results, bounds);
            }
        }
    }
}

/// Bytes whose first one lies on a boundary of [`ALIGNMENT`].
#[derive(Debug)]
struct AlignedBytes {
    bytes: Vec<u8>,
    begin: usize,
}

impl AlignedBytes {
    fn new(bytes: &[u8]) -> Self {
        let mut aligned = vec![0; bytes.len() + ALIGNMENT];
        let begin = aligned.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        aligned[begin..begin + bytes.len()].copy_from_slice(bytes);
        aligned.truncate(begin + bytes.len());
        Self { bytes: aligned, begin }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[self.begin..]
    }
}
