//! Steps of optimizers, as models hold them that train themselves.

use super::{Args, Arity, EvalContext, Inputs, OpDef, attr_enum, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::tensor::{Tensor, TensorType};

op! {
    /// A step of Adagrad: inputs are the rate, the number of steps before, then all tensors, their gradients and sums of
    /// squared gradients; outputs the new tensors and sums.
    pub struct Adagrad {
        /// How much the rate shrinks with each step.
        pub decay_factor: f32 = 0.0,
        /// Added to the root of the sum.
        pub epsilon: f32 = 1e-6,
        /// How much of a tensor is added to its gradient.
        pub norm_coefficient: f32 = 0.0,
    }
}
op! {
    /// A step of Adam: inputs are the rate, the number of steps before, then all tensors, their gradients, means of
    /// gradients and of squared gradients; outputs the new tensors, means and squared means.
    pub struct Adam {
        /// How much of the mean stays.
        pub alpha: f32 = 0.9,
        /// How much of the squared mean stays.
        pub beta: f32 = 0.999,
        /// Added to the root of the squared mean.
        pub epsilon: f32 = 1e-6,
        /// How much of a tensor is added to its gradient.
        pub norm_coefficient: f32 = 0.0,
        /// How much of a tensor is taken away after the step.
        pub norm_coefficient_post: f32 = 0.0,
    }
}
attr_enum! {
    /// Kind of momentum.
    pub enum MomentumMode {
        /// The step is the momentum.
        Standard = "standard",
        /// The step looks ahead by Nesterov's rule.
        Nesterov = "nesterov",
    }
}
op! {
    /// A step of gradient descent with momentum: inputs are the rate, the number of steps before, then all tensors, their
    /// gradients and momenta; outputs the new tensors and momenta.
    pub struct Momentum {
        /// How much of the momentum stays.
        pub alpha: f32 = 0.9,
        /// How much of a gradient is added to the momentum, after the first step.
        pub beta: f32 = 1.0,
        /// Kind of momentum.
        pub mode: MomentumMode = MomentumMode::Standard,
        /// How much of a tensor is added to its gradient.
        pub norm_coefficient: f32 = 0.0,
    }
}

/// One element's step.
trait Optimizer<const STATES: usize> {
    /// The new element and states, from rate, number of steps before, element, gradient and states.
    fn step(
        &self,
        rate: f64,
        steps: f64,
        x: f64,
        gradient: f64,
        states: [f64; STATES],
    ) -> (f64, [f64; STATES]);
}

impl Optimizer<1> for Adagrad {
    fn step(&self, rate: f64, steps: f64, x: f64, gradient: f64, [sum]: [f64; 1]) -> (f64, [f64; 1]) {
        let rate = rate / (1.0 + steps * f64::from(self.decay_factor));
        let gradient = f64::from(self.norm_coefficient) * x + gradient;
        let sum = sum + gradient * gradient;
        (x - rate * gradient / (sum.sqrt() + f64::from(self.epsilon)), [sum])
    }
}

impl Optimizer<2> for Adam {
    fn step(
        &self,
        rate: f64,
        steps: f64,
        x: f64,
        gradient: f64,
        [mean, square]: [f64; 2],
    ) -> (f64, [f64; 2]) {
        let (alpha, beta) = (f64::from(self.alpha), f64::from(self.beta));
        let gradient = f64::from(self.norm_coefficient) * x + gradient;
        let mean = alpha * mean + (1.0 - alpha) * gradient;
        let square = beta * square + (1.0 - beta) * gradient * gradient;
        let rate = if steps > 0.0 {
            rate * (1.0 - beta.powf(steps)).sqrt() / (1.0 - alpha.powf(steps))
        } else {
            rate
        };
        let x = x - rate * mean / (square.sqrt() + f64::from(self.epsilon));
        ((1.0 - f64::from(self.norm_coefficient_post)) * x, [mean, square])
    }
}

impl Optimizer<1> for Momentum {
    fn step(&self, rate: f64, steps: f64, x: f64, gradient: f64, [momentum]: [f64; 1]) -> (f64, [f64; 1]) {
        let (alpha, gradient) = (f64::from(self.alpha), f64::from(self.norm_coefficient) * x + gradient);
        let beta = if steps > 0.0 { f64::from(self.beta) } else { 1.0 };
        let momentum = alpha * momentum + beta * gradient;
        let step = match self.mode {
            MomentumMode::Standard => momentum,
            MomentumMode::Nesterov => gradient + alpha * momentum,
        };
        (x - rate * step, [momentum])
    }
}

/// Number of tensors that the inputs are of, each with its gradient and states.
fn n_tensors(n_inputs: usize, n_states: usize) -> Result<usize> {
    match n_inputs.checked_sub(2) {
        Some(rest) if rest > 0 && rest.is_multiple_of(n_states + 2) => Ok(rest / (n_states + 2)),
        _ => Err(Error::graph(format!("{n_inputs} inputs"))),
    }
}

fn infer<const STATES: usize>(inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
    let n = n_tensors(inputs.len(), STATES)?;
    let states = (0..STATES).flat_map(|state| (0..n).map(move |i| 2 + (state + 2) * n + i));
    Ok((2..2 + n).chain(states).map(|position| inputs.same(position)).collect())
}

fn run<const STATES: usize>(op: &impl Optimizer<STATES>, inputs: &Args) -> Result<Vec<Tensor>> {
    let n = n_tensors(inputs.len(), STATES)?;
    let scalar = |position: usize| {
        let numbers = inputs.get(position)?.to_f64_vec()?;
        numbers.first().copied().ok_or_else(|| Error::data("a number is missing"))
    };
    let (rate, steps) = (scalar(0)?, scalar(1)?);
    let mut outputs: Vec<Vec<Tensor>> = vec![Vec::new(); STATES + 1];
    for i in 0..n {
        let tensors = (0..STATES + 2).map(|of| inputs.get(2 + of * n + i)).collect::<Result<Vec<_>>>()?;
        let x = tensors[0];
        if tensors.iter().any(|tensor| tensor.shape() != x.shape()) {
            return Err(Error::data(format!(
                "a tensor of {:?} with a gradient or state of another shape",
                x.shape()
            )));
        }
        let numbers = tensors.iter().map(|tensor| tensor.to_f64_vec()).collect::<Result<Vec<_>>>()?;
        let mut new: Vec<Vec<f64>> = vec![Vec::with_capacity(x.len()); STATES + 1];
        for (at, (&element, &gradient)) in numbers[0].iter().zip(&numbers[1]).enumerate() {
            let states = std::array::from_fn(|state| numbers[state + 2][at]);
            let (element, states) = op.step(rate, steps, element, gradient, states);
            new[0].push(element);
            states.into_iter().enumerate().for_each(|(state, value)| new[state + 1].push(value));
        }
        for (list, elements) in outputs.iter_mut().zip(new) {
            list.push(cast(Tensor::from_vec(x.shape().to_vec(), elements)?, x.dtype())?);
        }
    }
    Ok(outputs.into_iter().flatten().collect())
}

macro_rules! optimizer {
    ($($name:ident: $states:literal;)*) => {$(
        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::at_least($states + 4).outputs(1, usize::MAX)
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                infer::<$states>(inputs)
            }

            fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                run::<$states>(self, &inputs)
            }
        }
    )*};
}
optimizer! {
    Adagrad: 1;
    Adam: 2;
    Momentum: 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, eval_all, floats};

    #[test]
    fn first_steps() {
        let scalar = |x: f32| Some(Tensor::scalar(x));
        let x = |x: f32| Some(floats([1], &[x]));
        let steps = || Some(Tensor::scalar(0i64));
        let inputs = || vec![scalar(0.1), steps(), x(1.0), x(2.0), x(0.0)];
        let outputs = eval_all(Momentum::default(), inputs(), 2).unwrap();
        assert_close(&outputs[0], &[0.8]);
        assert_close(&outputs[1], &[2.0]);
        assert_close(&eval_all(Adagrad::default(), inputs(), 2).unwrap()[0], &[0.9]);
        let mut inputs = inputs();
        inputs.push(x(0.0));
        let outputs = eval_all(Adam::default(), inputs, 3).unwrap();
        assert_close(&outputs[1], &[0.2]);
        assert!(eval_all(Adam::default(), vec![scalar(0.1), steps()], 1).is_err());
    }
}
