//! Constants in fewer bits, and the op that gives the real numbers back.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Rewritten;
use super::gptq::{self, Moments};
use super::weights::Constant;
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, ValueId};
use crate::ops::movement::transposed;
use crate::ops::{Cast, Dequantize, Op};
use crate::quant::parameters::{integer_tensor, weight_integers, weight_params};
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
    match storage {
        Storage::Float16 => {
            let stored = graph.add_constant(&name, store.halves(&floats)?);
            nodes.push(Node::new(Cast::to(DType::F32), &[stored], &[real]));
        }
        Storage::Integers(spec) => {
            let made = store.integers(&floats, spec)?;
            nodes.push(dequantize(graph, &name, made, real));
        }
    }
    Ok(real)
}

/// Stores a matrix rounded by GPTQ for the value it is multiplied with; returns the value that has its real numbers.
pub(super) fn rounded(
    graph: &mut Graph,
    nodes: &mut Vec<Node>,
    (id, constant): (ValueId, Constant),
    spec: &QuantizationSpec,
    x: ValueId,
    store: &mut Store<'_>,
) -> Result<ValueId> {
    let floats = floats(graph, id)?;
    let name = graph[id].name().to_owned();
    let real = graph.add_value(&format!("{name}_real"), Some(TensorType::known(DType::F32, floats.shape())));
    let made = store.rounded(&floats, spec, constant, x).map_err(|error| error.value(&name))?;
    nodes.push(dequantize(graph, &name, made, real));
    Ok(real)
}

/// Adds a constant of integers, whose type says what they mean, and gives the node that makes real numbers of it.
fn dequantize(
    graph: &mut Graph,
    name: &str,
    (integers, params): (Tensor, QuantParams),
    real: ValueId,
) -> Node {
    let stored = graph.add_constant(name, integers);
    if let Some(ty) = &mut graph[stored].ty {
        ty.quant = Some(Arc::new(params.clone()));
    }
    Node::new(Dequantize { params, dtype: DType::F32 }, &[stored], &[real])
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
    let rank = graph[rows].ty.as_ref().and_then(|ty| ty.shape.as_ref()).map(Vec::len);
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
    /// Of inputs of matrices that are rounded by GPTQ.
    pub(super) moments: &'k BTreeMap<ValueId, Moments>,
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

    /// A matrix rounded by GPTQ for the input `x`, and what its integers mean.
    fn rounded(
        &mut self,
        floats: &Tensor,
        spec: &QuantizationSpec,
        constant: Constant,
        x: ValueId,
    ) -> Result<(Tensor, QuantParams)> {
        let moments = self.moments.get(&x).ok_or_else(|| Error::internal("no moments"))?;
        // The last axis is that of the outputs; where it is not, the matrix is turned.
        let is_turned = constant.axis == 0;
        let matrix = if is_turned { transposed(floats, &[1, 0])? } else { floats.clone() };
        floats.give_back();
        let &[n_inputs, n_outputs] = matrix.shape() else {
            return Err(Error::unsupported("weights that are not a matrix, rounded by GPTQ")
                .help("leave them out by a rule of a recipe, or use --algorithm rtn"));
        };
        let rounded = gptq::round(&matrix, spec, spec.block.unwrap_or(n_inputs), moments, self.formula)?;
        let turn = |rows: usize, at: usize| if is_turned { at % rows * n_outputs + at / rows } else { at };
        let integers = (0..matrix.len()).map(|at| rounded.integers[turn(n_inputs, at)]);
        let integers = integer_tensor(floats.shape(), spec.storage, integers)?;
        let n_blocks = rounded.scale.len() / n_outputs.max(1);
        let (quant_min, quant_max) = spec.quant_range()?;
        let params = QuantParams {
            storage: spec.storage,
            quant_min,
            quant_max,
            scale: (0..rounded.scale.len()).map(|at| rounded.scale[turn(n_blocks, at)]).collect(),
            zero_point: (0..rounded.scale.len()).map(|at| rounded.zero_point[turn(n_blocks, at)]).collect(),
            granularity: match spec.block {
                Some(size) => Granularity::PerBlock { axis: constant.summed, size },
                None => Granularity::PerAxis(constant.axis),
            },
        };
        params.check_shape(floats.shape())?;
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
