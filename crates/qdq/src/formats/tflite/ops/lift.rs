//! Windows of one spatial axis, for which TFLite has no ops: they are written as windows of two, the first of size 1.

use super::super::node_writer::NodeWriter;
use super::super::padding::Axis;
use crate::error::{Error, Result};
use crate::tensor::Dim;

/// A window over the spatial axes of a node's input.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// Its spatial axes, one or two.
    pub(super) axes: Vec<Axis>,
}

impl Window {
    /// The window of a pooling.
    pub(super) fn new(
        w: &NodeWriter<'_, '_>,
        kernel: &[usize],
        strides: &[usize],
        dilations: &[usize],
    ) -> Result<Self> {
        let dims = w.node_dims(0)?;
        if !matches!(dims.len(), 3 | 4) || kernel.len() != dims.len() - 2 {
            return Err(Error::unsupported(format!("windows over a tensor of {} axes", dims.len())));
        }
        let axis = |(axis, &kernel): (usize, &usize)| Axis {
            input: dims[axis + 2].known(),
            kernel,
            stride: strides.get(axis).copied().unwrap_or(1),
            dilation: dilations.get(axis).copied().unwrap_or(1),
        };
        Ok(Self { axes: kernel.iter().enumerate().map(axis).collect() })
    }

    /// The window of a convolution with weights of these dimensions.
    pub(super) fn of_weights(
        w: &NodeWriter<'_, '_>,
        weights: &[Dim],
        strides: &[usize],
        dilations: &[usize],
    ) -> Result<Self> {
        let kernel: Option<Vec<usize>> = weights.iter().skip(2).map(Dim::known).collect();
        let kernel = kernel.ok_or_else(|| Error::unsupported("weights of unknown size"))?;
        Self::new(w, &kernel, strides, dilations)
    }

    fn is_lifted(&self) -> bool {
        self.axes.len() == 1
    }

    /// A number for height and width.
    pub(super) fn pair(&self, number: impl Fn(&Axis) -> usize) -> Result<[i32; 2]> {
        let number = |axis: &Axis| {
            i32::try_from(number(axis)).map_err(|_| Error::unsupported("a window larger than TFLite can say"))
        };
        match self.axes.as_slice() {
            [width] => Ok([1, number(width)?]),
            [height, width] => Ok([number(height)?, number(width)?]),
            _ => Err(Error::unsupported("windows over other than one or two axes")),
        }
    }

    /// Padding of all four axes, channels last.
    pub(super) fn all_pads(&self, pads: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let mut all = vec![(0, 0)];
        if self.is_lifted() {
            all.push((0, 0));
        }
        all.extend(pads);
        all.push((0, 0));
        all
    }

    /// Padding with what rounding the output size up needs behind each axis.
    pub(super) fn rounded_up(&self, pads: &[usize]) -> Result<Vec<usize>> {
        let n_axes = self.axes.len();
        let mut all = if pads.is_empty() { vec![0; 2 * n_axes] } else { pads.to_vec() };
        for (axis, attrs) in self.axes.iter().enumerate() {
            let Some(input) = attrs.input else {
                return Err(Error::unsupported("pooling of unknown size that rounds its size up")
                    .help("fix the model's input shapes"));
            };
            let padded = input + all[axis] + all[n_axes + axis];
            let mut steps = padded.saturating_sub(attrs.kernel).div_ceil(attrs.stride);
            // A window that would begin behind the input is left out.
            if steps * attrs.stride >= input + all[axis] {
                steps = steps.saturating_sub(1);
            }
            all[n_axes + axis] += (steps * attrs.stride + attrs.kernel).saturating_sub(padded);
        }
        Ok(all)
    }

    /// Weights of a convolution in the order of the file.
    pub(super) fn weights(
        &self,
        w: &mut NodeWriter<'_, '_>,
        position: usize,
        depthwise: bool,
    ) -> Result<i32> {
        let (perm, axis): (&[usize], usize) = match (self.is_lifted(), depthwise) {
            (false, false) => (&[0, 2, 3, 1], 0),
            (false, true) => (&[1, 2, 3, 0], 3),
            (true, false) => (&[0, 2, 1], 0),
            (true, true) => (&[1, 2, 0], 2),
        };
        let weights = w.weights(position, perm, axis)?;
        if self.is_lifted() { w.lift(weights) } else { Ok(weights) }
    }
}

/// The input of an op over windows, with a height of 1 where it has one spatial axis; the output then loses it again.
pub(super) fn lifted(w: &mut NodeWriter<'_, '_>, window: &Window) -> Result<i32> {
    let x = w.input(0)?;
    if !window.is_lifted() {
        return Ok(x);
    }
    w.is_lifted = true;
    w.lift(x)
}
