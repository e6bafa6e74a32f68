//! Losses of classifications.

use super::elementwise::require_float;
use super::numeric::with_halves_widened;
use super::softmax::LogSoftmax;
use super::{Args, Arity, EvalContext, Inputs, OpDef, attr_enum, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::tensor::{DType, Tensor, TensorType};

attr_enum! {
    /// How losses of single elements come together.
    pub enum Reduction {
        /// They stay as they are.
        None = "none",
        /// Their sum.
        Sum = "sum",
        /// Their sum over the sum of their weights.
        Mean = "mean",
    }
}
op! {
    /// Negative of the log probability of each target's class.
    ///
    /// Inputs: log probabilities `[batch, classes, …]`, targets `[batch, …]` of integers, optional weights `[classes]`.
    pub struct NegativeLogLikelihoodLoss {
        /// A target that does not count.
        pub ignore_index: Option<i64> = None,
        /// How the losses come together.
        pub reduction: Reduction = Reduction::Mean,
    }
}
op! {
    /// [`NegativeLogLikelihoodLoss`] of the log softmax of scores over the classes; output 1 is the log softmax.
    pub struct SoftmaxCrossEntropyLoss {
        /// A target that does not count.
        pub ignore_index: Option<i64> = None,
        /// How the losses come together.
        pub reduction: Reduction = Reduction::Mean,
    }
}

impl OpDef for NegativeLogLikelihoodLoss {
    fn arity(&self) -> Arity {
        Arity::range(2, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![infer_loss(inputs, self.reduction)?])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let dtype = inputs.get(0)?.dtype();
        Ok(vec![cast(loss(&inputs, self.ignore_index, self.reduction)?, dtype)?])
    }
}

impl OpDef for SoftmaxCrossEntropyLoss {
    fn arity(&self) -> Arity {
        Arity::range(2, 3).outputs(1, 2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![infer_loss(inputs, self.reduction)?, inputs.same(0)])
    }

    fn eval(&self, context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let dtype = inputs.get(0)?.dtype();
        let scores = cast(inputs.take(0)?, if dtype == DType::F64 { dtype } else { DType::F32 })?;
        if scores.shape().len() < 2 {
            return Err(Error::data(format!("scores of shape {:?} have no classes", scores.shape())));
        }
        let log_softmax = |inputs| LogSoftmax { axis: 1 }.eval(EvalContext { n_outputs: 1 }, inputs);
        let logs = with_halves_widened(Args(vec![Some(scores)]), log_softmax)?.swap_remove(0);
        inputs.0[0] = Some(logs.clone());
        let mut outputs = vec![loss(&inputs, self.ignore_index, self.reduction)?, logs];
        outputs.truncate(context.n_outputs.max(1));
        outputs.into_iter().map(|output| cast(output, dtype)).collect()
    }
}

fn infer_loss(inputs: &Inputs<'_>, reduction: Reduction) -> Result<TensorType> {
    require_float(inputs, 0)?;
    let shape = match reduction {
        Reduction::None => inputs.shape(1).map(<[_]>::to_vec),
        Reduction::Sum | Reduction::Mean => Some(Vec::new()),
    };
    Ok(TensorType::new(inputs.dtype(0), shape))
}

/// The loss in f64.
fn loss(inputs: &Args, ignore: Option<i64>, reduction: Reduction) -> Result<Tensor> {
    let (logs, targets) = (inputs.get(0)?, inputs.get(1)?);
    let wrong = || Error::data(format!("targets of {:?} for scores of {:?}", targets.shape(), logs.shape()));
    let [batch, n_classes, rest @ ..] = logs.shape() else { return Err(wrong()) };
    if targets.shape().split_first() != Some((batch, rest)) {
        return Err(wrong());
    }
    let inner: usize = rest.iter().product();
    let weights = inputs.optional(2).map(Tensor::to_f64_vec).transpose()?;
    if weights.as_ref().is_some_and(|weights| weights.len() != *n_classes) {
        return Err(Error::data(format!("one weight is needed for each of {n_classes} classes")));
    }
    let values = logs.to_f64_vec()?;
    let (mut losses, mut total) = (Vec::with_capacity(targets.len()), 0.0);
    for (at, target) in targets.to_i64_vec()?.into_iter().enumerate() {
        if Some(target) == ignore {
            losses.push(0.0);
            continue;
        }
        let class = usize::try_from(target).ok().filter(|class| class < n_classes);
        let class = class.ok_or_else(|| Error::data(format!("target {target} of {n_classes} classes")))?;
        let weight = weights.as_ref().map_or(1.0, |weights| weights[class]);
        total += weight;
        losses.push(-weight * values[(at / inner * n_classes + class) * inner + at % inner]);
    }
    match reduction {
        Reduction::None => Tensor::from_vec(targets.shape().to_vec(), losses),
        Reduction::Sum => Ok(Tensor::scalar(losses.iter().sum::<f64>())),
        Reduction::Mean => Ok(Tensor::scalar(losses.iter().sum::<f64>() / total)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, eval, eval_error, floats};

    #[test]
    fn of_two_classes() {
        let scores = || floats([2, 2], &[-1.0, -2.0, -3.0, -4.0]);
        let targets = |a, b| Tensor::vector(vec![a, b]);
        let op = |reduction| NegativeLogLikelihoodLoss { reduction, ignore_index: Some(7) };
        assert_close(&eval(op(Reduction::None), [scores(), targets(1i64, 0)]), &[2.0, 3.0]);
        assert_close(&eval(op(Reduction::Sum), [scores(), targets(1i64, 7)]), &[2.0]);
        let weights = floats([2], &[1.0, 3.0]);
        assert_close(&eval(op(Reduction::Mean), [scores(), targets(1i64, 0), weights]), &[9.0 / 4.0]);
        let softmax = SoftmaxCrossEntropyLoss::default();
        assert_close(&eval(softmax.clone(), [scores(), targets(0i64, 0)]), &[(1.0 + (-1.0f32).exp()).ln()]);
        eval_error(softmax, [scores(), targets(2i64, 0)]);
        eval_error(op(Reduction::Sum), [scores(), Tensor::vector(vec![0i64])]);
    }
}
