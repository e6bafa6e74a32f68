//! Input windows as the columns of a matrix that is never stored.
//!
//! Row `(channel, tap)`, column = output position. A panel of columns is made on the fly: for each
//! tap, the positions of the panel fall into runs of neighbours in an input row (`Copy`), and the
//! runs are the same for all channels.
#![allow(unsafe_code, reason = "register copies of measured slices")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

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
        Self { input, geometry, valid }
    }

    /// Cuts positions `begin..begin + n` into output rows; their number.
    fn segments(&self, begin: usize, n: usize, segments: &mut [Segment]) -> usize {
        let [_, height, width] = self.geometry.output;
        let (row, mut ow) = (begin / width, begin % width);
        let (mut od, mut oh) = (row / height, row % height);
        let (mut column, mut n_segments) = (0, 0);
        while column < n {
            let len = (width - ow).min(n - column);
            segments[n_segments] = Segment { column, output: [od, oh, ow], len };
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
        dispatch(Pack { windows: self, depth_begin, column_begin, n_columns, width, panel });
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
        let n = self.windows.segments(self.column_begin, self.n_columns, &mut segments);
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
            if first >= last {
                continue;
            }
            let rows = Rows {
                begin: (first * n_taps + tap - self.depth_begin) * width,
                step: n_taps * width,
                input: &self.windows.input[first * channel_len..last * channel_len],
                channel_len,
                n: last - first,
            };
            if !complete {
                rows.for_each(self.panel, 0, width, |_, target| {
                    // SAFETY: `for_each` gives `width` floats.
                    unsafe { simd::zero(s, target, width) };
                });
            }
            for copy in copies {
                rows.copy(s, self.panel, *copy, axes[2].stride);
            }
        }
    }
}

/// The rows of one tap in a panel, one for each channel.
struct Rows<'a> {
    /// Start of the first row in the panel.
    begin: usize,
    /// Floats between two.
    step: usize,
    /// The channels.
    input: &'a [f32],
    channel_len: usize,
    n: usize,
}

impl Rows<'_> {
    /// Calls `body(channel, row)` with `len` floats of each row from `column`.
    #[inline(always)]
    fn for_each(&self, panel: &mut [f32], column: usize, len: usize, mut body: impl FnMut(usize, *mut f32)) {
        let begin = self.begin + column;
        assert!(begin + (self.n - 1) * self.step + len <= panel.len());
        let mut target = panel.as_mut_ptr().wrapping_add(begin);
        for channel in 0..self.n {
            body(channel, target);
            target = target.wrapping_add(self.step);
        }
    }

    /// Copies one run of all channels.
    #[inline(always)]
    fn copy<S: Simd>(&self, s: S, panel: &mut [f32], copy: Copy, stride: usize) {
        let Copy { column, len, source } = copy;
        assert!(source + (len - 1) * stride < self.channel_len);
        assert!(self.n * self.channel_len <= self.input.len());
        let source = self.input.as_ptr().wrapping_add(source);
        let from = |channel: usize| source.wrapping_add(channel * self.channel_len);
        // SAFETY (all blocks): `len` writable floats from `for_each`; the last float that is read is
        // inside the channel and the channel inside the input.
        match stride {
            1 if len == 2 * S::LANES => {
                self.for_each(panel, column, len, |channel, target| unsafe {
                    s.store(target, s.load(from(channel)));
                    s.store(target.add(S::LANES), s.load(from(channel).add(S::LANES)));
                });
            }
            1 if len <= S::LANES => self.for_each(panel, column, len, |channel, target| unsafe {
                s.store_partial(target, s.load_partial(from(channel), len), len);
            }),
            1 => self.for_each(panel, column, len, |channel, target| unsafe {
                simd::copy(s, from(channel), target, len);
            }),
            2 => self.for_each(panel, column, len, |channel, target| unsafe {
                simd::copy_even(s, from(channel), target, len);
            }),
            _ => self.for_each(panel, column, len, |channel, target| {
                for i in 0..len {
                    unsafe { *target.add(i) = *from(channel).add(i * stride) };
                }
            }),
        }
    }
}
