//! Integer weights back to real numbers.

use super::{Rewrite, Skip, View};
use crate::graph::Patch;
use crate::ops::{Op, dequantize};
use crate::tensor::DType;

/// Lets the real numbers stand for a dequantize of a constant, so that a model whose weights are integers can be
/// quantized anew.
///
/// ```text
/// %y = dequantize(%w)    with %w constant    →    %y a constant
/// ```
#[derive(Debug)]
pub struct FoldDequantized;

impl Rewrite for FoldDequantized {
    fn name(&self) -> &'static str {
        "fold-dequantized"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let Op::Dequantize(op) = &node.op else { return Err(Skip::NoMatch) };
        let (input, output) = (node.input(0).ok_or(Skip::NoMatch)?, node.output(0).ok_or(Skip::NoMatch)?);
        let constant = view.constant(input).ok_or(Skip::NoMatch)?;
        if op.dtype != DType::F32 || view.uses.is_output(output) {
            return Err(Skip::Because("its numbers are not f32, or are an output"));
        }
        let floats =
            dequantize(constant, &op.params).map_err(|_| Skip::Because("it cannot be dequantized"))?;
        let mut patch = Patch::new(view.graph);
        let constant = patch.constant(view.graph[output].name(), floats);
        patch.replace(output, constant);
        Ok(patch)
    }
}
