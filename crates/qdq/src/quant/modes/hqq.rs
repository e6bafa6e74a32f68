//! HQQ: real zero points of blocks, found by alternating between rounding and shrinking the error.
//!
//! Source: Badri and Shaji 2023, "Half-Quadratic Quantization of Large Machine Learning Models", and their code, with its
//! constants; `HQQWeightOnlyQuantizer` of onnxruntime.quantization computes the same. The error is taken in the norm
//! of power 0.7, which large weights dominate less than they do a sum of squares.

use super::n_bits::{Matrix, ZeroPoints};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// Power of the norm.
const NORM: f32 = 0.7;
/// Weight of the error left against the norm, at first, and its growth in each round.
const BETA: f32 = 10.0;
const GROWTH: f32 = 1.01;
/// Most rounds; fewer if the error grows.
const N_ROUNDS: usize = 20;
/// Most steps for a unit, as in the original, which computes in half precision.
const MOST_STEPS: f32 = 2e4;

/// Rounds weights `[outputs, inputs]` in blocks of inputs.
///
/// # Errors
/// A weight that is not finite.
pub(super) fn round(weights: &Tensor, block_size: usize, bits: usize) -> Result<Matrix> {
    let n_inputs = weights.shape().last().copied().unwrap_or(1).max(1);
    let elements = weights.as_slice::<f32>()?;
    if let Some(at) = elements.iter().position(|weight| !weight.is_finite()) {
        return Err(Error::data(format!("element {at} is {}", elements[at]))
            .help("look for the error in the model's training or export"));
    }
    let largest = ((1u32 << bits) - 1) as f32;
    let blocks = || elements.chunks(n_inputs).flat_map(|of_output| of_output.chunks(block_size));
    let mut grids: Vec<Grid> = blocks().map(|block| Grid::between_extremes(block, largest)).collect();
    let (mut beta, mut least) = (BETA, f64::INFINITY);
    for _ in 0..N_ROUNDS {
        let errors = grids.iter_mut().zip(blocks()).map(|(grid, block)| grid.improve(block, beta));
        let error: f64 = errors.sum();
        beta *= GROWTH;
        if error >= least {
            break;
        }
        least = error;
    }
    let integers = grids.iter().zip(blocks());
    Ok(Matrix {
        integers: integers.flat_map(|(grid, block)| block.iter().map(|&w| grid.integer(w) as u8)).collect(),
        scale: grids.iter().map(|grid| 1.0 / grid.steps).collect(),
        zero_point: ZeroPoints::Real(grids.iter().map(|grid| grid.zero_point).collect()),
    })
}

/// The integers of a block: `round(w · steps + zero_point)`, from 0 to `largest`.
struct Grid {
    steps: f32,
    zero_point: f32,
    largest: f32,
}

impl Grid {
    fn between_extremes(block: &[f32], largest: f32) -> Self {
        let (min, max) = crate::kernels::reduce::min_max(block);
        let steps = if max > min { (largest / (max - min)).min(MOST_STEPS) } else { 1.0 };
        Self { steps, zero_point: (-min * steps).round_ties_even(), largest }
    }

    fn integer(&self, weight: f32) -> f32 {
        (weight * self.steps + self.zero_point).round_ties_even().clamp(0.0, self.largest)
    }

    /// Moves the zero point to where it leaves the least; gives the sum of the errors before.
    fn improve(&mut self, block: &[f32], beta: f32) -> f64 {
        let (mut error, mut sum) = (0f64, 0f64);
        for &weight in block {
            let integer = self.integer(weight);
            let left = weight - (integer - self.zero_point) / self.steps;
            error += f64::from(left.abs());
            sum += f64::from(integer - (weight - shrunk(left, beta)) * self.steps);
        }
        self.zero_point = (sum / block.len().max(1) as f64) as f32;
        error
    }
}

/// The error nearer to 0, by the proximal step of the norm.
fn shrunk(error: f32, beta: f32) -> f32 {
    let size = error.abs();
    error.signum() * (size - (size + 1e-8).powf(NORM - 1.0) / beta).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of squared errors of 4 bits in blocks of 32, with the zero points found and with those between extremes.
    #[test]
    fn less_is_lost_than_between_extremes() {
        // Numbers about 0 with a few far out, in an order of their own.
        let weight = |at: usize| {
            let x = (at * 7919 % 1000) as f32 / 500.0 - 1.0;
            x * x * x + if at.is_multiple_of(61) { 1.5 } else { 0.0 }
        };
        let weights: Vec<f32> = (0..64 * 128).map(weight).collect();
        let found = round(&Tensor::from_vec(vec![64, 128], weights.clone()).unwrap(), 32, 4).unwrap();
        let ZeroPoints::Real(zero_points) = &found.zero_point else { panic!("real zero points") };
        let error = |at: usize, integer: f32, zero_point: f32, scale: f32| {
            f64::from(weights[at] - (integer - zero_point) * scale).powi(2)
        };
        let of_found: f64 = (0..weights.len())
            .map(|at| error(at, f32::from(found.integers[at]), zero_points[at / 32], found.scale[at / 32]))
            .sum();
        let of_extremes: f64 = weights
            .chunks(32)
            .enumerate()
            .map(|(block, part)| {
                let grid = Grid::between_extremes(part, 15.0);
                let of = |(at, &w): (usize, &f32)| {
                    error(block * 32 + at, grid.integer(w), grid.zero_point, 1.0 / grid.steps)
                };
                part.iter().enumerate().map(of).sum::<f64>()
            })
            .sum();
        assert!(of_found < 0.98 * of_extremes, "{of_found} {of_extremes}");
    }

    #[test]
    fn what_is_constant_is_kept_and_what_is_not_finite_refused() {
        let of = |weights: Vec<f32>| round(&Tensor::from_vec(vec![1, 16], weights).unwrap(), 16, 4);
        let matrix = of(vec![0.0; 16]).unwrap();
        assert!(matrix.integers.iter().all(|&integer| integer == 0));
        assert!(of(vec![f32::NAN; 16]).is_err());
    }
}
