//! Changes to a graph that rewrites ask for.

use super::{Graph, Node, Uses, ValueId};
use crate::ops::{Identity, Op};
use crate::tensor::{Tensor, TensorType};

/// What a rewrite wants done at one node: put these nodes in its place, and let these values stand for others.
///
/// New values exist in the patch only until it is applied. An inserted node may define an output of the
/// node it replaces; that output then keeps its name and its users.
#[derive(Debug)]
pub struct Patch {
    first_new: u32,
    values: Vec<(String, Option<TensorType>, Option<Tensor>)>,
    nodes: Vec<Node>,
    replaced: Vec<(ValueId, ValueId)>,
}

impl Patch {
    /// An empty patch for this graph: removes the node.
    pub fn new(graph: &Graph) -> Self {
        Self {
            first_new: graph.values().len() as u32,
            values: Vec::new(),
            nodes: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// Adds a value; the name is a wish.
    pub fn value(&mut self, name: impl Into<String>, ty: Option<TensorType>) -> ValueId {
        self.add(name.into(), ty, None)
    }

    /// Adds a constant; the name is a wish.
    pub fn constant(&mut self, name: impl Into<String>, tensor: Tensor) -> ValueId {
        let ty = tensor.tensor_type();
        self.add(name.into(), Some(ty), Some(tensor))
    }

    /// Adds a node; nodes must come in order of computation.
    pub fn node(&mut self, node: Node) -> &mut Self {
        self.nodes.push(node);
        self
    }

    /// Lets `new` stand wherever `old` stood.
    pub fn replace(&mut self, old: ValueId, new: ValueId) -> &mut Self {
        self.replaced.push((old, new));
        self
    }

    fn add(&mut self, name: String, ty: Option<TensorType>, constant: Option<Tensor>) -> ValueId {
        self.values.push((name, ty, constant));
        ValueId(self.first_new + self.values.len() as u32 - 1)
    }

    /// Number of nodes that it inserts.
    pub(crate) fn n_nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Applies the patch in place of the node at this position of the graph's body.
    pub(crate) fn apply(self, graph: &mut Graph, position: usize) {
        for (name, ty, constant) in self.values {
            let id = graph.add_value(&name, ty);
            graph[id].constant = constant;
        }
        graph.body.nodes.splice(position..=position, self.nodes);
        for (old, new) in self.replaced {
            graph.replace_uses(old, new);
        }
    }
}

impl Graph {
    /// Lets `new` stand wherever `old` stood: as input of nodes, in regions, and as graph output, whose name stays.
    pub fn replace_uses(&mut self, old: ValueId, new: ValueId) {
        let mut body = std::mem::take(&mut self.body);
        replace_inputs(&mut body, old, new);
        let was_output = body.outputs.contains(&old);
        self.body = body;
        if was_output {
            self.keep_output(old, new);
        }
    }

    /// Makes the output `old` equal to `new`: renames its producer's value where it may, else by an identity.
    fn keep_output(&mut self, old: ValueId, new: ValueId) {
        let fixed = self[new].constant.is_some()
            || self.body.inputs.contains(&new)
            || self.body.outputs.contains(&new)
            || Uses::new(self).producer(new).is_none();
        if fixed {
            for node in &mut self.body.nodes {
                for output in &mut node.outputs {
                    if *output == Some(old) {
                        *output = None;
                    }
                }
            }
            self.body.nodes.push(Node::new(Op::from(Identity::default()), &[new], &[old]));
            return;
        }
        for output in &mut self.body.outputs {
            if *output == old {
                *output = new;
            }
        }
        self.swap_names(old, new);
    }

    /// Removes nodes none of whose outputs is used, until there are none; says how many went.
    pub fn remove_unused(&mut self) -> usize {
        let before = self.body.nodes.len();
        let mut needed = vec![false; self.values().len()];
        for output in &self.body.outputs {
            needed[output.index()] = true;
        }
        let mut keep = vec![false; before];
        for (position, node) in self.body.nodes.iter().enumerate().rev() {
            keep[position] = node.present_outputs().any(|output| needed[output.index()]);
            if keep[position] {
                for used in super::sort::used_values(node) {
                    needed[used.index()] = true;
                }
            }
        }
        let mut kept = keep.into_iter();
        self.body.nodes.retain(|_| kept.next().unwrap_or(true));
        before - self.body.nodes.len()
    }
}

fn replace_inputs(block: &mut super::Block, old: ValueId, new: ValueId) {
    for node in &mut block.nodes {
        for input in node.inputs.iter_mut().flatten() {
            if *input == old {
                *input = new;
            }
        }
        for region in &mut node.regions {
            replace_inputs(region, old, new);
            for output in &mut region.outputs {
                if *output == old {
                    *output = new;
                }
            }
        }
    }
}
