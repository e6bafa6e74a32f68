//! `qdq bench`

use qdq::error::Result;
use qdq::pipeline;
use serde_json::json;

use crate::arguments::Bench;
use crate::output::Output;
use crate::table::Table;

pub(crate) fn bench(arguments: &Bench, output: Output) -> Result<()> {
    let graph = pipeline::read_model(&arguments.model)?;
    let dataset = arguments.data.open(arguments.labels.as_deref())?;
    let threads = arguments.threads.count();
    let mut times = pipeline::bench(graph, &dataset, threads, arguments.runs)?;
    times.sort_by(f64::total_cmp);
    let (min, median, max) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    table.pair("threads", threads);
    table.pair("runs", times.len());
    table.pair("median", format!("{median:.3} ms"));
    table.pair("min, max", format!("{min:.3} ms, {max:.3} ms"));
    let json = json!({ "median_ms": median, "min_ms": min, "max_ms": max, "n_runs": times.len(), "n_threads": threads });
    output.result(table, json)
}
