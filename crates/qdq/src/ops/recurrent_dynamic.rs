//! onnxruntime's LSTM on weights of 8 bits, whose inputs and states are quantized while it runs.

use super::elementwise::require_float;
use super::movement::transposed;
use super::quantize::through_own_range;
use super::recurrent::infer_layer;
use super::recurrent_run::{Cell, Layer};
use super::{Args, Arity, Direction, EvalContext, Inputs, Lstm, OpDef, RecurrentActivation, op};
use crate::error::{Error, Result};
use crate::tensor::{Tensor, TensorType};

op! {
    /// [`Lstm`] on integers. Inputs: x, w `[directions, inputs, 4 · hidden]` and r `[directions, hidden, 4 · hidden]` of i8
    /// or u8, then bias, `sequence_lens`, `initial_h`, `initial_c` and peepholes as [`Lstm`] has them, any of which may
    /// be absent, then scale and zero point of w and of r, `[directions]` or `[directions, 4 · hidden]`. Outputs: those of
    /// [`Lstm`].
    ///
    /// x is quantized to u8 by its range over all steps, the hidden state of all sequences by its own at each step.
    /// onnxruntime splits sequences between threads, each with a range of its own; this is what it computes with one.
    /// Source: onnxruntime, `contrib_ops/cpu/quantization/dynamic_quantize_lstm.cc` and `rnn_helpers.cc`.
    pub struct DynamicQuantizeLstm {
        /// Which way.
        pub direction: Direction = Direction::Forward,
        /// Size of the hidden state; `none`: as the weights have it.
        pub hidden_size: Option<usize> = None,
        /// f, g and h for each direction; empty: sigmoid, tanh, tanh.
        pub activations: Vec<RecurrentActivation> = Vec::new(),
        /// alpha of the activations that have one, in their order; empty: their defaults.
        pub activation_alpha: Vec<f32> = Vec::new(),
        /// beta of the activations that have one, in their order; empty: their defaults.
        pub activation_beta: Vec<f32> = Vec::new(),
        /// Limit of the inputs of activations, to both sides; `none`: unlimited.
        pub clip: Option<f32> = None,
        /// Couple the gates: forget is 1 − input.
        pub input_forget: bool = false,
    }
}

/// Positions of scale and zero point of w; those of r follow.
const SCALES: usize = 8;

impl DynamicQuantizeLstm {
    /// The layer whose attributes are these, on integers; its `layout` must be 0, and its cell state unlimited.
    pub fn of(lstm: &Lstm) -> Self {
        Self {
            direction: lstm.direction,
            hidden_size: lstm.hidden_size,
            activations: lstm.activations.clone(),
            activation_alpha: lstm.activation_alpha.clone(),
            activation_beta: lstm.activation_beta.clone(),
            clip: lstm.clip,
            input_forget: lstm.input_forget,
        }
    }

    /// The layer on real numbers.
    pub fn lstm(&self) -> Lstm {
        Lstm {
            direction: self.direction,
            hidden_size: self.hidden_size,
            activations: self.activations.clone(),
            activation_alpha: self.activation_alpha.clone(),
            activation_beta: self.activation_beta.clone(),
            clip: self.clip,
            input_forget: self.input_forget,
            ..Lstm::default()
        }
    }

    fn layer(&self) -> Layer {
        Layer {
            cell: Cell::Lstm { input_forget: self.input_forget, is_dynamic: true },
            ..self.lstm().layer()
        }
    }
}

impl OpDef for DynamicQuantizeLstm {
    fn arity(&self) -> Arity {
        Arity::range(3, 12).outputs(0, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        for position in [0, 3, 5, 6, 7, SCALES, SCALES + 2] {
            require_float(inputs, position)?;
        }
        let of_weights = match inputs.shape(2) {
            Some([_, hidden, _]) => hidden.known(),
            _ => None,
        };
        let layer = Layer { hidden_size: self.hidden_size.or(of_weights), ..self.layer() };
        infer_layer(&layer, &Inputs(inputs.0.iter().take(1).copied().collect()), 3)
    }

    fn eval(&self, context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        for (name, weights, scale) in [("w", 1, SCALES), ("r", 2, SCALES + 2)] {
            let real = real_weights(name, inputs.get(weights)?, inputs.get(scale)?, inputs.get(scale + 1)?)?;
            inputs.0[weights] = Some(transposed(&real, &[0, 2, 1])?);
        }
        let x = inputs.take(0)?;
        let shape = x.shape().to_vec();
        let mut elements = x.into_vec::<f32>()?;
        through_own_range(&mut elements);
        inputs.0[0] = Some(Tensor::from_vec(shape, elements)?);
        inputs.0.truncate(SCALES);
        let layer = self.layer();
        let mut outputs = layer.run(&layer.pack(&inputs)?, &inputs)?;
        outputs.truncate(context.n_outputs.max(1));
        Ok(outputs)
    }
}

/// Real numbers of weights `[directions, rows, columns]`; scales are for each direction, or for each of its columns too.
fn real_weights(name: &str, weights: &Tensor, scale: &Tensor, zero_point: &Tensor) -> Result<Tensor> {
    let &[directions, rows, columns] = weights.shape() else {
        return Err(Error::data(format!("{name} of shape {:?}", weights.shape())));
    };
    let spread = |tensor: &Tensor| match *tensor.shape() {
        [n] if n == directions => Ok(1),
        [n, of_each] if n == directions && of_each == columns => Ok(columns),
        _ => Err(Error::data(format!(
            "scale or zero point of shape {:?} for {name} of {:?}",
            tensor.shape(),
            weights.shape()
        ))),
    };
    let (of_scale, of_zero) = (spread(scale)?, spread(zero_point)?);
    let (scales, zeros) = (scale.to_f32_vec()?, zero_point.to_i64_vec()?);
    let mut real = Vec::with_capacity(weights.len());
    for (at, integer) in weights.to_i64_vec()?.into_iter().enumerate() {
        let (direction, column) = (at / (rows * columns), at % columns);
        let of = |n: usize| direction * n + if n == 1 { 0 } else { column };
        real.push((integer - zeros[of(of_zero)]) as f32 * scales[of(of_scale)]);
    }
    Tensor::from_vec(weights.shape().to_vec(), real)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, eval_all, eval_error};

    /// Inputs for one step of two hidden values, which are whole numbers of steps of 1/255 and so lose nothing.
    fn inputs() -> [Option<Tensor>; 12] {
        let floats = |shape: &[usize], elements: Vec<f32>| Tensor::from_vec(shape.to_vec(), elements).ok();
        let weights = |rows: usize| {
            let integers = (0..rows * 8).map(|at| (at * 37 % 255) as i8).collect::<Vec<_>>();
            Tensor::from_vec(vec![1, rows, 8], integers).ok()
        };
        let scale = floats(&[1, 8], (1..9).map(|at| 0.002 * at as f32).collect());
        let zero = Tensor::from_vec(vec![1, 8], vec![0i8; 8]).ok();
        let x = floats(&[1, 1, 3], vec![0.0, 1.0, 100.0 / 255.0]);
        let h = floats(&[1, 1, 2], vec![1.0, 51.0 / 255.0]);
        [x, weights(3), weights(2), None, None, h, None, None, scale.clone(), zero.clone(), scale, zero]
    }

    #[test]
    fn what_is_on_the_grid_already_is_as_in_the_float_layer() {
        let integers = inputs();
        let real = |at: usize, scale: usize| {
            let (weights, scale) = (integers[at].clone().unwrap(), integers[scale].clone().unwrap());
            let real = real_weights("w", &weights, &scale, integers[9].as_ref().unwrap()).unwrap();
            Some(transposed(&real, &[0, 2, 1]).unwrap())
        };
        let floats = [integers[0].clone(), real(1, 8), real(2, 10), None, None, integers[5].clone()];
        let expected = eval_all(Lstm::default(), floats, 3).unwrap();
        let found = eval_all(DynamicQuantizeLstm::default(), integers, 3).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            assert_close(found, expected.as_slice::<f32>().unwrap());
        }
    }

    #[test]
    fn scales_that_do_not_fit_are_an_error() {
        let mut three = inputs();
        three[8] = Some(Tensor::vector(vec![0.1f32; 3]));
        assert!(eval_all(DynamicQuantizeLstm::default(), three, 3).is_err());
        eval_error(DynamicQuantizeLstm::default(), inputs().into_iter().take(8).flatten());
    }
}
