//! Runs the models of the ONNX backend node tests, all in one process: our side of `conformance/node_tests.py`.
//!
//! `node_tests FOLDER` reads `FOLDER/tests.txt`, a list of folders that hold `model.onnx` and `input_<position>.pb`.
//! Each model is run as it was read, then written, read again and run: both must give the same bits. Writes
//! `FOLDER/outputs.bin` and `FOLDER/results.json`, for each test a list of [`Output`]s or an error.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use qdq::error::{Error, Result};
use qdq::exec::{Program, Taps};
use qdq::formats::onnx::{self, NEWEST_OPSET, WriteOptions};
use qdq::graph::Graph;
use qdq::tensor::{Data, Tensor};
use serde::Serialize;

/// One tensor that was computed; of strings the bytes, of other types their place in `outputs.bin`.
#[derive(Serialize)]
struct Output {
    dtype: String,
    shape: Vec<usize>,
    offset: usize,
    strings: Vec<Vec<u8>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Outputs(Vec<Output>),
    Error(String),
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, folder] = args.as_slice() else { return Err("usage: node_tests FOLDER".into()) };
    let folder = Path::new(folder);
    let (mut written, mut answers) = (Vec::new(), Vec::new());
    for name in fs::read_to_string(folder.join("tests.txt"))?.lines() {
        let test = folder.join(name);
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&test)));
        answers.push(match outcome {
            Ok(Ok(tensors)) => Answer::Outputs(tensors.iter().map(|t| write(t, &mut written)).collect()),
            Ok(Err(error)) => Answer::Error(error.to_string()),
            Err(_) => Answer::Error("panicked".to_owned()),
        });
    }
    fs::write(folder.join("outputs.bin"), written)?;
    fs::write(folder.join("results.json"), serde_json::to_vec(&answers)?)?;
    Ok(())
}

/// Outputs of one test; an error too if writing and reading the model changes them.
fn run(test: &Path) -> Result<Vec<Tensor>> {
    let graph = read(read_file(&test.join("model.onnx"))?)?;
    let mut inputs = Vec::new();
    for position in 0..graph.body.inputs.len() {
        let file = test.join(format!("input_{position}.pb"));
        let tensor = file.exists().then(|| onnx::read_tensor_file(read_file(&file)?.into()));
        inputs.push(tensor.transpose()?.map(|(_, tensor)| tensor));
    }
    let outputs = compute(graph.clone(), inputs.clone())?;
    let options = WriteOptions { max_opset: NEWEST_OPSET, ..WriteOptions::default() };
    let file = onnx::write(&graph, &options).map_err(|error| Error::usage(format!("writing: {error}")))?;
    let again = read(file.model_bytes()).map_err(|error| Error::usage(format!("reading again: {error}")))?;
    if compute(again, inputs).map_err(|error| Error::usage(format!("written: {error}")))? != outputs {
        return Err(Error::usage("written and read again, the model gives other bits"));
    }
    Ok(outputs)
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Error::io(path.display(), &error))
}

fn read(bytes: Vec<u8>) -> Result<Graph> {
    let graph = onnx::read(bytes.into(), &|name: &str| Err(Error::usage(format!("a side file, {name}"))))?;
    graph.verify()?;
    Ok(graph)
}

fn compute(graph: Graph, inputs: Vec<Option<Tensor>>) -> Result<Vec<Tensor>> {
    Program::new(graph, Taps::default())?.run(inputs, &mut |_, _| Ok(()))
}

fn write(tensor: &Tensor, written: &mut Vec<u8>) -> Output {
    let offset = written.len();
    let mut strings = Vec::new();
    match tensor.data() {
        Data::Str(elements) => strings = elements.to_vec(),
        Data::Bool(elements) => written.extend(elements.iter().map(|&element| u8::from(element))),
        Data::F32(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::F64(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::F16(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::Bf16(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::I8(elements) | Data::I4(elements) | Data::I2(elements) => {
            written.extend_from_slice(bytemuck::cast_slice(elements));
        }
        Data::U8(elements) | Data::U4(elements) | Data::U2(elements) | Data::Small(_, elements) => {
            written.extend_from_slice(elements);
        }
        Data::I16(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::U16(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::I32(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::U32(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::I64(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::U64(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
    }
    Output { dtype: tensor.dtype().to_string(), shape: tensor.shape().to_vec(), offset, strings }
}
