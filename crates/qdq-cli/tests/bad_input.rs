//! Input that cannot be used: exit code 1, a message that names what is wrong, and no file written.

mod support;

use qdq::tensor::Tensor;
use support::{Fixture, Ran, tensor};

/// Runs a command that must fail for the user's reasons, without leaving a file.
fn refused(fixture: &Fixture, arguments: &[&str]) -> String {
    let before = fixture.files();
    let Ran { code, stdout, stderr } = fixture.qdq(arguments);
    assert_eq!(code, Some(1), "{arguments:?}: {stderr}");
    assert_eq!(stdout, "", "{arguments:?}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert_eq!(fixture.files(), before, "{arguments:?}");
    stderr
}

/// `run` and `quantize` on the same model and data.
fn both_refused(fixture: &Fixture, model: &str, data: &str, words: &[&str]) {
    for verb in ["run", "quantize"] {
        let message = refused(fixture, &[verb, model, "--data", data, "-o", "out.npz"]);
        for word in words {
            assert!(message.contains(word), "{verb}: {message} does not say {word}");
        }
    }
}

/// A model that can be quantized.
fn matmul(fixture: &Fixture) {
    let model = "graph(%x: f32[N,64]) {\n  %w: f32[64,8] = const random(seed=1)\n  %y = mat_mul(%x, %w)\n  return %y\n}";
    std::fs::write(fixture.path("matmul.qir"), model).unwrap();
}

#[test]
fn files_that_are_not_there_or_no_files() {
    let fixture = Fixture::new();
    both_refused(&fixture, "nonesuch.onnx", "data.npz", &["nonesuch.onnx"]);
    both_refused(&fixture, "model.qir", "nonesuch.npz", &["nonesuch.npz"]);
    std::fs::create_dir(fixture.path("folder")).unwrap();
    both_refused(&fixture, "folder", "data.npz", &["folder"]);
    both_refused(&fixture, "model.qir", "folder", &["folder", "no images"]);
    let message = refused(&fixture, &["run", "model.qir", "--data", "x.npz", "-o", "none/out.npz"]);
    assert!(message.contains("none/out.npz"), "{message}");
    let message = refused(&fixture, &["run", "model.qir", "--data", "x.npz", "-o", "folder"]);
    assert!(message.contains("folder"), "{message}");
}

#[test]
fn models_that_are_none() {
    let fixture = Fixture::new();
    for (name, content) in
        [("empty.onnx", &b""[..]), ("noise.onnx", b"\x08\xff\xff\xff"), ("text.qir", b"graph(%x")]
    {
        std::fs::write(fixture.path(name), content).unwrap();
        let message = refused(&fixture, &["inspect", name]);
        assert!(message.contains(name), "{message}");
    }
    assert!(refused(&fixture, &["inspect", "data.npz"]).contains("zip"));
}

#[test]
fn data_that_does_not_fit() {
    let fixture = Fixture::new();
    matmul(&fixture);
    let cases = [
        ("dtype", "x", tensor(&[2, 64], vec![1.0f64; 128]), &["`x`", "f32", "f64", "float32"][..]),
        ("shape", "x", tensor(&[2, 32], vec![1.0f32; 64]), &["`x`", "f32[N,64]", "[2, 32]"]),
        ("rank", "x", tensor(&[2, 2, 2, 64], vec![1.0f32; 512]), &["`x`", "[2, 2, 2, 64]"]),
        ("empty", "x", tensor(&[0, 64], Vec::<f32>::new()), &["`x`", "no samples"]),
    ];
    for (file, name, tensor, words) in cases {
        let file = format!("{file}.npz");
        fixture.npz(&file, &[(name, tensor)]);
        both_refused(&fixture, "matmul.qir", &file, words);
        both_refused(&fixture, "matmul.qir", &file, &[&file]);
    }
}

#[test]
fn arrays_of_unknown_names() {
    let fixture = Fixture::new();
    both_refused(&fixture, "model.qir", "data.npz", &["no input `y`", "its inputs are: x", "--labels y"]);
    let arguments = ["run", "model.qir", "--data", "data.npz", "--array", "z=x", "-o", "out.npz"];
    assert!(refused(&fixture, &arguments).contains("no input `z`"));
    fixture.npz("nothing.npz", &[]);
    both_refused(&fixture, "model.qir", "nothing.npz", &["no array"]);
}

#[test]
fn labels_that_are_missing_or_wrong() {
    let fixture = Fixture::new();
    let eval = |data: &str, labels: &str| {
        refused(&fixture, &["eval", "model.qir", "--data", data, "--labels", labels])
    };
    assert!(refused(&fixture, &["eval", "model.qir", "--data", "data.npz"]).contains("--labels"));
    assert!(eval("data.npz", "nonesuch").contains("its arrays are: x, y"));
    let x = tensor(&[2, 3], vec![1.0f32; 6]);
    fixture.npz("few.npz", &[("x", x.clone()), ("y", Tensor::vector(vec![1i64]))]);
    assert!(eval("few.npz", "y").contains("label"));
    fixture.npz("many.npz", &[("x", x.clone()), ("y", Tensor::vector(vec![1i64; 3]))]);
    assert!(eval("many.npz", "y").contains("3 labels for 2 predictions"));
    fixture.npz("large.npz", &[("x", x.clone()), ("y", Tensor::vector(vec![1i64, 7]))]);
    assert!(eval("large.npz", "y").contains("sample 1: value `y`: the label 7"));
    fixture.npz("real.npz", &[("x", x), ("y", Tensor::vector(vec![1.0f32, 7.0]))]);
    assert!(eval("real.npz", "y").contains("integers"));
}

#[test]
fn archives_that_are_cut_short() {
    let fixture = Fixture::new();
    let whole = std::fs::read(fixture.path("x.npz")).unwrap();
    for length in [0, 10, 100, whole.len() - 1] {
        std::fs::write(fixture.path("cut.npz"), &whole[..length]).unwrap();
        both_refused(&fixture, "model.qir", "cut.npz", &["cut.npz"]);
    }
}

#[test]
fn nan_in_the_data_stops_calibration() {
    let fixture = Fixture::new();
    matmul(&fixture);
    let mut numbers = vec![1.0f32; 64 * 4];
    numbers[64 * 2 + 5] = f32::NAN;
    fixture.npz("nan.npz", &[("x", tensor(&[4, 64], numbers))]);
    for threads in ["1", "3"] {
        let message = refused(
            &fixture,
            &["quantize", "matmul.qir", "--data", "nan.npz", "--threads", threads, "-o", "out.onnx"],
        );
        assert!(
            message.contains("sample 2") && message.contains("`x`") && message.contains("NaN"),
            "{message}"
        );
    }
}

#[test]
fn options_that_make_no_sense() {
    let fixture = Fixture::new();
    matmul(&fixture);
    let with = |more: &[&str]| {
        refused(&fixture, &[&["quantize", "matmul.qir", "--data", "x.npz"][..], more].concat())
    };
    assert!(with(&["--target", "abacus"]).contains("targets: onnxruntime-x64"));
    assert!(with(&["--calibration", "guess"]).contains("methods: minmax"));
    assert!(with(&["--calibration", "percentile:0"]).contains("percentile:<0 to 100>"));
    assert!(with(&["-o", "matmul.qir"]).contains("the model itself"));
    assert!(with(&["--eval-data", "x.npz"]).contains("--labels"));
    assert!(with(&["--mean", "1,2,3"]).contains("images"));
    assert!(with(&["--mean", "1,b"]).contains("`b`"));
    assert!(with(&["--nonesuch"]).contains("--nonesuch"));
    assert!(with(&["--threads", "0"]).contains("--threads"));
}

#[test]
fn errors_are_json_where_results_are() {
    let fixture = Fixture::new();
    for arguments in
        [&["inspect", "nonesuch.onnx", "--json"][..], &["inspect", "--json"], &["nonesuch", "--json"]]
    {
        let ran = fixture.qdq(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
        assert!(error["error"]["message"].is_string());
    }
    assert_eq!(fixture.qdq(&["--version"]).code, Some(0));
}

#[test]
fn statistics_that_do_not_fit() {
    let fixture = Fixture::new();
    matmul(&fixture);
    fixture.npz("many.npz", &[("x", tensor(&[2, 64], (0..128).map(|n| n as f32).collect()))]);
    let model = std::fs::read_to_string(fixture.path("matmul.qir")).unwrap();
    std::fs::write(fixture.path("other.qir"), model.replace("seed=1", "seed=2")).unwrap();
    for name in ["matmul", "other"] {
        let (model, out) = (format!("{name}.qir"), format!("{name}.stats"));
        let ran = fixture.qdq(&["observe", &model, "--data", "many.npz", "-o", &out]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    let bytes = std::fs::read(fixture.path("matmul.stats")).unwrap();
    std::fs::write(fixture.path("short.stats"), &bytes[..bytes.len() - 9]).unwrap();
    let quantize = |stats| refused(&fixture, &["quantize", "matmul.qir", "--stats", stats, "-o", "out.onnx"]);
    for (stats, words) in [
        ("other.stats", "another model"),
        ("short.stats", "cut short"),
        ("many.npz", "no statistics file"),
        ("nonesuch.stats", "No such file"),
    ] {
        let message = quantize(stats);
        assert!(message.contains(stats) && message.contains(words), "{message}");
    }
    let message = refused(&fixture, &["merge", "matmul.stats", "other.stats", "-o", "out.stats"]);
    assert!(message.contains("other.stats") && message.contains("different models"), "{message}");
    refused(&fixture, &["merge", "-o", "out.stats"]);
    assert!(refused(&fixture, &["quantize", "matmul.qir", "-o", "out.onnx"]).contains("--data"));
    assert!(refused(&fixture, &["observe", "matmul.qir", "-o", "out.stats"]).contains("--data"));
}
