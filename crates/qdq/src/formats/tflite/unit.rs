//! What becomes one operator of the file: a node with its transposes, activation, bias, and the bridges around it.

use std::sync::Arc;

use super::activation::Fused;
use super::spec::{Rule, knows_16_bits, rule};
use crate::graph::{Graph, Node, Uses, ValueId};
use crate::ops::{Dequantize, Op};
use crate::passes::is_windowed;
use crate::tensor::{DType, Granularity, QuantParams, Tensor};

/// Two nodes that are one operator in TFLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// The node stands for itself.
    One,
    /// `(a - b)²`
    SquaredDifference,
    /// `1 / √x`
    Rsqrt,
    /// A shape in 32 bits.
    Shape32,
    /// An LSTM, and the squeeze after it that drops its axis of directions.
    WithoutDirections,
}

/// What becomes one operator of the file.
#[derive(Clone, Debug)]
pub(super) struct Unit<'g> {
    /// The node whose op it is.
    pub(super) node: &'g Node,
    /// Whether the node that makes its input belongs to it.
    pub(super) pattern: Pattern,
    /// Inputs; for ops over windows, the first one channels last.
    pub(super) inputs: Vec<Option<ValueId>>,
    /// Outputs after the activation and, for an integer op, after quantization.
    pub(super) outputs: Vec<Option<ValueId>>,
    /// A bias that a node after it adds.
    pub(super) bias: Option<ValueId>,
    /// What follows it.
    pub(super) activation: Fused,
    /// For an integer op: parameters of each output.
    pub(super) integer: Option<Vec<Arc<QuantParams>>>,
}

/// The graph's nodes in units, in order; dequantize nodes are left out, as they are written where they are needed.
pub(super) fn units(graph: &Graph) -> Vec<Unit<'_>> {
    let finder = Finder { graph, uses: Uses::new(graph), taken: Vec::new() };
    finder.run()
}

struct Finder<'g> {
    graph: &'g Graph,
    uses: Uses,
    taken: Vec<bool>,
}

/// The node that dequantizes to this value, and its integers.
pub(super) fn dequantized<'g>(
    graph: &'g Graph,
    uses: &Uses,
    value: ValueId,
) -> Option<(&'g Dequantize, ValueId)> {
    let node = uses.producer_node(graph, value)?;
    match &node.op {
        Op::Dequantize(op) => Some((op, node.input(0)?)),
        _ => None,
    }
}

/// Parameters and integers of a constant that is dequantized to this value.
pub(super) fn dequantized_constant<'g>(
    graph: &'g Graph,
    uses: &Uses,
    value: ValueId,
) -> Option<(&'g QuantParams, &'g Tensor)> {
    let (op, integers) = dequantized(graph, uses, value)?;
    Some((&op.params, graph.constant(integers)?))
}

impl<'g> Finder<'g> {
    fn run(mut self) -> Vec<Unit<'g>> {
        let graph = self.graph;
        let nodes = &graph.body.nodes;
        self.taken = vec![false; nodes.len()];
        let mut patterns = vec![(Pattern::One, None); nodes.len()];
        for (position, node) in nodes.iter().enumerate() {
            if matches!(node.op, Op::Dequantize(_)) || self.belongs_to_window(node) {
                self.taken[position] = true;
            }
            if let Some((pattern, before)) = self.pattern(node) {
                self.taken[before] = true;
                patterns[position] = (pattern, Some(before));
            }
        }
        let mut units = Vec::new();
        for (position, node) in nodes.iter().enumerate() {
            if self.taken[position] {
                continue;
            }
            let (pattern, before) = patterns[position];
            let inputs = before.map_or(&node.inputs, |before: usize| &nodes[before].inputs).clone();
            units.push(self.unit(node, pattern, inputs));
        }
        units
    }

    /// Whether a transpose belongs to the op over windows beside it.
    fn belongs_to_window(&self, node: &Node) -> bool {
        let Op::Transpose(_) = &node.op else { return false };
        let feeds = node.output(0).and_then(|output| Some((output, self.uses.only_user(output)?)));
        let feeds_window = feeds.is_some_and(|(output, user)| {
            let user = &self.graph.body.nodes[user];
            is_windowed(&user.op) && user.input(0) == Some(output)
        });
        let source = node.input(0).and_then(|input| self.uses.producer_node(self.graph, input));
        feeds_window || source.is_some_and(|source| is_windowed(&source.op))
    }

    fn pattern(&self, node: &Node) -> Option<(Pattern, usize)> {
        let input = node.input(0)?;
        let before = self.uses.producer(input)?;
        self.uses.only_user(input)?;
        let source = &self.graph.body.nodes[before];
        match (&node.op, &source.op) {
            (Op::Mul(_), Op::Sub(_)) if node.input(1) == Some(input) => {
                Some((Pattern::SquaredDifference, before))
            }
            (Op::Reciprocal(_), Op::Sqrt(_)) => Some((Pattern::Rsqrt, before)),
            (Op::Cast(cast), Op::Shape(_)) if cast.to == DType::I32 => Some((Pattern::Shape32, before)),
            _ => None,
        }
    }

    fn unit(&mut self, node: &'g Node, pattern: Pattern, mut inputs: Vec<Option<ValueId>>) -> Unit<'g> {
        let mut outputs = node.outputs.clone();
        if is_windowed(&node.op) {
            let source = |value: ValueId| {
                let node = self.uses.producer_node(self.graph, value)?;
                matches!(node.op, Op::Transpose(_)).then(|| node.input(0))?
            };
            if let Some(first) = inputs.first_mut() {
                *first = first.and_then(source).or(*first);
            }
            let after = outputs.first().copied().flatten().and_then(|output| self.uses.only_user(output));
            if let Some(after) = after.map(|after| &self.graph.body.nodes[after])
                && matches!(after.op, Op::Transpose(_))
            {
                outputs.clone_from(&after.outputs);
            }
        }
        let mut unit =
            Unit { node, pattern, inputs, outputs, bias: None, activation: Fused::None, integer: None };
        self.take_bias(&mut unit);
        self.take_activation(&mut unit);
        self.take_squeeze(&mut unit);
        self.take_quantize(&mut unit);
        self.take_squeeze(&mut unit);
        unit
    }

    /// The one node that uses the one output of a unit.
    fn after(&self, unit: &Unit<'_>) -> Option<usize> {
        match unit.outputs.as_slice() {
            [Some(output)] => self.uses.only_user(*output).filter(|after| !self.taken[*after]),
            _ => None,
        }
    }

    fn take_bias(&mut self, unit: &mut Unit<'g>) {
        let Op::MatMul(_) = &unit.node.op else { return };
        let weights = unit.inputs.get(1).copied().flatten();
        let Some(weights) = weights.and_then(|weights| self.constant_shape(weights)) else { return };
        let Some(after) = self.after(unit) else { return };
        let node = &self.graph.body.nodes[after];
        let (Op::Add(_), [_, outputs]) = (&node.op, weights.as_slice()) else { return };
        let bias = node.present_inputs().find(|input| unit.outputs != [Some(*input)]);
        let Some((bias, shape)) = bias.and_then(|bias| Some((bias, self.constant_shape(bias)?))) else {
            return;
        };
        if shape.last() == Some(outputs) && shape.iter().product::<usize>() == *outputs {
            self.taken[after] = true;
            unit.bias = Some(bias);
            unit.outputs.clone_from(&node.outputs);
        }
    }

    /// The shape of a constant, or of one that is dequantized or converted.
    fn constant_shape(&self, value: ValueId) -> Option<Vec<usize>> {
        if let Some(constant) = self.graph.constant(value) {
            return Some(constant.shape().to_vec());
        }
        let node = self.uses.producer_node(self.graph, value)?;
        if !matches!(node.op, Op::Dequantize(_) | Op::Cast(_)) {
            return None;
        }
        Some(self.graph.constant(node.input(0)?)?.shape().to_vec())
    }

    fn take_activation(&mut self, unit: &mut Unit<'g>) {
        let takes = matches!(
            unit.node.op,
            Op::Conv(_)
                | Op::ConvTranspose(_)
                | Op::Gemm(_)
                | Op::MatMul(_)
                | Op::Add(_)
                | Op::Sub(_)
                | Op::Mul(_)
                | Op::Div(_)
                | Op::MaxPool(_)
                | Op::AveragePool(_)
        );
        let is_batched = matches!(unit.node.op, Op::MatMul(_))
            && unit.inputs.get(1).copied().flatten().is_none_or(|id| self.constant_shape(id).is_none());
        let Some(after) = self.after(unit).filter(|_| takes && !is_batched && unit.pattern == Pattern::One)
        else {
            return;
        };
        let node = &self.graph.body.nodes[after];
        if node.input(0) == unit.outputs[0]
            && let Some(fused) = Fused::of_node(self.graph, node)
        {
            self.taken[after] = true;
            unit.activation = fused;
            unit.outputs.clone_from(&node.outputs);
        }
    }

    /// Takes the squeeze that drops the directions of an LSTM: of real numbers, of integers, or between bridges of the same
    /// parameters.
    fn take_squeeze(&mut self, unit: &mut Unit<'g>) {
        let Op::Lstm(lstm) = &unit.node.op else { return };
        let [Some(output)] = unit.outputs.as_slice() else { return };
        let Some(after) = self.uses.only_user(*output).filter(|_| unit.pattern == Pattern::One) else {
            return;
        };
        let nodes = &self.graph.body.nodes;
        let next = |position: usize| nodes[position].output(0).and_then(|output| self.uses.only_user(output));
        let bridged = |params: &QuantParams| {
            let squeeze = next(after)?;
            let quantize = next(squeeze)?;
            let same = matches!(&nodes[quantize].op, Op::Quantize(op) if op.params == *params);
            same.then_some((squeeze, vec![squeeze, quantize]))
        };
        let found = match (&nodes[after].op, &unit.integer) {
            // Dequantizes are written where they are needed, and not taken.
            (Op::Dequantize(op), Some(own)) if own.iter().all(|params| **params == op.params) => {
                bridged(&op.params)
            }
            _ => Some((after, vec![after])),
        };
        let Some((squeeze, taken)) = found else { return };
        let axes = nodes[squeeze].input(1).and_then(|axes| self.graph.constant(axes)?.to_i64_vec().ok());
        let direction = if lstm.layout == 0 { 1 } else { 2 };
        let drops_directions = axes.is_some_and(|axes| axes == [direction] || axes == [direction - 4]);
        let is_free = taken.iter().all(|position| !self.taken[*position]);
        if matches!(nodes[squeeze].op, Op::Squeeze(_)) && drops_directions && is_free {
            if let Some(&last) = taken.last() {
                unit.outputs.clone_from(&nodes[last].outputs);
            }
            for position in taken {
                self.taken[position] = true;
            }
            unit.pattern = Pattern::WithoutDirections;
        }
    }

    /// Whether an LSTM has weights, a bias and zeros as initial states on integers, and gives out its hidden state.
    fn is_integer_lstm(&self, unit: &Unit<'_>) -> bool {
        let integers = |position: usize| {
            let value = unit.inputs.get(position).copied().flatten()?;
            dequantized_constant(self.graph, &self.uses, value)
        };
        let is_stored = |position, storage| integers(position).is_some_and(|(own, _)| own.storage == storage);
        let is_zeros = |position, storage| {
            integers(position).is_some_and(|(params, tensor)| {
                let zero = i64::from(params.zero_point.first().copied().unwrap_or(0));
                params.storage == storage
                    && params.granularity == Granularity::PerTensor
                    && tensor.to_i64_vec().is_ok_and(|all| all.iter().all(|integer| *integer == zero))
            })
        };
        let state = integers(5).map(|(params, _)| params);
        let output = unit.outputs.first().copied().flatten().and_then(|output| self.uses.only_user(output));
        let output = output.and_then(|after| match &self.graph.body.nodes[after].op {
            Op::Quantize(op) => Some(&op.params),
            _ => None,
        });
        is_stored(1, DType::I8)
            && is_stored(2, DType::I8)
            && is_stored(3, DType::I32)
            && is_zeros(5, DType::I8)
            && is_zeros(6, DType::I16)
            && state.is_some()
            && state == output
    }

    /// Makes it an integer op where it stands between bridges and the runtime has a kernel.
    fn take_quantize(&mut self, unit: &mut Unit<'g>) {
        let Some(storage) = self.integer_inputs(unit) else { return };
        let mut quantizers = Vec::new();
        for output in unit.outputs.iter().flatten() {
            let Some(after) = self.uses.only_user(*output) else { return };
            let node = &self.graph.body.nodes[after];
            match &node.op {
                Op::Quantize(op) if op.params.storage == storage => {
                    quantizers.push((after, Arc::new(op.params.clone()), node.output(0)));
                }
                _ => return,
            }
        }
        if quantizers.is_empty() || quantizers.len() != unit.outputs.len() {
            return;
        }
        unit.outputs = quantizers.iter().map(|(_, _, output)| *output).collect();
        for (after, ..) in &quantizers {
            self.taken[*after] = true;
        }
        unit.integer = Some(quantizers.into_iter().map(|(_, params, _)| params).collect());
    }

    /// The storage type of the inputs, if all that matter are dequantized and the runtime has a kernel for them.
    fn integer_inputs(&self, unit: &Unit<'_>) -> Option<DType> {
        let op = &unit.node.op;
        let rule = match unit.pattern {
            Pattern::One | Pattern::WithoutDirections => rule(op),
            Pattern::SquaredDifference | Pattern::Rsqrt => Rule::Own,
            Pattern::Shape32 => Rule::Float,
        };
        let positions = match rule {
            Rule::Float => return None,
            Rule::Lstm if !self.is_integer_lstm(unit) => return None,
            Rule::Weights | Rule::SameAsInput | Rule::Fixed | Rule::Lstm => 0..1,
            Rule::Own if matches!(op, Op::Clip(_) | Op::ReduceMean(_) | Op::ReduceSum(_)) => 0..1,
            Rule::Own | Rule::SameAsOutput => 0..unit.inputs.len(),
        };
        let mut storage = None;
        for position in positions {
            let value = unit.inputs.get(position).copied().flatten()?;
            let (op, integers) = dequantized(self.graph, &self.uses, value)?;
            // Weights may be of fewer bits than what they are multiplied with.
            let is_weight = position > 0 && self.graph.constant(integers).is_some();
            match storage {
                None => storage = Some(op.params.storage),
                Some(storage) if storage == op.params.storage || is_weight => {}
                Some(_) => return None,
            }
        }
        if rule == Rule::Weights {
            let weights = unit.inputs.get(1).copied().flatten()?;
            dequantized(self.graph, &self.uses, weights)?;
        }
        match storage? {
            DType::I8 => Some(DType::I8),
            DType::I16 if unit.pattern == Pattern::Rsqrt => Some(DType::I16),
            DType::I16 if unit.pattern == Pattern::One && knows_16_bits(op) => Some(DType::I16),
            _ => None,
        }
    }
}
