//! `qdq quantize --mode dynamic|weight-only|float16|mixed-float16`: no data needed.

use std::path::Path;

use qdq::data::Dataset;
use qdq::error::{Error, Result};
use qdq::quant::{Matrices, MatrixForm, Mode, Recipe, Rounding};
use qdq::spec::Grain;
use qdq::targets::{Formula, Target};
use qdq::tensor::DType;

use crate::arguments::Quantize;

/// What is done to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Weights and activations in integers, with ranges found on data.
    Static,
    /// Weights stored in fewer bits.
    Stored(Mode),
    /// Ops that compute in f16.
    MixedFloat16,
}

/// The mode of a name.
pub(super) fn mode(name: &str) -> Result<Kind> {
    match name {
        "static" => Ok(Kind::Static),
        "dynamic" => Ok(Kind::Stored(Mode::Dynamic)),
        "weight-only" => Ok(Kind::Stored(Mode::WeightOnly)),
        "float16" => Ok(Kind::Stored(Mode::Float16)),
        "mixed-float16" => Ok(Kind::MixedFloat16),
        other => Err(Error::usage(format!("there is no mode `{other}`"))
            .help("modes: static, dynamic, weight-only, float16, mixed-float16")),
    }
}

/// Checks that nothing is asked for that a mode without data cannot do, and adds `--bits` and `--block-size` to the recipe.
pub(super) fn check(
    arguments: &Quantize,
    mode: Kind,
    target: &Target,
    recipe: &mut Recipe,
    out: &Path,
) -> Result<()> {
    if mode == Kind::Static {
        let of_weights = (arguments.bits, arguments.block_size, arguments.accuracy_level);
        return match (of_weights, arguments.algorithm.as_str()) {
            ((None, None, None), "rtn") => Ok(()),
            _ => {
                Err(Error::usage("--bits, --block-size, --algorithm or --accuracy-level with --mode static")
                    .help("they are of --mode weight-only; a recipe sets storage and granularity of weights"))
            }
        };
    }
    let name = &arguments.mode;
    let is_litert = target.formula == Formula::Tflite;
    if is_litert && mode == Kind::MixedFloat16 {
        return Err(Error::usage("--mode mixed-float16 into TFLite").help(
            "--mode float16 stores weights in f16; LiteRT computes in f16 by itself where its delegate can",
        ));
    }
    if is_litert != out.extension().is_some_and(|ending| ending == "tflite") {
        return Err(Error::usage(format!("--mode {name} for {} into {}", target.name, out.display()))
            .help("of --target tflite say -o FILE.tflite, of the others -o FILE.onnx"));
    }
    if arguments.io_type != "float" {
        return Err(Error::usage(format!("--io-type {} with --mode {name}", arguments.io_type))
            .help("activations stay in float in this mode, at the border too: leave out --io-type"));
    }
    let of_data = [
        ("--stats", arguments.stats.is_some()),
        ("--import-qparams", arguments.import_qparams.is_some()),
        ("--calibration", arguments.calibration.is_some()),
        ("--bias-correction", arguments.bias_correction),
        ("--min-sqnr", arguments.goal.min_sqnr.is_some()),
        ("--max-drop", arguments.goal.max_drop.is_some()),
    ];
    if let Some((option, _)) = of_data.iter().find(|(_, is_given)| *is_given) {
        return Err(Error::usage(format!("{option} with --mode {name}"))
            .help("ranges of activations are not chosen in this mode: leave it out, or use --mode static"));
    }
    weights(arguments, mode, is_litert, recipe)
}

/// How matrices are rounded, and what multiplies by them.
pub(super) fn matrices<'d>(
    arguments: &Quantize,
    mode: Mode,
    data: Option<&'d Dataset>,
) -> Result<Matrices<&'d Dataset>> {
    let is_onnx = mode == Mode::WeightOnly && !arguments.target.starts_with("tflite");
    let is_operator = arguments.form == "qoperator";
    let rounding = match (arguments.algorithm.as_str(), is_onnx) {
        ("rtn", _) => Rounding::Nearest,
        (name @ ("gptq" | "hqq"), false) => {
            return Err(Error::usage(format!("--algorithm {name} is of --mode weight-only into ONNX")));
        }
        ("gptq", true) => Rounding::Gptq(data.ok_or_else(|| {
            Error::usage("--algorithm gptq without data")
                .help("it rounds weights for the inputs they meet: name samples with --data DATA")
        })?),
        ("hqq", true) if is_operator && arguments.bits == Some(4) => Rounding::Hqq,
        ("hqq", true) => {
            return Err(Error::usage("--algorithm hqq without --form qoperator --bits 4").help(
                "its zero points are real numbers, which MatMulNBits takes and DequantizeLinear does not",
            ));
        }
        (other, _) => {
            return Err(
                Error::usage(format!("there is no algorithm `{other}`")).help("algorithms: rtn, gptq, hqq")
            );
        }
    };
    let form = match (is_operator, arguments.accuracy_level) {
        (true, accuracy_level) => MatrixForm::NBits { accuracy_level: accuracy_level.unwrap_or(0) },
        (false, None) => MatrixForm::Dequantized,
        (false, Some(_)) => {
            return Err(Error::usage("--accuracy-level without --form qoperator")
                .help("it is an attribute of MatMulNBits; the session option session.qdq_matmulnbits_accuracy_level sets it \
                       for what onnxruntime fuses"));
        }
    };
    Ok(Matrices { rounding, form })
}

fn weights(arguments: &Quantize, mode: Kind, is_litert: bool, recipe: &mut Recipe) -> Result<()> {
    let is_operator = arguments.form == "qoperator";
    if (arguments.bits, arguments.block_size, is_operator) == (None, None, false) {
        return Ok(());
    }
    let is_stored = matches!(mode, Kind::Stored(Mode::WeightOnly))
        || (is_litert && matches!(mode, Kind::Stored(Mode::Dynamic)));
    if !is_stored {
        return Err(Error::usage(
            "--bits and --block-size are of --mode weight-only, and for TFLite of dynamic",
        ));
    }
    let is_narrow = match arguments.bits {
        None | Some(8) => false,
        Some(4) => true,
        Some(bits) => {
            return Err(Error::usage(format!("weights of {bits} bits")).help("--bits takes 4 or 8"));
        }
    };
    match arguments.block_size {
        Some(_) if is_litert => {
            return Err(Error::usage("--block-size into TFLite")
                .help("its weights have a scale for each output: leave it out"));
        }
        Some(0) => {
            return Err(Error::usage("blocks of 0 weights")
                .help("onnxruntime's kernels take powers of two from 16 on"));
        }
        Some(size) => recipe.weight.granularity = Some(Grain::PerBlock(size)),
        // One scale for a whole column loses too much in 4 bits, and the operator has none.
        None if (is_narrow || is_operator) && !is_litert => {
            recipe.weight.granularity = Some(Grain::PerBlock(32));
        }
        None => {}
    }
    let weight = &mut recipe.weight;
    if is_narrow && is_litert {
        // Symmetric, as LiteRT's specification has it for all weights.
        weight.storage.get_or_insert(DType::I4);
        weight.quant_min.get_or_insert(-7);
        weight.quant_max.get_or_insert(7);
    } else if is_narrow {
        // Between the extremes of each block: with 0 in the middle, 16 steps are too few.
        weight.storage.get_or_insert(DType::U4);
        weight.symmetric.get_or_insert(false);
    }
    Ok(())
}
