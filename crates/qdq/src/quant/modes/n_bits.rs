//! Matrices as onnxruntime's `MatMulNBits` takes them, integers of few bits in blocks along the inputs, packed, and tables as
//! its `GatherBlockQuantized` does.

use super::hqq;
use super::store::{Storage, Store, floats};
use super::weights::Constant;
use super::{MatrixForm, Rewritten};
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, ValueId};
use crate::ops::{Add, GatherBlockQuantized, MatMulNBits, Op, transposed};
use crate::quant::parameters::integer_tensor;
use crate::spec::QuantizationSpec;
use crate::tensor::{DType, Data, QuantParams, Tensor, few_bits};

/// The smallest block that onnxruntime's kernels take; larger ones are powers of two.
const LEAST_BLOCK: usize = 16;

/// Whether a node whose matrix is quantized so can become the operator.
///
/// # Errors
/// Blocks that the operator does not have.
pub(super) fn fits(
    node: &Node,
    constant: Constant,
    spec: &QuantizationSpec,
    form: MatrixForm,
) -> Result<bool> {
    let MatrixForm::NBits { .. } = form else { return Ok(false) };
    let is_product = match &node.op {
        Op::Gemm(op) => !op.trans_a && op.alpha == 1.0 && op.beta == 1.0,
        _ => true,
    };
    let Some(size) = spec.block.filter(|_| is_product && spec.axis == constant.summed) else {
        return Ok(false);
    };
    check_block(size)?;
    Ok(matches!(spec.storage, DType::I4 | DType::U4 | DType::I8 | DType::U8))
}

fn check_block(size: usize) -> Result<()> {
    if size >= LEAST_BLOCK && size.is_power_of_two() {
        return Ok(());
    }
    Err(Error::usage(format!("blocks of {size} weights"))
        .help("onnxruntime's kernels take powers of two from 16 on"))
}

/// A matrix in integers without sign, all in the order of `[outputs, inputs]`.
pub(super) struct Matrix {
    pub(super) integers: Vec<u8>,
    /// Of each block of each output.
    pub(super) scale: Vec<f32>,
    pub(super) zero_point: ZeroPoints,
}

/// Zero points of blocks.
pub(super) enum ZeroPoints {
    Integers(Vec<u8>),
    Real(Vec<f32>),
}

/// Puts the operator in the place of a matrix product with the constant `constant`.
pub(super) fn product(
    graph: &mut Graph,
    out: &mut Rewritten,
    node: &Node,
    (constant, storage): (Constant, &Storage),
    form: MatrixForm,
    store: &mut Store<'_>,
) -> Result<()> {
    let (Some(x), Some(id), Some(y)) = (node.input(0), node.input(constant.input), node.output(0)) else {
        return Err(Error::internal("a product without operands"));
    };
    let MatrixForm::NBits { accuracy_level } = form else { return Err(Error::internal("another form")) };
    let name = graph[id].name().to_owned();
    let weights = floats(graph, id)?;
    let &[rows, columns] = weights.shape() else { return Err(Error::internal("weights that are no matrix")) };
    let (inputs, outputs) = if constant.axis == 1 { (rows, columns) } else { (columns, rows) };
    let spec = storage.spec().ok_or_else(|| Error::internal("a matrix in floats"))?;
    let bits = spec.storage.bits().ok_or_else(|| Error::internal("a matrix of texts"))?;
    let block_size = spec.block.ok_or_else(|| Error::internal("a matrix without blocks"))?;
    let op = MatMulNBits { inputs, outputs, bits, block_size, accuracy_level };
    let matrix = if let Storage::Hqq(_) = storage {
        let by_output = if constant.axis == 1 { transposed(&weights, &[1, 0])? } else { weights.clone() };
        weights.give_back();
        hqq::round(&by_output, block_size, bits).map_err(|error| error.value(&name))?
    } else {
        let (integers, params) = store.rounded(&weights, storage).map_err(|error| error.value(&name))?;
        by_output(&integers, &params, &op, constant)?
    };
    let inputs = [Some(x)].into_iter().chain(constants(graph, &name, &op, matrix, store)?);
    let bias = node.input(2);
    let product = match bias {
        Some(_) => graph.add_value(&format!("{}_product", graph[y].name()), None),
        None => y,
    };
    out.nodes.push(Node {
        inputs: inputs.collect(),
        scope: node.scope.clone(),
        ..Node::new(op, &[], &[product])
    });
    if let Some(bias) = bias {
        out.nodes.push(Node { scope: node.scope.clone(), ..Node::new(Add {}, &[product, bias], &[y]) });
    }
    Ok(())
}

/// The axis of a table that its rows lie along.
pub(super) const ROW_AXIS: usize = 1;

/// The size of the blocks of a table in 4 bits; `None` if it is stored otherwise.
pub(super) fn lookup_block(storage: &Storage) -> Option<usize> {
    let spec = storage.spec().filter(|spec| matches!(spec.storage, DType::I4 | DType::U4))?;
    spec.block
}

/// Puts the lookup in a table in blocks in the place of a gather of rows.
pub(super) fn lookup(
    graph: &mut Graph,
    out: &mut Rewritten,
    node: &Node,
    storage: &Storage,
    block_size: usize,
    store: &mut Store<'_>,
) -> Result<()> {
    let (Some(id), Some(indices), Some(rows)) = (node.input(0), node.input(1), node.output(0)) else {
        return Err(Error::internal("a gather without a table"));
    };
    check_block(block_size)?;
    let name = graph[id].name().to_owned();
    let (integers, params) =
        store.rounded(&floats(graph, id)?, storage).map_err(|error| error.value(&name))?;
    let shape = vec![integers.shape()[0], params.scale.len() / integers.shape()[0].max(1)];
    let scale = Tensor::new(shape.clone(), Data::F32(params.scale))?;
    let zero_point = integer_tensor(&shape, params.storage, params.zero_point.iter().copied())?;
    let parts = [("", integers), ("_scale", scale), ("_zero_point", zero_point)];
    let mut ids = Vec::new();
    for (suffix, part) in parts {
        let part = (store.keep)(part)?;
        ids.push(graph.add_constant(&format!("{name}{suffix}"), part));
    }
    let op = GatherBlockQuantized { block_size, ..GatherBlockQuantized::default() };
    let inputs = [ids[0], indices, ids[1], ids[2]];
    out.nodes.push(Node { scope: node.scope.clone(), ..Node::new(op, &inputs, &[rows]) });
    Ok(())
}

/// Integers `[inputs, outputs]`, or `[outputs, inputs]` where the constant's axis is 0, in the operator's order.
fn by_output(
    integers: &Tensor,
    params: &QuantParams,
    op: &MatMulNBits,
    constant: Constant,
) -> Result<Matrix> {
    let unsigned: Vec<u8> = match integers.data() {
        Data::U4(integers) | Data::U8(integers) => integers.to_vec(),
        Data::I4(integers) => integers.iter().map(|&integer| (integer + 8) as u8).collect(),
        Data::I8(integers) => integers.iter().map(|&integer| (i16::from(integer) + 128) as u8).collect(),
        _ => return Err(Error::internal("integers of another type")),
    };
    let shift = params.storage.integer_range().map_or(0, |(min, _)| -min);
    let zero_point: Vec<u8> = params.zero_point.iter().map(|zero| (zero + shift) as u8).collect();
    let n_blocks = op.n_blocks();
    Ok(if constant.axis == 1 {
        Matrix {
            integers: turned(&unsigned, op.inputs, op.outputs),
            scale: turned(&params.scale, n_blocks, op.outputs),
            zero_point: ZeroPoints::Integers(turned(&zero_point, n_blocks, op.outputs)),
        }
    } else {
        Matrix {
            integers: unsigned,
            scale: params.scale.to_vec(),
            zero_point: ZeroPoints::Integers(zero_point),
        }
    })
}

/// A matrix `[rows, columns]` transposed.
fn turned<T: Copy>(elements: &[T], rows: usize, columns: usize) -> Vec<T> {
    (0..rows * columns).map(|at| elements[at % rows * columns + at / rows]).collect()
}

/// The operator's constants: integers, scales and, where they are not in the middle, zero points.
fn constants(
    graph: &mut Graph,
    name: &str,
    op: &MatMulNBits,
    matrix: Matrix,
    store: &mut Store<'_>,
) -> Result<Vec<Option<ValueId>>> {
    let n_blocks = op.n_blocks();
    let mut bytes = Vec::with_capacity(op.outputs * n_blocks * op.block_size * op.bits / 8);
    for of_output in matrix.integers.chunks(op.inputs.max(1)) {
        for block in of_output.chunks(op.block_size) {
            let mut whole = block.to_vec();
            whole.resize(op.block_size, 0);
            bytes.extend(few_bits::pack(&whole, op.bits));
        }
    }
    let shape = vec![op.outputs, n_blocks, op.block_size * op.bits / 8];
    let integers = (store.keep)(Tensor::from_vec(shape, bytes)?)?;
    let mut ids = vec![graph.add_constant(name, integers)];
    let scales = (store.keep)(Tensor::vector(matrix.scale))?;
    ids.push(graph.add_constant(&format!("{name}_scale"), scales));
    let middle = 1u8 << (op.bits - 1);
    let zero_points = match matrix.zero_point {
        ZeroPoints::Real(zero_points) => Some(Tensor::vector(zero_points)),
        ZeroPoints::Integers(zero_points) if zero_points.iter().all(|&zero_point| zero_point == middle) => {
            None
        }
        ZeroPoints::Integers(zero_points) => {
            let of_outputs = zero_points.chunks(n_blocks.max(1));
            Some(Tensor::vector(
                of_outputs.flat_map(|of_output| few_bits::pack(of_output, op.bits)).collect::<Vec<u8>>(),
            ))
        }
    };
    if let Some(zero_points) = zero_points {
        let zero_points = (store.keep)(zero_points)?;
        ids.push(graph.add_constant(&format!("{name}_zero_point"), zero_points));
    }
    Ok(ids.into_iter().map(Some).collect())
}
