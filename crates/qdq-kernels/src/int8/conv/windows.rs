//! Input windows as rows of a product, made on the fly from an input with its channels last.
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::super::dot::Dot;
use super::super::rows::RowWriter;
use crate::conv::Geometry;

/// The windows of one group of channels: row = (image, output position), column = (tap, channel).
#[derive(Clone, Debug)]
pub(in super::super) struct Windows<'a> {
    /// `[n, spatial..., channels]`.
    pub(super) data: &'a [u8],
    pub(super) geometry: Geometry,
    /// Channels of the input.
    pub(super) in_channels: usize,
    /// First channel of the group, and how many it has.
    pub(super) first: usize,
    pub(super) channels: usize,
    /// What pads are filled with.
    pub(super) pad: u8,
}

impl Windows<'_> {
    /// Input index of a tap along an axis, when inside.
    #[inline(always)]
    fn index(&self, axis: usize, output: usize, tap: usize) -> Option<usize> {
        let attributes = self.geometry.axes[axis];
        (output * attributes.stride + tap * attributes.dilation)
            .checked_sub(attributes.pad_begin)
            .filter(|i| *i < self.geometry.input[axis])
    }

    /// Writes a row.
    #[inline(always)]
    pub(in super::super) fn write_row<D: Dot>(&self, d: D, row: usize, out: &mut RowWriter<'_>) {
        let Geometry { axes, input, output } = self.geometry;
        let n_positions = self.geometry.output_len();
        let (image, position) = (row / n_positions, row % n_positions);
        let (line, ow) = (position / output[2], position % output[2]);
        let (od, oh) = (line / output[1], line % output[1]);
        for kd in 0..axes[0].kernel {
            let id = self.index(0, od, kd);
            for kh in 0..axes[1].kernel {
                match (id, self.index(1, oh, kh)) {
                    (Some(id), Some(ih)) => {
                        let line = ((image * input[0] + id) * input[1] + ih) * input[2] * self.in_channels;
                        self.write_line(d, line, ow, out);
                    }
                    _ => out.fill(d, self.pad, axes[2].kernel * self.channels),
                }
            }
        }
    }

    /// The taps of one input line, which begins at `line`.
    #[inline(always)]
    fn write_line<D: Dot>(&self, d: D, line: usize, ow: usize, out: &mut RowWriter<'_>) {
        let axis = self.geometry.axes[2];
        let width = self.geometry.input[2];
        let shift = ow * axis.stride;
        if axis.dilation == 1 && self.channels == self.in_channels {
            // Taps are neighbours in memory: first..last of them lie inside.
            let first = axis.pad_begin.saturating_sub(shift).min(axis.kernel);
            let last = (width + axis.pad_begin).saturating_sub(shift).min(axis.kernel).max(first);
            if first > 0 {
                out.fill(d, self.pad, first * self.channels);
            }
            if last > first {
                let begin = line + (shift + first - axis.pad_begin) * self.channels;
                out.copy(d, &self.data[begin..begin + (last - first) * self.channels]);
            }
            if last < axis.kernel {
                out.fill(d, self.pad, (axis.kernel - last) * self.channels);
            }
            return;
        }
        for kw in 0..axis.kernel {
            match self.index(2, ow, kw) {
                Some(iw) => {
                    let begin = line + iw * self.in_channels + self.first;
                    out.copy(d, &self.data[begin..begin + self.channels]);
                }
                None => out.fill(d, self.pad, self.channels),
            }
        }
    }
}
