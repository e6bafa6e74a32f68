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
        let outside = self.outside(&taps, axes);
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

    fn by_weights<T: Float>(&self, input: &Tensor, axes: &[AxisResize], shape: Vec<usize>) -> Result<Vec<Tensor>> {
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
        let outside = self.outside(&taps, axes);
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
    fn outside(&self, taps: &[Option<Taps>], axes: &[AxisResize]) -> Vec<bool> {
        if !taps.iter().flatten().any(|taps| taps.outside.contains(&true)) {
            return Vec::new();
        }
        let mut outside = vec![false];
        for (axis, taps) in axes.iter().zip(taps) {
            let along = |i: usize| taps.as_ref().is_some_and(|taps| taps.outside[i]);
            outside = outside.iter().flat_map(|&before| (0..axis.output).map(move |i| before || along(i))).collect();
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
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval_all, floats};

    fn resize(op: Resize, input: Tensor, roi: Option<&[f32]>, scales: Option<&[f32]>, sizes: Option<&[i64]>) -> Result<Tensor> {
        let vector = |x: &[f32]| Tensor::vector(x.to_vec());
        let inputs = [Some(input), roi.map(vector), scales.map(vector), sizes.map(|x| Tensor::vector(x.to_vec()))];
        Ok(eval_all(op, inputs, 1)?.remove(0))
    }

    /// Mode, coordinates and scale, with the result of onnxruntime 1.32.
    #[allow(clippy::type_complexity, reason = "a table")]
    const CASES: &[((&str, &str, f32), &[f32])] = &[
        (("nearest", "half_pixel", 1.6), &[3.0, 3.0, -1.0, 4.0, 4.0, 1.0, -5.0, -5.0, 9.0, 9.0, 2.0, 6.0]),
        (("nearest", "half_pixel", 0.6), &[3.0, 4.0, -5.0, 9.0]),
        (("nearest", "half_pixel_symmetric", 1.6), &[3.0, -1.0, -1.0, 4.0, 1.0, 1.0, -5.0, -5.0, 9.0, 2.0, 2.0, 6.0]),
        (("nearest", "half_pixel_symmetric", 0.6), &[-1.0, 1.0, -5.0, 2.0]),
        (("nearest", "pytorch_half_pixel", 1.6), &[3.0, 3.0, -1.0, 4.0, 4.0, 1.0, -5.0, -5.0, 9.0, 9.0, 2.0, 6.0]),
        (("nearest", "pytorch_half_pixel", 0.6), &[3.0, 4.0, -5.0, 9.0]),
        (("nearest", "align_corners", 1.6), &[3.0, -1.0, -1.0, 4.0, 1.0, 1.0, -5.0, -5.0, 9.0, 2.0, 2.0, 6.0]),
        (("nearest", "align_corners", 0.6), &[3.0, 4.0, 9.0, 6.0]),
        (("nearest", "asymmetric", 1.6), &[3.0, -1.0, -1.0, 4.0, 4.0, 1.0, -5.0, -5.0, 9.0, 2.0, 2.0, 6.0]),
        (("nearest", "asymmetric", 0.6), &[3.0, 4.0, 1.0, 9.0]),
        (("linear", "half_pixel", 1.6), &[3.0, 1.25, -0.687_5, 2.437_5, 3.062_5, 1.187_5, -2.375, -2.375, 6.375, 5.937_5, 2.25, 4.75]),
        (("linear", "half_pixel", 0.6), &[1.666_667, 4.0, -2.999_999, 6.666_668]),
        (("linear", "half_pixel_symmetric", 1.6), &[2.75, 0.25, 0.562_5, 3.687_5, 2.312_5, -0.125, -3.875, 1.125, 8.562_5, 4.187_5, 3.25, 5.75]),
        (("linear", "half_pixel_symmetric", 0.6), &[-1.0, 2.0, -0.333_338, 2.0]),
        (("linear", "pytorch_half_pixel", 1.6), &[3.0, 1.25, -0.687_5, 2.437_5, 3.062_5, 1.187_5, -2.375, -2.375, 6.375, 5.937_5, 2.25, 4.75]),
        (("linear", "pytorch_half_pixel", 0.6), &[1.666_667, 4.0, -2.999_999, 6.666_668]),
        (("linear", "align_corners", 1.6), &[3.0, 0.454_545, 0.363_636, 3.545_455, 2.363_636, -0.090_909, -3.909_091, 1.363_637, 8.363_636, 3.909_092, 3.454_546, 6.0]),
        (("linear", "align_corners", 0.6), &[3.0, 3.0, 4.333_331, 6.0]),
        (("linear", "asymmetric", 1.6), &[3.0, 0.5, 0.25, 3.375, 2.5, 0.25, -3.5, 0.25, 9.0, 4.625, 3.0, 5.5]),
        (("linear", "asymmetric", 0.6), &[3.0, 2.333_333, -1.0, 9.0]),
        (("cubic", "half_pixel", 1.6), &[3.371_338, 0.877_014, -0.908_142, 2.669_128, 3.978_943, 1.409_973, -4.116_882, -3.115_295, 7.229_553, 7.121_826, 1.910_339, 4.478_088]),
        (("cubic", "half_pixel", 0.6), &[1.462_965, 4.0, -4.833_336, 8.129_631]),
        (("cubic", "half_pixel_symmetric", 1.6), &[2.787_537, -0.384_46, 0.169_739, 3.864_197, 3.316_101, -0.560_608, -5.381_775, 0.959_656, 9.218_018, 4.308_35, 2.393_982, 5.782_043]),
        (("cubic", "half_pixel_symmetric", 0.6), &[-1.0, 2.888_888, -0.870_376, 2.0]),
        (("cubic", "pytorch_half_pixel", 1.6), &[3.371_338, 0.877_014, -0.908_142, 2.669_128, 3.978_943, 1.409_973, -4.116_882, -3.115_295, 7.229_553, 7.121_826, 1.910_339, 4.478_088]),
        (("cubic", "pytorch_half_pixel", 0.6), &[1.462_965, 4.0, -4.833_336, 8.129_631]),
        (("cubic", "align_corners", 1.6), &[3.0, -0.160_783, -0.060_106, 3.776_485, 3.377_911, -0.506_764, -5.389_933, 1.267_843, 9.248_312, 3.886_559, 2.618_329, 6.0]),
        (("cubic", "align_corners", 0.6), &[3.0, 3.944_443, 5.037_034, 6.0]),
        (("cubic", "asymmetric", 1.6), &[3.0, -0.107_91, -0.183_594, 3.651_855, 3.531_25, 0.014_16, -5.222_656, -0.152_832, 9.0, 5.005_859, 2.167_969, 5.510_254]),
        (("cubic", "asymmetric", 0.6), &[3.0, 2.537_036, -1.999_996, 9.0]),
    ];

    #[test]
    fn all_modes_as_in_onnxruntime() {
        let x = floats([1, 1, 8], &[3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0, 6.0]);
        for ((mode, coordinates, scale), expected) in CASES {
            let op = Resize {
                mode: ResizeMode::from_name(mode).unwrap(),
                coordinate_transformation_mode: CoordinateTransformationMode::from_name(coordinates).unwrap(),
                ..Resize::default()
            };
            let scales = [1.0, 1.0, *scale];
            assert_close(&resize(op.clone(), x.clone(), None, Some(&scales), None).unwrap(), expected);
            let doubles = Tensor::from_vec(vec![1, 1, 8], x.to_f64_vec().unwrap()).unwrap();
            let y = resize(op, doubles, None, Some(&scales), None).unwrap();
            assert_close(&Tensor::vector(y.to_f32_vec().unwrap()), expected);
        }
    }

    #[test]
    fn nearest_modes_for_any_type() {
        let x = Tensor::from_vec(vec![1, 1, 8], vec![3i8, -1, 4, 1, -5, 9, 2, 6]).unwrap();
        for (mode, expected) in [
            (NearestMode::RoundPreferFloor, [3i8, 4, -5, 2]),
            (NearestMode::RoundPreferCeil, [-1, 1, 9, 6]),
            (NearestMode::Floor, [3, 4, -5, 2]),
            (NearestMode::Ceil, [-1, 1, 9, 6]),
        ] {
            let op = Resize { nearest_mode: mode, ..Resize::default() };
            let y = resize(op, x.clone(), None, Some(&[1.0, 1.0, 0.5]), None).unwrap();
            assert_eq!(y.as_slice::<i8>().unwrap(), expected);
        }
        let bools = Tensor::from_vec(vec![2], vec![true, false]).unwrap();
        let y = resize(Resize::default(), bools, None, None, Some(&[4])).unwrap();
        assert_eq!(y, Tensor::vector(vec![true, true, false, false]));
    }

    #[test]
    fn two_axes() {
        let linear = Resize { mode: ResizeMode::Linear, ..Resize::default() };
        let cubic = Resize { mode: ResizeMode::Cubic, ..Resize::default() };
        let x = || counting([1, 1, 4, 4]);
        let expected = [
            0.666_667, 1.166_667, 1.833_333, 2.5, 3.166_667, 3.666_667, 6.0, 6.5, 7.166_667, 7.833_333, 8.5, 9.0,
            11.333_333, 11.833_333, 12.5, 13.166_666, 13.833_334, 14.333_334,
        ];
        assert_close(&resize(linear.clone(), x(), None, None, Some(&[1, 1, 3, 6])).unwrap(), &expected);
        let op = Resize { antialias: true, ..linear };
        assert_close(&resize(op, x(), None, Some(&[1.0, 1.0, 0.6, 0.6]), None).unwrap(), &[1.875, 3.5, 8.375, 10.0]);
        let op = Resize { antialias: true, ..cubic.clone() };
        let expected = [1.518_070, 3.285_886, 8.589_333, 10.357_148];
        assert_close(&resize(op, x(), None, Some(&[1.0, 1.0, 0.6, 0.6]), None).unwrap(), &expected);
        let op = Resize { exclude_outside: true, cubic_coeff_a: -0.5, ..cubic };
        let expected = [
            0.368_127, 1.669_501, 3.013_337, 5.573_625, 6.875, 8.218_836, 10.948_965, 12.250_341, 13.594_177,
        ];
        assert_close(&resize(op, x(), None, Some(&[1.0, 1.0, 0.8, 0.8]), None).unwrap(), &expected);
    }

    #[test]
    fn regions_of_interest() {
        let op = Resize {
            mode: ResizeMode::Linear,
            coordinate_transformation_mode: CoordinateTransformationMode::TfCropAndResize,
            extrapolation_value: 10.0,
            ..Resize::default()
        };
        let roi = [0.0, 0.0, 0.4, 0.6, 1.0, 1.0, 0.6, 1.7];
        let y = resize(op, counting([1, 1, 4, 4]), Some(&roi), None, Some(&[1, 1, 3, 3])).unwrap();
        assert_close(&y, &[6.6, 10.0, 10.0, 7.8, 10.0, 10.0, 9.0, 10.0, 10.0]);
    }

    #[test]
    fn policies() {
        for (policy, axes, expected) in [
            (KeepAspectRatioPolicy::NotLarger, vec![2, 3], [1, 1, 7, 7]),
            (KeepAspectRatioPolicy::NotSmaller, vec![-1, -2], [1, 1, 8, 8]),
            (KeepAspectRatioPolicy::Stretch, vec![3, 2], [1, 1, 8, 7]),
        ] {
            let op = Resize { keep_aspect_ratio_policy: policy, axes: Some(axes), ..Resize::default() };
            let y = resize(op, counting([1, 1, 4, 4]), None, None, Some(&[7, 8])).unwrap();
            assert_eq!(y.shape(), expected);
        }
    }

    #[test]
    fn bad_input_is_an_error() {
        let bad = |op: Resize, scales: Option<&[f32]>, sizes: Option<&[i64]>| {
            resize(op, counting([2, 2]), None, scales, sizes).unwrap_err()
        };
        bad(Resize::default(), None, None);
        bad(Resize::default(), Some(&[1.0, 1.0]), Some(&[2, 2]));
        bad(Resize::default(), Some(&[1.0]), None);
        bad(Resize::default(), Some(&[0.0, 1.0]), None);
        bad(Resize::default(), Some(&[f32::NAN, 1e30]), None);
        bad(Resize::default(), None, Some(&[-1, 2]));
        bad(Resize::default(), None, Some(&[1 << 30, 1 << 30, 1]));
        bad(Resize { axes: Some(vec![5]), ..Resize::default() }, None, Some(&[2]));
        let mode = CoordinateTransformationMode::TfCropAndResize;
        bad(Resize { coordinate_transformation_mode: mode, ..Resize::default() }, None, Some(&[2, 2]));
        let op = Resize { mode: ResizeMode::Linear, antialias: true, ..Resize::default() };
        bad(op, Some(&[1e-30, 1.0]), None);
        let linear = Resize { mode: ResizeMode::Linear, ..Resize::default() };
        assert!(resize(linear, Tensor::vector(vec![1i32]), None, None, Some(&[2])).is_err());
        assert!(resize(Resize::default(), counting([0]), None, None, Some(&[2])).is_err());
    }
}
