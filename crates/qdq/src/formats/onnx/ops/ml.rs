//! Operators of `ai.onnx.ml` and of previews that are a few ops of the hub.

use super::super::node_reader::NodeReader;
use super::missing;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::ops::{
    ArgMax, Attention, Cast, CastLike, Equal, Gather, Greater, Identity, ReduceMax, Reshape, Squeeze,
    Unsqueeze, Where, cast,
};
use crate::tensor::{DType, Data, Tensor};

/// 1 above the threshold, else 0.
pub(super) fn read_binarizer(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let threshold = r.float("threshold", 0.0)?;
    let Some(dtype) = r.dtype(0).filter(|dtype| dtype.is_float()) else { return r.keep_verbatim() };
    let x = r.required(0)?;
    let threshold = r.add_constant("threshold", cast(Tensor::scalar(threshold), dtype)?);
    let above = r.emit("above", Greater {}, &[x, threshold]);
    r.push_with(CastLike::default(), vec![Some(above), Some(x)])
}

/// Elements of the last axis; a vector counts as one row.
pub(super) fn read_array_feature_extractor(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let Some(rank) = r.rank(0).filter(|rank| *rank > 0) else { return r.keep_verbatim() };
    let (x, places) = (r.required(0)?, r.required(1)?);
    let flat = r.add_ints("flat", &[-1]);
    let mut inputs = vec![x, r.emit("places", Reshape::default(), &[places, flat])];
    if rank == 1 {
        let rows = r.add_ints("rows", &[1, -1]);
        inputs[0] = r.emit("row", Reshape::default(), &[x, rows]);
    }
    r.push_with(Gather { axis: -1 }, inputs.into_iter().map(Some).collect())
}

/// The value of the first key that equals an element, or a default.
pub(super) fn read_label_encoder(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let keys = list(r, "keys")?.ok_or_else(|| missing("keys_tensor"))?;
    let values = list(r, "values")?.ok_or_else(|| missing("values_tensor"))?;
    if keys.len() != values.len() || keys.is_empty() {
        let message = format!("{} keys and {} values", keys.len(), values.len());
        return Err(Error::malformed(message).help("export the model again"));
    }
    let default = default_label(r, values.dtype())?;
    let x = r.required(0)?;
    let last = r.add_ints("last", &[-1]);
    let (keys, values) = (r.add_constant("keys", keys), r.add_constant("values", values));
    let default = r.add_constant("default", default);
    let column = r.emit("column", Unsqueeze {}, &[x, last]);
    let equal = r.emit("equal", Equal {}, &[column, keys]);
    let hits = r.emit("hits", Cast::to(DType::I32), &[equal]);
    let place = r.emit("place", ArgMax { axis: -1, keepdims: false, select_last_index: false }, &[hits]);
    let value = r.emit("value", Gather { axis: 0 }, &[values, place]);
    let most = r.emit("most", ReduceMax { keepdims: true, ..ReduceMax::default() }, &[hits, last]);
    let found = r.emit("found", Cast::to(DType::Bool), &[most]);
    let found = r.emit("is_found", Squeeze {}, &[found, last]);
    r.push_with(Where {}, [found, value, default].into_iter().map(Some).collect())
}

/// The attribute of this name in one of its types, as a vector.
fn list(r: &NodeReader<'_, '_>, name: &str) -> Result<Option<Tensor>> {
    if let Some(tensor) = r.tensor(&format!("{name}_tensor"))? {
        let count = tensor.len();
        return tensor.reshaped(vec![count]).map(Some);
    }
    if let Some(ints) = r.attributes.ints(&format!("{name}_int64s"))? {
        return Ok(Some(Tensor::vector(ints.to_vec())));
    }
    if let Some(floats) = r.attributes.floats(&format!("{name}_floats"))? {
        return Ok(Some(Tensor::vector(floats.to_vec())));
    }
    let texts = r.attributes.strings(&format!("{name}_strings"))?;
    texts.map(|texts| Tensor::new(vec![texts.len()], Data::Str(texts.into()))).transpose()
}

/// What stands for an element that is no key.
fn default_label(r: &NodeReader<'_, '_>, dtype: DType) -> Result<Tensor> {
    let int = r.int("default_int64", -1)?;
    let float = r.float("default_float", -0.0)?;
    let text = r.attributes.bytes("default_string")?.unwrap_or(b"_Unused");
    match r.tensor("default_tensor")? {
        Some(tensor) if tensor.len() == 1 => tensor.reshaped(Vec::new()),
        Some(_) => Err(Error::malformed("it must be of one element").attribute("default_tensor")),
        None if dtype == DType::Str => Tensor::new(Vec::new(), Data::Str(vec![text.to_vec()].into())),
        None if dtype.is_float() => cast(Tensor::scalar(float), dtype),
        None => cast(Tensor::scalar(int), dtype),
    }
}

/// Attention without masks; with functions that change scores, it is kept verbatim.
pub(super) fn read_flex_attention(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if r.attributes.has("score_mod") || r.attributes.has("prob_mod") {
        return r.keep_verbatim();
    }
    let softmax_precision = super::pick::dtype_attribute(r, "softmax_precision")?;
    let scale = r.attributes.float("scale")?;
    r.push(Attention { scale, softmax_precision, ..Attention::default() })
}

/// Whether there is a value, which is known when the model is read if it is a tensor, or absent.
pub(super) fn read_optional_has_element(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let has_element = r.has_input(0);
    if has_element && r.dtype(0).is_none() {
        return r.keep_verbatim();
    }
    let answer = r.add_constant("has_element", Tensor::scalar(has_element));
    r.push_with(Identity {}, vec![Some(answer)])
}

/// The value itself, if it is a tensor.
pub(super) fn read_optional_get_element(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let value: Option<ValueId> = r.input(0);
    match value {
        Some(value) if r.dtype(0).is_some() => r.push_with(Identity {}, vec![Some(value)]),
        _ => r.keep_verbatim(),
    }
}
