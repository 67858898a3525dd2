//! Any sequence of wishes, flows, settings, resets, failures and restarts, for any length: no cap is passed, and nothing moves
//! into still water.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::tests::{LIMITS, PROOF, Rig};
use super::*;
use crate::signal::Fault;

/// One scan, and what comes before it.
#[derive(Clone, Debug)]
struct Turn {
    strokes: f64,
    flow: Flow,
    reset: bool,
    primes: bool,
    /// What people say of stock and stroke.
    stock: f64,
    stroke: f64,
    ms: u64,
    times: u16,
    shell: Shell,
}

#[derive(Clone, Copy, Debug)]
enum Flow {
    Good(f64),
    Bad,
}

/// What the shell does before this turn.
#[derive(Clone, Copy, Debug)]
enum Shell {
    /// Writes down what is reserved.
    Keeps,
    /// Is slow.
    Waits,
    /// Says this of what is durable.
    Lies(f64),
    /// The power goes: what was durable comes back.
    Restarts,
    /// Storage fails from here, or works again.
    Storage(bool),
}

fn any_shell() -> impl Strategy<Value = Shell> {
    prop_oneof![
        12 => Just(Shell::Keeps),
        4 => Just(Shell::Waits),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), 0.0..1e9].prop_map(Shell::Lies),
        2 => Just(Shell::Restarts),
        1 => any::<bool>().prop_map(Shell::Storage),
    ]
}

prop_compose! {
    fn any_turn()(
        strokes in prop_oneof![
            1 => Just(0.0), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 2 => -10.0..60.0, 8 => 60.0..400.0
        ],
        flow in prop_oneof![8 => Just(Flow::Good(5.0)), 2 => (-1.0..6.0).prop_map(Flow::Good), 1 => Just(Flow::Good(f64::NAN)), 1 => Just(Flow::Bad)],
        reset in any::<bool>(),
        primes in prop::bool::weighted(0.2),
        stock in prop_oneof![8 => Just(10.0), 1 => Just(f64::NAN), 1 => 0.0..60.0],
        stroke in prop_oneof![4 => Just(0.46), 1 => 0.0..1.0],
        ms in prop_oneof![1 => 1..50_u64, 3 => 50..2_000_u64, 4 => Just(10_000_u64)],
        times in 1..400_u16,
        shell in any_shell(),
    ) -> Turn {
        Turn { strokes, flow, reset, primes, stock, stroke, ms, times, shell }
    }
}

/// The world: what really moved, with the recipe's stock and the pump's own stroke, and what lies on the disk.
struct World {
    rig: Rig,
    storage_ok: bool,
    disk: Ledger,
    now_ms: u64,
    /// When, until when, how much in micrograms.
    moved: Vec<(u64, u64, f64)>,
    still_ms: u64,
    /// The rate that the field holds to until the next scan.
    in_force: f64,
    into_still: bool,
}

impl World {
    fn new() -> World {
        World {
            rig: Rig::default(),
            storage_ok: true,
            disk: Ledger::default(),
            now_ms: 0,
            moved: Vec::new(),
            still_ms: 0,
            in_force: 0.0,
            into_still: false,
        }
    }

    fn before(&mut self, shell: Shell) {
        let durable = |ledger: &Ledger| Signal::Good(Grams(ledger.reserved() as f64 / 1e6));
        match shell {
            Shell::Keeps if self.storage_ok => {
                self.disk = *self.rig.guard.ledger();
                self.rig.guard.inputs.durable = durable(&self.disk);
            }
            Shell::Keeps | Shell::Waits => {}
            Shell::Lies(grams) => {
                // A shell that lies about more than was reserved gets nothing for it; about what was reserved it must not.
                let grams =
                    if grams > self.disk.reserved() as f64 / 1e6 { f64::NAN } else { grams };
                self.rig.guard.inputs.durable = Signal::Good(Grams(grams));
            }
            Shell::Restarts => {
                let kept = Ledger::from_words(&self.disk.words()).expect("a sound ledger");
                self.rig = Rig::default();
                self.in_force = 0.0;
                self.into_still = false;
                self.rig.guard.restore(kept);
                self.rig.guard.inputs.durable = durable(&self.disk);
            }
            Shell::Storage(works) => self.storage_ok = works,
        }
    }

    fn turn(&mut self, turn: &Turn) -> Result<(), TestCaseError> {
        self.before(turn.shell);
        let flow = match turn.flow {
            Flow::Good(flow) => Signal::Good(CubicMetresPerHour(flow)),
            Flow::Bad => Signal::Bad(Fault::Stale),
        };
        self.rig.limits = Some(Limits {
            stock: GramsPerLitre(turn.stock),
            stroke: Millilitres(turn.stroke),
            ..LIMITS
        });
        let elapsed = Duration::from_millis(turn.ms);
        let proof =
            Proof { flow, priming: turn.primes, storage_ok: self.storage_ok, reset: turn.reset };
        for _ in 0..turn.times {
            self.scan(turn.strokes, &proof, elapsed)?;
        }
        self.check()
    }

    fn scan(
        &mut self,
        strokes: f64,
        proof: &Proof,
        elapsed: Duration,
    ) -> Result<(), TestCaseError> {
        // What the field did until this scan, at 10 g/l and 0.46 ml: 4 600 µg a stroke.
        let ms = elapsed.as_millis() as u64;
        self.note(self.in_force * ms as f64 / 60_000.0 * 4600.0, ms);
        self.still_ms += if self.into_still { ms } else { 0 };
        self.in_force = self.rig.scan(strokes, proof, elapsed);
        prop_assert!((0.0..=180.0).contains(&self.in_force));
        let flows = proof.flow.usable().is_some_and(|flow| flow.0 >= 0.3);
        self.into_still = !flows && self.in_force > 0.0;
        prop_assert!(!self.into_still || proof.priming, "dosed into still water");
        Ok(())
    }

    /// Neighbours within ten seconds lie in one entry.
    fn note(&mut self, micro: f64, ms: u64) {
        let from = self.now_ms;
        self.now_ms += ms;
        match self.moved.last_mut() {
            Some((first, until, sum)) if self.now_ms - *first <= 10_000 => {
                *until = self.now_ms;
                *sum += micro;
            }
            Some(_) | None => self.moved.push((from, self.now_ms, micro)),
        }
    }

    /// An entry lies wholly in a window, or is left out: what is counted is what the window surely holds.
    fn check(&self) -> Result<(), TestCaseError> {
        let within = |ms: u64| -> f64 {
            let recent = self.moved.iter().rev().take_while(|(from, ..)| self.now_ms - from <= ms);
            recent.map(|(.., micro)| micro).sum::<f64>()
        };
        let (hour, day, dose) = (within(3_600_000), within(86_400_000), within(60_000));
        prop_assert!(hour <= 30e6 + 1.0, "hour {hour}");
        prop_assert!(day <= 400e6 + 1.0, "day {day}");
        prop_assert!(dose <= 2e6 + 1.0, "dose {dose}");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// R-2.18-01, R-2.18-02, R-2.18-03, R-2.18-05, R-2.18-07, INV-6, INV-7, INV-17, INV-37, INV-42: nothing that people, settings, meters or storage do passes a cap, or doses into still
    /// water but for the minute of priming.
    #[test]
    fn no_sequence_passes_a_cap_or_doses_into_still_water(
        turns in prop::collection::vec(any_turn(), 1..120)
    ) {
        let mut world = World::new();
        for turn in &turns {
            world.turn(turn)?;
        }
        let days = world.now_ms / 86_400_000 + 1;
        prop_assert!(world.still_ms <= days * 70_000, "{} ms in {days} days", world.still_ms);
    }

    /// R-2.18-08, INV-17, INV-42: any number of starts, each for seconds or for hours, with storage that works or fails or comes and
    /// goes: no cap is passed.
    #[test]
    fn no_number_of_restarts_without_storage_passes_a_cap(
        runs in prop::collection::vec(any_run(), 1..40)
    ) {
        let mut world = World::new();
        for run in runs {
            world.before(Shell::Restarts);
            world.before(Shell::Storage(run.storage_ok));
            for second in 0..run.seconds {
                if second == run.turns_at {
                    world.before(Shell::Storage(!run.storage_ok));
                }
                world.before(Shell::Keeps);
                let proof = Proof { storage_ok: world.storage_ok, reset: second % 60 == 0, ..PROOF };
                world.scan(run.strokes, &proof, Duration::from_secs(1))?;
                if second % 600 == 0 {
                    world.check()?;
                }
            }
            world.check()?;
        }
    }
}

/// From one start to the next.
#[derive(Clone, Debug)]
struct Run {
    strokes: f64,
    storage_ok: bool,
    /// Storage fails then, or works again.
    turns_at: u32,
    seconds: u32,
}

prop_compose! {
    fn any_run()(
        strokes in prop_oneof![Just(180.0), 20.0..180.0_f64],
        storage_ok in any::<bool>(),
        turns_at in prop_oneof![Just(u32::MAX), 0..7200_u32],
        seconds in prop_oneof![4 => 0..600_u32, 2 => 600..7200_u32, 1 => 7200..30_000_u32],
    ) -> Run {
        Run { strokes, storage_ok, turns_at, seconds }
    }
}
