//! Work on samples, several at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::Progress;
use crate::data::{Sample, Samples};
use crate::error::{Error, Result};
use crate::kernels::parallel;

/// Samples on their way for each thread: one in work, one waiting.
const SAMPLES_PER_THREAD: usize = 2;

/// Calls `work` with every sample on `n_threads` threads, and `consume` with its results in the order of the samples.
///
/// - One producer reads the samples; no more than a few for each thread are in memory, read or done.
/// - Each thread has a state of its own from `new_state`. Which samples a state sees is a matter of chance:
///   it may hold buffers, and statistics whose merge does not depend on order. The states come back at the end.
/// - What depends on the order of samples, as a sum of floats, belongs into `consume`, which runs on the calling thread.
/// - Kernels stay on their thread where several work.
///
/// # Errors
/// The error of the first sample that failed, naming it; work on later samples is given up.
pub fn for_each_sample<S: Send, R: Send>(
    samples: Samples,
    n_threads: usize,
    progress: &dyn Progress,
    new_state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, Sample) -> Result<R> + Sync,
    mut consume: impl FnMut(usize, R) -> Result<()>,
) -> Result<Vec<S>> {
    let n_kernel_threads = n_threads;
    let n_threads = n_threads.clamp(1, samples.len().max(1));
    let consume = |index: usize, result: R| {
        progress.step();
        consume(index, result).map_err(|error| error.sample(index))
    };
    if n_threads == 1 {
        return one_after_the_other(samples, n_kernel_threads, &new_state, &work, consume);
    }
    let (tickets, take_ticket) = channel();
    for _ in 0..n_threads * SAMPLES_PER_THREAD {
        // The receiver is alive: it is in this function.
        let _ = tickets.send(());
    }
    let (give_sample, samples_to_do) = sync_channel(n_threads * SAMPLES_PER_THREAD);
    let (give_result, results) = channel();
    let samples_to_do = Mutex::new(samples_to_do);
    std::thread::scope(|scope| {
        let give_error = give_result.clone();
        scope.spawn(move || produce(samples, &take_ticket, &give_sample, &give_error));
        let workers: Vec<_> = (0..n_threads)
            .map(|_| {
                let give_result = give_result.clone();
                let (samples_to_do, new_state, work) = (&samples_to_do, &new_state, &work);
                scope.spawn(move || work_off(samples_to_do, &give_result, new_state(), work))
            })
            .collect();
        drop(give_result);
        let consumed = consume_in_order(&results, &tickets, consume);
        // Threads end when there are no tickets, and nobody takes their results.
        drop(tickets);
        drop(results);
        let mut states = Vec::with_capacity(workers.len());
        for worker in workers {
            states.push(worker.join().map_err(|_| Error::internal("a thread ended early"))?);
        }
        consumed.map(|()| states)
    })
}

/// Calls `work` with one sample after the other, in order; `n_threads` are for the kernels. The state comes back at the end.
///
/// # Errors
/// The error of the first sample that failed, naming it.
pub fn for_each_sample_in_order<S: Send>(
    samples: Samples,
    n_threads: usize,
    progress: &dyn Progress,
    new_state: impl Fn() -> S,
    work: impl Fn(&mut S, Sample) -> Result<()> + Sync,
) -> Result<Vec<S>> {
    let consume = |_, ()| {
        progress.step();
        Ok(())
    };
    one_after_the_other(samples, n_threads, &new_state, &work, consume)
}

/// One sample at a time, with all threads for its kernels.
fn one_after_the_other<S: Send, R: Send>(
    samples: Samples,
    n_threads: usize,
    new_state: &impl Fn() -> S,
    work: &(impl Fn(&mut S, Sample) -> Result<R> + Sync),
    mut consume: impl FnMut(usize, R) -> Result<()>,
) -> Result<Vec<S>> {
    let mut state = new_state();
    parallel::with_threads(n_threads, || {
        for sample in samples {
            let sample = sample?;
            let index = sample.index;
            let result = work(&mut state, sample);
            consume(index, result.map_err(|error| error.sample(index))?)?;
        }
        Ok(vec![state])
    })
}

type Results<R> = Receiver<(usize, Result<R>)>;

/// Reads samples, each for a ticket, until there are none or nobody wants them.
fn produce<R>(
    samples: Samples,
    take_ticket: &Receiver<()>,
    give_sample: &SyncSender<Sample>,
    give_error: &Sender<(usize, Result<R>)>,
) {
    let mut samples = samples.enumerate();
    while take_ticket.recv().is_ok() {
        let next = catch_unwind(AssertUnwindSafe(|| samples.next()));
        let is_taken = match next {
            Ok(None) => return,
            Ok(Some((_, Ok(sample)))) => give_sample.send(sample).is_ok(),
            Ok(Some((index, Err(error)))) => {
                // The consumer reports it in its turn; nothing comes after it.
                let _ = give_error.send((index, Err(error)));
                return;
            }
            Err(_) => {
                let _ = give_error.send((usize::MAX, Err(panicked())));
                return;
            }
        };
        if !is_taken {
            return;
        }
    }
}

fn work_off<S, R>(
    samples: &Mutex<Receiver<Sample>>,
    give_result: &Sender<(usize, Result<R>)>,
    mut state: S,
    work: &impl Fn(&mut S, Sample) -> Result<R>,
) -> S {
    loop {
        let next = samples.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(sample) = next else { return state };
        let index = sample.index;
        // A panic must not leave the others waiting for this result.
        let result = catch_unwind(AssertUnwindSafe(|| work(&mut state, sample)));
        let result = result.unwrap_or_else(|_| Err(panicked())).map_err(|error| error.sample(index));
        if give_result.send((index, result)).is_err() {
            return state;
        }
    }
}

fn panicked() -> Error {
    Error::internal("the work on a sample panicked")
}

/// Hands on results by index; each makes room for another sample.
fn consume_in_order<R>(
    results: &Results<R>,
    tickets: &Sender<()>,
    mut consume: impl FnMut(usize, R) -> Result<()>,
) -> Result<()> {
    let mut waiting = std::collections::BTreeMap::new();
    let mut next = 0;
    for (index, result) in results {
        waiting.insert(index, result);
        while let Some(result) = waiting.remove(&next) {
            consume(next, result?)?;
            next += 1;
            // The producer may be done and gone.
            let _ = tickets.send(());
        }
    }
    match waiting.into_values().next() {
        Some(Err(error)) => Err(error),
        Some(Ok(_)) => Err(Error::internal("the result of a sample is missing")),
        None => Ok(()),
    }
}
