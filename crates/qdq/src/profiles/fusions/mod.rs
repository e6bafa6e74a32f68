//! What runtimes fuse between dequantize and quantize, as data.

mod litert;
mod onnxruntime;
mod portable;

use crate::tensor::DType;

pub use litert::LITERT;
pub use onnxruntime::{ONNXRUNTIME, ONNXRUNTIME_ARM64};
pub use portable::PORTABLE;

/// What a runtime makes of a graph in QDQ form when it loads it.
#[derive(Clone, Copy, Debug)]
pub struct Fusions {
    /// One row for each op with an integer kernel.
    pub rows: &'static [Fusion],
    /// Ops that a quantize moves up through, and a dequantize down.
    pub passed_through: &'static [&'static str],
    /// Whether a float bias of a quantized convolution or gemm becomes i32.
    pub quantizes_bias: bool,
    /// Whether each op is computed as it stands: a relu or clip before a quantize limits the integers of the op before
    /// it, even where their range makes it redundant; a quantize right after a dequantize is an op, `identity`, too.
    pub is_op_by_op: bool,
    /// Whether a quantize with one dequantize behind it is changed from i8 to u8.
    pub shifts_signed_pairs: bool,
    /// Operators of a model file that compute in integers as they are, by their names in the file.
    pub operators: &'static [&'static str],
}

/// How a runtime fuses one op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fusion {
    /// Name of the op, as in [`crate::ops::Op::NAMES`].
    pub op: &'static str,
    /// What it takes.
    pub kind: Kind,
}

/// What a fused op takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Activations × 8-bit weights, and a bias in i32.
    Product {
        /// Storage types of activations; the output is of the same.
        activations: &'static [DType],
        /// Whether it gives out real numbers where no quantize follows.
        float_output: bool,
    },
    /// All inputs and the output of one storage type.
    OneType(&'static [DType]),
    /// One input, and an output of other parameters, each of any of these storage types.
    Converts(&'static [DType]),
    /// All inputs and outputs of the same parameters: the integers are moved as they are.
    Moves(&'static [DType]),
    /// An LSTM: 8-bit activations, weights and hidden state, a bias in 32 bits, and a cell state in 16.
    Lstm,
    /// Quantized input, and an output of indices.
    Indices,
}

impl Fusions {
    /// The table of this name.
    pub fn find(name: &str) -> Option<&'static Fusions> {
        match name {
            "onnxruntime-x64" => Some(&ONNXRUNTIME),
            "onnxruntime-arm64" => Some(&ONNXRUNTIME_ARM64),
            _ => None,
        }
    }

    /// The row of an op.
    pub fn row(&self, op: &str) -> Option<&'static Fusion> {
        self.rows.iter().find(|row| row.op == op)
    }
}

/// 8-bit storage types.
const BYTES: &[DType] = &[DType::U8, DType::I8];
/// 8- and 16-bit storage types.
const UP_TO_16: &[DType] = &[DType::U8, DType::I8, DType::U16, DType::I16];

const fn product(op: &'static str, activations: &'static [DType], float_output: bool) -> Fusion {
    Fusion { op, kind: Kind::Product { activations, float_output } }
}

const fn one_type(op: &'static str, storages: &'static [DType]) -> Fusion {
    Fusion { op, kind: Kind::OneType(storages) }
}

const fn converts(op: &'static str, storages: &'static [DType]) -> Fusion {
    Fusion { op, kind: Kind::Converts(storages) }
}

const fn moves(op: &'static str, storages: &'static [DType]) -> Fusion {
    Fusion { op, kind: Kind::Moves(storages) }
}

const fn indices(op: &'static str) -> Fusion {
    Fusion { op, kind: Kind::Indices }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Op;

    #[test]
    fn rows_name_ops() {
        for fusions in [&LITERT, &ONNXRUNTIME, &ONNXRUNTIME_ARM64, &PORTABLE] {
            for op in fusions.rows.iter().map(|row| row.op).chain(fusions.passed_through.iter().copied()) {
                assert!(Op::NAMES.contains(&op), "{op}");
            }
        }
    }
}
