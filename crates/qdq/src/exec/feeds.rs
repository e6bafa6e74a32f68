//! Tensors by name to a graph's inputs.

use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::tensor::Tensor;

/// Brings named tensors into the order of the graph's inputs.
///
/// One tensor without a name (empty) serves a graph with a single input that needs one.
///
/// # Errors
/// A name the graph does not have, an input that is missing, or one given twice.
pub fn bind_inputs(graph: &Graph, feeds: Vec<(String, Tensor)>) -> Result<Vec<Option<Tensor>>> {
    let names: Vec<&str> = graph.body.inputs.iter().map(|&id| graph[id].name()).collect();
    let mut bound: Vec<Option<Tensor>> = vec![None; names.len()];
    for (name, tensor) in feeds {
        let position = if name.is_empty() && names.len() == 1 {
            Some(0)
        } else {
            names.iter().position(|input| *input == name)
        };
        let Some(position) = position else {
            return Err(Error::data(format!("the model has no input `{name}`"))
                .help(format!("its inputs are: {}", names.join(", "))));
        };
        if bound[position].replace(tensor).is_some() {
            return Err(Error::data("given twice").value(name));
        }
    }
    for (position, &id) in graph.body.inputs.iter().enumerate() {
        if bound[position].is_none() && graph[id].constant.is_none() {
            let message = "the data has nothing for this input";
            return Err(Error::data(message).value(names[position]).help("name the array like the input"));
        }
    }
    Ok(bound)
}
