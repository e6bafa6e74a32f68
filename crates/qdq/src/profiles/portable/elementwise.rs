//! Sums, products and joins of tensors.

use super::multiplier::{Multiplier, Ratio};
use crate::error::Result;
use crate::exec::IntegerNode;
use crate::ops::{Args, Concat, Prepared, broadcast_sizes, output_count, resolve_axis, with_constants};
use crate::profiles::integers::{Affine, activation, constants, integers, output, stretched};
use crate::tensor::Tensor;

/// Binds an addition or subtraction.
///
/// # Errors
/// Scales too far from each other.
pub(super) fn prepare_sum(node: &IntegerNode<'_>, subtracts: bool) -> Result<Box<dyn Prepared>> {
    let (a, b, output) = (activation(node, 0)?, activation(node, 1)?, output(node)?);
    let ratios = [Ratio::new(&[a.scale], output.scale, 1)?, Ratio::new(&[b.scale], output.scale, 1)?];
    let larger = Multiplier::new(if a.scale >= b.scale { &ratios[0] } else { &ratios[1] })?;
    let [of_a, of_b] =
        ratios.map(|ratio| if larger.mantissa == 0 { 0 } else { ratio.scaled(larger.shift as i32) });
    let combine = Combine::Sum { of_a, of_b: if subtracts { -of_b } else { of_b }, rounding: larger };
    Ok(Box::new(Binary { a, b, output, combine, constants: constants(node) }))
}

/// Binds a multiplication.
///
/// # Errors
/// Scales too far from each other.
pub(super) fn prepare_mul(node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let (a, b, output) = (activation(node, 0)?, activation(node, 1)?, output(node)?);
    let combine = Combine::Product(Multiplier::of(&[a.scale, b.scale], output.scale)?);
    Ok(Box::new(Binary { a, b, output, combine, constants: constants(node) }))
}

#[derive(Clone, Copy, Debug)]
enum Combine {
    Sum { of_a: i64, of_b: i64, rounding: Multiplier },
    Product(Multiplier),
}

impl Combine {
    /// Steps of the output, from distances of the inputs from their zero points.
    #[inline]
    fn call(self, a: i64, b: i64) -> i64 {
        match self {
            Combine::Sum { of_a, of_b, rounding } => rounding.round(a * of_a + b * of_b),
            Combine::Product(multiplier) => multiplier.apply(a * b),
        }
    }
}

#[derive(Debug)]
struct Binary {
    a: Affine,
    b: Affine,
    output: Affine,
    combine: Combine,
    constants: Vec<Option<Tensor>>,
}

impl Prepared for Binary {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let (a, b) = (inputs.get(0)?, inputs.get(1)?);
        let shape = broadcast_sizes(&[a.shape(), b.shape()])?;
        output_count(&shape)?;
        let (a, b) = (stretched(a, &shape)?, stretched(b, &shape)?);
        let combined = a.iter().zip(&b).map(|(&a, &b)| {
            let (a, b) = (i64::from(a - self.a.zero_point), i64::from(b - self.b.zero_point));
            self.output.limit(self.combine.call(a, b))
        });
        let combined: Vec<i32> = combined.collect();
        Ok(vec![self.output.tensor(shape, &combined)?])
    }
}

/// Binds a join along an axis.
///
/// # Errors
/// Scales too far from each other.
pub(super) fn prepare_concat(concat: &Concat, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let output = output(node)?;
    let part = |position| {
        let input = activation(node, position)?;
        Ok((input, Multiplier::of(&[input.scale], output.scale)?))
    };
    let parts = (0..node.inputs.len()).map(part).collect::<Result<_>>()?;
    Ok(Box::new(Join { axis: concat.axis, parts, output, constants: constants(node) }))
}

#[derive(Debug)]
struct Join {
    axis: i64,
    parts: Vec<(Affine, Multiplier)>,
    output: Affine,
    constants: Vec<Option<Tensor>>,
}

impl Prepared for Join {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let first = inputs.get(0)?.shape().to_vec();
        let axis = resolve_axis(self.axis, first.len())?;
        let mut shape = first;
        shape[axis] = 0;
        let mut parts = Vec::with_capacity(self.parts.len());
        for (position, (params, multiplier)) in self.parts.iter().enumerate() {
            let tensor = inputs.get(position)?;
            let fits = tensor.shape().len() == shape.len()
                && (0..shape.len()).all(|other| other == axis || tensor.shape()[other] == shape[other]);
            if !fits {
                return Err(crate::error::Error::data(format!("{:?} joined with {shape:?}", tensor.shape())));
            }
            shape[axis] += tensor.shape()[axis];
            let requantize = |q: i32| {
                if params == &self.output {
                    q
                } else {
                    self.output.limit(multiplier.apply((q - params.zero_point).into()))
                }
            };
            let elements: Vec<i32> = integers(tensor)?.into_iter().map(requantize).collect();
            parts.push((elements, tensor.shape()[axis..].iter().product::<usize>()));
        }
        let n_outer: usize = shape[..axis].iter().product();
        let mut joined = Vec::with_capacity(output_count(&shape)?);
        for outer in 0..n_outer {
            for (elements, length) in &parts {
                joined.extend_from_slice(&elements[outer * length..][..*length]);
            }
        }
        Ok(vec![self.output.tensor(shape, &joined)?])
    }
}
