//! The shape of a bias that must not be taken into a product.

use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch};
use crate::ops::{Add, Op};

/// Writes the vector added to a product of more than two dimensions with as many dimensions as the product.
///
/// ```text
/// %m = mat_mul(%x, %w); %y = add(%m, %b)    b: [N]    →    b: [1, …, 1, N]
/// ```
/// The numbers stay; a runtime that turns product and vector into a float gemm leaves the pair alone.
#[derive(Debug)]
pub struct RaiseBiasRank;

impl Rewrite for RaiseBiasRank {
    fn name(&self) -> &'static str {
        "raise-bias-rank"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let Op::Add(_) = &node.op else { return Err(Skip::NoMatch) };
        let (a, b) = (node.input(0).ok_or(Skip::NoMatch)?, node.input(1).ok_or(Skip::NoMatch)?);
        let (product, bias) = if view.constant(b).is_some() { (a, b) } else { (b, a) };
        let vector = view.constant(bias).ok_or(Skip::NoMatch)?;
        let is_product = view.producer(product).is_some_and(|node| matches!(node.op, Op::MatMul(_)));
        let rank = view.rank(product).ok_or(Skip::Because("the rank is not known"))?;
        if !is_product || rank < 3 || vector.shape().len() != 1 {
            return Err(Skip::NoMatch);
        }
        let mut shape = vec![1; rank];
        shape[rank - 1] = vector.len();
        let raised = vector.clone().reshaped(shape).map_err(|_| Skip::NoMatch)?;
        let mut patch = Patch::new(view.graph);
        let bias = patch.constant(view.graph[bias].name(), raised);
        let outputs = [node.output(0).ok_or(Skip::NoMatch)?];
        patch.node(Node::new(Add {}, &[product, bias], &outputs).with_scope(node.scope.clone()));
        Ok(patch)
    }
}
