//! Prints the speed of the kernels on typical layers: `cargo bench -p qdq-kernels [filter]`.
//!
//! With as many threads as `QDQ_THREADS` says, else one.
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::time::{Duration, Instant};

use qdq_kernels::Activation;
use qdq_kernels::conv::{ConvShape, PackedConv};
use qdq_kernels::gemm::{GemmOptions, MatRef, PackedA, PackedB, gemm};
use qdq_kernels::quantize::{
    Convention, FixedPoint, FixedRounding, Groups, Limits, Spread, dequantize, quantize, requantize_fixed,
    requantize_float,
};

/// Shortest of many runs.
fn best_time(mut body: impl FnMut()) -> Duration {
    let start = Instant::now();
    let mut best = Duration::MAX;
    while start.elapsed() < Duration::from_millis(300) {
        let begin = Instant::now();
        body();
        best = best.min(begin.elapsed());
    }
    best
}

fn report(name: &str, filter: &str, n_multiplications: usize, body: impl FnMut()) {
    if !name.contains(filter) {
        return;
    }
    let time = best_time(body).as_secs_f64();
    let rate = 2.0 * n_multiplications as f64 / time / 1e9;
    println!("{name:<44} {:>9.1} us {rate:>7.1} GFLOP/s", time * 1e6);
}

/// Bytes read and written a second, beside a plain copy.
fn report_bytes(name: &str, filter: &str, n_bytes: usize, body: impl FnMut()) {
    if !name.contains(filter) {
        return;
    }
    let time = best_time(body).as_secs_f64();
    println!("{name:<44} {:>9.1} us {:>7.1} GB/s", time * 1e6, n_bytes as f64 / time / 1e9);
}

/// Conversions of `n` elements with the groups of a tensor `[.., channels, 3136]`, or with one.
fn quantization(filter: &str, n: usize, per_axis: bool) {
    const CHANNELS: usize = 64;
    const I8: Limits = Limits { min: -128, max: 127 };
    let spread = if per_axis { Spread::Axis { along: CHANNELS, inner: 3136 } } else { Spread::Tensor };
    let of = format!("{} {} KiB", if per_axis { "per axis" } else { "per tensor" }, n * 4 / 1024);
    let floats: Vec<f32> = values(n).iter().map(|x| x * 4.0).collect();
    let accumulators: Vec<i32> = floats.iter().map(|x| (x * 1e5) as i32).collect();
    let (mut integers, mut back) = (vec![0i8; n], vec![0f32; n]);
    let zero_points = [3; CHANNELS];
    let groups = Groups { steps: &[0.03; CHANNELS], zero_points: &zero_points, spread };
    report_bytes(&format!("copy of f32 {of}"), filter, 8 * n, || back.copy_from_slice(&floats));
    for convention in [Convention::DivideHalfEven, Convention::InverseHalfEven, Convention::DivideHalfAway] {
        report_bytes(&format!("quantize {convention:?} {of}"), filter, 5 * n, || {
            quantize(&floats, &mut integers, groups, I8, convention);
        });
    }
    report_bytes(&format!("dequantize {of}"), filter, 5 * n, || dequantize(&integers, &mut back, groups));
    let multipliers = Groups { steps: &[1e-4; CHANNELS], ..groups };
    report_bytes(&format!("requantize float {of}"), filter, 5 * n, || {
        requantize_float(&accumulators, &mut integers, multipliers, I8);
    });
    let factors = [FixedPoint::new(1e-4); CHANNELS];
    let factors = Groups { steps: &factors, zero_points: &zero_points, spread };
    for rounding in [FixedRounding::Double, FixedRounding::Single] {
        report_bytes(&format!("requantize {rounding:?} {of}"), filter, 5 * n, || {
            requantize_fixed(&accumulators, &mut integers, factors, I8, rounding);
        });
    }
}

fn values(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919 % 1013) as f32 - 506.0) / 506.0).collect()
}

fn matrix(filter: &str, m: usize, k: usize, n: usize) {
    let (a, b) = (values(m * k), values(k * n));
    let mut c = vec![0.0; m * n];
    let a = MatRef::row_major(&a, m, k);
    let b = MatRef::row_major(&b, k, n);
    let (packed_a, packed_b) = (PackedA::new(a), PackedB::new(b));
    let options = GemmOptions::default();
    let name = format!("gemm {m}x{k}x{n}");
    let work = m * k * n;
    report(&name, filter, work, || gemm(a.into(), b.into(), &options, &mut c));
    report(&format!("{name} packed A"), filter, work, || {
        gemm((&packed_a).into(), b.into(), &options, &mut c);
    });
    report(&format!("{name} packed B"), filter, work, || {
        gemm(a.into(), (&packed_b).into(), &options, &mut c);
    });
    let b_transposed = values(k * n);
    let b = MatRef::row_major(&b_transposed, n, k).transposed();
    report(&format!("{name} B transposed"), filter, work, || {
        gemm(a.into(), b.into(), &options, &mut c);
    });
}

fn convolution(filter: &str, size: usize, channels: [usize; 2], kernel: usize, stride: usize, groups: usize) {
    let shape = ConvShape {
        in_channels: channels[0],
        out_channels: channels[1],
        groups,
        kernel: vec![kernel; 2],
        strides: vec![stride; 2],
        dilations: vec![],
        pads_begin: vec![kernel / 2; 2],
        pads_end: vec![kernel / 2; 2],
    };
    let dims = [1, channels[0], size, size];
    let out_dims = shape.output_dims(&dims);
    let weights = values(shape.n_weights());
    let bias = values(channels[1]);
    let work = shape.n_weights() * out_dims[2] * out_dims[3];
    let packed = PackedConv::new(&weights, Some(&bias), shape, Activation::Relu);
    let input = values(dims.iter().product());
    let mut output = vec![0.0; out_dims.iter().product()];
    let name = format!("conv {size}x{size} {}->{} k{kernel} s{stride} g{groups}", channels[0], channels[1]);
    report(&name, filter, work, || packed.run(&input, &dims, &mut output));
}

fn run(filter: &str) {
    for n in [64 * 3136, 64 * 64 * 3136] {
        quantization(filter, n, false);
        quantization(filter, n, true);
    }
    for [m, k, n] in [
        [1024, 1024, 1024],
        [128, 384, 1536],
        [128, 64, 128],
        [1, 1024, 1024],
        [4, 1024, 1024],
        [1, 256, 256],
    ] {
        matrix(filter, m, k, n);
    }
    // Size, channels, kernel, stride, groups.
    for (size, channels, kernel, stride, groups) in [
        (224, [3, 32], 3, 2, 1),
        (224, [3, 64], 7, 2, 1),
        (112, [32, 16], 1, 1, 1),
        (112, [16, 96], 1, 1, 1),
        (56, [24, 144], 1, 1, 1),
        (28, [240, 40], 1, 1, 1),
        (14, [112, 672], 1, 1, 1),
        (7, [1152, 192], 1, 1, 1),
        (7, [320, 1280], 1, 1, 1),
        (112, [32, 32], 3, 1, 32),
        (112, [96, 96], 3, 2, 96),
        (56, [144, 144], 3, 1, 144),
        (56, [144, 144], 5, 2, 144),
        (28, [240, 240], 5, 1, 240),
        (28, [240, 240], 3, 2, 240),
        (14, [672, 672], 5, 1, 672),
        (14, [672, 672], 5, 2, 672),
        (7, [1152, 1152], 5, 1, 1152),
        (7, [1152, 1152], 3, 1, 1152),
        (32, [16, 16], 3, 1, 1),
        (16, [32, 32], 3, 1, 1),
        (8, [64, 64], 3, 1, 1),
        (56, [64, 64], 3, 1, 1),
        (28, [128, 128], 3, 1, 1),
        (14, [256, 256], 3, 1, 1),
        (7, [512, 512], 3, 1, 1),
        (56, [64, 128], 3, 2, 1),
        (56, [128, 128], 3, 1, 32),
    ] {
        convolution(filter, size, channels, kernel, stride, groups);
    }
}

fn main() {
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with("--")).unwrap_or_default();
    let n_threads = std::env::var("QDQ_THREADS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    qdq_kernels::parallel::with_threads(n_threads, || run(&filter));
}
