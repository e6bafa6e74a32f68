//! Boxes in images: which ones to keep, and what is in them.

use super::elementwise::require_float;
use super::{Args, Arity, EvalContext, Inputs, OpDef, attr_enum, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::ops::dispatch::{only_int, output_count, resolve_index};
use crate::tensor::{DType, Dim, Tensor, TensorType};

op! {
    /// For each class, the boxes of highest score that overlap no better one too much.
    ///
    /// Inputs: boxes `[batch, boxes, 4]`, scores `[batch, classes, boxes]`; optional: most boxes of a class (0), the
    /// largest intersection over union (0), the score that boxes must exceed. Output: `[selected, 3]`, batch, class, box.
    pub struct NonMaxSuppression {
        /// Whether boxes are center x, center y, width, height, not y and x of two corners.
        pub center_point_box: bool = false,
    }
}
attr_enum! {
    /// What is made of the samples in a cell.
    pub enum RoiMode {
        /// Their mean.
        Avg = "avg",
        /// The largest of their weighed elements.
        Max = "max",
    }
}
attr_enum! {
    /// Where the elements of an image lie.
    pub enum RoiCoordinates {
        /// At halves.
        HalfPixel = "half_pixel",
        /// At integers; a box is at least 1 wide.
        OutputHalfPixel = "output_half_pixel",
    }
}
op! {
    /// Regions of images `[batch, channels, height, width]` as grids of one size, by bilinear samples.
    ///
    /// Input 1: boxes `[regions, 4]`, x and y of two corners; input 2: the image of each.
    pub struct RoiAlign {
        /// Where the elements of an image lie.
        pub coordinate_transformation_mode: RoiCoordinates = RoiCoordinates::HalfPixel,
        /// What is made of the samples in a cell.
        pub mode: RoiMode = RoiMode::Avg,
        /// Number of rows of cells.
        pub output_height: usize = 1,
        /// Number of columns of cells.
        pub output_width: usize = 1,
        /// Samples of a cell along each axis; 0: as many as it has elements.
        pub sampling_ratio: usize = 0,
        /// Factor from boxes to elements.
        pub spatial_scale: f32 = 1.0,
    }
}

/// Low and high x, low and high y.
type Corners = [f64; 4];

impl OpDef for NonMaxSuppression {
    fn arity(&self) -> Arity {
        Arity::range(2, 5)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        Ok(vec![TensorType::new(DType::I64, Some(vec![Dim::Any, Dim::Known(3)]))])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (boxes, scores) = (inputs.get(0)?, inputs.get(1)?);
        let wrong =
            || Error::data(format!("boxes of {:?} with scores of {:?}", boxes.shape(), scores.shape()));
        let (&[batch, n_boxes, 4], &[batches, classes, n_scores]) = (boxes.shape(), scores.shape()) else {
            return Err(wrong());
        };
        if batch != batches || n_boxes != n_scores {
            return Err(wrong());
        }
        let number = |position: usize| match inputs.optional(position) {
            Some(tensor) => Ok(tensor.to_f64_vec()?.first().copied()),
            None => Ok(None),
        };
        let most = inputs.optional(2).map_or(Ok(0), only_int)?;
        let (overlap, least) = (number(3)?.unwrap_or(0.0), number(4)?);
        let (corners, scores) = (boxes.to_f64_vec()?, scores.to_f64_vec()?);
        let mut selected = Vec::new();
        for (batch, class) in (0..batch).flat_map(|batch| (0..classes).map(move |class| (batch, class))) {
            let corners: Vec<Corners> =
                corners[batch * n_boxes * 4..][..n_boxes * 4].chunks(4).map(|of| self.corners(of)).collect();
            let scores = &scores[(batch * classes + class) * n_boxes..][..n_boxes];
            let kept = keep(&corners, scores, usize::try_from(most).unwrap_or(0), overlap, least);
            selected.extend(kept.into_iter().flat_map(|at| [batch as i64, class as i64, at as i64]));
        }
        Ok(vec![Tensor::from_vec(vec![selected.len() / 3, 3], selected)?])
    }
}

impl NonMaxSuppression {
    fn corners(&self, numbers: &[f64]) -> Corners {
        let &[a, b, c, d] = numbers else { return [0.0; 4] };
        if self.center_point_box {
            return [a - c / 2.0, a + c / 2.0, b - d / 2.0, b + d / 2.0];
        }
        [b.min(d), b.max(d), a.min(c), a.max(c)]
    }
}

/// Boxes by score, without those that overlap one that is kept already; of equal scores the first box.
fn keep(corners: &[Corners], scores: &[f64], most: usize, overlap: f64, least: Option<f64>) -> Vec<usize> {
    let mut order: Vec<usize> =
        (0..scores.len()).filter(|&at| least.is_none_or(|least| scores[at] > least)).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut kept: Vec<usize> = Vec::new();
    for at in order {
        if kept.len() >= most {
            break;
        }
        if kept.iter().all(|&other| intersection_over_union(corners[at], corners[other]) <= overlap) {
            kept.push(at);
        }
    }
    kept
}

fn intersection_over_union(a: Corners, b: Corners) -> f64 {
    let area = |of: Corners| (of[1] - of[0]) * (of[3] - of[2]);
    let common = [a[0].max(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].min(b[3])];
    if common[1] <= common[0] || common[3] <= common[2] || area(a) <= 0.0 || area(b) <= 0.0 {
        return f64::NEG_INFINITY;
    }
    area(common) / (area(a) + area(b) - area(common))
}

impl OpDef for RoiAlign {
    fn arity(&self) -> Arity {
        Arity::fixed(3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        let shape = match (inputs.shape(0), inputs.shape(1)) {
            (Some([_, channels, _, _]), Some([regions, _])) => {
                let (rows, columns) = (Dim::Known(self.output_height), Dim::Known(self.output_width));
                Some(vec![regions.clone(), channels.clone(), rows, columns])
            }
            _ => None,
        };
        Ok(vec![TensorType::new(inputs.dtype(0), shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (images, boxes, places) = (inputs.get(0)?, inputs.get(1)?, inputs.ints(2)?);
        let (&[batch, channels, height, width], &[regions, 4]) = (images.shape(), boxes.shape()) else {
            return Err(Error::data(format!(
                "images of {:?} and boxes of {:?}",
                images.shape(),
                boxes.shape()
            )));
        };
        if places.len() != regions || height == 0 || width == 0 {
            return Err(Error::data(format!("{} images for {regions} boxes", places.len())));
        }
        let (elements, corners) = (images.to_f64_vec()?, boxes.to_f64_vec()?);
        let shape = vec![regions, channels, self.output_height, self.output_width];
        let mut output = Vec::with_capacity(output_count(&shape)?);
        for (corners, place) in corners.chunks(4).zip(places) {
            let place = resolve_index(place, batch)?;
            let cells = self.cells(corners, height, width)?;
            for channel in 0..channels {
                let plane = &elements[(place * channels + channel) * height * width..][..height * width];
                output.extend(cells.iter().map(|samples| self.pool(samples, plane)));
            }
        }
        Ok(vec![cast(Tensor::from_vec(shape, output)?, images.dtype())?])
    }
}

/// A sample between four elements: weight and place of each.
type Sample = [(f64, usize); 4];

impl RoiAlign {
    /// Samples of each cell of a box.
    fn cells(&self, corners: &[f64], height: usize, width: usize) -> Result<Vec<Vec<Sample>>> {
        let half = self.coordinate_transformation_mode == RoiCoordinates::HalfPixel;
        let scaled = |at: f64| at * f64::from(self.spatial_scale) - if half { 0.5 } else { 0.0 };
        let &[x0, y0, x1, y1] = corners else { return Ok(Vec::new()) };
        let (x0, y0) = (scaled(x0), scaled(y0));
        let size = |from: f64, to: f64| if half { scaled(to) - from } else { (scaled(to) - from).max(1.0) };
        let cell_height = size(y0, y1) / self.output_height as f64;
        let cell_width = size(x0, x1) / self.output_width as f64;
        let count = |cell: f64| match self.sampling_ratio {
            0 => cell.ceil().max(0.0) as usize,
            ratio => ratio,
        };
        let (rows, columns) = (count(cell_height), count(cell_width));
        output_count(&[self.output_height, self.output_width, rows, columns])?;
        let along = |from: f64, cell: f64, at: usize, i: usize, count: usize| {
            from + at as f64 * cell + (i as f64 + 0.5) * cell / count as f64
        };
        let mut cells = Vec::with_capacity(self.output_height * self.output_width);
        for (row, column) in
            (0..self.output_height).flat_map(|row| (0..self.output_width).map(move |column| (row, column)))
        {
            let samples = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j)));
            let sample = |(i, j)| {
                let y = along(y0, cell_height, row, i, rows);
                sample(y, along(x0, cell_width, column, j, columns), height, width)
            };
            cells.push(samples.map(sample).collect());
        }
        Ok(cells)
    }

    fn pool(&self, samples: &[Sample], plane: &[f64]) -> f64 {
        let parts = |sample: &Sample| sample.map(|(weight, at)| weight * plane[at]);
        match self.mode {
            RoiMode::Avg => {
                let sum: f64 = samples.iter().map(|sample| parts(sample).iter().sum::<f64>()).sum();
                sum / samples.len().max(1) as f64
            }
            RoiMode::Max => {
                let largest = samples.iter().flat_map(parts).fold(f64::NEG_INFINITY, f64::max);
                if samples.is_empty() { 0.0 } else { largest }
            }
        }
    }
}

/// The four elements around a point, nothing beyond one element outside.
fn sample(y: f64, x: f64, height: usize, width: usize) -> Sample {
    if y < -1.0 || y > height as f64 || x < -1.0 || x > width as f64 || y.is_nan() || x.is_nan() {
        return [(0.0, 0); 4];
    }
    let split = |at: f64, size: usize| {
        let at = at.max(0.0);
        let low = (at as usize).min(size - 1);
        if low + 1 >= size { (low, low, 0.0) } else { (low, low + 1, at - low as f64) }
    };
    let ((top, bottom, down), (left, right, across)) = (split(y, height), split(x, width));
    [
        ((1.0 - down) * (1.0 - across), top * width + left),
        ((1.0 - down) * across, top * width + right),
        (down * (1.0 - across), bottom * width + left),
        (down * across, bottom * width + right),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    #[test]
    fn overlapping_boxes_go() {
        let boxes = floats([1, 3, 4], &[0.0, 0.0, 1.0, 1.0, 0.1, 0.0, 1.0, 1.0, 5.0, 5.0, 6.0, 6.0]);
        let scores = floats([1, 1, 3], &[0.5, 0.9, 0.7]);
        let select = |most: i64, overlap: f32, least: f32| {
            let inputs = [
                boxes.clone(),
                scores.clone(),
                Tensor::scalar(most),
                Tensor::scalar(overlap),
                Tensor::scalar(least),
            ];
            eval(NonMaxSuppression::default(), inputs).to_i64_vec().unwrap()
        };
        assert_eq!(select(9, 0.5, 0.0), [0, 0, 1, 0, 0, 2]);
        assert_eq!(select(9, 0.95, 0.6), [0, 0, 1, 0, 0, 2]);
        assert_eq!(select(1, 0.5, 0.0), [0, 0, 1]);
        assert_eq!(select(0, 0.5, 0.0), [0i64; 0]);
    }

    #[test]
    fn a_region_is_sampled() {
        let op = RoiAlign { output_height: 2, output_width: 2, sampling_ratio: 1, ..RoiAlign::default() };
        let region = || [floats([1, 4], &[0.0, 0.0, 2.0, 2.0]), Tensor::vector(vec![0i64])];
        let [boxes, places] = region();
        assert_close(&eval(op.clone(), [counting([1, 1, 2, 2]), boxes, places]), &[0.0, 1.0, 2.0, 3.0]);
        let [boxes, _] = region();
        eval_error(op, [counting([1, 1, 2, 2]), boxes, Tensor::vector(vec![1i64])]);
    }
}
