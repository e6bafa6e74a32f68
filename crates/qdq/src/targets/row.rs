//! How a runtime runs one op in integers.

use serde::{Deserialize, Serialize};

use crate::spec::SpecSettings;
use crate::tensor::DType;

/// How a runtime runs one op in integers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Name of the op, as in [`crate::ops::Op::NAMES`].
    pub op: String,
    /// What part it plays.
    pub role: Role,
    /// Name of the kernel that runs, for reports.
    pub kernel: String,
    /// Sequences of ops that may follow inside the same kernel, as `["relu"]` or `["add", "relu"]`.
    ///
    /// Each takes the output of the one before and is its only user; a `clip` has constant bounds. The values in between
    /// are not quantized; the other operand of an `add` is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Vec<String>>,
    /// Whether it can give out real numbers; otherwise its output must be quantized.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub float_output: bool,
    /// Whose parameters its output has.
    #[serde(default, skip_serializing_if = "Observation::is_own")]
    pub observation: Observation,
    /// Parameters of its output that the runtime demands, one for each storage type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<Fixed>,
    /// Storage types of activations that the kernel takes; all of the target's where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storages: Vec<DType>,
    /// What differs from the target's activations.
    #[serde(default, skip_serializing_if = "SpecSettings::is_empty")]
    pub activation: SpecSettings,
    /// What differs from the target's weights.
    #[serde(default, skip_serializing_if = "SpecSettings::is_empty")]
    pub weight: SpecSettings,
}

/// The part an op plays in an integer region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Worth quantizing by itself: its inputs are quantized wherever they come from.
    Anchor,
    /// In integers where its inputs come in integers and its output goes on in integers.
    Join,
    /// Moves integers; its output has the parameters of its input.
    Move,
}

/// Whose parameters an output has (`ObservationType` of torch's backend configuration).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Observation {
    /// Its own.
    #[default]
    Own,
    /// One set of parameters for all inputs and the output.
    Shared,
    /// The same, but only where all inputs come out of the same activation: a range shared with a wider one would keep
    /// a relu or clip from being expressed by the range alone.
    Alike,
}

impl Observation {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_own(&self) -> bool {
        *self == Observation::Own
    }
}

/// Parameters that a runtime demands of an output.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// The storage type they hold for.
    pub storage: DType,
    /// Size of one step.
    pub scale: f32,
    /// Integer that means 0.0.
    pub zero_point: i32,
}

impl Row {
    fn new(op: &str, role: Role, kernel: &str) -> Self {
        Self {
            op: op.to_owned(),
            role,
            kernel: kernel.to_owned(),
            then: Vec::new(),
            float_output: false,
            observation: Observation::Own,
            fixed: Vec::new(),
            storages: Vec::new(),
            activation: SpecSettings::default(),
            weight: SpecSettings::default(),
        }
    }

    /// A row that is worth quantizing by itself.
    pub(super) fn anchor(op: &str, kernel: &str) -> Self {
        Self::new(op, Role::Anchor, kernel)
    }

    /// A row that joins an integer region.
    pub(super) fn join(op: &str, kernel: &str) -> Self {
        Self::new(op, Role::Join, kernel)
    }

    /// A row that moves integers.
    pub(super) fn moves(op: &str) -> Self {
        Self { observation: Observation::Shared, ..Self::new(op, Role::Move, op) }
    }

    /// The sequences that may follow, each written as `add+relu`.
    pub(super) fn then(mut self, sequences: &[&str]) -> Self {
        self.then = sequences.iter().map(|ops| ops.split('+').map(str::to_owned).collect()).collect();
        self
    }

    /// With an output that may be of real numbers.
    pub(super) fn or_float(self) -> Self {
        Self { float_output: true, ..self }
    }

    /// With one set of parameters for inputs and output.
    pub(super) fn shared(self) -> Self {
        Self { observation: Observation::Shared, ..self }
    }

    /// With the same where inputs are alike.
    pub(super) fn alike(self) -> Self {
        Self { observation: Observation::Alike, ..self }
    }

    /// With parameters of the output for a storage type.
    pub(super) fn fixed(mut self, storage: DType, scale: f32, zero_point: i32) -> Self {
        self.fixed.push(Fixed { storage, scale, zero_point });
        self
    }

    /// For these storage types only.
    pub(super) fn only(self, storages: &[DType]) -> Self {
        Self { storages: storages.to_vec(), ..self }
    }

    /// With other weights.
    pub(super) fn weights(self, weight: SpecSettings) -> Self {
        Self { weight, ..self }
    }
}

/// A `move` row for each of these ops.
pub(super) fn moves(ops: &[&str]) -> Vec<Row> {
    ops.iter().map(|op| Row::moves(op)).collect()
}
