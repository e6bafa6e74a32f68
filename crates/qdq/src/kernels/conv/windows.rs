//! Input windows as the columns of a matrix that is never stored.
//!
//! Row `(channel, tap)`, column = output position. A panel of columns is made on the fly: for each
//! tap, the positions of the panel fall into runs of neighbours in an input row (`Copy`), and the
//! runs are the same for all channels.

use super::super::gemm::PanelSource;
use super::Geometry;

/// A run of positions of one tap that read neighbouring inputs of one row.
#[derive(Clone, Copy, Debug)]
struct Copy {
    /// First column in the panel.
    column: usize,
    /// Number of columns.
    len: usize,
    /// First input, relative to the channel.
    source: usize,
}

/// The windows of one image, or one group of its channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows<'a> {
    input: &'a [f32],
    geometry: Geometry,
}

impl<'a> Windows<'a> {
    /// Windows over `[channels, spatial...]`.
    pub(super) fn new(input: &'a [f32], geometry: Geometry) -> Self {
        Self { input, geometry }
    }

    /// The runs of tap `(kd, kh, kw)` for positions `begin..begin + n`.
    fn copies(&self, tap: [usize; 3], begin: usize, n: usize, copies: &mut Vec<Copy>) {
        copies.clear();
        let Geometry { axes, input, output } = self.geometry;
        let (valid_begin, valid_end) = axes[2].valid_outputs(tap[2], input[2], output[2]);
        let mut position = begin;
        while position < begin + n {
            let (row, ow) = (position / output[2], position % output[2]);
            let row_end = (position - ow + output[2]).min(begin + n);
            let index = |axis: usize, o: usize| {
                (o * axes[axis].stride + tap[axis] * axes[axis].dilation)
                    .checked_sub(axes[axis].pad_begin)
                    .filter(|i| *i < input[axis])
            };
            let (first, last) = (ow.max(valid_begin), (ow + row_end - position).min(valid_end));
            if let (Some(id), Some(ih)) = (index(0, row / output[1]), index(1, row % output[1])) {
                if first < last {
                    let iw = first * axes[2].stride + tap[2] * axes[2].dilation - axes[2].pad_begin;
                    copies.push(Copy {
                        column: position - begin + first - ow,
                        len: last - first,
                        source: (id * input[1] + ih) * input[2] + iw,
                    });
                }
            }
            position = row_end;
        }
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
        let [kd, kh, kw] = self.geometry.axes.map(|axis| axis.kernel);
        let n_taps = kd * kh * kw;
        let depth_end = depth_begin + panel.len() / width;
        let channel_len = self.geometry.input_len();
        let stride = self.geometry.axes[2].stride;
        let mut copies = Vec::with_capacity(width);
        for tap in 0..n_taps {
            let tap3 = [tap / (kh * kw), tap / kw % kh, tap % kw];
            self.copies(tap3, column_begin, n_columns, &mut copies);
            let complete = copies.iter().map(|copy| copy.len).sum::<usize>() == width;
            // First channel whose row of this tap is in the block.
            let mut channel = (depth_begin + n_taps - 1 - tap) / n_taps;
            while channel * n_taps + tap < depth_end {
                let begin = (channel * n_taps + tap - depth_begin) * width;
                let row = &mut panel[begin..begin + width];
                if !complete {
                    row.fill(0.0);
                }
                let input = &self.input[channel * channel_len..(channel + 1) * channel_len];
                for copy in &copies {
                    let target = &mut row[copy.column..copy.column + copy.len];
                    let source = &input[copy.source..];
                    if stride == 1 {
                        target.copy_from_slice(&source[..copy.len]);
                    } else {
                        for (y, x) in target.iter_mut().zip(source.iter().step_by(stride)) {
                            *y = *x;
                        }
                    }
                }
                channel += 1;
            }
        }
    }
}
