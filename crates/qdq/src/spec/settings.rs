//! A specification as files write it: any part may be left out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{FakeQuantizeKind, ObserverKind, QuantizationSpec, Scheme};
use crate::error::{Error, Result};
use crate::tensor::DType;

/// What a scale belongs to, as files write it: `per-tensor`, `per-channel` or `per-block:32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Grain {
    /// All elements.
    PerTensor,
    /// One index of an axis.
    PerChannel,
    /// This many indices along an axis, for each index of the others.
    PerBlock(usize),
}

/// Parts of a [`QuantizationSpec`]; those left out keep what they were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecSettings {
    /// Type the integers are stored in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<DType>,
    /// Smallest integer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quant_min: Option<i32>,
    /// Largest integer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quant_max: Option<i32>,
    /// Whether half of the range is left unused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reduce_range: Option<bool>,
    /// Whether 0 is the middle of the integers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symmetric: Option<bool>,
    /// What a scale belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Grain>,
    /// Axis of channels or blocks, from the end where negative; that of the op's output channels where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub axis: Option<i64>,
    /// Whether zero points of channels are real numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_zero_point: Option<bool>,
    /// Whether scales are rounded up to powers of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_of_two: Option<bool>,
    /// Smallest scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eps: Option<f32>,
    /// Whether the parameters are found anew at each run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic: Option<bool>,
    /// What finds the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observer: Option<ObserverKind>,
    /// The scale, where it is known beforehand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<f32>,
    /// The integer that means 0.0, where the scale is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero_point: Option<i32>,
    /// What stands in the place of the observer in training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fake_quantize: Option<FakeQuantizeKind>,
}

impl SpecSettings {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Checks what holds whatever the other parts are.
    ///
    /// # Errors
    /// The key at fault is the error's attribute.
    pub fn check(&self) -> Result<()> {
        let wrong = |key: &str, message: String| Err(Error::usage(message).attribute(key));
        if let (Some(min), Some(max)) = (self.quant_min, self.quant_max)
            && min >= max
        {
            return wrong("quant_min", format!("quant_min {min} is not below quant_max {max}"));
        }
        for (key, number) in [("scale", self.scale), ("eps", self.eps)] {
            if let Some(number) = number
                && !(number > 0.0 && number.is_finite())
            {
                return wrong(key, format!("{number} is not a positive finite number"));
            }
        }
        if self.zero_point.is_some() && self.scale.is_none() {
            return wrong("zero_point", "a zero point without a scale".to_owned());
        }
        if self.scale.is_some() && self.observer.is_some() {
            return wrong("scale", "both a scale and an observer that finds one".to_owned());
        }
        if let (Some(_), Some(Grain::PerChannel | Grain::PerBlock(_))) = (self.scale, self.granularity) {
            return wrong("scale", "one scale where each channel has its own".to_owned());
        }
        if let (Some(_), Some(Grain::PerTensor)) = (self.axis, self.granularity) {
            return wrong("axis", "an axis for parameters of the whole tensor".to_owned());
        }
        if let (Some(true), Some(true)) = (self.float_zero_point, self.symmetric) {
            return wrong("float_zero_point", "a symmetric range has no zero point".to_owned());
        }
        Ok(())
    }

    /// The specification with these parts changed.
    ///
    /// `axis` is the axis of channels where none is named, `rank` the number of dimensions where known.
    ///
    /// # Errors
    /// Parts that contradict each other or what `spec` says: the key is the error's attribute.
    pub fn apply(
        &self,
        spec: &QuantizationSpec,
        axis: usize,
        rank: Option<usize>,
    ) -> Result<QuantizationSpec> {
        self.check()?;
        let mut spec = QuantizationSpec { axis, ..spec.clone() };
        if let Some(storage) = self.storage
            && storage != spec.storage
        {
            // A range is one of the storage; the old one means nothing in the new.
            spec.storage = storage;
            spec.range = None;
        }
        self.apply_range(&mut spec)?;
        spec.reduce_range = self.reduce_range.unwrap_or(spec.reduce_range);
        spec.power_of_two = self.power_of_two.unwrap_or(spec.power_of_two);
        spec.eps = self.eps.unwrap_or(spec.eps);
        spec.is_dynamic = self.dynamic.unwrap_or(spec.is_dynamic);
        spec.observer = self.observer.unwrap_or(spec.observer);
        spec.fake_quantize = self.fake_quantize.or(spec.fake_quantize);
        self.apply_scheme(&mut spec, rank)?;
        if let Some(scale) = self.scale {
            self.apply_scale(&mut spec, scale)?;
        }
        if spec.storage.integer_range().is_some() {
            spec.quant_range().map_err(|error| error.attribute("quant_min"))?;
        }
        Ok(spec)
    }

    fn apply_range(&self, spec: &mut QuantizationSpec) -> Result<()> {
        if self.quant_min.is_none() && self.quant_max.is_none() {
            return Ok(());
        }
        let storage = spec.storage;
        let full = storage.integer_range().ok_or_else(|| {
            Error::usage(format!("{storage} holds no quantized integers")).attribute("quant_min")
        })?;
        let old = spec.range.unwrap_or(full);
        let range = (self.quant_min.unwrap_or(old.0), self.quant_max.unwrap_or(old.1));
        for (key, bound) in [("quant_min", range.0), ("quant_max", range.1)] {
            if bound < full.0 || bound > full.1 {
                return Err(Error::usage(format!("{bound} is outside {storage}")).attribute(key));
            }
        }
        if range.0 >= range.1 {
            let message = format!("quant_min {} is not below quant_max {}", range.0, range.1);
            return Err(Error::usage(message).attribute("quant_min"));
        }
        spec.range = Some(range);
        Ok(())
    }

    fn apply_scheme(&self, spec: &mut QuantizationSpec, rank: Option<usize>) -> Result<()> {
        let grain = self.granularity.unwrap_or_else(|| spec.grain());
        let is_symmetric = self.symmetric.unwrap_or_else(|| spec.scheme.is_symmetric());
        let has_float_zero_point = self
            .float_zero_point
            .unwrap_or(spec.scheme == Scheme::PerChannelAffineFloatQParams && self.symmetric != Some(true));
        spec.scheme = match (grain, is_symmetric) {
            (Grain::PerTensor, false) => Scheme::PerTensorAffine,
            (Grain::PerTensor, true) => Scheme::PerTensorSymmetric,
            (_, false) if has_float_zero_point => Scheme::PerChannelAffineFloatQParams,
            (_, false) => Scheme::PerChannelAffine,
            (_, true) => Scheme::PerChannelSymmetric,
        };
        spec.block = if let Grain::PerBlock(size) = grain { Some(size) } else { None };
        if let Some(axis) = self.axis {
            let resolved = if axis < 0 {
                rank.and_then(|rank| rank.checked_add_signed(axis as isize))
            } else {
                Some(axis as usize)
            };
            spec.axis = match (resolved, rank) {
                (Some(axis), Some(rank)) if axis < rank => axis,
                (Some(axis), None) => axis,
                _ => {
                    let of = rank.map_or_else(|| "unknown rank".to_owned(), |rank| format!("rank {rank}"));
                    return Err(Error::usage(format!("axis {axis} of a tensor of {of}")).attribute("axis"));
                }
            };
        }
        // Observers of torch are made for one granularity; the one for the other finds the same extremes.
        spec.observer = match (spec.observer, grain) {
            (ObserverKind::PerChannelMinMax, Grain::PerTensor) => ObserverKind::MinMax,
            (ObserverKind::MinMax, Grain::PerChannel) => ObserverKind::PerChannelMinMax,
            (observer, _) => observer,
        };
        Ok(())
    }

    fn apply_scale(&self, spec: &mut QuantizationSpec, scale: f32) -> Result<()> {
        if spec.scheme.is_per_channel() {
            return Err(Error::usage("one scale where each channel has its own")
                .attribute("scale")
                .help("set granularity = \"per-tensor\" as well"));
        }
        let (min, max) = spec.quant_range().map_err(|error| error.attribute("scale"))?;
        let middle = if min < 0 { 0 } else { i32::midpoint(min, max) + 1 };
        let zero_point =
            self.zero_point.unwrap_or(if spec.scheme.is_symmetric() { middle } else { min.max(0) });
        if !(min..=max).contains(&zero_point) {
            return Err(Error::usage(format!("zero point {zero_point} is outside {min}..{max}"))
                .attribute("zero_point"));
        }
        if spec.scheme.is_symmetric() && min < 0 && zero_point != 0 {
            return Err(Error::usage(format!("zero point {zero_point} of a symmetric range is not 0"))
                .attribute("zero_point"));
        }
        spec.observer = ObserverKind::FixedQParams { scale, zero_point };
        Ok(())
    }

    /// These settings with those that `over` sets put over them.
    pub fn merged(&self, over: &Self) -> Self {
        // A scale and an observer that finds one take each other's place.
        let observer = if over.scale.is_some() { over.observer } else { over.observer.or(self.observer) };
        let (scale, zero_point) = match (over.scale, over.observer) {
            (None, None) => (self.scale, over.zero_point.or(self.zero_point)),
            (scale, _) => (scale, over.zero_point),
        };
        Self {
            observer,
            scale,
            zero_point,
            storage: over.storage.or(self.storage),
            quant_min: over.quant_min.or(self.quant_min),
            quant_max: over.quant_max.or(self.quant_max),
            reduce_range: over.reduce_range.or(self.reduce_range),
            symmetric: over.symmetric.or(self.symmetric),
            granularity: over.granularity.or(self.granularity),
            axis: over.axis.or(self.axis),
            float_zero_point: over.float_zero_point.or(self.float_zero_point),
            power_of_two: over.power_of_two.or(self.power_of_two),
            eps: over.eps.or(self.eps),
            dynamic: over.dynamic.or(self.dynamic),
            fake_quantize: over.fake_quantize.or(self.fake_quantize),
        }
    }

    /// The keys that both set, to different values.
    pub fn conflicts(&self, other: &Self) -> Vec<&'static str> {
        fn differ<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            matches!((a, b), (Some(a), Some(b)) if a != b)
        }
        let keys = [
            ("storage", differ(self.storage.as_ref(), other.storage.as_ref())),
            ("quant_min", differ(self.quant_min.as_ref(), other.quant_min.as_ref())),
            ("quant_max", differ(self.quant_max.as_ref(), other.quant_max.as_ref())),
            ("reduce_range", differ(self.reduce_range.as_ref(), other.reduce_range.as_ref())),
            ("symmetric", differ(self.symmetric.as_ref(), other.symmetric.as_ref())),
            ("granularity", differ(self.granularity.as_ref(), other.granularity.as_ref())),
            ("axis", differ(self.axis.as_ref(), other.axis.as_ref())),
            ("float_zero_point", differ(self.float_zero_point.as_ref(), other.float_zero_point.as_ref())),
            ("power_of_two", differ(self.power_of_two.as_ref(), other.power_of_two.as_ref())),
            ("eps", differ(self.eps.as_ref(), other.eps.as_ref())),
            ("dynamic", differ(self.dynamic.as_ref(), other.dynamic.as_ref())),
            ("observer", differ(self.observer.as_ref(), other.observer.as_ref())),
            ("scale", differ(self.scale.as_ref(), other.scale.as_ref())),
            ("zero_point", differ(self.zero_point.as_ref(), other.zero_point.as_ref())),
            ("fake_quantize", differ(self.fake_quantize.as_ref(), other.fake_quantize.as_ref())),
        ];
        keys.into_iter().filter(|(_, differ)| *differ).map(|(key, _)| key).collect()
    }
}

impl QuantizationSpec {
    /// What a scale belongs to.
    pub fn grain(&self) -> Grain {
        match (self.scheme.is_per_channel(), self.block) {
            (true, Some(size)) => Grain::PerBlock(size),
            (true, None) => Grain::PerChannel,
            (false, _) => Grain::PerTensor,
        }
    }
}

impl From<QuantizationSpec> for SpecSettings {
    /// All that differs from [`QuantizationSpec::default`], and what says most: storage, scheme and observer.
    fn from(spec: QuantizationSpec) -> Self {
        let only = |flag: bool| flag.then_some(true);
        let (observer, scale, zero_point) = match spec.observer {
            ObserverKind::FixedQParams { scale, zero_point } => (None, Some(scale), Some(zero_point)),
            observer => (Some(observer), None, None),
        };
        Self {
            storage: Some(spec.storage),
            quant_min: spec.range.map(|range| range.0),
            quant_max: spec.range.map(|range| range.1),
            reduce_range: only(spec.reduce_range),
            symmetric: Some(spec.scheme.is_symmetric()),
            granularity: Some(spec.grain()),
            axis: (spec.axis != 0).then_some(spec.axis as i64),
            float_zero_point: only(spec.scheme == Scheme::PerChannelAffineFloatQParams),
            power_of_two: only(spec.power_of_two),
            eps: (spec.eps != f32::EPSILON).then_some(spec.eps),
            dynamic: only(spec.is_dynamic),
            observer,
            scale,
            zero_point,
            fake_quantize: spec.fake_quantize,
        }
    }
}

impl TryFrom<SpecSettings> for QuantizationSpec {
    type Error = Error;

    fn try_from(settings: SpecSettings) -> Result<Self> {
        settings.apply(&QuantizationSpec::default(), 0, None)
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Grain::PerTensor => f.write_str("per-tensor"),
            Grain::PerChannel => f.write_str("per-channel"),
            Grain::PerBlock(size) => write!(f, "per-block:{size}"),
        }
    }
}

impl FromStr for Grain {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let block = |size: &str| size.parse().ok().filter(|&size| size > 0).map(Grain::PerBlock);
        match text {
            "per-tensor" => Some(Grain::PerTensor),
            "per-channel" => Some(Grain::PerChannel),
            _ => text.strip_prefix("per-block:").and_then(block),
        }
        .ok_or_else(|| {
            Error::usage(format!("there is no granularity `{text}`"))
                .help("use per-tensor, per-channel or per-block:SIZE")
        })
    }
}

impl From<Grain> for String {
    fn from(grain: Grain) -> Self {
        grain.to_string()
    }
}

impl TryFrom<String> for Grain {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl fmt::Display for QuantizationSpec {
    /// `i8<-127:127> symmetric per-channel(0), minmax`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.storage)?;
        if self.reduce_range || self.range.is_some() {
            let (min, max) = self.quant_range().map_err(|_| fmt::Error)?;
            write!(f, "<{min}:{max}>")?;
        }
        let scheme = match self.scheme {
            Scheme::PerChannelAffineFloatQParams => "affine with real zero points",
            scheme if scheme.is_symmetric() => "symmetric",
            _ => "affine",
        };
        write!(f, " {scheme} {}", self.grain())?;
        if self.scheme.is_per_channel() {
            write!(f, "({})", self.axis)?;
        }
        if self.power_of_two {
            f.write_str(" power-of-two")?;
        }
        if self.eps != f32::EPSILON {
            write!(f, " eps {}", self.eps)?;
        }
        if self.is_dynamic {
            f.write_str(" dynamic")?;
        }
        write!(f, ", {}", self.observer)
    }
}
