//! `qdq observe`

use qdq::error::{ErrorKind, Result};
use qdq::pipeline::{self, QuantizeOptions};
use serde_json::json;

use crate::arguments::Observe;
use crate::output::Output;
use crate::progress::Bar;
use crate::table::Table;

pub(crate) fn observe(arguments: &Observe, output: Output) -> Result<()> {
    let target = pipeline::find_target(&arguments.target)?;
    let recipe = arguments.recipe.as_ref().map(pipeline::read_recipe).transpose()?.unwrap_or_default();
    let graph = pipeline::read_model(&arguments.model)?;
    let dataset = arguments.data.open(arguments.labels.as_deref())?;
    let options = QuantizeOptions { target, recipe, n_threads: arguments.threads.count() };
    let observed = pipeline::observe_model(graph, &dataset, &options, &Bar::default());
    let observed = observed.map_err(|error| match &arguments.recipe {
        Some(path) if error.kind() == ErrorKind::Usage => error.file(path.display()),
        _ => error,
    })?;
    let statistics = &observed.statistics;
    pipeline::write_statistics(statistics, &arguments.output)?;
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    for (label, text) in &observed.data {
        table.pair(label, text);
    }
    table.pair("target", &options.target.name);
    table.pair("samples", statistics.n_samples);
    table.pair("values", statistics.statistics.len());
    table.pair("written", arguments.output.display());
    let json = json!({
        "output": arguments.output,
        "target": options.target.name,
        "n_samples": statistics.n_samples,
        "n_values": statistics.statistics.len(),
        "model": format!("{:016x}", statistics.model),
        "data": observed.data,
    });
    output.result(table, json)
}
