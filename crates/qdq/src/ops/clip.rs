//! Activations with further inputs.

use super::elementwise::{combine_into, infer_same, require_float, require_number, require_same_dtype};
use super::infer::broadcast_sizes;
use super::numeric::{Number, by_number, with_halves_widened};
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::kernels::elementwise::map_in_place;
use crate::tensor::{DType, Data, Element, Tensor, TensorType};

op! {
    /// `x` limited to between input 1 (smallest) and input 2 (largest), scalars of the type of `x`; both optional.
    pub struct Clip {}
}

impl OpDef for Clip {
    fn arity(&self) -> Arity {
        Arity::range(1, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_number(inputs, 0)?;
        for bound in 1..3 {
            require_same_dtype(inputs, 0, bound)?;
        }
        infer_same(inputs)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        with_halves_widened(inputs, |inputs| by_number!(inputs.get(0)?.dtype(), T => clip::<T>(inputs)))
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::COMPUTE
    }
}

fn clip<T: Number>(mut inputs: Args) -> Result<Vec<Tensor>> {
    let (min, max) = (bound::<T>(&inputs, 1)?, bound::<T>(&inputs, 2)?);
    let input = inputs.take(0)?;
    let shape = input.shape().to_vec();
    let mut elements = input.into_vec::<T>()?;
    match (min, max) {
        (None, None) => {}
        (Some(min), None) => map_in_place(&mut elements, |x: T| x.larger(min)),
        (None, Some(max)) => map_in_place(&mut elements, |x: T| x.smaller(max)),
        (Some(min), Some(max)) => map_in_place(&mut elements, |x: T| x.larger(min).smaller(max)),
    }
    Ok(vec![Tensor::from_vec(shape, elements)?])
}

fn bound<T: Element>(inputs: &Args, position: usize) -> Result<Option<T>> {
    let Some(tensor) = inputs.optional(position) else { return Ok(None) };
    match tensor.as_slice::<T>()? {
        [bound] => Ok(Some(*bound)),
        _ => Err(Error::data(format!("a bound of shape {:?}, which is no scalar", tensor.shape()))),
    }
}

op! {
    /// `x` if positive, else `slope * x`; the slope is input 1, broadcast to the shape of `x`.
    pub struct PRelu {}
}

impl OpDef for PRelu {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_number(inputs, 0)?;
        require_same_dtype(inputs, 0, 1)?;
        infer_same(inputs)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        with_halves_widened(inputs, |inputs| by_number!(inputs.get(0)?.dtype(), T => prelu::<T>(inputs)))
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::COMPUTE
    }
}

fn prelu<T: Number>(mut inputs: Args) -> Result<Vec<Tensor>> {
    let (input, slope) = (inputs.take(0)?, inputs.take(1)?);
    let shape = input.shape().to_vec();
    if broadcast_sizes(&[&shape, slope.shape()])? != shape {
        return Err(Error::data(format!("a slope of shape {:?} for {shape:?}", slope.shape())));
    }
    let mut elements = input.into_vec::<T>()?;
    combine_into(&mut elements, &shape, slope.as_slice()?, slope.shape(), |x: T, slope: T| {
        if x < T::default() { x.times(slope) } else { x }
    });
    Ok(vec![Tensor::from_vec(shape, elements)?])
}

op! {
    /// Identity, as in inference; the optional second output is the mask of kept elements: all true.
    ///
    /// Inputs 1 (`ratio`) and 2 (`training_mode`) are ignored, except that a true training mode is refused unless the ratio is 0.
    pub struct Dropout {
        /// Seed of the random numbers in training.
        pub seed: Option<i64> = None,
    }
}

impl OpDef for Dropout {
    fn arity(&self) -> Arity {
        Arity::range(1, 3).outputs(1, 2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        let ratio_known = inputs.get(1).is_none() || inputs.constant(1).is_some();
        if ratio_known && drops(inputs.constant(1), inputs.constant(2)) {
            return Err(training());
        }
        let mut types = infer_same(inputs)?;
        if let Some(output) = types.first() {
            types.push(TensorType::new(DType::Bool, output.shape.clone()));
        }
        Ok(types)
    }

    fn eval(&self, context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        if drops(inputs.optional(1), inputs.optional(2)) {
            return Err(training());
        }
        let output = inputs.take(0)?;
        let mask = (context.n_outputs > 1)
            .then(|| Tensor::from_vec(output.shape().to_vec(), vec![true; output.len()]))
            .transpose()?;
        Ok(std::iter::once(output).chain(mask).collect())
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

/// Whether elements are to be dropped: in training, with a ratio other than 0 (0.5 where there is none).
fn drops(ratio: Option<&Tensor>, mode: Option<&Tensor>) -> bool {
    let is_training =
        mode.is_some_and(|mode| matches!(mode.data(), Data::Bool(mode) if mode.contains(&true)));
    let keeps_all = ratio.and_then(|ratio| ratio.to_f64_vec().ok()).is_some_and(|ratio| ratio == [0.0]);
    is_training && !keeps_all
}

fn training() -> Error {
    Error::unsupported("dropout in training mode").help("export the model for inference")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{eval, eval_all, eval_error, floats};

    #[test]
    fn clips_to_what_is_given() {
        let x = || Some(floats([3], &[-2.0, 0.5, 9.0]));
        let scalar = |value: f32| Some(Tensor::scalar(value));
        let clip = |min, max| eval_all(Clip {}, [x(), min, max], 1).unwrap().remove(0);
        assert_eq!(clip(scalar(-1.0), scalar(6.0)), floats([3], &[-1.0, 0.5, 6.0]));
        assert_eq!(clip(None, scalar(6.0)), floats([3], &[-2.0, 0.5, 6.0]));
        assert_eq!(clip(None, None), floats([3], &[-2.0, 0.5, 9.0]));
        let integers = [Tensor::vector(vec![1u8, 200]), Tensor::scalar(3u8)];
        assert_eq!(eval(Clip {}, integers), Tensor::vector(vec![3u8, 200]));
        eval_error(Clip {}, [floats([1], &[1.0]), Tensor::scalar(1i32)]);
        eval_error(Clip {}, [floats([1], &[1.0]), floats([2], &[1.0, 2.0])]);
    }

    #[test]
    fn slopes_belong_to_channels() {
        let x = floats([1, 2, 2], &[-1.0, 2.0, -3.0, -4.0]);
        let y = eval(PRelu {}, [x.clone(), floats([2, 1], &[0.5, 2.0])]);
        assert_eq!(y, floats([1, 2, 2], &[-0.5, 2.0, -6.0, -8.0]));
        eval_error(PRelu {}, [floats([1], &[1.0]), floats([2, 1], &[0.5, 2.0])]);
        eval_error(PRelu {}, [x, floats([3], &[0.5, 2.0, 1.0])]);
    }

    #[test]
    fn dropout_keeps_all() {
        let x = floats([2], &[1.0, 2.0]);
        let outputs = eval_all(Dropout::default(), [Some(x.clone())], 2).unwrap();
        assert_eq!(outputs, [x.clone(), Tensor::vector(vec![true, true])]);
        eval_error(Dropout::default(), [x, Tensor::scalar(0.5f32), Tensor::scalar(true)]);
    }
}
