//! Elements that come to stand elsewhere, with zeros between and around.

use super::infer::resolve_axis;
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, attr_enum, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::ops::dispatch::{Stored, like, map_data, output_count, resolve_index, sizes, span};
use crate::tensor::{Data, Dim, Tensor, TensorType};

op! {
    /// Cuts or fills up with zeros, as much at both ends; of an odd number the end has one more. Input 1: the sizes.
    pub struct CenterCropPad {
        /// The axes whose sizes are given; empty: all.
        pub axes: Vec<i64> = Vec::new(),
    }
}
op! {
    /// Sums of the columns of patches `[batch, channels × patch, columns]` where they lie in an image.
    ///
    /// Input 1: the sizes of the image; input 2: those of a patch.
    pub struct Col2Im {
        /// Steps inside a patch; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Zeros around the image at the begin and the end of each axis; empty: 0.
        pub pads: Vec<usize> = Vec::new(),
        /// Steps between patches; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
    }
}
op! {
    /// Undoes a max pooling: the elements at their places, given by input 1, in a tensor of zeros.
    ///
    /// Optional input 2: the shape of the output.
    pub struct MaxUnpool {
        /// Sizes of the windows.
        pub kernel_shape: Vec<usize> = Vec::new(),
        /// Padding at the begin and the end of each axis; empty: 0.
        pub pads: Vec<usize> = Vec::new(),
        /// Steps between windows; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
    }
}
attr_enum! {
    /// What happens at the end of a cache.
    pub enum ScatterMode {
        /// Nothing may go beyond it.
        Linear = "linear",
        /// It goes on at the begin.
        Circular = "circular",
    }
}
op! {
    /// A cache with the elements of input 1 put in along an axis, from the places that input 2 has for each batch.
    pub struct TensorScatter {
        /// The axis.
        pub axis: i64 = -2,
        /// What happens at the end.
        pub mode: ScatterMode = ScatterMode::Linear,
    }
}

/// The elements at these places, zeros where there is none.
fn picked(data: &Data, places: &[Option<usize>]) -> Data {
    fn pick<T: Stored>(elements: &[T], places: &[Option<usize>]) -> Vec<T> {
        places.iter().map(|place| place.map_or_else(T::default, |place| elements[place].clone())).collect()
    }
    map_data!(data, elements => pick(elements, places))
}

/// Index along each axis of the element at a place.
fn indices(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut indices = vec![0; shape.len()];
    for (index, &size) in indices.iter_mut().zip(shape).rev() {
        *index = place % size;
        place /= size;
    }
    indices
}

/// The attribute's numbers, or `default` for each axis.
fn or_default(numbers: &[usize], count: usize, default: usize, name: &str) -> Result<Vec<usize>> {
    match numbers.len() {
        0 => Ok(vec![default; count]),
        given if given == count => Ok(numbers.to_vec()),
        given => Err(Error::graph(format!("{given} numbers where {count} are needed")).attribute(name)),
    }
}

impl CenterCropPad {
    fn axes(&self, rank: usize) -> Result<Vec<usize>> {
        if self.axes.is_empty() {
            return Ok((0..rank).collect());
        }
        self.axes.iter().map(|&axis| resolve_axis(axis, rank)).collect()
    }
}

impl OpDef for CenterCropPad {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let Some(shape) = inputs.shape(0) else { return Ok(vec![inputs.moved(0, None)]) };
        let axes = self.axes(shape.len())?;
        let mut shape = shape.to_vec();
        let dims = inputs.dims(1).filter(|dims| dims.len() == axes.len());
        for (position, axis) in axes.into_iter().enumerate() {
            shape[axis] = dims.as_ref().map_or(Dim::Any, |dims| dims[position].clone());
        }
        Ok(vec![inputs.moved(0, Some(shape))])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (data, target) = (inputs.get(0)?, sizes(&inputs.ints(1)?)?);
        let axes = self.axes(data.shape().len())?;
        if axes.len() != target.len() {
            return Err(Error::data(format!("{} sizes for {} axes", target.len(), axes.len())));
        }
        let mut shape = data.shape().to_vec();
        axes.iter().zip(target).for_each(|(&axis, size)| shape[axis] = size);
        let count = output_count(&shape)?;
        // The index in the input is that in the output and this; half of the difference, rounded down.
        let shifts: Vec<i64> = shape
            .iter()
            .zip(data.shape())
            .map(
                |(&to, &from)| if from > to { ((from - to) / 2) as i64 } else { -(((to - from) / 2) as i64) },
            )
            .collect();
        let source = |place: usize| {
            let mut source = 0;
            for ((index, shift), &size) in indices(place, &shape).into_iter().zip(&shifts).zip(data.shape()) {
                let index = usize::try_from(index as i64 + shift).ok().filter(|&index| index < size)?;
                source = source * size + index;
            }
            Some(source)
        };
        let places: Vec<Option<usize>> = (0..count).map(source).collect();
        Ok(vec![Tensor::new(shape, picked(data.data(), &places))?])
    }
}

impl OpDef for Col2Im {
    fn arity(&self) -> Arity {
        Arity::fixed(3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let shape = match (inputs.shape(0), inputs.dims(1), inputs.ints(2)) {
            (Some([batch, columns, _]), Some(image), Some(block)) => {
                let patch = block.iter().product::<i64>();
                let channels = columns.known().filter(|_| patch > 0).map(|columns| columns / patch as usize);
                Some([&[batch.clone(), channels.map_or(Dim::Any, Dim::Known)][..], &image].concat())
            }
            (Some([batch, ..]), Some(image), None) => Some([&[batch.clone(), Dim::Any][..], &image].concat()),
            _ => None,
        };
        Ok(vec![TensorType::new(inputs.dtype(0), shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (input, image, block) = (inputs.get(0)?, sizes(&inputs.ints(1)?)?, sizes(&inputs.ints(2)?)?);
        let n = image.len();
        let dilations = or_default(&self.dilations, n, 1, "dilations")?;
        let strides = or_default(&self.strides, n, 1, "strides")?;
        let pads = or_default(&self.pads, 2 * n, 0, "pads")?;
        let wrong =
            || Error::data(format!("columns of {:?} for patches {block:?} of {image:?}", input.shape()));
        let &[batch, columns, length] = input.shape() else { return Err(wrong()) };
        let patch = span(&block);
        if block.len() != n || patch == 0 || columns % patch != 0 || strides.contains(&0) {
            return Err(wrong());
        }
        let steps = |axis: usize| {
            let whole = image[axis].checked_add(pads[axis])?.checked_add(pads[n + axis])?;
            let reach = dilations[axis].checked_mul(block[axis] - 1)?.checked_add(1)?;
            Some(whole.checked_sub(reach)? / strides[axis] + 1)
        };
        let grid: Vec<usize> = (0..n).map(steps).collect::<Option<_>>().ok_or_else(wrong)?;
        if span(&grid) != length {
            return Err(wrong());
        }
        let shape = [&[batch, columns / patch][..], &image].concat();
        let mut sums = vec![0.0; output_count(&shape)?];
        let (elements, plane) = (input.to_f64_vec()?, span(&image));
        for (at, element) in elements.into_iter().enumerate() {
            let (row, column) = (at / length, at % length);
            let (offset, step) = (indices(row % patch, &block), indices(column, &grid));
            let index = |axis: usize| {
                let index =
                    (step[axis] * strides[axis] + offset[axis] * dilations[axis]).checked_sub(pads[axis])?;
                (index < image[axis]).then_some(index)
            };
            let place = (0..n).try_fold(0, |place, axis| Some(place * image[axis] + index(axis)?));
            if let Some(place) = place {
                sums[row / patch * plane + place] += element;
            }
        }
        Ok(vec![cast(Tensor::from_vec(shape, sums)?, input.dtype())?])
    }
}

impl MaxUnpool {
    /// Sizes of the pooled tensor.
    fn unpooled(&self, shape: &[usize]) -> Result<Vec<usize>> {
        let n = self.kernel_shape.len();
        let strides = or_default(&self.strides, n, 1, "strides")?;
        let pads = or_default(&self.pads, 2 * n, 0, "pads")?;
        if shape.len() != n + 2 {
            return Err(Error::data(format!("windows of {n} axes on a tensor of {}", shape.len())));
        }
        let mut unpooled = shape[..2].to_vec();
        for axis in 0..n {
            let steps = shape[axis + 2].checked_sub(1).and_then(|steps| steps.checked_mul(strides[axis]));
            let whole = steps.and_then(|steps| steps.checked_add(self.kernel_shape[axis]));
            let size = whole.and_then(|whole| whole.checked_sub(pads[axis])?.checked_sub(pads[n + axis]));
            unpooled.push(size.ok_or_else(|| Error::data(format!("windows on a tensor of {shape:?}")))?);
        }
        Ok(unpooled)
    }
}

impl OpDef for MaxUnpool {
    fn arity(&self) -> Arity {
        Arity::range(2, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let known = inputs.ty(0).and_then(TensorType::known_dims);
        let shape = match (inputs.get(2), known) {
            (Some(_), _) => inputs.dims(2),
            (None, Some(dims)) => Some(self.unpooled(&dims)?.into_iter().map(Dim::Known).collect()),
            (None, None) => None,
        };
        Ok(vec![inputs.moved(0, shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (input, places) = (inputs.get(0)?, inputs.ints(1)?);
        let pooled = self.unpooled(input.shape())?;
        let shape = match inputs.optional(2) {
            Some(shape) => sizes(&shape.to_i64_vec()?)?,
            None => pooled.clone(),
        };
        if places.len() != input.len() || shape.len() != pooled.len() {
            return Err(Error::data(format!("{} places for {} elements", places.len(), input.len())));
        }
        let n_pooled = output_count(&pooled)?;
        let mut sources = vec![None; output_count(&shape)?];
        for (source, place) in places.into_iter().enumerate() {
            let index = indices(resolve_index(place, n_pooled)?, &pooled);
            if index.iter().zip(&shape).all(|(index, size)| index < size) {
                let place = index.iter().zip(&shape).fold(0, |place, (index, size)| place * size + index);
                sources[place] = Some(source);
            }
        }
        Ok(vec![Tensor::new(shape, picked(input.data(), &sources))?])
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::Float
    }
}

impl OpDef for TensorScatter {
    fn arity(&self) -> Arity {
        Arity::range(2, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        if let Some(shape) = inputs.shape(0) {
            resolve_axis(self.axis, shape.len())?;
        }
        Ok(vec![inputs.same(0)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (cache, update) = (inputs.get(0)?, inputs.get(1)?);
        let axis = resolve_axis(self.axis, cache.shape().len())?;
        let (size, n_new) = (cache.shape()[axis], update.shape().get(axis).copied().unwrap_or(0));
        let mut expected = cache.shape().to_vec();
        expected[axis] = n_new;
        if update.shape() != expected || n_new > size || axis == 0 {
            return Err(Error::data(format!(
                "{:?} does not fit a cache of {:?}",
                update.shape(),
                cache.shape()
            )));
        }
        let batch = cache.shape()[0];
        let starts = inputs.optional(2).map_or_else(|| Ok(vec![0; batch]), Tensor::to_i64_vec)?;
        if starts.len() != batch {
            return Err(Error::data(format!("{} places for a batch of {batch}", starts.len())));
        }
        let (rows, inner) = (span(&cache.shape()[1..axis]), span(&cache.shape()[axis + 1..]));
        let mut targets = Vec::with_capacity(batch * rows * n_new);
        for (row, step) in (0..batch * rows).flat_map(|row| (0..n_new).map(move |step| (row, step))) {
            let at = starts[row / rows].saturating_add(step as i64);
            let at = match self.mode {
                ScatterMode::Circular => at.rem_euclid(size as i64),
                ScatterMode::Linear => at,
            };
            targets.push((row * size + resolve_index(at, size)?) * inner);
        }
        let data = map_data!(cache.data(), elements => {
            let new = like(elements, update)?;
            let mut elements = elements.to_vec();
            for (from, &to) in targets.iter().enumerate() {
                elements[to..to + inner].clone_from_slice(&new[from * inner..(from + 1) * inner]);
            }
            elements
        });
        Ok(vec![Tensor::new(cache.shape().to_vec(), data)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    #[test]
    fn crops_and_pads() {
        let target = |size: i64| Tensor::vector(vec![size]);
        let x = || floats([4], &[1.0, 2.0, 3.0, 4.0]);
        assert_close(&eval(CenterCropPad::default(), [x(), target(1)]), &[2.0]);
        assert_close(&eval(CenterCropPad::default(), [x(), target(7)]), &[0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0]);
        eval_error(CenterCropPad::default(), [x(), Tensor::vector(vec![1i64, 1])]);
    }

    #[test]
    fn patches_add_up() {
        let sizes = |sizes: [i64; 2]| Tensor::vector(sizes.to_vec());
        let sum = eval(Col2Im::default(), [counting([1, 4, 2]), sizes([2, 3]), sizes([2, 2])]);
        // Patches 0, 2, 4, 6 and 1, 3, 5, 7 overlap in one column.
        assert_close(&sum, &[0.0, 3.0, 3.0, 4.0, 11.0, 7.0]);
        eval_error(Col2Im::default(), [counting([1, 4, 3]), sizes([2, 3]), sizes([2, 2])]);
    }

    #[test]
    fn elements_go_back() {
        let op = MaxUnpool { kernel_shape: vec![2], strides: vec![2], ..MaxUnpool::default() };
        let places = || Tensor::from_vec(vec![1, 1, 2], vec![1i64, 2]).unwrap();
        let x = || floats([1, 1, 2], &[5.0, 6.0]);
        assert_close(&eval(op.clone(), [x(), places()]), &[0.0, 5.0, 6.0, 0.0]);
        let larger = Tensor::vector(vec![1i64, 1, 5]);
        assert_close(&eval(op, [x(), places(), larger]), &[0.0, 5.0, 6.0, 0.0, 0.0]);
    }

    #[test]
    fn caches_are_filled() {
        let op = |mode| TensorScatter { axis: 1, mode };
        let run = |mode, at: i64| {
            let inputs =
                [floats([1, 3], &[1.0, 2.0, 3.0]), floats([1, 2], &[8.0, 9.0]), Tensor::vector(vec![at])];
            eval(op(mode), inputs).to_f32_vec().unwrap()
        };
        assert_eq!(run(ScatterMode::Linear, 1), [1.0, 8.0, 9.0]);
        assert_eq!(run(ScatterMode::Circular, 2), [9.0, 2.0, 8.0]);
        let inputs = [counting([1, 3]), counting([1, 2]), Tensor::vector(vec![2i64])];
        eval_error(op(ScatterMode::Linear), inputs);
    }
}
