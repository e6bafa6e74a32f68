//! The functions of tables, in `f64`, with operations that IEEE 754 rounds in one way only. Nothing may be reordered.

use crate::ops::Op;
use crate::tensor::Tensor;

/// `e^x` for `x ≤ 0`: `k = floor(x · log2(e) + 1/2)`, `r = (x - k·hi) - k·lo` with `hi + lo = ln 2`,
/// `1 + r/1·(1 + r/2·(1 + … r/13))`, times `2^k`; 0 below -700.
pub(super) fn exponential(x: f64) -> f64 {
    use std::f64::consts::LOG2_E;
    const LN2_HI: f64 = 0.693_147_180_369_123_8;
    const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
    if x < -700.0 {
        return 0.0;
    }
    let k = (x * LOG2_E + 0.5).floor();
    let r = (x - k * LN2_HI) - k * LN2_LO;
    let mut sum = 1.0;
    for i in (1..=13).rev() {
        sum = 1.0 + sum * r / f64::from(i);
    }
    let power = f64::from_bits(((k as i64 + 1023) as u64) << 52);
    sum * power
}

/// `1 / (1 + e(-x))` for `x ≥ 0`, else `e(x) / (1 + e(x))`.
fn sigmoid(x: f64) -> f64 {
    let e = exponential(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// `(1 - e(-2|x|)) / (1 + e(-2|x|))` with the sign of `x`.
fn tanh(x: f64) -> f64 {
    let e = exponential(-2.0 * x.abs());
    let magnitude = (1.0 - e) / (1.0 + e);
    if x >= 0.0 { magnitude } else { -magnitude }
}

fn limit(x: f64, min: f64, max: f64) -> f64 {
    if x < min {
        min
    } else if x > max {
        max
    } else {
        x
    }
}

/// The function of one number that an op is; `None` if it is no such function.
pub(super) fn of(op: &Op, constants: &[Option<Tensor>]) -> Option<Box<dyn Fn(f64) -> f64>> {
    Some(match op {
        Op::Relu(_) => Box::new(|x| limit(x, 0.0, f64::INFINITY)),
        Op::Clip(_) => {
            let bound = |position: usize, default: f32| match constants.get(position).and_then(Option::as_ref)
            {
                Some(bound) => bound.as_slice::<f32>().ok()?.first().copied(),
                None => Some(default),
            };
            let (min, max) = (bound(1, f32::NEG_INFINITY)?, bound(2, f32::INFINITY)?);
            Box::new(move |x| limit(x, min.into(), max.into()))
        }
        Op::LeakyRelu(op) => {
            let alpha = f64::from(op.alpha);
            Box::new(move |x| if x < 0.0 { alpha * x } else { x })
        }
        Op::Sigmoid(_) => Box::new(sigmoid),
        Op::Tanh(_) => Box::new(tanh),
        Op::HardSigmoid(op) => {
            let (alpha, beta) = (f64::from(op.alpha), f64::from(op.beta));
            Box::new(move |x| limit(alpha * x + beta, 0.0, 1.0))
        }
        Op::HardSwish(_) => Box::new(|x| x * limit(x / 6.0 + 0.5, 0.0, 1.0)),
        _ => return None,
    })
}
