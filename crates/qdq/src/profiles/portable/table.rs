//! Functions of one number: a table over all integers of the input.

use super::functions;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, Prepared};
use crate::profiles::integers::{Affine, activation, constants, integers, output};
use crate::tensor::Tensor;

/// Binds a function of one number.
///
/// # Errors
/// An op that is none.
pub(super) fn prepare(node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let function = functions::of(node.op, &constants(node));
    let function = function.ok_or_else(|| {
        Error::unsupported(format!("`portable` defines no arithmetic for `{}`", node.op.name()))
    })?;
    let (input, output) = (activation(node, 0)?, output(node)?);
    let (first, last) = input.storage.integer_range().unwrap_or((0, -1));
    let table = (first..=last).map(|q| entry(q, &input, &output, &function)).collect();
    Ok(Box::new(Table { first, results: table, output }))
}

/// `round(f((q - z_x)·s_x) / s_y + z_y)`, limited.
fn entry(q: i32, input: &Affine, output: &Affine, function: &dyn Fn(f64) -> f64) -> i32 {
    let x = f64::from(q - input.zero_point) * f64::from(input.scale);
    let steps = (function(x) / f64::from(output.scale) + f64::from(output.zero_point) + 0.5).floor();
    steps.clamp(output.min.into(), output.max.into()) as i32
}

#[derive(Debug)]
struct Table {
    first: i32,
    results: Vec<i32>,
    output: Affine,
}

impl Prepared for Table {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let mut elements = integers(input)?;
        for element in &mut elements {
            *element = self.results[(*element - self.first) as usize];
        }
        Ok(vec![self.output.tensor(input.shape().to_vec(), &elements)?])
    }
}
