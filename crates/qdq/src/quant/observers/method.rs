//! The range methods by name.
use super::{Histogram, Levels, Range, Statistic, entropy, l2, mse, percentile};
pub use crate::spec::{Method, ParseMethodError};

/// The range `method` chooses for everything `statistic` observed; `None` when it observed no finite value.
///
/// Infinities and NaN take no part; their counts are on the statistic. Searches evaluate a range as it will be used,
/// with zero included and the zero point rounded; the range itself is returned before that.
pub fn range(statistic: &Statistic, method: Method, levels: Levels) -> Option<Range> {
    let histogram = statistic.histogram()?;
    Some(histogram_range(&histogram, method, levels))
}

/// The range `method` chooses for a histogram; always within its extremes, or symmetric about zero within the
/// larger of them.
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
