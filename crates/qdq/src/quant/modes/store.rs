//! Constants in fewer bits, and the op that gives the real numbers back.

use std::sync::Arc;

use super::Rewritten;
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, ValueId};
use crate::ops::{Cast, Dequantize, Op};
use crate::quant::parameters::{weight_integers, weight_params};
use crate::quant::scheme::cast_to_float;
use crate::spec::QuantizationSpec;
use crate::targets::Formula;
use crate::tensor::{DType, Granularity, QuantParams, Tensor, TensorType};

/// How a constant is stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Storage {
    /// In f16, rounded half to even.
    Float16,
    /// In integers.
    Integers(QuantizationSpec),
}

/// Stores a constant; returns the value that has its real numbers.
pub(super) fn constant(
    graph: &mut Graph,
    nodes: &mut Vec<Node>,
    id: ValueId,
    storage: &Storage,
    store: &mut Store<'_>,
) -> Result<ValueId> {
    let floats = floats(graph, id)?;
    let name = graph[id].name().to_owned();
    let real = graph.add_value(&format!("{name}_real"), Some(TensorType::known(DType::F32, floats.shape())));
    let (stored, op): (ValueId, Op) = match storage {
        Storage::Float16 => (graph.add_constant(&name, store.halves(&floats)?), Cast::to(DType::F32).into()),
        Storage::Integers(spec) => {
            let (integers, params) = store.integers(&floats, spec)?;
            let stored = graph.add_constant(&name, integers);
            if let Some(ty) = &mut graph[stored].ty {
                ty.quant = Some(Arc::new(params.clone()));
            }
            (stored, Dequantize { params, dtype: DType::F32 }.into())
        }
    };
    nodes.push(Node::new(op, &[stored], &[real]));
    Ok(real)
}

/// Stores a table whose rows a gather looks up; the rows become real numbers after it.
pub(super) fn lookup(
    graph: &mut Graph,
    out: &mut Rewritten,
    mut node: Node,
    storage: &Storage,
    store: &mut Store<'_>,
) -> Result<()> {
    let (Some(id), Some(rows)) = (node.input(0), node.output(0)) else {
        return Err(Error::internal("a gather without a table"));
    };
    let table = floats(graph, id)?;
    let name = graph[id].name().to_owned();
    let rank = graph[rows].ty.as_ref().and_then(|ty| ty.shape.as_ref()).map(|dims| dims.len());
    let stored_rows = graph.add_value(&format!("{}_stored", graph[rows].name()), None);
    let (stored, op): (ValueId, Op) = match storage {
        Storage::Float16 => (graph.add_constant(&name, store.halves(&table)?), Cast::to(DType::F32).into()),
        Storage::Integers(spec) => {
            let rank = rank.ok_or_else(|| Error::unsupported("rows of unknown rank"))?;
            let integers = store.integers(&table, spec);
            let (integers, mut params) = integers.map_err(|error| error.value(&name))?;
            // The table's columns are the last axis of the rows.
            if params.granularity == Granularity::PerAxis(1) {
                params.granularity = Granularity::PerAxis(rank - 1);
            }
            (graph.add_constant(&name, integers), Dequantize { params, dtype: DType::F32 }.into())
        }
    };
    (node.inputs[0], node.outputs[0]) = (Some(stored), Some(stored_rows));
    out.nodes.push(node);
    out.nodes.push(Node::new(op, &[stored_rows], &[rows]));
    Ok(())
}

/// Makes the constants that are stored.
pub(super) struct Store<'k> {
    /// The arithmetic of scales and integers.
    pub(super) formula: Formula,
    /// See [`super::apply_mode`].
    pub(super) keep: &'k mut dyn FnMut(Tensor) -> Result<Tensor>,
}

impl Store<'_> {
    /// Weights in integers, and what these mean.
    pub(super) fn integers(
        &mut self,
        floats: &Tensor,
        spec: &QuantizationSpec,
    ) -> Result<(Tensor, QuantParams)> {
        let params = weight_params(floats, spec, self.formula)?;
        let integers = weight_integers(floats, &params, self.formula)?;
        floats.give_back();
        Ok(((self.keep)(integers)?, params))
    }

    /// Weights in f16.
    fn halves(&mut self, floats: &Tensor) -> Result<Tensor> {
        let halves = cast_to_float(floats, DType::F16)?;
        floats.give_back();
        (self.keep)(halves)
    }
}

fn floats(graph: &Graph, id: ValueId) -> Result<Tensor> {
    graph.constant(id).cloned().ok_or_else(|| Error::internal("not constant").value(graph[id].name()))
}
