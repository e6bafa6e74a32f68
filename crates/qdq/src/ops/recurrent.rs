//! Recurrent layers over a whole sequence.

use super::elementwise::require_float;
use super::numeric::{by_float, narrow};
use super::recurrent_run::{Cell, Layer, PackedDirection};
use super::{Args, Arity, EvalContext, Inputs, OpDef, Prepared, attr_enum, op, with_constants};
use crate::error::{Error, Result};
use crate::kernels::Activation;
use crate::tensor::{DType, Dim, Tensor, TensorType};

attr_enum! {
    /// Which way a sequence is read.
    pub enum Direction {
        /// From the start.
        Forward = "forward",
        /// From the end.
        Reverse = "reverse",
        /// Both, each with its own weights.
        Bidirectional = "bidirectional",
    }
}
attr_enum! {
    /// An activation function inside a recurrent layer.
    pub enum RecurrentActivation {
        /// `max(0, x)`
        Relu = "relu",
        /// Hyperbolic tangent.
        Tanh = "tanh",
        /// `1 / (1 + exp(-x))`
        Sigmoid = "sigmoid",
        /// `alpha * x + beta`
        Affine = "affine",
        /// `x` if positive, else `alpha * x`.
        LeakyRelu = "leakyrelu",
        /// `x` if above alpha, else 0.
        ThresholdedRelu = "thresholdedrelu",
        /// `alpha * tanh(beta * x)`
        ScaledTanh = "scaledtanh",
        /// `min(max(alpha * x + beta, 0), 1)`
        HardSigmoid = "hardsigmoid",
        /// `x` if positive, else `alpha * (exp(x) - 1)`.
        Elu = "elu",
        /// `x / (1 + |x|)`
        Softsign = "softsign",
        /// `log(1 + exp(x))`
        Softplus = "softplus",
    }
}
op! {
    /// Long short-term memory. Inputs: x, w, r, then optional bias, `sequence_lens`, `initial_h`, `initial_c`,
    /// peepholes.
    /// Outputs, all optional: all hidden states, the last hidden state, the last cell state.
    /// Order of gates in the weights: input, output, forget, cell.
    pub struct Lstm {
        /// Which way.
        pub direction: Direction = Direction::Forward,
        /// Size of the hidden state; `none`: as the weights have it.
        pub hidden_size: Option<usize> = None,
        /// f, g and h for each direction; empty: sigmoid, tanh, tanh.
        pub activations: Vec<RecurrentActivation> = Vec::new(),
        /// alpha of the activations that have one, in their order; empty: their defaults.
        pub activation_alpha: Vec<f32> = Vec::new(),
        /// beta of the activations that have one, in their order; empty: their defaults.
        pub activation_beta: Vec<f32> = Vec::new(),
        /// Limit of the inputs of activations, to both sides; `none`: unlimited.
        pub clip: Option<f32> = None,
        /// Limit of the cell state, to both sides; `none`: unlimited. ONNX has none.
        pub cell_clip: Option<f32> = None,
        /// Couple the gates: forget is 1 − input.
        pub input_forget: bool = false,
        /// 0: `[sequence, batch, …]`, 1: `[batch, sequence, …]`.
        pub layout: usize = 0,
        /// Whether there is a fourth output, all cell states, for finding their range. No format has it.
        pub gives_cells: bool = false,
    }
}
op! {
    /// Gated recurrent unit. Inputs: x, w, r, then optional bias, `sequence_lens`, `initial_h`.
    /// Outputs, both optional: all hidden states, the last one. Order of gates in the weights: update, reset, hidden.
    pub struct Gru {
        /// Which way.
        pub direction: Direction = Direction::Forward,
        /// Size of the hidden state; `none`: as the weights have it.
        pub hidden_size: Option<usize> = None,
        /// f and g for each direction; empty: sigmoid, tanh.
        pub activations: Vec<RecurrentActivation> = Vec::new(),
        /// alpha of the activations that have one, in their order; empty: their defaults.
        pub activation_alpha: Vec<f32> = Vec::new(),
        /// beta of the activations that have one, in their order; empty: their defaults.
        pub activation_beta: Vec<f32> = Vec::new(),
        /// Limit of the inputs of activations, to both sides; `none`: unlimited.
        pub clip: Option<f32> = None,
        /// Apply the reset gate after the recurrent product and its bias (as `PyTorch` does).
        pub linear_before_reset: bool = false,
        /// 0: `[sequence, batch, …]`, 1: `[batch, sequence, …]`.
        pub layout: usize = 0,
    }
}
op! {
    /// Simple recurrent network. Inputs: x, w, r, then optional bias, `sequence_lens`, `initial_h`.
    /// Outputs, both optional: all hidden states, the last one.
    pub struct Rnn {
        /// Which way.
        pub direction: Direction = Direction::Forward,
        /// Size of the hidden state; `none`: as the weights have it.
        pub hidden_size: Option<usize> = None,
        /// f for each direction; empty: tanh.
        pub activations: Vec<RecurrentActivation> = Vec::new(),
        /// alpha of the activations that have one, in their order; empty: their defaults.
        pub activation_alpha: Vec<f32> = Vec::new(),
        /// beta of the activations that have one, in their order; empty: their defaults.
        pub activation_beta: Vec<f32> = Vec::new(),
        /// Limit of the inputs of activations, to both sides; `none`: unlimited.
        pub clip: Option<f32> = None,
        /// 0: `[sequence, batch, …]`, 1: `[batch, sequence, …]`.
        pub layout: usize = 0,
    }
}

macro_rules! layer {
    ($name:ident, $n_inputs:expr, $n_outputs:expr, |$op:ident| $cell:expr, $cell_clip:expr, $gives_cells:expr) => {
        impl $name {
            pub(super) fn layer(&self) -> Layer {
                let $op = self;
                Layer {
                    cell: $cell,
                    direction: self.direction,
                    hidden_size: self.hidden_size,
                    activations: self.activations.clone(),
                    alpha: self.activation_alpha.clone(),
                    beta: self.activation_beta.clone(),
                    clip: self.clip,
                    cell_clip: $cell_clip,
                    layout: self.layout,
                    gives_cells: $gives_cells,
                }
            }
        }

        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::range(3, $n_inputs).outputs(0, $n_outputs + usize::from(self.layer().gives_cells))
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                infer_layer(&self.layer(), inputs, $n_outputs)
            }

            fn eval(&self, context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                let layer = self.layer();
                let mut outputs = in_f32(inputs, |inputs| layer.run(&layer.pack(&inputs)?, &inputs))?;
                outputs.truncate(context.n_outputs.max(1));
                Ok(outputs)
            }

            fn prepare(
                &self,
                constants: &[Option<Tensor>],
                activation: Activation,
            ) -> Result<Option<Box<dyn Prepared>>> {
                prepare_layer(self.layer(), constants, activation)
            }
        }
    };
}
layer!(
    Lstm,
    8,
    3,
    |op| Cell::Lstm { input_forget: op.input_forget, is_dynamic: false },
    op.cell_clip,
    op.gives_cells
);
layer!(Gru, 6, 2, |op| Cell::Gru { linear_before_reset: op.linear_before_reset }, None, false);
layer!(Rnn, 6, 2, |_op| Cell::Rnn, None, false);

impl Lstm {
    /// Whether it reads forward, with the usual activations, no limit of their inputs, and gates that are not coupled.
    pub(crate) fn is_plain(&self) -> bool {
        self.direction == Direction::Forward
            && self.activations.is_empty()
            && self.clip.is_none()
            && !self.input_forget
    }
}

pub(super) fn infer_layer(layer: &Layer, inputs: &Inputs<'_>, n_outputs: usize) -> Result<Vec<TensorType>> {
    layer.check()?;
    for position in [0, 1, 2, 3, 5, 6, 7] {
        require_float(inputs, position)?;
    }
    if inputs.ty(0).is_none() {
        return Ok(Vec::new());
    }
    let mut dims = [Dim::Any, Dim::Any];
    match inputs.shape(0) {
        Some([first, second, _]) => dims = [first.clone(), second.clone()],
        Some(shape) => return Err(Error::graph(format!("input 0 has rank {}, not 3", shape.len()))),
        None => {}
    }
    let by_weights = || match inputs.shape(2) {
        Some([_, _, hidden]) => hidden.clone(),
        _ => Dim::Any,
    };
    let hidden = layer.hidden_size.map_or_else(by_weights, Dim::Known);
    let directions = Dim::Known(layer.n_directions());
    let [first, second] = dims;
    let (all, last) = if layer.layout == 1 {
        (vec![first.clone(), second, directions.clone(), hidden.clone()], vec![first, directions, hidden])
    } else {
        (vec![first, directions.clone(), second.clone(), hidden.clone()], vec![directions, second, hidden])
    };
    let last = TensorType::new(inputs.dtype(0), Some(last));
    let mut types = vec![TensorType::new(inputs.dtype(0), Some(all))];
    types.resize(n_outputs, last);
    if layer.gives_cells {
        types.push(types[0].clone());
    }
    Ok(types)
}

/// Computes in f32 whatever float type the input has.
fn in_f32(inputs: Args, compute: impl Fn(Args) -> Result<Vec<Tensor>>) -> Result<Vec<Tensor>> {
    by_float(inputs, &compute, |inputs| {
        let to_f32 = |tensor: Tensor| match tensor.dtype() {
            DType::F64 => Tensor::from_vec(tensor.shape().to_vec(), tensor.to_f32_vec()?),
            _ => Ok(tensor),
        };
        let inputs =
            inputs.0.into_iter().map(|input| input.map(to_f32).transpose()).collect::<Result<_>>()?;
        let outputs = compute(Args(inputs))?;
        outputs.into_iter().map(|output| narrow(output, DType::F64)).collect()
    })
}

fn prepare_layer(
    layer: Layer,
    constants: &[Option<Tensor>],
    activation: Activation,
) -> Result<Option<Box<dyn Prepared>>> {
    let weights = [1, 2].map(|position| constants.get(position).and_then(Option::as_ref));
    if !weights.iter().all(|tensor| tensor.is_some_and(|tensor| tensor.dtype() == DType::F32)) {
        return Ok(None);
    }
    let packed = layer.pack(&Args(constants.to_vec()))?;
    Ok(Some(Box::new(PreparedLayer { layer, packed, constants: constants.to_vec(), activation })))
}

/// A layer with constant weights. The activation is that of the first output.
#[derive(Debug)]
struct PreparedLayer {
    layer: Layer,
    packed: Vec<PackedDirection>,
    constants: Vec<Option<Tensor>>,
    activation: Activation,
}

impl Prepared for PreparedLayer {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let is_given = |position: usize| inputs.optional(position).is_some();
        let repack = is_given(3) || is_given(7);
        let inputs = with_constants(inputs, &self.constants);
        let mut outputs = if repack {
            self.layer.run(&self.layer.pack(&inputs)?, &inputs)?
        } else {
            self.layer.run(&self.packed, &inputs)?
        };
        if self.activation != Activation::None {
            let first = outputs.remove(0);
            let shape = first.shape().to_vec();
            let mut elements = first.into_vec::<f32>()?;
            self.activation.apply(&mut elements);
            outputs.insert(0, Tensor::from_vec(shape, elements)?);
        }
        Ok(outputs)
    }
}

#[cfg(test)]
mod tests;
