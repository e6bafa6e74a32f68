//! Quantization: what is observed, how ranges are chosen, which nodes run in integers, and the converted graph.
//!
//! ```text
//! Graph ─plan(target)→ Plan ─observe(samples)→ Observed ─ranges(method)→ Calibrated ─convert→ Graph in QDQ form
//! ```

mod calibrate;
mod channels;
mod convert;
pub mod fake_quant;
pub mod observers;
mod plan;
mod report;
pub mod scheme;
mod spec;
mod statistics_file;
mod units;
mod weights;

pub use calibrate::{Calibrated, Observed};
pub use channels::ChannelExtremes;
pub use convert::convert;
pub use plan::{Activation, Decision, Place, Plan, Reason, blocks, plan};
pub use report::{OpRow, Report};
pub use scheme::{
    affine_params, bias_params, quantize_bias, quantize_tensor, symmetric_params, widen_for_bias,
};
pub use spec::{FakeQuantizeKind, ObserverKind, QuantizationSpec, Scheme};
pub use statistics_file::{StatisticsFile, fingerprint};
pub use weights::check_weights;
