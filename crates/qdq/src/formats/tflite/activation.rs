//! Activations fused into other ops.

use qdq_schema::tflite::activation_function_type as code;

use crate::error::{Error, Result};
use crate::graph::{Graph, Node};
use crate::ops::{Op, Relu, Tanh};

/// What a fused activation does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fused {
    /// Nothing.
    None,
    /// An op of one input.
    Relu,
    /// Limits.
    Clip(f32, f32),
    /// Hyperbolic tangent.
    Tanh,
}

impl Fused {
    /// The activation of a code.
    pub(super) fn read(activation: i8) -> Result<Self> {
        Ok(match activation {
            code::NONE => Fused::None,
            code::RELU => Fused::Relu,
            code::RELU_N1_TO_1 => Fused::Clip(-1.0, 1.0),
            code::RELU6 => Fused::Clip(0.0, 6.0),
            code::TANH => Fused::Tanh,
            other => return Err(Error::unsupported(format!("the fused activation {other}"))),
        })
    }

    /// Its code; `None` where it cannot be fused.
    pub(super) fn code(self) -> Option<i8> {
        Some(match self {
            Fused::None => code::NONE,
            Fused::Relu => code::RELU,
            Fused::Clip(-1.0, 1.0) => code::RELU_N1_TO_1,
            Fused::Clip(0.0, 6.0) => code::RELU6,
            Fused::Tanh => code::TANH,
            Fused::Clip(..) => return None,
        })
    }

    /// What a node does, if it is an activation that other ops can take in.
    pub(super) fn of_node(graph: &Graph, node: &Node) -> Option<Self> {
        match &node.op {
            Op::Relu(_) => Some(Fused::Relu),
            Op::Clip(_) => {
                let (lo, hi) = clip_limits(graph, node)?;
                let fused = if (lo, hi) == (0.0, f32::INFINITY) { Fused::Relu } else { Fused::Clip(lo, hi) };
                fused.code().map(|_| fused)
            }
            _ => None,
        }
    }

    /// The op of one input that does it; limits need constants and are not among them.
    pub(super) fn plain_op(self) -> Option<Op> {
        match self {
            Fused::Relu => Some(Relu {}.into()),
            Fused::Tanh => Some(Tanh {}.into()),
            Fused::None | Fused::Clip(..) => None,
        }
    }
}

/// The limits of a `clip`, if they are constant.
pub(super) fn clip_limits(graph: &Graph, node: &Node) -> Option<(f32, f32)> {
    let limit = |position: usize, otherwise: f32| match node.input(position) {
        None => Some(otherwise),
        Some(value) => graph.constant(value)?.to_f32_vec().ok()?.first().copied(),
    };
    Some((limit(1, f32::NEG_INFINITY)?, limit(2, f32::INFINITY)?))
}
