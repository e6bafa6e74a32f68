//! A matrix product with a bias.

use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch};
use crate::ops::{Gemm, Op};

/// Makes a product of matrices and the constant vector added to it one gemm.
///
/// ```text
/// %m = mat_mul(%x, %w); %y = add(%m, %b)    →    %y = gemm(%x, %w, %b)    x, w matrices, w and b constant
/// ```
#[derive(Debug)]
pub(super) struct FuseGemm;

impl Rewrite for FuseGemm {
    fn name(&self) -> &'static str {
        "fuse-gemm"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let Op::Add(_) = &node.op else { return Err(Skip::NoMatch) };
        let (a, b) = (node.input(0).ok_or(Skip::NoMatch)?, node.input(1).ok_or(Skip::NoMatch)?);
        let (product, bias) = if view.constant(b).is_some() { (a, b) } else { (b, a) };
        let bias_tensor = view.constant(bias).ok_or(Skip::NoMatch)?;
        let mat_mul = view.only_producer(product).ok_or(Skip::NoMatch)?;
        let Op::MatMul(_) = &mat_mul.op else { return Err(Skip::NoMatch) };
        let (x, w) = (mat_mul.input(0).ok_or(Skip::NoMatch)?, mat_mul.input(1).ok_or(Skip::NoMatch)?);
        let weights = view.constant(w).ok_or(Skip::Because("the weights are not constant"))?;
        if view.rank(x) != Some(2) || weights.shape().len() != 2 {
            return Err(Skip::Because("it is no product of two matrices"));
        }
        if bias_tensor.len() != weights.shape()[1] || bias_tensor.shape().last() != Some(&weights.shape()[1])
        {
            return Err(Skip::Because("the summand is not one number an output"));
        }
        let mut patch = Patch::new(view.graph);
        let vector = bias_tensor.clone().reshaped(vec![bias_tensor.len()]).map_err(|_| Skip::NoMatch)?;
        let bias = patch.constant(view.graph[bias].name(), vector);
        let outputs = [node.output(0).ok_or(Skip::NoMatch)?];
        patch.node(Node::new(Gemm::default(), &[x, w, bias], &outputs).with_scope(mat_mul.scope.clone()));
        Ok(patch)
    }
}
