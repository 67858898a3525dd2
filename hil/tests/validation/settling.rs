//! Settled water of a year.

use hil::TwinParameters;
use hil::model::coagulation::{effectiveness, optimal_dose};
use hil::model::hydraulics::Pace;
use hil::model::random::Random;
use hil::model::river::River;
use hil::model::settling::SedimentationTank;
use hil::model::water::Water;
use hil::model::weather::Weather;

/// Steps of a minute.
const STEPS: u32 = 4;

/// V-6.15-13: VC-13, a year of the river, the right dose, half of the nominal flow through each tank: while the river stands
/// at 10 to 200 NTU, settled water is below 2 NTU for 95 % of the time.
#[test]
fn settled_water_meets_its_goal_nearly_always_while_the_river_is_no_worse_than_200() {
    for seed in [7, 8] {
        let parameters = TwinParameters { start_day: 0.0, ..TwinParameters::default() };
        let random = Random { seed };
        let mut weather = Weather::new(&parameters);
        let mut river = River::new(&parameters, &weather);
        let clear = Water { turbidity: 1.0, ..Water::default() };
        let mut tank = SedimentationTank::new(&parameters, clear);
        let pace = Pace::new(60.0 / f64::from(STEPS));
        let (mut counted, mut good, mut raw_sum) = (0_u32, 0_u32, 0.0);
        for _ in 0..365 * 1_440 {
            weather.advance(&parameters, random);
            river.advance(&parameters, &weather, random);
            let raw = river.water.turbidity;
            let best = optimal_dose(raw, weather.temperature, river.water.ph());
            let mut floc = river.water;
            floc.add_coagulant(best);
            floc.coagulated = effectiveness(best, best);
            for _ in 0..STEPS {
                tank.take_in(&pace, pace.volume(2.5), &floc);
                tank.run_off(&pace);
            }
            // Desludged in time: R-2.5-03.
            tank.sludge_kg = tank.sludge_kg.min(5.0);
            raw_sum += raw;
            if (10.0..=200.0).contains(&raw) {
                counted += 1;
                good += u32::from(tank.water.turbidity < 2.0);
            }
        }
        let (share, raw) = (f64::from(good) / f64::from(counted), raw_sum / (365.0 * 1_440.0));
        println!(
            "seed {seed}: {:.1} % of {counted} minutes, {raw:.0} NTU on average",
            100.0 * share
        );
        // The goal is that of rivers above 10 NTU on the average of a year.
        assert!(raw > 10.0 && share >= 0.95, "seed {seed}: {share}, {raw} NTU");
    }
}
