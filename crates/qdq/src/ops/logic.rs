//! Operations on bools, and choice by them.

use super::broadcasting::{infer_broadcast, stretched, stretched_pair, zip};
use super::dispatch::{Stored, like, map_data};
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::tensor::{DType, Tensor, TensorType};

op! {
    /// Whether both inputs are true; they broadcast.
    pub struct And {}
}

op! {
    /// Whether any input is true; they broadcast.
    pub struct Or {}
}

op! {
    /// Whether one input only is true; they broadcast.
    pub struct Xor {}
}

op! {
    /// Whether the input is false.
    pub struct Not {}
}

op! {
    /// Elements of the second input where the first (bool) is true, else of the third; all broadcast.
    pub struct Where {}
}

macro_rules! logic {
    ($($name:ident: $function:expr;)*) => {$(
        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::fixed(2)
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                infer_broadcast(inputs, DType::Bool)
            }

            fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                let (first, second, shape) = stretched_pair(&inputs)?;
                Ok(vec![Tensor::from_vec(shape, zip(first.as_slice()?, second.as_slice()?, $function))?])
            }
        }
    )*};
}

logic! {
    And: |first: &bool, second: &bool| *first && *second;
    Or: |first: &bool, second: &bool| *first || *second;
    Xor: |first: &bool, second: &bool| first != second;
}

impl OpDef for Not {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::new(DType::Bool, inputs.same(0).shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let inverted = inputs.slice::<bool>(0)?.iter().map(|bool| !bool).collect();
        Ok(vec![Tensor::from_vec(inputs.get(0)?.shape().to_vec(), inverted)?])
    }
}

impl OpDef for Where {
    fn arity(&self) -> Arity {
        Arity::fixed(3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        infer_broadcast(inputs, inputs.dtype(1))
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (tensors, shape) = stretched(&inputs)?;
        let Ok([condition, first, second]) = <[Tensor; 3]>::try_from(tensors) else {
            return Err(Error::graph("three inputs are needed"));
        };
        if first.dtype() != second.dtype() {
            return Err(Error::data(format!("a choice between {} and {}", first.dtype(), second.dtype())));
        }
        let count = shape.iter().product();
        let condition = condition.as_slice::<bool>()?;
        let chosen = map_data!(first.data(), first => choose(condition, first, like(first, &second)?, count));
        Ok(vec![Tensor::new(shape, chosen)?])
    }
}

fn choose<T: Stored>(condition: &[bool], first: &[T], second: &[T], count: usize) -> Vec<T> {
    /// How far an input advances from one element of the output to the next.
    fn step<T>(elements: &[T]) -> usize {
        usize::from(elements.len() != 1)
    }
    let (of_condition, of_first, of_second) = (step(condition), step(first), step(second));
    let choice = |index: usize| {
        if condition[index * of_condition] {
            first[index * of_first].clone()
        } else {
            second[index * of_second].clone()
        }
    };
    (0..count).map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error, floats};

    #[test]
    fn combines() {
        let pair =
            || [Tensor::vector(vec![true, true, false]), Tensor::from_vec(vec![1, 1], vec![true]).unwrap()];
        let bools = |tensor: Tensor| tensor.into_vec::<bool>().unwrap();
        assert_eq!(bools(eval(And {}, pair())), [true, true, false]);
        assert_eq!(bools(eval(Or {}, pair())), [true, true, true]);
        assert_eq!(bools(eval(Xor {}, pair())), [false, false, true]);
        assert_eq!(bools(eval(Not {}, [Tensor::vector(vec![true, false])])), [false, true]);
        eval_error(And {}, [counting([1]), counting([1])]);
    }

    #[test]
    fn chooses() {
        let condition = || Tensor::from_vec(vec![2, 1], vec![true, false]).unwrap();
        let chosen = eval(Where {}, [condition(), counting([2]), floats([1], &[9.0])]);
        assert_eq!((chosen.shape(), chosen.to_f32_vec().unwrap()), (&[2, 2][..], vec![0.0, 1.0, 9.0, 9.0]));
        eval_error(Where {}, [condition(), counting([2]), Tensor::scalar(1i64)]);
        eval_error(Where {}, [counting([2]), counting([2]), counting([2])]);
    }
}
