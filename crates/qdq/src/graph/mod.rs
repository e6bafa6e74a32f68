//! The hub: a graph of ops over values, each assigned once.
//!
//! - All values of a graph, those of its regions too, live in one list; a [`ValueId`] is a position in it.
//! - A value is defined once: as an input of a block, as a constant, or as an output of a node.
//!   A constant belongs to no block; a region may use any value of the blocks around it.
//! - Nodes stand in an order in which each is computed after what it uses.
//! - Names of values are unique in the graph.
//! - A graph input with a constant has a default: a caller may leave it out.
//! - Semantics of ops: [`crate::ops`]; layout is channels first.
//! - After [`verify`](Graph::verify) says Ok, later stages return errors on this graph, and never panic.

mod edit;
mod infer;
mod integer;
mod sort;
pub mod text;
mod uses;
mod verify;

pub use edit::Patch;
pub(crate) use infer::{Inference, merge};
pub use integer::{Accumulator, moved_inputs};
pub(crate) use sort::used_values;
pub use sort::{sort_body, sort_nodes};
pub use uses::{NodePath, Uses};

use std::collections::HashMap;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use crate::ops::Op;
use crate::tensor::{QuantParams, Tensor, TensorType};

/// A value of a graph: its position in [`Graph::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub u32);

impl ValueId {
    /// Position in [`Graph::values`], for side tables.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What flows between nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    name: String,
    /// Its type; `None` if nothing is known (the output of a custom op).
    pub ty: Option<TensorType>,
    /// Its value, for constants and for inputs with a default.
    pub constant: Option<Tensor>,
}

impl Value {
    /// Unique name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// One op applied to values.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// Inputs; absent optional ones are `None`.
    pub inputs: Vec<Option<ValueId>>,
    /// Outputs; those nobody asked for are `None`.
    pub outputs: Vec<Option<ValueId>>,
    /// Bodies of `if`, `loop` and `scan`.
    pub regions: Vec<Block>,
    /// Module path and source name, as `encoder/layer.3/Conv_7`; need not be unique.
    pub scope: String,
    /// Scopes of the nodes that rewrites made part of this one, as of a batch normalization folded into it.
    pub parts: Vec<String>,
}

impl Node {
    /// A node without absent inputs or outputs, and without regions.
    pub fn new(op: impl Into<Op>, inputs: &[ValueId], outputs: &[ValueId]) -> Self {
        Self {
            op: op.into(),
            inputs: inputs.iter().copied().map(Some).collect(),
            outputs: outputs.iter().copied().map(Some).collect(),
            regions: Vec::new(),
            scope: String::new(),
            parts: Vec::new(),
        }
    }

    /// Makes another node's scopes part of this one.
    pub(crate) fn absorb(&mut self, other: &Node) {
        for scope in std::iter::once(&other.scope).chain(&other.parts) {
            if !scope.is_empty() && *scope != self.scope && !self.parts.contains(scope) {
                self.parts.push(scope.clone());
            }
        }
    }

    /// The same node with a scope.
    pub fn with_scope(self, scope: impl Into<String>) -> Self {
        Self { scope: scope.into(), ..self }
    }

    /// The input at a position, if present.
    pub fn input(&self, position: usize) -> Option<ValueId> {
        self.inputs.get(position).copied().flatten()
    }

    /// The output at a position, if present.
    pub fn output(&self, position: usize) -> Option<ValueId> {
        self.outputs.get(position).copied().flatten()
    }

    /// Inputs that are present.
    pub fn present_inputs(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.inputs.iter().copied().flatten()
    }

    /// Outputs that are present.
    pub fn present_outputs(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.outputs.iter().copied().flatten()
    }
}

/// Nodes in order of computation, what goes in and what comes out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Inputs, in order.
    pub inputs: Vec<ValueId>,
    /// Nodes; each after what it uses.
    pub nodes: Vec<Node>,
    /// Outputs, in order; the same value may stand twice.
    pub outputs: Vec<ValueId>,
}

impl Block {
    /// Calls `visit` with every node of this block and of the regions in it.
    pub fn for_each_node<'a>(&'a self, visit: &mut impl FnMut(&'a Node)) {
        for node in &self.nodes {
            visit(node);
            for region in &node.regions {
                region.for_each_node(visit);
            }
        }
    }
}

/// What a file says of a model beside the graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The tool that made the model.
    pub producer: String,
    /// Its version.
    pub producer_version: String,
    /// Namespace of the model, a reversed domain name.
    pub domain: String,
    /// Version of the model.
    pub model_version: i64,
    /// Description of the model.
    pub doc: String,
    /// Named texts, in the file's order.
    pub properties: Vec<(String, String)>,
    /// Op domains and their versions that [`crate::ops::Custom`] nodes refer to.
    pub domains: Vec<(String, i64)>,
}

/// A model: values, and the nodes that compute them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Name of the graph.
    pub name: String,
    /// Inputs, nodes and outputs.
    pub body: Block,
    /// What else the file said.
    pub metadata: Metadata,
    values: Vec<Value>,
    names: HashMap<String, ValueId>,
}

impl Graph {
    /// An empty graph.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// All values, in order of creation.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Ids of all values, in order of creation.
    pub fn value_ids(&self) -> impl Iterator<Item = ValueId> + use<> {
        (0..self.values.len() as u32).map(ValueId)
    }

    /// Adds a value of this name; a number is appended if the name is taken.
    pub fn add_value(&mut self, name: &str, ty: Option<TensorType>) -> ValueId {
        let id = ValueId(self.values.len() as u32);
        let name = self.free_name(name);
        self.names.insert(name.clone(), id);
        self.values.push(Value { name, ty, constant: None });
        id
    }

    /// Adds a constant of this name; a number is appended if the name is taken.
    pub fn add_constant(&mut self, name: &str, tensor: Tensor) -> ValueId {
        let id = self.add_value(name, Some(tensor.tensor_type()));
        self[id].constant = Some(tensor);
        id
    }

    /// Adds a constant of integers, whose type says what they mean, of this name or one with a number.
    pub fn add_quantized_constant(&mut self, name: &str, integers: Tensor, params: &QuantParams) -> ValueId {
        let id = self.add_constant(name, integers);
        if let Some(ty) = &mut self[id].ty {
            ty.quant = Some(Arc::new(params.clone()));
        }
        id
    }

    /// The value of this name.
    pub fn find(&self, name: &str) -> Option<ValueId> {
        self.names.get(name).copied()
    }

    /// Gives a value another name; a number is appended if the name is taken.
    pub fn rename(&mut self, id: ValueId, name: &str) {
        let old = std::mem::take(&mut self[id].name);
        self.names.remove(&old);
        let name = self.free_name(name);
        self.names.insert(name.clone(), id);
        self[id].name = name;
    }

    /// Gives two values each other's names.
    pub fn swap_names(&mut self, a: ValueId, b: ValueId) {
        let name_a = std::mem::take(&mut self[a].name);
        let name_b = std::mem::replace(&mut self[b].name, name_a.clone());
        self.names.insert(name_a, b);
        self.names.insert(name_b.clone(), a);
        self[a].name = name_b;
    }

    /// The tensor of a value that is constant, and not merely an input with a default.
    pub fn constant(&self, id: ValueId) -> Option<&Tensor> {
        if self.body.inputs.contains(&id) { None } else { self[id].constant.as_ref() }
    }

    /// How a node is called in messages: `scope (op)`, or its first output where it has no scope.
    pub fn describe(&self, node: &Node) -> String {
        let op = match &node.op {
            Op::Custom(custom) => custom.full_name(),
            op => op.name().to_owned(),
        };
        if !node.scope.is_empty() {
            return format!("{} ({op})", node.scope);
        }
        match node.present_outputs().next() {
            Some(output) => format!("{} ({op})", self[output].name),
            None => op,
        }
    }

    /// Number of nodes, those in regions too.
    pub fn n_nodes(&self) -> usize {
        let mut count = 0;
        self.body.for_each_node(&mut |_| count += 1);
        count
    }

    fn free_name(&self, name: &str) -> String {
        let base = if name.is_empty() { "value" } else { name };
        if !self.names.contains_key(base) {
            return base.to_owned();
        }
        let mut suffix = 1usize;
        loop {
            let candidate = format!("{base}_{suffix}");
            if !self.names.contains_key(&candidate) {
                return candidate;
            }
            suffix += 1;
        }
    }
}

impl Index<ValueId> for Graph {
    type Output = Value;

    fn index(&self, id: ValueId) -> &Value {
        &self.values[id.index()]
    }
}

impl IndexMut<ValueId> for Graph {
    fn index_mut(&mut self, id: ValueId) -> &mut Value {
        &mut self.values[id.index()]
    }
}
