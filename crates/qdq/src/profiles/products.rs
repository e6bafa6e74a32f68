//! Convolutions and matrix products of 8-bit integers by constant weights: the sums are the same in every runtime, what
//! becomes of them is the profile's.

use std::fmt;

use super::integers::{activation, bytes, input, params};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::int8::{Arithmetic, ConvInput, Epilogue, Layout, Output, PackedB, PackedConv, gemm};
use crate::ops::{Args, Conv, Gemm, PackedOnce, Prepared};
use crate::tensor::Tensor;

/// What a profile makes of sums.
pub(in crate::profiles) trait FromSums: fmt::Debug + Send + Sync {
    /// A tensor of this shape whose sums `kernel` writes, with what its epilogue makes of them; outputs lie along `axis`.
    fn fill(&self, shape: Vec<usize>, axis: usize, kernel: Kernel<'_>) -> Result<Tensor>;
}

/// Writes an output of sums, turned into what the epilogue says.
pub(in crate::profiles) type Kernel<'k> = &'k dyn Fn(&Epilogue<'_>, Output<'_>);

/// Weights that are constant.
///
/// # Errors
/// They are computed.
pub(in crate::profiles) fn constant_weights<'n>(node: &'n IntegerNode<'_>) -> Result<&'n Tensor> {
    let constant = input(node, 1)?.constant.as_ref();
    constant.ok_or_else(|| Error::unsupported("weights that are computed, not constant"))
}

/// A bias that is constant, if there is one.
///
/// # Errors
/// It is computed.
pub(in crate::profiles) fn constant_bias<'n>(node: &'n IntegerNode<'_>) -> Result<Option<&'n Tensor>> {
    match node.inputs.get(2) {
        Some(Some(bias)) => match &bias.constant {
            Some(constant) => Ok(Some(constant)),
            None => Err(Error::unsupported("a bias that is computed, not constant")),
        },
        _ => Ok(None),
    }
}

/// An error unless a gemm is a product and a sum, nothing else.
pub(in crate::profiles) fn check_gemm(op: &Gemm, node: &IntegerNode<'_>) -> Result<()> {
    let has_bias = matches!(node.inputs.get(2), Some(Some(_)));
    if op.alpha != 1.0 || (has_bias && op.beta != 1.0) || op.trans_a {
        return Err(Error::unsupported("alpha or beta other than 1, or a transposed activation"));
    }
    Ok(())
}

/// An error unless the weights have one scale, or one for each output.
pub(in crate::profiles) fn check_scales(node: &IntegerNode<'_>, n_outputs: usize) -> Result<()> {
    match params(node, 1)?.scale.len() {
        n if n == 1 || n == n_outputs => Ok(()),
        n => Err(Error::data(format!("{n} scales for {n_outputs} outputs"))),
    }
}

/// Outputs of a convolution by these weights, `[outputs, channels / group, kernel…]` over one to three axes.
///
/// # Errors
/// Weights of another shape.
pub(in crate::profiles) fn conv_outputs(conv: &Conv, weights: &Tensor) -> Result<usize> {
    let &[outputs, _, ref kernel @ ..] = weights.shape() else {
        return Err(Error::graph(format!("weights of shape {:?}", weights.shape())));
    };
    if !(1..=3).contains(&kernel.len()) || conv.group == 0 || !outputs.is_multiple_of(conv.group) {
        return Err(Error::unsupported(format!("a convolution with weights {:?}", weights.shape())));
    }
    Ok(outputs)
}

/// Rows, columns and outputs of a constant matrix of weights.
///
/// # Errors
/// Weights of another rank.
pub(in crate::profiles) fn matrix(weights: &Tensor, is_transposed: bool) -> Result<(usize, usize, usize)> {
    match *weights.shape() {
        [rows, columns] => Ok((rows, columns, if is_transposed { rows } else { columns })),
        _ => Err(Error::unsupported(format!("weights of shape {:?}, not a matrix", weights.shape()))),
    }
}

/// A convolution whose sums are exact in 32 bits.
#[derive(Debug)]
struct PreparedConv<F> {
    conv: Conv,
    weights: Tensor,
    /// Of the weights.
    zero_points: Vec<i32>,
    bias: Option<Vec<i32>>,
    /// Of the input.
    zero_point: i32,
    packed: PackedOnce<PackedConv>,
    from_sums: F,
}

/// Binds input 0 of a node and its constant weights; `bias` has a number for each output.
///
/// # Errors
/// Weights of another shape or type, or with other numbers of scales.
pub(in crate::profiles) fn prepared_conv<F: FromSums + 'static>(
    conv: &Conv,
    node: &IntegerNode<'_>,
    bias: Option<Vec<i32>>,
    from_sums: F,
) -> Result<Box<dyn Prepared>> {
    let weights = constant_weights(node)?;
    check_scales(node, conv_outputs(conv, weights)?)?;
    bytes(weights)?;
    Ok(Box::new(PreparedConv {
        conv: conv.clone(),
        weights: weights.clone(),
        zero_points: params(node, 1)?.zero_point.to_vec(),
        bias,
        zero_point: activation(node, 0)?.zero_point,
        packed: PackedOnce::default(),
        from_sums,
    }))
}

impl<F: FromSums> Prepared for PreparedConv<F> {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.get(0)?;
        let windows = self.conv.windows(x.shape(), self.weights.shape())?;
        let pack = || {
            let shape = self.conv.kernel_shape(self.weights.shape(), &windows);
            let weights = bytes(&self.weights)?;
            Ok(PackedConv::new(weights, &self.zero_points, self.bias.as_deref(), shape, Arithmetic::Exact))
        };
        let layout = Layout::ChannelsFirst;
        let input = ConvInput { data: bytes(x)?, dims: x.shape(), layout, zero_point: self.zero_point };
        let run = |packed: &PackedConv| {
            let shape = packed.shape().output_dims(x.shape());
            self.from_sums.fill(shape, 1, &|epilogue, output| packed.run(input, epilogue, output, layout))
        };
        Ok(vec![self.packed.with(|packed| windows.fit(packed.shape()), pack, run)?])
    }
}

/// A product with a matrix whose sums are exact in 32 bits.
#[derive(Debug)]
struct PreparedMatrix<F> {
    packed: PackedB,
    bias: Option<Vec<i32>>,
    /// Of the input.
    zero_point: i32,
    from_sums: F,
}

/// Binds input 0 of a node and its constant weights `[k, n]`, or `[n, k]` where they are transposed.
///
/// # Errors
/// Weights of another shape or type, or with other numbers of scales.
pub(in crate::profiles) fn prepared_matrix<F: FromSums + 'static>(
    node: &IntegerNode<'_>,
    is_transposed: bool,
    bias: Option<Vec<i32>>,
    from_sums: F,
) -> Result<Box<dyn Prepared>> {
    let weights = constant_weights(node)?;
    let (rows, columns, n) = matrix(weights, is_transposed)?;
    check_scales(node, n)?;
    let zero_points = &params(node, 1)?.zero_point;
    let packed = if is_transposed {
        PackedB::transposed(bytes(weights)?, columns, rows, zero_points, Arithmetic::Exact)
    } else {
        PackedB::new(bytes(weights)?, rows, columns, zero_points, Arithmetic::Exact)
    };
    Ok(Box::new(PreparedMatrix { packed, bias, zero_point: activation(node, 0)?.zero_point, from_sums }))
}

impl<F: FromSums> Prepared for PreparedMatrix<F> {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.get(0)?;
        let (k, n) = (self.packed.depth(), self.packed.columns());
        let Some((&last, lead)) = x.shape().split_last().filter(|(last, _)| **last == k) else {
            return Err(Error::data(format!("a product of {:?} with a matrix of {k} rows", x.shape())));
        };
        let (m, elements) = (x.len() / last.max(1), bytes(x)?);
        let output = self.from_sums.fill([lead, &[n]].concat(), lead.len(), &|epilogue, output| {
            gemm(elements, m, self.zero_point, &self.packed, self.bias.as_deref(), epilogue, output);
        })?;
        Ok(vec![output])
    }
}
