//! `MatMulNBits`, of `com.microsoft`.

use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use super::qoperator::MICROSOFT;
use crate::error::{Error, Result};
use crate::ops::{Add, MatMulNBits};

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
