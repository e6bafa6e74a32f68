//! The one door to threads.
//!
//! Kernels cut their work into tasks by shape alone and never split a sum between tasks, so their
//! results are the same bits for any number of threads. [`with_threads`] lends its body a team of
//! threads; outside of it kernels stay on the thread that calls them.
#![allow(unsafe_code, reason = "disjoint parts of one output for several tasks; see `SharedMut`")]

use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

mod team;

pub use team::with_threads;

/// Threads that [`for_each_task`] would use here: 1 outside [`with_threads`] and inside a task.
pub fn n_threads() -> usize {
    team::current(|team| team.map_or(1, team::Team::n_threads))
}

/// Calls `task(0)` to `task(n_tasks - 1)`, each once, in any order and on any thread of the team.
///
/// Tasks are handed out one by one, so they may differ in size. A kernel called from inside a task
/// stays on its thread.
///
/// # Panics
/// When a task panics.
pub fn for_each_task(n_tasks: usize, task: impl Fn(usize) + Sync) {
    team::current(|team| match team {
        Some(team) if n_tasks > 1 => {
            let next = AtomicUsize::new(0);
            team.run(&|| {
                loop {
                    let task_idx = next.fetch_add(1, Ordering::Relaxed);
                    if task_idx >= n_tasks {
                        break;
                    }
                    task(task_idx);
                }
            });
        }
        _ => (0..n_tasks).for_each(&task),
    });
}

/// Cuts `data` into chunks of `chunk_len` (the last may be shorter) and calls
/// `task(chunk index, chunk)` for each through [`for_each_task`].
///
/// # Panics
/// When `chunk_len` is 0 and `data` is not empty.
pub fn for_each_chunk<T: Send>(data: &mut [T], chunk_len: usize, task: impl Fn(usize, &mut [T]) + Sync) {
    let len = data.len();
    if len == 0 {
        return;
    }
    let shared = SharedMut::new(data);
    for_each_task(len.div_ceil(chunk_len), |chunk_idx| {
        let begin = chunk_idx * chunk_len;
        // SAFETY: chunks of different indices do not overlap, and each index is used once.
        task(chunk_idx, unsafe { shared.slice(begin, chunk_len.min(len - begin)) });
    });
}

/// Rows per task so that a task touches about `work_per_task` units when a row costs `work_per_row`.
pub fn rows_per_task(work_per_row: usize, work_per_task: usize) -> usize {
    (work_per_task / work_per_row.max(1)).max(1)
}

/// A mutable slice that several tasks write to at once, each its own part.
#[derive(Debug)]
pub(crate) struct SharedMut<'a, T> {
    start: *mut T,
    len: usize,
    borrow: PhantomData<&'a mut [T]>,
}

// SAFETY: parts are only handed out through `unsafe` methods whose callers promise that no two
// threads use the same element; `T: Send` then makes the use from another thread sound.
unsafe impl<T: Send> Sync for SharedMut<'_, T> {}
// SAFETY: as for a `&mut [T]`.
unsafe impl<T: Send> Send for SharedMut<'_, T> {}

impl<'a, T> SharedMut<'a, T> {
    /// Takes the slice for as long as parts of it are handed out.
    pub(crate) fn new(data: &'a mut [T]) -> Self {
        Self { start: data.as_mut_ptr(), len: data.len(), borrow: PhantomData }
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// `len` elements from `begin`.
    ///
    /// # Safety
    /// No part that lives at the same time overlaps this one.
    ///
    /// # Panics
    /// When the part leaves the slice.
    #[allow(clippy::mut_from_ref, reason = "disjointness is the caller's promise")]
    pub(crate) unsafe fn slice(&self, begin: usize, len: usize) -> &'a mut [T] {
        assert!(begin <= self.len && len <= self.len - begin);
        // SAFETY: inside the slice (checked) and not aliased (the caller's promise).
        unsafe { std::slice::from_raw_parts_mut(self.start.add(begin), len) }
    }

    /// Pointer to element `idx`, for strided writes.
    ///
    /// # Panics
    /// When `idx` is past the end.
    pub(crate) fn at(&self, idx: usize) -> *mut T {
        assert!(idx <= self.len);
        // SAFETY: inside the slice or one past its end.
        unsafe { self.start.add(idx) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once() {
        for n_threads in [1, 2, 5] {
            with_threads(n_threads, || {
                for n_tasks in (0..200).chain([10_000]) {
                    let mut counts = vec![0u8; n_tasks * 3];
                    for_each_chunk(&mut counts, 3, |_, chunk| chunk.iter_mut().for_each(|x| *x += 1));
                    assert!(counts.iter().all(|x| *x == 1));
                }
            });
        }
    }

    #[test]
    fn a_team_sleeps_and_wakes() {
        let sum = AtomicUsize::new(0);
        with_threads(3, || {
            for _ in 0..3 {
                for_each_task(8, |i| {
                    sum.fetch_add(i, Ordering::Relaxed);
                });
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        });
        assert_eq!(sum.into_inner(), 3 * 28);
    }

    #[test]
    fn threads_are_there_only_inside_and_not_in_tasks() {
        assert_eq!(n_threads(), 1);
        with_threads(3, || {
            assert_eq!(n_threads(), 3);
            for_each_task(4, |_| assert_eq!(n_threads(), 1));
            with_threads(1, || assert_eq!(n_threads(), 1));
            assert_eq!(n_threads(), 3);
        });
        assert_eq!(n_threads(), 1);
    }

    #[test]
    fn a_panic_in_a_task_reaches_the_caller() {
        for bad in 0..16 {
            let outcome = std::panic::catch_unwind(|| {
                with_threads(2, || for_each_task(16, |i| assert!(i != bad, "task {bad}")));
            });
            assert!(outcome.is_err());
        }
    }
}
