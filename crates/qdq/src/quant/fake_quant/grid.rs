//! The elements of a tensor, each with the parameters of its channel.

use std::ops::Range;

use super::{Gradients, check_gradient};
use crate::error::{Error, Result};
use crate::quant::observers::torch::StateDict;
use crate::quant::scheme::torch::{fake_quantize, fake_quantize_float_qparams};
use crate::quant::scheme::{QParams, ZeroPoint};
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

/// Real numbers that the integers of a range mean.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    /// One for the tensor, or one for each index of the axis.
    pub(super) qparams: QParams,
    /// Smallest and largest integer.
    pub(super) range: (i32, i32),
    /// Axis of the channels.
    pub(super) axis: Option<usize>,
}

impl Grid {
    /// Scale 1 and zero point 0, as before anything was observed.
    pub(super) fn new(spec: &QuantizationSpec) -> Result<Self> {
        let qparams = QParams { scale: vec![1.0], zero_point: ZeroPoint::Integer(vec![0]) };
        let axis = spec.scheme.is_per_channel().then_some(spec.axis);
        Ok(Self { qparams, range: spec.quant_range()?, axis })
    }

    /// `x` quantized and dequantized.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let output = self.map(x, |value, _| value)?;
        Tensor::from_vec(x.shape().to_vec(), output)
    }

    /// The straight-through gradient: `grad` where `x` lay inside the range, else 0.
    pub(super) fn backward(&self, x: &Tensor, grad: &Tensor) -> Result<Gradients> {
        check_gradient(x, grad)?;
        let mask = self.map(x, |_, is_inside| f32::from(u8::from(is_inside)))?;
        let product = mask.iter().zip(grad.as_slice::<f32>()?).map(|(mask, grad)| grad * mask).collect();
        Ok(straight(Tensor::from_vec(x.shape().to_vec(), product)?))
    }

    /// The scales as `scale`, the zero points as `zero_point`, added to a state.
    pub(super) fn write(&self, state: StateDict) -> StateDict {
        let zero_point = match &self.qparams.zero_point {
            ZeroPoint::Integer(integers) => integers.iter().map(|&integer| integer as f32).collect(),
            ZeroPoint::Real(reals) => reals.clone(),
        };
        state
            .with("scale", Tensor::vector(self.qparams.scale.clone()))
            .with("zero_point", Tensor::vector(zero_point))
    }

    /// What [`Grid::write`] wrote, with real zero points where these are.
    pub(super) fn read(&mut self, state: &StateDict, is_real: bool) -> Result<()> {
        let (scale, zero_point) = (state.array("scale")?.to_vec(), state.array("zero_point")?);
        if scale.len() != zero_point.len() || scale.is_empty() || (self.axis.is_none() && scale.len() != 1) {
            let (n_scales, n_points) = (scale.len(), zero_point.len());
            return Err(Error::malformed(format!("{n_scales} `scale` and {n_points} `zero_point`")));
        }
        let zero_point = if is_real {
            ZeroPoint::Real(zero_point.to_vec())
        } else {
            ZeroPoint::Integer(zero_point.iter().map(|&real| real as i32).collect())
        };
        self.qparams = QParams { scale, zero_point };
        Ok(())
    }

    /// `make(fake quantized, whether it was inside)` of each element.
    fn map(&self, x: &Tensor, make: impl Fn(f32, bool) -> f32) -> Result<Vec<f32>> {
        let values = x.as_slice::<f32>()?;
        let scales = &self.qparams.scale;
        let mut output = Vec::with_capacity(values.len());
        for (elements, channel) in channels(x.shape(), self.axis, scales.len())? {
            let scale = (scales[channel], 1.0 / scales[channel]);
            let values = values[elements].iter();
            match &self.qparams.zero_point {
                ZeroPoint::Integer(zero_points) => output.extend(values.map(|&value| {
                    let (value, is_inside) = fake_quantize(value, scale, zero_points[channel], self.range);
                    make(value, is_inside)
                })),
                ZeroPoint::Real(zero_points) => output.extend(values.map(|&value| {
                    let zero_point = zero_points[channel];
                    let (value, is_inside) =
                        fake_quantize_float_qparams(value, scale, zero_point, self.range);
                    make(value, is_inside)
                })),
            }
        }
        Ok(output)
    }
}

/// A gradient that passes by the parameters.
pub(super) fn straight(x: Tensor) -> Gradients {
    Gradients { x, scale: None, zero_point: None }
}

/// Runs of elements and the channel they belong to, in order; one run of channel 0 without an axis.
///
/// # Errors
/// A shape without that axis, or with another number of channels.
pub(super) fn channels(
    dims: &[usize],
    axis: Option<usize>,
    n_channels: usize,
) -> Result<impl Iterator<Item = (Range<usize>, usize)>> {
    let n_elements: usize = dims.iter().product();
    let length = match axis {
        None => n_elements,
        Some(axis) if dims.get(axis) == Some(&n_channels) => dims[axis + 1..].iter().product(),
        Some(axis) => {
            let message = format!("{n_channels} scales along axis {axis} of a tensor of shape {dims:?}");
            return Err(Error::data(message));
        }
    };
    let length = length.max(1);
    Ok((0..n_elements / length).map(move |run| (run * length..(run + 1) * length, run % n_channels)))
}
