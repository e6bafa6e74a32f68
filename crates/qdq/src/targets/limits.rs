//! Which types a kernel takes together, and their limits.

use serde::{Deserialize, Serialize};

use crate::spec::{Grain, ObserverKind, QuantizationSpec};
use crate::tensor::DType;

/// Types that kernels take together (`DTypeConfig` of torch's backend configuration).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeConfig {
    /// Inputs and outputs.
    pub activation: Limits,
    /// Weights.
    pub weight: Limits,
    /// Type of the bias, whose scale is that of the input times that of the weight; it stays in float where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<DType>,
}

/// What parameters may be (`DTypeWithConstraints`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Type the integers are stored in.
    pub storage: DType,
    /// Smallest integer that may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quant_min: Option<i32>,
    /// Largest integer that may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quant_max: Option<i32>,
    /// Least scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_min: Option<f32>,
    /// The one zero point that is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_point: Option<i32>,
    /// What a scale may belong to; the whole tensor where nothing is named. The size of a block is the largest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granularities: Vec<Grain>,
}

impl Limits {
    /// All values of a type, one scale for all.
    pub(super) fn of(storage: DType) -> Self {
        Self {
            storage,
            quant_min: None,
            quant_max: None,
            scale_min: None,
            zero_point: None,
            granularities: Vec::new(),
        }
    }

    /// Symmetric weights of a type, for the whole tensor or a channel.
    pub(super) fn weights(storage: DType) -> Self {
        let granularities = vec![Grain::PerTensor, Grain::PerChannel];
        Self { zero_point: Some(0), granularities, ..Self::of(storage) }
    }

    /// With integers of this range only.
    pub(super) fn within(self, quant_min: i32, quant_max: i32) -> Self {
        Self { quant_min: Some(quant_min), quant_max: Some(quant_max), ..self }
    }

    /// With scales from here on only.
    pub(super) fn scale_from(self, scale_min: f32) -> Self {
        Self { scale_min: Some(scale_min), ..self }
    }

    /// With this zero point only.
    pub(super) fn zero_point(self, zero_point: i32) -> Self {
        Self { zero_point: Some(zero_point), ..self }
    }

    /// Whether parameters made from `spec` keep within the limits.
    ///
    /// # Errors
    /// The key at fault, and what the limit is.
    pub fn check(&self, spec: &QuantizationSpec) -> Result<(), (&'static str, String)> {
        if spec.storage != self.storage {
            return Err(("storage", format!("{} where {} is taken", spec.storage, self.storage)));
        }
        let range = spec.quant_range().map_err(|error| ("quant_min", error.message().to_owned()))?;
        if let Some(least) = self.quant_min.filter(|&least| range.0 < least) {
            return Err(("quant_min", format!("{} where the least is {least}", range.0)));
        }
        if let Some(most) = self.quant_max.filter(|&most| range.1 > most) {
            return Err(("quant_max", format!("{} where the most is {most}", range.1)));
        }
        if !self.admits(spec.grain()) {
            return Err(("granularity", format!("{} is not taken", spec.grain())));
        }
        if spec.is_dynamic {
            return Err(("dynamic", "parameters found at each run are not taken".to_owned()));
        }
        self.check_params(spec)
    }

    fn admits(&self, grain: Grain) -> bool {
        if self.granularities.is_empty() {
            return grain == Grain::PerTensor;
        }
        self.granularities.iter().any(|allowed| match (allowed, grain) {
            (Grain::PerBlock(most), Grain::PerBlock(size)) => size <= *most,
            (allowed, grain) => *allowed == grain,
        })
    }

    fn check_params(&self, spec: &QuantizationSpec) -> Result<(), (&'static str, String)> {
        let given = match spec.observer {
            ObserverKind::FixedQParams { scale, zero_point } => Some((scale, zero_point)),
            _ => None,
        };
        if let Some(zero_point) = self.zero_point {
            let is_met = match given {
                Some((_, given)) => given == zero_point,
                None => spec.scheme.is_symmetric(),
            };
            if !is_met {
                let key = if given.is_some() { "zero_point" } else { "symmetric" };
                return Err((key, format!("only the zero point {zero_point} is taken")));
            }
        }
        match (self.scale_min, given) {
            (Some(least), Some((scale, _))) if scale < least => {
                Err(("scale", format!("{scale} where the least is {least}")))
            }
            (Some(least), None) if spec.eps < least => {
                Err(("eps", format!("{} where the least scale is {least}", spec.eps)))
            }
            _ => Ok(()),
        }
    }
}
