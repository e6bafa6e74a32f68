//! Where rows of activations come from, and how they become what the micro-kernel reads.
#![allow(unsafe_code, reason = "register copies of checked slices")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use super::conv::Windows;
use super::dot::Dot;

/// Rows of bytes, in memory or made when they are wanted.
#[derive(Clone, Debug)]
pub(super) enum Rows<'a> {
    /// Rows of a matrix, some bytes apart.
    Matrix { data: &'a [u8], row_stride: usize },
    /// Windows of a convolution.
    Windows(Windows<'a>),
}

impl Rows<'_> {
    /// Writes row `row` of `row_len` bytes.
    #[inline(always)]
    pub(super) fn write_row<D: Dot>(&self, d: D, row: usize, row_len: usize, out: &mut RowWriter<'_>) {
        match self {
            Self::Matrix { data, row_stride } => out.copy(d, &data[row * row_stride..][..row_len]),
            Self::Windows(windows) => windows.write_row(d, row, out),
        }
    }
}

/// A row being written: bytes as they are, or widened to 16 bits where a kernel wants that.
#[derive(Debug)]
pub(super) struct RowWriter<'a> {
    row: &'a mut [u8],
    /// Elements written.
    at: usize,
    /// Turns a byte into the kernel's unsigned or signed activation.
    flip: u8,
}

impl<'a> RowWriter<'a> {
    /// A writer into the groups of one row.
    pub(super) fn new(row: &'a mut [u8], flip: u8) -> Self {
        Self { row, at: 0, flip }
    }

    /// Bytes of an element.
    #[inline(always)]
    fn width<D: Dot>() -> usize {
        4 / D::DEPTH
    }

    /// Appends bytes.
    #[inline(always)]
    pub(super) fn copy<D: Dot>(&mut self, d: D, source: &[u8]) {
        let n = source.len();
        let begin = self.at * Self::width::<D>();
        let target = &mut self.row[begin..][..n * Self::width::<D>()];
        self.at += n;
        let (from, to, flip) = (source.as_ptr(), target.as_mut_ptr(), self.flip);
        // Blocks from the front, the last one shifted back to end with the slice.
        // SAFETY: blocks end at `n` or before, in both slices.
        unsafe {
            if n >= 16 {
                let mut i = 0;
                while i + 16 < n {
                    put::<D, 16>(d, from, to, i, flip);
                    i += 16;
                }
                put::<D, 16>(d, from, to, n - 16, flip);
            } else if n >= 8 {
                put::<D, 8>(d, from, to, 0, flip);
                put::<D, 8>(d, from, to, n - 8, flip);
            } else if n >= 4 {
                put::<D, 4>(d, from, to, 0, flip);
                put::<D, 4>(d, from, to, n - 4, flip);
            } else {
                for i in 0..n {
                    put::<D, 1>(d, from, to, i, flip);
                }
            }
        }
    }

    /// Appends one byte `n` times.
    #[inline(always)]
    pub(super) fn fill<D: Dot>(&mut self, d: D, value: u8, n: usize) {
        const FULL: usize = 32;
        let source = [value; FULL];
        let mut rest = n;
        while rest > 0 {
            let len = rest.min(FULL);
            self.copy(d, &source[..len]);
            rest -= len;
        }
    }

    /// Fills what is left of the last group with 0; the sum of the row if wanted.
    #[inline(always)]
    pub(super) fn finish<D: Dot>(self, wants_sum: bool) -> i32 {
        let len = self.at * Self::width::<D>();
        self.row[len..].fill(0);
        if !wants_sum {
            return 0;
        }
        let sum = |values: &mut dyn Iterator<Item = i32>| values.sum();
        match (D::DEPTH, D::SIGNED) {
            (2, _) => sum(&mut self.row.chunks_exact(2).map(|x| i32::from(i16::from_le_bytes([x[0], x[1]])))),
            (_, true) => sum(&mut self.row.iter().map(|x| i32::from(*x as i8))),
            (_, false) => sum(&mut self.row.iter().map(|x| i32::from(*x))),
        }
    }
}

/// Writes elements `i..i + N`.
///
/// # Safety
/// They are inside both slices.
#[inline(always)]
unsafe fn put<D: Dot, const N: usize>(_: D, from: *const u8, to: *mut u8, i: usize, flip: u8) {
    // SAFETY: the caller's promise; arrays need no alignment when read and written unaligned.
    unsafe {
        let bytes = from.add(i).cast::<[u8; N]>().read_unaligned().map(|x| x ^ flip);
        if D::DEPTH == 4 {
            to.add(i).cast::<[u8; N]>().write_unaligned(bytes);
        } else {
            to.add(2 * i).cast::<[u16; N]>().write_unaligned(bytes.map(u16::from));
        }
    }
}
