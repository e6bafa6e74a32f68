//! Loops and branches: their regions become graphs of the file, which take everything they use as inputs.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    builtin_operator as code, builtin_options as tag, if_options, operator, while_options,
};

use super::super::node_writer::{FileOp, NodeWriter};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, ValueId};
use crate::ops::{Add, And, Less, Op};
use crate::tensor::{DType, Tensor, TensorType};

/// Inputs of the node before those that the region carries: the largest number of turns, and the condition.
const N_CONTROLS: usize = 2;

/// `IF`: branches take what they use of the graph around.
pub(super) fn write_if(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let graph = w.graph();
    let [then, otherwise] = &w.node().regions[..] else {
        return Err(Error::internal("a branch without regions"));
    };
    let (used, conversions) = captures(graph, &[then, otherwise]);
    let mut inputs = vec![w.raw(0)?];
    for &id in &used {
        inputs.push(w.outer(id)?);
    }
    let mut branch = |region: &Block| {
        let mut inner = of_region(graph, region, &conversions);
        inner.body.inputs.clone_from(&used);
        w.subgraph(inner)
    };
    let (then, otherwise) = (branch(then)?, branch(otherwise)?);
    let table = Object::default()
        .set(if_options::THEN_SUBGRAPH_INDEX, then)
        .set(if_options::ELSE_SUBGRAPH_INDEX, otherwise);
    let outputs = w.raw_outputs()?;
    w.finish(with_options(code::IF, (tag::IF_OPTIONS, table), inputs, outputs));
    Ok(())
}

/// `WHILE`: it carries the condition, the values of the loop, what its region uses of the graph around, and the number of
/// the turn where it counts.
pub(super) fn write_loop(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let graph = w.graph();
    let [region] = &w.node().regions[..] else { return Err(Error::internal("a loop without a region")) };
    let n_carried = w.n_inputs().saturating_sub(N_CONTROLS);
    let is_closed = region.inputs.len() == n_carried + N_CONTROLS && region.outputs.len() == n_carried + 1;
    if w.node().outputs.len() > n_carried || !is_closed {
        return Err(Error::unsupported("a loop that stacks results of its turns")
            .help("let the loop carry the stack, or keep the model in ONNX"));
    }
    let (turn, condition) = (region.inputs[0], region.inputs[1]);
    let (captured, conversions) = captures(graph, std::slice::from_ref(&region));
    let mut body = of_region(graph, region, &conversions);
    let most = if w.has(0) { Some(w.value(0)?) } else { None };
    let counts = most.is_some() || uses(region, turn);

    let mut carried = Carried::default();
    let holds = if w.has(1) { w.raw(1)? } else { w.shared_constant("holds", &Tensor::scalar(true))? };
    carried.add(holds, condition, region.outputs[0]);
    for position in 0..n_carried {
        let first = w.raw(N_CONTROLS + position)?;
        carried.add(first, region.inputs[N_CONTROLS + position], region.outputs[1 + position]);
    }
    for &id in &captured {
        carried.add(w.outer(id)?, id, id);
    }
    let mut cond = body.clone();
    cond.body.nodes.clear();
    cond.body.outputs = vec![condition];
    if counts {
        let one = body.add_constant("one", Tensor::scalar(1i64));
        let next = body.add_value("next_turn", Some(scalar(DType::I64)));
        body.body.nodes.push(Node::new(Add {}, &[turn, one], &[next]));
        carried.add(w.shared_constant("turn", &Tensor::scalar(0i64))?, turn, next);
    }
    if let Some(most) = most {
        // A constant bound is in the graphs already; another goes around, too.
        if graph.constant(most).is_none() && !captured.contains(&most) {
            carried.add(w.outer(most)?, most, most);
        }
        let is_early = cond.add_value("early", Some(scalar(DType::Bool)));
        let goes_on = cond.add_value("goes_on", Some(scalar(DType::Bool)));
        cond.body.nodes.push(Node::new(Less {}, &[turn, most], &[is_early]));
        cond.body.nodes.push(Node::new(And {}, &[condition, is_early], &[goes_on]));
        cond.body.outputs = vec![goes_on];
    }
    cond.body.inputs.clone_from(&carried.before);
    (body.body.inputs, body.body.outputs) = (carried.before, carried.after);
    let (cond, body) = (w.subgraph(cond)?, w.subgraph(body)?);
    let table = Object::default()
        .set(while_options::COND_SUBGRAPH_INDEX, cond)
        .set(while_options::BODY_SUBGRAPH_INDEX, body);
    let outputs = outputs(w, &carried.first)?;
    w.finish(with_options(code::WHILE, (tag::WHILE_OPTIONS, table), carried.first, outputs));
    Ok(())
}

/// What goes around in a loop.
#[derive(Default)]
struct Carried {
    /// Tensors before the loop.
    first: Vec<i32>,
    /// Values of the region before a turn, and after it.
    before: Vec<ValueId>,
    after: Vec<ValueId>,
}

impl Carried {
    fn add(&mut self, first: i32, before: ValueId, after: ValueId) {
        self.first.push(first);
        self.before.push(before);
        self.after.push(after);
    }
}

/// Tensors after a loop; all but the node's own outputs are of no use.
fn outputs(w: &mut NodeWriter<'_, '_>, first: &[i32]) -> Result<Vec<i32>> {
    let own = w.node().outputs.clone();
    let output = |at: usize| at.checked_sub(1).and_then(|at| own.get(at).copied().flatten());
    let mut tensors = Vec::with_capacity(first.len());
    for (at, &like) in first.iter().enumerate() {
        tensors.push(match output(at) {
            Some(id) => w.output_like(id, like)?,
            None => w.unused(like)?,
        });
    }
    Ok(tensors)
}

fn scalar(dtype: DType) -> TensorType {
    TensorType::new(dtype, Some(Vec::new()))
}

fn with_options(code: i32, (tag, table): (u8, Object), inputs: Vec<i32>, outputs: Vec<i32>) -> FileOp {
    let rest =
        Object::default().set(operator::BUILTIN_OPTIONS_TYPE, tag).child(operator::BUILTIN_OPTIONS, table);
    FileOp { code, custom: String::new(), version: 1, inputs, outputs, intermediates: Vec::new(), rest }
}

/// Values of the graph around that regions use and that are no constants; and the nodes that make the others of them of
/// constants, which each region has anew, so that weights are constant in it.
fn captures(graph: &Graph, regions: &[&Block]) -> (Vec<ValueId>, Vec<Node>) {
    fn visit(region: &Block, used: &mut Vec<ValueId>, own: &mut Vec<ValueId>) {
        own.extend(&region.inputs);
        for node in &region.nodes {
            used.extend(node.present_inputs());
            own.extend(node.present_outputs());
            node.regions.iter().for_each(|inner| visit(inner, used, own));
        }
        used.extend(&region.outputs);
    }
    let (mut used, mut own) = (Vec::new(), Vec::new());
    for region in regions {
        visit(region, &mut used, &mut own);
    }
    used.sort_unstable();
    used.dedup();
    used.retain(|id| !own.contains(id) && graph.constant(*id).is_none());
    let is_conversion = |node: &&Node| {
        matches!(node.op, Op::Dequantize(_) | Op::Cast(_))
            && node.input(0).is_some_and(|input| graph.constant(input).is_some())
            && node.output(0).is_some_and(|output| used.contains(&output))
    };
    let conversions: Vec<Node> = graph.body.nodes.iter().filter(is_conversion).cloned().collect();
    used.retain(|id| !conversions.iter().any(|node| node.output(0) == Some(*id)));
    (used, conversions)
}

/// The graph of a region, after these nodes.
fn of_region(graph: &Graph, region: &Block, before: &[Node]) -> Graph {
    let mut inner = graph.clone();
    inner.body = region.clone();
    inner.body.nodes.splice(0..0, before.iter().cloned());
    inner
}

fn uses(region: &Block, value: ValueId) -> bool {
    region.outputs.contains(&value)
        || region.nodes.iter().any(|node| {
            node.present_inputs().any(|input| input == value)
                || node.regions.iter().any(|inner| uses(inner, value))
        })
}
