//! Integers at the border of a quantized model.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::graph::{Graph, Node, Uses, ValueId};
use crate::ops::{Dequantize, Op, Quantize};
use crate::tensor::{DType, Granularity, QuantParams, TensorType};

/// Lets the model take and give the integers that it quantizes its inputs to and dequantizes its outputs from.
///
/// `storage` is their type: that of the quantize and dequantize at the border, or u8 for i8, whose integers and zero
/// point are 128 higher. Quantization moves through ops at the border that only rearrange elements. Inputs and outputs
/// that are no f32 stay as they are.
///
/// # Errors
/// Inputs and outputs that are computed in float, or in integers of another type, each by name.
pub fn integer_io(graph: &mut Graph, storage: DType) -> Result<()> {
    let mut errors = Vec::new();
    for id in graph.body.inputs.clone() {
        if is_float(graph, id) {
            errors.extend(integer_input(graph, id, storage).err().map(|error| border(graph, id, error)));
        }
    }
    for position in 0..graph.body.outputs.len() {
        let id = graph.body.outputs[position];
        if is_float(graph, id) {
            let made = integer_output(graph, position, storage);
            errors.extend(made.err().map(|error| border(graph, id, error)));
        }
    }
    if let Some(error) = Error::all(errors) {
        return Err(error);
    }
    graph.remove_unused();
    graph.infer()
}

fn border(graph: &Graph, id: ValueId, error: Error) -> Error {
    error.value(graph[id].name()).help("keep floats at the border of this model, with --io-type float")
}

fn is_float(graph: &Graph, id: ValueId) -> bool {
    graph[id].ty.as_ref().is_some_and(|ty| ty.dtype == DType::F32)
}

/// Whether an op gives the elements of its first input in another shape or order, and nothing else.
fn rearranges(op: &Op) -> bool {
    matches!(op, Op::Transpose(_) | Op::Reshape(_) | Op::Flatten(_) | Op::Squeeze(_) | Op::Unsqueeze(_))
}

/// The parameters in the type at the border.
fn at_border(params: &QuantParams, storage: DType) -> Result<QuantParams> {
    if params.granularity != Granularity::PerTensor {
        return Err(Error::unsupported("an input or output with parameters for each channel"));
    }
    match (params.storage, storage) {
        (own, wanted) if own == wanted => Ok(params.clone()),
        (DType::I8, DType::U8) => Ok(QuantParams {
            storage,
            quant_min: params.quant_min + 128,
            quant_max: params.quant_max + 128,
            zero_point: params.zero_point.iter().map(|zero_point| zero_point + 128).collect(),
            ..params.clone()
        }),
        (own, _) => Err(Error::usage(format!("it is quantized to {own}, not to {storage}"))),
    }
}

/// Gives a value a quantized type.
fn declare(graph: &mut Graph, id: ValueId, params: &QuantParams) {
    let shape = graph[id].ty.as_ref().and_then(|ty| ty.shape.clone());
    graph[id].ty = Some(TensorType { dtype: params.storage, shape, quant: Some(Arc::new(params.clone())) });
}

fn integer_input(graph: &mut Graph, input: ValueId, storage: DType) -> Result<()> {
    let uses = Uses::new(graph);
    let (mut chain, mut last) = (Vec::new(), input);
    let (quantize, params) = loop {
        let user = uses.only_user(last).filter(|_| !uses.is_output(last));
        let user = user.ok_or_else(|| Error::usage("an input that is not used by one quantize alone"))?;
        let node = &graph.body.nodes[user];
        match &node.op {
            Op::Quantize(op) => break (node.output(0), op.params.clone()),
            op if rearranges(op) && node.input(0) == Some(last) => {
                chain.push(user);
                last = node.output(0).ok_or_else(|| Error::internal("no output"))?;
            }
            _ => return Err(Error::usage("an input that is computed with in float")),
        }
    };
    let border = at_border(&params, storage)?;
    declare(graph, input, &border);
    let mut first = input;
    for &node in &chain {
        declare_outputs(graph, node, &params);
    }
    if border != params {
        let name = graph[input].name().to_owned();
        let shape = graph[input].ty.as_ref().and_then(|ty| ty.shape.clone());
        let real = graph.add_value(&format!("{name}_real"), Some(TensorType::new(DType::F32, shape)));
        first = graph.add_value(&format!("{name}_{}", params.storage), graph[real].ty.clone());
        declare(graph, first, &params);
        let dequantize = Dequantize { params: border, dtype: DType::F32 };
        let nodes = [
            Node::new(dequantize, &[input], &[real]),
            Node::new(Quantize { params: params.clone() }, &[real], &[first]),
        ];
        if let Some(&node) = chain.first() {
            graph.body.nodes[node].inputs[0] = Some(first);
        }
        graph.body.nodes.splice(0..0, nodes);
    }
    let integers = if chain.is_empty() { first } else { last };
    match quantize {
        Some(output) => replace(graph, output, integers),
        None => return Err(Error::internal("a quantize without output")),
    }
    Ok(())
}

fn declare_outputs(graph: &mut Graph, node: usize, params: &QuantParams) {
    let outputs: Vec<ValueId> = graph.body.nodes[node].present_outputs().collect();
    for id in outputs {
        declare(graph, id, params);
    }
}

/// Lets all read `new` in the place of `old`, which nothing computes any more.
fn replace(graph: &mut Graph, old: ValueId, new: ValueId) {
    graph.body.nodes.retain(|node| node.output(0) != Some(old));
    graph.replace_uses(old, new);
}

fn integer_output(graph: &mut Graph, position: usize, storage: DType) -> Result<()> {
    let output = graph.body.outputs[position];
    let uses = Uses::new(graph);
    let (mut chain, mut first) = (Vec::new(), output);
    let (integers, params) = loop {
        let producer = uses.producer(first).ok_or_else(|| Error::usage("an output that is an input"))?;
        let node = &graph.body.nodes[producer];
        match (&node.op, node.input(0)) {
            (Op::Dequantize(op), Some(integers)) => break (integers, op.params.clone()),
            (op, Some(input)) if rearranges(op) && uses.users(first).is_empty() => {
                if uses.only_user(input).is_none() {
                    return Err(Error::usage("an output whose numbers are used in float as well"));
                }
                chain.push(producer);
                first = input;
            }
            _ => return Err(Error::usage("an output that is computed in float")),
        }
    };
    let border = at_border(&params, storage)?;
    if border != params {
        let name = graph[output].name().to_owned();
        let converted = graph.add_value(&name, graph[output].ty.clone());
        declare(graph, converted, &border);
        graph.body.nodes.push(Node::new(Quantize { params: border }, &[output], &[converted]));
        graph.swap_names(output, converted);
        graph.body.outputs[position] = converted;
        return Ok(());
    }
    let Some(&innermost) = chain.last() else {
        graph.swap_names(output, integers);
        graph.body.outputs[position] = integers;
        return Ok(());
    };
    graph.body.nodes[innermost].inputs[0] = Some(integers);
    for node in chain {
        declare_outputs(graph, node, &params);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::text;

    const MODEL: &str = "graph(%x: f32[1,4,4,2]) {\n  \
        %t = transpose(%x) {perm=[0, 3, 1, 2]}\n  \
        %q = quantize(%t) {params=i8{scale=0.5, zero_point=3}}\n  \
        %d = dequantize(%q) {params=i8{scale=0.5, zero_point=3}}\n  \
        %p = max_pool(%d) {kernel_shape=[2, 2]}\n  \
        %pq = quantize(%p) {params=i8{scale=0.5, zero_point=3}}\n  \
        %pd = dequantize(%pq) {params=i8{scale=0.5, zero_point=3}}\n  \
        %y = flatten(%pd) {axis=1}\n  return %y\n}";

    fn model() -> Graph {
        let mut graph = text::parse(MODEL).unwrap();
        graph.infer().unwrap();
        graph
    }

    fn border_of(graph: &Graph) -> (String, String) {
        let ty = |id: ValueId| format!("{} {}", graph[id].name(), graph[id].ty.as_ref().unwrap());
        (ty(graph.body.inputs[0]), ty(graph.body.outputs[0]))
    }

    #[test]
    fn integers_move_to_the_border() {
        let mut graph = model();
        integer_io(&mut graph, DType::I8).unwrap();
        graph.verify().unwrap();
        let (input, output) = border_of(&graph);
        assert_eq!(input, "x i8[1,4,4,2]{scale=0.5, zero_point=3}");
        assert_eq!(output, "y i8[1,18]{scale=0.5, zero_point=3}");
    }

    #[test]
    fn unsigned_ones_are_128_higher() {
        let mut graph = model();
        integer_io(&mut graph, DType::U8).unwrap();
        graph.verify().unwrap();
        let (input, output) = border_of(&graph);
        assert_eq!(input, "x u8[1,4,4,2]{scale=0.5, zero_point=131}");
        assert_eq!(output, "y u8[1,18]{scale=0.5, zero_point=131}");
    }

    #[test]
    fn float_borders_are_named() {
        let mut graph = text::parse("graph(%x: f32[2]) {\n  %y = relu(%x)\n  return %y\n}").unwrap();
        graph.infer().unwrap();
        let error = integer_io(&mut graph, DType::I8).unwrap_err().to_string();
        assert!(error.contains('x') && error.contains('y') && error.contains("--io-type float"), "{error}");
        let error = integer_io(&mut model(), DType::I16).unwrap_err().to_string();
        assert!(error.contains("quantized to i8, not to i16"), "{error}");
    }
}
