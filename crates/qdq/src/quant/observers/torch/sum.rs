//! Sums of f32 in the order in which torch adds, so that they round alike.
//!
//! Source: `cascade_sum` of ATen/native/cpu/SumKernel.cpp on one thread, with the 8 lanes of AVX2, the widest that kernel
//! is built for. Columns are added in blocks, blocks in blocks of blocks, on four levels.

/// Lanes of a vector.
const N_LANES: usize = 8;
/// Rows added side by side.
const N_ROWS: usize = 4;
/// Levels of the cascade.
const N_LEVELS: usize = 4;

/// `torch.sum` of a contiguous tensor.
pub(in crate::quant) fn sum(values: &[f32]) -> f32 {
    if values.len() < N_LANES {
        return row_sum(values.len(), |index| [values[index]])[0];
    }
    let (vectors, rest) = values.as_chunks::<N_LANES>();
    let lanes = row_sum(vectors.len(), |index| vectors[index]);
    let rest: f32 = rest.iter().fold(0.0, |sum, value| sum + value);
    lanes.iter().fold(rest, |sum, lane| sum + lane)
}

/// `torch.sum` over every axis but `axis`: one sum for each of its indices.
pub(in crate::quant) fn sum_per_channel(values: &[f32], dims: &[usize], axis: usize) -> Vec<f32> {
    let n_channels = dims[axis];
    let inner: usize = dims[axis + 1..].iter().product();
    if n_channels == 1 {
        return vec![sum(values)];
    }
    if inner == 1 && values.len() > n_channels {
        return sum_columns(values, n_channels);
    }
    let mut sums = vec![0.0; n_channels];
    for (row_idx, row) in values.chunks_exact(inner.max(1)).enumerate() {
        sums[row_idx % n_channels] += sum(row);
    }
    sums
}

/// Sums of the columns of a matrix: whole groups of [`N_ROWS`] vectors (or, of narrow matrices, numbers) in one cascade
/// each, what is left over in four cascades.
fn sum_columns(values: &[f32], n_columns: usize) -> Vec<f32> {
    let n_rows = values.len() / n_columns;
    let width = if n_columns < N_LANES { 1 } else { N_LANES };
    let n_grouped = n_columns / (N_ROWS * width) * (N_ROWS * width);
    let column = |column: usize| move |row: usize| [values[row * n_columns + column]];
    (0..n_columns)
        .map(|index| {
            let sums = if index < n_grouped {
                cascade(n_rows, column(index))
            } else {
                row_sum(n_rows, column(index))
            };
            sums[0]
        })
        .collect()
}

/// Sum of `n_values` vectors as four interleaved cascades.
fn row_sum<const N: usize>(n_values: usize, load: impl Fn(usize) -> [f32; N]) -> [f32; N] {
    let n_rows = n_values / N_ROWS;
    let mut sums: [[f32; N]; N_ROWS] =
        std::array::from_fn(|row| cascade(n_rows, |index| load(index * N_ROWS + row)));
    for index in n_rows * N_ROWS..n_values {
        add(&mut sums[0], load(index));
    }
    let [mut total, rest @ ..] = sums;
    for sum in rest {
        add(&mut total, sum);
    }
    total
}

/// Sum of `n_values` vectors: level 0 is added to level 1 after a block of them, level 1 to level 2 after a block of
/// blocks, and so on.
fn cascade<const N: usize>(n_values: usize, load: impl Fn(usize) -> [f32; N]) -> [f32; N] {
    let log2_ceil = n_values.max(1).next_power_of_two().trailing_zeros() as usize;
    let level_power = (log2_ceil / N_LEVELS).max(4);
    let level_step = 1 << level_power;
    let mut levels = [[0.0; N]; N_LEVELS];
    let mut index = 0;
    while index + level_step <= n_values {
        for _ in 0..level_step {
            add(&mut levels[0], load(index));
            index += 1;
        }
        for level in 1..N_LEVELS {
            let below = std::mem::replace(&mut levels[level - 1], [0.0; N]);
            add(&mut levels[level], below);
            if index & ((level_step - 1) << (level * level_power)) != 0 {
                break;
            }
        }
    }
    for index in index..n_values {
        add(&mut levels[0], load(index));
    }
    let [mut total, rest @ ..] = levels;
    for level in rest {
        add(&mut total, level);
    }
    total
}

fn add<const N: usize>(sums: &mut [f32; N], values: [f32; N]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}
