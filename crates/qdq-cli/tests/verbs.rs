//! Every verb on a small model.

mod support;

use qdq::tensor::Tensor;
use serde_json::Value;
use support::{Fixture, tensor};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn run_writes_outputs_by_name() {
    let fixture = Fixture::new();
    let ran = fixture.qdq(&["run", "model.qir", "--data", "x.npz", "-o", "out.npz"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("y: f32[2, 3]"), "{}", ran.stdout);
    let names = fixture.files();
    assert_eq!(names, ["data.npz", "model.qir", "out.npz", "x.npz"]);
    // What was written can be read: fed to a model whose input has the output's name.
    std::fs::write(fixture.path("check.qir"), "graph(%y: f32[N,3]) { return %y }").unwrap();
    let ran = fixture.qdq(&["run", "check.qir", "--data", "out.npz", "-o", "again.npz", "--json"]);
    assert_eq!(json(&ran.stdout)["outputs"][0]["shape"], serde_json::json!([2, 3]), "{}", ran.stderr);
}

#[test]
fn eval_counts_right_answers() {
    let fixture = Fixture::new();
    let ran = fixture.qdq(&["eval", "model.qir", "--data", "data.npz", "--labels", "y", "--threads", "2"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("50.00 %  (1 of 2)"), "{}", ran.stdout);
    let ran = fixture.qdq(&["eval", "model.qir", "--data", "data.npz", "--labels", "y", "--json"]);
    assert_eq!(json(&ran.stdout)["top1"], 0.5);
    assert_eq!(ran.stderr, "");
}

#[test]
fn diff_of_a_model_with_itself_is_nothing() {
    let fixture = Fixture::new();
    let ran = fixture.qdq(&["diff", "model.qir", "model.qir", "--data", "x.npz"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("inf") && ran.stdout.contains("1.000000"), "{}", ran.stdout);
    let ran = fixture.qdq(&["diff", "model.qir", "model.qir", "--data", "x.npz", "--json"]);
    assert_eq!(json(&ran.stdout)["values"][0]["is_identical"], true);
}

#[test]
fn inspect_shows_a_model() {
    let fixture = Fixture::new();
    let ran = fixture.qdq(&["inspect", "model.qir"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("x: f32[N,3]") && ran.stdout.contains("add"), "{}", ran.stdout);
    let ran = fixture.qdq(&["inspect", "model.qir", "--json"]);
    assert_eq!(json(&ran.stdout)["n_nodes"], 1);
    let ran = fixture.qdq(&["inspect", "model.qir", "--text"]);
    assert!(ran.stdout.starts_with("graph \"tiny\"(%x: f32[N,3])"), "{}", ran.stdout);
}

#[test]
fn quantize_writes_an_integer_model_beside_the_float_one() {
    let fixture = Fixture::new();
    let model = "graph(%x: f32[N,64]) {\n  %w: f32[64,8] = const random(seed=1, std=0.1)\n  %y = mat_mul(%x, %w)\n  return %y\n}";
    std::fs::write(fixture.path("matmul.qir"), model).unwrap();
    let numbers: Vec<f32> = (0..64 * 10).map(|n| ((n * 37) % 101) as f32 / 50.0 - 1.0).collect();
    fixture.npz("many.npz", &[("x", tensor(&[10, 64], numbers)), ("y", Tensor::vector(vec![3u8; 10]))]);
    let arguments = ["quantize", "matmul.qir", "--data", "many.npz", "--labels", "y"];
    let ran = fixture.qdq(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("onnxruntime") && ran.stdout.contains("matmul.int8.onnx"), "{}", ran.stdout);
    let once = std::fs::read(fixture.path("matmul.int8.onnx")).unwrap();
    let ran = fixture.qdq(&[&arguments[..], &["--threads", "1", "--json"]].concat());
    assert!(json(&ran.stdout)["report"]["ops"][0]["n_integer"].is_number(), "{}", ran.stderr);
    assert!(once == std::fs::read(fixture.path("matmul.int8.onnx")).unwrap(), "the number of threads shows");
    let ran = fixture.qdq(&[
        "diff",
        "matmul.qir",
        "matmul.int8.onnx",
        "--data",
        "many.npz",
        "--labels",
        "y",
        "--json",
    ]);
    let sqnr_db = json(&ran.stdout)["values"][0]["sqnr_db"].as_f64().unwrap();
    assert!(sqnr_db > 30.0, "{sqnr_db}");
}

#[test]
fn convert_writes_the_same_model() {
    let fixture = Fixture::new();
    let ran = fixture.qdq(&["convert", "model.qir", "model.onnx", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(json(&ran.stdout)["opset"].is_number(), "{}", ran.stdout);
    let ran = fixture.qdq(&["diff", "model.qir", "model.onnx", "--data", "x.npz", "--json"]);
    assert_eq!(json(&ran.stdout)["values"][0]["is_identical"].as_bool(), Some(true), "{}", ran.stdout);
    let ran = fixture.qdq(&["convert", "model.onnx", "model.onnx"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
}

#[test]
fn bench_takes_the_time() {
    let fixture = Fixture::new();
    let arguments = ["bench", "model.qir", "--data", "x.npz", "--runs", "4", "--threads", "1", "--json"];
    let ran = fixture.qdq(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let timing = json(&ran.stdout);
    assert_eq!((timing["n_runs"].as_u64(), timing["n_threads"].as_u64()), (Some(4), Some(1)));
    assert!(timing["median_ms"].as_f64() >= timing["min_ms"].as_f64(), "{timing}");
    let ran = fixture.qdq(&["bench", "model.qir", "--data", "x.npz", "--runs", "0"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
}

/// A model that can be quantized, and a thousand samples of roughly normal numbers for it, also in two parts.
fn matmul(fixture: &Fixture) {
    let model = "graph(%x: f32[N,64]) {\n  %w: f32[64,8] = const random(seed=1, std=0.1)\n  %y = mat_mul(%x, %w)\n  return %y\n}";
    std::fs::write(fixture.path("matmul.qir"), model).unwrap();
    let mut state = 1u32;
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1u32 << 24) as f32
    };
    let numbers: Vec<f32> = (0..64 * 1000).map(|_| (0..12).map(|_| uniform()).sum::<f32>() - 6.0).collect();
    fixture.npz("a.npz", &[("x", tensor(&[400, 64], numbers[..25_600].to_vec()))]);
    fixture.npz("b.npz", &[("x", tensor(&[600, 64], numbers[25_600..].to_vec()))]);
    fixture.npz("all.npz", &[("x", tensor(&[1000, 64], numbers))]);
}

#[test]
fn statistics_are_written_merged_and_quantized_from() {
    let fixture = Fixture::new();
    matmul(&fixture);
    let done = |arguments: &[&str]| {
        let ran = fixture.qdq(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        ran.stdout
    };
    let bytes = |name: &str| std::fs::read(fixture.path(name)).unwrap();
    for name in ["a", "b", "all"] {
        let (data, out) = (format!("{name}.npz"), format!("{name}.stats"));
        done(&["observe", "matmul.qir", "--data", &data, "-o", &out]);
    }
    assert!(done(&["merge", "a.stats", "b.stats", "-o", "ab.stats"]).contains("1000"));
    let merged = json(&done(&["merge", "b.stats", "a.stats", "-o", "ba.stats", "--json"]));
    assert_eq!(merged["n_samples"], 1000);
    assert!(bytes("ab.stats") == bytes("all.stats") && bytes("ba.stats") == bytes("all.stats"));
    let mut models = Vec::new();
    for method in ["minmax", "percentile:99", "entropy", "mse"] {
        let calibration = ["--calibration", method];
        done(
            &[&["quantize", "matmul.qir", "--data", "all.npz", "-o", "data.onnx"], &calibration[..]].concat(),
        );
        done(
            &[&["quantize", "matmul.qir", "--stats", "ab.stats", "-o", "stats.onnx"], &calibration[..]]
                .concat(),
        );
        assert!(bytes("data.onnx") == bytes("stats.onnx"), "{method}: not the same from statistics");
        models.push(bytes("data.onnx"));
    }
    assert!(models[1..].iter().all(|model| *model != models[0]), "a method that changed no range");
}
