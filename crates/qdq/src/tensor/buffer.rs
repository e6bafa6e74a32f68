//! Shared storage of elements.

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;

use super::spare::{Spares, Storage};

/// Elements that are owned and shared, or lie in bytes that something else keeps alive (a mapped file).
#[derive(Clone)]
pub enum Buffer<T: Viewable> {
    /// In memory of our own.
    Owned(Arc<Storage<T>>),
    /// In foreign bytes; aligned for `T` and a whole number of elements.
    Mapped(MappedBytes),
}

/// Bytes that were checked to hold whole, aligned elements; made by [`Buffer::from_bytes`] only.
#[derive(Clone)]
pub struct MappedBytes(Bytes);

impl<T: bytemuck::AnyBitPattern + Viewable> Buffer<T> {
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
        let elements = elements.collect::<Vec<T>>().into();
        super::pages::give_back(&bytes);
        Some(elements)
    }
}

impl<T: Clone + Viewable> Buffer<T> {
    /// The elements, moved out if nobody else holds them, else copied.
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Buffer::Owned(shared) => {
                Arc::try_unwrap(shared).map_or_else(|shared| shared.to_vec(), Storage::into_vec)
            }
            Buffer::Mapped(bytes) => T::view(&bytes.0).to_vec(),
        }
    }

    /// The elements to be changed; copied first if anyone else holds them.
    pub fn make_mut(&mut self) -> &mut [T] {
        let is_shared = match self {
            Buffer::Owned(shared) => Arc::get_mut(shared).is_none(),
            Buffer::Mapped(_) => true,
        };
        if is_shared {
            *self = self.to_vec().into();
        }
        match self {
            Buffer::Owned(shared) => Arc::get_mut(shared).map_or(&mut [], Storage::elements_mut),
            Buffer::Mapped(_) => &mut [],
        }
    }

    /// The elements if nobody else holds them.
    pub fn into_unique(self) -> Option<Vec<T>> {
        match self {
            Buffer::Owned(shared) => Arc::try_unwrap(shared).ok().map(Storage::into_vec),
            Buffer::Mapped(_) => None,
        }
    }
}

/// Elements that may be viewed in place in foreign bytes.
pub trait Viewable: Copy + Default + 'static {
    /// The elements in `bytes`, which are aligned and whole.
    fn view(bytes: &[u8]) -> &[Self];

    /// Calls `body` with this thread's memory of tensors that are gone; not called while the thread ends.
    fn with_spares<R>(body: impl FnOnce(&mut Spares<Self>) -> R) -> Option<R>;
}

macro_rules! with_spares {
    ($element:ty) => {
        fn with_spares<R>(body: impl FnOnce(&mut Spares<$element>) -> R) -> Option<R> {
            thread_local!(static SPARES: RefCell<Spares<$element>> = const { RefCell::new(Spares::new()) });
            SPARES.try_with(|spares| body(&mut spares.borrow_mut())).ok()
        }
    };
}

macro_rules! viewable {
    ($($element:ty),*) => {$(
        impl Viewable for $element {
            fn view(bytes: &[u8]) -> &[Self] {
                bytemuck::cast_slice(bytes)
            }

            with_spares!($element);
        }
    )*};
}
viewable!(f32, f64, half::f16, half::bf16, i8, u8, i16, u16, i32, u32, i64, u64);

impl Viewable for bool {
    fn view(_bytes: &[u8]) -> &[Self] {
        &[] // never mapped: any byte but 0 and 1 would be no bool, so readers convert
    }

    with_spares!(bool);
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

impl<T: Viewable + PartialEq> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl<T: Viewable> FromIterator<T> for Buffer<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        elements.into_iter().collect::<Vec<T>>().into()
    }
}

impl<'b, T: Viewable> IntoIterator for &'b Buffer<T> {
    type Item = &'b T;
    type IntoIter = std::slice::Iter<'b, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Viewable> From<Vec<T>> for Buffer<T> {
    fn from(elements: Vec<T>) -> Self {
        Buffer::Owned(Arc::new(Storage::from(elements)))
    }
}

impl<T: Viewable + fmt::Debug> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elements: &[T] = self;
        if elements.len() <= 16 { elements.fmt(f) } else { write!(f, "{} elements", elements.len()) }
    }
}

impl fmt::Debug for MappedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
