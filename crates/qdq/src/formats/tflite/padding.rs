//! Padding as TFLite has it, `SAME` and `VALID`, and as numbers of elements.

use qdq_schema::tflite::padding as code;

use crate::error::{Error, Result};
use crate::ops::AutoPad;

/// One spatial axis of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// Size of the input, if known.
    pub(super) input: Option<usize>,
    /// Size of the window.
    pub(super) kernel: usize,
    /// Step of the window.
    pub(super) stride: usize,
    /// Distance of its elements.
    pub(super) dilation: usize,
}

impl Axis {
    /// Elements added before and after by `SAME`.
    ///
    /// Source: `ComputePaddingHeightWidth` in `LiteRT`'s `kernels/padding.h`.
    pub(super) fn same(self) -> Option<(usize, usize)> {
        let input = self.input?;
        let span = self.kernel.checked_sub(1)?.checked_mul(self.dilation)?.checked_add(1)?;
        let output = input.div_ceil(self.stride.max(1));
        let covered = output.checked_sub(1)?.checked_mul(self.stride)?.checked_add(span)?;
        let total = covered.saturating_sub(input);
        Some((total / 2, total - total / 2))
    }
}

/// The hub's padding: a mode, and numbers of elements before each axis and after each.
pub(super) fn read_padding(padding: i8, axes: &[Axis]) -> Result<(AutoPad, Vec<usize>)> {
    match padding {
        code::VALID => Ok((AutoPad::NotSet, Vec::new())),
        code::SAME => {
            let Some(pads) = axes.iter().map(|axis| axis.same()).collect::<Option<Vec<_>>>() else {
                return Ok((AutoPad::SameUpper, Vec::new()));
            };
            let pads: Vec<usize> =
                pads.iter().map(|(before, _)| *before).chain(pads.iter().map(|(_, after)| *after)).collect();
            let is_none = pads.iter().all(|pad| *pad == 0);
            Ok((AutoPad::NotSet, if is_none { Vec::new() } else { pads }))
        }
        other => Err(Error::malformed(format!("the padding {other}"))),
    }
}

/// How a window is padded in TFLite.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written {
    /// By this code.
    Code(i8),
    /// By an op before the window, which is then `VALID`: elements before and after each axis.
    Explicit(Vec<(usize, usize)>),
}

/// `SAME` or `VALID` for the hub's padding where one of them means the same.
pub(super) fn write_padding(auto_pad: AutoPad, pads: &[usize], axes: &[Axis]) -> Written {
    let n_axes = axes.len();
    let pads: Vec<(usize, usize)> = match auto_pad {
        AutoPad::Valid => return Written::Code(code::VALID),
        AutoPad::SameUpper => return Written::Code(code::SAME),
        AutoPad::SameLower => match axes.iter().map(|axis| axis.same()).collect::<Option<Vec<_>>>() {
            Some(pads) => pads.into_iter().map(|(before, after)| (after, before)).collect(),
            None => return Written::Code(code::SAME),
        },
        AutoPad::NotSet if pads.is_empty() => vec![(0, 0); n_axes],
        AutoPad::NotSet => (0..n_axes).map(|axis| (pads[axis], pads[n_axes + axis])).collect(),
    };
    if pads.iter().all(|pad| *pad == (0, 0)) {
        return Written::Code(code::VALID);
    }
    if pads.iter().zip(axes).all(|(pad, axis)| axis.same() == Some(*pad)) {
        return Written::Code(code::SAME);
    }
    Written::Explicit(pads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(input: usize, kernel: usize, stride: usize) -> Axis {
        Axis { input: Some(input), kernel, stride, dilation: 1 }
    }

    #[test]
    fn same_puts_the_odd_element_after() {
        assert_eq!(axis(32, 3, 1).same(), Some((1, 1)));
        assert_eq!(axis(32, 3, 2).same(), Some((0, 1)));
        assert_eq!(axis(33, 3, 2).same(), Some((1, 1)));
        assert_eq!(axis(32, 1, 2).same(), Some((0, 0)));
    }

    #[test]
    fn codes_come_back() {
        for axes in [[axis(49, 10, 2), axis(10, 4, 2)], [axis(32, 3, 2), axis(7, 3, 1)]] {
            let (auto_pad, pads) = read_padding(code::SAME, &axes).unwrap();
            assert_eq!(write_padding(auto_pad, &pads, &axes), Written::Code(code::SAME));
        }
        let symmetric = write_padding(AutoPad::NotSet, &[1, 1, 1, 1], &[axis(32, 3, 2), axis(32, 3, 2)]);
        assert_eq!(symmetric, Written::Explicit(vec![(1, 1), (1, 1)]));
    }
}
