//! From the sums of a tile to the output, on registers.
#![allow(unsafe_code, reason = "loads of tiles and stores into the output; see each block")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::dot::{MAX_COLUMNS, TILE_VECTORS};
use super::epilogue::{Value, entry};
use super::lanes::Lanes;
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
        // SAFETY (both): integers of the same width, every bit pattern is valid.
        match output {
            Output::I32(data) => Self::I32(SharedMut::new(data)),
            Output::F32(data) => Self::F32(SharedMut::new(data)),
            Output::U8(data) => Self::Bytes(SharedMut::new(data)),
            Output::I8(data) => Self::Bytes(SharedMut::new(unsafe {
                std::slice::from_raw_parts_mut(data.as_mut_ptr().cast(), data.len())
            })),
            Output::U16(data) => Self::Halves(SharedMut::new(data)),
            Output::I16(data) => Self::Halves(SharedMut::new(unsafe {
                std::slice::from_raw_parts_mut(data.as_mut_ptr().cast(), data.len())
            })),
        }
    }
}

impl SharedOutput<'_> {
    /// # Panics
    /// When `n` elements from `begin` leave the output.
    fn check(&self, begin: usize, n: usize) {
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
    sums: [i32; MAX_COLUMNS],
    /// Scales or multipliers.
    scales: [f32; MAX_COLUMNS],
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
        let terms = self.terms;
        // SAFETY (whole body): registers inside the rows of sums and the terms; the caller's promise.
        let load = |sums: *const i32, j: usize| unsafe {
            s.add_i(s.load_i(sums.add(j * S::LANES)), s.load_i(terms.sums.as_ptr().add(j * S::LANES)))
        };
        let scales = |j: usize| unsafe { s.load(terms.scales.as_ptr().add(j * S::LANES)) };
        match *self.epilogue {
            Epilogue::Sums => {
                let SharedOutput::I32(output) = self.output else { unreachable!("checked beforehand") };
                let store = |p: *mut i32, low, high| unsafe {
                    s.store_i(p, low);
                    s.store_i(p.add(S::LANES), high);
                };
                unsafe { self.rows(s, output, |sums| [load(sums, 0), load(sums, 1)], store) };
            }
            Epilogue::Dequantize { bias, .. } => {
                let SharedOutput::F32(output) = self.output else { unreachable!("checked beforehand") };
                let addend = |j: usize| unsafe { s.load(terms.bias.as_ptr().add(j * S::LANES)) };
                let scaled = |sums, j| {
                    let scaled = s.mul(s.i_to_f(load(sums, j)), scales(j));
                    if bias.is_some() { s.add(scaled, addend(j)) } else { scaled }
                };
                let store = |p: *mut f32, low, high| unsafe {
                    s.store(p, low);
                    s.store(p.add(S::LANES), high);
                };
                unsafe { self.rows(s, output, |sums| [scaled(sums, 0), scaled(sums, 1)], store) };
            }
            Epilogue::Requantize { range: Range { zero_point, min, max }, .. } => {
                let (low, high) = (s.splat((min - zero_point) as f32), s.splat((max - zero_point) as f32));
                let zero_point = s.splat_i(zero_point);
                let scales = [scales(0), scales(1)];
                let quantize = |sums, j: usize| {
                    let scaled = s.mul(s.i_to_f(load(sums, j)), scales[j]);
                    s.add_i(s.round_to_i(s.min(s.max(scaled, low), high)), zero_point)
                };
                unsafe { self.integers(s, |sums| [quantize(sums, 0), quantize(sums, 1)]) };
            }
            Epilogue::FixedPoint { .. } => {
                let mut results = [0i32; MAX_COLUMNS];
                let mut scale = |sums: *const i32| {
                    for (i, result) in results.iter_mut().enumerate().take(self.n_columns) {
                        let sum = unsafe { *sums.add(i) }.wrapping_add(terms.sums[i]);
                        let Value::Integer(x) = self.epilogue.value(sum, self.column + i) else {
                            unreachable!("integers")
                        };
                        *result = x;
                    }
                    unsafe { [s.load_i(results.as_ptr()), s.load_i(results.as_ptr().add(S::LANES))] }
                };
                unsafe { self.integers(s, &mut scale) };
            }
        }
    }

    /// Stores 8 or 16-bit results.
    ///
    /// # Safety
    /// See [`Finish::run`].
    #[inline(always)]
    unsafe fn integers<S: Lanes>(&self, s: S, results: impl FnMut(*const i32) -> [S::I; TILE_VECTORS]) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.output {
                SharedOutput::Bytes(output) => {
                    self.rows(s, output, results, |p, low, high| s.store_bytes(p, low, high));
                }
                SharedOutput::Halves(output) => {
                    self.rows(s, output, results, |p, low, high| s.store_halves(p, low, high));
                }
                SharedOutput::I32(_) | SharedOutput::F32(_) => unreachable!("checked beforehand"),
            }
        }
    }

    /// Stores the two registers of each row.
    ///
    /// # Safety
    /// See [`Finish::run`].
    #[inline(always)]
    unsafe fn rows<S: Lanes, T: Copy + Default, R: Copy>(
        &self,
        _: S,
        output: &SharedMut<'_, T>,
        mut results: impl FnMut(*const i32) -> [R; TILE_VECTORS],
        store: impl Fn(*mut T, R, R),
    ) {
        let width = TILE_VECTORS * S::LANES;
        let mut edge = [T::default(); MAX_COLUMNS];
        for i in 0..self.n_rows {
            // SAFETY: rows below `n_rows`; the output's part was checked by `run`.
            unsafe {
                let [low, high] = results(self.sums.add(i * width));
                let target = output.at(self.begin + i * self.row_stride);
                if self.n_columns == width {
                    store(target, low, high);
                } else {
                    store(edge.as_mut_ptr(), low, high);
                    std::ptr::copy_nonoverlapping(edge.as_ptr(), target, self.n_columns);
                }
            }
        }
    }
}
