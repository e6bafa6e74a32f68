//! Depthwise convolution: each output channel looks at one input channel.
//!
//! Registers run along the channels, which come last; two taps at a time are multiplied as 16-bit halves of a lane.
#![allow(unsafe_code, reason = "register loads at checked offsets; see each block")]
#![allow(clippy::needless_range_loop, reason = "indices of several register arrays")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use std::ops::Range;

use super::super::dot::{LanesTask, MAX_COLUMNS, MAX_ROWS, TILE_VECTORS, dispatch_lanes};
use super::super::finish::{ColumnTerms, Finish, SharedOutput};
use super::super::lanes::Lanes;
use super::super::scratch::with_bytes;
use super::super::{Bytes, Epilogue};
use super::Call;
use super::quads::Quads;
use super::taps::Taps;
use crate::conv::ConvShape;
use crate::parallel::{for_each_task, rows_per_task};

/// Multiplications per task.
const CHUNK: usize = 1 << 17;

/// Weights less their zero points.
#[derive(Debug)]
pub(super) struct Depthwise {
    /// `[pair of taps][channel]`: two 16-bit halves, channels filled with 0 up to [`Depthwise::width`].
    weights: Vec<i32>,
    /// Sums of the weights of each channel.
    sums: Vec<i32>,
    n_taps: usize,
    in_channels: usize,
    out_channels: usize,
    /// The same for the faster path to quantized bytes, where there is one.
    quads: Option<Quads>,
}

impl Depthwise {
    /// Packs the weights of a shape whose groups have one input channel.
    pub(super) fn new(weights: Bytes<'_>, zero_points: &[i32], shape: &ConvShape) -> Self {
        let out_channels = shape.out_channels;
        let n_taps: usize = shape.kernel.iter().product();
        let weight = |channel: usize, tap: usize| {
            let zero_point =
                if zero_points.len() > 1 { zero_points.get(channel) } else { zero_points.first() };
            weights.get(channel * n_taps + tap) - zero_point.map_or(0, |z| *z)
        };
        let width = out_channels.max(MAX_COLUMNS);
        let mut packed = vec![0; n_taps.div_ceil(2) * width];
        for tap in 0..n_taps {
            for channel in 0..out_channels {
                let value = weight(channel, tap) & 0xffff;
                packed[tap / 2 * width + channel] |= if tap % 2 == 0 { value } else { value << 16 };
            }
        }
        let sums = (0..out_channels).map(|c| (0..n_taps).map(|tap| weight(c, tap)).sum()).collect();
        let n_columns = shape.kernel.last().copied().unwrap_or(1);
        let kernel_size = [n_taps / n_columns.max(1), n_columns];
        let quads = if shape.in_channels == out_channels && n_taps > 0 {
            Quads::new(weight, kernel_size, out_channels)
        } else {
            None
        };
        Self { weights: packed, sums, n_taps, in_channels: shape.in_channels, out_channels, quads }
    }

    /// Channels of a row of weights, and of the input that the loop wants: at least a block.
    fn width(&self) -> usize {
        self.out_channels.max(MAX_COLUMNS)
    }

    /// Convolves `[n, spatial..., in_channels]`.
    pub(super) fn run(&self, call: &Call<'_>, input: &[u8], bias: Option<&[i32]>, output: &SharedOutput<'_>) {
        if let (Some(quads), Epilogue::Requantize { .. }, SharedOutput::Bytes(output)) =
            (&self.quads, call.epilogue, output)
        {
            return quads.run(call, input, bias, &self.sums, output);
        }
        let width = self.width();
        if width == self.in_channels {
            return self.run_wide(call, input, bias, output);
        }
        // Fewer channels than a block has, or several outputs for each: bring them side by side.
        let per_input = self.out_channels / self.in_channels;
        let n_pixels = input.len() / self.in_channels;
        with_bytes(n_pixels * width, |wide| {
            for (wide, pixel) in wide.chunks_exact_mut(width).zip(input.chunks_exact(self.in_channels)) {
                for (targets, x) in wide.chunks_exact_mut(per_input).zip(pixel) {
                    targets.fill(*x);
                }
                wide[self.out_channels..].fill(0);
            }
            self.run_wide(call, wide, bias, output);
        });
    }

    /// Convolves `[n, spatial..., width]`, an input channel for each output channel.
    fn run_wide(&self, call: &Call<'_>, input: &[u8], bias: Option<&[i32]>, output: &SharedOutput<'_>) {
        let [depth, height, width] = call.geometry.output;
        let n_lines = call.n * depth * height;
        assert_eq!(input.len(), call.n * call.geometry.input_len() * self.width());
        let pad = vec![call.zero_point as u8; self.width()];
        // An odd tap has weight 0 beside it and may read anything.
        let step = self.n_taps.next_multiple_of(2);
        let taps = Taps { geometry: call.geometry, input, pad: &pad, width: self.width(), step };
        let lines_per_task = rows_per_task(width * self.out_channels * self.n_taps, CHUNK);
        for_each_task(n_lines.div_ceil(lines_per_task), |task| {
            let begin = task * lines_per_task;
            let range = begin..n_lines.min(begin + lines_per_task);
            let task = Lines { depthwise: self, call, taps, bias, output, range };
            if call.signed {
                dispatch_lanes(Typed::<true>(task));
            } else {
                dispatch_lanes(Typed::<false>(task));
            }
        });
    }
}

/// Some lines of the output.
struct Lines<'a> {
    depthwise: &'a Depthwise,
    call: &'a Call<'a>,
    taps: Taps<'a>,
    bias: Option<&'a [i32]>,
    output: &'a SharedOutput<'a>,
    range: Range<usize>,
}

/// Lines of an input of `i8` or `u8`.
struct Typed<'a, const SIGNED: bool>(Lines<'a>);

impl<const SIGNED: bool> LanesTask for Typed<'_, SIGNED> {
    #[inline(always)]
    fn run<S: Lanes>(self, s: S) {
        let n_taps = self.0.depthwise.n_taps;
        let mut taps = self.0.taps.empty();
        for line in self.0.range.clone() {
            self.0.taps.find(line, &mut taps);
            match n_taps {
                9 => self.0.line::<S, SIGNED, 5>(s, line, &taps),
                25 => self.0.line::<S, SIGNED, 13>(s, line, &taps),
                _ => self.0.line::<S, SIGNED, 0>(s, line, &taps),
            }
        }
    }
}

impl Lines<'_> {
    /// All outputs of a line; `PAIRS` of taps, or 0 if that is not known when compiling.
    #[inline(always)]
    fn line<S: Lanes, const SIGNED: bool, const PAIRS: usize>(&self, s: S, line: usize, taps: &[*const u8]) {
        let depthwise = self.depthwise;
        let block = TILE_VECTORS * S::LANES;
        let n_channels = depthwise.out_channels;
        let n_pairs = if PAIRS > 0 { PAIRS } else { depthwise.n_taps.div_ceil(2) };
        let n_outputs = self.call.geometry.output[2];
        let zero_point = self.call.zero_point;
        let mut sums = [0i32; MAX_ROWS * MAX_COLUMNS];
        for begin in (0..n_channels).step_by(block) {
            // The last block is shifted back to end with the channels.
            let channel = begin.min(n_channels.saturating_sub(block));
            let n_columns = block.min(n_channels);
            let terms = ColumnTerms::new(self.call.epilogue, channel, n_columns, |i| {
                let bias = self.bias.map_or(0, |bias| bias[channel + i]);
                bias.wrapping_sub(depthwise.sums[channel + i].wrapping_mul(zero_point))
            });
            let weights = depthwise.weights[channel..].as_ptr();
            for ow in (0..n_outputs).step_by(MAX_ROWS) {
                let n_rows = MAX_ROWS.min(n_outputs - ow);
                for i in 0..n_rows {
                    let taps = &taps[(ow + i) * 2 * n_pairs..][..2 * n_pairs];
                    // SAFETY: every tap points at `width()` channels, a row of weights has as many, and a block
                    // from `channel` ends at that width or before.
                    unsafe {
                        let row = position::<S, SIGNED, PAIRS>(s, taps, channel, weights, depthwise.width());
                        s.store_i(sums.as_mut_ptr().add(i * block), row[0]);
                        s.store_i(sums.as_mut_ptr().add(i * block + S::LANES), row[1]);
                    }
                }
                let finish = Finish {
                    epilogue: self.call.epilogue,
                    terms: &terms,
                    column: channel,
                    n_columns,
                    n_rows,
                    sums: sums.as_ptr(),
                    output: self.output,
                    begin: (line * n_outputs + ow) * n_channels + channel,
                    row_stride: n_channels,
                };
                // SAFETY: the sums just computed; lines belong to one task.
                unsafe { finish.run(s) };
            }
        }
    }
}

/// The sums of a block of channels at one output.
///
/// # Safety
/// `2 * LANES` bytes from `channel` are readable at each tap, and as many weights in rows of `width`.
#[inline(always)]
unsafe fn position<S: Lanes, const SIGNED: bool, const PAIRS: usize>(
    s: S,
    taps: &[*const u8],
    channel: usize,
    weights: *const i32,
    width: usize,
) -> [S::I; TILE_VECTORS] {
    let n_pairs = if PAIRS > 0 { PAIRS } else { taps.len() / 2 };
    let mut sums = [s.splat_i(0); TILE_VECTORS];
    for pair in 0..n_pairs {
        // SAFETY: the caller's promise.
        unsafe {
            let (low, high) =
                (taps.get_unchecked(2 * pair).add(channel), taps.get_unchecked(2 * pair + 1).add(channel));
            let inputs = s.pairs::<SIGNED>(low, high);
            for j in 0..TILE_VECTORS {
                let weights = s.load_i(weights.add(pair * width + j * S::LANES));
                sums[j] = s.add_i(sums[j], s.dot_halves(inputs[j], weights));
            }
        }
    }
    sums
}
