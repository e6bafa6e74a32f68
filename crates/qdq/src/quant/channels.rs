//! Extremes of each channel, and the smoothing of channels that stand out.
//!
//! In transformers a few channels of the inputs of matrix products are many times larger than the rest; one range for
//! all leaves the rest a handful of steps. Such a channel is divided by a factor, and its row of the weights multiplied
//! by it, which changes nothing in real numbers. The idea is that of `SmoothQuant` (Xiao et al. 2022, arXiv:2211.10438); there
//! every channel is scaled by a power of its range, here only those that stand out, which leaves the weights of all
//! others as they are.

use super::observers::Range;
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// A channel stands out when it is larger than this many times the median channel.
const OUTSTANDING: f32 = 3.0;

/// Bits that channels must gain in the mean for their outputs to be scaled.
const LEAST_GAIN: f64 = 1.0;

/// What the range of all channels together may grow by.
const MOST_COARSENING: f64 = 1.125;

/// Channels of an output are multiplied by no more than one over this.
const LEAST_FACTOR: f64 = 1.0 / 64.0;

/// The axis of the channels of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelAxis {
    /// The last: inputs of matrix products.
    Last,
    /// The second: inputs of convolutions.
    Second,
}

impl ChannelAxis {
    /// Number of channels of a value of this shape, and of elements next to each other in one channel.
    fn layout(self, shape: &[usize]) -> (usize, usize) {
        match self {
            Self::Last => (shape.last().copied().unwrap_or(1), 1),
            Self::Second => (shape.get(1).copied().unwrap_or(1), shape.iter().skip(2).product()),
        }
    }
}

/// What the channels of a value are divided by before it is quantized.
#[derive(Clone, Debug)]
pub struct Smoothing {
    /// Where the channels are.
    pub axis: ChannelAxis,
    /// A factor for each channel: from 1 up for inputs, up to 1 for outputs.
    pub factors: Vec<f32>,
}

impl Smoothing {
    /// The same with one over each factor.
    pub(super) fn inverse(&self) -> Self {
        Self { axis: self.axis, factors: self.factors.iter().map(|factor| 1.0 / factor).collect() }
    }

    /// The factors in the shape that multiplies a value of this rank.
    pub(super) fn broadcast(&self, rank: usize) -> Result<Tensor> {
        let mut shape = vec![self.factors.len()];
        if self.axis == ChannelAxis::Second {
            shape.resize(rank.saturating_sub(1), 1);
        }
        Tensor::from_vec(shape, self.factors.clone())
    }

    /// Weights whose index along `axis` is the channel, each multiplied by the factor of its channel.
    pub(super) fn of_weights(&self, weights: Tensor, axis: usize) -> Result<Tensor> {
        let shape = weights.shape().to_vec();
        let n_channels = shape.get(axis).copied().unwrap_or(1);
        if n_channels != self.factors.len() {
            let n_seen = self.factors.len();
            return Err(Error::data(format!(
                "statistics of {n_seen} channels where weights have {n_channels}"
            )));
        }
        let inner: usize = shape[axis + 1..].iter().product();
        let mut elements = weights.into_vec::<f32>()?;
        for (index, element) in elements.iter_mut().enumerate() {
            *element *= self.factors[index / inner % n_channels];
        }
        Tensor::from_vec(shape, elements)
    }
}

/// Exact extremes of each channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelExtremes {
    /// Smallest value of each channel.
    pub min: Vec<f32>,
    /// Largest value of each channel.
    pub max: Vec<f32>,
}

impl ChannelExtremes {
    /// Takes in a tensor; all must have the same number of channels.
    ///
    /// # Errors
    /// A tensor that is not f32.
    pub fn observe(&mut self, tensor: &Tensor, axis: ChannelAxis) -> Result<()> {
        let values = tensor.as_slice::<f32>()?;
        if values.is_empty() {
            return Ok(());
        }
        let (n_channels, n_together) = axis.layout(tensor.shape());
        if self.min.is_empty() {
            self.min = vec![f32::INFINITY; n_channels];
            self.max = vec![f32::NEG_INFINITY; n_channels];
        }
        for row in values.chunks_exact(n_channels * n_together) {
            let channels = row.chunks_exact(n_together);
            for ((min, max), values) in self.min.iter_mut().zip(&mut self.max).zip(channels) {
                for &value in values {
                    // A sum with 0 takes the sign off a zero, which would depend on the order.
                    *min = min.min(value) + 0.0;
                    *max = max.max(value) + 0.0;
                }
            }
        }
        Ok(())
    }

    /// The same of values that are limited to a range.
    pub fn limited(&self, range: Range) -> Self {
        let limit = |values: &[f32]| values.iter().map(|value| value.clamp(range.min, range.max)).collect();
        Self { min: limit(&self.min), max: limit(&self.max) }
    }

    /// Takes in what another saw, of as many channels or of none.
    pub fn merge(&mut self, other: &Self) {
        if self.min.is_empty() {
            self.clone_from(other);
            return;
        }
        for (own, other) in self.min.iter_mut().zip(&other.min) {
            *own = own.min(*other);
        }
        for (own, other) in self.max.iter_mut().zip(&other.max) {
            *own = own.max(*other);
        }
    }

    /// The factor to divide each channel by, from 1 up; `None` if no channel stands out.
    pub fn smoothing(&self) -> Option<Vec<f32>> {
        let largest = self.largest();
        let median = median(&largest)?;
        if !(median > 0.0 && median.is_finite()) {
            return None;
        }
        let factors: Vec<f32> =
            largest.iter().map(|largest| (largest / (OUTSTANDING * median)).max(1.0)).collect();
        let is_useful =
            factors.iter().any(|&factor| factor > 1.0) && factors.iter().all(|factor| factor.is_finite());
        is_useful.then_some(factors)
    }

    /// What to divide the channels of an output by, so that each uses more of the joint range; `None` if they gain little.
    ///
    /// Of all ratios of the ends of the joint range, the one is taken with the finest steps in the geometric mean, among
    /// those where no channel gets much coarser.
    pub fn evening(&self) -> Option<Vec<f32>> {
        let ends: Vec<(f64, f64)> = self
            .min
            .iter()
            .zip(&self.max)
            .map(|(min, max)| (f64::from(min.min(0.0).abs()), f64::from(max.max(0.0))))
            .collect();
        let (low, high) = ends.iter().fold((0.0, 0.0), |(low, high), end| (end.0.max(low), end.1.max(high)));
        if !(low + high).is_finite() {
            return None;
        }
        let widest = MOST_COARSENING * (low + high);
        let ratios = ends.iter().map(|(low, high)| low / high).chain([low / high, widest / high - 1.0]);
        let candidates = ratios.filter(|ratio| ratio.is_finite()).filter_map(|ratio| {
            // The positive end is 1, the negative one `ratio`.
            let factor = |&(low, high): &(f64, f64)| if low > 0.0 { high.max(low / ratio) } else { high };
            let factors: Vec<f64> = ends.iter().map(factor).collect();
            let coarsest = factors.iter().copied().fold(0.0, f64::max);
            let range = coarsest * (1.0 + ratio);
            let relative =
                |factor: f64| if factor > 0.0 { (factor / coarsest).max(LEAST_FACTOR) } else { 1.0 };
            let factors: Vec<f64> = factors.into_iter().map(relative).collect();
            let steps = factors.iter().map(|factor| (factor * range).log2()).sum::<f64>();
            (range <= widest * (1.0 + 1e-9)).then_some((steps, factors))
        });
        let (steps, factors) = candidates.min_by(|a, b| a.0.total_cmp(&b.0))?;
        let gain = (low + high).log2() - steps / ends.len() as f64;
        (gain >= LEAST_GAIN).then(|| factors.into_iter().map(|factor| factor as f32).collect())
    }

    /// The largest magnitude of each channel.
    fn largest(&self) -> Vec<f32> {
        self.min.iter().zip(&self.max).map(|(min, max)| min.abs().max(max.abs())).collect()
    }

    /// Extremes of all channels together, each divided by its factor.
    pub fn smoothed_range(&self, factors: &[f32]) -> (f32, f32) {
        let smallest =
            self.min.iter().zip(factors).map(|(min, factor)| min / factor).fold(f32::INFINITY, f32::min);
        let largest =
            self.max.iter().zip(factors).map(|(max, factor)| max / factor).fold(f32::NEG_INFINITY, f32::max);
        (smallest, largest)
    }
}

fn median(values: &[f32]) -> Option<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_that_stands_out_is_divided_and_the_rest_is_not() {
        let mut extremes = ChannelExtremes::default();
        let values = vec![1.0f32, -1.0, 2.0, 30.0, -1.0, 1.0, -2.0, -15.0];
        extremes.observe(&Tensor::from_vec(vec![2, 4], values).unwrap(), ChannelAxis::Last).unwrap();
        let factors = extremes.smoothing().unwrap();
        assert_eq!(factors, [1.0, 1.0, 1.0, 5.0]);
        assert_eq!(extremes.smoothed_range(&factors), (-3.0, 6.0));
    }

    #[test]
    fn even_channels_share_a_range_that_is_hardly_wider() {
        let values = vec![-8.0f32, 16.0, -0.5, 0.25, 0.0, 1.0, 0.0, 0.0];
        let mut extremes = ChannelExtremes::default();
        extremes.observe(&Tensor::from_vec(vec![1, 4, 2], values).unwrap(), ChannelAxis::Second).unwrap();
        let factors = extremes.evening().unwrap();
        let (min, max) = extremes.smoothed_range(&factors);
        // Steps of each channel, in real numbers: no coarser than 9/8 of the plain ones, and far finer where it is quiet.
        assert!((max - min) <= 24.0 * 1.125, "{min} to {max}");
        assert_eq!((factors[0], factors[3]), (1.0, 1.0));
        assert!(factors[1] <= 0.0625 && factors[2] <= 0.0625, "{factors:?}");
    }

    #[test]
    fn channels_that_are_nearly_even_stay() {
        let values = vec![-8.0f32, 16.0, -8.0, 12.0];
        let mut extremes = ChannelExtremes::default();
        extremes.observe(&Tensor::from_vec(vec![1, 2, 2], values).unwrap(), ChannelAxis::Second).unwrap();
        assert_eq!(extremes.evening(), None);
    }

    #[test]
    fn merging_is_observing_together() {
        let tensor = |values: [f32; 2]| Tensor::from_vec(vec![1, 2], values.to_vec()).unwrap();
        let (mut a, mut b, mut both) =
            (ChannelExtremes::default(), ChannelExtremes::default(), ChannelExtremes::default());
        a.observe(&tensor([1.0, -3.0]), ChannelAxis::Last).unwrap();
        b.observe(&tensor([-2.0, 5.0]), ChannelAxis::Last).unwrap();
        both.observe(&tensor([1.0, -3.0]), ChannelAxis::Last).unwrap();
        both.observe(&tensor([-2.0, 5.0]), ChannelAxis::Last).unwrap();
        a.merge(&b);
        assert_eq!(a, both);
    }
}
