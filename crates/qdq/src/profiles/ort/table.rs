//! Functions of one 8-bit input: a table of 256 outputs. Kernels `QLinearSigmoid` and `QLinearLeakyRelu`, and relu and
//! clip between bridges, which onnxruntime computes in f32 without rounding.

use super::node::{self, Affine, bits, check_one_storage, constants, from_bits, from_byte};
use super::rounding::{Saturate, at_least, at_most};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::parallel::for_each_chunk;
use crate::ops::{Args, Prepared, unwritten, with_constants};
use crate::tensor::Tensor;

/// Binds dequantize, `function`, quantize.
pub(super) fn prepare(node: &IntegerNode<'_>, function: impl Fn(f32) -> f32) -> Result<Box<dyn Prepared>> {
    let (input, output) = (node::input(node, 0)?, node::output(node)?);
    check_one_storage(&[output, input])?;
    let table = table(input, output, function);
    Ok(Box::new(PreparedTable { table, output, constants: constants(node) }))
}

/// Binds a clip with constant bounds, which are real numbers.
pub(super) fn prepare_clip(node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let bound = |position: usize, default: f32| {
        let Some(Some(input)) = node.inputs.get(position) else { return Ok(default) };
        match input.constant.as_ref().map(Tensor::as_slice::<f32>) {
            Some(Ok(&[bound])) => Ok(bound),
            _ => Err(Error::unsupported("a bound that is no constant number")),
        }
    };
    let (low, high) = (bound(1, f32::NEG_INFINITY)?, bound(2, f32::INFINITY)?);
    let output = node::output(node)?;
    let (min, max) = output.range();
    // onnxruntime drops a clip that leaves the whole range of the output, with a tolerance that is not relative.
    // Source: `ClipQuantFusion`.
    let is_dropped =
        low - output.dequantize(min) <= f32::EPSILON && output.dequantize(max) - high <= f32::EPSILON;
    prepare(node, move |x| if is_dropped { x } else { x.max(low).min(high) })
}

/// Outputs by the bits of the input. Source: onnxruntime `QlinearBuildLookupTable`.
pub(super) fn table(input: Affine, output: Affine, function: impl Fn(f32) -> f32) -> Vec<u8> {
    let saturate = Saturate::to(output);
    let of = |byte| saturate.bits(function(input.dequantize(from_byte(input.storage, byte))) / output.scale);
    (0..=255).map(of).collect()
}

/// The logistic function as a ratio of polynomials. Source: MLAS `LogisticKernelFma3`.
pub(super) fn sigmoid(x: f32) -> f32 {
    const NUMERATOR: [f32; 5] =
        [4.370_310_3e-11, 1.156_273_3e-7, 6.085_748_6e-5, 8.513_771e-3, 2.482_879_5e-1];
    const DENOMINATOR: [f32; 6] =
        [6.102_473_9e-13, 5.761_021_4e-9, 6.291_067_8e-6, 1.701_988_2e-3, 1.168_176_6e-1, 9.931_519e-1];
    let x = at_most(at_least(x, -18.0), 18.0);
    let squared = x * x;
    let polynomial =
        |coefficients: &[f32]| coefficients.iter().copied().reduce(|sum, next| sum.mul_add(squared, next));
    let ratio = x * polynomial(&NUMERATOR).unwrap_or(0.0) / polynomial(&DENOMINATOR).unwrap_or(1.0);
    at_least(ratio + 0.5, 0.0)
}

#[derive(Debug)]
struct PreparedTable {
    table: Vec<u8>,
    output: Affine,
    constants: Vec<Option<Tensor>>,
}

impl Prepared for PreparedTable {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let input = inputs.get(0)?;
        let from = bits(input)?;
        let mut output = unwritten::<u8>(input.shape())?;
        for_each_chunk(&mut output, CHUNK, |task, output| {
            let from = &from[task * CHUNK..];
            output.iter_mut().zip(from).for_each(|(to, &byte)| *to = self.table[usize::from(byte)]);
        });
        Ok(vec![from_bits(self.output.storage, input.shape().to_vec(), output)?])
    }
}

/// Elements per task.
const CHUNK: usize = 1 << 16;
