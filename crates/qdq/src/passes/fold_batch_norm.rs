//! Batch normalization into the weights before it.

use super::channel_affine::{Affine, ChannelOp};
use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch};
use crate::ops::Op;

/// Folds batch normalization at inference into the convolution, transposed convolution or gemm before it.
///
/// ```text
/// %c = conv(%x, %w, %b); %y = batch_normalization(%c, %gamma, %beta, %mean, %var)
/// →  %y = conv(%x, %w', %b')    w' = w · s,  b' = (b − mean) · s + beta,  s = gamma / √(var + ε)
/// ```
#[derive(Debug)]
pub(super) struct FoldBatchNorm;

impl Rewrite for FoldBatchNorm {
    fn name(&self) -> &'static str {
        "fold-batch-norm"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let Op::BatchNormalization(op) = &node.op else { return Err(Skip::NoMatch) };
        if op.training_mode || node.present_outputs().count() != 1 {
            return Err(Skip::Because("it is in training mode"));
        }
        let producer = ChannelOp::producing(view, node.input(0).ok_or(Skip::NoMatch)?)?;
        let affine = affine_of(view, node, f64::from(op.epsilon), producer.n_channels)?;
        let mut patch = Patch::new(view.graph);
        let output = node.output(0).ok_or(Skip::NoMatch)?;
        let folded = producer.with_affine(view, &mut patch, &affine, output)?;
        patch.node(folded);
        Ok(patch)
    }
}

fn affine_of(view: &View<'_>, node: &Node, epsilon: f64, n_channels: usize) -> Result<Vec<Affine>, Skip> {
    let parameter = |position: usize| {
        let tensor = node.input(position).and_then(|id| view.constant(id));
        let numbers = tensor.and_then(|tensor| tensor.as_slice::<f32>().ok());
        numbers
            .filter(|numbers| numbers.len() == n_channels)
            .ok_or(Skip::Because("its parameters are not constant"))
    };
    let (gamma, beta, mean, variance) = (parameter(1)?, parameter(2)?, parameter(3)?, parameter(4)?);
    let affine = (0..n_channels).map(|channel| {
        let scale = f64::from(gamma[channel]) / (f64::from(variance[channel]) + epsilon).sqrt();
        Affine { scale, shift: f64::from(beta[channel]) - f64::from(mean[channel]) * scale }
    });
    let affine: Vec<Affine> = affine.collect();
    if affine.iter().any(|affine| !affine.scale.is_finite() || !affine.shift.is_finite()) {
        return Err(Skip::Because("its scale is not finite"));
    }
    Ok(affine)
}
