//! The operators of ONNX's default domain, and what each of their versions accepts.
//!
//! @generated from the schemas in the Python wheel `onnx` 1.23.2 by `cargo xtask gen`;
//! do not edit.
#![allow(clippy::pedantic, reason = "generated")]
use crate::{Arity, OpHistory, OpVersion, Parameter};

/// The newest version of the default operator set described here.
pub const NEWEST_OPSET: i64 = 28;

const fn single(types: u64) -> Parameter {
    Parameter { arity: Arity::Single, types }
}
const fn optional(types: u64) -> Parameter {
    Parameter { arity: Arity::Optional, types }
}
const fn variadic(types: u64) -> Parameter {
    Parameter { arity: Arity::Variadic, types }
}

/// Every operator of the default domain, sorted by name.
#[rustfmt::skip]
pub static OPS: &[OpHistory] = &[
    OpHistory { name: "Abs", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0x3cfe)], outputs: &[single(0x3cfe)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[] },
    ] },
    OpHistory { name: "Acos", versions: &[
        OpVersion { since: 7, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Acosh", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Add", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false), ("broadcast", false), ("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axis", false), ("broadcast", false)] },
        OpVersion { since: 7, form: 2, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[] },
        OpVersion { since: 13, form: 2, deprecated: false, inputs: &[single(0x13cc2), single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[] },
        OpVersion { since: 14, form: 2, deprecated: false, inputs: &[single(0x13cfe), single(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[] },
    ] },
    OpHistory { name: "AffineGrid", versions: &[
        OpVersion { since: 20, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x80)], outputs: &[single(0x10c02)], attributes: &[("align_corners", false)] },
    ] },
    OpHistory { name: "And", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x200), single(0x200)], outputs: &[single(0x200)], attributes: &[("axis", false), ("broadcast", false)] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0x200), single(0x200)], outputs: &[single(0x200)], attributes: &[] },
    ] },
    OpHistory { name: "ArgMax", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cfe)], outputs: &[single(0x80)], attributes: &[("axis", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cfe)], outputs: &[single(0x80)], attributes: &[("axis", false), ("keepdims", false)] },
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[single(0x3cfe)], outputs: &[single(0x80)], attributes: &[("axis", false), ("keepdims", false), ("select_last_index", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cfe)], outputs: &[single(0x80)], attributes: &[("axis", false), ("keepdims", false), ("select_last_index", false)] },
    ] },
    OpHistory { name: "ArgMin", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cfe)], outputs: &[single(0x80)], attributes: &[("axis", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cfe)], outputs: &[single(0x80)], attributes: &[("axis", false), ("keepdims", false)] },
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[single(0x3cfe)], outputs: &[single(0x80)], attributes: &[("axis", false), ("keepdims", false), ("select_last_index", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cfe)], outputs: &[single(0x80)], attributes: &[("axis", false), ("keepdims", false), ("select_last_index", false)] },
    ] },
    OpHistory { name: "Asin", versions: &[
        OpVersion { since: 7, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Asinh", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Atan", versions: &[
        OpVersion { since: 7, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Atanh", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Attention", versions: &[
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02), optional(0x13efe), optional(0x10c02), optional(0x10c02)], outputs: &[single(0x10c02), optional(0x10c02), optional(0x10c02), optional(0x10c02)], attributes: &[("is_causal", false), ("kv_num_heads", false), ("q_num_heads", false), ("qk_matmul_output_mode", false), ("scale", false), ("softcap", false), ("softmax_precision", false)] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02), optional(0x13efe), optional(0x10c02), optional(0x10c02), optional(0x80)], outputs: &[single(0x10c02), optional(0x10c02), optional(0x10c02), optional(0x10c02)], attributes: &[("is_causal", false), ("kv_num_heads", false), ("q_num_heads", false), ("qk_matmul_output_mode", false), ("scale", false), ("softcap", false), ("softmax_precision", false)] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02), optional(0x13efe), optional(0x10c02), optional(0x10c02), optional(0x80)], outputs: &[single(0x10c02), optional(0x10c02), optional(0x10c02), optional(0x10c02)], attributes: &[("is_causal", false), ("kv_num_heads", false), ("left_window_size", false), ("q_num_heads", false), ("qk_matmul_output_mode", false), ("right_window_size", false), ("scale", false), ("softcap", false), ("softmax_precision", false)] },
    ] },
    OpHistory { name: "AveragePool", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("kernel_shape", true), ("pads", false), ("strides", false)] },
        OpVersion { since: 7, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("count_include_pad", false), ("kernel_shape", true), ("pads", false), ("strides", false)] },
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("ceil_mode", false), ("count_include_pad", false), ("kernel_shape", true), ("pads", false), ("strides", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("ceil_mode", false), ("count_include_pad", false), ("kernel_shape", true), ("pads", false), ("strides", false)] },
        OpVersion { since: 19, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("ceil_mode", false), ("count_include_pad", false), ("dilations", false), ("kernel_shape", true), ("pads", false), ("strides", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("auto_pad", false), ("ceil_mode", false), ("count_include_pad", false), ("dilations", false), ("kernel_shape", true), ("pads", false), ("strides", false)] },
    ] },
    OpHistory { name: "BatchNormalization", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), single(0xc02), single(0xc02)], outputs: &[single(0xc02), optional(0xc02), optional(0xc02), optional(0xc02), optional(0xc02)], attributes: &[("consumed_inputs", true), ("epsilon", false), ("is_test", false), ("momentum", false), ("spatial", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), single(0xc02), single(0xc02)], outputs: &[single(0xc02), optional(0xc02), optional(0xc02), optional(0xc02), optional(0xc02)], attributes: &[("epsilon", false), ("is_test", false), ("momentum", false), ("spatial", false)] },
        OpVersion { since: 7, form: 2, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), single(0xc02), single(0xc02)], outputs: &[single(0xc02), optional(0xc02), optional(0xc02), optional(0xc02), optional(0xc02)], attributes: &[("epsilon", false), ("momentum", false), ("spatial", false)] },
        OpVersion { since: 9, form: 3, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), single(0xc02), single(0xc02)], outputs: &[single(0xc02), optional(0xc02), optional(0xc02), optional(0xc02), optional(0xc02)], attributes: &[("epsilon", false), ("momentum", false)] },
        OpVersion { since: 14, form: 4, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02), single(0x10c02), single(0x10c02)], outputs: &[single(0x10c02), optional(0x10c02), optional(0x10c02)], attributes: &[("epsilon", false), ("momentum", false), ("training_mode", false)] },
        OpVersion { since: 15, form: 4, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02), single(0x10c02), single(0x10c02)], outputs: &[single(0x10c02), optional(0x10c02), optional(0x10c02)], attributes: &[("epsilon", false), ("momentum", false), ("training_mode", false)] },
    ] },
    OpHistory { name: "Bernoulli", versions: &[
        OpVersion { since: 15, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0x13efe)], attributes: &[("dtype", false), ("seed", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x13efe)], attributes: &[("dtype", false), ("seed", false)] },
    ] },
    OpHistory { name: "BitCast", versions: &[
        OpVersion { since: 26, form: 0, deprecated: false, inputs: &[single(0x7fffefe)], outputs: &[single(0x7fffefe)], attributes: &[("to", true)] },
    ] },
    OpHistory { name: "BitShift", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3014), single(0x3014)], outputs: &[single(0x3014)], attributes: &[("direction", true)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x30fc), single(0x30fc)], outputs: &[single(0x30fc)], attributes: &[("direction", true)] },
    ] },
    OpHistory { name: "BitwiseAnd", versions: &[
        OpVersion { since: 18, form: 0, deprecated: false, inputs: &[single(0x30fc), single(0x30fc)], outputs: &[single(0x30fc)], attributes: &[] },
    ] },
    OpHistory { name: "BitwiseNot", versions: &[
        OpVersion { since: 18, form: 0, deprecated: false, inputs: &[single(0x30fc)], outputs: &[single(0x30fc)], attributes: &[] },
    ] },
    OpHistory { name: "BitwiseOr", versions: &[
        OpVersion { since: 18, form: 0, deprecated: false, inputs: &[single(0x30fc), single(0x30fc)], outputs: &[single(0x30fc)], attributes: &[] },
    ] },
    OpHistory { name: "BitwiseXor", versions: &[
        OpVersion { since: 18, form: 0, deprecated: false, inputs: &[single(0x30fc), single(0x30fc)], outputs: &[single(0x30fc)], attributes: &[] },
    ] },
    OpHistory { name: "BlackmanWindow", versions: &[
        OpVersion { since: 17, form: 0, deprecated: false, inputs: &[single(0xc0)], outputs: &[single(0x13cfe)], attributes: &[("output_datatype", false), ("periodic", false)] },
    ] },
    OpHistory { name: "Cast", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3efe)], outputs: &[single(0x3efe)], attributes: &[("to", true)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0x3efe)], outputs: &[single(0x3efe)], attributes: &[("to", true)] },
        OpVersion { since: 9, form: 1, deprecated: false, inputs: &[single(0x3ffe)], outputs: &[single(0x3ffe)], attributes: &[("to", true)] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x13ffe)], outputs: &[single(0x13ffe)], attributes: &[("to", true)] },
        OpVersion { since: 19, form: 1, deprecated: false, inputs: &[single(0x1f3ffe)], outputs: &[single(0x1f3ffe)], attributes: &[("saturate", false), ("to", true)] },
        OpVersion { since: 21, form: 1, deprecated: false, inputs: &[single(0x7f3ffe)], outputs: &[single(0x7f3ffe)], attributes: &[("saturate", false), ("to", true)] },
        OpVersion { since: 23, form: 1, deprecated: false, inputs: &[single(0xff3ffe)], outputs: &[single(0xff3ffe)], attributes: &[("saturate", false), ("to", true)] },
        OpVersion { since: 24, form: 1, deprecated: false, inputs: &[single(0x1ff3ffe)], outputs: &[single(0x1ff3ffe)], attributes: &[("round_mode", false), ("saturate", false), ("to", true)] },
        OpVersion { since: 25, form: 1, deprecated: false, inputs: &[single(0x7ff3ffe)], outputs: &[single(0x7ff3ffe)], attributes: &[("round_mode", false), ("saturate", false), ("to", true)] },
        OpVersion { since: 28, form: 1, deprecated: false, inputs: &[single(0x1fff3ffe)], outputs: &[single(0x1fff3ffe)], attributes: &[("round_mode", false), ("saturate", false), ("to", true)] },
    ] },
    OpHistory { name: "CastLike", versions: &[
        OpVersion { since: 15, form: 0, deprecated: false, inputs: &[single(0x13ffe), single(0x13ffe)], outputs: &[single(0x13ffe)], attributes: &[] },
        OpVersion { since: 19, form: 0, deprecated: false, inputs: &[single(0x1f3ffe), single(0x1f3ffe)], outputs: &[single(0x1f3ffe)], attributes: &[("saturate", false)] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[single(0x7f3ffe), single(0x7f3ffe)], outputs: &[single(0x7f3ffe)], attributes: &[("saturate", false)] },
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0xff3ffe), single(0xff3ffe)], outputs: &[single(0xff3ffe)], attributes: &[("saturate", false)] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x1ff3ffe), single(0x1ff3ffe)], outputs: &[single(0x1ff3ffe)], attributes: &[("round_mode", false), ("saturate", false)] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[single(0x7ff3ffe), single(0x7ff3ffe)], outputs: &[single(0x7ff3ffe)], attributes: &[("round_mode", false), ("saturate", false)] },
    ] },
    OpHistory { name: "CausalConvWithState", versions: &[
        OpVersion { since: 27, form: 0, deprecated: false, inputs: &[single(0x10402), single(0x10402), optional(0x10402), optional(0x10402)], outputs: &[single(0x10402), single(0x10402)], attributes: &[("activation", false)] },
    ] },
    OpHistory { name: "Ceil", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Celu", versions: &[
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[single(0x2)], outputs: &[single(0x2)], attributes: &[("alpha", false)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("alpha", false)] },
    ] },
    OpHistory { name: "CenterCropPad", versions: &[
        OpVersion { since: 18, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0xc0)], outputs: &[single(0x1fffe)], attributes: &[("axes", false)] },
    ] },
    OpHistory { name: "Clip", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false), ("max", false), ("min", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("max", false), ("min", false)] },
        OpVersion { since: 11, form: 2, deprecated: false, inputs: &[single(0xc02), optional(0xc02), optional(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 12, form: 2, deprecated: false, inputs: &[single(0x3cfe), optional(0x3cfe), optional(0x3cfe)], outputs: &[single(0x3cfe)], attributes: &[] },
        OpVersion { since: 13, form: 2, deprecated: false, inputs: &[single(0x13cfe), optional(0x13cfe), optional(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[] },
    ] },
    OpHistory { name: "Col2Im", versions: &[
        OpVersion { since: 18, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0x80), single(0x80)], outputs: &[single(0x1fffe)], attributes: &[("dilations", false), ("pads", false), ("strides", false)] },
    ] },
    OpHistory { name: "Compress", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0x200)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0x200)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0x200)], outputs: &[single(0x1fffe)], attributes: &[("axis", false)] },
    ] },
    OpHistory { name: "Concat", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false)] },
        OpVersion { since: 4, form: 1, deprecated: false, inputs: &[variadic(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axis", true)] },
        OpVersion { since: 11, form: 1, deprecated: false, inputs: &[variadic(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axis", true)] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[variadic(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("axis", true)] },
    ] },
    OpHistory { name: "ConcatFromSequence", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x8000000000000000)], outputs: &[single(0xfffe)], attributes: &[("axis", true), ("new_axis", false)] },
    ] },
    OpHistory { name: "Constant", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[], outputs: &[single(0xc02)], attributes: &[("value", true)] },
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[], outputs: &[single(0xfffe)], attributes: &[("value", true)] },
        OpVersion { since: 11, form: 1, deprecated: false, inputs: &[], outputs: &[single(0xfffe)], attributes: &[("sparse_value", false), ("value", false)] },
        OpVersion { since: 12, form: 1, deprecated: false, inputs: &[], outputs: &[single(0xfffe)], attributes: &[("sparse_value", false), ("value", false), ("value_float", false), ("value_floats", false), ("value_int", false), ("value_ints", false), ("value_string", false), ("value_strings", false)] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[], outputs: &[single(0x1fffe)], attributes: &[("sparse_value", false), ("value", false), ("value_float", false), ("value_floats", false), ("value_int", false), ("value_ints", false), ("value_string", false), ("value_strings", false)] },
        OpVersion { since: 19, form: 1, deprecated: false, inputs: &[], outputs: &[single(0x1ffffe)], attributes: &[("sparse_value", false), ("value", false), ("value_float", false), ("value_floats", false), ("value_int", false), ("value_ints", false), ("value_string", false), ("value_strings", false)] },
        OpVersion { since: 21, form: 1, deprecated: false, inputs: &[], outputs: &[single(0x7ffffe)], attributes: &[("sparse_value", false), ("value", false), ("value_float", false), ("value_floats", false), ("value_int", false), ("value_ints", false), ("value_string", false), ("value_strings", false)] },
        OpVersion { since: 23, form: 1, deprecated: false, inputs: &[], outputs: &[single(0xfffffe)], attributes: &[("sparse_value", false), ("value", false), ("value_float", false), ("value_floats", false), ("value_int", false), ("value_ints", false), ("value_string", false), ("value_strings", false)] },
        OpVersion { since: 24, form: 1, deprecated: false, inputs: &[], outputs: &[single(0x1fffffe)], attributes: &[("sparse_value", false), ("value", false), ("value_float", false), ("value_floats", false), ("value_int", false), ("value_ints", false), ("value_string", false), ("value_strings", false)] },
        OpVersion { since: 25, form: 1, deprecated: false, inputs: &[], outputs: &[single(0x7fffffe)], attributes: &[("sparse_value", false), ("value", false), ("value_float", false), ("value_floats", false), ("value_int", false), ("value_ints", false), ("value_string", false), ("value_strings", false)] },
    ] },
    OpHistory { name: "ConstantOfShape", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0x80)], outputs: &[single(0x3efe)], attributes: &[("value", false)] },
        OpVersion { since: 20, form: 0, deprecated: false, inputs: &[single(0x80)], outputs: &[single(0x1f3efe)], attributes: &[("value", false)] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[single(0x80)], outputs: &[single(0x7f3efe)], attributes: &[("value", false)] },
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0x80)], outputs: &[single(0xff3efe)], attributes: &[("value", false)] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x80)], outputs: &[single(0x1ff3efe)], attributes: &[("value", false)] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[single(0x80)], outputs: &[single(0x7ff3efe)], attributes: &[("value", false)] },
    ] },
    OpHistory { name: "Conv", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), optional(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("dilations", false), ("group", false), ("kernel_shape", false), ("pads", false), ("strides", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), optional(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("dilations", false), ("group", false), ("kernel_shape", false), ("pads", false), ("strides", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), optional(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("auto_pad", false), ("dilations", false), ("group", false), ("kernel_shape", false), ("pads", false), ("strides", false)] },
    ] },
    OpHistory { name: "ConvInteger", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0xc), single(0xc), optional(0xc), optional(0xc)], outputs: &[single(0x40)], attributes: &[("auto_pad", false), ("dilations", false), ("group", false), ("kernel_shape", false), ("pads", false), ("strides", false)] },
    ] },
    OpHistory { name: "ConvTranspose", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), optional(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("dilations", false), ("group", false), ("kernel_shape", false), ("output_padding", false), ("output_shape", false), ("pads", false), ("strides", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), optional(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("dilations", false), ("group", false), ("kernel_shape", false), ("output_padding", false), ("output_shape", false), ("pads", false), ("strides", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), optional(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("auto_pad", false), ("dilations", false), ("group", false), ("kernel_shape", false), ("output_padding", false), ("output_shape", false), ("pads", false), ("strides", false)] },
    ] },
    OpHistory { name: "Cos", versions: &[
        OpVersion { since: 7, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Cosh", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "CumProd", versions: &[
        OpVersion { since: 26, form: 0, deprecated: false, inputs: &[single(0x13cc2), single(0xc0)], outputs: &[single(0x13cc2)], attributes: &[("exclusive", false), ("reverse", false)] },
    ] },
    OpHistory { name: "CumSum", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x38c2), single(0xc0)], outputs: &[single(0x38c2)], attributes: &[("exclusive", false), ("reverse", false)] },
        OpVersion { since: 14, form: 0, deprecated: false, inputs: &[single(0x13cc2), single(0xc0)], outputs: &[single(0x13cc2)], attributes: &[("exclusive", false), ("reverse", false)] },
    ] },
    OpHistory { name: "DFT", versions: &[
        OpVersion { since: 17, form: 0, deprecated: false, inputs: &[single(0x10c02), optional(0xc0)], outputs: &[single(0x10c02)], attributes: &[("axis", false), ("inverse", false), ("onesided", false)] },
        OpVersion { since: 20, form: 1, deprecated: false, inputs: &[single(0x10c02), optional(0xc0), optional(0x80)], outputs: &[single(0x10c02)], attributes: &[("inverse", false), ("onesided", false)] },
    ] },
    OpHistory { name: "DeformConv", versions: &[
        OpVersion { since: 19, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), optional(0xc02), optional(0xc02)], outputs: &[single(0xc02)], attributes: &[("dilations", false), ("group", false), ("kernel_shape", false), ("offset_group", false), ("pads", false), ("strides", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02), optional(0x10c02), optional(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("dilations", false), ("group", false), ("kernel_shape", false), ("offset_group", false), ("pads", false), ("strides", false)] },
    ] },
    OpHistory { name: "DepthToSpace", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("blocksize", true)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("blocksize", true), ("mode", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("blocksize", true), ("mode", false)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("blocksize", true), ("mode", false)] },
    ] },
    OpHistory { name: "DequantizeLinear", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0x4c), single(0x2), optional(0x4c)], outputs: &[single(0x2)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x4c), single(0x2), optional(0x4c)], outputs: &[single(0x2)], attributes: &[("axis", false)] },
        OpVersion { since: 19, form: 0, deprecated: false, inputs: &[single(0x1e004c), single(0x10402), optional(0x1e004c)], outputs: &[single(0x10402)], attributes: &[("axis", false)] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[single(0x7e007c), single(0x10402), optional(0x7e007c)], outputs: &[single(0x10402)], attributes: &[("axis", false), ("block_size", false)] },
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0xfe007c), single(0x10402), optional(0xfe007c)], outputs: &[single(0x10402)], attributes: &[("axis", false), ("block_size", false), ("output_dtype", false)] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0xfe007c), single(0x1010402), optional(0xfe007c)], outputs: &[single(0x10402)], attributes: &[("axis", false), ("block_size", false), ("output_dtype", false)] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[single(0x6fe007c), single(0x1010402), optional(0x6fe007c)], outputs: &[single(0x10402)], attributes: &[("axis", false), ("block_size", false), ("output_dtype", false)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x1efe007c), single(0x1010402), optional(0x1efe007c)], outputs: &[single(0x10402)], attributes: &[("axis", false), ("block_size", false), ("output_dtype", false)] },
    ] },
    OpHistory { name: "Det", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Div", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false), ("broadcast", false), ("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axis", false), ("broadcast", false)] },
        OpVersion { since: 7, form: 2, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[] },
        OpVersion { since: 13, form: 2, deprecated: false, inputs: &[single(0x13cc2), single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[] },
        OpVersion { since: 14, form: 2, deprecated: false, inputs: &[single(0x13cfe), single(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[] },
    ] },
    OpHistory { name: "Dropout", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02), optional(0xc02)], attributes: &[("consumed_inputs", false), ("is_test", false), ("ratio", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02), optional(0xc02)], attributes: &[("is_test", false), ("ratio", false)] },
        OpVersion { since: 7, form: 2, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02), optional(0xc02)], attributes: &[("ratio", false)] },
        OpVersion { since: 10, form: 2, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02), optional(0x200)], attributes: &[("ratio", false)] },
        OpVersion { since: 12, form: 3, deprecated: false, inputs: &[single(0xc02), optional(0xc02), optional(0x200)], outputs: &[single(0xc02), optional(0x200)], attributes: &[("seed", false)] },
        OpVersion { since: 13, form: 3, deprecated: false, inputs: &[single(0x10c02), optional(0xc02), optional(0x200)], outputs: &[single(0x10c02), optional(0x200)], attributes: &[("seed", false)] },
        OpVersion { since: 22, form: 3, deprecated: false, inputs: &[single(0x1f0c02), optional(0x1f0c02), optional(0x200)], outputs: &[single(0x1f0c02), optional(0x200)], attributes: &[("seed", false)] },
    ] },
    OpHistory { name: "DynamicQuantizeLinear", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x2)], outputs: &[single(0x4), single(0x2), single(0x4)], attributes: &[] },
    ] },
    OpHistory { name: "Einsum", versions: &[
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[variadic(0x3cfe)], outputs: &[single(0x3cfe)], attributes: &[("equation", true)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[variadic(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[("equation", true)] },
    ] },
    OpHistory { name: "Elu", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false), ("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false)] },
        OpVersion { since: 22, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("alpha", false)] },
    ] },
    OpHistory { name: "Equal", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x2c0), single(0x2c0)], outputs: &[single(0x200)], attributes: &[("axis", false), ("broadcast", false)] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0x2c0), single(0x2c0)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 11, form: 1, deprecated: false, inputs: &[single(0x3efe), single(0x3efe)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x13efe), single(0x13efe)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 19, form: 1, deprecated: false, inputs: &[single(0x13ffe), single(0x13ffe)], outputs: &[single(0x200)], attributes: &[] },
    ] },
    OpHistory { name: "Erf", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0x3cfe)], outputs: &[single(0x3cfe)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Exp", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Expand", versions: &[
        OpVersion { since: 8, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0x80)], outputs: &[single(0xfffe)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0x80)], outputs: &[single(0x1fffe)], attributes: &[] },
    ] },
    OpHistory { name: "EyeLike", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0x3efe)], outputs: &[single(0x3efe)], attributes: &[("dtype", false), ("k", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x13efe)], outputs: &[single(0x13efe)], attributes: &[("dtype", false), ("k", false)] },
    ] },
    OpHistory { name: "Flatten", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false)] },
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("axis", false)] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[single(0x7ffffe)], outputs: &[single(0x7ffffe)], attributes: &[("axis", false)] },
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0xfffffe)], outputs: &[single(0xfffffe)], attributes: &[("axis", false)] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x1fffffe)], outputs: &[single(0x1fffffe)], attributes: &[("axis", false)] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[single(0x7fffffe)], outputs: &[single(0x7fffffe)], attributes: &[("axis", false)] },
    ] },
    OpHistory { name: "Floor", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "GRU", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), optional(0xc02), optional(0x40), optional(0xc02)], outputs: &[optional(0xc02), single(0xc02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("output_sequence", false)] },
        OpVersion { since: 3, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), optional(0xc02), optional(0x40), optional(0xc02)], outputs: &[optional(0xc02), optional(0xc02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("linear_before_reset", false), ("output_sequence", false)] },
        OpVersion { since: 7, form: 2, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), optional(0xc02), optional(0x40), optional(0xc02)], outputs: &[optional(0xc02), optional(0xc02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("linear_before_reset", false)] },
        OpVersion { since: 14, form: 2, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), optional(0xc02), optional(0x40), optional(0xc02)], outputs: &[optional(0xc02), optional(0xc02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("layout", false), ("linear_before_reset", false)] },
        OpVersion { since: 22, form: 2, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02), optional(0x10c02), optional(0x40), optional(0x10c02)], outputs: &[optional(0x10c02), optional(0x10c02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("layout", false), ("linear_before_reset", false)] },
    ] },
    OpHistory { name: "Gather", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0xc0)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0xc0)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0xc0)], outputs: &[single(0x1fffe)], attributes: &[("axis", false)] },
    ] },
    OpHistory { name: "GatherElements", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0xc0)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0xc0)], outputs: &[single(0x1fffe)], attributes: &[("axis", false)] },
    ] },
    OpHistory { name: "GatherND", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0x80)], outputs: &[single(0xfffe)], attributes: &[] },
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0x80)], outputs: &[single(0xfffe)], attributes: &[("batch_dims", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0x80)], outputs: &[single(0x1fffe)], attributes: &[("batch_dims", false)] },
    ] },
    OpHistory { name: "Gelu", versions: &[
        OpVersion { since: 20, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("approximate", false)] },
    ] },
    OpHistory { name: "Gemm", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false), ("beta", false), ("broadcast", false), ("transA", false), ("transB", false)] },
        OpVersion { since: 6, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false), ("beta", false), ("broadcast", false), ("transA", false), ("transB", false)] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false), ("beta", false), ("transA", false), ("transB", false)] },
        OpVersion { since: 9, form: 1, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2), single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("alpha", false), ("beta", false), ("transA", false), ("transB", false)] },
        OpVersion { since: 11, form: 1, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2), optional(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("alpha", false), ("beta", false), ("transA", false), ("transB", false)] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x13cc2), single(0x13cc2), optional(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[("alpha", false), ("beta", false), ("transA", false), ("transB", false)] },
    ] },
    OpHistory { name: "GlobalAveragePool", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "GlobalLpPool", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("p", false)] },
        OpVersion { since: 2, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("p", false)] },
        OpVersion { since: 22, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("p", false)] },
    ] },
    OpHistory { name: "GlobalMaxPool", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Greater", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0x200)], attributes: &[("axis", false), ("broadcast", false)] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 9, form: 1, deprecated: false, inputs: &[single(0x3cfe), single(0x3cfe)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x13cfe), single(0x13cfe)], outputs: &[single(0x200)], attributes: &[] },
    ] },
    OpHistory { name: "GreaterOrEqual", versions: &[
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[single(0x3cfe), single(0x3cfe)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 16, form: 0, deprecated: false, inputs: &[single(0x13cfe), single(0x13cfe)], outputs: &[single(0x200)], attributes: &[] },
    ] },
    OpHistory { name: "GridSample", versions: &[
        OpVersion { since: 16, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0xc02)], outputs: &[single(0xfffe)], attributes: &[("align_corners", false), ("mode", false), ("padding_mode", false)] },
        OpVersion { since: 20, form: 1, deprecated: false, inputs: &[single(0xfffe), single(0xc02)], outputs: &[single(0xfffe)], attributes: &[("align_corners", false), ("mode", false), ("padding_mode", false)] },
        OpVersion { since: 22, form: 1, deprecated: false, inputs: &[single(0x1fffe), single(0x10c02)], outputs: &[single(0x1fffe)], attributes: &[("align_corners", false), ("mode", false), ("padding_mode", false)] },
    ] },
    OpHistory { name: "GroupNormalization", versions: &[
        OpVersion { since: 18, form: 0, deprecated: true, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("epsilon", false), ("num_groups", true)] },
        OpVersion { since: 21, form: 1, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("epsilon", false), ("num_groups", true), ("stash_type", false)] },
    ] },
    OpHistory { name: "HammingWindow", versions: &[
        OpVersion { since: 17, form: 0, deprecated: false, inputs: &[single(0xc0)], outputs: &[single(0x13cfe)], attributes: &[("output_datatype", false), ("periodic", false)] },
    ] },
    OpHistory { name: "HannWindow", versions: &[
        OpVersion { since: 17, form: 0, deprecated: false, inputs: &[single(0xc0)], outputs: &[single(0x13cfe)], attributes: &[("output_datatype", false), ("periodic", false)] },
    ] },
    OpHistory { name: "HardSigmoid", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false), ("beta", false), ("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false), ("beta", false)] },
        OpVersion { since: 22, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("alpha", false), ("beta", false)] },
    ] },
    OpHistory { name: "HardSwish", versions: &[
        OpVersion { since: 14, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Hardmax", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false)] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("axis", false)] },
    ] },
    OpHistory { name: "Identity", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[] },
        OpVersion { since: 14, form: 0, deprecated: false, inputs: &[single(0x800000000001fffe)], outputs: &[single(0x800000000001fffe)], attributes: &[] },
        OpVersion { since: 16, form: 0, deprecated: false, inputs: &[single(0x800000000001fffe)], outputs: &[single(0x800000000001fffe)], attributes: &[] },
        OpVersion { since: 19, form: 0, deprecated: false, inputs: &[single(0x80000000001ffffe)], outputs: &[single(0x80000000001ffffe)], attributes: &[] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[single(0x80000000007ffffe)], outputs: &[single(0x80000000007ffffe)], attributes: &[] },
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0x8000000000fffffe)], outputs: &[single(0x8000000000fffffe)], attributes: &[] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x8000000001fffffe)], outputs: &[single(0x8000000001fffffe)], attributes: &[] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[single(0x8000000007fffffe)], outputs: &[single(0x8000000007fffffe)], attributes: &[] },
    ] },
    OpHistory { name: "If", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x200)], outputs: &[variadic(0xfffe)], attributes: &[("else_branch", true), ("then_branch", true)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x200)], outputs: &[variadic(0xfffe)], attributes: &[("else_branch", true), ("then_branch", true)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x200)], outputs: &[variadic(0x800000000000fffe)], attributes: &[("else_branch", true), ("then_branch", true)] },
        OpVersion { since: 16, form: 0, deprecated: false, inputs: &[single(0x200)], outputs: &[variadic(0x800000000001fffe)], attributes: &[("else_branch", true), ("then_branch", true)] },
        OpVersion { since: 19, form: 0, deprecated: false, inputs: &[single(0x200)], outputs: &[variadic(0x80000000001ffffe)], attributes: &[("else_branch", true), ("then_branch", true)] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[single(0x200)], outputs: &[variadic(0x80000000007ffffe)], attributes: &[("else_branch", true), ("then_branch", true)] },
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0x200)], outputs: &[variadic(0x8000000000fffffe)], attributes: &[("else_branch", true), ("then_branch", true)] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x200)], outputs: &[variadic(0x8000000001fffffe)], attributes: &[("else_branch", true), ("then_branch", true)] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[single(0x200)], outputs: &[variadic(0x8000000007fffffe)], attributes: &[("else_branch", true), ("then_branch", true)] },
    ] },
    OpHistory { name: "ImageDecoder", versions: &[
        OpVersion { since: 20, form: 0, deprecated: false, inputs: &[single(0x4)], outputs: &[single(0x4)], attributes: &[("pixel_format", false)] },
    ] },
    OpHistory { name: "InstanceNormalization", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false), ("epsilon", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("epsilon", false)] },
        OpVersion { since: 22, form: 1, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("epsilon", false)] },
    ] },
    OpHistory { name: "IsInf", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0x802)], outputs: &[single(0x200)], attributes: &[("detect_negative", false), ("detect_positive", false)] },
        OpVersion { since: 20, form: 0, deprecated: false, inputs: &[single(0x1f0c02)], outputs: &[single(0x200)], attributes: &[("detect_negative", false), ("detect_positive", false)] },
    ] },
    OpHistory { name: "IsNaN", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 20, form: 0, deprecated: false, inputs: &[single(0x1f0c02)], outputs: &[single(0x200)], attributes: &[] },
    ] },
    OpHistory { name: "LRN", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false), ("beta", false), ("bias", false), ("size", true)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("alpha", false), ("beta", false), ("bias", false), ("size", true)] },
    ] },
    OpHistory { name: "LSTM", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), optional(0xc02), optional(0x40), optional(0xc02), optional(0xc02), optional(0xc02)], outputs: &[optional(0xc02), optional(0xc02), optional(0xc02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("input_forget", false), ("output_sequence", false)] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), optional(0xc02), optional(0x40), optional(0xc02), optional(0xc02), optional(0xc02)], outputs: &[optional(0xc02), optional(0xc02), optional(0xc02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("input_forget", false)] },
        OpVersion { since: 14, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), optional(0xc02), optional(0x40), optional(0xc02), optional(0xc02), optional(0xc02)], outputs: &[optional(0xc02), optional(0xc02), optional(0xc02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("input_forget", false), ("layout", false)] },
        OpVersion { since: 22, form: 1, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02), optional(0x10c02), optional(0x40), optional(0x10c02), optional(0x10c02), optional(0x10c02)], outputs: &[optional(0x10c02), optional(0x10c02), optional(0x10c02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("input_forget", false), ("layout", false)] },
    ] },
    OpHistory { name: "LayerNormalization", versions: &[
        OpVersion { since: 17, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), optional(0x10c02)], outputs: &[single(0x10c02), optional(0x10002), optional(0x10002)], attributes: &[("axis", false), ("epsilon", false), ("stash_type", false)] },
    ] },
    OpHistory { name: "LeakyRelu", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false), ("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false)] },
        OpVersion { since: 16, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("alpha", false)] },
    ] },
    OpHistory { name: "Less", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0x200)], attributes: &[("axis", false), ("broadcast", false)] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 9, form: 1, deprecated: false, inputs: &[single(0x3cfe), single(0x3cfe)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x13cfe), single(0x13cfe)], outputs: &[single(0x200)], attributes: &[] },
    ] },
    OpHistory { name: "LessOrEqual", versions: &[
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[single(0x3cfe), single(0x3cfe)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 16, form: 0, deprecated: false, inputs: &[single(0x13cfe), single(0x13cfe)], outputs: &[single(0x200)], attributes: &[] },
    ] },
    OpHistory { name: "LinearAttention", versions: &[
        OpVersion { since: 27, form: 0, deprecated: false, inputs: &[single(0x10402), single(0x10402), single(0x10402), optional(0x10402), optional(0x10402), optional(0x10402)], outputs: &[single(0x10402), single(0x10402)], attributes: &[("chunk_size", false), ("kv_num_heads", true), ("q_num_heads", true), ("scale", false), ("update_rule", false)] },
    ] },
    OpHistory { name: "Log", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "LogSoftmax", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false)] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("axis", false)] },
    ] },
    OpHistory { name: "Loop", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[optional(0x80), optional(0x200), variadic(0xfffe)], outputs: &[variadic(0xfffe)], attributes: &[("body", true)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[optional(0x80), optional(0x200), variadic(0xfffe)], outputs: &[variadic(0xfffe)], attributes: &[("body", true)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[optional(0x80), optional(0x200), variadic(0x800000000000fffe)], outputs: &[variadic(0x800000000000fffe)], attributes: &[("body", true)] },
        OpVersion { since: 16, form: 0, deprecated: false, inputs: &[optional(0x80), optional(0x200), variadic(0x800000000001fffe)], outputs: &[variadic(0x800000000001fffe)], attributes: &[("body", true)] },
        OpVersion { since: 19, form: 0, deprecated: false, inputs: &[optional(0x80), optional(0x200), variadic(0x80000000001ffffe)], outputs: &[variadic(0x80000000001ffffe)], attributes: &[("body", true)] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[optional(0x80), optional(0x200), variadic(0x80000000007ffffe)], outputs: &[variadic(0x80000000007ffffe)], attributes: &[("body", true)] },
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[optional(0x80), optional(0x200), variadic(0x8000000000fffffe)], outputs: &[variadic(0x8000000000fffffe)], attributes: &[("body", true)] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[optional(0x80), optional(0x200), variadic(0x8000000001fffffe)], outputs: &[variadic(0x8000000001fffffe)], attributes: &[("body", true)] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[optional(0x80), optional(0x200), variadic(0x8000000007fffffe)], outputs: &[variadic(0x8000000007fffffe)], attributes: &[("body", true)] },
    ] },
    OpHistory { name: "LpNormalization", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false), ("p", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("axis", false), ("p", false)] },
    ] },
    OpHistory { name: "LpPool", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("kernel_shape", false), ("p", false), ("pads", false), ("strides", false)] },
        OpVersion { since: 2, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("kernel_shape", true), ("p", false), ("pads", false), ("strides", false)] },
        OpVersion { since: 11, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("kernel_shape", true), ("p", false), ("pads", false), ("strides", false)] },
        OpVersion { since: 18, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("ceil_mode", false), ("dilations", false), ("kernel_shape", true), ("p", false), ("pads", false), ("strides", false)] },
        OpVersion { since: 22, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("auto_pad", false), ("ceil_mode", false), ("dilations", false), ("kernel_shape", true), ("p", false), ("pads", false), ("strides", false)] },
    ] },
    OpHistory { name: "MatMul", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cc2), single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[] },
    ] },
    OpHistory { name: "MatMulInteger", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0xc), single(0xc), optional(0xc), optional(0xc)], outputs: &[single(0x40)], attributes: &[] },
    ] },
    OpHistory { name: "Max", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 8, form: 1, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 12, form: 1, deprecated: false, inputs: &[variadic(0x3cfe)], outputs: &[single(0x3cfe)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[variadic(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[] },
    ] },
    OpHistory { name: "MaxPool", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("auto_pad", false), ("kernel_shape", true), ("pads", false), ("strides", false)] },
        OpVersion { since: 8, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02), optional(0x80)], attributes: &[("auto_pad", false), ("kernel_shape", true), ("pads", false), ("storage_order", false), ("strides", false)] },
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02), optional(0x80)], attributes: &[("auto_pad", false), ("ceil_mode", false), ("dilations", false), ("kernel_shape", true), ("pads", false), ("storage_order", false), ("strides", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02), optional(0x80)], attributes: &[("auto_pad", false), ("ceil_mode", false), ("dilations", false), ("kernel_shape", true), ("pads", false), ("storage_order", false), ("strides", false)] },
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[single(0xc0e)], outputs: &[single(0xc0e), optional(0x80)], attributes: &[("auto_pad", false), ("ceil_mode", false), ("dilations", false), ("kernel_shape", true), ("pads", false), ("storage_order", false), ("strides", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c0e)], outputs: &[single(0x10c0e), optional(0x80)], attributes: &[("auto_pad", false), ("ceil_mode", false), ("dilations", false), ("kernel_shape", true), ("pads", false), ("storage_order", false), ("strides", false)] },
    ] },
    OpHistory { name: "MaxRoiPool", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("pooled_shape", true), ("spatial_scale", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("pooled_shape", true), ("spatial_scale", false)] },
    ] },
    OpHistory { name: "MaxUnpool", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xc02), single(0x80), optional(0x80)], outputs: &[single(0xc02)], attributes: &[("kernel_shape", true), ("pads", false), ("strides", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xc02), single(0x80), optional(0x80)], outputs: &[single(0xc02)], attributes: &[("kernel_shape", true), ("pads", false), ("strides", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x80), optional(0x80)], outputs: &[single(0x10c02)], attributes: &[("kernel_shape", true), ("pads", false), ("strides", false)] },
    ] },
    OpHistory { name: "Mean", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 8, form: 1, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[variadic(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "MeanVarianceNormalization", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axes", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("axes", false)] },
    ] },
    OpHistory { name: "MelWeightMatrix", versions: &[
        OpVersion { since: 17, form: 0, deprecated: false, inputs: &[single(0xc0), single(0xc0), single(0xc0), single(0x10c02), single(0x10c02)], outputs: &[single(0x13cfe)], attributes: &[("output_datatype", false)] },
    ] },
    OpHistory { name: "Min", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 8, form: 1, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 12, form: 1, deprecated: false, inputs: &[variadic(0x3cfe)], outputs: &[single(0x3cfe)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[variadic(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[] },
    ] },
    OpHistory { name: "Mish", versions: &[
        OpVersion { since: 18, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Mod", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0x3cfe), single(0x3cfe)], outputs: &[single(0x3cfe)], attributes: &[("fmod", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cfe), single(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[("fmod", false)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x13cfe), single(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[("fmod", false)] },
    ] },
    OpHistory { name: "Mul", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false), ("broadcast", false), ("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axis", false), ("broadcast", false)] },
        OpVersion { since: 7, form: 2, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[] },
        OpVersion { since: 13, form: 2, deprecated: false, inputs: &[single(0x13cc2), single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[] },
        OpVersion { since: 14, form: 2, deprecated: false, inputs: &[single(0x13cfe), single(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[] },
    ] },
    OpHistory { name: "Multinomial", versions: &[
        OpVersion { since: 7, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc0)], attributes: &[("dtype", false), ("sample_size", false), ("seed", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0xc0)], attributes: &[("dtype", false), ("sample_size", false), ("seed", false)] },
    ] },
    OpHistory { name: "Neg", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xcea)], outputs: &[single(0xcea)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10cea)], outputs: &[single(0x10cea)], attributes: &[] },
    ] },
    OpHistory { name: "NegativeLogLikelihoodLoss", versions: &[
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc0), optional(0xc02)], outputs: &[single(0xc02)], attributes: &[("ignore_index", false), ("reduction", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc0), optional(0xc02)], outputs: &[single(0xc02)], attributes: &[("ignore_index", false), ("reduction", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0xc0), optional(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("ignore_index", false), ("reduction", false)] },
    ] },
    OpHistory { name: "NonMaxSuppression", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0x2), single(0x2), optional(0x80), optional(0x2), optional(0x2)], outputs: &[single(0x80)], attributes: &[("center_point_box", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x2), single(0x2), optional(0x80), optional(0x2), optional(0x2)], outputs: &[single(0x80)], attributes: &[("center_point_box", false)] },
    ] },
    OpHistory { name: "NonZero", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0x80)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x80)], attributes: &[] },
    ] },
    OpHistory { name: "Not", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x200)], outputs: &[single(0x200)], attributes: &[] },
    ] },
    OpHistory { name: "OneHot", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0x3cfe), single(0x3cfe), single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cfe), single(0x3cfe), single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x3cfe), single(0x3cfe), single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("axis", false)] },
    ] },
    OpHistory { name: "Optional", versions: &[
        OpVersion { since: 15, form: 0, deprecated: false, inputs: &[optional(0x800000000000fffe)], outputs: &[single(0x8000000000000000)], attributes: &[("type", false)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[optional(0x800000001ffffffe)], outputs: &[single(0x8000000000000000)], attributes: &[("type", false)] },
    ] },
    OpHistory { name: "OptionalGetElement", versions: &[
        OpVersion { since: 15, form: 0, deprecated: false, inputs: &[single(0x8000000000000000)], outputs: &[single(0x800000000000fffe)], attributes: &[] },
        OpVersion { since: 18, form: 0, deprecated: false, inputs: &[single(0x800000000000fffe)], outputs: &[single(0x800000000000fffe)], attributes: &[] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x800000001ffffffe)], outputs: &[single(0x800000001ffffffe)], attributes: &[] },
    ] },
    OpHistory { name: "OptionalHasElement", versions: &[
        OpVersion { since: 15, form: 0, deprecated: false, inputs: &[single(0x8000000000000000)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 18, form: 0, deprecated: false, inputs: &[optional(0x800000000000fffe)], outputs: &[single(0x200)], attributes: &[] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[optional(0x800000001ffffffe)], outputs: &[single(0x200)], attributes: &[] },
    ] },
    OpHistory { name: "Or", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x200), single(0x200)], outputs: &[single(0x200)], attributes: &[("axis", false), ("broadcast", false)] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0x200), single(0x200)], outputs: &[single(0x200)], attributes: &[] },
    ] },
    OpHistory { name: "PRelu", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 9, form: 1, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[] },
        OpVersion { since: 16, form: 1, deprecated: false, inputs: &[single(0x13cc2), single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[] },
    ] },
    OpHistory { name: "Pad", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("mode", false), ("paddings", true), ("value", false)] },
        OpVersion { since: 2, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("mode", false), ("pads", true), ("value", false)] },
        OpVersion { since: 11, form: 2, deprecated: false, inputs: &[single(0x3cfe), single(0x80), optional(0x3cfe)], outputs: &[single(0x3cfe)], attributes: &[("mode", false)] },
        OpVersion { since: 13, form: 2, deprecated: false, inputs: &[single(0x1fffe), single(0x80), optional(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("mode", false)] },
        OpVersion { since: 18, form: 2, deprecated: false, inputs: &[single(0x1fffe), single(0x80), optional(0x1fffe), optional(0xc0)], outputs: &[single(0x1fffe)], attributes: &[("mode", false)] },
        OpVersion { since: 19, form: 2, deprecated: false, inputs: &[single(0x1fffe), single(0x80), optional(0x1fffe), optional(0xc0)], outputs: &[single(0x1fffe)], attributes: &[("mode", false)] },
        OpVersion { since: 21, form: 2, deprecated: false, inputs: &[single(0x7ffffe), single(0x80), optional(0x7ffffe), optional(0xc0)], outputs: &[single(0x7ffffe)], attributes: &[("mode", false)] },
        OpVersion { since: 23, form: 2, deprecated: false, inputs: &[single(0xfffffe), single(0x80), optional(0xfffffe), optional(0xc0)], outputs: &[single(0xfffffe)], attributes: &[("mode", false)] },
        OpVersion { since: 24, form: 2, deprecated: false, inputs: &[single(0x1fffffe), single(0x80), optional(0x1fffffe), optional(0xc0)], outputs: &[single(0x1fffffe)], attributes: &[("mode", false)] },
        OpVersion { since: 25, form: 2, deprecated: false, inputs: &[single(0x7fffffe), single(0x80), optional(0x7fffffe), optional(0xc0)], outputs: &[single(0x7fffffe)], attributes: &[("mode", false)] },
    ] },
    OpHistory { name: "Pow", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false), ("broadcast", false)] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 12, form: 1, deprecated: false, inputs: &[single(0xcc2), single(0x3cfe)], outputs: &[single(0xcc2)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10cc2), single(0x3cfe)], outputs: &[single(0x10cc2)], attributes: &[] },
        OpVersion { since: 15, form: 1, deprecated: false, inputs: &[single(0x10cc2), single(0x13cfe)], outputs: &[single(0x10cc2)], attributes: &[] },
    ] },
    OpHistory { name: "QLinearConv", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0xc), single(0x2), single(0xc), single(0xc), single(0x2), single(0xc), single(0x2), single(0xc), optional(0x40)], outputs: &[single(0xc)], attributes: &[("auto_pad", false), ("dilations", false), ("group", false), ("kernel_shape", false), ("pads", false), ("strides", false)] },
    ] },
    OpHistory { name: "QLinearMatMul", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0xc), single(0x2), single(0xc), single(0xc), single(0x2), single(0xc), single(0x2), single(0xc)], outputs: &[single(0xc)], attributes: &[] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[single(0x1e000c), single(0x10402), single(0x1e000c), single(0x1e000c), single(0x10402), single(0x1e000c), single(0x10402), single(0x1e000c)], outputs: &[single(0x1e000c)], attributes: &[] },
    ] },
    OpHistory { name: "QuantizeLinear", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0x42), single(0x2), optional(0xc)], outputs: &[single(0xc)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x42), single(0x2), optional(0xc)], outputs: &[single(0xc)], attributes: &[("axis", false)] },
        OpVersion { since: 19, form: 0, deprecated: false, inputs: &[single(0x10442), single(0x10442), optional(0x1e000c)], outputs: &[single(0x1e000c)], attributes: &[("axis", false), ("saturate", false)] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[single(0x10442), single(0x10442), optional(0x7e003c)], outputs: &[single(0x7e003c)], attributes: &[("axis", false), ("block_size", false), ("output_dtype", false), ("saturate", false)] },
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0x10442), single(0x10442), optional(0xfe003c)], outputs: &[single(0xfe003c)], attributes: &[("axis", false), ("block_size", false), ("output_dtype", false), ("precision", false), ("saturate", false)] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x10442), single(0x1010442), optional(0xfe003c)], outputs: &[single(0xfe003c)], attributes: &[("axis", false), ("block_size", false), ("output_dtype", false), ("precision", false), ("saturate", false)] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[single(0x10442), single(0x1010442), optional(0x6fe003c)], outputs: &[single(0x6fe003c)], attributes: &[("axis", false), ("block_size", false), ("output_dtype", false), ("precision", false), ("saturate", false)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x10442), single(0x1010442), optional(0x1efe003c)], outputs: &[single(0x1efe003c)], attributes: &[("axis", false), ("block_size", false), ("output_dtype", false), ("precision", false), ("saturate", false)] },
    ] },
    OpHistory { name: "RMSNormalization", versions: &[
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("axis", false), ("epsilon", false), ("stash_type", false)] },
    ] },
    OpHistory { name: "RNN", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), optional(0xc02), optional(0x40), optional(0xc02)], outputs: &[optional(0xc02), optional(0xc02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("output_sequence", false)] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), optional(0xc02), optional(0x40), optional(0xc02)], outputs: &[optional(0xc02), optional(0xc02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false)] },
        OpVersion { since: 14, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02), optional(0xc02), optional(0x40), optional(0xc02)], outputs: &[optional(0xc02), optional(0xc02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("layout", false)] },
        OpVersion { since: 22, form: 1, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x10c02), optional(0x10c02), optional(0x40), optional(0x10c02)], outputs: &[optional(0x10c02), optional(0x10c02)], attributes: &[("activation_alpha", false), ("activation_beta", false), ("activations", false), ("clip", false), ("direction", false), ("hidden_size", false), ("layout", false)] },
    ] },
    OpHistory { name: "RandomNormal", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[], outputs: &[single(0xc02)], attributes: &[("dtype", false), ("mean", false), ("scale", false), ("seed", false), ("shape", true)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[], outputs: &[single(0x10c02)], attributes: &[("dtype", false), ("mean", false), ("scale", false), ("seed", false), ("shape", true)] },
    ] },
    OpHistory { name: "RandomNormalLike", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xc02)], attributes: &[("dtype", false), ("mean", false), ("scale", false), ("seed", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x10c02)], attributes: &[("dtype", false), ("mean", false), ("scale", false), ("seed", false)] },
    ] },
    OpHistory { name: "RandomUniform", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[], outputs: &[single(0xc02)], attributes: &[("dtype", false), ("high", false), ("low", false), ("seed", false), ("shape", true)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[], outputs: &[single(0x10c02)], attributes: &[("dtype", false), ("high", false), ("low", false), ("seed", false), ("shape", true)] },
    ] },
    OpHistory { name: "RandomUniformLike", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xc02)], attributes: &[("dtype", false), ("high", false), ("low", false), ("seed", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x10c02)], attributes: &[("dtype", false), ("high", false), ("low", false), ("seed", false)] },
    ] },
    OpHistory { name: "Range", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x8e2), single(0x8e2), single(0x8e2)], outputs: &[single(0x8e2)], attributes: &[] },
        OpVersion { since: 27, form: 0, deprecated: false, inputs: &[single(0x10ce2), single(0x10ce2), single(0x10ce2)], outputs: &[single(0x10ce2)], attributes: &[("stash_type", false)] },
    ] },
    OpHistory { name: "Reciprocal", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "ReduceL1", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 18, form: 1, deprecated: false, inputs: &[single(0x13cc2), optional(0x80)], outputs: &[single(0x13cc2)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
    ] },
    OpHistory { name: "ReduceL2", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 18, form: 1, deprecated: false, inputs: &[single(0x13cc2), optional(0x80)], outputs: &[single(0x13cc2)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
    ] },
    OpHistory { name: "ReduceLogSum", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 18, form: 1, deprecated: false, inputs: &[single(0x13cc2), optional(0x80)], outputs: &[single(0x13cc2)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
        OpVersion { since: 28, form: 1, deprecated: false, inputs: &[single(0x10c02), optional(0x80)], outputs: &[single(0x10c02)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
    ] },
    OpHistory { name: "ReduceLogSumExp", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 18, form: 1, deprecated: false, inputs: &[single(0x13cc2), optional(0x80)], outputs: &[single(0x13cc2)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
        OpVersion { since: 28, form: 1, deprecated: false, inputs: &[single(0x10c02), optional(0x80)], outputs: &[single(0x10c02)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
    ] },
    OpHistory { name: "ReduceMax", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[single(0x3cce)], outputs: &[single(0x3cce)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cce)], outputs: &[single(0x13cce)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 18, form: 1, deprecated: false, inputs: &[single(0x13cce), optional(0x80)], outputs: &[single(0x13cce)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
        OpVersion { since: 20, form: 1, deprecated: false, inputs: &[single(0x13ece), optional(0x80)], outputs: &[single(0x13ece)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
    ] },
    OpHistory { name: "ReduceMean", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 18, form: 1, deprecated: false, inputs: &[single(0x13cc2), optional(0x80)], outputs: &[single(0x13cc2)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
    ] },
    OpHistory { name: "ReduceMin", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[single(0x3cce)], outputs: &[single(0x3cce)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cce)], outputs: &[single(0x13cce)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 18, form: 1, deprecated: false, inputs: &[single(0x13cce), optional(0x80)], outputs: &[single(0x13cce)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
        OpVersion { since: 20, form: 1, deprecated: false, inputs: &[single(0x13ece), optional(0x80)], outputs: &[single(0x13ece)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
    ] },
    OpHistory { name: "ReduceProd", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 18, form: 1, deprecated: false, inputs: &[single(0x13cc2), optional(0x80)], outputs: &[single(0x13cc2)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
    ] },
    OpHistory { name: "ReduceSum", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x13cc2), optional(0x80)], outputs: &[single(0x13cc2)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
    ] },
    OpHistory { name: "ReduceSumSquare", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[("axes", false), ("keepdims", false)] },
        OpVersion { since: 18, form: 1, deprecated: false, inputs: &[single(0x13cc2), optional(0x80)], outputs: &[single(0x13cc2)], attributes: &[("keepdims", false), ("noop_with_empty_axes", false)] },
    ] },
    OpHistory { name: "RegexFullMatch", versions: &[
        OpVersion { since: 20, form: 0, deprecated: false, inputs: &[single(0x100)], outputs: &[single(0x200)], attributes: &[("pattern", false)] },
    ] },
    OpHistory { name: "Relu", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
        OpVersion { since: 14, form: 1, deprecated: false, inputs: &[single(0x10cea)], outputs: &[single(0x10cea)], attributes: &[] },
    ] },
    OpHistory { name: "Reshape", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false), ("shape", false)] },
        OpVersion { since: 5, form: 1, deprecated: false, inputs: &[single(0xfffe), single(0x80)], outputs: &[single(0xfffe)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x1fffe), single(0x80)], outputs: &[single(0x1fffe)], attributes: &[] },
        OpVersion { since: 14, form: 1, deprecated: false, inputs: &[single(0x1fffe), single(0x80)], outputs: &[single(0x1fffe)], attributes: &[("allowzero", false)] },
        OpVersion { since: 19, form: 1, deprecated: false, inputs: &[single(0x1ffffe), single(0x80)], outputs: &[single(0x1ffffe)], attributes: &[("allowzero", false)] },
        OpVersion { since: 21, form: 1, deprecated: false, inputs: &[single(0x7ffffe), single(0x80)], outputs: &[single(0x7ffffe)], attributes: &[("allowzero", false)] },
        OpVersion { since: 23, form: 1, deprecated: false, inputs: &[single(0xfffffe), single(0x80)], outputs: &[single(0xfffffe)], attributes: &[("allowzero", false)] },
        OpVersion { since: 24, form: 1, deprecated: false, inputs: &[single(0x1fffffe), single(0x80)], outputs: &[single(0x1fffffe)], attributes: &[("allowzero", false)] },
        OpVersion { since: 25, form: 1, deprecated: false, inputs: &[single(0x7fffffe), single(0x80)], outputs: &[single(0x7fffffe)], attributes: &[("allowzero", false)] },
    ] },
    OpHistory { name: "Resize", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0x2)], outputs: &[single(0xfffe)], attributes: &[("mode", false)] },
        OpVersion { since: 11, form: 1, deprecated: false, inputs: &[single(0xfffe), single(0xc02), single(0x2), optional(0x80)], outputs: &[single(0xfffe)], attributes: &[("coordinate_transformation_mode", false), ("cubic_coeff_a", false), ("exclude_outside", false), ("extrapolation_value", false), ("mode", false), ("nearest_mode", false)] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x1fffe), optional(0xc02), optional(0x2), optional(0x80)], outputs: &[single(0x1fffe)], attributes: &[("coordinate_transformation_mode", false), ("cubic_coeff_a", false), ("exclude_outside", false), ("extrapolation_value", false), ("mode", false), ("nearest_mode", false)] },
        OpVersion { since: 18, form: 1, deprecated: false, inputs: &[single(0x1fffe), optional(0xc02), optional(0x2), optional(0x80)], outputs: &[single(0x1fffe)], attributes: &[("antialias", false), ("axes", false), ("coordinate_transformation_mode", false), ("cubic_coeff_a", false), ("exclude_outside", false), ("extrapolation_value", false), ("keep_aspect_ratio_policy", false), ("mode", false), ("nearest_mode", false)] },
        OpVersion { since: 19, form: 1, deprecated: false, inputs: &[single(0x1fffe), optional(0xc02), optional(0x2), optional(0x80)], outputs: &[single(0x1fffe)], attributes: &[("antialias", false), ("axes", false), ("coordinate_transformation_mode", false), ("cubic_coeff_a", false), ("exclude_outside", false), ("extrapolation_value", false), ("keep_aspect_ratio_policy", false), ("mode", false), ("nearest_mode", false)] },
    ] },
    OpHistory { name: "ReverseSequence", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0x80)], outputs: &[single(0xfffe)], attributes: &[("batch_axis", false), ("time_axis", false)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0x80)], outputs: &[single(0x1fffe)], attributes: &[("batch_axis", false), ("time_axis", false)] },
    ] },
    OpHistory { name: "RoiAlign", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0x80)], outputs: &[single(0xc02)], attributes: &[("mode", false), ("output_height", false), ("output_width", false), ("sampling_ratio", false), ("spatial_scale", false)] },
        OpVersion { since: 16, form: 1, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0x80)], outputs: &[single(0xc02)], attributes: &[("coordinate_transformation_mode", false), ("mode", false), ("output_height", false), ("output_width", false), ("sampling_ratio", false), ("spatial_scale", false)] },
        OpVersion { since: 22, form: 1, deprecated: false, inputs: &[single(0x10c02), single(0x10c02), single(0x80)], outputs: &[single(0x10c02)], attributes: &[("coordinate_transformation_mode", false), ("mode", false), ("output_height", false), ("output_width", false), ("sampling_ratio", false), ("spatial_scale", false)] },
    ] },
    OpHistory { name: "RotaryEmbedding", versions: &[
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0x10402), single(0x10402), single(0x10402), optional(0x80)], outputs: &[single(0x10402)], attributes: &[("interleaved", false), ("num_heads", false), ("rotary_embedding_dim", false)] },
    ] },
    OpHistory { name: "Round", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "STFT", versions: &[
        OpVersion { since: 17, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0xc0), optional(0x10c02), optional(0xc0)], outputs: &[single(0x10c02)], attributes: &[("onesided", false)] },
    ] },
    OpHistory { name: "Scan", versions: &[
        OpVersion { since: 8, form: 0, deprecated: false, inputs: &[optional(0x80), variadic(0xfffe)], outputs: &[variadic(0xfffe)], attributes: &[("body", true), ("directions", false), ("num_scan_inputs", true)] },
        OpVersion { since: 9, form: 1, deprecated: false, inputs: &[variadic(0xfffe)], outputs: &[variadic(0xfffe)], attributes: &[("body", true), ("num_scan_inputs", true), ("scan_input_axes", false), ("scan_input_directions", false), ("scan_output_axes", false), ("scan_output_directions", false)] },
        OpVersion { since: 11, form: 1, deprecated: false, inputs: &[variadic(0xfffe)], outputs: &[variadic(0xfffe)], attributes: &[("body", true), ("num_scan_inputs", true), ("scan_input_axes", false), ("scan_input_directions", false), ("scan_output_axes", false), ("scan_output_directions", false)] },
        OpVersion { since: 16, form: 1, deprecated: false, inputs: &[variadic(0x1fffe)], outputs: &[variadic(0x1fffe)], attributes: &[("body", true), ("num_scan_inputs", true), ("scan_input_axes", false), ("scan_input_directions", false), ("scan_output_axes", false), ("scan_output_directions", false)] },
        OpVersion { since: 19, form: 1, deprecated: false, inputs: &[variadic(0x1ffffe)], outputs: &[variadic(0x1ffffe)], attributes: &[("body", true), ("num_scan_inputs", true), ("scan_input_axes", false), ("scan_input_directions", false), ("scan_output_axes", false), ("scan_output_directions", false)] },
        OpVersion { since: 21, form: 1, deprecated: false, inputs: &[variadic(0x7ffffe)], outputs: &[variadic(0x7ffffe)], attributes: &[("body", true), ("num_scan_inputs", true), ("scan_input_axes", false), ("scan_input_directions", false), ("scan_output_axes", false), ("scan_output_directions", false)] },
        OpVersion { since: 23, form: 1, deprecated: false, inputs: &[variadic(0xfffffe)], outputs: &[variadic(0xfffffe)], attributes: &[("body", true), ("num_scan_inputs", true), ("scan_input_axes", false), ("scan_input_directions", false), ("scan_output_axes", false), ("scan_output_directions", false)] },
        OpVersion { since: 24, form: 1, deprecated: false, inputs: &[variadic(0x1fffffe)], outputs: &[variadic(0x1fffffe)], attributes: &[("body", true), ("num_scan_inputs", true), ("scan_input_axes", false), ("scan_input_directions", false), ("scan_output_axes", false), ("scan_output_directions", false)] },
        OpVersion { since: 25, form: 1, deprecated: false, inputs: &[variadic(0x7fffffe)], outputs: &[variadic(0x7fffffe)], attributes: &[("body", true), ("num_scan_inputs", true), ("scan_input_axes", false), ("scan_input_directions", false), ("scan_output_axes", false), ("scan_output_directions", false)] },
    ] },
    OpHistory { name: "Scatter", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0xc0), single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
        OpVersion { since: 11, form: 1, deprecated: true, inputs: &[single(0xfffe), single(0xc0), single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
    ] },
    OpHistory { name: "ScatterElements", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0xc0), single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axis", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0xc0), single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("axis", false)] },
        OpVersion { since: 16, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0xc0), single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("axis", false), ("reduction", false)] },
        OpVersion { since: 18, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0xc0), single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("axis", false), ("reduction", false)] },
    ] },
    OpHistory { name: "ScatterND", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe), single(0x80), single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0x80), single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[] },
        OpVersion { since: 16, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0x80), single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("reduction", false)] },
        OpVersion { since: 18, form: 0, deprecated: false, inputs: &[single(0x1fffe), single(0x80), single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("reduction", false)] },
    ] },
    OpHistory { name: "Selu", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false), ("consumed_inputs", false), ("gamma", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false), ("gamma", false)] },
        OpVersion { since: 22, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("alpha", false), ("gamma", false)] },
    ] },
    OpHistory { name: "SequenceAt", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x8000000000000000), single(0xc0)], outputs: &[single(0xfffe)], attributes: &[] },
    ] },
    OpHistory { name: "SequenceConstruct", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[variadic(0xfffe)], outputs: &[single(0x8000000000000000)], attributes: &[] },
    ] },
    OpHistory { name: "SequenceEmpty", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[], outputs: &[single(0x8000000000000000)], attributes: &[("dtype", false)] },
    ] },
    OpHistory { name: "SequenceErase", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x8000000000000000), optional(0xc0)], outputs: &[single(0x8000000000000000)], attributes: &[] },
    ] },
    OpHistory { name: "SequenceInsert", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x8000000000000000), single(0xfffe), optional(0xc0)], outputs: &[single(0x8000000000000000)], attributes: &[] },
    ] },
    OpHistory { name: "SequenceLength", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0x8000000000000000)], outputs: &[single(0x80)], attributes: &[] },
    ] },
    OpHistory { name: "SequenceMap", versions: &[
        OpVersion { since: 17, form: 0, deprecated: false, inputs: &[single(0x8000000000000000), variadic(0x800000000000fffe)], outputs: &[variadic(0x8000000000000000)], attributes: &[("body", true)] },
    ] },
    OpHistory { name: "Shape", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0x80)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x80)], attributes: &[] },
        OpVersion { since: 15, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x80)], attributes: &[("end", false), ("start", false)] },
        OpVersion { since: 19, form: 0, deprecated: false, inputs: &[single(0x1ffffe)], outputs: &[single(0x80)], attributes: &[("end", false), ("start", false)] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[single(0x7ffffe)], outputs: &[single(0x80)], attributes: &[("end", false), ("start", false)] },
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0xfffffe)], outputs: &[single(0x80)], attributes: &[("end", false), ("start", false)] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x1fffffe)], outputs: &[single(0x80)], attributes: &[("end", false), ("start", false)] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[single(0x7fffffe)], outputs: &[single(0x80)], attributes: &[("end", false), ("start", false)] },
    ] },
    OpHistory { name: "Shrink", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0x3cfe)], outputs: &[single(0x3cfe)], attributes: &[("bias", false), ("lambd", false)] },
    ] },
    OpHistory { name: "Sigmoid", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Sign", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0x3cfe)], outputs: &[single(0x3cfe)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[] },
    ] },
    OpHistory { name: "Sin", versions: &[
        OpVersion { since: 7, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Sinh", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Size", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0x80)], attributes: &[] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x80)], attributes: &[] },
        OpVersion { since: 19, form: 0, deprecated: false, inputs: &[single(0x1ffffe)], outputs: &[single(0x80)], attributes: &[] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[single(0x7ffffe)], outputs: &[single(0x80)], attributes: &[] },
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0xfffffe)], outputs: &[single(0x80)], attributes: &[] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x1fffffe)], outputs: &[single(0x80)], attributes: &[] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[single(0x7fffffe)], outputs: &[single(0x80)], attributes: &[] },
    ] },
    OpHistory { name: "Slice", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axes", false), ("ends", true), ("starts", true)] },
        OpVersion { since: 10, form: 1, deprecated: false, inputs: &[single(0xfffe), single(0xc0), single(0xc0), optional(0xc0), optional(0xc0)], outputs: &[single(0xfffe)], attributes: &[] },
        OpVersion { since: 11, form: 1, deprecated: false, inputs: &[single(0xfffe), single(0xc0), single(0xc0), optional(0xc0), optional(0xc0)], outputs: &[single(0xfffe)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x1fffe), single(0xc0), single(0xc0), optional(0xc0), optional(0xc0)], outputs: &[single(0x1fffe)], attributes: &[] },
    ] },
    OpHistory { name: "Softmax", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false)] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("axis", false)] },
    ] },
    OpHistory { name: "SoftmaxCrossEntropyLoss", versions: &[
        OpVersion { since: 12, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc0), optional(0xc02)], outputs: &[single(0xc02), optional(0xc02)], attributes: &[("ignore_index", false), ("reduction", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0xc0), optional(0x10c02)], outputs: &[single(0x10c02), optional(0x10c02)], attributes: &[("ignore_index", false), ("reduction", false)] },
    ] },
    OpHistory { name: "Softplus", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Softsign", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "SpaceToDepth", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("blocksize", true)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("blocksize", true)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("blocksize", true), ("mode", false)] },
    ] },
    OpHistory { name: "Split", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), optional(0xc02)], outputs: &[variadic(0xc02)], attributes: &[("axis", false), ("split", false)] },
        OpVersion { since: 2, form: 1, deprecated: false, inputs: &[single(0xfffe)], outputs: &[variadic(0xfffe)], attributes: &[("axis", false), ("split", false)] },
        OpVersion { since: 11, form: 1, deprecated: false, inputs: &[single(0xfffe)], outputs: &[variadic(0xfffe)], attributes: &[("axis", false), ("split", false)] },
        OpVersion { since: 13, form: 2, deprecated: false, inputs: &[single(0x1fffe), optional(0x80)], outputs: &[variadic(0x1fffe)], attributes: &[("axis", false)] },
        OpVersion { since: 18, form: 3, deprecated: false, inputs: &[single(0x1fffe), optional(0x80)], outputs: &[variadic(0x1fffe)], attributes: &[("axis", false), ("num_outputs", false)] },
    ] },
    OpHistory { name: "SplitToSequence", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe), optional(0xc0)], outputs: &[single(0x8000000000000000)], attributes: &[("axis", false), ("keepdims", false)] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x1fffe), optional(0xc0)], outputs: &[single(0x8000000000000000)], attributes: &[("axis", false), ("keepdims", false)] },
    ] },
    OpHistory { name: "Sqrt", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Squeeze", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axes", false)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axes", false)] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x1fffe), optional(0x80)], outputs: &[single(0x1fffe)], attributes: &[] },
        OpVersion { since: 21, form: 1, deprecated: false, inputs: &[single(0x7ffffe), optional(0x80)], outputs: &[single(0x7ffffe)], attributes: &[] },
        OpVersion { since: 23, form: 1, deprecated: false, inputs: &[single(0xfffffe), optional(0x80)], outputs: &[single(0xfffffe)], attributes: &[] },
        OpVersion { since: 24, form: 1, deprecated: false, inputs: &[single(0x1fffffe), optional(0x80)], outputs: &[single(0x1fffffe)], attributes: &[] },
        OpVersion { since: 25, form: 1, deprecated: false, inputs: &[single(0x7fffffe), optional(0x80)], outputs: &[single(0x7fffffe)], attributes: &[] },
    ] },
    OpHistory { name: "StringConcat", versions: &[
        OpVersion { since: 20, form: 0, deprecated: false, inputs: &[single(0x100), single(0x100)], outputs: &[single(0x100)], attributes: &[] },
    ] },
    OpHistory { name: "StringNormalizer", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0x100)], outputs: &[single(0x100)], attributes: &[("case_change_action", false), ("is_case_sensitive", false), ("locale", false), ("stopwords", false)] },
    ] },
    OpHistory { name: "StringSplit", versions: &[
        OpVersion { since: 20, form: 0, deprecated: false, inputs: &[single(0x100)], outputs: &[single(0x100), single(0x80)], attributes: &[("delimiter", false), ("maxsplit", false)] },
    ] },
    OpHistory { name: "Sub", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[("axis", false), ("broadcast", false), ("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[("axis", false), ("broadcast", false)] },
        OpVersion { since: 7, form: 2, deprecated: false, inputs: &[single(0x3cc2), single(0x3cc2)], outputs: &[single(0x3cc2)], attributes: &[] },
        OpVersion { since: 13, form: 2, deprecated: false, inputs: &[single(0x13cc2), single(0x13cc2)], outputs: &[single(0x13cc2)], attributes: &[] },
        OpVersion { since: 14, form: 2, deprecated: false, inputs: &[single(0x13cfe), single(0x13cfe)], outputs: &[single(0x13cfe)], attributes: &[] },
    ] },
    OpHistory { name: "Sum", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 8, form: 1, deprecated: false, inputs: &[variadic(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[variadic(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "SwiGLU", versions: &[
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x10c02), single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("alpha", false)] },
    ] },
    OpHistory { name: "Swish", versions: &[
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("alpha", false)] },
    ] },
    OpHistory { name: "Tan", versions: &[
        OpVersion { since: 7, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "Tanh", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("consumed_inputs", false)] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[] },
    ] },
    OpHistory { name: "TensorScatter", versions: &[
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x1fffffe), single(0x1fffffe), optional(0x80)], outputs: &[single(0x1fffffe)], attributes: &[("axis", false), ("mode", false)] },
    ] },
    OpHistory { name: "TfIdfVectorizer", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0x1c0)], outputs: &[single(0x2)], attributes: &[("max_gram_length", true), ("max_skip_count", true), ("min_gram_length", true), ("mode", true), ("ngram_counts", true), ("ngram_indexes", true), ("pool_int64s", false), ("pool_strings", false), ("weights", false)] },
    ] },
    OpHistory { name: "ThresholdedRelu", versions: &[
        OpVersion { since: 10, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02)], attributes: &[("alpha", false)] },
        OpVersion { since: 22, form: 0, deprecated: false, inputs: &[single(0x10c02)], outputs: &[single(0x10c02)], attributes: &[("alpha", false)] },
    ] },
    OpHistory { name: "Tile", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02), single(0xc02), single(0xc02)], outputs: &[single(0xc02)], attributes: &[] },
        OpVersion { since: 6, form: 1, deprecated: false, inputs: &[single(0xfffe), single(0x80)], outputs: &[single(0xfffe)], attributes: &[] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x1fffe), single(0x80)], outputs: &[single(0x1fffe)], attributes: &[] },
    ] },
    OpHistory { name: "TopK", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xc02)], outputs: &[single(0xc02), single(0x80)], attributes: &[("axis", false), ("k", true)] },
        OpVersion { since: 10, form: 1, deprecated: false, inputs: &[single(0xc02), single(0x80)], outputs: &[single(0xc02), single(0x80)], attributes: &[("axis", false)] },
        OpVersion { since: 11, form: 1, deprecated: false, inputs: &[single(0x3cfe), single(0x80)], outputs: &[single(0x3cfe), single(0x80)], attributes: &[("axis", false), ("largest", false), ("sorted", false)] },
        OpVersion { since: 24, form: 1, deprecated: false, inputs: &[single(0x13cfe), single(0x80)], outputs: &[single(0x13cfe), single(0x80)], attributes: &[("axis", false), ("largest", false), ("sorted", false)] },
    ] },
    OpHistory { name: "Transpose", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("perm", false)] },
        OpVersion { since: 13, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[("perm", false)] },
        OpVersion { since: 21, form: 0, deprecated: false, inputs: &[single(0x7ffffe)], outputs: &[single(0x7ffffe)], attributes: &[("perm", false)] },
        OpVersion { since: 23, form: 0, deprecated: false, inputs: &[single(0xfffffe)], outputs: &[single(0xfffffe)], attributes: &[("perm", false)] },
        OpVersion { since: 24, form: 0, deprecated: false, inputs: &[single(0x1fffffe)], outputs: &[single(0x1fffffe)], attributes: &[("perm", false)] },
        OpVersion { since: 25, form: 0, deprecated: false, inputs: &[single(0x7fffffe)], outputs: &[single(0x7fffffe)], attributes: &[("perm", false)] },
    ] },
    OpHistory { name: "Trilu", versions: &[
        OpVersion { since: 14, form: 0, deprecated: false, inputs: &[single(0x1fffe), optional(0x80)], outputs: &[single(0x1fffe)], attributes: &[("upper", false)] },
    ] },
    OpHistory { name: "Unique", versions: &[
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe), optional(0x80), optional(0x80), optional(0x80)], attributes: &[("axis", false), ("sorted", false)] },
        OpVersion { since: 28, form: 0, deprecated: false, inputs: &[single(0x1fffe)], outputs: &[single(0x1fffe), optional(0x80), optional(0x80), optional(0x80)], attributes: &[("axis", false), ("sorted", false)] },
    ] },
    OpHistory { name: "Unsqueeze", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axes", true)] },
        OpVersion { since: 11, form: 0, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("axes", true)] },
        OpVersion { since: 13, form: 1, deprecated: false, inputs: &[single(0x1fffe), single(0x80)], outputs: &[single(0x1fffe)], attributes: &[] },
        OpVersion { since: 21, form: 1, deprecated: false, inputs: &[single(0x7ffffe), single(0x80)], outputs: &[single(0x7ffffe)], attributes: &[] },
        OpVersion { since: 23, form: 1, deprecated: false, inputs: &[single(0xfffffe), single(0x80)], outputs: &[single(0xfffffe)], attributes: &[] },
        OpVersion { since: 24, form: 1, deprecated: false, inputs: &[single(0x1fffffe), single(0x80)], outputs: &[single(0x1fffffe)], attributes: &[] },
        OpVersion { since: 25, form: 1, deprecated: false, inputs: &[single(0x7fffffe), single(0x80)], outputs: &[single(0x7fffffe)], attributes: &[] },
    ] },
    OpHistory { name: "Upsample", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0xec2)], outputs: &[single(0xec2)], attributes: &[("height_scale", true), ("mode", false), ("width_scale", true)] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[("mode", false), ("scales", true)] },
        OpVersion { since: 9, form: 2, deprecated: false, inputs: &[single(0xfffe), single(0x2)], outputs: &[single(0xfffe)], attributes: &[("mode", false)] },
        OpVersion { since: 10, form: 3, deprecated: true, inputs: &[single(0xfffe), single(0x2)], outputs: &[single(0xfffe)], attributes: &[("mode", false)] },
    ] },
    OpHistory { name: "Where", versions: &[
        OpVersion { since: 9, form: 0, deprecated: false, inputs: &[single(0x200), single(0xfffe), single(0xfffe)], outputs: &[single(0xfffe)], attributes: &[] },
        OpVersion { since: 16, form: 0, deprecated: false, inputs: &[single(0x200), single(0x1fffe), single(0x1fffe)], outputs: &[single(0x1fffe)], attributes: &[] },
    ] },
    OpHistory { name: "Xor", versions: &[
        OpVersion { since: 1, form: 0, deprecated: false, inputs: &[single(0x200), single(0x200)], outputs: &[single(0x200)], attributes: &[("axis", false), ("broadcast", false)] },
        OpVersion { since: 7, form: 1, deprecated: false, inputs: &[single(0x200), single(0x200)], outputs: &[single(0x200)], attributes: &[] },
    ] },
];
