//! `qdq quantize --mode dynamic|weight-only|float16`: no data needed.

use std::path::Path;

use qdq::data::Dataset;
use qdq::error::{Error, Result};
use qdq::quant::{Mode, Recipe};
use qdq::spec::Grain;
use qdq::targets::{Formula, Target};
use qdq::tensor::DType;

use crate::arguments::Quantize;

/// The mode of a name; `None` for static.
pub(super) fn mode(name: &str) -> Result<Option<Mode>> {
    match name {
        "static" => Ok(None),
        "dynamic" => Ok(Some(Mode::Dynamic)),
        "weight-only" => Ok(Some(Mode::WeightOnly)),
        "float16" => Ok(Some(Mode::Float16)),
        other => Err(Error::usage(format!("there is no mode `{other}`"))
            .help("modes: static, dynamic, weight-only, float16")),
    }
}

/// Checks that nothing is asked for that a mode without data cannot do, and adds `--bits` and `--block-size` to the recipe.
pub(super) fn check(
    arguments: &Quantize,
    mode: Option<Mode>,
    target: &Target,
    recipe: &mut Recipe,
    out: &Path,
) -> Result<()> {
    let Some(mode) = mode else {
        return match (arguments.bits, arguments.block_size, arguments.algorithm.as_str()) {
            (None, None, "rtn") => Ok(()),
            _ => Err(Error::usage("--bits, --block-size and --algorithm with --mode static")
                .help("they are of --mode weight-only; a recipe sets storage and granularity of weights")),
        };
    };
    let name = &arguments.mode;
    let is_litert = target.formula == Formula::Tflite;
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

/// The data that GPTQ needs; `None` for rounding to the nearest.
pub(super) fn gptq<'d>(
    arguments: &Quantize,
    mode: Mode,
    data: Option<&'d Dataset>,
) -> Result<Option<&'d Dataset>> {
    match (arguments.algorithm.as_str(), mode, data) {
        ("rtn", ..) => Ok(None),
        ("gptq", Mode::WeightOnly, Some(data)) if !arguments.target.starts_with("tflite") => Ok(Some(data)),
        ("gptq", Mode::WeightOnly, None) => Err(Error::usage("--algorithm gptq without data")
            .help("it rounds weights for the inputs they meet: name samples with --data DATA")),
        ("gptq", ..) => Err(Error::usage("--algorithm gptq is of --mode weight-only into ONNX")),
        (other, ..) => {
            Err(Error::usage(format!("there is no algorithm `{other}`")).help("algorithms: rtn, gptq"))
        }
    }
}

fn weights(arguments: &Quantize, mode: Mode, is_litert: bool, recipe: &mut Recipe) -> Result<()> {
    if (arguments.bits, arguments.block_size) == (None, None) {
        return Ok(());
    }
    if mode != Mode::WeightOnly || is_litert {
        return Err(Error::usage("--bits and --block-size are of --mode weight-only into ONNX"));
    }
    match arguments.bits {
        None | Some(8) => {}
        // Between the extremes of each block: with 0 in the middle, 16 steps are too few.
        Some(4) => {
            recipe.weight.storage.get_or_insert(DType::U4);
            recipe.weight.symmetric.get_or_insert(false);
        }
        Some(bits) => {
            return Err(Error::usage(format!("weights of {bits} bits")).help("--bits takes 4 or 8"));
        }
    }
    match arguments.block_size {
        Some(0) => {
            return Err(Error::usage("blocks of 0 weights")
                .help("onnxruntime's kernels take powers of two from 16 on"));
        }
        Some(size) => recipe.weight.granularity = Some(Grain::PerBlock(size)),
        // One scale for a whole column loses too much in 4 bits.
        None if arguments.bits == Some(4) => recipe.weight.granularity = Some(Grain::PerBlock(32)),
        None => {}
    }
    Ok(())
}
