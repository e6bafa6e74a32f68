//! The TFLite flatbuffer interface: where each field of each table lies.
//!
//! Names are those of `schema.fbs`, where their meaning is told:
//! <https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs>.
//!
//! @generated from the Python schema in the wheel `ai-edge-litert` 2.3.0 by `cargo xtask gen`;
//! do not edit.
#![allow(missing_docs, unused_imports, clippy::pedantic, reason = "generated")]
use crate::flatbuffer::Kind;

/// Fields of the table `ATan2Options`.
pub mod a_tan2_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `AbsOptions`.
pub mod abs_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `AddNOptions`.
pub mod add_n_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `AddOptions`.
pub mod add_options {
    use crate::flatbuffer::*;
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(0, 0);
    pub const POT_SCALE_INT16: Scalar<bool> = Scalar::new(1, true);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `ArgMaxOptions`.
pub mod arg_max_options {
    use crate::flatbuffer::*;
    pub const OUTPUT_TYPE: Scalar<i8> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `ArgMinOptions`.
pub mod arg_min_options {
    use crate::flatbuffer::*;
    pub const OUTPUT_TYPE: Scalar<i8> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `AssignVariableOptions`.
pub mod assign_variable_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `BatchMatMulOptions`.
pub mod batch_mat_mul_options {
    use crate::flatbuffer::*;
    pub const ADJ_X: Scalar<bool> = Scalar::new(0, false);
    pub const ADJ_Y: Scalar<bool> = Scalar::new(1, false);
    pub const ASYMMETRIC_QUANTIZE_INPUTS: Scalar<bool> = Scalar::new(2, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1), Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `BatchToSpaceNDOptions`.
pub mod batch_to_space_nd_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `BidirectionalSequenceLSTMOptions`.
pub mod bidirectional_sequence_lstm_options {
    use crate::flatbuffer::*;
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(0, 0);
    pub const CELL_CLIP: Scalar<f32> = Scalar::new(1, 0.0);
    pub const PROJ_CLIP: Scalar<f32> = Scalar::new(2, 0.0);
    pub const MERGE_OUTPUTS: Scalar<bool> = Scalar::new(3, false);
    pub const TIME_MAJOR: Scalar<bool> = Scalar::new(4, true);
    pub const ASYMMETRIC_QUANTIZE_INPUTS: Scalar<bool> = Scalar::new(5, false);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(1),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(1),
        Kind::Scalar(1),
        Kind::Scalar(1),
    ];
}

/// Fields of the table `BidirectionalSequenceRNNOptions`.
pub mod bidirectional_sequence_rnn_options {
    use crate::flatbuffer::*;
    pub const TIME_MAJOR: Scalar<bool> = Scalar::new(0, false);
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(1, 0);
    pub const MERGE_OUTPUTS: Scalar<bool> = Scalar::new(2, false);
    pub const ASYMMETRIC_QUANTIZE_INPUTS: Scalar<bool> = Scalar::new(3, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1), Kind::Scalar(1), Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `BitcastOptions`.
pub mod bitcast_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `BitwiseXorOptions`.
pub mod bitwise_xor_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `BlockwiseQuantization`.
pub mod blockwise_quantization {
    use crate::flatbuffer::*;
    pub const SCALES: Scalar<i32> = Scalar::new(0, 0);
    pub const ZERO_POINTS: Scalar<i32> = Scalar::new(1, 0);
    pub const BLOCK_SIZE: Scalar<i32> = Scalar::new(2, 0);
    pub const BLOCK_SHAPE: Vector<i32> = Vector::new(3);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4), Kind::Scalar(4), Kind::Vector(4)];
}

/// Fields of the table `BroadcastToOptions`.
pub mod broadcast_to_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `BucketizeOptions`.
pub mod bucketize_options {
    use crate::flatbuffer::*;
    pub const BOUNDARIES: Vector<f32> = Vector::new(0);
    pub const KINDS: &[Kind] = &[Kind::Vector(4)];
}

/// Fields of the table `Buffer`.
pub mod buffer {
    use crate::flatbuffer::*;
    pub const DATA: Vector<u8> = Vector::new(0);
    pub const OFFSET: Scalar<u64> = Scalar::new(1, 0);
    pub const SIZE: Scalar<u64> = Scalar::new(2, 0);
    pub const KINDS: &[Kind] = &[Kind::Vector(1), Kind::Scalar(8), Kind::Scalar(8)];
}

/// Fields of the table `CallOnceOptions`.
pub mod call_once_options {
    use crate::flatbuffer::*;
    pub const INIT_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4)];
}

/// Fields of the table `CallOptions`.
pub mod call_options {
    use crate::flatbuffer::*;
    pub const SUBGRAPH: Scalar<u32> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4)];
}

/// Fields of the table `CastOptions`.
pub mod cast_options {
    use crate::flatbuffer::*;
    pub const IN_DATA_TYPE: Scalar<i8> = Scalar::new(0, 0);
    pub const OUT_DATA_TYPE: Scalar<i8> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `ConcatEmbeddingsOptions`.
pub mod concat_embeddings_options {
    use crate::flatbuffer::*;
    pub const NUM_CHANNELS: Scalar<i32> = Scalar::new(0, 0);
    pub const NUM_COLUMNS_PER_CHANNEL: Vector<i32> = Vector::new(1);
    pub const EMBEDDING_DIM_PER_CHANNEL: Vector<i32> = Vector::new(2);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Vector(4), Kind::Vector(4)];
}

/// Fields of the table `ConcatenationOptions`.
pub mod concatenation_options {
    use crate::flatbuffer::*;
    pub const AXIS: Scalar<i32> = Scalar::new(0, 0);
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(1)];
}

/// Fields of the table `Conv2DOptions`.
pub mod conv2_d_options {
    use crate::flatbuffer::*;
    pub const PADDING: Scalar<i8> = Scalar::new(0, 0);
    pub const STRIDE_W: Scalar<i32> = Scalar::new(1, 0);
    pub const STRIDE_H: Scalar<i32> = Scalar::new(2, 0);
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(3, 0);
    pub const DILATION_W_FACTOR: Scalar<i32> = Scalar::new(4, 1);
    pub const DILATION_H_FACTOR: Scalar<i32> = Scalar::new(5, 1);
    pub const QUANTIZED_BIAS_TYPE: Scalar<i8> = Scalar::new(6, 0);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(1),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(1),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(1),
    ];
}

/// Fields of the table `Conv3DOptions`.
pub mod conv3_d_options {
    use crate::flatbuffer::*;
    pub const PADDING: Scalar<i8> = Scalar::new(0, 0);
    pub const STRIDE_D: Scalar<i32> = Scalar::new(1, 0);
    pub const STRIDE_W: Scalar<i32> = Scalar::new(2, 0);
    pub const STRIDE_H: Scalar<i32> = Scalar::new(3, 0);
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(4, 0);
    pub const DILATION_D_FACTOR: Scalar<i32> = Scalar::new(5, 1);
    pub const DILATION_W_FACTOR: Scalar<i32> = Scalar::new(6, 1);
    pub const DILATION_H_FACTOR: Scalar<i32> = Scalar::new(7, 1);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(1),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(1),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(4),
    ];
}

/// Fields of the table `CosOptions`.
pub mod cos_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `CumsumOptions`.
pub mod cumsum_options {
    use crate::flatbuffer::*;
    pub const EXCLUSIVE: Scalar<bool> = Scalar::new(0, false);
    pub const REVERSE: Scalar<bool> = Scalar::new(1, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `CustomQuantization`.
pub mod custom_quantization {
    use crate::flatbuffer::*;
    pub const CUSTOM: Vector<u8> = Vector::new(0);
    pub const KINDS: &[Kind] = &[Kind::Vector(1)];
}

/// Fields of the table `DensifyOptions`.
pub mod densify_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `DepthToSpaceOptions`.
pub mod depth_to_space_options {
    use crate::flatbuffer::*;
    pub const BLOCK_SIZE: Scalar<i32> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4)];
}

/// Fields of the table `DepthwiseConv2DOptions`.
pub mod depthwise_conv2_d_options {
    use crate::flatbuffer::*;
    pub const PADDING: Scalar<i8> = Scalar::new(0, 0);
    pub const STRIDE_W: Scalar<i32> = Scalar::new(1, 0);
    pub const STRIDE_H: Scalar<i32> = Scalar::new(2, 0);
    pub const DEPTH_MULTIPLIER: Scalar<i32> = Scalar::new(3, 0);
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(4, 0);
    pub const DILATION_W_FACTOR: Scalar<i32> = Scalar::new(5, 1);
    pub const DILATION_H_FACTOR: Scalar<i32> = Scalar::new(6, 1);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(1),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(1),
        Kind::Scalar(4),
        Kind::Scalar(4),
    ];
}

/// Fields of the table `DequantizeOptions`.
pub mod dequantize_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `DilateOptions`.
pub mod dilate_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `DimensionMetadata`.
pub mod dimension_metadata {
    use crate::flatbuffer::*;
    pub const FORMAT: Scalar<i8> = Scalar::new(0, 0);
    pub const DENSE_SIZE: Scalar<i32> = Scalar::new(1, 0);
    pub const ARRAY_SEGMENTS_TYPE: Scalar<u8> = Scalar::new(2, 0);
    pub const ARRAY_SEGMENTS: Child = Child(3);
    pub const ARRAY_INDICES_TYPE: Scalar<u8> = Scalar::new(4, 0);
    pub const ARRAY_INDICES: Child = Child(5);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(1),
        Kind::Scalar(4),
        Kind::Scalar(1),
        Kind::Union(super::SPARSE_INDEX_VECTOR_KINDS),
        Kind::Scalar(1),
        Kind::Union(super::SPARSE_INDEX_VECTOR_KINDS),
    ];
}

/// Fields of the table `DivOptions`.
pub mod div_options {
    use crate::flatbuffer::*;
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `DynamicUpdateSliceOptions`.
pub mod dynamic_update_slice_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `EmbeddingLookupSparseOptions`.
pub mod embedding_lookup_sparse_options {
    use crate::flatbuffer::*;
    pub const COMBINER: Scalar<i8> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `EqualOptions`.
pub mod equal_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `ExpOptions`.
pub mod exp_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `ExpandDimsOptions`.
pub mod expand_dims_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `ExternalBuffer`.
pub mod external_buffer {
    use crate::flatbuffer::*;
    pub const ID: Scalar<u32> = Scalar::new(0, 0);
    pub const GROUP: Scalar<u32> = Scalar::new(1, 0);
    pub const OFFSET: Scalar<u64> = Scalar::new(2, 0);
    pub const PACKING: Text = Text(4);
    pub const KINDS: &[Kind] =
        &[Kind::Scalar(4), Kind::Scalar(4), Kind::Scalar(8), Kind::Unknown, Kind::Text];
}

/// Fields of the table `ExternalBufferGroup`.
pub mod external_buffer_group {
    use crate::flatbuffer::*;
    pub const NAME: Text = Text(0);
    pub const KINDS: &[Kind] = &[Kind::Text];
}

/// Fields of the table `FakeQuantOptions`.
pub mod fake_quant_options {
    use crate::flatbuffer::*;
    pub const MIN: Scalar<f32> = Scalar::new(0, 0.0);
    pub const MAX: Scalar<f32> = Scalar::new(1, 0.0);
    pub const NUM_BITS: Scalar<i32> = Scalar::new(2, 0);
    pub const NARROW_RANGE: Scalar<bool> = Scalar::new(3, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4), Kind::Scalar(4), Kind::Scalar(1)];
}

/// Fields of the table `FillOptions`.
pub mod fill_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `FloorDivOptions`.
pub mod floor_div_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `FloorModOptions`.
pub mod floor_mod_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `FullyConnectedOptions`.
pub mod fully_connected_options {
    use crate::flatbuffer::*;
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(0, 0);
    pub const WEIGHTS_FORMAT: Scalar<i8> = Scalar::new(1, 0);
    pub const KEEP_NUM_DIMS: Scalar<bool> = Scalar::new(2, false);
    pub const ASYMMETRIC_QUANTIZE_INPUTS: Scalar<bool> = Scalar::new(3, false);
    pub const QUANTIZED_BIAS_TYPE: Scalar<i8> = Scalar::new(4, 0);
    pub const QUANT_SPEC: Vector<u8> = Vector::new(5);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(1),
        Kind::Scalar(1),
        Kind::Scalar(1),
        Kind::Scalar(1),
        Kind::Scalar(1),
        Kind::Vector(1),
    ];
}

/// Fields of the table `GatherNdOptions`.
pub mod gather_nd_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `GatherOptions`.
pub mod gather_options {
    use crate::flatbuffer::*;
    pub const AXIS: Scalar<i32> = Scalar::new(0, 0);
    pub const BATCH_DIMS: Scalar<i32> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4)];
}

/// Fields of the table `GeluOptions`.
pub mod gelu_options {
    use crate::flatbuffer::*;
    pub const APPROXIMATE: Scalar<bool> = Scalar::new(0, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `GreaterEqualOptions`.
pub mod greater_equal_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `GreaterOptions`.
pub mod greater_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `HardSwishOptions`.
pub mod hard_swish_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `HashtableFindOptions`.
pub mod hashtable_find_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `HashtableImportOptions`.
pub mod hashtable_import_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `HashtableOptions`.
pub mod hashtable_options {
    use crate::flatbuffer::*;
    pub const TABLE_ID: Scalar<i32> = Scalar::new(0, 0);
    pub const KEY_DTYPE: Scalar<i8> = Scalar::new(1, 0);
    pub const VALUE_DTYPE: Scalar<i8> = Scalar::new(2, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `HashtableSizeOptions`.
pub mod hashtable_size_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `IfOptions`.
pub mod if_options {
    use crate::flatbuffer::*;
    pub const THEN_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(0, 0);
    pub const ELSE_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4)];
}

/// Fields of the table `Int32Vector`.
pub mod int32_vector {
    use crate::flatbuffer::*;
    pub const VALUES: Vector<i32> = Vector::new(0);
    pub const KINDS: &[Kind] = &[Kind::Vector(4)];
}

/// Fields of the table `L2NormOptions`.
pub mod l2_norm_options {
    use crate::flatbuffer::*;
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `LSHProjectionOptions`.
pub mod lsh_projection_options {
    use crate::flatbuffer::*;
    pub const TYPE: Scalar<i8> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `LSTMOptions`.
pub mod lstm_options {
    use crate::flatbuffer::*;
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(0, 0);
    pub const CELL_CLIP: Scalar<f32> = Scalar::new(1, 0.0);
    pub const PROJ_CLIP: Scalar<f32> = Scalar::new(2, 0.0);
    pub const KERNEL_TYPE: Scalar<i8> = Scalar::new(3, 0);
    pub const ASYMMETRIC_QUANTIZE_INPUTS: Scalar<bool> = Scalar::new(4, false);
    pub const KINDS: &[Kind] =
        &[Kind::Scalar(1), Kind::Scalar(4), Kind::Scalar(4), Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `LeakyReluOptions`.
pub mod leaky_relu_options {
    use crate::flatbuffer::*;
    pub const ALPHA: Scalar<f32> = Scalar::new(0, 0.0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4)];
}

/// Fields of the table `LessEqualOptions`.
pub mod less_equal_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `LessOptions`.
pub mod less_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `LocalResponseNormalizationOptions`.
pub mod local_response_normalization_options {
    use crate::flatbuffer::*;
    pub const RADIUS: Scalar<i32> = Scalar::new(0, 0);
    pub const BIAS: Scalar<f32> = Scalar::new(1, 0.0);
    pub const ALPHA: Scalar<f32> = Scalar::new(2, 0.0);
    pub const BETA: Scalar<f32> = Scalar::new(3, 0.0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4), Kind::Scalar(4), Kind::Scalar(4)];
}

/// Fields of the table `LogSoftmaxOptions`.
pub mod log_softmax_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `LogicalAndOptions`.
pub mod logical_and_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `LogicalNotOptions`.
pub mod logical_not_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `LogicalOrOptions`.
pub mod logical_or_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `MatrixDiagOptions`.
pub mod matrix_diag_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `MatrixSetDiagOptions`.
pub mod matrix_set_diag_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `MaximumMinimumOptions`.
pub mod maximum_minimum_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `Metadata`.
pub mod metadata {
    use crate::flatbuffer::*;
    pub const NAME: Text = Text(0);
    pub const BUFFER: Scalar<u32> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Text, Kind::Scalar(4)];
}

/// Fields of the table `MirrorPadOptions`.
pub mod mirror_pad_options {
    use crate::flatbuffer::*;
    pub const MODE: Scalar<i8> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `Model`.
pub mod model {
    use crate::flatbuffer::*;
    pub const VERSION: Scalar<u32> = Scalar::new(0, 0);
    pub const OPERATOR_CODES: Children = Children(1);
    pub const SUBGRAPHS: Children = Children(2);
    pub const DESCRIPTION: Text = Text(3);
    pub const BUFFERS: Children = Children(4);
    pub const METADATA_BUFFER: Vector<i32> = Vector::new(5);
    pub const METADATA: Children = Children(6);
    pub const SIGNATURE_DEFS: Children = Children(7);
    pub const EXTERNAL_BUFFER_GROUPS: Children = Children(8);
    pub const EXTERNAL_BUFFERS: Children = Children(9);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(4),
        Kind::Tables(super::operator_code::KINDS),
        Kind::Tables(super::sub_graph::KINDS),
        Kind::Text,
        Kind::Tables(super::buffer::KINDS),
        Kind::Vector(4),
        Kind::Tables(super::metadata::KINDS),
        Kind::Tables(super::signature_def::KINDS),
        Kind::Tables(super::external_buffer_group::KINDS),
        Kind::Tables(super::external_buffer::KINDS),
    ];
}

/// Fields of the table `MulOptions`.
pub mod mul_options {
    use crate::flatbuffer::*;
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `MultiAxisQuantization`.
pub mod multi_axis_quantization {
    use crate::flatbuffer::*;
    pub const SCALES: Scalar<i32> = Scalar::new(0, 0);
    pub const ZERO_POINTS: Scalar<i32> = Scalar::new(1, 0);
    pub const BLOCK_SIZE: Scalar<i32> = Scalar::new(2, 0);
    pub const QUANTIZED_DIMENSIONS: Vector<i32> = Vector::new(3);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4), Kind::Scalar(4), Kind::Vector(4)];
}

/// Fields of the table `NegOptions`.
pub mod neg_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `NonMaxSuppressionV4Options`.
pub mod non_max_suppression_v4_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `NonMaxSuppressionV5Options`.
pub mod non_max_suppression_v5_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `NotEqualOptions`.
pub mod not_equal_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `OneHotOptions`.
pub mod one_hot_options {
    use crate::flatbuffer::*;
    pub const AXIS: Scalar<i32> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4)];
}

/// Fields of the table `Operator`.
pub mod operator {
    use crate::flatbuffer::*;
    pub const OPCODE_INDEX: Scalar<u32> = Scalar::new(0, 0);
    pub const INPUTS: Vector<i32> = Vector::new(1);
    pub const OUTPUTS: Vector<i32> = Vector::new(2);
    pub const BUILTIN_OPTIONS_TYPE: Scalar<u8> = Scalar::new(3, 0);
    pub const BUILTIN_OPTIONS: Child = Child(4);
    pub const CUSTOM_OPTIONS: Vector<u8> = Vector::new(5);
    pub const CUSTOM_OPTIONS_FORMAT: Scalar<i8> = Scalar::new(6, 0);
    pub const MUTATING_VARIABLE_INPUTS: Vector<bool> = Vector::new(7);
    pub const INTERMEDIATES: Vector<i32> = Vector::new(8);
    pub const LARGE_CUSTOM_OPTIONS_OFFSET: Scalar<u64> = Scalar::new(9, 0);
    pub const LARGE_CUSTOM_OPTIONS_SIZE: Scalar<u64> = Scalar::new(10, 0);
    pub const BUILTIN_OPTIONS2_TYPE: Scalar<u8> = Scalar::new(11, 0);
    pub const BUILTIN_OPTIONS2: Child = Child(12);
    pub const DEBUG_METADATA_INDEX: Scalar<i32> = Scalar::new(13, -1);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(4),
        Kind::Vector(4),
        Kind::Vector(4),
        Kind::Scalar(1),
        Kind::Union(super::BUILTIN_OPTIONS_KINDS),
        Kind::Vector(1),
        Kind::Scalar(1),
        Kind::Vector(1),
        Kind::Vector(4),
        Kind::Scalar(8),
        Kind::Scalar(8),
        Kind::Scalar(1),
        Kind::Union(super::BUILTIN_OPTIONS2_KINDS),
        Kind::Scalar(4),
    ];
}

/// Fields of the table `OperatorCode`.
pub mod operator_code {
    use crate::flatbuffer::*;
    pub const DEPRECATED_BUILTIN_CODE: Scalar<i8> = Scalar::new(0, 0);
    pub const CUSTOM_CODE: Text = Text(1);
    pub const VERSION: Scalar<i32> = Scalar::new(2, 1);
    pub const BUILTIN_CODE: Scalar<i32> = Scalar::new(3, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1), Kind::Text, Kind::Scalar(4), Kind::Scalar(4)];
}

/// Fields of the table `PackOptions`.
pub mod pack_options {
    use crate::flatbuffer::*;
    pub const VALUES_COUNT: Scalar<i32> = Scalar::new(0, 0);
    pub const AXIS: Scalar<i32> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4)];
}

/// Fields of the table `PadOptions`.
pub mod pad_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `PadV2Options`.
pub mod pad_v2_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `Pool2DOptions`.
pub mod pool2_d_options {
    use crate::flatbuffer::*;
    pub const PADDING: Scalar<i8> = Scalar::new(0, 0);
    pub const STRIDE_W: Scalar<i32> = Scalar::new(1, 0);
    pub const STRIDE_H: Scalar<i32> = Scalar::new(2, 0);
    pub const FILTER_WIDTH: Scalar<i32> = Scalar::new(3, 0);
    pub const FILTER_HEIGHT: Scalar<i32> = Scalar::new(4, 0);
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(5, 0);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(1),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(1),
    ];
}

/// Fields of the table `PowOptions`.
pub mod pow_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `QuantizationParameters`.
pub mod quantization_parameters {
    use crate::flatbuffer::*;
    pub const MIN: Vector<f32> = Vector::new(0);
    pub const MAX: Vector<f32> = Vector::new(1);
    pub const SCALE: Vector<f32> = Vector::new(2);
    pub const ZERO_POINT: Vector<i64> = Vector::new(3);
    pub const DETAILS_TYPE: Scalar<u8> = Scalar::new(4, 0);
    pub const DETAILS: Child = Child(5);
    pub const QUANTIZED_DIMENSION: Scalar<i32> = Scalar::new(6, 0);
    pub const KINDS: &[Kind] = &[
        Kind::Vector(4),
        Kind::Vector(4),
        Kind::Vector(4),
        Kind::Vector(8),
        Kind::Scalar(1),
        Kind::Union(super::QUANTIZATION_DETAILS_KINDS),
        Kind::Scalar(4),
    ];
}

/// Fields of the table `QuantizeOptions`.
pub mod quantize_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `RNNOptions`.
pub mod rnn_options {
    use crate::flatbuffer::*;
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(0, 0);
    pub const ASYMMETRIC_QUANTIZE_INPUTS: Scalar<bool> = Scalar::new(1, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `RandomOptions`.
pub mod random_options {
    use crate::flatbuffer::*;
    pub const SEED: Scalar<i64> = Scalar::new(0, 0);
    pub const SEED2: Scalar<i64> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(8), Kind::Scalar(8)];
}

/// Fields of the table `RangeOptions`.
pub mod range_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `RankOptions`.
pub mod rank_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `ReadVariableOptions`.
pub mod read_variable_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `ReduceWindowOptions`.
pub mod reduce_window_options {
    use crate::flatbuffer::*;
    pub const REDUCE_FUNCTION: Scalar<i32> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4)];
}

/// Fields of the table `ReducerOptions`.
pub mod reducer_options {
    use crate::flatbuffer::*;
    pub const KEEP_DIMS: Scalar<bool> = Scalar::new(0, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `ReshapeOptions`.
pub mod reshape_options {
    use crate::flatbuffer::*;
    pub const NEW_SHAPE: Vector<i32> = Vector::new(0);
    pub const KINDS: &[Kind] = &[Kind::Vector(4)];
}

/// Fields of the table `ResizeBilinearOptions`.
pub mod resize_bilinear_options {
    use crate::flatbuffer::*;
    pub const ALIGN_CORNERS: Scalar<bool> = Scalar::new(2, false);
    pub const HALF_PIXEL_CENTERS: Scalar<bool> = Scalar::new(3, false);
    pub const KINDS: &[Kind] = &[Kind::Unknown, Kind::Unknown, Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `ResizeNearestNeighborOptions`.
pub mod resize_nearest_neighbor_options {
    use crate::flatbuffer::*;
    pub const ALIGN_CORNERS: Scalar<bool> = Scalar::new(0, false);
    pub const HALF_PIXEL_CENTERS: Scalar<bool> = Scalar::new(1, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `ReverseSequenceOptions`.
pub mod reverse_sequence_options {
    use crate::flatbuffer::*;
    pub const SEQ_DIM: Scalar<i32> = Scalar::new(0, 0);
    pub const BATCH_DIM: Scalar<i32> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4)];
}

/// Fields of the table `ReverseV2Options`.
pub mod reverse_v2_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `Rfft2dOptions`.
pub mod rfft2d_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `RightShiftOptions`.
pub mod right_shift_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `SVDFOptions`.
pub mod svdf_options {
    use crate::flatbuffer::*;
    pub const RANK: Scalar<i32> = Scalar::new(0, 0);
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(1, 0);
    pub const ASYMMETRIC_QUANTIZE_INPUTS: Scalar<bool> = Scalar::new(2, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `ScatterNdOptions`.
pub mod scatter_nd_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `SegmentSumOptions`.
pub mod segment_sum_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `SelectOptions`.
pub mod select_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `SelectV2Options`.
pub mod select_v2_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `SequenceRNNOptions`.
pub mod sequence_rnn_options {
    use crate::flatbuffer::*;
    pub const TIME_MAJOR: Scalar<bool> = Scalar::new(0, false);
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(1, 0);
    pub const ASYMMETRIC_QUANTIZE_INPUTS: Scalar<bool> = Scalar::new(2, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1), Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `ShapeOptions`.
pub mod shape_options {
    use crate::flatbuffer::*;
    pub const OUT_TYPE: Scalar<i8> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `SignOptions`.
pub mod sign_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `SignatureDef`.
pub mod signature_def {
    use crate::flatbuffer::*;
    pub const INPUTS: Children = Children(0);
    pub const OUTPUTS: Children = Children(1);
    pub const SIGNATURE_KEY: Text = Text(2);
    pub const SUBGRAPH_INDEX: Scalar<u32> = Scalar::new(4, 0);
    pub const KINDS: &[Kind] = &[
        Kind::Tables(super::tensor_map::KINDS),
        Kind::Tables(super::tensor_map::KINDS),
        Kind::Text,
        Kind::Unknown,
        Kind::Scalar(4),
    ];
}

/// Fields of the table `SkipGramOptions`.
pub mod skip_gram_options {
    use crate::flatbuffer::*;
    pub const NGRAM_SIZE: Scalar<i32> = Scalar::new(0, 0);
    pub const MAX_SKIP_SIZE: Scalar<i32> = Scalar::new(1, 0);
    pub const INCLUDE_ALL_NGRAMS: Scalar<bool> = Scalar::new(2, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4), Kind::Scalar(1)];
}

/// Fields of the table `SliceOptions`.
pub mod slice_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `SoftmaxOptions`.
pub mod softmax_options {
    use crate::flatbuffer::*;
    pub const BETA: Scalar<f32> = Scalar::new(0, 0.0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4)];
}

/// Fields of the table `SpaceToBatchNDOptions`.
pub mod space_to_batch_nd_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `SpaceToDepthOptions`.
pub mod space_to_depth_options {
    use crate::flatbuffer::*;
    pub const BLOCK_SIZE: Scalar<i32> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4)];
}

/// Fields of the table `SparseToDenseOptions`.
pub mod sparse_to_dense_options {
    use crate::flatbuffer::*;
    pub const VALIDATE_INDICES: Scalar<bool> = Scalar::new(0, false);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `SparsityParameters`.
pub mod sparsity_parameters {
    use crate::flatbuffer::*;
    pub const TRAVERSAL_ORDER: Vector<i32> = Vector::new(0);
    pub const BLOCK_MAP: Vector<i32> = Vector::new(1);
    pub const DIM_METADATA: Children = Children(2);
    pub const KINDS: &[Kind] =
        &[Kind::Vector(4), Kind::Vector(4), Kind::Tables(super::dimension_metadata::KINDS)];
}

/// Fields of the table `SplitOptions`.
pub mod split_options {
    use crate::flatbuffer::*;
    pub const NUM_SPLITS: Scalar<i32> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4)];
}

/// Fields of the table `SplitVOptions`.
pub mod split_v_options {
    use crate::flatbuffer::*;
    pub const NUM_SPLITS: Scalar<i32> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4)];
}

/// Fields of the table `SquareOptions`.
pub mod square_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `SquaredDifferenceOptions`.
pub mod squared_difference_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `SqueezeOptions`.
pub mod squeeze_options {
    use crate::flatbuffer::*;
    pub const SQUEEZE_DIMS: Vector<i32> = Vector::new(0);
    pub const KINDS: &[Kind] = &[Kind::Vector(4)];
}

/// Fields of the table `StableHLOCompositeOptions`.
pub mod stable_hlo_composite_options {
    use crate::flatbuffer::*;
    pub const NAME: Text = Text(0);
    pub const DECOMPOSITION_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(1, 0);
    pub const COMPOSITE_ATTRIBUTES: Vector<u8> = Vector::new(2);
    pub const COMPOSITE_ATTRIBUTES_FORMAT: Scalar<i8> = Scalar::new(3, 0);
    pub const VERSION: Scalar<i32> = Scalar::new(4, 0);
    pub const KINDS: &[Kind] =
        &[Kind::Text, Kind::Scalar(4), Kind::Vector(1), Kind::Scalar(1), Kind::Scalar(4)];
}

/// Fields of the table `StablehloBroadcastInDimOptions`.
pub mod stablehlo_broadcast_in_dim_options {
    use crate::flatbuffer::*;
    pub const BROADCAST_DIMENSIONS: Vector<i64> = Vector::new(0);
    pub const KINDS: &[Kind] = &[Kind::Vector(8)];
}

/// Fields of the table `StablehloCaseOptions`.
pub mod stablehlo_case_options {
    use crate::flatbuffer::*;
    pub const BRANCH_SUBGRAPH_INDICES: Vector<i32> = Vector::new(0);
    pub const KINDS: &[Kind] = &[Kind::Vector(4)];
}

/// Fields of the table `StablehloCompareOptions`.
pub mod stablehlo_compare_options {
    use crate::flatbuffer::*;
    pub const COMPARISON_DIRECTION: Scalar<u32> = Scalar::new(0, 0);
    pub const COMPARE_TYPE: Scalar<u32> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4)];
}

/// Fields of the table `StablehloConcatenateOptions`.
pub mod stablehlo_concatenate_options {
    use crate::flatbuffer::*;
    pub const DIMENSION: Scalar<i64> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(8)];
}

/// Fields of the table `StablehloConvolutionOptions`.
pub mod stablehlo_convolution_options {
    use crate::flatbuffer::*;
    pub const WINDOW_STRIDES: Vector<i64> = Vector::new(0);
    pub const PADDING: Vector<i64> = Vector::new(1);
    pub const LHS_DILATION: Vector<i64> = Vector::new(2);
    pub const RHS_DILATION: Vector<i64> = Vector::new(3);
    pub const WINDOW_REVERSAL: Vector<bool> = Vector::new(4);
    pub const INPUT_BATCH_DIMENSION: Scalar<i64> = Scalar::new(5, 0);
    pub const INPUT_FEATURE_DIMENSION: Scalar<i64> = Scalar::new(6, 0);
    pub const INPUT_SPATIAL_DIMENSIONS: Vector<i64> = Vector::new(7);
    pub const KERNEL_INPUT_FEATURE_DIMENSION: Scalar<i64> = Scalar::new(8, 0);
    pub const KERNEL_OUTPUT_FEATURE_DIMENSION: Scalar<i64> = Scalar::new(9, 0);
    pub const KERNEL_SPATIAL_DIMENSIONS: Vector<i64> = Vector::new(10);
    pub const OUTPUT_BATCH_DIMENSION: Scalar<i64> = Scalar::new(11, 0);
    pub const OUTPUT_FEATURE_DIMENSION: Scalar<i64> = Scalar::new(12, 0);
    pub const OUTPUT_SPATIAL_DIMENSIONS: Vector<i64> = Vector::new(13);
    pub const FEATURE_GROUP_COUNT: Scalar<i64> = Scalar::new(14, 0);
    pub const BATCH_GROUP_COUNT: Scalar<i64> = Scalar::new(15, 0);
    pub const PRECISION_CONFIG: Vector<u32> = Vector::new(16);
    pub const KINDS: &[Kind] = &[
        Kind::Vector(8),
        Kind::Vector(8),
        Kind::Vector(8),
        Kind::Vector(8),
        Kind::Vector(1),
        Kind::Scalar(8),
        Kind::Scalar(8),
        Kind::Vector(8),
        Kind::Scalar(8),
        Kind::Scalar(8),
        Kind::Vector(8),
        Kind::Scalar(8),
        Kind::Scalar(8),
        Kind::Vector(8),
        Kind::Scalar(8),
        Kind::Scalar(8),
        Kind::Vector(4),
    ];
}

/// Fields of the table `StablehloCustomCallOptions`.
pub mod stablehlo_custom_call_options {
    use crate::flatbuffer::*;
    pub const CALL_TARGET_NAME: Text = Text(0);
    pub const HAS_SIDE_EFFECT: Scalar<bool> = Scalar::new(1, false);
    pub const BACKEND_CONFIG: Text = Text(2);
    pub const API_VERSION: Scalar<i32> = Scalar::new(3, 0);
    pub const CALLED_COMPUTATIONS: Vector<i32> = Vector::new(4);
    pub const CUSTOM_ATTRIBUTES: Vector<u8> = Vector::new(5);
    pub const KINDS: &[Kind] =
        &[Kind::Text, Kind::Scalar(1), Kind::Text, Kind::Scalar(4), Kind::Vector(4), Kind::Vector(1)];
}

/// Fields of the table `StablehloDotGeneralOptions`.
pub mod stablehlo_dot_general_options {
    use crate::flatbuffer::*;
    pub const LHS_BATCHING_DIMENSIONS: Vector<i64> = Vector::new(0);
    pub const RHS_BATCHING_DIMENSIONS: Vector<i64> = Vector::new(1);
    pub const LHS_CONTRACTING_DIMENSIONS: Vector<i64> = Vector::new(2);
    pub const RHS_CONTRACTING_DIMENSIONS: Vector<i64> = Vector::new(3);
    pub const PRECISION_CONFIG: Vector<u32> = Vector::new(4);
    pub const KINDS: &[Kind] =
        &[Kind::Vector(8), Kind::Vector(8), Kind::Vector(8), Kind::Vector(8), Kind::Vector(4)];
}

/// Fields of the table `StablehloDynamicSliceOptions`.
pub mod stablehlo_dynamic_slice_options {
    use crate::flatbuffer::*;
    pub const SLICE_SIZES: Vector<i64> = Vector::new(0);
    pub const KINDS: &[Kind] = &[Kind::Vector(8)];
}

/// Fields of the table `StablehloGatherOptions`.
pub mod stablehlo_gather_options {
    use crate::flatbuffer::*;
    pub const OFFSET_DIMS: Vector<i64> = Vector::new(0);
    pub const COLLAPSED_SLICE_DIMS: Vector<i64> = Vector::new(1);
    pub const START_INDEX_MAP: Vector<i64> = Vector::new(2);
    pub const INDEX_VECTOR_DIM: Scalar<i64> = Scalar::new(3, 0);
    pub const SLICE_SIZES: Vector<i64> = Vector::new(4);
    pub const INDICES_ARE_SORTED: Scalar<bool> = Scalar::new(5, false);
    pub const KINDS: &[Kind] = &[
        Kind::Vector(8),
        Kind::Vector(8),
        Kind::Vector(8),
        Kind::Scalar(8),
        Kind::Vector(8),
        Kind::Scalar(1),
    ];
}

/// Fields of the table `StablehloIotaOptions`.
pub mod stablehlo_iota_options {
    use crate::flatbuffer::*;
    pub const IOTA_DIMENSION: Scalar<i64> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(8)];
}

/// Fields of the table `StablehloPadOptions`.
pub mod stablehlo_pad_options {
    use crate::flatbuffer::*;
    pub const EDGE_PADDING_LOW: Vector<i64> = Vector::new(0);
    pub const EDGE_PADDING_HIGH: Vector<i64> = Vector::new(1);
    pub const INTERIOR_PADDING: Vector<i64> = Vector::new(2);
    pub const KINDS: &[Kind] = &[Kind::Vector(8), Kind::Vector(8), Kind::Vector(8)];
}

/// Fields of the table `StablehloReduceOptions`.
pub mod stablehlo_reduce_options {
    use crate::flatbuffer::*;
    pub const DIMENSIONS: Vector<i64> = Vector::new(0);
    pub const BODY_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Vector(8), Kind::Scalar(4)];
}

/// Fields of the table `StablehloReduceWindowOptions`.
pub mod stablehlo_reduce_window_options {
    use crate::flatbuffer::*;
    pub const WINDOW_DIMENSIONS: Vector<i64> = Vector::new(0);
    pub const WINDOW_STRIDES: Vector<i64> = Vector::new(1);
    pub const BASE_DILATIONS: Vector<i64> = Vector::new(2);
    pub const WINDOW_DILATIONS: Vector<i64> = Vector::new(3);
    pub const PADDING: Vector<i64> = Vector::new(4);
    pub const BODY_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(5, 0);
    pub const KINDS: &[Kind] = &[
        Kind::Vector(8),
        Kind::Vector(8),
        Kind::Vector(8),
        Kind::Vector(8),
        Kind::Vector(8),
        Kind::Scalar(4),
    ];
}

/// Fields of the table `StablehloRngBitGeneratorOptions`.
pub mod stablehlo_rng_bit_generator_options {
    use crate::flatbuffer::*;
    pub const ALGORITHM: Scalar<i8> = Scalar::new(0, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `StablehloScatterOptions`.
pub mod stablehlo_scatter_options {
    use crate::flatbuffer::*;
    pub const INDICES_ARE_SORTED: Scalar<bool> = Scalar::new(0, false);
    pub const UPDATE_WINDOW_DIMS: Vector<i64> = Vector::new(1);
    pub const INSERTED_WINDOW_DIMS: Vector<i64> = Vector::new(2);
    pub const SCATTER_DIMS_TO_OPERAND_DIMS: Vector<i64> = Vector::new(3);
    pub const INDEX_VECTOR_DIM: Scalar<i64> = Scalar::new(4, 0);
    pub const UNIQUE_INDICES: Scalar<bool> = Scalar::new(5, false);
    pub const UPDATE_COMPUTATION_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(6, 0);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(1),
        Kind::Vector(8),
        Kind::Vector(8),
        Kind::Vector(8),
        Kind::Scalar(8),
        Kind::Scalar(1),
        Kind::Scalar(4),
    ];
}

/// Fields of the table `StablehloShiftLeftOptions`.
pub mod stablehlo_shift_left_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `StablehloSliceOptions`.
pub mod stablehlo_slice_options {
    use crate::flatbuffer::*;
    pub const START_INDICES: Vector<i64> = Vector::new(0);
    pub const LIMIT_INDICES: Vector<i64> = Vector::new(1);
    pub const STRIDES: Vector<i64> = Vector::new(2);
    pub const KINDS: &[Kind] = &[Kind::Vector(8), Kind::Vector(8), Kind::Vector(8)];
}

/// Fields of the table `StablehloSortOptions`.
pub mod stablehlo_sort_options {
    use crate::flatbuffer::*;
    pub const DIMENSION: Scalar<i64> = Scalar::new(0, 0);
    pub const IS_STABLE: Scalar<bool> = Scalar::new(1, false);
    pub const COMPARATOR_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(2, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(8), Kind::Scalar(1), Kind::Scalar(4)];
}

/// Fields of the table `StablehloTransposeOptions`.
pub mod stablehlo_transpose_options {
    use crate::flatbuffer::*;
    pub const PERMUTATION: Vector<i64> = Vector::new(0);
    pub const KINDS: &[Kind] = &[Kind::Vector(8)];
}

/// Fields of the table `StablehloWhileOptions`.
pub mod stablehlo_while_options {
    use crate::flatbuffer::*;
    pub const COND_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(0, 0);
    pub const BODY_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4)];
}

/// Fields of the table `StridedSliceOptions`.
pub mod strided_slice_options {
    use crate::flatbuffer::*;
    pub const BEGIN_MASK: Scalar<i32> = Scalar::new(0, 0);
    pub const END_MASK: Scalar<i32> = Scalar::new(1, 0);
    pub const ELLIPSIS_MASK: Scalar<i32> = Scalar::new(2, 0);
    pub const NEW_AXIS_MASK: Scalar<i32> = Scalar::new(3, 0);
    pub const SHRINK_AXIS_MASK: Scalar<i32> = Scalar::new(4, 0);
    pub const OFFSET: Scalar<bool> = Scalar::new(5, false);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(1),
    ];
}

/// Fields of the table `SubGraph`.
pub mod sub_graph {
    use crate::flatbuffer::*;
    pub const TENSORS: Children = Children(0);
    pub const INPUTS: Vector<i32> = Vector::new(1);
    pub const OUTPUTS: Vector<i32> = Vector::new(2);
    pub const OPERATORS: Children = Children(3);
    pub const NAME: Text = Text(4);
    pub const DEBUG_METADATA_INDEX: Scalar<i32> = Scalar::new(5, -1);
    pub const KINDS: &[Kind] = &[
        Kind::Tables(super::tensor::KINDS),
        Kind::Vector(4),
        Kind::Vector(4),
        Kind::Tables(super::operator::KINDS),
        Kind::Text,
        Kind::Scalar(4),
    ];
}

/// Fields of the table `SubOptions`.
pub mod sub_options {
    use crate::flatbuffer::*;
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(0, 0);
    pub const POT_SCALE_INT16: Scalar<bool> = Scalar::new(1, true);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `Tensor`.
pub mod tensor {
    use crate::flatbuffer::*;
    pub const SHAPE: Vector<i32> = Vector::new(0);
    pub const TYPE: Scalar<i8> = Scalar::new(1, 0);
    pub const BUFFER: Scalar<u32> = Scalar::new(2, 0);
    pub const NAME: Text = Text(3);
    pub const QUANTIZATION: Child = Child(4);
    pub const IS_VARIABLE: Scalar<bool> = Scalar::new(5, false);
    pub const SPARSITY: Child = Child(6);
    pub const SHAPE_SIGNATURE: Vector<i32> = Vector::new(7);
    pub const HAS_RANK: Scalar<bool> = Scalar::new(8, false);
    pub const VARIANT_TENSORS: Children = Children(9);
    pub const EXTERNAL_BUFFER: Scalar<u32> = Scalar::new(10, 0);
    pub const KINDS: &[Kind] = &[
        Kind::Vector(4),
        Kind::Scalar(1),
        Kind::Scalar(4),
        Kind::Text,
        Kind::Table(super::quantization_parameters::KINDS),
        Kind::Scalar(1),
        Kind::Table(super::sparsity_parameters::KINDS),
        Kind::Vector(4),
        Kind::Scalar(1),
        Kind::Tables(super::variant_sub_type::KINDS),
        Kind::Scalar(4),
    ];
}

/// Fields of the table `TensorMap`.
pub mod tensor_map {
    use crate::flatbuffer::*;
    pub const NAME: Text = Text(0);
    pub const TENSOR_INDEX: Scalar<u32> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Text, Kind::Scalar(4)];
}

/// Fields of the table `TileOptions`.
pub mod tile_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `TopKV2Options`.
pub mod top_kv2_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `TransposeConvOptions`.
pub mod transpose_conv_options {
    use crate::flatbuffer::*;
    pub const PADDING: Scalar<i8> = Scalar::new(0, 0);
    pub const STRIDE_W: Scalar<i32> = Scalar::new(1, 0);
    pub const STRIDE_H: Scalar<i32> = Scalar::new(2, 0);
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(3, 0);
    pub const QUANTIZED_BIAS_TYPE: Scalar<i8> = Scalar::new(4, 0);
    pub const KINDS: &[Kind] =
        &[Kind::Scalar(1), Kind::Scalar(4), Kind::Scalar(4), Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `TransposeOptions`.
pub mod transpose_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `Uint16Vector`.
pub mod uint16_vector {
    use crate::flatbuffer::*;
    pub const VALUES: Vector<u16> = Vector::new(0);
    pub const KINDS: &[Kind] = &[Kind::Vector(2)];
}

/// Fields of the table `Uint8Vector`.
pub mod uint8_vector {
    use crate::flatbuffer::*;
    pub const VALUES: Vector<u8> = Vector::new(0);
    pub const KINDS: &[Kind] = &[Kind::Vector(1)];
}

/// Fields of the table `UnidirectionalSequenceLSTMOptions`.
pub mod unidirectional_sequence_lstm_options {
    use crate::flatbuffer::*;
    pub const FUSED_ACTIVATION_FUNCTION: Scalar<i8> = Scalar::new(0, 0);
    pub const CELL_CLIP: Scalar<f32> = Scalar::new(1, 0.0);
    pub const PROJ_CLIP: Scalar<f32> = Scalar::new(2, 0.0);
    pub const TIME_MAJOR: Scalar<bool> = Scalar::new(3, false);
    pub const ASYMMETRIC_QUANTIZE_INPUTS: Scalar<bool> = Scalar::new(4, false);
    pub const DIAGONAL_RECURRENT_TENSORS: Scalar<bool> = Scalar::new(5, false);
    pub const KINDS: &[Kind] = &[
        Kind::Scalar(1),
        Kind::Scalar(4),
        Kind::Scalar(4),
        Kind::Scalar(1),
        Kind::Scalar(1),
        Kind::Scalar(1),
    ];
}

/// Fields of the table `UniqueOptions`.
pub mod unique_options {
    use crate::flatbuffer::*;
    pub const IDX_OUT_TYPE: Scalar<i8> = Scalar::new(0, 2);
    pub const KINDS: &[Kind] = &[Kind::Scalar(1)];
}

/// Fields of the table `UnpackOptions`.
pub mod unpack_options {
    use crate::flatbuffer::*;
    pub const NUM: Scalar<i32> = Scalar::new(0, 0);
    pub const AXIS: Scalar<i32> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4)];
}

/// Fields of the table `UnsortedSegmentMaxOptions`.
pub mod unsorted_segment_max_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `UnsortedSegmentMinOptions`.
pub mod unsorted_segment_min_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `UnsortedSegmentProdOptions`.
pub mod unsorted_segment_prod_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `UnsortedSegmentSumOptions`.
pub mod unsorted_segment_sum_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `VarHandleOptions`.
pub mod var_handle_options {
    use crate::flatbuffer::*;
    pub const CONTAINER: Text = Text(0);
    pub const SHARED_NAME: Text = Text(1);
    pub const KINDS: &[Kind] = &[Kind::Text, Kind::Text];
}

/// Fields of the table `VariantSubType`.
pub mod variant_sub_type {
    use crate::flatbuffer::*;
    pub const SHAPE: Vector<i32> = Vector::new(0);
    pub const TYPE: Scalar<i8> = Scalar::new(1, 0);
    pub const HAS_RANK: Scalar<bool> = Scalar::new(2, false);
    pub const KINDS: &[Kind] = &[Kind::Vector(4), Kind::Scalar(1), Kind::Scalar(1)];
}

/// Fields of the table `WhereOptions`.
pub mod where_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Fields of the table `WhileOptions`.
pub mod while_options {
    use crate::flatbuffer::*;
    pub const COND_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(0, 0);
    pub const BODY_SUBGRAPH_INDEX: Scalar<i32> = Scalar::new(1, 0);
    pub const KINDS: &[Kind] = &[Kind::Scalar(4), Kind::Scalar(4)];
}

/// Fields of the table `ZerosLikeOptions`.
pub mod zeros_like_options {
    use crate::flatbuffer::*;
    pub const KINDS: &[Kind] = &[];
}

/// Tables of the union `BuiltinOptions`, by its tag.
pub const BUILTIN_OPTIONS_KINDS: &[&[Kind]] = &[
    &[],
    conv2_d_options::KINDS,
    depthwise_conv2_d_options::KINDS,
    concat_embeddings_options::KINDS,
    lsh_projection_options::KINDS,
    pool2_d_options::KINDS,
    svdf_options::KINDS,
    rnn_options::KINDS,
    fully_connected_options::KINDS,
    softmax_options::KINDS,
    concatenation_options::KINDS,
    add_options::KINDS,
    l2_norm_options::KINDS,
    local_response_normalization_options::KINDS,
    lstm_options::KINDS,
    resize_bilinear_options::KINDS,
    call_options::KINDS,
    reshape_options::KINDS,
    skip_gram_options::KINDS,
    space_to_depth_options::KINDS,
    embedding_lookup_sparse_options::KINDS,
    mul_options::KINDS,
    pad_options::KINDS,
    gather_options::KINDS,
    batch_to_space_nd_options::KINDS,
    space_to_batch_nd_options::KINDS,
    transpose_options::KINDS,
    reducer_options::KINDS,
    sub_options::KINDS,
    div_options::KINDS,
    squeeze_options::KINDS,
    sequence_rnn_options::KINDS,
    strided_slice_options::KINDS,
    exp_options::KINDS,
    top_kv2_options::KINDS,
    split_options::KINDS,
    log_softmax_options::KINDS,
    cast_options::KINDS,
    dequantize_options::KINDS,
    maximum_minimum_options::KINDS,
    arg_max_options::KINDS,
    less_options::KINDS,
    neg_options::KINDS,
    pad_v2_options::KINDS,
    greater_options::KINDS,
    greater_equal_options::KINDS,
    less_equal_options::KINDS,
    select_options::KINDS,
    slice_options::KINDS,
    transpose_conv_options::KINDS,
    sparse_to_dense_options::KINDS,
    tile_options::KINDS,
    expand_dims_options::KINDS,
    equal_options::KINDS,
    not_equal_options::KINDS,
    shape_options::KINDS,
    pow_options::KINDS,
    arg_min_options::KINDS,
    fake_quant_options::KINDS,
    pack_options::KINDS,
    logical_or_options::KINDS,
    one_hot_options::KINDS,
    logical_and_options::KINDS,
    logical_not_options::KINDS,
    unpack_options::KINDS,
    floor_div_options::KINDS,
    square_options::KINDS,
    zeros_like_options::KINDS,
    fill_options::KINDS,
    bidirectional_sequence_lstm_options::KINDS,
    bidirectional_sequence_rnn_options::KINDS,
    unidirectional_sequence_lstm_options::KINDS,
    floor_mod_options::KINDS,
    range_options::KINDS,
    resize_nearest_neighbor_options::KINDS,
    leaky_relu_options::KINDS,
    squared_difference_options::KINDS,
    mirror_pad_options::KINDS,
    abs_options::KINDS,
    split_v_options::KINDS,
    unique_options::KINDS,
    reverse_v2_options::KINDS,
    add_n_options::KINDS,
    gather_nd_options::KINDS,
    cos_options::KINDS,
    where_options::KINDS,
    rank_options::KINDS,
    reverse_sequence_options::KINDS,
    matrix_diag_options::KINDS,
    quantize_options::KINDS,
    matrix_set_diag_options::KINDS,
    hard_swish_options::KINDS,
    if_options::KINDS,
    while_options::KINDS,
    depth_to_space_options::KINDS,
    non_max_suppression_v4_options::KINDS,
    non_max_suppression_v5_options::KINDS,
    scatter_nd_options::KINDS,
    select_v2_options::KINDS,
    densify_options::KINDS,
    segment_sum_options::KINDS,
    batch_mat_mul_options::KINDS,
    cumsum_options::KINDS,
    call_once_options::KINDS,
    broadcast_to_options::KINDS,
    rfft2d_options::KINDS,
    conv3_d_options::KINDS,
    hashtable_options::KINDS,
    hashtable_find_options::KINDS,
    hashtable_import_options::KINDS,
    hashtable_size_options::KINDS,
    var_handle_options::KINDS,
    read_variable_options::KINDS,
    assign_variable_options::KINDS,
    random_options::KINDS,
    bucketize_options::KINDS,
    gelu_options::KINDS,
    dynamic_update_slice_options::KINDS,
    unsorted_segment_prod_options::KINDS,
    unsorted_segment_max_options::KINDS,
    unsorted_segment_min_options::KINDS,
    unsorted_segment_sum_options::KINDS,
    a_tan2_options::KINDS,
    sign_options::KINDS,
    bitcast_options::KINDS,
    bitwise_xor_options::KINDS,
    right_shift_options::KINDS,
];

/// Tables of the union `BuiltinOptions2`, by its tag.
pub const BUILTIN_OPTIONS2_KINDS: &[&[Kind]] = &[
    &[],
    stablehlo_concatenate_options::KINDS,
    stablehlo_broadcast_in_dim_options::KINDS,
    stablehlo_slice_options::KINDS,
    stablehlo_convolution_options::KINDS,
    stablehlo_custom_call_options::KINDS,
    stablehlo_reduce_options::KINDS,
    stablehlo_scatter_options::KINDS,
    stablehlo_compare_options::KINDS,
    stablehlo_dynamic_slice_options::KINDS,
    stablehlo_pad_options::KINDS,
    stablehlo_iota_options::KINDS,
    stablehlo_dot_general_options::KINDS,
    stablehlo_reduce_window_options::KINDS,
    stablehlo_sort_options::KINDS,
    stablehlo_while_options::KINDS,
    stablehlo_gather_options::KINDS,
    stablehlo_transpose_options::KINDS,
    dilate_options::KINDS,
    stablehlo_rng_bit_generator_options::KINDS,
    reduce_window_options::KINDS,
    stable_hlo_composite_options::KINDS,
    stablehlo_shift_left_options::KINDS,
    stablehlo_case_options::KINDS,
];

/// Tables of the union `QuantizationDetails`, by its tag.
pub const QUANTIZATION_DETAILS_KINDS: &[&[Kind]] =
    &[&[], custom_quantization::KINDS, blockwise_quantization::KINDS, multi_axis_quantization::KINDS];

/// Tables of the union `SparseIndexVector`, by its tag.
pub const SPARSE_INDEX_VECTOR_KINDS: &[&[Kind]] =
    &[&[], int32_vector::KINDS, uint16_vector::KINDS, uint8_vector::KINDS];

/// Values of the enumeration `ActivationFunctionType`.
pub mod activation_function_type {
    pub const NONE: i8 = 0;
    pub const RELU: i8 = 1;
    pub const RELU_N1_TO_1: i8 = 2;
    pub const RELU6: i8 = 3;
    pub const TANH: i8 = 4;
    pub const SIGN_BIT: i8 = 5;
}

/// Values of the enumeration `BuiltinOperator`.
pub mod builtin_operator {
    pub const ADD: i32 = 0;
    pub const AVERAGE_POOL_2D: i32 = 1;
    pub const CONCATENATION: i32 = 2;
    pub const CONV_2D: i32 = 3;
    pub const DEPTHWISE_CONV_2D: i32 = 4;
    pub const DEPTH_TO_SPACE: i32 = 5;
    pub const DEQUANTIZE: i32 = 6;
    pub const EMBEDDING_LOOKUP: i32 = 7;
    pub const FLOOR: i32 = 8;
    pub const FULLY_CONNECTED: i32 = 9;
    pub const HASHTABLE_LOOKUP: i32 = 10;
    pub const L2_NORMALIZATION: i32 = 11;
    pub const L2_POOL_2D: i32 = 12;
    pub const LOCAL_RESPONSE_NORMALIZATION: i32 = 13;
    pub const LOGISTIC: i32 = 14;
    pub const LSH_PROJECTION: i32 = 15;
    pub const LSTM: i32 = 16;
    pub const MAX_POOL_2D: i32 = 17;
    pub const MUL: i32 = 18;
    pub const RELU: i32 = 19;
    pub const RELU_N1_TO_1: i32 = 20;
    pub const RELU6: i32 = 21;
    pub const RESHAPE: i32 = 22;
    pub const RESIZE_BILINEAR: i32 = 23;
    pub const RNN: i32 = 24;
    pub const SOFTMAX: i32 = 25;
    pub const SPACE_TO_DEPTH: i32 = 26;
    pub const SVDF: i32 = 27;
    pub const TANH: i32 = 28;
    pub const CONCAT_EMBEDDINGS: i32 = 29;
    pub const SKIP_GRAM: i32 = 30;
    pub const CALL: i32 = 31;
    pub const CUSTOM: i32 = 32;
    pub const EMBEDDING_LOOKUP_SPARSE: i32 = 33;
    pub const PAD: i32 = 34;
    pub const UNIDIRECTIONAL_SEQUENCE_RNN: i32 = 35;
    pub const GATHER: i32 = 36;
    pub const BATCH_TO_SPACE_ND: i32 = 37;
    pub const SPACE_TO_BATCH_ND: i32 = 38;
    pub const TRANSPOSE: i32 = 39;
    pub const MEAN: i32 = 40;
    pub const SUB: i32 = 41;
    pub const DIV: i32 = 42;
    pub const SQUEEZE: i32 = 43;
    pub const UNIDIRECTIONAL_SEQUENCE_LSTM: i32 = 44;
    pub const STRIDED_SLICE: i32 = 45;
    pub const BIDIRECTIONAL_SEQUENCE_RNN: i32 = 46;
    pub const EXP: i32 = 47;
    pub const TOPK_V2: i32 = 48;
    pub const SPLIT: i32 = 49;
    pub const LOG_SOFTMAX: i32 = 50;
    pub const DELEGATE: i32 = 51;
    pub const BIDIRECTIONAL_SEQUENCE_LSTM: i32 = 52;
    pub const CAST: i32 = 53;
    pub const PRELU: i32 = 54;
    pub const MAXIMUM: i32 = 55;
    pub const ARG_MAX: i32 = 56;
    pub const MINIMUM: i32 = 57;
    pub const LESS: i32 = 58;
    pub const NEG: i32 = 59;
    pub const PADV2: i32 = 60;
    pub const GREATER: i32 = 61;
    pub const GREATER_EQUAL: i32 = 62;
    pub const LESS_EQUAL: i32 = 63;
    pub const SELECT: i32 = 64;
    pub const SLICE: i32 = 65;
    pub const SIN: i32 = 66;
    pub const TRANSPOSE_CONV: i32 = 67;
    pub const SPARSE_TO_DENSE: i32 = 68;
    pub const TILE: i32 = 69;
    pub const EXPAND_DIMS: i32 = 70;
    pub const EQUAL: i32 = 71;
    pub const NOT_EQUAL: i32 = 72;
    pub const LOG: i32 = 73;
    pub const SUM: i32 = 74;
    pub const SQRT: i32 = 75;
    pub const RSQRT: i32 = 76;
    pub const SHAPE: i32 = 77;
    pub const POW: i32 = 78;
    pub const ARG_MIN: i32 = 79;
    pub const FAKE_QUANT: i32 = 80;
    pub const REDUCE_PROD: i32 = 81;
    pub const REDUCE_MAX: i32 = 82;
    pub const PACK: i32 = 83;
    pub const LOGICAL_OR: i32 = 84;
    pub const ONE_HOT: i32 = 85;
    pub const LOGICAL_AND: i32 = 86;
    pub const LOGICAL_NOT: i32 = 87;
    pub const UNPACK: i32 = 88;
    pub const REDUCE_MIN: i32 = 89;
    pub const FLOOR_DIV: i32 = 90;
    pub const REDUCE_ANY: i32 = 91;
    pub const SQUARE: i32 = 92;
    pub const ZEROS_LIKE: i32 = 93;
    pub const FILL: i32 = 94;
    pub const FLOOR_MOD: i32 = 95;
    pub const RANGE: i32 = 96;
    pub const RESIZE_NEAREST_NEIGHBOR: i32 = 97;
    pub const LEAKY_RELU: i32 = 98;
    pub const SQUARED_DIFFERENCE: i32 = 99;
    pub const MIRROR_PAD: i32 = 100;
    pub const ABS: i32 = 101;
    pub const SPLIT_V: i32 = 102;
    pub const UNIQUE: i32 = 103;
    pub const CEIL: i32 = 104;
    pub const REVERSE_V2: i32 = 105;
    pub const ADD_N: i32 = 106;
    pub const GATHER_ND: i32 = 107;
    pub const COS: i32 = 108;
    pub const WHERE: i32 = 109;
    pub const RANK: i32 = 110;
    pub const ELU: i32 = 111;
    pub const REVERSE_SEQUENCE: i32 = 112;
    pub const MATRIX_DIAG: i32 = 113;
    pub const QUANTIZE: i32 = 114;
    pub const MATRIX_SET_DIAG: i32 = 115;
    pub const ROUND: i32 = 116;
    pub const HARD_SWISH: i32 = 117;
    pub const IF: i32 = 118;
    pub const WHILE: i32 = 119;
    pub const NON_MAX_SUPPRESSION_V4: i32 = 120;
    pub const NON_MAX_SUPPRESSION_V5: i32 = 121;
    pub const SCATTER_ND: i32 = 122;
    pub const SELECT_V2: i32 = 123;
    pub const DENSIFY: i32 = 124;
    pub const SEGMENT_SUM: i32 = 125;
    pub const BATCH_MATMUL: i32 = 126;
    pub const PLACEHOLDER_FOR_GREATER_OP_CODES: i32 = 127;
    pub const CUMSUM: i32 = 128;
    pub const CALL_ONCE: i32 = 129;
    pub const BROADCAST_TO: i32 = 130;
    pub const RFFT2D: i32 = 131;
    pub const CONV_3D: i32 = 132;
    pub const IMAG: i32 = 133;
    pub const REAL: i32 = 134;
    pub const COMPLEX_ABS: i32 = 135;
    pub const HASHTABLE: i32 = 136;
    pub const HASHTABLE_FIND: i32 = 137;
    pub const HASHTABLE_IMPORT: i32 = 138;
    pub const HASHTABLE_SIZE: i32 = 139;
    pub const REDUCE_ALL: i32 = 140;
    pub const CONV_3D_TRANSPOSE: i32 = 141;
    pub const VAR_HANDLE: i32 = 142;
    pub const READ_VARIABLE: i32 = 143;
    pub const ASSIGN_VARIABLE: i32 = 144;
    pub const BROADCAST_ARGS: i32 = 145;
    pub const RANDOM_STANDARD_NORMAL: i32 = 146;
    pub const BUCKETIZE: i32 = 147;
    pub const RANDOM_UNIFORM: i32 = 148;
    pub const MULTINOMIAL: i32 = 149;
    pub const GELU: i32 = 150;
    pub const DYNAMIC_UPDATE_SLICE: i32 = 151;
    pub const RELU_0_TO_1: i32 = 152;
    pub const UNSORTED_SEGMENT_PROD: i32 = 153;
    pub const UNSORTED_SEGMENT_MAX: i32 = 154;
    pub const UNSORTED_SEGMENT_SUM: i32 = 155;
    pub const ATAN2: i32 = 156;
    pub const UNSORTED_SEGMENT_MIN: i32 = 157;
    pub const SIGN: i32 = 158;
    pub const BITCAST: i32 = 159;
    pub const BITWISE_XOR: i32 = 160;
    pub const RIGHT_SHIFT: i32 = 161;
    pub const STABLEHLO_LOGISTIC: i32 = 162;
    pub const STABLEHLO_ADD: i32 = 163;
    pub const STABLEHLO_DIVIDE: i32 = 164;
    pub const STABLEHLO_MULTIPLY: i32 = 165;
    pub const STABLEHLO_MAXIMUM: i32 = 166;
    pub const STABLEHLO_RESHAPE: i32 = 167;
    pub const STABLEHLO_CLAMP: i32 = 168;
    pub const STABLEHLO_CONCATENATE: i32 = 169;
    pub const STABLEHLO_BROADCAST_IN_DIM: i32 = 170;
    pub const STABLEHLO_CONVOLUTION: i32 = 171;
    pub const STABLEHLO_SLICE: i32 = 172;
    pub const STABLEHLO_CUSTOM_CALL: i32 = 173;
    pub const STABLEHLO_REDUCE: i32 = 174;
    pub const STABLEHLO_ABS: i32 = 175;
    pub const STABLEHLO_AND: i32 = 176;
    pub const STABLEHLO_COSINE: i32 = 177;
    pub const STABLEHLO_EXPONENTIAL: i32 = 178;
    pub const STABLEHLO_FLOOR: i32 = 179;
    pub const STABLEHLO_LOG: i32 = 180;
    pub const STABLEHLO_MINIMUM: i32 = 181;
    pub const STABLEHLO_NEGATE: i32 = 182;
    pub const STABLEHLO_OR: i32 = 183;
    pub const STABLEHLO_POWER: i32 = 184;
    pub const STABLEHLO_REMAINDER: i32 = 185;
    pub const STABLEHLO_RSQRT: i32 = 186;
    pub const STABLEHLO_SELECT: i32 = 187;
    pub const STABLEHLO_SUBTRACT: i32 = 188;
    pub const STABLEHLO_TANH: i32 = 189;
    pub const STABLEHLO_SCATTER: i32 = 190;
    pub const STABLEHLO_COMPARE: i32 = 191;
    pub const STABLEHLO_CONVERT: i32 = 192;
    pub const STABLEHLO_DYNAMIC_SLICE: i32 = 193;
    pub const STABLEHLO_DYNAMIC_UPDATE_SLICE: i32 = 194;
    pub const STABLEHLO_PAD: i32 = 195;
    pub const STABLEHLO_IOTA: i32 = 196;
    pub const STABLEHLO_DOT_GENERAL: i32 = 197;
    pub const STABLEHLO_REDUCE_WINDOW: i32 = 198;
    pub const STABLEHLO_SORT: i32 = 199;
    pub const STABLEHLO_WHILE: i32 = 200;
    pub const STABLEHLO_GATHER: i32 = 201;
    pub const STABLEHLO_TRANSPOSE: i32 = 202;
    pub const DILATE: i32 = 203;
    pub const STABLEHLO_RNG_BIT_GENERATOR: i32 = 204;
    pub const REDUCE_WINDOW: i32 = 205;
    pub const STABLEHLO_COMPOSITE: i32 = 206;
    pub const STABLEHLO_SHIFT_LEFT: i32 = 207;
    pub const STABLEHLO_CBRT: i32 = 208;
    pub const STABLEHLO_CASE: i32 = 209;
}

/// Values of the enumeration `BuiltinOptions`.
pub mod builtin_options {
    pub const NONE: u8 = 0;
    pub const CONV2_D_OPTIONS: u8 = 1;
    pub const DEPTHWISE_CONV2_D_OPTIONS: u8 = 2;
    pub const CONCAT_EMBEDDINGS_OPTIONS: u8 = 3;
    pub const LSH_PROJECTION_OPTIONS: u8 = 4;
    pub const POOL2_D_OPTIONS: u8 = 5;
    pub const SVDF_OPTIONS: u8 = 6;
    pub const RNN_OPTIONS: u8 = 7;
    pub const FULLY_CONNECTED_OPTIONS: u8 = 8;
    pub const SOFTMAX_OPTIONS: u8 = 9;
    pub const CONCATENATION_OPTIONS: u8 = 10;
    pub const ADD_OPTIONS: u8 = 11;
    pub const L2_NORM_OPTIONS: u8 = 12;
    pub const LOCAL_RESPONSE_NORMALIZATION_OPTIONS: u8 = 13;
    pub const LSTM_OPTIONS: u8 = 14;
    pub const RESIZE_BILINEAR_OPTIONS: u8 = 15;
    pub const CALL_OPTIONS: u8 = 16;
    pub const RESHAPE_OPTIONS: u8 = 17;
    pub const SKIP_GRAM_OPTIONS: u8 = 18;
    pub const SPACE_TO_DEPTH_OPTIONS: u8 = 19;
    pub const EMBEDDING_LOOKUP_SPARSE_OPTIONS: u8 = 20;
    pub const MUL_OPTIONS: u8 = 21;
    pub const PAD_OPTIONS: u8 = 22;
    pub const GATHER_OPTIONS: u8 = 23;
    pub const BATCH_TO_SPACE_ND_OPTIONS: u8 = 24;
    pub const SPACE_TO_BATCH_ND_OPTIONS: u8 = 25;
    pub const TRANSPOSE_OPTIONS: u8 = 26;
    pub const REDUCER_OPTIONS: u8 = 27;
    pub const SUB_OPTIONS: u8 = 28;
    pub const DIV_OPTIONS: u8 = 29;
    pub const SQUEEZE_OPTIONS: u8 = 30;
    pub const SEQUENCE_RNN_OPTIONS: u8 = 31;
    pub const STRIDED_SLICE_OPTIONS: u8 = 32;
    pub const EXP_OPTIONS: u8 = 33;
    pub const TOP_KV2_OPTIONS: u8 = 34;
    pub const SPLIT_OPTIONS: u8 = 35;
    pub const LOG_SOFTMAX_OPTIONS: u8 = 36;
    pub const CAST_OPTIONS: u8 = 37;
    pub const DEQUANTIZE_OPTIONS: u8 = 38;
    pub const MAXIMUM_MINIMUM_OPTIONS: u8 = 39;
    pub const ARG_MAX_OPTIONS: u8 = 40;
    pub const LESS_OPTIONS: u8 = 41;
    pub const NEG_OPTIONS: u8 = 42;
    pub const PAD_V2_OPTIONS: u8 = 43;
    pub const GREATER_OPTIONS: u8 = 44;
    pub const GREATER_EQUAL_OPTIONS: u8 = 45;
    pub const LESS_EQUAL_OPTIONS: u8 = 46;
    pub const SELECT_OPTIONS: u8 = 47;
    pub const SLICE_OPTIONS: u8 = 48;
    pub const TRANSPOSE_CONV_OPTIONS: u8 = 49;
    pub const SPARSE_TO_DENSE_OPTIONS: u8 = 50;
    pub const TILE_OPTIONS: u8 = 51;
    pub const EXPAND_DIMS_OPTIONS: u8 = 52;
    pub const EQUAL_OPTIONS: u8 = 53;
    pub const NOT_EQUAL_OPTIONS: u8 = 54;
    pub const SHAPE_OPTIONS: u8 = 55;
    pub const POW_OPTIONS: u8 = 56;
    pub const ARG_MIN_OPTIONS: u8 = 57;
    pub const FAKE_QUANT_OPTIONS: u8 = 58;
    pub const PACK_OPTIONS: u8 = 59;
    pub const LOGICAL_OR_OPTIONS: u8 = 60;
    pub const ONE_HOT_OPTIONS: u8 = 61;
    pub const LOGICAL_AND_OPTIONS: u8 = 62;
    pub const LOGICAL_NOT_OPTIONS: u8 = 63;
    pub const UNPACK_OPTIONS: u8 = 64;
    pub const FLOOR_DIV_OPTIONS: u8 = 65;
    pub const SQUARE_OPTIONS: u8 = 66;
    pub const ZEROS_LIKE_OPTIONS: u8 = 67;
    pub const FILL_OPTIONS: u8 = 68;
    pub const BIDIRECTIONAL_SEQUENCE_LSTM_OPTIONS: u8 = 69;
    pub const BIDIRECTIONAL_SEQUENCE_RNN_OPTIONS: u8 = 70;
    pub const UNIDIRECTIONAL_SEQUENCE_LSTM_OPTIONS: u8 = 71;
    pub const FLOOR_MOD_OPTIONS: u8 = 72;
    pub const RANGE_OPTIONS: u8 = 73;
    pub const RESIZE_NEAREST_NEIGHBOR_OPTIONS: u8 = 74;
    pub const LEAKY_RELU_OPTIONS: u8 = 75;
    pub const SQUARED_DIFFERENCE_OPTIONS: u8 = 76;
    pub const MIRROR_PAD_OPTIONS: u8 = 77;
    pub const ABS_OPTIONS: u8 = 78;
    pub const SPLIT_V_OPTIONS: u8 = 79;
    pub const UNIQUE_OPTIONS: u8 = 80;
    pub const REVERSE_V2_OPTIONS: u8 = 81;
    pub const ADD_N_OPTIONS: u8 = 82;
    pub const GATHER_ND_OPTIONS: u8 = 83;
    pub const COS_OPTIONS: u8 = 84;
    pub const WHERE_OPTIONS: u8 = 85;
    pub const RANK_OPTIONS: u8 = 86;
    pub const REVERSE_SEQUENCE_OPTIONS: u8 = 87;
    pub const MATRIX_DIAG_OPTIONS: u8 = 88;
    pub const QUANTIZE_OPTIONS: u8 = 89;
    pub const MATRIX_SET_DIAG_OPTIONS: u8 = 90;
    pub const HARD_SWISH_OPTIONS: u8 = 91;
    pub const IF_OPTIONS: u8 = 92;
    pub const WHILE_OPTIONS: u8 = 93;
    pub const DEPTH_TO_SPACE_OPTIONS: u8 = 94;
    pub const NON_MAX_SUPPRESSION_V4_OPTIONS: u8 = 95;
    pub const NON_MAX_SUPPRESSION_V5_OPTIONS: u8 = 96;
    pub const SCATTER_ND_OPTIONS: u8 = 97;
    pub const SELECT_V2_OPTIONS: u8 = 98;
    pub const DENSIFY_OPTIONS: u8 = 99;
    pub const SEGMENT_SUM_OPTIONS: u8 = 100;
    pub const BATCH_MAT_MUL_OPTIONS: u8 = 101;
    pub const CUMSUM_OPTIONS: u8 = 102;
    pub const CALL_ONCE_OPTIONS: u8 = 103;
    pub const BROADCAST_TO_OPTIONS: u8 = 104;
    pub const RFFT2D_OPTIONS: u8 = 105;
    pub const CONV3_D_OPTIONS: u8 = 106;
    pub const HASHTABLE_OPTIONS: u8 = 107;
    pub const HASHTABLE_FIND_OPTIONS: u8 = 108;
    pub const HASHTABLE_IMPORT_OPTIONS: u8 = 109;
    pub const HASHTABLE_SIZE_OPTIONS: u8 = 110;
    pub const VAR_HANDLE_OPTIONS: u8 = 111;
    pub const READ_VARIABLE_OPTIONS: u8 = 112;
    pub const ASSIGN_VARIABLE_OPTIONS: u8 = 113;
    pub const RANDOM_OPTIONS: u8 = 114;
    pub const BUCKETIZE_OPTIONS: u8 = 115;
    pub const GELU_OPTIONS: u8 = 116;
    pub const DYNAMIC_UPDATE_SLICE_OPTIONS: u8 = 117;
    pub const UNSORTED_SEGMENT_PROD_OPTIONS: u8 = 118;
    pub const UNSORTED_SEGMENT_MAX_OPTIONS: u8 = 119;
    pub const UNSORTED_SEGMENT_MIN_OPTIONS: u8 = 120;
    pub const UNSORTED_SEGMENT_SUM_OPTIONS: u8 = 121;
    pub const A_TAN2_OPTIONS: u8 = 122;
    pub const SIGN_OPTIONS: u8 = 123;
    pub const BITCAST_OPTIONS: u8 = 124;
    pub const BITWISE_XOR_OPTIONS: u8 = 125;
    pub const RIGHT_SHIFT_OPTIONS: u8 = 126;
}

/// Values of the enumeration `MirrorPadMode`.
pub mod mirror_pad_mode {
    pub const REFLECT: i8 = 0;
    pub const SYMMETRIC: i8 = 1;
}

/// Values of the enumeration `Padding`.
pub mod padding {
    pub const SAME: i8 = 0;
    pub const VALID: i8 = 1;
}

/// Values of the enumeration `TensorType`.
pub mod tensor_type {
    pub const FLOAT32: i8 = 0;
    pub const FLOAT16: i8 = 1;
    pub const INT32: i8 = 2;
    pub const UINT8: i8 = 3;
    pub const INT64: i8 = 4;
    pub const STRING: i8 = 5;
    pub const BOOL: i8 = 6;
    pub const INT16: i8 = 7;
    pub const COMPLEX64: i8 = 8;
    pub const INT8: i8 = 9;
    pub const FLOAT64: i8 = 10;
    pub const COMPLEX128: i8 = 11;
    pub const UINT64: i8 = 12;
    pub const RESOURCE: i8 = 13;
    pub const VARIANT: i8 = 14;
    pub const UINT32: i8 = 15;
    pub const UINT16: i8 = 16;
    pub const INT4: i8 = 17;
    pub const BFLOAT16: i8 = 18;
    pub const INT2: i8 = 19;
    pub const UINT4: i8 = 20;
    pub const FLOAT8_E4M3FN: i8 = 21;
    pub const FLOAT8_E5M2: i8 = 22;
}

/// Names of the builtin operators, by code.
pub const OPERATOR_NAMES: &[(i32, &str)] = &[
    (0, "ADD"),
    (1, "AVERAGE_POOL_2D"),
    (2, "CONCATENATION"),
    (3, "CONV_2D"),
    (4, "DEPTHWISE_CONV_2D"),
    (5, "DEPTH_TO_SPACE"),
    (6, "DEQUANTIZE"),
    (7, "EMBEDDING_LOOKUP"),
    (8, "FLOOR"),
    (9, "FULLY_CONNECTED"),
    (10, "HASHTABLE_LOOKUP"),
    (11, "L2_NORMALIZATION"),
    (12, "L2_POOL_2D"),
    (13, "LOCAL_RESPONSE_NORMALIZATION"),
    (14, "LOGISTIC"),
    (15, "LSH_PROJECTION"),
    (16, "LSTM"),
    (17, "MAX_POOL_2D"),
    (18, "MUL"),
    (19, "RELU"),
    (20, "RELU_N1_TO_1"),
    (21, "RELU6"),
    (22, "RESHAPE"),
    (23, "RESIZE_BILINEAR"),
    (24, "RNN"),
    (25, "SOFTMAX"),
    (26, "SPACE_TO_DEPTH"),
    (27, "SVDF"),
    (28, "TANH"),
    (29, "CONCAT_EMBEDDINGS"),
    (30, "SKIP_GRAM"),
    (31, "CALL"),
    (32, "CUSTOM"),
    (33, "EMBEDDING_LOOKUP_SPARSE"),
    (34, "PAD"),
    (35, "UNIDIRECTIONAL_SEQUENCE_RNN"),
    (36, "GATHER"),
    (37, "BATCH_TO_SPACE_ND"),
    (38, "SPACE_TO_BATCH_ND"),
    (39, "TRANSPOSE"),
    (40, "MEAN"),
    (41, "SUB"),
    (42, "DIV"),
    (43, "SQUEEZE"),
    (44, "UNIDIRECTIONAL_SEQUENCE_LSTM"),
    (45, "STRIDED_SLICE"),
    (46, "BIDIRECTIONAL_SEQUENCE_RNN"),
    (47, "EXP"),
    (48, "TOPK_V2"),
    (49, "SPLIT"),
    (50, "LOG_SOFTMAX"),
    (51, "DELEGATE"),
    (52, "BIDIRECTIONAL_SEQUENCE_LSTM"),
    (53, "CAST"),
    (54, "PRELU"),
    (55, "MAXIMUM"),
    (56, "ARG_MAX"),
    (57, "MINIMUM"),
    (58, "LESS"),
    (59, "NEG"),
    (60, "PADV2"),
    (61, "GREATER"),
    (62, "GREATER_EQUAL"),
    (63, "LESS_EQUAL"),
    (64, "SELECT"),
    (65, "SLICE"),
    (66, "SIN"),
    (67, "TRANSPOSE_CONV"),
    (68, "SPARSE_TO_DENSE"),
    (69, "TILE"),
    (70, "EXPAND_DIMS"),
    (71, "EQUAL"),
    (72, "NOT_EQUAL"),
    (73, "LOG"),
    (74, "SUM"),
    (75, "SQRT"),
    (76, "RSQRT"),
    (77, "SHAPE"),
    (78, "POW"),
    (79, "ARG_MIN"),
    (80, "FAKE_QUANT"),
    (81, "REDUCE_PROD"),
    (82, "REDUCE_MAX"),
    (83, "PACK"),
    (84, "LOGICAL_OR"),
    (85, "ONE_HOT"),
    (86, "LOGICAL_AND"),
    (87, "LOGICAL_NOT"),
    (88, "UNPACK"),
    (89, "REDUCE_MIN"),
    (90, "FLOOR_DIV"),
    (91, "REDUCE_ANY"),
    (92, "SQUARE"),
    (93, "ZEROS_LIKE"),
    (94, "FILL"),
    (95, "FLOOR_MOD"),
    (96, "RANGE"),
    (97, "RESIZE_NEAREST_NEIGHBOR"),
    (98, "LEAKY_RELU"),
    (99, "SQUARED_DIFFERENCE"),
    (100, "MIRROR_PAD"),
    (101, "ABS"),
    (102, "SPLIT_V"),
    (103, "UNIQUE"),
    (104, "CEIL"),
    (105, "REVERSE_V2"),
    (106, "ADD_N"),
    (107, "GATHER_ND"),
    (108, "COS"),
    (109, "WHERE"),
    (110, "RANK"),
    (111, "ELU"),
    (112, "REVERSE_SEQUENCE"),
    (113, "MATRIX_DIAG"),
    (114, "QUANTIZE"),
    (115, "MATRIX_SET_DIAG"),
    (116, "ROUND"),
    (117, "HARD_SWISH"),
    (118, "IF"),
    (119, "WHILE"),
    (120, "NON_MAX_SUPPRESSION_V4"),
    (121, "NON_MAX_SUPPRESSION_V5"),
    (122, "SCATTER_ND"),
    (123, "SELECT_V2"),
    (124, "DENSIFY"),
    (125, "SEGMENT_SUM"),
    (126, "BATCH_MATMUL"),
    (127, "PLACEHOLDER_FOR_GREATER_OP_CODES"),
    (128, "CUMSUM"),
    (129, "CALL_ONCE"),
    (130, "BROADCAST_TO"),
    (131, "RFFT2D"),
    (132, "CONV_3D"),
    (133, "IMAG"),
    (134, "REAL"),
    (135, "COMPLEX_ABS"),
    (136, "HASHTABLE"),
    (137, "HASHTABLE_FIND"),
    (138, "HASHTABLE_IMPORT"),
    (139, "HASHTABLE_SIZE"),
    (140, "REDUCE_ALL"),
    (141, "CONV_3D_TRANSPOSE"),
    (142, "VAR_HANDLE"),
    (143, "READ_VARIABLE"),
    (144, "ASSIGN_VARIABLE"),
    (145, "BROADCAST_ARGS"),
    (146, "RANDOM_STANDARD_NORMAL"),
    (147, "BUCKETIZE"),
    (148, "RANDOM_UNIFORM"),
    (149, "MULTINOMIAL"),
    (150, "GELU"),
    (151, "DYNAMIC_UPDATE_SLICE"),
    (152, "RELU_0_TO_1"),
    (153, "UNSORTED_SEGMENT_PROD"),
    (154, "UNSORTED_SEGMENT_MAX"),
    (155, "UNSORTED_SEGMENT_SUM"),
    (156, "ATAN2"),
    (157, "UNSORTED_SEGMENT_MIN"),
    (158, "SIGN"),
    (159, "BITCAST"),
    (160, "BITWISE_XOR"),
    (161, "RIGHT_SHIFT"),
    (162, "STABLEHLO_LOGISTIC"),
    (163, "STABLEHLO_ADD"),
    (164, "STABLEHLO_DIVIDE"),
    (165, "STABLEHLO_MULTIPLY"),
    (166, "STABLEHLO_MAXIMUM"),
    (167, "STABLEHLO_RESHAPE"),
    (168, "STABLEHLO_CLAMP"),
    (169, "STABLEHLO_CONCATENATE"),
    (170, "STABLEHLO_BROADCAST_IN_DIM"),
    (171, "STABLEHLO_CONVOLUTION"),
    (172, "STABLEHLO_SLICE"),
    (173, "STABLEHLO_CUSTOM_CALL"),
    (174, "STABLEHLO_REDUCE"),
    (175, "STABLEHLO_ABS"),
    (176, "STABLEHLO_AND"),
    (177, "STABLEHLO_COSINE"),
    (178, "STABLEHLO_EXPONENTIAL"),
    (179, "STABLEHLO_FLOOR"),
    (180, "STABLEHLO_LOG"),
    (181, "STABLEHLO_MINIMUM"),
    (182, "STABLEHLO_NEGATE"),
    (183, "STABLEHLO_OR"),
    (184, "STABLEHLO_POWER"),
    (185, "STABLEHLO_REMAINDER"),
    (186, "STABLEHLO_RSQRT"),
    (187, "STABLEHLO_SELECT"),
    (188, "STABLEHLO_SUBTRACT"),
    (189, "STABLEHLO_TANH"),
    (190, "STABLEHLO_SCATTER"),
    (191, "STABLEHLO_COMPARE"),
    (192, "STABLEHLO_CONVERT"),
    (193, "STABLEHLO_DYNAMIC_SLICE"),
    (194, "STABLEHLO_DYNAMIC_UPDATE_SLICE"),
    (195, "STABLEHLO_PAD"),
    (196, "STABLEHLO_IOTA"),
    (197, "STABLEHLO_DOT_GENERAL"),
    (198, "STABLEHLO_REDUCE_WINDOW"),
    (199, "STABLEHLO_SORT"),
    (200, "STABLEHLO_WHILE"),
    (201, "STABLEHLO_GATHER"),
    (202, "STABLEHLO_TRANSPOSE"),
    (203, "DILATE"),
    (204, "STABLEHLO_RNG_BIT_GENERATOR"),
    (205, "REDUCE_WINDOW"),
    (206, "STABLEHLO_COMPOSITE"),
    (207, "STABLEHLO_SHIFT_LEFT"),
    (208, "STABLEHLO_CBRT"),
    (209, "STABLEHLO_CASE"),
];
