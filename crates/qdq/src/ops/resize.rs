//! Resampling to another size.

use super::elementwise::{infer_same, require_float};
use super::infer::resolve_axis;
use super::numeric::{Float, Number, by_float, by_number, filled, narrow};
use super::resample::{AxisResize, Taps, gather, interpolate};
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, attr_enum, op};
use crate::error::{Error, Result};
use crate::tensor::{DType, Data, Dim, Tensor, TensorType};

attr_enum! {
    /// How [`Resize`] makes an output element.
    pub enum ResizeMode {
        /// The nearest element.
        Nearest = "nearest",
        /// Linear in each axis, between two elements.
        Linear = "linear",
        /// Cubic in each axis, between four elements.
        Cubic = "cubic",
    }
}
attr_enum! {
    /// Where in the input an output element lies; formulas in ONNX `Resize`.
    pub enum CoordinateTransformationMode {
        /// Centres of pixels: `(x + 0.5) / scale - 0.5`.
        HalfPixel = "half_pixel",
        /// As `half_pixel`, with the image centred where the output size is rounded.
        HalfPixelSymmetric = "half_pixel_symmetric",
        /// As `half_pixel`; 0 for an output of size 1.
        PytorchHalfPixel = "pytorch_half_pixel",
        /// First and last elements coincide.
        AlignCorners = "align_corners",
        /// `x / scale`
        Asymmetric = "asymmetric",
        /// Inside the region of interest.
        TfCropAndResize = "tf_crop_and_resize",
    }
}
attr_enum! {
    /// Which element is nearest.
    pub enum NearestMode {
        /// Halves down.
        RoundPreferFloor = "round_prefer_floor",
        /// Halves up.
        RoundPreferCeil = "round_prefer_ceil",
        /// The one before.
        Floor = "floor",
        /// The one after.
        Ceil = "ceil",
    }
}
attr_enum! {
    /// What the input `sizes` means.
    pub enum KeepAspectRatioPolicy {
        /// The output sizes.
        Stretch = "stretch",
        /// Upper bounds; the ratio is kept.
        NotLarger = "not_larger",
        /// Lower bounds; the ratio is kept.
        NotSmaller = "not_smaller",
    }
}
op! {
    /// Resampling; inputs: x, optional region of interest, and either scales or sizes.
    pub struct Resize {
        /// How an element is made.
        pub mode: ResizeMode = ResizeMode::Nearest,
        /// Where in the input an output element lies.
        pub coordinate_transformation_mode: CoordinateTransformationMode = CoordinateTransformationMode::HalfPixel,
        /// Which element is nearest.
        pub nearest_mode: NearestMode = NearestMode::RoundPreferFloor,
        /// Axes that roi, scales and sizes speak of; `none`: all.
        pub axes: Option<Vec<i64>> = None,
        /// Filter before downsampling (linear and cubic).
        pub antialias: bool = false,
        /// Coefficient a of the cubic.
        pub cubic_coeff_a: f32 = -0.75,
        /// Weights outside of the input are 0, the others scaled up.
        pub exclude_outside: bool = false,
        /// Value outside of the input (`tf_crop_and_resize`).
        pub extrapolation_value: f32 = 0.0,
        /// What sizes means.
        pub keep_aspect_ratio_policy: KeepAspectRatioPolicy = KeepAspectRatioPolicy::Stretch,
    }
}

impl OpDef for Resize {
    fn arity(&self) -> Arity {
        Arity::range(1, 4)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        if self.mode != ResizeMode::Nearest {
            require_float(inputs, 0)?;
        }
        let Some(shape) = inputs.shape(0) else { return infer_same(inputs) };
        let axes = self.resized_axes(shape.len())?;
        let mut output = shape.to_vec();
        for &axis in &axes {
            output[axis] = Dim::Any;
        }
        if let (Some(sizes), KeepAspectRatioPolicy::Stretch) = (inputs.dims(3), self.keep_aspect_ratio_policy)
            && sizes.len() == axes.len()
        {
            axes.iter().zip(sizes).for_each(|(&axis, size)| output[axis] = size);
        }
        let known = |axis: usize| shape[axis].known();
        if let Some(scales) = inputs.constant(2).and_then(|scales| scales.to_f32_vec().ok())
            && scales.len() == axes.len()
        {
            for (&axis, scale) in axes.iter().zip(scales) {
                output[axis] = match known(axis) {
                    Some(size) => Dim::Known(scaled_size(size, scale)?),
                    None if scale == 1.0 => shape[axis].clone(),
                    None => Dim::Any,
                };
            }
        }
        let sizes = inputs.ints(3).filter(|sizes| !sizes.is_empty());
        if let (Some(sizes), Some(dims)) = (sizes, shape.iter().map(Dim::known).collect::<Option<Vec<_>>>()) {
            let resized = self.by_sizes(&dims, &axes, &sizes)?;
            output = resized.iter().map(|axis| Dim::Known(axis.output)).collect();
        }
        Ok(vec![TensorType::new(inputs.dtype(0), Some(output))])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let axes = self.axes(&inputs)?;
        let shape: Vec<usize> = axes.iter().map(|axis| axis.output).collect();
        filled(&shape, ())?; // sizes from data: their product must not overflow
        if axes.iter().any(|axis| axis.input == 0 && axis.output > 0) {
            return Err(Error::data("an empty tensor cannot be resized to one with elements"));
        }
        if self.mode == ResizeMode::Nearest {
            return Ok(vec![self.by_nearest(inputs.get(0)?, &axes, shape)?]);
        }
        by_float(
            inputs,
            |inputs| self.by_weights::<f32>(inputs.get(0)?, &axes, shape.clone()),
            |inputs| self.by_weights::<f64>(inputs.get(0)?, &axes, shape.clone()),
        )
    }

    fn quant_rule(&self) -> QuantRule {
        match self.mode {
            ResizeMode::Nearest => QuantRule::SameAsInput(0),
            ResizeMode::Linear | ResizeMode::Cubic => QuantRule::COMPUTE,
        }
    }
}

/// `floor(size * scale)`, in f32 as in onnxruntime.
fn scaled_size(size: usize, scale: f32) -> Result<usize> {
    let scaled = (size as f32 * scale).floor();
    if !(scale > 0.0 && scaled < 2f32.powi(31)) {
        return Err(Error::data(format!("the scale {scale} of {size} elements")));
    }
    Ok(scaled as usize)
}

impl Resize {
    /// The axes that roi, scales and sizes speak of.
    fn resized_axes(&self, rank: usize) -> Result<Vec<usize>> {
        match &self.axes {
            None => Ok((0..rank).collect()),
            Some(axes) => axes.iter().map(|&axis| resolve_axis(axis, rank)).collect(),
        }
    }

    /// How each axis is resized.
    fn axes(&self, inputs: &Args) -> Result<Vec<AxisResize>> {
        let shape = inputs.get(0)?.shape();
        let axes = self.resized_axes(shape.len())?;
        let scales = inputs.optional(2).filter(|scales| !scales.is_empty());
        let sizes = inputs.optional(3).filter(|sizes| !sizes.is_empty());
        let mut resized = match (scales, sizes) {
            (Some(scales), None) => by_scales(shape, &axes, &scales.to_f32_vec()?)?,
            (None, Some(sizes)) => self.by_sizes(shape, &axes, &sizes.to_i64_vec()?)?,
            _ => return Err(Error::data("either scales or sizes must be given")),
        };
        if self.coordinate_transformation_mode == CoordinateTransformationMode::TfCropAndResize {
            let roi = inputs.get(1)?.to_f32_vec()?;
            if roi.len() != 2 * axes.len() || roi.iter().any(|edge| !edge.is_finite()) {
                return Err(Error::data(format!("a region of interest {roi:?} for {} axes", axes.len())));
            }
            for (i, &axis) in axes.iter().enumerate() {
                resized[axis].roi = (roi[i], roi[i + axes.len()]);
            }
        }
        let widest = |axis: &AxisResize| self.support(axis.scale) > 1e6;
        if self.antialias && self.mode != ResizeMode::Nearest && resized.iter().any(widest) {
            return Err(Error::data("a scale too small for antialiasing"));
        }
        Ok(resized)
    }

    fn by_sizes(&self, shape: &[usize], axes: &[usize], sizes: &[i64]) -> Result<Vec<AxisResize>> {
        if sizes.len() != axes.len() || sizes.iter().any(|&size| !(0..1 << 31).contains(&size)) {
            return Err(Error::data(format!("sizes {sizes:?} for {} axes", axes.len())));
        }
        let ratios = axes.iter().zip(sizes).map(|(&axis, &size)| size as f32 / shape[axis] as f32);
        let common = match self.keep_aspect_ratio_policy {
            KeepAspectRatioPolicy::Stretch => None,
            KeepAspectRatioPolicy::NotLarger => ratios.reduce(f32::min),
            KeepAspectRatioPolicy::NotSmaller => ratios.reduce(f32::max),
        };
        let mut resized = unchanged(shape);
        for (&axis, &size) in axes.iter().zip(sizes) {
            let input = shape[axis];
            match common {
                None => {
                    resized[axis].output = size as usize;
                    resized[axis].scale = size as f32 / input as f32;
                }
                Some(scale) => {
                    resized[axis].output = scaled_size(1, scale * input as f32 + 0.5)?;
                    resized[axis].scale = scale;
                }
            }
        }
        Ok(resized)
    }

    fn by_nearest(&self, input: &Tensor, axes: &[AxisResize], shape: Vec<usize>) -> Result<Tensor> {
        let taps = self.all_taps(axes);
        let outside = Self::outside(&taps, axes);
        if let Data::Bool(elements) = input.data() {
            if outside.contains(&true) {
                return Err(Error::unsupported("a region of interest outside of a tensor of bool"));
            }
            return Tensor::from_vec(shape, gather_all(elements, axes, &taps)?);
        }
        if matches!(input.dtype(), DType::F16 | DType::Bf16) {
            let floats = Tensor::from_vec(input.shape().to_vec(), input.to_f32_vec()?)?;
            return narrow(self.by_nearest(&floats, axes, shape)?, input.dtype());
        }
        by_number!(input.dtype(), T => {
            let mut elements = gather_all(input.as_slice::<T>()?, axes, &taps)?;
            let fill = T::from_f64(self.extrapolation_value.into());
            elements.iter_mut().zip(&outside).filter(|(_, outside)| **outside).for_each(|(x, _)| *x = fill);
            Tensor::from_vec(shape, elements)
        })
    }

    fn by_weights<T: Float>(
        &self,
        input: &Tensor,
        axes: &[AxisResize],
        shape: Vec<usize>,
    ) -> Result<Vec<Tensor>> {
        let taps = self.all_taps(axes);
        let mut elements = input.as_slice::<T>()?.to_vec();
        let mut inner = 1;
        for (axis, taps) in axes.iter().zip(&taps).rev() {
            if let Some(taps) = taps {
                elements = interpolate(&elements, axis.input, inner, taps)?;
            }
            inner *= axis.output;
        }
        let fill = T::from_f64(self.extrapolation_value.into());
        let outside = Self::outside(&taps, axes);
        elements.iter_mut().zip(&outside).filter(|(_, outside)| **outside).for_each(|(x, _)| *x = fill);
        Ok(vec![Tensor::from_vec(shape, elements)?])
    }

    /// Taps of each axis that changes; the sizes have been checked.
    fn all_taps(&self, axes: &[AxisResize]) -> Vec<Option<Taps>> {
        let mode = self.coordinate_transformation_mode;
        let changes = |axis: &AxisResize| !axis.is_identity(mode) && axis.input > 0;
        axes.iter().map(|axis| changes(axis).then(|| axis.taps(self))).collect()
    }

    /// For each element of the output, whether it lies outside of the input; empty if none can.
    fn outside(taps: &[Option<Taps>], axes: &[AxisResize]) -> Vec<bool> {
        if !taps.iter().flatten().any(|taps| taps.outside.contains(&true)) {
            return Vec::new();
        }
        let mut outside = vec![false];
        for (axis, taps) in axes.iter().zip(taps) {
            let along = |i: usize| taps.as_ref().is_some_and(|taps| taps.outside[i]);
            outside = outside
                .iter()
                .flat_map(|&before| (0..axis.output).map(move |i| before || along(i)))
                .collect();
        }
        outside
    }
}

fn unchanged(shape: &[usize]) -> Vec<AxisResize> {
    shape.iter().map(|&size| AxisResize { input: size, output: size, scale: 1.0, roi: (0.0, 1.0) }).collect()
}

fn by_scales(shape: &[usize], axes: &[usize], scales: &[f32]) -> Result<Vec<AxisResize>> {
    if scales.len() != axes.len() {
        return Err(Error::data(format!("{} scales for {} axes", scales.len(), axes.len())));
    }
    let mut resized = unchanged(shape);
    for (&axis, &scale) in axes.iter().zip(scales) {
        resized[axis].output = scaled_size(shape[axis], scale)?;
        resized[axis].scale = scale;
    }
    Ok(resized)
}

fn gather_all<T: Clone + Default>(
    elements: &[T],
    axes: &[AxisResize],
    taps: &[Option<Taps>],
) -> Result<Vec<T>> {
    let mut elements = elements.to_vec();
    let mut inner = 1;
    for (axis, taps) in axes.iter().zip(taps).rev() {
        if let Some(taps) = taps {
            elements = gather(&elements, axis.input, inner, &taps.indices)?;
        }
        inner *= axis.output;
    }
    Ok(elements)
}

#[cfg(test)]
mod tests;
