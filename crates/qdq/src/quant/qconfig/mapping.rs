//! Which configuration an op has.

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use super::QConfig;
use crate::error::{Error, Result};
use crate::ops::Op;

/// Configurations by op type and module; an absent one means that the op stays in float.
///
/// Precedence, highest first: name + type + index, module name, regular expression of the name, type, global.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QConfigMapping {
    /// For ops that nothing else names (`set_global`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global: Option<QConfig>,
    /// By type (`set_object_type`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub object_type: Vec<ObjectType>,
    /// By regular expression of the module's name; the first that matches counts (`set_module_name_regex`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub module_name_regex: Vec<ModuleNameRegex>,
    /// By module name; a module has the configuration of the nearest module around it (`set_module_name`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub module_name: Vec<ModuleName>,
    /// By module name, type and index (`set_module_name_object_type_order`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub module_name_object_type_index: Vec<ModuleNameObjectTypeIndex>,
}

/// Ops of a type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectType {
    /// Name of the op, as in [`Op::NAMES`].
    pub object_type: String,
    /// Their configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qconfig: Option<QConfig>,
}

/// Modules whose name a regular expression matches at its start, as Python's `re.match` does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleNameRegex {
    /// The expression.
    pub regex: String,
    /// Their configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qconfig: Option<QConfig>,
}

/// A module and all in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleName {
    /// Name with dots, as `encoder.layer.3`.
    pub module_name: String,
    /// Its configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qconfig: Option<QConfig>,
}

/// One op of a module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleNameObjectTypeIndex {
    /// Name with dots of the module that the op stands in itself; empty for the outermost.
    pub module_name: String,
    /// Name of the op, as in [`Op::NAMES`].
    pub object_type: String,
    /// Which of the module's ops of this type, from 0.
    pub index: usize,
    /// Its configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qconfig: Option<QConfig>,
}

/// Where an op stands, as torch sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModulePlace {
    /// Name of the op.
    pub object_type: String,
    /// Its own name, with dots, modules first.
    pub name: String,
    /// Which op of this type in its module it is, from 0.
    pub index: usize,
}

impl ModulePlace {
    /// The place of a node with this scope: `/encoder/layer.3/conv/Conv` is `encoder.layer.3.conv.Conv`.
    pub fn new(object_type: &str, scope: &str, index: usize) -> Self {
        let parts = scope.split('/').filter(|part| !part.is_empty());
        Self { object_type: object_type.to_owned(), name: parts.collect::<Vec<_>>().join("."), index }
    }

    /// Name of the module it stands in; empty for the outermost.
    pub fn module(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(module, _)| module)
    }
}

impl QConfigMapping {
    /// The configuration of an op; `None` if it stays in float.
    ///
    /// # Errors
    /// A regular expression that is none.
    pub fn resolve(&self, place: &ModulePlace) -> Result<Option<&QConfig>> {
        let exact = self.module_name_object_type_index.iter().find(|entry| {
            entry.module_name == place.module()
                && entry.object_type == place.object_type
                && entry.index == place.index
        });
        if let Some(entry) = exact {
            return Ok(entry.qconfig.as_ref());
        }
        let mut name = place.name.as_str();
        while !name.is_empty() {
            if let Some(entry) = self.module_name.iter().find(|entry| entry.module_name == name) {
                return Ok(entry.qconfig.as_ref());
            }
            name = name.rsplit_once('.').map_or("", |(module, _)| module);
        }
        for entry in &self.module_name_regex {
            if expression(&entry.regex)?.is_match(&place.name) {
                return Ok(entry.qconfig.as_ref());
            }
        }
        let of_type = self.object_type.iter().find(|entry| entry.object_type == place.object_type);
        Ok(of_type.map_or(self.global.as_ref(), |entry| entry.qconfig.as_ref()))
    }

    /// Checks names of ops and regular expressions.
    ///
    /// # Errors
    /// The key at fault.
    pub fn check(&self) -> Result<()> {
        for entry in &self.module_name_regex {
            expression(&entry.regex)?;
        }
        let indexed = self.module_name_object_type_index.iter().map(|entry| &entry.object_type);
        for op in self.object_type.iter().map(|entry| &entry.object_type).chain(indexed) {
            if !Op::NAMES.contains(&op.as_str()) {
                return Err(
                    Error::usage(format!("there is no op `{op}`")).attribute("qconfig_mapping.object_type")
                );
            }
        }
        Ok(())
    }
}

fn expression(text: &str) -> Result<Regex> {
    Regex::new(&format!("^(?:{text})")).map_err(|error| {
        Error::usage(format!("the regular expression `{text}`: {error}"))
            .attribute("qconfig_mapping.module_name_regex")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::QuantizationSpec;

    /// A configuration that can be told from others.
    #[allow(clippy::unnecessary_wraps, reason = "an entry may have none")]
    fn config(bits: i32) -> Option<QConfig> {
        let activation = QuantizationSpec { range: Some((0, bits)), ..QuantizationSpec::default() };
        Some(QConfig { activation, weight: QuantizationSpec::default() })
    }

    fn resolved(mapping: &QConfigMapping, op: &str, scope: &str, index: usize) -> Option<i32> {
        let place = ModulePlace::new(op, scope, index);
        mapping.resolve(&place).unwrap().map(|config| config.activation.range.unwrap().1)
    }

    /// All five kinds, each of which names `encoder/layer.3/conv` if the ones above are left out.
    fn mapping() -> QConfigMapping {
        QConfigMapping {
            global: config(1),
            object_type: vec![ObjectType { object_type: "conv".into(), qconfig: config(2) }],
            module_name_regex: vec![ModuleNameRegex { regex: "encoder.*conv".into(), qconfig: config(3) }],
            module_name: vec![ModuleName { module_name: "encoder.layer.3".into(), qconfig: config(4) }],
            module_name_object_type_index: vec![ModuleNameObjectTypeIndex {
                module_name: "encoder.layer.3".into(),
                object_type: "conv".into(),
                index: 1,
                qconfig: config(5),
            }],
        }
    }

    #[test]
    fn precedence_is_torchs() {
        let mut mapping = mapping();
        let conv = |mapping: &QConfigMapping| resolved(mapping, "conv", "/encoder/layer.3/conv", 1);
        assert_eq!(conv(&mapping), Some(5));
        assert_eq!(resolved(&mapping, "conv", "/encoder/layer.3/conv", 0), Some(4));
        mapping.module_name_object_type_index.clear();
        assert_eq!(conv(&mapping), Some(4));
        mapping.module_name.clear();
        assert_eq!(conv(&mapping), Some(3));
        mapping.module_name_regex.clear();
        assert_eq!(conv(&mapping), Some(2));
        mapping.object_type.clear();
        assert_eq!(conv(&mapping), Some(1));
        mapping.global = None;
        assert_eq!(conv(&mapping), None);
    }

    #[test]
    fn an_absent_configuration_wins_over_lower_kinds() {
        let mut mapping = mapping();
        mapping.module_name_object_type_index.clear();
        mapping.module_name[0].qconfig = None;
        assert_eq!(resolved(&mapping, "conv", "encoder/layer.3/conv", 1), None);
    }

    #[test]
    fn the_nearest_module_counts() {
        let mut mapping = mapping();
        mapping.module_name.push(ModuleName { module_name: "encoder".into(), qconfig: config(6) });
        assert_eq!(resolved(&mapping, "gemm", "encoder/layer.3/attention/query", 0), Some(4));
        assert_eq!(resolved(&mapping, "gemm", "encoder/layer.4/query", 0), Some(6));
        assert_eq!(resolved(&mapping, "gemm", "encoder2/query", 0), Some(1));
    }

    #[test]
    fn regular_expressions_match_at_the_start_and_the_first_counts() {
        let mut mapping = mapping();
        mapping.module_name.clear();
        mapping.module_name_regex.push(ModuleNameRegex { regex: ".*".into(), qconfig: config(7) });
        assert_eq!(resolved(&mapping, "gemm", "encoder/conv", 0), Some(3));
        assert_eq!(resolved(&mapping, "gemm", "an/encoder/conv", 0), Some(7));
        mapping.module_name_regex[0].regex = "(".into();
        assert!(mapping.check().unwrap_err().to_string().contains("module_name_regex"));
    }
}
