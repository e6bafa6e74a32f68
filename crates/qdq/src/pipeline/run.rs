//! A model over a data set, its outputs into an `.npz`.

use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use serde::Serialize;

use super::exactness::{as_run, program};
use super::output_file::OutputFile;
use super::{Exactness, Progress, for_each_sample};
use crate::data::{Dataset, NpzWriter, npy_elements};
use crate::error::{Error, Result};
use crate::exec::Taps;
use crate::graph::Graph;
use crate::profiles::Runtime;
use crate::tensor::{DType, Tensor};

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Number of samples.
    pub n_samples: usize,
    /// The arrays, in the order of the model's outputs.
    pub outputs: Vec<OutputArray>,
    /// What was done to the data.
    pub data: Vec<(String, String)>,
    /// What the profile promised, if there was one.
    pub exactness: Option<Exactness>,
}

/// An array that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutputArray {
    /// Name of the output.
    pub name: String,
    /// Element type.
    pub dtype: String,
    /// Dimensions, all samples together.
    pub shape: Vec<usize>,
}

/// Runs a model on all samples and writes its outputs to an `.npz`, arrays named like the outputs; with a runtime, in its
/// integers.
///
/// Outputs of samples lie side by side along the leading axis where the samples did, else along a new one.
/// bf16 is written as f32. The file is written whole or not at all.
///
/// # Errors
/// Data that does not fit; a node that fails; an output whose shape differs from sample to sample.
pub fn run(
    graph: Graph,
    dataset: &Dataset,
    runtime: Option<&Runtime>,
    out: impl AsRef<Path>,
    n_threads: usize,
    progress: &dyn Progress,
) -> Result<Run> {
    let out = out.as_ref();
    let samples = dataset.samples(&graph)?;
    let data = samples.notes().to_vec();
    let (n_samples, batch) = (samples.len(), samples.batch());
    let names: Vec<String> = graph.body.outputs.iter().map(|&id| graph[id].name().to_owned()).collect();
    let mut archive = OutputFile::create(out)?;
    let mut columns = Vec::with_capacity(names.len());
    for name in names {
        let file = BufWriter::new(OutputFile::create(out)?);
        columns.push(Column { name, file, layout: None, batch, n_samples: 0 });
    }
    let (program, exactness) = program(as_run(graph, runtime)?, runtime, Taps::new())?;
    progress.start("running", n_samples);
    let work = |(): &mut (), sample: crate::data::Sample| program.run(sample.feeds, &mut |_, _| Ok(()));
    for_each_sample(
        samples,
        n_threads,
        progress,
        || (),
        work,
        |_, outputs| columns.iter_mut().zip(&outputs).try_for_each(|(column, output)| column.push(output)),
    )?;
    progress.finish();
    let outputs = assemble(columns, &mut archive)?;
    archive.persist()?;
    Ok(Run { n_samples, outputs, data, exactness })
}

/// One output of all samples, kept in a file until its length is known.
struct Column {
    name: String,
    file: BufWriter<OutputFile>,
    /// Type and shape of a sample's output.
    layout: Option<(DType, Vec<usize>)>,
    batch: Option<usize>,
    n_samples: usize,
}

impl Column {
    fn push(&mut self, output: &Tensor) -> Result<()> {
        let (dtype, shape) = self.layout.get_or_insert_with(|| (output.dtype(), output.shape().to_vec()));
        if output.dtype() != *dtype || output.shape() != shape {
            let message = format!("its shape is {:?}, but {shape:?} for the first sample", output.shape());
            return Err(Error::unsupported(message).value(&self.name).help(
                "one array holds outputs of one shape: run samples of different shapes by themselves",
            ));
        }
        self.n_samples += 1;
        npy_elements(output, &mut self.file).map_err(|error| Error::io(&self.name, &error))
    }

    /// Dimensions of all samples' outputs together.
    fn shape(&self, one: &[usize]) -> Vec<usize> {
        match one.split_first() {
            Some((first, rest)) if Some(*first) == self.batch => {
                std::iter::once(first * self.n_samples).chain(rest.iter().copied()).collect()
            }
            _ => std::iter::once(self.n_samples).chain(one.iter().copied()).collect(),
        }
    }
}

fn assemble(columns: Vec<Column>, archive: &mut OutputFile) -> Result<Vec<OutputArray>> {
    let mut writer = NpzWriter::new(BufWriter::new(&mut archive.file));
    let mut outputs = Vec::with_capacity(columns.len());
    for column in columns {
        let Some((dtype, one)) = &column.layout else {
            return Err(Error::internal("an output without samples").value(&column.name));
        };
        let shape = column.shape(one);
        let (name, dtype) = (column.name, *dtype);
        let io_error = |error: std::io::Error| Error::io(&name, &error);
        let mut file = column.file.into_inner().map_err(|error| io_error(error.into_error()))?;
        file.file.seek(SeekFrom::Start(0)).map_err(io_error)?;
        writer.add(&name, dtype, &shape, &mut file.file)?;
        outputs.push(OutputArray { name, dtype: dtype.to_string(), shape });
    }
    let mut file = writer.finish()?;
    file.flush().map_err(|error| Error::io("the .npz", &error))?;
    Ok(outputs)
}
