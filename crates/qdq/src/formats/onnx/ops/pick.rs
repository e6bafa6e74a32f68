//! Operators that gather, scatter and rearrange elements, or make them from a few numbers.

use super::super::dtype::{read_dtype, write_dtype};
use super::super::node_reader::NodeReader;
use super::super::node_writer::{NodeWriter, WriteResult};
use super::missing;
use crate::error::{Error, Result};
use crate::ops::{
    Compress, ConstantOfShape, DepthMode, DepthToSpace, EyeLike, Gather, GatherElements, GatherNd, OneHot,
    ReverseSequence, Scalar, ScatterElements, ScatterNd, ScatterReduction, SpaceToDepth, cast,
};
use crate::tensor::{DType, Data, Tensor};

pub(super) fn read_gather(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = r.int("axis", 0)?;
    r.push(Gather { axis })
}

pub(super) fn write_gather(op: &Gather, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let axis = w.axis(op.axis, w.rank(0))?;
    let node = w.start("Gather").int_unless("axis", axis, 0);
    w.finish(node)
}

pub(super) fn read_gather_elements(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = r.int("axis", 0)?;
    r.push(GatherElements { axis })
}

pub(super) fn write_gather_elements(op: &GatherElements, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("GatherElements").int_unless("axis", op.axis, 0);
    w.finish(node)
}

pub(super) fn read_gather_nd(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let batch_dims = r.count("batch_dims")?.unwrap_or(0);
    r.push(GatherNd { batch_dims })
}

pub(super) fn write_gather_nd(op: &GatherNd, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("GatherND").int_unless("batch_dims", op.batch_dims as i64, 0);
    w.finish(node)
}

/// Also the deprecated `Scatter`, its old name.
pub(super) fn read_scatter_elements(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let reduction = r.choice("reduction", ScatterReduction::from_name)?;
    let axis = r.int("axis", 0)?;
    r.push(ScatterElements { axis, reduction: reduction.unwrap_or(ScatterReduction::None) })
}

pub(super) fn write_scatter_elements(op: &ScatterElements, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("ScatterElements").int_unless("axis", op.axis, 0);
    let node = reduction(node, op.reduction, w)?;
    w.finish(node)
}

pub(super) fn read_scatter_nd(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let reduction = r.choice("reduction", ScatterReduction::from_name)?;
    r.push(ScatterNd { reduction: reduction.unwrap_or(ScatterReduction::None) })
}

pub(super) fn write_scatter_nd(op: &ScatterNd, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("ScatterND");
    let node = reduction(node, op.reduction, w)?;
    w.finish(node)
}

fn reduction(
    node: super::super::node_writer::NewNode,
    reduction: ScatterReduction,
    w: &mut NodeWriter<'_, '_>,
) -> WriteResult<super::super::node_writer::NewNode> {
    match reduction {
        ScatterReduction::None => return Ok(node),
        ScatterReduction::Add | ScatterReduction::Mul => w.require(16)?,
        ScatterReduction::Max | ScatterReduction::Min => w.require(18)?,
    }
    Ok(node.text("reduction", reduction.name()))
}

pub(super) fn read_one_hot(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = r.int("axis", -1)?;
    r.push(OneHot { axis })
}

pub(super) fn write_one_hot(op: &OneHot, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("OneHot").int_unless("axis", op.axis, -1);
    w.finish(node)
}

pub(super) fn read_compress(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axis = r.attributes.int("axis")?;
    r.push(Compress { axis })
}

pub(super) fn write_compress(op: &Compress, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let mut node = w.start("Compress");
    if let Some(axis) = op.axis {
        let axis = w.axis(axis, w.rank(0))?;
        node = node.int("axis", axis);
    }
    w.finish(node)
}

pub(super) fn read_depth_to_space(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let blocksize = r.count("blocksize")?.ok_or_else(|| missing("blocksize"))?;
    let mode = r.choice("mode", DepthMode::from_name)?.unwrap_or(DepthMode::Dcr);
    r.push(DepthToSpace { blocksize, mode })
}

pub(super) fn write_depth_to_space(op: &DepthToSpace, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let mut node = w.start("DepthToSpace").int("blocksize", op.blocksize as i64);
    if op.mode != DepthMode::Dcr {
        node = node.text("mode", &op.mode.name().to_uppercase());
    }
    w.finish(node)
}

pub(super) fn read_space_to_depth(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let blocksize = r.count("blocksize")?.ok_or_else(|| missing("blocksize"))?;
    let mode = r.choice("mode", DepthMode::from_name)?.unwrap_or(DepthMode::Dcr);
    r.push(SpaceToDepth { blocksize, mode })
}

pub(super) fn write_space_to_depth(op: &SpaceToDepth, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let mut node = w.start("SpaceToDepth").int("blocksize", op.blocksize as i64);
    if op.mode != DepthMode::Dcr {
        node = node.text("mode", &op.mode.name().to_uppercase());
    }
    w.finish(node)
}

pub(super) fn read_reverse_sequence(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = ReverseSequence { batch_axis: r.int("batch_axis", 1)?, time_axis: r.int("time_axis", 0)? };
    r.push(op)
}

pub(super) fn write_reverse_sequence(op: &ReverseSequence, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("ReverseSequence").int_unless("batch_axis", op.batch_axis, 1).int_unless(
        "time_axis",
        op.time_axis,
        0,
    );
    w.finish(node)
}

/// The attributes `saturate` and `round_mode` speak of 8-bit floats only.
/// An element type given by its number.
pub(super) fn dtype_attribute(r: &NodeReader<'_, '_>, name: &str) -> Result<Option<DType>> {
    let Some(number) = r.attributes.int(name)? else { return Ok(None) };
    let number = i32::try_from(number).unwrap_or(-1);
    read_dtype(number).map(Some).map_err(|error| error.attribute(name))
}

pub(super) fn read_eye_like(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = EyeLike { dtype: dtype_attribute(r, "dtype")?, k: r.int("k", 0)? };
    r.push(op)
}

pub(super) fn write_eye_like(op: &EyeLike, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let mut node = w.start("EyeLike").int_unless("k", op.k, 0);
    if let Some(dtype) = op.dtype {
        node = node.int("dtype", i64::from(write_dtype(dtype)));
    }
    w.finish(node)
}

pub(super) fn read_constant_of_shape(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let Some(value) = r.tensor("value")? else {
        return r.push(ConstantOfShape { dtype: DType::F32, value: Scalar::Float(0.0) });
    };
    let dtype = value.dtype();
    let refuse = |what: &str| Err(Error::unsupported(what).attribute("value"));
    if value.len() != 1 {
        return refuse("one element is needed");
    }
    let value = match value.data() {
        Data::Str(_) => return refuse("strings"),
        Data::Bool(elements) => Scalar::Bool(elements.first().is_some_and(|element| *element)),
        _ if dtype.is_float() => {
            let exact = value.to_f64_vec()?.first().copied().unwrap_or(0.0);
            let float = exact as f32;
            if f64::from(float) != exact && !exact.is_nan() {
                return refuse("a number that f32 cannot hold");
            }
            Scalar::Float(float)
        }
        _ => Scalar::Int(value.to_i64_vec()?.first().copied().unwrap_or(0)),
    };
    r.push(ConstantOfShape { dtype, value })
}

pub(super) fn write_constant_of_shape(op: &ConstantOfShape, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("ConstantOfShape").tensor("value", &one_element(op.dtype, op.value)?);
    w.finish(node)
}

fn one_element(dtype: DType, value: Scalar) -> Result<Tensor> {
    let tensor = match value {
        Scalar::Int(int) => Tensor::vector(vec![int]),
        Scalar::Float(float) => Tensor::vector(vec![float]),
        Scalar::Bool(bool) => Tensor::vector(vec![bool]),
    };
    cast(tensor, dtype)
}
