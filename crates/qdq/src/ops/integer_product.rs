//! Products of integers less their zero points, as ONNX had them before `QuantizeLinear`.

use super::conv::Conv;
use super::matmul::MatMul;
use super::{Args, Arity, AutoPad, EvalContext, Inputs, OpDef, Operand, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::tensor::{DType, Tensor, TensorType};

op! {
    /// Matrix product of 8-bit integers in i32. Optional inputs: zero points of the matrices, one, or one for each row of
    /// the first and each column of the second.
    pub struct MatMulInteger {}
}
op! {
    /// Convolution of 8-bit integers in i32. Optional inputs: the zero point of the input, those of the weights, one or
    /// one for each output channel.
    pub struct ConvInteger {
        /// How padding is chosen.
        pub auto_pad: AutoPad = AutoPad::NotSet,
        /// Distance of kernel elements along each spatial axis; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Number of groups that channels and outputs are split into.
        pub group: usize = 1,
        /// Size of the kernel, which is that of the weights; empty: not said.
        pub kernel_shape: Vec<usize> = Vec::new(),
        /// Zero points before each spatial axis, then after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Steps of the window along each spatial axis; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
    }
}

/// Which axis of a tensor a vector of zero points lies on.
#[derive(Clone, Copy)]
enum Along {
    First,
    LastButOne,
    Last,
}

/// Elements less their zero points.
fn centered(tensor: &Tensor, zero_point: Option<&Tensor>, along: Along) -> Result<Vec<i32>> {
    let mut elements: Vec<i32> = tensor.to_i64_vec()?.into_iter().map(|element| element as i32).collect();
    let Some(zero_point) = zero_point else { return Ok(elements) };
    let zeros: Vec<i32> = zero_point.to_i64_vec()?.into_iter().map(|zero| zero as i32).collect();
    let shape = tensor.shape();
    let axis = match along {
        Along::First => Some(0),
        Along::LastButOne => shape.len().checked_sub(2),
        Along::Last => shape.len().checked_sub(1),
    };
    let (size, inner) = match axis {
        Some(axis) if axis < shape.len() => (shape[axis], shape[axis + 1..].iter().product::<usize>()),
        _ => (1, 1),
    };
    if zeros.len() != 1 && zeros.len() != size {
        return Err(Error::data(format!("{} zero points for an axis of size {size}", zeros.len())));
    }
    for (at, element) in elements.iter_mut().enumerate() {
        let zero = if zeros.len() == 1 { zeros[0] } else { zeros[at / inner % size] };
        *element = element.wrapping_sub(zero);
    }
    Ok(elements)
}

/// The only output of an op.
fn one(op: &dyn OpDef, inputs: Vec<Option<Tensor>>) -> Result<Tensor> {
    let outputs = op.eval(EvalContext { n_outputs: 1 }, Args(inputs))?;
    outputs.into_iter().next().ok_or_else(|| Error::internal("no output"))
}

/// Type of the product `op` would make of floats, in i32.
fn infer_as(op: &dyn OpDef, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
    let floats: Vec<Option<TensorType>> =
        (0..2).map(|at| inputs.ty(at).map(|ty| TensorType::new(DType::F64, ty.shape.clone()))).collect();
    let operands = floats.iter().map(|ty| Some(Operand { ty: ty.as_ref(), constant: None, dims: None }));
    let types = op.infer(&Inputs(operands.collect()))?;
    Ok(types.into_iter().map(|ty| TensorType::new(DType::I32, ty.shape)).collect())
}

impl OpDef for MatMulInteger {
    fn arity(&self) -> Arity {
        Arity::range(2, 4)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        infer_as(&MatMul {}, inputs)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let left = centered(a, inputs.optional(2), Along::LastButOne)?;
        let right = centered(b, inputs.optional(3), Along::Last)?;
        let operand = |of: &Tensor, elements| Tensor::from_vec(of.shape().to_vec(), elements).map(Some);
        Ok(vec![one(&MatMul {}, vec![operand(a, left)?, operand(b, right)?])?])
    }
}

impl ConvInteger {
    /// The convolution whose attributes are these, on integers.
    pub fn of(conv: &Conv) -> Self {
        Self {
            auto_pad: conv.auto_pad,
            strides: conv.strides.clone(),
            pads: conv.pads.clone(),
            dilations: conv.dilations.clone(),
            group: conv.group,
            kernel_shape: Vec::new(),
        }
    }

    fn conv(&self) -> Conv {
        Conv {
            auto_pad: self.auto_pad,
            strides: self.strides.clone(),
            pads: self.pads.clone(),
            dilations: self.dilations.clone(),
            group: self.group,
        }
    }
}

impl OpDef for ConvInteger {
    fn arity(&self) -> Arity {
        Arity::range(2, 4)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        infer_as(&self.conv(), inputs)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (x, weights) = (inputs.get(0)?, inputs.get(1)?);
        // Sums of products of 8 bits are exact in f64.
        let floats = |of: &Tensor, integers: Vec<i32>| {
            let floats = integers.into_iter().map(f64::from).collect();
            Tensor::from_vec(of.shape().to_vec(), floats).map(Some)
        };
        let operands = vec![
            floats(x, centered(x, inputs.optional(2), Along::First)?)?,
            floats(weights, centered(weights, inputs.optional(3), Along::First)?)?,
        ];
        Ok(vec![cast(one(&self.conv(), operands)?, DType::I32)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::eval;

    #[test]
    fn zero_points_are_taken_away() {
        let matrix = |elements: [u8; 4]| Tensor::from_vec(vec![2, 2], elements.to_vec()).unwrap();
        let inputs =
            [matrix([1, 2, 3, 4]), matrix([5, 6, 7, 8]), Tensor::scalar(1u8), Tensor::vector(vec![5u8, 6])];
        assert_eq!(eval(MatMulInteger {}, inputs).to_i64_vec().unwrap(), [2, 2, 6, 6]);
        let image =
            |elements: &[u8]| Tensor::from_vec(vec![1, 1, elements.len()], elements.to_vec()).unwrap();
        let op = ConvInteger { pads: vec![1, 0], ..ConvInteger::default() };
        let sums = eval(op, [image(&[3, 4]), image(&[1, 1]), Tensor::scalar(2u8)]);
        assert_eq!(sums.to_i64_vec().unwrap(), [1, 3]);
    }
}
