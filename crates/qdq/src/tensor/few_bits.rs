//! Integers of less than 8 bits, several a byte, the first in the lowest bits: as ONNX, TFLite and onnxruntime pack them.

/// Bytes that hold `count` elements of `bits` bits; `None` if they are too many.
pub(crate) fn byte_length(count: usize, bits: usize) -> Option<usize> {
    if bits < 8 { Some(count.div_ceil(8 / bits.max(1))) } else { count.checked_mul(bits / 8) }
}

/// Elements packed into bytes; of each the lowest `bits` bits, a divisor of 8, count.
pub(crate) fn pack(elements: &[u8], bits: usize) -> impl Iterator<Item = u8> + '_ {
    let mask = u8::MAX >> (8 - bits);
    elements.chunks(8 / bits).map(move |elements| {
        elements.iter().enumerate().fold(0, |byte, (at, element)| byte | (element & mask) << (at * bits))
    })
}

/// The element at this position of packed bytes.
pub(crate) fn element(bytes: &[u8], at: usize, bits: usize) -> u8 {
    let per_byte = 8 / bits;
    bytes[at / per_byte] >> (at % per_byte * bits) & u8::MAX >> (8 - bits)
}

/// All elements of packed bytes, those that fill the last byte up, too.
pub(crate) fn unpack(bytes: impl Iterator<Item = u8>, bits: usize) -> impl Iterator<Item = u8> {
    bytes.flat_map(move |byte| (0..8 / bits).map(move |at| element(&[byte], at, bits)))
}

/// An element of `bits` bits with its sign.
pub(crate) fn signed(element: u8, bits: usize) -> i8 {
    let unused = 8 - bits;
    (element << unused) as i8 >> unused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_is_undone() {
        let integers = [3u8, 1, 2, 0, 3];
        let bytes: Vec<u8> = pack(&integers, 2).collect();
        assert_eq!(bytes, [0b00_10_01_11, 0b11]);
        assert_eq!((0..5).map(|at| element(&bytes, at, 2)).collect::<Vec<_>>(), integers);
        assert_eq!(unpack(bytes.into_iter(), 2).take(5).collect::<Vec<_>>(), integers);
        assert_eq!(pack(&[200, 7], 8).collect::<Vec<_>>(), [200, 7]);
        assert_eq!((signed(0b1000, 4), signed(0b0111, 4), signed(0b11, 2)), (-8, 7, -1));
    }
}
