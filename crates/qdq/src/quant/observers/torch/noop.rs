//! Does nothing (`NoopObserver`).

use super::{Observer, StateDict};
use crate::error::{Error, Result};
use crate::quant::scheme::QParams;
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

const NAME: &str = "NoopObserver";

/// Carries its spec to a module that casts its weights.
#[derive(Clone, Debug)]
pub struct Noop {
    spec: QuantizationSpec,
}

impl Noop {
    /// From any spec.
    pub fn new(spec: &QuantizationSpec) -> Self {
        Self { spec: spec.clone() }
    }
}

impl Observer for Noop {
    fn spec(&self) -> &QuantizationSpec {
        &self.spec
    }

    fn observe(&mut self, _batch: &Tensor) -> Result<()> {
        Ok(())
    }

    fn calculate_qparams(&self) -> Result<QParams> {
        Err(Error::unsupported("a no-op observer has no parameters").help("use an observer of extremes"))
    }

    fn reset_min_max(&mut self) {}

    fn is_order_dependent(&self) -> bool {
        false
    }

    fn state_dict(&self) -> StateDict {
        StateDict::new(NAME)
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        state.check_observer(NAME)
    }

    fn merge(&mut self, other: &StateDict) -> Result<()> {
        other.check_observer(NAME)
    }
}
