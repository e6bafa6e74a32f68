//! The observers of `torch.ao.quantization`, equal to them to the last bit of every f32.
//!
//! ```text
//! QuantizationSpec ─observer→ Box<dyn Observer> ─observe(batch) …→ ─calculate_qparams→ QParams
//!                                  ↑↓ StateDict ─to_bytes→ bytes
//! ```
//!
//! | observer | state | order of batches matters | merge |
//! |---|---|---|---|
//! | [`MinMax`], [`PerChannelMinMax`] | extremes | no | exact |
//! | [`MovingAverageMinMax`], [`MovingAveragePerChannelMinMax`] | averages of extremes | yes | only with one that saw nothing |
//! | [`Histogram`] | counts, rescaled as the range grows | yes | only with one that saw nothing |
//! | [`Recording`] | the tensors | yes | exact: one list after the other |
//! | [`FixedQParams`], [`Placeholder`], [`Noop`], [`ReuseInput`] | none | no | nothing to merge |
//!
//! Where [`Observer::is_order_dependent`] holds, batches must come one after the other in the order of the data set. The
//! default statistic of [`super`] has no such rule.
//!
//! Source: torch/ao/quantization/observer.py of torch 2.5.1 and 2.15, torchao/quantization/pt2e/observer.py of 0.18.

mod extremes;
mod fixed_qparams;
mod histogram;
mod histogram_bins;
mod histogram_search;
mod min_max;
mod moving_average_min_max;
mod moving_average_per_channel_min_max;
mod noop;
mod per_channel_min_max;
mod placeholder;
mod recording;
mod reuse_input;
mod state;
mod sum;

pub use fixed_qparams::FixedQParams;
pub use histogram::{Histogram, TorchVersion};
pub use min_max::MinMax;
pub use moving_average_min_max::MovingAverageMinMax;
pub use moving_average_per_channel_min_max::MovingAveragePerChannelMinMax;
pub use noop::Noop;
pub use per_channel_min_max::PerChannelMinMax;
pub use placeholder::Placeholder;
pub use recording::Recording;
pub use reuse_input::ReuseInput;
pub use state::StateDict;

pub(in crate::quant) use extremes::{aminmax, aminmax_per_channel};
pub(in crate::quant) use sum::{sum, sum_per_channel};

use std::borrow::Cow;
use std::fmt;

use crate::error::{Error, Result};
use crate::quant::scheme::QParams;
use crate::quant::spec::{ObserverKind, QuantizationSpec};
use crate::tensor::{DType, Tensor};

/// Watches a value, batch by batch, and finds its scale and zero point.
pub trait Observer: fmt::Debug + Send {
    /// What it was made from.
    fn spec(&self) -> &QuantizationSpec;

    /// Takes in one batch, which may be empty. Numbers of other types than f32 are converted to it first.
    ///
    /// # Errors
    /// A batch that is not numbers, or that does not fit those before; for [`Histogram`], NaN. The state is unchanged then.
    fn observe(&mut self, batch: &Tensor) -> Result<()>;

    /// Scale and zero point for what was observed; 1 and 0 before anything was.
    ///
    /// # Errors
    /// An observer that finds no parameters; a range that is NaN.
    fn calculate_qparams(&self) -> Result<QParams>;

    /// Forgets what was observed.
    fn reset_min_max(&mut self);

    /// Whether the same batches in another order can give other parameters, so that they must come in sequence.
    fn is_order_dependent(&self) -> bool;

    /// What was observed, under the names of torch's buffers.
    fn state_dict(&self) -> StateDict;

    /// Replaces what was observed.
    ///
    /// # Errors
    /// The state of another kind of observer, or one that contradicts itself.
    fn load_state_dict(&mut self, state: &StateDict) -> Result<()>;

    /// Takes in what another observer of the same kind saw, as if its batches had come after those observed here.
    ///
    /// # Errors
    /// Where the result would differ from observing both in sequence; the message says why.
    fn merge(&mut self, other: &StateDict) -> Result<()>;
}

/// The observer that `spec` asks for.
///
/// # Errors
/// A spec that torch's observer refuses too: a scheme it has no formula for, a storage type without integers, an integer
/// range that is empty.
pub fn observer(spec: &QuantizationSpec) -> Result<Box<dyn Observer>> {
    Ok(match spec.observer {
        ObserverKind::Statistic(method) => {
            return Err(Error::usage(format!("{method} as an observer of torch"))
                .help("it is read off the default statistic, which needs no order of the data"));
        }
        ObserverKind::MinMax => Box::new(MinMax::new(spec)?),
        ObserverKind::MovingAverageMinMax { averaging_constant } => {
            Box::new(MovingAverageMinMax::new(spec, averaging_constant)?)
        }
        ObserverKind::PerChannelMinMax => Box::new(PerChannelMinMax::new(spec)?),
        ObserverKind::MovingAveragePerChannelMinMax { averaging_constant } => {
            Box::new(MovingAveragePerChannelMinMax::new(spec, averaging_constant)?)
        }
        ObserverKind::Histogram { bins } => Box::new(Histogram::new(spec, bins)?),
        ObserverKind::Placeholder => Box::new(Placeholder::new(spec)),
        ObserverKind::Recording => Box::new(Recording::new(spec)),
        ObserverKind::Noop => Box::new(Noop::new(spec)),
        ObserverKind::FixedQParams { scale, zero_point } => {
            Box::new(FixedQParams::new(spec, scale, zero_point)?)
        }
        ObserverKind::ReuseInput => Box::new(ReuseInput::new(spec)),
    })
}

/// The numbers of a batch as f32.
fn f32_elements(batch: &Tensor) -> Result<Cow<'_, [f32]>> {
    match batch.as_slice() {
        Ok(elements) => Ok(Cow::Borrowed(elements)),
        Err(_) => Ok(Cow::Owned(batch.to_f32_vec()?)),
    }
}

/// Checks what every observer of a whole tensor asks of its spec.
fn check_per_tensor(spec: &QuantizationSpec, observer: &str) -> Result<()> {
    if spec.scheme.is_per_channel() {
        return Err(Error::usage(format!("{observer} with the scheme {:?}", spec.scheme))
            .help("use a per-tensor scheme, or an observer of channels"));
    }
    spec.quant_range().map(|_| ())
}

/// Checks what every observer of channels asks of its spec.
fn check_per_channel(spec: &QuantizationSpec, observer: &str) -> Result<()> {
    if !spec.scheme.is_per_channel() {
        return Err(Error::usage(format!("{observer} with the scheme {:?}", spec.scheme))
            .help("use a per-channel scheme, or an observer of whole tensors"));
    }
    spec.quant_range().map(|_| ())
}

/// Checks that parameters are to be found once, not anew at each run.
fn check_static(spec: &QuantizationSpec, observer: &str) -> Result<()> {
    if spec.is_dynamic {
        return Err(Error::usage(format!("{observer} for parameters that are found at each run"))
            .help("use a placeholder observer, or a moving average with constant 1"));
    }
    Ok(())
}

/// Checks that u8 is not symmetric over half of its range.
fn check_reduced_symmetric(spec: &QuantizationSpec) -> Result<()> {
    if spec.scheme.is_symmetric() && spec.reduce_range && spec.storage == DType::U8 {
        return Err(Error::usage("a symmetric scheme of u8 with a reduced range")
            .help("give quant_min and quant_max instead of reduce_range"));
    }
    Ok(())
}
