//! Functions of one number: tables over all integers of the input.

use super::Kernels;
use super::curve::{self, Curve};
use super::sums::fixed_point;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::quantize::FixedPoint;
use crate::ops::{Approximate, Args, Op, Prepared, erf};
use crate::profiles::integers::{Affine, activation, integers, output};
use crate::tensor::{DType, Tensor};

/// Binds a function of one number.
///
/// # Errors
/// An op that is none; parameters that the kernel does not give.
pub(super) fn prepare(node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    let (input, output) = (activation(node, 0)?, output(node)?);
    match (node.op, input.storage) {
        (Op::Sigmoid(_), DType::I16) => return curve::prepare(Curve::Sigmoid, node, kernels),
        (Op::Tanh(_), DType::I16) => return curve::prepare(Curve::Tanh, node, kernels),
        _ => {}
    }
    if (input.storage, output.storage) != (DType::I8, DType::I8) {
        return Err(Error::unsupported(format!("`{}` of {}", node.op.name(), input.storage)));
    }
    let fixed = |scale: f32, zero_point: i32| {
        if (output.scale, output.zero_point) == (scale, zero_point) {
            return Ok(());
        }
        Err(Error::unsupported(format!("`{}` into steps of {}", node.op.name(), output.scale))
            .help(format!("LiteRT's output has the scale {scale} and the zero point {zero_point}")))
    };
    let results = match node.op {
        Op::Sigmoid(_) => {
            fixed(1.0 / 256.0, -128)?;
            of_function(&input, &output, |x| 1.0 / (1.0 + (-x).exp()))
        }
        Op::Tanh(_) => {
            fixed(1.0 / 128.0, 0)?;
            of_function(&input, &output, f32::tanh)
        }
        Op::Elu(elu) if elu.alpha == 1.0 && kernels != Kernels::Reference => {
            of_function(&input, &output, |x| if x < 0.0 { x.exp_m1() } else { x })
        }
        Op::Gelu(gelu) => of_function(&input, &output, |x| gelu_in_f32(x, gelu.approximate)),
        Op::Exp(_) => of_function(&input, &output, f32::exp),
        Op::LeakyRelu(relu) => leaky_relu(&input, &output, relu.alpha, kernels)?,
        Op::HardSwish(_) => hard_swish(&input, &output)?,
        op => {
            return Err(Error::unsupported(format!("no arithmetic is known for `{}` in LiteRT", op.name()))
                .help(format!("these ops are: {}", super::claims::names())));
        }
    };
    Ok(Box::new(Table { results, output }))
}

/// All integers of 8 bits.
fn every() -> impl Iterator<Item = i32> {
    -128..=127
}

/// `round(f((q - z_x)·s_x) · (1 / s_y)) + z_y`, in f32, half away from zero. Source: `LUTPopulate`.
fn of_function(input: &Affine, output: &Affine, function: impl Fn(f32) -> f32) -> Vec<i32> {
    let inverse = 1.0 / output.scale;
    let entry = |q: i32| {
        let x = input.scale * (q - input.zero_point) as f32;
        ((function(x) * inverse).round() + output.zero_point as f32) as i32
    };
    every().map(|q| entry(q).clamp(output.min, output.max)).collect()
}

/// Source: `GeluTransform` and `GeluTransformApproximate` in `kernels/internal/reference/gelu.h`.
fn gelu_in_f32(x: f32, approximate: Approximate) -> f32 {
    use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};
    match approximate {
        Approximate::None => 0.5 * x * (1.0 + erf((x * FRAC_1_SQRT_2).into()) as f32),
        Approximate::Tanh => {
            0.5 * x * (1.0 + (FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * (x + 0.044_715 * x * x * x)).tanh())
        }
    }
}

/// Source: `QuantizeLeakyRelu`; XNNPACK `xnn_init_qs8_lrelu_scalar_params`.
fn leaky_relu(input: &Affine, output: &Affine, alpha: f32, kernels: Kernels) -> Result<Vec<i32>> {
    let ratio = input.scale / output.scale;
    let slope = ratio * alpha;
    let is_delegated = (2f32.powi(-8)..=128.0).contains(&ratio)
        && (-127.997_97..=128.0).contains(&slope)
        && slope.abs() >= 2f32.powi(-8);
    if kernels == Kernels::Xnnpack && is_delegated {
        let [up, down] = [ratio, slope].map(|factor| (256.0 * factor).round_ties_even() as i64);
        let entry = |steps: i64| (steps * if steps >= 0 { up } else { down } + 128) >> 8;
        return Ok(every().map(|q| output.limit(entry((q - input.zero_point).into()))).collect());
    }
    let ratio = f64::from(input.scale) / f64::from(output.scale);
    let up = fixed_point(ratio)?;
    let down = fixed_point((f64::from(input.scale) * f64::from(alpha) / f64::from(output.scale)).abs())?;
    let entry = |steps: i32| match steps {
        0.. => up.multiply_rounding_twice(steps),
        _ if alpha < 0.0 => -down.multiply_rounding_twice(steps),
        _ => down.multiply_rounding_twice(steps),
    };
    Ok(every().map(|q| output.limit(entry(q - input.zero_point).into())).collect())
}

/// In 16 bits. Source: `reference_ops::HardSwish` and `HardSwishPrepare`.
fn hard_swish(input: &Affine, output: &Affine) -> Result<Vec<i32>> {
    let fine = input.scale / 128.0;
    let narrow = |factor: f32| -> Result<(i32, i32)> {
        let FixedPoint { multiplier, shift } = fixed_point(factor.into())?;
        Ok(((multiplier.saturating_add(1 << 15) >> 16).min(32767), shift))
    };
    let (of_output, output_shift) = narrow(fine / output.scale)?;
    let (of_relu, relu_shift) = narrow(fine / (3.0 / 32768.0))?;
    if output_shift > 0 {
        return Err(Error::unsupported("a hard swish whose output has much smaller steps than its input"));
    }
    let high = |a: i32, b: i32| (a * b + (1 << 14)) >> 15;
    let limit = |x: i64| x.clamp(-32768, 32767) as i32;
    let divide = |x: i32, by: u32| crate::kernels::quantize::rounding_divide_by_power_of_two(x, by);
    let entry = |q: i32| {
        let hires = (q - input.zero_point) * 128;
        let mut relu = hires;
        if relu_shift > 0 {
            relu = limit(i64::from(relu) << (relu_shift - 1));
        }
        relu = high(relu, of_relu);
        if relu_shift > 0 {
            relu = limit(i64::from(relu) << 1);
        } else {
            relu = divide(relu, relu_shift.unsigned_abs().min(31));
        }
        let weight = (relu + (1 << 15)) >> 1;
        let product = weight * high(hires, of_output) / (1 << 15);
        output.limit(divide(product, output_shift.unsigned_abs().min(31)).into())
    };
    Ok(every().map(entry).collect())
}

#[derive(Debug)]
struct Table {
    results: Vec<i32>,
    output: Affine,
}

impl Prepared for Table {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let found: Vec<i32> =
            integers(input)?.into_iter().map(|q| self.results[(q + 128) as usize]).collect();
        Ok(vec![self.output.tensor(input.shape().to_vec(), &found)?])
    }
}

/// A function of 16-bit integers: 512 pieces of straight lines, each moved by half of its error in the middle.
///
/// Source: `LUTPopulateInt16` and `LUTLookup` in `LiteRT`'s `kernels/internal/common.h`.
#[derive(Debug)]
pub(super) struct Wide(Vec<i32>);

impl Wide {
    /// Of a function of the numbers that input integers of this scale and zero point mean.
    pub(super) fn new(input: (f64, i32), output_scale: f64, function: impl Fn(f64) -> f64) -> Self {
        const N_PIECES: i32 = 512;
        let real = |q: i32| input.0 * f64::from(q - input.1);
        let (first, last) = (real(-32768), real(32767));
        let (low, high) = (output_scale * -32768.0, output_scale * 32767.0);
        let step = (last - first) / f64::from(N_PIECES);
        let inverse = 65536.0 / (high - low);
        let entry = |i: i32| {
            let at = |x: f64| function(x) * inverse;
            let begin = first + f64::from(i) * step;
            let sample = at(begin).round();
            let interpolated = f64::midpoint(at(first + f64::from(i + 1) * step), sample).round();
            let error = interpolated - at(begin + step / 2.0).round();
            sample - (error / 2.0).round()
        };
        let limit = |x: f64| x.clamp(-32768.0, 32767.0) as i32;
        let mut entries: Vec<i32> = (0..N_PIECES).map(|i| limit(entry(i))).collect();
        entries.push(limit((function(last) * inverse).round()));
        Self(entries)
    }

    /// The function's integer for an integer of 16 bits.
    pub(super) fn look_up(&self, q: i32) -> i32 {
        let index = (256 + (q >> 7)) as usize;
        let (base, slope) = (self.0[index], self.0[index + 1] - self.0[index]);
        base + ((slope * (q & 0x7f) + 64) >> 7)
    }
}
