//! Memory of tensors that are gone, kept by their thread for the next ones.
//!
//! An allocator gives large blocks back to the system, which hands them out anew page by page, each with a fault and
//! zeroed: a good part of the time of a small layer.

use std::ops::Deref;

use super::buffer::Viewable;

/// Bytes below which an allocator is fast enough.
const SMALL: usize = 16 << 10;
/// Bytes that a thread keeps for each element type.
const MOST_BYTES: usize = 16 << 20;
/// Vectors that a thread keeps for each element type.
const MOST_VECTORS: usize = 16;
/// How many times larger than asked for a vector may be.
const MOST_WASTE: usize = 2;

/// Vectors that nothing uses, the one given last at the end.
#[derive(Debug)]
pub struct Spares<T> {
    vectors: Vec<Vec<T>>,
    n_bytes: usize,
}

impl<T> Spares<T> {
    pub(super) const fn new() -> Self {
        Self { vectors: Vec::new(), n_bytes: 0 }
    }

    /// The smallest vector that has room for `len` elements, if there is one of about that size.
    fn take(&mut self, len: usize) -> Option<Vec<T>> {
        let fitting = self
            .vectors
            .iter()
            .enumerate()
            .filter(|(_, vector)| (len..=len.saturating_mul(MOST_WASTE)).contains(&vector.capacity()));
        let (position, _) = fitting.min_by_key(|(_, vector)| vector.capacity())?;
        let vector = self.vectors.swap_remove(position);
        self.n_bytes -= bytes_of(&vector);
        Some(vector)
    }

    fn give(&mut self, vector: Vec<T>) {
        self.n_bytes += bytes_of(&vector);
        self.vectors.push(vector);
        while self.vectors.len() > MOST_VECTORS || self.n_bytes > MOST_BYTES {
            self.n_bytes -= bytes_of(&self.vectors.remove(0));
        }
    }
}

fn bytes_of<T>(vector: &Vec<T>) -> usize {
    vector.capacity() * size_of::<T>()
}

/// A vector of `len` elements with unspecified contents, if this thread has one to spare.
pub(crate) fn take_spare<T: Viewable>(len: usize) -> Option<Vec<T>> {
    if len.saturating_mul(size_of::<T>()) < SMALL {
        return None;
    }
    let mut vector = T::with_spares(|spares| spares.take(len)).flatten()?;
    vector.resize(len, T::default());
    Some(vector)
}

/// Elements of our own, whose memory goes to the next tensor.
#[derive(Debug)]
pub struct Storage<T: Viewable>(Vec<T>);

impl<T: Viewable> Storage<T> {
    /// The elements, to be changed.
    pub(super) fn elements_mut(&mut self) -> &mut [T] {
        &mut self.0
    }

    /// The elements.
    pub(super) fn into_vec(mut self) -> Vec<T> {
        std::mem::take(&mut self.0)
    }
}

impl<T: Viewable> From<Vec<T>> for Storage<T> {
    fn from(elements: Vec<T>) -> Self {
        Self(elements)
    }
}

impl<T: Viewable> Deref for Storage<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Viewable> Drop for Storage<T> {
    fn drop(&mut self) {
        if bytes_of(&self.0) >= SMALL {
            let vector = std::mem::take(&mut self.0);
            T::with_spares(|spares| spares.give(vector));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_goes_to_the_next_tensor_of_its_size() {
        let first = Storage::from(vec![1i16; 20_000]);
        let address = first.as_ptr();
        drop(first);
        assert_eq!(take_spare::<i16>(8_500), None, "more than twice as large");
        let second = take_spare::<i16>(15_000).expect("the one just dropped");
        assert_eq!((second.as_ptr(), second.len()), (address, 15_000));
        assert_eq!(take_spare::<i16>(15_000), None, "in use");
    }

    #[test]
    fn a_thread_keeps_so_much_and_no_more() {
        let mut spares = Spares::new();
        for _ in 0..40 {
            spares.give(vec![0u8; MOST_BYTES / 4]);
        }
        assert_eq!((spares.vectors.len(), spares.n_bytes), (4, MOST_BYTES));
        for _ in 0..40 {
            spares.give(vec![0u8; SMALL]);
        }
        assert_eq!((spares.vectors.len(), spares.n_bytes), (MOST_VECTORS, MOST_VECTORS * SMALL));
    }
}
