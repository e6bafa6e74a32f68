//! One node while it is read: what the functions of [`super::ops`] work with.

use std::borrow::Cow;

use qdq_schema::onnx::{NodeProto, TensorProto};

use super::attributes::Attributes;
use super::names::{describe_node, is_default_domain};
use super::read::Reader;
use super::scope::Slot;
use super::tensor_read::read_tensor;
use super::{custom, ops, versions};
use crate::error::{Error, Result};
use crate::graph::{Block, Node, ValueId};
use crate::ops::Op;
use crate::tensor::{DType, Tensor, TensorType};

/// A node of a file, to be expressed in nodes of the hub.
pub(super) struct NodeReader<'r, 'm> {
    reader: &'r mut Reader<'m>,
    proto: &'m NodeProto,
    nodes: &'r mut Vec<Node>,
    /// The node's attributes.
    pub(super) attributes: Attributes<'m>,
    /// Version of the operator set of the node's domain.
    pub(super) opset: i64,
    outputs: Option<Vec<Option<ValueId>>>,
    regions: Vec<Block>,
    verbatim: bool,
}

impl<'r, 'm> NodeReader<'r, 'm> {
    pub(super) fn new(
        reader: &'r mut Reader<'m>,
        proto: &'m NodeProto,
        nodes: &'r mut Vec<Node>,
    ) -> Result<Self> {
        let domain = if is_default_domain(proto.domain()) { "" } else { proto.domain() };
        let Some(&opset) = reader.frame.opsets.get(domain) else {
            let domain = if domain.is_empty() { "ai.onnx" } else { domain };
            let message = format!("opset_import has no version of the operator set `{domain}`");
            return Err(
                Error::malformed(message).help("export the model again, or add the operator set to it")
            );
        };
        let attributes = Attributes::new(proto, &reader.frame.bindings)?;
        let (outputs, regions) = (None, Vec::new());
        Ok(Self { reader, proto, nodes, attributes, opset, outputs, regions, verbatim: false })
    }

    /// Reads the node by its op's function, or keeps it verbatim where there is none.
    pub(super) fn read(mut self) -> Result<()> {
        let is_kept = self.reader.kept.contains(&self.proto.op_type());
        match ops::reader_of(self.proto.domain(), self.proto.op_type()).filter(|_| !is_kept) {
            Some(read) => {
                read(&mut self)?;
                if let Some(name) = self.attributes.unused().next().filter(|_| !self.verbatim) {
                    return Err(Error::malformed("the operator has no such attribute")
                        .attribute(name)
                        .help("remove it, or export the model again"));
                }
            }
            None => self.keep_verbatim()?,
        }
        self.finish()
    }

    /// Keeps the node as it is, as [`crate::ops::Custom`].
    pub(super) fn keep_verbatim(&mut self) -> Result<()> {
        self.verbatim = true;
        let op = custom::read_custom(self.proto, &self.attributes, self.opset)?;
        self.push(op)
    }

    /// Makes the types that the file declares count, now that types are inferred.
    fn finish(self) -> Result<()> {
        let Some(outputs) = self.outputs else {
            return Err(Error::internal(format!("nothing was read of {}", describe_node(self.proto))));
        };
        for (name, id) in self.proto.output.iter().zip(outputs) {
            if let Some(id) = id {
                self.reader.apply_hint(name, id);
            }
        }
        Ok(())
    }

    /// Number of inputs; absent ones at the end do not count.
    pub(super) fn n_inputs(&self) -> usize {
        let present = |name: &String| self.slot(name).is_some();
        self.proto.input.iter().rposition(present).map_or(0, |last| last + 1)
    }

    /// Number of outputs that the file lists, absent ones at the end too.
    pub(super) fn n_listed_outputs(&self) -> usize {
        self.proto.output.len()
    }

    /// Number of inputs that the file lists, absent ones at the end too.
    pub(super) fn n_listed_inputs(&self) -> usize {
        self.proto.input.len()
    }

    /// Number of outputs that the file asks for, counting absent ones in between.
    pub(super) fn n_outputs(&self) -> usize {
        self.proto.output.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1)
    }

    /// Whether the input is present.
    pub(super) fn has_input(&self, position: usize) -> bool {
        self.proto.input.get(position).is_some_and(|name| self.slot(name).is_some())
    }

    fn slot(&self, name: &str) -> Option<&Slot> {
        self.reader.scopes.find(name).filter(|slot| !name.is_empty() && !matches!(slot, Slot::Absent))
    }

    /// The input as a value; `None` if absent.
    pub(super) fn input(&mut self, position: usize) -> Option<ValueId> {
        let name = self.proto.input.get(position).filter(|name| !name.is_empty())?;
        let Reader { scopes, graph, frame, .. } = &mut *self.reader;
        scopes.value(name, graph, &frame.prefix)
    }

    /// The input as a value; an error if absent.
    pub(super) fn required(&mut self, position: usize) -> Result<ValueId> {
        self.input(position).ok_or_else(|| Error::malformed(format!("input {position} is missing")))
    }

    /// All inputs; absent ones at the end do not count.
    pub(super) fn inputs(&mut self) -> Vec<Option<ValueId>> {
        (0..self.n_inputs()).map(|position| self.input(position)).collect()
    }

    /// The input's tensor, if it is a constant.
    pub(super) fn constant(&self, position: usize) -> Option<Tensor> {
        match self.slot(self.proto.input.get(position)?)? {
            Slot::Constant(tensor) => Some(tensor.clone()),
            Slot::Value(id) => self.reader.graph.constant(*id).cloned(),
            Slot::Absent => None,
        }
    }

    /// What is known of the input's type.
    pub(super) fn ty(&self, position: usize) -> Option<Cow<'_, TensorType>> {
        match self.slot(self.proto.input.get(position)?)? {
            Slot::Constant(tensor) => Some(Cow::Owned(tensor.tensor_type())),
            Slot::Value(id) => self.reader.graph[*id].ty.as_ref().map(Cow::Borrowed),
            Slot::Absent => None,
        }
    }

    /// The input's number of dimensions, if known.
    pub(super) fn rank(&self, position: usize) -> Option<usize> {
        self.ty(position)?.rank()
    }

    /// The input's element type, if known.
    pub(super) fn dtype(&self, position: usize) -> Option<DType> {
        Some(self.ty(position)?.dtype)
    }

    /// Whether the operator, of the default domain, demands the attribute.
    pub(super) fn requires(&self, name: &str) -> bool {
        versions::requires(self.proto.op_type(), self.opset, name)
    }

    /// Whether the operator is of another domain than ONNX's own.
    pub(super) fn is_foreign(&self) -> bool {
        !is_default_domain(self.proto.domain())
    }

    /// Whether the operator, of the default domain, has its newest form.
    pub(super) fn has_newest_form(&self) -> bool {
        versions::newest_form(self.proto.op_type()).is_none_or(|since| since <= self.opset)
    }

    pub(super) fn int(&self, name: &str, default: i64) -> Result<i64> {
        Ok(self.attributes.int(name)?.unwrap_or(default))
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool> {
        Ok(self.attributes.int(name)?.map_or(default, |flag| flag != 0))
    }

    pub(super) fn float(&self, name: &str, default: f32) -> Result<f32> {
        Ok(self.attributes.float(name)?.unwrap_or(default))
    }

    /// A number that counts something.
    pub(super) fn count(&self, name: &str) -> Result<Option<usize>> {
        let Some(count) = self.attributes.int(name)? else { return Ok(None) };
        usize::try_from(count).map(Some).map_err(|_| negative(count).attribute(name))
    }

    /// Numbers that count something; empty if absent.
    pub(super) fn counts(&self, name: &str) -> Result<Vec<usize>> {
        let counts = self.attributes.ints(name)?.unwrap_or(&[]).iter();
        let count = |&count: &i64| usize::try_from(count).map_err(|_| negative(count).attribute(name));
        counts.map(count).collect()
    }

    /// One of several names, in whatever case.
    pub(super) fn choice<T>(&self, name: &str, from_name: fn(&str) -> Option<T>) -> Result<Option<T>> {
        let Some(text) = self.attributes.text(name)? else { return Ok(None) };
        match from_name(&text.to_lowercase()) {
            Some(choice) => Ok(Some(choice)),
            None => Err(Error::malformed(format!("`{text}` is none of its values")).attribute(name)),
        }
    }

    /// The tensor of an attribute.
    pub(super) fn tensor(&self, name: &str) -> Result<Option<Tensor>> {
        let read = |proto: &TensorProto| read_tensor(proto, &self.reader.side_files);
        self.attributes.tensor(name)?.map(read).transpose().map_err(|error| error.attribute(name))
    }

    /// Reads the graph of an attribute as the next region of the node that is pushed.
    ///
    /// It must have this many inputs and outputs.
    pub(super) fn region(&mut self, name: &str, n_inputs: usize, n_outputs: usize) -> Result<()> {
        let graph = self.attributes.graph(name)?;
        if (graph.input.len(), graph.output.len()) != (n_inputs, n_outputs) {
            let message = format!(
                "the graph has {} inputs and {} outputs where the node needs {n_inputs} and {n_outputs}",
                graph.input.len(),
                graph.output.len()
            );
            return Err(Error::malformed(message).attribute(name).help("export the model again"));
        }
        let region = self.reader.read_region(graph);
        self.regions.push(region);
        Ok(())
    }

    /// Adds a constant; its name is that of the first output and `suffix`.
    pub(super) fn add_constant(&mut self, suffix: &str, tensor: Tensor) -> ValueId {
        let name = self.name_with(suffix);
        self.reader.graph.add_constant(&name, tensor)
    }

    /// Adds a constant vector of integers.
    pub(super) fn add_ints(&mut self, suffix: &str, ints: &[i64]) -> ValueId {
        self.add_constant(suffix, Tensor::vector(ints.to_vec()))
    }

    fn name_with(&self, suffix: &str) -> String {
        let output = self.proto.output.iter().find(|name| !name.is_empty());
        format!("{}{}_{suffix}", self.reader.frame.prefix, output.map_or("", String::as_str))
    }

    /// Adds a node of one output, which is not one of the node's own.
    pub(super) fn emit(&mut self, suffix: &str, op: impl Into<Op>, inputs: &[ValueId]) -> ValueId {
        self.emit_with(suffix, op, inputs.iter().copied().map(Some).collect())
    }

    /// The same with inputs that may be absent.
    pub(super) fn emit_with(
        &mut self,
        suffix: &str,
        op: impl Into<Op>,
        inputs: Vec<Option<ValueId>>,
    ) -> ValueId {
        let name = self.name_with(suffix);
        let output = self.reader.graph.add_value(&name, None);
        let scope = match self.scope().as_str() {
            "" => String::new(),
            scope => format!("{scope}/{suffix}"),
        };
        let node = Node { inputs, ..Node::new(op, &[], &[output]).with_scope(scope) };
        self.reader.infer(&node);
        self.nodes.push(node);
        output
    }

    /// Adds the node with this op, all inputs and all outputs.
    pub(super) fn push(&mut self, op: impl Into<Op>) -> Result<()> {
        let inputs = self.inputs();
        self.push_with(op, inputs)
    }

    /// Adds the node with this op, these inputs and all outputs.
    pub(super) fn push_with(&mut self, op: impl Into<Op>, inputs: Vec<Option<ValueId>>) -> Result<()> {
        let outputs = self.define_outputs()?;
        let regions = std::mem::take(&mut self.regions);
        let node = Node { op: op.into(), inputs, outputs, regions, scope: self.scope(), parts: Vec::new() };
        self.reader.infer(&node);
        self.nodes.push(node);
        Ok(())
    }

    fn define_outputs(&mut self) -> Result<Vec<Option<ValueId>>> {
        let mut outputs = Vec::new();
        for name in self.proto.output.iter().take(self.n_outputs()) {
            outputs.push(if name.is_empty() {
                None
            } else {
                let id = self.reader.graph.add_value(&format!("{}{name}", self.reader.frame.prefix), None);
                self.reader.scopes.define(name, Slot::Value(id))?;
                Some(id)
            });
        }
        self.outputs = Some(outputs.clone());
        Ok(outputs)
    }

    fn scope(&self) -> String {
        match self.proto.name() {
            "" => self.reader.frame.prefix.trim_end_matches('/').to_owned(),
            name => format!("{}{name}", self.reader.frame.prefix),
        }
    }
}

fn negative(number: i64) -> Error {
    Error::malformed(format!("{number} is negative"))
}
