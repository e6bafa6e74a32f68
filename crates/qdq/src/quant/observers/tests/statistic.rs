//! The statistic is a function of the multiset of values, and its counts and extremes are exact.
use super::{Random, statistic};
use crate::quant::observers::{DecodeError, Levels, Method, Statistic, range};
use proptest::prelude::*;

/// Any bit pattern, with the patterns that networks produce made frequent.
fn any_value() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -10f32..10.0,
        2 => any::<u32>().prop_map(f32::from_bits),
        1 => (0u32..1 << 24).prop_map(f32::from_bits),
        1 => prop::sample::select(vec![
            0.0, -0.0, 1.0, -10_000.0, f32::MIN, f32::MAX, f32::INFINITY, f32::NEG_INFINITY, f32::NAN,
            f32::MIN_POSITIVE, 1e-45, -1e-45, 6.0,
        ]),
    ]
}

fn merged<'a>(parts: impl Iterator<Item = &'a Statistic>) -> Statistic {
    parts.fold(Statistic::new(), |mut whole, part| {
        whole.merge(part);
        whole
    })
}

#[test]
fn a_batch_without_a_finite_value_has_no_bins() {
    let mut observed = statistic(&[f32::NAN]);
    observed.merge(&statistic(&[f32::INFINITY, f32::NEG_INFINITY, f32::NAN]));
    assert_eq!(observed, statistic(&[f32::NAN, f32::INFINITY, f32::NAN, f32::NEG_INFINITY]));
    assert_eq!((observed.count(), observed.nan_count(), observed.positive_infinity_count()), (0, 2, 1));
    assert_eq!((observed.negative_infinity_count(), observed.min()), (1, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn merge_is_observing_together(values in prop::collection::vec(any_value(), 0..700), seed: u64) {
        let whole = statistic(&values);
        let mut random = Random::new(seed);
        for n_shards in [1, 2, 7, 64] {
            let mut shards = vec![Vec::new(); n_shards];
            for &value in &values {
                shards[random.next_bits() as usize % n_shards].push(value);
            }
            let parts: Vec<Statistic> = shards.iter().map(|shard| statistic(shard)).collect();
            let forward = merged(parts.iter());
            let backward = merged(parts.iter().rev());
            prop_assert_eq!(&forward, &whole);
            prop_assert_eq!(forward.to_bytes(), whole.to_bytes());
            prop_assert_eq!(backward.to_bytes(), whole.to_bytes());
        }
    }

    #[test]
    fn order_does_not_matter(mut values in prop::collection::vec(any_value(), 0..700), seed: u64) {
        let before = statistic(&values);
        let mut random = Random::new(seed);
        for value_idx in (1..values.len()).rev() {
            values.swap(value_idx, random.next_bits() as usize % (value_idx + 1));
        }
        prop_assert_eq!(before.to_bytes(), statistic(&values).to_bytes());
    }

    #[test]
    fn counts_and_extremes_are_exact(values in prop::collection::vec(any_value(), 0..700)) {
        let observed = statistic(&values);
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        prop_assert_eq!(observed.count(), finite().count() as u64);
        prop_assert_eq!(observed.zero_count(), finite().filter(|&value| value == 0.0).count() as u64);
        prop_assert_eq!(observed.nan_count(), values.iter().filter(|value| value.is_nan()).count() as u64);
        let infinite = |sign: f32| values.iter().filter(|&&value| value == sign * f32::INFINITY).count() as u64;
        prop_assert_eq!(observed.positive_infinity_count(), infinite(1.0));
        prop_assert_eq!(observed.negative_infinity_count(), infinite(-1.0));
        prop_assert_eq!(observed.min(), finite().reduce(f32::min));
        prop_assert_eq!(observed.max(), finite().reduce(f32::max));
        prop_assert_eq!(observed.bins().map(|bin| bin.count).sum::<u64>(), observed.count());
    }

    #[test]
    fn every_value_is_in_a_bin_of_its_own_magnitude(value in any_value()) {
        prop_assume!(value.is_finite());
        let bins: Vec<_> = statistic(&[value, 2.0 * value, value / 2.0]).bins().collect();
        let holds = |bin: &&super::super::Bin| bin.lower <= f64::from(value) && f64::from(value) <= bin.upper;
        let bin = bins.iter().find(holds).expect("the value was observed");
        let is_fine = (2f32.powi(-32)..2f32.powi(32)).contains(&value.abs());
        let relative_width = if is_fine { 1.0 / 128.0 } else { 4.0 };
        prop_assert!(bin.width() <= f64::from(value.abs()) * relative_width);
    }

    #[test]
    fn bytes_come_back(values in prop::collection::vec(any_value(), 0..300)) {
        let observed = statistic(&values);
        let bytes = observed.to_bytes();
        let decoded = Statistic::from_bytes(&bytes);
        prop_assert_eq!(decoded.as_ref(), Ok(&observed));
        prop_assert_eq!(decoded.map(|decoded| decoded.to_bytes()), Ok(bytes));
    }

    #[test]
    fn damaged_bytes_are_refused(values in prop::collection::vec(any_value(), 0..100), place: usize, bit in 0u8..8) {
        let mut bytes = statistic(&values).to_bytes();
        let place = place % bytes.len();
        bytes[place] ^= 1 << bit;
        prop_assert!(Statistic::from_bytes(&bytes).is_err());
        prop_assert!(Statistic::from_bytes(&bytes[..place]).is_err());
    }
}

#[test]
fn large_batches_equal_small_ones() {
    let mut random = Random::new(6);
    let values: Vec<f32> = (0..700_001).map(|_| random.normal() as f32).collect();
    let mut pieces = Statistic::new();
    values.chunks(1_237).for_each(|piece| pieces.observe(piece));
    assert_eq!(statistic(&values).to_bytes(), pieces.to_bytes());
}

#[test]
fn an_empty_statistic_has_no_extremes() {
    let mut empty = statistic(&[]);
    assert_eq!((empty.min(), empty.max()), (None, None));
    assert!(empty.histogram().is_none());
    empty.observe(&[f32::NAN, f32::INFINITY]);
    assert_eq!((empty.min(), empty.count(), empty.nan_count()), (None, 0, 1));
}

#[test]
fn foreign_bytes_are_named() {
    assert_eq!(Statistic::from_bytes(b"PK"), Err(DecodeError::NotAStatistic));
    assert_eq!(Statistic::from_bytes(b"QDQS\x01"), Err(DecodeError::Version(1)));
    assert_eq!(Statistic::from_bytes(b"QDQS\x02zzz"), Err(DecodeError::Checksum));
}

/// `body` with the checksum (FNV-1a) that fits it.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let hash = body.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    body.extend(hash.to_le_bytes());
    body
}

/// `bytes` with a bit changed and the checksum made to fit again.
fn forged(bytes: &[u8], place: usize, bit: u8) -> Vec<u8> {
    let mut body = bytes[..bytes.len() - 8].to_vec();
    body[place] ^= 1 << bit;
    sealed(body)
}

#[test]
fn forged_bytes_are_refused_or_harmless() {
    let bytes = statistic(&[1.0, -3.0, 0.0, 2e9, 5e-11]).to_bytes();
    let mut n_refused = 0;
    for place in 5..bytes.len() - 8 {
        for bit in 0..8 {
            let forged = forged(&bytes, place, bit);
            match Statistic::from_bytes(&forged) {
                Ok(statistic) => {
                    assert_eq!(statistic.to_bytes(), forged);
                    assert!(range(&statistic, Method::Mse, Levels::I8).is_some());
                }
                Err(_) => n_refused += 1,
            }
        }
    }
    assert!(n_refused > 1000, "{n_refused}");
}

#[test]
fn contradictions_under_a_fitting_checksum_are_refused() {
    let bytes = statistic(&[1.0]).to_bytes();
    let body = &bytes[..bytes.len() - 8];
    let overlong = [&body[..5], &[0x80, 0], &body[6..]].concat();
    assert_eq!(Statistic::from_bytes(&sealed(overlong)), Err(DecodeError::Invalid("a number is too long")));
    let mut other_extremes = body.to_vec();
    for extremes in other_extremes[9..9 + 8 * 21].chunks_mut(4) {
        extremes.copy_from_slice(&2f32.to_le_bytes());
    }
    assert_eq!(
        Statistic::from_bytes(&sealed(other_extremes)),
        Err(DecodeError::Invalid("the extremes do not fit the counts"))
    );
}

#[test]
fn memory_is_bounded() {
    let mut everything = Statistic::new();
    let every_key: Vec<f32> = (0..1 << 16).map(|key: u32| f32::from_bits(key << 16 | 1)).collect();
    everything.observe(&every_key);
    assert!(everything.memory_bytes() < 128 << 10, "{}", everything.memory_bytes());
    let mut random = Random::new(7);
    let activations: Vec<f32> = (0..1 << 20).map(|_| random.normal() as f32).collect();
    let memory = statistic(&activations).memory_bytes();
    assert!(memory < 24 << 10, "{memory}");
}
