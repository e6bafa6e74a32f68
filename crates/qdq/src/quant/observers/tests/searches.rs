//! Each search does its job: less error than min-max where there are outliers, never more by its own measure.
use super::{Random, laplace, normal_with_outliers, statistic};
use crate::quant::observers::{Levels, Method, Range, expected_square_error, range};
use proptest::prelude::*;

const SYMMETRIC: Levels = Levels { quant_min: -127, quant_max: 127, symmetric: true };

/// Ratio of signal to quantization error in dB, by quantizing every value.
fn sqnr(values: &[f32], range: Range, levels: Levels) -> f64 {
    let (quant_min, quant_max) = (f64::from(levels.quant_min), f64::from(levels.quant_max));
    let (mut min, mut max) = (f64::from(range.min).min(0.0), f64::from(range.max).max(0.0));
    if levels.symmetric {
        max = max.max(-min);
        min = -max;
    }
    let scale = (max - min) / (quant_max - quant_min);
    let zero_point =
        if levels.symmetric { f64::midpoint(quant_min, quant_max) } else { quant_min - min / scale }
            .round_ties_even();
    let (mut signal, mut noise) = (0.0, 0.0);
    for value in values.iter().map(|&value| f64::from(value)) {
        let quantized = ((value / scale).round_ties_even() + zero_point).clamp(quant_min, quant_max);
        signal += value * value;
        noise += (value - (quantized - zero_point) * scale).powi(2);
    }
    10.0 * (signal / noise).log10()
}

fn found_sqnr(values: &[f32], method: Method, levels: Levels) -> f64 {
    let found = range(&statistic(values), method, levels).expect("has values");
    sqnr(values, found, levels)
}

/// A bulk with one value far out.
fn skewed(n: usize) -> Vec<f32> {
    let mut random = Random::new(9);
    let bulk = (0..n).map(|_| random.normal() as f32);
    bulk.enumerate().map(|(idx, value)| if idx == 7 { 40.0 } else { value }).collect()
}

#[test]
fn every_search_beats_min_max_on_outliers() {
    let methods = [Method::Percentile(99.99), Method::Entropy, Method::Mse, Method::L2];
    for (name, values) in [
        ("normal", normal_with_outliers(600_000)),
        ("laplace", laplace(600_000)),
        ("skewed", skewed(600_000)),
    ] {
        for levels in [Levels::I8, Levels::U8, SYMMETRIC] {
            let min_max = found_sqnr(&values, Method::MinMax, levels);
            for method in methods {
                let found = found_sqnr(&values, method, levels);
                assert!(found > min_max, "{name} {levels:?} {method}: {found} dB, min-max {min_max} dB");
            }
        }
    }
}

#[test]
fn mse_is_the_best_of_all() {
    for values in [normal_with_outliers(200_000), laplace(200_000), skewed(200_000)] {
        for levels in [Levels::I8, SYMMETRIC] {
            let mse = found_sqnr(&values, Method::Mse, levels);
            for method in [Method::MinMax, Method::Percentile(99.9), Method::Entropy, Method::L2] {
                assert!(mse > found_sqnr(&values, method, levels) - 0.02, "{method}");
            }
        }
    }
}

#[test]
fn expected_error_is_the_measured_one() {
    let values = laplace(600_000);
    let observed = statistic(&values).histogram().expect("has values");
    let signal: f64 = values.iter().map(|&value| f64::from(value).powi(2)).sum();
    for levels in [Levels::I8, SYMMETRIC, Levels { quant_min: 0, quant_max: 15, symmetric: false }] {
        for range in [observed.range, Range { min: -3.0, max: 5.0 }, Range { min: 0.0, max: 1.0 }] {
            let expected = 10.0 * (signal / expected_square_error(&observed.bins, range, levels)).log10();
            assert!((expected - sqnr(&values, range, levels)).abs() < 0.05, "{levels:?} {range:?}");
        }
    }
}

#[test]
fn sixteen_bits_clip_next_to_nothing() {
    let levels = Levels { quant_min: -32_768, quant_max: 32_767, symmetric: false };
    let values = normal_with_outliers(100_000);
    assert!(found_sqnr(&values, Method::Mse, levels) >= found_sqnr(&values, Method::MinMax, levels) - 0.01);
    let entropy = range(&statistic(&values), Method::Entropy, levels).expect("has values");
    assert!(Method::Entropy.check(levels).is_err() && Method::Mse.check(levels).is_ok());
    assert!(Method::Entropy.check(Levels { quant_min: 0, quant_max: 4095, symmetric: false }).is_ok());
    assert!(entropy.max > 49.0 && entropy.min < -49.0, "{entropy:?}");
}

#[test]
fn few_levels_are_searched_too() {
    let levels = Levels { quant_min: -8, quant_max: 7, symmetric: false };
    let values = laplace(100_000);
    let min_max = found_sqnr(&values, Method::MinMax, levels);
    assert!(found_sqnr(&values, Method::Mse, levels) > min_max + 5.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn mse_is_never_worse_than_min_max_by_its_own_measure(
        values in prop::collection::vec(prop_oneof![9 => -2f32..2.0, 1 => -100f32..100.0, 1 => Just(0.0)], 1..300),
        quant_max in 1i32..300,
        symmetric: bool,
    ) {
        let levels = Levels { quant_min: -quant_max, quant_max, symmetric };
        let observed = statistic(&values);
        let bins: Vec<_> = observed.bins().collect();
        let error = |method| expected_square_error(&bins, range(&observed, method, levels).expect("has values"), levels);
        prop_assert!(error(Method::Mse) <= error(Method::MinMax));
    }
}
