//! What makes a quantized model better than the plan: goals, equalization, bias correction.

use qdq::data::{Dataset, NpzWriter, Options};
use qdq::exec::{Program, Taps};
use qdq::graph::{Graph, text};
use qdq::passes;
use qdq::pipeline::{self, Compared, Goal, Precision, QuantizeOptions, Scope};
use qdq::quant::Recipe;
use qdq::targets::Target;
use qdq::tensor::{Data, Tensor};
use tempfile::TempDir;

/// Layers with all that equalization goes through, and a clip that it does not.
const CHAIN: &str = "graph(%x: f32[N,8,6,6]) {
  %w1: f32[16,8,3,3] = const random(seed=1, std=0.1)
  %b1: f32[16] = const random(seed=2, std=0.1)
  %w2: f32[16,1,3,3] = const random(seed=3, std=0.3)
  %w3: f32[16,8,1,1] = const random(seed=4, std=0.2)
  %w4: f32[8,16,1,1] = const random(seed=5, std=0.2)
  %low: f32[] = const [0]
  %high: f32[] = const [0.5]
  %c1 = conv(%x, %w1, %b1) {pads=[1, 1, 1, 1]} @\"first\"
  %r1 = relu(%c1)
  %c2 = conv(%r1, %w2) {pads=[1, 1, 1, 1], group=16} @\"depthwise\"
  %r2 = leaky_relu(%c2)
  %p2 = max_pool(%r2) {kernel_shape=[2, 2]}
  %c3 = conv(%p2, %w3) {group=2} @\"grouped\"
  %r3 = clip(%c3, %low, %high)
  %y = conv(%r3, %w4) @\"last\"
  return %y
}";

fn model(text: &str) -> Graph {
    let mut graph = text::parse(text).unwrap();
    graph.infer().unwrap();
    graph
}

/// Numbers of a generator of its own, about normal.
fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f32>() - 6.0).collect()
}

fn dataset(folder: &TempDir, samples: Vec<f32>) -> Dataset {
    let tensor = Tensor::from_vec(vec![samples.len() / 288, 8, 6, 6], samples).unwrap();
    let path = folder.path().join("x.npz");
    let mut writer = NpzWriter::new(std::fs::File::create(&path).unwrap());
    writer.add_tensor("x", &tensor).unwrap();
    writer.finish().unwrap();
    Dataset::open(&path, &Options::default()).unwrap()
}

/// Multiplies a constant by a factor for each channel of its first axis.
fn scale_rows(graph: &mut Graph, name: &str, factor: impl Fn(usize) -> f32) {
    let id = graph.find(name).unwrap();
    let tensor = graph[id].constant.take().unwrap();
    let shape = tensor.shape().to_vec();
    let per_row: usize = shape[1..].iter().product();
    let values = tensor.into_vec::<f32>().unwrap();
    let scaled = values.iter().enumerate().map(|(i, value)| value * factor(i / per_row)).collect();
    graph[id].constant = Some(Tensor::from_vec(shape, scaled).unwrap());
}

/// Channels that differ by a factor of 4096 in range.
fn uneven(mut graph: Graph) -> Graph {
    for name in ["w1", "b1"] {
        scale_rows(&mut graph, name, |channel| (2f32).powi((channel * 5 % 13) as i32 - 6));
    }
    scale_rows(&mut graph, "w2", |channel| (2f32).powi(6 - (channel * 5 % 13) as i32));
    graph
}

fn run(graph: Graph, samples: &[f32]) -> Vec<f32> {
    let input = Tensor::from_vec(vec![samples.len() / 288, 8, 6, 6], samples.to_vec()).unwrap();
    let program = Program::new(graph, Taps::default()).unwrap();
    let mut outputs = program.run(vec![Some(input)], &mut |_, _| Ok(())).unwrap();
    match outputs.remove(0).into_data() {
        Data::F32(values) => values.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn options(target: &str, recipe: &str) -> QuantizeOptions {
    let recipe = Recipe::from_toml(recipe).unwrap();
    QuantizeOptions { target: Target::find(target).unwrap(), recipe, n_threads: 2 }
}

fn sqnr_db(before: &Graph, after: &Graph, data: &Dataset) -> f64 {
    let side = |graph: &Graph| Compared { graph: graph.clone(), runtime: None };
    let found = pipeline::diff(side(before), side(after), data, Scope::Outputs, 2, &()).unwrap();
    found.values[0].sqnr_db()
}

fn quantized_db(graph: &Graph, data: &Dataset, target: &str, recipe: &str) -> f64 {
    let quantized = pipeline::quantize(graph.clone(), data, &options(target, recipe), &()).unwrap();
    sqnr_db(graph, &quantized.graph, data)
}

#[test]
fn equalization_keeps_the_float_function() {
    let samples = numbers(4 * 288, 11);
    for (name, graph) in [("even", model(CHAIN)), ("uneven", uneven(model(CHAIN)))] {
        let before = run(graph.clone(), &samples);
        let mut equalized = graph;
        // First and depthwise, depthwise and grouped; the clip keeps the last pair apart.
        assert_eq!(passes::equalize(&mut equalized).unwrap(), 2);
        let after = run(equalized, &samples);
        let largest = before.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        for (a, b) in before.iter().zip(&after) {
            assert!((a - b).abs() <= 1e-5 * largest, "{name}: {a} {b}");
        }
    }
}

#[test]
fn equalized_channels_have_equal_ranges() {
    let mut graph = uneven(model(CHAIN));
    passes::equalize(&mut graph).unwrap();
    let weights = |position: usize| {
        let id = graph.body.nodes[position].input(1).unwrap();
        graph.constant(id).unwrap().as_slice::<f32>().unwrap().to_vec()
    };
    let ranges = |weights: &[f32]| -> Vec<f32> {
        let rows = weights.chunks_exact(weights.len() / 16);
        rows.map(|row| row.iter().fold(0f32, |range, weight| range.max(weight.abs()))).collect()
    };
    for (first, depthwise) in ranges(&weights(0)).iter().zip(&ranges(&weights(2))) {
        assert!((first / depthwise - 1.0).abs() < 0.05, "{first} {depthwise}");
    }
}

#[test]
fn equalization_gains_where_weights_have_one_scale() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(&folder, numbers(8 * 288, 12));
    let graph = uneven(model(CHAIN));
    let per_tensor = "[weight]\ngranularity = \"per-tensor\"\n";
    let without = quantized_db(&graph, &data, "openvino", per_tensor);
    let with = quantized_db(&graph, &data, "openvino", &format!("equalize = true\n{per_tensor}"));
    assert!(with > without + 6.0, "{without:.1} dB, equalized {with:.1} dB");
}

#[test]
fn bias_correction_gains_where_inputs_have_a_mean() {
    let folder = tempfile::tempdir().unwrap();
    let samples = numbers(8 * 288, 13).into_iter().map(|x| x.mul_add(0.02, 3.0)).collect();
    let data = dataset(&folder, samples);
    let source = "graph(%x: f32[N,8,6,6]) {\n  %w: f32[16,8,3,3] = const random(seed=1, std=0.1)\n  \
                  %y = conv(%x, %w) @\"layer\"\n  return %y\n}";
    let mut graph = model(source);
    scale_rows(&mut graph, "w", |channel| if channel == 0 { 30.0 } else { 1.0 });
    // Least squares per channel: what is wrong after the correction is rounding of activations only.
    let per_tensor = "[weight]\ngranularity = \"per-tensor\"\n";
    let without = quantized_db(&graph, &data, "openvino", per_tensor);
    let with = quantized_db(&graph, &data, "openvino", &format!("bias_correction = true\n{per_tensor}"));
    assert!(with > without + 3.0, "{without:.1} dB, corrected {with:.1} dB");
}

#[test]
fn a_goal_is_met_with_few_layers_in_float() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(&folder, numbers(8 * 288, 14));
    let graph = uneven(model(CHAIN));
    let options = options("openvino", "[weight]\ngranularity = \"per-tensor\"\n");
    let planned = pipeline::quantize(graph.clone(), &data, &options, &()).unwrap();
    let planned = sqnr_db(&graph, &planned.graph, &data);
    let goal = Goal::MinSqnr(planned + 6.0);
    let find = || pipeline::quantize_to_goal(graph.clone(), &data, &options, &goal, &()).unwrap();
    let (quantized, search) = find();
    assert!(sqnr_db(&graph, &quantized.graph, &data) >= planned + 6.0);
    let kept = search.ranking.iter().filter(|layer| layer.precision == Precision::Float).count();
    assert!((1..4).contains(&kept), "{search:?}");
    // The worst come first, and the rules alone give the same model.
    assert!(search.ranking.is_sorted_by(|a, b| a.noise >= b.noise));
    let again = QuantizeOptions { recipe: search.recipe(&options.recipe), ..options.clone() };
    let again = pipeline::quantize(graph.clone(), &data, &again, &()).unwrap();
    assert_eq!(text::print(&again.graph), text::print(&quantized.graph));
    assert_eq!(find().1, search);
}

#[test]
fn sixteen_bits_come_before_float() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(&folder, numbers(8 * 288, 15));
    let graph = model(CHAIN);
    let options = options("qnn", "");
    let planned = pipeline::quantize(graph.clone(), &data, &options, &()).unwrap();
    let goal = Goal::MinSqnr(sqnr_db(&graph, &planned.graph, &data) + 1.0);
    let (_, search) = pipeline::quantize_to_goal(graph, &data, &options, &goal, &()).unwrap();
    assert!(search.ranking[0].precision == Precision::Wide, "{search:?}");
}

#[test]
fn a_goal_out_of_reach_says_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(&folder, numbers(4 * 288, 16));
    let find = |goal| {
        let options = options("qnn", "");
        pipeline::quantize_to_goal(model(CHAIN), &data, &options, &Goal::MinSqnr(goal), &())
    };
    let error = find(300.0).unwrap_err().to_string();
    assert!(error.contains("cannot be met") && error.contains("the best found is"), "{error}");
    assert!(find(f64::NAN).unwrap_err().to_string().contains("a goal of NaN"));
}
