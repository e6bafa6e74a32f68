//! Transposes between channels first and channels last, pushed along the graph until they cancel.
//!
//! One walk in order of computation. A value is not transposed at once but *seen* as the transpose of another one, its
//! base ([`View`]); an op that does not care for the order of axes works on the bases, with its own axes reordered
//! (`reorder.rs`), and its output is seen in the same way. A transpose of a view whose orders cancel is the base itself.
//! Only an op that does care for the order makes the transpose real.
//!
//! ```text
//! %a = transpose(%x) {perm=[0, 2, 3, 1]}; %b = relu(%a); %c = transpose(%b) {perm=[0, 3, 1, 2]}    →    %c = relu(%x)
//! ```

mod reorder;

use std::collections::{HashMap, HashSet};

use crate::error::Result;
use crate::graph::{Block, Graph, Inference, Node, ValueId};
use crate::ops::{Dequantize, Identity, Op, Reshape, Transpose};
use crate::tensor::{Dim, Granularity, QuantParams, Tensor};

use reorder::{Inputs, reordered};

/// In which order images are to lie between ops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As the ops of the hub want them.
    ChannelsFirst,
    /// As formats want them that have channels last: each op over windows ([`is_windowed`]) stands between a transpose
    /// to channels first and one back, which are its own, and all else is channels last.
    ChannelsLast,
}

/// Whether an op treats axis 1 as channels and those after it as space, and has a twin with channels last in formats
/// that have channels last.
pub fn is_windowed(op: &Op) -> bool {
    matches!(
        op,
        Op::Conv(_)
            | Op::ConvTranspose(_)
            | Op::MaxPool(_)
            | Op::AveragePool(_)
            | Op::GlobalAveragePool(_)
            | Op::GlobalMaxPool(_)
            | Op::DepthToSpace(_)
            | Op::SpaceToDepth(_)
            | Op::Resize(_)
    )
}

/// Pushes transposes so that images lie in this order wherever the graph allows it; regions stay as they are.
///
/// Inputs and outputs of the graph keep their order.
pub fn push_transposes(graph: &mut Graph, layout: Layout) -> Result<()> {
    let body = std::mem::take(&mut graph.body);
    let mut pusher = Pusher {
        layout,
        views: HashMap::new(),
        real: HashSet::new(),
        made: HashMap::new(),
        nodes: Vec::with_capacity(body.nodes.len()),
        inference: Inference::default(),
        old: &body,
        graph,
    };
    for node in &body.nodes {
        pusher.walk(node)?;
    }
    for &output in &body.outputs {
        pusher.define(output);
    }
    let nodes = pusher.nodes;
    graph.body = Block { nodes, inputs: body.inputs, outputs: body.outputs };
    graph.remove_unused();
    graph.infer()
}

/// A value as the transpose of its base: axis `i` of the value is axis `perm[i]` of the base.
#[derive(Clone, Debug)]
struct View {
    base: ValueId,
    perm: Vec<usize>,
}

fn to_first(rank: usize) -> Vec<usize> {
    [0, rank - 1].into_iter().chain(1..rank - 1).collect()
}

fn to_last(rank: usize) -> Vec<usize> {
    std::iter::once(0).chain(2..rank).chain([1]).collect()
}

fn inverse(perm: &[usize]) -> Vec<usize> {
    let mut inverse = vec![0; perm.len()];
    for (to, &from) in perm.iter().enumerate() {
        inverse[from] = to;
    }
    inverse
}

fn is_identity(perm: &[usize]) -> bool {
    perm.iter().copied().eq(0..perm.len())
}

/// Whether an order is one between channels first and channels last: only those are pushed.
fn moves_channels(perm: &[usize]) -> bool {
    perm.len() >= 3 && (*perm == to_first(perm.len()) || *perm == to_last(perm.len()))
}

struct Pusher<'g> {
    layout: Layout,
    graph: &'g mut Graph,
    /// How values are seen.
    views: HashMap<ValueId, View>,
    /// Those of them that are there under their own ids as well.
    real: HashSet<ValueId>,
    /// Transposes that were made real.
    made: HashMap<(ValueId, Vec<usize>), ValueId>,
    nodes: Vec<Node>,
    inference: Inference,
    old: &'g Block,
}

impl Pusher<'_> {
    fn walk(&mut self, node: &Node) -> Result<()> {
        let windowed = self.layout == Layout::ChannelsLast && is_windowed(&node.op);
        if windowed && node.outputs.iter().skip(1).all(Option::is_none) && self.window(node) {
            return Ok(());
        }
        let done = match &node.op {
            Op::Transpose(op) => self.transpose(node, op),
            Op::Reshape(_) | Op::Flatten(_) => self.reshape(node),
            _ => self.agnostic(node)?,
        };
        if !done {
            let mut kept = node.clone();
            for used in kept.inputs.iter_mut().flatten() {
                *used = self.define(*used);
            }
            if !node.regions.is_empty() {
                self.define_all(&mut kept);
            }
            self.push(kept);
        }
        Ok(())
    }

    /// What regions use must be there.
    fn define_all(&mut self, node: &mut Node) {
        let mut seen: Vec<ValueId> = self.views.keys().copied().collect();
        seen.sort_unstable();
        for value in seen {
            let real = self.define(value);
            for region in &mut node.regions {
                replace(region, value, real);
            }
        }
    }

    fn push(&mut self, node: Node) {
        let _ = self.inference.node(self.graph, &node);
        self.nodes.push(node);
    }

    fn rank(&self, value: ValueId) -> Option<usize> {
        self.graph[value].ty.as_ref()?.rank()
    }

    /// How a value is seen; one that is there is seen as itself.
    fn view(&self, value: ValueId) -> Option<View> {
        if let Some(view) = self.views.get(&value) {
            return Some(view.clone());
        }
        Some(View { base: value, perm: (0..self.rank(value)?).collect() })
    }

    /// Makes a view real under the value's own id, or gives the value it equals.
    fn define(&mut self, value: ValueId) -> ValueId {
        let Some(view) = self.views.get(&value).cloned().filter(|_| !self.real.contains(&value)) else {
            return value;
        };
        let is_output = self.old.outputs.contains(&value);
        if is_identity(&view.perm) && !is_output {
            return view.base;
        }
        self.real.insert(value);
        let (op, source): (Op, ValueId) = if is_identity(&view.perm) {
            (Identity {}.into(), view.base)
        } else if let Some(source) = self.hoisted(view.base, &view.perm) {
            return self.define_hoisted(value, source);
        } else {
            (Transpose { perm: Some(view.perm) }.into(), view.base)
        };
        self.push(Node::new(op, &[source], &[value]));
        value
    }

    /// Of a base that is dequantized, the integers in another order, and how they are dequantized: integers are
    /// transposed rather than real numbers.
    fn hoisted(&mut self, base: ValueId, perm: &[usize]) -> Option<(ValueId, Dequantize)> {
        let producer = self.nodes.iter().rev().find(|node| node.output(0) == Some(base))?;
        let Op::Dequantize(op) = &producer.op else { return None };
        let (op, integers) = (op.clone(), producer.input(0)?);
        if op.params.granularity != Granularity::PerTensor {
            return None;
        }
        Some((self.transposed(integers, perm), op))
    }

    fn define_hoisted(&mut self, value: ValueId, (integers, op): (ValueId, Dequantize)) -> ValueId {
        self.push(Node::new(op, &[integers], &[value]));
        value
    }

    /// A real value that is `base` with its axes reordered.
    fn transposed(&mut self, base: ValueId, perm: &[usize]) -> ValueId {
        if is_identity(perm) {
            return base;
        }
        let key = (base, perm.to_vec());
        if let Some(&made) = self.made.get(&key) {
            return made;
        }
        let name = format!("{}_transposed", self.graph[base].name());
        let hoisted = self.hoisted(base, perm);
        let made = self.graph.add_value(&name, None);
        match hoisted {
            Some((integers, op)) => self.push(Node::new(op, &[integers], &[made])),
            None => self.push(Node::new(Transpose { perm: Some(perm.to_vec()) }, &[base], &[made])),
        }
        self.made.insert(key, made);
        made
    }

    /// A value whose transpose by `perm` is `value`.
    fn base_for(&mut self, value: ValueId, perm: &[usize]) -> Option<ValueId> {
        let view = self.view(value)?;
        // value[i] = base[view.perm[i]] and wanted: value[i] = result[perm[i]], so result[j] = base[view.perm[inverse[j]]].
        let order: Vec<usize> = inverse(perm).iter().map(|&axis| view.perm[axis]).collect();
        Some(self.transposed(view.base, &order))
    }

    fn see(&mut self, value: ValueId, base: ValueId, perm: Vec<usize>) {
        self.views.insert(value, View { base, perm });
    }

    fn transpose(&mut self, node: &Node, op: &Transpose) -> bool {
        let (Some(input), Some(output)) = (node.input(0), node.output(0)) else { return false };
        let Some(view) = self.view(input) else { return false };
        let rank = view.perm.len();
        let perm = op.perm.clone().unwrap_or_else(|| (0..rank).rev().collect());
        if perm.len() != rank {
            return false;
        }
        let order: Vec<usize> = perm.iter().map(|&axis| view.perm[axis]).collect();
        if is_identity(&order) || moves_channels(&order) {
            self.see(output, view.base, order);
        } else {
            let op = Transpose { perm: Some(order) };
            self.push(Node::new(op, &[view.base], &[output]).with_scope(node.scope.clone()));
        }
        true
    }

    /// An op over windows between transposes of its own.
    fn window(&mut self, node: &Node) -> bool {
        let (Some(input), Some(output)) = (node.input(0), node.output(0)) else { return false };
        let Some(rank) = self.rank(input).filter(|rank| *rank >= 3) else { return false };
        let Some(base) = self.base_for(input, &to_first(rank)) else { return false };
        let name = self.graph[output].name().to_owned();
        let first = self.graph.add_value(&format!("{name}_first"), None);
        let inner = self.graph.add_value(&format!("{name}_inner"), None);
        let last = self.graph.add_value(&format!("{name}_last"), None);
        self.push(Node::new(Transpose { perm: Some(to_first(rank)) }, &[base], &[first]));
        let mut windowed = node.clone();
        windowed.outputs = vec![Some(inner)];
        windowed.inputs[0] = Some(first);
        for used in windowed.inputs.iter_mut().skip(1).flatten() {
            *used = self.define(*used);
        }
        self.push(windowed);
        self.push(Node::new(Transpose { perm: Some(to_last(rank)) }, &[inner], &[last]));
        self.take_name(output, last);
        self.see(output, last, to_first(rank));
        true
    }

    /// Gives the base the name of what is seen of it, unless that will be real itself.
    fn take_name(&mut self, seen: ValueId, base: ValueId) {
        if !self.old.outputs.contains(&seen) {
            self.graph.swap_names(seen, base);
        }
    }

    /// A reshape of a view in which only axes of size 1 change places is a reshape of the base.
    fn reshape(&mut self, node: &Node) -> bool {
        let (Some(input), Some(output)) = (node.input(0), node.output(0)) else { return false };
        let Some(view) = self.views.get(&input).cloned() else { return false };
        let Some(ty) = self.graph[view.base].ty.clone() else { return false };
        let is_one = |axis: &usize| ty.shape.as_ref().is_some_and(|dims| dims[*axis] == Dim::Known(1));
        let moving: Vec<usize> = view.perm.iter().copied().filter(|axis| !is_one(axis)).collect();
        if !moving.is_sorted() {
            return false;
        }
        let mut made = node.clone();
        made.inputs[0] = Some(view.base);
        if !self.means_the_same(node, &view) {
            let Some(target) = self.graph[output].ty.as_ref().and_then(|ty| ty.shape.clone()) else {
                return false;
            };
            if target.iter().filter(|dim| dim.known().is_none()).count() > 1 {
                return false;
            }
            let sizes = target.iter().map(|dim| dim.known().map_or(-1, |size| size as i64)).collect();
            let name = format!("{}_shape", self.graph[output].name());
            let shape = self.graph.add_constant(&name, Tensor::vector::<i64>(sizes));
            made.op = Reshape { allowzero: false }.into();
            made.inputs = vec![Some(view.base), Some(shape)];
        }
        self.push(made);
        true
    }

    /// Whether a reshape asks for the same of a view and of its base: it names no axis of the input but the first.
    fn means_the_same(&self, node: &Node, view: &View) -> bool {
        match &node.op {
            Op::Flatten(op) => op.axis == 1 && view.perm.first() == Some(&0),
            Op::Reshape(op) => {
                let shape = node.input(1).and_then(|shape| self.graph.constant(shape)?.to_i64_vec().ok());
                let copies = |(at, size): (usize, &i64)| *size == 0 && view.perm.get(at) != Some(&at);
                shape.is_some_and(|shape| op.allowzero || !shape.iter().enumerate().any(copies))
            }
            _ => false,
        }
    }

    /// Lets an op that does not care for the order of axes work on bases.
    fn agnostic(&mut self, node: &Node) -> Result<bool> {
        let Some(inputs) = Inputs::of(self.graph, node) else { return Ok(false) };
        let mut perms: Vec<Vec<usize>> = Vec::new();
        for &value in &inputs.data {
            let Some(view) = self.view(value) else { return Ok(false) };
            perms.push(view.perm);
        }
        let Some(perm) = perms.iter().find(|perm| moves_channels(perm)).cloned() else { return Ok(false) };
        // Channels first, a mixture gains nothing; channels last, what is not in order becomes so.
        if self.layout == Layout::ChannelsFirst && perms.iter().any(|own| *own != perm) {
            return Ok(false);
        }
        if perms.iter().any(|own| own.len() != perm.len()) {
            return Ok(false);
        }
        let n_outputs = node.present_outputs().count();
        if n_outputs == 0 || node.outputs.len() != n_outputs {
            return Ok(false);
        }
        let Some((mut made, constants, out_perm)) = reordered(self.graph, node, &inputs, &perm)? else {
            return Ok(false);
        };
        for (position, tensor) in constants {
            let name = node.input(position).map_or("constant", |id| self.graph[id].name()).to_owned();
            let id = self.graph.add_constant(&name, tensor);
            if made.inputs.len() <= position {
                made.inputs.resize(position + 1, None);
            }
            made.inputs[position] = Some(id);
        }
        for &position in &inputs.positions {
            let value = made.inputs[position];
            made.inputs[position] = value.and_then(|value| self.base_for(value, &perm));
        }
        for output in made.outputs.iter_mut().flatten() {
            let seen = *output;
            let base = self.graph.add_value(&format!("{}_base", self.graph[seen].name()), None);
            *output = base;
            self.take_name(seen, base);
            self.see(seen, base, out_perm.clone());
        }
        self.push(made);
        Ok(true)
    }
}

fn replace(block: &mut Block, old: ValueId, new: ValueId) {
    for node in &mut block.nodes {
        for input in node.inputs.iter_mut().flatten().filter(|input| **input == old) {
            *input = new;
        }
        for region in &mut node.regions {
            replace(region, old, new);
        }
    }
    for output in block.outputs.iter_mut().filter(|output| **output == old) {
        *output = new;
    }
}

/// The parameters of a tensor seen with this order, for its base.
fn params_of_base(params: &QuantParams, perm: &[usize]) -> QuantParams {
    let granularity = match params.granularity {
        Granularity::PerTensor => Granularity::PerTensor,
        Granularity::PerAxis(axis) => Granularity::PerAxis(perm[axis]),
        Granularity::PerBlock { axis, size } => Granularity::PerBlock { axis: perm[axis], size },
    };
    QuantParams { granularity, ..params.clone() }
}
