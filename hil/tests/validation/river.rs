//! Storms of the weather.

use hil::TwinParameters;
use hil::model::random::Random;
use hil::model::river::River;
use hil::model::weather::Weather;

/// V-6.15-15: VC-15, in half of the storms that stand alone, or more, turbidity peaks before the level does.
#[test]
fn turbidity_peaks_before_the_level_in_most_storms() {
    let parameters = TwinParameters { start_day: 150.0, ..TwinParameters::default() };
    let (mut events, mut before) = (0, 0);
    for seed in 0..6 {
        let random = Random { seed };
        let mut weather = Weather::new(&parameters);
        let mut river = River::new(&parameters, &weather);
        // Minute, turbidity and level of each peak since the last storm began.
        let (mut muddy, mut high) = ((0, 0.0), (0, 0.0));
        let mut storms = 0;
        for minute in 0..120 * 1_440 {
            weather.advance(&parameters, random);
            river.advance(&parameters, &weather, random);
            if weather.storms > storms {
                if high.1 > 1.3 && muddy.1 > 100.0 {
                    events += 1;
                    before += i32::from(muddy.0 < high.0);
                }
                storms = weather.storms;
                (muddy, high) = ((0, 0.0), (0, 0.0));
            }
            if river.water.turbidity > muddy.1 {
                muddy = (minute, river.water.turbidity);
            }
            if river.level > high.1 {
                high = (minute, river.level);
            }
        }
    }
    println!("{before} of {events} storms");
    assert!(events > 50 && 2 * before >= events, "{before} of {events}");
}

/// V-6.15-15: VC-15, storms that stand alone: from the base of the day to the peak in one to three hours, and ten to a hundred
/// times the base there, as a rule.
#[test]
fn storms_rise_within_hours_to_many_times_the_base() {
    let parameters = TwinParameters { start_day: 150.0, ..TwinParameters::default() };
    let (mut hours, mut times) = (Vec::new(), Vec::new());
    for seed in 0..6 {
        let random = Random { seed };
        let mut weather = Weather::new(&parameters);
        let mut river = River::new(&parameters, &weather);
        // Turbidity before the storm, the minute at which it left that behind, and its peak.
        let (mut base, mut rose, mut peak) = (f64::INFINITY, None, (0, 0.0));
        let (mut storms, mut calm) = (0, 0);
        for minute in 0..120 * 1_440 {
            weather.advance(&parameters, random);
            river.advance(&parameters, &weather, random);
            let turbidity = river.water.turbidity;
            if weather.storms > storms {
                if let (Some(rose), true) = (rose, peak.1 > 100.0 && base < 60.0) {
                    hours.push(f64::from(peak.0 - rose) / 60.0);
                    times.push(peak.1 / base);
                }
                storms = weather.storms;
                (base, rose, peak, calm) = (turbidity, None, (0, 0.0), minute);
            }
            if rose.is_none() && turbidity > 2.0 * base {
                rose = Some(minute);
            }
            if turbidity > peak.1 && minute - calm < 1_440 {
                peak = (minute, turbidity);
            }
        }
    }
    hours.sort_by(f64::total_cmp);
    times.sort_by(f64::total_cmp);
    let at = |list: &[f64], share: f64| list[((list.len() - 1) as f64 * share) as usize];
    println!(
        "{} storms: rise {:.1}/{:.1}/{:.1} h, {:.0}/{:.0}/{:.0} times the base",
        hours.len(),
        at(&hours, 0.1),
        at(&hours, 0.5),
        at(&hours, 0.9),
        at(&times, 0.1),
        at(&times, 0.5),
        at(&times, 0.9),
    );
    assert!(hours.len() > 30);
    assert!((1.0..=3.0).contains(&at(&hours, 0.5)), "{hours:?}");
    assert!((10.0..=100.0).contains(&at(&times, 0.5)), "{times:?}");
}
