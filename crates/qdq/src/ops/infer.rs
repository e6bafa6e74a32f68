//! What inference and evaluation see of an op's inputs, and the shape rules that many ops share.

use crate::error::{Error, Result};
use crate::tensor::{DType, Dim, Element, Granularity, Shape, Tensor, TensorType};

/// What is known of one input before the model runs.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    /// Its type; `None` if nothing is known (the output of a custom op).
    pub ty: Option<&'a TensorType>,
    /// Its value, if it is a constant.
    pub constant: Option<&'a Tensor>,
    /// Its contents as dimensions, if it is a small integer vector computed from shapes.
    pub dims: Option<&'a [Dim]>,
}

/// The inputs of an op before the model runs; absent optional inputs are `None`.
#[derive(Clone, Debug)]
pub struct Inputs<'a>(pub Vec<Option<Operand<'a>>>);

impl<'a> Inputs<'a> {
    /// Number of inputs, counting absent ones in between.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no inputs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The input at a position, if present.
    pub fn get(&self, position: usize) -> Option<Operand<'a>> {
        self.0.get(position).copied().flatten()
    }

    /// Type of an input, if it is present and known.
    pub fn ty(&self, position: usize) -> Option<&'a TensorType> {
        self.get(position)?.ty
    }

    /// Element type of an input; `f32` stands in for unknown.
    pub fn dtype(&self, position: usize) -> DType {
        self.ty(position).map_or(DType::F32, |ty| ty.dtype)
    }

    /// Dimensions of an input, if its rank is known.
    pub fn shape(&self, position: usize) -> Option<&'a [Dim]> {
        self.ty(position)?.shape.as_deref()
    }

    /// Value of an input, if constant.
    pub fn constant(&self, position: usize) -> Option<&'a Tensor> {
        self.get(position)?.constant
    }

    /// Value of a constant integer input.
    pub fn ints(&self, position: usize) -> Option<Vec<i64>> {
        self.constant(position)?.to_i64_vec().ok()
    }

    /// Contents of an integer input as dimensions: from a constant or from shape computations.
    pub fn dims(&self, position: usize) -> Option<Vec<Dim>> {
        if let Some(dims) = self.get(position)?.dims {
            return Some(dims.to_vec());
        }
        let sizes = self.ints(position)?;
        Some(sizes.into_iter().map(|size| usize::try_from(size).map_or(Dim::Any, Dim::Known)).collect())
    }

    /// [`Inputs::dims`] of a scalar or small vector, for ops that move shapes about.
    pub(crate) fn small_dims(&self, position: usize) -> Option<Vec<Dim>> {
        const MAX: usize = 64;
        if self.constant(position).is_some_and(|constant| constant.len() > MAX) {
            return None;
        }
        if self.shape(position).is_some_and(|dims| dims.len() > 1) {
            return None;
        }
        self.dims(position)
    }

    /// The type of an output that consists of elements of an input, whose meaning they keep.
    pub(crate) fn moved(&self, position: usize, shape: Shape) -> TensorType {
        let quant = self.ty(position).and_then(|ty| ty.quant.clone());
        let quant = quant.filter(|quant| quant.granularity == Granularity::PerTensor);
        TensorType { dtype: self.dtype(position), shape, quant }
    }

    /// The type of an input for an op that keeps it.
    pub fn same(&self, position: usize) -> TensorType {
        TensorType::new(self.dtype(position), self.shape(position).map(<[Dim]>::to_vec))
    }
}

/// The tensors an op computes with; absent optional inputs are `None`.
///
/// They are given up to the op: one nobody else needs can be reused for the output ([`Tensor::into_vec`]).
#[derive(Debug)]
pub struct Args(pub Vec<Option<Tensor>>);

impl Args {
    /// Number of inputs, counting absent ones in between.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no inputs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The input at a position, if present.
    pub fn optional(&self, position: usize) -> Option<&Tensor> {
        self.0.get(position)?.as_ref()
    }

    /// The input at a position; an error if absent.
    pub fn get(&self, position: usize) -> Result<&Tensor> {
        self.optional(position).ok_or_else(|| missing(position))
    }

    /// The input at a position, moved out; an error if absent.
    pub fn take(&mut self, position: usize) -> Result<Tensor> {
        self.0.get_mut(position).and_then(Option::take).ok_or_else(|| missing(position))
    }

    /// Elements of the input at a position; an error if absent or of another type.
    pub fn slice<T: Element>(&self, position: usize) -> Result<&[T]> {
        self.get(position)?.as_slice()
    }

    /// Integers of the input at a position; an error if absent or no integers.
    pub fn ints(&self, position: usize) -> Result<Vec<i64>> {
        self.get(position)?.to_i64_vec()
    }
}

fn missing(position: usize) -> Error {
    Error::graph(format!("input {position} is missing"))
}

/// The position of an axis that may count from the end; an error if there is no such axis.
pub(crate) fn resolve_axis(axis: i64, rank: usize) -> Result<usize> {
    let resolved = if axis < 0 { axis + rank as i64 } else { axis };
    if resolved < 0 || resolved >= rank as i64 {
        return Err(Error::graph(format!("axis {axis} of a tensor with {rank} dimensions")));
    }
    Ok(resolved as usize)
}

/// The shape of elementwise operations on several shapes: aligned at the end, size 1 stretches.
///
/// Source: ONNX "multidirectional broadcasting".
pub(crate) fn broadcast(shapes: &[Option<&[Dim]>]) -> Result<Shape> {
    let Some(shapes) = shapes.iter().copied().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let rank = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let mut out = vec![Dim::Known(1); rank];
    for shape in shapes {
        for (dim, other) in out[rank - shape.len()..].iter_mut().zip(shape) {
            *dim = broadcast_dim(dim, other)?;
        }
    }
    Ok(Some(out))
}

fn broadcast_dim(a: &Dim, b: &Dim) -> Result<Dim> {
    Ok(match (a, b) {
        (Dim::Known(1), other) | (other, Dim::Known(1)) => other.clone(),
        (Dim::Known(a), Dim::Known(b)) if a == b => Dim::Known(*a),
        (Dim::Known(a), Dim::Known(b)) => {
            return Err(Error::graph(format!("sizes {a} and {b} cannot be broadcast")));
        }
        (Dim::Known(size), _) | (_, Dim::Known(size)) => Dim::Known(*size),
        (a, b) if a == b => a.clone(),
        _ => Dim::Any,
    })
}

/// [`broadcast`] of known sizes.
pub(crate) fn broadcast_sizes(shapes: &[&[usize]]) -> Result<Vec<usize>> {
    let rank = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let mut out = vec![1; rank];
    for shape in shapes {
        for (size, &other) in out[rank - shape.len()..].iter_mut().zip(*shape) {
            match (*size, other) {
                (1, _) => *size = other,
                (_, 1) => {}
                (a, b) if a == b => {}
                (a, b) => return Err(Error::data(format!("sizes {a} and {b} cannot be broadcast"))),
            }
        }
    }
    Ok(out)
}
