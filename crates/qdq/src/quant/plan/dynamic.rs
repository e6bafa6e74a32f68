//! LSTMs on integers: they need no ranges, since their inputs are quantized while the model runs.

use super::block::BlockPlanner;
use super::{Annotation, Decision, Place, Plan, Use};
use crate::error::Result;
use crate::quant::modes::dynamic_lstm;

impl BlockPlanner<'_> {
    /// The operator that a node becomes, if it is such an LSTM.
    pub(super) fn dynamic(&self, node: usize) -> Option<Decision> {
        dynamic_lstm(self.graph, &self.block.nodes[node], self.target).map(Decision::Dynamic)
    }

    /// How its weights and recurrent weights are quantized.
    pub(super) fn dynamic_weights(&self, node: usize, plan: &mut Plan) -> Result<()> {
        let place = Place { block: self.position, node };
        for input in [1, 2] {
            let spec = self.resolved.node(place).weight.apply(&self.defaults.1, 1, None)?;
            plan.inputs.insert(Use { place, input }, Annotation::Weight(spec));
        }
        Ok(())
    }
}
