//! The gated activation of language models.

use super::elementwise::{infer_same, require_float, require_same_dtype};
use super::numeric::{Float, by_float};
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::tensor::{Tensor, TensorType};

op! {
    /// `a sigmoid(alpha a) b` for tensors of the same shape.
    pub struct SwiGlu {
        /// Factor inside the sigmoid.
        pub alpha: f32 = 1.0,
    }
}

impl OpDef for SwiGlu {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        require_same_dtype(inputs, 0, 1)?;
        infer_same(inputs)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        by_float(inputs, |inputs| self.run::<f32>(&inputs), |inputs| self.run::<f64>(&inputs))
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::COMPUTE
    }
}

impl SwiGlu {
    fn run<T: Float>(&self, inputs: &Args) -> Result<Vec<Tensor>> {
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        if a.shape() != b.shape() {
            return Err(Error::data(format!("shapes {:?} and {:?} differ", a.shape(), b.shape())));
        }
        let alpha = T::from_f64(self.alpha.into());
        let gated = |(&a, &b): (&T, &T)| {
            let sigmoid = T::ONE.over(T::ONE.plus(alpha.times(a).negated().exp()));
            a.times(sigmoid).times(b)
        };
        let elements = a.as_slice::<T>()?.iter().zip(b.as_slice::<T>()?).map(gated).collect();
        Ok(vec![Tensor::from_vec(a.shape().to_vec(), elements)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    #[test]
    fn gates() {
        let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
        let inputs = || [floats([2], &[1.0, -2.0]), floats([2], &[3.0, 4.0])];
        assert_close(&eval(SwiGlu::default(), inputs()), &[3.0 * sigmoid(1.0), -8.0 * sigmoid(-2.0)]);
        eval_error(SwiGlu::default(), [counting([2]), counting([1])]);
    }
}
