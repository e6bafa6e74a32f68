//! Quantization: what is observed, how ranges are chosen, which nodes run in integers, and the converted graph.
//!
//! ```text
//! Graph ─plan(recipe, target)→ Plan ─observe(samples)→ Observed ─ranges(method)→ Calibrated ─convert→ Graph in QDQ form
//! ```

mod bias_correction;
mod calibrate;
mod channels;
mod convert;
mod encodings;
pub mod fake_quant;
mod integer_lstm;
mod modes;
pub mod observers;
mod parameters;
mod plan;
pub mod qconfig;
mod recipe;
mod report;
pub mod scheme;
mod statistics_file;
mod surroundings;
mod weights;

use crate::spec;
pub use crate::spec::{FakeQuantizeKind, ObserverKind, QuantizationSpec, Scheme};
pub use bias_correction::{CorrectedLayer, channel_sums, correct_bias, error_graph};
pub use calibrate::{Calibrated, Observed};
pub use channels::ChannelExtremes;
pub use convert::convert;
pub use encodings::{Encodings, UsedEncodings};
pub use integer_lstm::give_cells;
pub use modes::{
    Applied, Matrices, MatrixForm, Mode, Moments, Rounding, apply_mode, matrix_inputs, mixed_float16,
};
pub use parameters::{activation_params, given_params, weight_integers, weight_params};
pub use plan::{Activation, Annotation, Decision, Place, Plan, Reason, Use, blocks, plan};
pub use recipe::{Recipe, Rule};
pub use report::{OpRow, Report};
pub use scheme::{affine_params, quantize_bias, quantize_tensor, symmetric_params, widen_for_bias};
pub use statistics_file::{StatisticsFile, fingerprint};
pub use weights::check_weights;
