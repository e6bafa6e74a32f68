//! `qdq targets`, and targets in files.

mod support;

use serde_json::Value;
use support::{Fixture, tensor};

const ALL: &[&str] = &[
    "onnxruntime-x64",
    "onnxruntime-x64-avx2",
    "onnxruntime-arm64",
    "torch-fbgemm",
    "torch-x86",
    "torch-qnnpack",
    "torch-onednn",
    "torch-qnnpack-symmetric",
    "torch-xnnpack",
    "torch-x86-inductor",
    "tflite",
    "tflite-int16x8",
    "tensorrt",
    "openvino",
    "qnn",
];

fn printed(fixture: &Fixture, arguments: &[&str]) -> String {
    let ran = fixture.qdq(arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout
}

#[test]
fn targets_are_listed_with_a_line_each() {
    let fixture = Fixture::new();
    let text = printed(&fixture, &["targets"]);
    let names: Vec<&str> = text.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(names, ALL);
    let json: Value = serde_json::from_str(&printed(&fixture, &["targets", "--json"])).unwrap();
    assert_eq!(json.as_array().unwrap().len(), ALL.len());
}

#[test]
fn a_target_is_shown_as_text_json_and_toml() {
    let fixture = Fixture::new();
    for name in ALL {
        let text = printed(&fixture, &["targets", name]);
        assert!(text.contains("activations") && text.contains("gemm"), "{text}");
        let json: Value = serde_json::from_str(&printed(&fixture, &["targets", name, "--json"])).unwrap();
        assert_eq!(json["name"], *name);
        std::fs::write(fixture.path("own.toml"), printed(&fixture, &["targets", name, "--toml"])).unwrap();
        assert_eq!(
            printed(&fixture, &["targets", "own.toml", "--toml"]),
            printed(&fixture, &["targets", name, "--toml"])
        );
    }
    assert_eq!(fixture.qdq(&["targets", "nonesuch"]).code, Some(1));
}

#[test]
fn a_target_of_ones_own_is_quantized_for() {
    let fixture = Fixture::new();
    let model = "graph(%x: f32[N,16]) {\n  %w: f32[16,32] = const random(seed=1)\n  %h = mat_mul(%x, %w)\n  %y = tanh(%h)\n  return %y\n}";
    std::fs::write(fixture.path("net.qir"), model).unwrap();
    let numbers: Vec<f32> = (0..16 * 8).map(|n| ((n * 37) % 101) as f32 / 50.0 - 1.0).collect();
    fixture.npz("many.npz", &[("x", tensor(&[8, 16], numbers))]);
    let text = printed(&fixture, &["targets", "tensorrt", "--toml"]);
    let own = text.replace("name = \"tensorrt\"", "name = \"mine\"")
        + "\n[[rows]]\nop = \"tanh\"\nrole = \"anchor\"\nkernel = \"my tanh\"\n";
    std::fs::write(fixture.path("mine.toml"), own).unwrap();
    let quantize = |target: &str| {
        let arguments =
            ["quantize", "net.qir", "--data", "many.npz", "--target", target, "-o", "out.onnx", "--json"];
        let json: Value = serde_json::from_str(&printed(&fixture, &arguments)).unwrap();
        (json["report"]["target"].clone(), json["report"]["n_integer"].clone())
    };
    assert_eq!(quantize("mine.toml"), (Value::from("mine"), Value::from(2)));
    assert_eq!(quantize("tensorrt").1, Value::from(1));
}

#[test]
fn what_is_wrong_with_a_target_is_named() {
    let fixture = Fixture::new();
    let text = printed(&fixture, &["targets", "tflite", "--toml"]);
    let cases: &[(&str, &str, &[&str])] = &[
        ("formula", "formulla", &["formulla", "line"]),
        ("name = ", "colour = \"red\"\nname = ", &["colour"]),
        ("op = \"softmax\"", "op = \"sofmax\"", &["rows.op", "sofmax"]),
        ("scale = 0.00390625", "scale = -1.0", &["rows.fixed.scale", "-1"]),
        ("zero_point = -128", "zero_point = 1000", &["rows.fixed.zero_point", "1000"]),
        ("quant_max = 127", "quant_max = 1000", &["1000"]),
        ("bias = \"i32\"", "bias = \"i8\"", &["types[0].bias"]),
    ];
    for (old, new, words) in cases {
        assert!(text.contains(old), "{old} is not in {text}");
        std::fs::write(fixture.path("bad.toml"), text.replacen(old, new, 1)).unwrap();
        let before = fixture.files();
        let ran = fixture.qdq(&[
            "quantize",
            "model.qir",
            "--data",
            "x.npz",
            "--target",
            "bad.toml",
            "-o",
            "out.onnx",
        ]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{new}: {}", ran.stderr);
        assert_eq!(fixture.files(), before);
        for word in words.iter().chain(&["bad.toml"]) {
            assert!(ran.stderr.contains(word), "{new}: {} does not say {word}", ran.stderr);
        }
    }
}
