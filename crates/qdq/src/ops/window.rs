//! Geometry of a window that slides over spatial axes: shared by convolutions and pooling.

use super::attr_enum;

attr_enum! {
    /// How padding is chosen.
    pub enum AutoPad {
        /// By the attribute `pads`.
        NotSet = "notset",
        /// So that the output has `ceil(input / stride)` elements, the odd one at the end.
        SameUpper = "same_upper",
        /// So that the output has `ceil(input / stride)` elements, the odd one at the start.
        SameLower = "same_lower",
        /// None.
        Valid = "valid",
    }
}
