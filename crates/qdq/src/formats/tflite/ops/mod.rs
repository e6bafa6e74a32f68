//! How TFLite spells each op of the hub: one file for each family, `read_x` beside `write_x`.

mod activation;
mod control;
mod dense;
mod lift;
mod norm;
mod plain;
mod quantize;
mod recurrent;
mod recurrent_integer;
mod reduce;
mod resize;
mod select;
mod shape;
mod slice;
mod window;

use qdq_schema::tflite::{builtin_operator as code, builtin_options as tag};

use super::custom::{read_custom, write_custom};
use super::node_reader::NodeReader;
use super::node_writer::NodeWriter;
use crate::error::{Error, Result};
use crate::ops::{self as op, Op};

/// Reads one operator into the hub; those that the hub lacks are kept verbatim.
#[allow(clippy::too_many_lines, reason = "one line for each operator")]
#[rustfmt::skip]
pub(super) fn read_node(mut r: NodeReader<'_, '_>) -> Result<()> {
    let r = &mut r;
    match r.operator.code {
        code::ABS => plain::read_unary::<op::Abs>(r),
        code::ADD => plain::read_add(r),
        code::ARG_MAX => reduce::read_arg_max(r),
        code::ARG_MIN => reduce::read_arg_min(r),
        code::AVERAGE_POOL_2D => window::read_average_pool(r),
        code::BATCH_MATMUL => dense::read_batch_mat_mul(r),
        code::BROADCAST_TO => shape::read_broadcast_to(r),
        code::CAST => quantize::read_cast(r),
        code::CEIL => plain::read_unary::<op::Ceil>(r),
        code::CONCATENATION => shape::read_concatenation(r),
        code::CONV_2D => window::read_conv(r),
        code::COS => plain::read_unary::<op::Cos>(r),
        code::CUMSUM => reduce::read_cumsum(r),
        code::DEPTHWISE_CONV_2D => window::read_depthwise_conv(r),
        code::DEPTH_TO_SPACE => resize::read_depth_to_space(r),
        code::DEQUANTIZE => quantize::read_dequantize(r),
        code::DIV => plain::read_div(r),
        code::ELU => plain::read_unary::<op::Elu>(r),
        code::EQUAL => plain::read_binary::<op::Equal>(r),
        code::EXP => plain::read_unary::<op::Exp>(r),
        code::EXPAND_DIMS => shape::read_expand_dims(r),
        code::FLOOR => plain::read_unary::<op::Floor>(r),
        code::FULLY_CONNECTED => dense::read_fully_connected(r),
        code::GATHER => slice::read_gather(r),
        code::GATHER_ND => slice::read_gather_nd(r),
        code::GELU => activation::read_gelu(r),
        code::GREATER => plain::read_binary::<op::Greater>(r),
        code::GREATER_EQUAL => plain::read_binary::<op::GreaterOrEqual>(r),
        code::HARD_SWISH => plain::read_unary::<op::HardSwish>(r),
        code::LEAKY_RELU => activation::read_leaky_relu(r),
        code::LESS => plain::read_binary::<op::Less>(r),
        code::LESS_EQUAL => plain::read_binary::<op::LessOrEqual>(r),
        code::LOG => plain::read_unary::<op::Log>(r),
        code::LOGICAL_AND => plain::read_binary::<op::And>(r),
        code::LOGICAL_NOT => plain::read_unary::<op::Not>(r),
        code::LOGICAL_OR => plain::read_binary::<op::Or>(r),
        code::LOGISTIC => plain::read_unary::<op::Sigmoid>(r),
        code::LOG_SOFTMAX => activation::read_log_softmax(r),
        code::MAXIMUM => plain::read_binary::<op::Max>(r),
        code::MAX_POOL_2D => window::read_max_pool(r),
        code::MEAN => reduce::read_mean(r),
        code::MINIMUM => plain::read_binary::<op::Min>(r),
        code::MIRROR_PAD => slice::read_mirror_pad(r),
        code::MUL => plain::read_mul(r),
        code::NEG => plain::read_unary::<op::Neg>(r),
        code::NOT_EQUAL => plain::read_not_equal(r),
        code::PACK => shape::read_pack(r),
        code::PAD | code::PADV2 => slice::read_pad(r),
        code::POW => plain::read_binary::<op::Pow>(r),
        code::PRELU => plain::read_binary::<op::PRelu>(r),
        code::QUANTIZE => quantize::read_quantize(r),
        code::REDUCE_MAX => reduce::read_reduce_max(r),
        code::REDUCE_MIN => reduce::read_reduce_min(r),
        code::REDUCE_PROD => reduce::read_reduce_prod(r),
        code::RELU => plain::read_unary::<op::Relu>(r),
        code::RESHAPE => shape::read_reshape(r),
        code::RESIZE_BILINEAR => resize::read_resize_bilinear(r),
        code::RESIZE_NEAREST_NEIGHBOR => resize::read_resize_nearest(r),
        code::REVERSE_V2 => slice::read_reverse(r),
        code::ROUND => plain::read_unary::<op::Round>(r),
        code::RSQRT => plain::read_rsqrt(r),
        code::SELECT_V2 => select::read_select(r),
        code::SHAPE => shape::read_shape(r),
        code::SIGN => plain::read_unary::<op::Sign>(r),
        code::SIN => plain::read_unary::<op::Sin>(r),
        code::SLICE => slice::read_slice(r),
        code::SOFTMAX => activation::read_softmax(r),
        code::SPACE_TO_DEPTH => resize::read_space_to_depth(r),
        code::SPLIT => shape::read_split(r),
        code::SPLIT_V => shape::read_split_v(r),
        code::SQRT => plain::read_unary::<op::Sqrt>(r),
        code::SQUARE => plain::read_square(r),
        code::SQUARED_DIFFERENCE => plain::read_squared_difference(r),
        code::SQUEEZE => shape::read_squeeze(r),
        code::STRIDED_SLICE => slice::read_strided_slice(r),
        code::SUB => plain::read_sub(r),
        code::SUM => reduce::read_sum(r),
        code::TANH => plain::read_unary::<op::Tanh>(r),
        code::TILE => shape::read_tile(r),
        code::TRANSPOSE => shape::read_transpose(r),
        code::TRANSPOSE_CONV => window::read_transpose_conv(r),
        code::IF => r.read_if(),
        code::WHILE => r.read_while(),
        code::UNIDIRECTIONAL_SEQUENCE_LSTM => recurrent::read_lstm(r),
        code::UNPACK => shape::read_unpack(r),
        code::RELU_0_TO_1 => activation::read_clip(r, 0.0, 1.0),
        code::RELU6 => activation::read_clip(r, 0.0, 6.0),
        code::RELU_N1_TO_1 => activation::read_clip(r, -1.0, 1.0),
        _ => read_custom(r),
    }
}

/// Writes one node of the hub.
#[allow(clippy::too_many_lines, reason = "one line for each op")]
#[deny(clippy::wildcard_enum_match_arm)]
#[rustfmt::skip]
pub(super) fn write_node(op: &Op, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    match op {
        Op::Elu(op) => activation::write_elu(op, w),
        Op::Gelu(op) => activation::write_gelu(op, w),
        Op::HardSigmoid(op) => activation::write_hard_sigmoid(op, w),
        Op::HardSwish(_) => plain::write_plain(w, code::HARD_SWISH, tag::HARD_SWISH_OPTIONS),
        Op::LeakyRelu(op) => activation::write_leaky_relu(op, w),
        Op::Relu(_) => plain::write_plain(w, code::RELU, tag::NONE),
        Op::Sigmoid(_) => activation::write_fixed(w, code::LOGISTIC),
        Op::Swish(op) => activation::write_swish(op, w),
        Op::Tanh(_) => activation::write_fixed(w, code::TANH),
        Op::DepthToSpace(op) => resize::write_depth_to_space(op, w),
        Op::SpaceToDepth(op) => resize::write_space_to_depth(op, w),
        Op::Add(_) => plain::write_add(w),
        Op::Div(_) => plain::write_div(w),
        Op::Max(_) => plain::write_extreme(w, code::MAXIMUM),
        Op::Min(_) => plain::write_extreme(w, code::MINIMUM),
        Op::Mul(_) => plain::write_mul(w),
        Op::Sub(_) => plain::write_sub(w),
        Op::Sum(_) => plain::write_sum(w),
        Op::Cast(op) => quantize::write_cast(op, w),
        Op::BatchNormalization(op) => norm::write_batch_normalization(op, w),
        Op::Clip(_) => plain::write_clip(w),
        Op::PRelu(_) => plain::write_plain(w, code::PRELU, tag::NONE),
        Op::Equal(_) => plain::write_plain(w, code::EQUAL, tag::EQUAL_OPTIONS),
        Op::Greater(_) => plain::write_plain(w, code::GREATER, tag::GREATER_OPTIONS),
        Op::GreaterOrEqual(_) => plain::write_plain(w, code::GREATER_EQUAL, tag::GREATER_EQUAL_OPTIONS),
        Op::Less(_) => plain::write_plain(w, code::LESS, tag::LESS_OPTIONS),
        Op::LessOrEqual(_) => plain::write_plain(w, code::LESS_EQUAL, tag::LESS_EQUAL_OPTIONS),
        Op::Concat(op) => shape::write_concat(op, w),
        Op::Split(op) => shape::write_split(op, w),
        Op::Conv(op) => window::write_conv(op, w),
        Op::ConvTranspose(op) => window::write_conv_transpose(op, w),
        Op::Custom(op) => write_custom(op, w),
        Op::Gather(op) => slice::write_gather(op, w),
        Op::GatherNd(op) => slice::write_gather_nd(op, w),
        Op::Gemm(op) => dense::write_gemm(op, w),
        Op::GlobalAveragePool(_) => reduce::write_global_pool(w, code::MEAN),
        Op::GlobalMaxPool(_) => reduce::write_global_pool(w, code::REDUCE_MAX),
        Op::And(_) => plain::write_plain(w, code::LOGICAL_AND, tag::LOGICAL_AND_OPTIONS),
        Op::Not(_) => plain::write_plain(w, code::LOGICAL_NOT, tag::LOGICAL_NOT_OPTIONS),
        Op::Or(_) => plain::write_plain(w, code::LOGICAL_OR, tag::LOGICAL_OR_OPTIONS),
        Op::Where(_) => plain::write_plain(w, code::SELECT_V2, tag::SELECT_V2_OPTIONS),
        Op::MatMul(_) => dense::write_mat_mul(w),
        Op::Expand(_) => shape::write_expand(w),
        Op::Tile(_) => shape::write_tile(w),
        Op::Transpose(op) => shape::write_transpose(op, w),
        Op::LayerNormalization(op) => norm::write_layer_normalization(op, w),
        Op::Pad(op) => slice::write_pad(op, w),
        Op::AveragePool(op) => window::write_average_pool(op, w),
        Op::MaxPool(op) => window::write_max_pool(op, w),
        Op::Pow(_) => plain::write_plain(w, code::POW, tag::POW_OPTIONS),
        Op::Quantize(op) => quantize::write_quantize(op, w),
        Op::If(_) => control::write_if(w),
        Op::Loop(_) => control::write_loop(w),
        Op::Lstm(op) => recurrent::write_lstm(op, w),
        Op::ReduceMax(op) => reduce::write_reduction(w, code::REDUCE_MAX, op.keepdims, op.noop_with_empty_axes),
        Op::ReduceMean(op) => reduce::write_reduction(w, code::MEAN, op.keepdims, op.noop_with_empty_axes),
        Op::ReduceMin(op) => reduce::write_reduction(w, code::REDUCE_MIN, op.keepdims, op.noop_with_empty_axes),
        Op::ReduceProd(op) => reduce::write_reduction(w, code::REDUCE_PROD, op.keepdims, op.noop_with_empty_axes),
        Op::ReduceSum(op) => reduce::write_reduction(w, code::SUM, op.keepdims, op.noop_with_empty_axes),
        Op::Dropout(_) | Op::Identity(_) => shape::write_identity(w),
        Op::Flatten(_) | Op::Reshape(_) | Op::Squeeze(_) | Op::Unsqueeze(_) => shape::write_reshape(w),
        Op::Ceil(_) => plain::write_plain(w, code::CEIL, tag::NONE),
        Op::Floor(_) => plain::write_plain(w, code::FLOOR, tag::NONE),
        Op::Resize(op) => resize::write_resize(op, w),
        Op::Shape(op) => shape::write_shape(op, w),
        Op::Slice(_) => slice::write_slice(w),
        Op::LogSoftmax(op) => activation::write_softmax(op.axis, w),
        Op::Softmax(op) => activation::write_softmax(op.axis, w),
        Op::ArgMax(op) => reduce::write_position(w, code::ARG_MAX, (op.axis, op.keepdims, op.select_last_index)),
        Op::ArgMin(op) => reduce::write_position(w, code::ARG_MIN, (op.axis, op.keepdims, op.select_last_index)),
        Op::CumSum(op) => reduce::write_cumsum(op, w),
        Op::Abs(_) => plain::write_plain(w, code::ABS, tag::ABS_OPTIONS),
        Op::Cos(_) => plain::write_plain(w, code::COS, tag::COS_OPTIONS),
        Op::Exp(_) => plain::write_plain(w, code::EXP, tag::EXP_OPTIONS),
        Op::Log(_) => plain::write_plain(w, code::LOG, tag::NONE),
        Op::Neg(_) => plain::write_plain(w, code::NEG, tag::NEG_OPTIONS),
        Op::Reciprocal(_) => plain::write_reciprocal(w),
        Op::Round(_) => plain::write_plain(w, code::ROUND, tag::NONE),
        Op::Sign(_) => plain::write_plain(w, code::SIGN, tag::SIGN_OPTIONS),
        Op::Sin(_) => plain::write_plain(w, code::SIN, tag::NONE),
        Op::Sqrt(_) => plain::write_plain(w, code::SQRT, tag::NONE),
        Op::Celu(_) | Op::Mish(_) | Op::Selu(_) | Op::Shrink(_) | Op::Softplus(_) | Op::Softsign(_)
        | Op::ThresholdedRelu(_) | Op::NonZero(_) | Op::ReverseSequence(_) | Op::Trilu(_) | Op::Mean(_) | Op::Mod(_)
        | Op::BitShift(_) | Op::BitwiseAnd(_) | Op::BitwiseNot(_) | Op::BitwiseOr(_) | Op::BitwiseXor(_) | Op::CastLike(_)
        | Op::GroupNormalization(_) | Op::InstanceNormalization(_) | Op::IsInf(_) | Op::IsNan(_)
        | Op::Scan(_) | Op::GatherElements(_) | Op::ConstantOfShape(_) | Op::EyeLike(_) | Op::Range(_) | Op::GlobalLpPool(_)
        | Op::Xor(_) | Op::RmsNormalization(_) | Op::LpPool(_) | Op::Dequantize(_) | Op::DynamicQuantizeLinear(_) | Op::DynamicQuantizeLstm(_) | Op::Gru(_)
        | Op::Rnn(_) | Op::ReduceL1(_) | Op::ReduceL2(_) | Op::ReduceLogSum(_) | Op::ReduceLogSumExp(_) | Op::ReduceSumSquare(_)
        | Op::LpNormalization(_) | Op::Lrn(_) | Op::MeanVarianceNormalization(_) | Op::ScatterElements(_) | Op::ScatterNd(_) | Op::Compress(_)
        | Op::OneHot(_) | Op::Size(_) | Op::Hardmax(_) | Op::TopK(_) | Op::Acos(_) | Op::Acosh(_)
        | Op::Asin(_) | Op::Asinh(_) | Op::Atan(_) | Op::Atanh(_) | Op::Cosh(_) | Op::Erf(_)
        | Op::Attention(_) | Op::AffineGrid(_) | Op::GridSample(_) | Op::CausalConvWithState(_)
        | Op::LinearAttention(_) | Op::NegativeLogLikelihoodLoss(_) | Op::SoftmaxCrossEntropyLoss(_)
        | Op::BitCast(_) | Op::NonMaxSuppression(_) | Op::RoiAlign(_) | Op::Einsum(_)
        | Op::BlackmanWindow(_) | Op::Dft(_) | Op::HammingWindow(_) | Op::HannWindow(_)
        | Op::MelWeightMatrix(_) | Op::Stft(_) | Op::CenterCropPad(_) | Op::Col2Im(_)
        | Op::MaxUnpool(_) | Op::TensorScatter(_) | Op::RotaryEmbedding(_) | Op::CumProd(_)
        | Op::RegexFullMatch(_) | Op::StringConcat(_) | Op::StringNormalizer(_) | Op::StringSplit(_)
        | Op::Unique(_)
        | Op::ConvInteger(_) | Op::MatMulInteger(_) | Op::MatMulNBits(_) | Op::GatherBlockQuantized(_) | Op::DequantizeLinear(_) | Op::QuantizeLinear(_)
        | Op::DeformConv(_) | Op::Det(_) | Op::SwiGlu(_) | Op::TfIdfVectorizer(_)
        | Op::Adagrad(_) | Op::Adam(_) | Op::Momentum(_)
        | Op::Sinh(_) | Op::Tan(_) => {
            Err(Error::unsupported(format!("TFLite has no `{}`", op.name()))
                .help("replace the op in the model, or keep the model in ONNX"))
        }
    }
}
