//! Progress bars on a terminal.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use qdq::pipeline::Progress;

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar on stderr, if that is a terminal, once the work takes more than a second.
#[derive(Debug, Default)]
pub(crate) struct Bar(Mutex<Option<Work>>);

#[derive(Debug)]
struct Work {
    start: Instant,
    bar: ProgressBar,
}

impl Bar {
    fn with_work(&self, act: impl FnOnce(&mut Option<Work>)) {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Bar {
    fn start(&self, what: &str, n_steps: usize) {
        let bar = ProgressBar::with_draw_target(Some(n_steps as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        self.with_work(|work| *work = Some(Work { start: Instant::now(), bar }));
    }

    fn step(&self) {
        self.with_work(|work| {
            let Some(work) = work else { return };
            if work.bar.is_hidden() && work.start.elapsed() > PATIENCE {
                work.bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            work.bar.inc(1);
        });
    }

    fn finish(&self) {
        self.with_work(|work| {
            if let Some(work) = work.take() {
                work.bar.finish_and_clear();
            }
        });
    }
}
