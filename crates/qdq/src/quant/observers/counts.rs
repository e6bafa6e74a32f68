//! The counters of one octave, as narrow as they can be.

/// Bins of one octave: the top 7 bits of the mantissa.
pub(super) const N_BINS: usize = 128;

/// `N_BINS` counters, all held in the narrowest width that fits the largest one.
///
/// The width is a function of the counts, so equal counts are equal values, however they came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Counts {
    /// All below 2^16.
    U16(Box<[u16; N_BINS]>),
    /// All below 2^32, one at least 2^16.
    U32(Box<[u32; N_BINS]>),
    /// One at least 2^32.
    U64(Box<[u64; N_BINS]>),
}

impl Counts {
    /// Stores `totals` in the narrowest width.
    pub(super) fn from_totals(totals: &[u64; N_BINS]) -> Self {
        let largest = totals.iter().copied().max().unwrap_or(0);
        if u16::try_from(largest).is_ok() {
            Self::U16(Box::new(totals.map(|count| count as u16)))
        } else if u32::try_from(largest).is_ok() {
            Self::U32(Box::new(totals.map(|count| count as u32)))
        } else {
            Self::U64(Box::new(*totals))
        }
    }

    /// The counters at full width.
    pub(super) fn totals(&self) -> [u64; N_BINS] {
        match self {
            Self::U16(counts) => counts.map(u64::from),
            Self::U32(counts) => counts.map(u64::from),
            Self::U64(counts) => **counts,
        }
    }

    /// Adds `more` bin by bin, widening when needed.
    pub(super) fn add(&mut self, more: &[u64; N_BINS]) {
        let mut totals = self.totals();
        for (total, count) in totals.iter_mut().zip(more) {
            *total += count;
        }
        *self = Self::from_totals(&totals);
    }

    /// Heap bytes held.
    pub(super) fn heap_bytes(&self) -> usize {
        N_BINS
            * match self {
                Self::U16(_) => 2,
                Self::U32(_) => 4,
                Self::U64(_) => 8,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, N_BINS};

    #[test]
    fn width_follows_the_largest_count_whatever_the_path() {
        let mut step = [0; N_BINS];
        step[3] = 40_000;
        let mut counts = Counts::from_totals(&step);
        assert!(matches!(counts, Counts::U16(_)));
        counts.add(&step);
        assert!(matches!(counts, Counts::U32(_)));
        step[3] = u64::from(u32::MAX);
        counts.add(&step);
        assert!(matches!(counts, Counts::U64(_)));
        assert_eq!(counts.totals()[3], u64::from(u32::MAX) + 80_000);
        assert_eq!(counts, Counts::from_totals(&counts.totals()));
    }
}
