//! A constant factor into the weights before it.

use super::channel_affine::{Affine, channel_operand};
use super::{Rewrite, Skip, View};
use crate::graph::Patch;
use crate::ops::Op;

/// Folds a multiplication or division by one constant a channel into the weights before it.
///
/// ```text
/// %c = conv(%x, %w, %b); %y = mul(%c, %k)    →    %y = conv(%x, %w·k, %b·k)
/// ```
#[derive(Debug)]
pub(super) struct FoldMulIntoWeights;

impl Rewrite for FoldMulIntoWeights {
    fn name(&self) -> &'static str {
        "fold-mul-into-weights"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let divides = match &node.op {
            Op::Mul(_) => false,
            Op::Div(_) => true,
            _ => return Err(Skip::NoMatch),
        };
        let (producer, factors) = channel_operand(view, node, !divides)?;
        let affine: Vec<Affine> = factors
            .iter()
            .map(|&k| Affine { scale: if divides { 1.0 / k } else { k }, shift: 0.0 })
            .collect();
        if affine.iter().any(|affine| !affine.scale.is_finite()) {
            return Err(Skip::Because("the factor is not finite"));
        }
        let mut patch = Patch::new(view.graph);
        let output = node.output(0).ok_or(Skip::NoMatch)?;
        let folded = producer.with_affine(view, &mut patch, &affine, output)?;
        patch.node(folded);
        Ok(patch)
    }
}
