//! Recurrent layers over a whole sequence.

use super::{attr_enum, op};

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
    /// Long short-term memory. Inputs: x, w, r, then optional bias, sequence_lens, initial_h, initial_c, peepholes.
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
        /// Couple the gates: forget is 1 − input.
        pub input_forget: bool = false,
        /// 0: `[sequence, batch, …]`, 1: `[batch, sequence, …]`.
        pub layout: usize = 0,
    }
}
op! {
    /// Gated recurrent unit. Inputs: x, w, r, then optional bias, sequence_lens, initial_h.
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
        /// Apply the reset gate after the recurrent product and its bias (as cuDNN and PyTorch do).
        pub linear_before_reset: bool = false,
        /// 0: `[sequence, batch, …]`, 1: `[batch, sequence, …]`.
        pub layout: usize = 0,
    }
}
op! {
    /// Simple recurrent network. Inputs: x, w, r, then optional bias, sequence_lens, initial_h.
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
pending!(Lstm, Gru, Rnn);
