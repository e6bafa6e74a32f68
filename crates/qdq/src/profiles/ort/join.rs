//! Joining and choosing: kernels `QLinearConcat` and `QLinearWhere`. Each input goes through a table that quantizes it
//! anew, then the op moves bytes.

use super::node::{self, bits, check_one_storage, constants, from_bits};
use super::table::table;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, EvalContext, Op, Prepared, with_constants};
use crate::tensor::{DType, Tensor};

/// Binds a concatenation.
pub(super) fn prepare_concat(node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    prepare(node, 0)
}

/// Binds a choice by a condition, input 0.
pub(super) fn prepare_where(node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    prepare(node, 1)
}

fn prepare(node: &IntegerNode<'_>, first: usize) -> Result<Box<dyn Prepared>> {
    let output = node::output(node)?;
    let mut tables = vec![None; first];
    for position in first..node.inputs.len() {
        let input = node::input(node, position)?;
        check_one_storage(&[output, input])?;
        tables.push((input != output).then(|| table(input, output, |x| x)));
    }
    Ok(Box::new(PreparedJoin {
        op: node.op.clone(),
        storage: output.storage,
        tables,
        constants: constants(node),
    }))
}

#[derive(Debug)]
struct PreparedJoin {
    op: Op,
    storage: DType,
    /// For each input; `None` where it stays as it is.
    tables: Vec<Option<Vec<u8>>>,
    constants: Vec<Option<Tensor>>,
}

impl Prepared for PreparedJoin {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let mut inputs = with_constants(inputs, &self.constants);
        if inputs.len() != self.tables.len() {
            return Err(Error::internal(format!("{} inputs of {}", inputs.len(), self.tables.len())));
        }
        for (input, table) in inputs.0.iter_mut().zip(&self.tables) {
            if let (Some(tensor), Some(table)) = (&input, table) {
                let output = bits(tensor)?.iter().map(|&byte| table[usize::from(byte)]).collect();
                *input = Some(from_bits(self.storage, tensor.shape().to_vec(), output)?);
            }
        }
        self.op.def().eval(EvalContext { n_outputs: 1 }, inputs)
    }
}
