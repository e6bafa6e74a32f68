//! `qdq` quantizes neural networks.
pub mod data;
pub mod error;
pub mod exec;
pub mod graph;
pub mod kernels;
pub mod ops;
pub mod passes;
pub mod pipeline;
pub mod tensor;
