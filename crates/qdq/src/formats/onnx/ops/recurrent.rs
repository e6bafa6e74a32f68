//! Recurrent layers.

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NewNode, NodeWriter, WriteResult};
use super::qoperator::MICROSOFT;
use crate::error::{Error, Result};
use crate::ops::{Direction, DynamicQuantizeLstm, Gru, Lstm, RecurrentActivation, Rnn};

fn direction(r: &NodeReader<'_, '_>) -> Result<Direction> {
    Ok(r.choice("direction", Direction::from_name)?.unwrap_or(Direction::Forward))
}

fn activations(r: &NodeReader<'_, '_>) -> Result<Vec<RecurrentActivation>> {
    let names = r.attributes.texts("activations")?.unwrap_or_default();
    let read = |name: &str| {
        RecurrentActivation::from_name(&name.to_lowercase()).ok_or_else(|| {
            Error::malformed(format!("there is no activation `{name}`")).attribute("activations")
        })
    };
    names.into_iter().map(read).collect()
}

fn floats(r: &NodeReader<'_, '_>, name: &str) -> Result<Vec<f32>> {
    Ok(r.attributes.floats(name)?.unwrap_or(&[]).to_vec())
}

/// The activation's name as ONNX spells it.
fn activation_name(activation: RecurrentActivation) -> &'static str {
    match activation {
        RecurrentActivation::Relu => "Relu",
        RecurrentActivation::Tanh => "Tanh",
        RecurrentActivation::Sigmoid => "Sigmoid",
        RecurrentActivation::Affine => "Affine",
        RecurrentActivation::LeakyRelu => "LeakyRelu",
        RecurrentActivation::ThresholdedRelu => "ThresholdedRelu",
        RecurrentActivation::ScaledTanh => "ScaledTanh",
        RecurrentActivation::HardSigmoid => "HardSigmoid",
        RecurrentActivation::Elu => "Elu",
        RecurrentActivation::Softsign => "Softsign",
        RecurrentActivation::Softplus => "Softplus",
    }
}

/// What the layers have in common: attributes read, and written.
macro_rules! layer_attributes {
    ($read:ident, $write:ident, $name:ident, { $($flag:ident),* }, { $($rest:tt)* }) => {
        fn $read(r: &NodeReader<'_, '_>) -> Result<$name> {
            Ok($name {
                direction: direction(r)?,
                hidden_size: r.count("hidden_size")?,
                activations: activations(r)?,
                activation_alpha: floats(r, "activation_alpha")?,
                activation_beta: floats(r, "activation_beta")?,
                clip: r.attributes.float("clip")?,
                layout: r.count("layout")?.unwrap_or(0),
                $( $flag: r.flag(stringify!($flag), false)?, )*
                $($rest)*
            })
        }

        fn $write(op: &$name, node: NewNode) -> NewNode {
            let mut node = node.text("direction", op.direction.name());
            $( node = node.flag_unless(stringify!($flag), op.$flag, false); )*
            if let Some(hidden_size) = op.hidden_size {
                node = node.int("hidden_size", hidden_size as i64);
            }
            if let Some(clip) = op.clip {
                node = node.float("clip", clip);
            }
            node = with_activations(node, &op.activations, &op.activation_alpha, &op.activation_beta);
            node.int_unless("layout", op.layout as i64, 0)
        }
    };
}
layer_attributes!(lstm, with_lstm, Lstm, { input_forget }, { cell_clip: None, gives_cells: false });
layer_attributes!(gru, with_gru, Gru, { linear_before_reset }, {});
layer_attributes!(rnn, with_rnn, Rnn, {}, {});

pub(super) fn read_lstm(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = lstm(r)?;
    r.push(op)
}

pub(super) fn write_lstm(op: &Lstm, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    check_cell_clip(op)?;
    let node = with_lstm(op, w.start("LSTM"));
    w.finish(node)
}

pub(super) fn read_gru(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = gru(r)?;
    r.push(op)
}

pub(super) fn write_gru(op: &Gru, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = with_gru(op, w.start("GRU"));
    w.finish(node)
}

pub(super) fn read_rnn(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = rnn(r)?;
    r.push(op)
}

pub(super) fn write_rnn(op: &Rnn, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = with_rnn(op, w.start("RNN"));
    w.finish(node)
}

/// ONNX cannot limit the cell state; [`crate::passes::CellClipToScan`] has spelled out what it could.
fn check_cell_clip(op: &Lstm) -> Result<()> {
    let Some(clip) = op.cell_clip else { return Ok(()) };
    Err(Error::unsupported(format!("an LSTM whose cell state is limited to ±{clip}"))
        .attribute("cell_clip")
        .help("give the model a fixed batch, so that it can be spelled out in its steps"))
}

/// onnxruntime's LSTM on weights of 8 bits.
pub(super) fn read_dynamic_quantize_lstm(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let op = DynamicQuantizeLstm::of(&lstm(r)?);
    r.push(op)
}

pub(super) fn write_dynamic_quantize_lstm(op: &DynamicQuantizeLstm, w: &mut NodeWriter<'_, '_>) {
    let node = with_lstm(&op.lstm(), w.start("DynamicQuantizeLSTM").of_domain(MICROSOFT));
    w.finish_foreign(node);
}

fn with_activations(node: NewNode, names: &[RecurrentActivation], alpha: &[f32], beta: &[f32]) -> NewNode {
    let mut node = node;
    if !names.is_empty() {
        node = node.texts("activations", names.iter().map(|name| activation_name(*name)));
    }
    if !alpha.is_empty() {
        node = node.floats("activation_alpha", alpha);
    }
    if !beta.is_empty() {
        node = node.floats("activation_beta", beta);
    }
    node
}
