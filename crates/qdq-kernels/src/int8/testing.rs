//! Random bytes, random epilogues and results of any type for the tests.

use super::epilogue::Value;
use super::{Arithmetic, Bytes, Epilogue, Output, Range, Rounding, saturating_pair};
use crate::testing::Random;

/// Bytes of either sign, owned.
#[derive(Clone, Debug)]
pub(super) enum Owned {
    U8(Vec<u8>),
    I8(Vec<i8>),
}

impl Owned {
    /// Random bytes, every third time extremes only.
    pub(super) fn random(random: &mut Random, signed: bool, n: usize) -> Self {
        let extremes = random.below(3) == 0;
        let byte = |random: &mut Random| match (extremes, signed) {
            (false, _) => random.below(256) as u8,
            (true, false) => [0, 255][random.below(2)],
            (true, true) => [0x80, 0x7f][random.below(2)],
        };
        let bytes: Vec<u8> = (0..n).map(|_| byte(random)).collect();
        if signed { Self::I8(bytes.into_iter().map(|x| x as i8).collect()) } else { Self::U8(bytes) }
    }

    pub(super) fn bytes(&self) -> Bytes<'_> {
        match self {
            Self::U8(data) => Bytes::U8(data),
            Self::I8(data) => Bytes::I8(data),
        }
    }

    /// A zero point of its type.
    pub(super) fn random_zero_point(random: &mut Random, signed: bool) -> i32 {
        let x = [0, 255, random.below(256) as i32][random.below(3)];
        if signed { x - 128 } else { x }
    }
}

/// `sum of (a - a_zero_point) * (b - b_zero_point)` by the definition.
pub(super) fn naive_sum(
    depth: usize,
    a: impl Fn(usize) -> i32,
    a_zero_point: i32,
    b: impl Fn(usize) -> i32,
    b_zero_point: i32,
    arithmetic: Arithmetic,
) -> i32 {
    let exact: i32 = (0..depth).map(|p| (a(p) - a_zero_point) * (b(p) - b_zero_point)).sum();
    if arithmetic == Arithmetic::Exact {
        return exact;
    }
    let raw_a = |p: usize| if p < depth { a(p) as u8 } else { 0 };
    let raw_b = |p: usize| if p < depth { b(p) as i8 } else { 0 };
    let lost = |p: usize| {
        let (a, b) = ([raw_a(p), raw_a(p + 1)], [raw_b(p), raw_b(p + 1)]);
        let products = |i: usize| i32::from(a[i]) * i32::from(b[i]);
        products(0) + products(1) - saturating_pair(a, b)
    };
    exact - (0..depth).step_by(2).map(lost).sum::<i32>()
}

/// An epilogue with its lists, and its output type.
#[derive(Debug)]
pub(super) struct RandomEpilogue {
    floats: Vec<f32>,
    bias: Option<Vec<f32>>,
    multipliers: Vec<i32>,
    shifts: Vec<i32>,
    rounding: Rounding,
    range: Range,
    kind: usize,
}

impl RandomEpilogue {
    pub(super) fn new(random: &mut Random, n_columns: usize) -> Self {
        let n = if random.below(2) == 0 { 1 } else { n_columns };
        let kind = random.below(10);
        let (low, high) = [(0, 255), (-128, 127), (0, 65535), (-32768, 32767)][kind % 4];
        let zero_point = low + random.below((high - low) as usize + 1) as i32;
        let fused = random.below(2) == 0;
        let range = Range { zero_point, min: if fused { zero_point } else { low }, max: high };
        let size = if kind % 4 < 2 { 1e-3 } else { 0.3 };
        Self {
            floats: (0..n).map(|_| random.float() * size).collect(),
            bias: (random.below(2) == 0).then(|| random.floats(n)),
            multipliers: (0..n).map(|_| (1 << 30) + random.below(1 << 30) as i32).collect(),
            shifts: (0..n).map(|_| random.below(14) as i32 - 12).collect(),
            rounding: [Rounding::Single, Rounding::Double][random.below(2)],
            range,
            kind,
        }
    }

    pub(super) fn epilogue(&self) -> Epilogue<'_> {
        match self.kind {
            0..4 => Epilogue::Requantize { multipliers: &self.floats, range: self.range },
            4..8 => Epilogue::FixedPoint {
                multipliers: &self.multipliers,
                shifts: &self.shifts,
                rounding: self.rounding,
                range: self.range,
            },
            8 => Epilogue::Sums,
            _ => Epilogue::Dequantize { scales: &self.floats, bias: self.bias.as_deref() },
        }
    }

    /// Results of `n` elements written by `body`, as real numbers of 64 bits, which hold all types.
    pub(super) fn collect(&self, n: usize, body: impl FnOnce(Output<'_>)) -> Vec<f64> {
        fn wide<T: Copy + Default + Into<f64>>(n: usize, body: impl FnOnce(&mut [T])) -> Vec<f64> {
            let mut data = vec![T::default(); n];
            body(&mut data);
            data.into_iter().map(Into::into).collect()
        }
        match self.kind {
            8 => wide(n, |data| body(Output::I32(data))),
            9 => wide(n, |data| body(Output::F32(data))),
            kind => match kind % 4 {
                0 => wide(n, |data| body(Output::U8(data))),
                1 => wide(n, |data| body(Output::I8(data))),
                2 => wide(n, |data| body(Output::U16(data))),
                _ => wide(n, |data| body(Output::I16(data))),
            },
        }
    }

    /// What becomes of one sum.
    pub(super) fn value(&self, sum: i32, column: usize) -> f64 {
        match self.epilogue().value(sum, column) {
            Value::Integer(x) => x.into(),
            Value::Real(x) => x.into(),
        }
    }
}
