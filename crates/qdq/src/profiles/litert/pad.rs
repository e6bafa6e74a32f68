//! Padding: kernels `PAD`, `PADV2` and `MIRROR_PAD`, which move integers and put the padding's integer around them.

use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, EvalContext, OpDef, Pad, PadMode, Prepared, quantize, with_constants};
use crate::profiles::integers::{activation, constants, output, params};
use crate::tensor::Tensor;

/// Binds a padding; input and output have the same parameters, in which the padding is an integer.
pub(super) fn prepare(pad: &Pad, node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
    let (input, output) = (activation(node, 0)?, output(node)?);
    if input != output {
        return Err(Error::unsupported("padding with other parameters for its output")
            .help("LiteRT wants the input's parameters"));
    }
    let mut constants = constants(node);
    if pad.mode == PadMode::Constant {
        let value = match node.inputs.get(2) {
            None | Some(None) => Tensor::scalar(0.0f32),
            Some(Some(value)) if value.quant.is_none() => match &value.constant {
                Some(constant) => constant.clone().reshaped(Vec::new())?,
                None => return Err(Error::unsupported("padding by a number that is computed")),
            },
            Some(Some(_)) => return Err(Error::unsupported("padding by an integer")),
        };
        constants.resize(constants.len().max(3), None);
        constants[2] = Some(quantize(&value, params(node, 0)?)?);
    }
    Ok(Box::new(Padded { pad: pad.clone(), constants }))
}

#[derive(Debug)]
struct Padded {
    pad: Pad,
    constants: Vec<Option<Tensor>>,
}

impl Prepared for Padded {
    fn run(&self, mut inputs: Args) -> Result<Vec<Tensor>> {
        inputs.0.resize(inputs.0.len().max(self.constants.len()), None);
        self.pad.eval(EvalContext { n_outputs: 1 }, with_constants(inputs, &self.constants))
    }
}
