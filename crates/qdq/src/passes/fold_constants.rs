//! An op of constants is a constant.

use super::{Rewrite, Skip, View};
use crate::graph::Patch;
use crate::ops::{Args, EvalContext, Op};
use crate::tensor::Tensor;

/// Largest result, in elements, that is computed though it is larger than what it is computed from:
/// shape computations and small tables are far below, an expanded mask of a long sequence above.
const MAX_GROWTH: usize = 1 << 16;

/// Computes nodes whose inputs are all constant.
///
/// ```text
/// %y = add(%a, %b)    with %a, %b constant    →    %y a constant
/// ```
/// Quantize and dequantize stay: their integers are what the model is about.
#[derive(Debug)]
pub(super) struct FoldConstants;

impl Rewrite for FoldConstants {
    fn name(&self) -> &'static str {
        "fold-constants"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        if matches!(node.op, Op::Custom(_) | Op::Quantize(_) | Op::Dequantize(_)) || !node.regions.is_empty()
        {
            return Err(Skip::NoMatch);
        }
        let gives_output = node.present_outputs().any(|output| view.uses.is_output(output));
        if matches!(node.op, Op::Identity(_)) && gives_output {
            return Err(Skip::Because("the graph's output needs a node of its own"));
        }
        if let Some(patch) = known_dims(view, position) {
            return Ok(patch);
        }
        let mut constants = Vec::with_capacity(node.inputs.len());
        for input in &node.inputs {
            constants.push(match input {
                Some(id) => Some(view.constant(*id).ok_or(Skip::NoMatch)?.clone()),
                None => None,
            });
        }
        let outputs = compute(view, position, constants)?;
        let mut patch = Patch::new(view.graph);
        for (output, tensor) in node.outputs.iter().zip(outputs) {
            if let Some(output) = *output {
                let constant = patch.constant(view.graph[output].name(), tensor);
                patch.replace(output, constant);
            }
        }
        Ok(patch)
    }
}

/// A `shape` or `size` of a value whose sizes are all known.
fn known_dims(view: &View<'_>, position: usize) -> Option<Patch> {
    let node = view.node(position);
    let (input, output) = (node.input(0)?, node.output(0)?);
    let dims = view.graph[input].ty.as_ref()?.known_dims()?;
    let tensor = match &node.op {
        Op::Shape(shape) => {
            let rank = dims.len() as i64;
            let bound = |at: i64| (if at < 0 { at + rank } else { at }).clamp(0, rank) as usize;
            let (start, end) = (bound(shape.start), shape.end.map_or(dims.len(), bound));
            Tensor::vector(dims.get(start..end.max(start))?.iter().map(|&dim| dim as i64).collect())
        }
        Op::Size(_) => Tensor::scalar(dims.iter().product::<usize>() as i64),
        _ => return None,
    };
    let mut patch = Patch::new(view.graph);
    let constant = patch.constant(view.graph[output].name(), tensor);
    patch.replace(output, constant);
    Some(patch)
}

fn compute(view: &View<'_>, position: usize, constants: Vec<Option<Tensor>>) -> Result<Vec<Tensor>, Skip> {
    let node = view.node(position);
    let n_in: usize = constants.iter().flatten().map(Tensor::len).sum();
    let limit = n_in.max(MAX_GROWTH);
    let too_large = node.present_outputs().any(|output| {
        let dims = view.graph[output].ty.as_ref().and_then(crate::tensor::TensorType::known_dims);
        dims.is_none_or(|dims| crate::tensor::element_count(&dims).is_none_or(|count| count > limit))
    });
    if too_large {
        return Err(Skip::Because("the result is large, or of unknown size"));
    }
    let context = EvalContext { n_outputs: node.outputs.len() };
    let outputs = node.op.def().eval(context, Args(constants));
    outputs.map_err(|_| Skip::Because("it cannot be computed"))
}
