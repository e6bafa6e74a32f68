//! Data sets of one image file a sample.

use std::path::PathBuf;

use super::feed::input_type;
use super::image_file::Preprocessing;
use super::image_options::{Channels, ImageOptions, Layout};
use super::{Sample, Samples, required_inputs};
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::tensor::{DType, Dim};

/// Image files, sorted by name.
#[derive(Clone, Debug)]
pub(super) struct ImageFolder {
    paths: Vec<PathBuf>,
}

impl ImageFolder {
    /// These files, which are images.
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths }
    }

    /// Samples for a model, an image at a time. The first is read at once, to find mistakes before work begins.
    pub(super) fn samples(&self, graph: &Graph, options: &ImageOptions) -> Result<Samples> {
        let inputs = required_inputs(graph);
        let [(position, name)] = inputs.as_slice() else {
            let message = format!("a folder of images serves one input, but the model has {}", inputs.len());
            return Err(Error::data(message).help("give the data as an .npz with an array for each input"));
        };
        let position = *position;
        let preprocessing = plan(graph, position, options).map_err(|error| error.value(name))?;
        if let Some(first) = self.paths.first() {
            preprocessing.read(first).map_err(|error| error.value(name))?;
        }
        let notes = describe(&preprocessing, self.paths.len());
        let batch = preprocessing.has_batch.then_some(1);
        let (name, n_inputs) = ((*name).to_owned(), graph.body.inputs.len());
        let paths = self.paths.clone().into_iter().enumerate();
        let samples = paths.map(move |(index, path)| {
            let tensor = preprocessing.read(&path).map_err(|error| error.value(&name).sample(index))?;
            let mut feeds = vec![None; n_inputs];
            feeds[position] = Some(tensor);
            Ok(Sample { index, feeds })
        });
        Ok(Samples::new(self.paths.len(), batch, notes, samples))
    }
}

/// Checks the options against the input, and settles what they leave open.
fn plan(graph: &Graph, position: usize, options: &ImageOptions) -> Result<Preprocessing> {
    let (ty, dims) = input_type(graph, graph.body.inputs[position])?;
    let has_batch = match dims.len() {
        3 => false,
        4 if dims[0].may_equal(&Dim::Known(1)) => true,
        4 => return Err(Error::unsupported(format!("images for a model that takes {} at a time", dims[0]))),
        rank => return Err(Error::data(format!("an image has 3 or 4 dimensions, but the input has {rank}"))),
    };
    if !matches!(ty.dtype, DType::F32 | DType::F16 | DType::U8) {
        return Err(Error::unsupported(format!("images for an input of type {}", ty.dtype)));
    }
    let axes = &dims[dims.len() - 3..];
    let channels = settle_channels(axes, options)?;
    let layout = settle_layout(axes, channels, options)?;
    let is_raw = options.scale.is_none() && options.mean.is_empty() && options.std.is_empty();
    if ty.dtype == DType::U8 && !is_raw {
        return Err(Error::usage("the model takes pixels as they are (u8), so they cannot be scaled")
            .help("leave out --scale, --mean and --std"));
    }
    let each = |name: &str, numbers: &[f32], default: f32| match numbers.len() {
        0 => Ok(vec![default; channels.count()]),
        1 => Ok(vec![numbers[0]; channels.count()]),
        n if n == channels.count() => Ok(numbers.to_vec()),
        n => Err(Error::usage(format!("--{name} has {n} numbers for {} channels", channels.count()))),
    };
    let (mean, std) = (each("mean", &options.mean, 0.0)?, each("std", &options.std, 1.0)?);
    let scale = options.scale.unwrap_or(1.0);
    let numbers_are_valid = mean.iter().all(|mean| mean.is_finite())
        && std.iter().all(|std| std.is_finite() && *std != 0.0)
        && scale.is_finite();
    if !numbers_are_valid {
        return Err(Error::usage("--scale, --mean and --std need finite numbers, and --std none that is 0"));
    }
    let (resize, crop) = (options.resize, options.crop);
    Ok(Preprocessing { resize, crop, scale, mean, std, layout, channels, has_batch, ty: ty.clone() })
}

fn settle_channels(axes: &[Dim], options: &ImageOptions) -> Result<Channels> {
    if let Some(channels) = options.channels {
        return Ok(channels);
    }
    let may_be = |count: usize| axes[0] == Dim::Known(count) || axes[2] == Dim::Known(count);
    if may_be(1) && !may_be(3) {
        return Ok(Channels::Gray);
    }
    Err(Error::usage("the order of channels is not known").help("say --channels rgb, bgr or gray"))
}

fn settle_layout(axes: &[Dim], channels: Channels, options: &ImageOptions) -> Result<Layout> {
    let count = channels.count();
    let fits = |layout: Layout| {
        let axis = if layout == Layout::Nchw { &axes[0] } else { &axes[2] };
        axis.may_equal(&Dim::Known(count))
    };
    let misfit = || {
        let dims: Vec<String> = axes.iter().map(ToString::to_string).collect();
        format!("images of {count} channels do not fit the input's [{}]", dims.join(","))
    };
    match options.layout {
        Some(layout) if fits(layout) => Ok(layout),
        Some(layout) => {
            Err(Error::usage(format!("{} as {layout}", misfit())).help("change --layout or --channels"))
        }
        None => match (fits(Layout::Nchw), fits(Layout::Nhwc)) {
            (true, false) => Ok(Layout::Nchw),
            (false, true) => Ok(Layout::Nhwc),
            (true, true) => {
                Err(Error::usage("the order of axes is not known").help("say --layout nchw or --layout nhwc"))
            }
            (false, false) => Err(Error::usage(misfit()).help("change --channels")),
        },
    }
}

fn describe(preprocessing: &Preprocessing, n_images: usize) -> Vec<(String, String)> {
    let mut steps = Vec::new();
    steps.extend(preprocessing.resize.map(|resize| format!("{resize} (bilinear, antialiased)")));
    steps.extend(preprocessing.crop.map(|(width, height)| format!("center cropped to {width}x{height}")));
    let same = |numbers: &[f32], number: f32| numbers.iter().all(|&other| other == number);
    if preprocessing.scale == 1.0 && same(&preprocessing.mean, 0.0) && same(&preprocessing.std, 1.0) {
        steps.push("pixels 0 to 255 as they are".to_owned());
    } else {
        steps.push(format!(
            "(pixel * {} - {:?}) / {:?}",
            preprocessing.scale, preprocessing.mean, preprocessing.std
        ));
    }
    steps.push(format!("{} {}", preprocessing.channels, preprocessing.layout));
    vec![
        ("data".to_owned(), format!("{n_images} images, sorted by name")),
        ("preprocessing".to_owned(), steps.join("; ")),
    ]
}
