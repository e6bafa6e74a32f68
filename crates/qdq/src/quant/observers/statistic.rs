//! The default statistic of a calibrated value.
use std::cell::Cell;

use super::extremes::{BoundedExtremes, Extremes};
use super::row::{self, Row, RowCounts, RowId, SIGN};
use crate::kernels::counting::{Counters, MAX_VALUES, N_BINS};

thread_local! {
    /// Counters of the thread, all zero; taken while they are in use.
    static COUNTERS: Cell<Option<Counters>> = const { Cell::new(None) };
}

/// Exponent field of infinities and NaN.
const NON_FINITE: u16 = 255;

/// What calibration remembers of one value: counts on a fixed grid and exact extremes.
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
        for batch in values.chunks(MAX_VALUES) {
            let mut counters = COUNTERS.take().unwrap_or_default();
            self.observe_batch(batch, &mut counters);
            COUNTERS.set(Some(counters));
        }
    }

    fn observe_batch(&mut self, values: &[f32], counters: &mut Counters) {
        let seen = counters.count(values);
        let mut extremes = Extremes { min: seen.min, max: seen.max };
        if extremes.magnitude().is_infinite() {
            extremes = Extremes::of_some(values, f32::is_finite);
        }
        self.extremes.observe(values, extremes);
        self.zero_count += seen.n_zeros;
        let mut counts = [0; N_BINS];
        let mut left = values.len() as u64 - self.take_subnormals(values, seen.n_zeros, counters);
        // Without a finite value the extremes are infinite.
        let top_exponent = ((extremes.magnitude().to_bits() >> 23) as u16).min(NON_FINITE - 1);
        for exponent in (1..=top_exponent).rev() {
            if left == 0 {
                return;
            }
            for id in [RowId(exponent), RowId(SIGN | exponent)] {
                let n_values = counters.take(usize::from(id.0), &mut counts);
                if n_values != 0 {
                    left -= n_values;
                    self.add_to_row(id, &counts);
                }
            }
        }
        if left != 0 {
            for octave in [NON_FINITE, SIGN | NON_FINITE] {
                counters.take(usize::from(octave), &mut counts);
            }
            self.count_non_finite(values);
        }
    }

    /// Takes the octaves of zeros and subnormals; returns how many values they held. Zeros of a sign share a bin with
    /// its subnormals below 2^-133: only when there are some are the zeros counted again, by sign.
    fn take_subnormals(&mut self, values: &[f32], n_zeros: u64, counters: &mut Counters) -> u64 {
        let mut octaves = [[0; N_BINS]; 2];
        let [positive, negative] = &mut octaves;
        let n_taken = counters.take(0, positive) + counters.take(usize::from(SIGN), negative);
        let has_tiny = n_zeros != octaves.iter().map(|counts| u64::from(counts[0])).sum::<u64>();
        for (id, counts) in [0, SIGN].into_iter().zip(&mut octaves) {
            let is_zero = |value: &&f32| value.to_bits() == u32::from(id) << 23;
            counts[0] -= if has_tiny { values.iter().filter(is_zero).count() as u32 } else { counts[0] };
            if row::sum(counts) != 0 {
                self.add_to_row(RowId(id), counts);
            }
        }
        n_taken
    }

    fn add_to_row(&mut self, id: RowId, counts: &[u32; N_BINS]) {
        match self.rows.binary_search_by_key(&id, |row| row.id) {
            Ok(row_idx) => self.rows[row_idx].add_batch(counts),
            Err(row_idx) => self.rows.insert(row_idx, Row::new(id, counts)),
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
