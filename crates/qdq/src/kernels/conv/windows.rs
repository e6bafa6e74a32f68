//! Input windows as the columns of a matrix that is never stored.
//!
//! Row `(channel, tap)`, column = output position. A panel of columns is made on the fly: for each
//! tap, the positions of the panel fall into runs of neighbours in an input row (`Copy`), and the
//! runs are the same for all channels.
#![allow(unsafe_code, reason = "register copies of measured slices")]
#![allow(
    clippy::inline_always,
    reason = "code generation with target features, see `simd`"
)]

use super::super::gemm::{MAX_TILE_COLUMNS, PanelSource};
use super::super::simd::{self, Simd, SimdTask, dispatch};
use super::Geometry;

/// A run of positions of one tap that read neighbouring inputs of one row.
#[derive(Clone, Copy, Debug, Default)]
struct Copy {
    /// First column in the panel.
    column: usize,
    /// Number of columns.
    len: usize,
    /// First input, relative to the channel.
    source: usize,
}

/// Positions of a panel in one output row.
#[derive(Clone, Copy, Debug, Default)]
struct Segment {
    /// First column in the panel.
    column: usize,
    /// Depth, height and width of the first position.
    output: [usize; 3],
    len: usize,
}

/// The windows of one image, or one group of its channels.
#[derive(Clone, Debug)]
pub(super) struct Windows<'a> {
    input: &'a [f32],
    geometry: Geometry,
    /// For each tap of the width, the outputs that it serves from inside the input.
    valid: Vec<(usize, usize)>,
}

impl<'a> Windows<'a> {
    /// Windows over `[channels, spatial...]`.
    pub(super) fn new(input: &'a [f32], geometry: Geometry) -> Self {
        let axis = geometry.axes[2];
        let valid = (0..axis.kernel)
            .map(|tap| axis.valid_outputs(tap, geometry.input[2], geometry.output[2]))
            .collect();
        Self {
            input,
            geometry,
            valid,
        }
    }

    /// Cuts positions `begin..begin + n` into output rows; their number.
    fn segments(&self, begin: usize, n: usize, segments: &mut [Segment]) -> usize {
        let [_, height, width] = self.geometry.output;
        let (row, mut ow) = (begin / width, begin % width);
        let (mut od, mut oh) = (row / height, row % height);
        let (mut column, mut n_segments) = (0, 0);
        while column < n {
            let len = (width - ow).min(n - column);
            segments[n_segments] = Segment {
                column,
                output: [od, oh, ow],
                len,
            };
            n_segments += 1;
            column += len;
            ow = 0;
            oh += 1;
            if oh == height {
                oh = 0;
                od += 1;
            }
        }
        n_segments
    }

    /// Finds the runs of tap `(kd, kh, kw)`; their number.
    #[inline(always)]
    fn copies(&self, tap: [usize; 3], segments: &[Segment], copies: &mut [Copy]) -> usize {
        let Geometry { axes, input, .. } = self.geometry;
        let (valid_begin, valid_end) = self.valid[tap[2]];
        let mut n_copies = 0;
        for segment in segments {
            let [od, oh, ow] = segment.output;
            let index = |axis: usize, o: usize| {
                (o * axes[axis].stride + tap[axis] * axes[axis].dilation)
                    .checked_sub(axes[axis].pad_begin)
                    .filter(|i| *i < input[axis])
            };
            let (first, last) = (ow.max(valid_begin), (ow + segment.len).min(valid_end));
            if let (Some(id), Some(ih)) = (index(0, od), index(1, oh)) {
                if first < last {
                    let iw = first * axes[2].stride + tap[2] * axes[2].dilation - axes[2].pad_begin;
                    copies[n_copies] = Copy {
                        column: segment.column + first - ow,
                        len: last - first,
                        source: (id * input[1] + ih) * input[2] + iw,
                    };
                    n_copies += 1;
                }
            }
        }
        n_copies
    }
}

impl PanelSource for Windows<'_> {
    fn pack_panel(
        &self,
        depth_begin: usize,
        column_begin: usize,
        n_columns: usize,
        width: usize,
        panel: &mut [f32],
    ) {
        dispatch(Pack {
            windows: self,
            depth_begin,
            column_begin,
            n_columns,
            width,
            panel,
        });
    }
}

/// The arguments of [`PanelSource::pack_panel`].
struct Pack<'a> {
    windows: &'a Windows<'a>,
    depth_begin: usize,
    column_begin: usize,
    n_columns: usize,
    width: usize,
    panel: &'a mut [f32],
}

impl SimdTask for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Geometry { axes, .. } = self.windows.geometry;
        let [kd, kh, kw] = axes.map(|axis| axis.kernel);
        let (n_taps, width) = (kd * kh * kw, self.width);
        let depth_end = self.depth_begin + self.panel.len() / width;
        let channel_len = self.windows.geometry.input_len();
        let mut segments = [Segment::default(); MAX_TILE_COLUMNS];
        let n = self
            .windows
            .segments(self.column_begin, self.n_columns, &mut segments);
        let segments = &segments[..n];
        let mut copies = [Copy::default(); MAX_TILE_COLUMNS];
        for tap in 0..n_taps {
            let tap3 = [tap / (kh * kw), tap / kw % kh, tap % kw];
            let n = self.windows.copies(tap3, segments, &mut copies);
            let copies = &copies[..n];
            let complete = copies.iter().map(|copy| copy.len).sum::<usize>() == width;
            // First channel whose row of this tap is in the block.
            let first = (self.depth_begin + n_taps - 1 - tap) / n_taps;
            let last = (depth_end + n_taps - 1).saturating_sub(tap) / n_taps;
            for channel in first..last {
                let begin = (channel * n_taps + tap - self.depth_begin) * width;
                let row = &mut self.panel[begin..begin + width];
                if !complete {
                    // SAFETY: the row's own length.
                    unsafe { simd::zero(s, row.as_mut_ptr(), width) };
                }
                let input = &self.windows.input[channel * channel_len..(channel + 1) * channel_len];
                for copy in copies {
                    copy.run(s, input, row, axes[2].stride);
                }
            }
        }
    }
}

impl Copy {
    /// Copies one run of one channel.
    #[inline(always)]
    fn run<S: Simd>(&self, s: S, input: &[f32], row: &mut [f32], stride: usize) {
        let target = &mut row[self.column..self.column + self.len];
        let source = &input[self.source..=self.source + (self.len - 1) * stride];
        // SAFETY: `len` floats, or `2 len - 1`, of the source and `len` of the target.
        match stride {
            1 => unsafe { simd::copy(s, source.as_ptr(), target.as_mut_ptr(), self.len) },
            2 => unsafe { simd::copy_even(s, source.as_ptr(), target.as_mut_ptr(), self.len) },
            _ => {
                for (y, x) in target.iter_mut().zip(source.iter().step_by(stride)) {
                    *y = *x;
                }
            }
        }
    }
}
