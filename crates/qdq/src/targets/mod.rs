//! What each runtime runs in integers, as data.
//!
//! A [`Target`] is a table: one [`Row`] per op the runtime has an integer kernel for when the op stands between
//! dequantize and quantize. Ops without a row stay in float. The planner reads these rows and nothing else.

mod onnxruntime;

use crate::error::{Error, Result};
use crate::passes::Rewrite;
use crate::tensor::DType;

pub use onnxruntime::ONNXRUNTIME_X64;

/// A runtime, as the planner sees it.
#[derive(Clone)]
pub struct Target {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Storage of activations.
    pub activation: DType,
    /// Storage of weights.
    pub weight: DType,
    /// Smallest and largest integer used for weights.
    pub weight_range: (i32, i32),
    /// Newest ONNX opset that the runtime's integer kernels accept.
    pub max_opset: i64,
    /// From what size on a convolution gains by itself.
    pub conv_gain: ConvGain,
    /// Ops with integer kernels.
    pub rows: &'static [Row],
    /// Rewrites of the converted graph that keep the runtime from undoing it.
    pub finish: &'static [&'static dyn Rewrite],
}

/// The size from which a convolution is faster in integers even with conversions around it.
///
/// A smaller one (a first layer, a depthwise one) runs in integers only between others that do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvGain {
    /// Input channels a group, for kernels of any size.
    pub channels: usize,
    /// Input channels a group, where there are at least `products` of them with kernel elements.
    pub few_channels: usize,
    /// Products summed into one output, from `few_channels` on.
    pub products: usize,
    /// Output channels.
    pub outputs: usize,
}

impl ConvGain {
    /// Whether a convolution with weights `[outputs, channels / group, kernel…]` gains by itself.
    pub fn admits(&self, weights: &[usize]) -> bool {
        let [outputs, channels, kernel @ ..] = weights else { return false };
        let n_products = channels * kernel.iter().product::<usize>();
        let is_wide =
            *channels >= self.channels || (*channels >= self.few_channels && n_products >= self.products);
        is_wide && *outputs >= self.outputs
    }
}

/// How a runtime runs one op in integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Name of the op, as in [`crate::ops::Op::NAMES`].
    pub op: &'static str,
    /// What part it plays.
    pub role: Role,
    /// Name of the kernel that runs, for reports.
    pub kernel: &'static str,
}

/// The part an op plays in an integer region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Worth quantizing by itself: its inputs are quantized wherever they come from.
    Anchor {
        /// Whether it can give out real numbers; otherwise its output must be quantized.
        float_output: bool,
    },
    /// In integers where its inputs come in integers and its output goes on in integers.
    Join,
    /// Moves integers; its output has the parameters of its input.
    Move,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Target {
    /// All targets.
    pub const ALL: &'static [&'static Target] = &[&ONNXRUNTIME_X64];

    /// The target of this name; `onnxruntime` is short for `onnxruntime-x64`.
    ///
    /// # Errors
    /// Lists the names there are.
    pub fn find(name: &str) -> Result<&'static Target> {
        let full = if name == "onnxruntime" { "onnxruntime-x64" } else { name };
        Self::ALL.iter().copied().find(|target| target.name == full).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|target| target.name).collect();
            Error::usage(format!("there is no target `{name}`"))
                .help(format!("targets: {}", names.join(", ")))
        })
    }

    /// The row of an op.
    pub fn row(&self, op: &str) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.op == op)
    }
}

/// A row that is worth quantizing by itself.
const fn anchor(op: &'static str, kernel: &'static str, float_output: bool) -> Row {
    Row { op, role: Role::Anchor { float_output }, kernel }
}

/// A row that joins an integer region.
const fn join(op: &'static str, kernel: &'static str) -> Row {
    Row { op, role: Role::Join, kernel }
}

/// A row that moves integers.
const fn moves(op: &'static str) -> Row {
    Row { op, role: Role::Move, kernel: op }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Op;

    #[test]
    fn rows_name_ops() {
        for target in Target::ALL {
            for row in target.rows {
                assert!(Op::NAMES.contains(&row.op), "{}: {}", target.name, row.op);
            }
        }
    }

    #[test]
    fn an_unknown_target_lists_the_known() {
        let error = Target::find("nonesuch").unwrap_err().to_string();
        assert!(error.contains("onnxruntime-x64"), "{error}");
    }
}
