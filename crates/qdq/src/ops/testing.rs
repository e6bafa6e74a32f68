//! Running one op in a test.

use super::{Args, EvalContext, Inputs, Op, Operand};
use crate::error::{Error, Result};
use crate::tensor::{Tensor, TensorType};

/// The only output.
pub(crate) fn eval(op: impl Into<Op>, inputs: impl IntoIterator<Item = Tensor>) -> Tensor {
    eval_all(op, inputs.into_iter().map(Some), 1).unwrap().remove(0)
}

/// The error that these inputs give.
pub(crate) fn eval_error(op: impl Into<Op>, inputs: impl IntoIterator<Item = Tensor>) -> Error {
    eval_all(op, inputs.into_iter().map(Some), 1).unwrap_err()
}

/// All outputs. Checks that they are of the types that inference gives, with and without knowing sizes and constants.
pub(crate) fn eval_all(
    op: impl Into<Op>,
    inputs: impl IntoIterator<Item = Option<Tensor>>,
    n_outputs: usize,
) -> Result<Vec<Tensor>> {
    let op = op.into();
    let inputs: Vec<Option<Tensor>> = inputs.into_iter().collect();
    let outputs = op.def().eval(EvalContext { n_outputs }, Args(inputs.clone()))?;
    for constant in [true, false] {
        let types = infer(&op, &inputs, constant).expect("what can be computed has a type");
        for (ty, output) in types.iter().zip(&outputs) {
            assert!(ty.admits(output.dtype(), output.shape()), "{ty} inferred for {}", output.tensor_type());
        }
    }
    Ok(outputs)
}

/// Types of the outputs for inputs of known sizes, which may be constants.
pub(crate) fn infer(op: &Op, inputs: &[Option<Tensor>], constant: bool) -> Result<Vec<TensorType>> {
    let types: Vec<Option<TensorType>> =
        inputs.iter().map(|input| input.as_ref().map(Tensor::tensor_type)).collect();
    let operands = inputs.iter().zip(&types).map(|(input, ty)| {
        let tensor = input.as_ref()?;
        Some(Operand { ty: ty.as_ref(), constant: constant.then_some(tensor), dims: None })
    });
    op.def().infer(&Inputs(operands.collect()))
}

/// Checks f32 elements to a relative or absolute tolerance of 1e-5.
pub(crate) fn assert_close(tensor: &Tensor, expected: &[f32]) {
    let got: &[f32] = tensor.as_slice().unwrap();
    let close = |(a, b): (&f32, &f32)| {
        (a - b).abs() <= 1e-5 * b.abs().max(1.0) || a == b || (a.is_nan() && b.is_nan())
    };
    assert!(got.len() == expected.len() && got.iter().zip(expected).all(close), "{got:?}, not {expected:?}");
}

/// An f32 tensor.
pub(crate) fn floats<const N: usize>(shape: [usize; N], elements: &[f32]) -> Tensor {
    Tensor::from_vec(shape.to_vec(), elements.to_vec()).unwrap()
}

/// 0, 1, 2, … as an f32 tensor.
pub(crate) fn counting<const N: usize>(shape: [usize; N]) -> Tensor {
    let count = shape.iter().product::<usize>();
    floats(shape, &(0..count).map(|i| i as f32).collect::<Vec<_>>())
}
