//! `qdq observe`

use qdq::error::Result;
use qdq::pipeline;
use qdq::targets::Target;
use serde_json::json;

use crate::arguments::Observe;
use crate::output::Output;
use crate::progress::Bar;
use crate::table::Table;

pub(crate) fn observe(arguments: &Observe, output: Output) -> Result<()> {
    let target = Target::find(&arguments.target)?;
    let graph = pipeline::read_model(&arguments.model)?;
    let dataset = arguments.data.open(arguments.labels.as_deref())?;
    let threads = arguments.threads.count();
    let observed = pipeline::observe_model(graph, &dataset, target, threads, &Bar::default())?;
    let statistics = &observed.statistics;
    pipeline::write_statistics(statistics, &arguments.output)?;
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    for (label, text) in &observed.data {
        table.pair(label, text);
    }
    table.pair("target", target.name);
    table.pair("samples", statistics.n_samples);
    table.pair("values", statistics.statistics.len());
    table.pair("written", arguments.output.display());
    let json = json!({
        "output": arguments.output,
        "target": target.name,
        "n_samples": statistics.n_samples,
        "n_values": statistics.statistics.len(),
        "model": format!("{:016x}", statistics.model),
        "data": observed.data,
    });
    output.result(table, json)
}
