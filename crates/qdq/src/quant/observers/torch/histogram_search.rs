//! The range of a histogram with the least squared error of quantization (`_non_linear_param_search`).

use super::sum::sum;

/// Part of all values that a step of the search leaves out at one end.
const STEP: f64 = 1e-5;
/// Up to so many levels, [`Norm::floor_divide`] may compute in f64.
const MAX_FAST_LEVELS: f64 = 65_536.0;

/// The part of `range` to represent by `levels` integers, or a little more, for it ends between bins.
///
/// Starts with the whole range; each step leaves out one 100 000th of the values at the end where that removes more bins,
/// until the error grows. Source: torch's `HistogramObserver`, after `norm_minimization.cc` of caffe2.
pub(super) fn search(counts: &[f32], range: (f32, f32), levels: f64) -> (f32, f32) {
    let bins = counts.len();
    let total = f64::from(sum(counts));
    let cumulated = cumulate(counts);
    let norm = Norm::new(counts, range, levels);
    let (mut alpha, mut beta) = (0.0, 1.0);
    let (mut start, mut end) = (0, bins - 1);
    let mut least = f64::INFINITY;
    while alpha < beta {
        let (next_alpha, next_beta) = (alpha + STEP, beta - STEP);
        let (below, above) = ((next_alpha * total) as f32, (next_beta * total) as f32);
        let left = start + cumulated[start..end].partition_point(|&count| count < below);
        let right = start + cumulated[start + 1..=end].partition_point(|&count| count <= above);
        let (next_start, next_end) = if left - start > end - right {
            alpha = next_alpha;
            (left, end)
        } else {
            beta = next_beta;
            (start, right)
        };
        if (next_start, next_end) == (start, end) {
            continue;
        }
        let error = norm.of(next_start, next_end);
        if error > least {
            break;
        }
        least = error;
        (start, end) = (next_start, next_end);
    }
    let bin_width = (range.1 - range.0) / bins as f32;
    (range.0 + bin_width * start as f32, range.0 + bin_width * (end + 1) as f32)
}

/// `torch.cumsum`: the running sum is f64.
fn cumulate(counts: &[f32]) -> Vec<f32> {
    let mut running = 0.0;
    let add = |&count: &f32| {
        running += f64::from(count);
        running as f32
    };
    counts.iter().map(add).collect()
}

/// Squared error of quantization, bin by bin in f32 (`_compute_quantization_error`).
struct Norm {
    /// Counts divided by the width of a bin.
    density: Vec<f32>,
    bin_width: f64,
    levels: f64,
}

impl Norm {
    fn new(counts: &[f32], range: (f32, f32), levels: f64) -> Self {
        let bin_width = (f64::from(range.1) - f64::from(range.0)) / counts.len() as f64;
        let density = counts.iter().map(|&count| count / bin_width as f32).collect();
        Self { density, bin_width, levels }
    }

    /// The error if the bins `start..=end` are represented. Every bin's values are taken to lie evenly in it; a level
    /// stands in the middle of its interval of `width`.
    fn of(&self, start: usize, end: usize) -> f64 {
        let width = self.bin_width * (end as f64 - start as f64 + 1.0) / self.levels;
        if width == 0.0 {
            return 0.0;
        }
        let (bin_width, half, width) = (self.bin_width as f32, (width / 2.0) as f32, width as f32);
        let top = (self.levels - 1.0) as f32;
        let is_plain = width.is_normal()
            && self.levels <= MAX_FAST_LEVELS
            && (bin_width * self.density.len() as f32).is_finite();
        let level_of = |x: f32| {
            let quotient = if is_plain { floor_divide_f64(x, width) } else { floor_divide(x, width) };
            clamp(quotient, top)
        };
        let whole_interval = cube(half) - cube(-half);
        let norms: Vec<f32> = self
            .density
            .iter()
            .enumerate()
            .map(|(bin, &density)| {
                let begin = (bin as i64 - start as i64) as f32 * bin_width;
                let end = begin + bin_width;
                let (first, last) = (level_of(begin), level_of(end));
                let first_center = (first + 0.5) * width;
                let last_center = last * width + half;
                let part = density * ((cube(half) - cube(begin - first_center)) / 3.0);
                let whole = (last - first - 1.0) * (density * (whole_interval / 3.0));
                part + whole + density * ((cube(end - last_center) - cube(-half)) / 3.0)
            })
            .collect();
        f64::from(sum(&norms))
    }
}

fn cube(x: f32) -> f32 {
    x * x * x
}

/// `torch.clamp(x, 0, top)`: NaN stays.
fn clamp(x: f32, top: f32) -> f32 {
    if x < 0.0 {
        0.0
    } else if x > top {
        top
    } else {
        x
    }
}

/// `torch.div(a, b, rounding_mode="floor")` (`div_floor_floating` of `generic_math.h` of c10).
fn floor_divide(a: f32, b: f32) -> f32 {
    if b == 0.0 {
        return a / b;
    }
    let rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest != 0.0 && (b < 0.0) != (rest < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0f32.copysign(a / b);
    }
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}

/// The same for quotients below 2¹⁶ of finite numbers: an f64 quotient of two f32 cannot round up to an integer there.
fn floor_divide_f64(a: f32, b: f32) -> f32 {
    (f64::from(a) / f64::from(b)).floor() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_in_f64_is_torchs_floor_division() {
        let mut state = 1u32;
        for _ in 0..200_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let b = f32::from_bits((state >> 9) | 0x3f80_0000);
            let multiple = (state % 65_536) as f32 * b;
            for a in [multiple.next_down(), multiple, multiple.next_up(), -multiple, multiple * 0.37] {
                assert_eq!(floor_divide(a, b), floor_divide_f64(a, b), "{a} / {b}");
            }
        }
    }
}
