//! Pooling over windows of the spatial axes of `[batch, channels, spatial…]`.

use super::op;
use super::window::AutoPad;

op! {
    /// Largest element of each window; the optional second output holds its flat index in the input.
    pub struct MaxPool {
        /// Size of the window along each spatial axis.
        pub kernel_shape: Vec<usize> = Vec::new(),
        /// How padding is chosen.
        pub auto_pad: AutoPad = AutoPad::NotSet,
        /// Steps of the window along each spatial axis; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
        /// Elements added before each spatial axis, then after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Distance of window elements along each spatial axis; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Round the output size up.
        pub ceil_mode: bool = false,
        /// How indices count: 0 row-major, 1 column-major.
        pub storage_order: usize = 0,
    }
}
op! {
    /// Mean of each window.
    pub struct AveragePool {
        /// Size of the window along each spatial axis.
        pub kernel_shape: Vec<usize> = Vec::new(),
        /// How padding is chosen.
        pub auto_pad: AutoPad = AutoPad::NotSet,
        /// Steps of the window along each spatial axis; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
        /// Zeros before each spatial axis, then zeros after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Distance of window elements along each spatial axis; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Round the output size up.
        pub ceil_mode: bool = false,
        /// Count padding as elements.
        pub count_include_pad: bool = false,
    }
}
op! {
    /// Lp norm of each window.
    pub struct LpPool {
        /// Size of the window along each spatial axis.
        pub kernel_shape: Vec<usize> = Vec::new(),
        /// How padding is chosen.
        pub auto_pad: AutoPad = AutoPad::NotSet,
        /// Steps of the window along each spatial axis; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
        /// Zeros before each spatial axis, then zeros after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Distance of window elements along each spatial axis; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Round the output size up.
        pub ceil_mode: bool = false,
        /// Which norm.
        pub p: i64 = 2,
    }
}
op! {
    /// Mean of each channel; the spatial axes stay, with size 1.
    pub struct GlobalAveragePool {}
}
op! {
    /// Largest element of each channel; the spatial axes stay, with size 1.
    pub struct GlobalMaxPool {}
}
op! {
    /// Lp norm of each channel; the spatial axes stay, with size 1.
    pub struct GlobalLpPool {
        /// Which norm.
        pub p: i64 = 2,
    }
}
pending!(MaxPool, AveragePool, LpPool, GlobalAveragePool, GlobalMaxPool, GlobalLpPool);
