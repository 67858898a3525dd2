//! The filter against what is published of sand.

use super::bed::{clean_loss, minimum_fluidisation};
use super::*;

/// V-6.15-01: clean-bed loss of Carman and Kozeny.
#[test]
fn the_clean_bed_loses_what_carman_and_kozeny_say() {
    for (temperature, loss) in [(25.0, 0.147), (10.0, 0.215)] {
        let found = clean_loss(5.0, temperature);
        assert!((found / loss - 1.0).abs() < 0.02, "{temperature} °C: {found} m");
    }
}

/// V-6.15-02: minimum fluidisation by temperature.
#[test]
fn warm_water_needs_a_stronger_wash() {
    for (temperature, rate) in
        [(10.0, 17.8), (15.0, 20.4), (20.0, 23.2), (25.0, 26.0), (30.0, 29.0)]
    {
        let found = minimum_fluidisation(temperature);
        assert!((found / rate - 1.0).abs() < 0.01, "{temperature} °C: {found} m/h");
    }
}

const AREA: f64 = 0.503;

/// Filters at 2.5 m³/h for these minutes; the turbidity of each minute's end.
fn run(filter: &mut Filter, minutes: u32, settled: f64, coagulated: f64) -> Vec<f64> {
    let (pace, bed) = (Pace::new(1.0), Bed::at(25.0));
    (0..minutes)
        .map(|_| {
            for _ in 0..60 {
                filter.filter(&pace, &bed, pace.volume(2.5), settled, coagulated);
            }
            filter.turbidity
        })
        .collect()
}

/// Air 180 s, high wash 360 s at 1.35 v_mf, subfluidised as said.
fn wash(filter: &mut Filter, subfluid_s: u32) {
    let (pace, bed) = (Pace::new(1.0), Bed::at(25.0));
    filter.filter(&pace, &bed, 0.0, 1.0, 1.0);
    filter.scour(180.0);
    for second in 0..360 + subfluid_s {
        let rate = if second < 360 { 1.35 * bed.fluidisation } else { 15.0 };
        filter.wash(&pace, &bed, pace.volume(rate * AREA), 0.0);
    }
    filter.wash(&pace, &bed, 0.0, 0.0);
}

/// V-6.15-03, V-6.15-04: head loss in line with what is caught, and the length of runs.
#[test]
fn head_loss_grows_with_what_is_caught_and_runs_last_as_long_as_in_the_field() {
    let mut last = f64::INFINITY;
    for settled in [1.0, 2.0, 5.0] {
        let mut filter = Filter::new(AREA, 0.0, 0.1);
        let mut points = Vec::new();
        let mut hours = 0.0;
        while filter.head_loss < 1.8 && hours < 200.0 {
            run(&mut filter, 6, settled, 1.0);
            hours += 0.1;
            points.push((filter.load, filter.head_loss));
        }
        let count = points.len() as f64;
        let mean = points.iter().fold((0.0, 0.0), |m, p| (m.0 + p.0 / count, m.1 + p.1 / count));
        let (sxx, sxy, syy) = points.iter().fold((0.0, 0.0, 0.0), |s, p| {
            let (x, y) = (p.0 - mean.0, p.1 - mean.1);
            (s.0 + x * x, s.1 + x * y, s.2 + y * y)
        });
        assert!(sxy * sxy / (sxx * syy) > 0.99);
        assert!((15.0..100.0).contains(&hours) && hours < last, "{settled} NTU: {hours} h");
        last = hours;
    }
}

/// V-6.15-05, V-6.15-06: ripening, and what a subfluidised end of the wash takes off its peak.
#[test]
fn a_washed_filter_peaks_ripens_and_peaks_less_after_a_gentle_end() {
    let ripening = |subfluid_s| {
        let mut filter = Filter::new(AREA, 0.6, 0.1);
        wash(&mut filter, subfluid_s);
        assert!(filter.load < 0.1 * 0.6, "{} kg/m²", filter.load);
        run(&mut filter, 90, 1.0, 1.0)
    };
    let minutes = ripening(60);
    let peak = minutes.iter().copied().fold(0.0, f64::max);
    let peak_at = minutes.iter().position(|ntu| *ntu == peak).expect("there is one");
    let fit_at = peak_at + minutes[peak_at..].iter().position(|ntu| *ntu < 0.3).expect("it ripens");
    assert!((0.7..1.6).contains(&peak) && peak_at < 15, "{peak} NTU after {peak_at} min");
    assert!((10..60).contains(&fit_at), "below 0.3 NTU after {fit_at} min");
    assert!(minutes[89] < 0.15, "{}", minutes[89]);
    let harsh = ripening(0).into_iter().fold(0.0, f64::max);
    assert!((0.3..0.6).contains(&(1.0 - peak / harsh)), "{peak} against {harsh} NTU");
}

/// V-6.15-08: a surge on a loaded filter.
#[test]
fn a_jerk_shakes_a_loaded_filter_more_than_a_clean_one() {
    let jerk = |load| {
        let mut filter = Filter::new(AREA, load, 0.1);
        let calm = run(&mut filter, 60, 1.0, 1.0)[59];
        let (pace, bed) = (Pace::new(1.0), Bed::at(25.0));
        let mut most = 0.0_f64;
        for _ in 0..600 {
            filter.filter(&pace, &bed, pace.volume(3.6), 1.0, 1.0);
            most = most.max(filter.turbidity);
        }
        most - calm
    };
    assert!(jerk(0.5) > 3.0 * jerk(0.05), "{} {}", jerk(0.5), jerk(0.05));
}

/// V-6.15-14: badly coagulated water passes the sand.
#[test]
fn under_dosed_water_goes_through() {
    let mut filter = Filter::new(AREA, 0.1, 0.1);
    assert!(run(&mut filter, 30, 1.0, 1.0)[29] < 0.12);
    assert!(run(&mut filter, 30, 5.0, 0.42)[29] > 0.5);
}

#[test]
fn a_wash_without_lift_cleans_nothing_and_leaves_mud() {
    let mut filter = Filter::new(AREA, 0.6, 0.1);
    let (pace, bed) = (Pace::new(1.0), Bed::at(25.0));
    for _ in 0..400 {
        filter.wash(&pace, &bed, pace.volume(12.0 * AREA), 0.0);
    }
    run(&mut filter, 1, 1.0, 1.0);
    assert!(filter.load > 0.59 && filter.mud > 0.0);
}

/// 6.6: gas that comes out of the water under a high loss raises it further, until the filter is washed.
#[test]
fn an_air_bound_filter_loses_more_until_it_is_washed() {
    let mut sound = Filter::new(AREA, 0.4, 0.1);
    let mut bound = Filter { binding: 0.02, ..Filter::new(AREA, 0.4, 0.1) };
    run(&mut sound, 600, 1.0, 1.0);
    run(&mut bound, 600, 1.0, 1.0);
    assert!(bound.head_loss > 1.08 * sound.head_loss, "{} {}", bound.head_loss, sound.head_loss);
    assert!((bound.load / sound.load - 1.0).abs() < 1.0e-9, "it catches as before");
    wash(&mut bound, 60);
    assert_eq!(bound.air_bound, 0.0);
    let mut clean = Filter { binding: 0.02, ..Filter::new(AREA, 0.05, 0.1) };
    run(&mut clean, 600, 1.0, 1.0);
    assert_eq!(clean.air_bound, 0.0, "no gas comes out under a low loss");
}

/// FIT-3n0 stands behind the filter: while a drained vessel fills, nothing leaves it and its meter shows nothing.
#[test]
fn a_drained_filter_fills_before_water_leaves_it() {
    let (pace, bed) = (Pace::new(1.0), Bed::at(25.0));
    let mut filter = Filter::new(AREA, 0.0, 0.1);
    let whole = filter.freeboard;
    filter.freeboard = 0.5 * whole;
    let mut out = 0.0;
    let mut seconds = 0.0;
    while filter.freeboard < whole {
        out = filter.filter(&pace, &bed, pace.volume(2.5), 1.0, 1.0);
        seconds += 1.0;
        assert!(filter.rate > 4.9 && (filter.freeboard >= whole || filter.outflow == 0.0));
    }
    assert!((seconds * pace.volume(2.5) - out - 0.5 * whole).abs() < 1.0e-9);
    filter.filter(&pace, &bed, pace.volume(2.5), 1.0, 1.0);
    assert!((filter.outflow - 2.5).abs() < 1.0e-9);
}
