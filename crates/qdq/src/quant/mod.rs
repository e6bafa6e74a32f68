//! Quantization: what is observed, how ranges are chosen.
pub mod observers;
