//! Addition and multiplication: kernels `QLinearAdd` and `QLinearMul`.
//!
//! Both inputs are of 8 bits, so that a table of 65536 outputs, made with the kernel's own arithmetic, is the whole
//! function.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::node::{self, Affine, bits, check_one_storage, constants, from_bits, from_byte};
use super::rounding::to_i32;
use super::spans::Span;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::elementwise::{broadcast_dims, broadcast_to};
use crate::kernels::parallel::for_each_chunk;
use crate::ops::{Args, Prepared, output_count, unwritten, with_constants};
use crate::tensor::Tensor;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Add,
    Mul,
}

/// Binds a node of two inputs and one output, all of one storage type.
pub(super) fn prepare(node: &IntegerNode<'_>, function: Function) -> Result<Box<dyn Prepared>> {
    let [first, second, output] = [node::input(node, 0)?, node::input(node, 1)?, node::output(node)?];
    check_one_storage(&[output, first, second])?;
    let tables = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    Ok(Box::new(PreparedBinary { function, first, second, output, constants: constants(node), tables }))
}

#[derive(Debug)]
struct PreparedBinary {
    function: Function,
    first: Affine,
    second: Affine,
    output: Affine,
    constants: Vec<Option<Tensor>>,
    /// Outputs by the bits of the inputs, `first · 256 + second`, for each [`Span`].
    tables: [OnceLock<Vec<u8>>; 3],
}

impl Prepared for PreparedBinary {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let (first, second) = (inputs.get(0)?, inputs.get(1)?);
        let Some(shape) = broadcast_dims(first.shape(), second.shape()) else {
            let message = format!("{:?} and {:?} cannot be broadcast", first.shape(), second.shape());
            return Err(Error::data(message));
        };
        let span = Span::of(first.shape(), second.shape());
        let table = self.tables[span as usize].get_or_init(|| self.table(span));
        let (first, second) = (stretched(first, &shape)?, stretched(second, &shape)?);
        let mut output = unwritten::<u8>(&shape)?;
        for_each_chunk(&mut output, CHUNK, |task, output| {
            let pairs = first[task * CHUNK..].iter().zip(&second[task * CHUNK..]);
            for (output, (&a, &b)) in output.iter_mut().zip(pairs) {
                *output = table[usize::from(a) << 8 | usize::from(b)];
            }
        });
        Ok(vec![from_bits(self.output.storage, shape, output)?])
    }
}

/// Elements per task.
const CHUNK: usize = 1 << 15;

/// The bits of a tensor, broadcast.
fn stretched<'t>(tensor: &'t Tensor, shape: &[usize]) -> Result<Cow<'t, [u8]>> {
    if tensor.shape() == shape {
        return Ok(Cow::Borrowed(bits(tensor)?));
    }
    let mut stretched = vec![0; output_count(shape)?];
    if !stretched.is_empty() {
        broadcast_to(bits(tensor)?, tensor.shape(), &mut stretched, shape);
    }
    Ok(Cow::Owned(stretched))
}

impl PreparedBinary {
    fn table(&self, span: Span) -> Vec<u8> {
        let storage = self.output.storage;
        let (min, max) = self.output.range();
        let of = |index: usize| {
            let (first, second) = (from_byte(storage, (index >> 8) as u8), from_byte(storage, index as u8));
            let rounded = to_i32(match (self.function, span) {
                (Function::Mul, _) => self.product(first, second),
                (Function::Add, Span::FirstIsScalar) => {
                    self.sum_with_scalar(second, self.second, first, self.first)
                }
                (Function::Add, Span::SecondIsScalar) => {
                    self.sum_with_scalar(first, self.first, second, self.second)
                }
                (Function::Add, Span::Pairs) => self.sum(first, second),
            });
            rounded.clamp(min, max) as u8
        };
        (0..1 << 16).map(of).collect()
    }

    /// Source: MLAS `MlasQLinearMulKernel`, SSE2.
    fn product(&self, first: i32, second: i32) -> f32 {
        let factor = self.first.scale * self.second.scale / self.output.scale;
        let product = (first - self.first.zero_point) * (second - self.second.zero_point);
        product as f32 * factor + self.output.zero_point as f32
    }

    /// Source: MLAS `MlasQLinearAddKernelAvx2Helper`, where the compiler contracts to fused multiply-add.
    fn sum(&self, first: i32, second: i32) -> f32 {
        let ratios = [self.first, self.second].map(|input| input.scale / self.output.scale);
        let inner = (second as f32).mul_add(ratios[1], self.fixed(self.first, self.second));
        (first as f32).mul_add(ratios[0], inner)
    }

    /// The same kernel, whose second operand is the scalar whichever input that was.
    fn sum_with_scalar(&self, many: i32, of_many: Affine, scalar: i32, of_scalar: Affine) -> f32 {
        let [ratio, scalar_ratio] = [of_many, of_scalar].map(|input| input.scale / self.output.scale);
        let inner = (scalar as f32).mul_add(scalar_ratio, self.fixed(of_many, of_scalar));
        (many as f32).mul_add(ratio, inner)
    }

    /// What does not depend on the integers.
    fn fixed(&self, a: Affine, b: Affine) -> f32 {
        let [a_ratio, b_ratio] = [a, b].map(|input| input.scale / self.output.scale);
        let zero_points = a_ratio.mul_add(a.zero_point as f32, b_ratio * b.zero_point as f32);
        self.output.zero_point as f32 - zero_points
    }
}
