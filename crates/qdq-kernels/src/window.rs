//! Sliding windows: the sizes that convolution and pooling share.

/// Size of one output axis: windows of `kernel` taps, `dilation` apart, every `stride`, over
/// `input` values padded by `pads` in all; 0 when not one window fits.
pub fn output_size(input: usize, pads: usize, kernel: usize, dilation: usize, stride: usize) -> usize {
    let span = dilation * (kernel.max(1) - 1) + 1;
    (input + pads).checked_sub(span).map_or(0, |rest| rest / stride + 1)
}

/// Pads so that `ceil(input / stride)` windows fit (ONNX `SAME_UPPER`, `SAME_LOWER`): begin and end.
pub fn same_pads(input: usize, kernel: usize, dilation: usize, stride: usize, lower: bool) -> (usize, usize) {
    let span = dilation * (kernel.max(1) - 1) + 1;
    let n_outputs = input.div_ceil(stride);
    let total = (n_outputs.max(1) - 1) * stride + span;
    let pads = total.saturating_sub(input);
    let small = pads / 2;
    if lower { (pads - small, small) } else { (small, pads - small) }
}

/// Attributes of one spatial axis or, as `[Axis; 3]`, of depth, height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) pad_begin: usize,
    pub(crate) pad_end: usize,
}

impl Axis {
    /// An axis that is not there.
    pub(crate) const UNIT: Self = Self { kernel: 1, stride: 1, dilation: 1, pad_begin: 0, pad_end: 0 };

    /// Windows that fit.
    pub(crate) fn output_size(self, input: usize) -> usize {
        output_size(input, self.pad_begin + self.pad_end, self.kernel, self.dilation, self.stride)
    }

    /// The outputs whose tap `tap` lies inside the input: `begin..end`.
    pub(crate) fn valid_outputs(self, tap: usize, input: usize, n_outputs: usize) -> (usize, usize) {
        // Input index = output * stride + shift - pad_begin.
        let shift = tap * self.dilation;
        let begin = self.pad_begin.saturating_sub(shift).div_ceil(self.stride);
        let end = (input + self.pad_begin).checked_sub(shift + 1).map_or(0, |last| last / self.stride + 1);
        let end = end.min(n_outputs);
        (begin.min(end), end)
    }
}

/// Depth, height and width of a shape of spatial rank 1 to 3, missing ones 1.
///
/// # Panics
/// When there are more than 3.
pub(crate) fn spatial3(dims: &[usize]) -> [usize; 3] {
    assert!(dims.len() <= 3, "spatial rank above 3");
    let mut all = [1; 3];
    all[3 - dims.len()..].copy_from_slice(dims);
    all
}

/// Attributes of depth, height and width, missing ones [`Axis::UNIT`]; an empty list means the default.
///
/// # Panics
/// When the lists differ in length or a kernel, stride or dilation is 0.
pub(crate) fn axes3(
    kernel: &[usize],
    strides: &[usize],
    dilations: &[usize],
    pads_begin: &[usize],
    pads_end: &[usize],
) -> [Axis; 3] {
    let rank = kernel.len();
    assert!(rank <= 3, "spatial rank above 3");
    for list in [strides, dilations, pads_begin, pads_end] {
        assert!(list.is_empty() || list.len() == rank, "attribute of another rank than the kernel");
    }
    let mut axes = [Axis::UNIT; 3];
    for i in 0..rank {
        let axis = Axis {
            kernel: kernel[i],
            stride: strides.get(i).copied().unwrap_or(1),
            dilation: dilations.get(i).copied().unwrap_or(1),
            pad_begin: pads_begin.get(i).copied().unwrap_or(0),
            pad_end: pads_end.get(i).copied().unwrap_or(0),
        };
        assert!(axis.kernel > 0 && axis.stride > 0 && axis.dilation > 0);
        axes[3 - rank + i] = axis;
    }
    axes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_outputs_are_those_inside() {
        for kernel in 1..4 {
            for stride in 1..4 {
                for dilation in 1..3 {
                    for (pad_begin, pad_end) in [(0, 0), (1, 2), (5, 0), (0, 7)] {
                        let axis = Axis { kernel, stride, dilation, pad_begin, pad_end };
                        for input in 0..9 {
                            let n = axis.output_size(input);
                            for tap in 0..kernel {
                                let inside: Vec<usize> = (0..n)
                                    .filter(|o| {
                                        let at = o * stride + tap * dilation;
                                        at >= pad_begin && at - pad_begin < input
                                    })
                                    .collect();
                                let (begin, end) = axis.valid_outputs(tap, input, n);
                                assert_eq!((begin..end).collect::<Vec<_>>(), inside);
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn same_pads_keep_the_size() {
        assert_eq!(same_pads(224, 3, 1, 2, false), (0, 1));
        assert_eq!(same_pads(224, 3, 1, 2, true), (1, 0));
        assert_eq!(same_pads(32, 3, 1, 1, false), (1, 1));
        assert_eq!(output_size(224, 1, 3, 1, 2), 112);
        assert_eq!(output_size(1, 0, 3, 1, 1), 0);
    }
}
