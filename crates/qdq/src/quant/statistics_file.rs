//! The statistics of a model's values as bytes: canonical, versioned, checked, mergeable.
//!
//! ```text
//! "QDQF"  version (1 byte, 1)
//! fingerprint of the model                          u64, little endian
//! number of samples                                 varint
//! sections, ascending by kind: kind (1 byte), number of entries (varint), entries ascending by name:
//!     length of the name, name in UTF-8, length of the state, state
//! checksum: FNV-1a, 64 bits, of all bytes before    u64, little endian
//! ```
//! | kind | state |
//! |---|---|
//! | 1 | a [`Statistic`], its own bytes |
//! | 2 | [`ChannelExtremes`]: number of channels (varint), smallest values, largest values (f32, little endian) |
//!
//! Other observers get kinds of their own; a kind that this program does not know is an error. A section without entries
//! is not written. Equal statistics have equal bytes, so that shards merged in any order give the same file.

use std::collections::BTreeMap;

use super::observers::{DecodeError, Reader, Statistic, checksum, write_varint};
use super::{ChannelExtremes, Observed, Plan};
use crate::error::{Error, Result};
use crate::graph::{Graph, text};

const MAGIC: [u8; 4] = *b"QDQF";
const VERSION: u8 = 1;
/// Kinds of sections.
const STATISTICS: u8 = 1;
const CHANNELS: u8 = 2;

/// What samples showed of the values of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct StatisticsFile {
    /// The model, by [`fingerprint`].
    pub model: u64,
    /// Samples seen.
    pub n_samples: u64,
    /// Statistics of values, by name.
    pub statistics: BTreeMap<String, Statistic>,
    /// Extremes of the channels of inputs of matrix products, by name.
    pub channels: BTreeMap<String, ChannelExtremes>,
}

/// A number that tells models apart: FNV-1a, 64 bits, of the text of the graph, in which large constants stand as
/// hashes of their own.
pub fn fingerprint(graph: &Graph) -> u64 {
    checksum(text::print(graph).as_bytes())
}

impl StatisticsFile {
    /// What was observed of the values of `graph`, which was made out of the model of fingerprint `model`.
    pub fn new(model: u64, n_samples: usize, graph: &Graph, observed: &Observed) -> Self {
        let name = |id| graph[id].name().to_owned();
        Self {
            model,
            n_samples: n_samples as u64,
            statistics: observed.statistics.iter().map(|(id, state)| (name(*id), state.clone())).collect(),
            channels: observed.channels.iter().map(|(id, (_, state))| (name(*id), state.clone())).collect(),
        }
    }

    /// The statistics as a plan for `graph` wants them.
    ///
    /// # Errors
    /// The file is of another model (`model` is the fingerprint of this one), lacks a value of the plan, or has one that
    /// is not in the graph.
    pub fn observed(&self, model: u64, graph: &Graph, plan: &Plan) -> Result<Observed> {
        if self.model != model {
            let message = format!(
                "these are statistics of another model (fingerprint {:016x}, this model has {model:016x})",
                self.model
            );
            return Err(Error::data(message).help("run `qdq observe` on this model"));
        }
        for name in self.statistics.keys().chain(self.channels.keys()) {
            if graph.value_ids().all(|id| graph[id].name() != name) {
                return Err(Error::data("there are statistics of it, but no such value").value(name));
            }
        }
        let mut observed = Observed::new(graph, plan)?;
        for (id, state) in &mut observed.statistics {
            state.clone_from(wanted(&self.statistics, graph[*id].name())?);
            if state.nan_count() > 0 || state.positive_infinity_count() > 0 {
                return Err(Error::data("its statistics hold NaN or infinity").value(graph[*id].name()));
            }
        }
        for (id, (_, state)) in &mut observed.channels {
            state.clone_from(wanted(&self.channels, graph[*id].name())?);
        }
        Ok(observed)
    }

    /// Takes in the statistics of other samples; as if they had been seen together.
    ///
    /// # Errors
    /// Statistics of another model, of other values, or of other numbers of channels.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.model != other.model {
            return Err(Error::data(format!(
                "statistics of different models do not merge (fingerprints {:016x} and {:016x})",
                self.model, other.model
            )));
        }
        same_names(&self.statistics, &other.statistics)?;
        same_names(&self.channels, &other.channels)?;
        for ((name, mine), theirs) in self.channels.iter().zip(other.channels.values()) {
            let (mine, theirs) = (mine.min.len(), theirs.min.len());
            if mine != theirs && mine != 0 && theirs != 0 {
                return Err(Error::data(format!("{mine} channels and {theirs} do not merge")).value(name));
            }
        }
        self.n_samples = self.n_samples.saturating_add(other.n_samples);
        for (mine, theirs) in self.statistics.values_mut().zip(other.statistics.values()) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.channels.values_mut().zip(other.channels.values()) {
            mine.merge(theirs);
        }
        Ok(())
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(MAGIC);
        bytes.push(VERSION);
        bytes.extend(self.model.to_le_bytes());
        write_varint(&mut bytes, self.n_samples.into());
        write_section(&mut bytes, STATISTICS, &self.statistics, Statistic::to_bytes);
        write_section(&mut bytes, CHANNELS, &self.channels, channel_bytes);
        bytes.extend(checksum(&bytes).to_le_bytes());
        bytes
    }

    /// What [`StatisticsFile::to_bytes`] wrote.
    ///
    /// # Errors
    /// Bytes that are no statistics, of another version, cut short or changed, or that contradict themselves.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let rest = bytes
            .strip_prefix(&MAGIC)
            .ok_or_else(|| Error::malformed("this is no statistics file").help("`qdq observe` writes one"))?;
        match rest.first() {
            Some(&VERSION) | None => {}
            Some(version) => {
                let message = format!("a statistics file of version {version}; this program reads {VERSION}");
                return Err(Error::unsupported(message).help("observe again with this version of qdq"));
            }
        }
        let damaged = || Error::malformed("the checksum does not match: the file was cut short or changed");
        let (body, stored) = bytes.split_last_chunk().ok_or_else(damaged)?;
        if checksum(body) != u64::from_le_bytes(*stored) {
            return Err(damaged());
        }
        let mut reader = Reader { bytes: body.get(MAGIC.len() + 1..).ok_or_else(damaged)? };
        read(&mut reader)
    }
}

fn wanted<'f, S>(states: &'f BTreeMap<String, S>, name: &str) -> Result<&'f S> {
    states.get(name).ok_or_else(|| {
        Error::data("it is to be quantized, but the file has no statistics of it")
            .value(name)
            .help("observe with the same options as quantize: the target decides which values are observed")
    })
}

fn same_names<S>(mine: &BTreeMap<String, S>, theirs: &BTreeMap<String, S>) -> Result<()> {
    let lone = mine.keys().find(|name| !theirs.contains_key(*name));
    match lone.or_else(|| theirs.keys().find(|name| !mine.contains_key(*name))) {
        Some(name) => Err(Error::data("only one of the files has statistics of it")
            .value(name)
            .help("observe all shards with the same options")),
        None => Ok(()),
    }
}

fn write_section<S>(bytes: &mut Vec<u8>, kind: u8, states: &BTreeMap<String, S>, state: fn(&S) -> Vec<u8>) {
    if states.is_empty() {
        return;
    }
    bytes.push(kind);
    write_varint(bytes, states.len() as u128);
    for (name, value) in states {
        for part in [name.as_bytes(), &state(value)] {
            write_varint(bytes, part.len() as u128);
            bytes.extend(part);
        }
    }
}

fn channel_bytes(channels: &ChannelExtremes) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_varint(&mut bytes, channels.min.len() as u128);
    channels.min.iter().chain(&channels.max).for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes
}

fn read(reader: &mut Reader<'_>) -> Result<StatisticsFile> {
    let mut file = StatisticsFile {
        model: u64::from_le_bytes(reader.read_array().map_err(malformed)?),
        n_samples: reader.read_count().map_err(malformed)?,
        statistics: BTreeMap::new(),
        channels: BTreeMap::new(),
    };
    let mut last_kind = 0;
    while !reader.bytes.is_empty() {
        let [kind] = reader.read_array().map_err(malformed)?;
        if kind <= last_kind {
            return Err(malformed(DecodeError::Invalid("sections are not ascending")));
        }
        last_kind = kind;
        match kind {
            STATISTICS => file.statistics = read_section(reader, Statistic::from_bytes)?,
            CHANNELS => file.channels = read_section(reader, read_channels)?,
            _ => return Err(Error::unsupported(format!("statistics of kind {kind} are not known here"))),
        }
    }
    Ok(file)
}

fn read_section<S>(
    reader: &mut Reader<'_>,
    state: fn(&[u8]) -> Result<S, DecodeError>,
) -> Result<BTreeMap<String, S>> {
    let mut states: BTreeMap<String, S> = BTreeMap::new();
    let n_entries = reader.read_count().map_err(malformed)?;
    if n_entries == 0 {
        return Err(malformed(DecodeError::Invalid("a section is empty")));
    }
    for _ in 0..n_entries {
        let name = reader.read_slice().map_err(malformed)?;
        let name =
            std::str::from_utf8(name).map_err(|_| malformed(DecodeError::Invalid("a name is not text")))?;
        if states.last_key_value().is_some_and(|(last, _)| &**last >= name) {
            return Err(malformed(DecodeError::Invalid("names are not ascending")));
        }
        let value = reader.read_slice().and_then(state).map_err(|error| malformed(error).value(name))?;
        states.insert(name.to_owned(), value);
    }
    Ok(states)
}

fn read_channels(bytes: &[u8]) -> Result<ChannelExtremes, DecodeError> {
    let mut reader = Reader { bytes };
    let n_channels = reader.read_count()?;
    if reader.bytes.len() as u64 != n_channels.saturating_mul(8) {
        return Err(DecodeError::Invalid("the number of channels does not fit"));
    }
    let (numbers, _) = reader.bytes.as_chunks();
    let mut min: Vec<f32> = numbers.iter().map(|number| f32::from_le_bytes(*number)).collect();
    let max = min.split_off(n_channels as usize);
    let is_none = |min: f32, max: f32| min == f32::INFINITY && max == f32::NEG_INFINITY;
    let is_canonical = |x: f32| !x.is_nan() && x.to_bits() != (-0f32).to_bits();
    let fits = |(&min, &max): (&f32, &f32)| {
        is_canonical(min) && is_canonical(max) && (min <= max && max < f32::INFINITY || is_none(min, max))
    };
    if !min.iter().zip(&max).all(fits) {
        return Err(DecodeError::Invalid("extremes of a channel contradict each other"));
    }
    Ok(ChannelExtremes { min, max })
}

fn malformed(error: DecodeError) -> Error {
    Error::malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;

    fn file(values: &[f32]) -> StatisticsFile {
        let mut statistic = Statistic::new();
        statistic.observe(values);
        let channels = ChannelExtremes { min: vec![-1.0, 0.0], max: vec![values.len() as f32, 0.5] };
        StatisticsFile {
            model: 7,
            n_samples: values.len() as u64,
            statistics: [("a".to_owned(), statistic), ("b/c".to_owned(), Statistic::new())].into(),
            channels: [("a".to_owned(), channels), ("z".to_owned(), ChannelExtremes::default())].into(),
        }
    }

    #[test]
    fn bytes_come_back_and_damage_is_named() {
        let file = file(&[1.0, -2.0, 0.0, 3e9]);
        let bytes = file.to_bytes();
        assert_eq!(StatisticsFile::from_bytes(&bytes).unwrap(), file);
        for len in 0..bytes.len() {
            assert_eq!(StatisticsFile::from_bytes(&bytes[..len]).unwrap_err().kind(), ErrorKind::Malformed);
        }
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 4;
            assert!(StatisticsFile::from_bytes(&changed).is_err(), "byte {place}");
        }
    }

    #[test]
    fn forged_bytes_are_refused_or_harmless() {
        let bytes = file(&[1.0, -2.0]).to_bytes();
        for place in 5..bytes.len() - 8 {
            for bit in 0..8 {
                let mut forged = bytes[..bytes.len() - 8].to_vec();
                forged[place] ^= 1 << bit;
                forged.extend(checksum(&forged).to_le_bytes());
                if let Ok(file) = StatisticsFile::from_bytes(&forged) {
                    assert_eq!(file.to_bytes(), forged);
                }
            }
        }
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let (mut mine, theirs) = (file(&[1.0]), file(&[2.0]));
        let other = StatisticsFile { model: 8, ..theirs.clone() };
        assert!(mine.merge(&other).unwrap_err().message().contains("different models"));
        let mut other = theirs.clone();
        other.statistics.remove("b/c");
        assert_eq!(mine.merge(&other).unwrap_err().place().value.as_deref(), Some("b/c"));
        let mut other = theirs;
        other.channels.insert("a".to_owned(), ChannelExtremes { min: vec![0.0], max: vec![1.0] });
        assert_eq!(mine.merge(&other).unwrap_err().place().value.as_deref(), Some("a"));
        assert_eq!(mine, file(&[1.0]), "changed by a merge that failed");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn shards_in_any_order_give_the_same_bytes(
            values in prop::collection::vec((0usize..64, 0u64..u64::MAX, -5f32..5.0), 64..200),
        ) {
            let whole = file(&values.iter().map(|value| value.2).collect::<Vec<_>>()).statistics;
            for n_shards in [1, 2, 7, 64] {
                let mut shards: Vec<(u64, StatisticsFile)> = (0..n_shards)
                    .map(|shard| {
                        let mine = values.iter().filter(|value| value.0 % n_shards == shard);
                        let order = values[shard].1;
                        (order, file(&mine.map(|value| value.2).collect::<Vec<_>>()))
                    })
                    .collect();
                let merged = |shards: &[(u64, StatisticsFile)]| {
                    let mut merged = shards[0].1.clone();
                    shards[1..].iter().for_each(|shard| merged.merge(&shard.1).unwrap());
                    merged
                };
                let forward = merged(&shards);
                shards.sort_by_key(|shard| shard.0);
                prop_assert_eq!(merged(&shards).to_bytes(), forward.to_bytes());
                prop_assert_eq!(&forward.statistics, &whole);
                prop_assert_eq!(forward.n_samples, values.len() as u64);
            }
        }
    }
}
