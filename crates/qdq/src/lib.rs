//! `qdq` quantizes neural networks.
pub mod error;
pub mod exec;
pub mod formats;
pub mod graph;
pub mod kernels;
pub mod ops;
pub mod tensor;
