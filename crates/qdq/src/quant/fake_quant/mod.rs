//! The fake quantizes of `torch.ao.quantization`: quantize and dequantize in one step, for training.
//!
//! ```text
//! x ─observe→ scale, zero point ─→ y = (clamp(round(x / scale) + zero point) − zero point) · scale
//! dL/dy ─backward→ dL/dx (straight through: 0 outside the range), for LSQ also dL/dscale, dL/dzero point
//! ```
//!
//! | fake quantize | parameters |
//! |---|---|
//! | [`FakeQuantize`] | from any observer, at each batch while it is switched on |
//! | [`FixedQParamsFakeQuantize`] | known beforehand |
//! | [`FusedMovingAvgObsFakeQuantize`] | moving average of extremes, by fbgemm's formula |
//! | [`LearnableFakeQuantize`] | learned (LSQ); initialised as in torch, in torchao, or in the paper |
//!
//! Forward and backward equal torch 2.15's to the last bit of every f32. What training used is
//! [`FakeQuantizeBase::qparams`]; what torch's `convert` would compute from the observer is
//! [`FakeQuantizeBase::calculate_qparams`]. For the fused one these two differ.

mod grid;

mod fixed_qparams;
mod fused;
mod learnable;
mod learnable_grad;
mod observed;

pub use fixed_qparams::FixedQParamsFakeQuantize;
pub use fused::FusedMovingAvgObsFakeQuantize;
pub use learnable::{LearnableFakeQuantize, LearnableInit};
pub use observed::FakeQuantize;

use std::fmt;

use super::observers::torch::StateDict;
use super::scheme::QParams;
use super::spec::{FakeQuantizeKind, ObserverKind, QuantizationSpec};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// What torch puts before the names of the observer's buffers.
const OBSERVER: &str = "activation_post_process.";

/// Gradients of a loss; f32, shaped as what they belong to.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// Of the input.
    pub x: Tensor,
    /// Of the scales; where they are learned.
    pub scale: Option<Vec<f32>>,
    /// Of the zero points; where they are learned.
    pub zero_point: Option<Vec<f32>>,
}

/// Which halves of a fake quantize are on; both are at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// Whether batches are observed.
    pub observer: bool,
    /// Whether batches are quantized; if not, they pass unchanged.
    pub fake_quant: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self { observer: true, fake_quant: true }
    }
}

impl Switches {
    fn write(self, state: StateDict) -> StateDict {
        let buffer = |is_on: bool| Tensor::vector(vec![f32::from(u8::from(is_on))]);
        state
            .with("fake_quant_enabled", buffer(self.fake_quant))
            .with("observer_enabled", buffer(self.observer))
    }

    fn read(state: &StateDict) -> Result<Self> {
        let is_on = |name| Ok(state.scalar(name)? == 1.0);
        Ok(Self { observer: is_on("observer_enabled")?, fake_quant: is_on("fake_quant_enabled")? })
    }
}

/// Stands for a quantized value while a model is trained.
pub trait FakeQuantizeBase: fmt::Debug + Send {
    /// What it was made from.
    fn spec(&self) -> &QuantizationSpec;

    /// Observes and fake quantizes a batch of f32, as the switches say.
    ///
    /// # Errors
    /// A batch that is not f32 or does not fit the axis of the spec; NaN or nothing observed, where parameters are needed.
    fn forward(&mut self, x: &Tensor) -> Result<Tensor>;

    /// Gradients at `x`, given the output's (`grad`), with the parameters of the last forward.
    ///
    /// # Errors
    /// Shapes that differ.
    fn backward(&self, x: &Tensor, grad: &Tensor) -> Result<Gradients>;

    /// Scales and zero points that the last forward used.
    fn qparams(&self) -> QParams;

    /// Scales and zero points as torch's `convert` computes them.
    ///
    /// # Errors
    /// A range that is NaN.
    fn calculate_qparams(&self) -> Result<QParams>;

    /// The switches.
    fn switches(&self) -> Switches;

    /// The switches, to be changed.
    fn switches_mut(&mut self) -> &mut Switches;

    /// Scales and zero points, for an optimizer; `None` where they are not learned.
    fn learned_mut(&mut self) -> Option<(&mut [f32], &mut [f32])> {
        None
    }

    /// Parameters, switches and what was observed, under the names of torch's buffers.
    fn state_dict(&self) -> StateDict;

    /// Replaces parameters, switches and what was observed.
    ///
    /// # Errors
    /// The state of another kind, or one that contradicts itself.
    fn load_state_dict(&mut self, state: &StateDict) -> Result<()>;
}

/// The fake quantize that `spec` asks for.
///
/// # Errors
/// A spec without one, or one that torch's constructor refuses too.
pub fn fake_quantize(spec: &QuantizationSpec) -> Result<Box<dyn FakeQuantizeBase>> {
    let Some(kind) = spec.fake_quantize else {
        return Err(Error::usage("a spec without a fake quantize").help("name one in the recipe"));
    };
    Ok(match (kind, spec.observer) {
        (FakeQuantizeKind::FakeQuantize, _) => Box::new(FakeQuantize::new(spec)?),
        (FakeQuantizeKind::FixedQParams, ObserverKind::FixedQParams { scale, zero_point }) => {
            Box::new(FixedQParamsFakeQuantize::new(spec, scale, zero_point)?)
        }
        (FakeQuantizeKind::FusedMovingAverage, _) => Box::new(FusedMovingAvgObsFakeQuantize::new(spec)?),
        (FakeQuantizeKind::Learnable, _) => {
            Box::new(LearnableFakeQuantize::new(spec, LearnableInit::TorchAo, true)?)
        }
        (FakeQuantizeKind::FixedQParams, other) => {
            return Err(Error::usage(format!(
                "a fake quantize of fixed parameters with the observer {other:?}"
            ))
            .help("give the scale and zero point"));
        }
    })
}

/// Checks that the integer range lies within the storage type, which fake quantizes ask for.
fn check_range_in_storage(spec: &QuantizationSpec) -> Result<()> {
    if let (Some((min, max)), Some((least, most))) = (spec.range, spec.storage.integer_range()) {
        if min < least || max > most {
            let storage = spec.storage;
            return Err(Error::usage(format!("the integer range {min}..{max} is outside {storage}")));
        }
    }
    Ok(())
}

/// Fails unless the gradient is shaped as the input.
fn check_gradient(x: &Tensor, grad: &Tensor) -> Result<()> {
    if x.shape() == grad.shape() {
        return Ok(());
    }
    Err(Error::data(format!("a gradient of shape {:?} for a value of shape {:?}", grad.shape(), x.shape())))
}
