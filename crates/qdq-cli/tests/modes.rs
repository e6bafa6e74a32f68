//! `qdq quantize --mode` and `--import-qparams`: what is refused, and what is written.

mod support;

use support::{Fixture, Ran, tensor};

/// Two products; the weights of the first are worth storing.
const MODEL: &str = "graph(%x: f32[N,64]) {\n  %w: f32[64,32] = const random(seed=1)\n  \
    %v: f32[32,4] = const random(seed=2)\n  %h = mat_mul(%x, %w) @\"wide\"\n  %y = mat_mul(%h, %v) @\"head\"\n  return %y\n}";

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    std::fs::write(fixture.path("products.qir"), MODEL).unwrap();
    fixture
}

fn refused(arguments: &[&str], words: &[&str]) {
    let fixture = fixture();
    let line = [&["quantize", "products.qir", "-o", "out.onnx"], arguments].concat();
    let before = fixture.files();
    let Ran { code, stderr, .. } = fixture.qdq(&line);
    assert_eq!(code, Some(1), "{line:?}: {stderr}");
    assert_eq!(fixture.files(), before, "{line:?}");
    for word in words {
        assert!(stderr.contains(word), "{line:?}: {stderr} does not say {word}");
    }
}

#[test]
fn options_that_do_not_go_with_a_mode() {
    refused(&["--mode", "dynamical"], &["dynamical", "weight-only"]);
    refused(&["--mode", "dynamic", "--bits", "4"], &["--bits", "weight-only"]);
    refused(&["--mode", "weight-only", "--bits", "3"], &["3 bits", "4 or 8"]);
    refused(&["--mode", "weight-only", "--block-size", "0"], &["blocks of 0"]);
    refused(&["--mode", "dynamic", "--calibration", "mse"], &["--calibration", "--mode dynamic"]);
    refused(&["--mode", "float16", "--io-type", "int8"], &["--io-type"]);
    refused(&["--mode", "dynamic", "--target", "tflite"], &["tflite", "out.onnx"]);
    refused(&["--data", "x.npz", "--bits", "4"], &["--mode static", "recipe"]);
    refused(&["--mode", "weight-only", "--algorithm", "gptq"], &["gptq without data", "--data"]);
    refused(&["--mode", "weight-only", "--algorithm", "hqp"], &["`hqp`", "rtn, gptq, hqq"]);
    refused(&["--mode", "weight-only", "--algorithm", "hqq"], &["hqq", "--form qoperator --bits 4"]);
    refused(&["--mode", "weight-only", "--accuracy-level", "4"], &["--accuracy-level", "MatMulNBits"]);
    refused(
        &["--mode", "weight-only", "--form", "qoperator", "--block-size", "24"],
        &["blocks of 24", "powers of two", "wide"],
    );
    refused(&["--mode", "float16", "--form", "qoperator"], &["--form qoperator"]);
    refused(&["--mode", "mixed-float16", "--bits", "4"], &["--bits"]);
    refused(&["--mode", "float16", "--algorithm", "gptq"], &["--mode weight-only"]);
}

#[test]
fn rules_that_match_or_change_nothing() {
    let with = |toml: &str, word: &str| {
        let fixture = fixture();
        std::fs::write(fixture.path("r.toml"), toml).unwrap();
        let line = ["quantize", "products.qir", "--mode", "dynamic", "--recipe", "r.toml", "-o", "out.onnx"];
        let Ran { code, stderr, .. } = fixture.qdq(&line);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains(word) && stderr.contains("r.toml"), "{stderr}");
    };
    with("[[rule]]\nscope = \"nonesuch\"\nexclude = true\n", "matches nothing");
    with("[[rule]]\nscope = \"head\"\nweight.storage = \"u8\"\n", "changes nothing");
}

#[test]
fn parameters_that_another_tool_found() {
    let fixture = fixture();
    let samples = tensor(&[4, 64], (0..256).map(|at| (at as f32 * 0.7).sin()).collect());
    fixture.npz("samples.npz", &[("x", samples)]);
    let encodings = |name: &str| {
        format!(
            r#"{{"activation_encodings": {{"{name}": [{{"bitwidth": 8, "scale": 0.0625, "offset": -100}}]}}}}"#
        )
    };
    let line = |out: &'static str| {
        ["quantize", "products.qir", "--data", "samples.npz", "--import-qparams", "e.json", "-o", out]
    };
    std::fs::write(fixture.path("e.json"), encodings("x")).unwrap();
    let ran = fixture.qdq(&line("out.onnx"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("1 values and 0 weights have the parameters given"), "{}", ran.stdout);
    let text = fixture.qdq(&["inspect", "--text", "out.onnx"]).stdout;
    assert!(text.contains("u8{scale=0.0625, zero_point=100}"), "{text}");
    std::fs::write(fixture.path("e.json"), encodings("nonesuch")).unwrap();
    let ran = fixture.qdq(&line("none.onnx"));
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("no encoding is of a value") && !fixture.path("none.onnx").exists(),
        "{}",
        ran.stderr
    );
    std::fs::write(fixture.path("e.json"), "[1, 2]").unwrap();
    assert!(fixture.qdq(&line("none.onnx")).stderr.contains("e.json"));
}

#[test]
fn nothing_to_store_says_why() {
    let fixture = Fixture::new();
    let Ran { code, stderr, .. } =
        fixture.qdq(&["quantize", "model.qir", "--mode", "dynamic", "-o", "out.onnx"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("no weights to store") && stderr.contains("constant f32 weights"), "{stderr}");
}

#[test]
fn each_mode_writes_a_model_and_tells_what_it_did() {
    // In integers, then stored, or in float where nothing is stored; in f16, then in float.
    let modes = [("dynamic", "1 1"), ("weight-only", "0 1"), ("float16", "0 2"), ("mixed-float16", "2 0")];
    for (mode, counts) in modes {
        let fixture = fixture();
        let ran = fixture.qdq(&["quantize", "products.qir", "--mode", mode, "-o", "out.onnx"]);
        assert_eq!(ran.code, Some(0), "{mode}: {}", ran.stderr);
        assert!(fixture.path("out.onnx").exists());
        let row = ran.stdout.lines().find(|line| line.starts_with("mat_mul")).unwrap();
        let numbers: Vec<&str> = row.split_whitespace().skip(1).take(2).collect();
        assert_eq!(numbers, counts.split_whitespace().collect::<Vec<_>>(), "{mode}: {row}");
    }
}

#[test]
fn what_four_bits_are_not_for_is_told() {
    let fixture = Fixture::new();
    let model = "graph(%x: f32[1,16,8,8]) {\n  %w: f32[32,16,3,3] = const random(seed=1)\n  %y = conv(%x, %w)\n  return %y\n}";
    std::fs::write(fixture.path("conv.qir"), model).unwrap();
    let said = |arguments: &[&str]| {
        let ran = fixture
            .qdq(&[&["quantize", "conv.qir", "--mode", "weight-only", "--bits", "4"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout.contains("kept in 8 bits  1 weights")
    };
    assert!(said(&["-o", "out.onnx"]));
    assert!(!said(&["--target", "tflite", "-o", "out.tflite"]), "LiteRT has convolutions in 4 bits");
}
