//! Functions of a model: their bodies take the place of the nodes that call them.

use std::collections::HashMap;
use std::rc::Rc;

use qdq_schema::onnx::{FunctionProto, NodeProto};

use super::attributes::{Attributes, Bindings};
use super::names::is_default_domain;
use super::read::{Reader, read_opsets};
use super::scope::{Frame, Slot};
use crate::error::{Error, Result};
use crate::graph::Node;
use crate::ops::Identity;

/// Deepest nesting of calls.
const MAX_CALLS: usize = 32;

/// Most nodes that functions may add to a model; calls can multiply them without bound.
const MAX_INLINED: usize = 1 << 17;

/// What identifies a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FunctionKey<'m> {
    domain: &'m str,
    name: &'m str,
    overload: &'m str,
}

impl<'m> FunctionKey<'m> {
    fn new(domain: &'m str, name: &'m str, overload: &'m str) -> Self {
        Self { domain: if is_default_domain(domain) { "" } else { domain }, name, overload }
    }

    pub(super) fn of(function: &'m FunctionProto) -> Self {
        Self::new(function.domain(), function.name(), function.overload())
    }

    pub(super) fn called_by(node: &'m NodeProto) -> Self {
        Self::new(node.domain(), node.op_type(), node.overload())
    }
}

impl<'m> Reader<'m> {
    /// Reads a function's body in place of a node that calls it.
    pub(super) fn inline(
        &mut self,
        call: &'m NodeProto,
        function: &'m FunctionProto,
        nodes: &mut Vec<Node>,
    ) -> Result<()> {
        let key = FunctionKey::of(function);
        if self.inlined.contains(&key) {
            return Err(Error::malformed("the function calls itself"));
        }
        self.n_inlined = self.n_inlined.saturating_add(function.node.len());
        if self.inlined.len() >= MAX_CALLS || self.n_inlined > MAX_INLINED {
            let error = Error::unsupported("functions are nested too deep, or come to too many nodes");
            let name = self.frame.prefix.split('/').next().unwrap_or("").to_owned();
            self.give_up(error.node(name).help("inline them before, with onnx.inliner"));
            return Ok(());
        }
        if call.input.len() > function.input.len() || call.output.len() > function.output.len() {
            return Err(Error::malformed("it has more inputs or outputs than the function it calls"));
        }
        let frame = self.callee_frame(call, function)?;
        let arguments = self.arguments(call, function);
        let first_new = self.graph.values().len();

        let caller = std::mem::replace(&mut self.frame, frame);
        let hints = function.value_info.iter().map(|info| (info.name(), info));
        self.scopes.open(hints.collect::<HashMap<_, _>>(), true);
        self.inlined.push(key);
        let defined = arguments.into_iter().try_for_each(|(name, slot)| self.scopes.define(name, slot));
        if defined.is_ok() {
            nodes.extend(self.read_nodes(&function.node));
        }
        let results: Vec<Option<Slot>> =
            function.output.iter().map(|name| self.scopes.find(name).cloned()).collect();
        self.inlined.pop();
        self.scopes.close();
        self.frame = caller;
        defined?;
        self.bind_results(call, function, results, first_new, nodes)
    }

    fn callee_frame(&self, call: &'m NodeProto, function: &'m FunctionProto) -> Result<Frame<'m>> {
        let attributes = Attributes::new(call, &self.frame.bindings)?;
        let defaults = function.attribute_proto.iter().map(|attribute| (attribute.name(), attribute));
        let mut bindings: Bindings<'m> = defaults.collect();
        for (name, value) in attributes.iter() {
            if !bindings.contains_key(name) && !function.attribute.iter().any(|formal| formal == name) {
                return Err(Error::malformed("the function has no such attribute").attribute(name));
            }
            bindings.insert(name, value);
        }
        let name = if call.name().is_empty() { call.output.first() } else { call.name.as_ref() };
        let prefix = format!("{}{}/", self.frame.prefix, name.map_or("", String::as_str));
        let opsets = read_opsets(&function.opset_import)?;
        Ok(Frame { opsets: Rc::new(opsets), bindings: Rc::new(bindings), prefix })
    }

    /// What the function's inputs stand for; constants become values, so that calls share them.
    fn arguments(&mut self, call: &'m NodeProto, function: &'m FunctionProto) -> Vec<(&'m str, Slot)> {
        let mut arguments = Vec::new();
        for (position, formal) in function.input.iter().enumerate() {
            let name = call.input.get(position).filter(|name| !name.is_empty());
            let id = name.and_then(|name| self.scopes.value(name, &mut self.graph, &self.frame.prefix));
            arguments.push((formal.as_str(), id.map_or(Slot::Absent, Slot::Value)));
        }
        arguments
    }

    /// Gives the caller's names to what the function returns.
    fn bind_results(
        &mut self,
        call: &'m NodeProto,
        function: &'m FunctionProto,
        results: Vec<Option<Slot>>,
        first_new: usize,
        nodes: &mut Vec<Node>,
    ) -> Result<()> {
        let mut renamed = Vec::new();
        for ((name, formal), result) in call.output.iter().zip(&function.output).zip(results) {
            if name.is_empty() {
                continue;
            }
            let slot = match result {
                None | Some(Slot::Absent) => {
                    return Err(Error::malformed("the function does not compute this output").value(formal));
                }
                Some(Slot::Constant(tensor)) => Slot::Constant(tensor),
                Some(Slot::Value(id)) if id.index() >= first_new && !renamed.contains(&id) => {
                    renamed.push(id);
                    self.graph.rename(id, &format!("{}{name}", self.frame.prefix));
                    Slot::Value(id)
                }
                // The function hands through an input, or one value twice: the caller's name needs a value of its own.
                Some(Slot::Value(id)) => {
                    let copy = self.graph.add_value(&format!("{}{name}", self.frame.prefix), None);
                    let node = Node::new(Identity {}, &[id], &[copy]);
                    self.infer(&node);
                    nodes.push(node);
                    Slot::Value(copy)
                }
            };
            self.scopes.define(name, slot)?;
        }
        Ok(())
    }
}
