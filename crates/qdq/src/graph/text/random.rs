//! Reproducible pseudo-random constants for tests.

/// Normally distributed numbers from a seed: `SplitMix64` and the sum of twelve uniforms (Irwin–Hall).
pub(super) fn normal(seed: u64, count: usize, mean: f32, std: f32) -> Vec<f32> {
    let mut state = seed;
    let mut uniform = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1u64 << 24) as f32
    };
    (0..count).map(|_| mean + std * ((0..12).map(|_| uniform()).sum::<f32>() - 6.0)).collect()
}
