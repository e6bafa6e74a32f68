//! LSTMs on integers: they need no ranges, since their inputs are quantized while the model runs.

use super::block::BlockPlanner;
use super::{Annotation, Decision, Place, Plan, Use};
use crate::error::Result;
use crate::quant::modes::{dynamic_lstm, lstm_weight_spec};

impl BlockPlanner<'_> {
    /// The operator that a node becomes, if it is such an LSTM.
    pub(super) fn dynamic(&self, node: usize) -> Option<Decision> {
        dynamic_lstm(self.graph, &self.block.nodes[node], self.target).map(Decision::Dynamic)
    }

    /// How its weights and recurrent weights are quantized.
    pub(super) fn dynamic_weights(&self, node: usize, plan: &mut Plan) -> Result<()> {
        let place = Place { block: self.position, node };
        let settings = self.resolved.node(place).weight;
        let spec = lstm_weight_spec(self.recipe, self.target, &self.defaults.1, &settings)?;
        for input in [1, 2] {
            plan.inputs.insert(Use { place, input }, Annotation::Weight(spec.clone()));
        }
        Ok(())
    }
}
