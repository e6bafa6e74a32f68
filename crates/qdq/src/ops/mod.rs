//! The op set: everything `qdq` knows about an op, independent of any file format.
//!
//! One line per op in the table at the end of this file, under the name of its family's file; each op's knowledge sits in its family's file:
//! attributes with defaults (`op!`), and [`OpDef`]: arity, type inference, evaluation, quantization rule.
//! Semantics are those of the newest ONNX version of the operator of the same name
//! (`conv2d`-like spellings of other formats are translated by their readers), channels first.
//! What a reader does not know is kept as [`Custom`].

mod activation;
mod arrange;
mod attention;
mod attrs;
mod binary;
mod bit_cast;
mod bitwise;
mod boxes;
mod broadcasting;
mod cast;
mod channel_norm;
mod clip;
mod compare;
mod concat;
mod control;
mod conv;
mod conv_transpose;
mod custom;
mod deform_conv;
mod det;
mod dispatch;
mod einsum;
mod elementwise;
mod fourier;
mod gather;
mod gather_block_quantized;
mod gemm;
mod generate;
mod global_pool;
mod grid_sample;
mod infer;
mod integer_product;
mod linear_attention;
mod logic;
mod loss;
mod matmul;
mod matmul_n_bits;
mod movement;
mod norm;
mod numeric;
mod packed_once;
mod pad;
mod patches;
mod pool;
mod pow;
mod quantize;
mod quantize_linear;
mod recurrent;
mod recurrent_dynamic;
mod recurrent_run;
mod reduce;
mod resample;
mod reshape;
mod resize;
mod response_norm;
mod rotary;
mod scatter;
mod select;
mod shape;
mod slice;
mod softmax;
mod sort;
mod strided;
mod strings;
mod swiglu;
#[cfg(test)]
mod testing;
mod tf_idf;
mod training;
mod unary;
mod unique;
mod widen;
mod window;

pub use attrs::{Attr, AttrKind, AttrType};
pub(crate) use attrs::{attr_enum, op};
pub(crate) use dispatch::output_count;
pub use infer::{Args, Inputs, Operand};
pub(crate) use infer::{broadcast_sizes, resolve_axis};
pub(crate) use matmul::MatMulSizes;
pub(crate) use movement::transposed;
pub(crate) use numeric::{erf, unwritten};
pub(crate) use packed_once::PackedOnce;

pub use activation::*;
pub use arrange::*;
pub use attention::*;
pub use binary::*;
pub use bit_cast::*;
pub use bitwise::*;
pub use boxes::*;
pub use cast::*;
pub use channel_norm::*;
pub use clip::*;
pub use compare::*;
pub use concat::*;
pub use control::*;
pub use conv::*;
pub use conv_transpose::*;
pub use custom::Custom;
pub use deform_conv::*;
pub use det::*;
pub use einsum::*;
pub use fourier::*;
pub use gather::*;
pub use gather_block_quantized::*;
pub use gemm::*;
pub use generate::*;
pub use global_pool::*;
pub use grid_sample::*;
pub use integer_product::*;
pub use linear_attention::*;
pub use logic::*;
pub use loss::*;
pub use matmul::*;
pub use matmul_n_bits::*;
pub use movement::*;
pub use norm::*;
pub use pad::*;
pub use patches::*;
pub use pool::*;
pub use pow::*;
pub use quantize::*;
pub use quantize_linear::*;
pub use recurrent::*;
pub use recurrent_dynamic::*;
pub use reduce::*;
pub use reshape::*;
pub use resize::*;
pub use response_norm::*;
pub use rotary::*;
pub use scatter::*;
pub use select::*;
pub use shape::*;
pub use slice::*;
pub use softmax::*;
pub use sort::*;
pub use strings::*;
pub use swiglu::*;
pub use tf_idf::*;
pub use training::*;
pub use unary::*;
pub use unique::*;
pub use window::*;

use std::fmt;
use std::ops::RangeInclusive;

use crate::error::{Error, Result};
use crate::kernels::Activation;
use crate::tensor::{Dim, Tensor, TensorType};

/// How many inputs and outputs an op takes; optional ones may be absent in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arity {
    /// Number of inputs.
    pub inputs: RangeInclusive<usize>,
    /// Number of outputs.
    pub outputs: RangeInclusive<usize>,
}

impl Arity {
    /// Exactly `inputs` inputs and one output.
    pub fn fixed(inputs: usize) -> Self {
        Self { inputs: inputs..=inputs, outputs: 1..=1 }
    }

    /// From `least` to `most` inputs and one output.
    pub fn range(least: usize, most: usize) -> Self {
        Self { inputs: least..=most, outputs: 1..=1 }
    }

    /// At least `least` inputs and one output.
    pub fn at_least(least: usize) -> Self {
        Self { inputs: least..=usize::MAX, outputs: 1..=1 }
    }

    /// The same inputs with another number of outputs.
    pub fn outputs(self, least: usize, most: usize) -> Self {
        Self { outputs: least..=most, ..self }
    }
}

/// How an op's numbers relate to quantization: the planner reads nothing else of an op.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QuantRule {
    /// The outputs have ranges of their own.
    Compute {
        /// The input that is a weight when it is constant.
        weight: Option<Weight>,
        /// The input that is a bias when it is constant: stored as i32 with scale input × weight.
        bias: Option<usize>,
    },
    /// All outputs share the parameters of this input: reshape, transpose, max pooling, slice.
    SameAsInput(usize),
    /// All inputs take the parameters of the output: concatenation.
    SameAsOutput,
    /// The mathematics bounds the output: sigmoid, softmax, tanh.
    Bounded {
        /// Smallest output.
        lo: f32,
        /// Largest output.
        hi: f32,
    },
    /// Stays in float, or is of integers already.
    Float,
}

impl QuantRule {
    /// An op whose outputs have ranges of their own and that has no weights.
    pub const COMPUTE: QuantRule = QuantRule::Compute { weight: None, bias: None };
}

/// A weight input and the axis its channels lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Position of the input.
    pub input: usize,
    /// Axis of the output channels; negative counts from the end.
    pub axis: isize,
}

/// What evaluation needs besides its inputs.
#[derive(Clone, Copy, Debug)]
pub struct EvalContext {
    /// How many outputs are asked for, counting absent ones in between.
    pub n_outputs: usize,
}

/// An op bound to its constant inputs, with weights packed once and an activation fused.
pub trait Prepared: Send + Sync + fmt::Debug {
    /// Computes the outputs; inputs that were bound at preparation are absent.
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>>;
}

/// Everything known about one op.
pub trait OpDef {
    /// How many inputs and outputs it takes.
    fn arity(&self) -> Arity;

    /// How many regions (bodies) a node of it holds.
    fn n_regions(&self) -> usize {
        0
    }

    /// Types of the outputs; an error says which rule an input breaks. What is not known stays unknown.
    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>>;

    /// Symbolic contents of a small integer output (a shape computation), where they follow from the inputs.
    fn infer_dims(&self, _inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        None
    }

    /// Computes the outputs, one for each that the context asks for.
    fn eval(&self, context: EvalContext, inputs: Args) -> Result<Vec<Tensor>>;

    /// What the planner may do with it.
    fn quant_rule(&self) -> QuantRule {
        QuantRule::Float
    }

    /// Binds constant inputs (present in `constants`) and an activation; `None` if there is nothing to gain.
    ///
    /// An op that returns `Some` for [`Activation::None`] must accept every activation.
    fn prepare(
        &self,
        _constants: &[Option<Tensor>],
        _activation: Activation,
    ) -> Result<Option<Box<dyn Prepared>>> {
        Ok(None)
    }
}

/// Inputs with the constants that were bound at preparation back in their places.
pub(crate) fn with_constants(mut inputs: Args, constants: &[Option<Tensor>]) -> Args {
    if inputs.0.len() < constants.len() {
        inputs.0.resize(constants.len(), None);
    }
    for (input, constant) in inputs.0.iter_mut().zip(constants) {
        if input.is_none() {
            input.clone_from(constant);
        }
    }
    inputs
}

/// Builds [`Op`] and its dispatch from the table.
macro_rules! ops {
    ($( $text:literal => $name:ident, )*) => {
        /// One operation with its attributes.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "each variant is documented at its struct")]
        pub enum Op { $( $name($name), )* }

        $( impl From<$name> for Op {
            fn from(op: $name) -> Op {
                Op::$name(op)
            }
        } )*

        impl Op {
            /// Names of all ops in text, in the order of the table.
            pub const NAMES: &'static [&'static str] = &[$( $text ),*];

            /// Name in text.
            pub fn name(&self) -> &'static str {
                match self { $( Op::$name(_) => $text, )* }
            }

            /// What is known about the op.
            pub fn def(&self) -> &dyn OpDef {
                match self { $( Op::$name(op) => op, )* }
            }

            /// Attributes that differ from their defaults, in order of declaration.
            pub fn attrs(&self) -> Vec<(&'static str, Attr)> {
                let defaults = self.with_defaults().all_attrs();
                let differing = self.all_attrs().into_iter().zip(defaults).filter(|(attr, default)| attr != default);
                differing.map(|(attr, _)| attr).collect()
            }

            /// All attributes, in order of declaration.
            pub fn all_attrs(&self) -> Vec<(&'static str, Attr)> {
                match self { $( Op::$name(op) => op.attrs(), )* }
            }

            /// Names and kinds of all attributes, in order of declaration.
            pub fn attr_kinds(&self) -> &'static [(&'static str, AttrKind)] {
                match self { $( Op::$name(_) => $name::kinds(), )* }
            }

            /// The same op with its attributes at their defaults.
            pub fn with_defaults(&self) -> Op {
                match self { $( Op::$name(_) => Op::$name($name::default()), )* }
            }

            /// The op of this name with these attributes, the others at their defaults.
            pub fn from_attrs(name: &str, attrs: &[(String, Attr)]) -> Result<Op> {
                match name {
                    $( $text => $name::from_attrs(attrs).map(Op::$name), )*
                    _ => Err(Error::unsupported(format!("there is no op `{name}`"))),
                }
            }
        }
    };
}

ops! {
    // activation.rs
    "celu" => Celu,
    "elu" => Elu,
    "gelu" => Gelu,
    "hard_sigmoid" => HardSigmoid,
    "hard_swish" => HardSwish,
    "leaky_relu" => LeakyRelu,
    "mish" => Mish,
    "relu" => Relu,
    "selu" => Selu,
    "shrink" => Shrink,
    "sigmoid" => Sigmoid,
    "softplus" => Softplus,
    "softsign" => Softsign,
    "swish" => Swish,
    "tanh" => Tanh,
    "thresholded_relu" => ThresholdedRelu,

    // arrange.rs
    "depth_to_space" => DepthToSpace,
    "non_zero" => NonZero,
    "reverse_sequence" => ReverseSequence,
    "space_to_depth" => SpaceToDepth,
    "trilu" => Trilu,

    // attention.rs
    "attention" => Attention,

    // binary.rs
    "add" => Add,
    "div" => Div,
    "max" => Max,
    "mean" => Mean,
    "min" => Min,
    "mod" => Mod,
    "mul" => Mul,
    "sub" => Sub,
    "sum" => Sum,

    // bit_cast.rs
    "bit_cast" => BitCast,

    // bitwise.rs
    "bit_shift" => BitShift,
    "bitwise_and" => BitwiseAnd,
    "bitwise_not" => BitwiseNot,
    "bitwise_or" => BitwiseOr,
    "bitwise_xor" => BitwiseXor,

    // boxes.rs
    "non_max_suppression" => NonMaxSuppression,
    "roi_align" => RoiAlign,

    // cast.rs
    "cast" => Cast,
    "cast_like" => CastLike,

    // channel_norm.rs
    "batch_normalization" => BatchNormalization,
    "group_normalization" => GroupNormalization,
    "instance_normalization" => InstanceNormalization,

    // clip.rs
    "clip" => Clip,
    "dropout" => Dropout,
    "prelu" => PRelu,

    // compare.rs
    "equal" => Equal,
    "greater" => Greater,
    "greater_or_equal" => GreaterOrEqual,
    "is_inf" => IsInf,
    "is_nan" => IsNan,
    "less" => Less,
    "less_or_equal" => LessOrEqual,

    // concat.rs
    "concat" => Concat,
    "split" => Split,

    // control.rs
    "if" => If,
    "loop" => Loop,
    "scan" => Scan,

    // conv.rs
    "conv" => Conv,

    // conv_transpose.rs
    "conv_transpose" => ConvTranspose,

    // custom.rs
    "custom" => Custom,

    // deform_conv.rs
    "deform_conv" => DeformConv,

    // det.rs
    "det" => Det,

    // einsum.rs
    "einsum" => Einsum,

    // fourier.rs
    "blackman_window" => BlackmanWindow,
    "dft" => Dft,
    "hamming_window" => HammingWindow,
    "hann_window" => HannWindow,
    "mel_weight_matrix" => MelWeightMatrix,
    "stft" => Stft,

    // gather.rs
    "gather" => Gather,
    "gather_elements" => GatherElements,
    "gather_nd" => GatherNd,

    // gather_block_quantized.rs
    "gather_block_quantized" => GatherBlockQuantized,

    // gemm.rs
    "gemm" => Gemm,

    // generate.rs
    "constant_of_shape" => ConstantOfShape,
    "eye_like" => EyeLike,
    "range" => Range,

    // global_pool.rs
    "global_average_pool" => GlobalAveragePool,
    "global_lp_pool" => GlobalLpPool,
    "global_max_pool" => GlobalMaxPool,

    // grid_sample.rs
    "affine_grid" => AffineGrid,
    "grid_sample" => GridSample,

    // integer_product.rs
    "conv_integer" => ConvInteger,
    "mat_mul_integer" => MatMulInteger,

    // linear_attention.rs
    "causal_conv_with_state" => CausalConvWithState,
    "linear_attention" => LinearAttention,

    // logic.rs
    "and" => And,
    "not" => Not,
    "or" => Or,
    "where" => Where,
    "xor" => Xor,

    // loss.rs
    "negative_log_likelihood_loss" => NegativeLogLikelihoodLoss,
    "softmax_cross_entropy_loss" => SoftmaxCrossEntropyLoss,

    // matmul.rs
    "mat_mul" => MatMul,

    // matmul_n_bits.rs
    "mat_mul_n_bits" => MatMulNBits,

    // movement.rs
    "expand" => Expand,
    "tile" => Tile,
    "transpose" => Transpose,

    // norm.rs
    "layer_normalization" => LayerNormalization,
    "rms_normalization" => RmsNormalization,

    // pad.rs
    "pad" => Pad,

    // patches.rs
    "center_crop_pad" => CenterCropPad,
    "col_2_im" => Col2Im,
    "max_unpool" => MaxUnpool,
    "tensor_scatter" => TensorScatter,

    // pool.rs
    "average_pool" => AveragePool,
    "lp_pool" => LpPool,
    "max_pool" => MaxPool,

    // pow.rs
    "pow" => Pow,

    // quantize.rs
    "dequantize" => Dequantize,
    "dynamic_quantize_linear" => DynamicQuantizeLinear,
    "quantize" => Quantize,

    // quantize_linear.rs
    "dequantize_linear" => DequantizeLinear,
    "quantize_linear" => QuantizeLinear,

    // recurrent.rs
    "gru" => Gru,
    "lstm" => Lstm,
    "rnn" => Rnn,

    // recurrent_dynamic.rs
    "dynamic_quantize_lstm" => DynamicQuantizeLstm,

    // reduce.rs
    "reduce_l1" => ReduceL1,
    "reduce_l2" => ReduceL2,
    "reduce_log_sum" => ReduceLogSum,
    "reduce_log_sum_exp" => ReduceLogSumExp,
    "reduce_max" => ReduceMax,
    "reduce_mean" => ReduceMean,
    "reduce_min" => ReduceMin,
    "reduce_prod" => ReduceProd,
    "reduce_sum" => ReduceSum,
    "reduce_sum_square" => ReduceSumSquare,

    // reshape.rs
    "flatten" => Flatten,
    "identity" => Identity,
    "reshape" => Reshape,
    "squeeze" => Squeeze,
    "unsqueeze" => Unsqueeze,

    // resize.rs
    "ceil" => Ceil,
    "floor" => Floor,
    "resize" => Resize,

    // response_norm.rs
    "lp_normalization" => LpNormalization,
    "lrn" => Lrn,
    "mean_variance_normalization" => MeanVarianceNormalization,

    // rotary.rs
    "rotary_embedding" => RotaryEmbedding,

    // scatter.rs
    "scatter_elements" => ScatterElements,
    "scatter_nd" => ScatterNd,

    // select.rs
    "compress" => Compress,
    "one_hot" => OneHot,

    // shape.rs
    "shape" => Shape,
    "size" => Size,

    // slice.rs
    "slice" => Slice,

    // softmax.rs
    "hardmax" => Hardmax,
    "log_softmax" => LogSoftmax,
    "softmax" => Softmax,

    // sort.rs
    "arg_max" => ArgMax,
    "arg_min" => ArgMin,
    "cum_sum" => CumSum,
    "top_k" => TopK,
    "cum_prod" => CumProd,

    // strings.rs
    "regex_full_match" => RegexFullMatch,
    "string_concat" => StringConcat,
    "string_normalizer" => StringNormalizer,
    "string_split" => StringSplit,

    // swiglu.rs
    "swi_glu" => SwiGlu,

    // tf_idf.rs
    "tf_idf_vectorizer" => TfIdfVectorizer,

    // training.rs
    "adagrad" => Adagrad,
    "adam" => Adam,
    "momentum" => Momentum,

    // unary.rs
    "abs" => Abs,
    "acos" => Acos,
    "acosh" => Acosh,
    "asin" => Asin,
    "asinh" => Asinh,
    "atan" => Atan,
    "atanh" => Atanh,
    "cos" => Cos,
    "cosh" => Cosh,
    "erf" => Erf,
    "exp" => Exp,
    "log" => Log,
    "neg" => Neg,
    "reciprocal" => Reciprocal,
    "round" => Round,
    "sign" => Sign,
    "sin" => Sin,
    "sinh" => Sinh,
    "sqrt" => Sqrt,
    "tan" => Tan,

    // unique.rs
    "unique" => Unique,
}
