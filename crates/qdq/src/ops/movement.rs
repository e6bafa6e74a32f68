//! Moving elements to other places: expand, transpose, tile.

use super::dispatch::{Stored, map_data, output_count, sizes};
use super::infer::{broadcast, broadcast_sizes};
use super::reshape::unknown_of_length;
use super::strided::Strided;
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::tensor::{Dim, Tensor, TensorType};

op! {
    /// Repeats along axes of size 1, as broadcasting does. Inputs: data, `shape` (broadcast with the shape of data).
    pub struct Expand {}
}

op! {
    /// Reorders the axes.
    pub struct Transpose {
        /// Axis `i` of the output is axis `perm[i]` of the input; absent: reversed.
        pub perm: Option<Vec<usize>> = None,
    }
}

op! {
    /// Repeats the whole tensor along each axis. Inputs: data, `repeats` (one for each axis).
    pub struct Tile {}
}

impl OpDef for Expand {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let target = inputs.dims(1).or_else(|| unknown_of_length(inputs, 1));
        Ok(vec![inputs.moved(0, broadcast(&[inputs.shape(0), target.as_deref()])?)])
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let target = sizes(&inputs.ints(1)?)?;
        let data = inputs.take(0)?;
        let shape = broadcast_sizes(&[data.shape(), &target])?;
        Ok(vec![Strided::contiguous(data.shape()).expanded(&shape).apply(data, shape)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

impl Transpose {
    /// The permutation for a tensor of this rank; an error if it does not fit.
    pub fn permutation(&self, rank: usize) -> Result<Vec<usize>> {
        let Some(perm) = &self.perm else { return Ok((0..rank).rev().collect()) };
        let mut seen = vec![false; rank];
        let fits = perm.len() == rank
            && perm.iter().all(|&axis| axis < rank && !std::mem::replace(&mut seen[axis], true));
        if !fits {
            return Err(Error::graph(format!("{perm:?} is no order of {rank} axes")).attribute("perm"));
        }
        Ok(perm.clone())
    }
}

impl OpDef for Transpose {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let shape = match (inputs.shape(0), &self.perm) {
            (Some(dims), _) => {
                Some(self.permutation(dims.len())?.into_iter().map(|axis| dims[axis].clone()).collect())
            }
            (None, Some(perm)) => Some(vec![Dim::Any; self.permutation(perm.len())?.len()]),
            (None, None) => None,
        };
        Ok(vec![inputs.moved(0, shape)])
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let data = inputs.take(0)?;
        let perm = self.permutation(data.shape().len())?;
        let strided = Strided::contiguous(data.shape()).permuted(&perm);
        Ok(vec![strided.apply(data, strided.shape())?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

impl OpDef for Tile {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let shape = match (inputs.shape(0), inputs.dims(1)) {
            (Some(dims), Some(repeats)) => {
                check_repeats(dims.len(), repeats.len())?;
                Some(dims.iter().zip(&repeats).map(|(dim, repeat)| times(dim, repeat)).collect())
            }
            (Some(dims), None) => Some(vec![Dim::Any; dims.len()]),
            (None, _) => unknown_of_length(inputs, 1),
        };
        Ok(vec![inputs.moved(0, shape)])
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let repeats = sizes(&inputs.ints(1)?)?;
        let data = inputs.take(0)?;
        check_repeats(data.shape().len(), repeats.len())?;
        if repeats.iter().all(|&repeat| repeat == 1) {
            return Ok(vec![data]);
        }
        let shape = data.shape().iter().zip(&repeats).map(|(size, &repeat)| size.checked_mul(repeat));
        let shape: Option<Vec<usize>> = shape.collect();
        let shape =
            shape.ok_or_else(|| Error::data(format!("{repeats:?} repeats of a tensor are too many")))?;
        let count = output_count(&shape)?;
        let tiled = map_data!(data.data(), elements => tile(elements, data.shape(), &repeats, count));
        Ok(vec![Tensor::new(shape, tiled)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

fn check_repeats(rank: usize, n_repeats: usize) -> Result<()> {
    if rank == n_repeats {
        return Ok(());
    }
    Err(Error::graph(format!("{n_repeats} repeats of a tensor with {rank} dimensions")))
}

fn times(dim: &Dim, repeat: &Dim) -> Dim {
    match (dim, repeat) {
        (Dim::Known(0), _) | (_, Dim::Known(0)) => Dim::Known(0),
        (other, Dim::Known(1)) | (Dim::Known(1), other) => other.clone(),
        (Dim::Known(size), Dim::Known(repeat)) => size.checked_mul(*repeat).map_or(Dim::Any, Dim::Known),
        _ => Dim::Any,
    }
}

/// Appends each slice of an axis as often as it repeats, from the last axis to the first.
fn tile<T: Stored>(elements: &[T], shape: &[usize], repeats: &[usize], count: usize) -> Vec<T> {
    if count == 0 {
        return Vec::new();
    }
    let mut tiled = elements.to_vec();
    let mut run = 1;
    for (&size, &repeat) in shape.iter().zip(repeats).rev() {
        run *= size;
        if repeat > 1 {
            let mut next = Vec::with_capacity(tiled.len() * repeat);
            for slice in tiled.chunks_exact(run) {
                for _ in 0..repeat {
                    next.extend_from_slice(slice);
                }
            }
            tiled = next;
        }
        run *= repeat;
    }
    tiled
}

/// An f32 tensor with its axes in another order.
///
/// # Errors
/// A tensor that is not f32.
pub(crate) fn transposed(tensor: &Tensor, perm: &[usize]) -> Result<Tensor> {
    let shape: Vec<usize> = perm.iter().map(|&axis| tensor.shape()[axis]).collect();
    let mut output = super::numeric::filled(&shape, 0.0)?;
    crate::kernels::transpose::transpose(tensor.as_slice::<f32>()?, tensor.shape(), perm, &mut output);
    Tensor::from_vec(shape, output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error};

    fn ints(ints: &[i64]) -> Tensor {
        Tensor::vector(ints.to_vec())
    }

    #[test]
    fn expands() {
        let data = Tensor::from_vec(vec![3, 1], vec![1i8, 2, 3]).unwrap();
        let expanded = eval(Expand {}, [data.clone(), ints(&[2, 1, 2])]);
        assert_eq!(
            expanded,
            Tensor::from_vec(vec![2, 3, 2], vec![1i8, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3]).unwrap()
        );
        assert_eq!(eval(Expand {}, [data.clone(), ints(&[1])]), data);
        eval_error(Expand {}, [data.clone(), ints(&[2, 1])]);
        eval_error(Expand {}, [data.clone(), ints(&[1 << 40, 1, 1])]);
        eval_error(Expand {}, [data, ints(&[-1, 1])]);
    }

    #[test]
    fn transposes() {
        let reversed = eval(Transpose::default(), [counting([2, 3])]);
        assert_eq!(reversed.as_slice::<f32>().unwrap(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        let words = [b"a", b"b", b"c", b"d"].map(|word| word.to_vec()).to_vec();
        let words = Tensor::new(vec![2, 2], crate::tensor::Data::Str(words.into())).unwrap();
        let twice = eval(Transpose::default(), [eval(Transpose { perm: Some(vec![1, 0]) }, [words.clone()])]);
        assert_eq!(twice, words);
        for perm in [vec![0], vec![0, 0], vec![0, 2]] {
            eval_error(Transpose { perm: Some(perm) }, [counting([2, 3])]);
        }
    }

    #[test]
    fn tiles() {
        let tiled = eval(Tile {}, [counting([2, 2]), ints(&[2, 2])]);
        let expected = [0., 1., 0., 1., 2., 3., 2., 3., 0., 1., 0., 1., 2., 3., 2., 3.];
        assert_eq!(tiled.as_slice::<f32>().unwrap(), expected);
        assert_eq!(eval(Tile {}, [counting([2, 2]), ints(&[2, 0])]).shape(), [4, 0]);
        eval_error(Tile {}, [counting([2, 2]), ints(&[2])]);
        eval_error(Tile {}, [counting([2, 2]), ints(&[i64::MAX, 2])]);
        eval_error(Tile {}, [counting([2, 2]), ints(&[-1, 2])]);
    }
}
