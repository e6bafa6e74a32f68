//! Constants in fewer bits, and the op that gives the real numbers back.

use std::collections::BTreeMap;

use super::Rewritten;
use super::gptq::{self, Moments};
use super::weights::Constant;
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, ValueId};
use crate::ops::{Cast, Dequantize, Op, transposed};
use crate::quant::parameters::{integer_tensor, weight_integers, weight_params};
use crate::quant::scheme::cast_to_float;
use crate::spec::QuantizationSpec;
use crate::targets::Formula;
use crate::tensor::{Buffer, DType, Element, Granularity, QuantParams, Tensor, TensorType};

/// How a constant is stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Storage {
    /// In f16, rounded half to even.
    Float16,
    /// In the nearest integers.
    Integers(QuantizationSpec),
    /// A matrix in integers rounded by GPTQ for the value it is multiplied with.
    Rounded { spec: QuantizationSpec, constant: Constant, input: ValueId },
    /// A matrix in integers with real zero points, by HQQ.
    Hqq(QuantizationSpec),
}

impl Storage {
    /// How integers are made.
    pub(super) fn spec(&self) -> Option<&QuantizationSpec> {
        match self {
            Storage::Float16 => None,
            Storage::Integers(spec) | Storage::Rounded { spec, .. } | Storage::Hqq(spec) => Some(spec),
        }
    }
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
    let (tensor, params) = store.stored(&floats, storage).map_err(|error| error.value(&name))?;
    let stored = match &params {
        Some(params) => graph.add_quantized_constant(&name, tensor, params),
        None => graph.add_constant(&name, tensor),
    };
    nodes.push(Node::new(to_real(params), &[stored], &[real]));
    Ok(real)
}

/// The op that makes real numbers of what is stored: of integers that mean this, else of f16.
fn to_real(params: Option<QuantParams>) -> Op {
    match params {
        Some(params) => Dequantize { params, dtype: DType::F32 }.into(),
        None => Cast::to(DType::F32).into(),
    }
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
    let (tensor, mut params) = store.stored(&table, storage).map_err(|error| error.value(&name))?;
    if let Some(params) = params.as_mut().filter(|params| params.granularity == Granularity::PerAxis(1)) {
        // The table's columns are the last axis of the rows.
        let rank = rank.ok_or_else(|| Error::unsupported("rows of unknown rank"))?;
        params.granularity = Granularity::PerAxis(rank - 1);
    }
    let stored_rows = graph.add_value(&format!("{}_stored", graph[rows].name()), None);
    (node.inputs[0], node.outputs[0]) = (Some(graph.add_constant(&name, tensor)), Some(stored_rows));
    out.nodes.push(node);
    out.nodes.push(Node::new(to_real(params), &[stored_rows], &[rows]));
    Ok(())
}

/// Makes the constants that are stored.
pub(in crate::quant) struct Store<'k> {
    /// The arithmetic of scales and integers.
    pub(in crate::quant) formula: Formula,
    /// Of inputs of matrices that are rounded by GPTQ.
    pub(in crate::quant) moments: &'k BTreeMap<ValueId, Moments>,
    /// See [`super::apply_mode`].
    pub(in crate::quant) keep: &'k mut dyn FnMut(Tensor) -> Result<Tensor>,
}

impl Store<'_> {
    /// What is stored of weights, and what its integers mean; f16 means itself.
    fn stored(&mut self, floats: &Tensor, storage: &Storage) -> Result<(Tensor, Option<QuantParams>)> {
        if *storage == Storage::Float16 {
            let halves = cast_to_float(floats, DType::F16)?;
            floats.give_back();
            return Ok(((self.keep)(halves)?, None));
        }
        let (integers, params) = self.rounded(floats, storage)?;
        let (integers, params) = self.kept(integers, params)?;
        Ok((integers, Some(params)))
    }

    /// Weights in integers, and what these mean.
    pub(super) fn rounded(&self, floats: &Tensor, storage: &Storage) -> Result<(Tensor, QuantParams)> {
        match storage {
            Storage::Integers(spec) => self.nearest(floats, spec),
            Storage::Rounded { spec, constant, input } => {
                let moments = self.moments.get(input).ok_or_else(|| Error::internal("no moments"))?;
                by_gptq(floats, spec, *constant, moments, self.formula)
            }
            Storage::Hqq(_) => Err(Error::unsupported("real zero points, as parameters of integers")),
            Storage::Float16 => Err(Error::internal("integers of f16")),
        }
    }

    /// Weights in the nearest integers, kept, and what these mean.
    pub(super) fn integers(
        &mut self,
        floats: &Tensor,
        spec: &QuantizationSpec,
    ) -> Result<(Tensor, QuantParams)> {
        let (integers, params) = self.nearest(floats, spec)?;
        self.kept(integers, params)
    }

    fn nearest(&self, floats: &Tensor, spec: &QuantizationSpec) -> Result<(Tensor, QuantParams)> {
        let params = weight_params(floats, spec, self.formula)?;
        let integers = weight_integers(floats, &params, self.formula)?;
        floats.give_back();
        Ok((integers, params))
    }

    /// Integers and their parameters, which are many where weights lie in blocks.
    fn kept(&mut self, integers: Tensor, params: QuantParams) -> Result<(Tensor, QuantParams)> {
        let (scale, zero_point) = (self.elements(params.scale)?, self.elements(params.zero_point)?);
        Ok(((self.keep)(integers)?, QuantParams { scale, zero_point, ..params }))
    }

    fn elements<T: Element>(&mut self, elements: Buffer<T>) -> Result<Buffer<T>> {
        let tensor = Tensor::new(vec![elements.len()], T::into_data(elements))?;
        let kept = (self.keep)(tensor)?.into_data();
        T::take_data(kept).ok_or_else(|| Error::internal("kept elements of another type"))
    }
}

/// A matrix rounded by GPTQ, and what its integers mean.
fn by_gptq(
    floats: &Tensor,
    spec: &QuantizationSpec,
    constant: Constant,
    moments: &Moments,
    formula: Formula,
) -> Result<(Tensor, QuantParams)> {
    // The last axis is that of the outputs; where it is not, the matrix is turned.
    let is_turned = constant.axis == 0;
    let matrix = if is_turned { transposed(floats, &[1, 0])? } else { floats.clone() };
    floats.give_back();
    let &[n_inputs, n_outputs] = matrix.shape() else {
        return Err(Error::internal("weights that are not a matrix, rounded by GPTQ"));
    };
    let rounded = gptq::round(&matrix, spec, spec.block.unwrap_or(n_inputs), moments, formula)?;
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
    Ok((integers, params))
}

/// The real numbers of a constant.
pub(super) fn floats(graph: &Graph, id: ValueId) -> Result<Tensor> {
    graph.constant(id).cloned().ok_or_else(|| Error::internal("not constant").value(graph[id].name()))
}
