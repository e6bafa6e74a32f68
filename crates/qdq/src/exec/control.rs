//! `if`, `loop` and `scan`: ops that run regions.

use super::compile::{Step, Steps};
use super::run::Frame;
use crate::error::{Error, Result};
use crate::ops::{Args, Concat, EvalContext, OpDef, Scan, Slice, Squeeze, Unsqueeze};
use crate::tensor::Tensor;

/// More turns than this are taken for a loop without an end.
const MAX_TURNS: i64 = 1 << 32;

pub(super) fn run_if(frame: &mut Frame<'_, '_>, step: &Step, args: &Args) -> Result<Vec<Tensor>> {
    let condition = condition(args.get(0)?)?;
    let region = step.regions.get(usize::from(!condition)).ok_or_else(no_region)?;
    run_region(frame, region, Vec::new())
}

pub(super) fn run_loop(frame: &mut Frame<'_, '_>, step: &Step, args: &Args) -> Result<Vec<Tensor>> {
    let region = step.regions.first().ok_or_else(no_region)?;
    let max_turns = match args.optional(0) {
        Some(count) => single(&count.to_i64_vec()?)?,
        None => MAX_TURNS,
    };
    let mut goes_on = args.optional(1).map(condition).transpose()?.unwrap_or(true);
    let mut carried: Vec<Tensor> = args.0.iter().skip(2).flatten().cloned().collect();
    let n_carried = carried.len();
    let mut collected: Vec<Vec<Tensor>> = vec![Vec::new(); step.outputs.len().saturating_sub(n_carried)];
    let mut turn = 0;
    while goes_on && turn < max_turns {
        let mut inputs = vec![Tensor::scalar(turn), Tensor::scalar(goes_on)];
        inputs.append(&mut carried);
        let mut outputs = run_region(frame, region, inputs)?.into_iter();
        goes_on = condition(&outputs.next().ok_or_else(no_region)?)?;
        carried = outputs.by_ref().take(n_carried).collect();
        for (list, output) in collected.iter_mut().zip(outputs) {
            list.push(output);
        }
        turn += 1;
    }
    for list in collected {
        carried.push(stack(list, 0)?);
    }
    Ok(carried)
}

pub(super) fn run_scan(
    frame: &mut Frame<'_, '_>,
    scan: &Scan,
    step: &Step,
    args: &Args,
) -> Result<Vec<Tensor>> {
    let region = step.regions.first().ok_or_else(no_region)?;
    let n_state = args.len().checked_sub(scan.num_scan_inputs).ok_or_else(no_region)?;
    let mut state: Vec<Tensor> = args.0.iter().take(n_state).flatten().cloned().collect();
    let scanned: Vec<&Tensor> = args.0.iter().skip(n_state).flatten().collect();
    let axis = |axes: &[i64], position: usize| axes.get(position).copied().unwrap_or(0);
    let backward = |directions: &[i64], position: usize| directions.get(position) == Some(&1);
    let mut n_turns = 0;
    for (position, tensor) in scanned.iter().enumerate() {
        let axis = crate::ops::resolve_axis(axis(&scan.scan_input_axes, position), tensor.shape().len())?;
        n_turns = tensor.shape()[axis];
    }
    let mut collected: Vec<Vec<Tensor>> = vec![Vec::new(); step.outputs.len().saturating_sub(n_state)];
    for turn in 0..n_turns {
        let mut inputs = std::mem::take(&mut state);
        for (position, tensor) in scanned.iter().enumerate() {
            let at = if backward(&scan.scan_input_directions, position) { n_turns - 1 - turn } else { turn };
            inputs.push(pick((*tensor).clone(), axis(&scan.scan_input_axes, position), at)?);
        }
        let mut outputs = run_region(frame, region, inputs)?.into_iter();
        state = outputs.by_ref().take(n_state).collect();
        for (list, output) in collected.iter_mut().zip(outputs) {
            list.push(output);
        }
    }
    for (position, mut list) in collected.into_iter().enumerate() {
        if backward(&scan.scan_output_directions, position) {
            list.reverse();
        }
        state.push(stack(list, axis(&scan.scan_output_axes, position))?);
    }
    Ok(state)
}

fn run_region(frame: &mut Frame<'_, '_>, region: &Steps, inputs: Vec<Tensor>) -> Result<Vec<Tensor>> {
    for (&id, tensor) in region.inputs.iter().zip(inputs) {
        frame.define(id, tensor)?;
    }
    frame.run_steps(region)?;
    region.outputs.iter().map(|&id| frame.read(id)).collect()
}

fn condition(tensor: &Tensor) -> Result<bool> {
    match tensor.as_slice::<bool>()? {
        [condition] => Ok(*condition),
        other => Err(Error::data(format!("a condition of {} elements", other.len()))),
    }
}

fn single(numbers: &[i64]) -> Result<i64> {
    match numbers {
        [number] => Ok(*number),
        _ => Err(Error::data(format!("{} numbers where one is needed", numbers.len()))),
    }
}

/// The slice of a tensor at one index of an axis, without that axis.
fn pick(tensor: Tensor, axis: i64, index: usize) -> Result<Tensor> {
    let at = |index: usize| Some(Tensor::vector(vec![index as i64]));
    let axis = Some(Tensor::vector(vec![axis]));
    let sliced = eval_one(&Slice::default(), vec![Some(tensor), at(index), at(index + 1), axis.clone()])?;
    eval_one(&Squeeze::default(), vec![Some(sliced), axis])
}

/// Tensors of one shape side by side along a new axis.
fn stack(tensors: Vec<Tensor>, axis: i64) -> Result<Tensor> {
    if tensors.is_empty() {
        return Err(Error::unsupported("a loop without turns cannot collect outputs of unknown shape"));
    }
    let at = Some(Tensor::vector(vec![axis]));
    let expanded =
        tensors.into_iter().map(|tensor| eval_one(&Unsqueeze::default(), vec![Some(tensor), at.clone()]));
    let expanded: Vec<Option<Tensor>> = expanded.map(|tensor| tensor.map(Some)).collect::<Result<_>>()?;
    eval_one(&Concat { axis }, expanded)
}

fn eval_one(op: &dyn OpDef, inputs: Vec<Option<Tensor>>) -> Result<Tensor> {
    let outputs = op.eval(EvalContext { n_outputs: 1 }, Args(inputs))?;
    outputs.into_iter().next().ok_or_else(|| Error::internal("no output"))
}

fn no_region() -> Error {
    Error::internal("a region is missing")
}
