//! `qdq` quantizes neural networks and moves them between frameworks with the same integers on every side.
//!
//! The straight line, each step a function on plain structs:
//!
//! ```text
//! bytes ─formats::onnx::read→ Graph ─passes::canonicalize→ Graph ─quant::plan→ Plan
//!       ─exec::Program with taps→ quant::Observed ─calibrate→ quant::Calibrated
//!       ─quant::convert→ Graph in QDQ form ─formats::onnx::write→ bytes
//! ```
//!
//! - A [`graph::Graph`] is ops over values, each assigned once, with ONNX-like semantics and channels first. It prints
//!   and parses as text ([`graph::text`]), which is what the tests are written in.
//! - *QDQ form*: ops on real numbers, with [`ops::Quantize`] and [`ops::Dequantize`] as the only bridges to integers.
//!   A runtime fuses dequantize, op, quantize into one integer kernel; a [`targets::Target`] says which.
//! - All that is known of an op sits in one file of [`ops`]; how a format spells it, in [`formats`].
//! - [`exec::Program`] runs a graph; taps show values as they are computed.
//! - [`quant`] decides, observes and converts; [`pipeline`] wires the stages and is the only place that writes files.
//! - Errors are [`error::Error`]: what, where, and what to do.
pub mod data;
pub mod error;
pub mod exec;
pub mod formats;
pub mod graph;
pub mod ops;
pub mod passes;
pub mod pipeline;
pub mod profiles;
pub mod quant;
pub mod spec;
pub mod targets;
pub mod tensor;

pub use qdq_kernels as kernels;
