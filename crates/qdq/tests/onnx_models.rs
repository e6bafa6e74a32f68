//! Real models: read, written and read again, they stay the same.
//!
//! The written files stay in `target/tmp/onnx_models/`, where `conformance/onnx_round_trip.py` runs them.

use std::path::{Path, PathBuf};

use qdq::error::{Error, Result};
use qdq::formats::onnx;
use qdq::graph::Graph;

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
    let file = |path: &Path| std::fs::read(path).map(Into::into).map_err(|error| Error::io(path.display(), &error));
    onnx::read(file(path)?, &|name| file(&folder.join(name))).map_err(|error| error.file(path.display()))
}

#[test]
#[allow(clippy::print_stderr, reason = "says why it does nothing")]
fn real_models_survive_a_round_trip() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/models");
    let shared = [shared, PathBuf::from("/work/shared/models")].into_iter().find(|path| path.is_dir());
    let Some(shared) = shared else {
        eprintln!("skipped: the models of ../shared are not here");
        return;
    };
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnx_models");
    std::fs::create_dir_all(&out).unwrap();
    let mut found = Vec::new();
    models(&shared, &mut found);
    assert!(!found.is_empty());
    for path in found {
        let graph = read(&path).unwrap_or_else(|error| panic!("{error}"));
        let written = onnx::write(&graph, &onnx::WriteOptions::default()).unwrap_or_else(|error| panic!("{error}"));
        let target = out.join(path.file_name().unwrap());
        std::fs::write(&target, &written.model).unwrap();
        std::fs::write(target.with_extension("txt"), graph.to_string()).unwrap();
        let again = read(&target).unwrap_or_else(|error| panic!("{error}"));
        eprintln!("{} {} nodes, opset {}", path.display(), graph.n_nodes(), written.opset);
        assert_eq!(graph.to_string(), again.to_string(), "{}", path.display());
    }
}
