//! Recipes: what a user wants quantized otherwise than the target's defaults say.
//!
//! ```toml
//! [activation]                  # all activations
//! observer = "percentile:99.99"
//!
//! [[rule]]                      # by op type …
//! op = "gemm"
//! weight = { granularity = "per-tensor" }
//!
//! [[rule]]                      # … by scope: a glob over the names of nodes; `*` stands for any text
//! scope = "head/*"
//! exclude = true                # stays in float
//!
//! [[rule]]                      # … by the name of a value
//! value = "input"
//! activation = { scale = 0.0078125, zero_point = 128 }
//! ```
//!
//! Rules by op come first; rules by scope go over them, those by op and scope over both, and those by value over all. Rules
//! of one kind that set the same key of one node to different values contradict each other: an error. A rule that matches
//! nothing, or changes nothing, is an error too.
//!
//! An activation's settings are those of the node that computes it; of a value that comes in float, those of the first
//! node that takes it quantized. Where a node wants its input in another storage type, the input is quantized again for it.

mod file;
mod glob;
mod resolve;

pub(in crate::quant) use resolve::Resolved;

use serde::{Deserialize, Serialize};

use super::encodings::Encodings;
use super::qconfig::QConfigMapping;
use crate::error::Result;
use crate::spec::{QuantizationSpec, SpecSettings};
use crate::targets::Target;

/// What is quantized otherwise than the target's defaults say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Whether channels between layers are given ranges that fit each other ([`crate::passes::equalize`]).
    #[serde(skip_serializing_if = "is_false")]
    pub equalize: bool,
    /// Whether biases make up for what rounding the weights adds on average ([`crate::quant::correct_bias`]).
    #[serde(skip_serializing_if = "is_false")]
    pub bias_correction: bool,
    /// Parameters that another tool found; of a file of its own, and not in the recipe's.
    #[serde(skip)]
    pub encodings: Option<Encodings>,
    /// Of all activations.
    #[serde(skip_serializing_if = "SpecSettings::is_empty")]
    pub activation: SpecSettings,
    /// Of all weights.
    #[serde(skip_serializing_if = "SpecSettings::is_empty")]
    pub weight: SpecSettings,
    /// Configurations of a torch model, in the place of the target's defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qconfig_mapping: Option<QConfigMapping>,
    /// What holds for some ops or values only.
    #[serde(rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

/// Settings for the ops or values that all selectors match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Name of an op, as in [`crate::ops::Op::NAMES`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op: Option<String>,
    /// Glob over scopes, those of nodes fused into another included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Glob over names of values; stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether it stays in float; `false` takes back what a lower kind of rule said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<bool>,
    /// Of outputs; of inputs too, but for a scale that is given.
    #[serde(skip_serializing_if = "SpecSettings::is_empty")]
    pub activation: SpecSettings,
    /// Of weights.
    #[serde(skip_serializing_if = "SpecSettings::is_empty")]
    pub weight: SpecSettings,
}

impl Recipe {
    /// How activations are quantized for a target where no rule says otherwise.
    ///
    /// # Errors
    /// Settings that contradict each other or the target's.
    pub fn activation_for(&self, target: &Target) -> Result<QuantizationSpec> {
        let spec = self.activation.apply(&target.activation, 0, None);
        spec.map_err(|error| under(error, "activation"))
    }

    /// How weights are.
    ///
    /// # Errors
    /// Settings that contradict each other or the target's.
    pub fn weight_for(&self, target: &Target) -> Result<QuantizationSpec> {
        // The axis is that of each op; its rank is known only there.
        let settings = SpecSettings { axis: None, ..self.weight.clone() };
        settings.apply(&target.weight, 0, None).map_err(|error| under(error, "weight"))
    }

    /// The recipe with everything said that the target's defaults leave open; it means the same.
    ///
    /// # Errors
    /// Settings that the target does not take.
    pub fn effective(&self, target: &Target) -> Result<Self> {
        self.check()?;
        let (activation, weight) = (self.activation_for(target)?, self.weight_for(target)?);
        target
            .type_config(&activation, Some(&weight))
            .map_err(|refused| target.refusal(&activation, refused))?;
        Ok(Self {
            activation: complete(&activation, self.activation.axis),
            weight: complete(&weight, self.weight.axis),
            ..self.clone()
        })
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Settings that make `spec` of any specification.
fn complete(spec: &QuantizationSpec, axis: Option<i64>) -> SpecSettings {
    SpecSettings {
        reduce_range: Some(spec.reduce_range),
        power_of_two: Some(spec.power_of_two),
        eps: Some(spec.eps),
        axis,
        ..SpecSettings::from(spec.clone())
    }
}

/// The error with its key inside of `table`.
#[allow(clippy::needless_pass_by_value, reason = "errors are mapped, not looked at")]
fn under(error: crate::error::Error, table: &str) -> crate::error::Error {
    let key = match &error.place().attribute {
        Some(key) => format!("{table}.{key}"),
        None => table.to_owned(),
    };
    let moved = crate::error::Error::new(error.kind(), error.message()).attribute(key);
    match error.help_text() {
        Some(help) => moved.help(help),
        None => moved,
    }
}
