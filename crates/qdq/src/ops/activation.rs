//! Activation functions: elementwise, output of the shape of the input.

use super::{attr_enum, op};

op! {
    /// `max(0, x)`
    pub struct Relu {}
}
op! {
    /// `x` if positive, else `alpha * x`.
    pub struct LeakyRelu {
        /// Slope below 0.
        pub alpha: f32 = 0.01,
    }
}
op! {
    /// `x` if positive, else `slope * x`; the slope is input 1, broadcast to the shape of `x`.
    pub struct PRelu {}
}
op! {
    /// `x` if positive, else `alpha * (exp(x) - 1)`.
    pub struct Elu {
        /// Minus the limit at −∞.
        pub alpha: f32 = 1.0,
    }
}
op! {
    /// `gamma * x` if positive, else `gamma * alpha * (exp(x) - 1)`.
    pub struct Selu {
        /// Minus the limit at −∞, before scaling.
        pub alpha: f32 = 1.673_263_2,
        /// Scale of the output.
        pub gamma: f32 = 1.050_701,
    }
}
op! {
    /// `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`
    pub struct Celu {
        /// Minus the limit at −∞; not 0.
        pub alpha: f32 = 1.0,
    }
}
op! {
    /// `x` if above `alpha`, else 0.
    pub struct ThresholdedRelu {
        /// The threshold.
        pub alpha: f32 = 1.0,
    }
}
op! {
    /// `1 / (1 + exp(-x))`
    pub struct Sigmoid {}
}
op! {
    /// `max(0, min(1, alpha * x + beta))`
    pub struct HardSigmoid {
        /// Slope.
        pub alpha: f32 = 0.2,
        /// Value at 0.
        pub beta: f32 = 0.5,
    }
}
op! {
    /// `x * max(0, min(1, x / 6 + 1/2))`
    pub struct HardSwish {}
}
op! {
    /// Hyperbolic tangent.
    pub struct Tanh {}
}
op! {
    /// `log(1 + exp(x))`
    pub struct Softplus {}
}
op! {
    /// `x / (1 + |x|)`
    pub struct Softsign {}
}
attr_enum! {
    /// How [`Gelu`] computes the normal distribution.
    pub enum Approximate {
        /// Exactly, by the error function.
        None = "none",
        /// By a hyperbolic tangent.
        Tanh = "tanh",
    }
}
op! {
    /// Gaussian error linear unit: `x * Φ(x)`.
    pub struct Gelu {
        /// How Φ is computed.
        pub approximate: Approximate = Approximate::None,
    }
}
op! {
    /// `x * sigmoid(alpha * x)`; SiLU for `alpha` 1.
    pub struct Swish {
        /// Factor inside the sigmoid.
        pub alpha: f32 = 1.0,
    }
}
op! {
    /// `x * tanh(softplus(x))`
    pub struct Mish {}
}
op! {
    /// `x` limited to between input 1 (smallest) and input 2 (largest), scalars of the type of `x`; both optional.
    pub struct Clip {}
}
op! {
    /// `x + bias` below `-lambd`, `x - bias` above `lambd`, else 0.
    pub struct Shrink {
        /// What is taken off.
        pub bias: f32 = 0.0,
        /// The threshold.
        pub lambd: f32 = 0.5,
    }
}
op! {
    /// Identity, as in inference; the optional second output is the mask of kept elements: all true.
    ///
    /// Inputs 1 (`ratio`) and 2 (`training_mode`) are ignored, except that a true training mode is refused.
    pub struct Dropout {
        /// Seed of the random numbers in training.
        pub seed: Option<i64> = None,
    }
}
pending!(
    Relu,
    LeakyRelu,
    PRelu,
    Elu,
    Selu,
    Celu,
    ThresholdedRelu,
    Sigmoid,
    HardSigmoid,
    HardSwish,
    Tanh,
    Softplus,
    Softsign,
    Gelu,
    Swish,
    Mish,
    Clip,
    Shrink,
    Dropout
);
