//! Ops that move integers about or choose among them: onnxruntime drops the bridges around them and runs the op itself
//! on integers, of 8 or 16 bits.

use super::node::{check_whole_range, constants, params};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, EvalContext, Op, Prepared, ResizeMode, with_constants};
use crate::tensor::{DType, QuantParams, Tensor};

/// Whether the op only moves elements or chooses among them.
pub(super) fn moves(op: &Op) -> bool {
    is_of_any_width(op) || chooses(op)
}

/// Ops that take 16-bit integers as well.
fn is_of_any_width(op: &Op) -> bool {
    matches!(
        op,
        Op::Expand(_)
            | Op::Flatten(_)
            | Op::Gather(_)
            | Op::GatherElements(_)
            | Op::Identity(_)
            | Op::Reshape(_)
            | Op::Slice(_)
            | Op::Split(_)
            | Op::Squeeze(_)
            | Op::Tile(_)
            | Op::Transpose(_)
            | Op::Unsqueeze(_)
    )
}

/// Ops that compare elements, or have kernels for 8 bits only.
fn chooses(op: &Op) -> bool {
    matches!(op, Op::MaxPool(_) | Op::ReduceMax(_) | Op::ReduceMin(_) | Op::ArgMax(_))
        || matches!(op, Op::Resize(resize) if resize.mode == ResizeMode::Nearest)
}

/// Binds a node whose quantized outputs have the parameters of input 0.
pub(super) fn prepare(node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let input = params(node, 0)?;
    let is_known = match input.storage {
        DType::I8 | DType::U8 => true,
        DType::I16 | DType::U16 => is_of_any_width(node.op),
        _ => false,
    };
    if !is_known {
        let message = format!("onnxruntime has no kernel of `{}` for {}", node.op.name(), input.storage);
        return Err(Error::unsupported(message).help("leave the node in float"));
    }
    for output in node.outputs.iter().flatten() {
        check_whole_range(output)?;
        if !means_the_same(input, output) {
            return Err(Error::unsupported("input and output have different scales or zero points")
                .help(format!("onnxruntime runs `{}` on integers only if they are equal", node.op.name())));
        }
    }
    let n_outputs = node.outputs.len();
    Ok(Box::new(PreparedMover { op: node.op.clone(), n_outputs, constants: constants(node) }))
}

fn means_the_same(a: &QuantParams, b: &QuantParams) -> bool {
    a.scale.len() == 1 && a.storage == b.storage && a.scale == b.scale && a.zero_point == b.zero_point
}

#[derive(Debug)]
struct PreparedMover {
    op: Op,
    n_outputs: usize,
    constants: Vec<Option<Tensor>>,
}

impl Prepared for PreparedMover {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        self.op.def().eval(EvalContext { n_outputs: self.n_outputs }, inputs)
    }
}
