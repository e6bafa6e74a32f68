//! Data sets: samples for a model's inputs, read one at a time.
//!
//! | source | samples |
//! |---|---|
//! | `x.npy` | rows of the array; for a model with one input |
//! | `x.npz` | rows of the arrays, which are named like the inputs; one array of any name serves a single input |
//! | folder of `.npz` or `.npy` | one sample a file, of any shape the model takes |
//! | folder of `.jpg`, `.png`, `.bmp` | one sample a file, preprocessed as [`ImageOptions`] say |
//! | folder with `test_data_set_*` | one sample a folder: `input_0.pb` … |
//!
//! Nothing is guessed and no row is dropped: what does not fit is an error, and [`Samples::notes`] says what was done.
//! Memory does not grow with the number of samples. To go through the data again, ask for [`Dataset::samples`] again.

mod array;
mod arrays;
mod convert;
mod feed;
mod files;
mod image_file;
mod image_options;
mod images;
mod labels;
mod npy;
mod npy_dict;
mod npz;
mod npz_write;
mod onnx_folders;
mod sample;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use convert::check_finite;
pub use image_options::{Channels, ImageOptions, Layout, Resize, parse_size};
pub(crate) use npz_write::npy_elements;
pub use npz_write::{NpzWriter, npy_header};
pub use sample::{Sample, Samples};

use crate::error::{Error, Result};
use crate::graph::Graph;
use arrays::ArrayFile;
use files::FileFolder;
use images::ImageFolder;
use onnx_folders::OnnxFolders;

/// How to read a data set.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Arrays for inputs of another name: input, then array.
    pub arrays: Vec<(String, String)>,
    /// The labels: an array of the `.npz`, or the path of a `.npy`.
    pub labels: Option<String>,
    /// Reads no more samples than this, from the front.
    pub n_samples: Option<usize>,
    /// What to do with images.
    pub images: ImageOptions,
}

/// A data set; opening it looks at names and shapes only.
#[derive(Clone, Debug)]
pub struct Dataset {
    path: PathBuf,
    source: Source,
    options: Options,
}

#[derive(Clone, Debug)]
enum Source {
    Arrays(ArrayFile),
    Files(FileFolder),
    Images(ImageFolder),
    Onnx(OnnxFolders),
}

impl Dataset {
    /// Opens a file or folder; the name's ending tells what it is.
    ///
    /// # Errors
    /// A path that does not exist, of an unknown kind, empty, or cut short.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Self> {
        let path = path.as_ref();
        let metadata = std::fs::metadata(path).map_err(|error| {
            Error::io(path.display(), &error).help("--data names a .npy or .npz file, or a folder")
        })?;
        let source = if metadata.is_dir() { open_folder(path)? } else { open_file(path)? };
        if !options.images.is_empty() && !matches!(source, Source::Images(_)) {
            return Err(Error::usage("the options for images say nothing to this data: it holds arrays")
                .file(path.display())
                .help("leave them out, or name a folder of images"));
        }
        Ok(Self { path: path.to_owned(), source, options: options.clone() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is read.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The same data, no more than `n_samples` of it, from the front.
    pub fn first(&self, n_samples: usize) -> Self {
        let limit = self.options.n_samples.map_or(n_samples, |limit| limit.min(n_samples));
        let options = Options { n_samples: Some(limit), ..self.options.clone() };
        Self { options, ..self.clone() }
    }

    /// Samples for a model, from the first.
    ///
    /// # Errors
    /// Data that does not fit the model's inputs, or none at all.
    pub fn samples(&self, graph: &Graph) -> Result<Samples> {
        let samples = match &self.source {
            Source::Arrays(file) => file.samples(graph, &self.options),
            Source::Files(folder) => folder.samples(graph, &self.options),
            Source::Images(folder) => folder.samples(graph, &self.options.images),
            Source::Onnx(folders) => folders.samples(graph),
        };
        let samples = samples.map_err(|error| error.file(self.path.display()))?;
        Ok(match self.options.n_samples {
            Some(limit) => samples.limit(limit),
            None => samples,
        })
    }

    /// Number of samples for a model.
    ///
    /// # Errors
    /// As [`Dataset::samples`].
    pub fn len(&self, graph: &Graph) -> Result<usize> {
        Ok(self.samples(graph)?.len())
    }
}

fn open_file(path: &Path) -> Result<Source> {
    match ending(path).as_str() {
        "npy" => Ok(Source::Arrays(ArrayFile::open_npy(path)?)),
        "npz" => Ok(Source::Arrays(ArrayFile::open_npz(path)?)),
        _ => Err(Error::unsupported("this is no kind of data that qdq reads").file(path.display()).help(
            "data is a .npy or .npz file, or a folder of images, of .npz files, or of ONNX test_data_set_* folders",
        )),
    }
}

fn open_folder(path: &Path) -> Result<Source> {
    if let Some(folders) = OnnxFolders::find(path)? {
        return Ok(Source::Onnx(folders));
    }
    let io_error = |error: std::io::Error| Error::io(path.display(), &error);
    let (mut images, mut arrays) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(path).map_err(io_error)? {
        let entry = entry.map_err(io_error)?.path();
        match ending(&entry).as_str() {
            "jpg" | "jpeg" | "png" | "bmp" => images.push(entry),
            "npz" | "npy" => arrays.push(entry),
            _ => {}
        }
    }
    images.sort();
    arrays.sort();
    match (images.is_empty(), arrays.is_empty()) {
        (false, true) => Ok(Source::Images(ImageFolder::new(images))),
        (true, false) => Ok(Source::Files(FileFolder::new(arrays))),
        (true, true) => {
            Err(Error::data("the folder holds no images (.jpg, .png, .bmp) and no .npz or .npy files")
                .file(path.display()))
        }
        (false, false) => Err(Error::data("the folder holds both images and arrays")
            .file(path.display())
            .help("keep one kind in a folder")),
    }
}

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// Positions and names of the inputs without a default.
fn required_inputs(graph: &Graph) -> Vec<(usize, &str)> {
    let inputs = graph.body.inputs.iter().enumerate();
    inputs.filter(|(_, id)| graph[**id].constant.is_none()).map(|(at, &id)| (at, graph[id].name())).collect()
}
