//! Sets of values that share parameters.

use crate::graph::ValueId;

/// Disjoint sets of numbers: those of values, and further ones for uses with parameters of their own.
#[derive(Debug)]
pub(super) struct Groups(Vec<usize>);

impl Groups {
    pub(super) fn new(n_values: usize) -> Self {
        Self((0..n_values).collect())
    }

    /// A further set of one.
    pub(super) fn add(&mut self) -> usize {
        self.0.push(self.0.len());
        self.0.len() - 1
    }

    /// The number that stands for the set of a value.
    pub(super) fn of(&self, value: ValueId) -> usize {
        self.find(value.index())
    }

    pub(super) fn find(&self, mut member: usize) -> usize {
        while self.0[member] != member {
            member = self.0[member];
        }
        member
    }

    /// Joins two sets; the smaller number stands for both, so that the order of joins does not matter.
    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b)] = a.min(b);
    }
}
