//! Hypochlorite in its drum.

use hil::model::ageing::{FRESH, remaining};

/// °F, and trade % after a week, one, two and three months: `plant.md` 8.4.
const PUBLISHED: [(f64, [f64; 4]); 7] = [
    (70.0, [12.12, 11.11, 10.10, 9.28]),
    (75.0, [11.94, 10.57, 9.33, 8.40]),
    (80.0, [11.69, 9.93, 8.49, 7.48]),
    (85.0, [11.36, 9.18, 7.60, 6.57]),
    (90.0, [10.92, 8.36, 6.73, 5.72]),
    (95.0, [10.37, 7.51, 5.90, 4.95]),
    (100.0, [9.71, 6.68, 5.14, 4.27]),
];
const DAYS: [f64; 4] = [7.0, 30.4, 60.8, 91.3];

/// V-6.15-12: VC-12, the published ageing of a 12.5 % stock, ± 10 %.
#[test]
fn a_drum_of_hypochlorite_ages_as_published() {
    for (fahrenheit, row) in PUBLISHED {
        for (days, published) in DAYS.into_iter().zip(row) {
            let found = remaining(FRESH, days, (fahrenheit - 32.0) / 1.8);
            assert!(
                (found / published - 1.0).abs() < 0.10,
                "{fahrenheit} °F, {days} d: {found}, not {published} %"
            );
        }
    }
}

/// The law has no memory: two months are a month after a month.
#[test]
fn a_drum_does_not_know_how_old_it_is() {
    let at_once = remaining(FRESH, 60.0, 32.0);
    let in_two = remaining(remaining(FRESH, 30.0, 32.0), 30.0, 32.0);
    assert!((at_once - in_two).abs() < 1.0e-9);
}
