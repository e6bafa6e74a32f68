//! Prints the speed of the integer kernels beside the processor's peak: `cargo bench -p qdq-kernels --bench int8 [filter]`.
//!
//! The peak is counted on registers: independent chains of the multiply-and-add instruction that the kernel uses, nothing
//! loaded or stored, so lanes x instructions a second as this core sustains them now. The number of threads is what
//! `QDQ_THREADS` says, else one; peak and percentages are those of one thread times their number.
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::time::{Duration, Instant};

use qdq_kernels::conv::ConvShape;
use qdq_kernels::gemm::{GemmOptions, MatRef, PackedB as FloatPackedB, gemm as float_gemm};
use qdq_kernels::int8::{
    Arithmetic, Bytes, ConvInput, Epilogue, Layout, Output, PackedB, PackedConv, Range, gemm, register_peak,
};

/// Shortest of many runs; of one thread, the mean processor time of a run if that is shorter, since no long run goes
/// uninterrupted on a busy machine.
fn best_time(mut body: impl FnMut()) -> f64 {
    let start = Instant::now();
    let cpu_start = thread_seconds();
    let (mut best, mut n_runs) = (Duration::MAX, 0);
    while start.elapsed() < Duration::from_millis(300) {
        let begin = Instant::now();
        body();
        best = best.min(begin.elapsed());
        n_runs += 1;
    }
    match (cpu_start, thread_seconds()) {
        (Some(begin), Some(end)) if qdq_kernels::parallel::n_threads() == 1 => {
            // The kernel counts in ticks of a few milliseconds.
            let mean = (end - begin + 0.004) / f64::from(n_runs);
            mean.min(best.as_secs_f64())
        }
        _ => best.as_secs_f64(),
    }
}

/// Processor time of this thread, where Linux tells it.
fn thread_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}

fn report(name: &str, work: usize, peak: f64, time: f64, float_time: Option<f64>) {
    let rate = 2.0 * work as f64 / time / 1e9;
    let float =
        float_time.map_or(String::new(), |t| format!("   f32 {:>7.1} GFLOP/s", 2.0 * work as f64 / t / 1e9));
    println!("{name:<52} {:>9.1} us {rate:>7.1} GOP/s {:>4.0} %{float}", time * 1e6, 100.0 * rate / peak);
}

fn bytes(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i * 7919 % 1013) as u8).collect()
}

fn signed(n: usize) -> Vec<i8> {
    bytes(n).into_iter().map(|x| x as i8).collect()
}

const RANGE: Range = Range { zero_point: 3, min: 0, max: 255 };

fn product(peak: f64, [m, k, n]: [usize; 3]) {
    let (a, b) = (bytes(m * k), signed(k * n));
    let packed = PackedB::new(Bytes::I8(&b), k, n, &[], Arithmetic::Exact);
    let multipliers = vec![1e-4; n];
    let epilogue = Epilogue::Requantize { multipliers: &multipliers, range: RANGE };
    let mut output = vec![0; m * n];
    let time = best_time(|| {
        gemm(Bytes::U8(&a), m, 128, &packed, None, &epilogue, Output::U8(&mut output));
    });
    let floats = |n: usize| bytes(n).into_iter().map(f32::from).collect::<Vec<_>>();
    let (a, b) = (floats(m * k), floats(k * n));
    let packed = FloatPackedB::new(MatRef::row_major(&b, k, n));
    let mut output = vec![0.0; m * n];
    let float_time = best_time(|| {
        let a = MatRef::row_major(&a, m, k);
        float_gemm(a.into(), (&packed).into(), &GemmOptions::default(), &mut output);
    });
    report(&format!("gemm {m}x{k}x{n} u8 x i8 -> u8"), m * k * n, peak, time, Some(float_time));
}

fn convolution(
    peak: f64,
    layout: Layout,
    size: usize,
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    groups: usize,
) {
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
    let work = shape.n_weights() * out_dims[2] * out_dims[3];
    let (input, weights) = (bytes(dims.iter().product()), signed(shape.n_weights()));
    let bias = vec![100; channels[1]];
    let multipliers = vec![1e-3; channels[1]];
    let packed = PackedConv::new(Bytes::I8(&weights), &[], Some(&bias), shape, Arithmetic::Exact);
    let epilogue = Epilogue::Requantize { multipliers: &multipliers, range: RANGE };
    let mut output = vec![0; out_dims.iter().product()];
    let input = ConvInput { data: Bytes::U8(&input), dims: &dims, layout, zero_point: 128 };
    let time = best_time(|| packed.run(input, &epilogue, Output::U8(&mut output), layout));
    let order = if layout == Layout::ChannelsFirst { "NCHW" } else { "NHWC" };
    let name =
        format!("conv {order} {size}x{size} {}->{} k{kernel} s{stride} g{groups}", channels[0], channels[1]);
    report(&name, work, peak, time, None);
}

fn run(filter: &str) {
    let n_threads = qdq_kernels::parallel::n_threads();
    let (name, one) = register_peak();
    let peak = one * n_threads as f64;
    println!("{n_threads} threads, {name}: {one:.1} GOP/s a thread on registers alone, {peak:.1} in all");
    for sizes in [
        [1024, 1024, 1024],
        [3136, 576, 64],
        [196, 2304, 256],
        [128, 384, 1536],
        [784, 192, 32],
        [1, 1024, 1024],
        [4, 1024, 1024],
    ] {
        if "gemm".contains(filter) {
            product(peak, sizes);
        }
    }
    for layout in [Layout::ChannelsLast, Layout::ChannelsFirst] {
        // Size, channels, kernel, stride, groups.
        for (size, channels, kernel, stride, groups) in [
            (224, [3, 32], 3, 2, 1),
            (224, [3, 64], 7, 2, 1),
            (112, [32, 16], 1, 1, 1),
            (112, [16, 96], 1, 1, 1),
            (56, [24, 144], 1, 1, 1),
            (28, [192, 32], 1, 1, 1),
            (14, [96, 576], 1, 1, 1),
            (7, [960, 160], 1, 1, 1),
            (7, [320, 1280], 1, 1, 1),
            (112, [32, 32], 3, 1, 32),
            (112, [96, 96], 3, 2, 96),
            (56, [144, 144], 3, 1, 144),
            (56, [144, 144], 5, 2, 144),
            (28, [192, 192], 3, 1, 192),
            (14, [672, 672], 5, 1, 672),
            (7, [960, 960], 3, 1, 960),
            (32, [16, 16], 3, 1, 1),
            (16, [32, 32], 3, 1, 1),
            (8, [64, 64], 3, 1, 1),
            (56, [64, 64], 3, 1, 1),
            (28, [128, 128], 3, 1, 1),
            (14, [256, 256], 3, 1, 1),
            (7, [512, 512], 3, 1, 1),
            (56, [64, 128], 3, 2, 1),
        ] {
            let kind = format!("{} {size} k{kernel}", if groups > 1 { "depthwise" } else { "conv" });
            if kind.contains(filter) {
                convolution(peak, layout, size, channels, kernel, stride, groups);
            }
        }
    }
}

fn main() {
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with("--")).unwrap_or_default();
    let n_threads = std::env::var("QDQ_THREADS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    qdq_kernels::parallel::with_threads(n_threads, || run(&filter));
}
