//! Small ONNX models put together by hand.
#![allow(dead_code, reason = "each test file uses a part")]

use bytes::Bytes;
use qdq::formats::onnx;
use qdq::graph::text;
use qdq_schema::Message;
use qdq_schema::onnx::attribute_proto::AttributeType;
use qdq_schema::onnx::tensor_shape_proto::{Dimension, dimension};
use qdq_schema::onnx::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto,
    TypeProto, ValueInfoProto, type_proto,
};

/// A model of one graph.
pub(crate) fn model(
    opset: i64,
    inputs: Vec<ValueInfoProto>,
    nodes: Vec<NodeProto>,
    outputs: &[&str],
    initializers: Vec<TensorProto>,
) -> Bytes {
    let output = |name: &&str| ValueInfoProto { name: Some((*name).to_owned()), ..ValueInfoProto::default() };
    let graph = GraphProto {
        name: Some("test".to_owned()),
        input: inputs,
        node: nodes,
        output: outputs.iter().map(output).collect(),
        initializer: initializers,
        ..GraphProto::default()
    };
    let import = OperatorSetIdProto { domain: None, version: Some(opset) };
    let model = ModelProto {
        ir_version: Some(8),
        opset_import: vec![import],
        graph: Some(graph),
        ..ModelProto::default()
    };
    model.encode_to_vec().into()
}

/// The text form of a model that can be read.
pub(crate) fn text_of(bytes: &Bytes) -> String {
    let graph =
        onnx::read(bytes.clone(), &|_: &str| unreachable!()).unwrap_or_else(|error| panic!("{error}"));
    graph.verify().unwrap_or_else(|error| panic!("{error}\n{}", text::print(&graph)));
    text::print(&graph)
}

/// A tensor input; the element type by its number.
pub(crate) fn input(name: &str, elem_type: i32, dims: &[i64]) -> ValueInfoProto {
    let dim = |&dim: &i64| Dimension { denotation: None, value: Some(dimension::Value::DimValue(dim)) };
    let shape = TensorShapeProto { dim: dims.iter().map(dim).collect() };
    let tensor = type_proto::Tensor { elem_type: Some(elem_type), shape: Some(shape) };
    let ty = TypeProto { denotation: None, value: Some(type_proto::Value::TensorType(tensor)) };
    ValueInfoProto { name: Some(name.to_owned()), r#type: Some(ty), ..ValueInfoProto::default() }
}

/// A node without attributes.
pub(crate) fn node(op_type: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto {
        op_type: Some(op_type.to_owned()),
        input: inputs.iter().map(ToString::to_string).collect(),
        output: outputs.iter().map(ToString::to_string).collect(),
        ..NodeProto::default()
    }
}

/// A tensor of f32.
pub(crate) fn floats(name: &str, dims: &[i64], elements: &[f32]) -> TensorProto {
    TensorProto {
        name: Some(name.to_owned()),
        dims: dims.to_vec(),
        data_type: Some(1),
        float_data: elements.to_vec(),
        ..TensorProto::default()
    }
}

/// One f32.
pub(crate) fn scalar(name: &str, element: f32) -> TensorProto {
    floats(name, &[], &[element])
}

/// A tensor of i64.
pub(crate) fn int64s(name: &str, dims: &[i64], elements: &[i64]) -> TensorProto {
    TensorProto {
        name: Some(name.to_owned()),
        dims: dims.to_vec(),
        data_type: Some(7),
        int64_data: elements.to_vec(),
        ..TensorProto::default()
    }
}

/// Attributes, added one by one.
pub(crate) trait NodeExt: Sized {
    fn with(self, name: &str, of: AttributeType, attribute: AttributeProto) -> Self;

    fn int(self, name: &str, int: i64) -> Self {
        self.with(name, AttributeType::Int, AttributeProto { i: Some(int), ..AttributeProto::default() })
    }

    fn float(self, name: &str, float: f32) -> Self {
        self.with(name, AttributeType::Float, AttributeProto { f: Some(float), ..AttributeProto::default() })
    }

    fn text(self, name: &str, text: &str) -> Self {
        let s = Some(text.to_owned().into());
        self.with(name, AttributeType::String, AttributeProto { s, ..AttributeProto::default() })
    }

    fn ints(self, name: &str, ints: &[i64]) -> Self {
        let ints = ints.to_vec();
        self.with(name, AttributeType::Ints, AttributeProto { ints, ..AttributeProto::default() })
    }

    fn floats(self, name: &str, floats: &[f32]) -> Self {
        let floats = floats.to_vec();
        self.with(name, AttributeType::Floats, AttributeProto { floats, ..AttributeProto::default() })
    }

    fn tensor(self, name: &str, tensor: TensorProto) -> Self {
        let t = Some(Box::new(tensor));
        self.with(name, AttributeType::Tensor, AttributeProto { t, ..AttributeProto::default() })
    }

    fn graph(self, name: &str, graph: GraphProto) -> Self {
        let g = Some(Box::new(graph));
        self.with(name, AttributeType::Graph, AttributeProto { g, ..AttributeProto::default() })
    }

    fn reference(self, name: &str, of: AttributeType, to: &str) -> Self {
        let ref_attr_name = Some(to.to_owned());
        self.with(name, of, AttributeProto { ref_attr_name, ..AttributeProto::default() })
    }
}

impl NodeExt for NodeProto {
    fn with(mut self, name: &str, of: AttributeType, attribute: AttributeProto) -> Self {
        let named = AttributeProto { name: Some(name.to_owned()), r#type: Some(of.into()), ..attribute };
        self.attribute.push(named);
        self
    }
}
