//! `qdq bench`

use qdq::error::Result;
use qdq::pipeline;

use crate::arguments::Bench;
use crate::exactness;
use crate::output::Output;
use crate::table::Table;

pub(crate) fn bench(arguments: &Bench, output: Output) -> Result<()> {
    let graph = pipeline::read_model(&arguments.model)?;
    let dataset = arguments.data.open(arguments.labels.as_deref())?;
    let runtime = arguments.profile.find()?;
    let timing = pipeline::bench(graph, &dataset, runtime, arguments.threads.count(), arguments.runs.get())?;
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    exactness::add(&mut table, "profile", timing.exactness.as_ref());
    table.pair("threads", timing.n_threads);
    table.pair("runs", timing.n_runs);
    table.pair("median", format!("{:.3} ms", timing.median_ms));
    table.pair("fastest", format!("{:.3} ms", timing.min_ms));
    table.pair("throughput", format!("{:.1} runs a second", timing.runs_per_second));
    let mut ops = Table::with_header(&["op", "nodes", "ms", "%", ""]);
    for op in &timing.ops {
        let kind = if op.is_integer { "integers" } else { "" };
        let (ms, share) = (format!("{:.3}", op.ms), format!("{:.1}", 100.0 * op.share));
        ops.row([op.op.clone(), op.n_nodes.to_string(), ms, share, kind.to_owned()]);
    }
    output.result(format!("{table}\n{ops}"), &timing)
}
