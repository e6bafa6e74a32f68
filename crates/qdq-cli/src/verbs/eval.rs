//! `qdq eval`

use qdq::error::Result;
use qdq::pipeline::{self, Evaluation};
use serde_json::{Value, json};

use crate::arguments::Eval;
use crate::exactness;
use crate::output::Output;
use crate::progress::Bar;
use crate::table::Table;

pub(crate) fn eval(arguments: &Eval, output: Output) -> Result<()> {
    let graph = pipeline::read_model(&arguments.model)?;
    let dataset = arguments.data.open(arguments.labels.labels.as_deref())?;
    let score_output = arguments.labels.score_output.as_deref();
    let threads = arguments.threads.count();
    let runtime = arguments.profile.find()?;
    let evaluation = pipeline::evaluate(graph, &dataset, runtime, score_output, threads, &Bar::default())?;
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    exactness::add(&mut table, "profile", evaluation.exactness.as_ref());
    for (label, text) in &evaluation.data {
        table.pair(label, text);
    }
    table.pair("output", &evaluation.output);
    table.pair("top-1", share(evaluation.n_top1, evaluation.n_labels));
    if let Some(n_top5) = evaluation.n_top5 {
        table.pair("top-5", share(n_top5, evaluation.n_labels));
    }
    if evaluation.n_nan > 0 {
        table.pair("NaN scores", share(evaluation.n_nan, evaluation.n_labels));
    }
    output.result(table, as_json(&evaluation))
}

/// `81.40 %  (814 of 1000)`
pub(super) fn share(part: usize, whole: usize) -> String {
    format!("{:.2} %  ({part} of {whole})", 100.0 * part as f64 / whole.max(1) as f64)
}

/// All counts, and the shares that follow.
pub(super) fn as_json(evaluation: &Evaluation) -> Value {
    json!({
        "output": evaluation.output,
        "n_labels": evaluation.n_labels,
        "n_top1": evaluation.n_top1,
        "n_top5": evaluation.n_top5,
        "n_nan": evaluation.n_nan,
        "top1": evaluation.top1(),
        "top5": evaluation.top5(),
        "data": evaluation.data,
        "exactness": evaluation.exactness,
    })
}
