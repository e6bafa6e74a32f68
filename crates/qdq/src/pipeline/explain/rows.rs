//! A quantized model against the rows of a target: an op between dequantize and quantize, with what may follow inside the
//! same kernel, in types that the target takes.

use super::{ExplainedNode, Explanation, Runs, explained, fix, is_real};
use crate::error::Result;
use crate::graph::{Block, Graph, Node, Uses, ValueId};
use crate::ops::{Op, QuantRule};
use crate::profiles::{Refusal, real_inputs};
use crate::quant::blocks;
use crate::targets::{Limits, Role, Row, Target};
use crate::tensor::{DType, QuantParams};

/// Looks at every block.
pub(super) fn explain(graph: &Graph, target: &Target) -> Result<Explanation> {
    let mut graph = graph.clone();
    graph.infer()?;
    let mut found = Explanation {
        target: target.name.clone(),
        is_quantized: true,
        nodes: Vec::new(),
        n_quantize: 0,
        n_dequantize: 0,
        warnings: Vec::new(),
    };
    for block in blocks(&graph) {
        let sight = Sight { graph: &graph, block, uses: Uses::of_block(&graph, block), target };
        sight.look_at(&mut found);
    }
    Ok(found)
}

/// A block with producers and users.
struct Sight<'g> {
    graph: &'g Graph,
    block: &'g Block,
    uses: Uses,
    target: &'g Target,
}

impl<'g> Sight<'g> {
    fn look_at(&self, found: &mut Explanation) {
        let mut runs = vec![None; self.block.nodes.len()];
        let mut refusals = vec![None; self.block.nodes.len()];
        for (position, node) in self.block.nodes.iter().enumerate() {
            if self.graph.is_integer_form(node) {
                runs[position] = Some(Runs::Integer);
                continue;
            }
            match self.check(node) {
                Ok(chain) => {
                    runs[position] = Some(Runs::Integer);
                    for member in chain {
                        runs[member] = Some(Runs::Fused);
                    }
                }
                Err(refusal) => refusals[position] = Some(refusal),
            }
        }
        self.count_bridges(&runs, found);
        for (position, node) in self.block.nodes.iter().enumerate() {
            if matches!(node.op, Op::Quantize(_) | Op::Dequantize(_)) {
                continue;
            }
            let default = if is_real(self.graph, node) { Runs::Float } else { Runs::Neither };
            let of_node = explained(self.graph, node, runs[position].unwrap_or(default));
            let refusal = refusals[position].as_ref().filter(|_| of_node.runs == Runs::Float);
            found.nodes.push(match refusal {
                Some(refusal) => {
                    let (reason, fix) = fix::of_refusal(self.graph, self.block, position, refusal);
                    ExplainedNode { reason: Some(reason), fix, ..of_node }
                }
                None => of_node,
            });
        }
    }

    /// A quantize is part of the kernel before it, a dequantize of those after it; where these are in float, they are left.
    fn count_bridges(&self, runs: &[Option<Runs>], found: &mut Explanation) {
        let is_integer = |position: usize| runs[position].is_some();
        for node in &self.block.nodes {
            let (Some(input), Some(output)) = (node.input(0), node.output(0)) else { continue };
            match node.op {
                Op::Quantize(_) if self.graph.constant(input).is_none() => {
                    found.n_quantize += usize::from(!self.uses.producer(input).is_some_and(is_integer));
                }
                Op::Dequantize(_) if self.graph.constant(input).is_none() => {
                    let is_inside = self.uses.users(output).iter().copied().all(is_integer)
                        && !self.uses.is_output(output);
                    found.n_dequantize += usize::from(!is_inside);
                }
                _ => {}
            }
        }
    }

    /// Positions of what follows the node inside its integer kernel.
    fn check(&self, node: &Node) -> Result<Vec<usize>, Refusal> {
        let row = self.target.row(node.op.name()).ok_or(Refusal::NoKernel)?;
        let mut params = Vec::new();
        let bias = match node.op.def().quant_rule() {
            QuantRule::Compute { bias, .. } => bias,
            _ => None,
        };
        for position in real_inputs(node) {
            let Some(input) = node.input(position) else { continue };
            match self.dequantized(input) {
                Some(found) => params.push(found),
                None if Some(position) == bias && self.graph.constant(input).is_some() => {}
                None => return Err(Refusal::FloatInput(position)),
            }
        }
        let first = *params.first().ok_or(Refusal::FloatInput(0))?;
        self.check_types(node, row, &params)?;
        let (chain, output) = self.output(node, row)?;
        match output {
            Some(output) if output.storage != first.storage => {
                return Err(Refusal::Storages(first.storage, output.storage));
            }
            Some(output) if row.role == Role::Move && output != first => return Err(Refusal::Parameters),
            _ => {}
        }
        Ok(chain)
    }

    fn dequantized(&self, value: ValueId) -> Option<&'g QuantParams> {
        match &self.block.nodes[self.uses.producer(value)?].op {
            Op::Dequantize(op) if op.dtype == DType::F32 => Some(&op.params),
            _ => None,
        }
    }

    /// What follows in the same kernel, and the parameters of the output unless it is of real numbers.
    fn output(&self, node: &Node, row: &Row) -> Result<(Vec<usize>, Option<&'g QuantParams>), Refusal> {
        let mut float = None;
        // Longer sequences first: the output is that of all that can be inside.
        let mut sequences: Vec<&[String]> = row.then.iter().map(Vec::as_slice).chain([&[][..]]).collect();
        sequences.sort_by_key(|ops| std::cmp::Reverse(ops.len()));
        let output = node.output(0).ok_or(Refusal::NoKernel)?;
        for ops in sequences {
            let Some((chain, last)) = self.follow(output, ops) else { continue };
            let user = self.uses.only_user(last).map(|user| &self.block.nodes[user].op);
            if let Some(Op::Quantize(op)) = user {
                return Ok((chain, Some(&op.params)));
            }
            float.get_or_insert(chain);
        }
        let chain = float.filter(|_| row.float_output);
        chain.map(|chain| (chain, None)).ok_or(Refusal::FloatOutput(output))
    }

    fn follow(&self, output: ValueId, ops: &[String]) -> Option<(Vec<usize>, ValueId)> {
        let (mut chain, mut last) = (Vec::new(), output);
        for op in ops {
            let user = self.uses.only_user(last)?;
            let node = &self.block.nodes[user];
            let others = node.present_inputs().filter(|&input| input != last);
            let is_taken = |id: ValueId| self.graph.constant(id).is_some() || self.dequantized(id).is_some();
            if node.op.name() != op || !others.into_iter().all(is_taken) {
                return None;
            }
            chain.push(user);
            last = node.output(0)?;
        }
        Some((chain, last))
    }

    /// Whether the target takes parameters of these types together.
    fn check_types(&self, node: &Node, row: &Row, params: &[&QuantParams]) -> Result<(), Refusal> {
        let first = params[0];
        if !row.storages.is_empty() && !row.storages.contains(&first.storage) {
            return Err(Refusal::Storage(first.storage));
        }
        let QuantRule::Compute { .. } = node.op.def().quant_rule() else {
            let mut refusal = Refusal::Storage(first.storage);
            for types in self.target.types.iter().filter(|types| types.activation.storage == first.storage) {
                match params.iter().try_for_each(|params| within(params, &types.activation, first)) {
                    Ok(()) => return Ok(()),
                    Err(found) => refusal = found,
                }
            }
            return Err(refusal);
        };
        let weight = *params.get(1).ok_or(Refusal::FloatInput(1))?;
        let mut refusal = Refusal::Storage(first.storage);
        for types in self.target.types.iter().filter(|types| types.activation.storage == first.storage) {
            let checked = within(first, &types.activation, first)
                .and_then(|()| within(weight, &types.weight, first))
                .and_then(|()| match params.get(2) {
                    Some(bias) if types.bias != Some(bias.storage) => Err(Refusal::Bias(bias.storage)),
                    _ => Ok(()),
                });
            match checked {
                Ok(()) => return Ok(()),
                Err(found) => refusal = found,
            }
        }
        Err(refusal)
    }
}

fn within(params: &QuantParams, limits: &Limits, first: &QuantParams) -> Result<(), Refusal> {
    if params.storage != limits.storage {
        return Err(Refusal::Storages(first.storage, params.storage));
    }
    match limits.zero_point {
        Some(only) if params.zero_point.iter().any(|zero_point| *zero_point != only) => {
            Err(Refusal::ZeroPoint(only))
        }
        _ => Ok(()),
    }
}
