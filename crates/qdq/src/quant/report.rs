//! What quantization did, for people and for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::plan::{Decision, Place, blocks};
use crate::graph::Graph;
use crate::ops::Op;

/// What became of one kind of op.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OpRow {
    /// The op.
    pub op: String,
    /// Nodes that run in integers.
    pub n_integer: usize,
    /// Nodes that run inside the integer kernel before them.
    pub n_fused: usize,
    /// Nodes that compute in float on weights stored in fewer bits.
    pub n_stored: usize,
    /// Nodes that compute in f16.
    pub n_half: usize,
    /// Nodes left in float.
    pub n_float: usize,
    /// Why, with the number of nodes for each reason.
    pub reasons: BTreeMap<String, usize>,
}

/// What quantization did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// The target's name.
    pub target: String,
    /// How ranges were chosen.
    pub calibration: String,
    /// Samples seen.
    pub n_samples: usize,
    /// Nodes that run in integers, those fused into them not counted.
    pub n_integer: usize,
    /// Nodes that compute in float on weights stored in fewer bits.
    pub n_stored: usize,
    /// Nodes that compute in f16.
    pub n_half: usize,
    /// Nodes on real numbers left in float.
    pub n_float: usize,
    /// By kind of op, most nodes first.
    pub ops: Vec<OpRow>,
    /// Names of the nodes left in float, with the reason.
    pub left_in_float: Vec<(String, String)>,
    /// Weights stored in 8 bits though 4 were asked for.
    pub n_in_8_bits: usize,
    /// Values whose channels were smoothed.
    pub n_smoothed: usize,
    /// Outputs of convolutions whose channels were evened.
    pub n_evened: usize,
    /// Pairs of layers that were equalized.
    pub n_equalized: usize,
    /// Layers whose bias was corrected.
    pub n_corrected: usize,
    /// What became of the parameters that another tool found.
    pub encodings: Option<String>,
    /// Populations of huge constants left out of ranges.
    pub masks: Vec<String>,
    /// Inputs with defaults that were made constants.
    pub frozen_inputs: Vec<String>,
    /// Rewrites applied before planning, and how often.
    pub rewrites: Vec<(String, usize)>,
}

impl Report {
    /// Counts decisions on the graph they were made for.
    pub fn count(&mut self, graph: &Graph, decisions: &BTreeMap<Place, Decision>) {
        let mut rows: BTreeMap<String, OpRow> = BTreeMap::new();
        let blocks = blocks(graph);
        for (place, decision) in decisions {
            let node = &blocks[place.block].nodes[place.node];
            let op = match &node.op {
                Op::Custom(custom) => custom.full_name(),
                op => op.name().to_owned(),
            };
            if *decision == Decision::NotFloat {
                continue;
            }
            let row = rows.entry(op.clone()).or_insert_with(|| OpRow { op, ..OpRow::default() });
            match decision {
                Decision::Integer(_) | Decision::Dynamic(_) => row.n_integer += 1,
                Decision::Fused => row.n_fused += 1,
                Decision::Stored => row.n_stored += 1,
                Decision::Half => row.n_half += 1,
                Decision::NotFloat => {}
                Decision::Float(reason) => {
                    row.n_float += 1;
                    *row.reasons.entry(reason.to_string()).or_default() += 1;
                    self.left_in_float.push((graph.describe(node), reason.to_string()));
                }
            }
        }
        self.ops = rows.into_values().collect();
        self.n_integer = self.ops.iter().map(|row| row.n_integer).sum();
        self.n_stored = self.ops.iter().map(|row| row.n_stored).sum();
        self.n_half = self.ops.iter().map(|row| row.n_half).sum();
        self.n_float = self.ops.iter().map(|row| row.n_float).sum();
        self.ops.sort_by_key(|row| {
            std::cmp::Reverse(row.n_integer + row.n_fused + row.n_stored + row.n_half + row.n_float)
        });
    }
}
