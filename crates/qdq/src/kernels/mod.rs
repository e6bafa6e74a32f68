//! Fast primitives on slices.

mod activation;

pub use activation::Activation;
