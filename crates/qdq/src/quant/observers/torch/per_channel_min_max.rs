//! Extremes of each channel (`PerChannelMinMaxObserver`).

use super::extremes::{Extremes, of_batch};
use super::{Observer, StateDict, check_per_channel, check_reduced_symmetric, check_static, f32_elements};
use crate::error::Result;
use crate::quant::scheme::QParams;
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

const NAME: &str = "PerChannelMinMaxObserver";

/// Keeps the smallest and largest number seen for each index of the axis of its spec.
#[derive(Clone, Debug)]
pub struct PerChannelMinMax {
    spec: QuantizationSpec,
    extremes: Extremes,
}

impl PerChannelMinMax {
    /// Nothing observed so far.
    ///
    /// # Errors
    /// A per-tensor scheme; an integer range that is refused; a symmetric scheme of u8 with a reduced range;
    /// parameters found anew at each run.
    pub fn new(spec: &QuantizationSpec) -> Result<Self> {
        check_per_channel(spec, NAME)?;
        check_reduced_symmetric(spec)?;
        check_static(spec, NAME)?;
        Ok(Self { spec: spec.clone(), extremes: Extremes::of_channels() })
    }
}

impl Observer for PerChannelMinMax {
    fn spec(&self) -> &QuantizationSpec {
        &self.spec
    }

    fn observe(&mut self, batch: &Tensor) -> Result<()> {
        match of_batch(&f32_elements(batch)?, batch.shape(), Some(self.spec.axis))? {
            Some(current) => self.extremes.merge(&current),
            None => Ok(()),
        }
    }

    fn calculate_qparams(&self) -> Result<QParams> {
        self.extremes.qparams(&self.spec)
    }

    fn reset_min_max(&mut self) {
        self.extremes = Extremes::of_channels();
    }

    fn is_order_dependent(&self) -> bool {
        false
    }

    fn state_dict(&self) -> StateDict {
        self.extremes.write(NAME, true)
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        self.extremes = Extremes::read(state, NAME, true)?;
        Ok(())
    }

    fn merge(&mut self, other: &StateDict) -> Result<()> {
        self.extremes.merge(&Extremes::read(other, NAME, true)?)
    }
}
