//! Subgraphs while they are read: loops and branches.

use qdq_schema::flatbuffer::Table;
use qdq_schema::tflite::{if_options, sub_graph, while_options};

use super::damaged;
use super::node_reader::NodeReader;
use super::read::{Reader, indices, no_tensor};
use crate::error::{Error, Result};
use crate::graph::{Block, Node, ValueId};
use crate::ops::{Identity, If, Loop, Reshape};
use crate::tensor::{DType, Tensor, TensorType};

/// Subgraphs that are read, those that several operators run counted for each: a small file could ask for billions.
const MOST_ENTERED: usize = 4096;
/// Subgraphs within each other.
const DEEPEST: usize = 16;

impl<'m> Reader<'m> {
    /// Reads a subgraph whose inputs are these values, or new ones, which become the block's.
    ///
    /// # Errors
    /// A subgraph that is not there or takes other inputs; what its operators lack is reported.
    fn subgraph(&mut self, index: i32, inputs: Option<&[ValueId]>) -> Result<Block> {
        let missing = || Error::malformed(format!("there is no subgraph {index}"));
        let index = usize::try_from(index).map_err(|_| missing())?;
        let table = self.subgraphs.get(index).copied().ok_or_else(missing)?;
        if self.entered.contains(&index) {
            return Err(Error::malformed(format!("subgraph {index} runs itself")));
        }
        self.n_entered += 1;
        if self.n_entered > MOST_ENTERED || self.entered.len() > DEEPEST {
            return Err(Error::unsupported(format!(
                "more than {DEEPEST} subgraphs within each other, or {MOST_ENTERED} altogether"
            )));
        }
        let outer_nodes = std::mem::take(&mut self.nodes);
        let outer_tensors = std::mem::take(&mut self.tensors);
        let outer_values = std::mem::take(&mut self.values);
        let outer_floats = std::mem::take(&mut self.floats);
        self.entered.push(index);
        let block = self.read_tensors(&table).and_then(|()| self.read_block(&table, inputs));
        self.entered.pop();
        let nodes = std::mem::replace(&mut self.nodes, outer_nodes);
        (self.tensors, self.values, self.floats) = (outer_tensors, outer_values, outer_floats);
        block.map(|block| Block { nodes, ..block })
    }

    /// Reads the operators of a subgraph; its nodes are those of the reader.
    fn read_block(&mut self, table: &Table<'m>, given: Option<&[ValueId]>) -> Result<Block> {
        let inputs: Vec<usize> = indices(table.vector(sub_graph::INPUTS).map_err(damaged)?).collect();
        if given.is_some_and(|given| given.len() != inputs.len()) {
            let message = format!("a subgraph of {} inputs that is given other ones", inputs.len());
            return Err(Error::malformed(message));
        }
        let mut block = Block::default();
        for (position, index) in inputs.into_iter().enumerate() {
            let tensor = self.tensors.get(index).ok_or_else(|| no_tensor(index))?;
            let id = match given {
                Some(given) => given[position],
                None => self.graph.add_value(&tensor.name, tensor.ty()),
            };
            self.values[index] = Some(id);
            block.inputs.push(id);
        }
        self.read_operators(table)?;
        for index in indices(table.vector(sub_graph::OUTPUTS).map_err(damaged)?) {
            block.outputs.push(self.value(index)?);
        }
        Ok(block)
    }
}

impl NodeReader<'_, '_> {
    /// `WHILE`: a loop whose condition is computed before it and at the end of each turn.
    pub(super) fn read_while(&mut self) -> Result<()> {
        let (cond, body) = (
            self.option(while_options::COND_SUBGRAPH_INDEX)?,
            self.option(while_options::BODY_SUBGRAPH_INDEX)?,
        );
        let mut carried = Vec::with_capacity(self.n_inputs());
        for position in 0..self.n_inputs() {
            carried.push(self.raw(position)?);
        }
        let first = self.reader.subgraph(cond, Some(&carried))?;
        self.reader.nodes.extend(first.nodes);
        let holds = first.outputs.first().copied();
        let holds = self.truth(holds)?;

        let mut turn = self.reader.subgraph(body, None)?;
        if turn.outputs.len() != carried.len() {
            return Err(Error::malformed(format!(
                "a loop of {} values and {} results",
                carried.len(),
                turn.outputs.len()
            )));
        }
        let again = self.reader.subgraph(cond, Some(&turn.outputs))?;
        turn.nodes.extend(again.nodes);
        let outer = std::mem::replace(&mut self.reader.nodes, std::mem::take(&mut turn.nodes));
        let holds_again = again.outputs.first().copied();
        let holds_again = self.truth(holds_again);
        turn.nodes = std::mem::replace(&mut self.reader.nodes, outer);
        turn.outputs.insert(0, holds_again?);
        let scalar = |dtype| Some(TensorType::new(dtype, Some(Vec::new())));
        let number = self.reader.graph.add_value("turn", scalar(DType::I64));
        let held = self.reader.graph.add_value("holds", scalar(DType::Bool));
        turn.inputs.splice(0..0, [number, held]);
        self.own_outputs(&mut turn);

        let mut node = Node::new(Loop {}, &[], &[]);
        node.inputs = [None, Some(holds)].into_iter().chain(carried.into_iter().map(Some)).collect();
        node.regions = vec![turn];
        self.keep_node(node)
    }

    /// `IF`: both branches take the operator's inputs.
    pub(super) fn read_if(&mut self) -> Result<()> {
        let branches =
            [self.option(if_options::THEN_SUBGRAPH_INDEX)?, self.option(if_options::ELSE_SUBGRAPH_INDEX)?];
        let mut given = Vec::new();
        for position in 1..self.n_inputs() {
            given.push(self.raw(position)?);
        }
        let condition = self.raw(0)?;
        let condition = self.truth(Some(condition))?;
        let mut node = Node::new(If {}, &[condition], &[]);
        for index in branches {
            let mut branch = self.reader.subgraph(index, Some(&given))?;
            if branch.outputs.len() != self.n_outputs() {
                return Err(Error::malformed(format!("a branch of {} results", branch.outputs.len())));
            }
            branch.inputs.clear();
            self.own_outputs(&mut branch);
            node.regions.push(branch);
        }
        self.keep_node(node)
    }

    /// A condition without dimensions.
    fn truth(&mut self, condition: Option<ValueId>) -> Result<ValueId> {
        let id = condition.ok_or_else(|| Error::malformed("a condition without a result"))?;
        if self.rank_of(id) == Some(0) || self.reader.graph.constant(id).is_some_and(|c| c.shape().is_empty())
        {
            return Ok(id);
        }
        let shape = self.constant(Tensor::vector(Vec::<i64>::new()));
        Ok(self.push(Reshape::default(), &[id, shape]))
    }

    /// Gives each output of a region a node in it: what comes from outside, or twice, is copied.
    fn own_outputs(&mut self, region: &mut Block) {
        let mut seen = Vec::new();
        for output in &mut region.outputs {
            let is_own = region.nodes.iter().any(|node| node.present_outputs().any(|own| own == *output));
            if !is_own || seen.contains(output) {
                let name = format!("{}_out", self.reader.graph[*output].name());
                let copy = self.reader.graph.add_value(&name, self.reader.graph[*output].ty.clone());
                region.nodes.push(Node::new(Identity {}, &[*output], &[copy]));
                *output = copy;
            }
            seen.push(*output);
        }
    }
}
