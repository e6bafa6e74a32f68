//! Reductions: axes are an attribute up to version 17 (`ReduceSum`: 12), an input later.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NodeWriter, WriteResult};
use super::shape::read_with_axes;
use crate::error::Result;
use crate::ops::{
    ReduceL1, ReduceL2, ReduceLogSum, ReduceLogSumExp, ReduceMax, ReduceMean, ReduceMin, ReduceProd,
    ReduceSum, ReduceSumSquare,
};

macro_rules! reductions {
    ($( $read:ident, $write:ident, $name:ident, $since:literal; )*) => {$(
        pub(super) fn $read(r: &mut NodeReader<'_, '_>) -> Result<()> {
            let noop = r.flag("noop_with_empty_axes", false)?;
            // Says nothing where there are axes.
            let has_axes = r.constant(1).is_some_and(|axes| !axes.is_empty());
            let op = $name {
                keepdims: r.flag("keepdims", true)?,
                noop_with_empty_axes: noop && !has_axes,
            };
            read_with_axes(r, op, $since)
        }

        pub(super) fn $write(op: &$name, w: &mut NodeWriter<'_, '_>) -> WriteResult {
            write(w, stringify!($name), op.keepdims, op.noop_with_empty_axes, $since)
        }
    )*};
}
reductions! {
    read_reduce_l1, write_reduce_l1, ReduceL1, 18;
    read_reduce_l2, write_reduce_l2, ReduceL2, 18;
    read_reduce_log_sum, write_reduce_log_sum, ReduceLogSum, 18;
    read_reduce_log_sum_exp, write_reduce_log_sum_exp, ReduceLogSumExp, 18;
    read_reduce_max, write_reduce_max, ReduceMax, 18;
    read_reduce_mean, write_reduce_mean, ReduceMean, 18;
    read_reduce_min, write_reduce_min, ReduceMin, 18;
    read_reduce_prod, write_reduce_prod, ReduceProd, 18;
    read_reduce_sum, write_reduce_sum, ReduceSum, 13;
    read_reduce_sum_square, write_reduce_sum_square, ReduceSumSquare, 18;
}

fn write(w: &mut NodeWriter<'_, '_>, op_type: &str, keepdims: bool, noop: bool, since: i64) -> WriteResult {
    if w.opset >= since {
        let node = w.start(op_type).flag_unless("keepdims", keepdims, true).flag_unless(
            "noop_with_empty_axes",
            noop,
            false,
        );
        return w.finish(node);
    }
    let axes = if w.has_input(1) {
        match w.ints(1) {
            Some(axes) => axes,
            None => return w.require(since),
        }
    } else {
        Vec::new()
    };
    if axes.is_empty() && noop {
        return w.require(since);
    }
    let axes = w.axes(&axes, w.rank(0))?;
    let mut node = w.start_first(op_type).flag_unless("keepdims", keepdims, true);
    if !axes.is_empty() {
        node = node.ints("axes", &axes);
    }
    w.finish(node)
}
