//! Exact smallest and largest values, over all values and over those below fixed magnitudes.

/// Smallest and largest of some finite values; `min > max` when there were none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extremes {
    /// Smallest value, or +infinity.
    pub(super) min: f32,
    /// Largest value, or -infinity.
    pub(super) max: f32,
}

/// Values compared side by side in one step of the scan.
const N_LANES: usize = 32;

impl Extremes {
    /// Of no values.
    pub(super) const NONE: Self = Self { min: f32::INFINITY, max: f32::NEG_INFINITY };

    /// Whether there were no values.
    pub(super) fn is_none(self) -> bool {
        self.min > self.max
    }

    /// Largest magnitude, 0 when there were no values.
    pub(super) fn magnitude(self) -> f32 {
        if self.is_none() { 0.0 } else { self.max.max(-self.min) }
    }

    /// Of both sets of values. Zeros lose their sign, so that the result does not depend on the order.
    pub(super) fn merge(self, other: Self) -> Self {
        Self { min: self.min.min(other.min) + 0.0, max: self.max.max(other.max) + 0.0 }
    }

    /// Of the `values` that `keep` accepts, ignoring NaN.
    pub(super) fn of_some(values: &[f32], keep: impl Fn(f32) -> bool) -> Self {
        let (chunks, rest) = values.as_chunks::<N_LANES>();
        let mut min = [f32::INFINITY; N_LANES];
        let mut max = [f32::NEG_INFINITY; N_LANES];
        for chunk in chunks {
            for (least, &value) in min.iter_mut().zip(chunk) {
                let value = if keep(value) { value } else { f32::INFINITY };
                *least = if value < *least { value } else { *least };
            }
            for (most, &value) in max.iter_mut().zip(chunk) {
                let value = if keep(value) { value } else { f32::NEG_INFINITY };
                *most = if value > *most { value } else { *most };
            }
        }
        for &value in rest.iter().filter(|&&value| keep(value)) {
            min[0] = if value < min[0] { value } else { min[0] };
            max[0] = if value > max[0] { value } else { max[0] };
        }
        let lanes = min.iter().zip(&max).map(|(&min, &max)| Self { min, max });
        lanes.fold(Self::NONE, Self::merge)
    }
}

/// Number of magnitudes that have extremes of their own.
pub(super) const N_BOUNDS: usize = 20;
/// Octaves between neighbouring bounds.
pub(super) const BOUND_OCTAVES: i32 = 6;
/// Exponent of the lowest bound.
pub(super) const LOWEST_BOUND: i32 = 10;

/// Exact extremes of all values and of the values below each bound `2^(10 + 6k)`, `k < 20`.
///
/// A gap of 6 octaves above 2^10 always holds a bound, so that when everything beyond such a gap is left out
/// (see [`super::masks`]) the extremes of the rest are still exact.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BoundedExtremes {
    /// Of all finite values.
    pub(super) all: Extremes,
    /// Of the values with magnitude below [`bound`]`(k)`.
    pub(super) below: [Extremes; N_BOUNDS],
}

/// The bound of index `bound_idx`.
pub(super) fn bound(bound_idx: usize) -> f32 {
    2f32.powi(LOWEST_BOUND + BOUND_OCTAVES * bound_idx as i32)
}

impl BoundedExtremes {
    /// Of no values.
    pub(super) const NONE: Self = Self { all: Extremes::NONE, below: [Extremes::NONE; N_BOUNDS] };

    /// Of both sets of values.
    pub(super) fn merge(&mut self, other: &Self) {
        self.all = self.all.merge(other.all);
        for (mine, theirs) in self.below.iter_mut().zip(&other.below) {
            *mine = mine.merge(*theirs);
        }
    }

    /// Adds `values`, whose finite extremes are `extremes`. Costs a scan per occupied range between bounds.
    pub(super) fn observe(&mut self, values: &[f32], extremes: Extremes) {
        self.all = self.all.merge(extremes);
        let mut current = extremes;
        for bound_idx in (0..N_BOUNDS).rev() {
            let limit = bound(bound_idx);
            if current.magnitude() >= limit {
                current = Extremes::of_some(values, |value| value.abs() < limit);
            }
            self.below[bound_idx] = self.below[bound_idx].merge(current);
        }
    }

    /// The extremes when nothing at or above bound `bound_idx` had been seen.
    pub(super) fn truncated(&self, bound_idx: usize) -> Self {
        let rest = self.below[bound_idx];
        let mut below = self.below;
        below[bound_idx..].fill(rest);
        Self { all: rest, below }
    }
}
