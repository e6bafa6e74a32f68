//! Quantization parameters: which real numbers the integers of a tensor mean.

use std::fmt;

use super::{Buffer, DType};
use crate::error::{Error, Result};

/// Along what the parameters vary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// One scale and zero point for all elements.
    PerTensor,
    /// One for each index of this axis.
    PerAxis(usize),
    /// One for each block of `size` consecutive indices along `axis`, and for each index of every other axis.
    PerBlock {
        /// The axis cut into blocks.
        axis: usize,
        /// Indices a block.
        size: usize,
    },
}

/// `real = (integer - zero_point) * scale`, with integers in `quant_min..=quant_max`.
///
/// Source: ONNX operators `QuantizeLinear` and `DequantizeLinear`; `LiteRT` 8-bit quantization specification.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantParams {
    /// Integer type the values are stored in.
    pub storage: DType,
    /// Smallest integer used.
    pub quant_min: i32,
    /// Largest integer used.
    pub quant_max: i32,
    /// Size of one step, greater than 0; one a group of the granularity, in row-major order.
    pub scale: Buffer<f32>,
    /// Integer that means 0.0; as many as scales.
    pub zero_point: Buffer<i32>,
    /// What a scale belongs to.
    pub granularity: Granularity,
}

impl QuantParams {
    /// Parameters of a whole tensor over the full range of `storage`.
    pub fn per_tensor(storage: DType, scale: f32, zero_point: i32) -> Self {
        let (quant_min, quant_max) = storage.integer_range().unwrap_or((0, 0));
        Self {
            storage,
            quant_min,
            quant_max,
            scale: vec![scale].into(),
            zero_point: vec![zero_point].into(),
            granularity: Granularity::PerTensor,
        }
    }

    /// Parameters for each index of `axis` over the full range of `storage`.
    pub fn per_axis(storage: DType, axis: usize, scale: Vec<f32>, zero_point: Vec<i32>) -> Self {
        let (quant_min, quant_max) = storage.integer_range().unwrap_or((0, 0));
        let (scale, zero_point) = (scale.into(), zero_point.into());
        Self { storage, quant_min, quant_max, scale, zero_point, granularity: Granularity::PerAxis(axis) }
    }

    /// Parameters of an i32 bias: scale input × weight, one or one for each output, zero point 0.
    pub fn of_bias(input_scale: f32, weight_scales: &[f32]) -> Self {
        let scale: Vec<f32> = weight_scales.iter().map(|&scale| scale * input_scale).collect();
        if let [scale] = scale[..] {
            return Self::per_tensor(DType::I32, scale, 0);
        }
        let zeros = vec![0; scale.len()];
        Self::per_axis(DType::I32, 0, scale, zeros)
    }

    /// Checks every rule that does not depend on a shape.
    pub fn check(&self) -> Result<()> {
        let Some((min, max)) = self.storage.integer_range() else {
            return Err(Error::graph(format!("{} cannot store quantized values", self.storage)));
        };
        if !(min <= self.quant_min && self.quant_min < self.quant_max && self.quant_max <= max) {
            return Err(Error::graph(format!(
                "the range {}:{} is empty or outside {}",
                self.quant_min, self.quant_max, self.storage
            )));
        }
        if self.scale.len() != self.zero_point.len() || self.scale.is_empty() {
            return Err(Error::graph(format!(
                "{} scales but {} zero points",
                self.scale.len(),
                self.zero_point.len()
            )));
        }
        if let Some(scale) = self.scale.iter().find(|scale| !(scale.is_finite() && **scale > 0.0)) {
            return Err(Error::graph(format!("scale {scale} is not a positive finite number")));
        }
        if let Some(zero_point) = self.zero_point.iter().find(|zero_point| !(min..=max).contains(zero_point))
        {
            return Err(Error::graph(format!("zero point {zero_point} is outside {}", self.storage)));
        }
        if self.granularity == Granularity::PerTensor && self.scale.len() != 1 {
            return Err(Error::graph(format!("{} scales for a whole tensor", self.scale.len())));
        }
        Ok(())
    }

    /// Checks [`QuantParams::check`] and that the number of scales fits `dims`.
    pub fn check_shape(&self, dims: &[usize]) -> Result<()> {
        self.check()?;
        let expected = match self.granularity {
            Granularity::PerTensor => 1,
            Granularity::PerAxis(axis) => *dims.get(axis).ok_or_else(|| no_axis(axis, dims))?,
            Granularity::PerBlock { axis, size } => {
                let along = dims.get(axis).ok_or_else(|| no_axis(axis, dims))?;
                if size == 0 {
                    return Err(Error::graph("a block of size 0"));
                }
                let others: usize =
                    dims.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, dim)| dim).product();
                others * along.div_ceil(size)
            }
        };
        if expected != self.scale.len() {
            return Err(Error::graph(format!(
                "{} scales where the shape {dims:?} needs {expected}",
                self.scale.len()
            )));
        }
        Ok(())
    }

    /// Index into `scale` and `zero_point` for the element at flat position `index` of a tensor of these dimensions.
    pub fn group(&self, index: usize, dims: &[usize]) -> usize {
        match self.granularity {
            Granularity::PerTensor => 0,
            Granularity::PerAxis(axis) => {
                let inner: usize = dims[axis + 1..].iter().product();
                index / inner % dims[axis]
            }
            Granularity::PerBlock { axis, size } => {
                let inner: usize = dims[axis + 1..].iter().product();
                let (outer, along, inside) =
                    (index / inner / dims[axis], index / inner % dims[axis], index % inner);
                (outer * dims[axis].div_ceil(size) + along / size) * inner + inside
            }
        }
    }

    /// Storage type and, where it is not the full one, the range: `u8`, `i8<-127:127>`.
    pub(crate) fn storage_text(&self) -> String {
        if self.storage.integer_range() == Some((self.quant_min, self.quant_max)) {
            self.storage.to_string()
        } else {
            format!("{}<{}:{}>", self.storage, self.quant_min, self.quant_max)
        }
    }

    /// Scale and zero point: `{scale=0.05, zero_point=3}`.
    pub(crate) fn params_text(&self) -> String {
        match self.granularity {
            Granularity::PerTensor => {
                format!("{{scale={}, zero_point={}}}", self.scale[0], self.zero_point[0])
            }
            Granularity::PerAxis(axis) => {
                format!("{{axis={axis}, scale={:?}, zero_point={:?}}}", &self.scale[..], &self.zero_point[..])
            }
            Granularity::PerBlock { axis, size } => format!(
                "{{axis={axis}, block={size}, scale={:?}, zero_point={:?}}}",
                &self.scale[..],
                &self.zero_point[..]
            ),
        }
    }
}

fn no_axis(axis: usize, dims: &[usize]) -> Error {
    Error::graph(format!("axis {axis} of a tensor of shape {dims:?}"))
}

impl fmt::Display for QuantParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.storage_text(), self.params_text())
    }
}
