//! How often which floats occur: exact counts by sign, exponent and top seven bits of the mantissa.
//!
//! One counter is raised for each value, so that a processor's stores (one a cycle) set the pace. Counters are kept in
//! `N_TABLES` tables filled in turn: a run of equal values, zeros above all, would otherwise wait for its own stores.
//! Extremes and zeros are found in vector registers on the way, where nothing else waits for them.
#![allow(unsafe_code, reason = "counters and values without bounds checks; see each block")]
#![allow(clippy::inline_always, reason = "compiled for target features only when inlined")]

use crate::simd::{Simd, SimdTask, dispatch_narrow};

/// Bins of an octave: the top seven bits of the mantissa.
pub const N_BINS: usize = 128;
/// Octaves of both signs: an octave's index is the top nine bits of its values.
pub const N_OCTAVES: usize = 512;
/// Tables filled in turn.
const N_TABLES: usize = 4;
/// Counters from one table to the next: their equal places must not share a set of the cache, nor the low bits of
/// an address by which processors guess that a load depends on a store.
const TABLE: usize = N_OCTAVES * N_BINS + 1040;
/// Values counted between two flushes of the zeros, which are counted in floats.
const BLOCK: usize = 1 << 20;
/// Most values that may be counted before all octaves are taken.
pub const MAX_VALUES: usize = u32::MAX as usize;

/// What is known of counted values beside their counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
    /// Smallest value or infinity, NaN left out; +infinity when there was none.
    pub min: f32,
    /// Largest value or infinity, NaN left out; -infinity when there was none.
    pub max: f32,
    /// Zeros of both signs.
    pub n_zeros: u64,
}

/// Counters of every bin, all zero when new: 1 MiB of address space, of which only pages that are used are resident.
#[derive(Debug)]
pub struct Counters {
    tables: Vec<u32>,
}

impl Default for Counters {
    fn default() -> Self {
        Self { tables: vec![0; N_TABLES * TABLE] }
    }
}

impl Counters {
    /// Counts values into their bins. Zeros and the smallest subnormals share a bin.
    ///
    /// # Panics
    /// With more than [`MAX_VALUES`] values.
    pub fn count(&mut self, values: &[f32]) -> Extremes {
        assert!(values.len() <= MAX_VALUES, "a counter has 32 bits");
        dispatch_narrow(Count { tables: &mut self.tables, values })
    }

    /// Takes the counts of an octave, which are zero afterwards; returns how many values they are in all.
    ///
    /// # Panics
    /// When `octave` is not below [`N_OCTAVES`].
    pub fn take(&mut self, octave: usize, counts: &mut [u32; N_BINS]) -> u64 {
        assert!(octave < N_OCTAVES, "octave {octave}");
        dispatch_narrow(Take { tables: &mut self.tables, octave, counts })
    }
}

struct Count<'a> {
    tables: &'a mut [u32],
    values: &'a [f32],
}

impl SimdTask for Count<'_> {
    type Output = Extremes;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Extremes {
        let (mut min, mut max) = (simd.splat(f32::INFINITY), simd.splat(f32::NEG_INFINITY));
        let (one, none, least) = (simd.splat(1.0), simd.splat(0.0), simd.splat(f32::from_bits(1)));
        let mut n_zeros = 0;
        let whole = self.values.len() / S::LANES * S::LANES;
        for block in self.values[..whole].chunks(BLOCK) {
            let mut zeros = none;
            for at in (0..block.len()).step_by(S::LANES) {
                // SAFETY: `BLOCK` and the slice are whole registers.
                let x = unsafe { simd.load(block.as_ptr().add(at)) };
                (min, max) = (simd.min(x, min), simd.max(x, max));
                zeros = simd.add(zeros, simd.select(simd.lt(simd.abs(x), least), one, none));
                for lane in 0..S::LANES {
                    // SAFETY: inside the block.
                    let value = unsafe { block.as_ptr().add(at + lane) };
                    // SAFETY: four tables, and a lane's index modulo four.
                    unsafe { raise(self.tables, lane % N_TABLES, value) };
                }
            }
            n_zeros += simd.lanes(zeros).iter().sum::<f32>() as u64;
        }
        let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
        for lane in 0..S::LANES {
            least = least.min(simd.lanes(min)[lane]);
            most = most.max(simd.lanes(max)[lane]);
        }
        for value in &self.values[whole..] {
            (least, most) = (least.min(*value), most.max(*value));
            n_zeros += u64::from(*value == 0.0);
            // SAFETY: there is a first table.
            unsafe { raise(self.tables, 0, value) };
        }
        Extremes { min: least, max: most, n_zeros }
    }
}

/// Raises the counter of a value.
///
/// # Safety
/// `value` is readable; `tables` holds more than `table` tables.
#[inline(always)]
unsafe fn raise(tables: &mut [u32], table: usize, value: *const f32) {
    let high_half = usize::from(cfg!(target_endian = "little"));
    // SAFETY: the caller's promise; each half of a float is readable, and has the alignment of `u16`.
    // A load of its own for each value costs less than shifting it out of a wider one.
    let bin = unsafe { value.cast::<u16>().add(high_half).read() };
    // SAFETY: a table has more counters than there are values of 16 bits.
    let counter = unsafe { tables.get_unchecked_mut(table * TABLE + usize::from(bin)) };
    *counter = counter.wrapping_add(1);
}

struct Take<'a> {
    tables: &'a mut [u32],
    octave: usize,
    counts: &'a mut [u32; N_BINS],
}

impl SimdTask for Take<'_> {
    type Output = u64;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> u64 {
        let Self { tables, octave, counts } = self;
        counts.fill(0);
        for table in 0..N_TABLES {
            let (counters, _) = tables[table * TABLE + octave * N_BINS..].as_chunks_mut::<N_BINS>();
            for (count, counter) in counts.iter_mut().zip(&mut counters[0]) {
                *count += *counter;
                *counter = 0;
            }
        }
        // Fewer than 2^32 values were counted.
        u64::from(counts.iter().sum::<u32>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::testing::on_each_isa;

    fn values() -> Vec<f32> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state
        };
        let mut values: Vec<f32> = (0..5_003).map(|_| f32::from_bits(next())).collect();
        values.extend((0..3_000).map(|n| if n % 3 == 0 { 0.0 } else { (n % 7) as f32 - 3.0 }));
        values.extend([-0.0, 1e-45, -1e-45, f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
        values
    }

    #[test]
    fn counts_and_extremes_are_those_of_the_values() {
        on_each_isa(|isa| {
            let values = values();
            let mut counters = Counters::default();
            for len in [0, 1, 3, 7, 8, 9, 100, values.len()] {
                let values = &values[values.len() - len..];
                let seen = counters.count(values);
                let mut expected = vec![0u32; N_OCTAVES * N_BINS];
                for value in values {
                    expected[(value.to_bits() >> 16) as usize] += 1;
                }
                for (octave, expected) in expected.chunks(N_BINS).enumerate() {
                    let mut taken = [7; N_BINS];
                    let n_taken = counters.take(octave, &mut taken);
                    assert_eq!(taken[..], *expected, "{isa:?}, {len} values, octave {octave}");
                    assert_eq!(n_taken, u64::from(expected.iter().sum::<u32>()));
                    assert_eq!(counters.take(octave, &mut taken), 0, "taken twice");
                }
                let zeros = values.iter().filter(|value| **value == 0.0).count() as u64;
                let min = values.iter().copied().fold(f32::INFINITY, f32::min);
                let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                assert_eq!(seen, Extremes { min, max, n_zeros: zeros }, "{isa:?}, {len} values");
            }
        });
    }
}
