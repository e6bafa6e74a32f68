//! Properties of the statistic and of the ranges read off it.
mod masks;
mod ranges;
mod searches;
mod statistic;

use super::Statistic;

/// A small deterministic source of numbers (xorshift64*), so that tests need no seed from outside.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next_bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Uniform in (0, 1).
    pub(super) fn uniform(&mut self) -> f64 {
        ((self.next_bits() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Standard normal, by Box and Muller.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Laplace with scale 1.
    pub(super) fn laplace(&mut self) -> f64 {
        let magnitude = -self.uniform().ln();
        if self.next_bits() >> 63 == 0 { magnitude } else { -magnitude }
    }
}

/// The statistic of all of `values`.
pub(super) fn statistic(values: &[f32]) -> Statistic {
    let mut statistic = Statistic::new();
    statistic.observe(values);
    statistic
}

/// `n` normal values with unit deviation, and one on each side 50 deviations out.
///
/// They are so few because clipping one costs as much squared error as rounding 150,000 values of the bulk.
pub(super) fn normal_with_outliers(n: usize) -> Vec<f32> {
    let mut random = Random::new(1);
    let bulk = (2..n).map(|_| random.normal() as f32);
    [50.0, -50.0].into_iter().chain(bulk).collect()
}

/// `n` Laplace values.
pub(super) fn laplace(n: usize) -> Vec<f32> {
    let mut random = Random::new(2);
    (0..n).map(|_| random.laplace() as f32).collect()
}
