//! `qdq explain`, and goals of `qdq quantize`.

#[allow(dead_code, reason = "each file uses some of it")]
mod support;

use serde_json::Value;
use support::{Fixture, tensor};

/// The second convolution stays in float: the quantize behind its clip is wider than the clip.
const PLACED_WRONG: &str = "graph(%x: f32[1,8,4,4]) {
  %w: i8[8,8,1,1] = const random(seed=1, std=40)
  %low: f32[] = const [0]
  %six: f32[] = const [6]
  %wd = dequantize(%w) {params=i8{scale=0.01, zero_point=0}}
  %xq = quantize(%x) {params=u8{scale=0.05, zero_point=128}}
  %xd = dequantize(%xq) {params=u8{scale=0.05, zero_point=128}}
  %a = conv(%xd, %wd) @\"good\"
  %aq = quantize(%a) {params=u8{scale=0.02, zero_point=128}}
  %ad = dequantize(%aq) {params=u8{scale=0.02, zero_point=128}}
  %b = conv(%ad, %wd) @\"bad\"
  %c = clip(%b, %low, %six) @\"limit\"
  %cq = quantize(%c) {params=u8{scale=0.03, zero_point=0}}
  %cd = dequantize(%cq) {params=u8{scale=0.03, zero_point=0}}
  return %cd
}";

const FLOAT: &str = "graph(%x: f32[N,16]) {
  %w: f32[16,32] = const random(seed=1)
  %h = mat_mul(%x, %w) @\"product\"
  %y = tanh(%h) @\"tanh\"
  return %y
}";

fn with_model(name: &str, text: &str) -> Fixture {
    let fixture = Fixture::new();
    std::fs::write(fixture.path(name), text).unwrap();
    fixture
}

fn node<'j>(json: &'j Value, name: &str) -> &'j Value {
    let nodes = json["explanation"]["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["node"].as_str().unwrap().starts_with(name)).unwrap()
}

#[test]
fn a_misplaced_quantize_is_found_and_helped() {
    let fixture = with_model("net.qir", PLACED_WRONG);
    let ran = fixture.qdq(&["explain", "net.qir", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(node(&json, "good")["runs"], "integer");
    let bad = node(&json, "bad");
    assert_eq!(bad["runs"], "float");
    assert!(bad["reason"].as_str().unwrap().contains("limit (clip) stands between it"), "{bad}");
    assert!(bad["fix"].as_str().unwrap().contains("range from 0 to 6"), "{bad}");
    let text = fixture.qdq(&["explain", "net.qir"]).stdout;
    assert!(text.contains("1 of 2 in integers") && text.contains("fix: let the quantize"), "{text}");
}

#[test]
fn fail_on_tells_ci() {
    let fixture = with_model("net.qir", PLACED_WRONG);
    for what in ["float-conv", "float-product", "float", "fixable", "bridge"] {
        let ran = fixture.qdq(&["explain", "net.qir", "--fail-on", what]);
        assert_eq!(ran.code, Some(1), "{what}");
        assert!(ran.stdout.contains("of 2 in integers") && ran.stderr.contains("net.qir"), "{}", ran.stderr);
    }
    for what in ["warning", "bridge,float-conv"] {
        let code = fixture.qdq(&["explain", "net.qir", "--fail-on", what]).code;
        assert_eq!(code, Some(i32::from(what != "warning")), "{what}");
    }
    assert_eq!(fixture.qdq(&["explain", "net.qir", "--fail-on", "everything"]).code, Some(1));
}

#[test]
fn targets_differ_in_what_they_take() {
    let fixture = with_model("net.qir", PLACED_WRONG);
    let reason = |target: &str| {
        let ran = fixture.qdq(&["explain", "net.qir", "--target", target, "--json"]);
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        (node(&json, "good")["runs"].clone(), node(&json, "good")["reason"].clone())
    };
    assert_eq!(reason("openvino").0, "integer");
    let (runs, reason) = reason("tensorrt");
    assert_eq!(runs, "float");
    assert!(reason.as_str().unwrap().contains("no kernel for activations of u8"), "{reason}");
}

#[test]
fn a_float_model_is_explained_as_it_would_be_quantized() {
    let fixture = with_model("net.qir", FLOAT);
    let text = fixture.qdq(&["explain", "net.qir"]).stdout;
    assert!(text.contains("what `qdq quantize` would make of it"), "{text}");
    assert!(text.contains("mat_mul") && text.contains("1 of 1 in integers"), "{text}");
    assert!(text.contains("tanh (tanh): the target has no integer kernel"), "{text}");
    std::fs::write(fixture.path("r.toml"), "[[rule]]\nscope = \"product\"\nexclude = true\n").unwrap();
    let ran = fixture.qdq(&["explain", "net.qir", "--recipe", "r.toml"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("no op of this model can be quantized"), "{}", ran.stderr);
}

#[test]
fn goals_on_the_command_line() {
    let fixture = with_model("net.qir", FLOAT);
    let numbers: Vec<f32> = (0..16 * 8).map(|n| ((n * 37) % 101) as f32 / 50.0 - 1.0).collect();
    fixture.npz("d.npz", &[("x", tensor(&[8, 16], numbers))]);
    let quantize = |goal: &[&str]| {
        let base = ["quantize", "net.qir", "--data", "d.npz", "-o", "out.onnx"];
        fixture.qdq(&base.iter().chain(goal).copied().collect::<Vec<_>>())
    };
    let met = quantize(&["--min-sqnr", "10"]);
    assert_eq!(met.code, Some(0), "{}", met.stderr);
    assert!(met.stdout.contains("at least 10 dB") && met.stdout.contains("0 of 1 layers"), "{}", met.stdout);
    let unmet = quantize(&["--min-sqnr", "200"]);
    assert_eq!(unmet.code, Some(1));
    assert!(
        unmet.stderr.contains("cannot be met") && unmet.stderr.contains("the best found"),
        "{}",
        unmet.stderr
    );
    assert_eq!(quantize(&["--max-drop", "1"]).code, Some(1), "without labels");
    assert_eq!(quantize(&["--min-sqnr", "10", "--max-drop", "1", "--labels", "y"]).code, Some(1));
}
