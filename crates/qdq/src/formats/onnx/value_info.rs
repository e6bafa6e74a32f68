//! Types of values, as `ValueInfoProto` declares them.

use qdq_schema::onnx::tensor_shape_proto::{Dimension, dimension};
use qdq_schema::onnx::{TensorShapeProto, TypeProto, ValueInfoProto, type_proto};

use super::dtype::{read_dtype, write_dtype};
use crate::error::{Error, Result};
use crate::tensor::{Dim, Shape, TensorType};

/// The declared type; `None` if none is declared.
pub(super) fn read_type(info: &ValueInfoProto) -> Result<Option<TensorType>> {
    let Some(value) = info.r#type.as_ref().and_then(|ty| ty.value.as_ref()) else { return Ok(None) };
    let tensor = match value {
        type_proto::Value::TensorType(tensor) => tensor,
        type_proto::Value::SequenceType(_) => return Err(no_tensor("a sequence")),
        type_proto::Value::MapType(_) => return Err(no_tensor("a map")),
        type_proto::Value::OptionalType(_) => return Err(no_tensor("an optional")),
        type_proto::Value::SparseTensorType(_) => return Err(no_tensor("a sparse tensor")),
        type_proto::Value::OpaqueType(_) => return Err(no_tensor("opaque")),
    };
    let shape = tensor.shape.as_ref().map(read_shape).transpose()?;
    Ok(Some(TensorType::new(read_dtype(tensor.elem_type())?, shape)))
}

fn no_tensor(what: &str) -> Error {
    Error::unsupported(format!("its type is {what}, not a tensor"))
        .help("export the model with tensors as inputs and outputs")
}

fn read_shape(shape: &TensorShapeProto) -> Result<Vec<Dim>> {
    shape.dim.iter().map(read_dim).collect()
}

fn read_dim(dim: &Dimension) -> Result<Dim> {
    match &dim.value {
        // Some exporters write -1 for a size that is not known.
        None | Some(dimension::Value::DimValue(-1)) => Ok(Dim::Any),
        Some(dimension::Value::DimValue(size)) => match usize::try_from(*size) {
            Ok(size) => Ok(Dim::Known(size)),
            Err(_) => Err(Error::malformed(format!("the dimension {size}"))),
        },
        Some(dimension::Value::DimParam(name)) if name.is_empty() => Ok(Dim::Any),
        Some(dimension::Value::DimParam(name)) => Ok(Dim::symbol(name.as_str())),
    }
}

/// The declaration of a value; without a type where none is known.
pub(super) fn write_value_info(name: &str, ty: Option<&TensorType>) -> ValueInfoProto {
    ValueInfoProto { name: Some(name.to_owned()), r#type: ty.map(write_type), ..ValueInfoProto::default() }
}

fn write_type(ty: &TensorType) -> TypeProto {
    let tensor = type_proto::Tensor { elem_type: Some(write_dtype(ty.dtype)), shape: write_shape(&ty.shape) };
    TypeProto { denotation: None, value: Some(type_proto::Value::TensorType(tensor)) }
}

fn write_shape(shape: &Shape) -> Option<TensorShapeProto> {
    let write_dim = |dim: &Dim| Dimension {
        denotation: None,
        value: match dim {
            Dim::Known(size) => Some(dimension::Value::DimValue(*size as i64)),
            Dim::Symbol(name) => Some(dimension::Value::DimParam(name.to_string())),
            Dim::Any => None,
        },
    };
    Some(TensorShapeProto { dim: shape.as_ref()?.iter().map(write_dim).collect() })
}
