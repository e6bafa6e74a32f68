//! Who defines and who uses each value.

use super::sort::used_values;
use super::{Block, Graph, Node, ValueId};

/// Position of a node of the graph's body.
pub type NodePath = usize;

/// Producer and users of each value, as seen from the graph's body: what a region uses counts as used by its node.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    producers: Vec<Option<NodePath>>,
    users: Vec<Vec<NodePath>>,
    is_output: Vec<bool>,
}

impl Uses {
    /// Looks through the body of a graph.
    pub fn new(graph: &Graph) -> Self {
        Self::of_block(graph, &graph.body)
    }

    /// Looks through one block of a graph.
    pub fn of_block(graph: &Graph, block: &Block) -> Self {
        let n_values = graph.values().len();
        let mut uses = Self {
            producers: vec![None; n_values],
            users: vec![Vec::new(); n_values],
            is_output: vec![false; n_values],
        };
        for (position, node) in block.nodes.iter().enumerate() {
            for output in node.present_outputs() {
                uses.producers[output.index()] = Some(position);
            }
            for value in used_values(node) {
                let users = &mut uses.users[value.index()];
                if users.last() != Some(&position) {
                    users.push(position);
                }
            }
        }
        for output in &block.outputs {
            uses.is_output[output.index()] = true;
        }
        uses
    }

    /// Position of the node that computes the value, if a node of the block does.
    pub fn producer(&self, value: ValueId) -> Option<NodePath> {
        self.producers.get(value.index()).copied().flatten()
    }

    /// Positions of the nodes that use the value, in order, each once.
    pub fn users(&self, value: ValueId) -> &[NodePath] {
        self.users.get(value.index()).map_or(&[], Vec::as_slice)
    }

    /// Whether the value is an output of the block.
    pub fn is_output(&self, value: ValueId) -> bool {
        self.is_output.get(value.index()).copied().unwrap_or(false)
    }

    /// Whether nothing uses the value.
    pub fn is_unused(&self, value: ValueId) -> bool {
        self.users(value).is_empty() && !self.is_output(value)
    }

    /// The one node that uses the value, if it is used by one node, once or more, and by nothing else.
    pub fn only_user(&self, value: ValueId) -> Option<NodePath> {
        match self.users(value) {
            [user] if !self.is_output(value) => Some(*user),
            _ => None,
        }
    }

    /// The node that computes the value, if a node of the graph's body does.
    pub fn producer_node<'g>(&self, graph: &'g Graph, value: ValueId) -> Option<&'g Node> {
        graph.body.nodes.get(self.producer(value)?)
    }
}
