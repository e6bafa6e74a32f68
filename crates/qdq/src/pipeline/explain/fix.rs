//! What to do about a node that a runtime leaves in float.

use crate::exec::activation_of;
use crate::graph::{Block, Graph, Node, Uses, ValueId};
use crate::kernels::Activation;
use crate::ops::Op;
use crate::profiles::Refusal;
use crate::tensor::{DType, QuantParams};

/// The reason in words, and what would change it, if anything.
pub(super) fn of_refusal(
    graph: &Graph,
    block: &Block,
    position: usize,
    refusal: &Refusal,
) -> (String, Option<String>) {
    let node = &block.nodes[position];
    let sight = Surroundings { graph, block, uses: Uses::of_block(graph, block) };
    let fix = match refusal {
        Refusal::NoKernel | Refusal::Variant => return sight.no_kernel(node, refusal),
        Refusal::FloatInput(input) => return sight.float_input(node, *input),
        Refusal::FloatOutput(output) => return sight.float_output(*output),
        Refusal::Storage(DType::I8) => Some("quantize activations to u8"),
        Refusal::Storage(_) => Some("quantize activations to 8 bits"),
        Refusal::Storages(..) => Some("quantize both to the same type"),
        Refusal::Bias(DType::I32) => Some("leave the bias in float"),
        Refusal::ZeroPoint(_) => Some("quantize symmetrically"),
        Refusal::Bias(_) => {
            Some("store the bias as i32 with the scale of the input times that of the weights")
        }
        Refusal::Granularity => Some("give activations one scale for the whole tensor"),
        Refusal::WeightZeroPoints => Some("quantize the weights symmetrically"),
        Refusal::Parameters => Some("give the output the scale and zero point of the input"),
    };
    (refusal.to_string(), fix.map(str::to_owned))
}

/// A block with producers and users.
struct Surroundings<'g> {
    graph: &'g Graph,
    block: &'g Block,
    uses: Uses,
}

impl<'g> Surroundings<'g> {
    fn name(&self, value: ValueId) -> &'g str {
        self.graph[value].name()
    }

    /// An op that no kernel computes in integers: bridges around it are in vain.
    fn no_kernel(&self, node: &Node, refusal: &Refusal) -> (String, Option<String>) {
        if let Some(stuck) = self.stuck_activation(node) {
            return stuck;
        }
        let is_dequantized = |id: ValueId| {
            let producer = self.uses.producer(id).map(|position| &self.block.nodes[position]);
            matches!(producer.map(|node| &node.op), Some(Op::Dequantize(_)))
        };
        let is_quantized = |id: ValueId| self.quantize_of(id).is_some();
        let has_bridges =
            node.present_inputs().any(is_dequantized) || node.present_outputs().any(is_quantized);
        let fix = has_bridges.then(|| {
            "take it out of what is quantized, where its neighbours are in float, too: bridges around it cost time"
                .to_owned()
        });
        (refusal.to_string(), fix)
    }

    /// A relu or clip before a quantize whose range is wider.
    fn stuck_activation(&self, node: &Node) -> Option<(String, Option<String>)> {
        let activation = activation_of(self.graph, node)?;
        let params = self.quantize_of(node.output(0)?)?;
        let range = |end: i32| (end - params.zero_point[0]) as f32 * params.scale[0];
        let (low, high) = (range(params.quant_min), range(params.quant_max));
        let reason = format!(
            "the quantize behind it ranges from {low:.4} to {high:.4}: wider than it, so that it stays"
        );
        let fix = match activation {
            Activation::Relu => {
                "let the quantize behind it begin at 0, with the smallest integer as zero point".to_owned()
            }
            Activation::Clip { min, max } => {
                format!("let the quantize behind it range from {min} to {max}, as `qdq quantize` does")
            }
            _ => return Some((reason, None)),
        };
        Some((reason, Some(fix)))
    }

    /// The quantize that uses a value, be it one user of many.
    fn quantize_of(&self, value: ValueId) -> Option<&'g QuantParams> {
        self.uses.users(value).iter().find_map(|&user| match &self.block.nodes[user].op {
            Op::Quantize(op) => Some(&op.params),
            _ => None,
        })
    }

    fn float_input(&self, node: &Node, position: usize) -> (String, Option<String>) {
        let Some(input) = node.input(position) else { return (format!("it has no input {position}"), None) };
        let name = self.name(input);
        let producer = self.uses.producer(input).map(|position| &self.block.nodes[position]);
        let fix = match producer {
            _ if self.graph.constant(input).is_some() => format!("store `{name}` in integers"),
            Some(node) if matches!(node.op, Op::Dequantize(_)) => {
                format!("dequantize `{name}` to f32 with the parameters it was quantized with")
            }
            Some(node) => format!("quantize `{name}` once {} gives integers", self.graph.describe(node)),
            None => format!("quantize `{name}`"),
        };
        (format!("its input `{name}` comes in float"), Some(fix))
    }

    fn float_output(&self, output: ValueId) -> (String, Option<String>) {
        let name = self.name(output);
        let users = self.uses.users(output);
        let reader = users.iter().map(|&user| &self.block.nodes[user]).find(|user| !is_quantize(user));
        if let (Some(reader), [_]) = (reader, users)
            && let Some((_, fix)) = self.stuck_activation(reader)
        {
            let between = self.graph.describe(reader);
            return (format!("{between} stands between it and the quantize of its output"), fix);
        }
        let is_quantized = users.iter().any(|&user| is_quantize(&self.block.nodes[user]));
        match reader {
            _ if self.uses.is_output(output) => {
                (format!("its output `{name}` is an output of the model in float"), None)
            }
            Some(reader) if is_quantized => {
                let reader = self.graph.describe(reader);
                let fix = format!("let {reader} read the dequantized `{name}`");
                (format!("its output `{name}` is quantized, but {reader} reads it in float"), Some(fix))
            }
            Some(reader) => {
                let reason = format!("{} reads its output `{name}` in float", self.graph.describe(reader));
                (reason, Some(format!("quantize `{name}`, if its readers have integer kernels")))
            }
            None => (
                format!("`{name}` is quantized more than once"),
                Some(format!("quantize `{name}` once, and dequantize it for all")),
            ),
        }
    }
}

fn is_quantize(node: &Node) -> bool {
    matches!(node.op, Op::Quantize(_))
}
