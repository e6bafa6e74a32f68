//! Data sets of one `.npz` or `.npy` file a sample.

use std::path::{Path, PathBuf};

use super::arrays::ArrayFile;
use super::convert::widen;
use super::feed::check_dtype;
use super::{Options, Sample, Samples, ending};
use crate::error::Result;
use crate::exec::bind_inputs;
use crate::graph::{Graph, Value};
use crate::tensor::Tensor;

/// Files of one sample each, sorted by name.
#[derive(Clone, Debug)]
pub(super) struct FileFolder {
    paths: Vec<PathBuf>,
}

impl FileFolder {
    /// These files, which are `.npz` or `.npy`.
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths }
    }

    /// Samples for a model, a file at a time. The first is read at once, to find mistakes before work begins.
    pub(super) fn samples(&self, graph: &Graph, options: &Options) -> Result<Samples> {
        // Types are all that is needed of the graph: its constants are not to be kept alive by the stream.
        let inputs = Inputs::new(graph);
        if let Some(first) = self.paths.first() {
            inputs.read(first, options)?;
        }
        let options = options.clone();
        let paths = self.paths.clone().into_iter().enumerate();
        let samples = paths.map(move |(index, path)| {
            let feeds = inputs.read(&path, &options).map_err(|error| error.sample(index));
            Ok(Sample { index, feeds: feeds? })
        });
        let note = ("data".to_owned(), format!("{} files, one sample each", self.paths.len()));
        Ok(Samples::new(self.paths.len(), Some(1), vec![note], samples))
    }
}

/// The inputs of a graph, without the rest.
pub(super) struct Inputs {
    pub(super) graph: Graph,
}

impl Inputs {
    pub(super) fn new(graph: &Graph) -> Self {
        let mut inputs = Graph::new(graph.name.clone());
        for &id in &graph.body.inputs {
            let Value { ty, constant, .. } = &graph[id];
            let copy = inputs.add_value(graph[id].name(), ty.clone());
            inputs[copy].constant.clone_from(constant);
            inputs.body.inputs.push(copy);
        }
        Self { graph: inputs }
    }

    fn read(&self, path: &Path, options: &Options) -> Result<Vec<Option<Tensor>>> {
        self.read_file(path, options).map_err(|error| error.file(path.display()))
    }

    fn read_file(&self, path: &Path, options: &Options) -> Result<Vec<Option<Tensor>>> {
        let is_npy = ending(path) == "npy";
        let file = if is_npy { ArrayFile::open_npy(path)? } else { ArrayFile::open_npz(path)? };
        let mut arrays = file.read_all(options)?;
        for (name, _) in &mut arrays {
            if let Some((input, _)) = options.arrays.iter().find(|(_, array)| array == name) {
                name.clone_from(input);
            }
        }
        if let [(name, _)] = arrays.as_mut_slice()
            && self.graph.find(name).is_none()
            && let [(_, input)] = super::required_inputs(&self.graph).as_slice()
        {
            name.clone_from(&(*input).to_owned());
        }
        let mut feeds = bind_inputs(&self.graph, arrays)?;
        for (&id, feed) in self.graph.body.inputs.iter().zip(&mut feeds) {
            let value = &self.graph[id];
            let fitted = feed.take().map(|tensor| fit(value, tensor)).transpose();
            *feed = fitted.map_err(|error| error.value(value.name()))?;
        }
        Ok(feeds)
    }
}

/// The tensor as the input takes it: integers widened, a missing leading 1 added.
pub(super) fn fit(input: &Value, tensor: Tensor) -> Result<Tensor> {
    let Some(ty) = &input.ty else { return Ok(tensor) };
    check_dtype(tensor.dtype(), ty.dtype)?;
    let mut tensor = widen(tensor, ty.dtype)?;
    let with_batch: Vec<usize> = std::iter::once(1).chain(tensor.shape().iter().copied()).collect();
    if !ty.admits(ty.dtype, tensor.shape()) && ty.admits(ty.dtype, &with_batch) {
        tensor = tensor.reshaped(with_batch)?;
    }
    if !ty.admits(ty.dtype, tensor.shape()) {
        let message = format!("the model takes {ty}, but the sample is {}", tensor.tensor_type());
        return Err(crate::error::Error::data(message)
            .help("a file of a folder holds one sample, without a samples axis"));
    }
    Ok(tensor)
}
