//! Moving average of the extremes of a whole tensor (`MovingAverageMinMaxObserver`).

use super::extremes::{Extremes, of_batch};
use super::{Observer, StateDict, check_per_tensor, check_reduced_symmetric, check_static, f32_elements};
use crate::error::{Error, Result};
use crate::quant::scheme::QParams;
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

const NAME: &str = "MovingAverageMinMaxObserver";

/// Takes the first batch's extremes, then moves towards each further batch's by a constant part of the distance.
#[derive(Clone, Debug)]
pub struct MovingAverageMinMax {
    spec: QuantizationSpec,
    averaging_constant: f32,
    extremes: Extremes,
}

impl MovingAverageMinMax {
    /// Nothing observed so far; `averaging_constant` is the weight of the newest batch.
    ///
    /// # Errors
    /// A per-channel scheme; an integer range that is refused; a symmetric scheme of u8 with a reduced range; parameters found
    /// anew at each run together with a constant other than 1.
    pub fn new(spec: &QuantizationSpec, averaging_constant: f32) -> Result<Self> {
        check_per_tensor(spec, NAME)?;
        check_reduced_symmetric(spec)?;
        if averaging_constant != 1.0 {
            check_static(spec, NAME)?;
        }
        Ok(Self { spec: spec.clone(), averaging_constant, extremes: Extremes::of_tensor() })
    }
}

impl Observer for MovingAverageMinMax {
    fn spec(&self) -> &QuantizationSpec {
        &self.spec
    }

    fn observe(&mut self, batch: &Tensor) -> Result<()> {
        match of_batch(&f32_elements(batch)?, batch.shape(), None)? {
            Some(current) => self.extremes.average(&current, self.averaging_constant),
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
        true
    }

    fn state_dict(&self) -> StateDict {
        self.extremes.write(NAME, false)
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        self.extremes = Extremes::read(state, NAME, false)?;
        Ok(())
    }

    fn merge(&mut self, other: &StateDict) -> Result<()> {
        let other = Extremes::read(other, NAME, false)?;
        if self.extremes.is_unseen() || other.is_unseen() {
            return self.extremes.merge(&other);
        }
        Err(Error::unsupported("merging moving averages: the result depends on the order of the batches")
            .help("observe the batches in sequence, or use an observer of extremes"))
    }
}
