//! Normalization over the last axes.

use super::elementwise::{combine_into, infer_same, require_float};
use super::infer::{broadcast_sizes, resolve_axis};
use super::numeric::{Float, by_float, narrow, sum_of, unwritten, widen_halves};
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::kernels::norm::{RowStatistics, layer_norm, rms_norm};
use crate::tensor::{DType, Dim, Tensor, TensorType};

op! {
    /// Normalization over all axes from `axis`; inputs: x, scale, optional bias, of the normalized shape.
    /// Optional outputs 1 and 2: mean and `1 / sqrt(variance + epsilon)`.
    pub struct LayerNormalization {
        /// First normalized axis; negative counts from the end.
        pub axis: i64 = -1,
        /// Added to the variance.
        pub epsilon: f32 = 1e-5,
        /// Type the statistics are computed in.
        pub stash_type: DType = DType::F32,
    }
}

impl OpDef for LayerNormalization {
    fn arity(&self) -> Arity {
        Arity::range(2, 3).outputs(1, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        check_stash(self.stash_type)?;
        let mut types = infer_same(inputs)?;
        let Some(output) = types.first() else { return Ok(types) };
        let shape = match &output.shape {
            Some(shape) => {
                let axis = resolve_axis(self.axis, shape.len())?;
                let mut shape = shape.clone();
                shape[axis..].fill(Dim::Known(1));
                Some(shape)
            }
            None => None,
        };
        let statistics = TensorType::new(self.stash_type, shape);
        types.extend([statistics.clone(), statistics]);
        Ok(types)
    }

    fn eval(&self, context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        check_stash(self.stash_type)?;
        let dtype = inputs.get(0)?.dtype();
        let mut outputs = if dtype == DType::F64 {
            self.generic::<f64>(&inputs)?
        } else {
            self.in_f32(&widen_halves(inputs)?)?
        };
        if outputs[0].dtype() != dtype {
            outputs[0] = narrow(outputs[0].clone(), dtype)?;
        }
        for statistics in &mut outputs[1..] {
            let floats = Tensor::from_vec(statistics.shape().to_vec(), statistics.to_f32_vec()?)?;
            *statistics = narrow(floats, self.stash_type)?;
        }
        outputs.truncate(context.n_outputs.max(1));
        Ok(outputs)
    }
}

impl LayerNormalization {
    fn in_f32(&self, inputs: &Args) -> Result<Vec<Tensor>> {
        let (input, scale) = (inputs.get(0)?, inputs.get(1)?);
        let rows = Rows::new(input.shape(), self.axis)?;
        let bias = inputs.optional(2);
        if rows.len == 0 || scale.len() != rows.len || bias.is_some_and(|bias| bias.len() != rows.len) {
            return self.generic::<f32>(inputs);
        }
        let elements = input.as_slice::<f32>()?;
        let mut output = unwritten(input.shape())?;
        let mut statistics = vec![RowStatistics { mean: 0.0, inv_std: 0.0 }; elements.len() / rows.len];
        let bias = bias.map(Tensor::as_slice).transpose()?;
        let scale = Some(scale.as_slice()?);
        layer_norm(elements, rows.len, scale, bias, self.epsilon, &mut output, Some(&mut statistics));
        let means = statistics.iter().map(|row| row.mean).collect();
        let inverses = statistics.iter().map(|row| row.inv_std).collect();
        Ok(vec![
            Tensor::from_vec(input.shape().to_vec(), output)?,
            Tensor::from_vec(rows.shape.clone(), means)?,
            Tensor::from_vec(rows.shape, inverses)?,
        ])
    }

    /// Any type, and scales that broadcast.
    fn generic<T: Float>(&self, inputs: &Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let rows = Rows::new(input.shape(), self.axis)?;
        let mut output = input.as_slice::<T>()?.to_vec();
        let n_rows = rows.shape.iter().product();
        let (mut means, mut inverses) = (Vec::with_capacity(n_rows), Vec::with_capacity(n_rows));
        for row in output.chunks_mut(rows.len.max(1)) {
            let (mean, inverse) = normalize(row, self.epsilon.into());
            means.push(mean);
            inverses.push(inverse);
        }
        means.resize(n_rows, T::default());
        inverses.resize(n_rows, T::default());
        scale_and_shift(&mut output, input.shape(), Some(inputs.get(1)?), inputs.optional(2))?;
        Ok(vec![
            Tensor::from_vec(input.shape().to_vec(), output)?,
            Tensor::from_vec(rows.shape.clone(), means)?,
            Tensor::from_vec(rows.shape, inverses)?,
        ])
    }
}

op! {
    /// `x / sqrt(mean(x²) + epsilon) * scale`, the mean over all axes from `axis`; inputs: x, scale.
    pub struct RmsNormalization {
        /// First normalized axis; negative counts from the end.
        pub axis: i64 = -1,
        /// Added to the mean square.
        pub epsilon: f32 = 1e-5,
        /// Type the mean square is computed in.
        pub stash_type: DType = DType::F32,
    }
}

impl OpDef for RmsNormalization {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        if let Some(shape) = inputs.shape(0) {
            resolve_axis(self.axis, shape.len())?;
        }
        infer_same(inputs)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        by_float(
            inputs,
            |inputs| {
                let (input, scale) = (inputs.get(0)?, inputs.get(1)?);
                let rows = Rows::new(input.shape(), self.axis)?;
                if rows.len == 0 || scale.len() != rows.len {
                    return self.generic::<f32>(&inputs);
                }
                let mut output = unwritten(input.shape())?;
                rms_norm(input.as_slice()?, rows.len, Some(scale.as_slice()?), self.epsilon, &mut output);
                Ok(vec![Tensor::from_vec(input.shape().to_vec(), output)?])
            },
            |inputs| self.generic::<f64>(&inputs),
        )
    }
}

impl RmsNormalization {
    fn generic<T: Float>(&self, inputs: &Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let rows = Rows::new(input.shape(), self.axis)?;
        let mut output = input.as_slice::<T>()?.to_vec();
        for row in output.chunks_mut(rows.len.max(1)) {
            let mean = sum_of(row, |x| x.times(x)).over(T::from_f64(row.len() as f64));
            let root = mean.plus(T::from_f64(self.epsilon.into())).sqrt();
            for x in &mut *row {
                *x = x.over(root);
            }
        }
        scale_and_shift(&mut output, input.shape(), Some(inputs.get(1)?), None)?;
        Ok(vec![Tensor::from_vec(input.shape().to_vec(), output)?])
    }
}

fn check_stash(stash_type: DType) -> Result<()> {
    if !stash_type.is_float() {
        return Err(Error::graph(format!("{stash_type} is no float")).attribute("stash_type"));
    }
    Ok(())
}

/// A tensor as rows of everything from an axis on.
struct Rows {
    /// Elements of a row.
    len: usize,
    /// Shape of one number for each row.
    shape: Vec<usize>,
}

impl Rows {
    fn new(shape: &[usize], axis: i64) -> Result<Self> {
        let axis = resolve_axis(axis, shape.len())?;
        let mut rows = Self { len: shape[axis..].iter().product(), shape: shape.to_vec() };
        rows.shape[axis..].fill(1);
        Ok(rows)
    }
}

/// Normalizes a row in place; returns its mean and `1 / sqrt(variance + epsilon)`.
pub(super) fn normalize<T: Float>(row: &mut [T], epsilon: f64) -> (T, T) {
    let count = T::from_f64(row.len() as f64);
    let mean = sum_of(row, |x| x).over(count);
    for x in &mut *row {
        *x = x.minus(mean);
    }
    let variance = sum_of(row, |x| x.times(x)).over(count);
    let inverse = T::ONE.over(variance.plus(T::from_f64(epsilon)).sqrt());
    for x in &mut *row {
        *x = x.times(inverse);
    }
    (mean, inverse)
}

/// Multiplies by a scale and adds a bias that broadcast to the shape.
pub(super) fn scale_and_shift<T: Float>(
    elements: &mut [T],
    shape: &[usize],
    scale: Option<&Tensor>,
    bias: Option<&Tensor>,
) -> Result<()> {
    for (factor, tensor) in [(true, scale), (false, bias)] {
        let Some(tensor) = tensor else { continue };
        if broadcast_sizes(&[shape, tensor.shape()])? != shape {
            return Err(Error::data(format!("a scale or bias of shape {:?} for {shape:?}", tensor.shape())));
        }
        let combine = |x: T, y: T| if factor { x.times(y) } else { x.plus(y) };
        combine_into(elements, shape, tensor.as_slice()?, tensor.shape(), combine);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_all, eval_error, floats};

    const X: [f32; 24] = [
        -3.0, 4.0, 0.0, 7.0, 3.0, -1.0, 6.0, 2.0, -2.0, 5.0, 1.0, -3.0, 4.0, 0.0, 7.0, 3.0, -1.0, 6.0, 2.0,
        -2.0, 5.0, 1.0, -3.0, 4.0,
    ];

    fn doubles(tensor: &Tensor) -> Tensor {
        Tensor::from_vec(tensor.shape().to_vec(), tensor.to_f64_vec().unwrap()).unwrap()
    }

    fn assert_both_close(op: impl Into<crate::ops::Op>, inputs: &[Tensor], expected: &[&[f32]]) {
        let op = op.into();
        for inputs in [inputs.to_vec(), inputs.iter().map(doubles).collect()] {
            let outputs = eval_all(op.clone(), inputs.into_iter().map(Some), expected.len()).unwrap();
            assert_eq!(outputs.len(), expected.len());
            for (output, expected) in outputs.iter().zip(expected) {
                assert_close(&Tensor::vector(output.to_f32_vec().unwrap()), expected);
            }
        }
    }

    // Expected numbers: onnxruntime 1.32; RMS: the ONNX reference evaluator.

    #[test]
    fn layers() {
        let (x, scale, bias) =
            (floats([2, 4, 3], &X), floats([3], &[1.0, 0.5, 2.0]), floats([3], &[0.0, 1.0, -1.0]));
        let op = LayerNormalization { epsilon: 1e-3, ..LayerNormalization::default() };
        assert_both_close(
            op,
            &[x.clone(), scale, bias],
            &[
                &[
                    -1.162_406, 1.639_323, -1.232_481, 1.224_687, 1.0, -3.449_375, 1.224_687, 1.0,
                    -3.449_375, 1.224_687, 1.0, -3.449_375, 0.116_241, 0.360_677, 1.324_811, 0.116_241,
                    0.360_677, 1.324_811, 0.116_241, 0.360_677, 1.324_811, 0.116_241, 0.360_677, 1.324_811,
                ],
                &[0.333_333, 3.0, 2.0, 1.0, 3.666_667, 2.666_667, 1.666_667, 0.666_667],
                &[0.348_722, 0.306_172, 0.306_172, 0.306_172, 0.348_722, 0.348_722, 0.348_722, 0.348_722],
            ],
        );
        let scale: Vec<f32> = (0..12).map(|i| i as f32 / 4.0).collect();
        let op = LayerNormalization { axis: 1, epsilon: 1e-3, ..LayerNormalization::default() };
        assert_both_close(
            op.clone(),
            &[x.clone(), floats([4, 3], &scale)],
            &[&[
                -0.0, 0.181_526, -0.237_861, 1.220_603, 0.425_646, -0.970_223, 1.990_523, 0.219_083,
                -2.153_27, 2.309_757, -0.438_165, -3.787_001, 0.0, -0.175_988, 0.785_177, 0.203_063,
                -1.028_853, 1.556_817, -0.081_225, -2.369_07, 1.841_106, -0.852_865, -4.196_639, 1.638_043,
            ]],
        );
        let plain = eval(op.clone(), [x.clone(), floats([4, 3], &[2.0; 12])]);
        assert_close(&eval(op, [x, floats([1], &[2.0])]), plain.as_slice().unwrap());
    }

    #[test]
    fn halves_have_statistics_in_f32() {
        let halves =
            |n: usize| Tensor::vector((0..n).map(|i| half::f16::from_f32(i as f32)).collect::<Vec<_>>());
        let outputs = eval_all(LayerNormalization::default(), [Some(halves(4)), Some(halves(4))], 3).unwrap();
        assert_eq!([outputs[0].dtype(), outputs[1].dtype()], [DType::F16, DType::F32]);
    }

    #[test]
    fn root_mean_square() {
        let op = RmsNormalization { epsilon: 1e-3, ..RmsNormalization::default() };
        assert_both_close(
            op,
            &[floats([2, 4, 3], &X), floats([3], &[1.0, 0.5, 2.0])],
            &[&[
                -1.039_168, 0.692_779, 0.0, 1.578_417, 0.338_232, -0.450_976, 1.566_646, 0.261_108,
                -1.044_43, 1.463_787, 0.146_379, -1.756_545, 0.859_318, 0.0, 3.007_613, 0.766_106,
                -0.127_684, 3.064_424, 0.602_995, -0.301_498, 3.014_977, 0.339_663, -0.509_495, 2.717_308,
            ]],
        );
    }

    #[test]
    fn bad_input_is_an_error() {
        eval_error(
            LayerNormalization { axis: 2, ..LayerNormalization::default() },
            [counting([2, 2]), counting([2])],
        );
        eval_error(LayerNormalization::default(), [counting([2, 2]), counting([3])]);
        eval_error(LayerNormalization::default(), [counting([2, 2]), counting([3, 1, 1])]);
        eval_error(RmsNormalization::default(), [counting([2, 2]), counting([3])]);
        eval_error(RmsNormalization::default(), [Tensor::scalar(1.0f32), counting([1])]);
        assert!(eval(LayerNormalization::default(), [counting([2, 0]), counting([0])]).is_empty());
    }
}
