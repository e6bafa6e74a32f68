//! Normalization.

use super::super::dtype::{read_dtype, write_dtype};
use super::super::node_reader::NodeReader;
use super::super::node_writer::{NodeWriter, WriteResult};
use super::missing;
use crate::error::{Error, Result};
use crate::ops::{
    BatchNormalization, GroupNormalization, InstanceNormalization, LayerNormalization, LpNormalization, Lrn,
    MeanVarianceNormalization, RmsNormalization,
};
use crate::tensor::{DType, Tensor};

pub(super) fn read_batch_normalization(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let default = BatchNormalization::default();
    if r.opset < 9 && r.int("spatial", 1)? == 0 {
        return Err(Error::unsupported("statistics for each position")
            .attribute("spatial")
            .help("export the model with a newer opset_version"));
    }
    // Before version 14, further outputs say that the node trains.
    if r.opset < 14 && r.n_outputs() > 1 {
        return Err(Error::unsupported("batch normalization in training")
            .help("export the model for inference, in evaluation mode"));
    }
    let op = BatchNormalization {
        epsilon: r.float("epsilon", default.epsilon)?,
        momentum: r.float("momentum", default.momentum)?,
        training_mode: r.flag("training_mode", false)?,
    };
    r.push(op)
}

pub(super) fn write_batch_normalization(op: &BatchNormalization, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    if w.n_outputs() > 1 {
        w.require(14)?;
    }
    let default = BatchNormalization::default();
    let node = w
        .start("BatchNormalization")
        .float("epsilon", op.epsilon)
        .float_unless("momentum", op.momentum, default.momentum)
        .flag_unless("training_mode", op.training_mode, false);
    w.finish(node)
}

fn stash_type(r: &NodeReader<'_, '_>) -> Result<DType> {
    let number = r.int("stash_type", 1)?;
    read_dtype(i32::try_from(number).unwrap_or(-1)).map_err(|error| error.attribute("stash_type"))
}

fn stash_number(dtype: DType) -> i64 {
    i64::from(write_dtype(dtype))
}

pub(super) fn read_layer_normalization(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = LayerNormalization {
        axis: r.int("axis", -1)?,
        epsilon: r.float("epsilon", 1e-5)?,
        stash_type: stash_type(r)?,
    };
    r.push(op)
}

pub(super) fn write_layer_normalization(op: &LayerNormalization, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w
        .start("LayerNormalization")
        .int_unless("axis", op.axis, -1)
        .float("epsilon", op.epsilon)
        .int_unless("stash_type", stash_number(op.stash_type), 1);
    w.finish(node)
}

pub(super) fn read_rms_normalization(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = RmsNormalization {
        axis: r.int("axis", -1)?,
        epsilon: r.float("epsilon", 1e-5)?,
        stash_type: stash_type(r)?,
    };
    r.push(op)
}

pub(super) fn write_rms_normalization(op: &RmsNormalization, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w
        .start("RMSNormalization")
        .int_unless("axis", op.axis, -1)
        .float("epsilon", op.epsilon)
        .int_unless("stash_type", stash_number(op.stash_type), 1);
    w.finish(node)
}

pub(super) fn read_instance_normalization(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let epsilon = r.float("epsilon", 1e-5)?;
    r.push(InstanceNormalization { epsilon })
}

pub(super) fn write_instance_normalization(
    op: &InstanceNormalization,
    w: &mut NodeWriter<'_, '_>,
) -> WriteResult {
    let node = w.start("InstanceNormalization").float("epsilon", op.epsilon);
    w.finish(node)
}

/// A file can claim any number of channels; the weights of more than these are not spread over them.
const MOST_CHANNELS: usize = 1 << 20;

/// Up to version 20, scale and bias are one for each group; the hub has one for each channel.
pub(super) fn read_group_normalization(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = GroupNormalization {
        epsilon: r.float("epsilon", 1e-5)?,
        num_groups: r.count("num_groups")?.ok_or_else(|| missing("num_groups"))?,
        stash_type: stash_type(r)?,
    };
    if r.opset >= 21 {
        return r.push(op);
    }
    let n_channels = r.ty(0).and_then(|ty| ty.shape.as_ref()?.get(1)?.known());
    let possible = |n: &usize| *n <= MOST_CHANNELS && op.num_groups > 0 && n.is_multiple_of(op.num_groups);
    let per_group = n_channels.filter(possible).map(|n| n / op.num_groups);
    let mut inputs = vec![Some(r.required(0)?)];
    for (position, name) in [(1, "scale"), (2, "bias")] {
        let tensor = r.constant(position).filter(|tensor| tensor.shape() == [op.num_groups]);
        let (Some(tensor), Some(per_group)) = (tensor, per_group) else {
            return Err(Error::unsupported("group normalization whose channels or weights are not constant")
                .help("export the model with opset_version 21 or newer"));
        };
        let spread = tensor.as_slice::<f32>()?.iter().flat_map(|&x| std::iter::repeat_n(x, per_group));
        let spread = Tensor::vector(spread.collect::<Vec<f32>>());
        inputs.push(Some(r.add_constant(name, spread)));
    }
    r.push_with(op, inputs)
}

pub(super) fn write_group_normalization(op: &GroupNormalization, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    w.require(21)?;
    let node = w
        .start("GroupNormalization")
        .float("epsilon", op.epsilon)
        .int("num_groups", op.num_groups as i64)
        .int_unless("stash_type", stash_number(op.stash_type), 1);
    w.finish(node)
}

pub(super) fn read_lp_normalization(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = LpNormalization { axis: r.int("axis", -1)?, p: r.int("p", 2)? };
    r.push(op)
}

pub(super) fn write_lp_normalization(op: &LpNormalization, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("LpNormalization").int_unless("axis", op.axis, -1).int_unless("p", op.p, 2);
    w.finish(node)
}

pub(super) fn read_lrn(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let default = Lrn::default();
    let op = Lrn {
        alpha: r.float("alpha", default.alpha)?,
        beta: r.float("beta", default.beta)?,
        bias: r.float("bias", default.bias)?,
        size: r.count("size")?.ok_or_else(|| missing("size"))?,
    };
    r.push(op)
}

pub(super) fn write_lrn(op: &Lrn, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w
        .start("LRN")
        .float("alpha", op.alpha)
        .float("beta", op.beta)
        .float("bias", op.bias)
        .int("size", op.size as i64);
    w.finish(node)
}

pub(super) fn read_mean_variance_normalization(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let axes = r.attributes.ints("axes")?.map_or(MeanVarianceNormalization::default().axes, <[i64]>::to_vec);
    r.push(MeanVarianceNormalization { axes })
}

pub(super) fn write_mean_variance_normalization(
    op: &MeanVarianceNormalization,
    w: &mut NodeWriter<'_, '_>,
) -> WriteResult {
    let node = w.start("MeanVarianceNormalization").ints("axes", &op.axes);
    w.finish(node)
}
