//! Two models on the same data, value by value.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compare::{Difference, real_numbers, steps_apart};
use super::exactness::{as_run, program};
use super::{Exactness, Progress, for_each_sample};
use crate::data::{Dataset, Sample};
use crate::error::{Error, Result};
use crate::exec::{Program, Taps};
use crate::graph::{Graph, Uses, ValueId};
use crate::profiles::Runtime;
use crate::tensor::{DType, QuantParams, Tensor, TensorType};

/// What tools call the dequantized form of a value, after its name; and then the quantized one, which is all that is left
/// of it in integer form.
const OTHER_FORMS: [&str; 4] =
    ["_dequantized", "_DequantizeLinear_Output", "_quantized", "_QuantizeLinear_Output"];

/// How far two models are from each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// Number of samples.
    pub n_samples: usize,
    /// One for each value that both have, worst first.
    pub values: Vec<Difference>,
    /// The first value, in the order of computation, that is not the same in both.
    pub first: Option<String>,
    /// What the profiles promised, of the first model and of the second.
    pub exactness: [Option<Exactness>; 2],
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
    /// Their outputs, and every float or quantized value that both have by name.
    Values,
}

/// A model to compare.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The model.
    pub graph: Graph,
    /// The runtime in whose integers it is run, if not as it is.
    pub runtime: Option<&'static Runtime>,
}

/// Runs two models on the same samples and compares what `scope` says.
///
/// A value that is dequantized in `b` is compared in that form. Outputs are matched by name, or by position if no
/// name is the same.
///
/// # Errors
/// Models with different inputs; outputs that do not match; data that does not fit.
pub fn diff(
    a: Compared,
    b: Compared,
    dataset: &Dataset,
    scope: Scope,
    n_threads: usize,
    progress: &dyn Progress,
) -> Result<Diff> {
    let order = input_order(&a.graph, &b.graph)?;
    let samples = dataset.samples(&a.graph)?;
    let (n_samples, data) = (samples.len(), samples.notes().to_vec());
    let (a_graph, b_graph) = (as_run(a.graph, a.runtime)?, as_run(b.graph, b.runtime)?);
    let mut pairs = pair_values(&a_graph, &b_graph)?;
    pairs.retain(|pair| pair.is_output || scope == Scope::Values);
    let tapped = |side: fn(&Pair) -> &Side| -> Taps { pairs.iter().map(|pair| side(pair).id).collect() };
    let (a, a_exactness) = program(a_graph, a.runtime, tapped(|pair| &pair.a))?;
    let (b, b_exactness) = program(b_graph, b.runtime, tapped(|pair| &pair.b))?;
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
    let exactness = [a_exactness, b_exactness];
    let mut diff = Diff { n_samples, values: Vec::new(), first: None, exactness, skipped: Vec::new(), data };
    let mut first = None;
    for (pair, total) in pairs.into_iter().zip(totals) {
        match total {
            Ok(total) => {
                if !total.is_identical() && first.as_ref().is_none_or(|(order, _)| pair.order < *order) {
                    first = Some((pair.order, pair.name.clone()));
                }
                diff.values.push(Difference { name: pair.name, is_output: pair.is_output, ..total });
            }
            Err(error) if pair.is_output => return Err(error.value(pair.name)),
            Err(error) => diff.skipped.push((pair.name, error.message().to_owned())),
        }
    }
    diff.first = first.map(|(_, name)| name);
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
    /// Position of the node that computes it in the first graph.
    order: usize,
    a: Side,
    b: Side,
}

impl Side {
    fn new(graph: &Graph, id: ValueId) -> Self {
        let quant = graph[id].ty.as_ref().and_then(|ty| ty.quant.as_deref().cloned());
        Self { id, quant }
    }

    /// Whether the integers of both mean the same.
    fn is_like(&self, other: &Side) -> bool {
        self.quant.is_some() && self.quant == other.quant
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
    let uses = Uses::new(a);
    let order = |id: ValueId| uses.producer(id).unwrap_or(0);
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
            pairs.push(Pair { name: name.to_owned(), is_output: true, order: order(id), a, b });
        }
    }
    let is_computed = computed(b);
    let is_real = |graph: &Graph, id: ValueId| {
        let is_real = |ty: &TensorType| ty.dtype == DType::F32 || ty.quant.is_some();
        graph.constant(id).is_none() && graph[id].ty.as_ref().is_some_and(is_real)
    };
    let find = |name: &str| b.find(name).filter(|&other| is_computed[other.index()] && is_real(b, other));
    for node in &a.body.nodes {
        for id in node.present_outputs().filter(|&id| is_real(a, id)) {
            let name = a[id].name();
            // A quantized value is compared with itself; a float one with what the other model sees of it, unless that is
            // a value of its own in both.
            let other_forms = OTHER_FORMS.iter().map(|suffix| [name, suffix].concat());
            let other_form =
                || other_forms.filter(|form| a.find(form).is_none()).find_map(|form| find(&form));
            let other = if a.quant(id).is_some() { find(name) } else { other_form().or_else(|| find(name)) };
            if let (Some(other), true) = (other, seen.insert(id)) {
                let (a, b) = (Side::new(a, id), Side::new(b, other));
                pairs.push(Pair { name: name.to_owned(), is_output: false, order: order(id), a, b });
            }
        }
    }
    Ok(pairs)
}

/// For each value, whether a node of the body or an input gives it: lowering leaves names of values that are gone.
fn computed(graph: &Graph) -> Vec<bool> {
    let mut is_computed = vec![false; graph.values().len()];
    let outputs = graph.body.nodes.iter().flat_map(super::super::graph::Node::present_outputs);
    outputs.chain(graph.body.inputs.iter().copied()).for_each(|id| is_computed[id.index()] = true);
    is_computed
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
            let mut difference = Difference::of(&a, other.shape(), &b, tensor.shape());
            if let (Ok(difference), true) = (&mut difference, pair.a.is_like(&pair.b)) {
                difference.steps = Some(steps_apart(other, tensor)?);
            }
            sums[position] = Some(difference);
        }
        Ok(())
    })?;
    Ok(sums)
}
