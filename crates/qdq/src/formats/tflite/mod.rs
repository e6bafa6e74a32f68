//! TFLite: reads and writes the flatbuffers of the `LiteRT` runtime.
//!
//! [`read()`] takes the bytes of a model, which may be those of a memory-mapped file; [`write()`] gives bytes. Neither
//! opens a file. How operators are spelled is in `ops/`.
//!
//! - Images lie channels last in TFLite and channels first in the hub. The reader puts transposes around each op for
//!   which this matters, and [`push_transposes`](crate::passes::push_transposes) cancels those between them; the writer
//!   does the same the other way round. Inputs and outputs of the model keep the order that they have.
//! - An integer op is read as `dequantize → op → quantize` with the file's parameters, and written as an integer op
//!   where it stands so; ops that only move elements work on the integers themselves.
//! - Padding `SAME` and `VALID` becomes numbers of elements where the sizes are known, and back.
//! - Ops that the op table lacks are kept verbatim as [`crate::ops::Custom`].
//! - Names of inputs and outputs are those of the first signature.
//! - A float op with integer weights quantizes its input while it runs. It is read as float op with dequantized weights,
//!   and the model gets a property by which it is written back so; a `qdq run` does not quantize the input.
//! - Not kept: ranges that calibration found (`min` and `max`), which no runtime uses.

mod activation;
mod blocks;
mod constant;
mod custom;
mod dtype;
mod layout;
mod limits;
mod node_reader;
mod node_writer;
mod ops;
mod padding;
mod read;
mod spec;
mod subgraph;
mod tensor;
mod unit;
mod unsigned;
mod versions;
mod write;

pub use read::{read, set_dynamic_range};
pub use write::{WriteOptions, Written, write};

/// What stands at bytes 4 to 8 of a file.
pub const IDENTIFIER: &[u8; 4] = b"TFL3";

fn damaged(error: qdq_schema::flatbuffer::Damaged) -> crate::error::Error {
    crate::error::Error::malformed(format!("a damaged file: {error}"))
        .help("check that the file is complete; fetch or export it again")
}
