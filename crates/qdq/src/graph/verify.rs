//! The rules of a graph, checked all at once.
//!
//! - each value is defined once, before its use, in the block of its use or one around it;
//! - inputs, outputs and regions are as many as the op takes;
//! - constants are of their value's type; quantization parameters fit the shape;
//! - types agree with what the ops compute;
//! - nodes in integer form keep the rules of [`super::integer`].

use super::{Block, Graph, Node, ValueId};
use crate::error::{Error, Result};

/// Deepest nesting of regions.
const MAX_DEPTH: usize = 64;

impl Graph {
    /// Checks every rule of the module documentation.
    ///
    /// # Errors
    /// All rules broken, each with the node or value that breaks it.
    pub fn verify(&self) -> Result<()> {
        let mut verifier =
            Verifier { graph: self, defined: vec![false; self.values().len()], errors: Vec::new() };
        verifier.constants();
        verifier.block(&self.body, 0);
        if verifier.errors.is_empty() {
            self.body.for_each_node(&mut |node| verifier.integer_form(node));
        }
        if verifier.errors.is_empty()
            && let Err(error) = self.clone().infer()
        {
            verifier.errors.push(error);
        }
        Error::all(verifier.errors).map_or(Ok(()), Err)
    }
}

struct Verifier<'g> {
    graph: &'g Graph,
    defined: Vec<bool>,
    errors: Vec<Error>,
}

impl Verifier<'_> {
    fn constants(&mut self) {
        for id in self.graph.value_ids() {
            let value = &self.graph[id];
            if let Some(tensor) = &value.constant {
                if self.graph.constant(id).is_some() {
                    self.defined[id.index()] = true;
                }
                let fits = value.ty.as_ref().is_some_and(|ty| ty.admits(tensor.dtype(), tensor.shape()));
                if !fits {
                    let ty = value.ty.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
                    let message = format!("declared as {ty}, but its constant is {}", tensor.tensor_type());
                    self.errors.push(Error::graph(message).value(value.name()));
                }
            }
            if let Err(error) = check_quant(self.graph, id) {
                self.errors.push(error.value(value.name()));
            }
        }
    }

    fn block(&mut self, block: &Block, depth: usize) {
        if depth > MAX_DEPTH {
            self.errors.push(Error::graph(format!("regions nested deeper than {MAX_DEPTH}")));
            return;
        }
        for &input in &block.inputs {
            self.define(input, None);
        }
        for node in &block.nodes {
            self.node(node, depth);
        }
        for &output in &block.outputs {
            if !self.is_defined(output) {
                self.errors.push(Error::graph("an output that nothing computes").value(self.name(output)));
            }
        }
    }

    fn node(&mut self, node: &Node, depth: usize) {
        let describe = || self.graph.describe(node);
        let arity = node.op.def().arity();
        let n_inputs = node.inputs.len();
        if !arity.inputs.contains(&n_inputs) {
            let message = format!("{n_inputs} inputs where the op takes {}", range_text(&arity.inputs));
            self.errors.push(Error::graph(message).node(describe()));
        }
        for position in 0..(*arity.inputs.start()).min(n_inputs) {
            if node.inputs[position].is_none() {
                self.errors.push(Error::graph(format!("input {position} is missing")).node(describe()));
            }
        }
        let n_outputs = node.outputs.len();
        if !arity.outputs.contains(&n_outputs) {
            let message = format!("{n_outputs} outputs where the op has {}", range_text(&arity.outputs));
            self.errors.push(Error::graph(message).node(describe()));
        }
        if node.regions.len() != node.op.def().n_regions() {
            let message =
                format!("{} regions where the op has {}", node.regions.len(), node.op.def().n_regions());
            self.errors.push(Error::graph(message).node(describe()));
        }
        for input in node.present_inputs() {
            if !self.is_defined(input) {
                let message = "used before it is computed";
                self.errors.push(Error::graph(message).node(describe()).value(self.name(input)));
            }
        }
        for region in &node.regions {
            let outside = self.defined.clone();
            self.block(region, depth + 1);
            self.hide_all_but(&outside);
        }
        for output in node.present_outputs() {
            self.define(output, Some(node));
        }
    }

    fn integer_form(&mut self, node: &Node) {
        if self.graph.is_integer_form(node) {
            self.errors.extend(self.graph.check_integer_form(node));
        }
    }

    /// Ends the scope of a region: what it defined is no longer visible, nor free to be defined again.
    fn hide_all_but(&mut self, outside: &[bool]) {
        self.defined.copy_from_slice(outside);
    }

    fn define(&mut self, id: ValueId, node: Option<&Node>) {
        if id.index() >= self.defined.len() {
            self.errors.push(Error::internal(format!("value {} does not exist", id.0)));
        } else if std::mem::replace(&mut self.defined[id.index()], true) {
            let error = Error::graph("defined twice").value(self.name(id));
            self.errors.push(match node {
                Some(node) => error.node(self.graph.describe(node)),
                None => error,
            });
        }
    }

    fn is_defined(&self, id: ValueId) -> bool {
        self.defined.get(id.index()).copied().unwrap_or(false)
    }

    fn name(&self, id: ValueId) -> String {
        self.graph
            .values()
            .get(id.index())
            .map_or_else(|| format!("#{}", id.0), |value| value.name().to_owned())
    }
}

fn check_quant(graph: &Graph, id: ValueId) -> Result<()> {
    let Some(ty) = &graph[id].ty else { return Ok(()) };
    let Some(quant) = &ty.quant else { return Ok(()) };
    if quant.storage != ty.dtype {
        return Err(Error::graph(format!("quantized as {} but stored as {}", quant.storage, ty.dtype)));
    }
    match ty.known_dims() {
        Some(dims) => quant.check_shape(&dims),
        None => quant.check(),
    }
}

fn range_text(range: &std::ops::RangeInclusive<usize>) -> String {
    match (*range.start(), *range.end()) {
        (least, most) if least == most => least.to_string(),
        (least, usize::MAX) => format!("at least {least}"),
        (least, most) => format!("{least} to {most}"),
    }
}
