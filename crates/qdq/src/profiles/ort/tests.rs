//! Golden vectors, all made by onnxruntime 1.32 on a processor with AVX2 and without VNNI; `conformance/one_op.py`
//! compares many more, live.

use std::sync::Arc;

use super::*;
use crate::error::ErrorKind;
use crate::exec::{IntegerInput, Program, Taps};
use crate::graph::{Node, text};
use crate::ops::{self, Args};
use crate::tensor::{DType, QuantParams, Tensor};

/// One input of a node; constant where `constant` says so.
#[derive(Clone)]
struct Input {
    tensor: Tensor,
    quant: Option<QuantParams>,
    constant: bool,
}

/// `(i · factor + start) mod 256` for each element, as the bits of an 8-bit tensor.
fn input(shape: &[usize], (factor, start): (usize, usize), quant: QuantParams) -> Input {
    let bits = (0..shape.iter().product()).map(|i: usize| (i * factor + start) as u8).collect();
    let tensor = node::from_bits(quant.storage, shape.to_vec(), bits).unwrap();
    Input { tensor, quant: Some(quant), constant: false }
}

fn constant(tensor: Tensor, quant: Option<QuantParams>) -> Input {
    Input { tensor, quant, constant: true }
}

fn u8(scale: f32, zero_point: i32) -> QuantParams {
    QuantParams::per_tensor(DType::U8, scale, zero_point)
}

fn i8(scale: f32, zero_point: i32) -> QuantParams {
    QuantParams::per_tensor(DType::I8, scale, zero_point)
}

fn try_run(
    profile: &Ort,
    op: impl Into<Op>,
    inputs: &[Input],
    output: Option<QuantParams>,
) -> Result<Tensor> {
    let operand = |input: &Input| {
        Some(IntegerInput {
            dtype: input.tensor.dtype(),
            quant: input.quant.clone().map(Arc::new),
            constant: input.constant.then(|| input.tensor.clone()),
        })
    };
    let op = op.into();
    let operands = inputs.iter().map(operand).collect();
    let node = IntegerNode::channels_first(&op, operands, vec![output.map(Arc::new)]);
    let given = inputs.iter().map(|input| (!input.constant).then(|| input.tensor.clone()));
    Ok(profile.prepare(&node)?.run(Args(given.collect()))?.remove(0))
}

fn run(profile: &Ort, op: impl Into<Op>, inputs: &[Input], output: QuantParams) -> Vec<i64> {
    try_run(profile, op, inputs, Some(output)).unwrap().to_i64_vec().unwrap()
}

/// As [`run`], with both profiles, which agree.
fn both(op: impl Into<Op>, inputs: &[Input], output: QuantParams) -> Vec<i64> {
    let op = op.into();
    let integers = run(&ORT_X64, op.clone(), inputs, output.clone());
    assert_eq!(integers, run(&ORT_X64_SATURATING, op, inputs, output));
    integers
}

fn convolution(mul: usize, x_start: usize, w: (usize, usize)) -> (ops::Conv, Vec<Input>) {
    let conv = ops::Conv { pads: vec![1, 0, 0, 1], strides: vec![1, 2], ..ops::Conv::default() };
    let weights = QuantParams::per_axis(DType::I8, 0, vec![0.01, 0.02], vec![0, 0]);
    let bias = QuantParams::per_axis(DType::I32, 0, vec![0.0005, 0.001], vec![0, 0]);
    let weights = Input { constant: true, ..input(&[2, 4, 2, 2], w, weights) };
    let bias = constant(Tensor::vector(vec![500i32, -700]), Some(bias));
    (conv, vec![input(&[1, 4, 3, 4], (mul, x_start), u8(0.05, 100)), weights, bias])
}

#[test]
fn convolutions() {
    let (conv, inputs) = convolution(73, 41, (151, 17));
    let expected = [120, 152, 91, 201, 86, 98, 83, 25, 255, 0, 134, 208];
    assert_eq!(both(conv, &inputs, u8(0.25, 120)), expected);
    let (conv, inputs) = convolution(3, 130, (3, 80));
    let saturated = run(&ORT_X64_SATURATING, conv.clone(), &inputs, u8(1.5, 7));
    assert_eq!(saturated, [20, 20, 34, 30, 32, 28, 0, 0, 0, 0, 0, 0]);
    assert_eq!(run(&ORT_X64, conv, &inputs, u8(1.5, 7)), [33, 34, 60, 42, 46, 29, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn products_of_matrices() {
    let (a, b) = (input(&[3, 5], (73, 41), u8(0.02, 117)), input(&[5, 4], (37, 200), i8(0.004, 3)));
    let inputs = [a, Input { constant: true, ..b }];
    let expected = [142, 138, 134, 137, 138, 122, 125, 116, 121, 126, 123, 135];
    assert_eq!(both(ops::MatMul {}, &inputs, u8(0.11, 130)), expected);
    let reals = try_run(&ORT_X64, ops::MatMul {}, &inputs, None).unwrap();
    assert_eq!(
        reals.to_f32_vec().unwrap(),
        [
            1.311_84,
            0.893_760_1,
            0.414_240_03,
            0.753_920_1,
            0.872_560_1,
            -0.922_400_06,
            -0.546_480_06,
            -1.583_680_2,
            -1.000_320_1,
            -0.444_800_02,
            -0.728_960_04,
            0.584_32
        ]
    );
    let sums = QuantParams::per_tensor(DType::I32, 0.02 * 0.004, 0);
    let large = [250u8, 250, 250, 250, 250];
    let ones = Input { tensor: Tensor::from_vec(vec![1, 5], large.to_vec()).unwrap(), ..inputs[0].clone() };
    let weights = constant(Tensor::from_vec(vec![5, 2], vec![120i8; 10]).unwrap(), Some(i8(0.004, 3)));
    let exact = (250 - 117) * (120 - 3) * 5;
    assert_eq!(run(&ORT_X64, ops::MatMul {}, &[ones.clone(), weights.clone()], sums.clone()), [exact; 2]);
    let lost = 2 * (2 * 250 * 120 - 32767);
    assert_eq!(run(&ORT_X64_SATURATING, ops::MatMul {}, &[ones, weights], sums), [exact - lost; 2]);
}

#[test]
fn products_with_an_addend() {
    let transposed: Vec<i8> = (0..20).map(|i: usize| ((i % 5 * 4 + i / 5) * 37 + 200) as u8 as i8).collect();
    let b = constant(Tensor::from_vec(vec![4, 5], transposed).unwrap(), Some(i8(0.004, 3)));
    let addend = QuantParams::per_tensor(DType::I32, 0.000_08, 0);
    let addend = constant(Tensor::vector(vec![900i32, -900, 5, 70]), Some(addend));
    let gemm = ops::Gemm { trans_b: true, ..ops::Gemm::default() };
    let inputs = [input(&[3, 5], (73, 41), u8(0.02, 117)), b.clone(), addend];
    let expected = [143, 137, 134, 137, 139, 121, 125, 116, 122, 125, 123, 135];
    assert_eq!(both(gemm.clone(), &inputs, u8(0.11, 130)), expected);
    let gemm = ops::Gemm { alpha: 0.5, ..gemm };
    let inputs = [input(&[3, 5], (73, 41), i8(0.02, -11)), b];
    assert_eq!(both(gemm, &inputs, i8(0.11, 3)), [6, -2, 1, -5, -2, 0, 0, 5, 8, 0, 0, -4]);
}

#[test]
fn sums_and_products_of_elements() {
    let p = || input(&[2, 8], (73, 41), u8(0.25, 120));
    let q = || input(&[2, 8], (29, 3), u8(0.25, 31));
    let sums = [46, 96, 148, 70, 122, 172, 224, 146, 198, 120, 44, 94, 146, 196, 120, 170];
    assert_eq!(both(ops::Add {}, &[p(), q()], u8(0.5, 99)), sums);
    let products = [116, 99, 115, 46, 69, 126, 216, 0, 88, 87, 94, 87, 114, 173, 22, 90];
    assert_eq!(both(ops::Mul {}, &[p(), q()], u8(8.0, 99)), products);
    let many = || input(&[2, 4], (73, 41), u8(0.0213, 120));
    let one = || input(&[1], (0, 77), u8(0.0377, 31));
    for inputs in [[many(), one()], [one(), many()]] {
        assert_eq!(both(ops::Add {}, &inputs, u8(0.0451, 99)), [100, 135, 169, 83, 117, 152, 186, 100]);
        assert_eq!(both(ops::Mul {}, &inputs, u8(0.031, 99)), [5, 92, 179, 0, 48, 135, 222, 4]);
    }
    // A sum that 32 bits do not hold becomes the smallest integer, as the processor's conversion has it.
    assert_eq!(both(ops::Add {}, &[many(), one()], u8(1e-12, 99))[1], 0);
}

#[test]
fn averages() {
    let x = || input(&[1, 2, 3, 4], (73, 41), u8(0.25, 12));
    let pool = ops::AveragePool { kernel_shape: vec![2, 2], ..ops::AveragePool::default() };
    let expected = [92, 166, 110, 128, 138, 82, 136, 82, 90, 108, 54, 126];
    assert_eq!(both(pool.clone(), &[x()], u8(0.25, 9)), expected);
    let padded = ops::AveragePool { pads: vec![1, 1, 0, 0], count_include_pad: true, ..pool.clone() };
    let expected = [
        16, 42, 78, 51, 32, 92, 166, 110, 50, 128, 138, 82, 43, 96, 68, 41, 86, 136, 82, 90, 104, 108, 54,
        126,
    ];
    assert_eq!(both(padded, &[x()], u8(0.25, 9)), expected);
    let x =
        Tensor::from_vec(vec![1, 3, 2, 2], vec![10u8, 11, 11, 12, 10, 10, 11, 11, 13, 14, 14, 13]).unwrap();
    let x = Input { tensor: x, quant: Some(u8(0.25, 12)), constant: false };
    assert_eq!(both(ops::GlobalAveragePool {}, std::slice::from_ref(&x), u8(0.25, 9)), [8, 7, 11]);
    assert_eq!(both(pool, &[x], u8(0.25, 9)), [8, 7, 11]);
}

#[test]
fn tables() {
    let x = || input(&[16], (17, 0), u8(0.05, 128));
    let expected = [0, 1, 2, 5, 12, 27, 55, 100, 153, 199, 228, 243, 250, 254, 255, 255];
    assert_eq!(both(ops::Sigmoid {}, &[x()], u8(1.0 / 256.0, 0)), expected);
    let expected = [0, 3, 7, 10, 13, 16, 19, 22, 39, 70, 102, 133, 165, 196, 228, 255];
    assert_eq!(both(ops::LeakyRelu { alpha: 0.1 }, &[x()], u8(0.027, 24)), expected);
    let bound = |bound| constant(Tensor::scalar(bound), None);
    let inputs = [input(&[8], (73, 41), u8(0.5, 100)), bound(-9.75f32), bound(30.0)];
    assert_eq!(both(ops::Clip {}, &inputs, u8(0.4, 60)), [36, 78, 135, 36, 36, 122, 135, 36]);
    assert_eq!(both(ops::Relu {}, &inputs[..1], u8(0.5, 100)), [100, 114, 187, 100, 100, 150, 223, 100]);
}

#[test]
fn softmax() {
    let x = input(&[2, 6], (73, 41), u8(0.03, 7));
    let expected = [2, 19, 171, 1, 6, 56, 185, 1, 7, 61, 0, 2];
    assert_eq!(both(ops::Softmax { axis: -1 }, &[x], u8(1.0 / 256.0, 0)), expected);
    let x = input(&[2, 6], (73, 41), i8(0.03, 7));
    let expected = [91, 91, -127, 91, 91, -127, -104, -104, 114, -104, -104, 114];
    assert_eq!(both(ops::Softmax { axis: 0 }, &[x], i8(0.0041, -128)), expected);
}

#[test]
fn joins_and_moves() {
    let parts = [input(&[1, 6], (73, 41), u8(0.03, 99)), input(&[1, 3], (73, 41), u8(0.04, 100))];
    let joined = both(ops::Concat { axis: 1 }, &parts, u8(0.04, 100));
    assert_eq!(joined, [56, 111, 166, 29, 84, 138, 41, 114, 187]);
    let condition = Tensor::vector(vec![true, false, true, false]);
    let inputs = [
        Input { tensor: condition, quant: None, constant: false },
        input(&[4], (73, 41), u8(0.03, 99)),
        input(&[1], (73, 41), u8(0.05, 10)),
    ];
    assert_eq!(both(ops::Where {}, &inputs, u8(0.04, 100)), [56, 139, 166, 139]);
    let x = input(&[2, 3], (73, 41), i8(0.1, 5));
    let turned = both(ops::Transpose { perm: None }, &[x], i8(0.1, 5));
    assert_eq!(turned, [41, 4, 114, 77, -69, -106]);
}

/// A convolution by the definition of `ort-x64-saturating`, in channels-last order.
fn saturating_convolution(x: &[u8], w: &[i8], groups: usize, channels: usize, outputs: usize) -> Vec<i64> {
    let (size, taps, per_group) = (5, 9, outputs / groups);
    let mut sums = Vec::new();
    for (output, y) in (0..outputs).flat_map(|output| (0..9).map(move |y| (output, y))) {
        let group = output / per_group;
        let product = |k: usize| {
            let (tap, channel) = (k / channels, k % channels);
            let at = (y / 3 + tap / 3) * size + y % 3 + tap % 3;
            i64::from(x[(group * channels + channel) * size * size + at])
                * i64::from(w[(output * channels + channel) * taps + tap])
        };
        let products: Vec<i64> = (0..taps * channels).map(product).collect();
        let is_exact = channels == 1 && per_group == 1;
        let pair = |pair: &[i64]| pair.iter().sum::<i64>();
        let limited = |p: &[i64]| if is_exact { pair(p) } else { pair(p).clamp(-32768, 32767) };
        sums.push(products.chunks(2).map(limited).sum());
    }
    sums
}

#[test]
fn pairs_of_products_saturate_as_defined() {
    for (groups, channels, outputs) in
        [(1, 4, 16), (1, 3, 5), (2, 5, 6), (16, 1, 16), (16, 1, 32), (3, 1, 3), (1, 1, 1)]
    {
        let x = input(&[1, groups * channels, 5, 5], (41, 200), u8(1.0, 0));
        let w = Input { constant: true, ..input(&[outputs, channels, 3, 3], (23, 90), i8(1.0, 0)) };
        let (Ok(x_bits), Ok(w_bits)) = (x.tensor.as_slice::<u8>(), w.tensor.as_slice::<i8>()) else {
            panic!()
        };
        let sums = saturating_convolution(x_bits, w_bits, groups, channels, outputs);
        let conv = ops::Conv { group: groups, ..ops::Conv::default() };
        let inputs = [x.clone(), w.clone()];
        // A scale that keeps the sums apart after rounding to 8 bits is too much to ask: i8 in steps of 256 each.
        let output = u8(2048.0, 128);
        let rounded = |sum: &i64| ((*sum as f32 / 2048.0).round_ties_even() as i64 + 128).clamp(0, 255);
        let expected: Vec<i64> = sums.iter().map(rounded).collect();
        assert_eq!(
            run(&ORT_X64_SATURATING, conv, &inputs, output),
            expected,
            "{groups} {channels} {outputs}"
        );
    }
}

#[test]
fn what_onnxruntime_lacks_is_refused() {
    let x = || input(&[1, 2, 3, 4], (73, 41), u8(0.25, 12));
    let refused = |op: Op, inputs: &[Input], output: Option<QuantParams>| {
        let error = try_run(&ORT_X64, op, inputs, output).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    };
    let narrow = QuantParams { quant_max: 127, ..u8(0.25, 0) };
    refused(ops::Add {}.into(), &[x(), x()], Some(narrow));
    refused(ops::Add {}.into(), &[x(), x()], Some(i8(0.25, 0)));
    refused(ops::Add {}.into(), &[x(), x()], None);
    refused(ops::Sub {}.into(), &[x(), x()], Some(u8(0.25, 0)));
    refused(ops::Transpose { perm: None }.into(), &[x()], Some(u8(0.5, 12)));
    let wide = QuantParams::per_tensor(DType::U16, 0.25, 12);
    refused(ops::Sigmoid {}.into(), &[x()], Some(wide));
    let (conv, mut inputs) = convolution(73, 41, (151, 17));
    refused(conv.clone().into(), &inputs, None);
    inputs[1].quant = Some(QuantParams::per_axis(DType::I8, 0, vec![0.01, 0.02], vec![0, 1]));
    refused(conv.into(), &inputs, Some(u8(0.25, 120)));
    let dilated =
        ops::AveragePool { kernel_shape: vec![2, 2], dilations: vec![2, 1], ..ops::AveragePool::default() };
    refused(dilated.into(), &[x()], Some(u8(0.25, 9)));
}

#[test]
fn claims_name_ops() {
    for claim in CLAIMS {
        assert!(Op::NAMES.contains(&claim.op), "{}", claim.op);
        assert!(claims_text().contains(claim.op));
    }
    for (op, cause) in NOT_CLAIMED {
        assert!(Op::NAMES.contains(op) && claims_text().contains(cause), "{op}");
    }
}

/// Convolutions of all kinds, sums, a clip and an average: all of it may lie channels last when nobody looks.
const CONVOLUTIONS: &str = "graph(%x: u8[2,5,9,7]{scale=0.03, zero_point=120}) {
  %w: i8[70,5,3,3]{scale=0.01, zero_point=0} = const random(seed=1, std=40)
  %d: i8[70,1,3,3]{scale=0.02, zero_point=0} = const random(seed=2, std=40)
  %p: i8[70,70,1,1]{scale=0.01, zero_point=0} = const random(seed=3, std=40)
  %three: f32[] = const [3.0]
  %a: u8[2,70,5,4]{scale=0.05, zero_point=10} = conv(%x, %w) {pads=[1, 1, 1, 1], strides=[2, 2]}
  %b: u8[2,70,5,4]{scale=0.06, zero_point=100} = conv(%a, %d) {group=70, pads=[1, 1, 1, 1]}
  %c: u8[2,70,5,4]{scale=0.07, zero_point=90} = conv(%b, %p)
  %s: u8[2,70,5,4]{scale=0.08, zero_point=80} = add(%c, %a)
  %r: u8[2,70,5,4]{scale=0.02, zero_point=0} = clip(%s, _, %three)
  %g: u8[2,70,1,1]{scale=0.01, zero_point=3} = global_average_pool(%r)
  %e: u8[2,70,5,4]{scale=0.04, zero_point=7} = conv(%r, %p)
  return %g, %e
}";

#[test]
fn integers_do_not_depend_on_their_order_in_memory() {
    let graph = text::parse(CONVOLUTIONS).unwrap();
    let bits = (0..2 * 5 * 9 * 7).map(|i: usize| (i * 37 % 251) as u8).collect();
    let input = Tensor::from_vec(vec![2, 5, 9, 7], bits).unwrap();
    let run = |taps: Taps| {
        let program = Program::with_profile(graph.clone(), taps, &ORT_X64).unwrap();
        assert!(program.coverage().is_exact(), "{:?}", program.coverage());
        program.run(vec![Some(input.clone())], &mut |_, _| Ok(())).unwrap()
    };
    // Values that someone looks at lie channels first.
    let all: Taps = graph.body.nodes.iter().flat_map(Node::present_outputs).collect();
    assert_eq!(run(Taps::new()), run(all));
}
