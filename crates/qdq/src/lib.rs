//! `qdq` quantizes neural networks.
pub mod kernels;
pub mod quant;
