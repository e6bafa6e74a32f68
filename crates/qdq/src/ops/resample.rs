//! Resampling along one axis: which input elements make an output element, with which weights.

use super::numeric::{Float, filled};
use super::resize::{CoordinateTransformationMode, NearestMode, Resize, ResizeMode};
use crate::error::Result;
use crate::kernels::parallel::for_each_chunk;

/// How one axis is resized.
#[derive(Clone, Debug)]
pub(super) struct AxisResize {
    /// Size of the input.
    pub(super) input: usize,
    /// Size of the output.
    pub(super) output: usize,
    /// Output over input size, as given or from the sizes.
    pub(super) scale: f32,
    /// Start and end of the region of interest, as parts of the input.
    pub(super) roi: (f32, f32),
}

/// Taps of all outputs along an axis: `count` for each.
#[derive(Clone, Debug)]
pub(super) struct Taps {
    /// Number of taps of an output.
    pub(super) count: usize,
    /// Position in the input of each tap.
    pub(super) indices: Vec<usize>,
    /// Weight of each tap.
    pub(super) weights: Vec<f32>,
    /// For each output, whether it lies outside of the input (`tf_crop_and_resize`).
    pub(super) outside: Vec<bool>,
}

impl AxisResize {
    /// Whether each output is the input at its position.
    pub(super) fn is_identity(&self, mode: CoordinateTransformationMode) -> bool {
        self.input == self.output
            && self.scale == 1.0
            && mode != CoordinateTransformationMode::TfCropAndResize
    }

    /// Where in the input an output lies, computed in f32 as in onnxruntime.
    fn original(&self, position: usize, mode: CoordinateTransformationMode) -> f32 {
        let (x, input, output) = (position as f32, self.input as f32, self.output as f32);
        let half_pixel = || (x + 0.5) / self.scale - 0.5;
        if self.is_identity(mode) {
            return x;
        }
        match mode {
            CoordinateTransformationMode::HalfPixelSymmetric => {
                let adjustment = output / (self.scale * input);
                input / 2.0 * (1.0 - adjustment) + half_pixel()
            }
            CoordinateTransformationMode::PytorchHalfPixel | CoordinateTransformationMode::AlignCorners
                if self.output <= 1 =>
            {
                0.0
            }
            CoordinateTransformationMode::HalfPixel | CoordinateTransformationMode::PytorchHalfPixel => {
                half_pixel()
            }
            CoordinateTransformationMode::AlignCorners => x * (input - 1.0) / (output - 1.0),
            CoordinateTransformationMode::Asymmetric => x / self.scale,
            CoordinateTransformationMode::TfCropAndResize => {
                let (start, end) = self.roi;
                if self.output > 1 {
                    start * (input - 1.0) + x * (end - start) * (input - 1.0) / (output - 1.0)
                } else {
                    0.5 * (start + end) * (input - 1.0)
                }
            }
        }
    }

    /// The taps of each output; the input is not empty.
    pub(super) fn taps(&self, op: &Resize) -> Taps {
        let mode = op.coordinate_transformation_mode;
        let support = op.support(self.scale);
        let count = if op.mode == ResizeMode::Nearest { 1 } else { (support.ceil() as usize).max(1) * 2 };
        let mut taps = Taps { count, indices: Vec::new(), weights: Vec::new(), outside: Vec::new() };
        for position in 0..self.output {
            let x = self.original(position, mode).clamp(-1e15, 1e15);
            let crops = mode == CoordinateTransformationMode::TfCropAndResize;
            taps.outside.push(crops && (x < 0.0 || x > (self.input - 1) as f32));
            if op.mode == ResizeMode::Nearest {
                taps.indices.push(self.clamped(op.nearest(x) as i64));
                taps.weights.push(1.0);
                continue;
            }
            let first = x.floor() as i64 + 1 - count as i64 / 2;
            let start = taps.weights.len();
            for tap in first..first.saturating_add(count as i64) {
                let inside = tap >= 0 && tap < self.input as i64;
                let weight =
                    if op.exclude_outside && !inside { 0.0 } else { op.weight(tap as f32 - x, self.scale) };
                taps.indices.push(self.clamped(tap));
                taps.weights.push(weight);
            }
            let sum: f32 = taps.weights[start..].iter().sum();
            if (op.exclude_outside || op.antialias) && sum != 0.0 {
                taps.weights[start..].iter_mut().for_each(|weight| *weight /= sum);
            }
        }
        taps
    }

    fn clamped(&self, index: i64) -> usize {
        index.clamp(0, self.input as i64 - 1) as usize
    }
}

impl Resize {
    fn nearest(&self, x: f32) -> f32 {
        match self.nearest_mode {
            NearestMode::RoundPreferFloor => (x - 0.5).ceil(),
            NearestMode::RoundPreferCeil => (x + 0.5).floor(),
            NearestMode::Floor => x.floor(),
            NearestMode::Ceil => x.ceil(),
        }
    }

    /// How the filter is stretched: only downsampling with antialiasing does.
    fn stretch(&self, scale: f32) -> f32 {
        if self.antialias { scale.min(1.0) } else { 1.0 }
    }

    /// Distance from which on weights are 0.
    pub(super) fn support(&self, scale: f32) -> f32 {
        let radius = if self.mode == ResizeMode::Cubic { 2.0 } else { 1.0 };
        radius / self.stretch(scale)
    }

    /// Weight of an element at this distance.
    fn weight(&self, distance: f32, scale: f32) -> f32 {
        let x = (distance * self.stretch(scale)).abs();
        let a = self.cubic_coeff_a;
        match self.mode {
            ResizeMode::Nearest => 1.0,
            ResizeMode::Linear => (1.0 - x).max(0.0),
            ResizeMode::Cubic if x <= 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
            ResizeMode::Cubic if x < 2.0 => ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a,
            ResizeMode::Cubic => 0.0,
        }
    }
}

/// Copies for each output the element of its only tap, along one axis of `[outer, axis, inner]`.
pub(super) fn gather<T: Clone + Default>(
    from: &[T],
    axis: usize,
    inner: usize,
    indices: &[usize],
) -> Result<Vec<T>> {
    let mut to = filled(&[from.len() / axis.max(1), indices.len()], T::default())?;
    to.clear();
    for slab in from.chunks((axis * inner).max(1)) {
        for &index in indices {
            to.extend_from_slice(&slab[index * inner..][..inner]);
        }
    }
    Ok(to)
}

/// Weighted sums of taps along one axis of `[outer, axis, inner]`.
pub(super) fn interpolate<T: Float>(from: &[T], axis: usize, inner: usize, taps: &Taps) -> Result<Vec<T>> {
    let n_outputs = taps.outside.len();
    let slab = n_outputs * inner;
    let mut to = filled(&[from.len() / (axis * inner).max(1), n_outputs, inner], T::default())?;
    for_each_chunk(&mut to, slab.max(1), |outer, to| {
        let from = &from[outer * axis * inner..][..axis * inner];
        for (position, to) in to.chunks_mut(inner).enumerate() {
            for tap in position * taps.count..(position + 1) * taps.count {
                let weight = T::from_f64(taps.weights[tap].into());
                let from = &from[taps.indices[tap] * inner..][..inner];
                to.iter_mut().zip(from).for_each(|(y, &x)| *y = y.plus(x.times(weight)));
            }
        }
    });
    Ok(to)
}
