//! Which values may be scaled channel by channel, and which ranges may be cut, for what stands around them.

use std::collections::{BTreeMap, BTreeSet};

use super::observers::Range;
use super::plan::{Annotation, Decision, Place, Plan, activation_inputs, blocks};
use crate::graph::{Block, Graph, ValueId};
use crate::ops::Op;
use crate::spec::{Method, ObserverKind};

/// Values in float that are quantized only for products with constant weights, whose channels may be smoothed.
///
/// Targets that want no smoothing have none, nor do values whose range is not read off the statistic.
pub(super) fn product_inputs(graph: &Graph, plan: &Plan) -> BTreeSet<(usize, ValueId)> {
    if !plan.target.smoothing {
        return BTreeSet::new();
    }
    let mut found = BTreeSet::new();
    let mut others = BTreeSet::new();
    let blocks = blocks(graph);
    for (place, decision) in &plan.decisions {
        let Decision::Integer(_) = decision else { continue };
        let node = &blocks[place.block].nodes[place.node];
        let has_factors = takes_factors(&node.op);
        let is_shared = |position| {
            plan.inputs_of(*place).any(|(at, annotation)| at == position && *annotation == Annotation::Shared)
        };
        for (position, input) in activation_inputs(graph, node) {
            let key = (place.block, input);
            let of = if has_factors && position == 0 && is_shared(0) { &mut found } else { &mut others };
            of.insert(key);
        }
    }
    let is_float = |key: &(usize, ValueId)| {
        plan.activations.get(key).is_some_and(|activation| {
            !activation.is_integer_output && activation.spec.observer.is_statistic()
        })
    };
    found.retain(|key| is_float(key) && !others.contains(key));
    found
}

/// Whether an op's weights can take factors of its input's last axis.
fn takes_factors(op: &Op) -> bool {
    match op {
        Op::MatMul(_) => true,
        Op::Gemm(op) => !op.trans_a,
        _ => false,
    }
}

/// Convolutions whose output leaves the integers at once, and the value that leaves: its channels may be divided by factors,
/// which go into the weights, and multiplied by them again in float.
///
/// Only convolutions with a scale for each output channel, which loses nothing by that, ranges of extremes, as those of the
/// channels are, and targets that want smoothing.
pub(super) fn conv_outputs(graph: &Graph, plan: &Plan) -> BTreeMap<Place, ValueId> {
    if !plan.target.smoothing {
        return BTreeMap::new();
    }
    let blocks = blocks(graph);
    let mut members: BTreeMap<usize, usize> = BTreeMap::new();
    for activation in plan.activations.values() {
        *members.entry(activation.group).or_default() += 1;
    }
    let taken: BTreeSet<(usize, ValueId)> = plan
        .inputs
        .keys()
        .filter_map(|taken| {
            let value = blocks[taken.place.block].nodes[taken.place.node].input(taken.input)?;
            Some((taken.place.block, value))
        })
        .collect();
    let mut found = BTreeMap::new();
    for place in plan.decisions.keys() {
        let Some(value) = conv_output(plan, blocks[place.block], *place) else { continue };
        let key = (place.block, value);
        let is_alone = plan.activations.get(&key).is_some_and(|activation| {
            activation.is_integer_output
                && activation.spec.observer == ObserverKind::Statistic(Method::MinMax)
                && !activation.spec.scheme.is_per_channel()
                && members[&activation.group] == 1
        });
        if is_alone && !taken.contains(&key) {
            found.insert(*place, value);
        }
    }
    found
}

/// Ranges outside of which no user of a value tells numbers apart.
pub(super) fn limits(graph: &Graph, plan: &Plan) -> BTreeMap<ValueId, Range> {
    let mut limits: BTreeMap<ValueId, Option<Range>> = BTreeMap::new();
    for (position, block) in blocks(graph).into_iter().enumerate() {
        for (node, user) in block.nodes.iter().enumerate() {
            let decision = plan.decisions.get(&Place { block: position, node });
            // An integer kernel computes with what it is given.
            let is_float = !matches!(decision, Some(Decision::Integer(_) | Decision::Fused));
            let limit = if is_float { limit(&user.op) } else { None };
            for input in user.inputs.iter().flatten() {
                let entry = limits.entry(*input).or_insert(limit);
                *entry = entry.zip(limit).map(|(a, b)| a.joined(b));
            }
        }
        limits.extend(block.outputs.iter().map(|output| (*output, None)));
    }
    limits.into_iter().filter_map(|(value, limit)| Some((value, limit?))).collect()
}

/// The range outside of which an op's result does not change, or is 0 below.
fn limit(op: &Op) -> Option<Range> {
    match op {
        Op::HardSwish(_) => Some(Range { min: -3.0, max: f32::MAX }),
        Op::HardSigmoid(op) if op.alpha > 0.0 => {
            Some(Range { min: (-op.beta / op.alpha).min(0.0), max: ((1.0 - op.beta) / op.alpha).max(0.0) })
        }
        _ => None,
    }
}

/// What leaves the kernel of a convolution in integers with a scale for each channel: its output, or that of a relu after it.
fn conv_output(plan: &Plan, block: &Block, place: Place) -> Option<ValueId> {
    let node = &block.nodes[place.node];
    let is_conv = matches!(node.op, Op::Conv(_)) && matches!(plan.decisions[&place], Decision::Integer(_));
    let is_per_channel = plan.inputs_of(place).any(|(_, annotation)| {
        matches!(annotation, Annotation::Weight(spec) if spec.scheme.is_per_channel() && spec.block.is_none())
    });
    let is_biased = node.input(2).is_some();
    let derives_bias =
        || plan.inputs_of(place).any(|(_, annotation)| matches!(annotation, Annotation::Derived { .. }));
    if !(is_conv && is_per_channel) || (is_biased && !derives_bias()) {
        return None;
    }
    let output = node.output(0)?;
    let fused = block.nodes.iter().enumerate().skip(place.node + 1).find(|(position, user)| {
        let place = Place { block: place.block, node: *position };
        user.input(0) == Some(output) && plan.decisions.get(&place) == Some(&Decision::Fused)
    });
    match fused {
        None => Some(output),
        Some((_, user)) if matches!(user.op, Op::Relu(_)) => user.output(0),
        Some(_) => None,
    }
}
