//! What a runtime will do with a model, node by node: which run in integers, which stay in float, why, and what to do about it.
//!
//! A float model is planned, and what is told is what quantizing it would give. A quantized one is looked at as the runtime
//! does when it loads it: with the fusions of [`Target::loader`] where they are known, otherwise by the target's rows.

mod fix;
mod float;
mod loaded;
mod rows;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Result;
use crate::graph::{Graph, Node};
use crate::ops::{Op, QuantRule};
use crate::profiles::is_quantized;
use crate::quant::Recipe;
use crate::targets::Target;

/// How a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Runs {
    /// By an integer kernel.
    Integer,
    /// Inside the kernel of another node, or not at all, since a range says the same.
    Fused,
    /// On real numbers.
    Float,
    /// On no real numbers: shapes, indices, conditions.
    Neither,
}

/// What becomes of a node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedNode {
    /// Its name, with the op.
    pub node: String,
    /// The op.
    pub op: String,
    /// Its first output, as the runtime has it: the quantized value where there is one.
    pub output: String,
    /// How it runs.
    pub runs: Runs,
    /// The kernel, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Why it is left in float.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What would change that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Whether it is a convolution or a product of matrices: where the time goes.
    pub is_product: bool,
}

/// What a runtime will do with a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The target's name.
    pub target: String,
    /// Whether the model is quantized; otherwise this is what quantizing it would give.
    pub is_quantized: bool,
    /// Each node in order, bridges apart.
    pub nodes: Vec<ExplainedNode>,
    /// Quantize ops that are left between nodes in float and nodes in integers.
    pub n_quantize: usize,
    /// Dequantize ops of activations that are left.
    pub n_dequantize: usize,
    /// What may come out wrong, as sums that could overflow.
    pub warnings: Vec<String>,
}

impl Explanation {
    /// Number of nodes that run so.
    pub fn count(&self, runs: Runs) -> usize {
        self.nodes.iter().filter(|node| node.runs == runs).count()
    }

    /// For each op that is a product: nodes in integers, and all.
    pub fn products(&self) -> BTreeMap<&str, (usize, usize)> {
        let mut found: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for node in self.nodes.iter().filter(|node| node.is_product) {
            let (n_integer, n_all) = found.entry(&node.op).or_default();
            *n_integer += usize::from(node.runs == Runs::Integer);
            *n_all += 1;
        }
        found
    }
}

/// Says what the target will do with each node of a model.
///
/// # Errors
/// A float model of which nothing can be quantized, or that the recipe does not fit; a graph whose types do not agree.
pub fn explain(graph: &Graph, recipe: &Recipe, target: &Target) -> Result<Explanation> {
    if !is_quantized(graph) && !has_operators(graph, target) {
        return float::explain(graph, recipe, target);
    }
    match target.loader_fusions()? {
        Some(fusions) => loaded::explain(graph, target, fusions),
        None => rows::explain(graph, target),
    }
}

/// Whether there are operators of the file's format that compute in integers.
fn has_operators(graph: &Graph, target: &Target) -> bool {
    let Ok(Some(fusions)) = target.loader_fusions() else { return false };
    let mut found = false;
    graph.body.for_each_node(&mut |node| {
        found |= matches!(&node.op, Op::Custom(op) if fusions.operators.contains(&op.name.as_str()));
    });
    found
}

/// A node about which nothing is known yet.
fn explained(graph: &Graph, node: &Node, runs: Runs) -> ExplainedNode {
    let op = match &node.op {
        Op::Custom(custom) => custom.full_name(),
        op => op.name().to_owned(),
    };
    let output = node.present_outputs().next().map_or("", |id| graph[id].name()).to_owned();
    let is_product = matches!(node.op.def().quant_rule(), QuantRule::Compute { weight: Some(_), .. });
    ExplainedNode {
        node: graph.describe(node),
        op,
        output,
        runs,
        kernel: None,
        reason: None,
        fix: None,
        is_product,
    }
}

/// Whether a node gives out real numbers, as far as is known, and is no control flow.
fn is_real(graph: &Graph, node: &Node) -> bool {
    let is_float = |id: crate::graph::ValueId| graph[id].ty.as_ref().is_none_or(|ty| ty.dtype.is_float());
    node.regions.is_empty() && node.present_outputs().any(is_float)
}
