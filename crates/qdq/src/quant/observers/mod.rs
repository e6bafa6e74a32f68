//! Observers: what calibration remembers of a value, and how a range is read off it.
//!
//! ```text
//! f32 slices ─observe→ Statistic ─merge→ Statistic ─range(method, levels)→ Range ─→ scale, zero point
//! ```
//!
//! [`Statistic`] is the default one: integer counts on a fixed grid and exact extremes. It is a function of
//! the multiset of observed values alone, so order, batching and thread count cannot change it.
//! Every [`Method`] reads its range off a finished statistic; no method needs a second pass over the data.
mod bytes;
mod counts;
mod entropy;
mod extremes;
mod histogram;
mod l2;
mod levels;
mod masks;
mod method;
mod mse;
mod percentile;
mod row;
mod statistic;
pub mod torch;

#[cfg(test)]
mod tests;

pub use bytes::DecodeError;
pub(in crate::quant) use bytes::{Reader, checksum, write_varint};
pub use histogram::{Bin, Histogram};
pub use levels::{Levels, expected_square_error};
pub use masks::{Excluded, MaskedRange};
pub use method::{Method, ParseMethodError, histogram_range, range};
pub use statistic::Statistic;

/// A closed interval of real values that quantization should represent.
///
/// `min <= max`, both finite. Zero need not be inside: the scale formula widens the interval to hold it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Smallest value to represent.
    pub min: f32,
    /// Largest value to represent.
    pub max: f32,
}

impl Range {
    /// The least range that holds both.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }

    /// The part of it inside of a limit.
    #[must_use]
    pub fn limited(self, limit: Self) -> Self {
        Self { min: self.min.clamp(limit.min, limit.max), max: self.max.clamp(limit.min, limit.max) }
    }
}
