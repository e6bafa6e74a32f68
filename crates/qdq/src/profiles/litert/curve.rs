//! Sigmoid and tanh of 16 bits: kernels `LOGISTIC` and `TANH`.
//!
//! Where the input counts in steps that are a power of two and fit, the optimized kernels compute in fixed point as gemmlowp;
//! elsewhere, and in the reference kernels, straight lines join the numbers of a table.
//!
//! Source: `kernels/internal/reference/integer_ops/logistic.h` and `tanh.h`, `kernels/activations.cc`.

use super::Kernels;
use super::exponential::{logistic_16, tanh_16};
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, Prepared};
use crate::profiles::integers::{Affine, activation, integers, output};
use crate::tensor::{DType, Tensor};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    Sigmoid,
    Tanh,
}

/// Binds a function of one number of 16 bits.
///
/// # Errors
/// Parameters that the kernel does not take.
pub(super) fn prepare(curve: Curve, node: &IntegerNode<'_>, kernels: Kernels) -> Result<Box<dyn Prepared>> {
    let (input, output) = (activation(node, 0)?, output(node)?);
    if (output.storage, output.scale, output.zero_point) != (DType::I16, 1.0 / 32768.0, 0)
        || input.zero_point != 0
    {
        return Err(Error::unsupported(format!("a function of 16 bits into steps of {}", output.scale))
            .help("LiteRT's output has the scale 1/32768, and both zero points are 0"));
    }
    Ok(Box::new(PreparedCurve { curve, steps: Steps::new(curve, input.scale, kernels), output }))
}

#[derive(Debug)]
struct PreparedCurve {
    curve: Curve,
    steps: Steps,
    output: Affine,
}

impl Prepared for PreparedCurve {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.get(0)?;
        let results: Vec<i32> = integers(x)?.into_iter().map(|q| self.steps.apply(self.curve, q)).collect();
        Ok(vec![self.output.tensor(x.shape().to_vec(), &results)?])
    }
}

/// What brings the input to the steps of the function.
#[derive(Clone, Copy, Debug)]
enum Steps {
    /// A power of two, in which there are so many integer bits.
    FixedPoint { left_shift: u32 },
    /// To steps of the table: a multiplier, and a rounded shift to the right.
    Table { multiplier: i32, right_shift: u32 },
}

impl Steps {
    fn new(curve: Curve, scale: f32, kernels: Kernels) -> Self {
        let exponent = f64::from(scale).log2();
        let largest_shift = i32::from(curve == Curve::Tanh);
        if exponent.fract() == 0.0 && (0..=largest_shift).contains(&(exponent as i32 + POWER_OF_TWO_BITS)) {
            let left_shift = (exponent as i32 + POWER_OF_TWO_BITS) as u32;
            return match kernels {
                Kernels::Reference => Self::Table { multiplier: 3 << left_shift, right_shift: 0 },
                _ => Self::FixedPoint { left_shift },
            };
        }
        let mut multiplier = f64::from(scale) * f64::from(STEPS_OF_TABLE);
        let mut right_shift = 0;
        while multiplier <= 32767.0 / 2.0 && right_shift <= 30 {
            right_shift += 1;
            multiplier *= 2.0;
        }
        Self::Table { multiplier: multiplier as i32, right_shift }
    }

    fn apply(self, curve: Curve, q: i32) -> i32 {
        match (self, curve) {
            (Self::FixedPoint { .. }, Curve::Sigmoid) => logistic_16(q),
            (Self::FixedPoint { left_shift }, Curve::Tanh) => {
                let shifted = (q << left_shift).clamp(i16::MIN.into(), i16::MAX.into());
                tanh_16(shifted, INTEGER_BITS)
            }
            (Self::Table { multiplier, right_shift }, _) => {
                let half = if right_shift > 0 { 1 << (right_shift - 1) } else { 0 };
                let x = q.wrapping_mul(multiplier).wrapping_add(half) >> right_shift;
                if curve == Curve::Sigmoid { sigmoid_by_table(x) } else { tanh_by_table(x) }
            }
        }
    }
}

/// Integer bits of the input of the functions in fixed point.
const INTEGER_BITS: u32 = 3;
/// Bits behind the point of the same.
const POWER_OF_TWO_BITS: i32 = 12;
/// Steps of the input of [`sigmoid_by_table`] in 1.
const STEPS_OF_TABLE: f32 = 4096.0 * 3.0;

fn sigmoid_by_table(x: i32) -> i32 {
    let result = between_entries(x.unsigned_abs(), 9).unwrap_or(0x7fff << 10);
    let rounded = if x >= 0 { result + (1 << 9) } else { (1 << 25) - result + (1 << 9) - 1 };
    (rounded >> 10) as i32
}

/// `2 sigmoid(2 x) - 1`
fn tanh_by_table(x: i32) -> i32 {
    let result = between_entries(x.unsigned_abs(), 8).map_or(0xffff << 8, |result| result as i32);
    let rounded = if x >= 0 { result - (1 << 23) + (1 << 7) } else { -result + (1 << 23) + (1 << 7) - 1 };
    rounded >> 8
}

/// The number on the line between two entries, `2^bits` steps apart, times that; `None` beyond the last.
fn between_entries(x: u32, bits: u32) -> Option<u32> {
    let below = (x >> bits) as usize;
    let [low, high] = [*TABLE.get(below)?, *TABLE.get(below + 1)?].map(u32::from);
    Some((low << bits) + (x & ((1 << bits) - 1)) * (high - low))
}

/// About `65536 sigmoid(i / 24)`, as the interpreter's `TANH` in steps of 1/3072 gives it at multiples of 64, from 32768 up.
#[rustfmt::skip]
const TABLE: [u16; 256] = [
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432, 42064, 42688,
    43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475, 49975, 50464, 50942, 51409,
    51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433,
    57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110,
    61279, 61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186,
    63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308,
    64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
    64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208,
    65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360, 65367,
    65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433, 65438, 65442, 65445, 65449,
    65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491,
    65493, 65495, 65497, 65498, 65500, 65501, 65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513,
    65514, 65515, 65516, 65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
    65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
    65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533, 65533, 65533,
    65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535,
];
