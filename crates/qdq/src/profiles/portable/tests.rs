use super::multiplier::{Multiplier, Ratio};
use super::*;
use crate::exec::{Program, Taps};
use crate::graph::{Graph, text};
use crate::tensor::Tensor;

/// Runs a graph in integer form without inputs, and gives its first output as integers.
fn run(source: &str) -> Vec<i64> {
    let mut graph: Graph = text::parse(source).unwrap();
    graph.infer().unwrap();
    graph.verify().unwrap();
    let program = Program::with_profile(graph, Taps::new(), &Portable).unwrap();
    assert!(program.coverage().is_exact(), "{:?}", program.coverage());
    let feeds = program.graph().body.inputs.iter().map(|_| None).collect();
    program.run(feeds, &mut |_, _| Ok(())).unwrap()[0].to_i64_vec().unwrap()
}

/// A pseudo-random sequence of bytes.
fn bytes(seed: u64, count: usize) -> Vec<i64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as i64
    };
    (0..count).map(|_| next()).collect()
}

/// `round(v · r)` with the multiplier of the definition, in 128 bits; the ratio as numerator and denominator.
fn naive(value: i128, numerator: i128, denominator: i128) -> i128 {
    let floor = |a: i128, b: i128| a.div_euclid(b);
    let mut n = 0;
    // round(r · 2^n) ≥ 2^30
    while floor(2 * (numerator << n) + denominator, 2 * denominator) < 1 << 30 {
        n += 1;
    }
    let m = floor(2 * (numerator << n) + denominator, 2 * denominator);
    floor(value * m + (1 << (n - 1)), 1 << n)
}

#[test]
fn multipliers_are_the_definition() {
    // Scales that are exact in few bits, so that ratios are small integers.
    for (scales, by, numerator, denominator) in [
        (vec![0.5f32], 0.75f32, 2, 3),
        (vec![0.375, 0.0625], 5.0, 3, 640),
        (vec![1.5], 0.007_812_5, 192, 1),
        (vec![3.0e-5, 7.0], 0.5, 0, 0),
    ] {
        let (numerator, denominator) = if denominator > 0 {
            (numerator, denominator)
        } else {
            // 3.0e-5 as f32 is 16_492_675 · 2^-39.
            (16_492_675 * 7 * 2, 1i128 << 39)
        };
        let multiplier = Multiplier::of(&scales, by).unwrap();
        for value in [-1_000_000_007i64, -640, -320, -3, -1, 0, 1, 2, 5, 319, 320, 321, 77_777, 2_147_483_647]
        {
            let expected = naive(value.into(), numerator, denominator);
            assert_eq!(i128::from(multiplier.apply(value)), expected, "{value} of {scales:?}/{by}");
        }
    }
}

#[test]
fn ratios_out_of_reach() {
    assert!(Multiplier::of(&[2e9], 1.0).is_err());
    let tiny = Multiplier::of(&[1e-30, 1e-15], 1.0).unwrap();
    assert_eq!(tiny.apply(i64::from(i32::MAX)), 0);
    let subnormal = f32::from_bits(1);
    assert_eq!(Multiplier::of(&[subnormal], subnormal).unwrap().apply(12_345), 12_345);
    assert_eq!(Multiplier::new(&Ratio::new(&[1.0], 1.0, 3).unwrap()).unwrap().apply(4), 1);
}

#[test]
fn gemm_is_the_definition() {
    let (m, k, n) = (3, 37, 5);
    let (x, w) = (bytes(1, m * k), bytes(2, k * n).iter().map(|w| w - 128).collect::<Vec<_>>());
    let b: Vec<i64> = bytes(3, n).iter().map(|b| b * 31 - 4000).collect();
    let y = run(&format!(
        "graph(%x: u8[{m},{k}]{{scale=0.5, zero_point=7}} = {x:?}) {{\n  \
         %w: i8[{k},{n}]{{axis=1, scale=[0.25, 0.5, 0.75, 1, 1.25], zero_point=[0, 0, 0, 0, 0]}} = const {w:?}\n  \
         %b: i32[{n}]{{axis=0, scale=[0.125, 0.25, 0.375, 0.5, 0.625], zero_point=[0, 0, 0, 0, 0]}} = const {b:?}\n  \
         %y: u8[{m},{n}]{{scale=96, zero_point=100}} = gemm(%x, %w, %b)\n  return %y\n}}"
    ));
    for (i, &y) in y.iter().enumerate() {
        let (row, column) = (i / n, i % n);
        let sum: i64 = (0..k).map(|j| (x[row * k + j] - 7) * w[j * n + column]).sum::<i64>() + b[column];
        // 0.5 · (column + 1) / 4 / 96
        let expected = (naive(sum.into(), column as i128 + 1, 768) + 100).clamp(0, 255);
        assert_eq!(i128::from(y), expected, "{row},{column}");
    }
}

#[test]
fn conv_is_the_definition() {
    let (size, channels, outputs) = (6, 4, 6);
    let x = bytes(4, channels * size * size);
    let w: Vec<i64> = bytes(5, outputs * 2 * 9).iter().map(|w| w - 128).collect();
    let y = run(&format!(
        "graph(%x: u8[1,{channels},{size},{size}]{{scale=0.5, zero_point=130}} = {x:?}) {{\n  \
         %w: i8[{outputs},2,3,3]{{scale=0.25, zero_point=0}} = const {w:?}\n  \
         %y: i8[1,{outputs},3,3]{{scale=48, zero_point=-3}} = conv(%x, %w) {{pads=[1, 1, 1, 1], strides=[2, 2], group=2}}\n  \
         return %y\n}}"
    ));
    for (i, &y) in y.iter().enumerate() {
        let (output, oy, ox) = (i / 9, i / 3 % 3, i % 3);
        let mut sum = 0;
        for (channel, tap) in (0..2).flat_map(|channel| (0..9).map(move |tap| (channel, tap))) {
            let (iy, ix) = ((oy * 2 + tap / 3).wrapping_sub(1), (ox * 2 + tap % 3).wrapping_sub(1));
            if iy < size && ix < size {
                let plane = output / 3 * 2 + channel;
                sum += (x[(plane * size + iy) * size + ix] - 130) * w[(output * 2 + channel) * 9 + tap];
            }
        }
        let expected = (naive(sum.into(), 1, 384) - 3).clamp(-128, 127);
        assert_eq!(i128::from(y), expected, "{output},{oy},{ox}");
    }
}

#[test]
fn sums_products_and_joins_are_the_definition() {
    let (a, b) = (bytes(6, 300), bytes(7, 300));
    let source = |op: &str, shape: &str| {
        format!(
            "graph(%a: u8[300]{{scale=0.5, zero_point=3}} = {a:?}, %b: u8[300]{{scale=0.1875, zero_point=250}} = {b:?}) {{\n  \
             %y: u8[{shape}]{{scale=0.75, zero_point=40}} = {op}\n  return %y\n}}"
        )
    };
    let limit = |steps: i128| (steps + 40).clamp(0, 255);
    let m = |numerator: i128, denominator: i128| (2 * (numerator << 30) + denominator) / (2 * denominator);
    // s_a / s_y = 2/3: n = 31 gives M ≥ 2^30.
    let (of_a, of_b) = (m(2 * 2, 3), m(2, 4));
    for (op, sign) in [("add(%a, %b)", 1), ("sub(%a, %b)", -1)] {
        for (i, &y) in run(&source(op, "300")).iter().enumerate() {
            let sum = i128::from(a[i] - 3) * of_a + sign * i128::from(b[i] - 250) * of_b;
            assert_eq!(i128::from(y), limit((sum + (1 << 30)).div_euclid(1 << 31)), "{op} {i}");
        }
    }
    for (i, &y) in run(&source("mul(%a, %b)", "300")).iter().enumerate() {
        let product = i128::from((a[i] - 3) * (b[i] - 250));
        assert_eq!(i128::from(y), limit(naive(product, 1, 8)));
    }
    for (i, &y) in run(&source("concat(%a, %b)", "600")).iter().enumerate() {
        let expected =
            if i < 300 { naive((a[i] - 3).into(), 2, 3) } else { naive((b[i - 300] - 250).into(), 1, 4) };
        assert_eq!(i128::from(y), limit(expected));
    }
}

#[test]
fn means_are_the_definition() {
    let x = bytes(8, 2 * 25);
    let source = |op: &str, shape: &str| {
        format!(
            "graph(%x: u8[1,2,5,5]{{scale=0.5, zero_point=9}} = {x:?}) {{\n  \
             %y: u8[{shape}]{{scale=0.25, zero_point=1}} = {op}\n  return %y\n}}"
        )
    };
    for (c, &y) in run(&source("global_average_pool(%x)", "1,2,1,1")).iter().enumerate() {
        let sum: i64 = x[c * 25..][..25].iter().map(|x| x - 9).sum();
        assert_eq!(i128::from(y), (naive(sum.into(), 2, 25) + 1).clamp(0, 255));
    }
    let op = "average_pool(%x) {kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]}";
    for (i, &y) in run(&source(op, "1,2,3,3")).iter().enumerate() {
        let (c, oy, ox) = (i / 9, i / 3 % 3, i % 3);
        let (mut sum, mut count) = (0, 0);
        for tap in 0..9 {
            let (iy, ix) = ((oy * 2 + tap / 3).wrapping_sub(1), (ox * 2 + tap % 3).wrapping_sub(1));
            if iy < 5 && ix < 5 {
                (sum, count) = (sum + x[c * 25 + iy * 5 + ix] - 9, count + 1);
            }
        }
        assert_eq!(i128::from(y), (naive(sum.into(), 2, count) + 1).clamp(0, 255), "{i}");
    }
}

#[test]
fn the_exponential_is_close_and_fixed() {
    const CLOSE: f64 = 4.0 * f64::EPSILON;
    for i in 0..70_000 {
        let x = -f64::from(i) / 100.0;
        let relative = (functions::exponential(x) / x.exp() - 1.0).abs();
        assert!(relative < CLOSE || x < -690.0, "{x}: {relative}");
    }
    // Changes here are changes of the profile's definition.
    assert_eq!(functions::exponential(-1.0).to_bits(), 0x3fd7_8b56_362c_ef38);
    assert_eq!(functions::exponential(-13.7).to_bits(), (-13.7f64).exp().to_bits());
}

/// A function on real numbers.
type Function = fn(f64) -> f64;

#[test]
fn tables_and_softmax_are_near_the_real_function() {
    let x: Vec<i64> = (-128..128).collect();
    let source = |op: &str| {
        format!(
            "graph(%x: i8[1,256]{{scale=0.05, zero_point=-10}} = {x:?}) {{\n  \
             %y: i8[1,256]{{scale=0.0078125, zero_point=-5}} = {op}\n  return %y\n}}"
        )
    };
    let real = |q: i64| (q + 10) as f64 * f64::from(0.05f32);
    let functions: [(&str, Function); 4] = [
        ("tanh(%x)", f64::tanh),
        ("sigmoid(%x)", |x| 1.0 / (1.0 + (-x).exp())),
        ("leaky_relu(%x)", |x| if x < 0.0 { x * f64::from(0.01f32) } else { x }),
        ("hard_swish(%x)", |x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0)),
    ];
    for (op, function) in functions {
        for (&q, y) in x.iter().zip(run(&source(op))) {
            let exact = function(real(q)) / 0.007_812_5 - 5.0;
            assert_eq!(y as f64, (exact + 0.5).floor().clamp(-128.0, 127.0), "{op} of {q}");
        }
    }
    let total: f64 = x.iter().map(|&q| real(q).exp()).sum();
    for (&q, y) in x.iter().zip(run(&source("softmax(%x)"))) {
        assert!((y as f64 + 5.0 - real(q).exp() / total / 0.007_812_5).abs() <= 0.51, "{q}");
    }
}

#[test]
fn whole_graphs_run_on_integers_only() {
    let source = "graph(%x: f32[1,1,4,4]) {\n  %w: i8[2,1,3,3] = const fill(3)\n  \
                  %xq = quantize(%x) {params=i8{scale=0.02, zero_point=1}}\n  \
                  %xd = dequantize(%xq) {params=i8{scale=0.02, zero_point=1}}\n  \
                  %wd = dequantize(%w) {params=i8{scale=0.01, zero_point=0}}\n  \
                  %c = conv(%xd, %wd)\n  %r = relu(%c)\n  \
                  %rq = quantize(%r) {params=i8{scale=0.02, zero_point=-128}}\n  \
                  %rd = dequantize(%rq) {params=i8{scale=0.02, zero_point=-128}}\n  return %rd\n}";
    let mut graph = text::parse(source).unwrap();
    graph.infer().unwrap();
    let program = Program::with_profile(RUNTIME.lower(&graph).unwrap(), Taps::new(), &Portable).unwrap();
    assert_eq!((program.coverage().n_integer, program.coverage().is_exact()), (1, true));
    let x = Tensor::from_vec(vec![1, 1, 4, 4], (0..16).map(|i| i as f32 / 8.0).collect()).unwrap();
    let outputs = program.run(vec![Some(x)], &mut |_, _| Ok(())).unwrap();
    assert_eq!(outputs[0].shape(), [1, 2, 2, 2]);
}
