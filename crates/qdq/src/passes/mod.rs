//! Rewrites of a graph: one a file, applied in the ordered lists below.
//!
//! A rewrite looks at one node and either offers a [`Patch`] or says why not ([`Skip`]). It must keep what the
//! graph computes, up to rounding; the runner ([`apply`]) tries each node until nothing changes. The last node that a
//! patch inserts keeps the scopes of all that it makes superfluous, so that what names a part finds the whole.

mod cell_clip_to_scan;
mod channel_affine;
mod clip_before_quantize;
mod drop_no_ops;
mod equalize;
mod fold_add_into_bias;
mod fold_batch_norm;
mod fold_constants;
mod fold_dequantized;
mod fold_mul_into_weights;
mod fold_pad;
mod freeze_inputs;
mod fuse_gelu;
mod fuse_gemm;
mod fuse_hard_swish;
mod fuse_layer_norm;
mod hard_sigmoid_to_clip;
mod inline_if;
mod integer_io;
mod keep_scopes;
mod merge_constants;
mod push_transposes;
mod raise_bias_rank;
mod time_major;
mod view;
mod whole_average_pool;

pub use cell_clip_to_scan::CellClipToScan;
pub use clip_before_quantize::ClipBeforeQuantize;
pub use equalize::equalize;
pub use fold_dequantized::FoldDequantized;
pub use freeze_inputs::freeze_inputs;
pub use integer_io::integer_io;
pub use merge_constants::merge_constants;
pub use push_transposes::{Layout, is_windowed, push_transposes};
pub use raise_bias_rank::RaiseBiasRank;
pub use time_major::TimeMajor;
pub use view::View;
pub use whole_average_pool::WholeAveragePool;

use crate::error::{Error, Result};
use crate::graph::{Graph, Patch};

/// Why a rewrite leaves a node alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// The node is not what the rewrite is about.
    NoMatch,
    /// It is, but something keeps the rewrite from applying.
    Because(&'static str),
}

/// A local change of a graph.
pub trait Rewrite: Sync {
    /// Name in reports and in tests, as `fold-batch-norm`.
    fn name(&self) -> &'static str;

    /// What to do at the node at this position of the graph's body.
    ///
    /// # Errors
    /// Why nothing is to be done.
    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip>;
}

/// Makes graphs of many origins alike, so that the planner sees the op and not its spelling.
///
/// Order: constants first, since other rewrites look for constants; padding and scales into convolutions before
/// batch normalization, which needs them there; decomposed ops last.
pub const CANONICALIZE: &[&dyn Rewrite] = &[
    &fold_constants::FoldConstants,
    &inline_if::InlineIf,
    &drop_no_ops::DropNoOps,
    &fold_pad::FoldPad,
    &fold_batch_norm::FoldBatchNorm,
    &fold_mul_into_weights::FoldMulIntoWeights,
    &fuse_gemm::FuseGemm,
    &fold_add_into_bias::FoldAddIntoBias,
    &fuse_hard_swish::FuseHardSwish,
    &hard_sigmoid_to_clip::HardSigmoidToClip,
    &fuse_gelu::FuseGelu,
    &fuse_layer_norm::FuseLayerNorm,
];

/// The rewrite of this name.
pub fn find(name: &str) -> Option<&'static dyn Rewrite> {
    let others: &[&dyn Rewrite] = &[
        &RaiseBiasRank,
        &ClipBeforeQuantize,
        &FoldDequantized,
        &WholeAveragePool,
        &TimeMajor,
        &CellClipToScan,
    ];
    CANONICALIZE.iter().chain(others).copied().find(|rewrite| rewrite.name() == name)
}

/// How often each rewrite was applied, in the order of the list; those never applied are left out.
pub type Applied = Vec<(&'static str, usize)>;

/// Brings a graph into canonical form: inference, all of [`CANONICALIZE`], no unused nodes, no constant twice.
pub fn canonicalize(graph: &mut Graph) -> Result<Applied> {
    graph.infer()?;
    let applied = apply(graph, CANONICALIZE)?;
    merge_constants(graph);
    Ok(applied)
}

/// Applies rewrites wherever they match, over and over until nothing changes.
///
/// # Errors
/// A rewrite that left the graph invalid: a bug, with the name of the rewrite.
pub fn apply(graph: &mut Graph, rewrites: &[&'static dyn Rewrite]) -> Result<Applied> {
    let mut counts = vec![0; rewrites.len()];
    apply_to_body(graph, rewrites, &mut counts)?;
    Ok(rewrites.iter().map(|rewrite| rewrite.name()).zip(counts).filter(|(_, count)| *count > 0).collect())
}

/// Applies rewrites to the body until nothing changes, then to each region as if it were the body.
fn apply_to_body(graph: &mut Graph, rewrites: &[&'static dyn Rewrite], counts: &mut [usize]) -> Result<()> {
    loop {
        let before: usize = counts.iter().sum();
        for (rewrite, count) in rewrites.iter().zip(&mut *counts) {
            *count += apply_one(graph, *rewrite)?;
        }
        if counts.iter().sum::<usize>() == before {
            break;
        }
    }
    for position in 0..graph.body.nodes.len() {
        for region in 0..graph.body.nodes[position].regions.len() {
            let inner = std::mem::take(&mut graph.body.nodes[position].regions[region]);
            let outer = std::mem::replace(&mut graph.body, inner);
            let applied = apply_to_body(graph, rewrites, counts);
            let inner = std::mem::replace(&mut graph.body, outer);
            graph.body.nodes[position].regions[region] = inner;
            applied?;
        }
    }
    Ok(())
}

/// Applies one rewrite in one walk over the graph; says how often it matched.
fn apply_one(graph: &mut Graph, rewrite: &dyn Rewrite) -> Result<usize> {
    let mut count = 0;
    let mut position = 0;
    let mut view = view::Index::new(graph);
    let mut dead = keep_scopes::Dead::new(graph, &view);
    while position < graph.body.nodes.len() {
        match rewrite.rewrite(&View::new(graph, &view), position) {
            Ok(patch) => {
                let (n_inserted, replaced) = (patch.n_nodes(), keep_scopes::Replaced::new(graph, position));
                patch.apply(graph, position);
                view = view::Index::new(graph);
                dead.keep_scopes(graph, &view, position..position + n_inserted, &replaced);
                count += 1;
            }
            Err(_) => position += 1,
        }
    }
    if count > 0 {
        graph.remove_unused();
        let wrong = |error: Error| {
            Error::internal(format!("the rewrite {} broke the graph: {error}", rewrite.name()))
        };
        crate::graph::sort_body(graph).map_err(wrong)?;
        graph.infer().map_err(wrong)?;
    }
    Ok(count)
}
