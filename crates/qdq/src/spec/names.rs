//! Observers by name, as recipes and targets write them.

use std::fmt;
use std::str::FromStr;

use super::{Method, ObserverKind};
use crate::error::{Error, Result};

/// Weight of the newest batch in torch's moving averages.
const AVERAGING_CONSTANT: f32 = 0.01;

/// Bins of torch's `HistogramObserver`.
const BINS: usize = 2048;

/// All names, for messages.
const NAMES: &str = "minmax, percentile:P, entropy, mse or l2 (of the default statistic); torch-minmax, \
    torch-moving-average[:C], torch-per-channel, torch-moving-average-per-channel[:C], torch-histogram[:BINS], \
    placeholder, recording, noop, reuse-input";

impl ObserverKind {
    /// Whether it is read off the default statistic, for which the order of the data makes no difference.
    pub fn is_statistic(self) -> bool {
        matches!(self, ObserverKind::Statistic(_))
    }

    /// Whether it finds no range: it observes nothing, or only keeps what it saw.
    pub fn finds_nothing(self) -> bool {
        use ObserverKind::{Noop, Placeholder, Recording, ReuseInput};
        matches!(self, Placeholder | Recording | Noop | ReuseInput)
    }
}

impl fmt::Display for ObserverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ObserverKind::Statistic(method) => write!(f, "{method}"),
            ObserverKind::MinMax => f.write_str("torch-minmax"),
            ObserverKind::MovingAverageMinMax { averaging_constant } => {
                write!(f, "torch-moving-average:{averaging_constant}")
            }
            ObserverKind::PerChannelMinMax => f.write_str("torch-per-channel"),
            ObserverKind::MovingAveragePerChannelMinMax { averaging_constant } => {
                write!(f, "torch-moving-average-per-channel:{averaging_constant}")
            }
            ObserverKind::Histogram { bins } => write!(f, "torch-histogram:{bins}"),
            ObserverKind::Placeholder => f.write_str("placeholder"),
            ObserverKind::Recording => f.write_str("recording"),
            ObserverKind::Noop => f.write_str("noop"),
            ObserverKind::ReuseInput => f.write_str("reuse-input"),
            ObserverKind::FixedQParams { scale, zero_point } => {
                write!(f, "fixed scale {scale}, zero point {zero_point}")
            }
        }
    }
}

impl From<ObserverKind> for String {
    fn from(kind: ObserverKind) -> Self {
        kind.to_string()
    }
}

impl TryFrom<String> for ObserverKind {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl FromStr for ObserverKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || Error::usage(format!("there is no observer `{text}`")).help(format!("use {NAMES}"));
        let (name, number) = text.split_once(':').map_or((text, None), |(name, number)| (name, Some(number)));
        let constant = || match number {
            None => Ok(AVERAGING_CONSTANT),
            Some(number) => {
                number.parse().ok().filter(|c| (0.0..=1.0).contains(c) && *c > 0.0).ok_or_else(|| {
                    Error::usage(format!("the averaging constant `{number}` is not in 0 to 1"))
                })
            }
        };
        let bins = || match number {
            None => Ok(BINS),
            Some(number) => number
                .parse()
                .ok()
                .filter(|bins| (2..=1 << 20).contains(bins))
                .ok_or_else(|| Error::usage(format!("`{number}` is no number of bins"))),
        };
        Ok(match (name, number) {
            ("torch-moving-average", _) => {
                ObserverKind::MovingAverageMinMax { averaging_constant: constant()? }
            }
            ("torch-moving-average-per-channel", _) => {
                ObserverKind::MovingAveragePerChannelMinMax { averaging_constant: constant()? }
            }
            ("torch-histogram", _) => ObserverKind::Histogram { bins: bins()? },
            ("torch-minmax", None) => ObserverKind::MinMax,
            ("torch-per-channel", None) => ObserverKind::PerChannelMinMax,
            ("placeholder", None) => ObserverKind::Placeholder,
            ("recording", None) => ObserverKind::Recording,
            ("noop", None) => ObserverKind::Noop,
            ("reuse-input", None) => ObserverKind::ReuseInput,
            _ => ObserverKind::Statistic(text.parse::<Method>().map_err(|_| unknown())?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_as_they_print() {
        for text in ["minmax", "percentile:99.9", "torch-histogram:2048", "torch-moving-average:0.01", "noop"]
        {
            assert_eq!(text.parse::<ObserverKind>().unwrap().to_string(), text);
        }
        for text in
            ["", "histogramm", "torch-histogram:0", "torch-moving-average:2", "noop:1", "percentile:0"]
        {
            assert!(text.parse::<ObserverKind>().is_err(), "{text}");
        }
    }
}
