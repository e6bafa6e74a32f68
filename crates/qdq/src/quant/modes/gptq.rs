//! GPTQ: weights rounded one row after the other, each row's error made up for by the rows that follow.
//!
//! Source: Frantar et al. 2022 (arXiv:2210.17323), algorithm 1. With `H = Σ xᵀx` over the inputs seen, damped by a share of
//! its mean diagonal, and `U` the upper Cholesky factor of its inverse, row `j` is rounded and its error over `U[j][j]`
//! is taken off every later row in proportion to `U[j]`. Here weights are `[inputs, outputs]`, and a row is an input.

use crate::error::{Error, Result};
use crate::kernels::gemm::{GemmOptions, LeftOperand, MatRef, RightOperand, gemm};
use crate::quant::parameters::weight_params;
use crate::spec::QuantizationSpec;
use crate::targets::Formula;
use crate::tensor::Tensor;

/// Share of the mean diagonal that is added to the diagonal; that of the paper's code.
const DAMPING: f64 = 0.01;

/// Sums of products of the inputs of matrix products with each other, `Σ xᵀx`.
#[derive(Clone, Debug, Default)]
pub struct Moments {
    /// `[inputs, inputs]`; empty if nothing was seen.
    sums: Vec<f64>,
}

impl Moments {
    /// Takes in a value `[…, inputs]`.
    ///
    /// # Errors
    /// A tensor that is not f32, or has another number of inputs; NaN or infinities.
    pub fn observe(&mut self, x: &Tensor) -> Result<()> {
        let n_inputs = x.shape().last().copied().unwrap_or(1);
        let rows = x.as_slice::<f32>()?;
        if let Some(number) = rows.iter().find(|number| !number.is_finite()) {
            return Err(Error::data(format!("the activation is {number} for this sample"))
                .help("look for NaN in the data, or run the float model on this sample"));
        }
        if self.sums.is_empty() {
            self.sums = vec![0.0; n_inputs * n_inputs];
        }
        if self.sums.len() != n_inputs * n_inputs {
            return Err(Error::data(format!("{n_inputs} inputs, and another number before")));
        }
        let mut products = vec![0.0; n_inputs * n_inputs];
        let matrix = MatRef::row_major(rows, rows.len() / n_inputs.max(1), n_inputs);
        gemm(
            LeftOperand::Matrix(matrix.transposed()),
            RightOperand::Matrix(matrix),
            &GemmOptions::default(),
            &mut products,
        );
        self.sums.iter_mut().zip(products).for_each(|(sum, product)| *sum += f64::from(product));
        Ok(())
    }

    /// The upper Cholesky factor of the inverse of the damped sums; rows of inputs that were always 0 are of no weight.
    ///
    /// # Errors
    /// Nothing seen.
    fn factor(&self, n_inputs: usize) -> Result<Vec<f64>> {
        if self.sums.len() != n_inputs * n_inputs {
            return Err(Error::data("no calibration sample reached it").help("give samples that do"));
        }
        let mut matrix = self.sums.clone();
        let mean = matrix.iter().step_by(n_inputs + 1).sum::<f64>() / n_inputs as f64;
        let damping = if mean > 0.0 { DAMPING * mean } else { 1.0 };
        for at in 0..n_inputs {
            matrix[at * n_inputs + at] += damping;
        }
        cholesky(&mut matrix, n_inputs);
        let mut inverse = inverse_of_lower(&matrix, n_inputs);
        cholesky(&mut inverse, n_inputs);
        // `inverse` holds L with LLᵀ = H⁻¹; its transpose is the upper factor.
        let mut upper = vec![0.0; n_inputs * n_inputs];
        for row in 0..n_inputs {
            for column in 0..=row {
                upper[column * n_inputs + row] = inverse[row * n_inputs + column];
            }
        }
        Ok(upper)
    }
}

/// Rounded weights, row by row.
pub(super) struct Rounded {
    /// Integers `[inputs, outputs]`.
    pub(super) integers: Vec<i32>,
    /// Scales of each block of rows, `[blocks, outputs]`.
    pub(super) scale: Vec<f32>,
    /// Zero points, as the scales.
    pub(super) zero_point: Vec<i32>,
}

/// Rounds weights `[inputs, outputs]` with scales for blocks of this many rows.
///
/// # Errors
/// Nothing seen of the inputs; weights that are not finite.
pub(super) fn round(
    weights: &Tensor,
    spec: &QuantizationSpec,
    block: usize,
    moments: &Moments,
    formula: Formula,
) -> Result<Rounded> {
    let &[n_inputs, n_outputs] = weights.shape() else {
        return Err(Error::internal("weights that are no matrix"));
    };
    let upper = moments.factor(n_inputs)?;
    let mut left: Vec<f32> = weights.as_slice::<f32>()?.to_vec();
    let mut rounded =
        Rounded { integers: Vec::with_capacity(left.len()), scale: Vec::new(), zero_point: Vec::new() };
    let of_block = QuantizationSpec { axis: 1, block: None, ..spec.clone() };
    let range = spec.quant_range()?;
    for row in 0..n_inputs {
        if row % block == 0 {
            // The scales of a block are those of what the rows before have made of it.
            let rows = block.min(n_inputs - row);
            let part = left[row * n_outputs..][..rows * n_outputs].to_vec();
            let params = weight_params(&Tensor::from_vec(vec![rows, n_outputs], part)?, &of_block, formula)?;
            rounded.scale.extend(&params.scale);
            rounded.zero_point.extend(&params.zero_point);
        }
        let first = row / block * n_outputs;
        let (scales, zero_points) = (&rounded.scale[first..], &rounded.zero_point[first..]);
        let (now, later) = left[row * n_outputs..].split_at_mut(n_outputs);
        let pivot = upper[row * n_inputs + row];
        let mut errors = Vec::with_capacity(n_outputs);
        for ((weight, &scale), &zero_point) in now.iter().zip(scales).zip(zero_points) {
            let steps = f64::from((weight / scale).round_ties_even()) + f64::from(zero_point);
            let integer = steps.clamp(range.0.into(), range.1.into()) as i32;
            rounded.integers.push(integer);
            errors.push((f64::from(weight - (integer - zero_point) as f32 * scale) / pivot) as f32);
        }
        for (later, factor) in later.chunks_exact_mut(n_outputs).zip(&upper[row * n_inputs + row + 1..]) {
            let factor = *factor as f32;
            later.iter_mut().zip(&errors).for_each(|(weight, error)| *weight -= factor * error);
        }
    }
    Ok(rounded)
}

/// The lower Cholesky factor of a symmetric positive matrix, in its place; what is above the diagonal is left.
fn cholesky(matrix: &mut [f64], n: usize) {
    for row in 0..n {
        for column in 0..=row {
            let (above, current) = matrix.split_at(row * n);
            let other = if column == row { &current[..column] } else { &above[column * n..][..column] };
            let products: f64 = current[..column].iter().zip(other).map(|(a, b)| a * b).sum();
            let rest = current[column] - products;
            matrix[row * n + column] = if column == row {
                // Rounding may bring a pivot of a nearly singular matrix to 0.
                rest.max(f64::MIN_POSITIVE).sqrt()
            } else {
                rest / matrix[column * n + column]
            };
        }
    }
}

/// The inverse of `LLᵀ`, given the lower factor L.
fn inverse_of_lower(lower: &[f64], n: usize) -> Vec<f64> {
    // Row `row` of L⁻¹ is the unit vector less L's row times the rows before, over the diagonal.
    let mut inverse = vec![0.0; n * n];
    for row in 0..n {
        let (before, rest) = inverse.split_at_mut(row * n);
        let current = &mut rest[..n];
        current[row] = 1.0;
        for (other, factor) in before.chunks_exact(n).zip(&lower[row * n..][..row]) {
            current[..row].iter_mut().zip(other).for_each(|(sum, number)| *sum -= factor * number);
        }
        let pivot = lower[row * n + row];
        current[..=row].iter_mut().for_each(|number| *number /= pivot);
    }
    // (LLᵀ)⁻¹ = L⁻ᵀ L⁻¹: sums of products of columns, taken row by row.
    let mut product = vec![0.0; n * n];
    for of_row in inverse.chunks_exact(n) {
        for (row, factor) in of_row.iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
            let sums = &mut product[row * n..][..n];
            sums.iter_mut().zip(of_row).for_each(|(sum, number)| *sum += factor * number);
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Target;
    use crate::tensor::DType;

    /// Pseudo-random numbers about 0.
    fn random(count: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        };
        (0..count).map(|_| next() + next()).collect()
    }

    #[test]
    fn the_factor_inverts_the_damped_sums() {
        let n = 7;
        let mut moments = Moments::default();
        moments.observe(&Tensor::from_vec(vec![2, 10, n], random(20 * n, 1)).unwrap()).unwrap();
        let upper = moments.factor(n).unwrap();
        let mut damped = moments.sums.clone();
        let mean = (0..n).map(|at| damped[at * n + at]).sum::<f64>() / n as f64;
        (0..n).for_each(|at| damped[at * n + at] += DAMPING * mean);
        // UᵀU = H⁻¹, so H UᵀU = 1.
        for row in 0..n {
            for column in 0..n {
                let of_inverse =
                    |a: usize, b: usize| (0..n).map(|k| upper[k * n + a] * upper[k * n + b]).sum::<f64>();
                let sum: f64 = (0..n).map(|k| damped[row * n + k] * of_inverse(k, column)).sum();
                assert!((sum - f64::from(u8::from(row == column))).abs() < 1e-6, "{row} {column}: {sum}");
            }
        }
    }

    #[test]
    fn outputs_are_nearer_than_those_of_nearest_rounding() {
        let (n_inputs, n_outputs, n_rows) = (32, 8, 200);
        // Inputs that depend on each other, as activations do.
        let mut x = random(n_rows * n_inputs, 3);
        for row in x.chunks_exact_mut(n_inputs) {
            (1..n_inputs).for_each(|at| row[at] = 0.7 * row[at - 1] + 0.3 * row[at]);
        }
        let weights = Tensor::from_vec(vec![n_inputs, n_outputs], random(n_inputs * n_outputs, 5)).unwrap();
        let mut moments = Moments::default();
        let unseen = Moments::default();
        moments.observe(&Tensor::from_vec(vec![n_rows, n_inputs], x.clone()).unwrap()).unwrap();
        let base = Target::find("onnxruntime").unwrap().weight;
        let spec = QuantizationSpec { storage: DType::I4, range: None, ..base };
        let mut uncorrelated = Moments { sums: vec![0.0; n_inputs * n_inputs] };
        (0..n_inputs).for_each(|at| uncorrelated.sums[at * n_inputs + at] = 1.0);
        let error = |moments: &Moments| {
            let rounded = round(&weights, &spec, 16, moments, Formula::Onnxruntime).unwrap();
            let real = |at: usize| {
                let group = at / n_outputs / 16 * n_outputs + at % n_outputs;
                (rounded.integers[at] - rounded.zero_point[group]) as f32 * rounded.scale[group]
            };
            let original = weights.as_slice::<f32>().unwrap();
            x.chunks_exact(n_inputs)
                .flat_map(|row| (0..n_outputs).map(move |output| (row, output)))
                .map(|(row, output)| {
                    let of = |input: usize| {
                        row[input] * (original[input * n_outputs + output] - real(input * n_outputs + output))
                    };
                    (0..n_inputs).map(of).sum::<f32>().powi(2)
                })
                .sum::<f32>()
        };
        // Inputs that do not depend on each other leave nothing to make up: nearest rounding.
        assert!(error(&moments) < 0.6 * error(&uncorrelated), "{} {}", error(&moments), error(&uncorrelated));
        assert!(round(&weights, &spec, 16, &unseen, Formula::Onnxruntime).is_err());
    }
}
