//! What is done to an image before a model sees it.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Preprocessing of images, in this order: resize, crop to the center, `(pixel * scale - mean) / std`, layout.
///
/// Pixels are 0 to 255. What is not given is not done; nothing is assumed of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageOptions {
    /// New size, by triangle filter (bilinear, with antialiasing when it shrinks).
    pub resize: Option<Resize>,
    /// Width and height cut out of the middle.
    pub crop: Option<(u32, u32)>,
    /// Factor for each pixel; 1 if not given.
    pub scale: Option<f32>,
    /// Taken off each channel after scaling; one number serves all; 0 if not given.
    pub mean: Vec<f32>,
    /// Divisor of each channel after that; one number serves all; 1 if not given.
    pub std: Vec<f32>,
    /// Order of axes; the one that fits the model's input, if only one does.
    pub layout: Option<Layout>,
    /// Order of channels; must be given unless the input has one channel.
    pub channels: Option<Channels>,
}

impl ImageOptions {
    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How to change the size of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resize {
    /// To this width and height, whatever the proportions.
    To(u32, u32),
    /// So that the shorter side has this length and the proportions stay.
    ShorterSide(u32),
}

/// Order of axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Channels before height and width.
    Nchw,
    /// Channels last.
    Nhwc,
}

/// Order of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red.
    Bgr,
    /// Brightness: 0.299 red + 0.587 green + 0.114 blue.
    Gray,
}

impl Channels {
    /// Number of channels.
    pub fn count(self) -> usize {
        match self {
            Channels::Rgb | Channels::Bgr => 3,
            Channels::Gray => 1,
        }
    }
}

impl FromStr for Resize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.contains('x') {
            let (width, height) = parse_size(text)?;
            return Ok(Resize::To(width, height));
        }
        Ok(Resize::ShorterSide(parse_length(text)?))
    }
}

/// Width and height of `640x480`; one number is a square.
pub fn parse_size(text: &str) -> Result<(u32, u32)> {
    let (width, height) = text.split_once('x').unwrap_or((text, text));
    Ok((parse_length(width)?, parse_length(height)?))
}

fn parse_length(text: &str) -> Result<u32> {
    let length = text.trim().parse().ok().filter(|length| (1..=1 << 15).contains(length));
    length.ok_or_else(|| {
        Error::usage(format!("`{text}` is no length of an image"))
            .help("write 224x224 (width x height), or 256")
    })
}

impl fmt::Display for Resize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resize::To(width, height) => write!(f, "resized to {width}x{height}"),
            Resize::ShorterSide(length) => write!(f, "resized to a shorter side of {length}"),
        }
    }
}

macro_rules! names {
    ($type:ident, $what:literal, $($name:literal => $variant:ident),*) => {
        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                match text.to_ascii_lowercase().as_str() {
                    $($name => Ok($type::$variant),)*
                    _ => Err(Error::usage(format!(concat!("there is no ", $what, " `{}`"), text))
                        .help(concat!("valid are:" $(, " ", $name)*))),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($type::$variant => $name,)* })
            }
        }
    };
}
names!(Layout, "layout", "nchw" => Nchw, "nhwc" => Nhwc);
names!(Channels, "order of channels", "rgb" => Rgb, "bgr" => Bgr, "gray" => Gray);
