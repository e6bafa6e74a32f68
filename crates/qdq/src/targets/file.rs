//! Targets in files.

use super::{Role, Row, Target, TypeConfig};
use crate::error::{Error, Result};
use crate::ops::Op;
use crate::spec::QuantizationSpec;

impl Target {
    /// Reads a target and checks it.
    ///
    /// # Errors
    /// Unknown or missing keys, with their line; an unknown op or rewrite; defaults that the target's own types refuse.
    pub fn from_toml(text: &str) -> Result<Self> {
        let target: Self =
            toml::from_str(text).map_err(|error| Error::usage(error.to_string().trim_end()))?;
        target.check()?;
        Ok(target)
    }

    /// The text that [`Target::from_toml`] reads.
    ///
    /// # Errors
    /// Never for a target that is valid.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::internal(format!("the target as TOML: {error}")))
    }

    /// Checks what the types of the fields do not say.
    ///
    /// # Errors
    /// All that is wrong, each with its key.
    pub fn check(&self) -> Result<()> {
        let mut errors = Vec::new();
        let mut wrong = |key: &str, message: String| errors.push(Error::usage(message).attribute(key));
        if self.name.is_empty() {
            wrong("name", "an empty name".to_owned());
        }
        if !(10..=crate::formats::onnx::NEWEST_OPSET).contains(&self.max_opset) {
            wrong(
                "max_opset",
                format!("there are no quantized models of the operator set {}", self.max_opset),
            );
        }
        if let Err(error) = self.loader_fusions() {
            wrong("loader", error.message().to_owned());
        }
        if let Err(error) = self.finish_rewrites() {
            wrong("finish", error.message().to_owned());
        }
        for (position, row) in self.rows.iter().enumerate() {
            let is_again = self.rows[..position].iter().any(|other| other.op == row.op);
            if is_again {
                wrong("rows.op", format!("`{}` has two rows", row.op));
            }
            row.check(&mut wrong);
        }
        if !self.rows.iter().any(|row| row.role == Role::Anchor) {
            wrong("rows", "no row is an anchor: nothing would be quantized".to_owned());
        }
        for (position, types) in self.types.iter().enumerate() {
            types.check(&format!("types[{position}]"), &mut wrong);
        }
        if let Err((key, message)) = self.type_config(&self.activation, Some(&self.weight)) {
            wrong(&key, message);
        }
        Error::all(errors).map_or(Ok(()), Err)
    }

    /// The first combination of types that takes activations and weights of these specifications.
    ///
    /// # Errors
    /// The key at fault (`activation.storage`) for the combination that comes closest, and what it takes.
    pub fn type_config(
        &self,
        activation: &QuantizationSpec,
        weight: Option<&QuantizationSpec>,
    ) -> Result<&TypeConfig, (String, String)> {
        let mut refusal: Option<(String, String)> = None;
        for types in &self.types {
            let checked =
                types.activation.check(activation).map_err(|(key, why)| (format!("activation.{key}"), why));
            let is_close = checked.as_ref().is_ok_and(|()| true)
                || checked.as_ref().is_err_and(|(key, _)| key != "activation.storage");
            let checked = checked.and_then(|()| match weight {
                Some(weight) => {
                    types.weight.check(weight).map_err(|(key, why)| (format!("weight.{key}"), why))
                }
                None => Ok(()),
            });
            match checked {
                Ok(()) => return Ok(types),
                Err(error) if is_close || refusal.is_none() => refusal = Some(error),
                Err(_) => {}
            }
        }
        Err(refusal.unwrap_or_else(|| ("types".to_owned(), "the target takes no types".to_owned())))
    }

    /// What [`Self::type_config`] refuses, as an error that names the targets which take such activations.
    pub fn refusal(&self, activation: &QuantizationSpec, (key, why): (String, String)) -> Error {
        let storage = activation.storage;
        let takes = |target: &Target| target.types.iter().any(|types| types.activation.storage == storage);
        let others: Vec<String> = Target::all().into_iter().filter(takes).map(|target| target.name).collect();
        let shows = format!("`qdq targets {}` shows what the target takes", self.name);
        let help = if takes(self) || others.is_empty() {
            shows
        } else {
            format!("{shows}; activations of {storage} are for {}", others.join(", "))
        };
        Error::usage(format!("the target {} refuses it: {why}", self.name)).attribute(key).help(help)
    }
}

impl Row {
    fn check(&self, wrong: &mut impl FnMut(&str, String)) {
        for op in std::iter::once(&self.op).chain(self.then.iter().flatten()) {
            if !Op::NAMES.contains(&op.as_str()) {
                wrong("rows.op", format!("there is no op `{op}`"));
            }
        }
        if self.then.iter().any(Vec::is_empty) {
            wrong("rows.then", format!("an empty sequence after `{}`", self.op));
        }
        if self.role == Role::Move && !self.then.is_empty() {
            wrong(
                "rows.then",
                format!("`{}` moves data: no kernel runs that another op could be part of", self.op),
            );
        }
        for fixed in &self.fixed {
            if !(fixed.scale > 0.0 && fixed.scale.is_finite()) {
                wrong("rows.fixed.scale", format!("{} is not a positive finite number", fixed.scale));
            }
            let range = fixed.storage.integer_range();
            if !range.is_some_and(|(min, max)| (min..=max).contains(&fixed.zero_point)) {
                let message = format!("zero point {} is outside {}", fixed.zero_point, fixed.storage);
                wrong("rows.fixed.zero_point", message);
            }
        }
        for (key, settings) in [("rows.activation", &self.activation), ("rows.weight", &self.weight)] {
            if let Err(error) = settings.check() {
                wrong(key, error.message().to_owned());
            }
        }
    }
}

impl TypeConfig {
    fn check(&self, key: &str, wrong: &mut impl FnMut(&str, String)) {
        for (side, limits) in [("activation", &self.activation), ("weight", &self.weight)] {
            let Some((min, max)) = limits.storage.integer_range() else {
                wrong(
                    &format!("{key}.{side}.storage"),
                    format!("{} holds no quantized integers", limits.storage),
                );
                continue;
            };
            let (quant_min, quant_max) = (limits.quant_min.unwrap_or(min), limits.quant_max.unwrap_or(max));
            if !(min <= quant_min && quant_min < quant_max && quant_max <= max) {
                let message = format!("{quant_min}..{quant_max} is empty or outside {}", limits.storage);
                wrong(&format!("{key}.{side}.quant_min"), message);
            }
            if limits.zero_point.is_some_and(|zero_point| !(quant_min..=quant_max).contains(&zero_point)) {
                wrong(&format!("{key}.{side}.zero_point"), format!("it is outside {quant_min}..{quant_max}"));
            }
            if limits.scale_min.is_some_and(|scale| !(scale > 0.0 && scale.is_finite())) {
                wrong(&format!("{key}.{side}.scale_min"), "it is not a positive finite number".to_owned());
            }
        }
        if self.bias.is_some_and(|bias| bias != crate::tensor::DType::I32) {
            wrong(&format!("{key}.bias"), "a bias is stored as i32, or left in float".to_owned());
        }
    }
}
