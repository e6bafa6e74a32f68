//! `qdq quantize --recipe`: what rules do, and what is refused.

mod support;

use std::fmt::Write;

use serde_json::Value;
use support::{Fixture, tensor};

/// Two products with biases and a relu between them.
const MODEL: &str = "graph(%x: f32[N,16]) {
  %w1: f32[16,32] = const random(seed=1, std=0.1)
  %b1: f32[32] = const random(seed=2, std=0.1)
  %w2: f32[32,8] = const random(seed=3, std=0.1)
  %h = gemm(%x, %w1, %b1) @\"body/first\"
  %r = relu(%h) @\"body/relu\"
  %y = gemm(%r, %w2) @\"head/second\"
  return %y
}";

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    std::fs::write(fixture.path("net.qir"), MODEL).unwrap();
    let numbers: Vec<f32> = (0..16 * 20).map(|n| ((n * 37) % 101) as f32 / 50.0 - 1.0).collect();
    fixture.npz("many.npz", &[("x", tensor(&[20, 16], numbers))]);
    fixture
}

/// The arguments of `quantize` with a recipe of this text.
fn quantize(fixture: &Fixture, recipe: &str, more: &[&str]) -> support::Ran {
    std::fs::write(fixture.path("recipe.toml"), recipe).unwrap();
    let fixed = ["quantize", "net.qir", "--data", "many.npz", "-o", "out.onnx", "--recipe", "recipe.toml"];
    fixture.qdq(&[&fixed[..], more].concat())
}

/// The report and the text form of what a recipe makes.
fn made(recipe: &str, more: &[&str]) -> (Value, String) {
    let fixture = fixture();
    let ran = quantize(&fixture, recipe, &[more, &["--json"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let text = fixture.qdq(&["inspect", "out.onnx", "--text"]);
    assert_eq!(text.code, Some(0), "{}", text.stderr);
    (serde_json::from_str(&ran.stdout).unwrap(), text.stdout)
}

/// What is said of a recipe that is refused, without a file written.
fn refused(recipe: &str, more: &[&str]) -> String {
    let fixture = fixture();
    std::fs::write(fixture.path("recipe.toml"), "").unwrap();
    let before = fixture.files();
    let ran = quantize(&fixture, recipe, more);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{recipe}: {}", ran.stderr);
    assert_eq!(fixture.files(), before, "{recipe}");
    assert!(ran.stderr.contains("recipe.toml"), "{}", ran.stderr);
    ran.stderr
}

/// The line of a text form that defines a value whose name starts so.
fn line<'t>(text: &'t str, name: &str) -> &'t str {
    text.lines()
        .find(|line| line.trim_start().starts_with(&format!("%{name}")))
        .unwrap_or_else(|| panic!("{name}: {text}"))
}

#[test]
fn an_excluded_node_stays_in_float() {
    let (json, text) = made("[[rule]]\nscope = \"head/*\"\nexclude = true\n", &[]);
    assert_eq!(json["report"]["n_integer"], 1);
    let left = json["report"]["left_in_float"].to_string();
    assert!(left.contains("head/second") && left.contains("rule 1"), "{left}");
    assert!(line(&text, "w2").contains("f32[32,8]"), "{text}");
}

#[test]
fn weights_of_one_scale_for_all() {
    let (_, text) = made("[[rule]]\nop = \"gemm\"\nweight = { granularity = \"per-tensor\" }\n", &[]);
    assert!(
        line(&text, "w1_dequantized").contains("{scale=") && !line(&text, "w1_dequantized").contains("axis"),
        "{text}"
    );
    let (_, text) = made(
        "[weight]\ngranularity = \"per-tensor\"\n[[rule]]\nscope = \"head/second\"\nweight = { granularity = \"per-channel\" }\n",
        &[],
    );
    assert!(!line(&text, "w1_dequantized").contains("axis"), "{text}");
    assert!(line(&text, "w2_dequantized").contains("axis=1"), "{text}");
}

#[test]
fn a_scale_that_is_given_is_used_as_it_is() {
    let (_, text) = made("[[rule]]\nvalue = \"x\"\nactivation = { scale = 0.0123, zero_point = 77 }\n", &[]);
    assert!(line(&text, "x_quantized").contains("scale=0.0123, zero_point=77"), "{text}");
    let (_, text) =
        made("[[rule]]\nscope = \"head/*\"\nweight = { granularity = \"per-tensor\", scale = 0.25 }\n", &[]);
    assert!(line(&text, "w2_dequantized").contains("scale=0.25"), "{text}");
}

#[test]
fn sixteen_bits_where_the_target_takes_them() {
    let rule = "[[rule]]\nscope = \"head/*\"\nactivation = { storage = \"i16\", quant_min = -32767, quant_max = 32767, symmetric = true }\n";
    let (json, text) = made(rule, &["--target", "tflite"]);
    assert_eq!(json["report"]["n_integer"], 2);
    assert_eq!(
        text.matches("i16[").count(),
        2,
        "the input of the head, quantized again, and its output: {text}"
    );
    let message = refused(rule, &["--target", "onnxruntime"]);
    assert!(message.contains("activation.storage") && message.contains("head/second"), "{message}");
}

#[test]
fn an_observer_for_one_value() {
    let all = made("", &[]).1;
    let (_, text) = made("[[rule]]\nvalue = \"x\"\nactivation = { observer = \"percentile:90\" }\n", &[]);
    assert_ne!(line(&all, "x_quantized"), line(&text, "x_quantized"));
    let rest = |text: &str| line(text, "w1_dequantized").to_owned();
    assert_eq!(rest(&all), rest(&text));
}

#[test]
fn scales_that_are_powers_of_two() {
    let (_, text) = made("[activation]\npower_of_two = true\n", &[]);
    let scale = line(&text, "x_quantized").split("scale=").nth(1).unwrap().split(',').next().unwrap();
    let scale: f64 = scale.parse().unwrap();
    assert_eq!(scale.log2().fract(), 0.0, "{scale}");
}

#[test]
fn the_effective_recipe_is_printed_and_nothing_written() {
    let fixture = fixture();
    let rule = "[[rule]]\nscope = \"head/*\"\nexclude = true\n";
    let before = fixture.files();
    let ran =
        quantize(&fixture, rule, &["--print-recipe", "--calibration", "mse", "--target", "torch-fbgemm"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for words in
        ["[activation]", "observer = \"mse\"", "reduce_range = true", "[[rule]]", "scope = \"head/*\""]
    {
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
    // It means the same when it is read.
    let again = quantize(&fixture, &ran.stdout, &["--print-recipe", "--target", "torch-fbgemm"]);
    assert_eq!(again.stdout, ran.stdout, "{}", again.stderr);
    assert_eq!(fixture.files().len(), before.len() + 1);
}

#[test]
fn what_is_wrong_with_a_recipe_is_named() {
    let cases: &[(&str, &[&str])] = &[
        ("[activation]\nstorrage = \"u8\"", &["storrage", "line 2"]),
        ("[[rule]]\nopp = \"gemm\"", &["opp"]),
        ("not toml", &["line 1"]),
        ("[weight]\nquant_min = 7\nquant_max = 3", &["weight.quant_min", "7"]),
        ("[weight]\nquant_min = -300", &["weight.quant_min", "-300"]),
        ("[[rule]]\nvalue = \"x\"\nactivation = { scale = 0.0 }", &["rule 1", "activation.scale", "0"]),
        ("[[rule]]\nvalue = \"x\"\nactivation = { scale = nan }", &["rule 1", "activation.scale", "NaN"]),
        (
            "[[rule]]\nvalue = \"x\"\nactivation = { scale = 0.1, zero_point = 256 }",
            &["zero_point", "256", "`x`"],
        ),
        ("[[rule]]\nop = \"gemm\"\nweight = { axis = 2 }", &["axis", "2", "rank 2"]),
        ("[[rule]]\nop = \"conv\"\nexclude = true", &["rule 1", "conv", "matches nothing", "gemm"]),
        ("[[rule]]\nscope = \"tail/*\"\nexclude = true", &["rule 1", "tail/*", "head/second"]),
        ("[[rule]]\nvalue = \"z\"\nactivation = { storage = \"u8\" }", &["rule 1", "matches nothing"]),
        (
            "[[rule]]\nscope = \"*\"\nexclude = true\n[[rule]]\nscope = \"head/*\"\nexclude = false",
            &["rule 1", "rule 2", "exclude", "head/second"],
        ),
        ("[[rule]]\nop = \"gemm\"\nexclude = true\nweight = { storage = \"i8\" }", &["rule 1", "exclude"]),
        ("[activation]\nstorage = \"i8\"", &["activation.storage", "onnxruntime-x64"]),
        ("[activation]\ndynamic = true", &["activation.dynamic"]),
        ("[activation]\nobserver = \"noop\"", &["activation.observer", "noop"]),
        (
            "[[rule]]\nscope = \"head/*\"\nexclude = true\n[[rule]]\nvalue = \"y\"\nactivation = { observer = \"mse\" }",
            &["rule 2", "changes nothing"],
        ),
        ("[[qconfig_mapping.module_name_regex]]\nregex = \"(\"", &["module_name_regex"]),
    ];
    for (recipe, words) in cases {
        let message = refused(recipe, &[]);
        for word in *words {
            assert!(message.contains(word), "{recipe}\n{message} does not say {word}");
        }
    }
    assert!(
        refused("[activation]\nobserver = \"mse\"", &["--calibration", "l2"]).contains("activation.observer")
    );
}

#[test]
fn a_recipe_that_is_no_file() {
    let fixture = fixture();
    let refused = |name: &str| {
        let ran =
            fixture.qdq(&["quantize", "net.qir", "--data", "many.npz", "-o", "out.onnx", "--recipe", name]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains(name), "{}", ran.stderr);
    };
    refused("nonesuch.toml");
    std::fs::create_dir(fixture.path("folder")).unwrap();
    refused("folder");
    refused("many.npz");
    assert!(!fixture.files().contains(&"out.onnx".to_owned()));
}

#[test]
fn one_bad_rule_does_not_hide_another() {
    let mut recipe = String::new();
    for op in ["convv", "gemmm"] {
        writeln!(recipe, "[[rule]]\nop = \"{op}\"\nexclude = true").unwrap();
    }
    let message = refused(&recipe, &[]);
    assert!(message.contains("convv") && message.contains("gemmm"), "{message}");
}
