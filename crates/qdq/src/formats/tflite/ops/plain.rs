//! Elementwise ops that are spelled alike.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{
    add_options, builtin_operator as code, builtin_options as tag, div_options, mul_options, sub_options,
};

use super::super::activation::Fused;
use super::super::node_reader::NodeReader;
use super::super::node_writer::NodeWriter;
use super::super::unit::Pattern;
use crate::error::Result;
use crate::ops::{Add, Div, Equal, Mul, Not, Op, Reciprocal, Sqrt, Sub};

/// An op of one input without options.
pub(super) fn read_unary<T: Default + Into<Op>>(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let x = r.real(0)?;
    let y = r.push(T::default(), &[x]);
    r.give(0, y)
}

/// An op of two inputs without options.
pub(super) fn read_binary<T: Default + Into<Op>>(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let (a, b) = (r.real(0)?, r.real(1)?);
    let y = r.push(T::default(), &[a, b]);
    r.give(0, y)
}

fn read_fused(r: &mut NodeReader<'_, '_>, op: impl Into<Op>, activation: i8) -> Result<()> {
    let (a, b) = (r.real(0)?, r.real(1)?);
    let y = r.push(op, &[a, b]);
    let y = r.activated(y, activation)?;
    r.give(0, y)
}

pub(super) fn read_add(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let activation = r.option(add_options::FUSED_ACTIVATION_FUNCTION)?;
    read_fused(r, Add {}, activation)
}

pub(super) fn read_sub(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let activation = r.option(sub_options::FUSED_ACTIVATION_FUNCTION)?;
    read_fused(r, Sub {}, activation)
}

pub(super) fn read_mul(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let activation = r.option(mul_options::FUSED_ACTIVATION_FUNCTION)?;
    read_fused(r, Mul {}, activation)
}

pub(super) fn read_div(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let activation = r.option(div_options::FUSED_ACTIVATION_FUNCTION)?;
    read_fused(r, Div {}, activation)
}

pub(super) fn read_not_equal(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let (a, b) = (r.real(0)?, r.real(1)?);
    let equal = r.push(Equal {}, &[a, b]);
    let y = r.push(Not {}, &[equal]);
    r.give(0, y)
}

pub(super) fn read_square(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let x = r.real(0)?;
    let y = r.push(Mul {}, &[x, x]);
    r.give(0, y)
}

pub(super) fn read_squared_difference(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let (a, b) = (r.real(0)?, r.real(1)?);
    let difference = r.push(Sub {}, &[a, b]);
    let y = r.push(Mul {}, &[difference, difference]);
    r.give(0, y)
}

pub(super) fn read_rsqrt(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let x = r.real(0)?;
    let root = r.push(Sqrt {}, &[x]);
    let y = r.push(Reciprocal {}, &[root]);
    r.give(0, y)
}

/// An operator whose inputs are those of the node, with a table of options that has no fields.
pub(super) fn write_plain(w: &mut NodeWriter<'_, '_>, code: i32, tag: u8) -> Result<()> {
    let inputs: Vec<i32> = (0..w.n_inputs()).map(|position| w.input(position)).collect::<Result<_>>()?;
    w.emit(code, (tag != tag::NONE).then(|| (tag, Object::default())), inputs)
}

pub(super) fn write_add(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let table = Object::default().set(add_options::FUSED_ACTIVATION_FUNCTION, w.activation());
    let inputs = vec![w.input(0)?, w.input(1)?];
    w.emit(code::ADD, Some((tag::ADD_OPTIONS, table)), inputs)
}

pub(super) fn write_sub(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let table = Object::default().set(sub_options::FUSED_ACTIVATION_FUNCTION, w.activation());
    let inputs = vec![w.input(0)?, w.input(1)?];
    w.emit(code::SUB, Some((tag::SUB_OPTIONS, table)), inputs)
}

pub(super) fn write_mul(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let inputs = vec![w.input(0)?, w.input(1)?];
    if w.pattern() == Pattern::SquaredDifference {
        let options = Some((tag::SQUARED_DIFFERENCE_OPTIONS, Object::default()));
        return w.emit(code::SQUARED_DIFFERENCE, options, inputs);
    }
    let table = Object::default().set(mul_options::FUSED_ACTIVATION_FUNCTION, w.activation());
    w.emit(code::MUL, Some((tag::MUL_OPTIONS, table)), inputs)
}

pub(super) fn write_div(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let table = Object::default().set(div_options::FUSED_ACTIVATION_FUNCTION, w.activation());
    let inputs = vec![w.input(0)?, w.input(1)?];
    w.emit(code::DIV, Some((tag::DIV_OPTIONS, table)), inputs)
}

/// The smallest or largest of any number of inputs, two at a time; integers need equal parameters.
pub(super) fn write_extreme(w: &mut NodeWriter<'_, '_>, code: i32) -> Result<()> {
    let mut inputs = Vec::new();
    for position in 0..w.n_inputs() {
        inputs.push(w.input_like_output(position)?);
    }
    let options = || Some((tag::MAXIMUM_MINIMUM_OPTIONS, Object::default()));
    w.emit_chain(code, options, &inputs)
}

/// The sum of any number of inputs, two at a time.
pub(super) fn write_sum(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let mut inputs = Vec::new();
    for position in 0..w.n_inputs() {
        inputs.push(w.input(position)?);
    }
    w.emit_chain(code::ADD, || Some((tag::ADD_OPTIONS, Object::default())), &inputs)
}

pub(super) fn write_reciprocal(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let x = w.input(0)?;
    if w.pattern() == Pattern::Rsqrt {
        return w.emit(code::RSQRT, None, vec![x]);
    }
    let one = w.float_constant("one", &[1.0])?;
    w.emit(code::DIV, Some((tag::DIV_OPTIONS, Object::default())), vec![one, x])
}

/// Limits: an activation where there is one for them, else the larger of the smaller.
pub(super) fn write_clip(w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let fused = Fused::of_node(w.graph(), w.node());
    let x = w.input(0)?;
    match fused {
        Some(Fused::Relu) => return w.emit(code::RELU, None, vec![x]),
        Some(Fused::Clip(lo, _)) => {
            let code = if lo == 0.0 { code::RELU6 } else { code::RELU_N1_TO_1 };
            return w.emit(code, None, vec![x]);
        }
        _ => {}
    }
    let mut steps = Vec::new();
    for (position, code) in [(1, code::MAXIMUM), (2, code::MINIMUM)] {
        if w.has(position) {
            steps.push((code, w.raw(position)?));
        }
    }
    let options = || Some((tag::MAXIMUM_MINIMUM_OPTIONS, Object::default()));
    match steps.as_slice() {
        [] => w.emit_copy(x),
        [(code, limit)] => w.emit(*code, options(), vec![x, *limit]),
        [(first, lo), (second, hi), ..] => {
            let dims = w.tensor_dims(x);
            let inner = w.temporary("limited", dims, x)?;
            w.push_float(*first, options(), vec![x, *lo], inner);
            w.emit(*second, options(), vec![inner, *hi])
        }
    }
}
