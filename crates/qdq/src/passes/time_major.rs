//! Recurrent layers that read a batch first.

use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch, ValueId};
use crate::ops::{Op, Transpose};
use crate::tensor::Granularity;

/// Reads and writes sequences with the steps first, as runtimes want them.
///
/// ```text
/// %y = lstm(%x, %w, %r) {layout=1}    →    %t = transpose(%x) {perm=[1, 0, 2]}; %s = lstm(%t, %w, %r);
///                                          %y = transpose(%s) {perm=[2, 0, 1, 3]}
/// ```
#[derive(Debug)]
pub struct TimeMajor;

impl Rewrite for TimeMajor {
    fn name(&self) -> &'static str {
        "time-major"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let mut node = view.node(position).clone();
        let layout = match &mut node.op {
            Op::Lstm(op) => &mut op.layout,
            Op::Gru(op) => &mut op.layout,
            Op::Rnn(op) => &mut op.layout,
            _ => return Err(Skip::NoMatch),
        };
        if std::mem::take(layout) == 0 {
            return Err(Skip::NoMatch);
        }
        let mut patch = Patch::new(view.graph);
        let swap = |patch: &mut Patch, input: ValueId, output: ValueId, perm: &[usize]| {
            let op = Transpose { perm: Some(perm.to_vec()) };
            patch.node(Node::new(op, &[input], &[output]).with_scope(node.scope.clone()));
        };
        let mut inputs = node.inputs.clone();
        // x, and the initial states
        for position in [0, 5, 6] {
            let Some(Some(input)) = inputs.get_mut(position) else { continue };
            // Integers are moved as such, so that what dequantizes them stays beside the layer.
            let dequantize = view.producer(*input).and_then(|node| match &node.op {
                Op::Dequantize(op) if op.params.granularity == Granularity::PerTensor => {
                    Some((op, node.input(0)?))
                }
                _ => None,
            });
            let source = dequantize.map_or(*input, |(_, integers)| integers);
            let moved = patch.value(format!("{}_time_major", view.graph[source].name()), None);
            swap(&mut patch, source, moved, &[1, 0, 2]);
            *input = match dequantize {
                None => moved,
                Some((op, _)) => {
                    let real = patch.value(format!("{}_time_major", view.graph[*input].name()), None);
                    patch.node(Node::new(op.clone(), &[moved], &[real]).with_scope(node.scope.clone()));
                    real
                }
            };
        }
        let mut outputs = node.outputs.clone();
        for output in outputs.iter_mut().flatten() {
            *output = patch.value(format!("{}_time_major", view.graph[*output].name()), None);
        }
        let pairs = outputs.clone().into_iter().zip(node.outputs.clone());
        patch.node(Node { inputs, outputs, ..node.clone() });
        for (position, (moved, own)) in pairs.enumerate() {
            let (Some(moved), Some(own)) = (moved, own) else { continue };
            swap(&mut patch, moved, own, if position == 0 { &[2, 0, 1, 3] } else { &[1, 0, 2] });
        }
        Ok(patch)
    }
}
