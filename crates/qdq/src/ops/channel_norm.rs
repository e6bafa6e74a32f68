//! Normalization of channels (axis 1).

use super::elementwise::{infer_same, require_float};
use super::norm::{normalize, scale_and_shift};
use super::numeric::{Float, by_float, filled, narrow, sum_of, widen_halves};
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::kernels::norm::{batch_norm, group_norm};
use crate::tensor::{DType, Dim, Tensor, TensorType};

op! {
    /// `(x - mean) / sqrt(variance + epsilon) * scale + bias` for each channel (axis 1);
    /// inputs: x, scale, bias, mean, variance.
    pub struct BatchNormalization {
        /// Added to the variance.
        pub epsilon: f32 = 1e-5,
        /// Share of the old running statistics in new ones, in training.
        pub momentum: f32 = 0.9,
        /// Normalize by the batch's own statistics, and give new running ones as outputs 1 and 2.
        pub training_mode: bool = false,
    }
}

impl OpDef for BatchNormalization {
    fn arity(&self) -> Arity {
        Arity::fixed(5).outputs(1, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        check_channels(inputs, 4)?;
        let mut types = infer_same(inputs)?;
        if !types.is_empty() {
            let channels = inputs.shape(0).and_then(|shape| shape.get(1).cloned()).unwrap_or(Dim::Any);
            let running = TensorType::new(inputs.dtype(3), Some(vec![channels]));
            types.extend([running.clone(), running]);
        }
        Ok(types)
    }

    fn eval(&self, context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        if !self.training_mode && context.n_outputs > 1 {
            let message = "outputs 1 and 2 exist in training only";
            return Err(Error::graph(message).attribute("training_mode"));
        }
        let (dtype, running) = (inputs.get(0)?.dtype(), inputs.get(3)?.dtype());
        if self.training_mode {
            let mut outputs = match dtype {
                DType::F64 => self.train::<f64>(&inputs)?,
                _ => self.train::<f32>(&widen_halves(inputs)?)?,
            };
            outputs[0] = narrow(outputs[0].clone(), dtype)?;
            for output in &mut outputs[1..] {
                *output = narrow(output.clone(), running)?;
            }
            outputs.truncate(context.n_outputs.max(1));
            return Ok(outputs);
        }
        by_float(inputs, |inputs| self.in_f32(&inputs), |inputs| self.infer_f64(&inputs))
    }
}

impl BatchNormalization {
    fn in_f32(&self, inputs: &Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let planes = Planes::new(input.shape())?;
        let [scale, bias, mean, variance] = channel_numbers(inputs, &planes)?
            .map(|numbers| numbers.into_iter().map(|x| x as f32).collect::<Vec<_>>());
        let elements = input.as_slice::<f32>()?;
        let mut output = filled(input.shape(), 0.0)?;
        if !output.is_empty() {
            batch_norm(elements, planes.inner, &scale, &bias, &mean, &variance, self.epsilon, &mut output);
        }
        Ok(vec![Tensor::from_vec(input.shape().to_vec(), output)?])
    }

    fn infer_f64(&self, inputs: &Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let planes = Planes::new(input.shape())?;
        let [scale, bias, mean, variance] = channel_numbers(inputs, &planes)?;
        let mut output = input.as_slice::<f64>()?.to_vec();
        for (plane_idx, plane) in output.chunks_mut(planes.inner.max(1)).enumerate() {
            let c = plane_idx % planes.channels;
            let factor = scale[c] / (variance[c] + f64::from(self.epsilon)).sqrt();
            for x in &mut *plane {
                *x = (*x - mean[c]) * factor + bias[c];
            }
        }
        Ok(vec![Tensor::from_vec(input.shape().to_vec(), output)?])
    }

    /// Normalizes by the batch's own statistics; outputs 1 and 2 are the new running ones.
    fn train<T: Float>(&self, inputs: &Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let planes = Planes::new(input.shape())?;
        let [scale, bias, mean, variance] = channel_numbers(inputs, &planes)?;
        let mut output = input.as_slice::<T>()?.to_vec();
        let count = output.len() as f64 / planes.channels.max(1) as f64;
        let (mut new_mean, mut new_variance) = (mean, variance);
        for channel in 0..planes.channels {
            let of_channel = |elements: &[T], of: &dyn Fn(T) -> T| -> f64 {
                let planes = elements.chunks(planes.inner.max(1)).skip(channel).step_by(planes.channels);
                planes.map(|plane| sum_of(plane, of).as_f64()).sum::<f64>() / count
            };
            let mean = of_channel(&output, &|x| x);
            let centre = T::from_f64(mean);
            let variance = of_channel(&output, &|x| x.minus(centre).times(x.minus(centre)));
            let factor = T::from_f64(scale[channel] / (variance + f64::from(self.epsilon)).sqrt());
            let shift = T::from_f64(bias[channel]);
            for plane in output.chunks_mut(planes.inner.max(1)).skip(channel).step_by(planes.channels) {
                for x in &mut *plane {
                    *x = x.minus(centre).times(factor).plus(shift);
                }
            }
            let momentum = f64::from(self.momentum);
            new_mean[channel] = new_mean[channel] * momentum + mean * (1.0 - momentum);
            new_variance[channel] = new_variance[channel] * momentum + variance * (1.0 - momentum);
        }
        let running = |numbers: Vec<f64>| match inputs.get(3)?.dtype() {
            DType::F64 => Ok(Tensor::vector(numbers)),
            _ => Ok(Tensor::vector(numbers.into_iter().map(|x| x as f32).collect::<Vec<_>>())),
        };
        let output = Tensor::from_vec(input.shape().to_vec(), output)?;
        Ok(vec![output, running(new_mean)?, running(new_variance)?])
    }
}

op! {
    /// Normalization of each channel of each sample; inputs: x, scale and bias for each channel.
    pub struct InstanceNormalization {
        /// Added to the variance.
        pub epsilon: f32 = 1e-5,
    }
}

op! {
    /// Normalization of each group of channels of each sample; inputs: x, scale and bias for each channel.
    pub struct GroupNormalization {
        /// Added to the variance.
        pub epsilon: f32 = 1e-5,
        /// Number of groups; divides the number of channels.
        pub num_groups: usize = 1,
        /// Type the statistics are computed in.
        pub stash_type: DType = DType::F32,
    }
}

macro_rules! grouped {
    ($name:ident, |$op:ident, $channels:ident| $n_groups:expr) => {
        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::fixed(3)
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                require_float(inputs, 0)?;
                check_channels(inputs, 2)?;
                infer_same(inputs)
            }

            fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                let ($op, $channels) = (self, Planes::new(inputs.get(0)?.shape())?.channels);
                let n_groups: usize = $n_groups;
                by_float(
                    inputs,
                    |inputs| normalize_groups_f32(&inputs, n_groups, self.epsilon),
                    |inputs| normalize_groups_f64(&inputs, n_groups, self.epsilon),
                )
            }
        }
    };
}
grouped!(InstanceNormalization, |_op, channels| channels);
grouped!(GroupNormalization, |op, _channels| op.num_groups);

/// A tensor as planes of `inner` elements, `channels` to a sample.
struct Planes {
    channels: usize,
    inner: usize,
}

impl Planes {
    fn new(shape: &[usize]) -> Result<Self> {
        match shape {
            [_] => Ok(Self { channels: 1, inner: 1 }),
            [_, channels, spatial @ ..] => Ok(Self { channels: *channels, inner: spatial.iter().product() }),
            [] => Err(Error::data("a scalar has no channels")),
        }
    }

    fn check(&self, tensor: &Tensor) -> Result<()> {
        if tensor.len() == self.channels {
            return Ok(());
        }
        Err(Error::data(format!("shape {:?} for {} channels", tensor.shape(), self.channels)))
    }
}

/// An error if one of inputs 1 to `last` is known to be no vector of a number for each channel.
fn check_channels(inputs: &Inputs<'_>, last: usize) -> Result<()> {
    let channels = match inputs.shape(0) {
        Some([]) => return Err(Error::graph("a scalar has no channels")),
        Some([_, channels, ..]) => channels,
        _ => return Ok(()),
    };
    for position in 1..=last {
        match inputs.shape(position) {
            Some([dim]) if dim.may_equal(channels) => {}
            Some(shape) => {
                let got: Vec<String> = shape.iter().map(ToString::to_string).collect();
                let message =
                    format!("input {position} has the shape [{}] for {channels} channels", got.join(","));
                return Err(Error::graph(message));
            }
            None => {}
        }
    }
    Ok(())
}

/// Inputs 1 to 4: scale, bias, mean, variance.
fn channel_numbers(inputs: &Args, planes: &Planes) -> Result<[Vec<f64>; 4]> {
    let mut numbers = [const { Vec::new() }; 4];
    for (position, numbers) in numbers.iter_mut().enumerate() {
        let tensor = inputs.get(position + 1)?;
        planes.check(tensor)?;
        *numbers = tensor.to_f64_vec()?;
    }
    Ok(numbers)
}

fn check_groups(inputs: &Args, planes: &Planes, n_groups: usize) -> Result<()> {
    for position in 1..3 {
        planes.check(inputs.get(position)?)?;
    }
    if n_groups == 0 || !planes.channels.is_multiple_of(n_groups) {
        let message = format!("{} channels in {n_groups} groups", planes.channels);
        return Err(Error::data(message).attribute("num_groups"));
    }
    Ok(())
}

fn normalize_groups_f32(inputs: &Args, n_groups: usize, epsilon: f32) -> Result<Vec<Tensor>> {
    let input = inputs.get(0)?;
    let planes = Planes::new(input.shape())?;
    let (scale, bias) = (inputs.slice(1)?, inputs.slice(2)?);
    let mut output = filled(input.shape(), 0.0)?;
    if !output.is_empty() {
        check_groups(inputs, &planes, n_groups)?;
        group_norm(input.as_slice()?, planes.inner, n_groups, scale, bias, epsilon, &mut output);
    }
    Ok(vec![Tensor::from_vec(input.shape().to_vec(), output)?])
}

fn normalize_groups_f64(inputs: &Args, n_groups: usize, epsilon: f32) -> Result<Vec<Tensor>> {
    let input = inputs.get(0)?;
    let planes = Planes::new(input.shape())?;
    let mut output = input.as_slice::<f64>()?.to_vec();
    if !output.is_empty() {
        check_groups(inputs, &planes, n_groups)?;
        for group in output.chunks_mut(planes.channels / n_groups * planes.inner) {
            normalize(group, epsilon.into());
        }
        let mut per_channel = vec![1; input.shape().len().saturating_sub(1).max(1)];
        per_channel[0] = planes.channels;
        let scale = inputs.get(1)?.clone().reshaped(per_channel.clone())?;
        let bias = inputs.get(2)?.clone().reshaped(per_channel)?;
        scale_and_shift(&mut output, input.shape(), Some(&scale), Some(&bias))?;
    }
    Ok(vec![Tensor::from_vec(input.shape().to_vec(), output)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_all, eval_error, floats};

    fn inputs() -> [Tensor; 5] {
        let x = [
            -3.0, 4.0, 0.0, 7.0, 3.0, -1.0, 6.0, 2.0, -2.0, 5.0, 1.0, -3.0, 4.0, 0.0, 7.0, 3.0, -1.0, 6.0,
            2.0, -2.0, 5.0, 1.0, -3.0, 4.0,
        ];
        [
            floats([2, 4, 3], &x),
            floats([4], &[1.0, 0.5, 2.0, -1.0]),
            floats([4], &[0.0, 1.0, -1.0, 0.5]),
            floats([4], &[1.0, 0.0, 2.0, -1.0]),
            floats([4], &[1.0, 4.0, 0.25, 9.0]),
        ]
    }

    fn assert_both_close(op: impl Into<crate::ops::Op>, n_inputs: usize, expected: &[&[f32]]) {
        let op = op.into();
        let doubles = inputs()
            .each_ref()
            .map(|tensor| Tensor::from_vec(tensor.shape().to_vec(), tensor.to_f64_vec().unwrap()).unwrap());
        for inputs in [inputs(), doubles] {
            let inputs = inputs.into_iter().take(n_inputs).map(Some);
            let outputs = eval_all(op.clone(), inputs, expected.len()).unwrap();
            for (output, expected) in outputs.iter().zip(expected) {
                assert_close(&Tensor::vector(output.to_f32_vec().unwrap()), expected);
            }
        }
    }

    // Expected numbers: onnxruntime 1.32; training: the ONNX reference evaluator.

    #[test]
    fn batches() {
        let op = BatchNormalization { epsilon: 1e-3, ..BatchNormalization::default() };
        assert_both_close(
            op.clone(),
            5,
            &[&[
                -3.998_002,
                2.998_501,
                -0.999_5,
                2.749_781,
                1.749_906,
                0.750_031,
                14.968_096,
                -1.0,
                -16.968_098,
                -1.499_889,
                -0.166_63,
                1.166_63,
                2.998_501,
                -0.999_5,
                5.997_003,
                1.749_906,
                0.750_031,
                2.499_813,
                -1.0,
                -16.968_098,
                10.976_072,
                -0.166_63,
                1.166_63,
                -1.166_574,
            ]],
        );
        let op = BatchNormalization { training_mode: true, ..op };
        assert_both_close(
            op,
            5,
            &[
                &[
                    -1.507_488, 0.602_995, -0.602_995, 1.676_877, 1.027_075, 0.377_273, 1.707_509, -0.891_7,
                    -3.490_908, -0.853_754, 0.445_85, 1.745_454, 0.602_995, -0.602_995, 1.507_488, 1.027_075,
                    0.377_273, 1.514_427, -0.891_7, -3.490_908, 1.057_707, 0.445_85, 1.745_454, -0.528_853,
                ],
                &[1.1, 0.283_333, 1.983_333, -0.816_667],
                &[2.0, 4.547_222, 1.172_222, 9.047_222],
            ],
        );
    }

    #[test]
    fn instances_and_groups() {
        let op = InstanceNormalization { epsilon: 1e-3 };
        assert_both_close(
            op,
            3,
            &[&[
                -1.162_406, 1.278_646, -0.116_241, 1.612_344, 1.0, 0.387_656, 1.449_375, -1.0, -3.449_375,
                -0.724_687, 0.5, 1.724_687, 0.116_241, -1.278_646, 1.162_406, 1.058_12, 0.360_677, 1.581_203,
                -0.767_519, -3.557_292, 1.324_811, 0.383_759, 1.778_646, -0.662_406,
            ]],
        );
        let op = GroupNormalization { epsilon: 1e-3, num_groups: 2, ..GroupNormalization::default() };
        assert_both_close(
            op,
            3,
            &[&[
                -1.392_99, 0.696_495, -0.497_496, 1.795_994, 1.198_999, 0.602_003, 1.723_815, -0.697_354,
                -3.118_523, -0.559_261, 0.651_323, 1.861_907, 0.286_282, -1.087_873, 1.316_898, 0.971_372,
                0.284_294, 1.486_68, -0.427_435, -3.175_745, 1.633_797, 0.557_256, 1.931_411, -0.473_36,
            ]],
        );
    }

    #[test]
    fn bad_input_is_an_error() {
        let [x, scale, bias, mean, variance] = inputs();
        let all =
            [Some(x.clone()), Some(scale.clone()), Some(bias.clone()), Some(mean.clone()), Some(variance)];
        assert!(eval_all(BatchNormalization::default(), all, 3).is_err());
        eval_error(BatchNormalization::default(), [x.clone(), scale.clone(), bias.clone(), mean]);
        eval_error(
            GroupNormalization { num_groups: 3, ..GroupNormalization::default() },
            [x.clone(), scale.clone(), bias.clone()],
        );
        eval_error(
            GroupNormalization { num_groups: 0, ..GroupNormalization::default() },
            [x.clone(), scale, bias],
        );
        eval_error(InstanceNormalization::default(), [x, counting([3]), counting([4])]);
        let empty = [counting([0, 4]), counting([4]), counting([4])];
        assert!(eval(InstanceNormalization::default(), empty).is_empty());
    }
}
