//! The default statistic of a calibrated value.
use super::exact_sum::ExactSum;
use super::extremes::{BoundedExtremes, Extremes};
use super::row::{Row, RowCounts, RowId};
use super::tally::{self, MAX_BATCH};

/// Values taken through the counting loop at a time: small enough that the tables' counters cannot overflow and
/// that the values are still in a cache when they are counted.
const BATCH: usize = 1 << 20;
const _: () = assert!(BATCH <= MAX_BATCH);

/// What calibration remembers of one value: counts on a fixed grid, exact extremes, exact sums.
///
/// **The grid.** A bin is a sign, an exponent and the top 7 bits of the mantissa of the f32, so that a bin is between
/// 0.4 % and 0.8 % of its own magnitude wide. Octaves outside `2^-32 <= |x| < 2^32` are one bin each. Zeros of both
/// signs are counted apart, and so are NaN and the infinities, which take no part in anything else.
///
/// **The contract.** A statistic is a function of the multiset of observed values: observing slices in any order and
/// any division, on any number of threads, and merging the parts in any order, gives equal statistics and equal
/// [bytes](Self::to_bytes). It relies on integer arithmetic alone.
///
/// **Size.** O(1) in the number of values: 256 bytes to 1 KiB per occupied octave and sign, typically 5 to 20 KiB,
/// at most 160 KiB (all 128 split octaves occupied, every one with a count above 2^32).
#[derive(Debug, Clone, PartialEq)]
pub struct Statistic {
    /// Non-empty rows, ordered by id.
    pub(super) rows: Vec<Row>,
    /// Zeros of both signs.
    pub(super) zero_count: u64,
    /// NaN of any payload.
    pub(super) nan_count: u64,
    /// Positive infinities.
    pub(super) positive_infinity_count: u64,
    /// Negative infinities.
    pub(super) negative_infinity_count: u64,
    /// Of the finite values.
    pub(super) extremes: BoundedExtremes,
}

impl Default for Statistic {
    fn default() -> Self {
        Self::new()
    }
}

impl Statistic {
    /// Of no values.
    pub fn new() -> Self {
        Self {
            rows: Vec::new(),
            zero_count: 0,
            nan_count: 0,
            positive_infinity_count: 0,
            negative_infinity_count: 0,
            extremes: BoundedExtremes::NONE,
        }
    }

    /// Adds every one of `values`.
    pub fn observe(&mut self, values: &[f32]) {
        for batch in values.chunks(BATCH) {
            self.observe_batch(batch);
        }
    }

    fn observe_batch(&mut self, values: &[f32]) {
        let mut extremes = Extremes::of(values);
        if extremes.magnitude().is_infinite() {
            extremes = Extremes::of_some(values, f32::is_finite);
        }
        self.extremes.observe(values, extremes);
        let rows = &mut self.rows;
        let specials = tally::tally(values, extremes.magnitude(), |id, tally| {
            match rows.binary_search_by_key(&id, |row| row.id) {
                Ok(row_idx) => rows[row_idx].add_tally(tally),
                Err(row_idx) => rows.insert(row_idx, Row::from_tally(id, tally)),
            }
        });
        self.zero_count += specials.zeros;
        if specials.non_finite != 0 {
            self.count_non_finite(values);
        }
    }

    fn count_non_finite(&mut self, values: &[f32]) {
        let count = |matches: fn(f32) -> bool| values.iter().filter(|&&value| matches(value)).count() as u64;
        self.nan_count += count(f32::is_nan);
        self.positive_infinity_count += count(|value| value == f32::INFINITY);
        self.negative_infinity_count += count(|value| value == f32::NEG_INFINITY);
    }

    /// Adds everything that `other` has observed.
    pub fn merge(&mut self, other: &Self) {
        for theirs in &other.rows {
            match self.rows.binary_search_by_key(&theirs.id, |row| row.id) {
                Ok(row_idx) => self.rows[row_idx].add_row(theirs),
                Err(row_idx) => self.rows.insert(row_idx, theirs.clone()),
            }
        }
        self.zero_count += other.zero_count;
        self.nan_count += other.nan_count;
        self.positive_infinity_count += other.positive_infinity_count;
        self.negative_infinity_count += other.negative_infinity_count;
        self.extremes.merge(&other.extremes);
    }

    /// Number of finite values, zeros included.
    pub fn count(&self) -> u64 {
        self.zero_count + self.rows.iter().map(Row::count).sum::<u64>()
    }

    /// Number of zeros of either sign.
    pub fn zero_count(&self) -> u64 {
        self.zero_count
    }

    /// Number of NaN.
    pub fn nan_count(&self) -> u64 {
        self.nan_count
    }

    /// Number of positive infinities.
    pub fn positive_infinity_count(&self) -> u64 {
        self.positive_infinity_count
    }

    /// Number of negative infinities.
    pub fn negative_infinity_count(&self) -> u64 {
        self.negative_infinity_count
    }

    /// Smallest finite value, exactly; zero is positive. `None` when no finite value was observed.
    pub fn min(&self) -> Option<f32> {
        (!self.extremes.all.is_none()).then_some(self.extremes.all.min)
    }

    /// Largest finite value, exactly; zero is positive. `None` when no finite value was observed.
    pub fn max(&self) -> Option<f32> {
        (!self.extremes.all.is_none()).then_some(self.extremes.all.max)
    }

    /// Exact sum of the finite values, rounded once to f64.
    pub fn sum(&self) -> f64 {
        let mut sums = [ExactSum::ZERO; 2];
        for row in &self.rows {
            sums[usize::from(row.id.is_negative())].add_shifted(row.mantissa_sum, row.id.shift());
        }
        sums[0].difference_to_f64(&sums[1], -149)
    }

    /// Exact sum of the squares of the finite values, rounded once to f64.
    pub fn square_sum(&self) -> f64 {
        let mut sum = ExactSum::ZERO;
        for row in &self.rows {
            sum.add_shifted(row.square_sum, 2 * row.id.shift());
        }
        sum.to_f64(-298)
    }

    /// Mean of the finite values: the rounded exact sum divided by the count. `None` when there are none.
    pub fn mean(&self) -> Option<f64> {
        let count = self.count();
        (count != 0).then(|| self.sum() / count as f64)
    }

    /// Bytes of memory held, heap included.
    pub fn memory_bytes(&self) -> usize {
        let heap = |row: &Row| match &row.counts {
            RowCounts::Whole(_) => 0,
            RowCounts::Split(counts) => counts.heap_bytes(),
        };
        let rows = self.rows.capacity() * size_of::<Row>();
        size_of::<Self>() + rows + self.rows.iter().map(heap).sum::<usize>()
    }

    /// The rows whose values have magnitude below `2^exponent`, which must be at least -126.
    pub(super) fn rows_below(&self, exponent: i32) -> impl Iterator<Item = &Row> {
        let field = (exponent + 127) as u16;
        self.rows.iter().filter(move |row: &&Row| RowId::exponent(row.id) < field)
    }
}
