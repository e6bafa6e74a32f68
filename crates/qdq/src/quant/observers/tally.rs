//! The counting loop: a batch of f32 into exact integer totals per octave.
//!
//! One pass adds each value to one cell of a dense table indexed by its top 16 bits. A cell packs the count, the sum of
//! the low 16 bits ("residuals") and the sum of their squares into one integer, so that a value costs one wide
//! addition; the sums of full mantissas and of their squares follow exactly:
//! `sum (b + r) = n b + sum r` and `sum (b + r)^2 = n b^2 + 2 b sum r + sum r^2`.
use super::counts::N_BINS;
use super::row::{RowId, RowTally, SIGN};
use std::cell::Cell;

/// Most values between two drains: a cell's count has 24 bits, its residual sum 40.
pub(super) const MAX_BATCH: usize = (1 << 24) - 1;
/// Bits of the residual sum in the packed word.
const RESIDUAL_BITS: u32 = 40;
/// Cells per table: sign, exponent and 7 mantissa bits.
const N_CELLS: usize = 1 << 16;
/// Tables filled in turn, so that runs of equal values do not wait for their own stores.
const N_TABLES: usize = 2;
/// Exponent field of infinities and NaN.
const NON_FINITE: u16 = 255;

/// From the low bits: residual sum (40 bits), count (24), sum of squared residuals (64).
type TableCell = u128;

/// Working memory of the counting loop: 2 MiB of address space, of which only touched pages are resident.
/// All zero between uses.
struct Tables(Vec<TableCell>);

thread_local! {
    static TABLES: Cell<Option<Tables>> = const { Cell::new(None) };
}

/// What a batch holds besides its finite non-zero values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Specials {
    /// Zeros of either sign.
    pub(super) zeros: u64,
    /// Infinities and NaN.
    pub(super) non_finite: u64,
}

/// Counts `values` (at most [`MAX_BATCH`], the largest finite magnitude among them being `magnitude`) and hands each
/// non-empty row of finite non-zero values to `emit`.
pub(super) fn tally(values: &[f32], magnitude: f32, mut emit: impl FnMut(RowId, &RowTally)) -> Specials {
    assert!(values.len() <= MAX_BATCH, "a cell counts 24 bits");
    let mut tables = TABLES.take().unwrap_or_else(|| Tables(vec![0; N_TABLES * N_CELLS]));
    tables.count(values);
    let mut left = values.len() as u64;
    let mut specials = Specials::default();
    for sign in [0, SIGN] {
        specials.zeros += tables.drain_subnormals(RowId(sign), values, &mut left, &mut emit);
    }
    left -= specials.zeros;
    let top_exponent = (magnitude.to_bits() >> 23) as u16;
    for exponent in (1..=top_exponent).rev() {
        if left == 0 {
            break;
        }
        for sign in [0, SIGN] {
            let id = RowId(sign | exponent);
            if let Some(row) = tables.take_row(id) {
                left -= row.count();
                emit(id, &row);
            }
        }
    }
    if left != 0 {
        let rows = [0, SIGN].map(|sign| tables.take_row(RowId(sign | NON_FINITE)));
        specials.non_finite = rows.iter().flatten().map(RowTally::count).sum();
    }
    TABLES.set(Some(tables));
    specials
}

impl Tables {
    /// Adds every value to its cell.
    fn count(&mut self, values: &[f32]) {
        let (tables, _) = self.0.as_chunks_mut::<N_CELLS>();
        let [first, second] = tables else {
            unreachable!("allocated as two tables");
        };
        let (pairs, rest) = values.as_chunks::<N_TABLES>();
        for pair in pairs {
            let bits = u64::from(pair[0].to_bits()) | u64::from(pair[1].to_bits()) << 32;
            add(first, bits & 0xffff_ffff);
            add(second, bits >> 32);
        }
        for &value in rest {
            add(first, u64::from(value.to_bits()));
        }
    }

    /// Takes the row of zeros and subnormals of one sign; returns the number of zeros, which are not emitted.
    /// Zeros share a cell with subnormals below 2^-133: only when there are some are the zeros counted again.
    fn drain_subnormals(
        &mut self,
        id: RowId,
        values: &[f32],
        left: &mut u64,
        emit: &mut impl FnMut(RowId, &RowTally),
    ) -> u64 {
        let Some(mut row) = self.take_row(id) else {
            return 0;
        };
        let zeros = if row.square_sum == 0 {
            row.count()
        } else {
            let zero_bits = u32::from(id.0) << 23;
            values.iter().filter(|value| value.to_bits() == zero_bits).count() as u64
        };
        row.counts[0] -= zeros;
        if row.square_sum != 0 {
            *left -= row.count();
            emit(id, &row);
        }
        zeros
    }

    /// Takes the cell of top bits `key` out of both tables.
    fn take(&mut self, key: usize) -> TableCell {
        let cells = (0..N_TABLES).map(|table_idx| table_idx * N_CELLS + key);
        cells.map(|cell_idx| std::mem::take(&mut self.0[cell_idx])).sum()
    }

    /// Takes a row out of both tables; `None` when it is empty.
    fn take_row(&mut self, id: RowId) -> Option<RowTally> {
        let first = usize::from(id.0) * N_BINS;
        let is_empty = (0..N_TABLES).all(|table_idx| {
            let start = table_idx * N_CELLS + first;
            self.0[start..start + N_BINS].iter().fold(0, |seen, cell| seen | cell) == 0
        });
        if is_empty {
            return None;
        }
        let mut row = RowTally { counts: [0; N_BINS], mantissa_sum: 0, square_sum: 0 };
        for bin_idx in 0..N_BINS {
            let cell = self.take(first + bin_idx);
            add_cell(&mut row, id, bin_idx, cell);
        }
        Some(row)
    }
}

/// Adds the value of these 32 bits to its cell.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the body of the innermost loop")]
fn add(table: &mut [TableCell; N_CELLS], bits: u64) {
    let residual = bits & 0xffff;
    let cell = &mut table[(bits >> 16) as usize];
    let packed = u128::from((1 << RESIDUAL_BITS) | residual);
    *cell = cell.wrapping_add(u128::from(residual * residual) << 64 | packed);
}

/// Adds what a cell holds to bin `bin_idx` of its row.
fn add_cell(row: &mut RowTally, id: RowId, bin_idx: usize, cell: TableCell) {
    let count = cell as u64 >> RESIDUAL_BITS;
    let residual_sum = cell & ((1 << RESIDUAL_BITS) - 1);
    let base = u128::from(id.bin_mantissa(bin_idx));
    row.counts[bin_idx] += count;
    row.mantissa_sum += u128::from(count) * base + residual_sum;
    row.square_sum += u128::from(count) * base * base + 2 * base * residual_sum + (cell >> 64);
}
