//! Which group an element belongs to, and the loop over elements.
#![allow(clippy::inline_always, reason = "compiled for target features only when inlined")]

use super::Groups;
use crate::parallel::{for_each_chunk, rows_per_task};
use crate::simd::{Simd, SimdTask, dispatch};

/// Elements per task.
const CHUNK: usize = 1 << 15;

/// Which elements a group of parameters holds. The tensor is seen as `[outer, along, inner]`, row-major.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// One group: all elements.
    Tensor,
    /// A group for each index of the middle axis.
    Axis {
        /// Indices of the axis.
        along: usize,
        /// Elements of one index of the axis, for one index of the outer ones.
        inner: usize,
    },
    /// A group for each `size` consecutive indices of the middle axis, and for each index of the others; groups are
    /// in the order of `[outer, along / size rounded up, inner]`.
    Block {
        /// Indices of the axis.
        along: usize,
        /// Elements of one index of the axis, for one index of the outer ones.
        inner: usize,
        /// Indices of a block; the last block of an axis may be shorter.
        size: usize,
    },
}

impl Spread {
    /// Number of groups of a tensor of `len` elements.
    fn n_groups(self, len: usize) -> usize {
        match self {
            Self::Tensor => 1,
            Self::Axis { along, .. } => along,
            Self::Block { along, inner, size } => {
                len.checked_div(along * inner).unwrap_or(0) * along.div_ceil(size.max(1)) * inner
            }
        }
    }
}

/// A formula for one element.
pub(super) trait Formula: Sync {
    /// What goes in.
    type From: Copy + Sync;
    /// What comes out.
    type To: Copy + Send;
    /// Scale or multiplier.
    type Step: Copy + Sync;

    /// Implementations must be `#[inline(always)]`.
    fn apply(&self, x: Self::From, step: Self::Step, zero_point: i32) -> Self::To;
}

/// Applies a formula to every element, on the threads of the pool.
pub(super) fn convert<F: Formula>(
    formula: &F,
    from: &[F::From],
    to: &mut [F::To],
    groups: Groups<'_, F::Step>,
) {
    let Groups { steps, zero_points, spread } = groups;
    assert_eq!(from.len(), to.len(), "as many elements out as in");
    let n_groups = spread.n_groups(from.len());
    assert!(steps.len() >= n_groups && zero_points.len() >= n_groups, "{n_groups} groups");
    // A unit is a whole row where the axis is the last one, else the elements of one index of the axis.
    let unit = match spread {
        Spread::Tensor => 1,
        Spread::Axis { along, inner } | Spread::Block { along, inner, .. } => {
            assert!(from.is_empty() || from.len() % (along * inner).max(1) == 0, "whole axes");
            if inner == 1 { along } else { inner }.max(1)
        }
    };
    let units = rows_per_task(unit, CHUNK);
    for_each_chunk(to, units * unit, |task, to| {
        let first_unit = task * units;
        let from = &from[first_unit * unit..][..to.len()];
        dispatch(Units { formula, from, to, groups, unit, first_unit });
    });
}

/// Some units of a tensor.
struct Units<'a, F: Formula> {
    formula: &'a F,
    from: &'a [F::From],
    to: &'a mut [F::To],
    groups: Groups<'a, F::Step>,
    unit: usize,
    first_unit: usize,
}

impl<F: Formula> SimdTask for Units<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        let Self { formula, from, to, groups: Groups { steps, zero_points, spread }, unit, first_unit } =
            self;
        if spread == Spread::Tensor {
            return uniform(formula, from, to, steps[0], zero_points[0]);
        }
        for (at, (from, to)) in from.chunks(unit).zip(to.chunks_mut(unit)).enumerate() {
            let unit_idx = first_unit + at;
            match spread {
                Spread::Tensor => {}
                Spread::Axis { inner: 1, .. } => varying(formula, from, to, steps, zero_points),
                Spread::Axis { along, .. } => {
                    uniform(formula, from, to, steps[unit_idx % along], zero_points[unit_idx % along]);
                }
                Spread::Block { along, inner: 1, size } => {
                    let first = unit_idx * along.div_ceil(size);
                    for (block, (from, to)) in from.chunks(size).zip(to.chunks_mut(size)).enumerate() {
                        uniform(formula, from, to, steps[first + block], zero_points[first + block]);
                    }
                }
                Spread::Block { along, inner, size } => {
                    let (outer, index) = (unit_idx / along, unit_idx % along);
                    let first = (outer * along.div_ceil(size) + index / size) * inner;
                    varying(formula, from, to, &steps[first..], &zero_points[first..]);
                }
            }
        }
    }
}

/// One group for all elements.
#[inline(always)]
fn uniform<F: Formula>(formula: &F, from: &[F::From], to: &mut [F::To], step: F::Step, zero_point: i32) {
    for (y, &x) in to.iter_mut().zip(from) {
        *y = formula.apply(x, step, zero_point);
    }
}

/// A group for each element.
#[inline(always)]
fn varying<F: Formula>(
    formula: &F,
    from: &[F::From],
    to: &mut [F::To],
    steps: &[F::Step],
    zero_points: &[i32],
) {
    for ((y, &x), (&step, &zero_point)) in to.iter_mut().zip(from).zip(steps.iter().zip(zero_points)) {
        *y = formula.apply(x, step, zero_point);
    }
}
