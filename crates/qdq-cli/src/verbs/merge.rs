//! `qdq merge`

use qdq::error::Result;
use qdq::pipeline;
use serde_json::json;

use crate::arguments::Merge;
use crate::output::Output;
use crate::table::Table;

pub(crate) fn merge(arguments: &Merge, output: Output) -> Result<()> {
    let merged = pipeline::merge_statistics(&arguments.statistics)?;
    pipeline::write_statistics(&merged, &arguments.output)?;
    let mut table = Table::new();
    table.pair("files", arguments.statistics.len());
    table.pair("samples", merged.n_samples);
    table.pair("values", merged.statistics.len());
    table.pair("written", arguments.output.display());
    let json = json!({
        "output": arguments.output,
        "n_files": arguments.statistics.len(),
        "n_samples": merged.n_samples,
        "n_values": merged.statistics.len(),
        "model": format!("{:016x}", merged.model),
    });
    output.result(table, json)
}
