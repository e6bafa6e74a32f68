//! Stands for the observer of the op's input (`ReuseInputObserver`).

use super::{Observer, StateDict};
use crate::error::{Error, Result};
use crate::quant::scheme::QParams;
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

const NAME: &str = "ReuseInputObserver";

/// Marks an output that shares the parameters of the input, as that of a reshape does.
#[derive(Clone, Debug)]
pub struct ReuseInput {
    spec: QuantizationSpec,
}

impl ReuseInput {
    /// From any spec.
    pub fn new(spec: &QuantizationSpec) -> Self {
        Self { spec: spec.clone() }
    }
}

impl Observer for ReuseInput {
    fn spec(&self) -> &QuantizationSpec {
        &self.spec
    }

    fn observe(&mut self, _batch: &Tensor) -> Result<()> {
        Ok(())
    }

    fn calculate_qparams(&self) -> Result<QParams> {
        Err(Error::unsupported("the observer of an op's input stands in this place")
            .help("ask the input's observer"))
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
