//! Slices of integers whose element type is known at run time only.
#![allow(unsafe_code, reason = "u8 and i8 slices of the same bytes; see each block")]

/// 8-bit integers to read.
#[derive(Clone, Copy, Debug)]
pub enum Bytes<'a> {
    /// 0 to 255.
    U8(&'a [u8]),
    /// -128 to 127.
    I8(&'a [i8]),
}

impl<'a> Bytes<'a> {
    /// Number of elements.
    pub fn len(self) -> usize {
        self.bits().len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether the elements are `i8`.
    pub fn is_signed(self) -> bool {
        matches!(self, Self::I8(_))
    }

    /// The bytes, whatever they mean.
    pub fn bits(self) -> &'a [u8] {
        match self {
            Self::U8(data) => data,
            // SAFETY: u8 and i8 have the same layout and every bit pattern is valid.
            Self::I8(data) => unsafe { std::slice::from_raw_parts(data.as_ptr().cast(), data.len()) },
        }
    }

    /// Element `idx` as a number.
    pub fn get(self, idx: usize) -> i32 {
        match self {
            Self::U8(data) => i32::from(data[idx]),
            Self::I8(data) => i32::from(data[idx]),
        }
    }

    /// `len` elements from `begin`.
    ///
    /// # Panics
    /// When they leave the slice.
    pub fn slice(self, begin: usize, len: usize) -> Self {
        match self {
            Self::U8(data) => Self::U8(&data[begin..begin + len]),
            Self::I8(data) => Self::I8(&data[begin..begin + len]),
        }
    }
}

impl<'a> From<&'a [u8]> for Bytes<'a> {
    fn from(data: &'a [u8]) -> Self {
        Self::U8(data)
    }
}

impl<'a> From<&'a [i8]> for Bytes<'a> {
    fn from(data: &'a [i8]) -> Self {
        Self::I8(data)
    }
}

/// Where results go.
#[derive(Debug)]
pub enum Output<'a> {
    /// Sums as they are.
    I32(&'a mut [i32]),
    /// Real numbers.
    F32(&'a mut [f32]),
    /// Quantized, 0 to 255.
    U8(&'a mut [u8]),
    /// Quantized, -128 to 127.
    I8(&'a mut [i8]),
    /// Quantized, 0 to 65535.
    U16(&'a mut [u16]),
    /// Quantized, -32768 to 32767.
    I16(&'a mut [i16]),
}

impl<'a> Output<'a> {
    /// The bytes of 8-bit integers, whatever they mean.
    ///
    /// # Panics
    /// When the output is of another type.
    pub(super) fn into_bits(self) -> &'a mut [u8] {
        match self {
            Self::U8(data) => data,
            // SAFETY: u8 and i8 have the same layout and every bit pattern is valid.
            Self::I8(data) => unsafe { std::slice::from_raw_parts_mut(data.as_mut_ptr().cast(), data.len()) },
            _ => panic!("an output of 8-bit integers"),
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::I32(data) => data.len(),
            Self::F32(data) => data.len(),
            Self::U8(data) => data.len(),
            Self::I8(data) => data.len(),
            Self::U16(data) => data.len(),
            Self::I16(data) => data.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same slice for a shorter time.
    pub fn reborrow(&mut self) -> Output<'_> {
        match self {
            Self::I32(data) => Output::I32(data),
            Self::F32(data) => Output::F32(data),
            Self::U8(data) => Output::U8(data),
            Self::I8(data) => Output::I8(data),
            Self::U16(data) => Output::U16(data),
            Self::I16(data) => Output::I16(data),
        }
    }
}
