//! What quantizing a float model would give.

use super::{ExplainedNode, Explanation, Runs, explained};
use crate::error::Result;
use crate::graph::{Graph, Uses};
use crate::passes;
use crate::quant::{self, Decision, Plan, Reason, Recipe, blocks};
use crate::targets::Target;

/// Plans the model as `quantize` does, without data.
pub(super) fn explain(graph: &Graph, recipe: &Recipe, target: &Target) -> Result<Explanation> {
    let mut graph = graph.clone();
    passes::freeze_inputs(&mut graph);
    passes::canonicalize(&mut graph)?;
    quant::give_cells(&mut graph, target)?;
    let plan = quant::plan(&graph, recipe, target)?;
    let blocks = blocks(&graph);
    let nodes = plan.decisions.iter().map(|(place, decision)| {
        let node = &blocks[place.block].nodes[place.node];
        decided(explained(&graph, node, Runs::Neither), decision)
    });
    let nodes = nodes.collect();
    let (n_quantize, n_dequantize) = bridges(&graph, &plan);
    Ok(Explanation {
        target: target.name.clone(),
        is_quantized: false,
        nodes,
        n_quantize,
        n_dequantize,
        warnings: Vec::new(),
    })
}

fn decided(node: ExplainedNode, decision: &Decision) -> ExplainedNode {
    match decision {
        Decision::Integer(kernel) => {
            ExplainedNode { runs: Runs::Integer, kernel: Some(kernel.clone()), ..node }
        }
        Decision::Dynamic(operator) => {
            ExplainedNode { runs: Runs::Integer, kernel: Some((*operator).to_owned()), ..node }
        }
        Decision::Fused => ExplainedNode { runs: Runs::Fused, ..node },
        Decision::NotFloat | Decision::Stored | Decision::Half => node,
        Decision::Float(reason) => ExplainedNode {
            runs: Runs::Float,
            reason: Some(reason.to_string()),
            fix: fix(reason).map(str::to_owned),
            ..node
        },
    }
}

/// What could be done, where staying in float is not the best there is.
fn fix(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::WeightsNotConstant => Some("store its weights as a constant, if they are one"),
        Reason::Excluded(_) => Some("take the rule out of the recipe"),
        Reason::NotF32 => Some("convert the model to f32 before quantizing it"),
        _ => None,
    }
}

/// Values quantized out of float, and quantized values that float ops use.
fn bridges(graph: &Graph, plan: &Plan) -> (usize, usize) {
    let (mut n_quantize, mut n_dequantize) = (0, 0);
    for (position, block) in blocks(graph).into_iter().enumerate() {
        let uses = Uses::of_block(graph, block);
        let is_integer = |&node: &usize| {
            let place = quant::Place { block: position, node };
            matches!(plan.decisions.get(&place), Some(Decision::Integer(_) | Decision::Fused))
        };
        for ((at, value), activation) in &plan.activations {
            if *at != position {
                continue;
            }
            let goes_on_in_float = uses.is_output(*value) || !uses.users(*value).iter().all(is_integer);
            n_quantize += usize::from(!activation.is_integer_output);
            n_dequantize += usize::from(activation.is_integer_output && goes_on_in_float);
        }
    }
    (n_quantize, n_dequantize)
}
