//! Where rows of activations come from, and how they become what the micro-kernel reads.
#![allow(unsafe_code, reason = "register copies of checked slices")]
#![allow(clippy::inline_always, reason = "code generation with target features, see `simd`")]

use std::ops::Range;

use super::dot::Dot;

/// Rows of bytes, each gathered from segments at fixed distances from its origin: the windows of a convolution, or
/// simply the rows of a matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a> {
    data: &'a [u8],
    /// Depth, height and width of the outputs that rows are counted over, within an image.
    sizes: [usize; 3],
    /// From the origin of an image to the next.
    image_step: usize,
    /// From the origin of a row to the next along each axis.
    steps: [usize; 3],
    /// What a row is made of, in order.
    segments: &'a [Segment],
}

/// A part of a row that lies together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    /// Distance from the row's origin.
    pub(super) offset: usize,
    /// Bytes.
    pub(super) len: usize,
}

impl<'a> Rows<'a> {
    /// Rows over outputs of these `sizes`, `steps` apart along each axis; axes that follow each other in memory become
    /// one.
    pub(super) fn new(
        data: &'a [u8],
        mut sizes: [usize; 3],
        image_step: usize,
        steps: [usize; 3],
        segments: &'a [Segment],
    ) -> Self {
        for axis in [1, 0] {
            let is_last = sizes[axis + 1..2].iter().all(|size| *size == 1);
            if is_last && (sizes[axis] == 1 || steps[axis] == sizes[2] * steps[2]) {
                sizes[2] *= sizes[axis];
                sizes[axis] = 1;
            }
        }
        Self { data, sizes, image_step, steps, segments }
    }

    /// `n` rows of a matrix, `row_stride` bytes apart; `row` is the part of them that is read.
    pub(super) fn matrix(data: &'a [u8], n: usize, row_stride: usize, row: &'a Segment) -> Self {
        let segments = std::slice::from_ref(row);
        Self { data, sizes: [1, 1, n], image_step: n * row_stride, steps: [0, 0, row_stride], segments }
    }

    /// Rows from `row` on, where they lie at one distance from each other: the bytes and that distance.
    pub(super) fn in_place(&self, row: usize) -> Option<(&'a [u8], usize)> {
        let (&[segment], [1, 1, n]) = (self.segments, self.sizes) else { return None };
        if self.image_step != n * self.steps[2] {
            return None;
        }
        let begin = row * self.steps[2] + segment.offset;
        Some((self.data.get(begin..)?, self.steps[2]))
    }

    /// Writes `rows` to `target`, cut into rows of `row_len` bytes, each byte of the input xor `flip`; `sums` gets the
    /// sum of each row.
    #[inline(always)]
    pub(super) fn write<D: Dot>(
        &self,
        d: D,
        rows: Range<usize>,
        target: &mut [u8],
        row_len: usize,
        flip: u8,
        mut sums: Option<&mut [u8]>,
    ) {
        let (line, mut width) = (rows.start / self.sizes[2], rows.start % self.sizes[2]);
        let (plane, mut height) = (line / self.sizes[1], line % self.sizes[1]);
        let (mut image, mut depth) = (plane / self.sizes[0], plane % self.sizes[0]);
        for i in 0..rows.len() {
            let origin = image * self.image_step
                + depth * self.steps[0]
                + height * self.steps[1]
                + width * self.steps[2];
            let data = &self.data[origin..];
            let mut writer = RowWriter::new(&mut target[i * row_len..][..row_len], flip);
            for segment in self.segments {
                writer.copy(d, &data[segment.offset..][..segment.len]);
            }
            let sum = writer.finish::<D>(sums.is_some());
            if let Some(sums) = &mut sums {
                sums[4 * i..][..4].copy_from_slice(&sum.to_ne_bytes());
            }
            width += 1;
            if width == self.sizes[2] {
                (width, height) = (0, height + 1);
                if height == self.sizes[1] {
                    (height, depth) = (0, depth + 1);
                    if depth == self.sizes[0] {
                        (depth, image) = (0, image + 1);
                    }
                }
            }
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
