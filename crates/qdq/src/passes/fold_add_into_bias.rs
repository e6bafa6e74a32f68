//! A constant summand into the bias before it.

use super::channel_affine::{Affine, channel_operand};
use super::{Rewrite, Skip, View};
use crate::graph::Patch;
use crate::ops::Op;

/// Folds the addition or subtraction of one constant a channel into the bias before it.
///
/// ```text
/// %c = conv(%x, %w); %y = add(%c, %k)    →    %y = conv(%x, %w, %k)
/// ```
#[derive(Debug)]
pub(super) struct FoldAddIntoBias;

impl Rewrite for FoldAddIntoBias {
    fn name(&self) -> &'static str {
        "fold-add-into-bias"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let sign = match &node.op {
            Op::Add(_) => 1.0,
            Op::Sub(_) => -1.0,
            _ => return Err(Skip::NoMatch),
        };
        let (producer, summands) = channel_operand(view, node, sign == 1.0)?;
        if summands.iter().any(|summand| !summand.is_finite()) {
            return Err(Skip::Because("the summand is not finite"));
        }
        let affine: Vec<Affine> = summands.iter().map(|&k| Affine { scale: 1.0, shift: sign * k }).collect();
        let mut patch = Patch::new(view.graph);
        let output = node.output(0).ok_or(Skip::NoMatch)?;
        let folded = producer.with_affine(view, &mut patch, &affine, output)?;
        patch.node(folded);
        Ok(patch)
    }
}
