//! Parameters that another tool found: AIMET's encodings files, versions 0.6.1 and 1.0.0 (JSON).
//!
//! A real number is `scale × (integer + offset)` with unsigned integers, so that the zero point is `−offset`; signed integers
//! are shifted by half of the range. Source: AIMET's "Encoding specification" pages.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::plan::{Annotation, Plan, Use, blocks};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, ValueId};
use crate::ops::{dequantize, quantize};
use crate::spec::{ObserverKind, QuantizationSpec};
use crate::tensor::QuantParams;

/// Parameters of activations and weights, by the name of the value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Encodings {
    activations: BTreeMap<String, Encoding>,
    weights: BTreeMap<String, Encoding>,
}

/// Parameters of one value: of an activation one scale and offset, of a weight one or one for each channel.
#[derive(Clone, Debug, PartialEq)]
struct Encoding {
    bits: u32,
    scale: Vec<f32>,
    offset: Vec<i32>,
}

/// Least signal to noise, as a ratio of powers, that parameters leave of weights they were made for: 10 dB, less than of any
/// weights in 4 bits.
const LEAST_SIGNAL_TO_NOISE: f64 = 10.0;

/// What a plan took of the encodings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsedEncodings {
    /// Number of values that have the parameters given.
    pub n_used: usize,
    /// Quantized values that the file has nothing for: they are observed.
    pub observed: Vec<String>,
    /// Names in the file of values that are not quantized, or in another number of bits.
    pub unused: Vec<String>,
    /// Number of weights that have the parameters given.
    pub n_weights: usize,
    /// Names in the file of weights that are not quantized, or otherwise, or that were changed since, as by folding a batch
    /// normalization: these are quantized between their own extremes.
    pub unused_weights: Vec<String>,
}

impl Encodings {
    /// Reads a file's text.
    ///
    /// # Errors
    /// No JSON, or not of these versions; an encoding per channel of an activation; numbers that are no parameters.
    pub fn from_json(text: &str) -> Result<Self> {
        let file: File = serde_json::from_str(text).map_err(|error| {
            Error::malformed(format!("no encodings of AIMET: {error}"))
                .help("export them as version 0.6.1 or 1.0.0")
        })?;
        let mut errors = Vec::new();
        let mut read = |section: Section, check: fn(&Found) -> Result<()>| {
            let mut encodings = BTreeMap::new();
            for (name, found) in section.named() {
                match found.and_then(|found| Encoding::checked(found, check)) {
                    Ok(Some(encoding)) => {
                        encodings.insert(name, encoding);
                    }
                    // Floats: what the other tool did not quantize.
                    Ok(None) => {}
                    Err(error) => errors.push(error.value(name)),
                }
            }
            encodings
        };
        let weights = read(file.param_encodings, |_| Ok(()));
        let activations = read(file.activation_encodings, check_whole);
        let encodings = Self { activations, weights };
        Error::all(errors).map_or(Ok(encodings), Err)
    }

    /// Gives the values and weights of a plan these parameters.
    ///
    /// # Errors
    /// No value and no weight of the plan has one.
    pub(super) fn apply(&self, graph: &Graph, plan: &mut Plan) -> Result<()> {
        for ((_, value), activation) in &mut plan.activations {
            if let Some(observer) = self.of(graph[*value].name(), &activation.spec) {
                activation.spec.observer = observer;
                activation.is_observed = false;
                activation.fixed = None;
            }
        }
        let blocks = blocks(graph);
        let weights = plan.inputs.iter().filter_map(|(of, annotation)| match annotation {
            Annotation::Weight(spec) => Some((*of, self.of_weight(graph, weight_of(&blocks, *of)?, spec)?)),
            _ => None,
        });
        plan.given_weights = weights.collect();
        let used = self.used(graph, plan);
        if used.n_used + used.n_weights == 0 {
            return Err(Error::usage("no encoding is of a value that is quantized").help(
                "the names in the file must be those of this model's values, and the bits those of the target",
            ));
        }
        Ok(())
    }

    /// What a plan takes of them.
    pub fn used(&self, graph: &Graph, plan: &Plan) -> UsedEncodings {
        let mut used = UsedEncodings::default();
        let mut names = BTreeSet::new();
        for ((_, value), activation) in &plan.activations {
            let name = graph[*value].name();
            if self.of(name, &activation.spec).is_some() {
                used.n_used += usize::from(names.insert(name));
            } else if activation.is_observed {
                used.observed.push(name.to_owned());
            }
        }
        let is_unused = |name: &&String| !names.contains(name.as_str());
        used.unused = self.activations.keys().filter(is_unused).cloned().collect();
        let blocks = blocks(graph);
        let name_of = |of: &Use| weight_of(&blocks, *of).map(|id| graph[id].name());
        let weights: BTreeSet<&str> = plan.given_weights.keys().filter_map(name_of).collect();
        used.n_weights = weights.len();
        let is_unused = |name: &&String| !weights.contains(name.as_str());
        used.unused_weights = self.weights.keys().filter(is_unused).cloned().collect();
        used
    }

    /// The parameters of a weight, if these are of its storage and fit it.
    fn of_weight(&self, graph: &Graph, id: ValueId, spec: &QuantizationSpec) -> Option<QuantParams> {
        let encoding = self.weights.get(graph[id].name())?;
        let weights = graph.constant(id)?;
        let params = encoding.params(spec)?;
        params.check_shape(weights.shape()).ok()?;
        let real = dequantize(&quantize(weights, &params).ok()?, &params).ok()?;
        let (mut signal, mut noise) = (0.0, 0.0);
        for (&exact, &real) in weights.as_slice::<f32>().ok()?.iter().zip(real.as_slice::<f32>().ok()?) {
            signal += f64::from(exact).powi(2);
            noise += (f64::from(exact) - f64::from(real)).powi(2);
        }
        (noise * LEAST_SIGNAL_TO_NOISE <= signal).then_some(params)
    }

    /// The parameters of a value in this storage.
    fn of(&self, name: &str, spec: &QuantizationSpec) -> Option<ObserverKind> {
        let encoding = self.activations.get(name)?;
        let (least, greatest) = spec.storage.integer_range()?;
        let fits = spec.storage.bits() == Some(encoding.bits as usize);
        let zero_point = least.saturating_sub(*encoding.offset.first()?);
        (fits && (least..=greatest).contains(&zero_point))
            .then_some(ObserverKind::FixedQParams { scale: *encoding.scale.first()?, zero_point })
    }
}

/// The value that a node takes there.
fn weight_of(blocks: &[&Block], of: Use) -> Option<ValueId> {
    blocks.get(of.place.block)?.nodes.get(of.place.node)?.input(of.input)
}

/// Checks that an activation has one encoding.
fn check_whole(found: &Found) -> Result<()> {
    if found.scale.len() == 1 && found.offset.len() == 1 {
        return Ok(());
    }
    Err(Error::unsupported("an encoding of channels for an activation").help("export activations per tensor"))
}

impl Encoding {
    /// `None` for floats.
    fn checked(found: Found, check: fn(&Found) -> Result<()>) -> Result<Option<Self>> {
        if !found.dtype.eq_ignore_ascii_case("int") {
            return Ok(None);
        }
        check(&found)?;
        if found.scale.len() != found.offset.len() {
            let (scales, offsets) = (found.scale.len(), found.offset.len());
            return Err(Error::malformed(format!("{scales} scales and {offsets} offsets")));
        }
        if let Some(scale) = found.scale.iter().find(|scale| !(scale.is_finite() && **scale > 0.0)) {
            return Err(Error::malformed(format!("a scale of {scale}")));
        }
        Ok(Some(Self { bits: found.bits, scale: found.scale, offset: found.offset }))
    }

    /// As parameters of weights that are quantized so, if these are of as many bits, and symmetric where they must be.
    fn params(&self, spec: &QuantizationSpec) -> Option<QuantParams> {
        let (least, _) = spec.storage.integer_range()?;
        let zero_point: Vec<i32> = self.offset.iter().map(|offset| least.saturating_sub(*offset)).collect();
        let is_symmetric = zero_point.iter().all(|zero| *zero == 0);
        if spec.storage.bits() != Some(self.bits as usize) || (spec.scheme.is_symmetric() && !is_symmetric) {
            return None;
        }
        let params = match self.scale[..] {
            [scale] => QuantParams::per_tensor(spec.storage, scale, *zero_point.first()?),
            _ if !spec.scheme.is_per_channel() => return None,
            _ => QuantParams::per_axis(spec.storage, spec.axis, self.scale.clone(), zero_point),
        };
        let (quant_min, quant_max) = spec.quant_range().ok()?;
        Some(QuantParams { quant_min, quant_max, ..params })
    }
}

/// A file of either version.
#[derive(Deserialize)]
struct File {
    activation_encodings: Section,
    #[serde(default)]
    param_encodings: Section,
}

/// Encodings by name (0.6.1), or with their names (1.0.0).
#[derive(Deserialize)]
#[serde(untagged)]
enum Section {
    Named(BTreeMap<String, Vec<Old>>),
    List(Vec<New>),
}

impl Default for Section {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

/// Version 0.6.1: one of these for each channel.
#[derive(Deserialize)]
struct Old {
    bitwidth: u32,
    dtype: Option<String>,
    scale: f32,
    offset: i32,
}

/// Version 1.0.0.
#[derive(Deserialize)]
struct New {
    name: String,
    dtype: String,
    #[serde(default)]
    bw: u32,
    #[serde(default)]
    scale: Vec<f32>,
    #[serde(default)]
    offset: Vec<i32>,
}

/// An encoding of either version.
struct Found {
    dtype: String,
    bits: u32,
    scale: Vec<f32>,
    offset: Vec<i32>,
}

impl Section {
    fn named(self) -> Vec<(String, Result<Found>)> {
        let of_old = |channels: Vec<Old>| match channels.first() {
            Some(first) => Ok(Found {
                dtype: first.dtype.clone().unwrap_or_else(|| "int".to_owned()),
                bits: first.bitwidth,
                scale: channels.iter().map(|channel| channel.scale).collect(),
                offset: channels.iter().map(|channel| channel.offset).collect(),
            }),
            None => Err(Error::malformed("an empty encoding")),
        };
        match self {
            Section::Named(named) => {
                named.into_iter().map(|(name, channels)| (name, of_old(channels))).collect()
            }
            Section::List(list) => list
                .into_iter()
                .map(|New { name, dtype, bw, scale, offset }| {
                    (name, Ok(Found { dtype, bits: bw, scale, offset }))
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::text;
    use crate::quant::{Recipe, plan};
    use crate::targets::Target;
    use crate::tensor::DType;

    const OLD: &str = r#"{"version": "0.6.1", "activation_encodings": {
        "x": [{"bitwidth": 8, "dtype": "int", "is_symmetric": "False", "max": 1.0, "min": -1.0, "offset": -128, "scale": 0.0078125}],
        "nowhere": [{"bitwidth": 8, "scale": 0.5, "offset": 0}]},
        "param_encodings": {"w": [{"bitwidth": 8, "dtype": "int", "scale": 0.1, "offset": -128}]}}"#;
    const NEW: &str = r#"{"version": "1.0.0", "activation_encodings": [
        {"name": "x", "dtype": "INT", "enc_type": "PER_TENSOR", "is_sym": false, "bw": 8, "scale": [0.0078125], "offset": [-128]},
        {"name": "f", "dtype": "FLOAT", "bw": 16}], "param_encodings": []}"#;

    fn graph() -> Graph {
        let mut graph = text::parse(
            "graph(%x: f32[1,64]) {\n  %w: f32[64,32] = const random(seed=1)\n  %y = mat_mul(%x, %w)\n  return %y\n}",
        )
        .unwrap();
        graph.infer().unwrap();
        graph
    }

    fn planned(encodings: Encodings, target: &str) -> Result<Plan> {
        let recipe = Recipe { encodings: Some(encodings), ..Recipe::default() };
        plan(&graph(), &recipe, &Target::find(target)?)
    }

    #[test]
    fn both_versions_give_a_value_its_parameters() {
        for text in [OLD, NEW] {
            let encodings = Encodings::from_json(text).unwrap();
            for (target, zero_point) in [("onnxruntime-x64", 128), ("onnxruntime-arm64", 0)] {
                let plan = planned(encodings.clone(), target).unwrap();
                let activation = plan.activations.values().next().unwrap();
                let given = ObserverKind::FixedQParams { scale: 0.007_812_5, zero_point };
                assert_eq!((activation.spec.observer, activation.is_observed), (given, false));
            }
        }
        let encodings = Encodings::from_json(OLD).unwrap();
        let plan = planned(encodings.clone(), "onnxruntime").unwrap();
        let used = encodings.used(&graph(), &plan);
        assert_eq!((used.n_used, used.unused, used.n_weights), (1, vec!["nowhere".to_owned()], 1));
    }

    #[test]
    fn weights_have_the_parameters_given_where_these_fit() {
        let of = |scale: &str, bits: &str| {
            let text = OLD.replace("0.1,", scale).replacen("8, \"dtype\": \"int\", \"scale\"", bits, 1);
            planned(Encodings::from_json(&text).unwrap(), "onnxruntime").unwrap().given_weights
        };
        let same = "8, \"dtype\": \"int\", \"scale\"";
        let given = of("0.03,", same);
        let params = given.values().next().expect("they fit");
        assert_eq!((params.scale[0], params.zero_point[0], params.storage), (0.03, 0, DType::I8));
        assert!(of("0.0001,", same).is_empty(), "scales of other weights");
        assert!(of("0.03,", "4, \"dtype\": \"int\", \"scale\"").is_empty(), "another number of bits");
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(Encodings::from_json("{}").is_err());
        let message =
            Encodings::from_json(&NEW.replace("[0.0078125]", "[0.1, 0.2]")).unwrap_err().to_string();
        assert!(message.contains("channels") && message.contains('x'), "{message}");
        assert!(
            Encodings::from_json(&NEW.replace("0.0078125", "-1.0"))
                .unwrap_err()
                .to_string()
                .contains("scale")
        );
        let other = Encodings::from_json(&OLD.replace("\"x\"", "\"z\"").replace("\"w\"", "\"v\"")).unwrap();
        assert!(planned(other, "onnxruntime").unwrap_err().to_string().contains("no encoding"));
    }
}
