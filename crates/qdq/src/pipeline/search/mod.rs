//! Quantization to a goal: layers are ranked by the error they cause, and the worst kept in higher precision, no more of them
//! than the goal needs.
//!
//! A layer is a convolution or matrix product. Its error is measured with it alone quantized; the errors of all add up to
//! about that of the whole, which tells where to begin looking. How many of the worst must be kept is then found by
//! bisection, each candidate measured on the data. Where the target's kernels take 16-bit activations these are tried
//! first, then float.

mod macs;
mod trial;

use serde::Serialize;

use super::observe::check_data;
use super::{Progress, QuantizeOptions, Quantized, evaluate};
use crate::data::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::Graph;
use crate::quant::Rule;
use trial::Trial;

/// Samples that a ratio is measured on.
pub const GOAL_SAMPLES: usize = 16;

/// What a quantized model has to reach.
#[derive(Clone, Debug)]
pub enum Goal {
    /// At least this signal-to-quantization-noise ratio of each output, in dB, on the first [`GOAL_SAMPLES`] samples.
    MinSqnr(f64),
    /// At most this many points of top-1 accuracy less than the float model.
    MaxDrop {
        /// Points, of 100.
        points: f64,
        /// Labelled data.
        data: Box<Dataset>,
        /// The output with the scores, the first where none is named.
        score_output: Option<String>,
    },
}

/// What a layer is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 8-bit integers, as planned.
    Planned,
    /// Activations of 16 bits.
    Wide,
    /// Float.
    Float,
}

/// A layer in the ranking.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankedLayer {
    /// Its name, with the op.
    pub layer: String,
    /// Noise of the outputs with this layer alone quantized, relative to the signal, summed over outputs.
    pub noise: f64,
    /// Multiplications of one run.
    pub macs: u64,
    /// What it is kept in.
    pub precision: Precision,
    /// The rule that does it.
    #[serde(skip)]
    pub(super) rules: LayerRules,
}

/// Rules for a recipe that keep one layer in higher precision.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LayerRules {
    /// In float.
    pub(super) float: Rule,
    /// With activations of 16 bits, where the target has them.
    pub(super) wide: Option<Rule>,
}

/// How a goal was reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Search {
    /// The goal in words.
    pub goal: String,
    /// Layers by the error they cause, worst first.
    pub ranking: Vec<RankedLayer>,
    /// What was measured of the result: dB, or points lost.
    pub reached: f64,
    /// Models that were measured, those for the ranking included.
    pub n_evaluations: usize,
    /// Rules to put into a recipe for the same result without a search.
    pub rules: Vec<Rule>,
}

/// Quantizes a model so that it meets a goal, with as few layers in higher precision as that takes.
///
/// # Errors
/// What [`super::quantize`] refuses; a goal that is not met with all layers but one in float: the best found and where it
/// stopped.
pub fn quantize_to_goal(
    graph: Graph,
    dataset: &Dataset,
    options: &QuantizeOptions,
    goal: &Goal,
    progress: &dyn Progress,
) -> Result<(Quantized, Search)> {
    goal.check()?;
    if options.recipe.bias_correction {
        return Err(Error::usage("bias correction together with a goal")
            .attribute("bias_correction")
            .help("biases are corrected for one plan, and a goal tries many: use one of the two"));
    }
    check_data(&graph, dataset)?;
    let mut searcher = Searcher {
        float: goal.of_float(&graph, options, progress)?,
        trial: Trial::new(graph, dataset, options, progress)?,
        goal,
        options,
        progress,
        n_evaluations: 0,
    };
    let (planned, measured) = searcher.measure(&[])?;
    let mut ranking = searcher.trial.layers();
    if goal.is_met(measured) {
        return Ok(searcher.result(planned, measured, ranking, Vec::new()));
    }
    searcher.rank(&mut ranking)?;
    searcher.keep_worst(ranking, measured)
}

impl Goal {
    fn check(&self) -> Result<()> {
        let number = match self {
            Goal::MinSqnr(db) => *db,
            Goal::MaxDrop { points, .. } => *points,
        };
        if number.is_finite() && number >= 0.0 {
            Ok(())
        } else {
            Err(Error::usage(format!("a goal of {number}")).help("name a number from 0 on"))
        }
    }

    /// Top-1 accuracy of the float model in points, where the goal is one of accuracy.
    fn of_float(&self, graph: &Graph, options: &QuantizeOptions, progress: &dyn Progress) -> Result<f64> {
        let Goal::MaxDrop { data, score_output, .. } = self else { return Ok(0.0) };
        let output = score_output.as_deref();
        Ok(evaluate(graph.clone(), data, None, output, options.n_threads, progress)?.top1() * 100.0)
    }

    fn is_met(&self, measured: f64) -> bool {
        match self {
            Goal::MinSqnr(db) => measured >= *db,
            // A drop is a difference of two shares of the samples: what is below a millionth of a point is rounding.
            Goal::MaxDrop { points, .. } => measured <= *points + 1e-6,
        }
    }

    fn is_better(&self, a: f64, b: f64) -> bool {
        match self {
            Goal::MinSqnr(_) => a > b,
            Goal::MaxDrop { .. } => a < b,
        }
    }

    fn in_words(&self, measured: f64) -> String {
        match self {
            Goal::MinSqnr(_) => format!("{measured:.2} dB"),
            Goal::MaxDrop { .. } => format!("{measured:.2} points lost"),
        }
    }
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Goal::MinSqnr(db) => write!(f, "at least {db} dB on {GOAL_SAMPLES} samples"),
            Goal::MaxDrop { points, .. } => write!(f, "at most {points} points of top-1 lost"),
        }
    }
}

struct Searcher<'s> {
    trial: Trial<'s>,
    goal: &'s Goal,
    options: &'s QuantizeOptions,
    progress: &'s dyn Progress,
    float: f64,
    n_evaluations: usize,
}

/// A candidate that meets the goal.
struct Met {
    n_kept: usize,
    quantized: Quantized,
    measured: f64,
}

impl Searcher<'_> {
    /// Quantizes with further rules and measures what the goal is about.
    fn measure(&mut self, rules: &[Rule]) -> Result<(Quantized, f64)> {
        self.n_evaluations += 1;
        let quantized = self.trial.quantize(rules)?;
        let measured = match self.goal {
            Goal::MinSqnr(_) => {
                let noise = self.trial.noise(&quantized.graph)?;
                let worst = noise.into_iter().fold(0.0, f64::max);
                if worst == 0.0 { f64::INFINITY } else { -10.0 * worst.log10() }
            }
            Goal::MaxDrop { data, score_output, .. } => {
                let (graph, output) = (quantized.graph.clone(), score_output.as_deref());
                let found = evaluate(graph, data, None, output, self.options.n_threads, self.progress)?;
                self.float - found.top1() * 100.0
            }
        };
        Ok((quantized, measured))
    }

    /// Measures each layer with all others in float, and puts the worst first.
    ///
    /// A layer that gains only between others in integers has no error alone: it has that by which the noise of the
    /// whole falls without it.
    fn rank(&mut self, layers: &mut [RankedLayer]) -> Result<()> {
        self.progress.start("ranking", layers.len());
        let all: Vec<Rule> = layers.iter().map(|layer| layer.rules.float.clone()).collect();
        let whole: f64 = self.noise_of(&[])?;
        for (position, layer) in layers.iter_mut().enumerate() {
            let mut others = all.clone();
            let own = others.remove(position);
            layer.noise = match self.noise_of(&others) {
                Err(error) if error.kind() == ErrorKind::Unsupported => {
                    (whole - self.noise_of(&[own])?).max(0.0)
                }
                alone => alone?,
            };
            self.progress.step();
        }
        self.progress.finish();
        // Stable: equal ones stay in the order of the graph.
        layers.sort_by(|a, b| b.noise.total_cmp(&a.noise));
        Ok(())
    }

    /// Noise relative to the signal, summed over outputs.
    fn noise_of(&mut self, rules: &[Rule]) -> Result<f64> {
        let graph = self.trial.quantize(rules)?.graph;
        self.n_evaluations += 1;
        Ok(self.trial.noise(&graph)?.into_iter().sum())
    }

    /// Keeps the worst layers, in 16 bits if that is enough, otherwise in float.
    fn keep_worst(mut self, mut ranking: Vec<RankedLayer>, planned: f64) -> Result<(Quantized, Search)> {
        let mut best = (planned, "with all layers in 8 bits".to_owned());
        let wide: Vec<Rule> = ranking.iter().filter_map(|layer| layer.rules.wide.clone()).collect();
        if wide.len() == ranking.len() && !wide.is_empty() {
            let met = self.fewest(wide.len(), 0, |n_kept| wide[..n_kept].to_vec(), &mut best, "16 bits")?;
            if let Some(met) = met {
                ranking[..met.n_kept].iter_mut().for_each(|layer| layer.precision = Precision::Wide);
                let rules = wide[..met.n_kept].to_vec();
                return Ok(self.result(met.quantized, met.measured, ranking, rules));
            }
        }
        let float: Vec<Rule> = ranking.iter().map(|layer| layer.rules.float.clone()).collect();
        let rules = |n_kept: usize| float[..n_kept].to_vec();
        let met =
            self.fewest(float.len().saturating_sub(1), self.guess(&ranking), rules, &mut best, "float")?;
        let Some(met) = met else { return Err(self.not_met(best)) };
        ranking[..met.n_kept].iter_mut().for_each(|layer| layer.precision = Precision::Float);
        let rules = rules(met.n_kept);
        Ok(self.result(met.quantized, met.measured, ranking, rules))
    }

    /// The number of layers to begin with: errors add up.
    fn guess(&self, ranking: &[RankedLayer]) -> usize {
        let Goal::MinSqnr(db) = self.goal else { return 0 };
        let allowed = 10f64.powf(-db / 10.0);
        let mut left: f64 = ranking.iter().map(|layer| layer.noise).sum();
        let worst = ranking.iter().take_while(|layer| {
            let is_over = left > allowed;
            left -= layer.noise;
            is_over
        });
        worst.count()
    }

    /// The least number of kept layers, up to `most`, that meets the goal, found by bisection; `None` if `most` does not.
    fn fewest(
        &mut self,
        most: usize,
        guess: usize,
        rules: impl Fn(usize) -> Vec<Rule>,
        best: &mut (f64, String),
        precision: &str,
    ) -> Result<Option<Met>> {
        let (mut low, mut high) = (0, most + 1);
        let mut next = if (1..most).contains(&guess) { guess } else { most };
        let mut met = None;
        while high > low + 1 {
            let n_kept = next.clamp(low + 1, high - 1);
            match self.measure(&rules(n_kept)) {
                Ok((quantized, measured)) => {
                    if self.goal.is_better(measured, best.0) {
                        *best = (measured, format!("with the {n_kept} worst layers in {precision}"));
                    }
                    if self.goal.is_met(measured) {
                        high = n_kept;
                        met = Some(Met { n_kept, quantized, measured });
                    } else {
                        low = n_kept;
                    }
                }
                // So many layers in float leave none that gains.
                Err(error) if error.kind() == ErrorKind::Unsupported => high = n_kept,
                Err(error) => return Err(error),
            }
            next = if high > most { most } else { usize::midpoint(low, high) };
        }
        Ok(met)
    }

    fn not_met(&self, best: (f64, String)) -> Error {
        let (measured, how) = best;
        Error::data(format!("the goal cannot be met: {}", self.goal)).help(format!(
            "the best found is {} {how}; {} models were measured",
            self.goal.in_words(measured),
            self.n_evaluations
        ))
    }

    fn result(
        self,
        quantized: Quantized,
        reached: f64,
        ranking: Vec<RankedLayer>,
        rules: Vec<Rule>,
    ) -> (Quantized, Search) {
        let search = Search {
            goal: self.goal.to_string(),
            ranking,
            reached,
            n_evaluations: self.n_evaluations,
            rules,
        };
        (quantized, search)
    }
}
