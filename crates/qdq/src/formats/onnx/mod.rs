//! ONNX: reads operator sets 7 to 28, writes the lowest one that can express the model.
//!
//! [`read()`] takes the bytes of a model, which may be those of a memory-mapped file, and a function that gives the bytes of
//! its side files (or other [`Files`]); [`write()`] gives bytes. Neither opens a file. How operators are spelled is in `ops/`.
//!
//! - `Constant` nodes become constants, functions of the model take the place of the nodes that call them,
//!   bodies of `If`, `Loop` and `Scan` become regions.
//! - Operators of other domains and those that the op table lacks are kept verbatim as [`crate::ops::Custom`].
//! - `QuantizeLinear` and `DequantizeLinear` with constant parameters become the hub's bridges; `QLinearConv` and
//!   `QLinearMatMul` become real-valued ops between bridges, operators of `ai.onnx.ml` a few ops of the hub.
//! - Before IR version 4, inputs with an initializer are constants; later, they are inputs with a default.
//! - What a file says of types beside inputs and outputs is a hint, used where it agrees with what is computed.
//! - Doc strings and `metadata_props` of single nodes and values are not kept.

mod attributes;
mod constant;
mod custom;
mod dtype;
mod external;
mod function;
mod names;
mod node_reader;
mod node_writer;
mod ops;
mod pieces;
mod read;
mod scope;
mod sort;
mod tensor_read;
mod tensor_write;
mod value_info;
mod versions;
mod write;

pub use external::Files;
pub use read::{read, read_keeping};
pub use tensor_read::read_tensor_file;
pub use tensor_write::{Piece, SideFile};
pub use versions::{NEWEST_OPSET, OLDEST_OPSET};
pub use write::{WriteOptions, Written, write};
