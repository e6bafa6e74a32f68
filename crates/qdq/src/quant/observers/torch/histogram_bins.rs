//! Counting into bins, and moving counts to the bins of a wider range.

use super::histogram::TorchVersion;
use crate::error::{Error, Result};

/// Parts a bin is cut into before its count moves (`upsample_rate`).
const UPSAMPLE_RATE: usize = 16;
/// Largest count that f32 still adds 1 to.
const MAX_COUNT: u32 = 1 << 24;

/// `torch.histc`: how many of `values` lie in each of `bins` equal parts of `range`; those outside are not counted.
///
/// Source: ATen/native/Histogram.cpp and cpu/HistogramKernel.cpp. An element's bin is computed as
/// `(value − min) · bins / (max − min)` in f32; what does not fit an int64 goes to bin 0. A range so wide that
/// `max − min` is infinite counts nothing.
///
/// # Errors
/// A range that is NaN or infinite.
pub(super) fn histc(
    values: &[f32],
    bins: usize,
    range: (f32, f32),
    version: TorchVersion,
) -> Result<Vec<f32>> {
    if !(range.0.is_finite() && range.1.is_finite()) {
        return Err(Error::data(format!("a histogram of values from {} to {}", range.0, range.1))
            .help("look for NaN in the data, or run the float model on it"));
    }
    let (min, max) = if range.0 == range.1 { widened(range.0, version)? } else { range };
    let mut counts = vec![0u32; bins];
    let (n_bins, width) = (bins as f32, max - min);
    if width.is_finite() {
        for &value in values.iter().filter(|&&value| min <= value && value <= max) {
            let position = (value - min) * n_bins / width;
            let bin = if position < MAX_POSITION { position as usize } else { 0 };
            counts[bin.min(bins - 1)] += 1;
        }
    }
    Ok(counts.into_iter().map(|count| count.min(MAX_COUNT) as f32).collect())
}

/// First position that an int64 does not hold; NaN is not below it either.
const MAX_POSITION: f32 = 9_223_372_036_854_775_808.0;

/// The range of a single number.
fn widened(value: f32, version: TorchVersion) -> Result<(f32, f32)> {
    let (below, above) = (f64::from(value) - 1.0, f64::from(value) + 1.0);
    let range = match version {
        TorchVersion::V2_5 if below == above => {
            return Err(Error::data(format!("a histogram of the single number {value}"))
                .help("torch 2.5 refuses so large a constant; use the behaviour of torch 2.15"));
        }
        TorchVersion::V2_5 => (below as f32, above as f32),
        TorchVersion::V2_15 => ((below as f32).min(value.next_down()), (above as f32).max(value.next_up())),
    };
    if range.0.is_finite() && range.1.is_finite() {
        return Ok(range);
    }
    Err(Error::data(format!("a histogram of the single number {value}")))
}

/// Counts in bins of a range, to be moved to the bins of another.
pub(super) struct Upscale<'a> {
    /// The counts.
    pub(super) counts: &'a [f32],
    /// What the bins divide.
    pub(super) range: (f32, f32),
}

impl Upscale<'_> {
    /// The counts in bins of `range`, which holds the old one (`_upscale_histogram`).
    pub(super) fn to(&self, range: (f32, f32)) -> Vec<f32> {
        let bins = self.counts.len();
        let n_parts = bins * UPSAMPLE_RATE;
        let half_part = 0.5 * ((self.range.1 - self.range.0) / n_parts as f32);
        let starts = Linspace::new(self.range, n_parts + 1);
        let bounds: Vec<f32> = {
            let bounds = Linspace::new(range, bins + 1);
            (0..=bins).map(|index| bounds.at(index)).collect()
        };
        let mut moved = vec![0.0; bins];
        for part in 0..n_parts {
            let midpoint = starts.at(part) + half_part;
            let bin = upper_bound(&bounds, midpoint).saturating_sub(1).min(bins - 1);
            moved[bin] += self.counts[part / UPSAMPLE_RATE] / UPSAMPLE_RATE as f32;
        }
        moved
    }
}

/// `torch.bucketize(value, bounds, right=True)`: number of bounds up to `value`. Spelled out, since bounds of a range of
/// a few denormal numbers are not ascending, and then the order of the comparisons counts.
fn upper_bound(bounds: &[f32], value: f32) -> usize {
    let (mut start, mut end) = (0, bounds.len());
    while start < end {
        let middle = start + (end - start) / 2;
        if bounds[middle] > value { end = middle } else { start = middle + 1 }
    }
    start
}

/// `torch.linspace`, which counts from the start in its first half and from the end in its second, each element by one
/// fused multiply-add (ATen/native/cpu/RangeFactoriesKernel.cpp).
struct Linspace {
    range: (f32, f32),
    step: f32,
    n_points: usize,
}

impl Linspace {
    fn new(range: (f32, f32), n_points: usize) -> Self {
        Self { range, step: (range.1 - range.0) / (n_points - 1) as f32, n_points }
    }

    fn at(&self, index: usize) -> f32 {
        if index < self.n_points / 2 {
            self.step.mul_add(index as f32, self.range.0)
        } else {
            (-self.step).mul_add((self.n_points - index - 1) as f32, self.range.1)
        }
    }
}
