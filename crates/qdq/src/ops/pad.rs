//! Padding.

use super::dispatch::{Stored, like, map_data, output_count};
use super::infer::resolve_axis;
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, attr_enum, op};
use crate::error::{Error, Result};
use crate::tensor::{Dim, Tensor, TensorType};

attr_enum! {
    /// What the padding consists of.
    pub enum PadMode {
        /// One value.
        Constant = "constant",
        /// The tensor mirrored at its first and last element, which are not repeated.
        Reflect = "reflect",
        /// The first or last element.
        Edge = "edge",
        /// The tensor again, as if its ends met.
        Wrap = "wrap",
    }
}

op! {
    /// Adds elements around a tensor, or removes them where a pad is negative.
    ///
    /// Inputs: data, `pads` (all begins, then all ends, in elements), `constant_value` (scalar, default 0),
    /// `axes` (default: all).
    pub struct Pad {
        /// What the padding consists of.
        pub mode: PadMode = PadMode::Constant,
    }
}

/// Elements to add before and after each axis; negative ones are removed.
fn pads_by_axis(rank: usize, pads: &[i64], axes: Option<&[i64]>) -> Result<Vec<(i64, i64)>> {
    let n_axes = axes.map_or(rank, <[i64]>::len);
    if pads.len() != 2 * n_axes {
        return Err(Error::data(format!("{} pads for {n_axes} axes", pads.len())));
    }
    let mut by_axis = vec![(0, 0); rank];
    for position in 0..n_axes {
        let axis = match axes {
            Some(axes) => resolve_axis(axes[position], rank)?,
            None => position,
        };
        by_axis[axis] = (pads[position], pads[n_axes + position]);
    }
    Ok(by_axis)
}

/// How one axis is padded: `size` elements from `start` on are kept, `before` and `after` added.
#[derive(Clone, Copy, Debug)]
struct Padded {
    start: usize,
    size: usize,
    before: usize,
    after: usize,
}

impl Padded {
    fn new(size: usize, (before, after): (i64, i64), mode: PadMode) -> Result<Self> {
        let removed = |pad: i64| if pad < 0 { pad.unsigned_abs() as usize } else { 0 };
        let wrong =
            || Error::data(format!("an axis of size {size} cannot be padded by {before} and {after}"));
        let start = removed(before);
        let size =
            size.checked_sub(start).and_then(|size| size.checked_sub(removed(after))).ok_or_else(wrong)?;
        if size == 0 && mode != PadMode::Constant && (before > 0 || after > 0) {
            return Err(wrong());
        }
        Ok(Self { start, size, before: before.max(0) as usize, after: after.max(0) as usize })
    }

    fn padded_size(&self) -> usize {
        self.size.saturating_add(self.before).saturating_add(self.after)
    }

    /// Where each element of the output lies in the input; `None` where it is the constant.
    fn sources(&self, mode: PadMode) -> Vec<Option<usize>> {
        let size = self.size as i64;
        let source = |position: i64| match mode {
            PadMode::Constant => (0..size).contains(&position).then_some(position),
            PadMode::Edge => Some(position.clamp(0, size - 1)),
            PadMode::Wrap => Some(position.rem_euclid(size)),
            PadMode::Reflect if size == 1 => Some(0),
            PadMode::Reflect => {
                let folded = position.rem_euclid(2 * (size - 1));
                Some(folded.min(2 * (size - 1) - folded))
            }
        };
        let first = -(self.before as i64);
        (first..first + self.padded_size() as i64)
            .map(|position| source(position).map(|place| place as usize + self.start))
            .collect()
    }
}

impl Pad {
    fn padded(&self, shape: &[usize], pads: &[(i64, i64)]) -> Result<Vec<Padded>> {
        shape.iter().zip(pads).map(|(&size, &pads)| Padded::new(size, pads, self.mode)).collect()
    }

    fn infer_dim(&self, dim: &Dim, pads: (i64, i64)) -> Result<Dim> {
        match dim {
            _ if pads == (0, 0) => Ok(dim.clone()),
            Dim::Known(size) => Ok(Dim::Known(Padded::new(*size, pads, self.mode)?.padded_size())),
            _ => Ok(Dim::Any),
        }
    }
}

impl OpDef for Pad {
    fn arity(&self) -> Arity {
        Arity::range(2, 4)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let axes = inputs.ints(3);
        let axes_known = axes.is_some() || inputs.get(3).is_none();
        let shape = match (inputs.shape(0), inputs.ints(1)) {
            (Some(dims), Some(pads)) if axes_known => {
                let pads = pads_by_axis(dims.len(), &pads, axes.as_deref())?;
                let padded = dims.iter().zip(pads).map(|(dim, pads)| self.infer_dim(dim, pads));
                Some(padded.collect::<Result<_>>()?)
            }
            (Some(dims), _) => Some(vec![Dim::Any; dims.len()]),
            (None, _) => None,
        };
        Ok(vec![inputs.moved(0, shape)])
    }

    fn eval(&self, _context: EvalContext, mut inputs: Args) -> Result<Vec<Tensor>> {
        let pads = inputs.ints(1)?;
        let axes = inputs.optional(3).map(Tensor::to_i64_vec).transpose()?;
        let data = inputs.take(0)?;
        let pads = pads_by_axis(data.shape().len(), &pads, axes.as_deref())?;
        if pads.iter().all(|pads| *pads == (0, 0)) {
            return Ok(vec![data]);
        }
        let padded = self.padded(data.shape(), &pads)?;
        let shape: Vec<usize> = padded.iter().map(Padded::padded_size).collect();
        let count = output_count(&shape)?;
        let constant = inputs.optional(2).filter(|constant| !constant.is_empty());
        let elements = map_data!(data.data(), elements => {
            let fill = constant.map(|constant| like(elements, constant)).transpose()?;
            self.pad(elements, data.shape(), &padded, filled(fill, count))
        });
        Ok(vec![Tensor::new(shape, elements)?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::SameAsInput(0)
    }
}

impl Pad {
    /// Fills `out`, which holds the constant, row by row of the last axis.
    fn pad<T: Stored>(&self, from: &[T], shape: &[usize], padded: &[Padded], mut out: Vec<T>) -> Vec<T> {
        let Some((last, outer)) = padded.split_last() else { return out };
        if out.is_empty() {
            return out;
        }
        let runs = match self.mode {
            PadMode::Constant => vec![(last.before, last.start, last.size)],
            _ => runs(&last.sources(self.mode)),
        };
        let sources: Vec<Vec<Option<usize>>> = outer.iter().map(|axis| axis.sources(self.mode)).collect();
        let mut index = vec![0; outer.len()];
        for row in out.chunks_exact_mut(last.padded_size()) {
            let place = |place: usize, ((index, sources), size): ((&usize, &Vec<Option<usize>>), &usize)| {
                sources[*index].map(|source| place * size + source)
            };
            if let Some(start) = index.iter().zip(&sources).zip(shape).try_fold(0, place) {
                let from = &from[start * shape[outer.len()]..];
                for &(to, source, len) in &runs {
                    row[to..to + len].clone_from_slice(&from[source..source + len]);
                }
            }
            for (index, sources) in index.iter_mut().zip(&sources).rev() {
                *index += 1;
                if *index < sources.len() {
                    break;
                }
                *index = 0;
            }
        }
        out
    }
}

/// As many elements as asked for, all like the first one given.
fn filled<T: Stored>(value: Option<&[T]>, count: usize) -> Vec<T> {
    vec![value.and_then(<[T]>::first).cloned().unwrap_or_default(); count]
}

/// Runs of consecutive sources: where they go, where they start, how long they are.
fn runs(sources: &[Option<usize>]) -> Vec<(usize, usize, usize)> {
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    for (to, source) in sources.iter().enumerate() {
        let Some(source) = *source else { continue };
        match runs.last_mut() {
            Some((first, start, len)) if *first + *len == to && *start + *len == source => *len += 1,
            _ => runs.push((to, source, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_all, eval_error, floats};

    fn pad(mode: PadMode, data: Tensor, pads: &[i64]) -> Vec<f32> {
        eval(Pad { mode }, [data, Tensor::vector(pads.to_vec())]).to_f32_vec().unwrap()
    }

    /// The examples of the ONNX documentation.
    #[test]
    fn pads_in_every_mode() {
        let data = || floats([2, 2], &[1.0, 1.2, 2.3, 3.4]);
        let row = [0, 2, 0, 0];
        assert_eq!(pad(PadMode::Constant, data(), &row), [0.0, 0.0, 1.0, 1.2, 0.0, 0.0, 2.3, 3.4]);
        assert_eq!(pad(PadMode::Reflect, data(), &row), [1.0, 1.2, 1.0, 1.2, 2.3, 3.4, 2.3, 3.4]);
        assert_eq!(pad(PadMode::Edge, data(), &row), [1.0, 1.0, 1.0, 1.2, 2.3, 2.3, 2.3, 3.4]);
        assert_eq!(
            pad(PadMode::Wrap, floats([3], &[1.0, 2.0, 3.0]), &[4, 1]),
            [3., 1., 2., 3., 1., 2., 3., 1.]
        );
        assert_eq!(pad(PadMode::Reflect, counting([3]), &[5, 0]), [1.0, 0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 2.0]);
        assert_eq!(pad(PadMode::Edge, counting([2, 1]), &[0, 0, 1, 0]), [0.0, 1.0, 1.0]);
    }

    #[test]
    fn negative_pads_remove() {
        assert_eq!(pad(PadMode::Constant, counting([4]), &[-1, 1]), [1.0, 2.0, 3.0, 0.0]);
        assert_eq!(pad(PadMode::Reflect, counting([4]), &[-2, 1]), [2.0, 3.0, 2.0]);
        assert_eq!(pad(PadMode::Constant, counting([2]), &[-1, -1]), [0f32; 0]);
        for pads in [[-3, 0], [-1, -2], [i64::MIN, 0], [i64::MAX, 0], [i64::MAX, i64::MAX]] {
            eval_error(Pad::default(), [counting([2]), Tensor::vector(pads.to_vec())]);
        }
        eval_error(Pad { mode: PadMode::Edge }, [counting([0]), Tensor::vector(vec![1i64, 0])]);
        eval_error(Pad::default(), [counting([2]), Tensor::vector(vec![1i64])]);
    }

    #[test]
    fn pads_named_axes_with_a_value() {
        let inputs = [
            counting([2, 1]),
            Tensor::vector(vec![1i64, 0]),
            Tensor::scalar(9f32),
            Tensor::vector(vec![-1i64]),
        ];
        assert_eq!(eval(Pad::default(), inputs).to_f32_vec().unwrap(), [9.0, 0.0, 9.0, 1.0]);
        let wrong = [counting([1]), Tensor::vector(vec![1i64, 0]), Tensor::scalar(9i64)];
        eval_error(Pad::default(), wrong);
        let absent = [
            Some(counting([1])),
            Some(Tensor::vector(vec![1i64, 0])),
            None,
            Some(Tensor::vector(vec![0i64])),
        ];
        assert_eq!(eval_all(Pad::default(), absent, 1).unwrap()[0].shape(), [2]);
    }
}
