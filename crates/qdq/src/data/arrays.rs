//! Data sets of one `.npy` or `.npz` file.

use std::path::{Path, PathBuf};

use super::array::Array;
use super::feed::{Feed, FeedReader};
use super::{Options, Sample, Samples, npz, required_inputs};
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::tensor::Tensor;

/// The arrays of a file.
#[derive(Clone, Debug)]
pub(super) struct ArrayFile {
    path: PathBuf,
    arrays: Vec<Array>,
}

impl ArrayFile {
    /// A `.npy` file.
    pub(super) fn open_npy(path: &Path) -> Result<Self> {
        Ok(Self { path: path.to_owned(), arrays: vec![Array::of_npy(path)?] })
    }

    /// An `.npz` file.
    pub(super) fn open_npz(path: &Path) -> Result<Self> {
        let arrays = npz::read_arrays(path)?;
        if arrays.is_empty() {
            return Err(Error::data("there is no array in the file").file(path.display()));
        }
        Ok(Self { path: path.to_owned(), arrays })
    }

    /// The array of this name, whole.
    pub(super) fn array(&self, name: &str) -> Option<Result<Tensor>> {
        let array = self.arrays.iter().find(|array| !name.is_empty() && array.name == name)?;
        Some(array.read_all().map_err(|error| array.place(error)))
    }

    /// The only array of the file, whole.
    pub(super) fn only_array(&self) -> Result<Tensor> {
        match self.arrays.as_slice() {
            [array] => array.read_all().map_err(|error| array.place(error)),
            arrays => Err(Error::internal(format!("{} arrays", arrays.len()))),
        }
    }

    /// Every array whole, by name: for files of one sample each.
    pub(super) fn read_all(&self, options: &Options) -> Result<Vec<(String, Tensor)>> {
        let is_data = |array: &&Array| options.labels.as_deref() != Some(array.name.as_str());
        let whole = |array: &Array| {
            let tensor = array.read_all().map_err(|error| array.place(error));
            Ok((array.name.clone(), tensor?))
        };
        self.arrays.iter().filter(is_data).map(whole).collect()
    }

    /// Names of the arrays, for messages.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.arrays.iter().map(|array| array.name.as_str()).collect();
        names.join(", ")
    }

    /// Samples for a model, read as they are asked for.
    pub(super) fn samples(&self, graph: &Graph, options: &Options) -> Result<Samples> {
        let feeds = self.bind(graph, options).map_err(|error| error.file(self.path.display()))?;
        let n_samples = self.count(graph, &feeds).map_err(|error| error.file(self.path.display()))?;
        let mut batches = feeds.iter().filter(|feed| feed.n_samples.is_some()).map(|feed| feed.batch);
        let batch = batches.next().flatten().filter(|batch| batches.all(|other| other == Some(*batch)));
        let notes = feeds.iter().map(|feed| ("data".to_owned(), feed.describe(graph))).collect();
        let readers: Vec<FeedReader> = feeds.iter().map(Feed::open).collect::<Result<_>>()?;
        let rows = Rows { readers, n_inputs: graph.body.inputs.len(), n_samples, next: 0 };
        Ok(Samples::new(n_samples, batch, notes, rows))
    }

    /// Finds an array for each input.
    fn bind(&self, graph: &Graph, options: &Options) -> Result<Vec<Feed>> {
        let chosen = self.choose(graph, options)?;
        for (position, name) in required_inputs(graph) {
            if !chosen.iter().any(|(input, _)| *input == position) {
                let help = format!("name the array like the input; the file has: {}", self.names());
                return Err(Error::data("the data has nothing for this input").value(name).help(help));
            }
        }
        chosen.into_iter().map(|(position, array)| Feed::new(graph, position, array.clone())).collect()
    }

    fn choose(&self, graph: &Graph, options: &Options) -> Result<Vec<(usize, &Array)>> {
        let mut chosen: Vec<(usize, &Array)> = Vec::new();
        for (input, name) in &options.arrays {
            let position = input_position(graph, input)?;
            let Some(array) = self.arrays.iter().find(|array| &array.name == name) else {
                let help = format!("its arrays are: {}", self.names());
                return Err(Error::data(format!("there is no array `{name}`")).help(help));
            };
            chosen.push((position, array));
        }
        let is_data = |array: &&Array| options.labels.as_deref() != Some(array.name.as_str());
        let rest: Vec<&Array> = self.arrays.iter().filter(is_data).collect();
        if let ([array], [(position, _)], []) =
            (rest.as_slice(), required_inputs(graph).as_slice(), chosen.as_slice())
            && input_position(graph, &array.name).is_err()
        {
            return Ok(vec![(*position, array)]);
        }
        for array in rest {
            match input_position(graph, &array.name) {
                Ok(position) if chosen.iter().all(|(input, _)| *input != position) => {
                    chosen.push((position, array));
                }
                Err(error) if options.arrays.is_empty() => return Err(explain(error, array)),
                _ => {}
            }
        }
        Ok(chosen)
    }

    /// Number of samples, on which all arrays agree.
    fn count(&self, graph: &Graph, feeds: &[Feed]) -> Result<usize> {
        let name = |feed: &Feed| graph[graph.body.inputs[feed.input]].name().to_owned();
        let mut count: Option<(usize, String)> = None;
        for feed in feeds {
            let Some(n_samples) = feed.n_samples else { continue };
            match &count {
                Some((expected, first)) if *expected != n_samples => {
                    let message = format!("{n_samples} samples, but `{first}` has {expected}");
                    return Err(Error::data(message)
                        .value(name(feed))
                        .help("all arrays need the same number of samples, in the same order"));
                }
                _ => count = Some((n_samples, name(feed))),
            }
        }
        match count {
            Some((0, first)) => Err(Error::data("the array has no samples").value(first)),
            Some((n_samples, _)) => Ok(n_samples),
            None => Ok(1),
        }
    }
}

fn input_position(graph: &Graph, name: &str) -> Result<usize> {
    let names: Vec<&str> = graph.body.inputs.iter().map(|&id| graph[id].name()).collect();
    names.iter().position(|input| *input == name).ok_or_else(|| {
        Error::data(format!("the model has no input `{name}`"))
            .help(format!("its inputs are: {}", names.join(", ")))
    })
}

/// An array that is no input: what it may be, and how to say so.
fn explain(error: Error, array: &Array) -> Error {
    let name = &array.name;
    if name.is_empty() {
        return Error::data("a .npy file holds one array, but the model has several inputs")
            .help(error.help_text().unwrap_or("").to_owned() + "; save them by name with `numpy.savez`");
    }
    let help = format!(
        "{}; if `{name}` holds the labels, say `--labels {name}`; to choose arrays, say `--array INPUT=ARRAY`",
        error.help_text().unwrap_or("")
    );
    Error::data(error.message()).help(help)
}

/// Reads the arrays in step.
struct Rows {
    readers: Vec<FeedReader>,
    n_inputs: usize,
    n_samples: usize,
    next: usize,
}

impl Iterator for Rows {
    type Item = Result<Sample>;

    fn next(&mut self) -> Option<Result<Sample>> {
        let index = self.next;
        if index == self.n_samples {
            return None;
        }
        self.next += 1;
        let mut feeds = vec![None; self.n_inputs];
        for reader in &mut self.readers {
            match reader.next() {
                Ok(tensor) => feeds[reader.input()] = Some(tensor),
                Err(error) => {
                    self.next = self.n_samples;
                    return Some(Err(error.sample(index)));
                }
            }
        }
        Some(Ok(Sample { index, feeds }))
    }
}
