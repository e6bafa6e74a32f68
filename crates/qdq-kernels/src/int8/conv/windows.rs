//! Input windows as rows of a product, made on the fly from an input with its channels last.

use super::super::rows::{Rows, Segment};
use super::super::scratch::with_bytes;
use crate::conv::Geometry;

/// An image with its pads, as far as windows reach: `[n, spatial..., channels]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Padded<'a> {
    data: &'a [u8],
    sizes: [usize; 3],
    channels: usize,
    geometry: Geometry,
}

/// Calls `body` with `n` images around which `pad` is put where windows reach beyond them.
pub(super) fn with_padded<R>(
    input: &[u8],
    n: usize,
    channels: usize,
    geometry: Geometry,
    pad: u8,
    body: impl FnOnce(Padded<'_>) -> R,
) -> R {
    let reach: [usize; 3] = std::array::from_fn(|i| {
        let axis = geometry.axes[i];
        (geometry.output[i] - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1
    });
    let fits = |i: usize| geometry.axes[i].pad_begin == 0 && reach[i] <= geometry.input[i];
    if (0..3).all(fits) {
        return body(Padded { data: input, sizes: geometry.input, channels, geometry });
    }
    with_bytes(n * reach.iter().product::<usize>() * channels, |padded| {
        padded.fill(pad);
        copy_inside(input, padded, n, channels, geometry, reach);
        body(Padded { data: padded, sizes: reach, channels, geometry })
    })
}

/// Copies what lies inside of the windows' reach to its place behind the pads.
fn copy_inside(
    input: &[u8],
    padded: &mut [u8],
    n: usize,
    channels: usize,
    geometry: Geometry,
    reach: [usize; 3],
) {
    let begins = geometry.axes.map(|axis| axis.pad_begin);
    let n_inside: [usize; 3] =
        std::array::from_fn(|i| reach[i].saturating_sub(begins[i]).min(geometry.input[i]));
    let line_len = n_inside[2] * channels;
    if line_len == 0 {
        return;
    }
    for image in 0..n {
        for depth in 0..n_inside[0] {
            for height in 0..n_inside[1] {
                let at = |sizes: [usize; 3], [d, h, w]: [usize; 3]| {
                    (((image * sizes[0] + d) * sizes[1] + h) * sizes[2] + w) * channels
                };
                let from = at(geometry.input, [depth, height, 0]);
                let to = at(reach, [begins[0] + depth, begins[1] + height, begins[2]]);
                padded[to..to + line_len].copy_from_slice(&input[from..from + line_len]);
            }
        }
    }
}

impl<'a> Padded<'a> {
    /// The windows over `channels` channels from `first`: row = (image, output position), column = (tap, channel).
    /// `segments` is room for their parts.
    pub(super) fn windows<'s>(
        &self,
        first: usize,
        channels: usize,
        segments: &'s mut Vec<Segment>,
    ) -> Rows<'s>
    where
        'a: 's,
    {
        let Geometry { axes, output, .. } = self.geometry;
        let line = self.sizes[2] * self.channels;
        let strides = [self.sizes[1] * line, line, self.channels];
        segments.clear();
        for kd in 0..axes[0].kernel {
            for kh in 0..axes[1].kernel {
                for kw in 0..axes[2].kernel {
                    let taps = [kd, kh, kw];
                    let at: usize = (0..3).map(|i| taps[i] * axes[i].dilation * strides[i]).sum();
                    match segments.last_mut() {
                        // The tap before ends where this one begins.
                        Some(last) if last.offset + last.len == first + at => last.len += channels,
                        _ => segments.push(Segment { offset: first + at, len: channels }),
                    }
                }
            }
        }
        let steps: [usize; 3] = std::array::from_fn(|i| axes[i].stride * strides[i]);
        Rows::new(self.data, output, self.sizes[0] * strides[0], steps, segments)
    }
}
