//! Nodes in integer form: ops directly on quantized types.
//!
//! A node is in integer form when one of its inputs has a quantized type and its op is no bridge
//! ([`Quantize`](crate::ops::Quantize), [`Dequantize`](crate::ops::Dequantize)). Its outputs have the quantized types
//! that are declared for them, or are real numbers where none is declared. What such a node computes to the last bit is
//! not the op's affair but a [`Profile`]'s: runtimes round at different places.

use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::ops::{Op, Prepared};
use crate::tensor::{DType, QuantParams, Tensor};

/// The exact integer arithmetic of one runtime's kernels.
pub trait Profile: Send + Sync + fmt::Debug {
    /// Name on the command line, as `ort-x64`.
    fn name(&self) -> &'static str;

    /// Binds a node to its parameters and constants; weights are packed here, once.
    ///
    /// [`Prepared::run`] then gets the inputs that are not constant and gives the outputs, in their storage types.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) when the profile makes no promise for the node.
    fn prepare(&self, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>>;
}

/// A node in integer form, as a profile sees it.
#[derive(Clone, Debug)]
pub struct IntegerNode<'g> {
    /// What is computed, with its attributes.
    pub op: &'g Op,
    /// Inputs in order; absent ones are `None`.
    pub inputs: Vec<Option<IntegerInput>>,
    /// Parameters of each output; `None` for real numbers (f32) and for outputs that nobody asked for.
    pub outputs: Vec<Option<Arc<QuantParams>>>,
}

/// An input of a node in integer form.
#[derive(Clone, Debug)]
pub struct IntegerInput {
    /// Element type: the storage type if it is quantized.
    pub dtype: DType,
    /// Its parameters; `None` for real numbers, shapes and indices.
    pub quant: Option<Arc<QuantParams>>,
    /// Its contents, if it is constant; [`Prepared::run`] does not get it again.
    pub constant: Option<Tensor>,
}
