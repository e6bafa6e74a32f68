//! Statistics kept in files: observed in one run, merged, and quantized from in another.

use std::io::Write;
use std::path::Path;

use super::observe::check_data;
use super::output_file::OutputFile;
use super::quantize::finish;
use super::{Observation, Prepared, Progress, QuantizeOptions, Quantized, observe, prepare};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::quant::{Observed, Recipe, StatisticsFile, fingerprint};

/// The statistics of a model, and what was done to the data they come from.
#[derive(Clone, Debug)]
pub struct ObservedModel {
    /// The statistics.
    pub statistics: StatisticsFile,
    /// What was done to the data.
    pub data: Vec<(String, String)>,
}

/// Runs a model on all samples and keeps the statistics of the values that would be quantized.
///
/// # Errors
/// Those of [`prepare`] and [`observe`]; observers whose state depends on the order of samples.
pub fn observe_model(
    graph: Graph,
    dataset: &Dataset,
    options: &QuantizeOptions,
    progress: &dyn Progress,
) -> Result<ObservedModel> {
    check_data(&graph, dataset)?;
    let model = fingerprint(&graph);
    let prepared = prepare(graph, &options.recipe, &options.target)?;
    check_kept(&prepared, &options.recipe)?;
    let Observation { observed, n_samples, data } = observe(&prepared, dataset, options.n_threads, progress)?;
    Ok(ObservedModel { statistics: StatisticsFile::new(model, n_samples, &prepared.graph, &observed), data })
}

/// Quantizes a model with statistics that were observed before; as [`super::quantize`] with the data they come from.
///
/// # Errors
/// Nothing to quantize; statistics of another model, or without a value that is needed.
pub fn quantize_observed(
    graph: Graph,
    statistics: &StatisticsFile,
    options: &QuantizeOptions,
) -> Result<Quantized> {
    let model = fingerprint(&graph);
    let prepared = prepare(graph, &options.recipe, &options.target)?;
    check_kept(&prepared, &options.recipe)?;
    let observed = statistics.observed(model, &prepared.graph, &prepared.plan)?;
    let n_samples = usize::try_from(statistics.n_samples).unwrap_or(usize::MAX);
    finish(prepared, Observation { observed, n_samples, data: Vec::new() })
}

/// Checks that all that is observed can be kept in a file.
fn check_kept(prepared: &Prepared, recipe: &Recipe) -> Result<()> {
    for (key, is_set) in [("equalize", recipe.equalize), ("bias_correction", recipe.bias_correction)] {
        if is_set {
            return Err(Error::usage("statistics in a file belong to the model as it is")
                .attribute(key)
                .help("quantize with --data, or without it"));
        }
    }
    if Observed::new(&prepared.graph, &prepared.plan)?.has_torch_observers() {
        return Err(Error::usage(
            "what observers of torch see depends on the order of the data and is not kept",
        )
        .attribute("activation.observer")
        .help(
            "use an observer of the default statistic (--calibration, or the recipe's activation.observer)",
        ));
    }
    Ok(())
}

/// Reads a statistics file.
///
/// # Errors
/// A file that is missing, no statistics file, damaged or cut short.
pub fn read_statistics(path: impl AsRef<Path>) -> Result<StatisticsFile> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(|error| Error::io(path.display(), &error))?;
    StatisticsFile::from_bytes(&bytes).map_err(|error| error.file(path.display()))
}

/// Writes a statistics file, whole or not at all.
///
/// # Errors
/// A folder that cannot be written to.
pub fn write_statistics(statistics: &StatisticsFile, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let mut file = OutputFile::create(path)?;
    file.write_all(&statistics.to_bytes()).map_err(|error| Error::io(path.display(), &error))?;
    file.persist()
}

/// Reads statistics files and merges them; their order makes no difference.
///
/// # Errors
/// No file; a file that cannot be read, or does not belong with the first one.
pub fn merge_statistics<P: AsRef<Path>>(paths: &[P]) -> Result<StatisticsFile> {
    let (first, others) =
        paths.split_first().ok_or_else(|| Error::usage("there are no statistics to merge"))?;
    let mut merged = read_statistics(first)?;
    for path in others {
        let other = read_statistics(path)?;
        merged.merge(&other).map_err(|error| error.file(path.as_ref().display()))?;
    }
    Ok(merged)
}
