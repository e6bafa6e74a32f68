//! Orders of axes: images are channels first in the hub and channels last in TFLite.

use crate::error::Result;
use crate::ops::{Args, EvalContext, OpDef, Transpose};
use crate::tensor::{Granularity, QuantParams, Tensor};

/// The order that takes channels last to channels first: `[0, 3, 1, 2]`.
pub(super) fn to_first(rank: usize) -> Vec<usize> {
    [0, rank - 1].into_iter().chain(1..rank - 1).collect()
}

/// The order that takes channels first to channels last: `[0, 2, 3, 1]`.
pub(super) fn to_last(rank: usize) -> Vec<usize> {
    std::iter::once(0).chain(2..rank).chain([1]).collect()
}

/// A constant with its axes reordered: axis `i` of the result is axis `perm[i]`.
pub(super) fn transposed(tensor: &Tensor, perm: &[usize]) -> Result<Tensor> {
    let op = Transpose { perm: Some(perm.to_vec()) };
    let mut outputs = op.eval(EvalContext { n_outputs: 1 }, Args(vec![Some(tensor.clone())]))?;
    Ok(outputs.remove(0))
}

/// The parameters of a tensor whose axes are reordered; scales of blocks of a matrix are turned with it.
pub(super) fn transposed_params(params: &QuantParams, perm: &[usize], dims: &[usize]) -> QuantParams {
    let moved = |axis: usize| perm.iter().position(|&own| own == axis).unwrap_or(axis);
    let granularity = match params.granularity {
        Granularity::PerTensor => Granularity::PerTensor,
        Granularity::PerAxis(axis) => Granularity::PerAxis(moved(axis)),
        Granularity::PerBlock { axis, size } => Granularity::PerBlock { axis: moved(axis), size },
    };
    let mut turned = QuantParams { granularity, ..params.clone() };
    if let (Granularity::PerBlock { axis, .. }, [1, 0], &[rows, columns]) = (params.granularity, perm, dims) {
        let n_columns = if axis == 1 { params.scale.len() / rows.max(1) } else { columns };
        let n_rows = params.scale.len() / n_columns.max(1);
        let order = || (0..n_columns).flat_map(|column| (0..n_rows).map(move |row| row * n_columns + column));
        turned.scale = order().map(|at| params.scale[at]).collect();
        turned.zero_point = order().map(|at| params.zero_point[at]).collect();
    }
    turned
}
