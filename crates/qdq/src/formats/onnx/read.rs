//! A model file to a [`Graph`].

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use bytes::Bytes;
use qdq_schema::Message;
use qdq_schema::onnx::{
    FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto,
};

use super::external::{Files, SideFiles};
use super::function::FunctionKey;
use super::names::{describe_node, is_default_domain};
use super::node_reader::NodeReader;
use super::scope::{Frame, Scopes, Slot};
use super::sort::sorted;
use super::tensor_read::read_tensor;
use super::value_info::read_type;
use super::versions::check_opset;
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Inference, Metadata, Node, ValueId, merge};
use crate::tensor::{Tensor, TensorType};

/// More errors than this are not told.
const MAX_ERRORS: usize = 50;

/// Reads a model. Tensors that lie aligned in `bytes` or in a side file are used in place.
///
/// # Errors
/// Everything in the model that is malformed or not supported, each with its node, value and attribute.
pub fn read(bytes: Bytes, files: &dyn Files) -> Result<Graph> {
    read_keeping(bytes, files, &[])
}

/// Reads a model and keeps these operators as nodes of the file, instead of what they mean.
///
/// # Errors
/// As [`read`].
pub fn read_keeping(bytes: Bytes, files: &dyn Files, kept: &'static [&'static str]) -> Result<Graph> {
    let model = ModelProto::decode(bytes).map_err(|error| {
        Error::malformed(format!("this is no ONNX model, or a damaged one: {error}"))
            .help("check that the file is complete; fetch or export it again")
    })?;
    let Some(graph) = &model.graph else {
        return Err(Error::malformed("the file holds no graph").help("check that it is an ONNX model"));
    };
    refuse_unknown_parts(&model)?;
    let opsets = read_opsets(&model.opset_import)?;
    let mut reader = Reader {
        graph: Graph::new(graph.name()),
        side_files: SideFiles::new(files),
        functions: model.functions.iter().map(|function| (FunctionKey::of(function), function)).collect(),
        frame: Frame { opsets: Rc::new(opsets), bindings: Rc::default(), prefix: String::new() },
        scopes: Scopes::default(),
        inference: Inference::default(),
        kept,
        errors: Vec::new(),
        gave_up: false,
        inlined: Vec::new(),
        n_inlined: 0,
    };
    reader.graph.metadata = read_metadata(&model, graph);
    let domains = reader.frame.opsets.iter().map(|(domain, version)| ((*domain).to_owned(), *version));
    reader.graph.metadata.domains = domains.collect();
    // Before version 4, every initializer had to be listed as an input, too.
    let inputs_with_defaults = model.ir_version.is_none_or(|version| version >= 4);
    let body = reader.read_main(graph, inputs_with_defaults);
    reader.graph.body = body;
    match Error::all(reader.errors) {
        Some(error) => Err(error),
        None => Ok(reader.graph),
    }
}

/// What would be lost, and changes what the model means.
fn refuse_unknown_parts(model: &ModelProto) -> Result<()> {
    let refuse = |what: &str, help: &str| Err(Error::unsupported(what).help(help));
    if !model.training_info.is_empty() {
        return refuse("the model has training_info", "export it for inference");
    }
    if !model.configuration.is_empty() {
        return refuse("the model is spread over devices (`configuration`)", "export it for one device");
    }
    Ok(())
}

fn read_metadata(model: &ModelProto, graph: &GraphProto) -> Metadata {
    let properties =
        model.metadata_props.iter().map(|entry| (entry.key().to_owned(), entry.value().to_owned()));
    let doc = if model.doc_string().is_empty() { graph.doc_string() } else { model.doc_string() };
    Metadata {
        producer: model.producer_name().to_owned(),
        producer_version: model.producer_version().to_owned(),
        domain: model.domain().to_owned(),
        model_version: model.model_version(),
        doc: doc.to_owned(),
        properties: properties.collect(),
        domains: Vec::new(),
    }
}

/// Version of each op domain; the default domain is called `""`, whichever way the file spells it.
pub(super) fn read_opsets(imports: &[OperatorSetIdProto]) -> Result<BTreeMap<&str, i64>> {
    let mut opsets = BTreeMap::new();
    for import in imports {
        let domain = if is_default_domain(import.domain()) { "" } else { import.domain() };
        if domain.is_empty() {
            check_opset(import.version())?;
        }
        opsets.insert(domain, import.version());
    }
    Ok(opsets)
}

/// A model while it is read.
pub(super) struct Reader<'m> {
    pub(super) graph: Graph,
    pub(super) side_files: SideFiles<'m>,
    pub(super) functions: BTreeMap<FunctionKey<'m>, &'m FunctionProto>,
    pub(super) frame: Frame<'m>,
    pub(super) scopes: Scopes<'m>,
    pub(super) inference: Inference,
    /// Operators of ONNX to keep as nodes of the file.
    pub(super) kept: &'static [&'static str],
    errors: Vec<Error>,
    gave_up: bool,
    /// Functions whose bodies are being read.
    pub(super) inlined: Vec<FunctionKey<'m>>,
    pub(super) n_inlined: usize,
}

impl<'m> Reader<'m> {
    pub(super) fn report(&mut self, error: Error) {
        if !self.gave_up {
            self.errors.push(error);
            self.gave_up = self.errors.len() >= MAX_ERRORS;
        }
    }

    /// Reports an error after which nothing more is read.
    pub(super) fn give_up(&mut self, error: Error) {
        self.report(error);
        self.gave_up = true;
    }

    fn read_main(&mut self, graph: &'m GraphProto, inputs_with_defaults: bool) -> Block {
        self.scopes.open(hints(graph), false);
        let mut defaults = self.read_initializers(graph);
        for input in &graph.input {
            let default = defaults.remove(input.name());
            if let Some(default) = default.as_ref().filter(|_| !inputs_with_defaults) {
                self.define(input.name(), Slot::Constant(default.clone()));
            } else {
                let id = self.read_input(input, default);
                self.graph.body.inputs.push(id);
            }
        }
        let inputs = self.graph.body.inputs.clone();
        self.define_constants(defaults);
        let nodes = self.read_nodes(&graph.node);
        let outputs = self.read_outputs(graph);
        self.scopes.close();
        Block { inputs, nodes, outputs }
    }

    /// Reads the body of a control-flow node, which sees the names around it.
    pub(super) fn read_region(&mut self, graph: &'m GraphProto) -> Block {
        self.scopes.open(hints(graph), false);
        let constants = self.read_initializers(graph);
        let inputs = graph.input.iter().map(|input| self.read_input(input, None)).collect();
        self.define_constants(constants);
        let nodes = self.read_nodes(&graph.node);
        let outputs = self.read_outputs(graph);
        self.scopes.close();
        Block { inputs, nodes, outputs }
    }

    fn define(&mut self, name: &'m str, slot: Slot) {
        if let Err(error) = self.scopes.define(name, slot) {
            self.report(error);
        }
    }

    fn define_constants(&mut self, constants: BTreeMap<&'m str, Tensor>) {
        for (name, tensor) in constants {
            self.define(name, Slot::Constant(tensor));
        }
    }

    fn read_initializers(&mut self, graph: &'m GraphProto) -> BTreeMap<&'m str, Tensor> {
        let mut constants = BTreeMap::new();
        for proto in &graph.initializer {
            match read_tensor(proto, &self.side_files) {
                Ok(tensor) => {
                    if constants.insert(proto.name(), tensor).is_some() {
                        self.report(Error::malformed("two initializers have this name").value(proto.name()));
                    }
                }
                Err(error) => self.report(error.value(proto.name())),
            }
        }
        for sparse in &graph.sparse_initializer {
            let name = sparse.values.as_ref().map_or("", |values| values.name());
            let error = Error::unsupported("a sparse initializer").value(name);
            self.report(error.help("save the model with dense initializers"));
        }
        if let Some(annotation) = graph.quantization_annotation.first() {
            let error = Error::unsupported("quantization_annotation").value(annotation.tensor_name());
            self.report(error.help("express quantization by QuantizeLinear and DequantizeLinear"));
        }
        constants
    }

    fn read_input(&mut self, input: &'m ValueInfoProto, default: Option<Tensor>) -> ValueId {
        let ty = match read_type(input) {
            Ok(ty) => ty,
            Err(error) => {
                self.report(error.value(input.name()));
                None
            }
        };
        let fits = |ty: &TensorType, default: &Tensor| ty.admits(default.dtype(), default.shape());
        if let (Some(ty), Some(default)) = (&ty, &default)
            && !fits(ty, default)
        {
            let message = format!("an input of type {ty} with a default of type {}", default.tensor_type());
            self.report(Error::malformed(message).value(input.name()));
        }
        let ty = ty.or_else(|| default.as_ref().map(Tensor::tensor_type));
        let id = self.graph.add_value(input.name(), ty);
        self.graph[id].constant = default;
        self.define(input.name(), Slot::Value(id));
        id
    }

    /// Reads nodes in an order in which each comes after what it uses.
    pub(super) fn read_nodes(&mut self, protos: &'m [NodeProto]) -> Vec<Node> {
        let mut nodes = Vec::with_capacity(protos.len());
        let order = match sorted(protos) {
            Ok(order) => order,
            Err(error) => {
                self.report(error);
                return nodes;
            }
        };
        for proto in order.into_iter().filter_map(|position| protos.get(position)) {
            if self.gave_up {
                break;
            }
            if let Err(error) = self.read_node(proto, &mut nodes) {
                self.report(error.node(format!("{}{}", self.frame.prefix, describe_node(proto))));
                self.define_missing_outputs(proto);
            }
        }
        nodes
    }

    fn read_node(&mut self, proto: &'m NodeProto, nodes: &mut Vec<Node>) -> Result<()> {
        for name in proto.input.iter().filter(|name| !name.is_empty()) {
            if self.scopes.find(name).is_none() {
                return Err(Error::malformed("nothing defines this input")
                    .value(name)
                    .help("the model is incomplete; export it again"));
            }
        }
        if !proto.device_configurations.is_empty() {
            return Err(Error::unsupported("the node is spread over devices"));
        }
        let key = FunctionKey::called_by(proto);
        if let Some(function) = self.functions.get(&key).copied() {
            return self.inline(proto, function, nodes);
        }
        if is_default_domain(proto.domain()) && proto.op_type() == "Constant" {
            return self.read_constant(proto);
        }
        NodeReader::new(self, proto, nodes)?.read()
    }

    /// After an error: so that the nodes that follow do not fail for want of inputs, too.
    fn define_missing_outputs(&mut self, proto: &'m NodeProto) {
        for name in proto.output.iter().filter(|name| !name.is_empty()) {
            if self.scopes.find(name).is_none() {
                let id = self.graph.add_value(name, None);
                self.scopes.redefine(name, Slot::Value(id));
            }
        }
    }

    fn read_outputs(&mut self, graph: &'m GraphProto) -> Vec<ValueId> {
        let mut outputs = Vec::new();
        for output in &graph.output {
            match self.scopes.value(output.name(), &mut self.graph, &self.frame.prefix) {
                Some(id) => outputs.push(id),
                None => self.report(
                    Error::malformed("nothing computes this output")
                        .value(output.name())
                        .help("the model is incomplete; export it again"),
                ),
            }
        }
        outputs
    }

    /// Types of a node's outputs from its inputs, and from what the file says where that agrees.
    pub(super) fn infer(&mut self, node: &Node) {
        // Broken rules are told by the verifier, which sees the whole graph.
        let _ = self.inference.node(&mut self.graph, node);
    }

    /// Adds what the file says of a value's type, unless it contradicts what is computed.
    pub(super) fn apply_hint(&mut self, name: &str, id: ValueId) {
        let Some(hint) = self.scopes.hint(name).and_then(|info| read_type(info).ok().flatten()) else {
            return;
        };
        let value = &mut self.graph[id];
        value.ty = Some(match value.ty.take() {
            Some(inferred) => merge(inferred.clone(), &hint).unwrap_or(inferred),
            None => hint,
        });
    }
}

fn hints(graph: &GraphProto) -> HashMap<&str, &ValueInfoProto> {
    graph.value_info.iter().chain(&graph.output).map(|info| (info.name(), info)).collect()
}
