//! `MatMulNBits` and `GatherBlockQuantized`, of `com.microsoft`.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NodeWriter, WriteResult};
use super::qoperator::MICROSOFT;
use crate::error::{Error, Result};
use crate::ops::{Add, GatherBlockQuantized, MatMulNBits};
use crate::tensor::DType;

/// Position of the bias, which is added after the product.
const BIAS: usize = 5;

pub(super) fn read_mat_mul_n_bits(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let size = |name: &str| r.count(name)?.ok_or_else(|| Error::malformed("it is missing").attribute(name));
    let op = MatMulNBits {
        inputs: size("K")?,
        outputs: size("N")?,
        bits: r.count("bits")?.unwrap_or(4),
        block_size: size("block_size")?,
        accuracy_level: r.int("accuracy_level", 0)?,
    };
    let mut inputs = r.inputs();
    let bias = if inputs.len() > BIAS { inputs.swap_remove(BIAS) } else { None };
    while inputs.last() == Some(&None) {
        inputs.pop();
    }
    let Some(bias) = bias else { return r.push_with(op, inputs) };
    let product = r.emit_with("product", op, inputs);
    r.push_with(Add {}, vec![Some(product), Some(bias)])
}

pub(super) fn write_mat_mul_n_bits(op: &MatMulNBits, w: &mut NodeWriter<'_, '_>) {
    let node = w
        .start("MatMulNBits")
        .of_domain(MICROSOFT)
        .int("K", op.inputs as i64)
        .int("N", op.outputs as i64)
        .int("bits", op.bits as i64)
        .int("block_size", op.block_size as i64)
        .int_unless("accuracy_level", op.accuracy_level, 0);
    w.finish_foreign(node);
}

pub(super) fn read_gather_block_quantized(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = GatherBlockQuantized {
        gather_axis: r.int("gather_axis", 0)?,
        quantize_axis: r.int("quantize_axis", 1)?,
        block_size: r.count("block_size")?.unwrap_or(128),
        bits: r.count("bits")?.unwrap_or(4),
    };
    r.push(op)
}

pub(super) fn write_gather_block_quantized(
    op: &GatherBlockQuantized,
    w: &mut NodeWriter<'_, '_>,
) -> WriteResult {
    if w.dtype(0) != Some(DType::U8) {
        // The first version whose files hold integers of 4 bits.
        w.require(21)?;
    }
    let node = w
        .start("GatherBlockQuantized")
        .of_domain(MICROSOFT)
        .int_unless("gather_axis", op.gather_axis, 0)
        .int_unless("quantize_axis", op.quantize_axis, 1)
        .int_unless("block_size", op.block_size as i64, 128)
        .int_unless("bits", op.bits as i64, 4);
    w.finish_foreign(node);
    Ok(())
}
