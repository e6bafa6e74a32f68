//! `qdq` quantizes neural networks.
pub mod kernels;
