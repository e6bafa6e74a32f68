//! A team of threads that wait for work by looking, not by sleeping.
//!
//! A model is hundreds of kernels of some ten microseconds each. Waking a sleeping thread for one of
//! them takes as long as the work, so helpers look out for the next job for a while
//! ([`PATIENCE`]) before they sleep. That is what general thread pools do not do, and why this one is here.

use std::cell::{Cell, UnsafeCell};
use std::hint::spin_loop;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a helper looks out for work before it sleeps: longer than the serial stretches between the kernels of a
/// model, shorter than a time slice.
const PATIENCE: Duration = Duration::from_micros(300);
/// Looks between two glances at the clock.
const LOOKS: usize = 64;

/// In [`Team::state`]: helpers may enter the job. Above it stands the job's number.
const OPEN: u64 = 1 << 31;
/// In [`Team::state`]: the team is dismissed. Below it stands the number of helpers inside.
const DISMISSED: u64 = 1 << 30;
/// One job more.
const NEXT_JOB: u64 = 1 << 32;

thread_local!(static CURRENT: Cell<Option<NonNull<Team>>> = const { Cell::new(None) });

/// Work that several threads do together: each calls it once.
type Job = *const (dyn Fn() + Sync);

/// Helpers of one leader, the thread that called [`with_threads`].
#[derive(Debug)]
pub(super) struct Team {
    n_threads: usize,
    /// Number of the job, whether it is open, how many helpers are inside.
    state: AtomicU64,
    /// Written by the leader while nobody is inside.
    job: UnsafeCell<Option<Job>>,
    panicked: AtomicBool,
    n_sleeping: AtomicUsize,
    sleep: Mutex<()>,
    wake: Condvar,
}

// SAFETY: `job` is written only by the leader while the state says that nobody is inside and nobody can enter, and read
// only by helpers inside.
unsafe impl Sync for Team {}

/// Calls `body` with `n_threads` threads, the calling one included, at the service of [`super::for_each_task`].
pub fn with_threads<R>(n_threads: usize, body: impl FnOnce() -> R) -> R {
    if n_threads <= 1 {
        return as_member(None, body);
    }
    let team = Team {
        n_threads,
        state: AtomicU64::new(0),
        job: UnsafeCell::new(None),
        panicked: AtomicBool::new(false),
        n_sleeping: AtomicUsize::new(0),
        sleep: Mutex::new(()),
        wake: Condvar::new(),
    };
    let team = &team;
    std::thread::scope(|scope| {
        for _ in 1..n_threads {
            // Where the system gives no more threads, the work is done by those there are.
            let _ = std::thread::Builder::new().spawn_scoped(scope, || team.help());
        }
        let _dismiss = OnDrop(|| team.announce(team.state.load(Ordering::Relaxed) | DISMISSED));
        as_member(Some(NonNull::from(team)), body)
    })
}

/// Calls `body` with the team that the calling thread leads.
pub(super) fn current<R>(body: impl FnOnce(Option<&Team>) -> R) -> R {
    // SAFETY: set by `as_member` only, for a time in which the team lives.
    body(CURRENT.get().map(|team| unsafe { team.as_ref() }))
}

fn as_member<R>(team: Option<NonNull<Team>>, body: impl FnOnce() -> R) -> R {
    let before = CURRENT.replace(team);
    let _restore = OnDrop(|| CURRENT.set(before));
    body()
}

impl Team {
    pub(super) fn n_threads(&self) -> usize {
        self.n_threads
    }

    /// Calls `work` on the leader and on every helper that comes in time; returns when all are done.
    pub(super) fn run(&self, work: &(dyn Fn() + Sync)) {
        // SAFETY (lifetime): nobody is inside once `close` has run, which is before `work` ends.
        let job: Job = unsafe { std::mem::transmute::<&(dyn Fn() + Sync), Job>(work) };
        // SAFETY: no job is open and nobody is inside: the last `run` has closed.
        unsafe { *self.job.get() = Some(job) };
        self.announce(self.state.load(Ordering::Relaxed).wrapping_add(NEXT_JOB) | OPEN);
        {
            let _close = OnDrop(|| self.close());
            as_member(None, work);
        }
        assert!(!self.panicked.swap(false, Ordering::Relaxed), "a task panicked on another thread");
    }

    /// Makes a new state known, to sleepers too.
    fn announce(&self, state: u64) {
        // Sequentially consistent, as the sleeper's steps in `sleep`: one of the two sees the other.
        self.state.store(state, Ordering::SeqCst);
        if self.n_sleeping.load(Ordering::SeqCst) > 0 {
            drop(self.sleep.lock().unwrap_or_else(PoisonError::into_inner));
            self.wake.notify_all();
        }
    }

    /// Lets nobody in any more, and waits until all are out.
    fn close(&self) {
        self.state.fetch_and(!OPEN, Ordering::Relaxed);
        let mut looks = 0;
        while self.state.load(Ordering::Acquire) & (DISMISSED - 1) != 0 {
            looks += 1;
            // A helper may have lost its processor in the middle of a task.
            if looks % (64 * LOOKS) == 0 { std::thread::yield_now() } else { spin_loop() }
        }
    }

    /// The life of a helper.
    fn help(&self) {
        let mut last_job = 0;
        loop {
            let state = self.wait(last_job);
            if state & DISMISSED != 0 {
                return;
            }
            last_job = job_number(state);
            if !self.enter(last_job) {
                continue;
            }
            let _leave = OnDrop(|| {
                self.state.fetch_sub(1, Ordering::Release);
            });
            // SAFETY: inside, the job stays as it is, and what it points to lives.
            let work = unsafe { (*self.job.get()).map(|job| &*job) };
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work.map(|work| work())));
            if outcome.is_err() {
                self.panicked.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Goes into the job of this number, unless it is closed.
    fn enter(&self, job: u64) -> bool {
        let is_open = |state: u64| (job_number(state) == job && state & OPEN != 0).then_some(state + 1);
        self.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, is_open).is_ok()
    }

    /// Waits for a job that is not `last_job`, or for dismissal; the state that says so.
    fn wait(&self, last_job: u64) -> u64 {
        let is_news =
            |state: u64| state & DISMISSED != 0 || (state & OPEN != 0 && job_number(state) != last_job);
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            for _ in 0..LOOKS {
                let state = self.state.load(Ordering::Acquire);
                if is_news(state) {
                    return state;
                }
                spin_loop();
            }
        }
        let mut guard = self.sleep.lock().unwrap_or_else(PoisonError::into_inner);
        self.n_sleeping.fetch_add(1, Ordering::SeqCst);
        let _awake = OnDrop(|| {
            self.n_sleeping.fetch_sub(1, Ordering::SeqCst);
        });
        loop {
            let state = self.state.load(Ordering::SeqCst);
            if is_news(state) {
                return state;
            }
            guard = self.wake.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn job_number(state: u64) -> u64 {
    state / NEXT_JOB
}

/// Does something at the end of a scope, also when it ends in a panic.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
