//! Geometry of a window that slides over spatial axes: shared by convolutions and pooling.

use super::attr_enum;
use crate::error::{Error, Result};
use crate::kernels::conv::ConvShape;
use crate::tensor::Dim;

attr_enum! {
    /// How padding is chosen.
    pub enum AutoPad {
        /// By the attribute `pads`.
        NotSet = "notset",
        /// So that the output has `ceil(input / stride)` elements, the odd one at the end.
        SameUpper = "same_upper",
        /// So that the output has `ceil(input / stride)` elements, the odd one at the start.
        SameLower = "same_lower",
        /// None.
        Valid = "valid",
    }
}

/// No attribute of a window may be larger; keeps all arithmetic far from overflow.
const LARGEST: usize = 1 << 31;

/// The attributes that say how a window slides; empty lists mean the default.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sliding<'a> {
    /// Size of the window along each spatial axis.
    pub(crate) kernel: &'a [usize],
    /// How padding is chosen.
    pub(crate) auto_pad: AutoPad,
    /// Steps between windows.
    pub(crate) strides: &'a [usize],
    /// Distances between taps.
    pub(crate) dilations: &'a [usize],
    /// Padding before each axis, then after each.
    pub(crate) pads: &'a [usize],
    /// Round the number of windows up.
    pub(crate) ceil_mode: bool,
}

/// The attributes of one spatial axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlidingAxis {
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    /// Elements from the first tap to the last.
    pub(crate) span: usize,
    pads: (usize, usize),
}

impl Sliding<'_> {
    /// Checks that lists are as long as there are spatial axes and that no size is absurd.
    pub(crate) fn check(&self) -> Result<()> {
        let n_axes = self.kernel.len();
        let lists = [
            ("kernel_shape", self.kernel, n_axes, 1),
            ("strides", self.strides, n_axes, 1),
            ("dilations", self.dilations, n_axes, 1),
            ("pads", self.pads, 2 * n_axes, 0),
        ];
        for (name, list, len, least) in lists {
            if !list.is_empty() && list.len() != len {
                let message = format!("{} numbers for {n_axes} spatial axes", list.len());
                return Err(Error::graph(message).attribute(name));
            }
            if let Some(bad) = list.iter().find(|&&size| size < least || size > LARGEST) {
                return Err(Error::graph(format!("{bad} is out of range")).attribute(name));
            }
        }
        Ok(())
    }

    /// The attributes of one axis; the caller has checked them.
    pub(crate) fn axis(&self, axis: usize) -> SlidingAxis {
        let dilation = self.dilations.get(axis).copied().unwrap_or(1);
        let pad = |position: usize| self.pads.get(position).copied().unwrap_or(0);
        SlidingAxis {
            stride: self.strides.get(axis).copied().unwrap_or(1),
            dilation,
            span: dilation * (self.kernel[axis] - 1) + 1,
            pads: (pad(axis), pad(axis + self.kernel.len())),
        }
    }

    /// Everything that follows from the spatial sizes of the input.
    pub(crate) fn resolve(&self, input: &[usize]) -> Result<Windows> {
        self.check()?;
        let mut windows =
            Windows { kernel: self.kernel.to_vec(), input: input.to_vec(), ..Windows::default() };
        for (axis, &size) in input.iter().enumerate() {
            let attrs = self.axis(axis);
            let pads = self.pads_for(attrs, size);
            windows.strides.push(attrs.stride);
            windows.dilations.push(attrs.dilation);
            windows.pads_begin.push(pads.0);
            windows.pads_end.push(pads.1);
            windows.output.push(self.n_windows(attrs, size, pads)?);
        }
        Ok(windows)
    }

    /// Output sizes of spatial axes that may not be known.
    pub(crate) fn infer(&self, spatial: &[Dim]) -> Result<Vec<Dim>> {
        self.check()?;
        let size = |(axis, dim): (usize, &Dim)| {
            let attrs = self.axis(axis);
            if let Dim::Known(size) = dim {
                return Ok(Dim::Known(self.n_windows(attrs, *size, self.pads_for(attrs, *size))?));
            }
            let pads = self.pads_for(attrs, attrs.span);
            let keeps = attrs.stride == 1 && pads.0 + pads.1 + 1 == attrs.span;
            Ok(if keeps { dim.clone() } else { Dim::Any })
        };
        spatial.iter().enumerate().map(size).collect()
    }

    fn pads_for(&self, axis: SlidingAxis, input: usize) -> (usize, usize) {
        let last = input.div_ceil(axis.stride).saturating_sub(1) * axis.stride;
        let total = (last + axis.span).saturating_sub(input);
        match self.auto_pad {
            AutoPad::NotSet => axis.pads,
            AutoPad::Valid => (0, 0),
            AutoPad::SameUpper => (total / 2, total - total / 2),
            AutoPad::SameLower => (total - total / 2, total / 2),
        }
    }

    fn n_windows(&self, axis: SlidingAxis, input: usize, pads: (usize, usize)) -> Result<usize> {
        let padded = input + pads.0 + pads.1;
        let Some(rest) = padded.checked_sub(axis.span) else {
            return Err(Error::graph(format!("a window over {} elements in {padded}", axis.span)));
        };
        if !self.ceil_mode {
            return Ok(rest / axis.stride + 1);
        }
        let n_windows = rest.div_ceil(axis.stride) + 1;
        // A window must not start in the padding at the end.
        let starts_outside = (n_windows - 1) * axis.stride >= input + pads.0;
        Ok(if starts_outside { n_windows - 1 } else { n_windows })
    }
}

/// Windows over axes of known sizes: one number for each spatial axis in each list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) kernel: Vec<usize>,
    pub(crate) strides: Vec<usize>,
    pub(crate) dilations: Vec<usize>,
    pub(crate) pads_begin: Vec<usize>,
    pub(crate) pads_end: Vec<usize>,
    pub(crate) input: Vec<usize>,
    pub(crate) output: Vec<usize>,
}

/// A run of outputs that read the same tap: output `output + i` reads input `input + i * stride`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TapRow {
    /// Flat position in the kernel.
    pub(crate) tap: usize,
    /// Flat position of the first output.
    pub(crate) output: usize,
    /// Flat position of its input.
    pub(crate) input: usize,
    /// Number of outputs.
    pub(crate) len: usize,
    /// Step of the input.
    pub(crate) stride: usize,
}

impl Windows {
    /// Number of taps of a window.
    pub(crate) fn n_taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// Whether a kernel packed for this shape pads as these windows do; its other attributes do not depend on the input.
    pub(crate) fn fit(&self, packed: &ConvShape) -> bool {
        self.pads_begin == packed.pads_begin && self.pads_end == packed.pads_end
    }

    /// Visits every pair of an output and a tap inside the input, in runs along the last axis.
    pub(crate) fn for_each_row(&self, mut visit: impl FnMut(TapRow)) {
        let start = TapRow { tap: 0, output: 0, input: 0, len: 0, stride: 1 };
        self.walk(0, start, &mut visit);
    }

    fn walk(&self, axis: usize, at: TapRow, visit: &mut impl FnMut(TapRow)) {
        if axis == self.kernel.len() {
            visit(TapRow { len: 1, ..at });
            return;
        }
        let (stride, n_outputs, n_inputs) = (self.strides[axis], self.output[axis], self.input[axis]);
        for tap in 0..self.kernel[axis] {
            let (shift, pad) = (tap * self.dilations[axis], self.pads_begin[axis]);
            let begin = pad.saturating_sub(shift).div_ceil(stride);
            let end = (n_inputs + pad).saturating_sub(shift).div_ceil(stride).min(n_outputs);
            let next = |output: usize| TapRow {
                tap: at.tap * self.kernel[axis] + tap,
                output: at.output * n_outputs + output,
                input: at.input * n_inputs + output * stride + shift - pad,
                ..at
            };
            if axis + 1 < self.kernel.len() {
                (begin..end).for_each(|output| self.walk(axis + 1, next(output), visit));
            } else if begin < end {
                visit(TapRow { len: end - begin, stride, ..next(begin) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Sliding<'_> = Sliding {
        kernel: &[3],
        auto_pad: AutoPad::NotSet,
        strides: &[],
        dilations: &[],
        pads: &[],
        ceil_mode: false,
    };

    #[test]
    fn sizes_follow_the_specification() {
        let output = |sliding: Sliding<'_>, input| sliding.resolve(&[input]).unwrap();
        assert_eq!(output(PLAIN, 5).output, [3]);
        let strided = Sliding { strides: &[2], pads: &[0, 1], ..PLAIN };
        assert_eq!(output(strided, 5).output, [2]);
        assert_eq!(output(Sliding { ceil_mode: true, ..strided }, 5).output, [3]);
        let same = Sliding { auto_pad: AutoPad::SameUpper, strides: &[2], ..PLAIN };
        let windows = output(same, 4);
        assert_eq!((windows.output[0], windows.pads_begin[0], windows.pads_end[0]), (2, 0, 1));
        let windows = output(Sliding { auto_pad: AutoPad::SameLower, ..same }, 4);
        assert_eq!((windows.pads_begin[0], windows.pads_end[0]), (1, 0));
        // The second window would start in the padding at the end.
        let late = Sliding { kernel: &[1], strides: &[2], pads: &[0, 1], ceil_mode: true, ..PLAIN };
        assert_eq!(output(late, 2).output, [1]);
    }

    #[test]
    fn unknown_sizes_stay_where_the_window_keeps_them() {
        let n = [Dim::symbol("n")];
        assert_eq!(Sliding { pads: &[1, 1], ..PLAIN }.infer(&n).unwrap(), n);
        assert_eq!(Sliding { auto_pad: AutoPad::SameLower, ..PLAIN }.infer(&n).unwrap(), n);
        assert_eq!(PLAIN.infer(&n).unwrap(), [Dim::Any]);
    }

    #[test]
    fn rows_cover_what_is_inside() {
        let sliding =
            Sliding { kernel: &[2, 3], strides: &[1, 2], dilations: &[2, 1], pads: &[1, 2, 0, 1], ..PLAIN };
        let windows = sliding.resolve(&[4, 5]).unwrap();
        let mut pairs = Vec::new();
        windows.for_each_row(|row| {
            pairs.extend((0..row.len).map(|i| (row.tap, row.output + i, row.input + i * row.stride)));
        });
        let mut expected = Vec::new();
        for (tap, out) in
            (0..6).flat_map(|tap| (0..windows.output.iter().product()).map(move |out| (tap, out)))
        {
            let (y, x) = (out / windows.output[1] + tap / 3 * 2, out % windows.output[1] * 2 + tap % 3);
            if (1..5).contains(&y) && (2..7).contains(&x) {
                expected.push((tap, out, (y - 1) * 5 + x - 2));
            }
        }
        pairs.sort_unstable();
        assert_eq!(pairs, expected);
    }

    #[test]
    fn absurd_attributes_are_errors() {
        for bad in [
            Sliding { strides: &[0], ..PLAIN },
            Sliding { strides: &[1, 1], ..PLAIN },
            Sliding { pads: &[1], ..PLAIN },
            Sliding { dilations: &[usize::MAX], ..PLAIN },
            Sliding { kernel: &[0], ..PLAIN },
            Sliding { kernel: &[6], ..PLAIN },
        ] {
            assert!(bad.resolve(&[5]).is_err(), "{bad:?}");
        }
    }
}
