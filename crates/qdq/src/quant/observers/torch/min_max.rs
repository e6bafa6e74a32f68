//! Extremes of a whole tensor (`MinMaxObserver`).

use super::extremes::{Extremes, of_batch};
use super::{Observer, StateDict, check_per_tensor, check_reduced_symmetric, f32_elements};
use crate::error::Result;
use crate::quant::scheme::QParams;
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

const NAME: &str = "MinMaxObserver";

/// Keeps the smallest and largest number seen.
#[derive(Clone, Debug)]
pub struct MinMax {
    spec: QuantizationSpec,
    extremes: Extremes,
}

impl MinMax {
    /// Nothing observed so far.
    ///
    /// # Errors
    /// A per-channel scheme; an integer range that is refused; a symmetric scheme of u8 with a reduced range.
    pub fn new(spec: &QuantizationSpec) -> Result<Self> {
        check_per_tensor(spec, NAME)?;
        check_reduced_symmetric(spec)?;
        Ok(Self { spec: spec.clone(), extremes: Extremes::of_tensor() })
    }
}

impl Observer for MinMax {
    fn spec(&self) -> &QuantizationSpec {
        &self.spec
    }

    fn observe(&mut self, batch: &Tensor) -> Result<()> {
        match of_batch(&f32_elements(batch)?, batch.shape(), None)? {
            Some(current) => self.extremes.merge(&current),
            None => Ok(()),
        }
    }

    fn calculate_qparams(&self) -> Result<QParams> {
        self.extremes.qparams(&self.spec)
    }

    fn reset_min_max(&mut self) {
        self.extremes = Extremes::of_tensor();
    }

    fn is_order_dependent(&self) -> bool {
        false
    }

    fn state_dict(&self) -> StateDict {
        self.extremes.write(NAME, false)
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        self.extremes = Extremes::read(state, NAME, false)?;
        Ok(())
    }

    fn merge(&mut self, other: &StateDict) -> Result<()> {
        self.extremes.merge(&Extremes::read(other, NAME, false)?)
    }
}
