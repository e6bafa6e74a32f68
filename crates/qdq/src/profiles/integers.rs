//! Quantized tensors as integers of one width, and back.

use crate::error::{Error, Result};
use crate::exec::{IntegerInput, IntegerNode};
use crate::kernels::int8::Bytes;
use crate::tensor::{DType, Data, Granularity, QuantParams, Tensor};

/// Parameters of a whole tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::profiles) struct Affine {
    pub(in crate::profiles) storage: DType,
    pub(in crate::profiles) scale: f32,
    pub(in crate::profiles) zero_point: i32,
    pub(in crate::profiles) min: i32,
    pub(in crate::profiles) max: i32,
}

impl Affine {
    /// Parameters per tensor in 8 or 16 bits.
    ///
    /// # Errors
    /// Others.
    pub(in crate::profiles) fn new(params: &QuantParams) -> Result<Self> {
        let is_known = matches!(params.storage, DType::I8 | DType::U8 | DType::I16 | DType::U16);
        if params.granularity != Granularity::PerTensor || !is_known {
            return Err(Error::unsupported(format!(
                "activations of {} other than per tensor",
                params.storage
            )));
        }
        Ok(Self {
            storage: params.storage,
            scale: params.scale[0],
            zero_point: params.zero_point[0],
            min: params.quant_min,
            max: params.quant_max,
        })
    }

    /// The integer of this distance from the zero point, limited to the range.
    #[inline]
    pub(in crate::profiles) fn limit(&self, steps: i64) -> i32 {
        steps.saturating_add(self.zero_point.into()).clamp(self.min.into(), self.max.into()) as i32
    }

    /// The integers as a tensor of the storage type.
    pub(in crate::profiles) fn tensor(&self, shape: Vec<usize>, integers: &[i32]) -> Result<Tensor> {
        let data = match self.storage {
            DType::I8 => Data::I8(integers.iter().map(|&q| q as i8).collect::<Vec<_>>().into()),
            DType::U8 => Data::U8(integers.iter().map(|&q| q as u8).collect::<Vec<_>>().into()),
            DType::I16 => Data::I16(integers.iter().map(|&q| q as i16).collect::<Vec<_>>().into()),
            _ => Data::U16(integers.iter().map(|&q| q as u16).collect::<Vec<_>>().into()),
        };
        Tensor::new(shape, data)
    }
}

/// The input at a position.
///
/// # Errors
/// There is none.
pub(in crate::profiles) fn input<'n>(node: &'n IntegerNode<'_>, position: usize) -> Result<&'n IntegerInput> {
    let input = node.inputs.get(position).and_then(Option::as_ref);
    input.ok_or_else(|| Error::graph(format!("input {position} is missing")))
}

/// Parameters of an input, which is quantized.
///
/// # Errors
/// It is not.
pub(in crate::profiles) fn params<'n>(node: &'n IntegerNode<'_>, position: usize) -> Result<&'n QuantParams> {
    let quant = input(node, position)?.quant.as_deref();
    quant.ok_or_else(|| Error::unsupported(format!("input {position} is not quantized")))
}

/// Parameters of an activation.
///
/// # Errors
/// It is not quantized per tensor in 8 or 16 bits.
pub(in crate::profiles) fn activation(node: &IntegerNode<'_>, position: usize) -> Result<Affine> {
    Affine::new(params(node, position)?)
}

/// Parameters of the only output.
///
/// # Errors
/// It is of real numbers.
pub(in crate::profiles) fn output(node: &IntegerNode<'_>) -> Result<Affine> {
    match node.outputs.as_slice() {
        [Some(params)] => Affine::new(params),
        _ => Err(Error::unsupported("an output of real numbers")),
    }
}

/// Contents of constant inputs, in their positions.
pub(in crate::profiles) fn constants(node: &IntegerNode<'_>) -> Vec<Option<Tensor>> {
    node.inputs.iter().map(|input| input.as_ref()?.constant.clone()).collect()
}

/// Elements of an 8-bit tensor, as kernels take them.
///
/// # Errors
/// A tensor of another type.
pub(in crate::profiles) fn bytes(tensor: &Tensor) -> Result<Bytes<'_>> {
    match tensor.data() {
        Data::I8(elements) => Ok(Bytes::I8(elements)),
        Data::U8(elements) => Ok(Bytes::U8(elements)),
        other => Err(Error::data(format!("a tensor of {} where 8-bit integers are needed", other.dtype()))),
    }
}

/// The integers of a tensor of up to 16 bits.
///
/// # Errors
/// A tensor of another type.
pub(in crate::profiles) fn integers(tensor: &Tensor) -> Result<Vec<i32>> {
    Ok(match tensor.data() {
        Data::I8(q) => q.iter().map(|&q| q.into()).collect(),
        Data::U8(q) => q.iter().map(|&q| q.into()).collect(),
        Data::I16(q) => q.iter().map(|&q| q.into()).collect(),
        Data::U16(q) => q.iter().map(|&q| q.into()).collect(),
        other => return Err(Error::data(format!("a tensor of {} where integers are needed", other.dtype()))),
    })
}

/// The integers of a tensor, repeated to fill a shape that it broadcasts to.
pub(in crate::profiles) fn stretched(tensor: &Tensor, shape: &[usize]) -> Result<Vec<i32>> {
    let elements = integers(tensor)?;
    if tensor.shape() == shape {
        return Ok(elements);
    }
    let lead = shape.len() - tensor.shape().len();
    let own = |axis: usize| if axis < lead { 1 } else { tensor.shape()[axis - lead] };
    let mut indices = vec![0];
    let mut stride = elements.len();
    for (axis, &size) in shape.iter().enumerate() {
        stride /= own(axis).max(1);
        let step = if own(axis) == 1 { 0 } else { stride };
        indices = indices.iter().flat_map(|&first| (0..size).map(move |i| first + i * step)).collect();
    }
    Ok(indices.into_iter().map(|index| elements[index]).collect())
}
