use super::*;
use crate::ops::testing::{assert_close, counting, eval_all};
use crate::ops::{Attr, Op};

/// Op and variant, with the outputs of onnxruntime 1.32.
const CASES: &[(&str, &str, &[&[f32]])] = &[
    (
        "lstm",
        "plain",
        &[
            &[
                -0.211_06, 0.107_386, -0.198_876, 0.108_771, -0.314_037, 0.213_233, -0.294_619, 0.198_137,
                -0.376_347, 0.201_319, -0.361_596, 0.224_001,
            ],
            &[-0.376_347, 0.201_319, -0.361_596, 0.224_001],
            &[-0.969_005, 0.667_777, -0.713_196, 0.711_016],
        ],
    ),
    (
        "lstm",
        "bi",
        &[
            &[
                -0.176_674, 0.060_775, -0.026_119, 0.077_669, -0.218_582, 0.099_55, -0.158_062, 0.193_978,
                -0.265_922, 0.176_231, -0.144_401, 0.162_453, -0.106_075, 0.061_252, 0.061_696, 0.200_356,
                -0.287_36, 0.181_048, 0.0, 0.0, -0.355_013, 0.117_933, 0.0, 0.0,
            ],
            &[-0.287_36, 0.181_048, -0.144_401, 0.162_453, -0.218_582, 0.099_55, -0.158_062, 0.193_978],
            &[-0.924_882, 0.602_104, -0.250_767, 0.396_212, -0.381_324, 0.174_457, -0.236_721, 0.365_016],
        ],
    ),
    (
        "lstm",
        "rev",
        &[
            &[
                -0.148_019, 0.058_963, -0.135_347, 0.105_015, -0.090_586, -0.028_794, -0.065_21, 0.107_334,
                0.0, 0.0, 0.043_049, 0.060_783,
            ],
            &[-0.148_019, 0.058_963, -0.135_347, 0.105_015],
            &[-0.286_088, 0.147_996, -0.261_378, 0.267_911],
        ],
    ),
    (
        "lstm",
        "act",
        &[
            &[
                0.0, 0.001_575, 0.067_577, 0.014_142, 0.0, 0.044_797, 0.007_171, 0.053_687, 0.0, 0.036_622,
                0.0, 0.054_906,
            ],
            &[0.0, 0.036_622, 0.0, 0.054_906],
            &[-0.404_916, 0.268_936, -0.102_441, 0.326_228],
        ],
    ),
    (
        "lstm",
        "forget",
        &[
            &[
                -0.176_674, 0.074_131, -0.068_63, 0.075_225, -0.248_389, 0.176_025, -0.169_334, 0.165_688,
                -0.251_87, 0.191_149, -0.238_744, 0.181_751,
            ],
            &[-0.251_87, 0.191_149, -0.238_744, 0.181_751],
            &[-0.679_927, 0.651_636, -0.469_722, 0.582_355],
        ],
    ),
    (
        "gru",
        "plain",
        &[
            &[
                0.470_329, -0.101_98, 0.488_964, -0.175_945, 0.423_084, -0.084_058, 0.444_631, -0.180_883,
                0.654_882, -0.172_973, 0.394_612, -0.128_261,
            ],
            &[0.654_882, -0.172_973, 0.394_612, -0.128_261],
        ],
    ),
    (
        "gru",
        "bi",
        &[
            &[
                0.462_066, -0.557_349, 0.604_955, -0.324_104, 0.052_998, 0.270_86, -0.313_873, 0.379_991,
                0.381_081, -0.453_069, 0.440_733, -0.286_55, 0.269_226, 0.117_366, -0.275_881, 0.288_809,
                0.646_311, -0.431_018, 0.0, 0.0, 0.376_852, 0.275_899, 0.0, 0.0,
            ],
            &[0.646_311, -0.431_018, 0.440_733, -0.286_55, 0.052_998, 0.270_86, -0.313_873, 0.379_991],
        ],
    ),
    (
        "gru",
        "rev",
        &[
            &[
                0.293_586, -0.339_16, 0.370_434, -0.239_441, 0.164_748, -0.364_897, 0.356_238, -0.145_256,
                0.0, 0.0, 0.320_866, -0.102_658,
            ],
            &[0.293_586, -0.339_16, 0.370_434, -0.239_441],
        ],
    ),
    (
        "gru",
        "act",
        &[
            &[
                0.849_693, -0.498_919, 0.939_892, -0.198_145, 0.398_41, -0.419_447, 0.432_779, -0.151_576,
                0.958_901, -0.322_496, 0.431_241, -0.114_176,
            ],
            &[0.958_901, -0.322_496, 0.431_241, -0.114_176],
        ],
    ),
    (
        "gru",
        "lbr",
        &[
            &[
                0.389_663, -0.513_476, 0.558_636, -0.274_405, 0.211_769, -0.383_746, 0.329_195, -0.209_458,
                0.526_138, -0.334_887, 0.268_95, -0.121_077,
            ],
            &[0.526_138, -0.334_887, 0.268_95, -0.121_077],
        ],
    ),
    (
        "rnn",
        "plain",
        &[
            &[
                0.274_062, 0.170_202, 0.230_176, -0.108_941, -0.332_643, 0.365_872, -0.474_441, 0.237_356,
                0.517_78, -0.104_429, -0.000_281, 0.491_148,
            ],
            &[0.517_78, -0.104_429, -0.000_281, 0.491_148],
        ],
    ),
    (
        "rnn",
        "bi",
        &[
            &[
                0.015_624, 0.449_741, 0.015_624, 0.015_624, -0.199_637, 0.002_131, -0.332_433, 0.493_556,
                -0.108_683, 0.239_157, -0.356_654, 0.177_779, 0.154_371, 0.331_952, -0.077_966, 0.780_589,
                0.401_939, -0.041_43, 0.0, 0.0, 0.0, -0.244_919, 0.0, 0.0,
            ],
            &[0.401_939, -0.041_43, -0.356_654, 0.177_779, -0.199_637, 0.002_131, -0.332_433, 0.493_556],
        ],
    ),
    (
        "rnn",
        "rev",
        &[
            &[
                0.379_949, -0.018_098, 0.244_056, -0.107_718, -0.379_949, 0.379_949, -0.042_519, -0.002_474,
                0.0, 0.0, -0.379_949, 0.379_949,
            ],
            &[0.379_949, -0.018_098, 0.244_056, -0.107_718],
        ],
    ),
    (
        "rnn",
        "act",
        &[
            &[
                0.257_812, 0.492_188, 0.257_812, 0.257_812, 0.160_645, 0.361_328, 0.078_613, 0.279_297,
                0.443_024, 0.198_73, 0.156_647, 0.508_301,
            ],
            &[0.443_024, 0.198_73, 0.156_647, 0.508_301],
        ],
    ),
];

const STEPS: usize = 3;
const BATCHES: usize = 2;
const INPUT: usize = 2;
const HIDDEN: usize = 2;

#[allow(clippy::unnecessary_wraps, reason = "as the op takes its inputs")]
fn data<const N: usize>(shape: [usize; N], seed: usize) -> Option<Tensor> {
    let n = shape.iter().product::<usize>();
    let elements = (0..n).map(|i| (((i * 7 + seed) % 11) as f32 - 5.0) / 8.0).collect();
    Some(Tensor::from_vec(shape.to_vec(), elements).unwrap())
}

fn words(words: &[&str]) -> Attr {
    Attr::Words(words.iter().map(|&word| word.to_owned()).collect())
}

fn case(op: &str, variant: &str) -> (Op, Vec<Option<Tensor>>) {
    let mut attrs = vec![("hidden_size", Attr::Int(HIDDEN as i64))];
    let is_lstm = op == "lstm";
    let (mut lengths, mut initial, mut extra, mut directions) = (None, true, false, 1);
    match variant {
        "plain" => initial = false,
        "bi" => {
            attrs.push(("direction", Attr::Word("bidirectional".to_owned())));
            (lengths, directions, extra) = (Some(vec![3i32, 2]), 2, is_lstm);
        }
        "rev" => {
            attrs.extend([("direction", Attr::Word("reverse".to_owned())), ("clip", Attr::Float(0.4))]);
            lengths = Some(vec![2, 3]);
        }
        "lbr" => attrs.push(("linear_before_reset", Attr::Bool(true))),
        "forget" => {
            attrs.push(("input_forget", Attr::Bool(true)));
            extra = true;
        }
        _ => {
            let (names, alpha, beta): (&[&str], _, _) = match op {
                "lstm" => (&["hardsigmoid", "softsign", "relu"], vec![0.3], vec![0.4]),
                "gru" => (&["hardsigmoid", "leakyrelu"], vec![0.3, 0.2], vec![0.4]),
                _ => (&["affine"], vec![0.5], vec![0.25]),
            };
            attrs.push(("activations", words(names)));
            attrs.push(("activation_alpha", Attr::Floats(alpha)));
            attrs.push(("activation_beta", Attr::Floats(beta)));
        }
    }
    let attrs: Vec<(String, Attr)> = attrs.into_iter().map(|(name, attr)| (name.to_owned(), attr)).collect();
    let rows = HIDDEN
        * match op {
            "lstm" => 4,
            "gru" => 3,
            _ => 1,
        };
    let state = |seed| initial.then(|| data([directions, BATCHES, HIDDEN], seed)).flatten();
    let mut inputs = vec![
        data([STEPS, BATCHES, INPUT], 0),
        data([directions, rows, INPUT], 1),
        data([directions, rows, HIDDEN], 2),
        data([directions, 2 * rows], 3),
        lengths.map(Tensor::vector),
        state(4),
    ];
    if is_lstm {
        inputs.push(state(5));
        inputs.push(extra.then(|| data([directions, 3 * HIDDEN], 6)).flatten());
    }
    (Op::from_attrs(op, &attrs).unwrap(), inputs)
}

fn assert_all_close(outputs: &[Tensor], expected: &[&[f32]]) {
    assert_eq!(outputs.len(), expected.len());
    for (output, expected) in outputs.iter().zip(expected) {
        assert_close(&Tensor::vector(output.to_f32_vec().unwrap()), expected);
    }
}

#[test]
fn as_in_onnxruntime() {
    for (name, variant, expected) in CASES {
        let (op, inputs) = case(name, variant);
        assert_all_close(&eval_all(op.clone(), inputs.clone(), expected.len()).unwrap(), expected);
        let constants: Vec<_> =
            inputs.iter().enumerate().map(|(i, t)| t.clone().filter(|_| [1, 2, 3, 7].contains(&i))).collect();
        let prepared = op.def().prepare(&constants, Activation::None).unwrap().unwrap();
        let rest = inputs.into_iter().zip(&constants).map(|(t, c)| t.filter(|_| c.is_none())).collect();
        assert_all_close(&prepared.run(Args(rest)).unwrap(), expected);
    }
}

#[test]
fn plain_cells_agree_with_packed_ones() {
    for (name, variant, expected) in CASES.iter().filter(|case| case.1 != "act" && case.0 != "rnn") {
        let (op, inputs) = case(name, variant);
        let mut attrs: Vec<(String, Attr)> =
            op.attrs().into_iter().map(|(name, attr)| (name.to_owned(), attr)).collect();
        // tanh by another name is not the default
        let (gates, directions) = (["sigmoid", "scaledtanh", "tanh"], if *variant == "bi" { 2 } else { 1 });
        let n = if *name == "lstm" { 3 } else { 2 };
        attrs.push(("activations".to_owned(), words(&gates[..n].repeat(directions))));
        let op = Op::from_attrs(name, &attrs).unwrap();
        assert_all_close(&eval_all(op, inputs, expected.len()).unwrap(), expected);
    }
}

#[test]
fn batch_first_and_other_types() {
    for name in ["lstm", "gru", "rnn"] {
        let (op, inputs) = case(name, "plain");
        let plain = eval_all(op, inputs.clone(), 2).unwrap();
        let one = |step: usize| {
            let x = inputs[0].as_ref().unwrap().as_slice::<f32>().unwrap();
            x[step * BATCHES * INPUT..][..INPUT].to_vec()
        };
        let x = Tensor::from_vec(vec![1, STEPS, INPUT], (0..STEPS).flat_map(one).collect()).unwrap();
        let attrs = [("layout".to_owned(), Attr::Int(1))];
        let mut first = inputs.clone();
        first[0] = Some(x);
        let outputs = eval_all(Op::from_attrs(name, &attrs).unwrap(), first, 2).unwrap();
        assert_eq!(outputs[0].shape(), [1, STEPS, 1, HIDDEN]);
        assert_eq!(outputs[1].shape(), [1, 1, HIDDEN]);
        assert_close(&outputs[1], &plain[1].as_slice::<f32>().unwrap()[..HIDDEN]);
        let doubles = inputs
            .into_iter()
            .map(|t| t.map(|t| Tensor::from_vec(t.shape().to_vec(), t.to_f64_vec().unwrap()).unwrap()));
        let outputs = eval_all(Op::from_attrs(name, &[]).unwrap(), doubles, 2).unwrap();
        assert_eq!(outputs[0].dtype(), DType::F64);
    }
}

#[test]
fn empty_sequences() {
    for name in ["lstm", "gru", "rnn"] {
        let (op, inputs) = case(name, "plain");
        for shape in [[0, BATCHES, INPUT], [STEPS, 0, INPUT]] {
            let mut inputs = inputs.clone();
            inputs[0] = Some(counting(shape));
            let outputs = eval_all(op.clone(), inputs, 2).unwrap();
            assert!(outputs[0].is_empty() && outputs[1].shape() == [1, shape[1], HIDDEN]);
        }
    }
}

#[test]
fn bad_input_is_an_error() {
    let (_, inputs) = case("lstm", "rev");
    let with = |position: usize, tensor: Option<Tensor>| {
        let mut inputs = inputs.clone();
        inputs[position] = tensor;
        inputs
    };
    let reverse = || Lstm { direction: Direction::Reverse, ..Lstm::default() };
    assert!(eval_all(reverse(), inputs.clone(), 3).is_ok());
    for inputs in [
        with(0, Some(counting([3, 2]))),
        with(0, Some(counting([3, 2, 3]))),
        with(1, None),
        with(1, Some(counting([1, 7, 2]))),
        with(2, Some(counting([1, 8, 3]))),
        with(3, Some(counting([1, 8]))),
        with(4, Some(Tensor::vector(vec![2i32, 4]))),
        with(4, Some(Tensor::vector(vec![2i32]))),
        with(5, Some(counting([1, 2, 3]))),
    ] {
        assert!(eval_all(reverse(), inputs, 3).is_err());
    }
    for op in [
        Lstm { layout: 2, ..reverse() },
        Lstm { clip: Some(-1.0), ..reverse() },
        Lstm { hidden_size: Some(3), ..reverse() },
        Lstm { activations: vec![RecurrentActivation::Relu], ..reverse() },
        Lstm { direction: Direction::Bidirectional, ..Lstm::default() },
    ] {
        assert!(eval_all(op, inputs.clone(), 3).is_err());
    }
}
