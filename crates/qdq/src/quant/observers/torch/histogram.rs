//! A histogram whose range grows with the data, and the range with the least squared error (`HistogramObserver`).

use super::extremes::aminmax;
use super::histogram_bins::{Upscale, histc};
use super::histogram_search::search;
use super::sum::sum;
use super::{Observer, StateDict, check_per_tensor, check_static, f32_elements};
use crate::error::{Error, Result};
use crate::quant::scheme::QParams;
use crate::quant::scheme::torch::{calculate_qparams, larger, smaller};
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

const NAME: &str = "HistogramObserver";
/// Torch's own number of bins is 2048; more than this is taken for a mistake.
const MAX_BINS: usize = 1 << 24;

/// The two behaviours of torch's histogram observer, which differ for data that is one single number at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TorchVersion {
    /// torch 2.5: the first number is counted as often as the *next* batch has elements; a constant so large that its
    /// neighbours in f32 are more than 1 away goes to bin 0, and one of which `c + 1 = c` in f64 is an error.
    V2_5,
    /// torch 2.15 and torchao 0.18: the first number is counted as often as it was seen; any constant lies in the
    /// middle of its range.
    #[default]
    V2_15,
}

/// Counts in bins of equal width between the smallest and largest number seen. When these grow, the counts so far are
/// spread over 16 parts of each bin, and the parts added to the bins of the new range their midpoints lie in.
///
/// Infinities are left out. Counts are f32, exact up to 2²⁴.
#[derive(Clone, Debug)]
pub struct Histogram {
    spec: QuantizationSpec,
    version: TorchVersion,
    counts: Vec<f32>,
    min: f32,
    max: f32,
}

impl Histogram {
    /// Nothing observed so far.
    ///
    /// # Errors
    /// A per-channel scheme; an integer range that is refused; parameters found anew at each run; no bins.
    pub fn new(spec: &QuantizationSpec, bins: usize) -> Result<Self> {
        check_per_tensor(spec, NAME)?;
        check_static(spec, NAME)?;
        if !(1..=MAX_BINS).contains(&bins) {
            return Err(Error::usage(format!("a histogram of {bins} bins")).help("torch's default is 2048"));
        }
        Ok(Self {
            spec: spec.clone(),
            version: TorchVersion::default(),
            counts: vec![0.0; bins],
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
        })
    }

    /// Behaves as this version of torch.
    pub fn with_version(mut self, version: TorchVersion) -> Self {
        self.version = version;
        self
    }

    /// Counts of the bins, and the range they divide.
    pub fn histogram(&self) -> (&[f32], f32, f32) {
        (&self.counts, self.min, self.max)
    }

    fn is_unseen(&self) -> bool {
        self.min == f32::INFINITY || self.max == f32::NEG_INFINITY
    }

    fn observe_finite(&mut self, values: &[f32], (batch_min, batch_max): (f32, f32)) -> Result<()> {
        let bins = self.counts.len();
        if self.is_unseen() {
            self.counts = histc(values, bins, (batch_min, batch_max), self.version)?;
            (self.min, self.max) = (batch_min, batch_max);
            return Ok(());
        }
        let range = (smaller(batch_min, self.min), larger(batch_max, self.max));
        let mut counts = histc(values, bins, range, self.version)?;
        if range != (self.min, self.max) {
            self.counts = self.rescaled(&counts, range)?;
        }
        for (count, &before) in counts.iter_mut().zip(&self.counts) {
            *count += before;
        }
        self.counts = counts;
        (self.min, self.max) = range;
        Ok(())
    }

    /// The counts so far, in bins of a wider range; `update` are the newest batch's.
    fn rescaled(&self, update: &[f32], range: (f32, f32)) -> Result<Vec<f32>> {
        if self.min != self.max {
            return Ok(Upscale { counts: &self.counts, range: (self.min, self.max) }.to(range));
        }
        let weight = match self.version {
            TorchVersion::V2_5 => sum(update),
            TorchVersion::V2_15 => sum(&self.counts),
        };
        let mut counts = histc(&[self.min], self.counts.len(), range, self.version)?;
        for count in &mut counts {
            *count *= weight;
        }
        Ok(counts)
    }
}

impl Observer for Histogram {
    fn spec(&self) -> &QuantizationSpec {
        &self.spec
    }

    fn observe(&mut self, batch: &Tensor) -> Result<()> {
        let values = f32_elements(batch)?;
        let extremes = aminmax(&values);
        if values.is_empty() {
            return Ok(());
        }
        if extremes.0 != f32::NEG_INFINITY && extremes.1 != f32::INFINITY {
            return self.observe_finite(&values, extremes);
        }
        let finite: Vec<f32> = values.iter().copied().filter(|value| !value.is_infinite()).collect();
        if finite.is_empty() { Ok(()) } else { self.observe_finite(&finite, aminmax(&finite)) }
    }

    fn calculate_qparams(&self) -> Result<QParams> {
        if self.is_unseen() {
            return calculate_qparams(&[], &[], &self.spec);
        }
        let levels = 2f64.powi(self.spec.storage.bits().unwrap_or(8).max(8) as i32);
        let (min, max) = search(&self.counts, (self.min, self.max), levels);
        calculate_qparams(&[min], &[max], &self.spec)
    }

    fn reset_min_max(&mut self) {
        self.counts.fill(0.0);
        (self.min, self.max) = (f32::INFINITY, f32::NEG_INFINITY);
    }

    fn is_order_dependent(&self) -> bool {
        true
    }

    fn state_dict(&self) -> StateDict {
        StateDict::new(NAME)
            .with("histogram", Tensor::vector(self.counts.clone()))
            .with("min_val", Tensor::scalar(self.min))
            .with("max_val", Tensor::scalar(self.max))
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        state.check_observer(NAME)?;
        let counts = state.array("histogram")?;
        let (min, max) = (state.scalar("min_val")?, state.scalar("max_val")?);
        if counts.len() != self.counts.len() {
            let (found, wanted) = (counts.len(), self.counts.len());
            return Err(Error::malformed(format!("`histogram` has {found} bins where {wanted} are needed")));
        }
        let is_unseen = min == f32::INFINITY && max == f32::NEG_INFINITY;
        if !is_unseen && (min > max || !min.is_finite() || !max.is_finite()) {
            return Err(Error::malformed(format!("a histogram from {min} to {max}")));
        }
        if let Some(count) = counts.iter().find(|count| !(count.is_finite() && **count >= 0.0)) {
            return Err(Error::malformed(format!("`histogram` has a count of {count}")));
        }
        self.counts = counts.to_vec();
        (self.min, self.max) = (min, max);
        Ok(())
    }

    fn merge(&mut self, other: &StateDict) -> Result<()> {
        let mut merged = self.clone();
        merged.load_state_dict(other)?;
        if self.is_unseen() {
            *self = merged;
        } else if !merged.is_unseen() {
            return Err(Error::unsupported(
                "merging histograms of growing range: the counts depend on the order of the batches",
            )
            .help("observe the batches in sequence, or use the default statistic"));
        }
        Ok(())
    }
}
