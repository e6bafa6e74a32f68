//! Type inference over a whole graph.

use std::collections::HashMap;

use super::{Block, Graph, Node, ValueId};
use crate::error::{Error, Result};
use crate::ops::{Inputs, Op, Operand};
use crate::tensor::{DType, Dim, TensorType};

/// Longest integer vector followed as dimensions.
const MAX_DIMS: usize = 64;

impl Graph {
    /// Computes the type of every value from the inputs' types; what a reader said of it fills the gaps.
    ///
    /// # Errors
    /// All nodes whose inputs break a rule of their op, or whose outputs contradict what is declared.
    pub fn infer(&mut self) -> Result<()> {
        let mut inference = Inference::default();
        let body = std::mem::take(&mut self.body);
        self.body.inputs.clone_from(&body.inputs);
        inference.block(self, &body);
        self.body = body;
        Error::all(inference.errors).map_or(Ok(()), Err)
    }
}

/// Inference node by node, in order of computation; readers run it while they build a graph.
#[derive(Debug, Default)]
pub(crate) struct Inference {
    /// Contents of small integer vectors that are computed from shapes, by value.
    dims: HashMap<ValueId, Vec<Dim>>,
    errors: Vec<Error>,
}

impl Inference {
    fn block(&mut self, graph: &mut Graph, block: &Block) {
        for node in &block.nodes {
            if let Err(error) = self.node(graph, node) {
                self.errors.push(error.node(graph.describe(node)));
            }
        }
    }

    /// Types of a node's outputs, where they follow from its inputs; merged with what is declared.
    pub(crate) fn node(&mut self, graph: &mut Graph, node: &Node) -> Result<()> {
        for region in &node.regions {
            self.block(graph, region);
        }
        let is_integer_form = graph.is_integer_form(node);
        let (mut types, dims) = {
            let real = if is_integer_form { real_types(graph, node) } else { Vec::new() };
            let inputs = self.inputs(graph, node, &real);
            let types = if node.regions.is_empty() {
                if !follows(node, &inputs) {
                    return Ok(());
                }
                node.op.def().infer(&inputs)?
            } else {
                region_types(graph, node)
            };
            (types, node.op.def().infer_dims(&inputs))
        };
        if is_integer_form {
            types.iter_mut().zip(&node.outputs).for_each(|(ty, output)| store(graph, node, *output, ty));
        }
        for (output, inferred) in node.outputs.iter().zip(types) {
            let Some(output) = *output else { continue };
            let declared = graph[output].ty.take();
            graph[output].ty = Some(match declared {
                Some(declared) => {
                    merge(inferred, &declared).map_err(|error| error.value(graph[output].name()))?
                }
                None => inferred,
            });
        }
        if let (Some(output), Some(dims)) = (node.output(0), dims)
            && dims.len() <= MAX_DIMS
        {
            self.dims.insert(output, dims);
        }
        Ok(())
    }

    /// What is known of a node's inputs; `real` holds the types of quantized ones as the numbers they mean, if any.
    fn inputs<'a>(&'a self, graph: &'a Graph, node: &Node, real: &'a [Option<TensorType>]) -> Inputs<'a> {
        let operand = |position: usize, id: ValueId| match real.get(position) {
            Some(Some(ty)) => Operand { ty: Some(ty), constant: None, dims: None },
            _ => Operand {
                ty: graph[id].ty.as_ref(),
                constant: graph.constant(id),
                dims: self.dims.get(&id).map(Vec::as_slice),
            },
        };
        let inputs = node.inputs.iter().enumerate();
        Inputs(inputs.map(|(position, input)| input.map(|id| operand(position, id))).collect())
    }
}

/// For each quantized input of a node, the type of the numbers it means.
fn real_types(graph: &Graph, node: &Node) -> Vec<Option<TensorType>> {
    let real = |id: ValueId| {
        let ty = graph[id].ty.as_ref()?;
        ty.quant.as_ref()?;
        Some(TensorType::new(DType::F32, ty.shape.clone()))
    };
    node.inputs.iter().map(|input| input.and_then(real)).collect()
}

/// Turns the type of an output of a node in integer form into that of what is stored: as declared, or, for moved
/// elements, as they were.
fn store(graph: &Graph, node: &Node, output: Option<ValueId>, ty: &mut TensorType) {
    if !ty.dtype.is_float() {
        return;
    }
    let declared = output.and_then(|id| graph.quant(id).cloned());
    let moved = || {
        let moved = graph.moves_integers(node).then(|| node.input(super::moved_inputs(node).start));
        graph.quant(moved.flatten()?).cloned()
    };
    let quant = declared.or_else(moved);
    if let Some(quant) = quant {
        (ty.dtype, ty.quant) = (quant.storage, Some(quant));
    }
}

/// Whether the types of a node's outputs follow from what is known: nothing follows from the output of a custom op,
/// unless the op gives the same type whatever it gets.
fn follows(node: &Node, inputs: &Inputs<'_>) -> bool {
    let all_known = inputs.0.iter().flatten().all(|operand| operand.ty.is_some());
    all_known
        || matches!(node.op, Op::Cast(_) | Op::Shape(_) | Op::Size(_) | Op::Dequantize(_) | Op::Quantize(_))
}

/// Types of a node with regions, from what its regions return.
fn region_types(graph: &Graph, node: &Node) -> Vec<TensorType> {
    let of = |id: &ValueId| graph[*id].ty.clone();
    let types: Option<Vec<TensorType>> = match (node.op.name(), node.regions.as_slice()) {
        ("if", [then_branch, else_branch]) => then_branch
            .outputs
            .iter()
            .zip(&else_branch.outputs)
            .map(|(a, b)| Some(common(of(a)?, &of(b)?)))
            .collect(),
        // Sizes carried around a loop may change from turn to turn, and the number of turns is not known.
        ("loop", [body]) => {
            body.outputs.iter().skip(1).map(|id| Some(TensorType::new(of(id)?.dtype, None))).collect()
        }
        (_, [body]) => body.outputs.iter().map(|id| Some(TensorType::new(of(id)?.dtype, None))).collect(),
        _ => None,
    };
    types.unwrap_or_default()
}

/// What holds of both types.
fn common(a: TensorType, b: &TensorType) -> TensorType {
    let shape = match (a.shape, &b.shape) {
        (Some(a), Some(b)) if a.len() == b.len() => {
            Some(a.into_iter().zip(b).map(|(a, b)| if a == *b { a } else { Dim::Any }).collect())
        }
        _ => None,
    };
    TensorType::new(a.dtype, shape)
}

/// The inferred type with gaps filled from the declared one.
pub(crate) fn merge(inferred: TensorType, declared: &TensorType) -> Result<TensorType> {
    let conflict = || Error::graph(format!("declared as {declared}, but computed as {inferred}"));
    if inferred.dtype != declared.dtype {
        return Err(conflict());
    }
    let shape = match (&inferred.shape, &declared.shape) {
        (None, declared) => declared.clone(),
        (inferred, None) => inferred.clone(),
        (Some(inferred), Some(declared)) if inferred.len() == declared.len() => Some(
            inferred
                .iter()
                .zip(declared)
                .map(|(inferred, declared)| match (inferred, declared) {
                    (Dim::Known(a), Dim::Known(b)) if a != b => Err(conflict()),
                    (Dim::Known(_), _) | (Dim::Symbol(_), Dim::Symbol(_) | Dim::Any) => Ok(inferred.clone()),
                    _ => Ok(declared.clone()),
                })
                .collect::<Result<_>>()?,
        ),
        _ => return Err(conflict()),
    };
    let quant = inferred.quant.or_else(|| declared.quant.clone());
    Ok(TensorType { dtype: inferred.dtype, shape, quant })
}
