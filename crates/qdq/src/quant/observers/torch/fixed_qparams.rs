//! Parameters known beforehand (`FixedQParamsObserver`).

use super::{Observer, StateDict, check_per_tensor, check_static};
use crate::error::{Error, Result};
use crate::quant::scheme::{QParams, ZeroPoint};
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

const NAME: &str = "FixedQParamsObserver";

/// Has a scale and zero point, whatever it sees: outputs of sigmoid (1/256, 0), of tanh (2/256, 128).
#[derive(Clone, Debug)]
pub struct FixedQParams {
    spec: QuantizationSpec,
    scale: f32,
    zero_point: i32,
}

impl FixedQParams {
    /// These parameters.
    ///
    /// # Errors
    /// A per-channel scheme; an integer range that is refused; parameters found anew at each run; a scale that is not
    /// positive and finite; a zero point outside the integer range.
    pub fn new(spec: &QuantizationSpec, scale: f32, zero_point: i32) -> Result<Self> {
        check_per_tensor(spec, NAME)?;
        check_static(spec, NAME)?;
        check(spec, scale, zero_point)?;
        Ok(Self { spec: spec.clone(), scale, zero_point })
    }
}

fn check(spec: &QuantizationSpec, scale: f32, zero_point: i32) -> Result<()> {
    let (quant_min, quant_max) = spec.quant_range()?;
    if !(scale.is_finite() && scale > 0.0) {
        return Err(Error::usage(format!("scale {scale} is not a positive finite number")));
    }
    if !(quant_min..=quant_max).contains(&zero_point) {
        return Err(Error::usage(format!("zero point {zero_point} is outside {quant_min}..{quant_max}")));
    }
    Ok(())
}

impl Observer for FixedQParams {
    fn spec(&self) -> &QuantizationSpec {
        &self.spec
    }

    fn observe(&mut self, _batch: &Tensor) -> Result<()> {
        Ok(())
    }

    fn calculate_qparams(&self) -> Result<QParams> {
        Ok(QParams { scale: vec![self.scale], zero_point: ZeroPoint::Integer(vec![self.zero_point]) })
    }

    fn reset_min_max(&mut self) {}

    fn is_order_dependent(&self) -> bool {
        false
    }

    fn state_dict(&self) -> StateDict {
        StateDict::new(NAME)
            .with("scale", Tensor::vector(vec![self.scale]))
            .with("zero_point", Tensor::vector(vec![self.zero_point as f32]))
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        state.check_observer(NAME)?;
        let (scale, zero_point) = (state.scalar("scale")?, state.scalar("zero_point")? as i32);
        check(&self.spec, scale, zero_point)?;
        (self.scale, self.zero_point) = (scale, zero_point);
        Ok(())
    }

    fn merge(&mut self, other: &StateDict) -> Result<()> {
        other.check_observer(NAME)?;
        let same =
            other.scalar("scale")? == self.scale && other.scalar("zero_point")? == self.zero_point as f32;
        if same { Ok(()) } else { Err(Error::usage("merging observers of different fixed parameters")) }
    }
}
