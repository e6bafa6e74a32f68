//! Moving average of extremes, parameters and fake quantize in one step (`FusedMovingAvgObsFakeQuantize`).
//!
//! Source: `fused_obs_fake_quant.cpp` of ATen/native/quantized/cpu.

use super::grid::{Grid, straight};
use super::{FakeQuantizeBase, Gradients, Switches, check_gradient, check_range_in_storage};
use crate::error::{Error, Result};
use crate::quant::observers::torch::{StateDict, aminmax, aminmax_per_channel, observer};
use crate::quant::scheme::torch::{calculate_qparams, choose_quantization_params};
use crate::quant::scheme::{QParams, ZeroPoint};
use crate::quant::spec::{ObserverKind, QuantizationSpec};
use crate::tensor::Tensor;

const NAME: &str = "FusedMovingAvgObsFakeQuantize";

/// Takes the first batch's extremes, moves towards each further batch's, and quantizes by fbgemm's formula, which differs
/// from the observer's (see [`FakeQuantizeBase::calculate_qparams`]).
///
/// The parameters follow from the extremes at each forward that quantizes, also with the observer switched off.
#[derive(Debug)]
pub struct FusedMovingAvgObsFakeQuantize {
    spec: QuantizationSpec,
    averaging_constant: f32,
    min: Vec<f32>,
    max: Vec<f32>,
    grid: Grid,
    switches: Switches,
}

impl FusedMovingAvgObsFakeQuantize {
    /// Nothing observed so far.
    ///
    /// # Errors
    /// An observer that is no moving average; what that refuses; an integer range outside the storage type.
    pub fn new(spec: &QuantizationSpec) -> Result<Self> {
        let averaging_constant = match spec.observer {
            ObserverKind::MovingAverageMinMax { averaging_constant }
            | ObserverKind::MovingAveragePerChannelMinMax { averaging_constant } => averaging_constant,
            other => {
                return Err(Error::usage(format!("{NAME} with the observer {other:?}"))
                    .help("use a moving average, or a fake quantize that is not fused"));
            }
        };
        check_range_in_storage(spec)?;
        observer(spec)?;
        let mut fake_quantize = Self {
            spec: spec.clone(),
            averaging_constant,
            min: Vec::new(),
            max: Vec::new(),
            grid: Grid::new(spec)?,
            switches: Switches::default(),
        };
        if !spec.scheme.is_per_channel() {
            fake_quantize.resize(1);
        }
        Ok(fake_quantize)
    }

    fn resize(&mut self, n_channels: usize) {
        self.min = vec![f32::INFINITY; n_channels];
        self.max = vec![f32::NEG_INFINITY; n_channels];
    }

    fn observe(&mut self, x: &Tensor) -> Result<()> {
        let values = x.as_slice::<f32>()?;
        let (min, max) = if let Some(axis) = self.grid.axis {
            aminmax_per_channel(values, x.shape(), axis)?
        } else {
            let (min, max) = aminmax(values);
            (vec![min], vec![max])
        };
        if self.min.len() != min.len() {
            let (before, now) = (self.min.len(), min.len());
            return Err(Error::data(format!("a batch of {now} channels after one of {before}")));
        }
        let constant = self.averaging_constant;
        let average = |(running, current): (&mut f32, f32)| {
            *running =
                if running.is_infinite() { current } else { *running + constant * (current - *running) };
        };
        self.min.iter_mut().zip(min).for_each(average);
        self.max.iter_mut().zip(max).for_each(average);
        Ok(())
    }

    fn choose_qparams(&self) -> Result<QParams> {
        let is_symmetric = self.spec.scheme.is_symmetric();
        let (mut scale, mut zero_point) = (Vec::new(), Vec::new());
        for (&min, &max) in self.min.iter().zip(&self.max) {
            let params = choose_quantization_params((min, max), self.grid.range, is_symmetric)?;
            scale.push(params.0);
            zero_point.push(params.1);
        }
        Ok(QParams { scale, zero_point: ZeroPoint::Integer(zero_point) })
    }
}

impl FakeQuantizeBase for FusedMovingAvgObsFakeQuantize {
    fn spec(&self) -> &QuantizationSpec {
        &self.spec
    }

    fn forward(&mut self, x: &Tensor) -> Result<Tensor> {
        if x.is_empty() {
            return Ok(x.clone());
        }
        if let (Some(axis), true) = (self.grid.axis, self.min.is_empty()) {
            self.resize(x.shape().get(axis).copied().unwrap_or(0));
        }
        if self.switches.observer {
            self.observe(x)?;
        }
        if !self.switches.fake_quant {
            return Ok(x.clone());
        }
        self.grid.qparams = self.choose_qparams()?;
        self.grid.forward(x)
    }

    fn backward(&self, x: &Tensor, grad: &Tensor) -> Result<Gradients> {
        check_gradient(x, grad)?;
        if self.switches.fake_quant && !x.is_empty() {
            self.grid.backward(x, grad)
        } else {
            Ok(straight(grad.clone()))
        }
    }

    fn qparams(&self) -> QParams {
        self.grid.qparams.clone()
    }

    fn calculate_qparams(&self) -> Result<QParams> {
        calculate_qparams(&self.min, &self.max, &self.spec)
    }

    fn switches(&self) -> Switches {
        self.switches
    }

    fn switches_mut(&mut self) -> &mut Switches {
        &mut self.switches
    }

    fn state_dict(&self) -> StateDict {
        self.grid
            .write(self.switches.write(StateDict::new(NAME)))
            .with("activation_post_process.min_val", Tensor::vector(self.min.clone()))
            .with("activation_post_process.max_val", Tensor::vector(self.max.clone()))
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        state.check_observer(NAME)?;
        let min = state.array("activation_post_process.min_val")?.to_vec();
        let max = state.array("activation_post_process.max_val")?.to_vec();
        if min.len() != max.len() || (self.grid.axis.is_none() && min.len() != 1) {
            let (n_min, n_max) = (min.len(), max.len());
            return Err(Error::malformed(format!("{n_min} `min_val` and {n_max} `max_val` of {NAME}")));
        }
        let switches = Switches::read(state)?;
        self.grid.read(state, false)?;
        (self.min, self.max, self.switches) = (min, max, switches);
        Ok(())
    }
}
