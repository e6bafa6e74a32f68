//! Masks are recognized, outliers are not mistaken for them, and nothing is left out silently.
use super::{Random, statistic};
use crate::quant::observers::Range;

/// Attention scores with every eighth value replaced by `mask` or `mask` plus the score.
fn scores(mask: impl Fn(f32) -> f32) -> Vec<f32> {
    let mut random = Random::new(3);
    let scores = (0..20_000).map(|_| 5.0 * random.normal() as f32);
    scores.enumerate().map(|(idx, score)| if idx % 8 == 0 { mask(score) } else { score }).collect()
}

fn without(values: &[f32], is_mask: impl Fn(f32) -> bool) -> Vec<f32> {
    values.iter().copied().filter(|&value| !is_mask(value)).collect()
}

#[test]
fn the_rest_equals_a_statistic_that_never_saw_the_masks() {
    for mask in [-1e4, -65_504.0, -1e9, -1e30, f32::MIN] {
        let values = scores(|score| score + mask);
        let rest = without(&values, |value| value < -1_000.0);
        let (found, excluded) = statistic(&values).without_masks();
        assert_eq!(found.to_bytes(), statistic(&rest).to_bytes(), "mask {mask}");
        assert_eq!(excluded.iter().map(|population| population.count).collect::<Vec<_>>(), [2_500]);
        assert!(excluded[0].min <= mask + 20.0 && excluded[0].max >= mask - 20.0, "{excluded:?}");
    }
}

#[test]
fn several_masks_are_reported_apart() {
    let mut values = scores(|score| score - 1e4);
    values.extend([f32::MIN; 3]);
    values.extend([f32::NEG_INFINITY; 5]);
    let found = statistic(&values).range_without_masks().expect("has values");
    let rest = statistic(&without(&values, |value| value < -1_000.0));
    assert_eq!(Some(found.range.min), rest.min());
    assert_eq!(Some(found.range.max), rest.max());
    assert_eq!(found.negative_infinity_count, 5);
    assert_eq!(found.excluded.iter().map(|population| population.count).collect::<Vec<_>>(), [3, 2_500]);
    assert_eq!(found.excluded[0].min, f32::MIN);
    assert!((-10_100.0..-9_900.0).contains(&found.excluded[1].max));
}

#[test]
fn genuine_outliers_stay() {
    let mut random = Random::new(4);
    let mut values: Vec<f32> = (0..65_536).map(|_| random.normal() as f32).collect();
    values.push(-1_211.0);
    assert!(statistic(&values).without_masks().1.is_empty());
    values.extend([2_622.0, 1_547.0, 802.0]);
    let found = statistic(&values).range_without_masks().expect("has values");
    assert_eq!(found.range, Range { min: -1_211.0, max: 2_622.0 });
    assert!(found.excluded.is_empty());
    let wide: Vec<f32> = (0..65_536).map(|_| (8.0 * random.normal()).exp() as f32).collect();
    assert!(statistic(&wide).without_masks().1.is_empty());
}

#[test]
fn large_values_that_vary_are_not_masks() {
    let mut random = Random::new(10);
    let mut values: Vec<f32> = (0..20_000).map(|_| random.normal() as f32).collect();
    values.extend((0..1_000).map(|_| (-1_100.0 - 3_000.0 * random.uniform()) as f32));
    assert!(statistic(&values).without_masks().1.is_empty());
}

#[test]
fn a_mask_tensor_keeps_its_mask() {
    let found = statistic(&[0.0, -1e4, 0.0, -1e4]).range_without_masks().expect("has values");
    assert_eq!(found.range, Range { min: -1e4, max: 0.0 });
    assert!(found.excluded.is_empty());
}
