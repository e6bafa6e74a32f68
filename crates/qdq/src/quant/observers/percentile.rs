//! The range that keeps a given share of the values.
//!
//! With percentile `p`, a share `1 - p / 100` of the values is left outside:
//! - values of both signs, affine: half of it below the range, half above;
//! - values of one sign, affine: all of it on the side away from zero, because zero is in the range anyway;
//! - symmetric: the range is `-t .. t` with `p` percent of the magnitudes at most `t`.
//!
//! All values count, zeros included. The quantile of share `q` among `n` values is the point at which the cumulative
//! count reaches `q n`, linear inside a bin, so that it is within one bin of the value of that rank.
use super::{Bin, Histogram, Range};

/// The range for `percent`, above 0 and at most 100.
pub(super) fn range(histogram: &Histogram, percent: f64, symmetric: bool) -> Range {
    let Range { min, max } = histogram.range;
    let outside = (1.0 - percent / 100.0).clamp(0.0, 1.0);
    if symmetric {
        let threshold = upper_quantile(&histogram.folded(), histogram.count(), outside) as f32;
        return Range { min: -threshold, max: threshold };
    }
    let (below, above) = match (min < 0.0, max > 0.0) {
        (true, true) => (outside / 2.0, outside / 2.0),
        (true, false) => (outside, 0.0),
        (false, _) => (0.0, outside),
    };
    let count = histogram.count();
    let lower = lower_quantile(histogram.bins.iter().copied(), count, below);
    let upper = upper_quantile(&histogram.bins, count, above);
    Range { min: (lower as f32).clamp(min, max), max: (upper as f32).clamp(min, max) }
}

/// The point with a share `below` of the `count` values under it; `bins` ascend.
fn lower_quantile(bins: impl Iterator<Item = Bin>, count: u64, below: f64) -> f64 {
    let mut left = below * count as f64;
    let mut last = 0.0;
    for bin in bins {
        let bin_count = bin.count as f64;
        if left < bin_count {
            return bin.lower + left / bin_count * bin.width();
        }
        left -= bin_count;
        last = bin.upper;
    }
    last
}

/// The point with a share `above` of the `count` values over it; `bins` ascend.
fn upper_quantile(bins: &[Bin], count: u64, above: f64) -> f64 {
    -lower_quantile(bins.iter().rev().map(Bin::mirrored), count, above)
}
