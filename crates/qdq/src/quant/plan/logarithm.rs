//! Values that a logarithm is taken of.
//!
//! A logarithm shows relative errors, and integers with one scale have absolute ones: of a spectrum in 8 bits the quiet
//! half is noise after it. Filter banks and Fourier transforms written as convolutions are the case met in practice.

use std::collections::BTreeSet;

use crate::graph::{Block, Uses, ValueId};
use crate::ops::{Op, QuantRule};

/// Whether a logarithm follows, with nothing but moves, sums, products and powers of the value on the way.
pub(super) fn follows(block: &Block, uses: &Uses, value: ValueId) -> bool {
    let (mut pending, mut seen) = (vec![value], BTreeSet::new());
    while let Some(value) = pending.pop() {
        if !seen.insert(value) {
            continue;
        }
        for &user in uses.users(value) {
            let node = &block.nodes[user];
            if matches!(node.op, Op::Log(_)) {
                return true;
            }
            if keeps_small_values_small(&node.op) {
                pending.extend(node.present_outputs());
            }
        }
    }
    false
}

/// Whether the op's result may be near 0 because its input is.
fn keeps_small_values_small(op: &Op) -> bool {
    let is_magnitude = matches!(
        op,
        Op::Abs(_)
            | Op::Add(_)
            | Op::Clip(_)
            | Op::Concat(_)
            | Op::Div(_)
            | Op::Max(_)
            | Op::Mul(_)
            | Op::Neg(_)
            | Op::Pad(_)
            | Op::Pow(_)
            | Op::ReduceL1(_)
            | Op::ReduceL2(_)
            | Op::ReduceMax(_)
            | Op::ReduceMean(_)
            | Op::ReduceSum(_)
            | Op::ReduceSumSquare(_)
            | Op::Relu(_)
            | Op::Sqrt(_)
            | Op::Where(_)
    );
    is_magnitude || matches!(op.def().quant_rule(), QuantRule::SameAsInput(_))
}
