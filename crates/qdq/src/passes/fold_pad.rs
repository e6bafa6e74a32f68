//! Padding with zeros into the convolution after it.

use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch};
use crate::ops::{AutoPad, Op, PadMode};

/// Folds zero padding of spatial axes into the convolution that uses it.
///
/// ```text
/// %p = pad(%x, [0, 0, 1, 1, 0, 0, 1, 1]); %y = conv(%p, %w)    →    %y = conv(%x, %w) {pads=[1, 1, 1, 1]}
/// ```
#[derive(Debug)]
pub(super) struct FoldPad;

impl Rewrite for FoldPad {
    fn name(&self) -> &'static str {
        "fold-pad"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let Op::Conv(conv) = &node.op else { return Err(Skip::NoMatch) };
        let padded = node.input(0).ok_or(Skip::NoMatch)?;
        let pad = view.producer(padded).ok_or(Skip::NoMatch)?;
        let added = spatial_pads(view, pad)?;
        if !matches!(conv.auto_pad, AutoPad::NotSet | AutoPad::Valid) {
            return Err(Skip::Because("the convolution chooses its own padding"));
        }
        let mut conv = conv.clone();
        conv.auto_pad = AutoPad::NotSet;
        conv.pads.resize(added.len(), 0);
        for (pad, added) in conv.pads.iter_mut().zip(added) {
            *pad += added;
        }
        let mut folded = node.clone();
        folded.op = conv.into();
        folded.inputs[0] = pad.input(0);
        let mut patch = Patch::new(view.graph);
        patch.node(folded);
        Ok(patch)
    }
}

/// Zeros before and after each spatial axis.
fn spatial_pads(view: &View<'_>, node: &Node) -> Result<Vec<usize>, Skip> {
    let Op::Pad(op) = &node.op else { return Err(Skip::NoMatch) };
    let ints = |position: usize| view.constant(node.input(position)?)?.to_i64_vec().ok();
    let zero = match node.input(2) {
        None => true,
        Some(value) => view.scalar(value) == Some(0.0),
    };
    if op.mode != PadMode::Constant || !zero {
        return Err(Skip::Because("the padding is not of zeros"));
    }
    let rank = node.input(0).and_then(|id| view.rank(id)).ok_or(Skip::Because("the rank is not known"))?;
    let pads = ints(1).ok_or(Skip::Because("the padding is not constant"))?;
    let axes = match node.input(3) {
        None => (0..rank as i64).collect(),
        Some(_) => ints(3).ok_or(Skip::Because("the axes are not constant"))?,
    };
    if pads.len() != 2 * axes.len() || rank < 3 {
        return Err(Skip::NoMatch);
    }
    let n_spatial = rank - 2;
    let mut spatial = vec![0; 2 * n_spatial];
    for (position, &axis) in axes.iter().enumerate() {
        let axis = if axis < 0 { axis + rank as i64 } else { axis } as usize;
        let (before, after) = (usize::try_from(pads[position]), usize::try_from(pads[position + axes.len()]));
        let (Ok(before), Ok(after)) = (before, after) else { return Err(Skip::Because("it crops")) };
        if axis >= 2 && axis < rank {
            spatial[axis - 2] += before;
            spatial[axis - 2 + n_spatial] += after;
        } else if before + after > 0 {
            return Err(Skip::Because("it pads the batch or the channels"));
        }
    }
    Ok(spatial)
}
