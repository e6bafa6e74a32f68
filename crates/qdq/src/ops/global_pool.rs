//! Pooling over all of the spatial axes of `[batch, channels, spatial…]`.

use super::elementwise::require_float;
use super::numeric::{Float, by_float, filled, sum_of};
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::kernels::parallel::{for_each_chunk, rows_per_task};
use crate::tensor::{Dim, Tensor, TensorType};

op! {
    /// Mean of each channel; the spatial axes stay, with size 1.
    pub struct GlobalAveragePool {}
}
op! {
    /// Largest element of each channel; the spatial axes stay, with size 1.
    pub struct GlobalMaxPool {}
}
op! {
    /// Lp norm of each channel; the spatial axes stay, with size 1.
    pub struct GlobalLpPool {
        /// Which norm: at least 1.
        pub p: i64 = 2,
    }
}

/// What to make of the elements of a channel.
trait Pool: Sync {
    /// The result for one channel.
    fn pool<T: Float>(&self, plane: &[T]) -> T;

    /// Checks attributes.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl Pool for GlobalAveragePool {
    fn pool<T: Float>(&self, plane: &[T]) -> T {
        sum_of(plane, |x| x).over(T::from_f64(plane.len() as f64))
    }
}

impl Pool for GlobalMaxPool {
    fn pool<T: Float>(&self, plane: &[T]) -> T {
        plane.iter().fold(T::NEG_INFINITY, |largest, &x| largest.larger(x))
    }
}

impl Pool for GlobalLpPool {
    fn pool<T: Float>(&self, plane: &[T]) -> T {
        match self.p {
            1 => sum_of(plane, T::magnitude),
            2 => sum_of(plane, |x| x.times(x)).sqrt(),
            p => {
                let p = p as f64;
                sum_of(plane, |x| x.magnitude().power(T::from_f64(p))).power(T::from_f64(1.0 / p))
            }
        }
    }

    fn check(&self) -> Result<()> {
        if self.p < 1 {
            return Err(Error::graph(format!("the norm {}, which must be at least 1", self.p)).attribute("p"));
        }
        Ok(())
    }
}

macro_rules! global {
    ($name:ty, $rule:expr) => {
        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::fixed(1)
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                require_float(inputs, 0)?;
                self.check()?;
                infer_global(inputs)
            }

            fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                self.check()?;
                by_float(
                    inputs,
                    |inputs| global::<f32>(self, inputs.get(0)?),
                    |inputs| global::<f64>(self, inputs.get(0)?),
                )
            }

            fn quant_rule(&self) -> QuantRule {
                $rule
            }
        }
    };
}
global!(GlobalAveragePool, QuantRule::COMPUTE);
global!(GlobalMaxPool, QuantRule::SameAsInput(0));
global!(GlobalLpPool, QuantRule::Float);

fn infer_global(inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
    if inputs.ty(0).is_none() {
        return Ok(Vec::new());
    }
    let Some(shape) = inputs.shape(0) else { return Ok(vec![TensorType::new(inputs.dtype(0), None)]) };
    if shape.len() < 3 {
        return Err(Error::graph(format!("rank {} has no spatial axes", shape.len())));
    }
    let ones = vec![Dim::Known(1); shape.len() - 2];
    Ok(vec![TensorType::new(inputs.dtype(0), Some([&shape[..2], &ones].concat()))])
}

fn global<T: Float>(pool: &impl Pool, input: &Tensor) -> Result<Vec<Tensor>> {
    let [batch, channels, spatial @ ..] = input.shape() else {
        return Err(Error::data(format!("the shape {:?} has no channels", input.shape())));
    };
    let plane = spatial.iter().product::<usize>();
    if plane == 0 || spatial.is_empty() {
        return Err(Error::data(format!("the shape {:?} has no spatial elements", input.shape())));
    }
    let mut shape = vec![1; input.shape().len()];
    (shape[0], shape[1]) = (*batch, *channels);
    let elements = input.as_slice::<T>()?;
    let mut output = filled(&shape, T::default())?;
    let rows = rows_per_task(plane, 1 << 15);
    for_each_chunk(&mut output, rows, |task, results| {
        for (i, result) in results.iter_mut().enumerate() {
            *result = pool.pool(&elements[(task * rows + i) * plane..][..plane]);
        }
    });
    Ok(vec![Tensor::from_vec(shape, output)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error};

    #[test]
    fn of_each_channel() {
        let x = || counting([1, 2, 2, 2]);
        assert_close(&eval(GlobalAveragePool {}, [x()]), &[1.5, 5.5]);
        assert_eq!(eval(GlobalMaxPool {}, [x()]).shape(), [1, 2, 1, 1]);
        assert_close(&eval(GlobalMaxPool {}, [x()]), &[3.0, 7.0]);
        assert_close(&eval(GlobalLpPool { p: 1 }, [x()]), &[6.0, 22.0]);
        assert_close(&eval(GlobalLpPool { p: 2 }, [x()]), &[14f32.sqrt(), 126f32.sqrt()]);
        assert_close(&eval(GlobalLpPool { p: 3 }, [x()]), &[36f32.cbrt(), 748f32.cbrt()]);
    }

    #[test]
    fn bad_input_is_an_error() {
        eval_error(GlobalLpPool { p: 0 }, [counting([1, 1, 1])]);
        eval_error(GlobalAveragePool {}, [counting([1, 1])]);
        eval_error(GlobalMaxPool {}, [counting([1, 1, 0])]);
        eval_error(GlobalMaxPool {}, [Tensor::from_vec(vec![1, 1, 1], vec![1i32]).unwrap()]);
    }
}
