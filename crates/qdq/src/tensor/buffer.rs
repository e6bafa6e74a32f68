//! Shared storage of elements.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;

/// Elements that are owned and shared, or lie in bytes that something else keeps alive (a mapped file).
#[derive(Clone)]
pub enum Buffer<T> {
    /// In memory of our own.
    Owned(Arc<Vec<T>>),
    /// In foreign bytes; aligned for `T` and a whole number of elements.
    Mapped(MappedBytes),
}

/// Bytes that were checked to hold whole, aligned elements; made by [`Buffer::from_bytes`] only.
#[derive(Clone)]
pub struct MappedBytes(Bytes);

impl<T: bytemuck::AnyBitPattern> Buffer<T> {
    /// Little-endian bytes as elements: in place where they are aligned, else copied. `None` if the length does not fit.
    pub fn from_bytes(bytes: Bytes) -> Option<Self> {
        if !bytes.len().is_multiple_of(size_of::<T>()) {
            return None;
        }
        if cfg!(target_endian = "little") && bytemuck::try_cast_slice::<u8, T>(&bytes).is_ok() {
            return Some(Buffer::Mapped(MappedBytes(bytes)));
        }
        let elements = bytes.chunks_exact(size_of::<T>()).map(|chunk| {
            if cfg!(target_endian = "big") {
                let swapped: Vec<u8> = chunk.iter().rev().copied().collect();
                return bytemuck::pod_read_unaligned(&swapped);
            }
            bytemuck::pod_read_unaligned(chunk)
        });
        Some(Buffer::Owned(Arc::new(elements.collect())))
    }
}

impl<T: Clone + Viewable> Buffer<T> {
    /// The elements, moved out if nobody else holds them, else copied.
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Buffer::Owned(shared) => Arc::try_unwrap(shared).unwrap_or_else(|shared| shared.to_vec()),
            Buffer::Mapped(bytes) => T::view(&bytes.0).to_vec(),
        }
    }

    /// The elements if nobody else holds them.
    pub fn into_unique(self) -> Option<Vec<T>> {
        match self {
            Buffer::Owned(shared) => Arc::try_unwrap(shared).ok(),
            Buffer::Mapped(_) => None,
        }
    }
}

/// Elements that may be viewed in place in foreign bytes.
pub trait Viewable: Sized {
    /// The elements in `bytes`, which are aligned and whole.
    fn view(bytes: &[u8]) -> &[Self];
}

macro_rules! viewable {
    ($($element:ty),*) => {$(
        impl Viewable for $element {
            fn view(bytes: &[u8]) -> &[Self] {
                bytemuck::cast_slice(bytes)
            }
        }
    )*};
}
viewable!(f32, f64, half::f16, half::bf16, i8, u8, i16, u16, i32, u32, i64, u64);

impl Viewable for bool {
    fn view(_bytes: &[u8]) -> &[Self] {
        &[] // never mapped: any byte but 0 and 1 would be no bool, so readers convert
    }
}

impl<T: Viewable> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Buffer::Owned(shared) => shared,
            Buffer::Mapped(bytes) => T::view(&bytes.0),
        }
    }
}

impl<T> From<Vec<T>> for Buffer<T> {
    fn from(elements: Vec<T>) -> Self {
        Buffer::Owned(Arc::new(elements))
    }
}

impl<T: Viewable + fmt::Debug> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elements: &[T] = self;
        write!(f, "{} elements", elements.len())
    }
}

impl fmt::Debug for MappedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
