//! The targets built in.

use super::*;
use crate::spec::{FakeQuantizeKind, ObserverKind};

#[test]
fn all_are_valid_and_survive_their_file() {
    for target in Target::all() {
        target.check().unwrap();
        let text = target.to_toml().unwrap();
        assert_eq!(Target::from_toml(&text).unwrap(), target, "{text}");
    }
}

#[test]
fn an_unknown_target_lists_the_known() {
    let error = Target::find("nonesuch").unwrap_err().to_string();
    assert!(error.contains("onnxruntime-x64") && error.contains("torch-fbgemm"), "{error}");
}

/// Activation, weight; the same in training. Measured with torch 2.5.1 and 2.15, executorch 1.5.1, torchao 0.18.
#[test]
fn the_defaults_are_torchs() {
    let per_channel = "i8 symmetric per-channel(0), torch-per-channel";
    let per_channel_training = "i8 symmetric per-channel(0), torch-moving-average-per-channel:0.01";
    let full = "u8 affine per-tensor, torch-histogram:2048";
    let full_training = "u8 affine per-tensor, torch-moving-average:0.01";
    let reduced = "u8<0:127> affine per-tensor, torch-histogram:2048";
    let reduced_training = "u8<0:127> affine per-tensor, torch-moving-average:0.01";
    let eps = "eps 0.00024414063";
    let signed = format!("i8 affine per-tensor {eps}, torch-histogram:2048");
    let signed_training = format!("i8 affine per-tensor {eps}, torch-moving-average:0.01");
    let narrow = format!("i8<-127:127> symmetric per-channel(0) {eps}, torch-per-channel");
    let narrow_training =
        format!("i8<-127:127> symmetric per-channel(0) {eps}, torch-moving-average-per-channel:0.01");
    let table: [(&str, [&str; 4]); 7] = [
        ("torch-fbgemm", [reduced, per_channel, reduced_training, per_channel_training]),
        ("torch-x86", [reduced, per_channel, reduced_training, per_channel_training]),
        (
            "torch-qnnpack",
            [
                full,
                "i8 symmetric per-tensor, torch-minmax",
                full_training,
                "i8 symmetric per-tensor, torch-moving-average:0.01",
            ],
        ),
        ("torch-onednn", [full, per_channel, full_training, per_channel_training]),
        (
            "torch-qnnpack-symmetric",
            [
                &signed,
                &format!("i8<-127:127> symmetric per-tensor {eps}, torch-minmax"),
                &signed_training,
                &format!("i8<-127:127> symmetric per-tensor {eps}, torch-moving-average:0.01"),
            ],
        ),
        ("torch-xnnpack", [&signed, &narrow, &signed_training, &narrow_training]),
        (
            "torch-x86-inductor",
            [
                &format!("u8 affine per-tensor {eps}, torch-histogram:2048"),
                &format!("i8 symmetric per-channel(0) {eps}, torch-per-channel"),
                &format!("u8 affine per-tensor {eps}, torch-moving-average:0.01"),
                &format!("i8 symmetric per-channel(0) {eps}, torch-moving-average-per-channel:0.01"),
            ],
        ),
    ];
    for (name, expected) in table {
        let target = Target::find(name).unwrap();
        let training = target.training.unwrap();
        let specs = [&target.activation, &target.weight, &training.activation, &training.weight];
        assert_eq!(specs.map(ToString::to_string), expected, "{name}");
        assert!(
            [&training.activation, &training.weight]
                .iter()
                .all(|spec| spec.fake_quantize == Some(FakeQuantizeKind::FusedMovingAverage))
        );
    }
}

#[test]
fn no_target_is_left_with_an_observer_that_finds_nothing() {
    for target in Target::all() {
        assert!(!matches!(target.activation.observer, ObserverKind::Noop | ObserverKind::Placeholder));
    }
}

#[test]
fn what_is_wrong_in_a_file_is_named() {
    let text = Target::find("tensorrt").unwrap().to_toml().unwrap();
    let cases = [
        ("formula = ", "formulla = ", &["formulla"][..]),
        ("max_opset = 21", "max_opset = 99", &["max_opset", "99"]),
        ("op = \"concat\"", "op = \"concatt\"", &["rows.op", "concatt"]),
        ("op = \"concat\"", "op = \"add\"", &["rows.op", "two rows"]),
        ("quant_max = 127", "quant_max = -127", &["quant_min"]),
        ("name = ", "finish = [\"no-such\"]\nname = ", &["finish", "no-such"]),
        ("symmetric = true", "symmetric = false", &["activation.symmetric", "zero point 0"]),
        ("role = \"join\"", "role = \"joiner\"", &["joiner"]),
    ];
    for (old, new, words) in cases {
        assert!(text.contains(old), "{old} is not in {text}");
        let message = Target::from_toml(&text.replacen(old, new, 1)).unwrap_err().to_string();
        for word in words {
            assert!(message.contains(word), "{new}: {message} does not say {word}");
        }
    }
}
