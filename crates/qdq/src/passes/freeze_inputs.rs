//! Inputs with a default become constants.

use crate::graph::Graph;

/// Makes each graph input that has a default a constant; returns the names of those inputs.
///
/// Old ONNX files list all weights as inputs; a weight that a caller may replace cannot be quantized.
pub fn freeze_inputs(graph: &mut Graph) -> Vec<String> {
    let (frozen, kept): (Vec<_>, Vec<_>) =
        std::mem::take(&mut graph.body.inputs).into_iter().partition(|&id| graph[id].constant.is_some());
    graph.body.inputs = kept;
    frozen.into_iter().map(|id| graph[id].name().to_owned()).collect()
}
