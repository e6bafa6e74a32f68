//! `qdq quantize`

use std::path::{Path, PathBuf};

use qdq::data::Dataset;
use qdq::error::{Error, ErrorKind, Result};
use qdq::graph::Graph;
use qdq::pipeline::{
    self, Compared, Evaluation, Form, Format, Goal, QuantizeOptions, Quantized, Scope, Search,
};
use qdq::quant::observers::Method;
use qdq::quant::{ObserverKind, OpRow, Recipe, Report};
use qdq::tensor::DType;
use serde_json::json;

use super::mode::{self, Kind};
use super::{convert, diff, eval, goal};
use crate::arguments::Quantize;
use crate::output::Output;
use crate::progress::Bar;
use crate::table::Table;

/// Samples that both models run on for the signal-to-quantization-noise ratio of the outputs.
const SQNR_SAMPLES: usize = 8;

pub(crate) fn quantize(arguments: &Quantize, output: Output) -> Result<()> {
    let target = pipeline::find_target(&arguments.target)?;
    let mut recipe = recipe(arguments)?;
    if arguments.print_recipe {
        let recipe = recipe.effective(&target).map_err(|error| in_recipe(error, arguments))?;
        return output.result(recipe.to_toml()?, recipe);
    }
    let out = output_path(arguments)?;
    let io_type = io_type(&arguments.io_type)?;
    let form = convert::form(&arguments.form)?;
    let has_operators = matches!(arguments.mode.as_str(), "static" | "weight-only");
    if form == Form::QOperator && !(has_operators && Format::of_name(&out) == Format::Onnx) {
        return Err(Error::usage("--form qoperator is of --mode static and weight-only into ONNX")
            .help("leave it out, or name an .onnx file"));
    }
    let mode = mode::mode(&arguments.mode)?;
    mode::check(arguments, mode, &target, &mut recipe, &out)?;
    let graph = match mode {
        Kind::Static => pipeline::read_model(&arguments.model)?,
        Kind::Stored(_) | Kind::MixedFloat16 => pipeline::read_large_model(&arguments.model, &out)?,
    };
    // With data of its own for the evaluation, labels are looked for there; here the array may exist as well.
    let dataset = arguments.data.open_if_named(arguments.labels.labels.as_deref())?;
    let judged_on = evaluation_data(arguments, dataset.as_ref())?;
    let progress = Bar::default();
    let n_threads = arguments.threads.count();
    let options = QuantizeOptions { target, recipe, n_threads };
    let goal = goal::goal(&arguments.goal, judged_on.as_ref(), arguments.labels.score_output.as_deref());
    let made = make(arguments, mode, &graph, dataset.as_ref(), goal.as_ref(), &options, &out, &progress);
    let (quantized, search) = made.map_err(|error| in_recipe(error, arguments))?;
    let target = &options.target;
    let judge = |graph: Graph| {
        let score_output = arguments.labels.score_output.as_deref();
        let judge = |dataset| pipeline::evaluate(graph, dataset, None, score_output, n_threads, &progress);
        judged_on.as_ref().map(judge).transpose()
    };
    let (before, after) = (judge(graph.clone())?, judge(quantized.graph.clone())?);
    let side = |graph| Compared { graph, runtime: None };
    let compare = |dataset: &Dataset| {
        let sample = dataset.first(SQNR_SAMPLES);
        let (a, b) = (side(graph), side(quantized.graph.clone()));
        pipeline::diff(a, b, &sample, Scope::Outputs, n_threads, &progress)
    };
    let differences = dataset.as_ref().map(compare).transpose()?;
    // Modes make the operators they ask for themselves.
    let form = if mode == Kind::Static { form } else { Form::Qdq };
    let opset = write(&quantized.graph, io_type, form, &out, target.max_opset)?;
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    for (label, text) in &quantized.data {
        table.pair(label, text);
    }
    table.pair("target", &target.name);
    if let Some(recipe) = &arguments.recipe {
        table.pair("recipe", recipe.display());
    }
    table.pair("mode", &arguments.mode);
    if mode == Kind::Static {
        let report = &quantized.report;
        table.pair("calibration", format!("{}, {} samples", report.calibration, report.n_samples));
    }
    table.pair("size", format!("{} → {}", size(&arguments.model)?, size(&out)?));
    if let Some(differences) = &differences {
        let on = format!("{} samples", differences.n_samples);
        for output in &differences.values {
            let text =
                format!("{:.1} dB  {} (cosine {:.4}, {on})", output.sqnr_db(), output.name, output.cosine());
            table.pair("SQNR", text);
        }
    }
    if let (Some(before), Some(after)) = (&before, &after) {
        accuracy(&mut table, before, after);
    }
    table.pair("written", out.display());
    let json = json!({
        "output": out,
        "mode": arguments.mode,
        "opset": opset,
        "report": quantized.report,
        "data": quantized.data,
        "n_bytes_before": n_bytes(&arguments.model)?,
        "n_bytes_after": n_bytes(&out)?,
        "outputs": differences.iter().flat_map(|found| &found.values).map(diff::as_json).collect::<Vec<_>>(),
        "accuracy_before": before.as_ref().map(eval::as_json),
        "accuracy_after": after.as_ref().map(eval::as_json),
        "search": search,
    });
    let found = search.as_ref().map(goal::text).transpose()?.unwrap_or_default();
    output.result(format!("{table}\n{}{found}", report_text(arguments, &quantized.report)), json)
}

/// Quantizes as the arguments ask for; with a goal, how it was reached.
fn make(
    arguments: &Quantize,
    mode: Kind,
    graph: &Graph,
    dataset: Option<&Dataset>,
    goal: Option<&Goal>,
    options: &QuantizeOptions,
    out: &Path,
    progress: &Bar,
) -> Result<(Quantized, Option<Search>)> {
    let graph = graph.clone();
    let quantized = match (mode, &arguments.stats, dataset, goal) {
        (Kind::Stored(mode), ..) => {
            let matrices = mode::matrices(arguments, mode, dataset)?;
            pipeline::quantize_without_data(graph, mode, options, matrices, out, progress)
        }
        (Kind::MixedFloat16, ..) => pipeline::mixed_float16(graph, options, dataset, out, progress),
        (Kind::Static, Some(stats), ..) => {
            let statistics = pipeline::read_statistics(stats)?;
            pipeline::quantize_observed(graph, &statistics, options).map_err(|error| match error.kind() {
                ErrorKind::Usage => error,
                _ => error.file(stats.display()),
            })
        }
        (Kind::Static, None, Some(dataset), Some(goal)) => {
            let (quantized, search) = pipeline::quantize_to_goal(graph, dataset, options, goal, progress)?;
            return Ok((quantized, Some(search)));
        }
        (Kind::Static, None, Some(dataset), None) => pipeline::quantize(graph, dataset, options, progress),
        (Kind::Static, None, None, _) => {
            Err(Error::usage("no data").help("name it with --data DATA, or --stats FILE"))
        }
    };
    Ok((quantized?, None))
}

/// Writes the model with the types and in the form asked for; gives the operator set used, for ONNX.
fn write(
    graph: &Graph,
    io_type: Option<DType>,
    form: Form,
    out: &Path,
    max_opset: i64,
) -> Result<Option<i64>> {
    let with_integer_io = io_type.map(|storage| pipeline::with_integer_io(graph, storage)).transpose()?;
    let graph = with_integer_io.as_ref().unwrap_or(graph);
    let formed = pipeline::in_form(graph, form)?;
    Ok(pipeline::write_model(&formed, out, max_opset)?.opset)
}

/// The recipe of the file, with the calibration method of the command line.
fn recipe(arguments: &Quantize) -> Result<Recipe> {
    let mut recipe = match &arguments.recipe {
        Some(path) => pipeline::read_recipe(path)?,
        None => Recipe::default(),
    };
    recipe.encodings = arguments.import_qparams.as_ref().map(pipeline::read_encodings).transpose()?;
    recipe.equalize |= arguments.equalize;
    recipe.bias_correction |= arguments.bias_correction;
    let Some(text) = &arguments.calibration else { return Ok(recipe) };
    let method: Method = text.parse().map_err(|_| {
        Error::usage(format!("there is no calibration method `{text}`"))
            .help("methods: minmax, percentile, percentile:<0 to 100>, entropy, mse, l2")
    })?;
    if let (Some(path), Some(observer)) = (&arguments.recipe, recipe.activation.observer) {
        return Err(Error::usage(format!("--calibration {text}, and the recipe says `{observer}`"))
            .file(path.display())
            .attribute("activation.observer")
            .help("remove one of the two"));
    }
    recipe.activation.observer = Some(ObserverKind::Statistic(method));
    Ok(recipe)
}

/// The integer type at the border; `None` for floats.
fn io_type(name: &str) -> Result<Option<DType>> {
    match name {
        "float" => Ok(None),
        "int8" => Ok(Some(DType::I8)),
        "uint8" => Ok(Some(DType::U8)),
        "int16" => Ok(Some(DType::I16)),
        other => Err(Error::usage(format!("there is no type `{other}` of inputs and outputs"))
            .help("types: float, int8, uint8, int16")),
    }
}

/// Names the recipe's file in errors about one of its keys.
fn in_recipe(error: Error, arguments: &Quantize) -> Error {
    match &arguments.recipe {
        Some(path) if error.kind() == ErrorKind::Usage => error.file(path.display()),
        _ => error,
    }
}

fn evaluation_data(arguments: &Quantize, dataset: Option<&Dataset>) -> Result<Option<Dataset>> {
    let labels = arguments.labels.labels.as_deref();
    match (&arguments.eval_data, labels) {
        (Some(_), None) => {
            Err(Error::usage("--eval-data without --labels").help("name its labels with --labels NAME"))
        }
        (Some(path), Some(_)) => arguments.data.open_other(path, labels).map(Some),
        (None, Some(_)) => dataset.cloned().map(Some).ok_or_else(|| Error::usage("--labels without --data")),
        (None, None) => Ok(None),
    }
}

/// Where to write: as asked for, or beside the model.
fn output_path(arguments: &Quantize) -> Result<PathBuf> {
    let out = if let Some(out) = &arguments.output {
        out.clone()
    } else {
        let is_tflite = arguments.model.extension().is_some_and(|ending| ending == "tflite");
        let kind = if arguments.mode == "static" { "int8" } else { &arguments.mode };
        arguments.model.with_extension(format!("{kind}.{}", if is_tflite { "tflite" } else { "onnx" }))
    };
    let same = out.canonicalize().ok().zip(arguments.model.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    if same {
        return Err(Error::usage("the output is the model itself")
            .file(out.display())
            .help("name another file with -o"));
    }
    Ok(out)
}

fn accuracy(table: &mut Table, before: &Evaluation, after: &Evaluation) {
    let counts = |part: usize, whole: usize| eval::share(part, whole);
    table.pair("top-1 float", counts(before.n_top1, before.n_labels));
    table.pair("top-1 quantized", counts(after.n_top1, after.n_labels));
    if let (Some(float), Some(int8)) = (before.n_top5, after.n_top5) {
        table.pair("top-5 float", counts(float, before.n_labels));
        table.pair("top-5 quantized", counts(int8, after.n_labels));
    }
    if after.n_nan > 0 {
        table.pair("NaN scores", counts(after.n_nan, after.n_labels));
    }
}

fn report_text(arguments: &Quantize, report: &Report) -> String {
    type Column = (&'static str, fn(&OpRow) -> usize);
    let columns: [Column; 5] = [
        ("integer", |row| row.n_integer),
        ("fused", |row| row.n_fused),
        ("stored", |row| row.n_stored),
        ("float16", |row| row.n_half),
        ("float", |row| row.n_float),
    ];
    // Only modes store weights, and they fuse nothing.
    let is_used = |(name, count): &&Column| {
        *name == "float"
            || (*name == "integer" && report.n_half == 0)
            || report.ops.iter().any(|row| count(row) > 0)
    };
    let columns: Vec<&Column> = columns.iter().filter(is_used).collect();
    let names = columns.iter().map(|(name, _)| *name);
    let header: Vec<&str> = std::iter::once("op").chain(names).chain(["why float"]).collect();
    let mut table = Table::with_header(&header);
    for row in &report.ops {
        let reasons: Vec<String> =
            row.reasons.iter().map(|(reason, count)| format!("{count} × {reason}")).collect();
        let counts = columns.iter().map(|(_, count)| count(row).to_string());
        table.row(std::iter::once(row.op.clone()).chain(counts).chain([reasons.join("; ")]));
    }
    let mut notes = Table::new();
    for input in &report.frozen_inputs {
        notes.pair("input made constant", input);
    }
    for (rewrite, count) in &report.rewrites {
        notes.pair("rewrite", format!("{rewrite} × {count}"));
    }
    if report.n_in_8_bits > 0 {
        let count = report.n_in_8_bits;
        notes.pair(
            "kept in 8 bits",
            format!("{count} weights: 4 bits are for matrices, for TFLite for convolutions too"),
        );
    }
    let unpacks = arguments.mode != "float16" && arguments.form == "qdq";
    if report.n_stored > 0 && unpacks && arguments.target.starts_with("onnxruntime") {
        notes.pair(
            "stored weights",
            "onnxruntime makes real numbers of them at each run, or once when it loads the model with the session option \
             session.disable_quant_qdq=1",
        );
    }
    if let Some(encodings) = &report.encodings {
        notes.pair("encodings", encodings);
    }
    for mask in &report.masks {
        notes.pair("left out of a range", mask);
    }
    if report.n_evened > 0 {
        notes.pair("outputs evened", report.n_evened);
    }
    if report.n_smoothed > 0 {
        notes.pair("values smoothed", report.n_smoothed);
    }
    if report.n_equalized > 0 {
        notes.pair("pairs of layers equalized", report.n_equalized);
    }
    if report.n_corrected > 0 {
        notes.pair("biases corrected", report.n_corrected);
    }
    format!("{table}\n{notes}")
}

pub(super) fn n_bytes(path: &Path) -> Result<u64> {
    Ok(std::fs::metadata(path).map_err(|error| Error::io(path.display(), &error))?.len())
}

fn size(path: &Path) -> Result<String> {
    Ok(super::inspect::bytes(n_bytes(path)?))
}
