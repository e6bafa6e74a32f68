//! One image file to one tensor.

use std::path::Path;

use half::f16;
use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, ImageReader, RgbImage};

use super::image_options::{Channels, Layout, Resize};
use crate::error::{Error, Result};
use crate::tensor::{DType, Data, Tensor, TensorType};

/// Everything that is done to an image, with nothing left open.
#[derive(Clone, Debug)]
pub(super) struct Preprocessing {
    pub(super) resize: Option<Resize>,
    pub(super) crop: Option<(u32, u32)>,
    pub(super) scale: f32,
    /// One for each channel.
    pub(super) mean: Vec<f32>,
    /// One for each channel.
    pub(super) std: Vec<f32>,
    pub(super) layout: Layout,
    pub(super) channels: Channels,
    /// Whether the input has a leading dimension of 1.
    pub(super) has_batch: bool,
    /// What the model takes.
    pub(super) ty: TensorType,
}

impl Preprocessing {
    /// Reads and preprocesses an image.
    pub(super) fn read(&self, path: &Path) -> Result<Tensor> {
        self.read_file(path).map_err(|error| error.file(path.display()))
    }

    fn read_file(&self, path: &Path) -> Result<Tensor> {
        let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
        let image = reader.map_err(|error| Error::io(path.display(), &error))?.decode();
        let image = image.map_err(|error| Error::malformed(format!("not a readable image: {error}")))?;
        let image = match self.channels {
            Channels::Gray => gray(&image.into_rgb8()).into(),
            Channels::Rgb | Channels::Bgr => image.into_rgb8().into(),
        };
        let image = self.cropped(self.resized(image))?;
        let (width, height) = (image.width() as usize, image.height() as usize);
        let mut pixels = image.into_bytes();
        if self.channels == Channels::Bgr {
            pixels.chunks_exact_mut(3).for_each(<[u8]>::reverse);
        }
        let n_channels = self.channels.count();
        let mut shape = match self.layout {
            Layout::Nchw => vec![n_channels, height, width],
            Layout::Nhwc => vec![height, width, n_channels],
        };
        if self.has_batch {
            shape.insert(0, 1);
        }
        if !self.ty.admits(self.ty.dtype, &shape) {
            let message = format!("the model takes {}, but the image is {width}x{height}", self.ty);
            return Err(Error::data(message)
                .help("say --resize WIDTHxHEIGHT, or --resize SHORTER_SIDE with --crop WIDTHxHEIGHT"));
        }
        Tensor::new(shape, self.numbers(pixels, width * height))
    }

    fn resized(&self, image: DynamicImage) -> DynamicImage {
        let (width, height) = (image.width(), image.height());
        let (new_width, new_height) = match self.resize {
            None => return image,
            Some(Resize::To(width, height)) => (width, height),
            Some(Resize::ShorterSide(length)) => {
                // As torchvision's `Resize`: the longer side is rounded down.
                let longer =
                    |long: u32, short: u32| (u64::from(length) * u64::from(long) / u64::from(short)) as u32;
                if width <= height {
                    (length, longer(height, width))
                } else {
                    (longer(width, height), length)
                }
            }
        };
        if (new_width, new_height) == (width, height) {
            return image;
        }
        image.resize_exact(new_width, new_height, FilterType::Triangle)
    }

    fn cropped(&self, image: DynamicImage) -> Result<DynamicImage> {
        let Some((width, height)) = self.crop else { return Ok(image) };
        if image.width() < width || image.height() < height {
            let message =
                format!("a crop of {width}x{height} out of an image of {}x{}", image.width(), image.height());
            return Err(Error::data(message).help("say --resize first, or crop less"));
        }
        // As torchvision's `CenterCrop`: half to even.
        let start = |all: u32, part: u32| (f64::from(all - part) / 2.0).round_ties_even() as u32;
        let (x, y) = (start(image.width(), width), start(image.height(), height));
        Ok(image.crop_imm(x, y, width, height))
    }

    /// Pixels, channels last, as the model's numbers in its layout.
    fn numbers(&self, pixels: Vec<u8>, n_pixels: usize) -> Data {
        let n_channels = self.channels.count();
        let order = |position: usize| match self.layout {
            Layout::Nhwc => (position, position % n_channels),
            Layout::Nchw => {
                let (channel, pixel) = (position / n_pixels, position % n_pixels);
                (pixel * n_channels + channel, channel)
            }
        };
        let number = |position: usize| {
            let (source, channel) = order(position);
            (f32::from(pixels[source]) * self.scale - self.mean[channel]) / self.std[channel]
        };
        let positions = 0..pixels.len();
        match self.ty.dtype {
            DType::U8 if self.layout == Layout::Nhwc => Data::U8(pixels.into()),
            DType::U8 => Data::U8(positions.map(|at| pixels[order(at).0]).collect::<Vec<_>>().into()),
            DType::F16 => Data::F16(positions.map(|at| f16::from_f32(number(at))).collect::<Vec<_>>().into()),
            _ => Data::F32(positions.map(number).collect::<Vec<_>>().into()),
        }
    }
}

/// Brightness as ITU-R BT.601 weighs it, in the fixed-point form of Pillow's `convert("L")`.
fn gray(image: &RgbImage) -> GrayImage {
    let brightness = |pixel: &image::Rgb<u8>| {
        let [red, green, blue] = pixel.0.map(u32::from);
        ((red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16) as u8
    };
    GrayImage::from_fn(image.width(), image.height(), |x, y| image::Luma([brightness(image.get_pixel(x, y))]))
}
