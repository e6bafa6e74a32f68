//! Weights that cannot be quantized.

use super::plan::blocks;
use crate::error::{Error, Result};
use crate::graph::{Graph, ValueId};
use crate::ops::QuantRule;

/// Checks that the constant weights and biases of all ops are finite.
///
/// # Errors
/// Every weight that is not, with its node.
pub fn check_weights(graph: &Graph) -> Result<()> {
    let mut errors = Vec::new();
    for node in blocks(graph).into_iter().flat_map(|block| &block.nodes) {
        let QuantRule::Compute { weight, bias } = node.op.def().quant_rule() else { continue };
        for position in weight.map(|weight| weight.input).into_iter().chain(bias) {
            let Some(id) = node.input(position) else { continue };
            if let Some((index, number)) = first_not_finite(graph, id) {
                let error = Error::data(format!("element {index} is {number}")).value(graph[id].name());
                errors.push(error.node(graph.describe(node)).help(
                    "a model with NaN or infinite weights cannot be quantized; look at its training or export",
                ));
            }
        }
    }
    Error::all(errors).map_or(Ok(()), Err)
}

fn first_not_finite(graph: &Graph, id: ValueId) -> Option<(usize, f32)> {
    let tensor = graph.constant(id)?;
    let numbers = tensor.as_slice::<f32>().ok()?;
    let found = numbers.iter().copied().enumerate().find(|(_, number)| !number.is_finite());
    tensor.give_back();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::text;

    #[test]
    fn a_weight_that_is_not_finite_is_named_with_its_node() {
        let source = "graph(%x: f32[1,2]) {\n  %w: f32[2,2] = const [1.0, NaN, 3.0, 4.0]\n  \
                      %y = mat_mul(%x, %w) @\"head\"\n  return %y\n}";
        let error = check_weights(&text::parse(source).unwrap()).unwrap_err().to_string();
        assert!(
            error.contains("head") && error.contains("`w`") && error.contains("element 1 is NaN"),
            "{error}"
        );
        let finite = source.replace("NaN", "2.0");
        assert!(check_weights(&text::parse(&finite).unwrap()).is_ok());
    }
}
