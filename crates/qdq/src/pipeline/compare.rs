//! How far one tensor is from another, summed over samples.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::tensor::{QuantParams, Tensor};

/// How far the values of one graph are from those of another, over all samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Name of the value in the first graph.
    pub name: String,
    /// Whether it is an output of the graph.
    pub is_output: bool,
    /// Number of elements compared.
    pub n_elements: u64,
    /// Sum of the squares of the first.
    pub signal: f64,
    /// Sum of the squares of the second.
    pub other_signal: f64,
    /// Sum of the products.
    pub product: f64,
    /// Sum of the squares of the differences.
    pub noise: f64,
    /// Largest difference.
    pub max_abs_error: f64,
    /// Pairs of which one is not finite and that are not the same; they are in none of the sums.
    pub n_not_finite: u64,
    /// For values quantized alike in both graphs: how many integers are 0, 1, 2, 3, and 4 or more steps apart.
    pub steps: Option<[u64; N_STEPS]>,
}

/// Buckets of [`Difference::steps`].
pub const N_STEPS: usize = 5;

impl Difference {
    /// Signal-to-noise ratio in decibels: +∞ where all is the same.
    pub fn sqnr_db(&self) -> f64 {
        if self.noise == 0.0 { f64::INFINITY } else { 10.0 * (self.signal / self.noise).log10() }
    }

    /// Cosine of the angle between both; 1 where both are 0.
    pub fn cosine(&self) -> f64 {
        let norms = (self.signal * self.other_signal).sqrt();
        match norms == 0.0 {
            true if self.noise == 0.0 => 1.0,
            true => 0.0,
            false => self.product / norms,
        }
    }

    /// Whether all is the same.
    pub fn is_identical(&self) -> bool {
        self.noise == 0.0 && self.n_not_finite == 0
    }

    /// Sums over one pair of tensors, in the order of their elements.
    ///
    /// # Errors
    /// Shapes that differ; strings.
    pub(super) fn of(a: &[f64], a_shape: &[usize], b: &[f64], b_shape: &[usize]) -> Result<Self> {
        if a_shape != b_shape {
            return Err(Error::data(format!(
                "its shape is {a_shape:?} in one model, {b_shape:?} in the other"
            )));
        }
        let mut sums = Self { n_elements: a.len() as u64, ..Self::default() };
        for (&a, &b) in a.iter().zip(b) {
            if !(a.is_finite() && b.is_finite()) {
                sums.n_not_finite += u64::from(!(a == b || (a.is_nan() && b.is_nan())));
                continue;
            }
            let error = (a - b).abs();
            sums.signal += a * a;
            sums.other_signal += b * b;
            sums.product += a * b;
            sums.noise += error * error;
            sums.max_abs_error = sums.max_abs_error.max(error);
        }
        Ok(sums)
    }

    /// Adds the sums of the next sample.
    pub(super) fn add(&mut self, next: &Self) {
        self.n_elements += next.n_elements;
        self.signal += next.signal;
        self.other_signal += next.other_signal;
        self.product += next.product;
        self.noise += next.noise;
        self.max_abs_error = self.max_abs_error.max(next.max_abs_error);
        self.n_not_finite += next.n_not_finite;
        if let Some(next) = &next.steps {
            let steps = self.steps.get_or_insert([0; N_STEPS]);
            steps.iter_mut().zip(next).for_each(|(count, next)| *count += next);
        }
    }
}

/// How many integers are 0, 1, 2, 3, and 4 or more steps apart; the tensors are of one shape.
///
/// # Errors
/// Tensors that are not of integers.
pub(super) fn steps_apart(a: &Tensor, b: &Tensor) -> Result<[u64; N_STEPS]> {
    let mut steps = [0; N_STEPS];
    for (a, b) in a.to_i64_vec()?.into_iter().zip(b.to_i64_vec()?) {
        steps[(a.abs_diff(b) as usize).min(N_STEPS - 1)] += 1;
    }
    Ok(steps)
}

/// The real numbers that a tensor means.
pub(super) fn real_numbers(tensor: &Tensor, quant: Option<&QuantParams>) -> Result<Vec<f64>> {
    let mut numbers = tensor.to_f64_vec()?;
    if let Some(quant) = quant {
        quant.check_shape(tensor.shape())?;
        for (index, number) in numbers.iter_mut().enumerate() {
            let group = quant.group(index, tensor.shape());
            *number = (*number - f64::from(quant.zero_point[group])) * f64::from(quant.scale[group]);
        }
    }
    Ok(numbers)
}
