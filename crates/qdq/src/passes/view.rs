//! What a rewrite sees of a graph.

use crate::graph::{Graph, Node, Uses, ValueId};
use crate::tensor::Tensor;

/// Producers and users, found once for many looks.
pub(super) struct Index(Uses);

impl Index {
    pub(super) fn new(graph: &Graph) -> Self {
        Self(Uses::new(graph))
    }

    pub(super) fn uses(&self) -> &Uses {
        &self.0
    }
}

/// A graph with its producers and users at hand.
#[derive(Clone, Copy, Debug)]
pub struct View<'g> {
    /// The graph.
    pub graph: &'g Graph,
    /// Who defines and who uses each value.
    pub uses: &'g Uses,
}

impl<'g> View<'g> {
    pub(super) fn new(graph: &'g Graph, index: &'g Index) -> Self {
        Self { graph, uses: &index.0 }
    }

    /// The node at a position of the body.
    pub fn node(&self, position: usize) -> &'g Node {
        &self.graph.body.nodes[position]
    }

    /// The node that computes a value.
    pub fn producer(&self, value: ValueId) -> Option<&'g Node> {
        self.uses.producer_node(self.graph, value)
    }

    /// The node that computes a value which nothing but one node uses.
    pub fn only_producer(&self, value: ValueId) -> Option<&'g Node> {
        self.uses.only_user(value)?;
        self.producer(value)
    }

    /// The one node that uses a value.
    pub fn only_user(&self, value: ValueId) -> Option<&'g Node> {
        self.graph.body.nodes.get(self.uses.only_user(value)?)
    }

    /// A constant.
    pub fn constant(&self, value: ValueId) -> Option<&'g Tensor> {
        self.graph.constant(value)
    }

    /// A constant of one `f32`, whatever its shape.
    pub fn scalar(&self, value: ValueId) -> Option<f32> {
        match self.constant(value)?.as_slice::<f32>().ok()? {
            [scalar] => Some(*scalar),
            _ => None,
        }
    }

    /// Of a node with two inputs, the one that is a constant scalar, and the other.
    pub fn scalar_operand(&self, node: &Node) -> Option<(f32, ValueId)> {
        let (a, b) = (node.input(0)?, node.input(1)?);
        if let Some(scalar) = self.scalar(b) { Some((scalar, a)) } else { Some((self.scalar(a)?, b)) }
    }

    /// Number of dimensions of a value, if known.
    pub fn rank(&self, value: ValueId) -> Option<usize> {
        self.graph[value].ty.as_ref()?.rank()
    }
}
