//! Cross-layer equalization: channels between two layers are given ranges that fit each other.
//!
//! Source: Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction" (arXiv:1906.04721), section
//! 4.1: output channel `i` of the first layer is divided by `s_i = sqrt(r1_i / r2_i)`, where `r1_i` and `r2_i` are the
//! largest weights of the channel in both layers, and the input channel of the second multiplied by it. In real numbers
//! that changes nothing where what stands between keeps factors: relu, leaky relu, pooling. A clip does not (the paper
//! gives up the bound of relu6 and so changes the function), and pairs around one are left alone.

use crate::error::Result;
use crate::graph::{Graph, Uses, ValueId};
use crate::ops::Op;
use crate::tensor::Tensor;

/// Sweeps over all pairs; a chain of layers converges within a few.
const MOST_SWEEPS: usize = 20;
/// A sweep that changes no range by more than this share is the last.
const CONVERGED: f32 = 0.01;

/// Two layers with a channel of the first feeding the same channel of the second.
#[derive(Clone, Copy, Debug)]
struct Pair {
    first: usize,
    second: usize,
}

/// Equalizes all pairs of the graph's body; returns how many there are.
///
/// # Errors
/// Weights that are not f32.
pub fn equalize(graph: &mut Graph) -> Result<usize> {
    let pairs = find_pairs(graph);
    // Weights that other nodes have as well become the layer's own.
    for &Pair { first, second } in &pairs {
        for (node, input) in [(first, 1), (first, 2), (second, 1)] {
            own(graph, node, input);
        }
    }
    for _ in 0..MOST_SWEEPS {
        let mut largest_change = 0f32;
        for &pair in &pairs {
            largest_change = largest_change.max(equalize_pair(graph, pair)?);
        }
        if largest_change < CONVERGED {
            break;
        }
    }
    Ok(pairs.len())
}

fn find_pairs(graph: &Graph) -> Vec<Pair> {
    let uses = Uses::new(graph);
    let nodes = &graph.body.nodes;
    let mut pairs = Vec::new();
    for (first, node) in nodes.iter().enumerate() {
        let Some(n_channels) = Axes::of_outputs(graph, first).map(|axes| axes.n_channels) else { continue };
        let Some(mut value) = node.output(0) else { continue };
        while let Some(user) = uses.only_user(value) {
            if nodes[user].input(0) == Some(value)
                && Axes::of_inputs(graph, user).is_some_and(|axes| axes.n_channels == n_channels)
            {
                pairs.push(Pair { first, second: user });
                break;
            }
            match (keeps_factors(&nodes[user].op), nodes[user].outputs.as_slice()) {
                (true, &[Some(output)]) => value = output,
                _ => break,
            }
        }
    }
    pairs
}

/// Whether `f(s x) = s f(x)` for each channel and all `s > 0`.
fn keeps_factors(op: &Op) -> bool {
    matches!(
        op,
        Op::Relu(_)
            | Op::LeakyRelu(_)
            | Op::MaxPool(_)
            | Op::AveragePool(_)
            | Op::GlobalAveragePool(_)
            | Op::Identity(_)
    )
}

/// Which channel an element of the weights belongs to.
#[derive(Clone, Copy, Debug)]
struct Axes {
    n_channels: usize,
    /// Elements of one output channel, those of one input channel of a group, outputs of a group.
    per_output: usize,
    per_input: usize,
    outputs_of_group: usize,
    inputs_of_group: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Rows `[output, input…]`, channels counted by output.
    Output,
    /// The same, by input.
    Input,
    /// A matrix whose last axis is the channel.
    LastAxis,
    /// A matrix whose first axis is.
    FirstAxis,
}

impl Axes {
    fn of_outputs(graph: &Graph, node: usize) -> Option<Self> {
        Self::of(graph, node, true)
    }

    fn of_inputs(graph: &Graph, node: usize) -> Option<Self> {
        Self::of(graph, node, false)
    }

    fn of(graph: &Graph, node: usize, by_output: bool) -> Option<Self> {
        let node = &graph.body.nodes[node];
        let weights = graph.constant(node.input(1)?)?;
        weights.as_slice::<f32>().ok()?;
        if node.input(2).is_some_and(|bias| by_output && graph.constant(bias).is_none()) {
            return None;
        }
        match (&node.op, weights.shape()) {
            (Op::Conv(op), &[n_outputs, inputs_of_group, ref kernel @ ..]) if op.group > 0 => {
                let per_input: usize = kernel.iter().product();
                let n_channels = if by_output { n_outputs } else { inputs_of_group * op.group };
                let kind = if by_output { Kind::Output } else { Kind::Input };
                let (per_output, outputs_of_group) = (inputs_of_group * per_input, n_outputs / op.group);
                let sizes = [per_output, per_input, outputs_of_group, inputs_of_group];
                if sizes.contains(&0) {
                    return None;
                }
                Some(Self { n_channels, per_output, per_input, outputs_of_group, inputs_of_group, kind })
            }
            (Op::Gemm(op), &[rows, columns]) if !op.trans_a && rows > 0 && columns > 0 => {
                // Outputs are rows where the matrix is transposed, columns otherwise.
                let is_first = op.trans_b == by_output;
                let kind = if is_first { Kind::FirstAxis } else { Kind::LastAxis };
                let n_channels = if is_first { rows } else { columns };
                let (per_output, per_input) = (columns, columns);
                Some(Self {
                    n_channels,
                    per_output,
                    per_input,
                    outputs_of_group: 1,
                    inputs_of_group: 1,
                    kind,
                })
            }
            _ => None,
        }
    }

    fn channel(&self, element: usize) -> usize {
        match self.kind {
            Kind::Output | Kind::FirstAxis => element / self.per_output,
            Kind::Input => {
                let group = element / self.per_output / self.outputs_of_group;
                group * self.inputs_of_group + element / self.per_input % self.inputs_of_group
            }
            Kind::LastAxis => element % self.per_output,
        }
    }

    /// The largest magnitude in each channel.
    fn ranges(&self, weights: &[f32]) -> Vec<f32> {
        let mut ranges = vec![0f32; self.n_channels];
        for (element, weight) in weights.iter().enumerate() {
            let range = &mut ranges[self.channel(element)];
            *range = range.max(weight.abs());
        }
        ranges
    }
}

/// Equalizes one pair; returns the largest change of a range, as a share of it.
fn equalize_pair(graph: &mut Graph, pair: Pair) -> Result<f32> {
    let (Some(first), Some(second)) =
        (Axes::of_outputs(graph, pair.first), Axes::of_inputs(graph, pair.second))
    else {
        return Ok(0.0);
    };
    let ranges = |node: usize, axes: Axes| -> Result<Vec<f32>> {
        let weights = graph.body.nodes[node].input(1).and_then(|id| graph.constant(id));
        Ok(weights
            .map(|weights| weights.as_slice::<f32>())
            .transpose()?
            .map_or(Vec::new(), |w| axes.ranges(w)))
    };
    let (of_first, of_second) = (ranges(pair.first, first)?, ranges(pair.second, second)?);
    let factors: Vec<f32> = of_first.iter().zip(&of_second).map(|(a, b)| factor(*a, *b)).collect();
    scale(graph, pair.first, 1, |element| 1.0 / factors[first.channel(element)])?;
    scale(graph, pair.first, 2, |element| 1.0 / factors[element % factors.len()])?;
    scale(graph, pair.second, 1, |element| factors[second.channel(element)])?;
    Ok(factors.iter().map(|factor| (factor - 1.0).abs()).fold(0.0, f32::max))
}

/// What a channel is divided by; 1 where one side has no weights.
fn factor(first: f32, second: f32) -> f32 {
    let wanted = (first / second).sqrt();
    if first > 0.0 && second > 0.0 && wanted.is_normal() { wanted } else { 1.0 }
}

fn scale(graph: &mut Graph, node: usize, input: usize, by: impl Fn(usize) -> f32) -> Result<()> {
    let Some(id) = graph.body.nodes[node].input(input) else { return Ok(()) };
    let Some(tensor) = graph[id].constant.take() else { return Ok(()) };
    let shape = tensor.shape().to_vec();
    let mut elements = tensor.into_vec::<f32>()?;
    for (element, value) in elements.iter_mut().enumerate() {
        *value *= by(element);
    }
    graph[id].constant = Some(Tensor::from_vec(shape, elements)?);
    Ok(())
}

/// Gives a node a copy of a constant, so that changing it changes no other node.
fn own(graph: &mut Graph, node: usize, input: usize) {
    let Some(id) = graph.body.nodes[node].input(input) else { return };
    let mut n_uses = 0;
    let mut count = |other: &ValueId| n_uses += usize::from(*other == id);
    graph.body.for_each_node(&mut |node| {
        node.present_inputs().for_each(|other| count(&other));
        node.regions.iter().for_each(|region| region.outputs.iter().for_each(&mut count));
    });
    graph.body.outputs.iter().for_each(&mut count);
    if let (true, Some(constant)) = (n_uses > 1, graph.constant(id).cloned()) {
        let name = [graph[id].name(), "_equalized"].concat();
        let copy = graph.add_constant(&name, constant);
        graph.body.nodes[node].inputs[input] = Some(copy);
    }
}
