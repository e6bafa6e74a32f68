//! Real models: read, written and read again, they stay the same.
//!
//! What onnxruntime computes from written files, `conformance/round_trip.py` compares.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use qdq::error::{Error, Result};
use qdq::formats::onnx;
use qdq::graph::{Block, Graph, ValueId};
use qdq::ops::Op;
use qdq::tensor::Tensor;

fn models(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            models(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "onnx") {
            found.push(path);
        }
    }
}

fn read(path: &Path) -> Result<Graph> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let file =
        |path: &Path| std::fs::read(path).map(Into::into).map_err(|error| Error::io(path.display(), &error));
    onnx::read(file(path)?, &|name: &str| file(&folder.join(name)))
        .map_err(|error| error.file(path.display()))
}

/// Compares two graphs up to the names of values and of constants.
struct Comparison<'g> {
    a: &'g Graph,
    b: &'g Graph,
    same: BTreeMap<ValueId, ValueId>,
}

impl Comparison<'_> {
    fn blocks(&mut self, a: &Block, b: &Block) {
        assert_eq!(a.inputs.len(), b.inputs.len());
        self.same.extend(a.inputs.iter().copied().zip(b.inputs.iter().copied()));
        assert_eq!(a.nodes.len(), b.nodes.len());
        for (node_a, node_b) in a.nodes.iter().zip(&b.nodes) {
            let name = self.a.describe(node_a);
            assert!(same_op(&node_a.op, &node_b.op), "{name}: {:?} became {:?}", node_a.op, node_b.op);
            assert_eq!(node_a.scope, node_b.scope);
            assert_eq!(node_a.inputs.len(), node_b.inputs.len(), "{name}");
            for (input_a, input_b) in node_a.inputs.iter().zip(&node_b.inputs) {
                assert_eq!(input_a.is_some(), input_b.is_some(), "{name}");
                if let (Some(a), Some(b)) = (input_a, input_b) {
                    self.values(*a, *b, &name);
                }
            }
            for (region_a, region_b) in node_a.regions.iter().zip(&node_b.regions) {
                self.blocks(region_a, region_b);
            }
            assert_eq!(node_a.outputs.len(), node_b.outputs.len(), "{name}");
            let outputs = node_a.outputs.iter().zip(&node_b.outputs);
            self.same.extend(outputs.filter_map(|(a, b)| Some(((*a)?, (*b)?))));
        }
        assert_eq!(a.outputs.len(), b.outputs.len());
        for (a, b) in a.outputs.iter().zip(&b.outputs) {
            self.values(*a, *b, "outputs");
        }
    }

    fn values(&self, a: ValueId, b: ValueId, place: &str) {
        match (self.a.constant(a), self.b.constant(b)) {
            (None, None) => assert_eq!(self.same.get(&a), Some(&b), "{place}: {}", self.a[a].name()),
            (Some(a), Some(b)) => assert!(same_numbers(a, b), "{place}: {a:?} became {b:?}"),
            (a, b) => panic!("{place}: {a:?} became {b:?}"),
        }
    }
}

/// Equal, but for axes: counted from the end, they are counted from the start in older operator sets.
fn same_op(a: &Op, b: &Op) -> bool {
    let others = |op: &Op| {
        let mut attrs = op.attrs();
        attrs.retain(|(name, _)| *name != "axis");
        attrs
    };
    a.name() == b.name() && others(a) == others(b)
}

/// Equal, or integers that were an input of 32 bits and are an attribute, of 64 bits, in older operator sets.
fn same_numbers(a: &Tensor, b: &Tensor) -> bool {
    a == b || (a.to_i64_vec().is_ok() && a.to_i64_vec().ok() == b.to_i64_vec().ok())
}

#[test]
#[allow(clippy::print_stdout, reason = "says why it does nothing")]
fn real_models_survive_a_round_trip() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/models");
    if !shared.is_dir() {
        println!("skipped: the models of ../shared are not here");
        return;
    }
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnx_models");
    std::fs::create_dir_all(&out).unwrap();
    let mut found = Vec::new();
    models(&shared, &mut found);
    assert!(!found.is_empty());
    for path in found {
        let graph = read(&path).unwrap_or_else(|error| panic!("{error}"));
        let options = onnx::WriteOptions::default();
        let written = onnx::write(&graph, &options).unwrap_or_else(|error| panic!("{error}"));
        let target = out.join(path.file_name().unwrap());
        std::fs::write(&target, written.model_bytes()).unwrap();
        println!("{} {} nodes, opset {}", path.display(), graph.n_nodes(), written.opset);
        let again = read(&target).unwrap_or_else(|error| panic!("{error}"));
        Comparison { a: &graph, b: &again, same: BTreeMap::new() }.blocks(&graph.body, &again.body);
    }
}
