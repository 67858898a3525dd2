//! Fewer points of the same picture.

use super::store::{Grade, Point};

/// At most about `points` of them, such that the lowest, the highest and the gaps of every stretch stay.
pub(super) fn thin(all: &[Point], points: usize) -> Vec<Point> {
    if all.len() <= points {
        return all.to_vec();
    }
    let (first, last) = (all[0].ts, all[all.len() - 1].ts);
    // A stretch leaves four points at most: its first, lowest, highest and one gap.
    let stretches = i64::try_from((points / 4).max(1)).unwrap_or(i64::MAX);
    let width = ((last - first) / stretches + 1).max(1);
    let mut thinned = Vec::with_capacity(points);
    for stretch in all.chunk_by(|a, b| (a.ts - first) / width == (b.ts - first) / width) {
        thinned.extend(extremes(stretch));
    }
    thinned
}

/// What a stretch must keep, in order.
fn extremes(stretch: &[Point]) -> Vec<Point> {
    let numbered = || stretch.iter().enumerate().filter_map(|(at, one)| Some((at, one.value?)));
    let by_value = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1);
    let mut places = vec![0];
    places.extend(numbered().min_by(by_value).map(|(at, _)| at));
    places.extend(numbered().max_by(by_value).map(|(at, _)| at));
    places.extend(stretch.iter().position(|one| one.grade == Grade::Bad));
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|at| stretch[at]).collect()
}
