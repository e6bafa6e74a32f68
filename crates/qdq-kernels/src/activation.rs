//! Activations that convolutions and matrix products apply to their output tiles.
use super::math::Unary;

/// An activation fused into the kernel that produces its input.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Activation {
    /// The identity.
    #[default]
    None,
    /// `max(0, x)`; NaN stays NaN.
    Relu,
    /// `min(max(x, min), max)`; NaN stays NaN.
    Clip {
        /// Lower bound.
        min: f32,
        /// Upper bound.
        max: f32,
    },
    /// `x` where positive, else `x` times the slope.
    LeakyRelu(f32),
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `x * sigmoid(x)`.
    Silu,
    /// `x * clip(x / 6 + 1/2, 0, 1)`.
    HardSwish,
}

impl Activation {
    /// The bounds of an activation that is a clamp, which costs two instructions in a tile's epilogue.
    pub(crate) fn clamp_bounds(self) -> Option<(f32, f32)> {
        match self {
            Self::Relu => Some((0.0, f32::INFINITY)),
            Self::Clip { min, max } => Some((min, max)),
            _ => None,
        }
    }

    /// The same as an elementwise function, when it is neither the identity nor a clamp.
    pub(crate) fn as_unary(self) -> Option<Unary> {
        match self {
            Self::None | Self::Relu | Self::Clip { .. } => None,
            Self::LeakyRelu(slope) => Some(Unary::LeakyRelu(slope)),
            Self::Sigmoid => Some(Unary::Sigmoid),
            Self::Silu => Some(Unary::Silu),
            Self::HardSwish => Some(Unary::HardSwish),
        }
    }

    /// Applies it to values, on the calling thread.
    pub fn apply(self, values: &mut [f32]) {
        if let Some((min, max)) = self.clamp_bounds() {
            Unary::Clip { min, max }.apply_serial(values);
        } else if let Some(unary) = self.as_unary() {
            unary.apply_serial(values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clamps_keep_nan() {
        for activation in [Activation::Relu, Activation::Clip { min: -1.0, max: 6.0 }] {
            let mut values = vec![f32::NAN, -3.0, 0.5, 9.0, f32::NAN];
            activation.apply(&mut values);
            assert!(values[0].is_nan() && values[4].is_nan());
            assert_eq!(values[2], 0.5);
        }
        let mut values = [-2.0, 7.0];
        Activation::Clip { min: -1.0, max: 6.0 }.apply(&mut values);
        assert_eq!(values, [-1.0, 6.0]);
    }
}
