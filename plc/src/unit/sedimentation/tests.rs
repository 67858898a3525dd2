//! Stories of the turns and the rate, with tanks that are told what they see.

use super::*;
use crate::quantity::Kilograms;
use crate::signal::Fault;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: u32 = 60;
const HOUR: u32 = 3600;

/// Sedimentation among tanks that obey: a turn lasts 50 s and draws half a kilogram, or what a story says.
struct Rig {
    unit: Sedimentation,
    around: Around,
    turn_s: [u32; TANKS_MAX],
    /// kg that a turn draws.
    drawn: f64,
    /// % of T-601 a second that it rises by while sludge is drawn.
    rises: f64,
    /// Turns begun, by tank, with the second they began in.
    begun: Vec<(u32, usize)>,
    second: u32,
    most_open: usize,
}

use std::vec::Vec;

impl Rig {
    fn of(tanks: u8) -> Rig {
        let shape = Shape { tanks, ..Shape::default() };
        let tank = Report {
            is_available: true,
            is_in_use: true,
            carries: true,
            can_desludge: true,
            sludge: Kilograms(0.3),
            sludge_high: Kilograms(6.0),
            scale: 1.0,
            ..Report::default()
        };
        let mut around = Around {
            nominal: CubicMetresPerHour(5.0),
            raw_flow: Signal::Good(CubicMetresPerHour(5.0)),
            feed: Signal::Good(CubicMetresPerHour(5.0)),
            raw_turbidity: Signal::Good(Ntu(20.0)),
            tanks: [Report::default(); TANKS_MAX],
            ordered: 0,
            muddy: false,
            all: false,
            producing: true,
            high_wash: false,
            waste_level: Signal::Good(Percent(40.0)),
            waste_busy: false,
            holds: Reasons::NONE,
            reset: false,
        };
        around.tanks[..usize::from(tanks)].fill(tank);
        Rig {
            unit: Sedimentation::new(&shape),
            around,
            turn_s: [0; TANKS_MAX],
            drawn: 0.5,
            rises: 0.0139,
            begun: Vec::new(),
            second: 0,
            most_open: 0,
        }
    }

    fn run_s(&mut self, seconds: u32) {
        for _ in 0..seconds {
            let mut stagger = Stagger::default();
            stagger.elapse(Duration::ZERO, SECOND);
            self.unit.scan(self.around, &mut stagger, SECOND);
            self.around.ordered = 0;
            self.around.all = false;
            self.second += 1;
            let runs = self.unit.sludge_pump.outputs.run.value();
            self.unit.sludge_pump.inputs.running = Signal::Good(runs);
            let mut open = 0;
            for at in 0..self.unit.tanks {
                if self.unit.turn_of(at) && self.turn_s[at] == 0 {
                    assert_eq!(self.unit.sludge_held(at), Reasons::NONE);
                    self.begun.push((self.second, at));
                    self.turn_s[at] = 50;
                }
                let tank = &mut self.around.tanks[at];
                tank.since += SECOND;
                let draws = self.turn_s[at] > 0;
                (tank.desludging, tank.sludge_open, tank.sludge_flows) = (draws, draws, draws);
                if draws {
                    self.around.waste_level =
                        self.around.waste_level.map(|level| Percent(level.0 + self.rises));
                    open += 1;
                    tank.since = Duration::ZERO;
                    self.turn_s[at] -= 1;
                    tank.sludge = Kilograms(tank.sludge.0 - self.drawn / 50.0);
                }
            }
            assert!(runs || !self.unit.sludge_pump.is_running());
            self.most_open = self.most_open.max(open);
        }
    }

    /// Tanks drawn, in order.
    fn order(&self) -> Vec<usize> {
        self.begun.iter().map(|(_, tank)| *tank).collect()
    }

    fn rate(&self) -> f64 {
        self.unit.status.rate_limit.0
    }
}

/// R-2.5-03: the interval of the rounds by raw turbidity; muddier than 53 NTU the waste tank's hour and a half.
#[test]
fn the_interval_of_the_rounds_follows_the_raw_turbidity() {
    for (raw, hours) in [
        (Signal::Good(Ntu(1.0)), 12.0),
        (Signal::Good(Ntu(5.0)), 12.0),
        (Signal::Good(Ntu(8.0)), 10.0),
        (Signal::Good(Ntu(20.0)), 4.0),
        (Signal::Good(Ntu(40.0)), 2.0),
        (Signal::Good(Ntu(100.0)), 1.5),
        (Signal::Good(Ntu(900.0)), 1.5),
        (Signal::Good(Ntu(f64::NAN)), 12.0),
        (Signal::Bad(Fault::Stale), 4.0),
    ] {
        let mut rig = Rig::of(2);
        rig.around.raw_turbidity = raw;
        rig.run_s(1);
        let now = rig.unit.status.interval_now.as_secs_f64() / 3600.0;
        assert!((now - hours).abs() < 1e-9, "{raw:?}: {now} h");
    }
}

/// R-2.5-03, INV-28: one tank after the other, a minute between them, then nothing for the whole interval, so that the waste
/// tank settles.
#[test]
fn a_round_draws_one_tank_after_the_other_and_then_leaves_the_waste_tank_in_peace() {
    let mut rig = Rig::of(3);
    rig.around.tanks[1].since = SECOND * 1800;
    rig.run_s(4 * HOUR + 20 * MINUTE);
    assert_eq!(rig.order().len(), 3, "{:?}", rig.begun);
    assert_eq!(rig.most_open, 1);
    for pair in rig.begun.windows(2) {
        let gap = pair[1].0 - pair[0].0;
        assert!((110..=120).contains(&gap), "{gap} s from turn to turn");
    }
    let first = rig.begun[0].0;
    rig.run_s(3 * HOUR + 30 * MINUTE);
    let next = rig.begun[3].0;
    assert!(next - first >= 4 * HOUR - 60, "{first} s, {next} s");
    assert!(rig.unit.status.round_left > Duration::ZERO);
}

/// R-2.5-03, R-2.2.2-02: in muddy water turns last three times as long, and come again in the same round while more than a
/// kilogram is left, four at most.
#[test]
fn in_muddy_water_a_round_draws_what_has_gathered() {
    let mut rig = Rig::of(2);
    rig.around.muddy = true;
    assert_eq!(rig.unit.stretch(&rig.around), 3);
    rig.around.muddy = false;
    assert_eq!(rig.unit.stretch(&rig.around), 1);
    for (sludge, drawn, turns) in [(3.9, 1.5, 2), (4.1, 1.5, 3), (0.9, 0.5, 1), (5.9, 0.1, 4)] {
        let mut rig = Rig::of(1);
        rig.drawn = drawn;
        rig.around.raw_turbidity = Signal::Good(Ntu(600.0));
        rig.around.tanks[0].sludge = Kilograms(sludge);
        rig.around.tanks[0].since = SECOND * 5401;
        rig.run_s(HOUR);
        assert_eq!(rig.begun.len(), turns, "{sludge} kg, {drawn} kg a turn");
    }
}

/// R-2.5-03: a round waits while P-601 decants or a filter is washed; sludge above 6 kg does not (R-2.5-04).
#[test]
fn a_round_waits_for_decanting_and_washing_unless_sludge_presses() {
    let mut rig = Rig::of(2);
    rig.around.waste_busy = true;
    rig.around.tanks[0].since = SECOND * 20_000;
    rig.run_s(HOUR);
    assert_eq!(rig.order(), [0_usize; 0]);
    rig.around.tanks[1].sludge = Kilograms(6.1);
    rig.drawn = 6.0;
    rig.run_s(10);
    assert_eq!(rig.order(), [1]);
    rig.around.waste_busy = false;
    rig.run_s(10 * MINUTE);
    assert_eq!(rig.order(), [1, 0]);
}

/// R-2.5-03, R-2.9-03: never while wash water flows, nor into a waste tank above 85 % or of an unknown level, nor against a
/// cause; an order given meanwhile is not forgotten.
#[test]
fn nothing_is_drawn_while_the_waste_tank_has_no_room() {
    type Change = fn(&mut Around);
    let rows: [(Change, Reason); 5] = [
        (|around| around.high_wash = true, Reason::Washing),
        (|around| around.waste_level = Signal::Good(Percent(85.1)), Reason::WasteTankHigh),
        (|around| around.waste_level = Signal::Bad(Fault::Stale), Reason::WasteTankHigh),
        (|around| around.waste_level = Signal::Good(Percent(f64::NAN)), Reason::WasteTankHigh),
        (|around| around.holds = Reasons::only(Reason::WasteTankFull), Reason::WasteTankFull),
    ];
    for (change, reason) in rows {
        let mut rig = Rig::of(2);
        let free = rig.around;
        rig.around.ordered = 0b10;
        change(&mut rig.around);
        rig.around.tanks[0].sludge = Kilograms(9.0);
        rig.run_s(HOUR);
        assert_eq!(rig.order(), [0_usize; 0], "{reason:?}");
        assert!(rig.unit.status.blocked.has(reason));
        assert!(rig.unit.sludge_held(0).has(reason) && !rig.unit.sludge_pump.outputs.run.value());
        rig.around = free;
        rig.run_s(5 * MINUTE);
        assert!(rig.order().contains(&1), "{reason:?}: the order");
    }
    let mut rig = Rig::of(1);
    rig.around.waste_level = Signal::Good(Percent(85.0));
    rig.around.ordered = 1;
    rig.run_s(10);
    assert_eq!(rig.order(), [0]);
}

/// R-2.1-05: a desludging that was ordered from afar is wanted no more once somebody has taken over at the panel; one that the
/// sludge itself asks for is.
#[test]
fn an_order_to_desludge_lapses_when_somebody_takes_over_at_the_panel() {
    for (sludge, drawn) in [(0.3, [].as_slice()), (6.1, [1].as_slice())] {
        let mut rig = Rig::of(2);
        let free = rig.around;
        rig.around.ordered = 0b10;
        rig.around.waste_level = Signal::Good(Percent(85.1));
        rig.around.tanks[1].sludge = Kilograms(sludge);
        rig.run_s(60);
        rig.around.holds = Reasons::only(Reason::LocalControl);
        rig.unit.end_orders();
        rig.run_s(60);
        let tanks = rig.around.tanks;
        rig.around = Around { tanks, ..free };
        rig.run_s(30 * MINUTE);
        assert_eq!(rig.order().first().map(core::slice::from_ref).unwrap_or_default(), drawn);
    }
}

/// R-2.14-05: before a storm every tank is drawn once, also while the plant stands.
#[test]
fn before_a_storm_every_tank_is_drawn_once() {
    let mut rig = Rig::of(2);
    rig.around.producing = false;
    rig.run_s(HOUR);
    rig.around.all = true;
    rig.run_s(HOUR);
    let mut order = rig.order();
    order.sort_unstable();
    assert_eq!(order, [0, 1]);
}

/// R-2.14-05: a tank that cannot be drawn in the minute in which the storm is seen is drawn as soon as it can be, once; one that is
/// taken out is not waited for.
#[test]
fn a_tank_that_is_busy_when_a_storm_is_seen_is_drawn_later() {
    for (available, drawn) in [(true, [0, 1].as_slice()), (false, [0].as_slice())] {
        let mut rig = Rig::of(2);
        rig.around.producing = false;
        rig.around.tanks[1].can_desludge = false;
        rig.run_s(60);
        rig.around.all = true;
        rig.run_s(HOUR / 2);
        assert_eq!(rig.order(), [0]);
        rig.around.tanks[1].is_available = available;
        rig.run_s(1);
        rig.around.tanks[1].is_available = true;
        rig.around.tanks[1].can_desludge = true;
        rig.run_s(HOUR);
        assert_eq!(rig.order(), drawn);
    }
}

/// R-2.5-03: P-205 runs only while a sludge valve is proven open, by hand too.
#[test]
fn the_sludge_pump_never_works_against_shut_valves() {
    use crate::device::Mode;
    let mut rig = Rig::of(2);
    rig.unit.sludge_pump.handling.change(Mode::Manual, 7);
    assert!(rig.unit.sludge_pump.handling.ask(Percent(100.0), SECOND * 3600, 7).is_ok());
    rig.run_s(60);
    assert!(!rig.unit.sludge_pump.outputs.run.value());
    assert!(rig.unit.sludge_pump.status.blocked.has(Reason::NoPathOpen));
    rig.around.ordered = 1;
    rig.run_s(10);
    assert!(rig.unit.sludge_pump.outputs.run.value());
}

/// R-2.5-02: to REDUCED at once when a tank joins, leaves or is out; back to the full rate in ten minutes; a tank moves when
/// the water has come down, or after two minutes.
#[test]
fn the_rate_is_low_before_a_tank_moves_and_rises_slowly_after_it() {
    let mut rig = Rig::of(2);
    rig.run_s(10 * MINUTE);
    assert!((rig.rate() - 5.0).abs() < 0.01, "{}", rig.rate());
    assert!(!rig.unit.may_move());
    rig.around.tanks[1].wants_to_move = true;
    rig.run_s(1);
    assert_eq!(rig.rate(), 3.5);
    assert!(!rig.unit.may_move());
    rig.around.raw_flow = Signal::Good(CubicMetresPerHour(3.6));
    rig.run_s(1);
    assert!(rig.unit.may_move());
    for flow in [
        Signal::Good(CubicMetresPerHour(5.0)),
        Signal::Bad(Fault::Stale),
        Signal::Good(CubicMetresPerHour(f64::NAN)),
    ] {
        rig.around.raw_flow = flow;
        rig.around.tanks[1].wants_to_move = false;
        rig.run_s(1);
        rig.around.tanks[1].wants_to_move = true;
        rig.run_s(119);
        assert!(!rig.unit.may_move(), "{flow:?}");
        rig.run_s(1);
        assert!(rig.unit.may_move(), "{flow:?}");
    }
    rig.around.tanks[1].wants_to_move = false;
    rig.around.tanks[1].carries = false;
    rig.run_s(HOUR);
    assert_eq!(rig.rate(), 3.5, "one is out");
    rig.around.tanks[1].carries = true;
    rig.run_s(5 * MINUTE);
    assert!((rig.rate() - 4.25).abs() < 0.01, "{}", rig.rate());
    rig.run_s(5 * MINUTE);
    assert!((rig.rate() - 5.0).abs() < 0.01, "{}", rig.rate());
}

/// R-2.5-02: the only tank that is used pauses the intake, and leaves when nothing flows any more.
#[test]
fn the_last_tank_pauses_production_while_it_is_out() {
    let mut rig = Rig::of(1);
    rig.run_s(1);
    assert!(!rig.unit.pauses());
    rig.around.tanks[0].wants_to_move = true;
    rig.around.tanks[0].is_in_use = false;
    rig.around.raw_flow = Signal::Good(CubicMetresPerHour(3.0));
    rig.run_s(1);
    assert!(rig.unit.pauses() && !rig.unit.may_move());
    rig.around.raw_flow = Signal::Good(CubicMetresPerHour(0.1));
    rig.run_s(1);
    assert!(rig.unit.pauses() && rig.unit.may_move());
}

/// R-2.1-03: taken out of AUTO it calls nobody.
#[test]
fn sedimentation_taken_out_of_auto_calls_no_tank() {
    let mut rig = Rig::of(2);
    rig.unit.handling.change(crate::device::Mode::Off, 7);
    rig.around.ordered = 1;
    rig.run_s(HOUR);
    assert_eq!(rig.order(), [0_usize; 0]);
    rig.unit.handling.change(crate::device::Mode::Auto, 8);
    rig.run_s(10);
    assert_eq!(rig.order(), [0]);
}

/// R-2.5-03, INV-22: whatever is asked for, P-205 starts six times an hour.
#[test]
fn the_seventh_turn_in_an_hour_waits() {
    let mut rig = Rig::of(2);
    let mut ask = |turns: u32| {
        for turn in 0..turns {
            rig.around.ordered = 1 << (turn % 2);
            rig.run_s(3 * MINUTE);
        }
        (rig.begun.len(), rig.unit.status.blocked.has(Reason::StartsUsedUp))
    };
    assert_eq!(ask(5), (5, false));
    assert_eq!(ask(14), (6, true), "within the hour");
    assert_eq!(ask(2), (7, true), "the first is an hour ago");
}

/// R-2.5-12: what a turn should bring T-601 shows, or alarm 213 says that no sludge comes and none counts as drawn; what
/// washes and decanting do to the level says nothing.
#[test]
fn sludge_that_does_not_come_is_told_and_does_not_count_as_drawn() {
    for (rises, busy, fails) in [
        (0.0139, false, false),
        // By gravity alone, with P-205 standing still in it.
        (0.0070, false, false),
        (0.0015, false, true),
        (0.0, false, true),
        (0.0, true, false),
    ] {
        let mut rig = Rig::of(2);
        (rig.rises, rig.around.waste_busy) = (rises, busy);
        for turn in 0..12 {
            assert!(turn > 4 || rig.unit.alarms.no_sludge == Condition::Clear, "{rises}: too soon");
            rig.around.ordered = 1 << (turn % 2);
            rig.run_s(11 * MINUTE);
        }
        assert_eq!(rig.begun.len(), 12);
        let told = rig.unit.alarms.no_sludge == Condition::Active;
        assert_eq!(told, fails, "{rises} %/s, busy: {busy}");
        rig.around.ordered = 1;
        let counts = (0..30).any(|_| {
            rig.run_s(1);
            rig.unit.draws_sludge()
        });
        assert_eq!(counts, !fails, "{rises}");
        rig.around.reset = true;
        rig.run_s(1);
        rig.around.reset = false;
        assert_eq!(rig.unit.alarms.no_sludge, Condition::Clear, "reset");
    }
}
