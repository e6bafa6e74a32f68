//! A model file to a [`Graph`].

use std::collections::BTreeMap;

use bytes::Bytes;
use qdq_schema::flatbuffer::{Rows, Table};
use qdq_schema::tflite::{
    self, metadata, model, operator, operator_code, signature_def, sub_graph, tensor_map,
};

use super::constant::{buffer_bytes, read_constant};
use super::node_reader::NodeReader;
use super::ops;
use super::tensor::{FileTensor, read_tensor};
use super::{IDENTIFIER, damaged};
use crate::error::{Error, Result};
use crate::graph::{Graph, Inference, Metadata, Node, ValueId};
use crate::passes::{Layout, push_transposes};

/// More errors than this are not told.
const MAX_ERRORS: usize = 50;

/// Metadata of a file is kept under this name, in hexadecimal.
pub(super) const METADATA_PREFIX: &str = "tflite.";

/// The property of a model whose float ops quantize their inputs while they run, where weights are integers;
/// its value says whether symmetrically.
pub(super) const DYNAMIC_RANGE: &str = "tflite:dynamic_range";

/// Lets float ops with integer weights quantize their inputs while they run, asymmetrically, when the model is written.
pub fn set_dynamic_range(graph: &mut Graph) {
    let properties = &mut graph.metadata.properties;
    properties.retain(|(key, _)| key != DYNAMIC_RANGE);
    properties.push((DYNAMIC_RANGE.to_owned(), "asymmetric".to_owned()));
}

/// An operator as the file numbers them.
#[derive(Clone, Debug)]
pub(super) struct Operator<'m> {
    /// Its code.
    pub(super) code: i32,
    /// Name of a custom operator.
    pub(super) custom: &'m str,
    /// Its version.
    pub(super) version: i32,
}

impl Operator<'_> {
    /// Name in messages.
    pub(super) fn name(&self) -> &str {
        if self.code == tflite::builtin_operator::CUSTOM {
            return self.custom;
        }
        let index = tflite::OPERATOR_NAMES.binary_search_by_key(&self.code, |(code, _)| *code);
        index.ok().and_then(|index| tflite::OPERATOR_NAMES.get(index)).map_or("unknown", |(_, name)| name)
    }
}

/// Reads a model. Tensors that lie aligned in `bytes` and in the order of the hub are used in place.
///
/// # Errors
/// Everything in the model that is malformed or not supported, each with its node and value.
pub fn read(bytes: Bytes) -> Result<Graph> {
    if bytes.get(4..8) != Some(IDENTIFIER) {
        return Err(Error::malformed("this is no TFLite model").help("check that the file is complete"));
    }
    let file = bytes.clone();
    let table = Table::root(&file).map_err(damaged)?;
    let version = table.scalar(model::VERSION).map_err(damaged)?;
    if version != 3 {
        return Err(Error::unsupported(format!("schema version {version}")).help("qdq reads version 3"));
    }
    let subgraphs = tables(&table, model::SUBGRAPHS)?;
    let Some(main) = subgraphs.first() else { return Err(Error::malformed("the file holds no graph")) };
    let mut reader = Reader {
        file: bytes,
        buffers: tables(&table, model::BUFFERS)?,
        operators: operators(&table)?,
        subgraphs: subgraphs.clone(),
        entered: vec![0],
        n_entered: 0,
        tensors: Vec::new(),
        values: Vec::new(),
        floats: Vec::new(),
        graph: Graph::new(main.text(sub_graph::NAME).map_err(damaged)?.unwrap_or_default()),
        nodes: Vec::new(),
        inference: Inference::default(),
        is_hybrid: false,
        is_asymmetric: None,
        errors: Vec::new(),
    };
    reader.graph.metadata = reader.read_metadata(&table)?;
    reader.read_main(main, signature(&table)?)?;
    if let Some(error) = Error::all(reader.errors) {
        return Err(error);
    }
    let mut graph = reader.graph;
    if reader.is_hybrid {
        let value = if reader.is_asymmetric.unwrap_or(true) { "asymmetric" } else { "symmetric" };
        graph.metadata.properties.push((DYNAMIC_RANGE.to_owned(), value.to_owned()));
    }
    push_transposes(&mut graph, Layout::ChannelsFirst)?;
    Ok(graph)
}

fn tables<'m>(table: &Table<'m>, field: qdq_schema::flatbuffer::Children) -> Result<Vec<Table<'m>>> {
    table.children(field).map_err(damaged)?.map(|child| child.map_err(damaged)).collect()
}

fn operators<'m>(table: &Table<'m>) -> Result<Vec<Operator<'m>>> {
    let read = |code: &Table<'m>| {
        // Old files have the code in one byte only; newer ones repeat it there as far as it fits.
        let old = i32::from(code.scalar(operator_code::DEPRECATED_BUILTIN_CODE)?);
        Ok(Operator {
            code: old.max(code.scalar(operator_code::BUILTIN_CODE)?),
            custom: code.text(operator_code::CUSTOM_CODE)?.unwrap_or_default(),
            version: code.scalar(operator_code::VERSION)?,
        })
    };
    tables(table, model::OPERATOR_CODES)?.iter().map(|code| read(code).map_err(damaged)).collect()
}

/// Names of inputs and outputs of the first signature, by tensor.
type Signature<'m> = (BTreeMap<usize, &'m str>, BTreeMap<usize, &'m str>);

fn signature<'m>(table: &Table<'m>) -> Result<Signature<'m>> {
    let signatures = tables(table, model::SIGNATURE_DEFS)?;
    let Some(first) = signatures
        .iter()
        .find(|def| def.scalar(signature_def::SUBGRAPH_INDEX).is_ok_and(|subgraph| subgraph == 0))
    else {
        return Ok(Signature::default());
    };
    let names = |field| {
        let maps = tables(first, field)?;
        let entry = |map: &Table<'m>| {
            let name = map.text(tensor_map::NAME)?.unwrap_or_default();
            Ok((map.scalar(tensor_map::TENSOR_INDEX)? as usize, name))
        };
        maps.iter().map(|map| entry(map).map_err(damaged)).collect::<Result<BTreeMap<_, _>>>()
    };
    Ok((names(signature_def::INPUTS)?, names(signature_def::OUTPUTS)?))
}

/// A model while it is read.
pub(super) struct Reader<'m> {
    pub(super) file: Bytes,
    pub(super) buffers: Vec<Table<'m>>,
    pub(super) operators: Vec<Operator<'m>>,
    pub(super) subgraphs: Vec<Table<'m>>,
    /// Numbers of the subgraphs that are being read, each within the one before.
    pub(super) entered: Vec<usize>,
    /// How many subgraphs were entered so far, each time counted.
    pub(super) n_entered: usize,
    pub(super) tensors: Vec<FileTensor>,
    /// What stands for each tensor.
    pub(super) values: Vec<Option<ValueId>>,
    /// Dequantized values of integer tensors, made on first use.
    pub(super) floats: Vec<Option<ValueId>>,
    pub(super) graph: Graph,
    pub(super) nodes: Vec<Node>,
    pub(super) inference: Inference,
    /// Whether there are float ops with integer weights.
    pub(super) is_hybrid: bool,
    /// Whether these quantize their inputs asymmetrically while they run, as far as one says so.
    pub(super) is_asymmetric: Option<bool>,
    errors: Vec<Error>,
}

impl<'m> Reader<'m> {
    fn report(&mut self, error: Error) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    fn read_metadata(&self, table: &Table<'m>) -> Result<Metadata> {
        let mut properties = Vec::new();
        for entry in tables(table, model::METADATA)? {
            let name = entry.text(metadata::NAME).map_err(damaged)?.unwrap_or_default();
            let bytes = self.buffer(entry.scalar(metadata::BUFFER).map_err(damaged)? as usize)?;
            properties.push((format!("{METADATA_PREFIX}{name}"), super::custom::to_hex(&bytes)));
        }
        let doc = table.text(model::DESCRIPTION).map_err(damaged)?.unwrap_or_default().to_owned();
        Ok(Metadata { doc, properties, ..Metadata::default() })
    }

    /// The bytes of a buffer; none for a buffer that is not there.
    pub(super) fn buffer(&self, index: usize) -> Result<Bytes> {
        match self.buffers.get(index) {
            Some(table) => buffer_bytes(&self.file, table),
            None => Err(Error::malformed(format!("there is no buffer {index}"))),
        }
    }

    fn read_main(&mut self, graph: &Table<'m>, (input_names, output_names): Signature<'m>) -> Result<()> {
        self.read_tensors(graph)?;
        for index in indices(graph.vector(sub_graph::INPUTS).map_err(damaged)?) {
            let Some(tensor) = self.tensors.get(index) else { return Err(no_tensor(index)) };
            let name = input_names.get(&index).copied().unwrap_or(&tensor.name);
            let id = self.graph.add_value(name, tensor.ty());
            self.values[index] = Some(id);
            self.graph.body.inputs.push(id);
        }
        self.read_operators(graph)?;
        for index in indices(graph.vector(sub_graph::OUTPUTS).map_err(damaged)?) {
            match self.value(index) {
                Ok(id) => {
                    if let Some(name) = output_names.get(&index).filter(|_| self.may_rename(id)) {
                        self.graph.rename(id, name);
                    }
                    self.graph.body.outputs.push(id);
                }
                Err(error) => self.report(error),
            }
        }
        self.graph.body.nodes = std::mem::take(&mut self.nodes);
        Ok(())
    }

    /// Reads what the file says of the tensors of a subgraph; nothing stands for them yet.
    pub(super) fn read_tensors(&mut self, graph: &Table<'m>) -> Result<()> {
        self.tensors = tables(graph, sub_graph::TENSORS)?.iter().map(read_tensor).collect::<Result<_>>()?;
        self.resolve_blocks()?;
        self.values = vec![None; self.tensors.len()];
        self.floats = vec![None; self.tensors.len()];
        Ok(())
    }

    /// Reads the operators of a subgraph whose tensors are known.
    pub(super) fn read_operators(&mut self, graph: &Table<'m>) -> Result<()> {
        for table in tables(graph, sub_graph::OPERATORS)? {
            self.read_operator(&table);
        }
        Ok(())
    }

    /// Names of inputs stay, and so do those that an output has already.
    fn may_rename(&self, id: ValueId) -> bool {
        !self.graph.body.inputs.contains(&id) && !self.graph.body.outputs.contains(&id)
    }

    fn read_operator(&mut self, table: &Table<'m>) {
        let index = table.scalar(operator::OPCODE_INDEX).map_err(damaged);
        let described = match index {
            Ok(index) => self.operators.get(index as usize).cloned(),
            Err(error) => return self.report(error),
        };
        let Some(described) = described else {
            return self.report(Error::malformed("an operator of a code that is not there"));
        };
        let outputs = match table.vector(operator::OUTPUTS).map_err(damaged) {
            Ok(outputs) => indices(outputs).collect::<Vec<_>>(),
            Err(error) => return self.report(error),
        };
        let scope =
            outputs.first().and_then(|&index| self.tensors.get(index)).map(|tensor| tensor.name.clone());
        let scope = scope.unwrap_or_default();
        let name = format!("{scope} ({})", described.name());
        let result = NodeReader::new(self, table, described, &outputs, scope).and_then(ops::read_node);
        if let Err(error) = result {
            self.report(error.node(name));
        }
        // After an error: so that the ops that follow do not fail for want of inputs, too.
        for index in outputs {
            if self.values.get(index).is_some_and(Option::is_none) && !self.errors.is_empty() {
                let ty = self.tensors[index].ty();
                let id = self.graph.add_value(&self.tensors[index].name, ty);
                self.values[index] = Some(id);
            }
        }
    }

    /// What stands for a tensor; constants are read on first use.
    pub(super) fn value(&mut self, index: usize) -> Result<ValueId> {
        match self.values.get(index) {
            Some(Some(id)) => return Ok(*id),
            Some(None) => {}
            None => return Err(no_tensor(index)),
        }
        let tensor = &self.tensors[index];
        let name = tensor.name.clone();
        if tensor.is_variable {
            return Err(Error::unsupported("a tensor that keeps its content between runs").value(name));
        }
        let bytes = self.buffer(tensor.buffer).map_err(|error| error.value(&name))?;
        let is_empty = tensor.dims.iter().any(|dim| dim.known() == Some(0));
        if bytes.is_empty() && !is_empty {
            return Err(Error::malformed("nothing computes this tensor")
                .value(name)
                .help("the model is incomplete; export it again"));
        }
        let constant = read_constant(tensor, bytes).map_err(|error| error.value(&name))?;
        let quant = tensor.quant.clone();
        let id = self.graph.add_constant(&name, constant);
        if let Some(ty) = &mut self.graph[id].ty {
            ty.quant = quant;
        }
        self.values[index] = Some(id);
        Ok(id)
    }

    /// Adds a node and tells the types of its outputs.
    pub(super) fn push(&mut self, node: Node) {
        // Broken rules are told by the verifier, which sees the whole graph.
        let _ = self.inference.node(&mut self.graph, &node);
        self.nodes.push(node);
    }
}

pub(super) fn no_tensor(index: usize) -> Error {
    Error::malformed(format!("there is no tensor {index}")).help("the file is damaged; fetch it again")
}

/// Indices of tensors; those that are absent are left out.
pub(super) fn indices(rows: Option<Rows<'_, i32>>) -> impl Iterator<Item = usize> {
    let all = rows.map(|rows| rows.to_vec()).unwrap_or_default();
    all.into_iter().filter_map(|index| usize::try_from(index).ok())
}
