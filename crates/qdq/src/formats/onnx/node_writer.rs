//! One node while it is written: what the functions of [`super::ops`] work with.

use qdq_schema::onnx::attribute_proto::AttributeType;
use qdq_schema::onnx::{AttributeProto, GraphProto, NodeProto};

use super::dtype::write_dtype;
use super::tensor_write::write_tensor;
use super::versions::{NodeTypes, lowest_opset, requires};
use super::write::Writer;
use crate::error::{Error, Result};
use crate::graph::{Node, ValueId};
use crate::ops::Attr;
use crate::tensor::{DType, QuantParams, Tensor, TensorType};

/// Attributes whose words ONNX has in upper case.
const UPPER_CASE: &[&str] = &["auto_pad", "case_change_action"];

/// Why a node was not written.
pub(super) enum Refusal {
    /// It needs at least this operator set.
    Opset(i64),
    /// It cannot be written.
    Error(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Error(error)
    }
}

/// What writing part of a node gives.
pub(super) type WriteResult<T = ()> = Result<T, Refusal>;

/// A node of the hub, to be expressed in nodes of the operator set `opset`.
pub(super) struct NodeWriter<'w, 'g> {
    pub(super) writer: &'w mut Writer<'g>,
    node: &'g Node,
    /// Version of the default operator set that is written.
    pub(super) opset: i64,
}

impl<'w, 'g> NodeWriter<'w, 'g> {
    pub(super) fn new(writer: &'w mut Writer<'g>, node: &'g Node) -> Self {
        let opset = writer.opset;
        Self { writer, node, opset }
    }

    /// Gives up unless at least this operator set is written.
    pub(super) fn require(&self, opset: i64) -> WriteResult {
        if self.opset >= opset { Ok(()) } else { Err(Refusal::Opset(opset)) }
    }

    /// Whether the operator, of the default domain, demands the attribute.
    pub(super) fn requires(&self, op_type: &str, attribute: &str) -> bool {
        requires(op_type, self.opset, attribute)
    }

    fn id(&self, position: usize) -> Option<ValueId> {
        self.node.input(position)
    }

    /// Whether the input is present.
    pub(super) fn has_input(&self, position: usize) -> bool {
        self.id(position).is_some()
    }

    /// Number of outputs, counting absent ones in between.
    pub(super) fn n_outputs(&self) -> usize {
        self.node.outputs.iter().rposition(Option::is_some).map_or(0, |last| last + 1)
    }

    /// The input's tensor, if it is constant.
    pub(super) fn constant(&self, position: usize) -> Option<&'g Tensor> {
        self.writer.graph.constant(self.id(position)?)
    }

    /// The integers of a constant input.
    pub(super) fn ints(&self, position: usize) -> Option<Vec<i64>> {
        self.constant(position)?.to_i64_vec().ok()
    }

    fn ty(&self, position: usize) -> Option<&'g TensorType> {
        self.writer.graph[self.id(position)?].ty.as_ref()
    }

    /// The input's number of dimensions, if known.
    pub(super) fn rank(&self, position: usize) -> Option<usize> {
        self.ty(position)?.rank()
    }

    /// The input's element type, if known.
    pub(super) fn dtype(&self, position: usize) -> Option<DType> {
        Some(self.ty(position)?.dtype)
    }

    /// Parameters of an input that is quantized.
    pub(super) fn quant(&self, position: usize) -> Option<&'g QuantParams> {
        self.ty(position)?.quant.as_deref()
    }

    /// Parameters of the first output, if it is quantized.
    pub(super) fn output_quant(&self) -> Option<&'g QuantParams> {
        self.writer.graph[self.node.output(0)?].ty.as_ref()?.quant.as_deref()
    }

    /// The input's dimensions, if all are known.
    pub(super) fn dims(&self, position: usize) -> Option<Vec<usize>> {
        self.ty(position)?.known_dims()
    }

    /// The input's size along an axis, if known.
    pub(super) fn dim(&self, position: usize, axis: i64) -> Option<usize> {
        let shape = self.ty(position)?.shape.as_ref()?;
        let axis = if axis < 0 { axis + shape.len() as i64 } else { axis };
        shape.get(usize::try_from(axis).ok()?)?.known()
    }

    /// An axis as the operator set allows it: before version 11, it may not count from the end.
    pub(super) fn axis(&self, axis: i64, rank: Option<usize>) -> WriteResult<i64> {
        if axis >= 0 || self.opset >= 11 {
            return Ok(axis);
        }
        rank.map(|rank| axis + rank as i64).ok_or(Refusal::Opset(11))
    }

    /// Axes as the operator set allows them.
    pub(super) fn axes(&self, axes: &[i64], rank: Option<usize>) -> WriteResult<Vec<i64>> {
        axes.iter().map(|&axis| self.axis(axis, rank)).collect()
    }

    /// Name of the input; empty if absent.
    pub(super) fn input(&mut self, position: usize) -> String {
        self.id(position).map_or_else(String::new, |id| self.writer.use_value(id))
    }

    /// Names of all inputs.
    pub(super) fn inputs(&mut self) -> Vec<String> {
        let mut inputs: Vec<String> =
            (0..self.node.inputs.len()).map(|position| self.input(position)).collect();
        while inputs.last().is_some_and(String::is_empty) {
            inputs.pop();
        }
        inputs
    }

    fn outputs(&self) -> Vec<String> {
        let name = |id: &Option<ValueId>| id.map_or_else(String::new, |id| self.writer.name(id));
        self.node.outputs.iter().take(self.n_outputs()).map(name).collect()
    }

    /// Adds a constant of this node; its name is that of the first output and `suffix`.
    pub(super) fn add_constant(&mut self, suffix: &str, tensor: &Tensor) -> String {
        let output = self.node.present_outputs().next();
        let name = format!("{}_{suffix}", output.map_or_else(String::new, |id| self.writer.name(id)));
        self.writer.add_constant(&name, tensor)
    }

    /// A node with all inputs and outputs.
    pub(super) fn start(&mut self, op_type: &str) -> NewNode {
        let inputs = self.inputs();
        self.start_with(op_type, inputs)
    }

    /// A node with the first input only and all outputs.
    pub(super) fn start_first(&mut self, op_type: &str) -> NewNode {
        let inputs = vec![self.input(0)];
        self.start_with(op_type, inputs)
    }

    /// A node with these inputs and all outputs.
    pub(super) fn start_with(&mut self, op_type: &str, inputs: Vec<String>) -> NewNode {
        NewNode(NodeProto {
            op_type: Some(op_type.to_owned()),
            name: self.writer.node_name(&self.node.scope),
            input: inputs,
            output: self.outputs(),
            ..NodeProto::default()
        })
    }

    /// A node that was kept verbatim, with its inputs and outputs filled in.
    pub(super) fn restore(&mut self, kept: NodeProto) -> NewNode {
        let NewNode(node) = self.start("");
        NewNode(NodeProto { name: node.name, input: node.input, output: node.output, ..kept })
    }

    /// Adds a node of another domain, of which nothing is known.
    pub(super) fn finish_foreign(&mut self, node: NewNode) {
        self.writer.nodes.push(node.0);
    }

    /// Writes a region of the node into an attribute.
    pub(super) fn region(&mut self, node: NewNode, name: &str, position: usize) -> WriteResult<NewNode> {
        let Some(region) = self.node.regions.get(position) else {
            return Err(Error::graph(format!("the region `{name}` is missing")).into());
        };
        let graph = self.writer.write_region(name, region);
        Ok(node.graph(name, graph))
    }

    /// Adds the node, if the operator set has it as it is.
    pub(super) fn finish(&mut self, node: NewNode) -> WriteResult {
        let graph = self.writer.graph;
        let node = if graph.is_integer_form(self.node) && !graph.moves_integers(self.node) {
            let node = super::ops::qoperator::write(self, node)?;
            if node.0.domain.is_some() {
                self.writer.uses_microsoft = true;
                self.finish_foreign(node);
                return Ok(());
            }
            node
        } else {
            node
        };
        let types = self.types(&node.0);
        let lowest = lowest_opset(&node.0, &types, self.opset)?;
        self.require(lowest)?;
        if types.has_unknown(&node.0) {
            // It may be a type that older versions do not allow, such as a sequence.
            self.require(self.writer.source_opset())?;
        }
        self.writer.nodes.push(node.0);
        Ok(())
    }

    pub(super) fn types(&self, node: &NodeProto) -> NodeTypes {
        let dtype = |name: &String| self.writer.dtype_of(name).map(write_dtype);
        NodeTypes {
            inputs: node.input.iter().map(dtype).collect(),
            outputs: node.output.iter().map(dtype).collect(),
        }
    }
}

/// A node that is being put together.
pub(super) struct NewNode(NodeProto);

impl NewNode {
    fn with(mut self, name: &str, of: AttributeType, attribute: AttributeProto) -> Self {
        let attribute = AttributeProto { name: Some(name.to_owned()), r#type: Some(of.into()), ..attribute };
        self.0.attribute.push(attribute);
        self
    }

    /// The operator's name.
    pub(super) fn op_type(&self) -> &str {
        self.0.op_type()
    }

    /// Names of the inputs.
    pub(super) fn inputs(&self) -> &[String] {
        &self.0.input
    }

    /// The node with other inputs.
    pub(super) fn with_inputs(mut self, inputs: Vec<String>) -> Self {
        self.0.input = inputs;
        self
    }

    /// The node as another operator.
    pub(super) fn renamed(mut self, op_type: &str) -> Self {
        self.0.op_type = Some(op_type.to_owned());
        self
    }

    /// The node without an attribute.
    pub(super) fn without(mut self, attribute: &str) -> Self {
        self.0.attribute.retain(|existing| existing.name() != attribute);
        self
    }

    /// Further inputs at the end.
    pub(super) fn and_inputs(mut self, inputs: impl IntoIterator<Item = String>) -> Self {
        self.0.input.extend(inputs);
        self
    }

    /// The node in another domain than ONNX's own.
    pub(super) fn of_domain(mut self, domain: &str) -> Self {
        self.0.domain = Some(domain.to_owned());
        self
    }

    /// An attribute as the op table has it; an error for one that ONNX has no form for.
    pub(super) fn attr(self, name: &str, attr: &Attr) -> Result<Self> {
        Ok(match attr {
            Attr::Int(int) => self.int(name, *int),
            Attr::Float(float) => self.float(name, *float),
            Attr::Bool(flag) => self.int(name, i64::from(*flag)),
            Attr::Word(word) => match word.parse() {
                Ok(dtype) => self.int(name, write_dtype(dtype).into()),
                Err(()) if UPPER_CASE.contains(&name) => self.text(name, &word.to_uppercase()),
                Err(()) => self.text(name, word),
            },
            Attr::Str(text) => self.text(name, text),
            Attr::Ints(ints) => self.ints(name, ints),
            Attr::Floats(floats) => self.floats(name, floats),
            Attr::Words(texts) | Attr::Strs(texts) => self.texts(name, texts.iter().map(String::as_str)),
            Attr::Quant(_) => {
                let message = "quantization parameters, which ONNX does not keep in attributes";
                return Err(Error::unsupported(message).attribute(name));
            }
        })
    }

    pub(super) fn int(self, name: &str, int: i64) -> Self {
        self.with(name, AttributeType::Int, AttributeProto { i: Some(int), ..AttributeProto::default() })
    }

    pub(super) fn int_unless(self, name: &str, int: i64, default: i64) -> Self {
        if int == default { self } else { self.int(name, int) }
    }

    pub(super) fn flag_unless(self, name: &str, flag: bool, default: bool) -> Self {
        if flag == default { self } else { self.int(name, i64::from(flag)) }
    }

    pub(super) fn float(self, name: &str, float: f32) -> Self {
        self.with(name, AttributeType::Float, AttributeProto { f: Some(float), ..AttributeProto::default() })
    }

    pub(super) fn float_unless(self, name: &str, float: f32, default: f32) -> Self {
        if float == default { self } else { self.float(name, float) }
    }

    pub(super) fn text(self, name: &str, text: &str) -> Self {
        let s = Some(text.to_owned().into());
        self.with(name, AttributeType::String, AttributeProto { s, ..AttributeProto::default() })
    }

    pub(super) fn texts<'t>(self, name: &str, texts: impl Iterator<Item = &'t str>) -> Self {
        let strings = texts.map(|text| text.to_owned().into()).collect();
        self.with(name, AttributeType::Strings, AttributeProto { strings, ..AttributeProto::default() })
    }

    pub(super) fn ints(self, name: &str, ints: &[i64]) -> Self {
        let ints = ints.to_vec();
        self.with(name, AttributeType::Ints, AttributeProto { ints, ..AttributeProto::default() })
    }

    pub(super) fn ints_if_any(self, name: &str, ints: &[i64]) -> Self {
        if ints.is_empty() { self } else { self.ints(name, ints) }
    }

    pub(super) fn counts(self, name: &str, counts: &[usize]) -> Self {
        let ints: Vec<i64> = counts.iter().map(|&count| count as i64).collect();
        self.ints(name, &ints)
    }

    pub(super) fn counts_if_any(self, name: &str, counts: &[usize]) -> Self {
        if counts.is_empty() { self } else { self.counts(name, counts) }
    }

    pub(super) fn floats(self, name: &str, floats: &[f32]) -> Self {
        let floats = floats.to_vec();
        self.with(name, AttributeType::Floats, AttributeProto { floats, ..AttributeProto::default() })
    }

    pub(super) fn tensor(self, name: &str, tensor: &Tensor) -> Self {
        let t = Some(Box::new(write_tensor("", tensor)));
        self.with(name, AttributeType::Tensor, AttributeProto { t, ..AttributeProto::default() })
    }

    fn graph(self, name: &str, graph: GraphProto) -> Self {
        let g = Some(Box::new(graph));
        self.with(name, AttributeType::Graph, AttributeProto { g, ..AttributeProto::default() })
    }
}
