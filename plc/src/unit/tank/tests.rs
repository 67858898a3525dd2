//! Stories of one tank that water flows through.

use super::*;
use crate::quantity::{CubicMetresPerHour, MilligramsPerLitre, Ntu};
use crate::signal::Fault;

const SECOND: Duration = Duration::from_secs(1);

/// Raw water is wanted, and everything is free.
pub(super) fn flowing() -> Around {
    Around {
        wanted: true,
        may_move: true,
        turn: false,
        fill_turn: false,
        draw_turn: false,
        outlet_held: Reasons::NONE,
        stretch: 1,
        sludge_held: Reasons::NONE,
        sludge_pump: false,
        load: Load::default(),
        scale: 1.0,
        holds: Reasons::NONE,
        reset: false,
    }
}

/// A tank whose valves follow their relays, at a level that a story sets.
pub(super) struct Rig {
    pub tank: Tank,
    /// XV-205 stays where it is, whatever its relay does.
    pub stuck: bool,
    travelled: [f64; 3],
    /// Longest that XV-205 was open without a pause, s.
    pub longest_open: u32,
    open_for: u32,
}

impl Rig {
    pub fn of(tank: Tank) -> Rig {
        let mut rig =
            Rig { tank, stuck: false, travelled: [0.0, 1.0, 0.0], longest_open: 0, open_for: 0 };
        rig.tank.inputs.level = Signal::Good(Metres(1.80));
        rig.sense();
        rig
    }

    pub fn new() -> Rig {
        Rig::of(Tank::new(&Shape::default()))
    }

    pub fn serving() -> Rig {
        let mut rig = Rig::new();
        assert_eq!(rig.run_s(20, flowing()), State::InService);
        rig
    }

    fn sense(&mut self) {
        let ends = |at: f64| (Signal::Good(at >= 1.0), Signal::Good(at <= 0.0));
        let valves = [&mut self.tank.inlet.inputs, &mut self.tank.outlet.inputs];
        for (inputs, at) in valves.into_iter().zip(self.travelled) {
            (inputs.opened, inputs.closed) = ends(at);
        }
        let inputs = &mut self.tank.sludge.inputs;
        (inputs.opened, inputs.closed) = ends(self.travelled[2]);
    }

    pub fn run_s(&mut self, seconds: u32, around: Around) -> State {
        for _ in 0..seconds {
            self.tank.scan(around, SECOND);
            let tank = &self.tank;
            let inlet = (tank.inlet.outputs.open.value(), tank.inlet.outputs.close.value());
            let outlet = (tank.outlet.outputs.open.value(), tank.outlet.outputs.close.value());
            for (at, (open, close)) in self.travelled.iter_mut().zip([inlet, outlet]) {
                let way = f64::from(u8::from(open)) - f64::from(u8::from(close));
                *at = moved(*at, way / 15.0);
            }
            if !self.stuck {
                let way = if tank.sludge.outputs.open.value() { 0.1 } else { -0.1 };
                self.travelled[2] = moved(self.travelled[2], way);
            }
            self.open_for = if self.travelled[2] > 0.0 { self.open_for + 1 } else { 0 };
            self.longest_open = self.longest_open.max(self.open_for);
            self.sense();
        }
        self.tank.status.state
    }

    pub fn relays(&self) -> [bool; 3] {
        let tank = &self.tank;
        [
            tank.inlet.outputs.open.value(),
            tank.outlet.outputs.open.value(),
            tank.sludge.outputs.open.value(),
        ]
    }
}

/// R-2.5-01: waits while no raw water is wanted, fills where it is low, serves, and waits again with its valves as they are.
#[test]
fn a_tank_waits_fills_serves_and_waits_again() {
    let still = Around { wanted: false, ..flowing() };
    let mut rig = Rig::new();
    rig.tank.inputs.level = Signal::Good(Metres(0.9));
    assert_eq!(rig.run_s(60, still), State::Hold);
    assert_eq!(rig.relays(), [false; 3]);
    assert_eq!(rig.run_s(20, flowing()), State::Filling);
    assert!(rig.tank.path_open() && !rig.tank.carries());
    rig.tank.inputs.level = Signal::Good(Metres(1.66));
    assert_eq!(rig.run_s(5, flowing()), State::InService);
    assert!(rig.tank.carries());
    assert_eq!(rig.run_s(60, still), State::Hold);
    assert!(rig.tank.path_open() && rig.tank.carries());
    assert_eq!(rig.run_s(1, flowing()), State::InService);
    // Far below the weir it gives no water; a level that nobody knows is no reason to say so.
    rig.tank.inputs.level = Signal::Good(Metres(1.4));
    assert_eq!(rig.run_s(59, flowing()), State::InService);
    assert_eq!(rig.run_s(1, flowing()), State::Filling);
    rig.tank.inputs.level = Signal::Bad(Fault::Stale);
    assert_eq!(rig.run_s(1, flowing()), State::InService);
}

/// R-2.5-02: it joins and leaves only while the rate is low; then its inlet moves.
#[test]
fn a_tank_joins_and_leaves_only_at_the_reduced_rate() {
    let full_rate = Around { may_move: false, ..flowing() };
    let mut rig = Rig::new();
    assert_eq!(rig.run_s(60, full_rate), State::Hold);
    assert!(rig.tank.report(1.0).wants_to_move && rig.tank.inlet.is_closed());
    assert!(rig.tank.status.blocked.has(Reason::RateReduced));
    assert_eq!(rig.run_s(20, flowing()), State::InService);
    assert!(!rig.tank.report(1.0).wants_to_move);
    rig.tank.settings.in_use = false;
    assert_eq!(rig.run_s(60, full_rate), State::InService);
    assert!(rig.tank.report(1.0).wants_to_move && rig.tank.inlet.is_open());
    assert!(!rig.tank.is_in_use(), "it counts no more");
    assert_eq!(rig.run_s(20, flowing()), State::OutOfService);
    assert!(rig.tank.inlet.is_closed() && !rig.tank.carries());
    assert!(rig.tank.status.blocked.has(Reason::SwitchedOff));
    rig.tank.settings.in_use = true;
    assert_eq!(rig.run_s(20, flowing()), State::InService);
}

/// R-2.1-03: taken out of AUTO its sequence rests.
#[test]
fn a_tank_taken_out_of_auto_keeps_its_valves_where_people_want_them() {
    use crate::device::Mode;
    let mut rig = Rig::serving();
    rig.tank.handling.change(Mode::Off, 7);
    rig.tank.inlet.handling.change(Mode::Off, 7);
    assert_eq!(rig.run_s(60, flowing()), State::OutOfService);
    assert!(rig.tank.inlet.is_open() && !rig.tank.carries());
    rig.tank.handling.change(Mode::Auto, 8);
    rig.tank.inlet.handling.change(Mode::Manual, 8);
    assert!(rig.tank.inlet.handling.ask(Percent(0.0), SECOND * 600, 8).is_ok());
    rig.run_s(20, flowing());
    assert!(rig.tank.inlet.is_closed());
    assert!(rig.tank.status.blocked.has(Reason::ValveNotInPlace));
}

/// R-2.5-03: 40 s a turn, three times as long in muddy water, but never beyond 120 s; then the valve rests for a minute.
#[test]
fn a_turn_lasts_as_long_as_it_should_and_the_valve_rests_after_it() {
    for (stretch, time, length) in [(1, 40, 40), (3, 30, 90), (3, 60, 120), (u32::MAX, 20, 120)] {
        let mut rig = Rig::serving();
        rig.tank.settings.desludge_time = SECOND * time;
        let around = Around { stretch, ..flowing() };
        rig.run_s(1, Around { turn: true, ..around });
        let mut open = 0;
        while rig.tank.status.state == State::Desludging {
            open += 1;
            rig.run_s(1, around);
        }
        assert_eq!(open, length, "{stretch} times {time} s");
        assert_eq!(rig.tank.status.state, State::InService);
        // Its turn again at once: only when it has rested.
        let mut rested = 0;
        while rig.run_s(1, Around { turn: true, ..around }) != State::Desludging {
            rested += 1;
        }
        assert!((58..=60).contains(&rested), "{rested} s");
    }
}

/// R-2.5-03, R-2.9-03: a cause, or another valve that is not proven shut, ends a turn at once.
#[test]
fn a_turn_ends_at_once_where_sludge_may_not_flow() {
    let held = Around { holds: Reasons::only(Reason::WasteTankFull), ..flowing() };
    let other = Around { sludge_held: Reasons::only(Reason::OtherValveNotInPlace), ..flowing() };
    for around in [held, other] {
        let mut rig = Rig::serving();
        rig.run_s(15, Around { turn: true, ..flowing() });
        assert!(rig.relays()[2]);
        rig.run_s(1, around);
        rig.run_s(1, around);
        assert!(!rig.relays()[2]);
    }
}

/// INV-28: by hand or by a turn, XV-205 is open for 180 s at most, then shut for a minute, and never beside another one.
#[test]
fn a_sludge_valve_opened_by_hand_shuts_after_three_minutes() {
    use crate::device::Mode;
    let mut rig = Rig::serving();
    rig.tank.sludge.handling.change(Mode::Manual, 7);
    assert!(rig.tank.sludge.handling.ask(Percent(100.0), SECOND * 3600, 7).is_ok());
    rig.run_s(1, Around { sludge_held: Reasons::only(Reason::OtherValveNotInPlace), ..flowing() });
    rig.run_s(30, Around { sludge_held: Reasons::only(Reason::OtherValveNotInPlace), ..flowing() });
    assert!(!rig.relays()[2], "another one is open");
    let waits = Reasons::all(&[Reason::InManual, Reason::OtherValveNotInPlace]);
    assert_eq!(rig.tank.sludge.status.blocked, waits);
    rig.run_s(1, Around { holds: Reasons::only(Reason::WasteTankFull), ..flowing() });
    assert!(rig.tank.sludge.status.blocked.has(Reason::WasteTankFull));
    for second in 0..240 {
        rig.run_s(1, flowing());
        // Open, or on its way; else it says what it waits for.
        let rests = rig.tank.sludge.status.blocked.has(Reason::ValveRests);
        assert_eq!(rests, !rig.relays()[2], "{second} s");
    }
    rig.run_s(660, flowing());
    assert!((150..=180).contains(&rig.longest_open), "{} s", rig.longest_open);
}

/// R-2.5-04, F16: alarm 208 above 12 kg, away below 10, both as large as the tank is.
#[test]
fn too_much_sludge_is_called_out() {
    for (kilograms, scale, expected) in [
        (12.1, 1.0, Condition::Active),
        (12.0, 1.0, Condition::AsBefore),
        (10.0, 1.0, Condition::Clear),
        (12.1, 1.2, Condition::AsBefore),
        (14.5, 1.2, Condition::Active),
    ] {
        let mut rig = Rig::serving();
        rig.tank.retained.sludge_mass = Kilograms(kilograms);
        rig.run_s(1, Around { scale, ..flowing() });
        assert_eq!(rig.tank.alarms.sludge_full, expected, "{kilograms} kg, {scale}");
    }
}

/// R-2.5-04: what flows in gathers, what P-205 draws goes, and the time since starts anew.
#[test]
fn a_turn_with_the_pump_lowers_the_estimate_and_begins_the_interval_anew() {
    let load = Load {
        flow: CubicMetresPerHour(2.5),
        raw: Signal::Good(Ntu(500.0)),
        settled: Signal::Good(Ntu(4.0)),
        dose: MilligramsPerLitre(31.0),
    };
    let mut rig = Rig::serving();
    rig.run_s(3600, Around { load, ..flowing() });
    let gathered = rig.tank.retained.sludge_mass.0;
    assert!((1.9..2.1).contains(&gathered), "{gathered} kg");
    rig.run_s(1, Around { turn: true, stretch: 3, ..flowing() });
    rig.run_s(60, Around { sludge_pump: false, stretch: 3, ..flowing() });
    assert_eq!(rig.tank.retained.sludge_mass.0, gathered, "without P-205 nothing is counted");
    rig.run_s(60, Around { sludge_pump: true, stretch: 3, ..flowing() });
    let left = rig.tank.retained.sludge_mass.0;
    assert!((0.6..0.9).contains(&(gathered - left)), "{left} kg left");
    assert!(rig.tank.status.since_desludge < SECOND * 5);
}

/// R-2.5-05, F18: near the rim for 10 s the intake is stopped, until the level is 0.1 m lower for a minute.
#[test]
fn a_tank_near_its_rim_stops_the_intake_until_it_is_lower_for_a_minute() {
    let mut rig = Rig::serving();
    let mut level_s = |level: Signal<Metres>, seconds| {
        rig.tank.inputs.level = level;
        rig.run_s(seconds, flowing());
        (rig.tank.is_high(), rig.tank.alarms.near_overflow)
    };
    assert_eq!(level_s(Signal::Good(Metres(1.95)), 60), (false, Condition::AsBefore));
    assert_eq!(level_s(Signal::Good(Metres(1.951)), 9), (false, Condition::Active));
    assert_eq!(level_s(Signal::Good(Metres(1.951)), 1), (true, Condition::Active));
    assert_eq!(level_s(Signal::Good(Metres(1.86)), 600), (true, Condition::AsBefore));
    assert_eq!(level_s(Signal::Bad(Fault::Stale), 600), (true, Condition::Bad(Fault::Stale)));
    assert_eq!(level_s(Signal::Good(Metres(1.84)), 59), (true, Condition::Clear));
    assert_eq!(level_s(Signal::Good(Metres(1.84)), 1), (false, Condition::Clear));
    assert_eq!(level_s(Signal::Good(Metres(f64::NAN)), 10), (true, Condition::AsBefore));
}

/// F17: a sludge valve that does not shut is called out; its tank takes no more water, and comes back by reset.
#[test]
fn a_tank_whose_sludge_valve_stays_open_takes_no_more_water() {
    let mut rig = Rig::serving();
    rig.run_s(15, Around { turn: true, ..flowing() });
    rig.stuck = true;
    rig.run_s(55, flowing());
    assert_eq!(rig.tank.alarms.valve_fault, Condition::Active);
    assert_eq!(rig.tank.status.state, State::InService);
    rig.run_s(90, flowing());
    assert_eq!(rig.tank.status.state, State::Fault);
    assert!(rig.tank.inlet.is_closed() && !rig.tank.is_available());
    rig.stuck = false;
    rig.run_s(20, flowing());
    assert_eq!(rig.tank.status.state, State::Fault);
    rig.run_s(1, Around { reset: true, ..flowing() });
    assert_eq!(rig.run_s(20, flowing()), State::InService);
}

/// A sludge valve that does not open costs its sludge, not its water; in a power cut nobody is called for it.
#[test]
fn a_tank_whose_sludge_valve_stays_shut_serves_on_and_calls() {
    let mut rig = Rig::serving();
    rig.stuck = true;
    rig.run_s(30, Around { turn: true, ..flowing() });
    assert_eq!(rig.run_s(60, flowing()), State::InService);
    assert_eq!(rig.tank.alarms.valve_fault, Condition::Active);
    assert!(!rig.tank.can_desludge() && rig.tank.carries());
    rig.run_s(1, Around { holds: Reasons::only(Reason::MainsLost), ..flowing() });
    assert_eq!(rig.tank.alarms.valve_fault, Condition::Suppressed);
}

/// R-2.0-07: an inlet that has failed closes the tank.
#[test]
fn a_tank_with_a_failed_inlet_is_out_until_reset() {
    let mut rig = Rig::new();
    rig.tank.inlet.inputs =
        crate::device::ValveInputs { opened: Signal::Good(true), closed: Signal::Good(true) };
    rig.tank.scan(flowing(), SECOND);
    rig.tank.scan(flowing(), SECOND);
    rig.tank.scan(flowing(), SECOND);
    assert_eq!(rig.tank.status.state, State::Fault);
    assert!(!rig.tank.is_available() && rig.tank.status.blocked.has(Reason::ValveFault));
    assert_eq!(rig.tank.alarms.valve_fault, Condition::Active);
}

fn moved(at: f64, way: f64) -> f64 {
    crate::quantity::Ratio(at + way)
        .within(crate::quantity::Ratio(0.0), crate::quantity::Ratio(1.0))
        .0
}
