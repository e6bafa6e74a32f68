//! What becomes of a 32-bit sum: the arithmetic of requantization, exactly as runtimes define it.

use super::Output;

/// How the sums of a product become outputs; lists have one entry per output column (a channel of
/// a convolution) or one for all.
#[derive(Clone, Copy, Debug)]
pub enum Epilogue<'a> {
    /// The sums themselves, into [`Output::I32`].
    Sums,
    /// `f32(sum) * scale[c] + bias[c]` into [`Output::F32`]: each operation rounds to `f32`, the
    /// addition only where there is a bias (onnxruntime `MatMulIntegerToFloat`).
    Dequantize {
        /// Input scale times weight scale.
        scales: &'a [f32],
        /// Added last.
        bias: Option<&'a [f32]>,
    },
    /// `rint(clamp(f32(sum) * multiplier[c], min - zero_point, max - zero_point)) + zero_point`,
    /// ties to even, in `f32` (onnxruntime `QLinearConv`, `QLinearMatMul`, `QGemm`; XNNPACK; fbgemm).
    Requantize {
        /// `input_scale * weight_scale[c] / output_scale`, rounded as the runtime rounds it.
        multipliers: &'a [f32],
        /// What the result is stored as.
        range: Range,
    },
    /// `clamp(multiply_by_quantized_multiplier(sum, multiplier[c], shift[c]) + zero_point, min, max)`:
    /// no float at all (TensorFlow Lite's reference kernels, the portable profile).
    FixedPoint {
        /// Mantissas, 0 or 2^30 to 2^31 - 1.
        multipliers: &'a [i32],
        /// Powers of two, -31 to 30; positive ones enlarge.
        shifts: &'a [i32],
        /// How often the result is rounded.
        rounding: Rounding,
        /// What the result is stored as.
        range: Range,
    },
}

/// Zero point and bounds of a quantized result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// What stands for 0.
    pub zero_point: i32,
    /// Smallest result; the storage type's, or more where an activation is fused.
    pub min: i32,
    /// Largest result.
    pub max: i32,
}

/// The two definitions of a product by `multiplier * 2^(shift - 31)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Once, ties towards plus infinity: `(x * multiplier + 2^(30 - shift)) >> (31 - shift)`, in 64 bits
    /// (TensorFlow Lite with `TFLITE_SINGLE_ROUNDING`).
    Single,
    /// Twice, as gemmlowp does: `x << max(shift, 0)` in 32 bits (wrapping), then the high half of the
    /// doubled product, ties away from zero and saturated (`SaturatingRoundingDoublingHighMul`), then division by
    /// `2^max(-shift, 0)`, ties away from zero (`RoundingDivideByPOT`).
    Double,
}

/// `x * multiplier * 2^(shift - 31)`, rounded as stated by [`Rounding`]; the result of
/// [`Rounding::Single`] wraps if it does not fit 32 bits.
///
/// # Panics
/// In debug builds when the shift is outside -31 to 30.
#[inline]
pub fn multiply_by_quantized_multiplier(x: i32, multiplier: i32, shift: i32, rounding: Rounding) -> i32 {
    debug_assert!((-31..=30).contains(&shift));
    match rounding {
        Rounding::Single => {
            let total = 31 - shift;
            ((i64::from(x) * i64::from(multiplier) + (1i64 << (total - 1))) >> total) as i32
        }
        Rounding::Double => {
            let high = doubling_high_mul(x.wrapping_shl(shift.max(0) as u32), multiplier);
            rounding_shift_right(high, (-shift).max(0) as u32)
        }
    }
}

/// The high 32 bits of `2 * a * b`, ties away from zero, saturated.
#[inline]
fn doubling_high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b);
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    ((product + nudge) / (1 << 31)) as i32
}

/// `x / 2^exponent`, ties away from zero.
#[inline]
fn rounding_shift_right(x: i32, exponent: u32) -> i32 {
    let mask = (1i64 << exponent) - 1;
    let threshold = (mask >> 1) + i64::from(x < 0);
    let up = i32::from((i64::from(x) & mask) > threshold);
    ((i64::from(x) >> exponent) as i32) + up
}

/// One result, before it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    Integer(i32),
    Real(f32),
}

/// Entry `idx` of a list that may have one entry for all.
#[inline]
pub(super) fn entry<T: Copy>(list: &[T], idx: usize) -> T {
    if list.len() == 1 { list[0] } else { list[idx] }
}

impl Epilogue<'_> {
    /// What becomes of one sum of column `column`: the definition that every fast path equals.
    #[inline]
    pub(super) fn value(&self, sum: i32, column: usize) -> Value {
        match *self {
            Self::Sums => Value::Integer(sum),
            Self::Dequantize { scales, bias } => {
                let scaled = sum as f32 * entry(scales, column);
                Value::Real(bias.map_or(scaled, |bias| scaled + entry(bias, column)))
            }
            Self::Requantize { multipliers, range } => {
                let Range { zero_point, min, max } = range;
                let scaled = sum as f32 * entry(multipliers, column);
                let low = (min - zero_point) as f32;
                let high = (max - zero_point) as f32;
                Value::Integer(scaled.max(low).min(high).round_ties_even() as i32 + zero_point)
            }
            Self::FixedPoint { multipliers, shifts, rounding, range } => {
                let (multiplier, shift) = (entry(multipliers, column), entry(shifts, column));
                let scaled = multiply_by_quantized_multiplier(sum, multiplier, shift, rounding);
                Value::Integer(scaled.saturating_add(range.zero_point).clamp(range.min, range.max))
            }
        }
    }

    /// # Panics
    /// When a list has neither one entry nor `n_columns`, when the output is of another kind, or
    /// when the bounds leave the output's type.
    pub(super) fn check(&self, n_columns: usize, output: &Output<'_>) {
        let fits = |len: usize| len == 1 || len == n_columns;
        match *self {
            Self::Sums => assert!(matches!(output, Output::I32(_)), "sums are 32-bit integers"),
            Self::Dequantize { scales, bias } => {
                assert!(matches!(output, Output::F32(_)), "dequantized results are f32");
                assert!(fits(scales.len()) && bias.is_none_or(|bias| fits(bias.len())), "number of scales");
            }
            Self::Requantize { multipliers, range } => {
                assert!(fits(multipliers.len()), "number of multipliers");
                range.check(output);
            }
            Self::FixedPoint { multipliers, shifts, range, .. } => {
                assert!(fits(multipliers.len()) && fits(shifts.len()), "number of multipliers");
                assert!(shifts.iter().all(|shift| (-31..=30).contains(shift)), "a shift beyond 32 bits");
                range.check(output);
            }
        }
    }
}

impl Range {
    fn check(self, output: &Output<'_>) {
        let (low, high) = match output {
            Output::U8(_) => (0, 255),
            Output::I8(_) => (-128, 127),
            Output::U16(_) => (0, 65535),
            Output::I16(_) => (-32768, 32767),
            Output::I32(_) | Output::F32(_) => panic!("requantized results are 8 or 16-bit integers"),
        };
        let inside = |x: i32| (low..=high).contains(&x);
        assert!(inside(self.min) && inside(self.max) && self.min <= self.max, "range of another type");
        assert!(inside(self.zero_point), "zero point of another type");
    }
}
