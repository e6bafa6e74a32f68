//! One octave of one sign and its counts.
use super::counts::{Counts, N_BINS};

/// Exponent fields (biased) whose octave is split into [`N_BINS`] bins: `2^-32 <= |x| < 2^32`.
///
/// Octaves outside hold one count each, which bounds a statistic at 2 x 64 split octaves.
const SPLIT_EXPONENTS: std::ops::Range<u16> = 127 - 32..127 + 32;
/// The sign, as it stands in a row id.
pub(super) const SIGN: u16 = 0x100;

/// Sign and exponent field of an f32: its top 9 bits. Never 255 in the low 8 bits (not finite).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowId(pub(super) u16);

impl RowId {
    /// Whether the values are negative.
    pub(super) fn is_negative(self) -> bool {
        self.0 & SIGN != 0
    }

    /// The exponent field, 0 (subnormal) to 254.
    pub(super) fn exponent(self) -> u16 {
        self.0 & !SIGN
    }

    /// Whether the octave is split into bins or is one bin.
    pub(super) fn is_split(self) -> bool {
        SPLIT_EXPONENTS.contains(&self.exponent())
    }

    /// Mantissa (24 bits, hidden bit included) at which bin `bin_idx` begins.
    pub(super) fn bin_mantissa(self, bin_idx: usize) -> u64 {
        let hidden = u64::from(self.exponent() != 0) << 7;
        (hidden + bin_idx as u64) << 16
    }

    /// Magnitude at mantissa `mantissa`.
    pub(super) fn magnitude(self, mantissa: u64) -> f64 {
        let shift = i32::from(self.exponent().max(1)) - 1;
        mantissa as f64 * 2f64.powi(shift - 149)
    }
}

/// The counters of a row: split into bins, or one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowCounts {
    /// An octave outside the split ones.
    Whole(u64),
    /// A split octave.
    Split(Counts),
}

/// A non-empty row of a statistic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Sign and exponent.
    pub(super) id: RowId,
    /// Values per bin.
    pub(super) counts: RowCounts,
}

impl Row {
    /// The row that holds these values per bin.
    pub(super) fn new(id: RowId, counts: &[u32; N_BINS]) -> Self {
        let counts = if id.is_split() {
            RowCounts::Split(Counts::from_batch(counts))
        } else {
            RowCounts::Whole(sum(counts))
        };
        Self { id, counts }
    }

    /// Adds the values per bin of a batch.
    pub(super) fn add_batch(&mut self, batch: &[u32; N_BINS]) {
        match &mut self.counts {
            RowCounts::Whole(count) => *count += sum(batch),
            RowCounts::Split(counts) => counts.add_batch(batch),
        }
    }

    /// Adds another row of the same id.
    pub(super) fn add_row(&mut self, other: &Self) {
        match (&mut self.counts, &other.counts) {
            (RowCounts::Whole(count), RowCounts::Whole(more)) => *count += more,
            (RowCounts::Split(counts), RowCounts::Split(more)) => counts.add(&more.totals()),
            _ => unreachable!("whether a row is split depends on its id alone"),
        }
    }

    /// Values in the row.
    pub(super) fn count(&self) -> u64 {
        match &self.counts {
            RowCounts::Whole(count) => *count,
            RowCounts::Split(counts) => counts.totals().iter().sum(),
        }
    }

    /// Non-empty bins as (smallest magnitude, magnitude bound, count), smallest first.
    pub(super) fn bins(&self) -> impl DoubleEndedIterator<Item = (f64, f64, u64)> + use<> {
        let id = self.id;
        let (n_bins, width, totals) = match &self.counts {
            RowCounts::Whole(count) => {
                let mut totals = [0; N_BINS];
                totals[0] = *count;
                (1, N_BINS, totals)
            }
            RowCounts::Split(counts) => (N_BINS, 1, counts.totals()),
        };
        (0..n_bins).filter(move |&bin_idx| totals[bin_idx] != 0).map(move |bin_idx| {
            let lower = id.magnitude(id.bin_mantissa(bin_idx));
            (lower, id.magnitude(id.bin_mantissa(bin_idx + width)), totals[bin_idx])
        })
    }
}

/// Values in all bins of a batch, of which there are fewer than 2^32.
pub(super) fn sum(batch: &[u32; N_BINS]) -> u64 {
    u64::from(batch.iter().sum::<u32>())
}
