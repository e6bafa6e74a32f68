//! What the golden files hold.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use qdq::quant::scheme::{QParams, ZeroPoint};
use qdq::quant::{ObserverKind, QuantizationSpec, Scheme};
use qdq::tensor::DType;
use serde::Deserialize;

/// A file of `conformance/goldens`.
#[derive(Deserialize)]
pub(crate) struct Golden {
    pub(crate) source: String,
    pub(crate) version: String,
    pub(crate) cases: Vec<Case>,
}

/// One observer, fake quantize or function on one stream.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) spec: Spec,
    pub(crate) stream: String,
    pub(crate) shape: Vec<usize>,
    #[serde(default)]
    pub(crate) axis: usize,
    pub(crate) averaging_constant: Option<f32>,
    pub(crate) bins: Option<usize>,
    pub(crate) observer: Option<String>,
    pub(crate) schedule: Option<Vec<(u8, u8)>>,
    pub(crate) scaling: Option<bool>,
    pub(crate) scale: Option<Array>,
    pub(crate) zero_point: Option<serde_json::Value>,
    pub(crate) real_zero_point: Option<Array>,
    pub(crate) result: Outcome,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Spec {
    storage: String,
    scheme: String,
    range: Option<(i32, i32)>,
    reduce_range: bool,
    eps: Array,
}

/// What came out; only the parts that the kind of case has.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct Outcome {
    pub(crate) error: Option<String>,
    pub(crate) min: Option<Array>,
    pub(crate) max: Option<Array>,
    pub(crate) histogram: Option<Array>,
    pub(crate) recorded: Option<Array>,
    pub(crate) scale: Option<Array>,
    pub(crate) zero_point: Option<Vec<i64>>,
    pub(crate) real_zero_point: Option<Array>,
    pub(crate) y: Option<Array>,
    pub(crate) dx: Option<Array>,
    pub(crate) dscale: Option<Array>,
    pub(crate) dzero: Option<Array>,
    pub(crate) integers: Option<String>,
    pub(crate) reals: Option<Array>,
    pub(crate) steps: Vec<Outcome>,
    pub(crate) converted: Option<Box<Outcome>>,
}

/// The bits of an array of f32: hexadecimal digits, or a hash and some elements.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub(crate) enum Array {
    Whole(String),
    Hashed { hash: String, some: BTreeMap<String, String> },
}

/// Elements up to which an array is written whole.
const SHORT: usize = 24;

impl Array {
    pub(crate) fn of(numbers: &[f32]) -> Self {
        let bits = |number: &f32| if number.is_nan() { 0x7fc0_0000 } else { number.to_bits() };
        if numbers.len() <= SHORT {
            return Array::Whole(numbers.iter().fold(String::new(), |mut text, number| {
                let _ = write!(text, "{:08x}", bits(number));
                text
            }));
        }
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| bits(number).to_le_bytes()).collect();
        let last = numbers.len() - 1;
        let some = [0, (last as f64 / 7.0 * 3.0) as usize, last];
        let some = some.map(|index| (index.to_string(), format!("{:08x}", bits(&numbers[index]))));
        let some = some.into_iter().collect();
        Array::Hashed { hash: digest(&bytes), some }
    }

    pub(crate) fn numbers(&self) -> Vec<f32> {
        let Array::Whole(text) = self else { panic!("a hashed array") };
        let words = text.as_bytes().chunks(8).map(|word| std::str::from_utf8(word).unwrap());
        words.map(|word| f32::from_bits(u32::from_str_radix(word, 16).unwrap())).collect()
    }
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    format!("{:08x}", crc.sum())
}

impl Outcome {
    /// The parts that differ, torch's before ours.
    pub(crate) fn differences(&self, ours: &Self) -> String {
        let mut text = String::new();
        macro_rules! compare {
            ($($part:ident),*) => {$(
                if self.$part != ours.$part {
                    let _ = write!(text, "\n  {}: {:?}\n   ours {:?}", stringify!($part), self.$part, ours.$part);
                }
            )*};
        }
        compare!(error, min, max, histogram, recorded, scale, zero_point, real_zero_point);
        compare!(y, dx, dscale, dzero, integers, reals, converted);
        for (index, (theirs, ours)) in self.steps.iter().zip(&ours.steps).enumerate() {
            if theirs != ours {
                let _ = write!(text, "\n step {index}{}", theirs.differences(ours));
            }
        }
        text
    }

    pub(crate) fn error(stage: &str) -> Self {
        Self { error: Some(stage.to_owned()), ..Self::default() }
    }

    pub(crate) fn with_qparams(mut self, qparams: &QParams) -> Self {
        self.scale = Some(Array::of(&qparams.scale));
        match &qparams.zero_point {
            ZeroPoint::Integer(integers) => {
                self.zero_point = Some(integers.iter().map(|&integer| integer.into()).collect());
            }
            ZeroPoint::Real(reals) => self.real_zero_point = Some(Array::of(reals)),
        }
        self
    }
}

impl Case {
    /// Whether the spec is u8 over half of its range.
    pub(crate) fn is_reduced_u8(&self) -> bool {
        self.spec.storage == "u8" && self.spec.reduce_range
    }

    /// The spec of the observer `name`, or of the case itself.
    pub(crate) fn spec(&self, name: &str) -> QuantizationSpec {
        let averaging_constant = self.averaging_constant.unwrap_or(0.01);
        let observer = match name {
            "MinMaxObserver" => ObserverKind::MinMax,
            "MovingAverageMinMaxObserver" => ObserverKind::MovingAverageMinMax { averaging_constant },
            "PerChannelMinMaxObserver" => ObserverKind::PerChannelMinMax,
            "MovingAveragePerChannelMinMaxObserver" => {
                ObserverKind::MovingAveragePerChannelMinMax { averaging_constant }
            }
            "HistogramObserver" => ObserverKind::Histogram { bins: self.bins.unwrap_or(2048) },
            "PlaceholderObserver" => ObserverKind::Placeholder,
            "RecordingObserver" => ObserverKind::Recording,
            "NoopObserver" => ObserverKind::Noop,
            "ReuseInputObserver" => ObserverKind::ReuseInput,
            "FixedQParamsObserver" => ObserverKind::FixedQParams { scale: 1.0 / 256.0, zero_point: 0 },
            _ => panic!("no observer {name}"),
        };
        QuantizationSpec {
            storage: self.spec.storage.parse::<DType>().unwrap(),
            range: self.spec.range,
            reduce_range: self.spec.reduce_range,
            scheme: match self.spec.scheme.as_str() {
                "per_tensor_affine" => Scheme::PerTensorAffine,
                "per_tensor_symmetric" => Scheme::PerTensorSymmetric,
                "per_channel_affine" => Scheme::PerChannelAffine,
                "per_channel_symmetric" => Scheme::PerChannelSymmetric,
                "per_channel_affine_float_qparams" => Scheme::PerChannelAffineFloatQParams,
                other => panic!("no scheme {other}"),
            },
            axis: self.axis,
            eps: self.spec.eps.numbers()[0],
            is_dynamic: false,
            observer,
            ..QuantizationSpec::default()
        }
    }
}

/// The golden files of some parts, by name.
pub(crate) fn read(parts: &[&str]) -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/goldens");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let is_part = |path: &str| parts.iter().any(|part| path.ends_with(&format!("-{part}.json.gz")));
    paths.retain(|path| is_part(&path.to_string_lossy()));
    paths
        .iter()
        .map(|path| {
            let mut text = String::new();
            let file = std::fs::File::open(path).unwrap();
            flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect()
}
