//! Exact sums of integers scaled by powers of two, rounded once at the end.

/// Limbs of 64 bits: squares of finite f32 span 2^-298 to 2^256, and 2^64 of them may be added.
const N_LIMBS: usize = 11;

/// A non-negative integer of `64 * N_LIMBS` bits, in units the caller chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExactSum {
    /// Least significant limb first.
    limbs: [u64; N_LIMBS],
}

impl ExactSum {
    /// The integer 0.
    pub(super) const ZERO: Self = Self { limbs: [0; N_LIMBS] };

    /// Adds `value * 2^shift`. The caller keeps the total below `2^(64 * N_LIMBS)`.
    pub(super) fn add_shifted(&mut self, value: u128, shift: u32) {
        let (first, bit) = ((shift / 64) as usize, shift % 64);
        let low = value << bit;
        let high = if bit == 0 { 0 } else { value >> (128 - bit) };
        let parts = [low as u64, (low >> 64) as u64, high as u64];
        let mut carry = false;
        for limb_idx in first..N_LIMBS {
            let part = parts.get(limb_idx - first).copied().unwrap_or(0);
            let (sum, overflow_a) = self.limbs[limb_idx].overflowing_add(part);
            let (sum, overflow_b) = sum.overflowing_add(u64::from(carry));
            self.limbs[limb_idx] = sum;
            carry = overflow_a || overflow_b;
        }
    }

    /// `(self - other) * 2^unit`, rounded once, half to even. The result must lie in the normal range of f64.
    pub(super) fn difference_to_f64(&self, other: &Self, unit: i32) -> f64 {
        let larger = self.limbs.iter().rev().ge(other.limbs.iter().rev());
        let (big, small, sign) = if larger { (self, other, 1.0) } else { (other, self, -1.0) };
        let mut difference = Self::ZERO;
        let mut borrow = false;
        for limb_idx in 0..N_LIMBS {
            let (rest, underflow_a) = big.limbs[limb_idx].overflowing_sub(small.limbs[limb_idx]);
            let (rest, underflow_b) = rest.overflowing_sub(u64::from(borrow));
            difference.limbs[limb_idx] = rest;
            borrow = underflow_a || underflow_b;
        }
        sign * difference.to_f64(unit)
    }

    /// `self * 2^unit`, rounded once, half to even.
    pub(super) fn to_f64(self, unit: i32) -> f64 {
        let Some(top) = self.limbs.iter().rposition(|&limb| limb != 0) else {
            return 0.0;
        };
        let below = |distance: usize| top.checked_sub(distance).map_or(0, |limb_idx| self.limbs[limb_idx]);
        let zeros = self.limbs[top].leading_zeros();
        let window = (u128::from(below(0)) << 64 | u128::from(below(1))) << zeros
            | u128::from(below(2)) >> 1 >> (63 - zeros);
        let sticky = self.limbs[..top.saturating_sub(1)].iter().any(|&limb| limb != 0);
        let window = window | u128::from(sticky);
        let exponent = unit + 64 * (top as i32 - 1) - zeros as i32;
        window as f64 * 2f64.powi(exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::ExactSum;

    #[test]
    fn small_integers_come_back() {
        let mut sum = ExactSum::ZERO;
        assert_eq!(sum.to_f64(0), 0.0);
        sum.add_shifted(12_345, 0);
        sum.add_shifted(1, 200);
        let mut one = ExactSum::ZERO;
        one.add_shifted(1, 200);
        assert_eq!(sum.difference_to_f64(&one, 0), 12_345.0);
        assert_eq!(one.difference_to_f64(&sum, -1), -6172.5);
    }

    #[test]
    fn rounds_half_to_even_with_sticky_bits() {
        let mut sum = ExactSum::ZERO;
        sum.add_shifted((1 << 53) + 1, 400);
        assert_eq!(sum.to_f64(-400), 9_007_199_254_740_992.0);
        sum.add_shifted(1, 0);
        assert_eq!(sum.to_f64(-400), 9_007_199_254_740_994.0);
    }

    #[test]
    fn carries_and_high_shifts() {
        let mut sum = ExactSum::ZERO;
        sum.add_shifted(u128::MAX, 63);
        sum.add_shifted(1, 63);
        assert_eq!(sum.to_f64(0), 2f64.powi(191));
        sum.add_shifted(u128::MAX, 506);
        assert_eq!(sum.to_f64(-506), 2f64.powi(128));
    }
}
