//! Floats of 8 bits and fewer, as codes of one byte each.

use super::DType;

/// A float type of at most 8 bits.
///
/// Source: ONNX "Float stored in 8 bits" and "Float stored in 4 bits"; OCP Microscaling formats for the scale type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmallFloat {
    /// 4 bits of exponent, 3 of mantissa; NaN, no infinity.
    F8E4m3fn,
    /// As `F8E4m3fn`; without −0, whose code is NaN.
    F8E4m3fnuz,
    /// 5 bits of exponent, 2 of mantissa, as IEEE 754 would have it.
    F8E5m2,
    /// As `F8E5m2`; without infinity and −0, whose code is NaN.
    F8E5m2fnuz,
    /// A power of two, 2⁻¹²⁷ to 2¹²⁷, or NaN.
    F8E8m0,
    /// 2 bits of exponent, 1 of mantissa: 0 to 6 by sign; a byte each in memory.
    F4E2m1,
}

/// How numbers between two powers of two become [`SmallFloat::F8E8m0`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerRounding {
    /// To the larger one.
    Up,
    /// To the smaller one.
    Down,
    /// To the nearest one.
    Nearest,
}

impl SmallFloat {
    /// All of them.
    pub const ALL: [SmallFloat; 6] = [
        SmallFloat::F8E4m3fn,
        SmallFloat::F8E4m3fnuz,
        SmallFloat::F8E5m2,
        SmallFloat::F8E5m2fnuz,
        SmallFloat::F8E8m0,
        SmallFloat::F4E2m1,
    ];

    /// Its element type.
    pub fn dtype(self) -> DType {
        match self {
            SmallFloat::F8E4m3fn => DType::F8E4m3fn,
            SmallFloat::F8E4m3fnuz => DType::F8E4m3fnuz,
            SmallFloat::F8E5m2 => DType::F8E5m2,
            SmallFloat::F8E5m2fnuz => DType::F8E5m2fnuz,
            SmallFloat::F8E8m0 => DType::F8E8m0,
            SmallFloat::F4E2m1 => DType::F4E2m1,
        }
    }

    /// The small float that an element type is, if it is one.
    pub fn of(dtype: DType) -> Option<Self> {
        SmallFloat::ALL.into_iter().find(|float| float.dtype() == dtype)
    }

    /// Bits of mantissa, bias of the exponent, largest finite number.
    fn layout(self) -> (i32, i32, f64) {
        match self {
            SmallFloat::F8E4m3fn => (3, 7, 448.0),
            SmallFloat::F8E4m3fnuz => (3, 8, 240.0),
            SmallFloat::F8E5m2 => (2, 15, 57344.0),
            SmallFloat::F8E5m2fnuz => (2, 16, 57344.0),
            SmallFloat::F8E8m0 => (0, 127, 2f64.powi(127)),
            SmallFloat::F4E2m1 => (1, 1, 6.0),
        }
    }

    fn sign_bit(self) -> u8 {
        if self == SmallFloat::F4E2m1 { 8 } else { 0x80 }
    }

    fn nan(self) -> u8 {
        match self {
            SmallFloat::F8E4m3fn | SmallFloat::F8E5m2 => 0x7f,
            SmallFloat::F8E4m3fnuz | SmallFloat::F8E5m2fnuz => 0x80,
            SmallFloat::F8E8m0 => 0xff,
            // There is none; numpy's type takes 0.
            SmallFloat::F4E2m1 => 0,
        }
    }

    /// The number of a code.
    pub fn decode(self, code: u8) -> f64 {
        let (mantissa_bits, bias, largest) = self.layout();
        if self == SmallFloat::F8E8m0 {
            return if code == 0xff { f64::NAN } else { 2f64.powi(i32::from(code) - 127) };
        }
        let unsigned = code & (self.sign_bit() - 1);
        let sign = if code & self.sign_bit() == 0 { 1.0 } else { -1.0 };
        let is_unsigned_zero = matches!(self, SmallFloat::F8E4m3fnuz | SmallFloat::F8E5m2fnuz);
        if is_unsigned_zero && code == 0x80 {
            return f64::NAN;
        }
        let (exponent, mantissa) =
            (i32::from(unsigned) >> mantissa_bits, i32::from(unsigned) & ((1 << mantissa_bits) - 1));
        let (leading, exponent) = if exponent == 0 { (0, 1) } else { (1 << mantissa_bits, exponent) };
        let magnitude = f64::from(leading + mantissa) * 2f64.powi(exponent - bias - mantissa_bits);
        match magnitude > largest {
            true if self == SmallFloat::F8E5m2 && mantissa == 0 => sign * f64::INFINITY,
            true => f64::NAN,
            false => sign * magnitude,
        }
    }

    /// The code of the nearest number, of two the one with an even code.
    ///
    /// What is too large becomes the largest number if `saturate`, else infinity, or NaN where there is none;
    /// `rounding` is for [`SmallFloat::F8E8m0`] only.
    pub fn encode(self, number: f64, saturate: bool, rounding: PowerRounding) -> u8 {
        if number.is_nan() {
            return self.nan();
        }
        if self == SmallFloat::F8E8m0 {
            return encode_power(number, saturate, rounding);
        }
        let (mantissa_bits, bias, largest) = self.layout();
        let sign = if number.is_sign_negative() { self.sign_bit() } else { 0 };
        let magnitude = number.abs();
        let exponent = exponent_of(magnitude).max(1 - bias);
        let step = 2f64.powi(exponent - mantissa_bits);
        let steps = (magnitude / step).round_ties_even();
        if magnitude.is_infinite() || steps * step > largest {
            return sign | self.too_large(saturate);
        }
        // A carry into the exponent comes out right, for codes are in the order of the numbers.
        let code = (((exponent + bias - 1) << mantissa_bits) + steps as i32) as u8;
        match self {
            SmallFloat::F8E4m3fnuz | SmallFloat::F8E5m2fnuz if code == 0 => 0,
            _ => sign | code,
        }
    }

    /// The code, without a sign, of a number that is too large.
    fn too_large(self, saturate: bool) -> u8 {
        match (self, saturate) {
            (SmallFloat::F8E4m3fn, true) => 0x7e,
            (SmallFloat::F8E5m2, true) => 0x7b,
            (SmallFloat::F8E5m2, false) => 0x7c,
            (SmallFloat::F8E4m3fnuz | SmallFloat::F8E5m2fnuz, true) => 0x7f,
            (SmallFloat::F4E2m1, _) => 7,
            _ => self.nan(),
        }
    }
}

/// Exponent of the leading bit; of 0 the least.
fn exponent_of(magnitude: f64) -> i32 {
    ((magnitude.to_bits() >> 52) as i32 & 0x7ff) - 1023
}

fn encode_power(number: f64, saturate: bool, rounding: PowerRounding) -> u8 {
    let magnitude = number.abs();
    let exponent = exponent_of(magnitude).max(-127);
    let power = 2f64.powi(exponent);
    let goes_up = match rounding {
        PowerRounding::Up => magnitude > power,
        PowerRounding::Down => false,
        PowerRounding::Nearest => magnitude >= 1.5 * power,
    };
    let exponent = if goes_up { exponent + 1 } else { exponent };
    match exponent {
        128.. if saturate => 0xfe,
        128.. => 0xff,
        exponent => (exponent + 127) as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_back() {
        for float in SmallFloat::ALL {
            let codes = if float == SmallFloat::F4E2m1 { 0..=15u8 } else { 0..=255 };
            for code in codes {
                let number = float.decode(code);
                let again = float.encode(number, false, PowerRounding::Nearest);
                assert!(again == code || number.is_nan(), "{float:?}: {code} is {number}, which is {again}");
                assert_eq!(float.decode(again).is_nan(), number.is_nan());
            }
        }
    }

    #[test]
    fn known_numbers() {
        // Source: the tables of the ONNX documentation.
        let encode = |float: SmallFloat, x| float.encode(x, true, PowerRounding::Nearest);
        assert_eq!(encode(SmallFloat::F8E4m3fn, 1.0), 0x38);
        assert_eq!(encode(SmallFloat::F8E4m3fn, 1e9), 0x7e);
        assert_eq!(SmallFloat::F8E4m3fn.encode(1e9, false, PowerRounding::Nearest), 0x7f);
        assert_eq!(encode(SmallFloat::F8E5m2, -1.0), 0xbc);
        assert_eq!(SmallFloat::F8E5m2.encode(f64::INFINITY, false, PowerRounding::Nearest), 0x7c);
        assert_eq!(encode(SmallFloat::F8E4m3fnuz, 1.0), 0x40);
        assert_eq!(encode(SmallFloat::F8E4m3fnuz, -0.0), 0);
        assert_eq!(encode(SmallFloat::F4E2m1, 2.5), 4);
        assert_eq!(encode(SmallFloat::F4E2m1, -100.0), 15);
        assert_eq!(encode(SmallFloat::F8E8m0, 3.0), 129);
        assert_eq!(SmallFloat::F8E8m0.encode(3.0, true, PowerRounding::Down), 128);
    }
}
