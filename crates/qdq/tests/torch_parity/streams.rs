//! The streams of `conformance/goldens/streams.py`, bit for bit.

use qdq::tensor::Tensor;

/// Names in the order of the Python file, which seeds depend on.
const NAMES: [&str; 30] = [
    "random",
    "zeros",
    "constant",
    "constant_negative",
    "constants",
    "constant_then_random",
    "constant_2_25",
    "constant_1e10_then_random",
    "constant_1e30",
    "positive",
    "negative",
    "relu",
    "huge",
    "extreme",
    "overflowing",
    "tiny",
    "small",
    "denormal",
    "few_denormals",
    "nan",
    "nan_first",
    "inf",
    "inf_first",
    "all_inf",
    "empty",
    "empty_then_random",
    "growing",
    "growing_shifted",
    "shrinking",
    "outliers",
];

/// A power of two, denormal ones too, which `f32::powi` flushes to 0.
fn power(exponent: i32) -> f32 {
    2f64.powi(exponent) as f32
}

fn seed(name: &str) -> u32 {
    let index = NAMES.iter().position(|other| *other == name);
    1000 * index.unwrap_or_else(|| panic!("no stream {name}")) as u32
}

fn hashed(seed: u32, index: u32) -> u32 {
    let mut x = seed.wrapping_mul(0x9E37_79B1).wrapping_add(index);
    x ^= x >> 16;
    x = x.wrapping_mul(0x85EB_CA6B);
    x ^= x >> 13;
    x = x.wrapping_mul(0xC2B2_AE35);
    x ^ (x >> 16)
}

fn bell(seed: u32, n: usize) -> Vec<f32> {
    let number = |index: u32| {
        let total: i64 = (0..4).map(|k| i64::from(hashed(seed, index * 4 + k) >> 10)).sum();
        (total - (1 << 23)) as f32 * power(-22)
    };
    (0..n as u32).map(number).collect()
}

/// The batches of a stream; dimension 0 is 0 where a batch is empty.
pub(crate) fn batches(name: &str, dims: &[usize]) -> Vec<Tensor> {
    let n_batches = match name {
        "constant_1e30" | "all_inf" => 1,
        "zeros"
        | "constant"
        | "constant_negative"
        | "constant_2_25"
        | "constant_1e10_then_random"
        | "overflowing"
        | "nan_first"
        | "inf_first"
        | "empty" => 2,
        "constants" => 4,
        "shrinking" => 6,
        "growing" | "growing_shifted" => 20,
        _ => 3,
    };
    (0..n_batches)
        .map(|batch| {
            let mut dims = dims.to_vec();
            if name == "empty" || (name == "empty_then_random" && batch == 0) {
                dims[0] = 0;
            }
            let numbers = numbers(name, batch, dims.iter().product());
            Tensor::from_vec(dims, numbers).unwrap()
        })
        .collect()
}

/// The gradient of the output for a batch.
pub(crate) fn gradient(name: &str, batch: usize, dims: &[usize]) -> Tensor {
    let numbers = bell(500_000 + seed(name) + batch as u32, dims.iter().product());
    Tensor::from_vec(dims.to_vec(), numbers).unwrap()
}

fn numbers(name: &str, batch: usize, n: usize) -> Vec<f32> {
    let bell = bell(seed(name) + batch as u32, n);
    let b = batch as f32;
    let times = |factor: f32| bell.iter().map(|x| x * factor).collect();
    let with = |values: &[(usize, f32)]| {
        let mut numbers = bell.clone();
        values.iter().filter(|(index, _)| *index < n).for_each(|&(index, value)| numbers[index] = value);
        numbers
    };
    match (name, batch) {
        ("zeros", _) => vec![0.0; n],
        ("constant", _) | ("constant_then_random", 0) => vec![0.7; n],
        ("constant_negative", _) => vec![-3.25; n],
        ("constants", _) => vec![b * 0.5 - 0.75; n],
        ("constant_2_25", _) => vec![power(25); n],
        ("constant_1e10_then_random", 0) => vec![1e10; n],
        ("constant_1e30", _) => vec![1e30; n],
        ("positive", _) => bell.iter().map(|x| x.abs() + 0.25).collect(),
        ("negative", _) => bell.iter().map(|x| -(x.abs() + 0.25)).collect(),
        ("relu", _) => bell.iter().map(|x| x.max(0.0)).collect(),
        ("huge", _) => times(power(100)),
        ("extreme", _) => times(power(126)),
        ("overflowing", _) => times(power(127)),
        ("tiny", _) => times(power(-100)),
        ("small", _) => times(power(-12)),
        ("denormal", _) => times(power(-135)),
        ("few_denormals", _) => times(power(-146)),
        ("nan", 1) | ("nan_first", 0) => with(&[(7, f32::NAN)]),
        ("inf", 1) => with(&[(3, f32::INFINITY), (5, f32::NEG_INFINITY)]),
        ("inf_first", 0) => with(&[(3, f32::INFINITY)]),
        ("all_inf", _) => vec![f32::INFINITY; n],
        ("growing", _) => times(1.0 + b * 0.25),
        ("growing_shifted", _) => bell.iter().map(|x| x * (1.0 + b) + b * 0.5).collect(),
        ("shrinking", _) => times(power(-(batch as i32))),
        ("outliers", _) => {
            let scaled = bell.iter().enumerate();
            scaled.map(|(index, x)| if index % 97 == 0 { x * 64.0 } else { *x }).collect()
        }
        _ => bell,
    }
}
