//! One file for each verb.

mod bench;
mod convert;
mod diff;
mod eval;
mod explain;
mod goal;
mod inspect;
mod merge;
mod mode;
mod observe;
mod quantize;
mod run;
mod targets;

use qdq::error::Result;

use crate::arguments::{Arguments, Verb};
use crate::output::Output;

/// Does what the arguments ask for.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<()> {
    match &arguments.verb {
        Verb::Quantize(arguments) => quantize::quantize(arguments, output),
        Verb::Observe(arguments) => observe::observe(arguments, output),
        Verb::Merge(arguments) => merge::merge(arguments, output),
        Verb::Run(arguments) => run::run(arguments, output),
        Verb::Eval(arguments) => eval::eval(arguments, output),
        Verb::Diff(arguments) => diff::diff(arguments, output),
        Verb::Convert(arguments) => convert::convert(arguments, output),
        Verb::Bench(arguments) => bench::bench(arguments, output),
        Verb::Inspect(arguments) => inspect::inspect(arguments, output),
        Verb::Explain(arguments) => explain::explain(arguments, output),
        Verb::Targets(arguments) => targets::targets(arguments, output),
    }
}
