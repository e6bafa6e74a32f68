//! Smallest and largest values, as `torch.aminmax` finds them: NaN where any value is.

use super::StateDict;
use crate::error::{Error, Result};
use crate::quant::scheme::QParams;
use crate::quant::scheme::torch::{calculate_qparams, larger, smaller};
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

/// Running extremes: of a whole tensor, or one for each channel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Extremes {
    /// Smallest values; +∞ for a tensor, none for channels before anything was observed.
    pub(super) min: Vec<f32>,
    /// Largest values; −∞ for a tensor, none for channels before anything was observed.
    pub(super) max: Vec<f32>,
}

impl Extremes {
    /// Of a tensor that was not observed yet.
    pub(super) fn of_tensor() -> Self {
        Self { min: vec![f32::INFINITY], max: vec![f32::NEG_INFINITY] }
    }

    /// Of channels that were not observed yet.
    pub(super) fn of_channels() -> Self {
        Self { min: Vec::new(), max: Vec::new() }
    }

    /// Whether nothing was observed.
    pub(super) fn is_unseen(&self) -> bool {
        self.min.is_empty() || (self.min == [f32::INFINITY] && self.max == [f32::NEG_INFINITY])
    }

    /// Takes in extremes of the same channels; NaN stays.
    pub(super) fn merge(&mut self, other: &Self) -> Result<()> {
        if other.is_unseen() {
            return Ok(());
        }
        if self.is_unseen() {
            self.clone_from(other);
        }
        self.combine(other, smaller, larger)
    }

    /// Moves each extreme towards that of `current` by the part `constant` of their distance.
    pub(super) fn average(&mut self, current: &Self, constant: f32) -> Result<()> {
        if self.is_unseen() {
            self.clone_from(current);
            return Ok(());
        }
        let step = |new: f32, old: f32| old + constant * (new - old);
        self.combine(current, step, step)
    }

    fn combine(
        &mut self,
        other: &Self,
        combine_min: impl Fn(f32, f32) -> f32,
        combine_max: impl Fn(f32, f32) -> f32,
    ) -> Result<()> {
        if self.min.len() != other.min.len() {
            let (before, now) = (self.min.len(), other.min.len());
            return Err(Error::data(format!("a batch of {now} channels after one of {before}")));
        }
        for (min, &other) in self.min.iter_mut().zip(&other.min) {
            *min = combine_min(other, *min);
        }
        for (max, &other) in self.max.iter_mut().zip(&other.max) {
            *max = combine_max(other, *max);
        }
        Ok(())
    }

    /// Scale and zero point of each range.
    pub(super) fn qparams(&self, spec: &QuantizationSpec) -> Result<QParams> {
        calculate_qparams(&self.min, &self.max, spec)
    }

    /// The buffers `min_val` and `max_val`: without dimensions for a tensor, a vector for channels.
    pub(super) fn write(&self, observer: &str, is_per_channel: bool) -> StateDict {
        let array = |values: &[f32]| match (is_per_channel, values) {
            (false, &[value]) => Tensor::scalar(value),
            _ => Tensor::vector(values.to_vec()),
        };
        StateDict::new(observer).with("min_val", array(&self.min)).with("max_val", array(&self.max))
    }

    /// What [`Extremes::write`] wrote.
    pub(super) fn read(state: &StateDict, observer: &str, is_per_channel: bool) -> Result<Self> {
        state.check_observer(observer)?;
        let (min, max) = (state.array("min_val")?.to_vec(), state.array("max_val")?.to_vec());
        if min.len() != max.len() || (!is_per_channel && min.len() != 1) {
            let (n_min, n_max) = (min.len(), max.len());
            return Err(Error::malformed(format!("{n_min} `min_val` and {n_max} `max_val` of {observer}")));
        }
        Ok(Self { min, max })
    }
}

/// Values compared side by side in one step of the scan.
const N_LANES: usize = 32;

/// Extremes of a batch, or of each index of `axis` in it; `None` for an empty batch.
///
/// # Errors
/// A shape without that axis.
pub(super) fn of_batch(values: &[f32], dims: &[usize], axis: Option<usize>) -> Result<Option<Extremes>> {
    if values.is_empty() {
        return Ok(None);
    }
    let Some(axis) = axis else {
        let (min, max) = aminmax(values);
        return Ok(Some(Extremes { min: vec![min], max: vec![max] }));
    };
    let (min, max) = aminmax_per_channel(values, dims, axis)?;
    Ok(Some(Extremes { min, max }))
}

/// Smallest and largest of `values`, both NaN if one is; +∞ and −∞ for no values.
pub(in crate::quant) fn aminmax(values: &[f32]) -> (f32, f32) {
    let (chunks, rest) = values.as_chunks::<N_LANES>();
    let mut min = [f32::INFINITY; N_LANES];
    let mut max = [f32::NEG_INFINITY; N_LANES];
    let mut is_nan = [false; N_LANES];
    for chunk in chunks {
        for lane in 0..N_LANES {
            let value = chunk[lane];
            min[lane] = if value < min[lane] { value } else { min[lane] };
            max[lane] = if value > max[lane] { value } else { max[lane] };
            is_nan[lane] |= value.is_nan();
        }
    }
    if is_nan.contains(&true) {
        return (f32::NAN, f32::NAN);
    }
    let min = min.iter().chain(rest).copied().fold(f32::INFINITY, smaller);
    let max = max.iter().chain(rest).copied().fold(f32::NEG_INFINITY, larger);
    (min, max)
}

/// [`aminmax`] of each index of `axis`.
///
/// # Errors
/// A shape without that axis.
pub(in crate::quant) fn aminmax_per_channel(
    values: &[f32],
    dims: &[usize],
    axis: usize,
) -> Result<(Vec<f32>, Vec<f32>)> {
    let Some(&n_channels) = dims.get(axis) else {
        return Err(Error::data(format!("a batch of shape {dims:?} has no channel axis {axis}")));
    };
    let inner: usize = dims[axis + 1..].iter().product();
    let mut min = vec![f32::INFINITY; n_channels];
    let mut max = vec![f32::NEG_INFINITY; n_channels];
    for (row_idx, row) in values.chunks_exact(inner.max(1)).enumerate() {
        let channel = row_idx % n_channels;
        let (row_min, row_max) = aminmax(row);
        min[channel] = smaller(min[channel], row_min);
        max[channel] = larger(max[channel], row_max);
    }
    Ok((min, max))
}
