//! Scales and shifts of output channels, taken into the weights and bias that make the channels.

use super::{Skip, View};
use crate::graph::{Node, Patch, ValueId};
use crate::ops::Op;
use crate::tensor::Tensor;

/// A node whose constant weights make output channels.
pub(super) struct ChannelOp<'g> {
    node: &'g Node,
    weights: &'g Tensor,
    bias: Option<&'g Tensor>,
    /// Number of output channels.
    pub(super) n_channels: usize,
    /// Axis of the channels in the output.
    pub(super) channel_axis: usize,
}

impl<'g> ChannelOp<'g> {
    /// The node that computes `value`, if it is of this kind and nothing else uses the value.
    pub(super) fn producing(view: &View<'g>, value: ValueId) -> Result<Self, Skip> {
        let node = view.producer(value).ok_or(Skip::NoMatch)?;
        let (n_channels, channel_axis) = match &node.op {
            Op::Conv(_) => (weights_of(view, node)?.shape().first().copied(), 1),
            Op::ConvTranspose(op) => (weights_of(view, node)?.shape().get(1).map(|size| size * op.group), 1),
            Op::Gemm(op) if op.beta == 1.0 => {
                (weights_of(view, node)?.shape().get(usize::from(!op.trans_b)).copied(), 1)
            }
            _ => return Err(Skip::NoMatch),
        };
        let weights = weights_of(view, node)?;
        let n_channels = n_channels.ok_or(Skip::NoMatch)?;
        if view.uses.only_user(value).is_none() {
            return Err(Skip::Because("something else uses the value in between"));
        }
        let bias = match node.input(2) {
            None => None,
            Some(id) => {
                let bias = view.constant(id).ok_or(Skip::Because("the bias is not constant"))?;
                if bias.len() != n_channels || bias.as_slice::<f32>().is_err() {
                    return Err(Skip::Because("the bias is not one f32 a channel"));
                }
                Some(bias)
            }
        };
        Ok(Self { node, weights, bias, n_channels, channel_axis })
    }

    /// The node with each output channel multiplied by `scale` and `shift` added; its output is `output`.
    pub(super) fn with_affine(
        &self,
        view: &View<'_>,
        patch: &mut Patch,
        affine: &[Affine],
        output: ValueId,
    ) -> Result<Node, Skip> {
        let name = |position: usize, wish: &str| match self.node.input(position) {
            Some(id) => format!("{}_folded", view.graph[id].name()),
            None => format!("{}_{wish}", self.node.output(0).map_or("", |id| view.graph[id].name())),
        };
        let mut node = self.node.clone();
        let wrong = Skip::Because("the weights are not f32");
        if affine.iter().any(|affine| affine.scale != 1.0) {
            let mut weights = self.weights.clone().into_vec::<f32>().map_err(|_| wrong)?;
            for (index, weight) in weights.iter_mut().enumerate() {
                *weight = (f64::from(*weight) * affine[self.channel_of(index)].scale) as f32;
            }
            let weights = Tensor::from_vec(self.weights.shape().to_vec(), weights).map_err(|_| wrong)?;
            node.inputs[1] = Some(patch.constant(name(1, "weight"), weights));
        }
        let old = self.bias.map(|bias| bias.as_slice::<f32>()).transpose().map_err(|_| wrong)?;
        let bias = affine.iter().enumerate().map(|(channel, affine)| {
            let old = old.map_or(0.0, |old| f64::from(old[channel]));
            (old * affine.scale + affine.shift) as f32
        });
        let bias: Vec<f32> = bias.collect();
        if old.is_some() || bias.iter().any(|&bias| bias != 0.0) {
            node.inputs.resize(3, None);
            node.inputs[2] = Some(patch.constant(name(2, "bias"), Tensor::vector(bias)));
        }
        node.outputs = vec![Some(output)];
        Ok(node)
    }

    /// The output channel that the weight at this flat position belongs to.
    fn channel_of(&self, index: usize) -> usize {
        let dims = self.weights.shape();
        let along = |axis: usize| index / dims[axis + 1..].iter().product::<usize>() % dims[axis];
        match &self.node.op {
            Op::ConvTranspose(op) => along(0) / (dims[0] / op.group).max(1) * dims[1] + along(1),
            Op::Gemm(op) => along(usize::from(!op.trans_b)),
            _ => along(0),
        }
    }
}

/// What is done to one channel: `scale * x + shift`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine {
    pub(super) scale: f64,
    pub(super) shift: f64,
}

fn weights_of<'g>(view: &View<'g>, node: &Node) -> Result<&'g Tensor, Skip> {
    let id = node.input(1).ok_or(Skip::NoMatch)?;
    let weights = view.constant(id).ok_or(Skip::Because("the weights are not constant"))?;
    if weights.is_empty() || weights.as_slice::<f32>().is_err() {
        return Err(Skip::Because("the weights are not f32"));
    }
    if view.uses.users(id).len() > 1 {
        return Err(Skip::Because("the weights are shared"));
    }
    Ok(weights)
}

/// A constant that is one number a channel when broadcast over a value of this rank, one entry a channel.
pub(super) fn per_channel(
    constant: &Tensor,
    rank: usize,
    axis: usize,
    n_channels: usize,
) -> Option<Vec<f64>> {
    let dims = constant.shape();
    let first_axis = rank.checked_sub(dims.len())?;
    let fits = dims
        .iter()
        .enumerate()
        .all(|(position, &dim)| dim == 1 || (position + first_axis == axis && dim == n_channels));
    let numbers: Vec<f64> = constant.as_slice::<f32>().ok()?.iter().map(|&x| f64::from(x)).collect();
    match numbers.as_slice() {
        [number] if fits => Some(vec![*number; n_channels]),
        _ if fits => Some(numbers),
        _ => None,
    }
}

/// The constant operand of an elementwise node as one number a channel of the other operand's producer.
pub(super) fn channel_operand<'g>(
    view: &View<'g>,
    node: &Node,
    commutes: bool,
) -> Result<(ChannelOp<'g>, Vec<f64>), Skip> {
    let (a, b) = (node.input(0).ok_or(Skip::NoMatch)?, node.input(1).ok_or(Skip::NoMatch)?);
    let (value, constant) = match (view.constant(a), view.constant(b)) {
        (None, Some(constant)) => (a, constant),
        (Some(constant), None) if commutes => (b, constant),
        _ => return Err(Skip::NoMatch),
    };
    let producer = ChannelOp::producing(view, value)?;
    let rank = view.rank(value).ok_or(Skip::Because("the rank is not known"))?;
    let numbers = per_channel(constant, rank, producer.channel_axis, producer.n_channels)
        .ok_or(Skip::Because("the constant is not one number a channel"))?;
    Ok((producer, numbers))
}
