//! The counters of one octave, as narrow as they can be.
pub(super) use crate::kernels::counting::N_BINS;

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
        match totals.iter().fold(0, |bits, total| bits | total) {
            0..=0xffff_ffff => Self::from_batch(&totals.map(|count| count as u32)),
            _ => Self::U64(Box::new(*totals)),
        }
    }

    /// Stores the counts of a batch in the narrowest width.
    pub(super) fn from_batch(batch: &[u32; N_BINS]) -> Self {
        match batch.iter().fold(0, |bits, count| bits | count) {
            0..=0xffff => Self::U16(Box::new(batch.map(|count| count as u16))),
            _ => Self::U32(Box::new(*batch)),
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

    /// As [`Counts::add`], in place and in narrow lanes where the sums fit: this runs for every octave of every tensor.
    pub(super) fn add_batch(&mut self, batch: &[u32; N_BINS]) {
        let more = batch.iter().fold(0, |bits, count| bits | count);
        match self {
            // 15 bits each: their sum fits.
            Self::U16(counts)
                if more | counts.iter().fold(0, |bits, &count| bits | u32::from(count)) < 1 << 15 =>
            {
                for (count, more) in counts.iter_mut().zip(batch) {
                    *count += *more as u16;
                }
            }
            Self::U32(counts) if more | counts.iter().fold(0, |bits, count| bits | count) < 1 << 31 => {
                for (count, more) in counts.iter_mut().zip(batch) {
                    *count += more;
                }
            }
            _ => self.add(&batch.map(u64::from)),
        }
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

    #[test]
    fn batches_add_up_at_every_width() {
        let (mut counts, mut expected) = (Counts::from_totals(&[0; N_BINS]), [0u64; N_BINS]);
        for step in [1, 32_766, 1, 32_768, 65_535, 0x7fff_ffff, 0x8000_0000, u32::MAX, 5] {
            let batch: [u32; N_BINS] =
                std::array::from_fn(|bin| if bin % 3 == 0 { step } else { step >> 20 });
            counts.add_batch(&batch);
            expected.iter_mut().zip(batch).for_each(|(total, more)| *total += u64::from(more));
            assert_eq!(counts, Counts::from_totals(&expected), "{step}");
        }
    }
}
