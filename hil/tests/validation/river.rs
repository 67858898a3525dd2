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
