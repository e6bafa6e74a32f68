//! `qdq bench`

use qdq::error::Result;
use qdq::pipeline;

use crate::arguments::Bench;
use crate::output::Output;
use crate::table::Table;

pub(crate) fn bench(arguments: &Bench, output: Output) -> Result<()> {
    let graph = pipeline::read_model(&arguments.model)?;
    let dataset = arguments.data.open(arguments.labels.as_deref())?;
    let timing = pipeline::bench(graph, &dataset, arguments.threads.count(), arguments.runs.get())?;
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    table.pair("threads", timing.n_threads);
    table.pair("runs", timing.n_runs);
    table.pair("median", format!("{:.3} ms", timing.median_ms));
    table.pair("fastest", format!("{:.3} ms", timing.min_ms));
    output.result(table, &timing)
}
