//! The ONNX protobuf interface, one struct per message.
//!
//! Field names, numbers and types are those of `onnx.proto`, where their meaning is told:
//! <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>.
//! `bytes` fields are reference counted: decoding from [`bytes::Bytes`] copies no tensor data.
//!
//! @generated from the descriptors in the Python wheel `onnx` 1.23.2 by `cargo xtask gen`;
//! do not edit.
#![allow(clippy::pedantic, reason = "generated")]

/// Message `onnx.AttributeProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AttributeProto {
    /// `name`, field 1.
    #[prost(string, optional, tag = "1")]
    pub name: ::core::option::Option<::prost::alloc::string::String>,
    /// `ref_attr_name`, field 21.
    #[prost(string, optional, tag = "21")]
    pub ref_attr_name: ::core::option::Option<::prost::alloc::string::String>,
    /// `doc_string`, field 13.
    #[prost(string, optional, tag = "13")]
    pub doc_string: ::core::option::Option<::prost::alloc::string::String>,
    /// `type`, field 20.
    #[prost(enumeration = "attribute_proto::AttributeType", optional, tag = "20")]
    pub r#type: ::core::option::Option<i32>,
    /// `f`, field 2.
    #[prost(float, optional, tag = "2")]
    pub f: ::core::option::Option<f32>,
    /// `i`, field 3.
    #[prost(int64, optional, tag = "3")]
    pub i: ::core::option::Option<i64>,
    /// `s`, field 4.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub s: ::core::option::Option<::prost::bytes::Bytes>,
    /// `t`, field 5.
    #[prost(message, optional, boxed, tag = "5")]
    pub t: ::core::option::Option<::prost::alloc::boxed::Box<TensorProto>>,
    /// `g`, field 6.
    #[prost(message, optional, boxed, tag = "6")]
    pub g: ::core::option::Option<::prost::alloc::boxed::Box<GraphProto>>,
    /// `sparse_tensor`, field 22.
    #[prost(message, optional, boxed, tag = "22")]
    pub sparse_tensor: ::core::option::Option<::prost::alloc::boxed::Box<SparseTensorProto>>,
    /// `tp`, field 14.
    #[prost(message, optional, boxed, tag = "14")]
    pub tp: ::core::option::Option<::prost::alloc::boxed::Box<TypeProto>>,
    /// `floats`, field 7.
    #[prost(float, repeated, packed = "false", tag = "7")]
    pub floats: ::prost::alloc::vec::Vec<f32>,
    /// `ints`, field 8.
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: ::prost::alloc::vec::Vec<i64>,
    /// `strings`, field 9.
    #[prost(bytes = "bytes", repeated, tag = "9")]
    pub strings: ::prost::alloc::vec::Vec<::prost::bytes::Bytes>,
    /// `tensors`, field 10.
    #[prost(message, repeated, tag = "10")]
    pub tensors: ::prost::alloc::vec::Vec<TensorProto>,
    /// `graphs`, field 11.
    #[prost(message, repeated, tag = "11")]
    pub graphs: ::prost::alloc::vec::Vec<GraphProto>,
    /// `sparse_tensors`, field 23.
    #[prost(message, repeated, tag = "23")]
    pub sparse_tensors: ::prost::alloc::vec::Vec<SparseTensorProto>,
    /// `type_protos`, field 15.
    #[prost(message, repeated, tag = "15")]
    pub type_protos: ::prost::alloc::vec::Vec<TypeProto>,
}
/// Types inside [`AttributeProto`].
pub mod attribute_proto {
    /// Enumeration `AttributeType`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
    #[repr(i32)]
    pub enum AttributeType {
        /// `UNDEFINED`.
        Undefined = 0,
        /// `FLOAT`.
        Float = 1,
        /// `INT`.
        Int = 2,
        /// `STRING`.
        String = 3,
        /// `TENSOR`.
        Tensor = 4,
        /// `GRAPH`.
        Graph = 5,
        /// `SPARSE_TENSOR`.
        SparseTensor = 11,
        /// `TYPE_PROTO`.
        TypeProto = 13,
        /// `FLOATS`.
        Floats = 6,
        /// `INTS`.
        Ints = 7,
        /// `STRINGS`.
        Strings = 8,
        /// `TENSORS`.
        Tensors = 9,
        /// `GRAPHS`.
        Graphs = 10,
        /// `SPARSE_TENSORS`.
        SparseTensors = 12,
        /// `TYPE_PROTOS`.
        TypeProtos = 14,
    }
}

/// Message `onnx.ValueInfoProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ValueInfoProto {
    /// `name`, field 1.
    #[prost(string, optional, tag = "1")]
    pub name: ::core::option::Option<::prost::alloc::string::String>,
    /// `type`, field 2.
    #[prost(message, optional, tag = "2")]
    pub r#type: ::core::option::Option<TypeProto>,
    /// `doc_string`, field 3.
    #[prost(string, optional, tag = "3")]
    pub doc_string: ::core::option::Option<::prost::alloc::string::String>,
    /// `metadata_props`, field 4.
    #[prost(message, repeated, tag = "4")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}

/// Message `onnx.NodeProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct NodeProto {
    /// `input`, field 1.
    #[prost(string, repeated, tag = "1")]
    pub input: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    /// `output`, field 2.
    #[prost(string, repeated, tag = "2")]
    pub output: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    /// `name`, field 3.
    #[prost(string, optional, tag = "3")]
    pub name: ::core::option::Option<::prost::alloc::string::String>,
    /// `op_type`, field 4.
    #[prost(string, optional, tag = "4")]
    pub op_type: ::core::option::Option<::prost::alloc::string::String>,
    /// `domain`, field 7.
    #[prost(string, optional, tag = "7")]
    pub domain: ::core::option::Option<::prost::alloc::string::String>,
    /// `overload`, field 8.
    #[prost(string, optional, tag = "8")]
    pub overload: ::core::option::Option<::prost::alloc::string::String>,
    /// `attribute`, field 5.
    #[prost(message, repeated, tag = "5")]
    pub attribute: ::prost::alloc::vec::Vec<AttributeProto>,
    /// `doc_string`, field 6.
    #[prost(string, optional, tag = "6")]
    pub doc_string: ::core::option::Option<::prost::alloc::string::String>,
    /// `metadata_props`, field 9.
    #[prost(message, repeated, tag = "9")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
    /// `device_configurations`, field 10.
    #[prost(message, repeated, tag = "10")]
    pub device_configurations: ::prost::alloc::vec::Vec<NodeDeviceConfigurationProto>,
}

/// Message `onnx.IntIntListEntryProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct IntIntListEntryProto {
    /// `key`, field 1.
    #[prost(int64, optional, tag = "1")]
    pub key: ::core::option::Option<i64>,
    /// `value`, field 2.
    #[prost(int64, repeated, packed = "false", tag = "2")]
    pub value: ::prost::alloc::vec::Vec<i64>,
}

/// Message `onnx.NodeDeviceConfigurationProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct NodeDeviceConfigurationProto {
    /// `configuration_id`, field 1.
    #[prost(string, optional, tag = "1")]
    pub configuration_id: ::core::option::Option<::prost::alloc::string::String>,
    /// `sharding_spec`, field 2.
    #[prost(message, repeated, tag = "2")]
    pub sharding_spec: ::prost::alloc::vec::Vec<ShardingSpecProto>,
    /// `pipeline_stage`, field 3.
    #[prost(int32, optional, tag = "3")]
    pub pipeline_stage: ::core::option::Option<i32>,
}

/// Message `onnx.ShardingSpecProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ShardingSpecProto {
    /// `tensor_name`, field 1.
    #[prost(string, optional, tag = "1")]
    pub tensor_name: ::core::option::Option<::prost::alloc::string::String>,
    /// `device`, field 2.
    #[prost(int64, repeated, packed = "false", tag = "2")]
    pub device: ::prost::alloc::vec::Vec<i64>,
    /// `index_to_device_group_map`, field 3.
    #[prost(message, repeated, tag = "3")]
    pub index_to_device_group_map: ::prost::alloc::vec::Vec<IntIntListEntryProto>,
    /// `sharded_dim`, field 4.
    #[prost(message, repeated, tag = "4")]
    pub sharded_dim: ::prost::alloc::vec::Vec<ShardedDimProto>,
}

/// Message `onnx.ShardedDimProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ShardedDimProto {
    /// `axis`, field 1.
    #[prost(int64, optional, tag = "1")]
    pub axis: ::core::option::Option<i64>,
    /// `simple_sharding`, field 2.
    #[prost(message, repeated, tag = "2")]
    pub simple_sharding: ::prost::alloc::vec::Vec<SimpleShardedDimProto>,
}

/// Message `onnx.SimpleShardedDimProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SimpleShardedDimProto {
    /// One of the fields 1, 2.
    #[prost(oneof = "simple_sharded_dim_proto::Dim", tags = "1, 2")]
    pub dim: ::core::option::Option<simple_sharded_dim_proto::Dim>,
    /// `num_shards`, field 3.
    #[prost(int64, optional, tag = "3")]
    pub num_shards: ::core::option::Option<i64>,
}
/// Types inside [`SimpleShardedDimProto`].
pub mod simple_sharded_dim_proto {
    /// What `SimpleShardedDimProto.dim` can be.
    #[derive(Clone, PartialEq, ::prost::Oneof)]
    pub enum Dim {
        /// `dim_value`, field 1.
        #[prost(int64, tag = "1")]
        DimValue(i64),
        /// `dim_param`, field 2.
        #[prost(string, tag = "2")]
        DimParam(::prost::alloc::string::String),
    }
}

/// Message `onnx.TrainingInfoProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TrainingInfoProto {
    /// `initialization`, field 1.
    #[prost(message, optional, tag = "1")]
    pub initialization: ::core::option::Option<GraphProto>,
    /// `algorithm`, field 2.
    #[prost(message, optional, tag = "2")]
    pub algorithm: ::core::option::Option<GraphProto>,
    /// `initialization_binding`, field 3.
    #[prost(message, repeated, tag = "3")]
    pub initialization_binding: ::prost::alloc::vec::Vec<StringStringEntryProto>,
    /// `update_binding`, field 4.
    #[prost(message, repeated, tag = "4")]
    pub update_binding: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}

/// Message `onnx.ModelProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModelProto {
    /// `ir_version`, field 1.
    #[prost(int64, optional, tag = "1")]
    pub ir_version: ::core::option::Option<i64>,
    /// `opset_import`, field 8.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: ::prost::alloc::vec::Vec<OperatorSetIdProto>,
    /// `producer_name`, field 2.
    #[prost(string, optional, tag = "2")]
    pub producer_name: ::core::option::Option<::prost::alloc::string::String>,
    /// `producer_version`, field 3.
    #[prost(string, optional, tag = "3")]
    pub producer_version: ::core::option::Option<::prost::alloc::string::String>,
    /// `domain`, field 4.
    #[prost(string, optional, tag = "4")]
    pub domain: ::core::option::Option<::prost::alloc::string::String>,
    /// `model_version`, field 5.
    #[prost(int64, optional, tag = "5")]
    pub model_version: ::core::option::Option<i64>,
    /// `doc_string`, field 6.
    #[prost(string, optional, tag = "6")]
    pub doc_string: ::core::option::Option<::prost::alloc::string::String>,
    /// `graph`, field 7.
    #[prost(message, optional, tag = "7")]
    pub graph: ::core::option::Option<GraphProto>,
    /// `metadata_props`, field 14.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
    /// `training_info`, field 20.
    #[prost(message, repeated, tag = "20")]
    pub training_info: ::prost::alloc::vec::Vec<TrainingInfoProto>,
    /// `functions`, field 25.
    #[prost(message, repeated, tag = "25")]
    pub functions: ::prost::alloc::vec::Vec<FunctionProto>,
    /// `configuration`, field 26.
    #[prost(message, repeated, tag = "26")]
    pub configuration: ::prost::alloc::vec::Vec<DeviceConfigurationProto>,
}

/// Message `onnx.DeviceConfigurationProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DeviceConfigurationProto {
    /// `name`, field 1.
    #[prost(string, optional, tag = "1")]
    pub name: ::core::option::Option<::prost::alloc::string::String>,
    /// `num_devices`, field 2.
    #[prost(int32, optional, tag = "2")]
    pub num_devices: ::core::option::Option<i32>,
    /// `device`, field 3.
    #[prost(string, repeated, tag = "3")]
    pub device: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
}

/// Message `onnx.StringStringEntryProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StringStringEntryProto {
    /// `key`, field 1.
    #[prost(string, optional, tag = "1")]
    pub key: ::core::option::Option<::prost::alloc::string::String>,
    /// `value`, field 2.
    #[prost(string, optional, tag = "2")]
    pub value: ::core::option::Option<::prost::alloc::string::String>,
}

/// Message `onnx.TensorAnnotation`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TensorAnnotation {
    /// `tensor_name`, field 1.
    #[prost(string, optional, tag = "1")]
    pub tensor_name: ::core::option::Option<::prost::alloc::string::String>,
    /// `quant_parameter_tensor_names`, field 2.
    #[prost(message, repeated, tag = "2")]
    pub quant_parameter_tensor_names: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}

/// Message `onnx.GraphProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GraphProto {
    /// `node`, field 1.
    #[prost(message, repeated, tag = "1")]
    pub node: ::prost::alloc::vec::Vec<NodeProto>,
    /// `name`, field 2.
    #[prost(string, optional, tag = "2")]
    pub name: ::core::option::Option<::prost::alloc::string::String>,
    /// `initializer`, field 5.
    #[prost(message, repeated, tag = "5")]
    pub initializer: ::prost::alloc::vec::Vec<TensorProto>,
    /// `sparse_initializer`, field 15.
    #[prost(message, repeated, tag = "15")]
    pub sparse_initializer: ::prost::alloc::vec::Vec<SparseTensorProto>,
    /// `doc_string`, field 10.
    #[prost(string, optional, tag = "10")]
    pub doc_string: ::core::option::Option<::prost::alloc::string::String>,
    /// `input`, field 11.
    #[prost(message, repeated, tag = "11")]
    pub input: ::prost::alloc::vec::Vec<ValueInfoProto>,
    /// `output`, field 12.
    #[prost(message, repeated, tag = "12")]
    pub output: ::prost::alloc::vec::Vec<ValueInfoProto>,
    /// `value_info`, field 13.
    #[prost(message, repeated, tag = "13")]
    pub value_info: ::prost::alloc::vec::Vec<ValueInfoProto>,
    /// `quantization_annotation`, field 14.
    #[prost(message, repeated, tag = "14")]
    pub quantization_annotation: ::prost::alloc::vec::Vec<TensorAnnotation>,
    /// `metadata_props`, field 16.
    #[prost(message, repeated, tag = "16")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}

/// Message `onnx.TensorProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TensorProto {
    /// `dims`, field 1.
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: ::prost::alloc::vec::Vec<i64>,
    /// `data_type`, field 2.
    #[prost(int32, optional, tag = "2")]
    pub data_type: ::core::option::Option<i32>,
    /// `segment`, field 3.
    #[prost(message, optional, tag = "3")]
    pub segment: ::core::option::Option<tensor_proto::Segment>,
    /// `float_data`, field 4.
    #[prost(float, repeated, tag = "4")]
    pub float_data: ::prost::alloc::vec::Vec<f32>,
    /// `int32_data`, field 5.
    #[prost(int32, repeated, tag = "5")]
    pub int32_data: ::prost::alloc::vec::Vec<i32>,
    /// `string_data`, field 6.
    #[prost(bytes = "bytes", repeated, tag = "6")]
    pub string_data: ::prost::alloc::vec::Vec<::prost::bytes::Bytes>,
    /// `int64_data`, field 7.
    #[prost(int64, repeated, tag = "7")]
    pub int64_data: ::prost::alloc::vec::Vec<i64>,
    /// `name`, field 8.
    #[prost(string, optional, tag = "8")]
    pub name: ::core::option::Option<::prost::alloc::string::String>,
    /// `doc_string`, field 12.
    #[prost(string, optional, tag = "12")]
    pub doc_string: ::core::option::Option<::prost::alloc::string::String>,
    /// `raw_data`, field 9.
    #[prost(bytes = "bytes", optional, tag = "9")]
    pub raw_data: ::core::option::Option<::prost::bytes::Bytes>,
    /// `external_data`, field 13.
    #[prost(message, repeated, tag = "13")]
    pub external_data: ::prost::alloc::vec::Vec<StringStringEntryProto>,
    /// `data_location`, field 14.
    #[prost(enumeration = "tensor_proto::DataLocation", optional, tag = "14")]
    pub data_location: ::core::option::Option<i32>,
    /// `double_data`, field 10.
    #[prost(double, repeated, tag = "10")]
    pub double_data: ::prost::alloc::vec::Vec<f64>,
    /// `uint64_data`, field 11.
    #[prost(uint64, repeated, tag = "11")]
    pub uint64_data: ::prost::alloc::vec::Vec<u64>,
    /// `metadata_props`, field 16.
    #[prost(message, repeated, tag = "16")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}
/// Types inside [`TensorProto`].
pub mod tensor_proto {

    /// Message `onnx.TensorProto.Segment`.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Segment {
        /// `begin`, field 1.
        #[prost(int64, optional, tag = "1")]
        pub begin: ::core::option::Option<i64>,
        /// `end`, field 2.
        #[prost(int64, optional, tag = "2")]
        pub end: ::core::option::Option<i64>,
    }
    /// Enumeration `DataType`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
    #[repr(i32)]
    pub enum DataType {
        /// `UNDEFINED`.
        Undefined = 0,
        /// `FLOAT`.
        Float = 1,
        /// `UINT8`.
        Uint8 = 2,
        /// `INT8`.
        Int8 = 3,
        /// `UINT16`.
        Uint16 = 4,
        /// `INT16`.
        Int16 = 5,
        /// `INT32`.
        Int32 = 6,
        /// `INT64`.
        Int64 = 7,
        /// `STRING`.
        String = 8,
        /// `BOOL`.
        Bool = 9,
        /// `FLOAT16`.
        Float16 = 10,
        /// `DOUBLE`.
        Double = 11,
        /// `UINT32`.
        Uint32 = 12,
        /// `UINT64`.
        Uint64 = 13,
        /// `COMPLEX64`.
        Complex64 = 14,
        /// `COMPLEX128`.
        Complex128 = 15,
        /// `BFLOAT16`.
        Bfloat16 = 16,
        /// `FLOAT8E4M3FN`.
        Float8e4m3fn = 17,
        /// `FLOAT8E4M3FNUZ`.
        Float8e4m3fnuz = 18,
        /// `FLOAT8E5M2`.
        Float8e5m2 = 19,
        /// `FLOAT8E5M2FNUZ`.
        Float8e5m2fnuz = 20,
        /// `UINT4`.
        Uint4 = 21,
        /// `INT4`.
        Int4 = 22,
        /// `FLOAT4E2M1`.
        Float4e2m1 = 23,
        /// `FLOAT8E8M0`.
        Float8e8m0 = 24,
        /// `UINT2`.
        Uint2 = 25,
        /// `INT2`.
        Int2 = 26,
        /// `FLOAT6E2M3`.
        Float6e2m3 = 27,
        /// `FLOAT6E3M2`.
        Float6e3m2 = 28,
    }
    /// Enumeration `DataLocation`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
    #[repr(i32)]
    pub enum DataLocation {
        /// `DEFAULT`.
        Default = 0,
        /// `EXTERNAL`.
        External = 1,
    }
}

/// Message `onnx.SparseTensorProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SparseTensorProto {
    /// `values`, field 1.
    #[prost(message, optional, tag = "1")]
    pub values: ::core::option::Option<TensorProto>,
    /// `indices`, field 2.
    #[prost(message, optional, tag = "2")]
    pub indices: ::core::option::Option<TensorProto>,
    /// `dims`, field 3.
    #[prost(int64, repeated, packed = "false", tag = "3")]
    pub dims: ::prost::alloc::vec::Vec<i64>,
}

/// Message `onnx.TensorShapeProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TensorShapeProto {
    /// `dim`, field 1.
    #[prost(message, repeated, tag = "1")]
    pub dim: ::prost::alloc::vec::Vec<tensor_shape_proto::Dimension>,
}
/// Types inside [`TensorShapeProto`].
pub mod tensor_shape_proto {

    /// Message `onnx.TensorShapeProto.Dimension`.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Dimension {
        /// One of the fields 1, 2.
        #[prost(oneof = "dimension::Value", tags = "1, 2")]
        pub value: ::core::option::Option<dimension::Value>,
        /// `denotation`, field 3.
        #[prost(string, optional, tag = "3")]
        pub denotation: ::core::option::Option<::prost::alloc::string::String>,
    }
    /// Types inside [`Dimension`].
    pub mod dimension {
        /// What `Dimension.value` can be.
        #[derive(Clone, PartialEq, ::prost::Oneof)]
        pub enum Value {
            /// `dim_value`, field 1.
            #[prost(int64, tag = "1")]
            DimValue(i64),
            /// `dim_param`, field 2.
            #[prost(string, tag = "2")]
            DimParam(::prost::alloc::string::String),
        }
    }
}

/// Message `onnx.TypeProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TypeProto {
    /// One of the fields 1, 4, 5, 9, 8, 7.
    #[prost(oneof = "type_proto::Value", tags = "1, 4, 5, 9, 8, 7")]
    pub value: ::core::option::Option<type_proto::Value>,
    /// `denotation`, field 6.
    #[prost(string, optional, tag = "6")]
    pub denotation: ::core::option::Option<::prost::alloc::string::String>,
}
/// Types inside [`TypeProto`].
pub mod type_proto {

    /// Message `onnx.TypeProto.Tensor`.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Tensor {
        /// `elem_type`, field 1.
        #[prost(int32, optional, tag = "1")]
        pub elem_type: ::core::option::Option<i32>,
        /// `shape`, field 2.
        #[prost(message, optional, tag = "2")]
        pub shape: ::core::option::Option<super::TensorShapeProto>,
    }

    /// Message `onnx.TypeProto.Sequence`.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Sequence {
        /// `elem_type`, field 1.
        #[prost(message, optional, boxed, tag = "1")]
        pub elem_type: ::core::option::Option<::prost::alloc::boxed::Box<super::TypeProto>>,
    }

    /// Message `onnx.TypeProto.Map`.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Map {
        /// `key_type`, field 1.
        #[prost(int32, optional, tag = "1")]
        pub key_type: ::core::option::Option<i32>,
        /// `value_type`, field 2.
        #[prost(message, optional, boxed, tag = "2")]
        pub value_type: ::core::option::Option<::prost::alloc::boxed::Box<super::TypeProto>>,
    }

    /// Message `onnx.TypeProto.Optional`.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Optional {
        /// `elem_type`, field 1.
        #[prost(message, optional, boxed, tag = "1")]
        pub elem_type: ::core::option::Option<::prost::alloc::boxed::Box<super::TypeProto>>,
    }

    /// Message `onnx.TypeProto.SparseTensor`.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct SparseTensor {
        /// `elem_type`, field 1.
        #[prost(int32, optional, tag = "1")]
        pub elem_type: ::core::option::Option<i32>,
        /// `shape`, field 2.
        #[prost(message, optional, tag = "2")]
        pub shape: ::core::option::Option<super::TensorShapeProto>,
    }

    /// Message `onnx.TypeProto.Opaque`.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Opaque {
        /// `domain`, field 1.
        #[prost(string, optional, tag = "1")]
        pub domain: ::core::option::Option<::prost::alloc::string::String>,
        /// `name`, field 2.
        #[prost(string, optional, tag = "2")]
        pub name: ::core::option::Option<::prost::alloc::string::String>,
    }
    /// What `TypeProto.value` can be.
    #[derive(Clone, PartialEq, ::prost::Oneof)]
    pub enum Value {
        /// `tensor_type`, field 1.
        #[prost(message, tag = "1")]
        TensorType(super::type_proto::Tensor),
        /// `sequence_type`, field 4.
        #[prost(message, boxed, tag = "4")]
        SequenceType(::prost::alloc::boxed::Box<super::type_proto::Sequence>),
        /// `map_type`, field 5.
        #[prost(message, boxed, tag = "5")]
        MapType(::prost::alloc::boxed::Box<super::type_proto::Map>),
        /// `optional_type`, field 9.
        #[prost(message, boxed, tag = "9")]
        OptionalType(::prost::alloc::boxed::Box<super::type_proto::Optional>),
        /// `sparse_tensor_type`, field 8.
        #[prost(message, tag = "8")]
        SparseTensorType(super::type_proto::SparseTensor),
        /// `opaque_type`, field 7.
        #[prost(message, tag = "7")]
        OpaqueType(super::type_proto::Opaque),
    }
}

/// Message `onnx.OperatorSetIdProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct OperatorSetIdProto {
    /// `domain`, field 1.
    #[prost(string, optional, tag = "1")]
    pub domain: ::core::option::Option<::prost::alloc::string::String>,
    /// `version`, field 2.
    #[prost(int64, optional, tag = "2")]
    pub version: ::core::option::Option<i64>,
}

/// Message `onnx.FunctionProto`.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct FunctionProto {
    /// `name`, field 1.
    #[prost(string, optional, tag = "1")]
    pub name: ::core::option::Option<::prost::alloc::string::String>,
    /// `input`, field 4.
    #[prost(string, repeated, tag = "4")]
    pub input: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    /// `output`, field 5.
    #[prost(string, repeated, tag = "5")]
    pub output: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    /// `attribute`, field 6.
    #[prost(string, repeated, tag = "6")]
    pub attribute: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    /// `attribute_proto`, field 11.
    #[prost(message, repeated, tag = "11")]
    pub attribute_proto: ::prost::alloc::vec::Vec<AttributeProto>,
    /// `node`, field 7.
    #[prost(message, repeated, tag = "7")]
    pub node: ::prost::alloc::vec::Vec<NodeProto>,
    /// `doc_string`, field 8.
    #[prost(string, optional, tag = "8")]
    pub doc_string: ::core::option::Option<::prost::alloc::string::String>,
    /// `opset_import`, field 9.
    #[prost(message, repeated, tag = "9")]
    pub opset_import: ::prost::alloc::vec::Vec<OperatorSetIdProto>,
    /// `domain`, field 10.
    #[prost(string, optional, tag = "10")]
    pub domain: ::core::option::Option<::prost::alloc::string::String>,
    /// `overload`, field 13.
    #[prost(string, optional, tag = "13")]
    pub overload: ::core::option::Option<::prost::alloc::string::String>,
    /// `value_info`, field 12.
    #[prost(message, repeated, tag = "12")]
    pub value_info: ::prost::alloc::vec::Vec<ValueInfoProto>,
    /// `metadata_props`, field 14.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}

/// Enumeration `Version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum Version {
    /// `_START_VERSION`.
    StartVersion = 0,
    /// `IR_VERSION_2017_10_10`.
    IrVersion20171010 = 1,
    /// `IR_VERSION_2017_10_30`.
    IrVersion20171030 = 2,
    /// `IR_VERSION_2017_11_3`.
    IrVersion2017113 = 3,
    /// `IR_VERSION_2019_1_22`.
    IrVersion2019122 = 4,
    /// `IR_VERSION_2019_3_18`.
    IrVersion2019318 = 5,
    /// `IR_VERSION_2019_9_19`.
    IrVersion2019919 = 6,
    /// `IR_VERSION_2020_5_8`.
    IrVersion202058 = 7,
    /// `IR_VERSION_2021_7_30`.
    IrVersion2021730 = 8,
    /// `IR_VERSION_2023_5_5`.
    IrVersion202355 = 9,
    /// `IR_VERSION_2024_3_25`.
    IrVersion2024325 = 10,
    /// `IR_VERSION_2025_05_12`.
    IrVersion20250512 = 11,
    /// `IR_VERSION_2025_08_26`.
    IrVersion20250826 = 12,
    /// `IR_VERSION_2025_11_06`.
    IrVersion20251106 = 13,
    /// `IR_VERSION`.
    IrVersion = 14,
}

/// Enumeration `OperatorStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum OperatorStatus {
    /// `EXPERIMENTAL`.
    Experimental = 0,
    /// `STABLE`.
    Stable = 1,
}
