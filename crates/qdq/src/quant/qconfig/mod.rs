//! `QConfig` and `QConfigMapping`, with torch's names and torch's precedence.
//!
//! Source: `torch/ao/quantization/qconfig_mapping.py` and `fx/qconfig_mapping_utils.py`, the same in torch 2.5.1 and 2.15.

mod mapping;

pub use mapping::{
    ModuleName, ModuleNameObjectTypeIndex, ModuleNameRegex, ModulePlace, ObjectType, QConfigMapping,
};

use serde::{Deserialize, Serialize};

use crate::spec::QuantizationSpec;

/// How an op's activations and weights are quantized.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QConfig {
    /// Of inputs and outputs.
    pub activation: QuantizationSpec,
    /// Of weights.
    pub weight: QuantizationSpec,
}
