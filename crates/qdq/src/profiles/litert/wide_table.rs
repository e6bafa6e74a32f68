//! The logistic function and the hyperbolic tangent of 16-bit integers: kernels `LOGISTIC` and `TANH`.
//!
//! Inputs are brought to steps of 1/12288, so that a table of the logistic function at multiples of 1/24 serves both,
//! since tanh(x) = 2·logistic(2x) − 1. Between its entries lie straight lines.
//! Source: `reference_integer_ops::Logistic` and `Tanh`, and the kernels' `Prepare`.

use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, Prepared};
use crate::profiles::integers::{Affine, activation, integers, output};
use crate::tensor::{DType, Tensor};

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Logistic,
    Tanh,
}

/// Binds a function of 16-bit integers with zero point 0; the output counts in steps of 1/32768.
pub(super) fn prepare(node: &IntegerNode<'_>, function: Function) -> Result<Box<dyn Prepared>> {
    let (input, output) = (activation(node, 0)?, output(node)?);
    if (input.storage, output.storage) != (DType::I16, DType::I16)
        || (input.zero_point, output.zero_point, output.scale) != (0, 0, 1.0 / 32768.0)
    {
        return Err(Error::unsupported("a table of 16 bits into other integers")
            .help("LiteRT's output has the scale 1/32768 and the zero point 0"));
    }
    let (multiplier, shift) = to_steps(input.scale);
    Ok(Box::new(WideTable { function, table: logistic(), multiplier, shift, output }))
}

/// Multiplier and shift to the right that bring steps of the input to steps of 1/12288.
fn to_steps(scale: f32) -> (i32, u32) {
    let exponent = scale.log2().round();
    if scale == exponent.exp2() && exponent == -12.0 {
        return (3, 0);
    }
    let (mut multiplier, mut shift) = (f64::from(scale) * 4096.0 * 3.0, 0);
    while multiplier <= 32767.0 / 2.0 && shift <= 30 {
        (multiplier, shift) = (multiplier * 2.0, shift + 1);
    }
    (multiplier as i32, shift)
}

/// The logistic function at 0, 1/24, 2/24, … in steps of 1/65536.
fn logistic() -> Vec<i32> {
    let entry = |i: i32| (65536.0 / (1.0 + (-f64::from(i) / 24.0).exp())).round().min(65535.0);
    (0..256).map(|i| entry(i) as i32).collect()
}

#[derive(Debug)]
struct WideTable {
    function: Function,
    table: Vec<i32>,
    multiplier: i32,
    shift: u32,
    output: Affine,
}

impl WideTable {
    fn of(&self, q: i32) -> i32 {
        let half = if self.shift > 0 { 1 << (self.shift - 1) } else { 0 };
        let x = q.wrapping_mul(self.multiplier).wrapping_add(half) >> self.shift;
        match self.function {
            Function::Logistic => {
                let result = self.between(x, 9).unwrap_or(0x7fff << 10);
                let result = if x >= 0 { result + (1 << 9) } else { (1 << 25) - result + (1 << 9) - 1 };
                result >> 10
            }
            Function::Tanh => {
                let result = self.between(x, 8).unwrap_or(0xffff << 8);
                let result =
                    if x >= 0 { result - (1 << 23) + (1 << 7) } else { (1 << 23) - result + (1 << 7) - 1 };
                result >> 8
            }
        }
    }

    /// The table's value at `|x| / 2^bits`, in steps finer by as much; `None` beyond its end.
    fn between(&self, x: i32, bits: u32) -> Option<i32> {
        let (whole, part) = (x.unsigned_abs() >> bits, (x.unsigned_abs() & ((1 << bits) - 1)) as i32);
        let index = usize::try_from(whole).ok().filter(|index| *index < 255)?;
        let (a, b) = (self.table[index], self.table[index + 1]);
        Some((a << bits) + part * (b - a))
    }
}

impl Prepared for WideTable {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let found: Vec<i32> = integers(input)?.into_iter().map(|q| self.of(q)).collect();
        Ok(vec![self.output.tensor(input.shape().to_vec(), &found)?])
    }
}
