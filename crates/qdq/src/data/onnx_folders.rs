//! Data sets in the form of ONNX's tests: `test_data_set_0/input_0.pb` and so on.

use std::path::{Path, PathBuf};

use super::files::{Inputs, fit};
use super::{Sample, Samples};
use crate::error::{Error, Result};
use crate::formats::onnx::read_tensor_file;
use crate::graph::Graph;
use crate::tensor::Tensor;

/// Folders of one sample each, by number.
#[derive(Clone, Debug)]
pub(super) struct OnnxFolders {
    folders: Vec<PathBuf>,
}

impl OnnxFolders {
    /// The folder itself if it holds `input_0.pb`, or the `test_data_set_*` in it; `None` if it is of another kind.
    pub(super) fn find(path: &Path) -> Result<Option<Self>> {
        if path.join("input_0.pb").is_file() {
            return Ok(Some(Self { folders: vec![path.to_owned()] }));
        }
        let mut folders = numbered(path, "test_data_set_", "")?;
        folders.retain(|(_, folder)| folder.is_dir());
        let folders: Vec<PathBuf> = folders.into_iter().map(|(_, folder)| folder).collect();
        Ok((!folders.is_empty()).then_some(Self { folders }))
    }

    /// Samples for a model, a folder at a time. The first is read at once, to find mistakes before work begins.
    pub(super) fn samples(&self, graph: &Graph) -> Result<Samples> {
        let inputs = Inputs::new(graph);
        if let Some(first) = self.folders.first() {
            read_folder(&inputs, first)?;
        }
        let folders = self.folders.clone().into_iter().enumerate();
        let samples = folders.map(move |(index, folder)| {
            let feeds = read_folder(&inputs, &folder).map_err(|error| error.sample(index));
            Ok(Sample { index, feeds: feeds? })
        });
        let note =
            ("data".to_owned(), format!("{} folders of ONNX test data, one sample each", self.folders.len()));
        Ok(Samples::new(self.folders.len(), Some(1), vec![note], samples))
    }
}

/// The files `input_<position>.pb`, in the order of the graph's inputs.
fn read_folder(inputs: &Inputs, folder: &Path) -> Result<Vec<Option<Tensor>>> {
    let graph = &inputs.graph;
    let mut feeds = vec![None; graph.body.inputs.len()];
    for (position, path) in numbered(folder, "input_", ".pb")? {
        let tensor = read_input(graph, position, &path).map_err(|error| error.file(path.display()))?;
        feeds[position] = Some(tensor);
    }
    for (&id, feed) in graph.body.inputs.iter().zip(&feeds) {
        if feed.is_none() && graph[id].constant.is_none() {
            return Err(Error::data("the data has nothing for this input")
                .value(graph[id].name())
                .file(folder.display())
                .help("each input needs its input_<position>.pb"));
        }
    }
    Ok(feeds)
}

fn read_input(graph: &Graph, position: usize, path: &Path) -> Result<Tensor> {
    let Some(&id) = graph.body.inputs.get(position) else {
        let message = format!("a tensor for input {position}, but the model has {}", graph.body.inputs.len());
        return Err(Error::data(message).help("the file's number is the position of the input, from 0"));
    };
    let bytes = std::fs::read(path).map_err(|error| Error::io(path.display(), &error))?;
    let (_, tensor) = read_tensor_file(bytes.into())?;
    fit(&graph[id], tensor).map_err(|error| error.value(graph[id].name()))
}

/// Entries of a folder called `<prefix><number><suffix>`, by number.
fn numbered(folder: &Path, prefix: &str, suffix: &str) -> Result<Vec<(usize, PathBuf)>> {
    let io_error = |error: std::io::Error| Error::io(folder.display(), &error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io_error)? {
        let entry = entry.map_err(io_error)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            found.push((number, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}
