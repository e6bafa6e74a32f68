//! `qdq run`

use qdq::error::Result;
use qdq::pipeline;

use crate::arguments::Run;
use crate::exactness;
use crate::output::Output;
use crate::progress::Bar;
use crate::table::Table;

pub(crate) fn run(arguments: &Run, output: Output) -> Result<()> {
    let graph = pipeline::read_model(&arguments.model)?;
    let dataset = arguments.data.open(arguments.labels.as_deref())?;
    let threads = arguments.threads.count();
    let runtime = arguments.profile.find()?;
    let run = pipeline::run(graph, &dataset, runtime, &arguments.output, threads, &Bar::default())?;
    let mut table = Table::new();
    table.pair("model", arguments.model.display());
    exactness::add(&mut table, "profile", run.exactness.as_ref());
    for (label, text) in &run.data {
        table.pair(label, text);
    }
    table.pair("samples", run.n_samples);
    for array in &run.outputs {
        table.pair("output", format!("{}: {}{:?}", array.name, array.dtype, array.shape));
    }
    table.pair("written", arguments.output.display());
    output.result(table, &run)
}
