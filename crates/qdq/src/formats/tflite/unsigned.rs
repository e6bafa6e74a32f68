//! Unsigned 8-bit integers to signed ones: every zero point and every constant moves by 128, nothing is computed anew.

use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, ValueId};
use crate::ops::{Dequantize, Op, Quantize};
use crate::tensor::{DType, Data, QuantParams, Tensor};

/// Replaces unsigned 8-bit parameters by signed ones.
///
/// Inputs and outputs of the graph that are unsigned stay so: they are converted at the border.
///
/// # Errors
/// Unsigned integers that are used without being dequantized.
pub(super) fn make_signed(graph: &mut Graph) -> Result<()> {
    let body = std::mem::take(&mut graph.body);
    let mut shift = Shift { graph, moved: Vec::new(), body: &body };
    let mut nodes = Vec::with_capacity(body.nodes.len());
    for node in &body.nodes {
        shift.node(node, &mut nodes)?;
    }
    graph.body = Block { nodes, inputs: body.inputs, outputs: body.outputs };
    Ok(())
}

struct Shift<'g> {
    graph: &'g mut Graph,
    /// Signed values that stand for unsigned ones.
    moved: Vec<(ValueId, ValueId)>,
    body: &'g Block,
}

fn is_unsigned(params: &QuantParams) -> bool {
    params.storage == DType::U8
}

fn signed(params: &QuantParams) -> QuantParams {
    QuantParams {
        storage: DType::I8,
        quant_min: params.quant_min - 128,
        quant_max: params.quant_max - 128,
        zero_point: params.zero_point.iter().map(|zero| zero - 128).collect(),
        ..params.clone()
    }
}

impl Shift<'_> {
    fn node(&mut self, node: &Node, nodes: &mut Vec<Node>) -> Result<()> {
        match &node.op {
            Op::Quantize(op) if is_unsigned(&op.params) => {
                self.quantize(node, op, nodes);
                Ok(())
            }
            Op::Dequantize(op) if is_unsigned(&op.params) => self.dequantize(node, op, nodes),
            _ => self.other(node, nodes),
        }
    }

    fn signed_value(&self, value: ValueId) -> Option<ValueId> {
        self.moved.iter().rev().find(|(own, _)| *own == value).map(|(_, signed)| *signed)
    }

    fn quantize(&mut self, node: &Node, op: &Quantize, nodes: &mut Vec<Node>) {
        let (Some(_), Some(output)) = (node.input(0), node.output(0)) else { return };
        if self.body.outputs.contains(&output) {
            nodes.push(node.clone());
            return;
        }
        let name = self.graph[output].name().to_owned();
        let new = self.graph.add_value(&name, None);
        self.graph.swap_names(output, new);
        self.moved.push((output, new));
        let mut made = node.clone();
        made.op = Quantize { params: signed(&op.params) }.into();
        made.outputs = vec![Some(new)];
        nodes.push(made);
    }

    fn dequantize(&mut self, node: &Node, op: &Dequantize, nodes: &mut Vec<Node>) -> Result<()> {
        let Some(input) = node.input(0) else { return Ok(()) };
        let params = signed(&op.params);
        let mut made = node.clone();
        made.op = Dequantize { params: params.clone(), dtype: op.dtype }.into();
        let integers = if let Some(moved) = self.signed_value(input) {
            moved
        } else if let Some(constant) = self.graph.constant(input) {
            let constant = signed_constant(constant)?;
            let name = self.graph[input].name().to_owned();
            let new = self.graph.add_constant(&name, constant);
            self.moved.push((input, new));
            new
        } else {
            // An input of the graph: converted, which loses nothing.
            let name = self.graph[input].name().to_owned();
            let real = self.graph.add_value(&format!("{name}_real"), None);
            let new = self.graph.add_value(&format!("{name}_signed"), None);
            nodes.push(Node::new(op.clone(), &[input], &[real]));
            nodes.push(Node::new(Quantize { params }, &[real], &[new]));
            self.moved.push((input, new));
            new
        };
        made.inputs = vec![Some(integers)];
        nodes.push(made);
        Ok(())
    }

    /// An op on integers: one that moves them works on signed ones as well.
    fn other(&mut self, node: &Node, nodes: &mut Vec<Node>) -> Result<()> {
        let mut made = node.clone();
        let mut moves = false;
        for input in made.inputs.iter_mut().flatten() {
            if let Some(signed) = self.signed_value(*input) {
                *input = signed;
                moves = true;
            }
        }
        if moves {
            let keeps = matches!(
                node.op,
                Op::Reshape(_)
                    | Op::Flatten(_)
                    | Op::Squeeze(_)
                    | Op::Unsqueeze(_)
                    | Op::Transpose(_)
                    | Op::Slice(_)
                    | Op::Split(_)
                    | Op::Gather(_)
                    | Op::Identity(_)
                    | Op::MaxPool(_)
            );
            let gives_output = node.present_outputs().any(|output| self.body.outputs.contains(&output));
            if !keeps || gives_output {
                return Err(Error::unsupported("an op on unsigned integers")
                    .node(self.graph.describe(node))
                    .help("dequantize before it, or quantize with signed integers"));
            }
            for output in made.outputs.iter_mut().flatten() {
                let name = self.graph[*output].name().to_owned();
                let new = self.graph.add_value(&name, None);
                self.graph.swap_names(*output, new);
                self.moved.push((*output, new));
                *output = new;
            }
        }
        nodes.push(made);
        Ok(())
    }
}

fn signed_constant(constant: &Tensor) -> Result<Tensor> {
    let bytes = constant.as_slice::<u8>()?;
    let signed: Vec<i8> = bytes.iter().map(|byte| (byte ^ 0x80) as i8).collect();
    Tensor::new(constant.shape().to_vec(), Data::I8(signed.into()))
}
