//! What a world may have that the reference plant is spared.

use hil::TwinParameters;
use hil::model::hydraulics::{Pace, PumpStation, Suction};
use hil::model::panel::Mains;
use hil::model::power::Grid;
use hil::model::random::Random;
use hil::model::river::River;
use hil::model::weather::Weather;
use hil::model::works::Works;

/// 6.3: a pump that has turned dry for 300 s in all moves no water any more until it is mended.
#[test]
fn a_pump_that_ran_dry_for_five_minutes_is_broken() {
    let parameters = TwinParameters::default();
    let mut station = PumpStation::new(parameters.lift_pump, 1);
    station.dry_limit_s = 300.0;
    station.drives[0].ratio = 0.96;
    let pace = Pace::new(1.0);
    for _ in 0..299 {
        station.settle(&pace, 6.0, Suction::Dry);
    }
    assert!(!station.drives[0].seized && station.flow_against(22.0, 0.0) > 5.0);
    station.settle(&pace, 6.0, Suction::Dry);
    assert!(station.drives[0].seized && station.flow_against(22.0, 0.0) == 0.0);
    station.drives[0].seized = false;
    station.settle(&pace, 6.0, Suction::Dry);
    assert!(!station.drives[0].seized, "a mended pump begins anew");
}

/// 6.13: dips, each shorter than a second, as many as asked.
#[test]
fn the_mains_dip_as_often_as_asked_and_for_less_than_a_second() {
    let parameters = TwinParameters { dips_per_day: 20.0, ..TwinParameters::default() };
    let mut grid = Grid::default();
    let mut dips = 0;
    for _ in 0..100 * 1_440 {
        grid.advance_minute(&parameters, 12.0, 0.0, Random { seed: 4 });
        if grid.mains() == Mains::Absent {
            dips += 1;
            for _ in 0..10 {
                grid.advance(&parameters, 0.1, 0.0);
            }
            assert_eq!(grid.mains(), Mains::Present, "a dip ends within a second");
        }
    }
    assert!((1_800..2_200).contains(&dips), "{dips} in 100 days");
}

/// 6.13: five times as many outages begin in the rain.
#[test]
fn outages_come_with_storms() {
    let parameters =
        TwinParameters { outages_per_day: 2.0, storm_outages: 5.0, ..TwinParameters::default() };
    let outages = |rain| {
        let (mut grid, mut count, mut was) = (Grid::default(), 0, Mains::Present);
        for _ in 0..365 * 1_440 {
            grid.advance_minute(&parameters, 12.0, rain, Random { seed: 2 });
            let mains = grid.mains();
            count += i32::from(mains == Mains::Absent && was == Mains::Present);
            was = mains;
        }
        f64::from(count)
    };
    // Less than five: no outage begins while one lasts, 40 minutes in the mean.
    let times = outages(3.0) / outages(0.0);
    assert!((3.3..5.0).contains(&times), "{times}");
}

/// 6.1: pH 7.6 ± 0.2 over a day.
#[test]
fn the_ph_of_the_river_swings_with_the_sun() {
    let parameters =
        TwinParameters { ph_swing: 0.2, dry_storms_per_day: 0.0, ..TwinParameters::default() };
    let random = Random { seed: 1 };
    let mut weather = Weather::new(&parameters);
    let mut river = River::new(&parameters, &weather);
    let (mut low, mut high, mut highest_at) = (f64::INFINITY, 0.0, 0.0);
    for _ in 0..1_440 {
        weather.advance(&parameters, random);
        river.advance(&parameters, &weather, random);
        let ph = river.water.ph();
        low = low.min(ph);
        if ph > high {
            (high, highest_at) = (ph, weather.hour());
        }
    }
    assert!((low - 7.4).abs() < 0.05 && (high - 7.8).abs() < 0.05, "{low} to {high}");
    assert!((14.0..16.0).contains(&highest_at), "at {highest_at} h");
}

/// 6.12: a network that leaks a fifth loses a fifth of the mean demand beside it, and the books close.
#[test]
fn a_leaking_network_takes_more_than_the_village_asks_for() {
    let served = |leak_share| {
        let parameters = TwinParameters { leak_share, ..TwinParameters::default() };
        let mut works = Works::new(parameters, 1);
        let pace = Pace::new(1.0);
        let mut out = 0.0;
        for _ in 0..2 * 3_600 {
            works.advance(&pace);
            out += pace.volume(works.village_flow);
        }
        assert!(works.unmet == 0.0 && works.balance().water < 1.0e-6);
        out
    };
    let more = served(0.2) - served(0.0);
    assert!((more - 2.0 * 82.0 / 24.0 * 0.2).abs() < 0.01, "{more} m³");
}
