//! Bilinear resampling: kernel `RESIZE_BILINEAR`, in fixed point with 10 bits after the point.

use super::Kernels;
use crate::error::{Error, Result};
use crate::exec::IntegerNode;
use crate::ops::{Args, CoordinateTransformationMode as Coordinates, Prepared, Resize, ResizeMode};
use crate::profiles::integers::{Affine, activation, constants, integers, output};
use crate::tensor::Tensor;

/// Binds a bilinear resampling of `[batch, channels, height, width]` to constant sizes.
///
/// # Errors
/// Other modes; XNNPACK, which computes with 11 bits or leaves it to the optimized kernels, as the graph around says.
pub(super) fn prepare(
    resize: &Resize,
    node: &IntegerNode<'_>,
    kernels: Kernels,
) -> Result<Box<dyn Prepared>> {
    let (input, output) = (activation(node, 0)?, output(node)?);
    let mode = match resize.coordinate_transformation_mode {
        Coordinates::AlignCorners => Mode { corners: true, centers: false },
        Coordinates::HalfPixel => Mode { corners: false, centers: true },
        Coordinates::Asymmetric => Mode { corners: false, centers: false },
        _ => return Err(Error::unsupported("a resampling with other coordinates than TFLite's")),
    };
    if resize.mode != ResizeMode::Linear || resize.antialias || kernels == Kernels::Xnnpack {
        return Err(Error::unsupported("a resampling other than bilinear, or one by XNNPACK"));
    }
    if input != output {
        return Err(Error::unsupported("a resampling with other parameters for its output"));
    }
    let sizes = constants(node).get(3).cloned().flatten().map(|sizes| sizes.to_i64_vec()).transpose()?;
    let sizes =
        sizes.as_deref().and_then(|sizes| sizes.get(sizes.len().saturating_sub(2)..)).map(<[i64]>::to_vec);
    let Some(&[height, width]) = sizes.as_deref() else {
        return Err(Error::unsupported("a resampling to sizes that are computed"));
    };
    let axes = resize.axes.as_deref();
    if axes.is_some_and(|axes| axes != [2, 3]) || height <= 0 || width <= 0 {
        return Err(Error::unsupported("a resampling of other axes than height and width"));
    }
    Ok(Box::new(Bilinear { mode, sizes: [height, width], output }))
}

#[derive(Clone, Copy, Debug)]
struct Mode {
    corners: bool,
    centers: bool,
}

/// Where an output element lies in the input: two neighbours, and how far it is from the first, in 1/1024.
#[derive(Clone, Copy, Debug)]
struct Place {
    lower: usize,
    upper: usize,
    beyond: i64,
}

impl Mode {
    /// Source: `ComputeInterpolationValuesInteger`.
    fn places(self, input: usize, output: i64) -> Vec<Place> {
        let n = input as i64;
        let step = if self.corners && output > 1 {
            (1024 * (n - 1) + (output - 1) / 2) / (output - 1)
        } else {
            (1024 * n + output / 2) / output
        };
        let place = |i: i64| {
            let at = if self.centers { i * step + step / 2 - 512 } else { i * step };
            let lower = (at / 1024).clamp(0, n - 1);
            let upper = ((at + 1023) / 1024).min(n - 1).max(0);
            Place { lower: lower as usize, upper: upper as usize, beyond: at - 1024 * lower }
        };
        (0..output).map(place).collect()
    }
}

#[derive(Debug)]
struct Bilinear {
    mode: Mode,
    sizes: [i64; 2],
    output: Affine,
}

impl Prepared for Bilinear {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let &[n, channels, height, width] = input.shape() else {
            return Err(Error::data(format!("a bilinear resampling of shape {:?}", input.shape())));
        };
        if height == 0 || width == 0 {
            return Err(Error::data("a resampling of nothing"));
        }
        let (rows, columns) =
            (self.mode.places(height, self.sizes[0]), self.mode.places(width, self.sizes[1]));
        let mut resampled = Vec::with_capacity(n * channels * rows.len() * columns.len());
        for plane in integers(input)?.chunks(height * width) {
            for y in &rows {
                for x in &columns {
                    let at = |row: usize, column: usize| i64::from(plane[row * width + column]);
                    let sum = at(y.lower, x.lower) * (1024 - y.beyond) * (1024 - x.beyond)
                        + at(y.upper, x.lower) * y.beyond * (1024 - x.beyond)
                        + at(y.lower, x.upper) * (1024 - y.beyond) * x.beyond
                        + at(y.upper, x.upper) * y.beyond * x.beyond;
                    let half = if sum > 0 { 1 << 19 } else { -(1 << 19) };
                    resampled.push(((sum + half) / (1 << 20)) as i32);
                }
            }
        }
        let shape = vec![n, channels, rows.len(), columns.len()];
        Ok(vec![self.output.tensor(shape, &resampled)?])
    }
}
