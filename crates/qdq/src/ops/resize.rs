//! Resampling to another size.

use super::{attr_enum, op};

attr_enum! {
    /// How [`Resize`] makes an output element.
    pub enum ResizeMode {
        /// The nearest element.
        Nearest = "nearest",
        /// Linear in each axis, between two elements.
        Linear = "linear",
        /// Cubic in each axis, between four elements.
        Cubic = "cubic",
    }
}
attr_enum! {
    /// Where in the input an output element lies; formulas in ONNX `Resize`.
    pub enum CoordinateTransformationMode {
        /// Centres of pixels: `(x + 0.5) / scale - 0.5`.
        HalfPixel = "half_pixel",
        /// As `half_pixel`, with the image centred where the output size is rounded.
        HalfPixelSymmetric = "half_pixel_symmetric",
        /// As `half_pixel`; 0 for an output of size 1.
        PytorchHalfPixel = "pytorch_half_pixel",
        /// First and last elements coincide.
        AlignCorners = "align_corners",
        /// `x / scale`
        Asymmetric = "asymmetric",
        /// Inside the region of interest.
        TfCropAndResize = "tf_crop_and_resize",
    }
}
attr_enum! {
    /// Which element is nearest.
    pub enum NearestMode {
        /// Halves down.
        RoundPreferFloor = "round_prefer_floor",
        /// Halves up.
        RoundPreferCeil = "round_prefer_ceil",
        /// The one before.
        Floor = "floor",
        /// The one after.
        Ceil = "ceil",
    }
}
attr_enum! {
    /// What the input `sizes` means.
    pub enum KeepAspectRatioPolicy {
        /// The output sizes.
        Stretch = "stretch",
        /// Upper bounds; the ratio is kept.
        NotLarger = "not_larger",
        /// Lower bounds; the ratio is kept.
        NotSmaller = "not_smaller",
    }
}
op! {
    /// Resampling; inputs: x, optional region of interest, and either scales or sizes.
    pub struct Resize {
        /// How an element is made.
        pub mode: ResizeMode = ResizeMode::Nearest,
        /// Where in the input an output element lies.
        pub coordinate_transformation_mode: CoordinateTransformationMode = CoordinateTransformationMode::HalfPixel,
        /// Which element is nearest.
        pub nearest_mode: NearestMode = NearestMode::RoundPreferFloor,
        /// Axes that roi, scales and sizes speak of; `none`: all.
        pub axes: Option<Vec<i64>> = None,
        /// Filter before downsampling (linear and cubic).
        pub antialias: bool = false,
        /// Coefficient a of the cubic.
        pub cubic_coeff_a: f32 = -0.75,
        /// Weights outside of the input are 0, the others scaled up.
        pub exclude_outside: bool = false,
        /// Value outside of the input (`tf_crop_and_resize`).
        pub extrapolation_value: f32 = 0.0,
        /// What sizes means.
        pub keep_aspect_ratio_policy: KeepAspectRatioPolicy = KeepAspectRatioPolicy::Stretch,
    }
}
pending!(Resize);
