//! The counts of a statistic as an ordered list of bins, the form in which range searches read them.
use super::Range;
use super::row::Row;
use super::statistic::Statistic;

/// Values counted between two edges, clipped to the exact extremes.
///
/// `lower == upper` where all values are known to be equal: zeros, and a bin that an extreme cuts to a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Lower edge.
    pub lower: f64,
    /// Upper edge, `>= lower`.
    pub upper: f64,
    /// Number of values, not 0.
    pub count: u64,
}

impl Bin {
    /// Distance between the edges.
    pub fn width(&self) -> f64 {
        self.upper - self.lower
    }

    /// Whether the bin holds the zeros.
    pub(super) fn is_zero(&self) -> bool {
        self.lower == 0.0 && self.upper == 0.0
    }

    /// The bin of the negated values.
    pub(super) fn mirrored(&self) -> Self {
        Self { lower: -self.upper, upper: -self.lower, count: self.count }
    }
}

/// Non-empty bins in ascending order, with the exact extremes. Never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Disjoint bins, ascending. None contains zero inside: zeros have a bin of their own.
    pub bins: Vec<Bin>,
    /// Exact smallest and largest value.
    pub range: Range,
}

impl Statistic {
    /// Non-empty bins of the grid, ascending, clipped to the exact extremes.
    pub fn bins(&self) -> impl Iterator<Item = Bin> {
        let (min, max) = (f64::from(self.extremes.all.min), f64::from(self.extremes.all.max));
        let n_positive = self.rows.partition_point(|row| !row.id.is_negative());
        let (positive, negative) = self.rows.split_at(n_positive);
        let descending = negative.iter().rev().flat_map(|row| row.bins().rev());
        let negative = descending.map(|(inner, outer, count)| Bin { lower: -outer, upper: -inner, count });
        let ascending = positive.iter().flat_map(Row::bins);
        let positive = ascending.map(|(inner, outer, count)| Bin { lower: inner, upper: outer, count });
        let zero = (self.zero_count != 0).then_some(Bin { lower: 0.0, upper: 0.0, count: self.zero_count });
        negative.chain(zero).chain(positive).map(move |bin| Bin {
            lower: bin.lower.max(min),
            upper: bin.upper.min(max),
            count: bin.count,
        })
    }

    /// The bins and the exact extremes; `None` when no finite value was observed.
    pub fn histogram(&self) -> Option<Histogram> {
        let range = Range { min: self.min()?, max: self.max()? };
        Some(Histogram { bins: self.bins().collect(), range })
    }
}

impl Histogram {
    /// Number of values.
    pub fn count(&self) -> u64 {
        self.bins.iter().map(|bin| bin.count).sum()
    }

    /// The larger distance of an extreme from zero.
    pub(super) fn magnitude(&self) -> f64 {
        f64::from(self.range.max).max(-f64::from(self.range.min))
    }

    /// The bins of the magnitudes: negative bins mirrored, bins that overlap then joined.
    pub(super) fn folded(&self) -> Vec<Bin> {
        let mirrored = |bin: &Bin| {
            if bin.lower < 0.0 { bin.mirrored() } else { *bin }
        };
        let mut bins: Vec<Bin> = self.bins.iter().map(mirrored).collect();
        bins.sort_by(|a, b| a.lower.total_cmp(&b.lower).then(a.upper.total_cmp(&b.upper)));
        let mut folded: Vec<Bin> = Vec::with_capacity(bins.len());
        for bin in bins {
            match folded.last_mut() {
                Some(last) if bin.lower < last.upper || bin == *last => {
                    last.upper = last.upper.max(bin.upper);
                    last.count += bin.count;
                }
                _ => folded.push(bin),
            }
        }
        folded
    }
}

/// Neighbouring bins joined while they stay within one `cell`, so that a search visits fewer of them.
/// The zero bin is never joined, and no joined bin holds zero inside.
pub(super) fn coarsened(bins: &[Bin], cell: f64) -> Vec<Bin> {
    let mut joined: Vec<Bin> = Vec::new();
    for bin in bins {
        match joined.last_mut() {
            Some(last)
                if bin.upper - last.lower <= cell
                    && (last.upper <= 0.0) == (bin.upper <= 0.0)
                    && !last.is_zero()
                    && !bin.is_zero() =>
            {
                last.upper = bin.upper;
                last.count += bin.count;
            }
            _ => joined.push(*bin),
        }
    }
    joined
}
