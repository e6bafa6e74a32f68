//! Moving average of the extremes of each channel (`MovingAveragePerChannelMinMaxObserver`).

use super::extremes::{Extremes, of_batch};
use super::{Observer, StateDict, check_per_channel, check_reduced_symmetric, check_static, f32_elements};
use crate::error::{Error, Result};
use crate::quant::scheme::QParams;
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

const NAME: &str = "MovingAveragePerChannelMinMaxObserver";

/// Takes the first batch's extremes of each channel, then moves towards each further batch's by a constant part of the
/// distance.
#[derive(Clone, Debug)]
pub struct MovingAveragePerChannelMinMax {
    spec: QuantizationSpec,
    averaging_constant: f32,
    extremes: Extremes,
}

impl MovingAveragePerChannelMinMax {
    /// Nothing observed so far; `averaging_constant` is the weight of the newest batch.
    ///
    /// # Errors
    /// A per-tensor scheme; an integer range that is refused; a symmetric scheme of u8 with a reduced range; parameters found
    /// anew at each run.
    pub fn new(spec: &QuantizationSpec, averaging_constant: f32) -> Result<Self> {
        check_per_channel(spec, NAME)?;
        check_reduced_symmetric(spec)?;
        check_static(spec, NAME)?;
        Ok(Self { spec: spec.clone(), averaging_constant, extremes: Extremes::of_channels() })
    }
}

impl Observer for MovingAveragePerChannelMinMax {
    fn spec(&self) -> &QuantizationSpec {
        &self.spec
    }

    fn observe(&mut self, batch: &Tensor) -> Result<()> {
        match of_batch(&f32_elements(batch)?, batch.shape(), Some(self.spec.axis))? {
            Some(current) => self.extremes.average(&current, self.averaging_constant),
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
        true
    }

    fn state_dict(&self) -> StateDict {
        self.extremes.write(NAME, true)
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        self.extremes = Extremes::read(state, NAME, true)?;
        Ok(())
    }

    fn merge(&mut self, other: &StateDict) -> Result<()> {
        let other = Extremes::read(other, NAME, true)?;
        if self.extremes.is_unseen() || other.is_unseen() {
            return self.extremes.merge(&other);
        }
        Err(Error::unsupported("merging moving averages: the result depends on the order of the batches")
            .help("observe the batches in sequence, or use an observer of extremes"))
    }
}
