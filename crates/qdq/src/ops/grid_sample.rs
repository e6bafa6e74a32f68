//! Samples at places that are computed.

use super::elementwise::require_float;
use super::{Args, Arity, EvalContext, Inputs, OpDef, attr_enum, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::ops::dispatch::{output_count, sizes};
use crate::tensor::{Dim, Tensor, TensorType};

attr_enum! {
    /// How values between elements are made.
    pub enum SampleMode {
        /// From the two nearest along each axis.
        Linear = "linear",
        /// The nearest element, halves to even.
        Nearest = "nearest",
        /// From the four nearest along each axis, with Keys' kernel and a of −0.75.
        Cubic = "cubic",
    }
}
attr_enum! {
    /// What lies beyond the border.
    pub enum SamplePadding {
        /// Zeros.
        Zeros = "zeros",
        /// The element at the border.
        Border = "border",
        /// The elements inside, mirrored.
        Reflection = "reflection",
    }
}
op! {
    /// Elements of `[batch, channels, spatial…]` at the places of a grid `[batch, out…, axes]`, last axis first,
    /// where −1 and 1 are the borders.
    pub struct GridSample {
        /// Whether −1 and 1 are the centers of the elements at the borders, not their edges.
        pub align_corners: bool = false,
        /// How values between elements are made.
        pub mode: SampleMode = SampleMode::Linear,
        /// What lies beyond the border.
        pub padding_mode: SamplePadding = SamplePadding::Zeros,
    }
}
op! {
    /// Grid for [`GridSample`] of affine maps `[batch, axes, axes + 1]`; input 1 is the shape of the samples,
    /// `[batch, channels, spatial…]`.
    pub struct AffineGrid {
        /// Whether −1 and 1 are the centers of the elements at the borders, not their edges.
        pub align_corners: bool = false,
    }
}

impl OpDef for GridSample {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 1)?;
        let shape = match (inputs.shape(0), inputs.shape(1)) {
            (Some([batch, channels, ..]), Some([_, out @ .., _])) => {
                Some([&[batch.clone(), channels.clone()], out].concat())
            }
            _ => None,
        };
        Ok(vec![TensorType::new(inputs.dtype(0), shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (input, grid) = (inputs.get(0)?, inputs.get(1)?);
        let wrong = || Error::data(format!("a grid of {:?} for {:?}", grid.shape(), input.shape()));
        let ([batch, channels, spatial @ ..], [grids, out @ .., n_axes]) = (input.shape(), grid.shape())
        else {
            return Err(wrong());
        };
        if batch != grids || *n_axes != spatial.len() || spatial.contains(&0) || spatial.is_empty() {
            return Err(wrong());
        }
        let (elements, places) = (input.to_f64_vec()?, grid.to_f64_vec()?);
        let shape = [&[*batch, *channels], out].concat();
        let (plane, n_out) = (spatial.iter().product::<usize>(), out.iter().product::<usize>());
        let mut sampled = Vec::with_capacity(output_count(&shape)?);
        for (batch, channel) in
            (0..*batch).flat_map(|batch| (0..*channels).map(move |channel| (batch, channel)))
        {
            let plane = &elements[(batch * channels + channel) * plane..][..plane];
            for place in places[batch * n_out * n_axes..][..n_out * n_axes].chunks(*n_axes) {
                sampled.push(self.sample(plane, spatial, place));
            }
        }
        Ok(vec![cast(Tensor::from_vec(shape, sampled)?, input.dtype())?])
    }
}

impl GridSample {
    /// The value at a place, whose coordinates begin with the last axis.
    fn sample(&self, plane: &[f64], spatial: &[usize], place: &[f64]) -> f64 {
        let mut taps = vec![(1.0, Some(0))];
        for (&size, &at) in spatial.iter().zip(place.iter().rev()) {
            let at = self.denormalize(at, size);
            let along = self.along(at, size);
            let combine = |(weight, base): (f64, Option<usize>)| {
                let extend = move |&(factor, index): &(f64, Option<usize>)| {
                    (weight * factor, base.zip(index).map(|(base, index)| base * size + index))
                };
                along.iter().map(extend).collect::<Vec<_>>()
            };
            taps = taps.into_iter().flat_map(combine).collect();
        }
        taps.into_iter().map(|(weight, index)| index.map_or(0.0, |index| weight * plane[index])).sum()
    }

    /// Position among the elements, from 0.
    fn denormalize(&self, at: f64, size: usize) -> f64 {
        let size = size as f64;
        let fraction = 0.5 * at + 0.5;
        if self.align_corners { fraction * (size - 1.0) } else { fraction * size - 0.5 }
    }

    /// Weights and indices along one axis; no index where there are zeros.
    fn along(&self, at: f64, size: usize) -> Vec<(f64, Option<usize>)> {
        let at = match self.padding_mode {
            SamplePadding::Border => at.clamp(0.0, size as f64 - 1.0),
            SamplePadding::Reflection => self.reflect(at, size),
            SamplePadding::Zeros => at,
        };
        let floor = at.floor();
        let t = at - floor;
        let weights: Vec<(f64, f64)> = match self.mode {
            SampleMode::Nearest => vec![(1.0, at.round_ties_even())],
            SampleMode::Linear => vec![(1.0 - t, floor), (t, floor + 1.0)],
            SampleMode::Cubic => {
                let weights = cubic(t).into_iter().enumerate();
                weights.map(|(i, weight)| (weight, floor - 1.0 + i as f64)).collect()
            }
        };
        weights.into_iter().map(|(weight, index)| (weight, self.index(index, size))).collect()
    }

    fn index(&self, index: f64, size: usize) -> Option<usize> {
        let last = size as f64 - 1.0;
        match self.padding_mode {
            SamplePadding::Zeros => (index >= 0.0 && index <= last).then_some(index as usize),
            SamplePadding::Border => Some(index.clamp(0.0, last) as usize),
            SamplePadding::Reflection => Some(self.reflect(index, size) as usize),
        }
    }

    /// A position mirrored at the borders until it is inside.
    fn reflect(&self, at: f64, size: usize) -> f64 {
        let last = size as f64 - 1.0;
        let (low, high) = if self.align_corners { (0.0, last) } else { (-0.5, last + 0.5) };
        let range = high - low;
        if range <= 0.0 || !at.is_finite() {
            return 0.0;
        }
        let from_low = (at - low).rem_euclid(2.0 * range);
        let mirrored = if from_low > range { 2.0 * range - from_low } else { from_low };
        (low + mirrored).clamp(0.0, last)
    }
}

/// Weights of four elements around a position `t` after the second. Source: Keys 1981, a = −0.75.
fn cubic(t: f64) -> [f64; 4] {
    const A: f64 = -0.75;
    let far = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    let near = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

impl OpDef for AffineGrid {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        let shape = inputs.dims(1).and_then(|dims| match dims.as_slice() {
            [batch, _, spatial @ ..] => {
                Some([std::slice::from_ref(batch), spatial, &[Dim::Known(spatial.len())]].concat())
            }
            _ => None,
        });
        Ok(vec![TensorType::new(inputs.dtype(0), shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (theta, size) = (inputs.get(0)?, sizes(&inputs.ints(1)?)?);
        let [batch, _, spatial @ ..] = size.as_slice() else {
            return Err(Error::data(format!("samples of shape {size:?}")));
        };
        let n = spatial.len();
        if theta.shape() != [*batch, n, n + 1] {
            return Err(Error::data(format!("maps of shape {:?} for samples of {size:?}", theta.shape())));
        }
        let shape = [&[*batch][..], spatial, &[n]].concat();
        let mut grid = Vec::with_capacity(output_count(&shape)?);
        let maps = theta.to_f64_vec()?;
        let count: usize = spatial.iter().product();
        for map in maps.chunks(n * (n + 1)) {
            for place in 0..count {
                let at = self.place(place, spatial);
                grid.extend(map.chunks(n + 1).map(|row| {
                    row.iter().zip(at.iter().chain([&1.0])).map(|(factor, at)| factor * at).sum::<f64>()
                }));
            }
        }
        Ok(vec![cast(Tensor::from_vec(shape, grid)?, theta.dtype())?])
    }
}

impl AffineGrid {
    /// Coordinates of an element, last axis first.
    fn place(&self, mut place: usize, spatial: &[usize]) -> Vec<f64> {
        let mut at = Vec::with_capacity(spatial.len());
        for &size in spatial.iter().rev() {
            let (index, size_f) = ((place % size) as f64, size as f64);
            place /= size;
            at.push(match self.align_corners {
                true if size == 1 => 0.0,
                true => -1.0 + 2.0 * index / (size_f - 1.0),
                false => (2.0 * index + 1.0) / size_f - 1.0,
            });
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    #[test]
    fn the_identity_gives_the_elements_back() {
        for align_corners in [true, false] {
            let theta = floats([1, 2, 3], &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
            let size = Tensor::vector(vec![1i64, 1, 2, 3]);
            let grid = eval(AffineGrid { align_corners }, [theta, size]);
            for mode in [SampleMode::Linear, SampleMode::Nearest, SampleMode::Cubic] {
                let op = GridSample { align_corners, mode, padding_mode: SamplePadding::Border };
                assert_close(
                    &eval(op, [counting([1, 1, 2, 3]), grid.clone()]),
                    &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
                );
            }
        }
    }

    #[test]
    fn beyond_the_border() {
        let at = |padding_mode, x| {
            let op = GridSample { padding_mode, ..GridSample::default() };
            eval(op, [floats([1, 1, 2], &[1.0, 3.0]), floats([1, 1, 1], &[x])]).to_f32_vec().unwrap()[0]
        };
        assert_eq!(at(SamplePadding::Zeros, -1.0), 0.5);
        assert_eq!(at(SamplePadding::Border, -1.0), 1.0);
        assert_eq!(at(SamplePadding::Reflection, -1.5), 1.0);
        assert_eq!(at(SamplePadding::Zeros, 9.0), 0.0);
        eval_error(GridSample::default(), [counting([1, 1, 2]), counting([1, 1, 2])]);
    }
}
