//! Learned scale and zero point (`_LearnableFakeQuantize` of torch, `LearnableFakeQuantize` of torchao).
//!
//! Paper: Esser et al., *Learned Step Size Quantization*, ICLR 2020.

use super::grid::{Grid, channels, straight};
use super::learnable_grad::{Learned, gradients};
use super::{FakeQuantizeBase, Gradients, OBSERVER, Switches, check_gradient, check_range_in_storage};
use crate::error::{Error, Result};
use crate::quant::observers::torch::{Observer, StateDict, observer};
use crate::quant::scheme::{QParams, ZeroPoint};
use crate::quant::spec::{QuantizationSpec, Scheme};
use crate::tensor::Tensor;

const NAME: &str = "LearnableFakeQuantize";

/// Where scale and zero point start, and when they are taken from the observer again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LearnableInit {
    /// torch: scale 1 and zero point 0, replaced by the observer's at each batch while the observer is on. While it is off,
    /// scales are kept at or above `f32::EPSILON`.
    Torch,
    /// torchao: the observer's at the first batch, and at each further one while the observer is on.
    TorchAo,
    /// The paper: scale `2 · mean|x| / sqrt(quant_max)` and zero point 0 at the first batch; no observer.
    Paper,
}

/// Scale and zero point that gradients change.
///
/// With a symmetric scheme the zero point is set to 0 at each forward, for u8 too, as in torch.
#[derive(Debug)]
pub struct LearnableFakeQuantize {
    observer: Box<dyn Observer>,
    init: LearnableInit,
    uses_grad_scaling: bool,
    is_initialized: bool,
    is_learning: bool,
    scale: Vec<f32>,
    zero_point: Vec<f32>,
    range: (i32, i32),
    axis: Option<usize>,
    switches: Switches,
}

impl LearnableFakeQuantize {
    /// The observer is on and learning off, except with the paper's initialisation, where it is the other way round.
    ///
    /// `uses_grad_scaling` multiplies the gradients of scale and zero point by `1 / sqrt(elements · quant_max)`.
    ///
    /// # Errors
    /// A spec that its observer refuses; zero points that are real numbers; an integer range outside the storage type or
    /// halved by `reduce_range`, which torch's ignores.
    pub fn new(spec: &QuantizationSpec, init: LearnableInit, uses_grad_scaling: bool) -> Result<Self> {
        if spec.scheme == Scheme::PerChannelAffineFloatQParams {
            return Err(Error::usage("learned zero points that are real numbers")
                .help("use a per-channel affine or symmetric scheme"));
        }
        if spec.reduce_range {
            return Err(Error::usage("a learnable fake quantize with a reduced range")
                .help("give quant_min and quant_max instead of reduce_range"));
        }
        check_range_in_storage(spec)?;
        let is_paper = init == LearnableInit::Paper;
        Ok(Self {
            observer: observer(spec)?,
            init,
            uses_grad_scaling,
            is_initialized: false,
            is_learning: is_paper,
            scale: vec![1.0],
            zero_point: vec![0.0],
            range: spec.quant_range()?,
            axis: spec.scheme.is_per_channel().then_some(spec.axis),
            switches: Switches { observer: !is_paper, fake_quant: true },
        })
    }

    /// Learning on, observer off (`enable_param_learning`, `enable_range_learning`).
    pub fn enable_learning(&mut self) {
        self.is_learning = true;
        self.switches = Switches { observer: false, fake_quant: true };
    }

    /// Observer on, learning off; batches are quantized (`enable_static_estimate`).
    pub fn enable_static_estimate(&mut self) {
        self.is_learning = false;
        self.switches = Switches { observer: true, fake_quant: true };
    }

    /// Observer on, learning off; batches pass unchanged (`enable_static_observation`).
    pub fn enable_static_observation(&mut self) {
        self.is_learning = false;
        self.switches = Switches { observer: true, fake_quant: false };
    }

    /// Whether gradients of scale and zero point are computed.
    pub fn is_learning(&self) -> bool {
        self.is_learning
    }

    /// Scales and zero points as they are learned.
    pub fn learned(&self) -> (&[f32], &[f32]) {
        (&self.scale, &self.zero_point)
    }

    fn update(&mut self, x: &Tensor) -> Result<()> {
        let is_due = match self.init {
            LearnableInit::Torch => self.switches.observer,
            LearnableInit::TorchAo => self.switches.observer || !self.is_initialized,
            LearnableInit::Paper => !self.is_initialized,
        };
        if !is_due {
            return Ok(());
        }
        if self.init == LearnableInit::Paper {
            self.scale = paper_scales(x, self.axis, self.range.1)?;
            self.zero_point = vec![0.0; self.scale.len()];
        } else {
            self.observer.observe(x)?;
            let qparams = self.observer.calculate_qparams()?;
            let ZeroPoint::Integer(zero_point) = qparams.zero_point else {
                return Err(Error::internal("the observer gave zero points that are real numbers"));
            };
            self.scale = qparams.scale;
            self.zero_point = zero_point.into_iter().map(|integer| integer as f32).collect();
        }
        self.is_initialized = true;
        Ok(())
    }

    /// The integers' meaning: zero points rounded half to even, then limited to the range.
    fn grid(&self) -> Grid {
        let (least, most) = (self.range.0 as f32, self.range.1 as f32);
        let zero_point = self.zero_point.iter().map(|zero| zero.round_ties_even().clamp(least, most) as i32);
        let zero_point = ZeroPoint::Integer(zero_point.collect());
        let qparams = QParams { scale: self.scale.clone(), zero_point };
        Grid { qparams, range: self.range, axis: self.axis }
    }
}

impl FakeQuantizeBase for LearnableFakeQuantize {
    fn spec(&self) -> &QuantizationSpec {
        self.observer.spec()
    }

    fn forward(&mut self, x: &Tensor) -> Result<Tensor> {
        self.update(x)?;
        if self.init != LearnableInit::TorchAo && !self.switches.observer {
            self.scale.iter_mut().for_each(|scale| *scale = scale.max(f32::EPSILON));
        }
        if !self.switches.fake_quant {
            return Ok(x.clone());
        }
        if self.spec().scheme.is_symmetric() {
            self.zero_point.fill(0.0);
        }
        self.grid().forward(x)
    }

    fn backward(&self, x: &Tensor, grad: &Tensor) -> Result<Gradients> {
        check_gradient(x, grad)?;
        if !self.switches.fake_quant {
            return Ok(straight(grad.clone()));
        }
        let learned = Learned {
            scale: &self.scale,
            zero_point: &self.zero_point,
            range: self.range,
            axis: self.axis,
            uses_grad_scaling: self.uses_grad_scaling,
        };
        let gradients = gradients(&learned, x, grad)?;
        Ok(if self.is_learning { gradients } else { straight(gradients.x) })
    }

    fn qparams(&self) -> QParams {
        self.grid().qparams
    }

    fn calculate_qparams(&self) -> Result<QParams> {
        let mut qparams = self.grid().qparams;
        qparams.scale.iter_mut().for_each(|scale| *scale = scale.max(f32::EPSILON));
        Ok(qparams)
    }

    fn switches(&self) -> Switches {
        self.switches
    }

    fn switches_mut(&mut self) -> &mut Switches {
        &mut self.switches
    }

    fn learned_mut(&mut self) -> Option<(&mut [f32], &mut [f32])> {
        self.is_learning.then_some((&mut self.scale, &mut self.zero_point))
    }

    fn state_dict(&self) -> StateDict {
        let flag = |is_on: bool| Tensor::vector(vec![f32::from(u8::from(is_on))]);
        let observed = self.observer.state_dict();
        let state = StateDict::new(&format!("{NAME}({})", observed.observer))
            .with("scale", Tensor::vector(self.scale.clone()))
            .with("zero_point", Tensor::vector(self.zero_point.clone()))
            .with("learning_enabled", flag(self.is_learning))
            .with("initialized", flag(self.is_initialized));
        let state = self.switches.write(state);
        let arrays = observed.arrays.into_iter();
        arrays.fold(state, |state, (name, numbers)| state.with(&format!("{OBSERVER}{name}"), numbers))
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        let observer = self.observer.state_dict().observer;
        state.check_observer(&format!("{NAME}({observer})"))?;
        let (scale, zero_point) = (state.array("scale")?.to_vec(), state.array("zero_point")?.to_vec());
        if scale.len() != zero_point.len() || scale.is_empty() || (self.axis.is_none() && scale.len() != 1) {
            let (n_scales, n_points) = (scale.len(), zero_point.len());
            return Err(Error::malformed(format!(
                "{n_scales} `scale` and {n_points} `zero_point` of {NAME}"
            )));
        }
        let (is_learning, is_initialized) =
            (state.scalar("learning_enabled")? == 1.0, state.scalar("initialized")? == 1.0);
        let switches = Switches::read(state)?;
        self.observer.load_state_dict(&state.nested(OBSERVER, &observer))?;
        (self.scale, self.zero_point, self.switches) = (scale, zero_point, switches);
        (self.is_learning, self.is_initialized) = (is_learning, is_initialized);
        Ok(())
    }
}

/// `2 · mean|x| / sqrt(quant_max)` of the tensor, or of each channel; the mean in f64.
fn paper_scales(x: &Tensor, axis: Option<usize>, quant_max: i32) -> Result<Vec<f32>> {
    let values = x.as_slice::<f32>()?;
    let n_channels = match axis {
        None => 1,
        Some(axis) => x.shape().get(axis).copied().unwrap_or(0),
    };
    if values.is_empty() {
        return Err(Error::data("an empty first batch, from which a scale cannot be initialised"));
    }
    let mut sums = vec![0f64; n_channels];
    for (elements, channel) in channels(x.shape(), axis, n_channels)? {
        sums[channel] += values[elements].iter().map(|value| f64::from(value.abs())).sum::<f64>();
    }
    let n_elements = (values.len() / n_channels) as f64;
    let root = f64::from(quant_max).sqrt();
    Ok(sums.into_iter().map(|sum| (2.0 * sum / n_elements / root) as f32).collect())
}
