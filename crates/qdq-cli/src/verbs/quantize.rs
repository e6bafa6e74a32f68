//! `qdq quantize`

use std::path::{Path, PathBuf};

use qdq::data::Dataset;
use qdq::error::{Error, Result};
use qdq::graph::Graph;
use qdq::pipeline::{self, Evaluation, QuantizeOptions, Scope};
use qdq::quant::Report;
use qdq::quant::observers::Method;
use qdq::targets::Target;
use serde_json::json;

use super::{diff, eval};
use crate::arguments::Quantize;
use crate::output::Output;
use crate::progress::Bar;
use crate::table::Table;

/// Samples that both models run on for the signal-to-quantization-noise ratio of the outputs.
const SQNR_SAMPLES: usize = 8;

pub(crate) fn quantize(arguments: &Quantize, output: Output) -> Result<()> {
    let target = Target::find(&arguments.target)?;
    let method: Method = arguments.calibration.parse().map_err(|_| {
        Error::usage(format!("there is no calibration method `{}`", arguments.calibration))
            .help("methods: minmax, percentile, percentile:<0 to 100>, entropy, mse, l2")
    })?;
    let out = output_path(arguments)?;
    let graph = pipeline::read_model(&arguments.model)?;
    // With data of its own for the evaluation, labels are looked for there; here the array may exist as well.
    let dataset = arguments.data.open(arguments.labels.labels.as_deref())?;
    let judged_on = evaluation_data(arguments, &dataset)?;
    let progress = Bar::default();
    let n_threads = arguments.threads.count();
    let options = QuantizeOptions { target, method, n_threads };
    let quantized = pipeline::quantize(graph.clone(), &dataset, &options, &progress)?;
    let judge = |graph: Graph| {
        let score_output = arguments.labels.score_output.as_deref();
        let judge = |dataset| pipeline::evaluate(graph, dataset, score_output, n_threads, &progress);
        judged_on.as_ref().map(judge).transpose()
    };
    let (before, after) = (judge(graph.clone())?, judge(quantized.graph.clone())?);
    let sample = dataset.first(SQNR_SAMPLES);
    let differences =
        pipeline::diff(graph, quantized.graph.clone(), &sample, Scope::Outputs, n_threads, &progress)?;
    let opset = pipeline::write_model(&quantized.graph, &out, target.max_opset)?.opset;
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    for (label, text) in &quantized.data {
        table.pair(label, text);
    }
    table.pair("target", target.name);
    table.pair("calibration", format!("{method}, {} samples", quantized.report.n_samples));
    table.pair("size", format!("{} → {}", size(&arguments.model)?, size(&out)?));
    for output in &differences.values {
        let on = format!("{} samples", differences.n_samples);
        table.pair(
            "SQNR",
            format!("{:.1} dB  {} (cosine {:.4}, {on})", output.sqnr_db(), output.name, output.cosine()),
        );
    }
    if let (Some(before), Some(after)) = (&before, &after) {
        accuracy(&mut table, before, after);
    }
    table.pair("written", out.display());
    let json = json!({
        "output": out,
        "opset": opset,
        "report": quantized.report,
        "data": quantized.data,
        "n_bytes_before": n_bytes(&arguments.model)?,
        "n_bytes_after": n_bytes(&out)?,
        "outputs": differences.values.iter().map(diff::as_json).collect::<Vec<_>>(),
        "accuracy_before": before.as_ref().map(eval::as_json),
        "accuracy_after": after.as_ref().map(eval::as_json),
    });
    output.result(format!("{table}\n{}", report_text(&quantized.report)), json)
}

fn evaluation_data(arguments: &Quantize, dataset: &Dataset) -> Result<Option<Dataset>> {
    let labels = arguments.labels.labels.as_deref();
    match (&arguments.eval_data, labels) {
        (Some(_), None) => {
            Err(Error::usage("--eval-data without --labels").help("name its labels with --labels NAME"))
        }
        (Some(path), Some(_)) => arguments.data.open_other(path, labels).map(Some),
        (None, Some(_)) => Ok(Some(dataset.clone())),
        (None, None) => Ok(None),
    }
}

/// Where to write: as asked for, or beside the model.
fn output_path(arguments: &Quantize) -> Result<PathBuf> {
    let out = match &arguments.output {
        Some(out) => out.clone(),
        None => arguments.model.with_extension("int8.onnx"),
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
    table.pair("top-1 int8", counts(after.n_top1, after.n_labels));
    if let (Some(float), Some(int8)) = (before.n_top5, after.n_top5) {
        table.pair("top-5 float", counts(float, before.n_labels));
        table.pair("top-5 int8", counts(int8, after.n_labels));
    }
    if after.n_nan > 0 {
        table.pair("NaN scores", counts(after.n_nan, after.n_labels));
    }
}

fn report_text(report: &Report) -> String {
    let mut table = Table::with_header(&["op", "integer", "fused", "float", "why float"]);
    for row in &report.ops {
        let reasons: Vec<String> =
            row.reasons.iter().map(|(reason, count)| format!("{count} × {reason}")).collect();
        table.row([
            row.op.clone(),
            row.n_integer.to_string(),
            row.n_fused.to_string(),
            row.n_float.to_string(),
            reasons.join("; "),
        ]);
    }
    let mut notes = Table::new();
    for input in &report.frozen_inputs {
        notes.pair("input made constant", input);
    }
    for (rewrite, count) in &report.rewrites {
        notes.pair("rewrite", format!("{rewrite} × {count}"));
    }
    for mask in &report.masks {
        notes.pair("left out of a range", mask);
    }
    if report.n_smoothed > 0 {
        notes.pair("values smoothed", report.n_smoothed);
    }
    format!("{table}\n{notes}")
}

fn n_bytes(path: &Path) -> Result<u64> {
    Ok(std::fs::metadata(path).map_err(|error| Error::io(path.display(), &error))?.len())
}

fn size(path: &Path) -> Result<String> {
    Ok(super::inspect::bytes(n_bytes(path)?))
}
