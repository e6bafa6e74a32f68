//! Elementwise functions of two inputs that broadcast, for ops that are not arithmetic.

use super::dispatch::output_count;
use super::infer::{broadcast, broadcast_sizes};
use super::strided::Strided;
use super::{Args, Inputs};
use crate::error::{Error, Result};
use crate::tensor::{DType, Tensor, TensorType};

/// The type of the broadcast of all inputs.
pub(super) fn infer_broadcast(inputs: &Inputs<'_>, dtype: DType) -> Result<Vec<TensorType>> {
    let shapes: Vec<_> = (0..inputs.len()).map(|position| inputs.shape(position)).collect();
    Ok(vec![TensorType::new(dtype, broadcast(&shapes)?)])
}

/// The inputs stretched to their common shape, but for those of one element, which are as they are.
pub(super) fn stretched(inputs: &Args) -> Result<(Vec<Tensor>, Vec<usize>)> {
    let tensors = (0..inputs.len()).map(|position| inputs.get(position)).collect::<Result<Vec<_>>>()?;
    let shapes: Vec<&[usize]> = tensors.iter().map(|tensor| tensor.shape()).collect();
    let shape = broadcast_sizes(&shapes)?;
    let count = output_count(&shape)?;
    let stretch = |tensor: &Tensor| {
        if tensor.len() == count || tensor.len() == 1 {
            return Ok(tensor.clone());
        }
        Strided::contiguous(tensor.shape()).expanded(&shape).apply(tensor.clone(), shape.clone())
    };
    Ok((tensors.into_iter().map(stretch).collect::<Result<_>>()?, shape))
}

/// Two inputs of one type, stretched to their common shape as [`stretched`] does.
pub(super) fn stretched_pair(inputs: &Args) -> Result<(Tensor, Tensor, Vec<usize>)> {
    let (tensors, shape) = stretched(inputs)?;
    let Ok([first, second]) = <[Tensor; 2]>::try_from(tensors) else {
        return Err(Error::graph("two inputs are needed"));
    };
    if first.dtype() != second.dtype() {
        return Err(Error::data(format!("inputs of {} and {}", first.dtype(), second.dtype())));
    }
    Ok((first, second, shape))
}

/// The function of each pair; an input of one element goes with all of the other.
pub(super) fn zip<A, R>(first: &[A], second: &[A], function: impl Fn(&A, &A) -> R) -> Vec<R> {
    match (first, second) {
        ([first], second) => second.iter().map(|second| function(first, second)).collect(),
        (first, [second]) => first.iter().map(|first| function(first, second)).collect(),
        (first, second) => first.iter().zip(second).map(|(first, second)| function(first, second)).collect(),
    }
}
