//! An `if` whose condition is known.

use super::{Rewrite, Skip, View};
use crate::graph::Patch;
use crate::ops::Op;

/// Replaces an `if` with a constant condition by the branch taken.
///
/// ```text
/// %y = if(true) region() { %t = relu(%x) return %t } region() { … }    →    %t = relu(%x), %t for %y
/// ```
#[derive(Debug)]
pub(super) struct InlineIf;

impl Rewrite for InlineIf {
    fn name(&self) -> &'static str {
        "inline-if"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let Op::If(_) = &node.op else { return Err(Skip::NoMatch) };
        let condition =
            node.input(0).and_then(|id| view.constant(id)).ok_or(Skip::Because("the condition varies"))?;
        let Ok([condition]) = condition.as_slice::<bool>() else { return Err(Skip::NoMatch) };
        let branch = node.regions.get(usize::from(!condition)).ok_or(Skip::NoMatch)?;
        let mut patch = Patch::new(view.graph);
        for inner in &branch.nodes {
            patch.node(inner.clone());
        }
        for (output, result) in node.outputs.iter().zip(&branch.outputs) {
            if let Some(output) = *output {
                patch.replace(output, *result);
            }
        }
        Ok(patch)
    }
}
