//! Huge constants that stand for "ignore this" (attention masks), told apart from values.
//!
//! Additive masks put -10000, -65504, -1e9, `f32::MIN` or -infinity where a softmax must not look. A range that includes
//! them leaves nothing for the scores. Genuine outliers exist too (a few activations of language models reach
//! 1e3 and more, 100 times the rest), so that a population of finite values is taken for a mask only if it is
//! - **far**: magnitudes from 2^20, and at least 2^10 times the largest magnitude of all the rest; or
//! - **near and constant**: negative, magnitudes from 2^10 and at least 2^6 times the rest, within 1/16 of each other
//!   (a constant plus scores), and at least 1/1024 of all finite values.
//!
//! Populations are peeled off from the outermost one. Nothing is taken when only zeros would remain: that is the mask
//! tensor itself, and two values need no protection. Infinities are never part of a range.
use super::extremes::{BOUND_OCTAVES, LOWEST_BOUND, N_BOUNDS};
use super::row::Row;
use super::{Range, Statistic};

/// Smallest magnitude and smallest ratio to the rest of a far population.
const FAR: (f64, f64) = ((1u64 << 20) as f64, (1u64 << 10) as f64);
/// Smallest magnitude and smallest ratio to the rest of a constant population.
const NEAR: (f64, f64) = ((1u64 << 10) as f64, (1u64 << BOUND_OCTAVES) as f64);
/// Largest ratio of magnitudes inside a constant population.
const NEAR_SPREAD: f64 = 1.0 + 1.0 / 16.0;
/// A constant population is at least one in this many values.
const NEAR_SHARE: u64 = 1024;

/// A population of values left out of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Excluded {
    /// Smallest value, rounded outward to the grid.
    pub min: f32,
    /// Largest value, rounded outward to the grid.
    pub max: f32,
    /// Number of values.
    pub count: u64,
}

/// The range of what is not a mask, and what was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedRange {
    /// Exact extremes of the remaining values.
    pub range: Range,
    /// Left out, outermost first. Empty when there were no finite masks.
    pub excluded: Vec<Excluded>,
    /// Negative infinities, left out always.
    pub negative_infinity_count: u64,
}

impl Statistic {
    /// The statistic of the values that are not masks, and the populations left out, outermost first.
    ///
    /// The first equals, byte for byte, a statistic that never saw the masks.
    pub fn without_masks(&self) -> (Self, Vec<Excluded>) {
        let mut rest = self.clone();
        let mut excluded = Vec::new();
        for bound_idx in (0..N_BOUNDS).rev() {
            if let Some(population) = rest.mask_beyond(bound_idx, self.count()) {
                let exponent = bound_exponent(bound_idx);
                rest.rows = rest.rows_below(exponent).cloned().collect();
                rest.extremes = rest.extremes.truncated(bound_idx);
                excluded.push(population);
            }
        }
        (rest, excluded)
    }

    /// Exact extremes without masks, with what was left out; `None` when no finite value was observed.
    pub fn range_without_masks(&self) -> Option<MaskedRange> {
        let (rest, excluded) = self.without_masks();
        let range = Range { min: rest.min()?, max: rest.max()? };
        Some(MaskedRange { range, excluded, negative_infinity_count: self.negative_infinity_count })
    }

    /// The values at or beyond the bound, if they are a mask; `n_values` is the number of finite values in all.
    fn mask_beyond(&self, bound_idx: usize, n_values: u64) -> Option<Excluded> {
        let rest = f64::from(self.extremes.below[bound_idx].magnitude());
        if rest == 0.0 {
            return None;
        }
        let field = bound_exponent(bound_idx) + 127;
        let rows: Vec<&Row> = self.rows.iter().filter(|row| i32::from(row.id.exponent()) >= field).collect();
        let bins = || rows.iter().flat_map(|row| row.bins());
        let count: u64 = rows.iter().map(|row| row.count()).sum();
        let inner = bins().map(|bin| bin.0).reduce(f64::min)?;
        let outer = bins().map(|bin| bin.1).fold(0.0, f64::max).min(f64::from(self.extremes.all.magnitude()));
        let is_at_least = |(least, ratio): (f64, f64)| inner >= least && inner >= ratio * rest;
        let is_negative = rows.iter().all(|row| row.id.is_negative());
        let is_constant =
            is_negative && outer <= inner * NEAR_SPREAD && count >= n_values.div_ceil(NEAR_SHARE);
        if !(is_at_least(FAR) || is_at_least(NEAR) && is_constant) {
            return None;
        }
        let is_positive = rows.iter().all(|row| !row.id.is_negative());
        let min = if is_positive { inner as f32 } else { self.extremes.all.min };
        let max = if is_negative { -inner as f32 } else { self.extremes.all.max };
        Some(Excluded { min, max, count })
    }
}

/// The exponent of a bound.
fn bound_exponent(bound_idx: usize) -> i32 {
    LOWEST_BOUND + BOUND_OCTAVES * bound_idx as i32
}
