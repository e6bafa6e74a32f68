//! Bias correction: what rounding the weights of a layer adds to its outputs on average is taken off its bias.
//!
//! Source: Nagel et al. 2019 (arXiv:1906.04721), section 4.2, with the mean of the inputs observed, not derived: for each
//! output channel the bias gains the mean over the data of `(W - W_q) x`, padding and all. Rounding errors of
//! activations have a mean near 0 and are not looked at.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::graph::{Graph, Node, Uses, ValueId};
use crate::ops::{Op, dequantize};
use crate::tensor::{Tensor, TensorType};

/// A layer whose bias is corrected.
#[derive(Clone, Debug, PartialEq)]
pub struct CorrectedLayer {
    /// Position of the node in the body.
    pub node: usize,
    /// The value, in the graph of [`error_graph`], whose mean over a channel the bias lacks.
    pub error: ValueId,
}

/// The float graph with a node `(W - W_q) x` beside each convolution and gemm that `quantized`, made from it, has in
/// integers; and the layers. Those whose inputs or outputs are `scaled` have other weights than the float graph and are left out.
///
/// # Errors
/// Weights in a form that cannot be dequantized.
pub fn error_graph(
    graph: &Graph,
    quantized: &Graph,
    scaled: &BTreeSet<ValueId>,
) -> Result<(Graph, Vec<CorrectedLayer>)> {
    let mut with_errors = graph.clone();
    let uses = Uses::new(quantized);
    let of_output: BTreeMap<ValueId, &Node> =
        quantized.body.nodes.iter().filter_map(|node| Some((node.output(0)?, node))).collect();
    let (mut nodes, mut layers) = (Vec::new(), Vec::new());
    for (position, node) in graph.body.nodes.iter().enumerate() {
        nodes.push(node.clone());
        let is_layer = matches!(&node.op, Op::Conv(_) | Op::ConvTranspose(_))
            || matches!(&node.op, Op::Gemm(op) if op.beta == 1.0);
        let (true, Some(x), Some(w), Some(y)) = (is_layer, node.input(0), node.input(1), node.output(0))
        else {
            continue;
        };
        let has_bias = node.input(2).is_none_or(|bias| graph.constant(bias).is_some())
            && !scaled.contains(&x)
            && !scaled.contains(&y);
        let original = graph.constant(w);
        let rounded = of_output.get(&y).and_then(|node| dequantized_weights(quantized, &uses, node));
        let (true, Some(original), Some(rounded)) = (has_bias, original, rounded) else { continue };
        let difference = subtract(original, &rounded?)?;
        let name = graph[y].name().to_owned();
        let weights = with_errors.add_constant(&format!("{name}_weight_error"), difference);
        let error = with_errors.add_value(&format!("{name}_error"), graph[y].ty.clone());
        nodes.push(Node::new(node.op.clone(), &[x, weights], &[error]));
        layers.push(CorrectedLayer { node: position, error });
    }
    with_errors.body.nodes = nodes;
    // What nothing uses would not be computed.
    with_errors.body.outputs.extend(layers.iter().map(|layer| layer.error));
    Ok((with_errors, layers))
}

/// Weights of a node in real numbers; `None` if it takes them in float.
fn dequantized_weights(graph: &Graph, uses: &Uses, node: &Node) -> Option<Result<Tensor>> {
    let weights = uses.producer_node(graph, node.input(1)?)?;
    let Op::Dequantize(op) = &weights.op else { return None };
    let integers = graph.constant(weights.input(0)?)?;
    Some(dequantize(integers, &op.params))
}

fn subtract(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let difference = a.as_slice::<f32>()?.iter().zip(b.as_slice::<f32>()?).map(|(a, b)| a - b).collect();
    Tensor::from_vec(a.shape().to_vec(), difference)
}

/// Sum over all but the channels of an error, axis 1, and how many numbers each is a sum of.
///
/// # Errors
/// An error without channels.
pub fn channel_sums(error: &Tensor) -> Result<(Vec<f64>, usize)> {
    let &[_, n_channels, ref rest @ ..] = error.shape() else {
        return Err(Error::data(format!("an output of shape {:?} has no channels", error.shape())));
    };
    let inner: usize = rest.iter().product();
    let mut sums = vec![0.0; n_channels];
    for (index, value) in error.as_slice::<f32>()?.iter().enumerate() {
        sums[index / inner.max(1) % n_channels.max(1)] += f64::from(*value);
    }
    Ok((sums, error.len() / n_channels.max(1)))
}

/// Adds the mean error of each channel to the bias of a layer, which gets one where it has none.
///
/// # Errors
/// A bias that is not f32, or of another length.
pub fn correct_bias(graph: &mut Graph, node: usize, mean: &[f32]) -> Result<()> {
    let layer = &graph.body.nodes[node];
    let (name, old) = match layer.input(2) {
        Some(bias) => (graph[bias].name().to_owned(), graph.constant(bias).cloned()),
        None => (layer.output(0).map_or("", |id| graph[id].name()).to_owned() + "_bias", None),
    };
    let (shape, mut bias) = match old {
        Some(old) => (old.shape().to_vec(), old.into_vec::<f32>()?),
        None => (vec![mean.len()], vec![0.0; mean.len()]),
    };
    if bias.len() != mean.len() {
        return Err(Error::data(format!("a bias of {} for {} channels", bias.len(), mean.len())));
    }
    bias.iter_mut().zip(mean).for_each(|(bias, mean)| *bias += mean);
    let corrected = graph.add_constant(&format!("{name}_corrected"), Tensor::from_vec(shape.clone(), bias)?);
    graph[corrected].ty = Some(TensorType::known(crate::tensor::DType::F32, &shape));
    let inputs = &mut graph.body.nodes[node].inputs;
    inputs.resize(inputs.len().max(3), None);
    inputs[2] = Some(corrected);
    Ok(())
}
