//! Transposed convolution.

use super::op;
use super::window::AutoPad;

op! {
    /// Transposed convolution of `[batch, channels, spatial…]` with weights
    /// `[channels, outputs / group, kernel…]` and an optional bias `[outputs]`.
    pub struct ConvTranspose {
        /// How padding is chosen.
        pub auto_pad: AutoPad = AutoPad::NotSet,
        /// Steps of the window in the output along each spatial axis; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
        /// Output elements dropped before each spatial axis, then after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Distance of kernel elements along each spatial axis; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Number of groups that channels and outputs are split into.
        pub group: usize = 1,
        /// Output elements added after each spatial axis; empty: none.
        pub output_padding: Vec<usize> = Vec::new(),
        /// Spatial output sizes, from which `pads` follow; empty: not given.
        pub output_shape: Vec<usize> = Vec::new(),
    }
}
pending!(ConvTranspose);
