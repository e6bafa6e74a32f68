//! Two models on the same data, value by value.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compare::{Difference, real_numbers};
use super::{Progress, for_each_sample};
use crate::data::{Dataset, Sample};
use crate::error::{Error, Result};
use crate::exec::{Program, Taps};
use crate::graph::{Graph, ValueId};
use crate::tensor::{DType, QuantParams, Tensor};

/// What the tools call the dequantized form of a value, after its name: ours, and onnxruntime's.
const DEQUANTIZED: [&str; 2] = ["_dequantized", "_DequantizeLinear_Output"];

/// How far two models are from each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// Number of samples.
    pub n_samples: usize,
    /// One for each value that both have, worst first.
    pub values: Vec<Difference>,
    /// Values that could not be compared, with the reason.
    pub skipped: Vec<(String, String)>,
    /// What was done to the data.
    pub data: Vec<(String, String)>,
}

/// What to compare of two models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Their outputs.
    Outputs,
    /// Their outputs, and every float value that both have by name.
    Values,
}

/// Runs two models on the same samples and compares what `scope` says.
///
/// A value that is dequantized in `b` is compared in that form. Outputs are matched by name, or by position if no
/// name is the same.
///
/// # Errors
/// Models with different inputs; outputs that do not match; data that does not fit.
pub fn diff(
    a: Graph,
    b: Graph,
    dataset: &Dataset,
    scope: Scope,
    n_threads: usize,
    progress: &dyn Progress,
) -> Result<Diff> {
    let order = input_order(&a, &b)?;
    let samples = dataset.samples(&a)?;
    let (n_samples, data) = (samples.len(), samples.notes().to_vec());
    let mut pairs = pair_values(&a, &b)?;
    pairs.retain(|pair| pair.is_output || scope == Scope::Values);
    let tapped = |side: fn(&Pair) -> &Side| -> Taps { pairs.iter().map(|pair| side(pair).id).collect() };
    let (a, b) = (Program::new(a, tapped(|pair| &pair.a))?, Program::new(b, tapped(|pair| &pair.b))?);
    let mut totals: Vec<Result<Difference>> = vec![Ok(Difference::default()); pairs.len()];
    progress.start("comparing", n_samples);
    let work = |(): &mut (), sample: Sample| compare_sample(&a, &b, &pairs, &order, sample);
    for_each_sample(
        samples,
        n_threads,
        progress,
        || (),
        work,
        |_, sums| {
            for (total, sums) in totals.iter_mut().zip(sums) {
                match (&mut *total, sums) {
                    (Ok(total), Some(Ok(sums))) => total.add(&sums),
                    (Ok(_), Some(Err(error))) => *total = Err(error),
                    _ => {}
                }
            }
            Ok(())
        },
    )?;
    progress.finish();
    let mut diff = Diff { n_samples, values: Vec::new(), skipped: Vec::new(), data };
    for (pair, total) in pairs.into_iter().zip(totals) {
        match total {
            Ok(total) => diff.values.push(Difference { name: pair.name, is_output: pair.is_output, ..total }),
            Err(error) if pair.is_output => return Err(error.value(pair.name)),
            Err(error) => diff.skipped.push((pair.name, error.message().to_owned())),
        }
    }
    // Stable: equal ones stay in the order of the graph.
    diff.values.sort_by(|a, b| {
        let badness = |value: &Difference| (value.n_not_finite == 0, value.sqnr_db());
        let ((a_finite, a_db), (b_finite, b_db)) = (badness(a), badness(b));
        a_finite.cmp(&b_finite).then(a_db.total_cmp(&b_db))
    });
    Ok(diff)
}

/// A value in one graph.
struct Side {
    id: ValueId,
    quant: Option<QuantParams>,
}

/// A value that both graphs have.
struct Pair {
    name: String,
    is_output: bool,
    a: Side,
    b: Side,
}

impl Side {
    fn new(graph: &Graph, id: ValueId) -> Self {
        let quant = graph[id].ty.as_ref().and_then(|ty| ty.quant.as_deref().cloned());
        Self { id, quant }
    }

    fn numbers(&self, tensor: &Tensor) -> Result<Vec<f64>> {
        real_numbers(tensor, self.quant.as_ref())
    }
}

/// For each input of `b`, the position of the input of `a` with its name.
fn input_order(a: &Graph, b: &Graph) -> Result<Vec<Option<usize>>> {
    let name = |graph: &Graph, id: &ValueId| graph[*id].name().to_owned();
    let names: Vec<String> = a.body.inputs.iter().map(|id| name(a, id)).collect();
    let find = |id: &ValueId| {
        let position = names.iter().position(|input| *input == b[*id].name());
        if position.is_none() && b[*id].constant.is_none() {
            return Err(Error::data(format!("the first model has no input `{}`", b[*id].name()))
                .help("both models need the same inputs: they are compared on the same data"));
        }
        Ok(position)
    };
    b.body.inputs.iter().map(find).collect()
}

fn pair_values(a: &Graph, b: &Graph) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let has_name = |id: &ValueId| b.body.outputs.iter().any(|other| b[*other].name() == a[*id].name());
    let by_position = !a.body.outputs.iter().any(has_name) && a.body.outputs.len() == b.body.outputs.len();
    for (position, &id) in a.body.outputs.iter().enumerate() {
        let name = a[id].name();
        let same_name = b.body.outputs.iter().find(|other| b[**other].name() == name);
        let other = if by_position { b.body.outputs.get(position) } else { same_name };
        let Some(&other) = other else {
            return Err(Error::data(format!("the second model has no output `{name}`"))
                .help("both models need the same outputs"));
        };
        if seen.insert(id) {
            let (a, b) = (Side::new(a, id), Side::new(b, other));
            pairs.push(Pair { name: name.to_owned(), is_output: true, a, b });
        }
    }
    let is_float = |graph: &Graph, id: ValueId| {
        graph.constant(id).is_none() && graph[id].ty.as_ref().is_some_and(|ty| ty.dtype == DType::F32)
    };
    for node in &a.body.nodes {
        for id in node.present_outputs().filter(|&id| is_float(a, id)) {
            let name = a[id].name();
            let dequantized = DEQUANTIZED.iter().find_map(|suffix| b.find(&format!("{name}{suffix}")));
            let other = dequantized.or_else(|| b.find(name)).filter(|&other| is_float(b, other));
            if let (Some(other), true) = (other, seen.insert(id)) {
                let (a, b) = (Side::new(a, id), Side::new(b, other));
                pairs.push(Pair { name: name.to_owned(), is_output: false, a, b });
            }
        }
    }
    Ok(pairs)
}

type Sums = Vec<Option<Result<Difference>>>;

/// Sums for each pair; `None` for a value that a model did not come to compute (a branch not taken).
fn compare_sample(
    a: &Program,
    b: &Program,
    pairs: &[Pair],
    order: &[Option<usize>],
    sample: Sample,
) -> Result<Sums> {
    let feeds = order.iter().map(|position| position.and_then(|position| sample.feeds[position].clone()));
    let feeds: Vec<Option<Tensor>> = feeds.collect();
    let mut expected: BTreeMap<ValueId, Tensor> = BTreeMap::new();
    a.run(sample.feeds, &mut |id, tensor| {
        expected.insert(id, tensor.clone());
        Ok(())
    })?;
    let mut by_value: BTreeMap<ValueId, Vec<usize>> = BTreeMap::new();
    for (position, pair) in pairs.iter().enumerate() {
        by_value.entry(pair.b.id).or_default().push(position);
    }
    let mut sums: Sums = pairs.iter().map(|_| None).collect();
    b.run(feeds, &mut |id, tensor| {
        for &position in by_value.get(&id).map_or(&[][..], Vec::as_slice) {
            let pair = &pairs[position];
            let Some(other) = expected.get(&pair.a.id) else { continue };
            let (a, b) = (pair.a.numbers(other)?, pair.b.numbers(tensor)?);
            sums[position] = Some(Difference::of(&a, other.shape(), &b, tensor.shape()));
        }
        Ok(())
    })?;
    Ok(sums)
}
