//! How a range is read off the statistic, by name.

use std::fmt;
use std::str::FromStr;

/// Percentile used when none is given; the default of onnxruntime (`CalibPercentile`).
const DEFAULT_PERCENTILE: f64 = 99.999;

/// How a range is chosen from what was observed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// The exact extremes.
    MinMax,
    /// The range that keeps this share of the values, in percent, above 0 and at most 100.
    Percentile(f64),
    /// The range whose quantized distribution diverges least from the observed one (Kullback-Leibler).
    Entropy,
    /// The range with the least expected squared error.
    Mse,
    /// The range search of torch's `HistogramObserver`.
    L2,
}

/// A text that names no method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown range method `{text}`: use minmax, percentile, percentile:<0 to 100>, entropy, mse or l2")]
pub struct ParseMethodError {
    /// The text.
    pub text: String,
}

impl FromStr for Method {
    type Err = ParseMethodError;

    fn from_str(text: &str) -> Result<Self, ParseMethodError> {
        let error = || ParseMethodError { text: text.to_owned() };
        match text.split_once(':') {
            Some(("percentile", percent)) => {
                let percent: f64 = percent.parse().map_err(|_| error())?;
                if percent > 0.0 && percent <= 100.0 { Ok(Self::Percentile(percent)) } else { Err(error()) }
            }
            None => match text {
                "minmax" => Ok(Self::MinMax),
                "percentile" => Ok(Self::Percentile(DEFAULT_PERCENTILE)),
                "entropy" => Ok(Self::Entropy),
                "mse" => Ok(Self::Mse),
                "l2" => Ok(Self::L2),
                _ => Err(error()),
            },
            Some(_) => Err(error()),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinMax => f.write_str("minmax"),
            Self::Percentile(percent) => write!(f, "percentile:{percent}"),
            Self::Entropy => f.write_str("entropy"),
            Self::Mse => f.write_str("mse"),
            Self::L2 => f.write_str("l2"),
        }
    }
}
