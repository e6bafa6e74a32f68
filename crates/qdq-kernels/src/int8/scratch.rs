//! Byte buffers that stay with their thread.
#![allow(unsafe_code, reason = "floats seen as bytes")]

use super::Output;
use super::turn::transpose;
use crate::scratch::with_buffer;

/// Calls `body` with `len` bytes of unspecified contents. Calls may nest.
pub(super) fn with_bytes<R>(len: usize, body: impl FnOnce(&mut [u8]) -> R) -> R {
    with_buffer(len.div_ceil(4), |floats| {
        // SAFETY: the floats are 4 bytes each, `len` is at most as many, and bytes have no alignment or invalid
        // values; whatever is written is a valid float.
        let bytes = unsafe { std::slice::from_raw_parts_mut(floats.as_mut_ptr().cast::<u8>(), len) };
        body(bytes)
    })
}

/// Has `body` write an output with its channels last, `[n, positions, channels]`, and transposes it into
/// `output`, `[n, channels, positions]`.
pub(super) fn with_output(
    output: Output<'_>,
    body: impl FnOnce(Output<'_>),
    n: usize,
    n_positions: usize,
    n_channels: usize,
) {
    macro_rules! turned {
        ($data:expr, $kind:path, $ty:ty, $bits:ty) => {{
            let data = $data;
            with_buffer((data.len() * size_of::<$ty>()).div_ceil(4), |floats| {
                // SAFETY: the floats are as many bytes at least and aligned to 4; every bit pattern is a valid number;
                // `$bits` and `$ty` have the same layout.
                let (turned, data): (&mut [$ty], &mut [$bits]) = unsafe {
                    (
                        std::slice::from_raw_parts_mut(floats.as_mut_ptr().cast(), data.len()),
                        std::slice::from_raw_parts_mut(data.as_mut_ptr().cast(), data.len()),
                    )
                };
                body($kind(turned));
                // SAFETY: as above.
                let turned = unsafe { std::slice::from_raw_parts(turned.as_ptr().cast::<$bits>(), turned.len()) };
                transpose(turned, n, n_positions, n_channels, data);
            });
        }};
    }
    match output {
        Output::I32(data) => turned!(data, Output::I32, i32, i32),
        Output::F32(data) => turned!(data, Output::F32, f32, f32),
        Output::U8(data) => turned!(data, Output::U8, u8, u8),
        Output::I8(data) => turned!(data, Output::I8, i8, u8),
        Output::U16(data) => turned!(data, Output::U16, u16, u16),
        Output::I16(data) => turned!(data, Output::I16, i16, u16),
    }
}
