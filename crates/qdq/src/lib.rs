//! `qdq` quantizes neural networks.
pub mod error;
pub mod exec;
pub mod formats;
pub mod graph;
pub mod kernels;
pub mod ops;
pub mod passes;
pub mod quant;
pub mod targets;
pub mod tensor;
