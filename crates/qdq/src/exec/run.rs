//! Runs a program.

use std::time::{Duration, Instant};

use super::compile::{Input, Program, Step, Steps};
use super::control;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::ops::{Args, EvalContext, Op};
use crate::tensor::Tensor;

/// Sees each tapped value the moment it is computed.
pub type Tap<'t> = &'t mut dyn FnMut(ValueId, &Tensor) -> Result<()>;

/// Hears how long each node without regions took, with the activation fused into it.
pub type Clock<'t> = &'t mut dyn FnMut(&Timed<'_>);

/// How long a node took.
#[derive(Clone, Copy, Debug)]
pub struct Timed<'p> {
    /// Name of the node.
    pub node: &'p str,
    /// Name of its op.
    pub op: &'static str,
    /// Whether it is in integer form.
    pub is_integer: bool,
    /// The time.
    pub duration: Duration,
}

impl Program {
    /// Computes the outputs from the inputs, both in the graph's order; an input left out takes its default.
    ///
    /// # Errors
    /// An input that is missing or of the wrong type or shape; whatever goes wrong in a node, naming it.
    pub fn run(&self, inputs: Vec<Option<Tensor>>, tap: Tap<'_>) -> Result<Vec<Tensor>> {
        self.run_frame(inputs, tap, None)
    }

    /// Computes the outputs and tells a clock how long each node takes.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_timed(&self, inputs: Vec<Option<Tensor>>, clock: Clock<'_>) -> Result<Vec<Tensor>> {
        self.run_frame(inputs, &mut |_, _| Ok(()), Some(&mut *clock))
    }

    fn run_frame<'t>(
        &self,
        inputs: Vec<Option<Tensor>>,
        tap: Tap<'t>,
        clock: Option<Clock<'t>>,
    ) -> Result<Vec<Tensor>> {
        let mut frame = Frame { program: self, values: vec![None; self.graph.values().len()], tap, clock };
        let mut inputs = inputs.into_iter();
        for &id in &self.body.inputs {
            let value = &self.graph[id];
            let Some(tensor) = inputs.next().flatten().or_else(|| value.constant.clone()) else {
                return Err(Error::data("the model needs this input").value(value.name()));
            };
            if value.ty.as_ref().is_some_and(|ty| !ty.admits(tensor.dtype(), tensor.shape())) {
                let expected = value.ty.as_ref().map_or_else(String::new, ToString::to_string);
                let message = format!("the model takes {expected}, but the data is {}", tensor.tensor_type());
                return Err(Error::data(message).value(value.name()));
            }
            frame.define(id, tensor)?;
        }
        frame.run_steps(&self.body)?;
        self.body.outputs.iter().map(|&id| frame.read(id)).collect()
    }
}

/// Values computed so far.
pub(super) struct Frame<'p, 't> {
    program: &'p Program,
    values: Vec<Option<Tensor>>,
    tap: Tap<'t>,
    clock: Option<Clock<'t>>,
}

impl Frame<'_, '_> {
    pub(super) fn run_steps(&mut self, steps: &Steps) -> Result<()> {
        for step in &steps.work {
            let begin = self.clock.is_some().then(Instant::now);
            self.run_step(step).map_err(|error| error.node(&step.name))?;
            if let (Some(clock), Some(begin), true) = (&mut self.clock, begin, step.regions.is_empty()) {
                let (node, op, is_integer) = (step.name.as_str(), step.op.name(), step.is_integer);
                clock(&Timed { node, op, is_integer, duration: begin.elapsed() });
            }
        }
        Ok(())
    }

    fn run_step(&mut self, step: &Step) -> Result<()> {
        let args = step.inputs.iter().map(|input| input.map(|input| self.take(input)).transpose());
        let args = Args(args.collect::<Result<_>>()?);
        let outputs = match (&step.kernel, &step.op) {
            (Some(kernel), _) => kernel.run(args)?,
            (None, Op::If(_)) => control::run_if(self, step, &args)?,
            (None, Op::Loop(_)) => control::run_loop(self, step, &args)?,
            (None, Op::Scan(scan)) => control::run_scan(self, scan, step, &args)?,
            (None, op) => op.def().eval(EvalContext { n_outputs: step.outputs.len() }, args)?,
        };
        if outputs.len() < step.outputs.len() {
            return Err(Error::internal(format!("{} outputs of {}", outputs.len(), step.outputs.len())));
        }
        for (id, tensor) in step.outputs.iter().zip(outputs) {
            if let Some(id) = id {
                self.define(*id, tensor)?;
            }
        }
        for id in &step.release {
            self.values[id.index()] = None;
        }
        Ok(())
    }

    /// The value, taken away if nothing needs it later.
    fn take(&mut self, input: Input) -> Result<Tensor> {
        if input.is_last
            && let Some(tensor) = self.values[input.value.index()].take()
        {
            return Ok(tensor);
        }
        self.read(input.value)
    }

    pub(super) fn read(&self, id: ValueId) -> Result<Tensor> {
        let value = &self.program.graph[id];
        let tensor = self.values[id.index()].as_ref().or(value.constant.as_ref());
        tensor.cloned().ok_or_else(|| Error::internal("read before it was computed").value(value.name()))
    }

    pub(super) fn define(&mut self, id: ValueId, tensor: Tensor) -> Result<()> {
        if self.program.taps.contains(&id) {
            (self.tap)(id, &tensor)?;
        }
        self.values[id.index()] = Some(tensor);
        Ok(())
    }
}
