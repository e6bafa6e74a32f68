//! A [`Graph`] to a model file.

use std::collections::{BTreeMap, BTreeSet};

use qdq_schema::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto};

use super::node_writer::{NodeWriter, Refusal};
use super::ops;
use super::pieces::in_pieces;
use super::tensor_write::{Initializer, Piece, SideFile, n_bytes};
use super::value_info::write_value_info;
use super::versions::{NEWEST_OPSET, OLDEST_OPSET, ir_version};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, ValueId};
use crate::ops::Op;
use crate::passes::{CellClipToScan, TimeMajor, apply};
use crate::tensor::{DType, Tensor};

/// How a model is written.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// The oldest operator set to write; newer ones are used only as far as the model needs them.
    pub min_opset: i64,
    /// The newest operator set that the reader of the file understands.
    pub max_opset: i64,
    /// Name of the side file for large tensors, relative to the model's folder.
    pub side_file: String,
    /// Tensors that come to more bytes than this go to the side file. A protobuf file ends at 2 GiB.
    pub max_model_bytes: usize,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            // onnxruntime lacks a few kernels of version 7 (Max and Min of doubles).
            min_opset: 8,
            max_opset: NEWEST_OPSET,
            side_file: "model.onnx.data".to_owned(),
            max_model_bytes: 1 << 30,
        }
    }
}

/// A model as files.
#[derive(Clone, Debug)]
pub struct Written {
    /// The model file, in order.
    pub model: Vec<Piece>,
    /// The file beside it that holds the large tensors, if the model is too large for one file.
    pub side_file: Option<SideFile>,
    /// Version of the default operator set that the model uses: the lowest that can express it.
    pub opset: i64,
}

impl Written {
    /// The bytes of the model file.
    pub fn model_bytes(&self) -> Vec<u8> {
        self.model.iter().flat_map(Piece::bytes).collect()
    }
}

/// Writes a model in the lowest operator set that can express it.
///
/// # Errors
/// Every node that no operator set up to `options.max_opset` can express.
pub fn write(graph: &Graph, options: &WriteOptions) -> Result<Written> {
    let spelled_out = spell_out(graph)?;
    let graph = spelled_out.as_ref().unwrap_or(graph);
    let mut opset = options.min_opset.clamp(OLDEST_OPSET, NEWEST_OPSET);
    let (writer, body) = loop {
        let mut writer = Writer::new(graph, opset);
        let body = writer.write_body();
        match writer.needed.iter().next_back() {
            Some(&(needed, _)) if needed > opset && needed <= options.max_opset => opset = needed,
            _ => break (writer, body),
        }
    };
    let too_new = writer.needed.iter().filter(|(needed, _)| *needed > opset).map(|(needed, node)| {
        Error::unsupported(format!(
            "it needs operator set {needed}, but at most {} is allowed",
            options.max_opset
        ))
        .node(node)
        .help("allow a newer operator set, or leave this part of the model as it was")
    });
    if let Some(error) = Error::all(writer.errors.iter().cloned().chain(too_new)) {
        return Err(error);
    }
    Ok(writer.write_model(body, options))
}

/// The graph with recurrent layers as runtimes take them: steps first, and no limit of the cell state, which ONNX has not;
/// `None` if they are.
fn spell_out(graph: &Graph) -> Result<Option<Graph>> {
    let mut is_needed = false;
    graph.body.for_each_node(&mut |node| {
        is_needed |= match &node.op {
            Op::Lstm(op) => op.layout == 1 || op.cell_clip.is_some(),
            Op::Gru(op) => op.layout == 1,
            Op::Rnn(op) => op.layout == 1,
            _ => false,
        };
    });
    if !is_needed {
        return Ok(None);
    }
    let mut graph = graph.clone();
    graph.infer()?;
    apply(&mut graph, &[&TimeMajor, &CellClipToScan])?;
    Ok(Some(graph))
}

/// A model while it is written in one operator set.
pub(super) struct Writer<'g> {
    pub(super) graph: &'g Graph,
    pub(super) opset: i64,
    /// Nodes of the graph or region that is being written.
    pub(super) nodes: Vec<NodeProto>,
    /// Operator sets that nodes need beyond `opset`, with the nodes.
    needed: BTreeSet<(i64, String)>,
    errors: Vec<Error>,
    /// Constants that something uses.
    used: BTreeSet<ValueId>,
    node_names: BTreeSet<String>,
    n_repeated: BTreeMap<String, usize>,
    /// Whether a node is one of onnxruntime's own operators.
    pub(super) uses_microsoft: bool,
    /// Constants that only the file has.
    added: BTreeMap<String, Tensor>,
}

impl<'g> Writer<'g> {
    fn new(graph: &'g Graph, opset: i64) -> Self {
        Self {
            graph,
            opset,
            nodes: Vec::new(),
            needed: BTreeSet::new(),
            errors: Vec::new(),
            used: BTreeSet::new(),
            node_names: BTreeSet::new(),
            n_repeated: BTreeMap::new(),
            uses_microsoft: false,
            added: BTreeMap::new(),
        }
    }

    /// Name of a value.
    pub(super) fn name(&self, id: ValueId) -> String {
        self.graph[id].name().to_owned()
    }

    /// Name of a value that a node reads; constants used so are written.
    pub(super) fn use_value(&mut self, id: ValueId) -> String {
        if self.graph.constant(id).is_some() {
            self.used.insert(id);
        }
        self.name(id)
    }

    /// Adds a constant that the graph does not have; a number is appended if the name is taken.
    pub(super) fn add_constant(&mut self, name: &str, tensor: &Tensor) -> String {
        let name = self.free_name(name);
        self.added.insert(name.clone(), tensor.clone());
        name
    }

    /// A node's name: its scope, with a number appended if another node has it; onnxruntime wants names unique.
    pub(super) fn node_name(&mut self, scope: &str) -> Option<String> {
        if scope.is_empty() {
            return None;
        }
        let mut name = scope.to_owned();
        while !self.node_names.insert(name.clone()) {
            let number = self.n_repeated.entry(scope.to_owned()).or_insert(0);
            *number += 1;
            name = format!("{scope}_{number}");
        }
        Some(name)
    }

    fn free_name(&self, name: &str) -> String {
        let taken = |name: &str| self.graph.find(name).is_some() || self.added.contains_key(name);
        let numbered = (1..).map(|number| format!("{name}_{number}"));
        std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }

    /// Element type of a value or of an added constant, if known.
    pub(super) fn dtype_of(&self, name: &str) -> Option<DType> {
        if let Some(tensor) = self.added.get(name) {
            return Some(tensor.dtype());
        }
        Some(self.graph[self.graph.find(name)?].ty.as_ref()?.dtype)
    }

    /// The operator set of the file that the graph was read from, as far as it can be written.
    pub(super) fn source_opset(&self) -> i64 {
        let version = |(domain, version): &(String, i64)| domain.is_empty().then_some(*version);
        let source = self.graph.metadata.domains.iter().find_map(version);
        source.unwrap_or(OLDEST_OPSET).min(NEWEST_OPSET)
    }

    fn write_nodes(&mut self, block: &'g Block) -> Vec<NodeProto> {
        let around = std::mem::take(&mut self.nodes);
        for node in &block.nodes {
            match ops::write_node(&node.op, &mut NodeWriter::new(self, node)) {
                Ok(()) => {}
                Err(Refusal::Opset(needed)) => {
                    self.needed.insert((needed, self.graph.describe(node)));
                }
                Err(Refusal::Error(error)) => self.errors.push(error.node(self.graph.describe(node))),
            }
        }
        std::mem::replace(&mut self.nodes, around)
    }

    fn write_body(&mut self) -> GraphProto {
        let graph = self.graph;
        let body = &graph.body;
        let mut nodes = self.write_nodes(body);
        let mut seen = BTreeSet::new();
        let mut outputs = Vec::new();
        for &id in &body.outputs {
            let name = self.use_value(id);
            // Outputs have names of their own.
            let name = if seen.insert(id) { name } else { self.copy(&mut nodes, id) };
            outputs.push(write_value_info(&name, graph[id].ty.as_ref()));
        }
        let input = |&id: &ValueId| write_value_info(graph[id].name(), graph[id].ty.as_ref());
        GraphProto {
            name: Some(if graph.name.is_empty() { "main".to_owned() } else { graph.name.clone() }),
            node: nodes,
            input: body.inputs.iter().map(input).collect(),
            output: outputs,
            value_info: self.custom_outputs(body),
            ..GraphProto::default()
        }
    }

    /// Writes the body of a control-flow node.
    pub(super) fn write_region(&mut self, name: &str, region: &'g Block) -> GraphProto {
        let graph = self.graph;
        let mut nodes = self.write_nodes(region);
        let mut own: BTreeSet<ValueId> = region.inputs.iter().copied().collect();
        own.extend(region.nodes.iter().flat_map(crate::graph::Node::present_outputs));
        let mut outputs = Vec::new();
        for &id in &region.outputs {
            let name = self.use_value(id);
            // A graph may only give what it computes itself, and each value once.
            let name = if own.remove(&id) { name } else { self.copy(&mut nodes, id) };
            outputs.push(write_value_info(&name, graph[id].ty.as_ref()));
        }
        let input = |&id: &ValueId| write_value_info(graph[id].name(), graph[id].ty.as_ref());
        GraphProto {
            name: Some(name.to_owned()),
            node: nodes,
            input: region.inputs.iter().map(input).collect(),
            output: outputs,
            value_info: self.custom_outputs(region),
            ..GraphProto::default()
        }
    }

    /// Adds a node that copies a value, and gives the copy's name.
    fn copy(&mut self, nodes: &mut Vec<NodeProto>, id: ValueId) -> String {
        let name = self.name(id);
        let mut number = 0;
        let copy = loop {
            number += 1;
            let copy = self.free_name(&format!("{name}_copy{number}"));
            if !nodes.iter().any(|node| node.output.contains(&copy)) {
                break copy;
            }
        };
        nodes.push(NodeProto {
            op_type: Some("Identity".to_owned()),
            input: vec![name],
            output: vec![copy.clone()],
            ..NodeProto::default()
        });
        copy
    }

    /// Types that a reader of the file cannot infer.
    fn custom_outputs(&self, block: &Block) -> Vec<qdq_schema::onnx::ValueInfoProto> {
        let custom = block.nodes.iter().filter(|node| matches!(node.op, Op::Custom(_)));
        let outputs = custom.flat_map(crate::graph::Node::present_outputs);
        let typed = outputs.filter(|id| self.graph[*id].ty.is_some() && !block.outputs.contains(id));
        typed.map(|id| write_value_info(self.graph[id].name(), self.graph[id].ty.as_ref())).collect()
    }

    fn write_model(&self, body: GraphProto, options: &WriteOptions) -> Written {
        let graph = self.graph;
        let defaults = graph.body.inputs.iter().filter(|id| graph[**id].constant.is_some());
        let constants = self
            .used
            .iter()
            .chain(defaults)
            .filter_map(|&id| graph[id].constant.as_ref().map(|tensor| (graph[id].name(), tensor)));
        let added = self.added.iter().map(|(name, tensor)| (name.as_str(), tensor));
        let initializers = constants.chain(added).map(|(name, tensor)| Initializer::new(name, tensor));
        let mut initializers: Vec<Initializer> = initializers.collect();
        let numbers = initializers.iter().filter_map(|initializer| initializer.numbers.as_ref());
        let total: usize = numbers.map(n_bytes).sum();
        let mut side_file = SideFile::new(&options.side_file);
        if total > options.max_model_bytes {
            initializers = initializers.into_iter().map(|initializer| side_file.take(initializer)).collect();
        }
        let model = in_pieces(self.model_proto(body), initializers);
        let side_file = (!side_file.is_empty()).then_some(side_file);
        Written { model, side_file, opset: self.opset }
    }

    fn model_proto(&self, body: GraphProto) -> ModelProto {
        let metadata = &self.graph.metadata;
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let property = |(key, value): &(String, String)| StringStringEntryProto {
            key: Some(key.clone()),
            value: Some(value.clone()),
        };
        let import = |domain: &str, version: i64| OperatorSetIdProto {
            domain: Some(domain.to_owned()),
            version: Some(version),
        };
        let mut imports = vec![import("", self.opset)];
        imports.extend(self.domains().into_iter().map(|(domain, version)| import(&domain, version)));
        ModelProto {
            ir_version: Some(ir_version(self.opset)),
            opset_import: imports,
            producer_name: text(&metadata.producer),
            producer_version: text(&metadata.producer_version),
            domain: text(&metadata.domain),
            model_version: (metadata.model_version != 0).then_some(metadata.model_version),
            doc_string: text(&metadata.doc),
            graph: Some(body),
            metadata_props: metadata.properties.iter().map(property).collect(),
            ..ModelProto::default()
        }
    }

    /// Versions of the other domains that nodes refer to.
    fn domains(&self) -> BTreeMap<String, i64> {
        let mut domains = BTreeMap::new();
        if self.uses_microsoft {
            domains.insert(ops::qoperator::MICROSOFT.to_owned(), 1);
        }
        self.graph.body.for_each_node(&mut |node| {
            let (domain, version) = match &node.op {
                Op::Custom(custom) => (custom.domain.as_str(), custom.version),
                op => ops::foreign_domain(op).unwrap_or_default(),
            };
            if !domain.is_empty() {
                let declared = self.graph.metadata.domains.iter().find(|(name, _)| name == domain);
                domains.insert(domain.to_owned(), declared.map_or(version, |(_, version)| *version));
            }
        });
        domains
    }
}
