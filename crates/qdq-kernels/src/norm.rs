//! Normalizations: layer, RMS, batch, instance and group.

use super::parallel::{SharedMut, for_each_chunk, for_each_task, rows_per_task};

/// Values per task.
const CHUNK: usize = 1 << 14;
/// Independent partial sums of a row.
const N_LANES: usize = 16;

/// Mean and `1 / sqrt(variance + epsilon)` of a row of a layer normalization.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowStatistics {
    /// Arithmetic mean.
    pub mean: f32,
    /// `1 / sqrt(variance + epsilon)`, the variance divided by the count.
    pub inv_std: f32,
}

/// Normalizes each row of `row_len` values: `(x - mean) * inv_std * scale + bias`.
///
/// `scale` and `bias` have `row_len` values. `statistics`, when given, receives one entry per row.
///
/// # Panics
/// When the lengths do not fit together.
pub fn layer_norm(
    input: &[f32],
    row_len: usize,
    scale: Option<&[f32]>,
    bias: Option<&[f32]>,
    epsilon: f32,
    output: &mut [f32],
    statistics: Option<&mut [RowStatistics]>,
) {
    assert_eq!(input.len(), output.len());
    for affine in [scale, bias].into_iter().flatten() {
        assert_eq!(affine.len(), row_len);
    }
    if input.is_empty() {
        return;
    }
    assert_eq!(input.len() % row_len, 0);
    let statistics = statistics.map(|rows| {
        assert_eq!(rows.len(), input.len() / row_len);
        SharedMut::new(rows)
    });
    let rows = rows_per_task(row_len, CHUNK);
    for_each_chunk(output, rows * row_len, |task, chunk| {
        for (i, out) in chunk.chunks_exact_mut(row_len).enumerate() {
            let row_idx = task * rows + i;
            let row = &input[row_idx * row_len..(row_idx + 1) * row_len];
            let stats = row_statistics(row, epsilon);
            normalize_row(row, stats, scale, bias, out);
            if let Some(all) = &statistics {
                #[expect(unsafe_code, reason = "one entry per row")]
                // SAFETY: each row belongs to one task.
                unsafe {
                    all.slice(row_idx, 1)[0] = stats;
                }
            }
        }
    });
}

/// Divides each row by its root mean square: `x / sqrt(mean(x^2) + epsilon) * scale`.
///
/// # Panics
/// When the lengths do not fit together.
pub fn rms_norm(input: &[f32], row_len: usize, scale: Option<&[f32]>, epsilon: f32, output: &mut [f32]) {
    assert_eq!(input.len(), output.len());
    if input.is_empty() {
        return;
    }
    assert_eq!(input.len() % row_len, 0);
    let rows = rows_per_task(row_len, CHUNK);
    for_each_chunk(output, rows * row_len, |task, chunk| {
        for (i, out) in chunk.chunks_exact_mut(row_len).enumerate() {
            let begin = (task * rows + i) * row_len;
            let row = &input[begin..begin + row_len];
            let mean_square = sum_of(row, |x| x * x) / row_len as f32;
            let stats = RowStatistics { mean: 0.0, inv_std: 1.0 / (mean_square + epsilon).sqrt() };
            normalize_row(row, stats, scale, None, out);
        }
    });
}

/// Mean first, then the squares around it: no cancellation.
fn row_statistics(row: &[f32], epsilon: f32) -> RowStatistics {
    let n = row.len() as f32;
    let mean = sum_of(row, |x| x) / n;
    let variance = sum_of(row, |x| (x - mean) * (x - mean)) / n;
    RowStatistics { mean, inv_std: 1.0 / (variance + epsilon).sqrt() }
}

#[inline]
fn sum_of(row: &[f32], map: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; N_LANES];
    let mut chunks = row.chunks_exact(N_LANES);
    for chunk in &mut chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += map(*x);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane += map(*x);
    }
    let mut width = N_LANES;
    while width > 1 {
        width /= 2;
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
    }
    lanes[0]
}

fn normalize_row(
    row: &[f32],
    stats: RowStatistics,
    scale: Option<&[f32]>,
    bias: Option<&[f32]>,
    out: &mut [f32],
) {
    let RowStatistics { mean, inv_std } = stats;
    match (scale, bias) {
        (Some(scale), Some(bias)) => {
            for (((y, x), s), b) in out.iter_mut().zip(row).zip(scale).zip(bias) {
                *y = (x - mean) * inv_std * s + b;
            }
        }
        (Some(scale), None) => {
            for ((y, x), s) in out.iter_mut().zip(row).zip(scale) {
                *y = (x - mean) * inv_std * s;
            }
        }
        (None, Some(bias)) => {
            for ((y, x), b) in out.iter_mut().zip(row).zip(bias) {
                *y = (x - mean) * inv_std + b;
            }
        }
        (None, None) => {
            for (y, x) in out.iter_mut().zip(row) {
                *y = (x - mean) * inv_std;
            }
        }
    }
}

/// `output[n, c, :] = input[n, c, :] * scale[c] + shift[c]`, each plane `inner` values.
///
/// # Panics
/// When the lengths do not fit together.
pub fn scale_shift_channels(input: &[f32], inner: usize, scale: &[f32], shift: &[f32], output: &mut [f32]) {
    let n_channels = scale.len();
    assert_eq!([input.len(), shift.len()], [output.len(), n_channels]);
    if input.is_empty() {
        return;
    }
    assert_eq!(input.len() % (n_channels * inner), 0);
    let planes = rows_per_task(inner, CHUNK);
    for_each_chunk(output, planes * inner, |task, chunk| {
        for (i, out) in chunk.chunks_exact_mut(inner).enumerate() {
            let plane = task * planes + i;
            let (s, b) = (scale[plane % n_channels], shift[plane % n_channels]);
            for (y, x) in out.iter_mut().zip(&input[plane * inner..]) {
                *y = x * s + b;
            }
        }
    });
}

/// Batch normalization with given statistics, `[n, c, inner]`:
/// `(x - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + bias[c]`.
///
/// # Panics
/// When the lengths do not fit together.
pub fn batch_norm(
    input: &[f32],
    inner: usize,
    scale: &[f32],
    bias: &[f32],
    mean: &[f32],
    variance: &[f32],
    epsilon: f32,
    output: &mut [f32],
) {
    let n_channels = scale.len();
    assert_eq!([bias.len(), mean.len(), variance.len()], [n_channels; 3]);
    let factors: Vec<f32> = scale.iter().zip(variance).map(|(s, v)| s / (v + epsilon).sqrt()).collect();
    let shifts: Vec<f32> = bias.iter().zip(mean).zip(&factors).map(|((b, m), f)| b - m * f).collect();
    scale_shift_channels(input, inner, &factors, &shifts, output);
}

/// Group normalization of `[n, c, inner]`: each of `n_groups` groups of channels of a sample is
/// normalized, then scaled and shifted per channel. Instance normalization has one channel a group.
///
/// # Panics
/// When the lengths do not fit together.
pub fn group_norm(
    input: &[f32],
    inner: usize,
    n_groups: usize,
    scale: &[f32],
    bias: &[f32],
    epsilon: f32,
    output: &mut [f32],
) {
    let n_channels = scale.len();
    assert_eq!([input.len(), bias.len()], [output.len(), n_channels]);
    if input.is_empty() {
        return;
    }
    assert_eq!([n_channels % n_groups, input.len() % (n_channels * inner)], [0, 0]);
    let per_group = n_channels / n_groups;
    let group_len = per_group * inner;
    let shared = SharedMut::new(output);
    for_each_task(input.len() / group_len, |group| {
        let begin = group * group_len;
        #[expect(unsafe_code, reason = "one part per group")]
        // SAFETY: groups do not overlap and each belongs to one task.
        let out = unsafe { shared.slice(begin, group_len) };
        let row = &input[begin..begin + group_len];
        let RowStatistics { mean, inv_std } = row_statistics(row, epsilon);
        for c in 0..per_group {
            let channel = group % n_groups * per_group + c;
            let (s, b) = (scale[channel] * inv_std, bias[channel]);
            let plane = c * inner..(c + 1) * inner;
            for (y, x) in out[plane.clone()].iter_mut().zip(&row[plane]) {
                *y = (x - mean) * s + b;
            }
        }
    });
}

/// Instance normalization of `[n, c, inner]`.
///
/// # Panics
/// When the lengths do not fit together.
pub fn instance_norm(
    input: &[f32],
    inner: usize,
    scale: &[f32],
    bias: &[f32],
    epsilon: f32,
    output: &mut [f32],
) {
    group_norm(input, inner, scale.len(), scale, bias, epsilon, output);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Random, assert_close};

    fn normalized(row: &[f32], epsilon: f64) -> Vec<f64> {
        let n = row.len() as f64;
        let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        let variance = row.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / n;
        row.iter().map(|x| (f64::from(*x) - mean) / (variance + epsilon).sqrt()).collect()
    }

    #[test]
    fn layer_norm_equals_naive() {
        let mut random = Random::new(11);
        for (rows, len) in [(1, 1), (3, 5), (7, 384), (2, 1000), (0, 4)] {
            let input: Vec<f32> = random.floats(rows * len).iter().map(|x| x + 100.0).collect();
            let (scale, bias) = (random.floats(len), random.floats(len));
            let mut got = vec![0.0; input.len()];
            let mut stats = vec![RowStatistics::default(); rows];
            layer_norm(&input, len, Some(&scale), Some(&bias), 1e-5, &mut got, Some(&mut stats));
            let expected: Vec<f32> = input
                .chunks(len)
                .flat_map(|row| {
                    let y = normalized(row, 1e-5);
                    (0..len)
                        .map(|i| (y[i] * f64::from(scale[i]) + f64::from(bias[i])) as f32)
                        .collect::<Vec<_>>()
                })
                .collect();
            // Values near 100 carry rounding of 4e-6, divided by a deviation of about 0.6.
            assert_close(&got, &expected, 5e-5, "layer_norm");
            assert!(stats.iter().all(|s| s.inv_std > 0.0));
        }
    }

    #[test]
    fn channel_norms_equal_naive() {
        let mut random = Random::new(13);
        let (n, c, inner) = (2, 6, 35);
        let input = random.floats(n * c * inner);
        let [scale, bias, mean] = [0; 3].map(|_| random.floats(c));
        let variance: Vec<f32> = random.floats(c).iter().map(|x| x.abs() + 0.1).collect();
        let mut got = vec![0.0; input.len()];
        batch_norm(&input, inner, &scale, &bias, &mean, &variance, 1e-3, &mut got);
        let expected: Vec<f32> = (0..input.len())
            .map(|i| {
                let ch = i / inner % c;
                (input[i] - mean[ch]) / (variance[ch] + 1e-3).sqrt() * scale[ch] + bias[ch]
            })
            .collect();
        assert_close(&got, &expected, 1e-5, "batch_norm");
        for n_groups in [1, 2, 3, 6] {
            group_norm(&input, inner, n_groups, &scale, &bias, 1e-5, &mut got);
            let group_len = c / n_groups * inner;
            let expected: Vec<f32> = (0..input.len())
                .map(|i| {
                    let begin = i / group_len * group_len;
                    let y = normalized(&input[begin..begin + group_len], 1e-5)[i - begin];
                    y as f32 * scale[i / inner % c] + bias[i / inner % c]
                })
                .collect();
            assert_close(&got, &expected, 1e-5, "group_norm");
        }
    }

    #[test]
    fn rms_norm_equals_naive() {
        let mut random = Random::new(17);
        let (input, scale) = (random.floats(4 * 50), random.floats(50));
        let mut got = vec![0.0; 200];
        rms_norm(&input, 50, Some(&scale), 1e-6, &mut got);
        let expected: Vec<f32> = (0..200)
            .map(|i| {
                let row = &input[i / 50 * 50..][..50];
                let mean = row.iter().map(|x| x * x).sum::<f32>() / 50.0;
                input[i] / (mean + 1e-6).sqrt() * scale[i % 50]
            })
            .collect();
        assert_close(&got, &expected, 1e-5, "rms_norm");
    }
}
