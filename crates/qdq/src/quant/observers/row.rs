//! One octave of one sign: its counts and the exact sums of its mantissas.
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

    /// Position of the lowest mantissa bit: a value is `mantissa * 2^(shift - 149)`.
    pub(super) fn shift(self) -> u32 {
        u32::from(self.exponent().max(1) - 1)
    }

    /// Mantissa (24 bits, hidden bit included) at which bin `bin_idx` begins.
    pub(super) fn bin_mantissa(self, bin_idx: usize) -> u64 {
        let hidden = u64::from(self.exponent() != 0) << 7;
        (hidden + bin_idx as u64) << 16
    }

    /// Magnitude at mantissa `mantissa`.
    pub(super) fn magnitude(self, mantissa: u64) -> f64 {
        mantissa as f64 * 2f64.powi(self.shift() as i32 - 149)
    }
}

/// What one row gains from a batch of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowTally {
    /// Values per bin.
    pub(super) counts: [u64; N_BINS],
    /// Sum of the 24-bit mantissas.
    pub(super) mantissa_sum: u128,
    /// Sum of the squares of the 24-bit mantissas.
    pub(super) square_sum: u128,
}

impl RowTally {
    /// Values in the row.
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
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
    /// Sum of the 24-bit mantissas.
    pub(super) mantissa_sum: u128,
    /// Sum of the squares of the 24-bit mantissas.
    pub(super) square_sum: u128,
}

impl Row {
    /// The row that holds just `tally`.
    pub(super) fn from_tally(id: RowId, tally: &RowTally) -> Self {
        let counts = if id.is_split() {
            RowCounts::Split(Counts::from_totals(&tally.counts))
        } else {
            RowCounts::Whole(tally.count())
        };
        Self { id, counts, mantissa_sum: tally.mantissa_sum, square_sum: tally.square_sum }
    }

    /// Adds a batch.
    pub(super) fn add_tally(&mut self, tally: &RowTally) {
        match &mut self.counts {
            RowCounts::Whole(count) => *count += tally.count(),
            RowCounts::Split(counts) => counts.add(&tally.counts),
        }
        self.mantissa_sum += tally.mantissa_sum;
        self.square_sum += tally.square_sum;
    }

    /// Adds another row of the same id.
    pub(super) fn add_row(&mut self, other: &Self) {
        match (&mut self.counts, &other.counts) {
            (RowCounts::Whole(count), RowCounts::Whole(more)) => *count += more,
            (RowCounts::Split(counts), RowCounts::Split(more)) => counts.add(&more.totals()),
            _ => unreachable!("whether a row is split depends on its id alone"),
        }
        self.mantissa_sum += other.mantissa_sum;
        self.square_sum += other.square_sum;
    }

    /// Values in the row.
    pub(super) fn count(&self) -> u64 {
        match &self.counts {
            RowCounts::Whole(count) => *count,
            RowCounts::Split(counts) => counts.totals().iter().sum(),
        }
    }

    /// Whether the row is not empty and its sums lie between those of all values at the lower and at the upper
    /// mantissa of their bins. The counts must not add up to more than 2^48.
    pub(super) fn is_consistent(&self) -> bool {
        let (totals, last) = match &self.counts {
            RowCounts::Whole(count) => (vec![*count], (1 << 23) - 1),
            RowCounts::Split(counts) => (counts.totals().to_vec(), (1 << 16) - 1),
        };
        let (mut sums, mut squares) = ((0, 0), (0, 0));
        for (bin_idx, &count) in totals.iter().enumerate() {
            let lower = u128::from(self.id.bin_mantissa(bin_idx));
            let (count, upper) = (u128::from(count), lower + last);
            sums = (sums.0 + count * lower, sums.1 + count * upper);
            squares = (squares.0 + count * lower * lower, squares.1 + count * upper * upper);
        }
        let holds = |(least, most): (u128, u128), sum: u128| sum != 0 && (least..=most).contains(&sum);
        holds(sums, self.mantissa_sum) && holds(squares, self.square_sum)
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
