//! Arguments that several verbs share.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use qdq::data::{Dataset, ImageOptions, Options, parse_size};
use qdq::error::{Error, Result};

/// Heading of the arguments for images.
const IMAGES: &str = "Images: resize, crop, (pixel * scale - mean) / std, layout";

/// Where the data is, and how to read it.
#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    /// .npy or .npz file, folder of images, of .npz files, or of ONNX test data
    #[arg(long, required = true, value_name = "DATA")]
    data: Option<PathBuf>,
    /// Use no more samples than this, from the front
    #[arg(long, value_name = "N")]
    samples: Option<NonZeroUsize>,
    /// Array for an input of another name; may be given several times
    #[arg(long = "array", value_name = "INPUT=ARRAY")]
    arrays: Vec<String>,
    #[command(flatten)]
    images: ImageArguments,
}

/// What to do with images, in this order.
#[derive(Debug, Args)]
struct ImageArguments {
    /// Width and height, or the length of the shorter side
    #[arg(long, help_heading = IMAGES, value_name = "WxH|N")]
    resize: Option<String>,
    /// Width and height cut out of the middle
    #[arg(long, help_heading = IMAGES, value_name = "WxH|N")]
    crop: Option<String>,
    /// Factor for pixels of 0 to 255, as 1/255
    #[arg(long, help_heading = IMAGES, value_name = "NUMBER")]
    scale: Option<String>,
    /// Taken off each channel after scaling
    #[arg(long, help_heading = IMAGES, value_name = "R,G,B", allow_hyphen_values = true)]
    mean: Option<String>,
    /// Divides each channel after that
    #[arg(long, help_heading = IMAGES, value_name = "R,G,B")]
    std: Option<String>,
    /// Order of axes: nchw or nhwc
    #[arg(long, help_heading = IMAGES, value_name = "LAYOUT")]
    layout: Option<String>,
    /// Order of channels: rgb, bgr or gray
    #[arg(long, help_heading = IMAGES, value_name = "CHANNELS")]
    channels: Option<String>,
}

/// How many threads to work on.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Threads {
    /// Threads to work on [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl Threads {
    pub(crate) fn count(self) -> usize {
        let threads = self.threads.or_else(|| std::thread::available_parallelism().ok());
        threads.map_or(1, NonZeroUsize::get)
    }
}

impl DataArguments {
    /// The data set, with the array of labels if one is named.
    pub(crate) fn open(&self, labels: Option<&str>) -> Result<Dataset> {
        self.open_if_named(labels)?.ok_or_else(|| Error::usage("no data").help("name it with --data DATA"))
    }

    /// The same, for a verb that may do without.
    pub(crate) fn open_if_named(&self, labels: Option<&str>) -> Result<Option<Dataset>> {
        let options = self.options(labels)?;
        self.data.as_ref().map(|data| Dataset::open(data, &options)).transpose()
    }

    /// Another data set, read whole and prepared in the same way.
    pub(crate) fn open_other(&self, path: &Path, labels: Option<&str>) -> Result<Dataset> {
        Dataset::open(path, &Options { n_samples: None, ..self.options(labels)? })
    }

    fn options(&self, labels: Option<&str>) -> Result<Options> {
        let arrays = self.arrays.iter().map(|text| match text.split_once('=') {
            Some((input, array)) => Ok((input.to_owned(), array.to_owned())),
            None => {
                Err(Error::usage(format!("--array {text} names no array")).help("write --array INPUT=ARRAY"))
            }
        });
        Ok(Options {
            arrays: arrays.collect::<Result<_>>()?,
            labels: labels.map(str::to_owned),
            n_samples: self.samples.map(NonZeroUsize::get),
            images: self.images.options()?,
        })
    }
}

impl ImageArguments {
    fn options(&self) -> Result<ImageOptions> {
        let numbers = |name: &str, text: &Option<String>| match text {
            Some(text) => text.split(',').map(|number| parse_number(name, number)).collect(),
            None => Ok(Vec::new()),
        };
        Ok(ImageOptions {
            resize: self.resize.as_deref().map(str::parse).transpose()?,
            crop: self.crop.as_deref().map(parse_size).transpose()?,
            scale: self.scale.as_deref().map(|text| parse_number("scale", text)).transpose()?,
            mean: numbers("mean", &self.mean)?,
            std: numbers("std", &self.std)?,
            layout: self.layout.as_deref().map(str::parse).transpose()?,
            channels: self.channels.as_deref().map(str::parse).transpose()?,
        })
    }
}

/// A number, or a fraction as `1/255`.
fn parse_number(name: &str, text: &str) -> Result<f32> {
    let (above, below) = text.split_once('/').unwrap_or((text, "1"));
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let fraction = number(above).zip(number(below)).map(|(above, below)| (above / below) as f32);
    fraction
        .filter(|number| number.is_finite())
        .ok_or_else(|| Error::usage(format!("--{name}: `{text}` is no number")).help("write 0.5 or 1/255"))
}
