//! Fast primitives on slices.
pub mod activation;
pub mod elementwise;
pub mod math;
pub mod norm;
pub mod parallel;
pub mod pool;
pub mod reduce;
pub(crate) mod simd;
pub mod softmax;
pub mod transpose;
pub mod window;

pub use activation::Activation;

#[cfg(test)]
pub(crate) mod testing;
