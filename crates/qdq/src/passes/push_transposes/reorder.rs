//! Ops that do not care for the order of axes, with their own axes reordered.

use super::params_of_base;
use crate::error::Result;
use crate::graph::{Graph, Node, ValueId};
use crate::ops::{self as op, Args, EvalContext, Op, OpDef, Transpose};
use crate::tensor::Tensor;

/// The inputs of an op whose axes are to be reordered: those that are no constants.
pub(super) struct Inputs {
    /// The values.
    pub(super) data: Vec<ValueId>,
    /// Their positions.
    pub(super) positions: Vec<usize>,
    /// Positions of constants that broadcast against them.
    constants: Vec<usize>,
}

/// How an op's inputs follow its axes.
enum Kind {
    /// Every input is an image or broadcasts to one.
    Broadcast,
    /// The first input is an image, the others are no images.
    First,
    /// Every input is an image of the same rank.
    All,
}

fn kind(op: &Op) -> Option<Kind> {
    Some(match op {
        Op::Add(_)
        | Op::Sub(_)
        | Op::Mul(_)
        | Op::Div(_)
        | Op::Mod(_)
        | Op::Pow(_)
        | Op::Max(_)
        | Op::Min(_)
        | Op::Sum(_)
        | Op::Mean(_)
        | Op::Equal(_)
        | Op::Greater(_)
        | Op::GreaterOrEqual(_)
        | Op::Less(_)
        | Op::LessOrEqual(_)
        | Op::And(_)
        | Op::Or(_)
        | Op::Xor(_)
        | Op::Where(_)
        | Op::PRelu(_)
        | Op::BitwiseAnd(_)
        | Op::BitwiseOr(_)
        | Op::BitwiseXor(_) => Kind::Broadcast,
        Op::Concat(_) => Kind::All,
        Op::Celu(_)
        | Op::Elu(_)
        | Op::Gelu(_)
        | Op::HardSigmoid(_)
        | Op::HardSwish(_)
        | Op::LeakyRelu(_)
        | Op::Mish(_)
        | Op::Relu(_)
        | Op::Selu(_)
        | Op::Shrink(_)
        | Op::Sigmoid(_)
        | Op::Softplus(_)
        | Op::Softsign(_)
        | Op::Swish(_)
        | Op::Tanh(_)
        | Op::ThresholdedRelu(_)
        | Op::Abs(_)
        | Op::Acos(_)
        | Op::Acosh(_)
        | Op::Asin(_)
        | Op::Asinh(_)
        | Op::Atan(_)
        | Op::Atanh(_)
        | Op::Ceil(_)
        | Op::Cos(_)
        | Op::Cosh(_)
        | Op::Erf(_)
        | Op::Exp(_)
        | Op::Floor(_)
        | Op::Log(_)
        | Op::Neg(_)
        | Op::Not(_)
        | Op::Reciprocal(_)
        | Op::Round(_)
        | Op::Sign(_)
        | Op::Sin(_)
        | Op::Sinh(_)
        | Op::Sqrt(_)
        | Op::Tan(_)
        | Op::IsNan(_)
        | Op::IsInf(_)
        | Op::Cast(_)
        | Op::Clip(_)
        | Op::Identity(_)
        | Op::Quantize(_)
        | Op::Dequantize(_)
        | Op::Softmax(_)
        | Op::LogSoftmax(_)
        | Op::Hardmax(_)
        | Op::Split(_)
        | Op::Pad(_)
        | Op::Slice(_)
        | Op::ReduceMax(_)
        | Op::ReduceMean(_)
        | Op::ReduceMin(_)
        | Op::ReduceProd(_)
        | Op::ReduceSum(_) => Kind::First,
        _ => return None,
    })
}

impl Inputs {
    /// Which inputs follow the axes; `None` for an op that cares for their order.
    pub(super) fn of(graph: &Graph, node: &Node) -> Option<Self> {
        let positions: Vec<usize> = match kind(&node.op)? {
            Kind::First => vec![0],
            Kind::Broadcast | Kind::All => (0..node.inputs.len()).collect(),
        };
        let mut inputs = Self { data: Vec::new(), positions: Vec::new(), constants: Vec::new() };
        for position in positions {
            let value = node.input(position)?;
            if graph.constant(value).is_some() {
                inputs.constants.push(position);
            } else {
                inputs.data.push(value);
                inputs.positions.push(position);
            }
        }
        Some(inputs)
    }
}

/// The node for bases, constants to put at positions of its inputs, and how its outputs are seen.
type Reordered = (Node, Vec<(usize, Tensor)>, Vec<usize>);

/// The op on the bases of its inputs, all of which are seen with order `perm`; `None` where it cannot be done.
pub(super) fn reordered(
    graph: &Graph,
    node: &Node,
    inputs: &Inputs,
    perm: &[usize],
) -> Result<Option<Reordered>> {
    let rank = perm.len();
    let axis_of = |axis: i64| {
        let axis = if axis < 0 { axis + rank as i64 } else { axis };
        usize::try_from(axis).ok().and_then(|axis| perm.get(axis)).map(|&axis| axis as i64)
    };
    let mut made = node.clone();
    let mut constants = Vec::new();
    match &mut made.op {
        Op::Concat(op::Concat { axis })
        | Op::Softmax(op::Softmax { axis })
        | Op::LogSoftmax(op::LogSoftmax { axis })
        | Op::Hardmax(op::Hardmax { axis })
        | Op::Split(op::Split { axis, .. }) => match axis_of(*axis) {
            Some(moved) => *axis = moved,
            None => return Ok(None),
        },
        Op::Quantize(op::Quantize { params }) | Op::Dequantize(op::Dequantize { params, .. }) => {
            *params = params_of_base(params, perm);
        }
        Op::Pad(_) | Op::Slice(_) => {
            let position = 3;
            let Some(axes) = axes_input(graph, node, position, rank) else { return Ok(None) };
            let moved: Option<Vec<i64>> = axes.into_iter().map(axis_of).collect();
            let Some(moved) = moved else { return Ok(None) };
            constants.push((position, Tensor::vector(moved)));
        }
        Op::ReduceMax(_) | Op::ReduceMean(_) | Op::ReduceMin(_) | Op::ReduceProd(_) | Op::ReduceSum(_) => {
            return Ok(reduction(graph, node, perm));
        }
        _ => {}
    }
    for &position in &inputs.constants {
        let Some(tensor) = node.input(position).and_then(|value| graph.constant(value)) else {
            return Ok(None);
        };
        match reordered_constant(tensor, perm, matches!(node.op, Op::Concat(_)))? {
            Some(tensor) => constants.push((position, tensor)),
            None => return Ok(None),
        }
    }
    Ok(Some((made, constants, perm.to_vec())))
}

/// The axes that an optional input names, or as many of the first ones as its neighbour needs.
fn axes_input(graph: &Graph, node: &Node, position: usize, rank: usize) -> Option<Vec<i64>> {
    let ints = |position: usize| graph.constant(node.input(position)?)?.to_i64_vec().ok();
    if node.input(position).is_some() {
        return ints(position);
    }
    match &node.op {
        Op::Pad(_) => Some((0..rank as i64).collect()),
        _ => Some((0..ints(1)?.len() as i64).collect()),
    }
}

/// A reduction over constant axes: the axes move; without them, what is left must come out in order.
fn reduction(graph: &Graph, node: &Node, perm: &[usize]) -> Option<Reordered> {
    let rank = perm.len() as i64;
    let keepdims = match &node.op {
        Op::ReduceMax(op) => op.keepdims,
        Op::ReduceMean(op) => op.keepdims,
        Op::ReduceMin(op) => op.keepdims,
        Op::ReduceProd(op) => op.keepdims,
        Op::ReduceSum(op) => op.keepdims,
        _ => return None,
    };
    let axes = graph.constant(node.input(1)?)?.to_i64_vec().ok()?;
    let axes: Vec<usize> = axes
        .iter()
        .map(|&axis| usize::try_from(if axis < 0 { axis + rank } else { axis }).ok())
        .collect::<Option<_>>()?;
    let mut moved: Vec<i64> =
        axes.iter().map(|&axis| perm.get(axis).map(|&axis| axis as i64)).collect::<Option<_>>()?;
    moved.sort_unstable();
    let left: Vec<usize> =
        perm.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, &base)| base).collect();
    let out_perm = if keepdims {
        perm.to_vec()
    } else if left.is_sorted() {
        (0..left.len()).collect()
    } else {
        return None;
    };
    Some((node.clone(), vec![(1, Tensor::vector(moved))], out_perm))
}

/// A constant that broadcasts to an image, for the image's base; without leading axes of size 1, unless all are kept.
fn reordered_constant(tensor: &Tensor, perm: &[usize], keep_all: bool) -> Result<Option<Tensor>> {
    let rank = perm.len();
    if tensor.len() == 1 && !keep_all {
        return Ok(Some(tensor.clone()));
    }
    if tensor.shape().len() > rank {
        return Ok(None);
    }
    let mut shape = vec![1; rank - tensor.shape().len()];
    shape.extend(tensor.shape());
    let mut order = vec![0; rank];
    for (to, &from) in perm.iter().enumerate() {
        order[from] = to;
    }
    let widened = tensor.clone().reshaped(shape)?;
    let op = Transpose { perm: Some(order) };
    let moved = op.eval(EvalContext { n_outputs: 1 }, Args(vec![Some(widened)]))?.remove(0);
    if keep_all {
        return Ok(Some(moved));
    }
    let n_ones = moved.shape().iter().take_while(|dim| **dim == 1).count().min(rank.saturating_sub(1));
    let shape = moved.shape()[n_ones..].to_vec();
    Ok(Some(moved.reshaped(shape)?))
}
