//! Labels: the right answers.

use std::path::Path;

use super::arrays::ArrayFile;
use super::{Dataset, Source};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

impl Dataset {
    /// The labels, in the order of the data, flat; `None` if none were asked for.
    ///
    /// [`super::Options::labels`] names an array of the `.npz`, or a `.npy` file.
    ///
    /// # Errors
    /// A name that is neither, or labels that are no integers of 0 or more.
    pub fn labels(&self) -> Result<Option<Vec<usize>>> {
        let Some(name) = &self.options.labels else { return Ok(None) };
        let tensor = match &self.source {
            Source::Arrays(file) => file.array(name),
            Source::Files(_) | Source::Images(_) | Source::Onnx(_) => None,
        };
        let tensor = match tensor {
            Some(tensor) => tensor?,
            None => self.label_file(name)?,
        };
        read_labels(&tensor).map_err(|error| error.value(name).file(self.path.display())).map(Some)
    }

    fn label_file(&self, name: &str) -> Result<Tensor> {
        let path = Path::new(name);
        if path.extension().is_some_and(|ending| ending == "npy") {
            return ArrayFile::open_npy(path)?.only_array();
        }
        let error =
            Error::data(format!("there are no labels `{name}` in the data")).file(self.path.display());
        Err(match &self.source {
            Source::Arrays(file) if !file.names().is_empty() => {
                error.help(format!("its arrays are: {}; a .npy file may hold the labels too", file.names()))
            }
            _ => error.help("name a .npy file that holds them"),
        })
    }
}

fn read_labels(tensor: &Tensor) -> Result<Vec<usize>> {
    let shape = tensor.shape();
    if tensor.dtype().is_float() || shape.is_empty() {
        return Err(Error::data(format!(
            "labels must be integers, one a sample, but are {}",
            tensor.tensor_type()
        ))
        .help("save them with `y.astype('int64')`; one-hot labels with `y.argmax(-1)`"));
    }
    let label = |(index, label): (usize, i64)| {
        usize::try_from(label)
            .map_err(|_| Error::data(format!("the label {label} is negative")).sample(index))
    };
    tensor.to_i64_vec()?.into_iter().enumerate().map(label).collect()
}
