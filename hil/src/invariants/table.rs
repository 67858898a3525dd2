//! What is promised: all 46 invariants of `docs/spec/plant.md` 3, how long each may be broken, and where it is shown.
//!
//! 30, 31 and 32 are shown on the controller's program too, with real wires: `hil/scenarios/wire`.

/// Where an invariant is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// In every run.
    Always,
    /// In runs without an injected fault.
    FaultFree,
    /// Not by a run of the twin; there.
    At(&'static str),
}

/// One invariant.
#[derive(Clone, Copy, Debug)]
pub struct Invariant {
    pub number: usize,
    pub promise: &'static str,
    /// How long it may be broken, s.
    pub allowed_s: f64,
    pub shown: Shown,
}

const fn row(number: usize, allowed_s: f64, shown: Shown, promise: &'static str) -> Invariant {
    Invariant { number, promise, allowed_s, shown }
}

use Shown::{Always, At, FaultFree};

/// All 46, in order. Times are those of the specification; where it gives two, both stand at the judgement.
pub const TABLE: [Invariant; 46] = [
    row(1, 60.0, Always, "no water above 1 NTU is delivered"),
    row(
        2,
        60.0,
        Always,
        "no filter sends measured water above 1 NTU, nor for 15 min above 0.5 NTU, to the clear well",
    ),
    row(3, 120.0, Always, "no water is delivered with an inactivation ratio below 1"),
    row(4, 300.0, FaultFree, "delivered water carries 0.2 to 5 mg/l of free chlorine"),
    row(
        5,
        600.0,
        FaultFree,
        "contact lasts 30 min, or inactivation stands at 1.3, while water is delivered",
    ),
    row(6, 2.0, Always, "no PAC is pumped into still raw water"),
    row(
        7,
        2.0,
        Always,
        "no hypochlorite is pumped into still filtered water, a minute of priming a day excepted",
    ),
    row(8, 180.0, Always, "raw water is never treated without half of its coagulant"),
    row(9, 0.0, Always, "a dirty filter's outlet stays shut"),
    row(
        10,
        15.0,
        Always,
        "wash, waste and raw side never meet the clear side, but while valves change over and nothing presses",
    ),
    row(11, 0.0, Always, "one filter washes at a time"),
    row(12, 120.0, Always, "no filter runs faster than 7.3 m/h while another is off line"),
    row(13, 60.0, FaultFree, "a filter's flow changes by 15 % of nominal a minute at most"),
    row(
        14,
        0.0,
        Always,
        "after a wash or two hours of rest a filter ripens and shows 0.30 NTU for 120 s before its outlet opens",
    ),
    row(15, 720.0, Always, "raw water above 1 000 NTU for ten minutes stops the intake"),
    row(16, 5.0, Always, "nothing is delivered from a contaminated clear well"),
    row(17, 0.0, Always, "hourly and daily caps of both chemicals hold"),
    row(18, 600.0, Always, "no water outside pH 6 to 9 is delivered"),
    row(19, 10.0, Always, "no pump runs dry"),
    row(20, 15.0, Always, "no pump runs against a closed pipe"),
    row(21, 0.0, Always, "no tank overflows"),
    row(22, 0.0, Always, "no motor starts more than six times an hour"),
    row(23, 0.0, Always, "two motors never start within 5 s"),
    row(24, 10.0, Always, "power stays below its limit"),
    row(25, 5.0, Always, "the blower blows through an open, vented filter, below 45 kPa"),
    row(26, 2.0, Always, "wash water rises gently, and never lifts the sand out"),
    row(27, 2.0, Always, "wash pump and blower are off when a valve of their way leaves its place"),
    row(28, 185.0, Always, "a sludge valve is open for three minutes at most, and only one"),
    row(29, 0.0, Always, "a wash leaves 0.30 m in the clear well, and begins with its reserve"),
    row(30, 5.0, Always, "a dead controller leaves every motor and dosing pump standing"),
    row(31, 5.0, Always, "a dead bus stops what hangs on it"),
    row(32, 0.0, Always, "what depends on a value that is lost stops in its time"),
    row(33, 0.0, Always, "no motor is asked for in the first 30 s of a controller"),
    row(34, 0.0, Always, "no motor turns in the first minute after power came back"),
    row(
        35,
        0.5,
        Always,
        "the emergency stop opens K0, and it stays open until somebody resets it there",
    ),
    row(36, 0.0, Always, "orders by hand or from afar break none of 1 to 29"),
    row(
        37,
        0.0,
        At("plc: refusals and property tests; config: a bad file is refused whole"),
        "settings outside their range are refused",
    ),
    row(
        38,
        0.0,
        At("hil run scenarios/clock_jumps.toml: the plant has no wall clock to jump"),
        "jumps of the wall clock change nothing",
    ),
    row(
        39,
        0.0,
        At("hil: every swarm run is digested, and a test runs one twice"),
        "the same run gives the same bits",
    ),
    row(40, 0.0, At("controller: journal tests kill it at random points"), "no alarm is lost"),
    row(
        41,
        0.0,
        At(
            "controller: scan tests with a late and with a hung scan; hil run --transport sim scenarios/wire/header_hang.toml",
        ),
        "a late scan is told, a dead one drops the motors",
    ),
    row(
        42,
        0.0,
        At("controller: storage tests; hil run scenarios/faults: F48 at half the caps"),
        "a full disk stops nothing",
    ),
    row(43, 0.0, Always, "a device in MAINTENANCE is never commanded on"),
    row(44, 10.0, Always, "who goes without water is told why"),
    row(
        45,
        0.0,
        Always,
        "cloudy water is let through by an Engineer's emergency profile alone, with its alarm, for 72 h at most",
    ),
    row(46, 0.0, Always, "water, solids and chlorine of the world add up"),
];
