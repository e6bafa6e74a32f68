//! Ranges and weights to parameters, by the formula of the target.

use super::observers::{self, Levels, Range, Statistic, torch as torch_observers};
use super::scheme::{QParams, ZeroPoint, torch};
use crate::error::{Error, Result};
use crate::spec::{Method, ObserverKind, QuantizationSpec};
use crate::targets::Formula;
use crate::tensor::{DType, Data, Granularity, QuantParams, Tensor};

/// A scale below this is not a normal f32; the range is taken for a constant 0.
const MIN_SCALE: f64 = f32::MIN_POSITIVE as f64;

/// Parameters of activations with values in `range`.
///
/// # Errors
/// A specification of channels, or one that the formula has nothing for.
pub fn activation_params(range: Range, spec: &QuantizationSpec, formula: Formula) -> Result<QuantParams> {
    let params = params_of_range((range.min, range.max), spec, formula)?;
    given_params(params, spec, formula)
}

/// Parameters of activations with this scale and zero point.
///
/// # Errors
/// A zero point outside of the range, a scale that is not positive and finite.
pub fn given_params(
    (scale, zero_point): (f32, i32),
    spec: &QuantizationSpec,
    formula: Formula,
) -> Result<QuantParams> {
    let mut params = QuantParams::per_tensor(spec.storage, scale, zero_point);
    if formula == Formula::Torch {
        (params.quant_min, params.quant_max) = spec.quant_range()?;
    }
    params.check()?;
    Ok(params)
}

/// Parameters of activations as an observer of torch found them.
///
/// # Errors
/// Real zero points; a power of two where the observer's range is not known.
pub(super) fn observed_params(
    found: &QParams,
    spec: &QuantizationSpec,
    formula: Formula,
) -> Result<QuantParams> {
    let (ZeroPoint::Integer(zero_point), [scale]) = (&found.zero_point, found.scale.as_slice()) else {
        return Err(Error::unsupported("parameters of channels for an activation")
            .help("use a per-tensor granularity and observer"));
    };
    if spec.power_of_two && !spec.scheme.is_symmetric() {
        return Err(Error::unsupported(
            "an affine range with a scale that is a power of two, by an observer of torch",
        )
        .help("use a symmetric range, or an observer of the default statistic, as minmax"));
    }
    let scale = if spec.power_of_two { power_of_two(*scale) } else { *scale };
    given_params((scale, zero_point[0]), spec, formula)
}

/// Parameters of constant weights.
///
/// A channel of zeros has scale 1, by torch's formula its smallest one.
///
/// # Errors
/// A weight that is not finite; an axis that the weights do not have; an observer that finds no range.
pub fn weight_params(weights: &Tensor, spec: &QuantizationSpec, formula: Formula) -> Result<QuantParams> {
    let mut params = layout(weights.shape(), spec)?;
    if let ObserverKind::FixedQParams { scale, zero_point } = spec.observer {
        (params.scale, params.zero_point) = (vec![scale].into(), vec![zero_point].into());
        params.check_shape(weights.shape())?;
        return Ok(params);
    }
    let ranges = group_ranges(weights, &params, spec)?;
    let groups = params.scale.make_mut().iter_mut().zip(params.zero_point.make_mut());
    for ((scale, zero_point), range) in groups.zip(ranges) {
        (*scale, *zero_point) = params_of_range(range, spec, formula)?;
    }
    params.check_shape(weights.shape())?;
    Ok(params)
}

/// The integers of weights, rounded as the formula's runtime does.
///
/// # Errors
/// Weights that are not f32; a storage type without integers.
pub fn weight_integers(weights: &Tensor, params: &QuantParams, formula: Formula) -> Result<Tensor> {
    let range = (params.quant_min, params.quant_max);
    let integer = |real: f32, scale: f32, zero_point: i32| match formula {
        Formula::Onnxruntime => {
            let steps = f64::from((real / scale).round_ties_even()) + f64::from(zero_point);
            steps.clamp(range.0.into(), range.1.into()) as i32
        }
        Formula::Torch => torch::quantize(real, 1.0 / scale, zero_point, range),
        Formula::Tflite => {
            let steps = f64::from((real * (1.0 / scale)).round()) + f64::from(zero_point);
            steps.clamp(range.0.into(), range.1.into()) as i32
        }
    };
    let dims = weights.shape();
    let integers = weights.as_slice::<f32>()?.iter().enumerate().map(|(index, &real)| {
        let group = params.group(index, dims);
        integer(real, params.scale[group], params.zero_point[group])
    });
    integer_tensor(dims, params.storage, integers)
}

/// Integers, each within the range of `storage`, as a tensor.
///
/// # Errors
/// A storage type without integers.
pub(super) fn integer_tensor(
    dims: &[usize],
    storage: DType,
    integers: impl Iterator<Item = i32>,
) -> Result<Tensor> {
    let data = match storage {
        DType::I8 => Data::I8(integers.map(|integer| integer as i8).collect::<Vec<_>>().into()),
        DType::U8 => Data::U8(integers.map(|integer| integer as u8).collect::<Vec<_>>().into()),
        DType::I16 => Data::I16(integers.map(|integer| integer as i16).collect::<Vec<_>>().into()),
        DType::U16 => Data::U16(integers.map(|integer| integer as u16).collect::<Vec<_>>().into()),
        DType::I4 => Data::I4(integers.map(|integer| integer as i8).collect::<Vec<_>>().into()),
        DType::U4 => Data::U4(integers.map(|integer| integer as u8).collect::<Vec<_>>().into()),
        other => return Err(Error::unsupported(format!("{other} as storage of weights"))),
    };
    Tensor::new(dims.to_vec(), data)
}

/// Parameters with the granularity of `spec` for a tensor of these dimensions, all 1 and 0.
fn layout(dims: &[usize], spec: &QuantizationSpec) -> Result<QuantParams> {
    let (quant_min, quant_max) = spec.quant_range()?;
    let along = || {
        dims.get(spec.axis).copied().ok_or_else(|| {
            Error::usage(format!("axis {} of a tensor of rank {}", spec.axis, dims.len()))
                .attribute("weight.axis")
        })
    };
    let (granularity, n_groups) = match (spec.scheme.is_per_channel(), spec.block) {
        (false, _) => (Granularity::PerTensor, 1),
        (true, None) => (Granularity::PerAxis(spec.axis), along()?),
        (true, Some(size)) => {
            let others: usize =
                dims.iter().enumerate().filter(|(axis, _)| *axis != spec.axis).map(|(_, dim)| dim).product();
            (Granularity::PerBlock { axis: spec.axis, size }, others * along()?.div_ceil(size))
        }
    };
    let (scale, zero_point) = (vec![1.0; n_groups].into(), vec![0; n_groups].into());
    Ok(QuantParams { storage: spec.storage, quant_min, quant_max, scale, zero_point, granularity })
}

/// The range of each group of weights.
fn group_ranges(weights: &Tensor, params: &QuantParams, spec: &QuantizationSpec) -> Result<Vec<(f32, f32)>> {
    let (elements, dims) = (weights.as_slice::<f32>()?, weights.shape());
    if let Some((index, weight)) = elements.iter().enumerate().find(|(_, weight)| !weight.is_finite()) {
        return Err(Error::data(format!("element {index} is {weight}"))
            .help("a model with NaN or infinite weights cannot be quantized; look for the error in its training or export"));
    }
    let n_groups = params.scale.len();
    match spec.observer {
        // A moving average of one batch is that batch's extremes.
        ObserverKind::Statistic(Method::MinMax)
        | ObserverKind::MinMax
        | ObserverKind::PerChannelMinMax
        | ObserverKind::MovingAverageMinMax { .. }
        | ObserverKind::MovingAveragePerChannelMinMax { .. } => {
            let mut ranges = vec![(f32::INFINITY, f32::NEG_INFINITY); n_groups];
            for (index, &weight) in elements.iter().enumerate() {
                let range = &mut ranges[params.group(index, dims)];
                *range = (range.0.min(weight), range.1.max(weight));
            }
            Ok(ranges)
        }
        ObserverKind::Statistic(method) => {
            let mut groups = vec![Vec::new(); n_groups];
            for (index, &weight) in elements.iter().enumerate() {
                groups[params.group(index, dims)].push(weight);
            }
            let symmetric = spec.scheme.is_symmetric();
            let levels = Levels { quant_min: params.quant_min, quant_max: params.quant_max, symmetric };
            method.check(levels)?;
            let range = |group: &Vec<f32>| {
                let mut statistic = Statistic::new();
                statistic.observe(group);
                observers::range(&statistic, method, levels)
                    .map_or((0.0, 0.0), |range| (range.min, range.max))
            };
            Ok(groups.iter().map(range).collect())
        }
        observer => Err(Error::usage(format!("the observer `{observer}` for weights"))
            .attribute("weight.observer")
            .help("use minmax, percentile:P, entropy, mse, l2 or torch-per-channel")),
    }
}

/// Scale and zero point for values of a range, which is widened to hold 0.
fn params_of_range((min, max): (f32, f32), spec: &QuantizationSpec, formula: Formula) -> Result<(f32, i32)> {
    let (quant_min, quant_max) = spec.quant_range()?;
    let (low, high) = (min.min(0.0), max.max(0.0));
    let (scale, zero_point) = match formula {
        Formula::Onnxruntime => {
            onnxruntime_params((low, high), (quant_min, quant_max), spec.scheme.is_symmetric())
        }
        Formula::Tflite => tflite_params((low, high), (quant_min, quant_max), spec.scheme.is_symmetric()),
        Formula::Torch => {
            let found = torch::calculate_qparams(&[min], &[max], spec)?;
            let ZeroPoint::Integer(zero_point) = &found.zero_point else {
                return Err(Error::unsupported(
                    "zero points that are real numbers, as parameters of integers",
                ));
            };
            (found.scale[0], zero_point[0])
        }
    };
    if !spec.power_of_two {
        return Ok((scale, zero_point));
    }
    let scale = power_of_two(scale);
    if spec.scheme.is_symmetric() {
        return Ok((scale, zero_point));
    }
    let zero_point = (f64::from(quant_min) - f64::from(low) / f64::from(scale)).round_ties_even();
    Ok((scale, (zero_point as i32).clamp(quant_min, quant_max)))
}

/// The least power of two that is not below the scale.
fn power_of_two(scale: f32) -> f32 {
    f64::from(scale).log2().ceil().clamp(-126.0, 127.0).exp2() as f32
}

/// `compute_scale_zp` of onnxruntime.quantization 1.32: f64, stored as f32.
fn onnxruntime_params(
    (min, max): (f32, f32),
    (quant_min, quant_max): (i32, i32),
    symmetric: bool,
) -> (f32, i32) {
    let steps = f64::from(quant_max) - f64::from(quant_min);
    if symmetric {
        let scale = 2.0 * f64::from(max.max(-min)) / steps;
        let middle = f64::midpoint(quant_min.into(), quant_max.into()).round_ties_even();
        return (if scale >= MIN_SCALE { scale as f32 } else { 1.0 }, middle as i32);
    }
    let scale = (f64::from(max) - f64::from(min)) / steps;
    if !(scale >= MIN_SCALE && scale.is_finite()) {
        return (1.0, 0.clamp(quant_min, quant_max));
    }
    let zero_point = (f64::from(quant_min) - f64::from(min) / scale).round_ties_even();
    (scale as f32, (zero_point as i32).clamp(quant_min, quant_max))
}

/// The `TFLite` converter's: f32; the zero point rounded half away from zero; symmetric scales are `max|x| / quant_max`.
///
/// Source: `GetAsymmetricQuantizationParams` and `SymmetricQuantizeTensor` of `LiteRT`'s quantization utilities.
fn tflite_params((min, max): (f32, f32), (quant_min, quant_max): (i32, i32), symmetric: bool) -> (f32, i32) {
    let scale = if symmetric {
        max.max(-min) / quant_max as f32
    } else {
        (max - min) / (quant_max - quant_min) as f32
    };
    let is_usable = f64::from(scale) >= MIN_SCALE && scale.is_finite();
    if symmetric || !is_usable {
        return (if is_usable { scale } else { 1.0 }, if symmetric { 0 } else { quant_min.max(0) });
    }
    let zero_point = (quant_min as f32 - min / scale).round();
    (scale, (zero_point as i32).clamp(quant_min, quant_max))
}

/// The observer of torch that a specification asks for.
///
/// # Errors
/// A specification that torch's observer refuses.
pub(super) fn torch_observer(spec: &QuantizationSpec) -> Result<Box<dyn torch_observers::Observer>> {
    torch_observers::observer(spec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{affine_params, symmetric_params};
    use crate::targets::Target;

    fn range(min: f32, max: f32) -> Range {
        Range { min, max }
    }

    #[test]
    fn onnxruntimes_formula_is_that_of_scheme() {
        let target = Target::find("onnxruntime").unwrap();
        for (min, max) in [(-1.0, 2.0), (0.5, 3.0), (-3.0, -1.0), (0.0, 0.0), (-1e-3, 1e30), (1e-42, 2e-42)] {
            let params = activation_params(range(min, max), &target.activation, target.formula).unwrap();
            assert_eq!(params, affine_params(range(min, max), DType::U8));
        }
        let weights = Tensor::from_vec(vec![2, 3], vec![1.0f32, -2.0, 0.3, 0.0, 0.0, 0.0]).unwrap();
        let params = weight_params(&weights, &target.weight, target.formula).unwrap();
        assert_eq!(params, symmetric_params(&weights, Some(0), DType::I8, (-127, 127)).unwrap());
    }

    #[test]
    fn each_target_keeps_to_its_convention() {
        let params = |name: &str| {
            let target = Target::find(name).unwrap();
            let params = activation_params(range(-0.5, 1.27), &target.activation, target.formula).unwrap();
            (params.scale[0], params.zero_point[0], params.quant_min, params.quant_max)
        };
        assert_eq!(params("tensorrt"), (0.01, 0, -128, 127));
        // torch divides the range by the 127 steps that reduce_range leaves.
        assert_eq!(params("torch-fbgemm"), (1.77f32 / 127.0, 36, 0, 127));
        assert_eq!(params("tflite"), (1.77f32 / 255.0, -56, -128, 127));
    }

    #[test]
    fn powers_of_two_are_rounded_up() {
        let spec = QuantizationSpec { power_of_two: true, ..Target::find("tflite").unwrap().activation };
        let params = activation_params(range(-1.0, 1.0), &spec, Formula::Tflite).unwrap();
        assert_eq!((params.scale[0], params.zero_point[0]), (1.0 / 64.0, -64));
    }

    #[test]
    fn blocks_have_scales_of_their_own() {
        let base = Target::find("onnxruntime").unwrap().weight;
        let spec = QuantizationSpec { block: Some(2), axis: 0, ..base };
        let weights = Tensor::from_vec(vec![4, 1], vec![1.0f32, -127.0, 2.0, 254.0]).unwrap();
        let params = weight_params(&weights, &spec, Formula::Onnxruntime).unwrap();
        assert_eq!(params.scale[..], [1.0, 2.0]);
        assert_eq!(
            weight_integers(&weights, &params, Formula::Onnxruntime).unwrap().to_i64_vec().unwrap(),
            [1, -127, 1, 127]
        );
    }
}
