//! How the rows of an array become samples for an input of the model.
//!
//! With an array of shape A and an input of type T:
//! - rank(A) = rank(T) + 1: the leading axis of A counts the samples;
//! - rank(A) = rank(T), and T's first dimension is 1 or open: rows are samples with a leading dimension of 1;
//! - rank(A) = rank(T), and T's first dimension is k > 1: an array of k rows is one sample for all,
//!   a multiple of k is cut into groups of k, anything else is an error;
//! - rank(T) = 0: an array without dimensions is the same for all samples.

use super::array::{Array, Elements};
use super::convert::{can_widen, widen};
use crate::error::{Error, Result};
use crate::graph::{Graph, ValueId};
use crate::tensor::{DType, Dim, Tensor, TensorType};

/// An array bound to an input.
#[derive(Clone, Debug)]
pub(super) struct Feed {
    /// Position of the input in `graph.body.inputs`.
    pub(super) input: usize,
    /// Where the numbers are.
    pub(super) array: Array,
    /// Number of samples; `None` for one that serves all.
    pub(super) n_samples: Option<usize>,
    /// Rows of the model's leading dimension that a sample takes; `None` where the samples' axis is one more.
    pub(super) batch: Option<usize>,
    /// What the model takes.
    shape: Vec<usize>,
    dtype: DType,
}

impl Feed {
    /// Applies the rules of this module; errors name array and input.
    pub(super) fn new(graph: &Graph, input: usize, array: &Array) -> Result<Self> {
        let id = graph.body.inputs[input];
        Self::bind(graph, id, input, array).map_err(|error| {
            let error = error.value(graph[id].name());
            array.place(error)
        })
    }

    fn bind(graph: &Graph, id: ValueId, input: usize, array: &Array) -> Result<Self> {
        let (ty, dims) = input_type(graph, id)?;
        let dtype = array.header.dtype()?;
        array.header.data_length()?;
        check_dtype(dtype, ty.dtype)?;
        let shape = &array.header.shape;
        let split = split(&dims, shape)?.filter(|split| ty.admits(ty.dtype, &split.shape));
        let Split { n_samples, batch, shape } = split.ok_or_else(|| misfit(ty, shape))?;
        Ok(Self { input, array: array.clone(), n_samples, batch, shape, dtype: ty.dtype })
    }

    /// How the array is used, for people.
    pub(super) fn describe(&self, graph: &Graph) -> String {
        let name = graph[graph.body.inputs[self.input]].name();
        let how = match (self.n_samples, self.batch) {
            (None, _) => "one for all samples".to_owned(),
            (Some(n), None | Some(1)) => format!("{n} samples"),
            (Some(n), Some(batch)) => format!("{n} samples of {batch} rows"),
        };
        format!("{name}: {}, {how}", self.array.describe())
    }

    /// Starts to read.
    pub(super) fn open(&self) -> Result<FeedReader> {
        let elements = self.array.open().map_err(|error| self.array.place(error))?;
        let mut reader = FeedReader { feed: self.clone(), elements, constant: None };
        if self.n_samples.is_none() {
            reader.constant = Some(reader.read()?);
        }
        Ok(reader)
    }
}

/// Reads one sample after the other.
pub(super) struct FeedReader {
    feed: Feed,
    elements: Elements,
    constant: Option<Tensor>,
}

impl FeedReader {
    /// Position of the input.
    pub(super) fn input(&self) -> usize {
        self.feed.input
    }

    /// The next sample, or the one that serves all.
    pub(super) fn next(&mut self) -> Result<Tensor> {
        match &self.constant {
            Some(tensor) => Ok(tensor.clone()),
            None => self.read(),
        }
    }

    fn read(&mut self) -> Result<Tensor> {
        let tensor = self.elements.read(self.feed.shape.clone());
        let tensor = tensor.and_then(|tensor| widen(tensor, self.feed.dtype));
        tensor.map_err(|error| self.feed.array.place(error))
    }
}

/// How an array is cut into samples.
struct Split {
    n_samples: Option<usize>,
    batch: Option<usize>,
    shape: Vec<usize>,
}

/// Cuts an array of `shape` for an input of `dims`; `None` if the ranks do not fit.
fn split(dims: &[Dim], shape: &[usize]) -> Result<Option<Split>> {
    if shape.len() == dims.len() + 1 {
        return Ok(Some(Split { n_samples: Some(shape[0]), batch: None, shape: shape[1..].to_vec() }));
    }
    if shape.len() != dims.len() {
        return Ok(None);
    }
    let (Some(first), Some(&n_rows)) = (dims.first(), shape.first()) else {
        return Ok(Some(Split { n_samples: None, batch: None, shape: Vec::new() }));
    };
    let batch = first.known().unwrap_or(1);
    let n_samples = match batch {
        0 => return Ok(None),
        1 => Some(n_rows),
        _ if n_rows == batch => None,
        _ if n_rows.is_multiple_of(batch) => Some(n_rows / batch),
        _ => {
            let message =
                format!("{n_rows} rows do not divide into the {batch} that the model takes at a time");
            let help = format!("add or leave out rows so that their number is a multiple of {batch}");
            return Err(Error::data(message).help(help));
        }
    };
    let shape = std::iter::once(batch).chain(shape[1..].iter().copied()).collect();
    Ok(Some(Split { n_samples, batch: Some(batch), shape }))
}

/// The type of an input whose rank is known.
pub(super) fn input_type(graph: &Graph, id: ValueId) -> Result<(&TensorType, Vec<Dim>)> {
    let unknown = || {
        Error::unsupported("the model does not say how many dimensions this input has")
            .help("give the data as a folder of .npz files, one sample each")
            .value(graph[id].name())
    };
    let ty = graph[id].ty.as_ref().ok_or_else(unknown)?;
    let dims = ty.shape.clone().ok_or_else(unknown)?;
    Ok((ty, dims))
}

/// An error unless numbers of type `found` may be fed where the model takes `expected`.
pub(super) fn check_dtype(found: DType, expected: DType) -> Result<()> {
    if can_widen(found, expected) {
        return Ok(());
    }
    let name = match expected {
        DType::F32 => "float32",
        DType::F64 => "float64",
        DType::F16 => "float16",
        DType::I8 => "int8",
        DType::U8 => "uint8",
        DType::I16 => "int16",
        DType::U16 => "uint16",
        DType::I32 => "int32",
        DType::U32 => "uint32",
        DType::I64 => "int64",
        DType::U64 => "uint64",
        DType::Bool => "bool",
        DType::Bf16
        | DType::I4
        | DType::U4
        | DType::I2
        | DType::U2
        | DType::F8E4m3fn
        | DType::F8E4m3fnuz
        | DType::F8E5m2
        | DType::F8E5m2fnuz
        | DType::F8E8m0
        | DType::F4E2m1
        | DType::Str => {
            return Err(Error::unsupported(format!("data for an input of type {expected}")));
        }
    };
    Err(Error::data(format!("the model takes {expected}, but the data is {found}"))
        .help(format!("prepare the data as the model expects it, then save it with `x.astype('{name}')`")))
}

fn misfit(ty: &TensorType, shape: &[usize]) -> Error {
    Error::data(format!("the model takes {ty}, which samples of an array of shape {shape:?} do not fit"))
        .help("the leading axis counts samples; the others must be those of the input")
}
