//! Keeps every tensor it sees (`RecordingObserver`), for debugging.

use super::{Observer, StateDict, f32_elements};
use crate::error::{Error, Result};
use crate::quant::scheme::QParams;
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

const NAME: &str = "RecordingObserver";

/// Keeps every tensor it sees, in order; memory grows with the data.
#[derive(Clone, Debug)]
pub struct Recording {
    spec: QuantizationSpec,
    tensors: Vec<Tensor>,
}

impl Recording {
    /// Nothing recorded so far.
    pub fn new(spec: &QuantizationSpec) -> Self {
        Self { spec: spec.clone(), tensors: Vec::new() }
    }

    /// What was seen (`get_tensor_value`).
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }
}

impl Observer for Recording {
    fn spec(&self) -> &QuantizationSpec {
        &self.spec
    }

    fn observe(&mut self, batch: &Tensor) -> Result<()> {
        let elements = f32_elements(batch)?.into_owned();
        self.tensors.push(Tensor::from_vec(batch.shape().to_vec(), elements)?);
        Ok(())
    }

    fn calculate_qparams(&self) -> Result<QParams> {
        Err(Error::unsupported("a recording observer has no parameters")
            .help("use it to look at values, and an observer of extremes to quantize"))
    }

    fn reset_min_max(&mut self) {
        self.tensors.clear();
    }

    fn is_order_dependent(&self) -> bool {
        true
    }

    fn state_dict(&self) -> StateDict {
        let named = self.tensors.iter().enumerate();
        named.fold(StateDict::new(NAME), |state, (index, tensor)| {
            state.with(&format!("tensor_val.{index}"), tensor.clone())
        })
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        state.check_observer(NAME)?;
        self.tensors = state.arrays.iter().map(|(_, tensor)| tensor.clone()).collect();
        Ok(())
    }

    fn merge(&mut self, other: &StateDict) -> Result<()> {
        other.check_observer(NAME)?;
        self.tensors.extend(other.arrays.iter().map(|(_, tensor)| tensor.clone()));
        Ok(())
    }
}
