//! Convolution.

use super::op;
use super::window::AutoPad;

op! {
    /// Convolution of `[batch, channels, spatial…]` with weights `[outputs, channels / group, kernel…]` and an
    /// optional bias `[outputs]`; any number of spatial axes from 1.
    pub struct Conv {
        /// How padding is chosen.
        pub auto_pad: AutoPad = AutoPad::NotSet,
        /// Steps of the window along each spatial axis; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
        /// Zeros before each spatial axis, then zeros after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Distance of kernel elements along each spatial axis; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Number of groups that channels and outputs are split into.
        pub group: usize = 1,
    }
}
pending!(Conv);
