//! The range with the least expected squared error.
//!
//! The error of a range is exact for values uniform inside each bin (see [`super::levels`]): rounding inside, clipping
//! outside, with the zero point rounded as it will be. Both ends shrink by powers of two independently (one factor for
//! symmetric levels and one-signed values): first a grid of whole octaves, then steps of 1/2, 1/4 .. 1/64 octave
//! around the best, each repeated while it helps. The exact extremes are the first candidate, and a shrunk range is
//! taken only if its error over the unjoined bins is smaller.
use super::histogram::{Histogram, coarsened};
use super::levels::{Levels, Quantizer, expected_square_error};
use super::{Bin, Range};

/// Octaves by which the first grid shrinks an end at most.
const MAX_OCTAVES: i32 = 10;
/// Finest step, in octaves.
const FINEST_STEP: f64 = 1.0 / 64.0;
/// Bins are joined up to this part of the largest magnitude; a step of 8 bits is eight of them.
const CELLS: f64 = 2048.0;

/// The range for `levels`.
pub(super) fn range(histogram: &Histogram, levels: Levels) -> Range {
    let bins = coarsened(&histogram.bins, histogram.magnitude() / CELLS);
    let search = Search::new(histogram, &bins, levels);
    let mut best = search.candidate([0.0; 2]);
    for octaves in search.octave_grid() {
        best = search.better(best, octaves);
    }
    let mut step = 0.5;
    while step >= FINEST_STEP {
        let next =
            search.neighbours(best.octaves, step).fold(best, |best, octaves| search.better(best, octaves));
        if next.octaves == best.octaves {
            step /= 2.0;
        }
        best = next;
    }
    let found = search.range(best.octaves);
    let error = |range| expected_square_error(&histogram.bins, range, levels);
    if error(found) < error(histogram.range) { found } else { histogram.range }
}

/// A point of the search.
#[derive(Clone, Copy)]
struct Candidate {
    /// Octaves by which the lower and the upper end are shrunk.
    octaves: [f64; 2],
    /// Sum of squared errors.
    error: f64,
}

struct Search<'a> {
    bins: &'a [Bin],
    /// The ends with no shrinking, each on its side of zero or zero.
    ends: [f64; 2],
    levels: Levels,
}

impl<'a> Search<'a> {
    fn new(histogram: &Histogram, bins: &'a [Bin], levels: Levels) -> Self {
        let magnitude = histogram.magnitude();
        let ends = if levels.symmetric {
            [-magnitude, magnitude]
        } else {
            [f64::from(histogram.range.min).min(0.0), f64::from(histogram.range.max).max(0.0)]
        };
        Self { bins, ends, levels }
    }

    /// Whether both ends move on their own.
    fn is_two_sided(&self) -> bool {
        !self.levels.symmetric && self.ends[0] < 0.0 && self.ends[1] > 0.0
    }

    fn end(&self, octaves: [f64; 2], side: usize) -> f64 {
        self.ends[side] * (-octaves[side]).exp2()
    }

    fn range(&self, octaves: [f64; 2]) -> Range {
        Range { min: self.end(octaves, 0) as f32, max: self.end(octaves, 1) as f32 }
    }

    fn candidate(&self, octaves: [f64; 2]) -> Candidate {
        let quantizer = Quantizer::new(self.end(octaves, 0), self.end(octaves, 1), self.levels);
        let error = quantizer.map_or(f64::INFINITY, |quantizer| quantizer.square_error(self.bins));
        Candidate { octaves, error }
    }

    fn better(&self, best: Candidate, octaves: [f64; 2]) -> Candidate {
        let candidate = self.candidate(octaves);
        if candidate.error < best.error { candidate } else { best }
    }

    fn octave_grid(&self) -> impl Iterator<Item = [f64; 2]> {
        let two_sided = self.is_two_sided();
        let whole = |octaves: i32| f64::from(octaves);
        (0..=MAX_OCTAVES)
            .flat_map(move |lower| (0..=MAX_OCTAVES).map(move |upper| [lower, upper]))
            .filter(move |[lower, upper]| two_sided || lower == upper)
            .map(move |octaves| octaves.map(whole))
    }

    fn neighbours(&self, centre: [f64; 2], step: f64) -> impl Iterator<Item = [f64; 2]> + use<> {
        let two_sided = self.is_two_sided();
        let moves = [-step, 0.0, step];
        moves
            .into_iter()
            .flat_map(move |lower| moves.into_iter().map(move |upper| [lower, upper]))
            .filter(move |[lower, upper]| (two_sided || lower == upper) && (*lower != 0.0 || *upper != 0.0))
            .map(move |[lower, upper]| [(centre[0] + lower).max(0.0), (centre[1] + upper).max(0.0)])
    }
}
