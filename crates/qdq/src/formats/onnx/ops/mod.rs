//! How ONNX spells each op of the hub: one file for each family, `read_x` beside `write_x`.
//!
//! Reading gives the hub's form, which is the newest one, whatever version the file is of: old attributes become
//! constant inputs. Writing gives the form of the operator set asked for, or says which one is needed;
//! element types, attributes and numbers of inputs are checked against the operator table by
//! [`NodeWriter::finish`].

mod control;
mod limit;
mod ml;
mod n_bits;
mod norm;
mod pick;
mod plain;
pub(super) mod qoperator;
mod quantize;
mod recurrent;
mod reduce;
mod resize;
mod sample;
mod shape;
mod slice;
mod softmax;
mod window;

use super::custom::write_custom;
use super::names::is_default_domain;
use super::node_reader::NodeReader;
use super::node_writer::{NodeWriter, WriteResult};
use crate::error::{Error, Result};
use crate::ops::{self as op, Op};

/// Domain of the optimizers.
const TRAINING: &str = "ai.onnx.preview.training";

/// Domain and version of the operator of an op that ONNX does not have in its default domain.
pub(super) fn foreign_domain(op: &Op) -> Option<(&'static str, i64)> {
    match op {
        Op::Adagrad(_) | Op::Adam(_) | Op::Momentum(_) => Some((TRAINING, 1)),
        Op::DynamicQuantizeLstm(_) | Op::GatherBlockQuantized(_) | Op::MatMulNBits(_) => {
            Some((qoperator::MICROSOFT, 1))
        }
        _ => None,
    }
}

/// Reads one node into the hub.
pub(super) type ReadNode = fn(&mut NodeReader<'_, '_>) -> Result<()>;

/// The function that reads nodes of this operator; `None` if they are kept verbatim.
pub(super) fn reader_of(domain: &str, op_type: &str) -> Option<ReadNode> {
    if !is_default_domain(domain) {
        return match (domain, op_type) {
            // onnxruntime had these for 4 and 16 bits before ONNX did.
            ("com.microsoft", "QuantizeLinear") => Some(quantize::read_quantize_linear),
            ("com.microsoft", "DequantizeLinear") => Some(quantize::read_dequantize_linear),
            ("com.microsoft", "DynamicQuantizeLSTM") => Some(recurrent::read_dynamic_quantize_lstm),
            ("com.microsoft", "GatherBlockQuantized") => Some(n_bits::read_gather_block_quantized),
            ("com.microsoft", "MatMulNBits") => Some(n_bits::read_mat_mul_n_bits),
            ("com.microsoft", "QGemm") => Some(qoperator::read_q_gemm),
            ("com.microsoft", "QLinearAdd") => Some(qoperator::read_binary::<op::Add>),
            ("com.microsoft", "QLinearAveragePool") => Some(qoperator::read_q_linear_average_pool),
            ("com.microsoft", "QLinearConcat") => Some(qoperator::read_q_linear_concat),
            ("com.microsoft", "QLinearGlobalAveragePool") => {
                Some(qoperator::read_q_linear_global_average_pool)
            }
            ("com.microsoft", "QLinearLeakyRelu") => Some(qoperator::read_q_linear_leaky_relu),
            ("com.microsoft", "QLinearMul") => Some(qoperator::read_binary::<op::Mul>),
            ("com.microsoft", "QLinearSigmoid") => Some(qoperator::read_q_linear_sigmoid),
            ("com.microsoft", "QLinearSoftmax") => Some(qoperator::read_q_linear_softmax),
            ("com.microsoft", "QLinearWhere") => Some(qoperator::read_q_linear_where),
            ("com.microsoft", "MatMulIntegerToFloat") => Some(qoperator::read_mat_mul_integer_to_float),
            ("ai.onnx.ml", "ArrayFeatureExtractor") => Some(ml::read_array_feature_extractor),
            ("ai.onnx.ml", "Binarizer") => Some(ml::read_binarizer),
            ("ai.onnx.ml", "LabelEncoder") => Some(ml::read_label_encoder),
            ("ai.onnx.preview", "FlexAttention") => Some(ml::read_flex_attention),
            (TRAINING, "Adagrad") => Some(plain::read_same::<op::Adagrad>),
            (TRAINING, "Adam") => Some(plain::read_same::<op::Adam>),
            (TRAINING, "Momentum") => Some(plain::read_same::<op::Momentum>),
            _ => None,
        };
    }
    let index = READERS.binary_search_by(|(name, _)| (*name).cmp(op_type)).ok()?;
    READERS.get(index).map(|(_, read)| *read)
}

/// Operators of the default domain, sorted by name.
#[rustfmt::skip]
const READERS: &[(&str, ReadNode)] = &[
    ("Abs", plain::read_plain::<op::Abs>),
    ("Acos", plain::read_plain::<op::Acos>),
    ("Acosh", plain::read_plain::<op::Acosh>),
    ("Add", plain::read_plain::<op::Add>),
    ("AffineGrid", plain::read_same::<op::AffineGrid>),
    ("And", plain::read_plain::<op::And>),
    ("ArgMax", slice::read_arg_max),
    ("ArgMin", slice::read_arg_min),
    ("Asin", plain::read_plain::<op::Asin>),
    ("Asinh", plain::read_plain::<op::Asinh>),
    ("Atan", plain::read_plain::<op::Atan>),
    ("Atanh", plain::read_plain::<op::Atanh>),
    ("Attention", plain::read_same::<op::Attention>),
    ("AveragePool", window::read_average_pool),
    ("BatchNormalization", norm::read_batch_normalization),
    ("BitCast", plain::read_same::<op::BitCast>),
    ("BitShift", plain::read_bit_shift),
    ("BitwiseAnd", plain::read_plain::<op::BitwiseAnd>),
    ("BitwiseNot", plain::read_plain::<op::BitwiseNot>),
    ("BitwiseOr", plain::read_plain::<op::BitwiseOr>),
    ("BitwiseXor", plain::read_plain::<op::BitwiseXor>),
    ("BlackmanWindow", plain::read_same::<op::BlackmanWindow>),
    ("Cast", plain::read_same::<op::Cast>),
    ("CastLike", plain::read_same::<op::CastLike>),
    ("CausalConvWithState", plain::read_same::<op::CausalConvWithState>),
    ("Ceil", plain::read_plain::<op::Ceil>),
    ("Celu", plain::read_celu),
    ("CenterCropPad", plain::read_same::<op::CenterCropPad>),
    ("Clip", limit::read_clip),
    ("Col2Im", plain::read_same::<op::Col2Im>),
    ("Compress", pick::read_compress),
    ("Concat", slice::read_concat),
    ("ConstantOfShape", pick::read_constant_of_shape),
    ("Conv", window::read_conv),
    ("ConvInteger", plain::read_same::<op::ConvInteger>),
    ("ConvTranspose", window::read_conv_transpose),
    ("Cos", plain::read_plain::<op::Cos>),
    ("Cosh", plain::read_plain::<op::Cosh>),
    ("CumProd", plain::read_same::<op::CumProd>),
    ("CumSum", plain::read_cum_sum),
    ("DFT", sample::read_dft),
    ("DeformConv", plain::read_same::<op::DeformConv>),
    ("DepthToSpace", pick::read_depth_to_space),
    ("DequantizeLinear", quantize::read_dequantize_linear),
    ("Det", plain::read_same::<op::Det>),
    ("Div", plain::read_plain::<op::Div>),
    ("Dropout", limit::read_dropout),
    ("DynamicQuantizeLinear", plain::read_plain::<op::DynamicQuantizeLinear>),
    ("Einsum", plain::read_same::<op::Einsum>),
    ("Elu", plain::read_elu),
    ("Equal", plain::read_plain::<op::Equal>),
    ("Erf", plain::read_plain::<op::Erf>),
    ("Exp", plain::read_plain::<op::Exp>),
    ("Expand", plain::read_plain::<op::Expand>),
    ("EyeLike", pick::read_eye_like),
    ("Flatten", shape::read_flatten),
    ("Floor", plain::read_plain::<op::Floor>),
    ("GRU", recurrent::read_gru),
    ("Gather", pick::read_gather),
    ("GatherElements", pick::read_gather_elements),
    ("GatherND", pick::read_gather_nd),
    ("Gelu", plain::read_gelu),
    ("Gemm", plain::read_gemm),
    ("GlobalAveragePool", plain::read_plain::<op::GlobalAveragePool>),
    ("GlobalLpPool", plain::read_global_lp_pool),
    ("GlobalMaxPool", plain::read_plain::<op::GlobalMaxPool>),
    ("Greater", plain::read_plain::<op::Greater>),
    ("GreaterOrEqual", plain::read_plain::<op::GreaterOrEqual>),
    ("GridSample", sample::read_grid_sample),
    ("GroupNormalization", norm::read_group_normalization),
    ("HammingWindow", plain::read_same::<op::HammingWindow>),
    ("HannWindow", plain::read_same::<op::HannWindow>),
    ("HardSigmoid", plain::read_hard_sigmoid),
    ("HardSwish", plain::read_plain::<op::HardSwish>),
    ("Hardmax", softmax::read_hardmax),
    ("Identity", plain::read_plain::<op::Identity>),
    ("If", control::read_if),
    ("InstanceNormalization", norm::read_instance_normalization),
    ("IsInf", plain::read_is_inf),
    ("IsNaN", plain::read_plain::<op::IsNan>),
    ("LRN", norm::read_lrn),
    ("LSTM", recurrent::read_lstm),
    ("LayerNormalization", norm::read_layer_normalization),
    ("LeakyRelu", plain::read_leaky_relu),
    ("Less", plain::read_plain::<op::Less>),
    ("LessOrEqual", plain::read_plain::<op::LessOrEqual>),
    ("LinearAttention", plain::read_same::<op::LinearAttention>),
    ("Log", plain::read_plain::<op::Log>),
    ("LogSoftmax", softmax::read_log_softmax),
    ("Loop", control::read_loop),
    ("LpNormalization", norm::read_lp_normalization),
    ("LpPool", window::read_lp_pool),
    ("MatMul", plain::read_plain::<op::MatMul>),
    ("MatMulInteger", plain::read_same::<op::MatMulInteger>),
    ("Max", plain::read_plain::<op::Max>),
    ("MaxPool", window::read_max_pool),
    ("MaxUnpool", plain::read_same::<op::MaxUnpool>),
    ("Mean", plain::read_plain::<op::Mean>),
    ("MeanVarianceNormalization", norm::read_mean_variance_normalization),
    ("MelWeightMatrix", plain::read_same::<op::MelWeightMatrix>),
    ("Min", plain::read_plain::<op::Min>),
    ("Mish", plain::read_plain::<op::Mish>),
    ("Mod", plain::read_mod),
    ("Mul", plain::read_plain::<op::Mul>),
    ("Neg", plain::read_plain::<op::Neg>),
    ("NegativeLogLikelihoodLoss", plain::read_same::<op::NegativeLogLikelihoodLoss>),
    ("NonMaxSuppression", plain::read_same::<op::NonMaxSuppression>),
    ("NonZero", plain::read_plain::<op::NonZero>),
    ("Not", plain::read_plain::<op::Not>),
    ("OneHot", pick::read_one_hot),
    ("OptionalGetElement", ml::read_optional_get_element),
    ("OptionalHasElement", ml::read_optional_has_element),
    ("Or", plain::read_plain::<op::Or>),
    ("PRelu", plain::read_plain::<op::PRelu>),
    ("Pad", slice::read_pad),
    ("Pow", plain::read_plain::<op::Pow>),
    ("QLinearConv", qoperator::read_q_linear_conv),
    ("QLinearMatMul", qoperator::read_q_linear_mat_mul),
    ("QuantizeLinear", quantize::read_quantize_linear),
    ("RMSNormalization", norm::read_rms_normalization),
    ("RNN", recurrent::read_rnn),
    ("Range", plain::read_plain::<op::Range>),
    ("Reciprocal", plain::read_plain::<op::Reciprocal>),
    ("ReduceL1", reduce::read_reduce_l1),
    ("ReduceL2", reduce::read_reduce_l2),
    ("ReduceLogSum", reduce::read_reduce_log_sum),
    ("ReduceLogSumExp", reduce::read_reduce_log_sum_exp),
    ("ReduceMax", reduce::read_reduce_max),
    ("ReduceMean", reduce::read_reduce_mean),
    ("ReduceMin", reduce::read_reduce_min),
    ("ReduceProd", reduce::read_reduce_prod),
    ("ReduceSum", reduce::read_reduce_sum),
    ("ReduceSumSquare", reduce::read_reduce_sum_square),
    ("RegexFullMatch", plain::read_same::<op::RegexFullMatch>),
    ("Relu", plain::read_plain::<op::Relu>),
    ("Reshape", shape::read_reshape),
    ("Resize", resize::read_resize),
    ("ReverseSequence", pick::read_reverse_sequence),
    ("RoiAlign", sample::read_roi_align),
    ("RotaryEmbedding", plain::read_same::<op::RotaryEmbedding>),
    ("Round", plain::read_plain::<op::Round>),
    ("STFT", plain::read_same::<op::Stft>),
    ("Scan", control::read_scan),
    ("Scatter", pick::read_scatter_elements),
    ("ScatterElements", pick::read_scatter_elements),
    ("ScatterND", pick::read_scatter_nd),
    ("Selu", plain::read_selu),
    ("Shape", shape::read_shape),
    ("Shrink", plain::read_shrink),
    ("Sigmoid", plain::read_plain::<op::Sigmoid>),
    ("Sign", plain::read_plain::<op::Sign>),
    ("Sin", plain::read_plain::<op::Sin>),
    ("Sinh", plain::read_plain::<op::Sinh>),
    ("Size", plain::read_plain::<op::Size>),
    ("Slice", slice::read_slice),
    ("Softmax", softmax::read_softmax),
    ("SoftmaxCrossEntropyLoss", plain::read_same::<op::SoftmaxCrossEntropyLoss>),
    ("Softplus", plain::read_plain::<op::Softplus>),
    ("Softsign", plain::read_plain::<op::Softsign>),
    ("SpaceToDepth", pick::read_space_to_depth),
    ("Split", slice::read_split),
    ("Sqrt", plain::read_plain::<op::Sqrt>),
    ("Squeeze", shape::read_squeeze),
    ("StringConcat", plain::read_same::<op::StringConcat>),
    ("StringNormalizer", plain::read_same::<op::StringNormalizer>),
    ("StringSplit", plain::read_same::<op::StringSplit>),
    ("Sub", plain::read_plain::<op::Sub>),
    ("Sum", plain::read_plain::<op::Sum>),
    ("SwiGLU", plain::read_same::<op::SwiGlu>),
    ("Swish", plain::read_swish),
    ("Tan", plain::read_plain::<op::Tan>),
    ("Tanh", plain::read_plain::<op::Tanh>),
    ("TensorScatter", plain::read_same::<op::TensorScatter>),
    ("TfIdfVectorizer", plain::read_same::<op::TfIdfVectorizer>),
    ("ThresholdedRelu", plain::read_thresholded_relu),
    ("Tile", plain::read_plain::<op::Tile>),
    ("TopK", slice::read_top_k),
    ("Transpose", shape::read_transpose),
    ("Trilu", plain::read_trilu),
    ("Unique", plain::read_same::<op::Unique>),
    ("Unsqueeze", shape::read_unsqueeze),
    ("Upsample", resize::read_upsample),
    ("Where", plain::read_plain::<op::Where>),
    ("Xor", plain::read_plain::<op::Xor>),
];

/// Writes one node of the hub.
#[allow(clippy::too_many_lines, reason = "one line for each op")]
#[deny(clippy::wildcard_enum_match_arm)]
#[rustfmt::skip]
pub(super) fn write_node(op: &Op, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    match op {
        Op::Abs(_) => plain::write_plain(w, "Abs"),
        Op::Acos(_) => plain::write_plain(w, "Acos"),
        Op::Acosh(_) => plain::write_plain(w, "Acosh"),
        Op::Adagrad(_) => plain::write_foreign(op, w, TRAINING, "Adagrad"),
        Op::Adam(_) => plain::write_foreign(op, w, TRAINING, "Adam"),
        Op::Add(_) => plain::write_plain(w, "Add"),
        Op::AffineGrid(_) => plain::write_same(op, w, "AffineGrid"),
        Op::And(_) => plain::write_plain(w, "And"),
        Op::ArgMax(op) => slice::write_arg_max(op, w),
        Op::ArgMin(op) => slice::write_arg_min(op, w),
        Op::Asin(_) => plain::write_plain(w, "Asin"),
        Op::Asinh(_) => plain::write_plain(w, "Asinh"),
        Op::Atan(_) => plain::write_plain(w, "Atan"),
        Op::Atanh(_) => plain::write_plain(w, "Atanh"),
        Op::Attention(_) => plain::write_same(op, w, "Attention"),
        Op::AveragePool(op) => window::write_average_pool(op, w),
        Op::BatchNormalization(op) => norm::write_batch_normalization(op, w),
        Op::BitCast(_) => plain::write_same(op, w, "BitCast"),
        Op::BitShift(op) => plain::write_bit_shift(op, w),
        Op::BitwiseAnd(_) => plain::write_plain(w, "BitwiseAnd"),
        Op::BitwiseNot(_) => plain::write_plain(w, "BitwiseNot"),
        Op::BitwiseOr(_) => plain::write_plain(w, "BitwiseOr"),
        Op::BitwiseXor(_) => plain::write_plain(w, "BitwiseXor"),
        Op::BlackmanWindow(_) => plain::write_same(op, w, "BlackmanWindow"),
        Op::Cast(_) => plain::write_same(op, w, "Cast"),
        Op::CastLike(_) => plain::write_same(op, w, "CastLike"),
        Op::CausalConvWithState(_) => plain::write_same(op, w, "CausalConvWithState"),
        Op::Ceil(_) => plain::write_plain(w, "Ceil"),
        Op::Celu(op) => plain::write_celu(op, w),
        Op::CenterCropPad(_) => plain::write_same(op, w, "CenterCropPad"),
        Op::Clip(op) => limit::write_clip(op, w),
        Op::Col2Im(_) => plain::write_same(op, w, "Col2Im"),
        Op::Compress(op) => pick::write_compress(op, w),
        Op::Concat(op) => slice::write_concat(op, w),
        Op::ConstantOfShape(op) => pick::write_constant_of_shape(op, w),
        Op::Conv(op) => window::write_conv(op, w),
        Op::ConvInteger(_) => plain::write_same(op, w, "ConvInteger"),
        Op::ConvTranspose(op) => window::write_conv_transpose(op, w),
        Op::Cos(_) => plain::write_plain(w, "Cos"),
        Op::Cosh(_) => plain::write_plain(w, "Cosh"),
        Op::CumProd(_) => plain::write_same(op, w, "CumProd"),
        Op::CumSum(op) => plain::write_cum_sum(op, w),
        Op::Custom(op) => write_custom(op, w),
        Op::DeformConv(_) => plain::write_same(op, w, "DeformConv"),
        Op::DepthToSpace(op) => pick::write_depth_to_space(op, w),
        Op::Dequantize(op) => quantize::write_dequantize(op, w),
        Op::DequantizeLinear(_) => plain::write_same(op, w, "DequantizeLinear"),
        Op::Det(_) => plain::write_same(op, w, "Det"),
        Op::Dft(_) => plain::write_same(op, w, "DFT"),
        Op::Div(_) => plain::write_plain(w, "Div"),
        Op::Dropout(op) => limit::write_dropout(op, w),
        Op::DynamicQuantizeLinear(_) => plain::write_plain(w, "DynamicQuantizeLinear"),
        Op::DynamicQuantizeLstm(op) => {
            recurrent::write_dynamic_quantize_lstm(op, w);
            Ok(())
        }
        Op::Einsum(_) => plain::write_same(op, w, "Einsum"),
        Op::Elu(op) => plain::write_elu(op, w),
        Op::Equal(_) => plain::write_plain(w, "Equal"),
        Op::Erf(_) => plain::write_plain(w, "Erf"),
        Op::Exp(_) => plain::write_plain(w, "Exp"),
        Op::Expand(_) => plain::write_plain(w, "Expand"),
        Op::EyeLike(op) => pick::write_eye_like(op, w),
        Op::Flatten(op) => shape::write_flatten(op, w),
        Op::Floor(_) => plain::write_plain(w, "Floor"),
        Op::Gather(op) => pick::write_gather(op, w),
        Op::GatherBlockQuantized(op) => n_bits::write_gather_block_quantized(op, w),
        Op::GatherElements(op) => pick::write_gather_elements(op, w),
        Op::GatherNd(op) => pick::write_gather_nd(op, w),
        Op::Gelu(op) => plain::write_gelu(op, w),
        Op::Gemm(op) => plain::write_gemm(op, w),
        Op::GlobalAveragePool(_) => plain::write_plain(w, "GlobalAveragePool"),
        Op::GlobalLpPool(op) => plain::write_global_lp_pool(op, w),
        Op::GlobalMaxPool(_) => plain::write_plain(w, "GlobalMaxPool"),
        Op::Greater(_) => plain::write_plain(w, "Greater"),
        Op::GreaterOrEqual(_) => plain::write_plain(w, "GreaterOrEqual"),
        Op::GridSample(_) => plain::write_same(op, w, "GridSample"),
        Op::GroupNormalization(op) => norm::write_group_normalization(op, w),
        Op::Gru(op) => recurrent::write_gru(op, w),
        Op::HammingWindow(_) => plain::write_same(op, w, "HammingWindow"),
        Op::HannWindow(_) => plain::write_same(op, w, "HannWindow"),
        Op::HardSigmoid(op) => plain::write_hard_sigmoid(op, w),
        Op::HardSwish(_) => plain::write_plain(w, "HardSwish"),
        Op::Hardmax(op) => softmax::write_hardmax(op, w),
        Op::Identity(_) => plain::write_plain(w, "Identity"),
        Op::If(op) => control::write_if(op, w),
        Op::InstanceNormalization(op) => norm::write_instance_normalization(op, w),
        Op::IsInf(op) => plain::write_is_inf(op, w),
        Op::IsNan(_) => plain::write_plain(w, "IsNaN"),
        Op::LayerNormalization(op) => norm::write_layer_normalization(op, w),
        Op::LeakyRelu(op) => plain::write_leaky_relu(op, w),
        Op::Less(_) => plain::write_plain(w, "Less"),
        Op::LessOrEqual(_) => plain::write_plain(w, "LessOrEqual"),
        Op::LinearAttention(_) => plain::write_same(op, w, "LinearAttention"),
        Op::Log(_) => plain::write_plain(w, "Log"),
        Op::LogSoftmax(op) => softmax::write_log_softmax(op, w),
        Op::Loop(op) => control::write_loop(op, w),
        Op::LpNormalization(op) => norm::write_lp_normalization(op, w),
        Op::LpPool(op) => window::write_lp_pool(op, w),
        Op::Lrn(op) => norm::write_lrn(op, w),
        Op::Lstm(op) => recurrent::write_lstm(op, w),
        Op::MatMul(_) => plain::write_plain(w, "MatMul"),
        Op::MatMulNBits(op) => {
            n_bits::write_mat_mul_n_bits(op, w);
            Ok(())
        }
        Op::MatMulInteger(_) => plain::write_same(op, w, "MatMulInteger"),
        Op::Max(_) => plain::write_plain(w, "Max"),
        Op::MaxPool(op) => window::write_max_pool(op, w),
        Op::MaxUnpool(_) => plain::write_same(op, w, "MaxUnpool"),
        Op::Mean(_) => plain::write_plain(w, "Mean"),
        Op::MeanVarianceNormalization(op) => norm::write_mean_variance_normalization(op, w),
        Op::MelWeightMatrix(_) => plain::write_same(op, w, "MelWeightMatrix"),
        Op::Min(_) => plain::write_plain(w, "Min"),
        Op::Mish(_) => plain::write_plain(w, "Mish"),
        Op::Mod(op) => plain::write_mod(op, w),
        Op::Momentum(_) => plain::write_foreign(op, w, TRAINING, "Momentum"),
        Op::Mul(_) => plain::write_plain(w, "Mul"),
        Op::Neg(_) => plain::write_plain(w, "Neg"),
        Op::NegativeLogLikelihoodLoss(_) => plain::write_same(op, w, "NegativeLogLikelihoodLoss"),
        Op::NonMaxSuppression(_) => plain::write_same(op, w, "NonMaxSuppression"),
        Op::NonZero(_) => plain::write_plain(w, "NonZero"),
        Op::Not(_) => plain::write_plain(w, "Not"),
        Op::OneHot(op) => pick::write_one_hot(op, w),
        Op::Or(_) => plain::write_plain(w, "Or"),
        Op::PRelu(_) => plain::write_plain(w, "PRelu"),
        Op::Pad(op) => slice::write_pad(op, w),
        Op::Pow(_) => plain::write_plain(w, "Pow"),
        Op::Quantize(op) => quantize::write_quantize(op, w),
        Op::QuantizeLinear(_) => plain::write_same(op, w, "QuantizeLinear"),
        Op::Range(_) => plain::write_plain(w, "Range"),
        Op::Reciprocal(_) => plain::write_plain(w, "Reciprocal"),
        Op::ReduceL1(op) => reduce::write_reduce_l1(op, w),
        Op::ReduceL2(op) => reduce::write_reduce_l2(op, w),
        Op::ReduceLogSum(op) => reduce::write_reduce_log_sum(op, w),
        Op::ReduceLogSumExp(op) => reduce::write_reduce_log_sum_exp(op, w),
        Op::ReduceMax(op) => reduce::write_reduce_max(op, w),
        Op::ReduceMean(op) => reduce::write_reduce_mean(op, w),
        Op::ReduceMin(op) => reduce::write_reduce_min(op, w),
        Op::ReduceProd(op) => reduce::write_reduce_prod(op, w),
        Op::ReduceSum(op) => reduce::write_reduce_sum(op, w),
        Op::ReduceSumSquare(op) => reduce::write_reduce_sum_square(op, w),
        Op::RegexFullMatch(_) => plain::write_same(op, w, "RegexFullMatch"),
        Op::Relu(_) => plain::write_plain(w, "Relu"),
        Op::Reshape(op) => shape::write_reshape(op, w),
        Op::Resize(op) => resize::write_resize(op, w),
        Op::ReverseSequence(op) => pick::write_reverse_sequence(op, w),
        Op::RmsNormalization(op) => norm::write_rms_normalization(op, w),
        Op::Rnn(op) => recurrent::write_rnn(op, w),
        Op::RoiAlign(_) => plain::write_same(op, w, "RoiAlign"),
        Op::RotaryEmbedding(_) => plain::write_same(op, w, "RotaryEmbedding"),
        Op::Round(_) => plain::write_plain(w, "Round"),
        Op::Scan(op) => control::write_scan(op, w),
        Op::ScatterElements(op) => pick::write_scatter_elements(op, w),
        Op::ScatterNd(op) => pick::write_scatter_nd(op, w),
        Op::Selu(op) => plain::write_selu(op, w),
        Op::Shape(op) => shape::write_shape(op, w),
        Op::Shrink(op) => plain::write_shrink(op, w),
        Op::Sigmoid(_) => plain::write_plain(w, "Sigmoid"),
        Op::Sign(_) => plain::write_plain(w, "Sign"),
        Op::Sin(_) => plain::write_plain(w, "Sin"),
        Op::Sinh(_) => plain::write_plain(w, "Sinh"),
        Op::Size(_) => plain::write_plain(w, "Size"),
        Op::Slice(op) => slice::write_slice(op, w),
        Op::Softmax(op) => softmax::write_softmax(op, w),
        Op::SoftmaxCrossEntropyLoss(_) => plain::write_same(op, w, "SoftmaxCrossEntropyLoss"),
        Op::Softplus(_) => plain::write_plain(w, "Softplus"),
        Op::Softsign(_) => plain::write_plain(w, "Softsign"),
        Op::SpaceToDepth(op) => pick::write_space_to_depth(op, w),
        Op::Split(op) => slice::write_split(op, w),
        Op::Sqrt(_) => plain::write_plain(w, "Sqrt"),
        Op::Squeeze(op) => shape::write_squeeze(op, w),
        Op::Stft(_) => plain::write_same(op, w, "STFT"),
        Op::StringConcat(_) => plain::write_same(op, w, "StringConcat"),
        Op::StringNormalizer(_) => plain::write_same(op, w, "StringNormalizer"),
        Op::StringSplit(_) => plain::write_same(op, w, "StringSplit"),
        Op::Sub(_) => plain::write_plain(w, "Sub"),
        Op::Sum(_) => plain::write_plain(w, "Sum"),
        Op::SwiGlu(_) => plain::write_same(op, w, "SwiGLU"),
        Op::Swish(op) => plain::write_swish(op, w),
        Op::Tan(_) => plain::write_plain(w, "Tan"),
        Op::Tanh(_) => plain::write_plain(w, "Tanh"),
        Op::TensorScatter(_) => plain::write_same(op, w, "TensorScatter"),
        Op::TfIdfVectorizer(_) => plain::write_same(op, w, "TfIdfVectorizer"),
        Op::ThresholdedRelu(op) => plain::write_thresholded_relu(op, w),
        Op::Tile(_) => plain::write_plain(w, "Tile"),
        Op::TopK(op) => slice::write_top_k(op, w),
        Op::Transpose(op) => shape::write_transpose(op, w),
        Op::Trilu(op) => plain::write_trilu(op, w),
        Op::Unique(_) => plain::write_same(op, w, "Unique"),
        Op::Unsqueeze(op) => shape::write_unsqueeze(op, w),
        Op::Where(_) => plain::write_plain(w, "Where"),
        Op::Xor(_) => plain::write_plain(w, "Xor"),
    }
}

fn missing(attribute: &str) -> Error {
    Error::malformed("it is missing").attribute(attribute).help("export the model again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_sorted_and_name_operators_of_onnx() {
        assert!(READERS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (name, _) in READERS {
            assert!(qdq_schema::OpHistory::find(name).is_some(), "{name}");
        }
    }
}
