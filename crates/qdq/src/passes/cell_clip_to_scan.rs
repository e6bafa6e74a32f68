//! LSTMs whose cell state is limited, for formats that have no such limit.

use super::{Rewrite, Skip, View};
use crate::graph::{Block, Node, Patch, ValueId};
use crate::ops::{
    Add, Clip, Identity, Lstm, MatMul, Mul, Op, Scan, Sigmoid, Split, Squeeze, Tanh, Transpose, Unsqueeze,
    output_count,
};
use crate::tensor::{DType, Dim, Tensor, TensorType};

/// Spells out an LSTM with a limit of its cell state as a scan over its steps; where the state cannot reach the limit, that
/// goes. The state grows by less than 1 a step.
///
/// ```text
/// %y = lstm(%x, %w, %r, %b) {cell_clip=10}    →    %h, %c, %s = scan(%zeros, %zeros, %x) { … clip(%c, -10, 10) … }
/// ```
#[derive(Debug)]
pub struct CellClipToScan;

impl Rewrite for CellClipToScan {
    fn name(&self) -> &'static str {
        "cell-clip-to-scan"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let Op::Lstm(op) = &node.op else { return Err(Skip::NoMatch) };
        let clip = op.cell_clip.ok_or(Skip::NoMatch)?;
        let dims = |value: ValueId| view.graph[value].ty.as_ref().and_then(|ty| ty.shape.clone());
        let x = node.input(0).ok_or(Skip::NoMatch)?;
        let n_steps = dims(x).and_then(|dims| dims.get(op.layout)?.known());
        let is_out_of_reach = n_steps.is_some_and(|steps| steps as f32 <= clip)
            && op.activations.is_empty()
            && node.input(6).is_none_or(|state| is_zero(view, state));
        if is_out_of_reach {
            let mut patch = Patch::new(view.graph);
            patch.node(Node { op: Lstm { cell_clip: None, ..op.clone() }.into(), ..node.clone() });
            return Ok(patch);
        }
        let is_plain = op.is_plain()
            && op.layout == 0
            && view.graph[x].ty.as_ref().is_some_and(|ty| ty.dtype == DType::F32)
            && [4, 7].iter().all(|&position| node.input(position).is_none());
        if !is_plain {
            return Err(Skip::Because("an LSTM of this kind is not spelled out"));
        }
        let dims = dims(x).ok_or(Skip::Because("the shape is not known"))?;
        let weights = node.input(1).and_then(|w| view.graph[w].ty.as_ref()?.shape.clone());
        let rows =
            weights.and_then(|dims| dims.get(1)?.known()).ok_or(Skip::Because("the size is not known"))?;
        let &[_, Dim::Known(batch), Dim::Known(_)] = dims.as_slice() else {
            return Err(Skip::Because("the size of the batch is not known"));
        };
        Unrolled { view, node, clip, batch, hidden: rows / 4, patch: Patch::new(view.graph) }.build(x)
    }
}

/// Whether a value is a constant of zeros, perhaps dequantized.
fn is_zero(view: &View<'_>, value: ValueId) -> bool {
    let zeros = |tensor: &Tensor| tensor.to_f32_vec().is_ok_and(|all| all.iter().all(|x| *x == 0.0));
    if let Some(constant) = view.constant(value) {
        return zeros(constant);
    }
    let source = view.producer(value).and_then(|node| Some((&node.op, node.input(0)?)));
    let Some((Op::Dequantize(op), integers)) = source else { return false };
    let moved = view.producer(integers).filter(|node| matches!(node.op, Op::Transpose(_)));
    let integers = moved.and_then(|node| node.input(0)).unwrap_or(integers);
    let constant = view.constant(integers);
    constant.and_then(|q| crate::ops::dequantize(q, &op.params).ok()).is_some_and(|real| zeros(&real))
}

struct Unrolled<'v, 'g> {
    view: &'v View<'g>,
    node: &'v Node,
    clip: f32,
    batch: usize,
    hidden: usize,
    patch: Patch,
}

impl Unrolled<'_, '_> {
    fn build(mut self, x: ValueId) -> Result<Patch, Skip> {
        let shape = [self.batch, self.hidden];
        let too_large = |_| Skip::Because("its states are too large");
        let zeros = vec![0f32; output_count(&shape).map_err(too_large)?];
        let zeros = Tensor::from_vec(shape.to_vec(), zeros).map_err(too_large)?;
        let (weights, recurrent) = (self.matrix(1)?, self.matrix(2)?);
        let bias = self.node.input(3).map(|bias| self.bias(bias));
        let [hidden, cell] = [5, 6].map(|position| match self.node.input(position) {
            Some(state) => self.along(Squeeze {}.into(), state, 0),
            None => self.patch.constant("initial_state", zeros.clone()),
        });
        let body = self.body(x, weights, recurrent, bias);
        let [last_hidden, last_cell, states] =
            ["last_hidden", "last_cell", "states"].map(|name| self.patch.value(name, None));
        let mut scan = Node::new(Scan::default(), &[hidden, cell, x], &[last_hidden, last_cell, states]);
        scan.regions = vec![body];
        self.push(scan);
        // The axis of directions: [sequence, directions, batch, hidden], and [directions, batch, hidden].
        for (position, value, axis) in [(0, states, 1i64), (1, last_hidden, 0), (2, last_cell, 0)] {
            if let Some(output) = self.node.output(position) {
                let axes = self.patch.constant("axes", Tensor::vector(vec![axis]));
                self.push(Node::new(Unsqueeze {}, &[value, axes], &[output]));
            }
        }
        Ok(self.patch)
    }

    /// One step: the states before it and its input to the states after it, and the hidden one once more.
    fn body(&mut self, x: ValueId, weights: ValueId, recurrent: ValueId, bias: Option<ValueId>) -> Block {
        let depth = self.view.graph[x].ty.as_ref().and_then(|ty| ty.shape.as_ref()?.get(2).cloned());
        let state = || TensorType::known(DType::F32, &[self.batch, self.hidden]);
        let (state, sample) = (state(), vec![Dim::Known(self.batch), depth.unwrap_or(Dim::Any)]);
        let hidden = self.patch.value("hidden", Some(state.clone()));
        let cell = self.patch.value("cell", Some(state));
        let input = self.patch.value("step", Some(TensorType::new(DType::F32, Some(sample))));
        let low = self.patch.constant("low", Tensor::scalar(-self.clip));
        let high = self.patch.constant("high", Tensor::scalar(self.clip));
        let mut step = Step { patch: &mut self.patch, nodes: Vec::new() };
        let of_input = step.push(MatMul {}, &[input, weights], "of_input");
        let of_state = step.push(MatMul {}, &[hidden, recurrent], "of_state");
        let sums = step.push(Add {}, &[of_input, of_state], "sums");
        let sums = bias.map_or(sums, |bias| step.push(Add {}, &[sums, bias], "gates"));
        let gates = ["input", "output", "forget", "candidate"].map(|name| step.patch.value(name, None));
        step.nodes.push(Node::new(Split { axis: 1, num_outputs: Some(4) }, &[sums], &gates));
        let [input_gate, output_gate, forget_gate] =
            [0, 1, 2].map(|gate: usize| step.push(Sigmoid {}, &[gates[gate]], "gate"));
        let candidate = step.push(Tanh {}, &[gates[3]], "candidate");
        let kept = step.push(Mul {}, &[forget_gate, cell], "kept");
        let new = step.push(Mul {}, &[input_gate, candidate], "new");
        let sum = step.push(Add {}, &[kept, new], "sum");
        let next_cell = step.push(Clip {}, &[sum, low, high], "next_cell");
        let activated = step.push(Tanh {}, &[next_cell], "activated");
        let next_hidden = step.push(Mul {}, &[output_gate, activated], "next_hidden");
        let given = step.push(Identity {}, &[next_hidden], "given");
        let outputs = vec![next_hidden, next_cell, given];
        Block { inputs: vec![hidden, cell, input], nodes: step.nodes, outputs }
    }

    /// Weights `[1, rows, columns]` as a matrix `[columns, rows]`.
    fn matrix(&mut self, position: usize) -> Result<ValueId, Skip> {
        let weights = self.node.input(position).ok_or(Skip::NoMatch)?;
        let flat = self.along(Squeeze {}.into(), weights, 0);
        let output = self.patch.value("weights", None);
        self.push(Node::new(Transpose { perm: Some(vec![1, 0]) }, &[flat], &[output]));
        Ok(output)
    }

    /// The sum of the two biases in `[1, 8 · hidden]`.
    fn bias(&mut self, bias: ValueId) -> ValueId {
        let halves = [0, 1].map(|_| self.patch.value("bias", None));
        let sum = self.patch.value("bias", None);
        self.push(Node::new(Split { axis: 1, num_outputs: Some(2) }, &[bias], &halves));
        self.push(Node::new(Add {}, &halves, &[sum]));
        sum
    }

    fn along(&mut self, op: Op, input: ValueId, axis: i64) -> ValueId {
        let axes = self.patch.constant("axes", Tensor::vector(vec![axis]));
        let output = self.patch.value("flat", None);
        self.push(Node::new(op, &[input, axes], &[output]));
        output
    }

    fn push(&mut self, node: Node) {
        self.patch.node(node.with_scope(self.node.scope.clone()));
    }
}

/// Nodes of the region.
struct Step<'p> {
    patch: &'p mut Patch,
    nodes: Vec<Node>,
}

impl Step<'_> {
    fn push(&mut self, op: impl Into<Op>, inputs: &[ValueId], name: &str) -> ValueId {
        let output = self.patch.value(name, None);
        self.nodes.push(Node::new(op, inputs, &[output]));
        output
    }
}
