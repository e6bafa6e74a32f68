//! Tensors of every element type and place, functions, and side files.

mod onnx_models_by_hand;

use bytes::Bytes;
use onnx_models_by_hand::{NodeExt, floats, input, model, node, text_of};
use qdq::formats::onnx::{self, Piece};
use qdq::graph::Graph;
use qdq::tensor::{DType, Tensor};
use qdq_schema::Message;
use qdq_schema::onnx::attribute_proto::AttributeType;
use qdq_schema::onnx::tensor_proto::DataLocation;
use qdq_schema::onnx::{
    FunctionProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
};

fn read(bytes: Bytes) -> Graph {
    onnx::read(bytes, &|_: &str| unreachable!()).unwrap_or_else(|error| panic!("{error}"))
}

/// Reads a model that gives its one constant, and the constant again after a round trip.
fn constant(proto: TensorProto) -> Tensor {
    let bytes = model(21, vec![], vec![node("Identity", &["w"], &["y"])], &["y"], vec![proto]);
    let graph = read(bytes);
    let tensor = graph[graph.find("w").unwrap()].constant.clone().unwrap();
    let written =
        onnx::write(&graph, &onnx::WriteOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    let again = read(written.model_bytes().into());
    assert_eq!(again[again.find("w").unwrap()].constant.as_ref(), Some(&tensor));
    tensor
}

fn tensor(data_type: i32, dims: &[i64]) -> TensorProto {
    TensorProto {
        name: Some("w".into()),
        data_type: Some(data_type),
        dims: dims.to_vec(),
        ..TensorProto::default()
    }
}

#[test]
fn raw_data_of_every_element_type() {
    for (data_type, dtype, bytes_each) in [
        (1, DType::F32, 4),
        (2, DType::U8, 1),
        (3, DType::I8, 1),
        (4, DType::U16, 2),
        (5, DType::I16, 2),
        (6, DType::I32, 4),
        (7, DType::I64, 8),
        (9, DType::Bool, 1),
        (10, DType::F16, 2),
        (11, DType::F64, 8),
        (12, DType::U32, 4),
        (13, DType::U64, 8),
        (16, DType::Bf16, 2),
    ] {
        let raw: Vec<u8> = (0..3 * bytes_each).map(|byte| byte % 2).collect();
        let found = constant(TensorProto { raw_data: Some(raw.into()), ..tensor(data_type, &[3]) });
        assert_eq!((found.dtype(), found.shape()), (dtype, [3].as_slice()));
    }
}

#[test]
fn typed_data_of_every_field() {
    let f16 = constant(TensorProto { int32_data: vec![0x3c00, 0xc000], ..tensor(10, &[2]) });
    assert_eq!(f16.to_f32_vec().unwrap(), [1.0, -2.0]);
    let bf16 = constant(TensorProto { int32_data: vec![0x3f80], ..tensor(16, &[1]) });
    assert_eq!(bf16.to_f32_vec().unwrap(), [1.0]);
    let f64s = constant(TensorProto { double_data: vec![0.1], ..tensor(11, &[]) });
    assert_eq!(f64s.to_f64_vec().unwrap(), [0.1]);
    let u32s = constant(TensorProto { uint64_data: vec![4_000_000_000], ..tensor(12, &[1]) });
    assert_eq!(u32s.to_i64_vec().unwrap(), [4_000_000_000]);
    let i8s = constant(TensorProto { int32_data: vec![-128, 127], ..tensor(3, &[2]) });
    assert_eq!(i8s.to_i64_vec().unwrap(), [-128, 127]);
    let bools = constant(TensorProto { int32_data: vec![0, 1], ..tensor(9, &[2]) });
    assert_eq!(bools.as_slice::<bool>().unwrap(), [false, true]);
    let texts = constant(TensorProto { string_data: vec!["a".into(), "".into()], ..tensor(8, &[2]) });
    assert_eq!(texts.len(), 2);
    assert!(constant(tensor(1, &[0, 3])).is_empty());
}

#[test]
fn four_bit_integers_lie_low_half_first() {
    let i4 = constant(TensorProto { raw_data: Some(vec![0xf7, 0x08].into()), ..tensor(22, &[3]) });
    assert_eq!((i4.dtype(), i4.to_i64_vec().unwrap().as_slice()), (DType::I4, [7, -1, -8].as_slice()));
    let u4 = constant(TensorProto { int32_data: vec![0xf7, 0x08], ..tensor(21, &[3]) });
    assert_eq!(u4.to_i64_vec().unwrap(), [7, 15, 8]);
}

#[test]
fn large_tensors_are_never_copied() {
    let n_elements = 1 << 16;
    let data = Bytes::from_owner(
        vec![0_u64; n_elements / 2].into_iter().flat_map(u64::to_le_bytes).collect::<Vec<u8>>(),
    );
    let entry =
        |key: &str, value: &str| StringStringEntryProto { key: Some(key.into()), value: Some(value.into()) };
    let external = TensorProto {
        data_location: Some(DataLocation::External.into()),
        external_data: vec![entry("location", "w.bin"), entry("length", &(n_elements * 4).to_string())],
        ..tensor(1, &[n_elements as i64])
    };
    let x = input("x", 1, &[n_elements as i64]);
    let bytes = model(13, vec![x], vec![node("Add", &["x", "w"], &["y"])], &["y"], vec![external]);
    let graph = onnx::read(bytes, &|name: &str| {
        assert_eq!(name, "w.bin");
        Ok(data.clone())
    });
    let graph = graph.unwrap_or_else(|error| panic!("{error}"));
    let constant = graph[graph.find("w").unwrap()].constant.as_ref().unwrap();
    let aligned = data.as_ptr().align_offset(4) == 0;
    assert!(!aligned || constant.as_slice::<f32>().unwrap().as_ptr().cast() == data.as_ptr());

    let options = onnx::WriteOptions { max_model_bytes: 1000, ..onnx::WriteOptions::default() };
    let written = onnx::write(&graph, &options).unwrap();
    let side_file = written.side_file.as_ref().unwrap();
    assert_eq!((side_file.len(), written.model_bytes().len() < 1000), (n_elements * 4, true));
    assert_eq!(side_file.pieces[0].bytes().as_ptr(), constant.as_slice::<f32>().unwrap().as_ptr().cast());
    let joined: Bytes = side_file.pieces.iter().flat_map(Piece::bytes).collect();
    let again = onnx::read(written.model_bytes().into(), &|name: &str| {
        assert_eq!(name, side_file.name);
        Ok(joined.clone())
    });
    assert!(again.unwrap().find("w").is_some());
}

fn function(name: &str, attributes: &[&str], inputs: &[&str], nodes: Vec<NodeProto>) -> FunctionProto {
    let import =
        |domain: &str, version| OperatorSetIdProto { domain: Some(domain.into()), version: Some(version) };
    FunctionProto {
        name: Some(name.into()),
        domain: Some("f".into()),
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec!["out".into()],
        attribute: attributes.iter().map(ToString::to_string).collect(),
        opset_import: vec![import("", 11), import("f", 1)],
        node: nodes,
        ..FunctionProto::default()
    }
}

fn call(name: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto { domain: Some("f".into()), ..node(name, inputs, outputs) }
}

#[test]
fn functions_take_the_place_of_their_calls() {
    let leak = node("LeakyRelu", &["a"], &["t"]).reference("alpha", AttributeType::Float, "slope");
    // Squeeze has its axes as attribute in the function's operator set, whatever the model's is.
    let squeeze = node("Squeeze", &["t"], &["out"]).ints("axes", &[0]);
    let inner = function("inner", &["slope"], &["a"], vec![leak, squeeze]);
    let handed_on = call("inner", &["a"], &["t"]).reference("slope", AttributeType::Float, "steep");
    let clip = node("Clip", &["t"], &["u"]);
    let add = node("Sum", &["u", "b"], &["out"]);
    let outer = function("outer", &["steep"], &["a", "b"], vec![handed_on, clip, add]);

    let mut calls =
        vec![call("outer", &["x", "w"], &["y"]).float("steep", 0.5), call("outer", &["x", "w"], &["z"])];
    calls[0].name = Some("first".into());
    let bytes =
        model(13, vec![input("x", 1, &[1, 2])], calls, &["y", "z"], vec![floats("w", &[2], &[1.0, 2.0])]);
    let mut proto = ModelProto::decode(bytes).unwrap();
    proto.functions = vec![inner, outer];
    proto.opset_import.push(OperatorSetIdProto { domain: Some("f".into()), version: Some(1) });
    let text = text_of(&proto.encode_to_vec().into());
    for line in [
        "%first/t/t: f32[1,2] = leaky_relu(%x) {alpha=0.5} @\"first/t\"",
        "%first/t: f32[2] = squeeze(%first/t/t, %first/t/out_axes) @\"first/t\"",
        "%y: f32[2] = sum(%first/u, %w) @\"first\"",
        "%z/t/t: f32[1,2] = leaky_relu(%x) @\"z/t\"",
        "%z: f32[2] = sum(%z/u, %w) @\"z\"",
    ] {
        assert!(text.lines().any(|have| have.trim() == line), "no `{line}` in\n{text}");
    }
}
