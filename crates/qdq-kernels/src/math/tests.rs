use super::*;
use crate::simd::testing::on_each_isa;

/// erf in double precision: Taylor series inside 3, continued fraction of erfc outside.
fn erf_f64(x: f64) -> f64 {
    if x.abs() < 3.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..120 {
            let n = f64::from(n);
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        return sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let a = x.abs();
    let mut fraction = 0.0;
    for n in (1..200).rev() {
        fraction = f64::from(n) / 2.0 / (a + fraction);
    }
    let erfc = (-a * a).exp() / (a + fraction) * std::f64::consts::FRAC_2_SQRT_PI / 2.0;
    (1.0 - erfc).copysign(x)
}

/// Distance in units in the last place of the exact value, at least that of the smallest normal.
fn ulps(got: f32, exact: f64) -> f64 {
    if f64::from(got) == exact || (got.is_nan() && exact.is_nan()) {
        return 0.0;
    }
    if exact.abs() > f64::from(f32::MAX) {
        return if got.is_infinite() && (got > 0.0) == (exact > 0.0) { 0.0 } else { f64::INFINITY };
    }
    let exponent = exact.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor();
    (f64::from(got) - exact).abs() / (exponent - 23.0).exp2()
}

fn check(unary: Unary, low: f32, high: f32, max_ulps: f64, exact: impl Fn(f64) -> f64) {
    let n = 20_011;
    let inputs: Vec<f32> = (0..n).map(|i| low + (high - low) * i as f32 / (n - 1) as f32).collect();
    on_each_isa(|isa| {
        let mut outputs = inputs.clone();
        unary.apply_serial(&mut outputs);
        for (x, y) in inputs.iter().zip(&outputs) {
            let error = ulps(*y, exact(f64::from(*x)));
            assert!(error <= max_ulps, "{unary:?}({x}) = {y} on {isa:?}: {error} ulps");
        }
    });
}

#[test]
fn functions_are_accurate() {
    check(Unary::Exp, -110.0, 95.0, 2.0, f64::exp);
    check(Unary::Exp, -1.0, 1.0, 2.0, f64::exp);
    check(Unary::Log, 1e-45, 1e-38, 2.0, f64::ln);
    check(Unary::Log, 1e-3, 3.0, 2.0, f64::ln);
    check(Unary::Log, 0.0, 3e38, 2.0, f64::ln);
    check(Unary::Tanh, -12.0, 12.0, 3.0, f64::tanh);
    check(Unary::Sigmoid, -80.0, 30.0, 4.0, |x| 1.0 / (1.0 + (-x).exp()));
    check(Unary::Erf, -5.0, 5.0, 4.0, erf_f64);
    check(Unary::Softplus, -80.0, 80.0, 6.0, |x| x.max(0.0) + (-x.abs()).exp().ln_1p());
}

/// Absolute error against the formula, for functions that lose relative accuracy by their definition.
fn check_absolute(unary: Unary, exact: impl Fn(f64) -> f64) {
    let inputs: Vec<f32> = (-1003..1004).map(|i| i as f32 / 100.0).collect();
    on_each_isa(|isa| {
        let mut outputs = inputs.clone();
        unary.apply(&mut outputs);
        for (x, y) in inputs.iter().zip(&outputs) {
            let error = (f64::from(*y) - exact(f64::from(*x))).abs();
            assert!(error <= 1e-6 * (1.0 + exact(f64::from(*x)).abs()), "{unary:?}({x}) = {y} on {isa:?}");
        }
    });
}

#[test]
fn composed_functions_follow_their_formula() {
    check_absolute(Unary::GeluErf, |x| x / 2.0 * (1.0 + erf_f64(x / 2f64.sqrt())));
    check_absolute(Unary::GeluTanh, |x| {
        let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
        x / 2.0 * (1.0 + inner.tanh())
    });
    check_absolute(Unary::Silu, |x| x / (1.0 + (-x).exp()));
    check_absolute(Unary::HardSwish, |x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0));
    check_absolute(Unary::HardSigmoid { alpha: 0.2, beta: 0.5 }, |x| (x * 0.2 + 0.5).clamp(0.0, 1.0));
    check_absolute(Unary::LeakyRelu(0.1), |x| if x < 0.0 { 0.1 * x } else { x });
    check_absolute(Unary::Elu(1.5), |x| if x < 0.0 { 1.5 * x.exp_m1() } else { x });
    check_absolute(Unary::Abs, f64::abs);
}

#[test]
fn special_values() {
    on_each_isa(|_| {
        let cases: [(Unary, f32, f32); 8] = [
            (Unary::Exp, f32::INFINITY, f32::INFINITY),
            (Unary::Exp, f32::NEG_INFINITY, 0.0),
            (Unary::Log, 0.0, f32::NEG_INFINITY),
            (Unary::Log, -0.0, f32::NEG_INFINITY),
            (Unary::Log, f32::INFINITY, f32::INFINITY),
            (Unary::Tanh, f32::NEG_INFINITY, -1.0),
            (Unary::Erf, f32::INFINITY, 1.0),
            (Unary::Sigmoid, f32::NEG_INFINITY, 0.0),
        ];
        for (unary, x, expected) in cases {
            let mut values = [x];
            unary.apply(&mut values);
            assert_eq!(values[0], expected, "{unary:?}({x})");
        }
        for unary in [Unary::Exp, Unary::Log, Unary::Tanh, Unary::Sigmoid, Unary::Erf, Unary::Relu] {
            let mut values = [f32::NAN; 3];
            unary.apply(&mut values);
            assert!(values.iter().all(|x| x.is_nan()), "{unary:?}");
        }
        let mut values = [-1.0];
        Unary::Log.apply(&mut values);
        assert!(values[0].is_nan());
    });
}
