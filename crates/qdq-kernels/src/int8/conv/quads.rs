//! Depthwise convolution with four taps a lane, for kernels that multiply bytes (`vpdpbusd`, `sdot`).
//!
//! A block is four registers of channels. The bytes of four taps are interleaved in each 128-bit part of a register, so
//! that lane `l` of register `q` holds the taps of channel `16 * (l / 4) + 4 * q + l % 4` of the block; packing the
//! four registers of results puts the channels back in order.
#![allow(unsafe_code, reason = "register loads at checked offsets; see each block")]
#![allow(clippy::needless_range_loop, reason = "indices of several register arrays")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use std::ops::Range;

use super::super::Epilogue;
use super::super::dot::{Dot, DotTask, I, Kernel};
use super::super::epilogue::entry;
use super::super::lanes::{ByteBounds, Lanes};
use super::Call;
use super::taps::Taps;
use crate::parallel::{SharedMut, for_each_task, rows_per_task};
use crate::simd::Simd;

/// Registers of a block.
const REGISTERS: usize = 4;
/// Channels of the widest block.
const MAX_CHANNELS: usize = REGISTERS * 16;
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
    /// `[block][group of four taps][register][lane][tap]`.
    weights: Vec<i8>,
    n_taps: usize,
    n_channels: usize,
}

/// Channel of a block in a lane of a register.
fn channel_of(register: usize, lane: usize) -> usize {
    16 * (lane / 4) + 4 * register + lane % 4
}

impl Quads {
    /// Packs the weights, if this processor has a kernel for that many channels and they fit its bytes.
    pub(super) fn new(
        weight: impl Fn(usize, usize) -> i32,
        n_taps: usize,
        n_channels: usize,
    ) -> Option<Self> {
        let (kernel, lanes) = Kernel::of_four(n_channels / REGISTERS)?;
        let width = REGISTERS * lanes;
        let begins: Vec<usize> =
            (0..n_channels).step_by(width).map(|begin| begin.min(n_channels - width)).collect();
        let mut weights = Vec::with_capacity(begins.len() * n_taps.next_multiple_of(4) * width);
        for begin in &begins {
            for first_tap in (0..n_taps).step_by(4) {
                for lane in 0..width {
                    let channel = begin + channel_of(lane / lanes, lane % lanes);
                    for tap in first_tap..first_tap + 4 {
                        let value = if tap < n_taps { weight(channel, tap) } else { 0 };
                        weights.push(i8::try_from(value).ok()?);
                    }
                }
            }
        }
        Some(Self { kernel, begins, width, weights, n_taps, n_channels })
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
        let taps = Taps {
            geometry: call.geometry,
            input,
            pad: &pad,
            width: self.n_channels,
            step: self.n_taps.next_multiple_of(4),
        };
        let terms: Vec<Terms> =
            self.begins.iter().map(|&begin| self.terms(call, begin, bias, sums)).collect();
        let lines_per_task = rows_per_task(width * self.n_channels * self.n_taps, CHUNK);
        for_each_task(n_lines.div_ceil(lines_per_task), |task| {
            let begin = task * lines_per_task;
            let lines = begin..n_lines.min(begin + lines_per_task);
            let task = Lines { quads: self, call, taps, terms: &terms, output, lines };
            if call.signed {
                self.kernel.dispatch(Typed::<true>(task));
            } else {
                self.kernel.dispatch(Typed::<false>(task));
            }
        });
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
    taps: Taps<'a>,
    terms: &'a [Terms],
    output: &'a SharedMut<'a, u8>,
    lines: Range<usize>,
}

/// Lines of an input of `i8` or `u8`.
struct Typed<'a, const SIGNED: bool>(Lines<'a>);

impl<const SIGNED: bool> DotTask for Typed<'_, SIGNED> {
    type Output = ();

    #[inline(always)]
    fn run<D: Dot>(self, d: D) {
        let lines = self.0;
        let mut taps = lines.taps.empty();
        for line in lines.lines.clone() {
            lines.taps.find(line, &mut taps);
            match lines.quads.n_taps.div_ceil(4) {
                3 => lines.line::<D, SIGNED, 3>(d, line, &taps),
                7 => lines.line::<D, SIGNED, 7>(d, line, &taps),
                _ => lines.line::<D, SIGNED, 0>(d, line, &taps),
            }
        }
    }
}

impl Lines<'_> {
    /// All outputs of a line; `GROUPS` of four taps, or 0 if that is not known when compiling.
    #[inline(always)]
    fn line<D: Dot, const SIGNED: bool, const GROUPS: usize>(&self, d: D, line: usize, taps: &[*const u8]) {
        let (s, quads) = (d.simd(), self.quads);
        let (n_channels, step) = (quads.n_channels, self.taps.step);
        let n_groups = if GROUPS > 0 { GROUPS } else { step / 4 };
        let Epilogue::Requantize { range, .. } = *self.call.epilogue else {
            unreachable!("checked by the caller")
        };
        let high = s.splat((range.max - range.zero_point) as f32);
        let bounds = ByteBounds { zero_point: range.zero_point as i16, min: range.min as i16 };
        let n_outputs = self.taps.geometry.output[2];
        assert!(taps.len() >= n_outputs * step && quads.width == REGISTERS * D::S::LANES && D::DEPTH == 4);
        // SAFETY: this line belongs to this task.
        let output = unsafe { self.output.slice(line * n_outputs * n_channels, n_outputs * n_channels) };
        let block_len = n_groups * 4 * quads.width;
        for (block, (&channel, terms)) in quads.begins.iter().zip(self.terms).enumerate() {
            let weights = quads.weights[block * block_len..][..block_len].as_ptr();
            for ow in 0..n_outputs {
                // SAFETY: every tap points at `n_channels` bytes, blocks end with them or before, and so does the
                // part of the output; weights are as long as said above, terms as the widest block.
                unsafe {
                    let taps = taps.as_ptr().add(ow * step);
                    let sums = position::<D, SIGNED>(d, taps, n_groups, channel, weights);
                    let mut results = [s.splat_i(0); REGISTERS];
                    for q in 0..REGISTERS {
                        let sum = s.add_i(sums[q], s.load_i(terms.sums.as_ptr().add(q * D::S::LANES)));
                        let multiplier = s.load(terms.multipliers.as_ptr().add(q * D::S::LANES));
                        // The lower bound is cheaper as an integer; far below it, rounding gives i32::MIN.
                        results[q] = s.round_to_i(s.min(s.mul(s.i_to_f(sum), multiplier), high));
                    }
                    s.store_interleaved(output.as_mut_ptr().add(ow * n_channels + channel), results, bounds);
                }
            }
        }
    }
}

/// The sums of a block of channels at one output.
///
/// # Safety
/// `4 * LANES` bytes from `channel` are readable at each of `4 * n_groups` taps, and four registers of weights for each
/// group.
#[inline(always)]
unsafe fn position<D: Dot, const SIGNED: bool>(
    d: D,
    taps: *const *const u8,
    n_groups: usize,
    channel: usize,
    weights: *const i8,
) -> [I<D>; REGISTERS] {
    let s = d.simd();
    let mut sums = [s.splat_i(0); REGISTERS];
    for group in 0..n_groups {
        // SAFETY: the caller's promise.
        unsafe {
            let taps = taps.add(4 * group);
            let taps = [*taps, *taps.add(1), *taps.add(2), *taps.add(3)].map(|tap| tap.add(channel));
            let inputs =
                if SIGNED == D::SIGNED { s.interleave::<0>(taps) } else { s.interleave::<0x80>(taps) };
            for q in 0..REGISTERS {
                let weights = weights.add((group * REGISTERS + q) * 4 * D::S::LANES);
                sums[q] = d.dot(sums[q], inputs[q], d.load_b(weights));
            }
        }
    }
    sums
}
