//! How often a classifier is right.

use serde::Serialize;

use super::exactness::{as_run, program};
use super::{Exactness, Progress, for_each_sample};
use crate::data::{Dataset, Sample};
use crate::error::{Error, Result};
use crate::exec::Taps;
use crate::graph::Graph;
use crate::profiles::Runtime;
use crate::tensor::Tensor;

/// How often a classifier was right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Evaluation {
    /// The output that was judged.
    pub output: String,
    /// Number of predictions, one for each label.
    pub n_labels: usize,
    /// Predictions whose largest score is the label's.
    pub n_top1: usize,
    /// Predictions with the label among the five largest scores; `None` with five classes or fewer.
    pub n_top5: Option<usize>,
    /// Predictions with a score that is NaN; they count as wrong.
    pub n_nan: usize,
    /// What was done to the data.
    pub data: Vec<(String, String)>,
    /// What the profile promised, if there was one.
    pub exactness: Option<Exactness>,
}

impl Evaluation {
    /// Share of predictions whose largest score is the label's.
    pub fn top1(&self) -> f64 {
        self.n_top1 as f64 / self.n_labels.max(1) as f64
    }

    /// Share of predictions with the label among the five largest scores.
    pub fn top5(&self) -> Option<f64> {
        Some(self.n_top5? as f64 / self.n_labels.max(1) as f64)
    }
}

/// Runs a classifier on all samples and compares with the labels: the largest score along the last axis of `output`
/// (by default the first). Of equal scores the first counts. With a runtime, in its integers.
///
/// # Errors
/// No labels, or not as many as predictions; an unknown output; scores that are no numbers.
pub fn evaluate(
    graph: Graph,
    dataset: &Dataset,
    runtime: Option<&Runtime>,
    output: Option<&str>,
    n_threads: usize,
    progress: &dyn Progress,
) -> Result<Evaluation> {
    let Some(labels) = dataset.labels()? else {
        return Err(Error::usage("no labels")
            .file(dataset.path().display())
            .help("name the array that holds them with --labels NAME"));
    };
    let position = find_output(&graph, output)?;
    let name = graph[graph.body.outputs[position]].name().to_owned();
    let samples = dataset.samples(&graph)?;
    let is_whole = dataset.options().n_samples.is_none_or(|limit| limit > samples.len());
    let (program, exactness) = program(as_run(graph, runtime)?, runtime, Taps::new())?;
    let mut evaluation = Evaluation {
        output: name.clone(),
        data: samples.notes().to_vec(),
        exactness,
        ..Evaluation::default()
    };
    progress.start("evaluating", samples.len());
    let work = |(): &mut (), sample: Sample| {
        let mut outputs = program.run(sample.feeds, &mut |_, _| Ok(()))?;
        Ok(outputs.swap_remove(position))
    };
    for_each_sample(
        samples,
        n_threads,
        progress,
        || (),
        work,
        |_, scores| judge(&scores, &labels, &mut evaluation).map_err(|error| error.value(&name)),
    )?;
    progress.finish();
    if is_whole && evaluation.n_labels != labels.len() {
        let message = format!("{} labels for {} predictions", labels.len(), evaluation.n_labels);
        return Err(Error::data(message)
            .file(dataset.path().display())
            .help("labels and samples must be as many, in the same order"));
    }
    Ok(evaluation)
}

fn find_output(graph: &Graph, output: Option<&str>) -> Result<usize> {
    let names: Vec<&str> = graph.body.outputs.iter().map(|&id| graph[id].name()).collect();
    let position = match output {
        None if names.is_empty() => None,
        None => Some(0),
        Some(output) => names.iter().position(|name| *name == output),
    };
    position.ok_or_else(|| {
        Error::usage(format!("the model has no output `{}`", output.unwrap_or("")))
            .help(format!("its outputs are: {}", names.join(", ")))
    })
}

/// Compares the scores of one sample with the next labels.
fn judge(scores: &Tensor, labels: &[usize], evaluation: &mut Evaluation) -> Result<()> {
    let n_classes = scores.shape().last().copied().unwrap_or(0);
    if n_classes < 2 {
        return Err(Error::data(format!("an output of shape {:?} has no scores of classes", scores.shape()))
            .help("name the output with one score for each class with --output"));
    }
    let numbers = scores.to_f64_vec()?;
    for row in numbers.chunks_exact(n_classes) {
        let Some(&label) = labels.get(evaluation.n_labels) else {
            let message = format!("only {} labels, but more predictions", labels.len());
            return Err(Error::data(message).help("labels and samples must be as many, in the same order"));
        };
        let Some(&score) = row.get(label) else {
            return Err(Error::data(format!("the label {label}, but the model has {n_classes} classes"))
                .help("labels count classes from 0"));
        };
        evaluation.n_labels += 1;
        let has_nan = row.iter().any(|other| other.is_nan());
        let before = |(class, &other): (usize, &f64)| other > score || (other == score && class < label);
        let rank = row.iter().enumerate().filter(|entry| before(*entry)).count();
        evaluation.n_nan += usize::from(has_nan);
        evaluation.n_top1 += usize::from(rank == 0 && !has_nan);
        if n_classes > 5 {
            *evaluation.n_top5.get_or_insert(0) += usize::from(rank < 5 && !has_nan);
        }
    }
    Ok(())
}
