use super::*;
use crate::exec::{Program, Taps};
use crate::graph::{Graph, text};
use crate::ops::Op;
use crate::tensor::Tensor;

const ALL: [&Runtime; 3] = [&REFERENCE, &BUILTIN, &XNNPACK];

fn parsed(source: &str) -> Graph {
    let mut graph = text::parse(source).unwrap();
    graph.infer().unwrap();
    graph
}

/// Runs a graph in integer form or QDQ form without inputs, and gives its first output as integers.
fn run(runtime: &Runtime, source: &str) -> Vec<i64> {
    let graph = runtime.lower(&parsed(source)).unwrap();
    let program = Program::with_profile(graph, Taps::new(), runtime.profile).unwrap();
    assert!(program.coverage().is_exact(), "{:?}", program.coverage());
    let feeds = program.graph().body.inputs.iter().map(|_| None).collect();
    program.run(feeds, &mut |_, _| Ok(())).unwrap()[0].to_i64_vec().unwrap()
}

#[test]
fn claims_name_ops() {
    for claim in CLAIMS {
        assert!(Op::NAMES.contains(&claim.op), "{}", claim.op);
    }
    assert!(claims_text().contains("FULLY_CONNECTED"));
}

#[test]
fn rounding_is_where_the_kernels_differ() {
    // 6/4 and -6/4: halves of steps. Half away from zero, half up.
    let source = "graph(%x: i8[4]{scale=0.25, zero_point=0} = [6, -6, 10, -10]) {\n  \
                  %y: i8[4]{scale=1, zero_point=0} = identity(%x)\n  return %y\n}";
    assert_eq!(run(&REFERENCE, source), [2, -2, 3, -3]);
    assert_eq!(run(&XNNPACK, source), [2, -1, 3, -2]);
    // 16 elements are rounded by vector instructions, half up; the seventeenth is not.
    let q = vec!["-6"; 17].join(", ");
    let source = format!(
        "graph(%x: i8[17]{{scale=0.25, zero_point=0}} = [{q}]) {{\n  \
         %y: i8[17]{{scale=1, zero_point=0}} = identity(%x)\n  return %y\n}}"
    );
    let mut expected = vec![-1; 16];
    expected.push(-2);
    assert_eq!(run(&BUILTIN, &source), expected);
}

#[test]
fn products_round_as_their_kernels() {
    // Sums of -6 quarters.
    let source = "graph(%x: i8[1,1]{scale=0.25, zero_point=0} = [-6]) {\n  \
                  %w: i8[1,1]{scale=1, zero_point=0} = const [1]\n  \
                  %y: i8[1,1]{scale=1, zero_point=7} = mat_mul(%x, %w)\n  return %y\n}";
    assert_eq!(run(&REFERENCE, source), [6]); // once, half up: -1
    assert_eq!(run(&BUILTIN, source), [6]); // twice, half up
    assert_eq!(run(&XNNPACK, source), [5]); // half to even: -2
    let source = "graph(%x: i8[1,1,1,1]{scale=0.25, zero_point=0} = [-6]) {\n  \
                  %w: i8[1,1,1,1]{scale=1, zero_point=0} = const [1]\n  \
                  %y: i8[1,1,1,1]{scale=1, zero_point=7} = conv(%x, %w)\n  return %y\n}";
    assert_eq!(run(&REFERENCE, source), [5]); // half away from zero
}

#[test]
fn fused_activations_limit_integers() {
    let source = "graph(%x: i8[1,4]{scale=1, zero_point=0} = [-5, 2, 7, 100]) {\n  \
                  %xd = dequantize(%x) {params=i8{scale=1, zero_point=0}}\n  \
                  %y = add(%xd, %xd)\n  %lo: f32[] = const [0]\n  %hi: f32[] = const [6]\n  %r = clip(%y, %lo, %hi)\n  \
                  %q = quantize(%r) {params=i8{scale=1, zero_point=3}}\n  return %q\n}";
    for runtime in ALL {
        assert_eq!(run(runtime, source), [3, 7, 9, 9], "{}", runtime.name());
        let lowered = text::print(&runtime.lower(&parsed(source)).unwrap());
        assert!(lowered.contains("= add(") && lowered.contains("= clip("), "{lowered}");
    }
}

#[test]
fn wide_products_have_sums_of_64_bits() {
    let k = 600;
    let source = format!(
        "graph(%x: i16[1,{k}]{{scale=1, zero_point=0}}) {{\n  \
         %w: i8[{k},1]{{scale=1, zero_point=0}} = const fill(127)\n  \
         %y: i16[1,1]{{scale=1048576, zero_point=0}} = mat_mul(%x, %w)\n  return %y\n}}"
    );
    let graph = parsed(&source);
    graph.verify().unwrap();
    let program = Program::with_profile(graph, Taps::new(), REFERENCE.profile).unwrap();
    let x = Tensor::from_vec(vec![1, k], vec![32_767i16; k]).unwrap();
    let y = program.run(vec![Some(x)], &mut |_, _| Ok(())).unwrap();
    // 600 · 32767 · 127 / 2^20, beyond 32 bits before the division
    assert_eq!(y[0].to_i64_vec().unwrap(), [2381]);
}

#[test]
fn what_is_not_claimed_says_so() {
    let source = "graph(%x: i8[1,4]{scale=1, zero_point=0}) {\n  \
                  %y: i8[1,4]{scale=0.5, zero_point=0} = sigmoid(%x)\n  return %y\n}";
    for runtime in ALL {
        let program = Program::with_profile(parsed(source), Taps::new(), runtime.profile).unwrap();
        let [refused] = program.coverage().not_promised.as_slice() else {
            panic!("{:?}", program.coverage())
        };
        assert!(refused.cause.contains("steps of 0.5"), "{}", refused.cause);
    }
}
