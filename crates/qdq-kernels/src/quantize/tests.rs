//! Each function against its formula written down element by element, on every instruction set.
use super::Convention::{DivideHalfAway, DivideHalfEven, InverseHalfAway, InverseHalfEven};
use super::*;
use crate::simd::testing::on_each_isa;

const I8: Limits = Limits { min: -128, max: 127 };

fn numbers(n: usize) -> Vec<f32> {
    let mut state = 7u32;
    let mut numbers: Vec<f32> = (0..n)
        .map(|n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if n % 5 == 0 { f32::from_bits(state) } else { state as i32 as f32 / 1e9 * 40.0 }
        })
        .collect();
    let special =
        [0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, 0.499_999_97, f32::NAN, f32::INFINITY, f32::MIN, 1e-45];
    numbers.iter_mut().zip(special).for_each(|(number, special)| *number = special);
    numbers
}

fn accumulators(n: usize) -> Vec<i32> {
    let mut state = 9u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as i32
    };
    let mut all: Vec<i32> = (0..n).map(|n| next() >> (n % 24)).collect();
    all[..5].copy_from_slice(&[i32::MIN, i32::MAX, 0, -1, 1]);
    all
}

/// The group of an element, from the definition.
fn group(spread: Spread, idx: usize) -> usize {
    match spread {
        Spread::Tensor => 0,
        Spread::Axis { along, inner } => idx / inner % along,
        Spread::Block { along, inner, size } => {
            let (outer, index) = (idx / (along * inner), idx / inner % along);
            (outer * along.div_ceil(size) + index / size) * inner + idx % inner
        }
    }
}

const N: usize = 2 * 35 * 12;
const SPREADS: [Spread; 8] = [
    Spread::Tensor,
    Spread::Axis { along: 35, inner: 12 },
    Spread::Axis { along: 420, inner: 1 },
    Spread::Axis { along: 2, inner: 420 },
    Spread::Block { along: 420, inner: 1, size: 32 },
    Spread::Block { along: 35, inner: 12, size: 4 },
    Spread::Block { along: 35, inner: 12, size: 64 },
    Spread::Block { along: 2, inner: 420, size: 1 },
];

fn scales() -> Vec<f32> {
    (0..N).map(|n| 0.5 + (n % 13) as f32 * 0.037).collect()
}

fn zero_points() -> Vec<i32> {
    (0..N as i32).map(|n| n % 17 - 8).collect()
}

#[test]
fn quantized_as_each_convention_says() {
    let (x, scales, zeros) = (numbers(N), scales(), zero_points());
    let expected = |x: f32, scale: f32, zero: i32, convention| {
        let (inverse, away, nan) = match convention {
            Convention::DivideHalfEven => (false, false, I8.min),
            Convention::InverseHalfEven => (true, false, I8.max),
            Convention::DivideHalfAway => (false, true, I8.min),
            Convention::InverseHalfAway => (true, true, I8.max),
        };
        let steps = if inverse { x * (1.0 / scale) } else { x / scale };
        if steps.is_nan() {
            return nan as i8;
        }
        let steps = f64::from(steps);
        let steps = if away { steps.round() } else { steps.round_ties_even() };
        (steps + f64::from(zero)).clamp(-128.0, 127.0) as i8
    };
    on_each_isa(|isa| {
        for spread in SPREADS {
            for convention in [DivideHalfEven, InverseHalfEven, DivideHalfAway, InverseHalfAway] {
                let mut to = vec![0i8; N];
                let groups = Groups { steps: &scales, zero_points: &zeros, spread };
                quantize(&x, &mut to, groups, I8, convention);
                for (idx, (&found, &x)) in to.iter().zip(&x).enumerate() {
                    let group = group(spread, idx);
                    let expected = expected(x, scales[group], zeros[group], convention);
                    assert_eq!(found, expected, "{isa:?} {spread:?} {convention:?} element {idx} = {x}");
                }
            }
        }
    });
}

#[test]
fn the_inverse_and_the_quotient_differ() {
    // Measured in PyTorch 2.5.1, which gives 128 for this number and scale.
    let groups = Groups { steps: &[0.002_148_548_6], zero_points: &[0], spread: Spread::Tensor };
    let limits = Limits { min: 0, max: 255 };
    let mut to = [0u8; 2];
    let (by_quotient, by_inverse) = to.split_at_mut(1);
    quantize(&[0.273_939_94], by_quotient, groups, limits, Convention::DivideHalfEven);
    quantize(&[0.273_939_94], by_inverse, groups, limits, Convention::InverseHalfEven);
    assert_eq!(to, [127, 128]);
}

#[test]
fn dequantized_and_wide() {
    let (x, scales, zeros) = (numbers(N), scales(), zero_points());
    on_each_isa(|isa| {
        for spread in SPREADS {
            let groups = Groups { steps: &scales, zero_points: &zeros, spread };
            let (mut wide, mut back) = (vec![0i32; N], vec![0f32; N]);
            quantize_wide(&x, &mut wide, groups, Limits { min: i32::MIN, max: i32::MAX });
            dequantize(&wide, &mut back, groups);
            for idx in 0..N {
                let (scale, zero) = (scales[group(spread, idx)], zeros[group(spread, idx)]);
                // `as` limits, and gives 0 for NaN.
                let steps = (f64::from((x[idx] / scale).round_ties_even()) + f64::from(zero)) as i32;
                let expected = if x[idx].is_nan() { i32::MIN } else { steps };
                assert_eq!(wide[idx], expected, "{isa:?} {spread:?} {idx}");
                assert_eq!(back[idx], expected.wrapping_sub(zero) as f32 * scale, "{isa:?} {spread:?} {idx}");
            }
        }
    });
}

#[test]
fn requantized_in_float() {
    let (x, zeros) = (accumulators(N), zero_points());
    let multipliers: Vec<f32> = scales().iter().map(|scale| scale / 900.0).collect();
    on_each_isa(|isa| {
        for spread in SPREADS {
            let mut to = vec![0u8; N];
            let zeros: Vec<i32> = zeros.iter().map(|zero| zero + 8).collect();
            let groups = Groups { steps: &multipliers, zero_points: &zeros, spread };
            requantize_float(&x, &mut to, groups, Limits { min: 0, max: 255 });
            for idx in 0..N {
                let (multiplier, zero) = (multipliers[group(spread, idx)], zeros[group(spread, idx)]);
                let steps = (x[idx] as f32 * multiplier).round_ties_even() + zero as f32;
                assert_eq!(to[idx], steps as u8, "{isa:?} {spread:?} {idx}");
            }
        }
    });
}

/// gemmlowp's code, as it stands there.
fn gemmlowp_high_mul(a: i32, b: i32) -> i32 {
    if a == b && a == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b);
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    ((product + nudge) / (1i64 << 31)) as i32
}

#[test]
fn the_high_half_is_that_of_gemmlowp() {
    let all = accumulators(3_000);
    for (&a, &b) in all
        .iter()
        .zip(all.iter().rev())
        .chain(all[..5].iter().flat_map(|a| all[..5].iter().map(move |b| (a, b))))
    {
        assert_eq!(saturating_rounding_doubling_high_mul(a, b), gemmlowp_high_mul(a, b), "{a} {b}");
    }
    let divided = [5, -5, 6, -6, 7, -7, 2, -2].map(|x| rounding_divide_by_power_of_two(x, 2));
    assert_eq!(divided, [1, -1, 2, -2, 2, -2, 1, -1]);
    assert_eq!(rounding_divide_by_power_of_two(i32::MIN, 31), -1);
    assert_eq!(rounding_divide_by_power_of_two(-7, 0), -7);
}

#[test]
fn factors_as_in_quantize_multiplier() {
    let fixed = |multiplier, shift| FixedPoint { multiplier, shift };
    assert_eq!(FixedPoint::new(0.0), fixed(0, 0));
    assert_eq!(FixedPoint::new(1.0), fixed(1 << 30, 1));
    assert_eq!(FixedPoint::new(0.3), fixed(1_288_490_189, -1));
    assert_eq!(FixedPoint::new(1.0 - 1e-12), fixed(1 << 30, 1), "rounded up to the next power");
    assert_eq!(FixedPoint::new(2f64.powi(-33)), fixed(0, 0));
    assert_eq!(FixedPoint::new(2f64.powi(-32)), fixed(1 << 30, -31));
    assert_eq!(FixedPoint::new(f64::from_bits(1)), fixed(0, 0));
    assert_eq!(FixedPoint::new(2f64.powi(40)), fixed(i32::MAX, 30));
}

#[test]
fn requantized_in_fixed_point() {
    let (x, zeros) = (accumulators(N), zero_points());
    let factors: Vec<FixedPoint> =
        (0..N).map(|n| FixedPoint::new(f64::from(scales()[n]) * 2f64.powi(-(n as i32 % 14)))).collect();
    on_each_isa(|isa| {
        for spread in SPREADS {
            let groups = Groups { steps: &factors, zero_points: &zeros, spread };
            let (mut double, mut single) = (vec![0i16; N], vec![0i8; N]);
            let wide = Limits { min: -32_768, max: 32_767 };
            requantize_fixed(&x, &mut double, groups, wide, FixedRounding::Double);
            requantize_fixed(&x, &mut single, groups, I8, FixedRounding::Single);
            for idx in 0..N {
                let (FixedPoint { multiplier, shift }, zero) =
                    (factors[group(spread, idx)], zeros[group(spread, idx)]);
                let high = gemmlowp_high_mul(x[idx].wrapping_shl(shift.max(0) as u32), multiplier);
                let twice = rounding_divide_by_power_of_two(high, (-shift).max(0) as u32);
                assert_eq!(
                    double[idx],
                    twice.wrapping_add(zero).clamp(-32_768, 32_767) as i16,
                    "{isa:?} {spread:?} {idx}"
                );
                let exact = i128::from(x[idx]) * i128::from(multiplier);
                let once = ((exact + (1 << (30 - shift))) >> (31 - shift)) as i32;
                assert_eq!(
                    single[idx],
                    once.wrapping_add(zero).clamp(-128, 127) as i8,
                    "{isa:?} {spread:?} {idx}"
                );
            }
        }
    });
}
