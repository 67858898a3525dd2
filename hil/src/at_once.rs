//! Many runs, several at a time, with a bar.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

/// Plays the runs 0 to `count`, so many at a time; what came of each, in their order. Who has something to say meanwhile
/// suspends the bar for it.
pub fn at_once<T: Send>(
    count: usize,
    jobs: usize,
    play: impl Fn(usize, &ProgressBar) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::new());
    let bar = bar(count);
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(count) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= count {
                        break;
                    }
                    let outcome = play(place, &bar);
                    bar.inc(1);
                    done.lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push((place, outcome));
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// As many at once as asked for, or as there are cores.
pub fn jobs(asked: Option<usize>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    asked.unwrap_or(cores).max(1)
}

/// A bar with the time left, where somebody looks.
fn bar(length: usize) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len}, {elapsed} gone, {eta} left {msg}");
    ProgressBar::new(length as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_each_run_stands_in_its_place_with_any_number_of_jobs() {
        for jobs in [1, 2, 7, 300] {
            let squares: Vec<usize> = (0..100).map(|place| place * place).collect();
            assert_eq!(at_once(100, jobs, |place, _| place * place), squares, "{jobs} jobs");
        }
        assert!(at_once(0, 4, |place, _| place).is_empty());
    }
}
