//! Normalization to zero mean and unit variance, or to unit norm.

use super::op;
use crate::tensor::DType;

op! {
    /// `(x - mean) / sqrt(variance + epsilon) * scale + bias` for each channel (axis 1);
    /// inputs: x, scale, bias, mean, variance.
    pub struct BatchNormalization {
        /// Added to the variance.
        pub epsilon: f32 = 1e-5,
        /// Share of the old running statistics in new ones, in training.
        pub momentum: f32 = 0.9,
        /// Normalize by the batch's own statistics, and give new running ones as outputs 1 and 2.
        pub training_mode: bool = false,
    }
}
op! {
    /// Normalization over all axes from `axis`; inputs: x, scale, optional bias, of the normalized shape.
    /// Optional outputs 1 and 2: mean and `1 / sqrt(variance + epsilon)`.
    pub struct LayerNormalization {
        /// First normalized axis; negative counts from the end.
        pub axis: i64 = -1,
        /// Added to the variance.
        pub epsilon: f32 = 1e-5,
        /// Type the statistics are computed in.
        pub stash_type: DType = DType::F32,
    }
}
op! {
    /// Normalization of each channel of each sample; inputs: x, scale and bias for each channel.
    pub struct InstanceNormalization {
        /// Added to the variance.
        pub epsilon: f32 = 1e-5,
    }
}
op! {
    /// Normalization of each group of channels of each sample; inputs: x, scale and bias for each channel.
    pub struct GroupNormalization {
        /// Added to the variance.
        pub epsilon: f32 = 1e-5,
        /// Number of groups; divides the number of channels.
        pub num_groups: usize = 1,
        /// Type the statistics are computed in.
        pub stash_type: DType = DType::F32,
    }
}
op! {
    /// `x / norm(x)` along an axis; 0 where the norm is 0.
    pub struct LpNormalization {
        /// The axis; negative counts from the end.
        pub axis: i64 = -1,
        /// Which norm: 1 or 2.
        pub p: i64 = 2,
    }
}
op! {
    /// Local response normalization: `x / (bias + alpha / size * sum(x²))^beta`, the sum over `size`
    /// neighbouring channels.
    pub struct Lrn {
        /// Factor of the sum.
        pub alpha: f32 = 1e-4,
        /// Exponent.
        pub beta: f32 = 0.75,
        /// Added to the sum.
        pub bias: f32 = 1.0,
        /// Number of channels summed over.
        pub size: usize = 1,
    }
}
op! {
    /// `(x - mean) / (standard deviation + 1e-9)`
    pub struct MeanVarianceNormalization {
        /// Axes the statistics run over.
        pub axes: Vec<i64> = vec![0, 2, 3],
    }
}
op! {
    /// `x / sqrt(mean(x²) + epsilon) * scale`, the mean over all axes from `axis`; inputs: x, scale.
    pub struct RmsNormalization {
        /// First normalized axis; negative counts from the end.
        pub axis: i64 = -1,
        /// Added to the mean square.
        pub epsilon: f32 = 1e-5,
        /// Type the mean square is computed in.
        pub stash_type: DType = DType::F32,
    }
}
pending!(
    BatchNormalization,
    LayerNormalization,
    InstanceNormalization,
    GroupNormalization,
    LpNormalization,
    Lrn,
    MeanVarianceNormalization,
    RmsNormalization
);
