//! The fastest that this processor's multiply-and-add instruction goes.
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use std::hint::black_box;
use std::time::Instant;

use super::Arithmetic;
use super::dot::{Dot, DotTask, Kernel};
use crate::simd::Simd;

/// Independent chains: enough to hide the latency of any of the instructions.
const CHAINS: usize = 10;
/// Instructions of a chain in one measurement.
const LENGTH: usize = 20_000;

/// Name of the exact kernel and the operations (two a multiplication) that one thread does per second with it, in
/// billions, when nothing is loaded or stored: the best of many short loops on registers.
pub fn register_peak() -> (String, f64) {
    let kernel = Kernel::current(Arithmetic::Exact);
    let rate = (0..200).map(|_| kernel.dispatch(Loop)).fold(0.0, f64::max);
    (format!("{kernel:?}"), rate)
}

struct Loop;

impl DotTask for Loop {
    type Output = f64;

    #[inline(always)]
    fn run<D: Dot>(self, d: D) -> f64 {
        let s = d.simd();
        let b = s.splat_i(black_box(0x0001_0001));
        let mut sums = [s.splat_i(0); CHAINS];
        let begin = Instant::now();
        for _ in 0..LENGTH {
            for sum in &mut sums {
                // The product depends on the sum, so that it cannot leave the loop.
                *sum = d.dot(*sum, *sum, b);
            }
        }
        let seconds = begin.elapsed().as_secs_f64();
        black_box(sums.map(|sum| s.lanes(s.i_to_f(sum))));
        2.0 * (CHAINS * LENGTH * D::S::LANES * D::DEPTH) as f64 / seconds / 1e9
    }
}
