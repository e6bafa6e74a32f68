//! The range whose quantized distribution diverges least from the observed one.
//!
//! The method is that of `TensorRT` (S. Migacz, "8-bit inference with `TensorRT`", GTC 2017), also in `MXNet`: for each
//! candidate threshold, `P` is the observed distribution with everything beyond the threshold added to the last bin,
//! `Q` is the distribution without it, averaged over each quantization level and spread again over the non-empty part
//! of that level; the threshold with the least `KL(P || Q)` wins. Clipping costs because `Q` lacks the clipped mass in
//! the last bin, a wide range costs because a level blurs more of the distribution.
//!
//! Differences. The bins are those of the statistic (0.4 to 0.8 % of their magnitude) in place of 2048 equal ones, a
//! bin that straddles levels being divided in proportion. Thresholds are the outer edges of non-empty bins, down to
//! the one that would clip half of the non-zero values: every 16th, then every one around the best. Levels are those
//! of the quantizer the threshold gives, with the zero point rounded. Zeros are on a level and blur nothing.
//! More than 4096 levels are not searched ([`Method::check`](super::Method::check) refuses them, `range` takes the
//! extremes): a level is then narrower than most bins, and the divergence measures little but sampling noise. Symmetric levels search one threshold on the magnitudes, affine ones each side in turn: upper, lower, upper again.
use super::histogram::{Histogram, coarsened};
use super::levels::{Levels, Quantizer};
use super::{Bin, Range};

/// Bins are joined up to this part of the largest magnitude.
const CELLS: f64 = 16384.0;
/// Candidates of the first round are this many bins apart.
const STRIDE: usize = 16;
/// Least width of an outermost bin as a part of its magnitude: the extremes may have cut it to a point.
const LEAST_WIDTH: f64 = 1.0 / 256.0;

/// Most levels for which thresholds are searched.
pub(super) const MOST_LEVELS: i64 = 4096;

/// The range for `levels`.
pub(super) fn range(histogram: &Histogram, levels: Levels) -> Range {
    if levels.count() > MOST_LEVELS {
        return histogram.range;
    }
    let bins = if levels.symmetric { histogram.folded() } else { histogram.bins.clone() };
    let search = Search::new(coarsened(&bins, histogram.magnitude() / CELLS), levels);
    let mut ends = (0, search.bins.len() - 1);
    ends.1 = search.best_upper(ends);
    if !levels.symmetric {
        let lower = search.best_lower(ends);
        if lower != ends.0 {
            ends = (lower, search.best_upper((lower, search.bins.len() - 1)));
        }
    }
    let (lower, upper) = (search.bins[ends.0].lower as f32, search.bins[ends.1].upper as f32);
    let Range { min, max } = histogram.range;
    if levels.symmetric {
        let threshold = upper.min(histogram.magnitude() as f32);
        return Range { min: -threshold, max: threshold };
    }
    Range { min: lower.clamp(min, max), max: upper.clamp(min, max) }
}

struct Search {
    bins: Vec<Bin>,
    levels: Levels,
    /// Values before each bin.
    counts_before: Vec<f64>,
    /// Sum over the bins before each of `count * ln(count / width)`, zeros left out.
    logs_before: Vec<f64>,
}

impl Search {
    fn new(mut bins: Vec<Bin>, levels: Levels) -> Self {
        if let Some(last) = bins.last_mut().filter(|last| last.lower > 0.0) {
            last.upper = last.upper.max(last.lower * (1.0 + LEAST_WIDTH));
        }
        if let Some(first) = bins.first_mut().filter(|first| first.upper < 0.0) {
            first.lower = first.lower.min(first.upper * (1.0 + LEAST_WIDTH));
        }
        let (mut counts_before, mut logs_before) = (vec![0.0], vec![0.0]);
        let (mut count, mut log) = (0.0, 0.0);
        for bin in &bins {
            count += bin.count as f64;
            log += if bin.is_zero() { 0.0 } else { bin.count as f64 * density(bin).ln() };
            counts_before.push(count);
            logs_before.push(log);
        }
        Self { bins, levels, counts_before, logs_before }
    }

    fn total(&self) -> f64 {
        self.counts_before[self.bins.len()]
    }

    /// Most values that may be clipped: half of those that are not zero.
    fn most_clipped(&self) -> f64 {
        let zeros = self.bins.iter().find(|bin| bin.is_zero()).map_or(0, |bin| bin.count);
        (self.total() - zeros as f64) / 2.0
    }

    /// The best last bin at or below `ends.1`, given the first.
    fn best_upper(&self, ends: (usize, usize)) -> usize {
        let clipped = |last: usize| self.total() - self.counts_before[last + 1] + self.counts_before[ends.0];
        let candidates = (ends.0..=ends.1).rev();
        let candidates: Vec<usize> = candidates
            .take_while(|&last| {
                self.bins[last].lower > 0.0 || self.bins[last].lower == 0.0 && !self.bins[last].is_zero()
            })
            .take_while(|&last| clipped(last) <= self.most_clipped())
            .collect();
        best(&candidates, |last| self.divergence((ends.0, last))).unwrap_or(ends.1)
    }

    /// The best first bin at or above `ends.0`, given the last.
    fn best_lower(&self, ends: (usize, usize)) -> usize {
        let clipped =
            |first: usize| self.total() - self.counts_before[ends.1 + 1] + self.counts_before[first];
        let candidates: Vec<usize> = (ends.0..=ends.1)
            .take_while(|&first| self.bins[first].lower < 0.0)
            .take_while(|&first| clipped(first) <= self.most_clipped())
            .collect();
        best(&candidates, |first| self.divergence((first, ends.1))).unwrap_or(ends.0)
    }

    /// `KL(P || Q)` in nats when the bins `ends.0 ..= ends.1` are kept.
    fn divergence(&self, ends: (usize, usize)) -> f64 {
        let (first, last) = (&self.bins[ends.0], &self.bins[ends.1]);
        let min = if self.levels.symmetric { 0.0 } else { first.lower };
        let Some(quantizer) = Quantizer::new(min, last.upper, self.levels) else {
            return f64::INFINITY;
        };
        let mut walk = LevelWalk::new(quantizer);
        for bin in self.bins[ends.0..=ends.1].iter().filter(|bin| !bin.is_zero()) {
            walk.add(bin);
        }
        walk.close_level();
        let total = self.total();
        let kept = self.counts_before[ends.1 + 1] - self.counts_before[ends.0];
        let kept_log = (kept / total).ln();
        let bins_log = self.logs_before[ends.1 + 1] - self.logs_before[ends.0];
        let inside = bins_log - walk.sum + kept * kept_log;
        let lower = edge_divergence(first, self.counts_before[ends.0], walk.first_log - kept_log);
        let upper = edge_divergence(last, total - self.counts_before[ends.1 + 1], walk.last_log - kept_log);
        (inside + lower + upper) / total
    }
}

/// What `clipped` values in an edge bin add to the divergence, whose `Q` has density `exp(log_density)` there.
fn edge_divergence(bin: &Bin, clipped: f64, log_density: f64) -> f64 {
    if clipped == 0.0 {
        return 0.0;
    }
    let (count, width) = (bin.count as f64, bin.width());
    let part = |count: f64| count * ((count / width).ln() - log_density);
    part(count + clipped) - part(count)
}

/// The candidate with the least value; the first of equals. Every 16th is tried, then all around the best.
fn best(candidates: &[usize], value: impl Fn(usize) -> f64) -> Option<usize> {
    let least = |places: &mut dyn Iterator<Item = usize>| {
        places
            .map(|place| (place, value(candidates[place])))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|found| found.0)
    };
    let coarse = least(&mut (0..candidates.len()).step_by(STRIDE))?;
    let around = coarse.saturating_sub(STRIDE - 1)..(coarse + STRIDE).min(candidates.len());
    least(&mut around.clone()).map(|place| candidates[place])
}

/// Values per unit.
fn density(bin: &Bin) -> f64 {
    bin.count as f64 / bin.width()
}

/// Visits ascending bins and sums `mass * ln(mass / non-empty width)` over the levels they fall on.
struct LevelWalk {
    quantizer: Quantizer,
    /// Upper end of the open level.
    level_end: f64,
    mass: f64,
    width: f64,
    sum: f64,
    /// Log density of the first level closed.
    first_log: f64,
    /// Log density of the last level closed.
    last_log: f64,
}

impl LevelWalk {
    fn new(quantizer: Quantizer) -> Self {
        Self {
            quantizer,
            level_end: f64::NEG_INFINITY,
            mass: 0.0,
            width: 0.0,
            sum: 0.0,
            first_log: f64::NAN,
            last_log: 0.0,
        }
    }

    fn add(&mut self, bin: &Bin) {
        if bin.lower >= self.level_end {
            self.close_level();
            self.level_end = self.level_at(bin.lower).1;
        }
        if bin.upper <= self.level_end {
            self.mass += bin.count as f64;
            self.width += bin.width();
            return;
        }
        let density = density(bin);
        let head = self.level_end - bin.lower;
        self.mass += density * head;
        self.width += head;
        self.close_level();
        let (start, next_end) = self.level_at(bin.upper);
        let last_start = start.max(self.level_end);
        self.sum += density * (last_start - self.level_end) * density.ln();
        self.level_end = next_end;
        self.mass = density * (bin.upper - last_start);
        self.width = bin.upper - last_start;
    }

    /// Both ends of the level that represents `value`; the highest level has no upper end.
    fn level_at(&self, value: f64) -> (f64, f64) {
        let Quantizer { step, lowest, highest } = self.quantizer;
        let level = (value / step + 0.5).floor().clamp(lowest, highest);
        let end = if level >= highest { f64::INFINITY } else { (level + 0.5) * step };
        ((level - 0.5) * step, end)
    }

    fn close_level(&mut self) {
        if self.mass > 0.0 {
            self.last_log = (self.mass / self.width).ln();
            self.sum += self.mass * self.last_log;
            if self.first_log.is_nan() {
                self.first_log = self.last_log;
            }
        }
        self.mass = 0.0;
        self.width = 0.0;
    }
}
