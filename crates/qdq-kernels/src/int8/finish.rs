//! From the sums of a tile to the output, on registers.
#![allow(unsafe_code, reason = "loads of tiles and stores into the output; see each block")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::dot::{MAX_COLUMNS, TILE_VECTORS};
use super::epilogue::{Value, entry};
use super::lanes::{ByteBounds, Lanes};
use super::{Epilogue, Output, Range};
use crate::parallel::SharedMut;

/// An output that several tasks write to, each its own part.
#[derive(Debug)]
pub(super) enum SharedOutput<'a> {
    I32(SharedMut<'a, i32>),
    F32(SharedMut<'a, f32>),
    /// `u8` or `i8`.
    Bytes(SharedMut<'a, u8>),
    /// `u16` or `i16`.
    Halves(SharedMut<'a, u16>),
}

impl<'a> From<Output<'a>> for SharedOutput<'a> {
    fn from(output: Output<'a>) -> Self {
        match output {
            Output::I32(data) => Self::I32(SharedMut::new(data)),
            Output::F32(data) => Self::F32(SharedMut::new(data)),
            Output::U8(_) | Output::I8(_) => Self::Bytes(SharedMut::new(output.into_bits())),
            Output::U16(data) => Self::Halves(SharedMut::new(data)),
            // SAFETY: u16 and i16 have the same layout and every bit pattern is valid.
            Output::I16(data) => Self::Halves(SharedMut::new(unsafe {
                std::slice::from_raw_parts_mut(data.as_mut_ptr().cast(), data.len())
            })),
        }
    }
}

impl SharedOutput<'_> {
    /// # Panics
    /// When `n` elements from `begin` leave the output.
    pub(super) fn check(&self, begin: usize, n: usize) {
        let len = match self {
            Self::I32(data) => data.len(),
            Self::F32(data) => data.len(),
            Self::Bytes(data) => data.len(),
            Self::Halves(data) => data.len(),
        };
        assert!(n <= len && begin <= len - n);
    }
}

/// What the columns of a tile are made of, gathered from the lists of an [`Epilogue`].
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnTerms {
    /// Added to the sums.
    pub(super) sums: [i32; MAX_COLUMNS],
    /// Scales or multipliers.
    pub(super) scales: [f32; MAX_COLUMNS],
    /// Added to scaled sums.
    bias: [f32; MAX_COLUMNS],
}

impl ColumnTerms {
    /// Terms of columns `begin..begin + n`, to whose sums `sum_term(i)` is added.
    #[inline(always)]
    pub(super) fn new(
        epilogue: &Epilogue<'_>,
        begin: usize,
        n: usize,
        sum_term: impl Fn(usize) -> i32,
    ) -> Self {
        let mut terms = Self { sums: [0; MAX_COLUMNS], scales: [0.0; MAX_COLUMNS], bias: [0.0; MAX_COLUMNS] };
        for (i, sum) in terms.sums.iter_mut().enumerate().take(n) {
            *sum = sum_term(i);
        }
        let fill = |target: &mut [f32], list: &[f32]| {
            for (i, x) in target.iter_mut().enumerate().take(n) {
                *x = entry(list, begin + i);
            }
        };
        match *epilogue {
            Epilogue::Dequantize { scales, bias } => {
                fill(&mut terms.scales, scales);
                if let Some(bias) = bias {
                    fill(&mut terms.bias, bias);
                }
            }
            Epilogue::Requantize { multipliers, .. } => fill(&mut terms.scales, multipliers),
            Epilogue::Sums | Epilogue::FixedPoint { .. } => {}
        }
        terms
    }
}

/// Rows of sums and where their results go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finish<'a> {
    pub(super) epilogue: &'a Epilogue<'a>,
    pub(super) terms: &'a ColumnTerms,
    /// First column, in the lists of the epilogue.
    pub(super) column: usize,
    pub(super) n_columns: usize,
    pub(super) n_rows: usize,
    /// Sums, rows of `2 * LANES`.
    pub(super) sums: *const i32,
    pub(super) output: &'a SharedOutput<'a>,
    /// Place of the first result.
    pub(super) begin: usize,
    /// Distance between rows of results.
    pub(super) row_stride: usize,
}

/// Stores two registers of results for each row of sums: a macro, since a closure would not be compiled for the features
/// of the kernel. The part of the output was checked beforehand.
macro_rules! for_each_row {
    ($self:ident, $s:ident, $output:ident, |$sums:ident| $results:expr, $store:ident $(, $extra:expr)?) => {{
        let width = TILE_VECTORS * S::LANES;
        let mut edge = [Default::default(); MAX_COLUMNS];
        for i in 0..$self.n_rows {
            let $sums = $self.sums.wrapping_add(i * width);
            let [low, high] = $results;
            let target = $output.at($self.begin + i * $self.row_stride);
            // SAFETY: see `Finish::run`.
            unsafe {
                if $self.n_columns == width {
                    $s.$store(target, low, high $(, $extra)?);
                } else {
                    $s.$store(edge.as_mut_ptr(), low, high $(, $extra)?);
                    std::ptr::copy_nonoverlapping(edge.as_ptr(), target, $self.n_columns);
                }
            }
        }
    }};
}

/// Stores 8 or 16-bit results.
macro_rules! for_each_integer_row {
    ($self:ident, $s:ident, |$sums:ident| $results:expr) => {
        match $self.output {
            SharedOutput::Bytes(output) => for_each_row!($self, $s, output, |$sums| $results, store_bytes),
            SharedOutput::Halves(output) => for_each_row!($self, $s, output, |$sums| $results, store_halves),
            SharedOutput::I32(_) | SharedOutput::F32(_) => unreachable!("checked beforehand"),
        }
    };
}

impl Finish<'_> {
    /// Stores the results.
    ///
    /// # Safety
    /// `n_rows` rows of `2 * LANES >= n_columns` sums are readable, and nobody else uses this part of the output.
    #[inline(always)]
    pub(super) unsafe fn run<S: Lanes>(&self, s: S) {
        if self.n_rows == 0 || self.n_columns == 0 {
            return;
        }
        self.output.check(self.begin, (self.n_rows - 1) * self.row_stride + self.n_columns);
        // SAFETY (all blocks): the caller's promise.
        match *self.epilogue {
            Epilogue::Sums => {
                let SharedOutput::I32(output) = self.output else { unreachable!("checked beforehand") };
                for_each_row!(
                    self,
                    s,
                    output,
                    |sums| unsafe { [self.sum(s, sums, 0), self.sum(s, sums, 1)] },
                    store_pair_i
                );
            }
            Epilogue::Dequantize { bias, .. } => {
                let SharedOutput::F32(output) = self.output else { unreachable!("checked beforehand") };
                for_each_row!(
                    self,
                    s,
                    output,
                    |sums| unsafe {
                        let (low, high) = (self.scaled(s, sums, 0), self.scaled(s, sums, 1));
                        if bias.is_some() {
                            [s.add(low, self.bias(s, 0)), s.add(high, self.bias(s, 1))]
                        } else {
                            [low, high]
                        }
                    },
                    store_pair
                );
            }
            Epilogue::Requantize { range: Range { zero_point, min, max }, .. } => {
                let (low, high) = (s.splat((min - zero_point) as f32), s.splat((max - zero_point) as f32));
                match self.output {
                    SharedOutput::Bytes(output) => {
                        let bounds = ByteBounds { zero_point: zero_point as i16, min: min as i16 };
                        for_each_row!(
                            self,
                            s,
                            output,
                            |sums| unsafe {
                                // The lower bound is cheaper as an integer; far below it, rounding gives i32::MIN.
                                let (a, b) = (self.scaled(s, sums, 0), self.scaled(s, sums, 1));
                                [s.round_to_i(s.min(a, high)), s.round_to_i(s.min(b, high))]
                            },
                            store_quantized,
                            bounds
                        );
                    }
                    SharedOutput::Halves(output) => {
                        let zero_point = s.splat_i(zero_point);
                        for_each_row!(
                            self,
                            s,
                            output,
                            |sums| unsafe {
                                let (a, b) = (self.scaled(s, sums, 0), self.scaled(s, sums, 1));
                                let (a, b) = (s.min(s.max(a, low), high), s.min(s.max(b, low), high));
                                [s.add_i(s.round_to_i(a), zero_point), s.add_i(s.round_to_i(b), zero_point)]
                            },
                            store_halves
                        );
                    }
                    SharedOutput::I32(_) | SharedOutput::F32(_) => unreachable!("checked beforehand"),
                }
            }
            Epilogue::FixedPoint { .. } => {
                let mut results = [0i32; MAX_COLUMNS];
                for_each_integer_row!(self, s, |sums| unsafe {
                    self.fixed_point(sums, &mut results);
                    [s.load_i(results.as_ptr()), s.load_i(results.as_ptr().add(S::LANES))]
                });
            }
        }
    }

    /// Register `j` of a row of sums, with what is added to them.
    ///
    /// # Safety
    /// See [`Finish::run`]; `j` is 0 or 1.
    #[inline(always)]
    unsafe fn sum<S: Lanes>(&self, s: S, sums: *const i32, j: usize) -> S::I {
        // SAFETY: the caller's promise; the terms are as wide as the widest row.
        unsafe {
            let term = s.load_i(self.terms.sums.as_ptr().add(j * S::LANES));
            s.add_i(s.load_i(sums.add(j * S::LANES)), term)
        }
    }

    /// The same, as real numbers times the scales.
    ///
    /// # Safety
    /// See [`Finish::sum`].
    #[inline(always)]
    unsafe fn scaled<S: Lanes>(&self, s: S, sums: *const i32, j: usize) -> S::V {
        // SAFETY: the caller's promise.
        unsafe {
            let scales = s.load(self.terms.scales.as_ptr().add(j * S::LANES));
            s.mul(s.i_to_f(self.sum(s, sums, j)), scales)
        }
    }

    /// Register `j` of the bias of scaled sums.
    #[inline(always)]
    fn bias<S: Lanes>(&self, s: S, j: usize) -> S::V {
        // SAFETY: the terms are as wide as the widest row, and `j` is 0 or 1.
        unsafe { s.load(self.terms.bias.as_ptr().add(j % TILE_VECTORS * S::LANES)) }
    }

    /// A row in fixed point.
    ///
    /// # Safety
    /// `n_columns` sums are readable.
    unsafe fn fixed_point(&self, sums: *const i32, results: &mut [i32; MAX_COLUMNS]) {
        for (i, result) in results.iter_mut().enumerate().take(self.n_columns) {
            // SAFETY: the caller's promise.
            let sum = unsafe { *sums.add(i) }.wrapping_add(self.terms.sums[i]);
            let Value::Integer(x) = self.epilogue.value(sum, self.column + i) else {
                unreachable!("integers")
            };
            *result = x;
        }
    }
}
