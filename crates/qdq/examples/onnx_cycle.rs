//! Reads every ONNX model of a folder and writes it to another, in the lowest operator set that can express it.
//!
//! `cargo run --example onnx_cycle FROM TO [MIN_OPSET]` prints `name: ok, opset 13` or `name: error: …` for each.
#![allow(clippy::print_stdout, reason = "prints its result")]

use std::path::{Path, PathBuf};

use qdq::error::{Error, Result};
use qdq::formats::onnx;

fn cycle(from: &Path, to: &Path, min_opset: i64) -> Result<i64> {
    let folder = from.parent().unwrap_or(Path::new("."));
    let file =
        |path: &Path| std::fs::read(path).map(Into::into).map_err(|error| Error::io(path.display(), &error));
    let graph = onnx::read(file(from)?, &|name| file(&folder.join(name)))?;
    graph.verify()?;
    let written = onnx::write(&graph, &onnx::WriteOptions { min_opset, ..onnx::WriteOptions::default() })?;
    std::fs::write(to, &written.model).map_err(|error| Error::io(to.display(), &error))?;
    Ok(written.opset)
}

fn main() {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [from, to, rest @ ..] = args.as_slice() else {
        return println!("usage: onnx_cycle FROM TO [MIN_OPSET]");
    };
    let min_opset = rest.first().and_then(|text| text.to_str()?.parse().ok()).unwrap_or(onnx::OLDEST_OPSET);
    let entries = std::fs::read_dir(from).map(|entries| entries.flatten().map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = entries.into_iter().flatten().collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "onnx")) {
        let name = path.file_name().unwrap_or_default();
        let result = cycle(path, &to.join(name), min_opset);
        let text = match result {
            Ok(opset) => format!("ok, opset {opset}"),
            Err(error) => format!("error: {}", error.to_string().replace('\n', " | ")),
        };
        println!("{}: {text}", name.to_string_lossy());
    }
}
