use std::fmt::Write;

use crate::error::{Error, Result};
use crate::exec::{IntegerNode, Profile, Program, Taps};
use crate::graph::{Graph, text};
use crate::ops::Prepared;
use crate::profiles::{Fusions, ONNXRUNTIME, PORTABLE, lower, raise};
use crate::tensor::Tensor;

fn graph(source: &str) -> Graph {
    let mut graph = text::parse(source).unwrap();
    graph.infer().unwrap();
    graph.verify().unwrap();
    graph
}

fn lowered(source: &str, fusions: &Fusions) -> String {
    text::print(&lower(&graph(source), fusions).unwrap())
}

/// Computes nodes in integer form on the real numbers that their integers mean.
#[derive(Debug)]
struct NoPromise;

impl Profile for NoPromise {
    fn name(&self) -> &'static str {
        "no-promise"
    }

    fn prepare(&self, _node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
        Err(Error::unsupported("no promise"))
    }
}

fn outputs(graph: &Graph) -> Vec<Tensor> {
    let program = Program::with_profile(graph.clone(), Taps::new(), &NoPromise).unwrap();
    let x = (0..144).map(|i| (i * 37 % 101) as f32 / 25.0 - 2.0).collect();
    program.run(vec![Some(Tensor::from_vec(vec![1, 4, 6, 6], x).unwrap())], &mut |_, _| Ok(())).unwrap()
}

/// A pseudo-random graph in QDQ form: a chain of ops, most with quantize and dequantize behind them.
fn random_graph(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut source = String::from("graph(%x: f32[1,4,6,6]) {\n");
    source.push_str(
        "  %w: i8[4,1,3,3] = const random(seed=3, std=40)\n  %b: i32[4] = const [100, -200, 300, 5]\n",
    );
    source.push_str("  %six: f32[] = const [6.0]\n  %zero: f32[] = const [0.0]\n");
    source.push_str("  %one: f32[1,4,1,1] = const [1.0, 0.5, -0.25, 2.0]\n");
    let mut values = vec!["x".to_owned()];
    for i in 0..8 {
        let last = values.last().cloned().unwrap_or_default();
        let other = values[below(values.len() as u64) as usize].clone();
        let op = match below(12) {
            0 | 1 => {
                let _ = writeln!(
                    source,
                    "  %wd{i} = dequantize(%w) {{params=i8{{scale=0.0{}, zero_point=0}}}}",
                    1 + below(3)
                );
                format!("conv(%{last}, %wd{i}) {{pads=[1, 1, 1, 1], group=4}}")
            }
            2 => format!("relu(%{last})"),
            3 => format!("clip(%{last}, %zero, %six)"),
            4 => format!("add(%{last}, %{other})"),
            5 => format!("mul(%{last}, %{other})"),
            6 => format!("max_pool(%{last}) {{kernel_shape=[3, 3], pads=[1, 1, 1, 1]}}"),
            7 => format!("sigmoid(%{last})"),
            8 => format!("tanh(%{last})"),
            9 => format!("transpose(%{last}) {{perm=[0, 1, 3, 2]}}"),
            10 => format!("add(%{last}, %one)"),
            _ => format!("identity(%{last})"),
        };
        let _ = writeln!(source, "  %v{i} = {op}");
        values.push(format!("v{i}"));
        if below(4) > 0 {
            let zero_point = [0, 0, 100, 128][below(4) as usize];
            let params = format!("u8{{scale=0.0{}, zero_point={zero_point}}}", 1 + below(5));
            let _ = writeln!(source, "  %q{i} = quantize(%v{i}) {{params={params}}}");
            let _ = writeln!(source, "  %d{i} = dequantize(%q{i}) {{params={params}}}");
            values.push(format!("d{i}"));
        }
    }
    let last = values.last().cloned().unwrap_or_default();
    let _ = write!(source, "  return %{last}, %{}\n}}", values[below(values.len() as u64) as usize]);
    source
}

#[test]
fn lowering_keeps_what_is_computed_and_raising_keeps_parameters() {
    let mut n_integer = 0;
    for seed in 0..150 {
        let source = random_graph(seed);
        let before = graph(&source);
        for fusions in [&ONNXRUNTIME, &PORTABLE] {
            let integers = lower(&before, fusions).unwrap();
            assert_eq!(outputs(&integers), outputs(&before), "{source}\n{}", text::print(&integers));
            let raised = raise(&integers).unwrap();
            raised.verify().unwrap();
            assert_eq!(outputs(&raised), outputs(&before), "{source}\n{}", text::print(&raised));
            raised.body.for_each_node(&mut |node| assert!(!raised.is_integer_form(node)));
            let again = lower(&raised, fusions).unwrap();
            assert_eq!(text::print(&again), text::print(&integers), "{source}");
            let printed = text::print(&integers);
            assert_eq!(text::print(&lower(&integers, fusions).unwrap()), printed, "{source}");
            let is_integer = |line: &&str| line.contains("zero_point") && !line.contains("quantize(");
            n_integer += printed.lines().filter(|line| line.contains(" = ")).filter(is_integer).count();
        }
    }
    assert!(n_integer > 500, "only {n_integer} lines on integers");
}

#[test]
fn a_float_bias_becomes_i32_where_the_output_is_quantized() {
    let source = "graph(%x: u8[1,3]) {\n  %w: i8[3,2] = const [1, 2, 3, 4, 5, 6]\n  %b: f32[2] = const [0.5, -0.25]\n  \
                  %xd = dequantize(%x) {params=u8{scale=0.5, zero_point=1}}\n  \
                  %wd = dequantize(%w) {params=i8{axis=1, scale=[0.25, 0.5], zero_point=[0, 0]}}\n  \
                  %y = gemm(%xd, %wd, %b)\n";
    let expected = "%b_quantized: i32[2]{axis=0, scale=[0.125, 0.25], zero_point=[0, 0]} = const [4, -1]";
    let quantized =
        format!("{source}  %q = quantize(%y) {{params=u8{{scale=0.5, zero_point=1}}}}\n  return %q\n}}");
    let printed = lowered(&quantized, &ONNXRUNTIME);
    assert!(printed.contains(expected), "{printed}");
    assert!(printed.contains("= gemm(%x, %w, %b_quantized)"), "{printed}");
    let printed = lowered(&format!("{source}  return %y\n}}"), &ONNXRUNTIME);
    assert!(printed.contains("= gemm(%xd, %wd, %b)"), "{printed}");
}

#[test]
fn a_constant_with_two_meanings_becomes_two() {
    let source = "graph(%x: u8[2]) {\n  %c: u8[2] = const [1, 2]\n  %xd = dequantize(%x) {params=u8{scale=0.5, zero_point=1}}\n  \
                  %c1 = dequantize(%c) {params=u8{scale=0.25, zero_point=0}}\n  \
                  %c2 = dequantize(%c) {params=u8{scale=0.5, zero_point=0}}\n  %s = add(%xd, %c1)\n  \
                  %sq = quantize(%s) {params=u8{scale=0.5, zero_point=1}}\n  \
                  %sd = dequantize(%sq) {params=u8{scale=0.5, zero_point=1}}\n  %t = add(%sd, %c2)\n  \
                  %tq = quantize(%t) {params=u8{scale=0.5, zero_point=1}}\n  return %tq\n}";
    let printed = lowered(source, &ONNXRUNTIME);
    assert!(printed.contains("add(%x, %c)") && printed.contains("add(%sq, %c_1)"), "{printed}");
}

#[test]
fn sums_that_could_overflow_are_refused() {
    let source = "graph(%x: u8[1,70000]) {\n  %w: i8[70000,2] = const fill(127)\n  \
                  %xd = dequantize(%x) {params=u8{scale=0.5, zero_point=0}}\n  \
                  %wd = dequantize(%w) {params=i8{scale=0.25, zero_point=0}}\n  %y = mat_mul(%xd, %wd)\n  return %y\n}";
    let error = lower(&graph(source), &ONNXRUNTIME).unwrap_err().to_string();
    assert!(error.contains("mat_mul") && error.contains("at most 2147483647"), "{error}");
}

#[test]
fn what_a_table_does_not_fuse_stays() {
    // i8 activations on x86-64; an activation that the range does not express; a value that two read.
    let source = "graph(%x: f32[1,4,6,6]) {\n  %w: i8[4,4,1,1] = const fill(2)\n  \
                  %xq = quantize(%x) {params=i8{scale=0.03, zero_point=0}}\n  \
                  %xd = dequantize(%xq) {params=i8{scale=0.03, zero_point=0}}\n  \
                  %wd = dequantize(%w) {params=i8{scale=0.25, zero_point=0}}\n  %c = conv(%xd, %wd)\n  \
                  %cq = quantize(%c) {params=i8{scale=0.03, zero_point=0}}\n  \
                  %cd = dequantize(%cq) {params=i8{scale=0.03, zero_point=0}}\n  %s = add(%cd, %cd)\n  %r = relu(%s)\n  \
                  %rq = quantize(%r) {params=i8{scale=0.03, zero_point=0}}\n  \
                  %rd = dequantize(%rq) {params=i8{scale=0.03, zero_point=0}}\n  return %rd, %s\n}";
    let printed = lowered(source, &ONNXRUNTIME);
    for kept in ["= conv(%xd, %wd)", "= add(%cd, %cd)", "= relu(%s)"] {
        assert!(printed.contains(kept), "{printed}");
    }
    assert!(lowered(source, &PORTABLE).contains("= conv(%xq, %w)"));
}
