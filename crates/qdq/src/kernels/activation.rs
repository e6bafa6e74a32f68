//! Activations fused into the output of a compute kernel.

/// A function applied to each output element while it is still in registers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// The element itself.
    None,
    /// `max(0, x)`.
    Relu,
    /// `min(max(x, min), max)`.
    Clip {
        /// Lower bound.
        min: f32,
        /// Upper bound.
        max: f32,
    },
}
