//! Sums of products in Einstein's notation.

use std::collections::BTreeMap;

use super::elementwise::require_number;
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::ops::dispatch::output_count;
use crate::tensor::{DType, Dim, Tensor, TensorType};

op! {
    /// Sums of products of elements whose indices an equation names, as `ij,jk->ik`; `...` stands for axes that
    /// broadcast. Without `->`, the output has the indices that occur once, in the order of the alphabet.
    pub struct Einsum {
        /// The equation.
        pub equation: String = String::new(),
    }
}

/// An index: a letter, or an axis of the ellipsis, counted from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Index {
    Ellipsis(usize),
    Letter(char),
}

/// Indices of each input and of the output.
struct Terms {
    inputs: Vec<Vec<Index>>,
    output: Vec<Index>,
}

impl OpDef for Einsum {
    fn arity(&self) -> Arity {
        Arity::at_least(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_number(inputs, 0)?;
        let shapes: Option<Vec<&[Dim]>> = (0..inputs.len()).map(|position| inputs.shape(position)).collect();
        let Some(shapes) = shapes else { return Ok(vec![TensorType::new(inputs.dtype(0), None)]) };
        let terms = self.terms(&shapes.iter().map(|shape| shape.len()).collect::<Vec<_>>())?;
        let size = |index: &Index| {
            let places = terms.inputs.iter().zip(&shapes).flat_map(|(term, shape)| term.iter().zip(*shape));
            let mut dims = places.filter(|(other, _)| *other == index).map(|(_, dim)| dim);
            let first = dims.next().cloned().unwrap_or(Dim::Any);
            dims.fold(first, |size, dim| if size == Dim::Known(1) { dim.clone() } else { size })
        };
        Ok(vec![TensorType::new(inputs.dtype(0), Some(terms.output.iter().map(size).collect()))])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let tensors = (0..inputs.len()).map(|at| inputs.get(at)).collect::<Result<Vec<_>>>()?;
        let terms = self.terms(&tensors.iter().map(|tensor| tensor.shape().len()).collect::<Vec<_>>())?;
        let mut sizes = BTreeMap::new();
        for (term, tensor) in terms.inputs.iter().zip(&tensors) {
            for (&index, &size) in term.iter().zip(tensor.shape()) {
                let known = sizes.entry(index).or_insert(size);
                if *known == 1 {
                    *known = size;
                } else if size != *known && size != 1 {
                    return Err(Error::data(format!("an index runs to {known} and to {size}")));
                }
            }
        }
        let dtype = tensors.first().map_or(DType::F32, |tensor| tensor.dtype());
        let sums = Sums::new(&terms, &tensors, &sizes)?;
        let result = if dtype.is_float() {
            sums.run(&values(&tensors, Tensor::to_f64_vec)?, |a, b| a * b, |a, b| a + b, 1.0, 0.0)
        } else {
            sums.run(&values(&tensors, Tensor::to_i64_vec)?, i64::wrapping_mul, i64::wrapping_add, 1, 0)
        };
        Ok(vec![cast(result?, dtype)?])
    }
}

fn values<T>(tensors: &[&Tensor], convert: fn(&Tensor) -> Result<Vec<T>>) -> Result<Vec<Vec<T>>> {
    tensors.iter().map(|tensor| convert(tensor)).collect()
}

impl Einsum {
    fn terms(&self, ranks: &[usize]) -> Result<Terms> {
        let wrong = |message: String| Error::graph(message).attribute("equation");
        let equation: String = self.equation.chars().filter(|c| !c.is_whitespace()).collect();
        let (left, right) = match equation.split_once("->") {
            Some((left, right)) => (left, Some(right)),
            None => (equation.as_str(), None),
        };
        let texts: Vec<&str> = left.split(',').collect();
        if texts.len() != ranks.len() {
            return Err(wrong(format!(
                "`{}` is of {} inputs, not {}",
                self.equation,
                texts.len(),
                ranks.len()
            )));
        }
        let mut inputs = Vec::new();
        for (text, &rank) in texts.iter().zip(ranks) {
            let term = indices(text, rank.checked_sub(text.replace("...", "").chars().count()));
            let term = term.filter(|term| term.len() == rank);
            inputs.push(term.ok_or_else(|| wrong(format!("`{text}` does not name {rank} axes")))?);
        }
        let most = inputs.iter().flatten().filter_map(|index| match index {
            Index::Ellipsis(at) => Some(at + 1),
            Index::Letter(_) => None,
        });
        let n_ellipsis = most.max().unwrap_or(0);
        let output = if let Some(right) = right {
            indices(right, Some(n_ellipsis))
                .ok_or_else(|| wrong(format!("`{right}` is no list of indices")))?
        } else {
            once(&inputs, n_ellipsis)
        };
        if output.iter().any(|index| !inputs.iter().flatten().any(|other| other == index)) {
            return Err(wrong(format!("`{}` has an index that no input has", self.equation)));
        }
        Ok(Terms { inputs, output })
    }
}

/// Indices of an output that is not named: the ellipsis, then the letters that occur once.
fn once(inputs: &[Vec<Index>], n_ellipsis: usize) -> Vec<Index> {
    let mut letters: Vec<Index> = inputs.iter().flatten().copied().collect();
    letters.sort_unstable();
    let count = |index: &Index| letters.iter().filter(|other| *other == index).count();
    let single = letters.iter().filter(|index| matches!(index, Index::Letter(_)) && count(index) == 1);
    (0..n_ellipsis).rev().map(Index::Ellipsis).chain(single.copied()).collect()
}

/// Indices of a term whose ellipsis stands for so many axes.
fn indices(text: &str, n_ellipsis: Option<usize>) -> Option<Vec<Index>> {
    let letters = |text: &str| {
        let letter = |c: char| c.is_ascii_alphabetic().then_some(Index::Letter(c));
        text.chars().map(letter).collect::<Option<Vec<Index>>>()
    };
    let Some((before, after)) = text.split_once("...") else { return letters(text) };
    let mut all = letters(before)?;
    all.extend((0..n_ellipsis?).rev().map(Index::Ellipsis));
    all.extend(letters(after)?);
    Some(all)
}

/// The loops: output indices first, then those that are summed over.
struct Sums {
    shape: Vec<usize>,
    /// Size of each index, and its stride in each input.
    loops: Vec<(usize, Vec<usize>)>,
}

impl Sums {
    fn new(terms: &Terms, tensors: &[&Tensor], sizes: &BTreeMap<Index, usize>) -> Result<Self> {
        let mut order = terms.output.clone();
        order.extend(sizes.keys().filter(|index| !terms.output.contains(index)));
        let strides = |index: &Index| -> Vec<usize> {
            let stride = |(term, tensor): (&Vec<Index>, &&Tensor)| {
                let axes = term.iter().enumerate().filter(|(_, other)| *other == index);
                let axes = axes.filter(|(axis, _)| tensor.shape()[*axis] != 1);
                axes.map(|(axis, _)| tensor.shape()[axis + 1..].iter().product::<usize>()).sum()
            };
            terms.inputs.iter().zip(tensors).map(stride).collect()
        };
        let loops = order.iter().map(|index| (sizes[index], strides(index))).collect::<Vec<_>>();
        let shape: Vec<usize> = loops[..terms.output.len()].iter().map(|(size, _)| *size).collect();
        output_count(&shape)?;
        Ok(Self { shape, loops })
    }

    fn run<T: Copy + crate::tensor::Element>(
        &self,
        inputs: &[Vec<T>],
        times: impl Fn(T, T) -> T,
        plus: impl Fn(T, T) -> T,
        one: T,
        zero: T,
    ) -> Result<Tensor> {
        let n_out = self.shape.iter().product::<usize>();
        let summed = &self.loops[self.shape.len()..];
        let n_summed = summed.iter().fold(1usize, |n, (size, _)| n.saturating_mul(*size));
        let mut output = Vec::with_capacity(n_out);
        let mut counter = vec![0; self.loops.len()];
        let mut places = vec![0; inputs.len()];
        for _ in 0..n_out {
            let mut sum = zero;
            for _ in 0..n_summed {
                let product =
                    inputs.iter().zip(&places).fold(one, |product, (input, &at)| times(product, input[at]));
                sum = plus(sum, product);
                self.step(&mut counter, &mut places, self.shape.len());
            }
            output.push(sum);
            self.step(&mut counter[..self.shape.len()], &mut places, 0);
        }
        Tensor::from_vec(self.shape.clone(), output)
    }

    /// Counts the loops from `first` on one further, the last one fastest.
    fn step(&self, counter: &mut [usize], places: &mut [usize], first: usize) {
        for at in (first..counter.len()).rev() {
            let (size, strides) = &self.loops[at];
            counter[at] += 1;
            if counter[at] < *size {
                places.iter_mut().zip(strides).for_each(|(place, stride)| *place += stride);
                return;
            }
            counter[at] = 0;
            places.iter_mut().zip(strides).for_each(|(place, stride)| *place -= stride * (size - 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error};

    #[test]
    fn equations() {
        let sum =
            |equation: &str, inputs: Vec<Tensor>| eval(Einsum { equation: equation.to_owned() }, inputs);
        let a = || counting([2, 3]);
        assert_close(&sum("ij,jk->ik", vec![a(), counting([3, 1])]), &[5.0, 14.0]);
        assert_close(&sum("ij->ji", vec![a()]), &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_close(&sum("ij->", vec![a()]), &[15.0]);
        assert_close(&sum("ba", vec![a()]), &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_close(&sum("...ii->...i", vec![counting([2, 2, 2])]), &[0.0, 3.0, 4.0, 7.0]);
        assert_close(&sum("... , ...", vec![counting([2]), counting([2, 1])]), &[0.0, 0.0, 0.0, 1.0]);
        for (equation, inputs) in [("ij,jk", 1), ("i", 1), ("ij->k", 1), ("i1", 1), ("ij,ji", 2)] {
            eval_error(Einsum { equation: equation.to_owned() }, vec![a(); inputs]);
        }
    }
}
