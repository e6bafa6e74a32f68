//! Model files: which format, and from and to the disk.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use bytes::Bytes;

use super::output_file::OutputFile;
use super::scratch::Scratch;
use crate::error::{Error, Result};
use crate::formats::{onnx, tflite};
use crate::graph::{Graph, text};
use crate::ops::Op;
use crate::tensor::pages;
use crate::{passes, profiles};

/// The oldest operator set of quantized models: what runtimes put in the place of quantize and dequantize while they load
/// a model of an older one (`Round`, `Clip` with bounds as inputs) is not in it.
const QUANTIZED_OPSET: i64 = 13;

/// Largest text of a graph that is read.
const MAX_TEXT: usize = 1 << 28;

/// A format of model files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The text form of the graph.
    Text,
    /// ONNX.
    Onnx,
    /// TFLite.
    Tflite,
}

impl Format {
    /// The format in which a file of this name is written: by its ending, ONNX where that says nothing.
    pub fn of_name(path: impl AsRef<Path>) -> Self {
        let ending = path.as_ref().extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("qir") => Format::Text,
            Some("tflite") => Format::Tflite,
            _ => Format::Onnx,
        }
    }

    /// The format of a file's content; `None` if it is none that is read.
    fn of_content(path: &Path, bytes: &[u8]) -> Option<Self> {
        if bytes.get(4..8) == Some(tflite::IDENTIFIER) {
            return Some(Format::Tflite);
        }
        match Self::of_name(path) {
            Format::Text => Some(Format::Text),
            Format::Onnx | Format::Tflite => foreign_format(bytes).is_none().then_some(Format::Onnx),
        }
    }
}

/// What came of writing a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenModel {
    /// The operator set used, for ONNX.
    pub opset: Option<i64>,
    /// Float ops that a model with integer ops keeps, for TFLite.
    pub left_in_float: Vec<String>,
}

/// Reads a model: `.qir` is the text form, TFLite is known by its content, anything else is ONNX.
///
/// The file is mapped into memory, and so are side files; weights are not copied.
///
/// # Errors
/// A file that is missing, of another format, damaged, or breaks a rule of the graph.
pub fn read_model(path: impl AsRef<Path>) -> Result<Graph> {
    read_verified(path.as_ref(), None, onnx::read)
}

/// Reads a model that may be larger than memory: weights that cannot be used where they lie, as in most ONNX files of one
/// piece, go to a file in the folder of `out` that is gone when this returns.
///
/// # Errors
/// As [`read_model`]; a folder that cannot be written to.
pub fn read_large_model(path: impl AsRef<Path>, out: impl AsRef<Path>) -> Result<Graph> {
    read_verified(path.as_ref(), Some(Scratch::beside(out.as_ref())?), onnx::read)
}

/// Reads a model and keeps the operators of an ONNX file that compute in integers (`QLinearConv`, `MatMulInteger` …) as they
/// are: for whoever asks what a runtime does with that very file.
///
/// # Errors
/// As [`read_model`].
pub fn read_model_as_written(path: impl AsRef<Path>) -> Result<Graph> {
    read_verified(path.as_ref(), None, |bytes, files| {
        onnx::read_keeping(bytes, files, profiles::ONNXRUNTIME.operators)
    })
}

/// The folder of a model, with its side files.
struct Folder<'p> {
    path: &'p Path,
    /// Where large tensors go that lie unaligned in their file; if nowhere, into memory.
    scratch: Option<RefCell<Scratch>>,
}

impl onnx::Files for Folder<'_> {
    fn side_file(&self, name: &str) -> Result<Bytes> {
        map(&self.path.join(name))
    }

    fn aligned(&self, bytes: Bytes) -> Result<Bytes> {
        match &self.scratch {
            Some(scratch) => scratch.borrow_mut().keep_bytes(&bytes),
            None => Ok(bytes),
        }
    }
}

/// How bytes of an ONNX file become a graph.
type ReadOnnx = fn(Bytes, &dyn onnx::Files) -> Result<Graph>;

fn read_verified(path: &Path, scratch: Option<Scratch>, read_onnx: ReadOnnx) -> Result<Graph> {
    let graph = read(path, scratch, read_onnx).map_err(|error| error.file(path.display()))?;
    graph.verify().map_err(|error| error.file(path.display()))?;
    Ok(graph)
}

fn read(path: &Path, scratch: Option<Scratch>, read_onnx: ReadOnnx) -> Result<Graph> {
    let bytes = map(path)?;
    if bytes.is_empty() {
        return Err(Error::malformed("the file is empty"));
    }
    match Format::of_content(path, &bytes) {
        Some(Format::Text) => read_text(&bytes),
        Some(Format::Tflite) => tflite::read(bytes),
        Some(Format::Onnx) => {
            let path = path.parent().unwrap_or(Path::new(""));
            read_onnx(bytes, &Folder { path, scratch: scratch.map(RefCell::new) })
        }
        None => {
            let format = foreign_format(&bytes).unwrap_or("no model");
            Err(Error::unsupported(format!("this is {format}, not ONNX or TFLite"))
                .help("qdq reads ONNX (.onnx) and TFLite (.tflite) models and its own text form (.qir)"))
        }
    }
}

fn read_text(bytes: &[u8]) -> Result<Graph> {
    if bytes.len() > MAX_TEXT {
        return Err(Error::malformed(format!("a text of {} bytes", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Error::malformed(format!("not text: {error}")))?;
    let mut graph = text::parse(text)?;
    graph.infer()?;
    Ok(graph)
}

/// What the first bytes say a file is, if that is no ONNX.
fn foreign_format(bytes: &[u8]) -> Option<&'static str> {
    let starts = [
        (&b"PK\x03\x04"[..], "a zip archive (a PyTorch, Keras or .npz file)"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file (a Keras model)"),
        (b"\x93NUMPY", "a NumPy array"),
        (b"graph", "qdq's text form (its name should end in .qir)"),
        (b"{", "JSON"),
    ];
    starts.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, name)| *name)
}

/// Writes a model, whole or not at all: the text form for `.qir`, TFLite for `.tflite`, ONNX for anything else.
///
/// A model too large for one file gets a side file, `<name>.data` beside it. `max_opset` is the newest ONNX operator
/// set that the model's reader understands.
///
/// # Errors
/// A graph that the format cannot express; a folder that cannot be written to.
pub fn write_model(graph: &Graph, path: impl AsRef<Path>, max_opset: i64) -> Result<WrittenModel> {
    let path = path.as_ref();
    write(graph, path, max_opset).map_err(|error| error.file(path.display()))
}

fn write(graph: &Graph, path: &Path, max_opset: i64) -> Result<WrittenModel> {
    match Format::of_name(path) {
        Format::Text => write_text(graph, path).map(|()| WrittenModel::default()),
        Format::Tflite => {
            let written = tflite::write(graph, &tflite::WriteOptions::default())?;
            write_file(path, written.model)?.persist()?;
            Ok(WrittenModel { opset: None, left_in_float: written.left_in_float })
        }
        Format::Onnx => {
            let opset = write_onnx(graph, path, max_opset)?;
            Ok(WrittenModel { opset: Some(opset), left_in_float: Vec::new() })
        }
    }
}

fn write_text(graph: &Graph, path: &Path) -> Result<()> {
    let text = text::print(graph);
    text::parse(&text).map_err(|_| {
        Error::unsupported("the text form does not hold constants of more than 16 numbers")
            .help("write an .onnx file; `qdq inspect --text` prints the graph")
    })?;
    write_file(path, [text])?.persist()
}

fn write_onnx(graph: &Graph, path: &Path, max_opset: i64) -> Result<i64> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let side_file = format!("{name}.data");
    let mut options = onnx::WriteOptions { max_opset, side_file, ..onnx::WriteOptions::default() };
    if has_op(graph, |op| matches!(op, Op::Quantize(_) | Op::Dequantize(_))) {
        options.min_opset = QUANTIZED_OPSET.min(max_opset);
    }
    // ONNX quantizes to the whole range of a type only.
    let written = if has_op(graph, |op| matches!(op, Op::Quantize(_))) {
        let mut legal = graph.clone();
        passes::apply(&mut legal, &[&passes::ClipBeforeQuantize])?;
        onnx::write(&legal, &options)?
    } else {
        onnx::write(graph, &options)?
    };
    let model = write_file(path, written.model.iter().map(onnx::Piece::bytes))?;
    if let Some(side_file) = &written.side_file {
        let pieces = side_file.pieces.iter().map(onnx::Piece::bytes);
        // The model comes last: where it is, all of it is.
        write_file(&path.with_file_name(&side_file.name), pieces)?.persist()?;
    }
    model.persist()?;
    Ok(written.opset)
}

fn has_op(graph: &Graph, is_it: impl Fn(&Op) -> bool) -> bool {
    let mut found = false;
    graph.body.for_each_node(&mut |node| found |= is_it(&node.op));
    found
}

fn write_file<B: AsRef<[u8]>>(path: &Path, pieces: impl IntoIterator<Item = B>) -> Result<OutputFile> {
    let mut file = OutputFile::create(path)?;
    for piece in pieces {
        file.write_all(piece.as_ref()).map_err(|error| Error::io(path.display(), &error))?;
        pages::give_back(piece.as_ref());
    }
    Ok(file)
}

fn map(path: &Path) -> Result<Bytes> {
    let io_error = |error: std::io::Error| Error::io(path.display(), &error);
    let metadata = std::fs::metadata(path).map_err(io_error)?;
    if metadata.is_dir() {
        return Err(Error::usage("this is a folder").file(path.display()).help("name the model's file"));
    }
    let file = File::open(path).map_err(io_error)?;
    pages::map(&file, 0, metadata.len() as usize).map_err(io_error)
}
