//! The bytes of a statistic: canonical, versioned, checked.
//!
//! ```text
//! "QDQS"  version (1 byte, 2)
//! zeros, NaN, +infinities, -infinities                      varints
//! extremes: min, max; the same below each of 20 bounds      f32, little endian; +inf, -inf for no values
//! number of rows                                            varint
//! per row, ascending: id (u16), counts (128 varints, or 1)
//! checksum: FNV-1a, 64 bits, of all bytes before            u64, little endian
//! ```
//! A varint has 7 bits to the byte, low bits first, in as few bytes as possible. Equal statistics have equal bytes, and
//! a decoded statistic encodes to the bytes it came from. What is decoded is checked against itself, so that no file
//! can make a later stage fail.
use super::counts::{Counts, N_BINS};
use super::extremes::{BoundedExtremes, Extremes, N_BOUNDS, bound};
use super::row::{Row, RowCounts, RowId};
use super::statistic::Statistic;

const MAGIC: [u8; 4] = *b"QDQS";
const VERSION: u8 = 2;
const CHECKSUM_BYTES: usize = 8;
/// Most values a statistic read from bytes may hold, so that merging many cannot overflow.
const MAX_COUNT: u64 = 1 << 48;

/// Why bytes are not a statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The first bytes are others.
    #[error("not a calibration statistic")]
    NotAStatistic,
    /// Written by another version.
    #[error("calibration statistic of version {0}, this program reads version {VERSION}")]
    Version(u8),
    /// The checksum does not match: cut short or changed.
    #[error("calibration statistic is damaged: its checksum does not match")]
    Checksum,
    /// The content contradicts itself.
    #[error("calibration statistic is invalid: {0}")]
    Invalid(&'static str),
}

impl Statistic {
    /// The canonical bytes, typically 3 to 15 KiB.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256 + 256 * self.rows.len());
        bytes.extend(MAGIC);
        bytes.push(VERSION);
        for count in
            [self.zero_count, self.nan_count, self.positive_infinity_count, self.negative_infinity_count]
        {
            write_varint(&mut bytes, count.into());
        }
        for extremes in std::iter::once(&self.extremes.all).chain(&self.extremes.below) {
            bytes.extend(extremes.min.to_le_bytes());
            bytes.extend(extremes.max.to_le_bytes());
        }
        write_varint(&mut bytes, self.rows.len() as u128);
        for row in &self.rows {
            bytes.extend(row.id.0.to_le_bytes());
            match &row.counts {
                RowCounts::Whole(count) => write_varint(&mut bytes, (*count).into()),
                RowCounts::Split(counts) => {
                    counts.totals().iter().for_each(|&count| write_varint(&mut bytes, count.into()));
                }
            }
        }
        bytes.extend(checksum(&bytes).to_le_bytes());
        bytes
    }

    /// The statistic that [`Statistic::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(DecodeError::NotAStatistic)?;
        match rest.first() {
            Some(&VERSION) => {}
            Some(&version) => return Err(DecodeError::Version(version)),
            None => return Err(DecodeError::Checksum),
        }
        let (body, stored) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(DecodeError::Checksum)?;
        if checksum(body) != u64::from_le_bytes(*stored) {
            return Err(DecodeError::Checksum);
        }
        let body = body.get(MAGIC.len() + 1..).ok_or(DecodeError::Checksum)?;
        let mut reader = Reader { bytes: body };
        let statistic = reader.read_statistic()?;
        if !reader.bytes.is_empty() {
            return Err(DecodeError::Invalid("bytes after the last row"));
        }
        check(&statistic)?;
        Ok(statistic)
    }
}

/// FNV-1a, 64 bits.
pub(in crate::quant) fn checksum(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Appends a number, 7 bits to the byte, low bits first.
pub(in crate::quant) fn write_varint(bytes: &mut Vec<u8>, mut value: u128) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Takes values off the front of bytes.
pub(in crate::quant) struct Reader<'a> {
    /// What is left.
    pub(in crate::quant) bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// As many bytes.
    pub(in crate::quant) fn read_array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or(DecodeError::Invalid("cut short"))?;
        self.bytes = rest;
        Ok(*array)
    }

    fn read_varint(&mut self) -> Result<u128, DecodeError> {
        let mut value = 0;
        for shift in (0..128).step_by(7) {
            let [byte] = self.read_array()?;
            let digit = u128::from(byte & 0x7f);
            if digit << shift >> shift != digit || (byte == 0 && shift != 0) {
                break;
            }
            value |= digit << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::Invalid("a number is too long"))
    }

    /// A length, and as many bytes.
    pub(in crate::quant) fn read_slice(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = usize::try_from(self.read_count()?).map_err(|_| DecodeError::Invalid("cut short"))?;
        let (slice, rest) = self.bytes.split_at_checked(len).ok_or(DecodeError::Invalid("cut short"))?;
        self.bytes = rest;
        Ok(slice)
    }

    /// A number of at most 2^48.
    pub(in crate::quant) fn read_count(&mut self) -> Result<u64, DecodeError> {
        let count = u64::try_from(self.read_varint()?).unwrap_or(u64::MAX);
        if count > MAX_COUNT { Err(DecodeError::Invalid("a count is too large")) } else { Ok(count) }
    }

    fn read_extremes(&mut self) -> Result<Extremes, DecodeError> {
        let min = f32::from_le_bytes(self.read_array()?);
        let max = f32::from_le_bytes(self.read_array()?);
        Ok(Extremes { min, max })
    }

    fn read_statistic(&mut self) -> Result<Statistic, DecodeError> {
        let mut statistic = Statistic::new();
        statistic.zero_count = self.read_count()?;
        statistic.nan_count = self.read_count()?;
        statistic.positive_infinity_count = self.read_count()?;
        statistic.negative_infinity_count = self.read_count()?;
        statistic.extremes =
            BoundedExtremes { all: self.read_extremes()?, below: [Extremes::NONE; N_BOUNDS] };
        for below in &mut statistic.extremes.below {
            *below = self.read_extremes()?;
        }
        let n_rows = self.read_count()?;
        for _ in 0..n_rows {
            let row = self.read_row()?;
            if statistic.rows.last().is_some_and(|last| last.id >= row.id) {
                return Err(DecodeError::Invalid("rows are not ascending"));
            }
            statistic.rows.push(row);
        }
        Ok(statistic)
    }

    fn read_row(&mut self) -> Result<Row, DecodeError> {
        let id = RowId(u16::from_le_bytes(self.read_array()?));
        if id.0 >= 0x200 || id.exponent() > 254 {
            return Err(DecodeError::Invalid("a row has no exponent"));
        }
        let counts = if id.is_split() {
            let mut totals = [0; N_BINS];
            for total in &mut totals {
                *total = self.read_count()?;
            }
            RowCounts::Split(Counts::from_totals(&totals))
        } else {
            RowCounts::Whole(self.read_count()?)
        };
        Ok(Row { id, counts })
    }
}

/// Checks that counts and extremes can belong to the same values.
fn check(statistic: &Statistic) -> Result<(), DecodeError> {
    let total: u64 = statistic.rows.iter().map(Row::count).fold(statistic.zero_count, u64::saturating_add);
    if total > MAX_COUNT {
        return Err(DecodeError::Invalid("too many values"));
    }
    if statistic.rows.iter().any(|row| row.count() == 0) {
        return Err(DecodeError::Invalid("a row is empty"));
    }
    if !fits(statistic, statistic.extremes.all, f32::INFINITY) {
        return Err(DecodeError::Invalid("the extremes do not fit the counts"));
    }
    let below = statistic.extremes.below.iter().enumerate();
    if !below.into_iter().all(|(bound_idx, &extremes)| fits(statistic, extremes, bound(bound_idx))) {
        return Err(DecodeError::Invalid("the extremes below a bound do not fit the counts"));
    }
    let mut outer = statistic.extremes.all;
    for (bound_idx, &below) in statistic.extremes.below.iter().enumerate().rev() {
        if outer.magnitude() < bound(bound_idx) && below != outer {
            return Err(DecodeError::Invalid("extremes differ where no value lies between"));
        }
        outer = below;
    }
    Ok(())
}

/// Whether `extremes` lie in the outermost occupied bins among the values of magnitude below `limit`.
fn fits(statistic: &Statistic, extremes: Extremes, limit: f32) -> bool {
    let mut least = (statistic.zero_count != 0).then_some((0.0, 0.0));
    let mut most = least;
    for row in statistic.rows.iter().filter(|row| row.id.magnitude(row.id.bin_mantissa(0)) < f64::from(limit))
    {
        for (inner, outer, _) in row.bins() {
            let bin = if row.id.is_negative() { (-outer, -inner) } else { (inner, outer) };
            least = Some(least.filter(|least| least.0 <= bin.0).unwrap_or(bin));
            most = Some(most.filter(|most| most.1 >= bin.1).unwrap_or(bin));
        }
    }
    let holds = |(lower, upper): (f64, f64), value: f32| {
        (lower..=upper).contains(&f64::from(value)) && value.is_finite() && value.to_bits() != 1 << 31
    };
    match (least, most) {
        (Some(least), Some(most)) => holds(least, extremes.min) && holds(most, extremes.max),
        _ => extremes == Extremes::NONE,
    }
}
