//! Ranges against plain references, and the inputs on which a search could go astray.
use super::{Random, laplace, statistic};
use crate::quant::observers::{Levels, Method, Range, range};
use proptest::prelude::*;

const METHODS: [Method; 6] = [
    Method::MinMax,
    Method::Percentile(99.9),
    Method::Percentile(100.0),
    Method::Entropy,
    Method::Mse,
    Method::L2,
];
const ALL_LEVELS: [Levels; 4] = [
    Levels::I8,
    Levels::U8,
    Levels { quant_min: -127, quant_max: 127, symmetric: true },
    Levels { quant_min: -32_768, quant_max: 32_767, symmetric: false },
];

fn assert_plausible(values: &[f32]) {
    let observed = statistic(values);
    let extremes = range(&observed, Method::MinMax, Levels::I8).expect("has values");
    let magnitude = extremes.max.max(-extremes.min);
    for method in METHODS {
        for levels in ALL_LEVELS {
            let found = range(&observed, method, levels).expect("has values");
            let Range { min, max } = found;
            assert!(min <= max && min.is_finite() && max.is_finite(), "{method} {found:?}");
            let limit = if levels.symmetric { Range { min: -magnitude, max: magnitude } } else { extremes };
            let outer = if levels.symmetric {
                limit
            } else {
                Range { min: limit.min.min(0.0), max: limit.max.max(0.0) }
            };
            assert!(min >= outer.min && max <= outer.max, "{method} {levels:?} {found:?} outside {outer:?}");
        }
    }
}

#[test]
fn degenerate_values_have_plausible_ranges() {
    let constant = vec![3.5; 100];
    let denormals: Vec<f32> = (0..200).map(f32::from_bits).collect();
    let huge: Vec<f32> = (1..200u8).map(|step| f32::MAX / f32::from(step)).collect();
    let both_huge = [f32::MIN, f32::MAX, 1.0, -1.0];
    let two = [1.0, 1.000_000_1];
    let lists: [&[f32]; 8] = [&[0.0], &[0.0, -0.0], &[-7.0], &constant, &denormals, &huge, &both_huge, &two];
    lists.into_iter().for_each(assert_plausible);
    assert_plausible(&[f32::NAN, 1.0, f32::INFINITY, -2.0, f32::NEG_INFINITY]);
    assert_eq!(range(&statistic(&[f32::NAN]), Method::Mse, Levels::I8), None);
}

#[test]
fn one_signed_values_are_clipped_on_their_own_side() {
    let positive: Vec<f32> = laplace(100_000).into_iter().map(f32::abs).collect();
    let negative: Vec<f32> = positive.iter().map(|value| -value).collect();
    for method in [Method::Percentile(99.0), Method::Entropy, Method::Mse] {
        let up = range(&statistic(&positive), method, Levels::U8).expect("has values");
        let down = range(&statistic(&negative), method, Levels::U8).expect("has values");
        assert!(up.min.max(0.0) < 1e-3 && up.max < 13.0, "{method} {up:?}");
        assert!(down.max.min(0.0) > -1e-3 && down.min > -13.0, "{method} {down:?}");
    }
}

#[test]
fn a_percentile_splits_two_sided_tails() {
    let mut random = Random::new(8);
    let values: Vec<f32> = (0..200_000).map(|_| random.uniform() as f32 * 2.0 - 1.0).collect();
    let found = range(&statistic(&values), Method::Percentile(90.0), Levels::I8).expect("has values");
    assert!((found.min + 0.9).abs() < 0.01 && (found.max - 0.9).abs() < 0.01, "{found:?}");
    let symmetric =
        range(&statistic(&values), Method::Percentile(90.0), Levels::I8.symmetric()).expect("has values");
    assert!((symmetric.max - 0.9).abs() < 0.01 && symmetric.min == -symmetric.max, "{symmetric:?}");
}

#[test]
fn methods_parse_and_print() {
    for text in ["minmax", "percentile:99.99", "entropy", "mse", "l2"] {
        assert_eq!(text.parse::<Method>().map(|method| method.to_string()), Ok(text.to_owned()));
    }
    assert_eq!("percentile".parse(), Ok(Method::Percentile(99.999)));
    for text in ["", "MSE", "percentile:", "percentile:0", "percentile:100.1", "percentile:nan", "mse:3"] {
        assert!(text.parse::<Method>().is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn percentiles_are_within_one_bin_of_the_sorted_values(
        mut values in prop::collection::vec(-20f32..20.0, 1..600),
        percent in 50f64..=100.0,
    ) {
        values.push(-1.0);
        values.push(1.0);
        let found = range(&statistic(&values), Method::Percentile(percent), Levels::I8).expect("has values");
        values.sort_by(f32::total_cmp);
        let outside = (1.0 - percent / 100.0) / 2.0 * values.len() as f64;
        let rank = (outside.floor() as usize).min(values.len() - 1);
        let (lower, upper) = (values[rank], values[values.len() - 1 - rank]);
        let bin = |value: f32| value.abs() / 127.0;
        prop_assert!((found.min - lower).abs() <= bin(lower), "{} {lower}", found.min);
        prop_assert!((found.max - upper).abs() <= bin(upper), "{} {upper}", found.max);
    }

    #[test]
    fn any_values_have_plausible_ranges(bits in prop::collection::vec(any::<u32>(), 1..40)) {
        let values: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
        if values.iter().any(|value| value.is_finite()) {
            assert_plausible(&values);
        }
    }
}
