//! Speed of the default statistic beside a plain min-max scan of the same memory, on one thread:
//! `cargo bench -p qdq --bench statistic [-- --json]`.
//!
//! Contestants take turns, and the shortest of many runs counts, so that a busy machine disturbs both alike. Up to a few
//! MiB the numbers are in a cache, as activations are when they have just been computed.
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use qdq::kernels::reduce::min_max;
use qdq::quant::observers::Statistic;
use serde_json::json;

const KIB: [usize; 5] = [64, 256, 1024, 4096, 65_536];
const BUDGET: Duration = Duration::from_millis(400);

/// Numbers as activations have them: normal, those above zero, uniform.
fn numbers(name: &str, n: usize) -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut uniform = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as f32 / (1u64 << 24) as f32
    };
    let mut normal = || (0..12).map(|_| uniform()).sum::<f32>() - 6.0;
    match name {
        "normal" => (0..n).map(|_| normal()).collect(),
        "relu" => (0..n).map(|_| normal().max(0.0)).collect(),
        _ => (0..n).map(|_| uniform()).collect(),
    }
}

/// Values a nanosecond of both: observing, and the scan.
fn measure(values: &[f32]) -> [f64; 2] {
    let mut statistic = Statistic::new();
    let mut best = [Duration::MAX; 2];
    let start = Instant::now();
    while start.elapsed() < BUDGET {
        let begin = Instant::now();
        statistic.observe(black_box(values));
        best[0] = best[0].min(begin.elapsed());
        let begin = Instant::now();
        black_box(min_max(black_box(values)));
        best[1] = best[1].min(begin.elapsed());
    }
    best.map(|time| values.len() as f64 / time.as_nanos().max(1) as f64)
}

fn main() {
    let is_json = std::env::args().any(|argument| argument == "--json");
    let mut rows = Vec::new();
    for name in ["normal", "relu", "uniform"] {
        let all = numbers(name, KIB[KIB.len() - 1] * 256);
        for kib in KIB {
            let [observe, scan] = measure(&all[..kib * 256]);
            if !is_json {
                let ratio = observe / scan;
                println!(
                    "{name:<8} {kib:>6} KiB: observe {observe:>5.2}, min-max {scan:>5.2} values/ns, ratio {ratio:.2}"
                );
            }
            rows.push(json!({ "data": name, "kib": kib, "observe": observe, "min_max": scan }));
        }
    }
    if is_json {
        println!("{}", json!({ "rows": rows }));
    }
}
