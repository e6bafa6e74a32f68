//! Softmax: kernel `SOFTMAX`, in fixed point, with a table of f32, or with tables of 16 bits.

use super::Kernels;
use super::exponential::{exponential_of_negative, reciprocal};
use super::sums::fixed_point;
use super::table::Wide;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::kernels::quantize::{
    FixedPoint, rounding_divide_by_power_of_two, saturating_rounding_doubling_high_mul,
};
use crate::ops::{Args, Prepared, Softmax, resolve_axis};
use crate::profiles::integers::{Affine, activation, integers, output};
use crate::tensor::{DType, Tensor};

/// Binds a softmax along an axis.
///
/// # Errors
/// Other output parameters than the kernel gives.
pub(super) fn prepare(
    softmax: &Softmax,
    node: &IntegerNode<'_>,
    kernels: Kernels,
) -> Result<Box<dyn Prepared>> {
    let (input, output) = (activation(node, 0)?, output(node)?);
    let fixed = if output.storage == DType::I16 { (1.0 / 32768.0, 0) } else { (1.0 / 256.0, -128) };
    if (output.scale, output.zero_point) != fixed || input.storage != output.storage {
        return Err(Error::unsupported(format!("a softmax into steps of {}", output.scale))
            .help(format!("LiteRT's output has the scale {} and the zero point {}", fixed.0, fixed.1)));
    }
    let way = match (output.storage, kernels) {
        (DType::I16, _) => Way::wide(&input)?,
        (_, Kernels::Reference) => Way::fixed(&input)?,
        _ => Way::Floats((0..256).map(|distance| (-input.scale * distance as f32).exp()).collect()),
    };
    Ok(Box::new(PreparedSoftmax { axis: softmax.axis, output, way }))
}

/// How a lane is computed.
#[derive(Debug)]
enum Way {
    /// gemmlowp's fixed point, with 5 integer bits for distances from the largest.
    ///
    /// Source: `reference_ops::Softmax`.
    Fixed { factor: FixedPoint, least: i32 },
    /// Exponentials of all distances in f32, added in order. Source: `optimized_ops::Softmax`.
    Floats(Vec<f32>),
    /// Tables of 513 entries. Source: `reference_ops::SoftmaxInt16`.
    Wide { factor: FixedPoint, exponential: Wide, reciprocal: Wide },
}

impl Way {
    fn fixed(input: &Affine) -> Result<Self> {
        let largest = f64::from(i32::MAX);
        let factor = fixed_point((f64::from(input.scale) * f64::from(1 << 26)).min(largest))?;
        if factor.shift < 0 {
            return Err(Error::unsupported(format!("a softmax of steps of {}", input.scale))
                .help("LiteRT's reference kernel needs input scales of at least 2^-26"));
        }
        let radius = 31.0 * f64::from(1 << 26) / 2f64.powi(factor.shift);
        Ok(Way::Fixed { factor, least: -(radius.floor() as i32) })
    }

    fn wide(input: &Affine) -> Result<Self> {
        let (tenth, unit) = (10.0 / 65535.0f64, 1.0 / 65535.0f64);
        Ok(Way::Wide {
            factor: fixed_point(f64::from(input.scale) / (10.0 / 65535.0))?,
            exponential: Wide::new((tenth, 32767), 2.0 / 65535.0, f64::exp),
            reciprocal: Wide::new((unit, -32768), 2.0 / 65535.0, |x| 1.0 / (1.0 + x)),
        })
    }

    /// Steps of the output above the smallest integer (or, of 16 bits, above 0).
    fn lane(&self, lane: &[i32]) -> Result<Vec<i64>> {
        let largest = lane.iter().copied().max().unwrap_or(0);
        match self {
            Way::Fixed { factor, least } => fixed_lane(lane, largest, *factor, *least),
            Way::Floats(table) => {
                let power = |q: &i32| table[(largest - q) as usize];
                let sum = lane.iter().map(power).fold(0.0f32, |sum, power| sum + power);
                let inverse = 1.0 / (sum * (1.0 / 256.0));
                Ok(lane.iter().map(|q| (power(q) * inverse).round_ties_even() as i64).collect())
            }
            Way::Wide { factor, exponential, reciprocal } => {
                Ok(wide_lane(lane, largest, *factor, exponential, reciprocal))
            }
        }
    }
}

fn fixed_lane(lane: &[i32], largest: i32, factor: FixedPoint, least: i32) -> Result<Vec<i64>> {
    let power = |q: &i32| {
        let distance = q - largest;
        (distance >= least).then(|| {
            let shifted = distance.wrapping_shl(factor.shift as u32);
            exponential_of_negative::<32>(
                saturating_rounding_doubling_high_mul(shifted, factor.multiplier),
                5,
            )
        })
    };
    let powers: Vec<Option<i32>> = lane.iter().map(power).collect();
    let sum = powers
        .iter()
        .flatten()
        .fold(0i32, |sum, &power| sum.wrapping_add(rounding_divide_by_power_of_two(power, 12)));
    let (scale, bits) = reciprocal(sum);
    let shift = bits + 31 - 8;
    if sum <= 0 || !(0..=31).contains(&shift) {
        return Err(Error::data(
            "a softmax over so many nearly equal numbers that LiteRT's reference kernel aborts",
        ));
    }
    let finish = |power: Option<i32>| match power {
        Some(power) => {
            let product = saturating_rounding_doubling_high_mul(scale, power);
            i64::from(rounding_divide_by_power_of_two(product, shift as u32))
        }
        None => 0,
    };
    Ok(powers.into_iter().map(finish).collect())
}

fn wide_lane(
    lane: &[i32],
    largest: i32,
    factor: FixedPoint,
    exponential: &Wide,
    reciprocal: &Wide,
) -> Vec<i64> {
    let power = |q: &i32| {
        let scaled = factor.multiply_rounding_twice(q - largest);
        exponential.look_up((scaled.saturating_add(32767)).clamp(-32768, 32767))
    };
    let powers: Vec<i64> = lane.iter().map(|q| i64::from(power(q))).collect();
    let sum: i64 = powers.iter().sum();
    let headroom = (sum as u32).leading_zeros();
    let shifted = ((sum << (headroom.max(1) - 1)) + (1 << 13)) >> 14;
    let centred = (shifted - (1 << 15) - (1 << 16)).clamp(-32768, 32767) as i32;
    let scale = i64::from(reciprocal.look_up(centred));
    let shift = 31 - headroom.min(30);
    powers.iter().map(|power| ((power * scale + (1 << (shift - 1))) >> shift).clamp(0, 32767)).collect()
}

#[derive(Debug)]
struct PreparedSoftmax {
    axis: i64,
    output: Affine,
    way: Way,
}

impl Prepared for PreparedSoftmax {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let shape = input.shape().to_vec();
        let axis = resolve_axis(self.axis, shape.len())?;
        let (size, inner): (usize, usize) = (shape[axis], shape[axis + 1..].iter().product());
        let mut elements = integers(input)?;
        for slab in elements.chunks_mut((size * inner).max(1)) {
            for first in 0..inner {
                let lane: Vec<i32> = slab[first..].iter().step_by(inner).copied().collect();
                for (i, steps) in self.way.lane(&lane)?.into_iter().enumerate() {
                    slab[first + i * inner] = self.output.limit(steps);
                }
            }
        }
        Ok(vec![self.output.tensor(shape, &elements)?])
    }
}
