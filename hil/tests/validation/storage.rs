//! A village on what stands in its tanks.

use hil::TwinParameters;
use hil::model::hydraulics::Pace;
use hil::model::works::Works;

/// V-6.15-19: VC-19, nothing is made any more, both tanks stand at their upper working levels (1.85 m, 2.30 m): what
/// the village gets before the first tap runs dry is its mean demand of 12 h or more, whenever that begins.
#[test]
fn full_tanks_hold_half_a_day_of_the_mean_demand() {
    for start_hour in [0.0, 6.0, 13.0, 20.0] {
        let parameters = TwinParameters {
            start_hour,
            start_clear_well: 1.85,
            start_elevated: 2.30,
            ..TwinParameters::default()
        };
        let an_hour = parameters.demand_per_day / 24.0;
        let mut works = Works::new(parameters, 11);
        (works.panel.requested, works.lift.permit) = (true, true);
        let pace = Pace::new(1.0);
        let (mut got, mut hours) = (0.0, 0.0);
        while works.unmet < 0.01 && hours < 24.0 {
            works.panel.heartbeat = !works.panel.heartbeat;
            let tower = works.elevated.as_ref().map_or(0.0, |tank| tank.level());
            let drive = &mut works.lift.drives[0];
            drive.speed_percent = 96.0;
            drive.run = if drive.run { tower < 2.3 } else { tower < 1.5 };
            works.advance(&pace);
            got += pace.volume(works.village_flow);
            hours += pace.hours;
        }
        let mean = got / an_hour;
        println!("from {start_hour} h: {mean:.2} h of the mean demand, {hours:.2} h by the clock");
        assert!(mean >= 12.0, "from {start_hour} h: {mean} h");
        assert!(works.balance().closes());
    }
}
