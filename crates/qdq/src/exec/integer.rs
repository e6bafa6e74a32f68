//! Nodes in integer form: ops directly on quantized types.
//!
//! What a node in integer form ([`Graph::is_integer_form`]) computes to the last bit is not the op's affair but a
//! [`Profile`]'s: runtimes round at different places. One kind of node needs no profile: an op that only moves or
//! compares integers of the same parameters ([`Graph::moves_integers`]) is evaluated on the integers as they are.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, Node};
use crate::kernels::Activation;
use crate::kernels::int8::Layout;
use crate::ops::{Args, EvalContext, Op, Prepared, dequantize, quantize};
use crate::tensor::{DType, QuantParams, Tensor};

/// The exact integer arithmetic of one runtime's kernels.
pub trait Profile: Send + Sync + fmt::Debug {
    /// Name on the command line, as `ort-x64`.
    fn name(&self) -> &'static str;

    /// Binds a node to its parameters and constants; weights are packed here, once.
    ///
    /// [`Prepared::run`] then gets the inputs that are not constant and gives the outputs, in their storage types.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when the profile makes no promise for the node.
    fn prepare(&self, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>>;

    /// The kernel of a quantize or dequantize of f32, where it is not the definition: `x / scale` rounded half to even and
    /// `(q - zero_point) · scale`.
    fn bridge(&self, _op: &Op) -> Option<Box<dyn Prepared>> {
        None
    }

    /// Orders in memory that the kernel of a node can work with.
    fn layouts(&self, _node: &IntegerNode<'_>) -> Layouts {
        Layouts::ChannelsFirst
    }
}

/// Orders in memory of the tensors of a node, whose shapes are the graph's in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layouts {
    /// The graph's order.
    ChannelsFirst,
    /// Input 0 and output 0 in any order, each as [`IntegerNode`] says.
    Any,
    /// Element by element: any order, the same for all tensors, if they have one shape.
    Same,
}

/// A node in integer form, as a profile sees it.
#[derive(Clone, Debug)]
pub struct IntegerNode<'g> {
    /// What is computed, with its attributes.
    pub op: &'g Op,
    /// Inputs in order; absent ones are `None`.
    pub inputs: Vec<Option<IntegerInput>>,
    /// Parameters of each output; `None` for real numbers (f32) and for outputs that nobody asked for.
    pub outputs: Vec<Option<Arc<QuantParams>>>,
    /// Order in memory of input 0; channels first where the profile has no choice ([`Profile::layouts`]).
    pub input_layout: Layout,
    /// Order in memory of output 0.
    pub output_layout: Layout,
}

/// An input of a node in integer form.
#[derive(Clone, Debug)]
pub struct IntegerInput {
    /// Element type: the storage type if it is quantized.
    pub dtype: DType,
    /// Its parameters; `None` for real numbers, shapes and indices.
    pub quant: Option<Arc<QuantParams>>,
    /// Its contents, if it is constant; [`Prepared::run`] does not get it again.
    pub constant: Option<Tensor>,
}

impl<'g> IntegerNode<'g> {
    /// A node of a graph with the types that inference gave it.
    pub fn new(graph: &Graph, node: &'g Node) -> Self {
        let input = |id| IntegerInput {
            dtype: graph[id].ty.as_ref().map_or(DType::F32, |ty| ty.dtype),
            quant: graph.quant(id).cloned(),
            constant: graph.constant(id).cloned(),
        };
        let outputs = node.outputs.iter().map(|id| id.and_then(|id| graph.quant(id).cloned()));
        let inputs = node.inputs.iter().map(|id| id.map(input));
        Self::channels_first(&node.op, inputs.collect(), outputs.collect())
    }

    /// A node whose tensors lie in memory in the order of their axes.
    pub fn channels_first(
        op: &'g Op,
        inputs: Vec<Option<IntegerInput>>,
        outputs: Vec<Option<Arc<QuantParams>>>,
    ) -> Self {
        let layout = Layout::ChannelsFirst;
        Self { op, inputs, outputs, input_layout: layout, output_layout: layout }
    }
}

/// What a profile promises of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Nodes in integer form that are computed as the profile says, to the last bit.
    pub n_integer: usize,
    /// Other nodes that can be computed in one way only: bridges, data movement, correctly rounded arithmetic.
    pub n_exact: usize,
    /// The rest: these may differ from the runtime in their last bits, and what follows them with them.
    pub not_promised: Vec<NotPromised>,
}

/// A node that a profile makes no promise for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotPromised {
    /// Its name.
    pub node: String,
    /// Name of its op.
    pub op: String,
    /// Why.
    pub cause: String,
}

impl Coverage {
    /// Whether every integer and every real number is the runtime's.
    pub fn is_exact(&self) -> bool {
        self.not_promised.is_empty()
    }

    /// Number of nodes in all.
    pub fn n_nodes(&self) -> usize {
        self.n_integer + self.n_exact + self.not_promised.len()
    }
}

/// The kernel of a node in integer form, or why there is no promise, and then the node on real numbers.
///
/// # Errors
/// Parameters or constants that do not fit the op.
pub(super) fn prepare(
    profile: &dyn Profile,
    node: &IntegerNode<'_>,
) -> Result<(Box<dyn Prepared>, Option<String>)> {
    match profile.prepare(node) {
        Ok(kernel) => Ok((kernel, None)),
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            Ok((Box::new(OnRealNumbers::new(node)?), Some(error.message().to_owned())))
        }
        Err(error) => Err(error),
    }
}

/// A node in integer form without a profile.
pub(super) fn no_profile() -> Error {
    Error::unsupported("the op is on integers, and what it computes depends on the runtime")
        .help("say which runtime with --profile, or run the model in its form with quantize and dequantize")
}

/// Dequantizes the inputs, evaluates the op in f32 and quantizes the outputs.
#[derive(Debug)]
struct OnRealNumbers {
    op: Op,
    kernel: Option<Box<dyn Prepared>>,
    constants: Vec<Option<Tensor>>,
    inputs: Vec<Option<Arc<QuantParams>>>,
    outputs: Vec<Option<Arc<QuantParams>>>,
}

impl OnRealNumbers {
    fn new(node: &IntegerNode<'_>) -> Result<Self> {
        let real = |input: &Option<IntegerInput>| match input {
            Some(IntegerInput { constant: Some(tensor), quant: Some(quant), .. }) => {
                dequantize(tensor, quant).map(Some)
            }
            Some(input) => Ok(input.constant.clone()),
            None => Ok(None),
        };
        let constants: Vec<Option<Tensor>> = node.inputs.iter().map(real).collect::<Result<_>>()?;
        let quant = |input: &Option<IntegerInput>| input.as_ref().and_then(|input| input.quant.clone());
        Ok(Self {
            op: node.op.clone(),
            kernel: node.op.def().prepare(&constants, Activation::None)?,
            constants,
            inputs: node.inputs.iter().map(quant).collect(),
            outputs: node.outputs.clone(),
        })
    }
}

impl Prepared for OnRealNumbers {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let real = |(tensor, quant): (Option<Tensor>, &Option<Arc<QuantParams>>)| match (tensor, quant) {
            (Some(tensor), Some(quant)) => dequantize(&tensor, quant).map(Some),
            (tensor, _) => Ok(tensor),
        };
        let inputs = Args(inputs.0.into_iter().zip(&self.inputs).map(real).collect::<Result<_>>()?);
        let outputs = if let Some(kernel) = &self.kernel {
            kernel.run(inputs)?
        } else {
            let context = EvalContext { n_outputs: self.outputs.len() };
            self.op.def().eval(context, crate::ops::with_constants(inputs, &self.constants))?
        };
        let store = |(tensor, quant): (Tensor, &Option<Arc<QuantParams>>)| match quant {
            Some(quant) => quantize(&tensor, quant),
            None => Ok(tensor),
        };
        outputs.into_iter().zip(&self.outputs).map(store).collect()
    }
}

/// Whether an op on real numbers gives the same bits wherever it is computed: it only moves elements, or rounds once
/// and correctly (IEEE 754).
pub(super) fn is_exact(op: &Op) -> bool {
    matches!(
        op,
        Op::Quantize(_)
            | Op::Dequantize(_)
            | Op::DynamicQuantizeLinear(_)
            | Op::Add(_)
            | Op::Sub(_)
            | Op::Mul(_)
            | Op::Div(_)
            | Op::Max(_)
            | Op::Min(_)
            | Op::Sqrt(_)
            | Op::Relu(_)
            | Op::Clip(_)
            | Op::Abs(_)
            | Op::Neg(_)
            | Op::Floor(_)
            | Op::Ceil(_)
            | Op::Round(_)
            | Op::Sign(_)
            | Op::Cast(_)
            | Op::CastLike(_)
            | Op::Concat(_)
            | Op::Where(_)
            | Op::ReduceMax(_)
            | Op::ReduceMin(_)
            | Op::Pad(_)
            | Op::Trilu(_)
            | Op::ScatterElements(_)
            | Op::ScatterNd(_)
            | Op::TopK(_)
    ) || matches!(op.def().quant_rule(), crate::ops::QuantRule::SameAsInput(_))
}
