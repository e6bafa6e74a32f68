//! Calibration from end to end: methods against outliers, and statistics kept in files.

use std::path::PathBuf;

use qdq::data::{Dataset, NpzWriter, Options};
use qdq::graph::{Graph, text};
use qdq::pipeline::{self, Compared, QuantizeOptions, Scope};
use qdq::quant::Recipe;
use qdq::targets::Target;
use qdq::tensor::Tensor;
use tempfile::TempDir;

const CHANNELS: usize = 16;
const SIDE: usize = 8;
const SAMPLES: usize = 600;
const MODEL: &str = "graph(%x: f32[N,16,8,8]) {
  %w: f32[16,16,3,3] = const random(seed=3, std=0.1)
  %y = conv(%x, %w) {pads=[1, 1, 1, 1]}
  return %y
}";

fn model(text: &str) -> Graph {
    let mut graph = text::parse(text).unwrap();
    graph.infer().unwrap();
    graph
}

/// Roughly normal numbers (the sum of twelve uniform ones), from a generator of its own.
fn numbers(n: usize) -> Vec<f32> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f32>() - 6.0).collect()
}

struct Data {
    folder: TempDir,
    numbers: Vec<f32>,
}

impl Data {
    /// 600 samples; two numbers among 600,000 are far out.
    fn with_outliers() -> Self {
        let mut numbers = numbers(SAMPLES * CHANNELS * SIDE * SIDE);
        (numbers[300_000], numbers[500_000]) = (50.0, -50.0);
        Self { folder: tempfile::tempdir().unwrap(), numbers }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The samples of a range as a data set of their own.
    fn samples(&self, range: std::ops::Range<usize>) -> Dataset {
        let path = self.path(&format!("{range:?}.npz"));
        let of = |sample: usize| sample * CHANNELS * SIDE * SIDE;
        let part = self.numbers[of(range.start)..of(range.end)].to_vec();
        let tensor = Tensor::from_vec(vec![range.len(), CHANNELS, SIDE, SIDE], part).unwrap();
        let mut writer = NpzWriter::new(std::fs::File::create(&path).unwrap());
        writer.add_tensor("x", &tensor).unwrap();
        writer.finish().unwrap();
        Dataset::open(&path, &Options::default()).unwrap()
    }
}

fn options(method: &str) -> QuantizeOptions {
    let mut recipe = Recipe::default();
    recipe.activation.observer = Some(method.parse().unwrap());
    QuantizeOptions { target: Target::find("onnxruntime").unwrap(), recipe, n_threads: 2 }
}

#[test]
fn every_method_beats_min_max_where_there_are_outliers() {
    let data = Data::with_outliers();
    let dataset = data.samples(0..SAMPLES);
    let sqnr_db = |method: &str| {
        let quantized = pipeline::quantize(model(MODEL), &dataset, &options(method), &()).unwrap();
        let side = |graph| Compared { graph, runtime: None };
        let (before, after) = (side(model(MODEL)), side(quantized.graph));
        let found = pipeline::diff(before, after, &dataset, Scope::Outputs, 2, &()).unwrap();
        found.values[0].sqnr_db()
    };
    let min_max = sqnr_db("minmax");
    for method in ["entropy", "percentile", "mse"] {
        let found = sqnr_db(method);
        assert!(found > min_max + 1.0, "{method}: {found:.2} dB, min-max {min_max:.2} dB");
    }
}

#[test]
fn statistics_of_shards_in_any_order_are_those_of_all_samples() {
    let data = Data::with_outliers();
    let observe = |range, n_threads| {
        let options = QuantizeOptions { n_threads, ..options("minmax") };
        pipeline::observe_model(model(MODEL), &data.samples(range), &options, &()).unwrap().statistics
    };
    let shards = [0..10, 10..11, 11..200, 200..SAMPLES];
    let mut paths = Vec::new();
    for (shard, range) in shards.into_iter().enumerate() {
        paths.push(data.path(&format!("{shard}.stats")));
        pipeline::write_statistics(&observe(range, shard + 1), &paths[shard]).unwrap();
    }
    let whole = observe(0..SAMPLES, 2);
    assert_eq!(pipeline::merge_statistics(&paths).unwrap().to_bytes(), whole.to_bytes());
    paths.reverse();
    assert_eq!(pipeline::merge_statistics(&paths).unwrap().to_bytes(), whole.to_bytes());
    let with_data =
        pipeline::quantize(model(MODEL), &data.samples(0..SAMPLES), &options("mse"), &()).unwrap();
    let without = pipeline::quantize_observed(model(MODEL), &whole, &options("mse")).unwrap();
    assert_eq!(text::print(&with_data.graph), text::print(&without.graph));
    assert_eq!(with_data.report, without.report);
}

#[test]
fn statistics_of_another_model_are_refused() {
    let data = Data::with_outliers();
    let dataset = data.samples(0..2);
    let observe =
        |model| pipeline::observe_model(model, &dataset, &options("minmax"), &()).unwrap().statistics;
    let statistics = observe(model(MODEL));
    let refused = |text: &str, statistics: &qdq::quant::StatisticsFile| {
        pipeline::quantize_observed(model(text), statistics, &options("minmax")).unwrap_err()
    };
    let other = MODEL.replace("seed=3", "seed=4");
    assert!(refused(&other, &statistics).message().contains("another model"));
    let other_statistics = observe(model(&other));
    assert!(statistics.clone().merge(&other_statistics).unwrap_err().message().contains("different models"));
    let mut fewer = statistics.clone();
    fewer.statistics.remove("x").unwrap();
    assert_eq!(refused(MODEL, &fewer).place().value.as_deref(), Some("x"));
    let mut more = statistics;
    more.statistics.insert("nonesuch".to_owned(), qdq::quant::observers::Statistic::new());
    assert_eq!(refused(MODEL, &more).place().value.as_deref(), Some("nonesuch"));
}
