//! Typed, shaped data, the types of values, and quantization parameters.
//!
//! A [`Tensor`] is cheap to clone: its numbers are shared, and may lie in a memory-mapped file.
//! A [`TensorType`] is what is known of a value before it is computed.

mod buffer;
mod data;
mod dtype;
pub(crate) mod few_bits;
pub(crate) mod pages;
mod quant_params;
mod small_float;
mod spare;
mod tensor_type;

pub use buffer::Buffer;
pub use data::{Data, Element, Tensor};
pub(crate) use data::{element_count, with_numbers};
pub use dtype::DType;
pub use quant_params::{Granularity, QuantParams};
pub use small_float::{PowerRounding, SmallFloat};
pub(crate) use spare::take_spare;
pub use tensor_type::{Dim, Shape, TensorType};
