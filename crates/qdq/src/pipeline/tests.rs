use std::path::PathBuf;

use tempfile::TempDir;

use super::{Compared, Scope, diff, evaluate, for_each_sample, read_model, run, write_model};
use crate::data::{Dataset, NpzWriter, Options, Sample};
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, text};
use crate::tensor::Tensor;

struct Fixture {
    folder: TempDir,
    data: PathBuf,
    graph: Graph,
}

/// `n` rows of three numbers: the largest of row i is at i % 3, and labels say so.
fn fixture(n: usize) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data.npz");
    let numbers =
        (0..n).flat_map(|row| (0..3).map(move |at| if at == row % 3 { 5.0 } else { row as f32 / 1e3 }));
    let mut writer = NpzWriter::new(std::fs::File::create(&data).unwrap());
    writer.add_tensor("x", &Tensor::from_vec(vec![n, 3], numbers.collect::<Vec<f32>>()).unwrap()).unwrap();
    writer.add_tensor("y", &Tensor::vector((0..n).map(|row| row as u8 % 3).collect())).unwrap();
    writer.finish().unwrap();
    let mut graph =
        text::parse("graph(%x: f32[N,3]) {\n %y = neg(%x)\n %z = neg(%y)\n return %z\n}").unwrap();
    graph.infer().unwrap();
    Fixture { folder, data, graph }
}

impl Fixture {
    fn dataset(&self) -> Dataset {
        Dataset::open(&self.data, &Options { labels: Some("y".into()), ..Options::default() }).unwrap()
    }
}

#[test]
fn results_come_in_the_order_of_the_samples() {
    let fixture = fixture(50);
    for n_threads in [1, 2, 7] {
        let samples = fixture.dataset().samples(&fixture.graph).unwrap();
        let mut seen = Vec::new();
        let work = |count: &mut usize, sample: Sample| {
            *count += 1;
            Ok(sample.index * 2)
        };
        let states = for_each_sample(
            samples,
            n_threads,
            &(),
            || 0,
            work,
            |index, result| {
                seen.push((index, result));
                Ok(())
            },
        );
        assert_eq!(states.unwrap().iter().sum::<usize>(), 50);
        assert_eq!(seen, (0..50).map(|index| (index, index * 2)).collect::<Vec<_>>());
    }
}

#[test]
fn the_first_error_ends_the_work_whatever_its_thread() {
    let fixture = fixture(50);
    for n_threads in [1, 2, 7] {
        for panics in [false, n_threads > 1] {
            let samples = fixture.dataset().samples(&fixture.graph).unwrap();
            let work = |(): &mut (), sample: Sample| match sample.index {
                20.. if panics => panic!("a test of panics"),
                20.. => Err(Error::data("bad")),
                _ => Ok(()),
            };
            let error = for_each_sample(samples, n_threads, &(), || (), work, |_, ()| Ok(())).unwrap_err();
            assert_eq!(error.place().sample, Some(20));
            assert_eq!(error.kind(), if panics { ErrorKind::Internal } else { ErrorKind::Data });
        }
        let samples = fixture.dataset().samples(&fixture.graph).unwrap();
        let refuse = |index, ()| if index == 3 { Err(Error::data("refused")) } else { Ok(()) };
        let error = for_each_sample(samples, n_threads, &(), || (), |(), _| Ok(()), refuse).unwrap_err();
        assert_eq!(error.place().sample, Some(3));
    }
}

#[test]
fn outputs_are_written_as_the_data_was() {
    let fixture = fixture(10);
    let out = fixture.folder.path().join("out.npz");
    let written = run(fixture.graph.clone(), &fixture.dataset(), None, &out, 3, &()).unwrap();
    let array = &written.outputs[0];
    assert_eq!((&*array.name, &*array.dtype, &*array.shape), ("z", "f32", &[10, 3][..]));
    let renamed = text::parse("graph(%z: f32[N,3]) { return %z }").unwrap();
    let again = Dataset::open(&out, &Options::default()).unwrap();
    let pairs = again.samples(&renamed).unwrap().zip(fixture.dataset().samples(&fixture.graph).unwrap());
    for (written, read) in pairs {
        assert_eq!(written.unwrap().feeds, read.unwrap().feeds);
    }
    let bytes = std::fs::read(&out).unwrap();
    run(fixture.graph.clone(), &fixture.dataset(), None, &out, 1, &()).unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
    let names = std::fs::read_dir(fixture.folder.path()).unwrap().count();
    assert_eq!(names, 2, "temporary files are left");
}

#[test]
fn a_classifier_is_judged() {
    let fixture = fixture(9);
    let evaluation = evaluate(fixture.graph.clone(), &fixture.dataset(), None, None, 2, &()).unwrap();
    assert_eq!((evaluation.n_top1, evaluation.n_labels, evaluation.n_top5), (9, 9, None));
    let error =
        evaluate(fixture.graph.clone(), &fixture.dataset(), None, Some("nonesuch"), 2, &()).unwrap_err();
    assert!(error.to_string().contains("its outputs are: z"), "{error}");
}

#[test]
fn differences_are_found_by_name() {
    let fixture = fixture(8);
    let other = "graph(%x: f32[N,3]) {\n %c: f32[] = const fill(0.5)\n %y = neg(%x)\n %t = add(%y, %c)\n %z = neg(%t)\n return %z\n}";
    let mut other = text::parse(other).unwrap();
    other.infer().unwrap();
    let side = |graph: &Graph| Compared { graph: graph.clone(), runtime: None };
    let one = diff(side(&fixture.graph), side(&other), &fixture.dataset(), Scope::Values, 1, &()).unwrap();
    assert_eq!(one.first.as_deref(), Some("z"));
    let names: Vec<&str> = one.values.iter().map(|value| value.name.as_str()).collect();
    assert_eq!(names, ["z", "y"]);
    assert!((one.values[0].max_abs_error - 0.5).abs() < 1e-6 && one.values[1].is_identical());
    assert_eq!(one.values[0].n_elements, 24);
    let three = diff(side(&fixture.graph), side(&other), &fixture.dataset(), Scope::Values, 3, &()).unwrap();
    assert_eq!(one, three);
}

#[test]
fn models_are_read_by_their_name() {
    let fixture = fixture(1);
    let path = fixture.folder.path().join("model.qir");
    write_model(&fixture.graph, &path, 21).unwrap();
    assert_eq!(text::print(&read_model(&path).unwrap()), text::print(&fixture.graph));
    let onnx = fixture.folder.path().join("model.onnx");
    assert!(write_model(&fixture.graph, &onnx, 21).unwrap().opset.is_some());
    assert_eq!(text::print(&read_model(&onnx).unwrap()).lines().count(), 5);
    let error = |path: PathBuf| read_model(path).unwrap_err().to_string();
    assert!(error(fixture.folder.path().join("nonesuch.onnx")).contains("nonesuch.onnx"));
    assert!(error(fixture.folder.path().to_owned()).contains("folder"));
    assert!(error(fixture.data.clone()).contains("zip archive"));
}

#[test]
fn profiles_are_compared_by_steps() {
    let fixture = fixture(8);
    let quantized = "graph(%x: f32[N,3]) {\n %w: i8[3,3] = const [90, 12, -70, 33, -120, 5, 60, -8, 101]\n \
        %xq = quantize(%x) {params=u8{scale=0.03, zero_point=120}}\n %xd = dequantize(%xq) {params=u8{scale=0.03, zero_point=120}}\n \
        %wd = dequantize(%w) {params=i8{scale=0.01, zero_point=0}}\n %p = mat_mul(%xd, %wd)\n \
        %pq = quantize(%p) {params=u8{scale=0.043, zero_point=100}}\n %z = dequantize(%pq) {params=u8{scale=0.043, zero_point=100}}\n \
        return %z\n}";
    let mut graph = text::parse(quantized).unwrap();
    graph.infer().unwrap();
    let under = |name: Option<&str>| Compared {
        graph: graph.clone(),
        runtime: name.map(|name| crate::profiles::Runtime::find(name).unwrap()),
    };
    let compare = |a, b| diff(under(a), under(b), &fixture.dataset(), Scope::Values, 1, &()).unwrap();
    let same = compare(Some("ort-x64"), Some("ort-x64"));
    assert!(same.first.is_none() && same.values.iter().all(super::Difference::is_identical));
    assert!(same.exactness.iter().all(|side| side.as_ref().unwrap().is_exact));
    let other = compare(None, Some("portable"));
    let steps = |name: &str| other.values.iter().find(|value| value.name == name).unwrap().steps;
    assert_eq!(steps("xq"), Some([24, 0, 0, 0, 0]));
    assert_eq!(steps("pq").unwrap().iter().sum::<u64>(), 24);
    assert_eq!(steps("z"), None);
}
