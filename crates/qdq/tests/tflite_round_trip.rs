//! Graphs to TFLite and back: the same numbers; parameters that the format's specification forbids: errors.

use std::collections::BTreeSet;

use qdq::exec::Program;
use qdq::formats::tflite::{self, WriteOptions};
use qdq::graph::{Graph, text};
use qdq::tensor::Tensor;

/// Largest difference, as a share of the largest output: ops are written out in others.
const CLOSE: f64 = 1e-5;

fn parse(source: &str) -> Graph {
    let mut graph = text::parse(source).unwrap_or_else(|error| panic!("{error}\n{source}"));
    graph.infer().unwrap();
    graph.verify().unwrap();
    graph
}

fn compute(graph: &Graph) -> Vec<Tensor> {
    let random = |position: usize, shape: &str| {
        let source =
            format!("graph() {{ %x: f32[{shape}] = const random(seed={}) return %x }}", position + 1);
        let graph = text::parse(&source).unwrap();
        graph[graph.body.outputs[0]].constant.clone()
    };
    let inputs = graph.body.inputs.iter().enumerate().map(|(position, &id)| {
        let dims = graph[id].ty.as_ref().unwrap().known_dims().unwrap();
        let dims: Vec<String> = dims.iter().map(ToString::to_string).collect();
        random(position, &dims.join(","))
    });
    let program = Program::new(graph.clone(), BTreeSet::new()).unwrap();
    program.run(inputs.collect(), &mut |_, _| Ok(())).unwrap()
}

fn round_trip(source: &str) -> Graph {
    let graph = parse(source);
    let written =
        tflite::write(&graph, &WriteOptions::default()).unwrap_or_else(|error| panic!("{error}\n{source}"));
    let again =
        tflite::read(written.model_bytes().into()).unwrap_or_else(|error| panic!("{error}\n{source}"));
    again.verify().unwrap();
    for (a, b) in compute(&graph).iter().zip(&compute(&again)) {
        assert_eq!(a.shape(), b.shape(), "{source}\n{}", text::print(&again));
        let (a, b) = (a.to_f64_vec().unwrap(), b.to_f64_vec().unwrap());
        let largest = a.iter().fold(0f64, |largest, x| largest.max(x.abs()));
        let worst = a.iter().zip(&b).fold(0f64, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(worst <= CLOSE * largest, "{source}\n{worst} of {largest}\n{}", text::print(&again));
    }
    again
}

fn refusal(source: &str) -> String {
    match tflite::write(&parse(source), &WriteOptions::default()) {
        Ok(_) => panic!("it is written\n{source}"),
        Err(error) => error.to_string(),
    }
}

/// Graphs of one op of one input `%x` of this shape.
const ONE_OP: &[(&str, &str)] = &[
    ("1,2,5,5", "%w: f32[3,2,3,3] = const random(seed=5) %y = conv(%x, %w) {pads=[1, 1, 1, 1]}"),
    (
        "1,2,6,6",
        "%w: f32[3,2,3,3] = const random(seed=5) %y = conv(%x, %w) {strides=[2, 2], pads=[1, 1, 1, 1]}",
    ),
    ("1,4,5,5", "%w: f32[4,1,3,3] = const random(seed=5) %y = conv(%x, %w) {group=4}"),
    ("1,4,5,5", "%w: f32[8,1,3,3] = const random(seed=5) %y = conv(%x, %w) {group=4, dilations=[2, 2]}"),
    ("1,4,9", "%w: f32[4,1,3] = const random(seed=5) %y = conv(%x, %w) {group=4, pads=[1, 1]}"),
    ("1,4,9", "%w: f32[2,4,3] = const random(seed=5) %y = conv(%x, %w) {strides=[2]}"),
    ("1,2,5,5", "%w: f32[2,3,2,2] = const random(seed=5) %y = conv_transpose(%x, %w) {strides=[2, 2]}"),
    ("1,2,6,6", "%y = max_pool(%x) {kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]}"),
    ("1,2,7,7", "%y = max_pool(%x) {kernel_shape=[2, 2], strides=[2, 2], ceil_mode=true}"),
    ("1,2,6,6", "%y = average_pool(%x) {kernel_shape=[2, 2], strides=[2, 2]}"),
    ("1,2,6,6", "%y = global_average_pool(%x)"),
    ("1,4,6,6", "%y = depth_to_space(%x) {blocksize=2}"),
    ("1,2,4", "%y = relu(%x)"),
    ("1,2,4", "%y = gelu(%x)"),
    ("1,2,4", "%y = swish(%x)"),
    ("1,2,4", "%y = softmax(%x)"),
    ("1,2,4", "%y = reciprocal(%x)"),
    ("1,2,4", "%y = mul(%x, %x)"),
    ("1,2,4", "%s: i64[2] = const [2, 4] %y = reshape(%x, %s)"),
    ("1,2,4", "%y = transpose(%x) {perm=[2, 0, 1]}"),
    ("2,4", "%w: f32[4,3] = const random(seed=5) %y = mat_mul(%x, %w)"),
    (
        "1,2,4",
        "%w: f32[4,3] = const random(seed=5) %b: f32[3] = const [1.0, 2.0, 3.0] %m = mat_mul(%x, %w) %y = add(%m, %b)",
    ),
    ("1,2,4", "%a: i64[1] = const [1] %y = reduce_mean(%x, %a)"),
    (
        "4,6",
        "%s: i64[1] = const [5] %e: i64[1] = const [-7] %a: i64[1] = const [1] %t: i64[1] = const [-2] %y = slice(%x, %s, %e, %a, %t)",
    ),
    ("4,6", "%s: i64[2] = const [1, 2] %e: i64[2] = const [3, 9223372036854775807] %y = slice(%x, %s, %e)"),
    ("2,3", "%p: i64[4] = const [1, 0, 0, 2] %v: f32[] = const [1.5] %y = pad(%x, %p, %v)"),
    ("2,3", "%y = concat(%x, %x) {axis=-1}"),
    (
        "3,1,4",
        "%w: f32[1,32,4] = const random(seed=5) %r: f32[1,32,8] = const random(seed=6) %b: f32[1,64] = const random(seed=7) %y = lstm(%x, %w, %r, %b) {hidden_size=8}",
    ),
    ("2,4", "%s: f32[4] = const [1.0, 2.0, 3.0, 4.0] %y = layer_normalization(%x, %s)"),
    ("1,2,4,4", "%s: i64[2] = const [8, 8] %y = resize(%x, _, _, %s) {mode=linear, axes=[2, 3]}"),
    ("1,2,6,6", "%lo: f32[] = const [0.0] %hi: f32[] = const [6.0] %y = clip(%x, %lo, %hi)"),
    ("1,2,6,6", "%lo: f32[] = const [-0.25] %hi: f32[] = const [0.5] %y = clip(%x, %lo, %hi)"),
];

#[test]
fn one_op_graphs_come_back() {
    for (shape, body) in ONE_OP {
        round_trip(&format!("graph(%x: f32[{shape}]) {{ {body} return %y }}"));
    }
}

/// An integer convolution with a bias, a pooling and a softmax, as it is quantized for onnxruntime or TFLite.
fn integer_graph(activation: &str, weights: &str, bias: &str, softmax: &str) -> String {
    format!(
        "graph(%x: f32[1,2,4,4]) {{
  %w: i8[2,2,1,1] = const [10, -20, 127, 40]
  %b: i32[2] = const [100, -200]
  %q = quantize(%x) {{params={activation}}}
  %d = dequantize(%q) {{params={activation}}}
  %wd = dequantize(%w) {{params={weights}}}
  %bd = dequantize(%b) {{params={bias}}}
  %c = conv(%d, %wd, %bd)
  %cq = quantize(%c) {{params={activation}}}
  %cd = dequantize(%cq) {{params={activation}}}
  %p = max_pool(%cd) {{kernel_shape=[2, 2], strides=[2, 2]}}
  %pq = quantize(%p) {{params={activation}}}
  %pd = dequantize(%pq) {{params={activation}}}
  %f = flatten(%pd)
  %fq = quantize(%f) {{params={activation}}}
  %fd = dequantize(%fq) {{params={activation}}}
  %s = softmax(%fd)
  %sq = quantize(%s) {{params={softmax}}}
  %sd = dequantize(%sq) {{params={softmax}}}
  return %sd
}}"
    )
}

const SOFTMAX: &str = "i8{scale=0.00390625, zero_point=-128}";

#[test]
fn integer_ops_keep_their_parameters() {
    let source = integer_graph(
        "i8{scale=0.5, zero_point=3}",
        "i8{axis=0, scale=[0.25, 0.125], zero_point=[0, 0]}",
        "i32{axis=0, scale=[0.125, 0.0625], zero_point=[0, 0]}",
        SOFTMAX,
    );
    let written = tflite::write(&parse(&source), &WriteOptions::default()).unwrap();
    assert!(written.left_in_float.is_empty(), "{:?}", written.left_in_float);
    let again = round_trip(&source);
    let printed = text::print(&again);
    for part in ["axis=0, scale=[0.25, 0.125]", "scale=0.5, zero_point=3", "scale=0.00390625"] {
        assert!(printed.contains(part), "no {part} in\n{printed}");
    }
}

#[test]
fn buffers_lie_behind_a_flatbuffer_that_they_do_not_fit_in() {
    let graph = parse(
        "graph(%x: f32[4,64]) {\n  %w: f32[64,33] = const random(seed=1)\n  %b: f32[33] = const random(seed=2)\n  \
         %y = gemm(%x, %w, %b)\n  return %y\n}",
    );
    let within = tflite::write(&graph, &WriteOptions::default()).unwrap().model_bytes();
    let behind = tflite::write(&graph, &WriteOptions { max_flatbuffer_bytes: 1000 }).unwrap();
    assert_eq!((behind.model.len(), behind.model[2].as_ptr().align_offset(4)), (5, 0));
    assert!(behind.model[0].len() + 8000 < within.len());
    let read = |bytes: Vec<u8>| text::print(&tflite::read(bytes.into()).unwrap());
    assert_eq!(read(behind.model_bytes()), read(within));
    let mut cut = behind.model_bytes();
    cut.truncate(cut.len() - 1);
    assert!(tflite::read(cut.into()).unwrap_err().to_string().contains("behind the file"));
}

#[test]
fn unsigned_activations_become_signed() {
    let source = integer_graph(
        "u8{scale=0.5, zero_point=131}",
        "i8{scale=0.25, zero_point=0}",
        "i32{scale=0.125, zero_point=0}",
        "u8{scale=0.00390625, zero_point=0}",
    );
    let printed = text::print(&round_trip(&source));
    assert!(printed.contains("scale=0.5, zero_point=3"), "{printed}");
    assert!(!printed.contains("u8"), "{printed}");
}

#[test]
fn what_the_specification_forbids_is_told() {
    let activation = "i8{scale=0.5, zero_point=3}";
    let (weights, bias) = ("i8{scale=0.25, zero_point=0}", "i32{scale=0.125, zero_point=0}");
    let asymmetric = refusal(&integer_graph(activation, "i8{scale=0.25, zero_point=7}", bias, SOFTMAX));
    assert!(asymmetric.contains("asymmetric weights") && asymmetric.contains("`wd`"), "{asymmetric}");
    let bias_scale = refusal(&integer_graph(activation, weights, "i32{scale=0.5, zero_point=0}", SOFTMAX));
    assert!(bias_scale.contains("bias whose scale"), "{bias_scale}");
    let axis = "i8{axis=1, scale=[0.25, 0.125], zero_point=[0, 0]}";
    let axis = refusal(&integer_graph(activation, axis, bias, SOFTMAX));
    assert!(axis.contains("along axis"), "{axis}");
}

#[test]
fn what_the_format_lacks_is_told_all_at_once() {
    let text = refusal("graph(%x: f32[2,3]) { %a = erf(%x) %y = mish(%a) return %y }");
    assert!(text.contains("`erf`") && text.contains("`mish`"), "{text}");
}
