//! Extremes of each channel, and the smoothing of channels that stand out.
//!
//! In transformers a few channels of the inputs of matrix products are many times larger than the rest; one range for
//! all leaves the rest a handful of steps. Such a channel is divided by a factor, and its row of the weights multiplied
//! by it, which changes nothing in real numbers. The idea is that of `SmoothQuant` (Xiao et al. 2022, arXiv:2211.10438); there
//! every channel is scaled by a power of its range, here only those that stand out, which leaves the weights of all
//! others as they are.

use crate::error::Result;
use crate::tensor::Tensor;

/// A channel stands out when it is larger than this many times the median channel.
const OUTSTANDING: f32 = 3.0;

/// Exact extremes of each index of the last axis.
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
    pub fn observe(&mut self, tensor: &Tensor) -> Result<()> {
        let values = tensor.as_slice::<f32>()?;
        let n_channels = tensor.shape().last().copied().unwrap_or(1).max(1);
        if self.min.is_empty() {
            self.min = vec![f32::INFINITY; n_channels];
            self.max = vec![f32::NEG_INFINITY; n_channels];
        }
        for row in values.chunks_exact(n_channels) {
            for ((min, max), &value) in self.min.iter_mut().zip(&mut self.max).zip(row) {
                // A sum with 0 takes the sign off a zero, which would depend on the order.
                *min = min.min(value) + 0.0;
                *max = max.max(value) + 0.0;
            }
        }
        Ok(())
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
        let largest: Vec<f32> =
            self.min.iter().zip(&self.max).map(|(min, max)| min.abs().max(max.abs())).collect();
        let mut sorted = largest.clone();
        sorted.sort_by(f32::total_cmp);
        let median = *sorted.get(sorted.len() / 2)?;
        if !(median > 0.0 && median.is_finite()) {
            return None;
        }
        let factors: Vec<f32> =
            largest.iter().map(|largest| (largest / (OUTSTANDING * median)).max(1.0)).collect();
        let is_useful =
            factors.iter().any(|&factor| factor > 1.0) && factors.iter().all(|factor| factor.is_finite());
        is_useful.then_some(factors)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_that_stands_out_is_divided_and_the_rest_is_not() {
        let mut extremes = ChannelExtremes::default();
        let values = vec![1.0f32, -1.0, 2.0, 30.0, -1.0, 1.0, -2.0, -15.0];
        extremes.observe(&Tensor::from_vec(vec![2, 4], values).unwrap()).unwrap();
        let factors = extremes.smoothing().unwrap();
        assert_eq!(factors, [1.0, 1.0, 1.0, 5.0]);
        assert_eq!(extremes.smoothed_range(&factors), (-3.0, 6.0));
    }

    #[test]
    fn merging_is_observing_together() {
        let tensor = |values: [f32; 2]| Tensor::from_vec(vec![1, 2], values.to_vec()).unwrap();
        let (mut a, mut b, mut both) =
            (ChannelExtremes::default(), ChannelExtremes::default(), ChannelExtremes::default());
        a.observe(&tensor([1.0, -3.0])).unwrap();
        b.observe(&tensor([-2.0, 5.0])).unwrap();
        both.observe(&tensor([1.0, -3.0])).unwrap();
        both.observe(&tensor([-2.0, 5.0])).unwrap();
        a.merge(&b);
        assert_eq!(a, both);
    }
}
