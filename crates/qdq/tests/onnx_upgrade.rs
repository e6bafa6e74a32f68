//! Operators of old operator sets become the hub's form, and go back to the form of the set that is written.

mod onnx_models_by_hand;

use onnx_models_by_hand::{NodeExt, floats, input, int64s, model, node, scalar, text_of};
use qdq::formats::onnx;
use qdq::graph::text;
use qdq_schema::Message;
use qdq_schema::onnx::{ModelProto, NodeProto, TensorProto, ValueInfoProto};

/// Reads a model of one node `y = op(x, …)`, and gives the nodes' lines in the text form.
fn upgraded(opset: i64, y: NodeProto, constants: Vec<TensorProto>) -> String {
    let x = input("x", 1, &[2, 3, 4]);
    text_of(&model(opset, vec![x], vec![y], &["y"], constants))
}

/// Reads, writes in the lowest operator set, and gives that set and the node written.
fn written(opset: i64, y: NodeProto, constants: Vec<TensorProto>, x: ValueInfoProto) -> (i64, NodeProto) {
    let bytes = model(opset, vec![x], vec![y], &["y"], constants);
    let graph = onnx::read(bytes, &|_: &str| unreachable!()).unwrap_or_else(|error| panic!("{error}"));
    let options = onnx::WriteOptions { min_opset: onnx::OLDEST_OPSET, ..onnx::WriteOptions::default() };
    let written = onnx::write(&graph, &options).unwrap_or_else(|error| panic!("{error}"));
    let proto = ModelProto::decode(&written.model_bytes()[..]).unwrap();
    let nodes = proto.graph.unwrap().node;
    (written.opset, nodes.into_iter().next_back().unwrap())
}

#[track_caller]
fn assert_has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|have| have.trim() == *line), "no `{line}` in\n{text}");
    }
}

#[test]
fn squeeze_and_unsqueeze_take_axes_as_input() {
    let text = upgraded(11, node("Unsqueeze", &["x"], &["y"]).ints("axes", &[0, -1]), vec![]);
    assert_has(&text, &["%y_axes: i64[2] = const [0, -1]", "%y: f32[1,2,3,4,1] = unsqueeze(%x, %y_axes)"]);
    let x = input("x", 1, &[1, 3, 4]);
    let squeeze = node("Squeeze", &["x", "axes"], &["y"]);
    let (opset, node) = written(13, squeeze, vec![int64s("axes", &[1], &[-3])], x);
    assert_eq!((opset, node.attribute[0].ints.as_slice(), node.input.len()), (7, [0].as_slice(), 1));
}

#[test]
fn reductions_take_axes_as_input() {
    for (op, since) in [("ReduceSum", 12), ("ReduceMean", 17), ("ReduceMax", 13)] {
        let text = upgraded(since, node(op, &["x"], &["y"]).ints("axes", &[1]).int("keepdims", 0), vec![]);
        assert_has(&text, &["%y_axes: i64[1] = const [1]"]);
        assert!(text.contains("%y: f32[2,4] = reduce_"), "{text}");
    }
}

#[test]
fn clip_takes_limits_as_inputs() {
    let clip = node("Clip", &["x"], &["y"]).float("max", 6.0);
    let text = upgraded(10, clip, vec![]);
    assert_has(&text, &["%y_max: f32[] = const [6.0]", "%y: f32[2,3,4] = clip(%x, _, %y_max)"]);
    let clip = node("Clip", &["x", "", "max"], &["y"]);
    let (opset, node) = written(13, clip, vec![scalar("max", 6.0)], input("x", 1, &[2]));
    assert_eq!((opset, node.attribute.len(), node.attribute[0].f()), (7, 1, 6.0));
}

#[test]
fn integer_clip_needs_a_newer_operator_set() {
    let clip = node("Clip", &["x", "", "max"], &["y"]);
    let (opset, _) = written(13, clip, vec![int64s("max", &[], &[6])], input("x", 7, &[2]));
    assert_eq!(opset, 12);
}

#[test]
fn slice_pad_split_and_top_k_take_attributes_as_inputs() {
    let slice = node("Slice", &["x"], &["y"]).ints("starts", &[1]).ints("ends", &[3]).ints("axes", &[2]);
    assert_has(&upgraded(9, slice, vec![]), &["%y: f32[2,3,2] = slice(%x, %y_starts, %y_ends, %y_axes)"]);
    let pad = node("Pad", &["x"], &["y"]).ints("pads", &[0, 0, 1, 0, 0, 1]).float("value", 2.0);
    assert_has(&upgraded(10, pad, vec![]), &["%y: f32[2,3,6] = pad(%x, %y_pads, %y_value)"]);
    let split = node("Split", &["x"], &["y", "z"]).int("axis", 2).ints("split", &[1, 3]);
    let text = upgraded(12, split, vec![]);
    assert_has(&text, &["%y: f32[2,3,1], %z: f32[2,3,3] = split(%x, %y_split) {axis=2}"]);
    let top_k = node("TopK", &["x"], &["y", "i"]).int("k", 2);
    assert_has(&upgraded(9, top_k, vec![]), &["%y: f32[2,3,2], %i: i64[2,3,2] = top_k(%x, %y_k)"]);
}

#[test]
fn old_softmax_over_several_axes_becomes_one_of_a_matrix() {
    assert_has(
        &upgraded(12, node("Softmax", &["x"], &["y"]), vec![]),
        &[
            "%y_shape: i64[3] = shape(%x)",
            "%y_matrix: f32[2,12] = flatten(%x)",
            "%y_rows: f32[2,12] = softmax(%y_matrix)",
            "%y: f32[2,3,4] = reshape(%y_rows, %y_shape)",
        ],
    );
    let last = node("Softmax", &["x"], &["y"]).int("axis", 2);
    assert_has(&upgraded(12, last, vec![]), &["%y: f32[2,3,4] = softmax(%x)"]);
}

#[test]
fn upsample_becomes_resize() {
    let upsample = node("Upsample", &["x"], &["y"]).floats("scales", &[1.0, 1.0, 2.0]).text("mode", "linear");
    let text = upgraded(7, upsample, vec![]);
    assert!(
        text.contains("resize(%x, _, %y_scales) {mode=linear, coordinate_transformation_mode=asymmetric"),
        "{text}"
    );
}

#[test]
fn dropout_keeps_its_ratio() {
    let dropout = node("Dropout", &["x"], &["y"]).float("ratio", 0.25);
    assert_has(&upgraded(10, dropout, vec![]), &["%y: f32[2,3,4] = dropout(%x, %y_ratio)"]);
}

#[test]
fn quantization_with_constant_parameters_becomes_a_bridge() {
    let scale = floats("s", &[3], &[0.5, 0.25, 0.125]);
    let zero = TensorProto {
        name: Some("z".into()),
        dims: vec![3],
        data_type: Some(3),
        int32_data: vec![0; 3],
        ..TensorProto::default()
    };
    let quantize = node("QuantizeLinear", &["x", "s", "z"], &["y"]).int("axis", -2);
    let text = upgraded(13, quantize.clone(), vec![scale.clone(), zero.clone()]);
    assert!(
        text.contains("quantize(%x) {params=i8{axis=1, scale=[0.5, 0.25, 0.125], zero_point=[0, 0, 0]}}"),
        "{text}"
    );
    let (opset, node) = written(13, quantize, vec![scale, zero], input("x", 1, &[2, 3, 4]));
    assert_eq!((opset, node.input.len()), (13, 3));
}

#[test]
fn quantization_with_computed_parameters_takes_them_as_inputs() {
    let nodes = vec![node("Relu", &["s"], &["s2"]), node("QuantizeLinear", &["x", "s2"], &["y"])];
    let inputs = vec![input("x", 1, &[2]), input("s", 1, &[])];
    let text = text_of(&model(13, inputs, nodes, &["y"], vec![]));
    assert!(text.contains("quantize_linear(%x, %s2)"), "{text}");
}

#[test]
fn operators_of_older_forms() {
    let grid = || floats("g", &[1, 1, 1, 2], &[0.0, 0.0]);
    let text = upgraded(16, node("GridSample", &["x", "g"], &["y"]).text("mode", "bicubic"), vec![grid()]);
    assert!(text.contains("{mode=cubic}"), "{text}");
    let boxes = || vec![floats("b", &[1, 4], &[0.0; 4]), int64s("i", &[1], &[0])];
    let align = || node("RoiAlign", &["x", "b", "i"], &["y"]);
    let text = upgraded(10, align(), boxes());
    assert!(text.contains("{coordinate_transformation_mode=output_half_pixel}"), "{text}");
    assert!(!upgraded(16, align(), boxes()).contains("output_half_pixel"));
    let text = upgraded(17, node("DFT", &["x"], &["y"]).int("axis", 2), vec![]);
    assert!(text.contains("const [2]") && text.contains("dft(%x"), "{text}");
}

#[test]
fn integer_operators_become_bridges() {
    let zero = |name: &str| TensorProto {
        name: Some(name.into()),
        data_type: Some(3),
        int32_data: vec![1],
        ..TensorProto::default()
    };
    let names = ["q", "s", "z", "q", "s", "z", "s", "z"];
    let nodes = vec![node("QuantizeLinear", &["x", "s", "z"], &["q"]), node("QLinearMatMul", &names, &["y"])];
    let inputs = vec![input("x", 1, &[2, 2])];
    let text = text_of(&model(13, inputs, nodes, &["y"], vec![scalar("s", 0.5), zero("z")]));
    for part in ["dequantize(%q) {params=i8{scale=0.5, zero_point=1}}", "mat_mul(", "quantize(%y_product)"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn constants_of_every_form() {
    let constant = |name: &str| node("Constant", &[], &[name]);
    let nodes = vec![
        constant("a").float("value_float", 1.5),
        constant("b").floats("value_floats", &[1.0, 2.0]),
        constant("c").int("value_int", 7),
        constant("d").ints("value_ints", &[7, 8]),
        constant("e").tensor("value", scalar("", 2.5)),
        constant("f").text("value_string", "hello"),
    ];
    let text = text_of(&model(13, vec![], nodes, &["a", "b", "c", "d", "e", "f"], vec![]));
    for line in [
        "%a: f32[] = const [1.5]",
        "%b: f32[2] = const [1.0, 2.0]",
        "%c: i64[] = const [7]",
        "%d: i64[2] = const [7, 8]",
        "%e: f32[] = const [2.5]",
    ] {
        assert_has(&text, &[line]);
    }
    assert!(text.contains("%f: str[] = const"), "{text}");
}

#[test]
fn initializers_that_are_inputs() {
    let nodes = || vec![node("Add", &["x", "w"], &["y"])];
    let inputs = || vec![input("x", 1, &[1]), input("w", 1, &[1])];
    let bytes = model(9, inputs(), nodes(), &["y"], vec![floats("w", &[1], &[3.0])]);
    let graph = onnx::read(bytes.clone(), &|_: &str| unreachable!()).unwrap();
    assert_eq!(graph.body.inputs.len(), 2);
    assert!(graph[graph.body.inputs[1]].constant.is_some());
    // In IR version 3, every initializer had to be an input.
    let old = ModelProto { ir_version: Some(3), ..ModelProto::decode(bytes).unwrap() };
    let graph = onnx::read(old.encode_to_vec().into(), &|_: &str| unreachable!()).unwrap();
    assert_eq!(graph.body.inputs.len(), 1);
}

#[test]
fn nodes_in_any_order_and_unknown_domains() {
    let mut foreign = node("Sparkle", &["a"], &["y"]).float("glitter", 0.5);
    foreign.domain = Some("com.example".into());
    let nodes = vec![foreign, node("Relu", &["x"], &["a"])];
    let bytes = model(13, vec![input("x", 1, &[2])], nodes, &["y"], vec![]);
    let mut proto = ModelProto::decode(bytes).unwrap();
    proto
        .opset_import
        .push(qdq_schema::onnx::OperatorSetIdProto { domain: Some("com.example".into()), version: Some(3) });
    let graph = onnx::read(proto.encode_to_vec().into(), &|_: &str| unreachable!()).unwrap();
    let printed = text::print(&graph);
    assert!(printed.find("relu").unwrap() < printed.find("custom").unwrap(), "{printed}");
    let written = onnx::write(&graph, &onnx::WriteOptions::default()).unwrap();
    let again = ModelProto::decode(&written.model_bytes()[..]).unwrap();
    assert!(
        again.opset_import.iter().any(|import| import.domain() == "com.example" && import.version() == 3)
    );
    assert_eq!(again.graph.unwrap().node[1].attribute[0].f(), 0.5);
}
