//! The range methods by name.
use super::{Histogram, Levels, Range, Statistic, entropy, l2, mse, percentile};
use crate::error::{Error, Result};
pub use crate::spec::{Method, ParseMethodError};

impl Method {
    /// Checks that the method can choose a range for so many levels.
    ///
    /// # Errors
    /// [`Method::Entropy`] with more than 4096 levels, for which it has no other answer than the extremes.
    pub fn check(self, levels: Levels) -> Result<()> {
        if self == Self::Entropy && levels.count() > entropy::MOST_LEVELS {
            let message = format!(
                "the entropy method chooses among at most {} levels, and this type has {}",
                entropy::MOST_LEVELS,
                levels.count()
            );
            return Err(Error::usage(message).help("use minmax, percentile or mse"));
        }
        Ok(())
    }
}

/// The range `method` chooses for everything `statistic` observed; `None` when it observed no finite value.
///
/// Infinities and NaN take no part; their counts are on the statistic. Searches evaluate a range as it will be used,
/// with zero included and the zero point rounded; the range itself is returned before that.
pub fn range(statistic: &Statistic, method: Method, levels: Levels) -> Option<Range> {
    let histogram = statistic.histogram()?;
    Some(histogram_range(&histogram, method, levels))
}

/// The range `method` chooses for a histogram; always within its extremes, or symmetric about zero within the
/// larger of them. [`Method::check`] says which levels a method is for.
pub fn histogram_range(histogram: &Histogram, method: Method, levels: Levels) -> Range {
    if histogram.range.min == histogram.range.max {
        return histogram.range;
    }
    match method {
        Method::MinMax => histogram.range,
        Method::Percentile(percent) => percentile::range(histogram, percent, levels.symmetric),
        Method::Entropy => entropy::range(histogram, levels),
        Method::Mse => mse::range(histogram, levels),
        Method::L2 => l2::range(histogram, levels),
    }
}
