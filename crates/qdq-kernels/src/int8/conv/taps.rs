//! Where the inputs of a depthwise convolution lie.
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use crate::conv::Geometry;

/// Finds the pixel under each tap of each output of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taps<'a> {
    pub(super) geometry: Geometry,
    /// `[n, spatial..., channels]`.
    pub(super) input: &'a [u8],
    /// A pixel outside of the input.
    pub(super) pad: &'a [u8],
    /// Channels of a pixel.
    pub(super) width: usize,
    /// Pointers of an output: its taps, then pads.
    pub(super) step: usize,
}

impl Taps<'_> {
    /// Pointers for the outputs of a line, which all point at pads.
    pub(super) fn empty(&self) -> Vec<*const u8> {
        vec![self.pad.as_ptr(); self.geometry.output[2] * self.step]
    }

    /// The first channel under each tap of each output of line `line`, counted over images and outer axes.
    #[inline(always)]
    pub(super) fn find(&self, line: usize, taps: &mut [*const u8]) {
        let Geometry { axes, input, output } = self.geometry;
        let (image, od, oh) =
            (line / (output[0] * output[1]), line / output[1] % output[0], line % output[1]);
        let (width, step) = (self.width, self.step);
        let index = |axis: usize, o: usize, tap: usize| {
            (o * axes[axis].stride + tap * axes[axis].dilation)
                .checked_sub(axes[axis].pad_begin)
                .filter(|i| *i < input[axis])
        };
        let mut tap = 0;
        for kd in 0..axes[0].kernel {
            for kh in 0..axes[1].kernel {
                let row = match (index(0, od, kd), index(1, oh, kh)) {
                    (Some(id), Some(ih)) => Some(((image * input[0] + id) * input[1] + ih) * input[2]),
                    _ => None,
                };
                for kw in 0..axes[2].kernel {
                    // Outputs `begin..end` read the input line, the others pads.
                    let (begin, end) = match row {
                        Some(_) => axes[2].valid_outputs(kw, input[2], output[2]),
                        None => (0, 0),
                    };
                    for ow in (0..begin).chain(end..output[2]) {
                        taps[ow * step + tap] = self.pad.as_ptr();
                    }
                    if begin < end {
                        let column =
                            |ow: usize| ow * axes[2].stride + kw * axes[2].dilation - axes[2].pad_begin;
                        let pixel = |ow: usize| row.unwrap_or(0) + column(ow);
                        assert!((pixel(end - 1) + 1) * width <= self.input.len());
                        let mut pointer = self.input[pixel(begin) * width..].as_ptr();
                        for target in taps[begin * step + tap..].iter_mut().step_by(step).take(end - begin) {
                            *target = pointer;
                            pointer = pointer.wrapping_add(axes[2].stride * width);
                        }
                    }
                    tap += 1;
                }
            }
        }
    }
}
