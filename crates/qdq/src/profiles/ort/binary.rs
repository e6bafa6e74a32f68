//! Addition and multiplication: kernels `QLinearAdd` and `QLinearMul`.

use super::node::{self, Affine, bytes, check_one_storage, constants};
use super::spans::Span;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::elementwise::{broadcast_dims, broadcast_to};
use crate::kernels::int8;
use crate::ops::{Args, Prepared, unwritten, with_constants};
use crate::tensor::{DType, Data, Element, Tensor};

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
    Ok(Box::new(PreparedBinary { function, first, second, output, constants: constants(node) }))
}

#[derive(Debug)]
struct PreparedBinary {
    function: Function,
    first: Affine,
    second: Affine,
    output: Affine,
    constants: Vec<Option<Tensor>>,
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
        let (first, second) = (stretched(first, &shape)?, stretched(second, &shape)?);
        if self.output.storage == DType::I8 {
            let mut output = unwritten::<i8>(&shape)?;
            self.compute(&first, &second, span, int8::Output::I8(&mut output))?;
            return Ok(vec![Tensor::from_vec(shape, output)?]);
        }
        let mut output = unwritten::<u8>(&shape)?;
        self.compute(&first, &second, span, int8::Output::U8(&mut output))?;
        Ok(vec![Tensor::from_vec(shape, output)?])
    }
}

impl PreparedBinary {
    /// Computes tensors of one shape.
    fn compute(&self, first: &Tensor, second: &Tensor, span: Span, output: int8::Output<'_>) -> Result<()> {
        let first = (bytes(first)?, params(self.first));
        let second = (bytes(second)?, params(self.second));
        // The scalar is the kernel's second operand whichever input it was.
        let [many, other] = if span == Span::FirstIsScalar { [second, first] } else { [first, second] };
        let kernel = match self.function {
            Function::Add => int8::add,
            Function::Mul => int8::mul,
        };
        kernel(many.0, many.1, other.0, other.1, output, params(self.output));
        Ok(())
    }
}

fn params(affine: Affine) -> int8::Affine {
    int8::Affine { scale: affine.scale, zero_point: affine.zero_point }
}

/// A tensor, broadcast.
fn stretched(tensor: &Tensor, shape: &[usize]) -> Result<Tensor> {
    if tensor.shape() == shape {
        return Ok(tensor.clone());
    }
    match tensor.data() {
        Data::I8(elements) => stretch(elements, tensor.shape(), shape),
        Data::U8(elements) => stretch(elements, tensor.shape(), shape),
        other => Err(Error::data(format!("a tensor of {} where 8-bit integers are needed", other.dtype()))),
    }
}

fn stretch<T: Element + Default>(elements: &[T], from: &[usize], to: &[usize]) -> Result<Tensor> {
    let mut stretched = unwritten(to)?;
    if !stretched.is_empty() {
        broadcast_to(elements, from, &mut stretched, to);
    }
    Tensor::from_vec(to.to_vec(), stretched)
}
