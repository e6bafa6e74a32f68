//! `qdq` quantizes neural networks.
pub mod error;
pub mod kernels;
pub mod ops;
pub mod tensor;
