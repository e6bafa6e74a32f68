//! Operators that are the same in the hub: same inputs, and at most attributes that carry over one to one.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NodeWriter, WriteResult};
use super::super::versions::newest_form;
use crate::error::Result;
use crate::ops::{Approximate, Celu, ThresholdedRelu};
use crate::ops::{
    BitShift, CumSum, Elu, Gelu, Gemm, GlobalLpPool, HardSigmoid, IsInf, LeakyRelu, Mod, Op, Selu,
    ShiftDirection, Shrink, Swish, Trilu,
};

/// An operator without attributes.
pub(super) fn read_plain<T: Default + Into<Op>>(r: &mut NodeReader<'_, '_>) -> Result<()> {
    r.push(T::default())
}

/// An operator without attributes.
pub(super) fn write_plain(w: &mut NodeWriter<'_, '_>, op_type: &str) -> WriteResult {
    let node = w.start(op_type);
    w.finish(node)
}

/// An operator whose attributes have the same names and meanings in the hub; a node of an older form is kept verbatim.
pub(super) fn read_same<T: Default + Into<Op>>(r: &mut NodeReader<'_, '_>) -> Result<()> {
    if !r.has_newest_form() {
        return r.keep_verbatim();
    }
    let op = same_op(r, T::default())?;
    r.push(op)
}

/// The op with the node's attributes of the same names.
pub(super) fn same_op(r: &NodeReader<'_, '_>, default: impl Into<Op>) -> Result<Op> {
    let default: Op = default.into();
    let mut attrs = Vec::new();
    for &(name, kind) in default.attr_kinds() {
        match r.attributes.of_kind(name, kind)? {
            Some(attr) => attrs.push((name.to_owned(), attr)),
            None if r.requires(name) => return Err(super::missing(name)),
            None => {}
        }
    }
    Op::from_attrs(default.name(), &attrs)
}

/// An operator whose attributes have the same names and meanings in the hub. Those at their defaults are left out
/// unless the operator requires them.
pub(super) fn write_same(op: &Op, w: &mut NodeWriter<'_, '_>, op_type: &str) -> WriteResult {
    w.require(newest_form(op_type).unwrap_or_default())?;
    let mut node = w.start(op_type);
    let defaults = op.with_defaults().all_attrs();
    for ((name, attr), (_, default)) in op.all_attrs().into_iter().zip(defaults) {
        if attr != default || w.requires(op_type, name) {
            node = node.attr(name, &attr)?;
        }
    }
    w.finish(node)
}

/// An operator of another domain whose attributes have the same names and meanings in the hub; all are written.
pub(super) fn write_foreign(op: &Op, w: &mut NodeWriter<'_, '_>, domain: &str, op_type: &str) -> WriteResult {
    let mut node = w.start(op_type).of_domain(domain);
    for (name, attr) in op.all_attrs() {
        node = node.attr(name, &attr)?;
    }
    w.finish_foreign(node);
    Ok(())
}

/// An operator with an attribute `alpha`.
fn write_alpha(w: &mut NodeWriter<'_, '_>, op_type: &str, alpha: f32) -> WriteResult {
    let node = w.start(op_type).float("alpha", alpha);
    w.finish(node)
}

pub(super) fn read_leaky_relu(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let alpha = r.float("alpha", LeakyRelu::default().alpha)?;
    r.push(LeakyRelu { alpha })
}

pub(super) fn write_leaky_relu(op: &LeakyRelu, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    write_alpha(w, "LeakyRelu", op.alpha)
}

pub(super) fn read_elu(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let alpha = r.float("alpha", Elu::default().alpha)?;
    r.push(Elu { alpha })
}

pub(super) fn write_elu(op: &Elu, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    write_alpha(w, "Elu", op.alpha)
}

pub(super) fn read_celu(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let alpha = r.float("alpha", Celu::default().alpha)?;
    r.push(Celu { alpha })
}

pub(super) fn write_celu(op: &Celu, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    write_alpha(w, "Celu", op.alpha)
}

pub(super) fn read_thresholded_relu(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let alpha = r.float("alpha", ThresholdedRelu::default().alpha)?;
    r.push(ThresholdedRelu { alpha })
}

pub(super) fn write_thresholded_relu(op: &ThresholdedRelu, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    write_alpha(w, "ThresholdedRelu", op.alpha)
}

pub(super) fn read_swish(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let alpha = r.float("alpha", Swish::default().alpha)?;
    r.push(Swish { alpha })
}

pub(super) fn write_swish(op: &Swish, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    write_alpha(w, "Swish", op.alpha)
}

pub(super) fn read_selu(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let default = Selu::default();
    let op = Selu { alpha: r.float("alpha", default.alpha)?, gamma: r.float("gamma", default.gamma)? };
    r.push(op)
}

pub(super) fn write_selu(op: &Selu, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("Selu").float("alpha", op.alpha).float("gamma", op.gamma);
    w.finish(node)
}

pub(super) fn read_hard_sigmoid(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let default = HardSigmoid::default();
    let op = HardSigmoid { alpha: r.float("alpha", default.alpha)?, beta: r.float("beta", default.beta)? };
    r.push(op)
}

pub(super) fn write_hard_sigmoid(op: &HardSigmoid, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("HardSigmoid").float("alpha", op.alpha).float("beta", op.beta);
    w.finish(node)
}

pub(super) fn read_shrink(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let default = Shrink::default();
    let op = Shrink { bias: r.float("bias", default.bias)?, lambd: r.float("lambd", default.lambd)? };
    r.push(op)
}

pub(super) fn write_shrink(op: &Shrink, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("Shrink").float("bias", op.bias).float("lambd", op.lambd);
    w.finish(node)
}

pub(super) fn read_gelu(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let approximate = r.choice("approximate", Approximate::from_name)?.unwrap_or(Approximate::None);
    r.push(Gelu { approximate })
}

pub(super) fn write_gelu(op: &Gelu, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("Gelu").text("approximate", op.approximate.name());
    w.finish(node)
}

pub(super) fn read_gemm(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = Gemm {
        alpha: r.float("alpha", 1.0)?,
        beta: r.float("beta", 1.0)?,
        trans_a: r.flag("transA", false)?,
        trans_b: r.flag("transB", false)?,
    };
    r.push(op)
}

pub(super) fn write_gemm(op: &Gemm, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w
        .start("Gemm")
        .float_unless("alpha", op.alpha, 1.0)
        .float_unless("beta", op.beta, 1.0)
        .flag_unless("transA", op.trans_a, false)
        .flag_unless("transB", op.trans_b, false);
    w.finish(node)
}

pub(super) fn read_mod(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let fmod = r.flag("fmod", false)?;
    r.push(Mod { fmod })
}

pub(super) fn write_mod(op: &Mod, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("Mod").flag_unless("fmod", op.fmod, false);
    w.finish(node)
}

pub(super) fn read_bit_shift(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let direction = r.choice("direction", ShiftDirection::from_name)?;
    let direction = direction.ok_or_else(|| super::missing("direction"))?;
    r.push(BitShift { direction })
}

pub(super) fn write_bit_shift(op: &BitShift, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("BitShift").text("direction", &op.direction.name().to_uppercase());
    w.finish(node)
}

pub(super) fn read_is_inf(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = IsInf {
        detect_negative: r.flag("detect_negative", true)?,
        detect_positive: r.flag("detect_positive", true)?,
    };
    r.push(op)
}

pub(super) fn write_is_inf(op: &IsInf, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("IsInf").flag_unless("detect_negative", op.detect_negative, true).flag_unless(
        "detect_positive",
        op.detect_positive,
        true,
    );
    w.finish(node)
}

pub(super) fn read_cum_sum(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = CumSum { exclusive: r.flag("exclusive", false)?, reverse: r.flag("reverse", false)? };
    r.push(op)
}

pub(super) fn write_cum_sum(op: &CumSum, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w
        .start("CumSum")
        .flag_unless("exclusive", op.exclusive, false)
        .flag_unless("reverse", op.reverse, false);
    w.finish(node)
}

pub(super) fn read_trilu(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let upper = r.flag("upper", true)?;
    r.push(Trilu { upper })
}

pub(super) fn write_trilu(op: &Trilu, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("Trilu").flag_unless("upper", op.upper, true);
    w.finish(node)
}

pub(super) fn read_global_lp_pool(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let p = r.int("p", 2)?;
    r.push(GlobalLpPool { p })
}

pub(super) fn write_global_lp_pool(op: &GlobalLpPool, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start("GlobalLpPool").int_unless("p", op.p, 2);
    w.finish(node)
}
