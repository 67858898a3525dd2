//! Pumps against pipes, and basins: `plant.md` 6.3.

use super::actuators::{Drive, Supply};
use super::parameters::PumpCurve;

/// One substep, with the shares of first-order lags over it worked out once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    pub seconds: f64,
    pub hours: f64,
    /// Flow behind a pump, 3 s.
    pub flow: f64,
    /// Air in its header, 2 s.
    pub air: f64,
    /// Filter outlet, 30 s.
    pub outlet: f64,
    /// A filter's memory of its rate, 60 s.
    pub minute: f64,
    /// Wet well against the river past the screen, and surges of a filter, 300 s.
    pub five_minutes: f64,
    /// Water temperature inside the plant, 3 h.
    pub hours_3: f64,
}

impl Pace {
    #[must_use]
    pub fn new(seconds: f64) -> Pace {
        let share = |tau: f64| 1.0 - libm::exp(-seconds / tau);
        Pace {
            seconds,
            hours: seconds / 3_600.0,
            flow: share(3.0),
            air: share(2.0),
            outlet: share(30.0),
            minute: share(60.0),
            five_minutes: share(300.0),
            hours_3: share(10_800.0),
        }
    }

    /// m³ that a flow in m³/h moves in this step.
    #[must_use]
    pub fn volume(&self, flow: f64) -> f64 {
        flow * self.hours
    }
}

/// A vessel with vertical walls. What does not fit is spilled and counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Basin {
    pub area_m2: f64,
    pub brim_m: f64,
    pub volume: f64,
    /// m³ since the start.
    pub overflowed: f64,
}

impl Basin {
    #[must_use]
    pub fn new(area_m2: f64, brim_m: f64, level_m: f64) -> Basin {
        Basin { area_m2, brim_m, volume: area_m2 * level_m, overflowed: 0.0 }
    }

    /// m.
    #[must_use]
    pub fn level(&self) -> f64 {
        self.volume / self.area_m2
    }

    /// 0 to 1 of the brim.
    #[must_use]
    pub fn fill(&self) -> f64 {
        self.level() / self.brim_m
    }

    /// Takes out at most `wanted` m³; answers what there was.
    pub fn draw(&mut self, wanted: f64) -> f64 {
        let taken = wanted.clamp(0.0, self.volume);
        self.volume -= taken;
        taken
    }

    /// Puts in `volume` m³; answers what ran over the brim.
    pub fn pour(&mut self, volume: f64) -> f64 {
        self.volume += volume;
        let over = (self.volume - self.area_m2 * self.brim_m).max(0.0);
        self.volume -= over;
        self.overflowed += over;
        over
    }
}

/// What a pump finds at its suction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suction {
    Wet,
    Dry,
}

impl Suction {
    /// Wet above `least`.
    #[must_use]
    pub fn above(level: f64, least: f64) -> Suction {
        if level > least { Suction::Wet } else { Suction::Dry }
    }
}

/// Pumps side by side into one pipe.
#[derive(Clone, Debug, PartialEq)]
pub struct PumpStation {
    pub curve: PumpCurve,
    pub drives: Box<[Drive]>,
    /// Run permit of the panel, common to its drives.
    pub permit: bool,
    /// m³/h, all pumps together.
    pub flow: f64,
    /// Seconds that one of its pumps has turned without water, in all.
    pub dry_seconds: f64,
    /// A pump is broken after so many of them, s.
    pub dry_limit_s: f64,
}

/// VFD losses on top of the shaft.
const DRIVE_LOSS: f64 = 1.08;
/// Power without flow, of the rating (at n³), and of the duty when dry: `plant.md` 6.3.
const IDLE_POWER: f64 = 0.45;
/// Friction and iron losses of a turning motor, of the rating at full speed. Chosen: usual for small motors.
const MOTOR_LOSS: f64 = 0.05;
/// ρ·g over 3 600, kW per m³/h and m.
const WEIGHT: f64 = 9.81 / 3_600.0;

impl PumpStation {
    #[must_use]
    pub fn new(curve: PumpCurve, count: usize) -> PumpStation {
        PumpStation {
            curve,
            drives: vec![Drive::default(); count].into_boxed_slice(),
            permit: false,
            flow: 0.0,
            dry_seconds: 0.0,
            dry_limit_s: f64::INFINITY,
        }
    }

    /// Moves the drives: `chain` is their hard-wired trips, `power` what feeds them.
    pub fn turn(&mut self, pace: &Pace, chain: Supply, power: Supply) {
        let chain = Supply::given(chain == Supply::On && self.permit);
        for drive in &mut self.drives {
            drive.advance(pace.seconds, chain, power);
        }
    }

    /// Highest speed of the pumps that move water, 50 Hz is 1.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.drives.iter().filter(|drive| !drive.seized).fold(0.0, |most, d| most.max(d.ratio))
    }

    /// The head at which its strongest pump stops delivering, m.
    #[must_use]
    pub fn shut_off(&self) -> f64 {
        let speed = self.speed();
        self.curve.shut_off_head_m * speed * speed
    }

    /// Steady flow against this static head (m) and this resistance beside the curve's own (m per (m³/h)²).
    #[must_use]
    pub fn flow_against(&self, static_head: f64, resistance: f64) -> f64 {
        let mut turning = self.drives.iter().filter(|d| !d.seized && d.turns());
        let (first, second) = (turning.next(), turning.next());
        let Some(first) = first else { return 0.0 };
        let (curve, pipe) = (&self.curve, self.curve.resistance + resistance);
        if second.is_none() {
            let spare = curve.shut_off_head_m * first.ratio * first.ratio - static_head;
            return libm::sqrt(spare.max(0.0) / (curve.curvature + pipe));
        }
        // Several: the head at which the pumps give what the pipe takes, by bisection.
        let (mut low, mut high) = (static_head, self.shut_off().max(static_head));
        for _ in 0..40 {
            let head = 0.5 * (low + high);
            let taken = libm::sqrt((head - static_head) / pipe);
            if self.delivery(head) > taken { low = head } else { high = head }
        }
        self.delivery(low)
    }

    fn delivery(&self, head: f64) -> f64 {
        let curve = &self.curve;
        let one = |drive: &Drive| {
            let spare = curve.shut_off_head_m * drive.ratio * drive.ratio - head;
            libm::sqrt(spare.max(0.0) / curve.curvature)
        };
        self.drives.iter().filter(|d| !d.seized).map(one).sum()
    }

    /// The flow follows its steady value; without water to suck it dies away as fast. Then each motor's power.
    pub fn settle(&mut self, pace: &Pace, steady: f64, suction: Suction) {
        let is_dry = suction == Suction::Dry;
        let target = if is_dry { 0.0 } else { steady };
        self.flow += pace.flow * (target - self.flow);
        if self.flow < 1.0e-6 {
            self.flow = 0.0;
        }
        let turning = self.drives.iter().filter(|d| d.turns()).count();
        if turning == 0 {
            for drive in &mut self.drives {
                drive.power_kw = 0.0;
            }
            return;
        }
        if is_dry {
            self.dry_seconds += pace.seconds;
            for drive in self.drives.iter_mut().filter(|drive| drive.turns()) {
                drive.dry_s += pace.seconds;
                if drive.dry_s >= self.dry_limit_s {
                    // Its seal is burnt; who mends it mends that too.
                    (drive.seized, drive.dry_s) = (true, 0.0);
                }
            }
        }
        let each = if is_dry { steady } else { self.flow } / turning as f64;
        for drive in &mut self.drives {
            drive.power_kw = power(&self.curve, drive, each, suction);
        }
    }
}

fn power(curve: &PumpCurve, drive: &Drive, flow: f64, suction: Suction) -> f64 {
    if !drive.turns() {
        return 0.0;
    }
    let n = drive.ratio;
    let idle = IDLE_POWER * curve.rated_power_kw * n * n * n;
    let losses = MOTOR_LOSS * curve.rated_power_kw * n;
    if drive.seized {
        return losses + idle;
    }
    let off_best = (flow - curve.best_flow) / (1.5 * curve.best_flow);
    let efficiency = curve.efficiency * (1.0 - off_best * off_best).max(0.2);
    let head = (curve.shut_off_head_m * n * n - curve.curvature * flow * flow).max(0.0);
    let duty = DRIVE_LOSS * WEIGHT * flow * head / efficiency;
    if suction == Suction::Dry {
        return losses + IDLE_POWER * duty;
    }
    // Towards no flow the churning takes over.
    let slack = (1.0 - 2.0 * flow / curve.best_flow).max(0.0);
    losses + duty.max(idle * slack)
}

#[cfg(test)]
mod tests {
    use super::super::parameters::TwinParameters;
    use super::*;

    fn station(curve: PumpCurve, ratios: &[f64]) -> PumpStation {
        let mut station = PumpStation::new(curve, ratios.len());
        for (drive, ratio) in station.drives.iter_mut().zip(ratios) {
            drive.ratio = *ratio;
        }
        station
    }

    /// V-6.15-17: the duty points of `plant.md` 6.3.
    #[test]
    fn the_pumps_reach_their_duty_points() {
        let p = TwinParameters::default();
        for (name, curve, ratio, unit_head, flow, within) in [
            ("P-101", p.raw_pump, 0.80, 0.0, 5.0, 0.01),
            ("P-301 clean", p.feed_pump, 0.72, 0.2, 5.0, 0.05),
            ("P-301 loaded", p.feed_pump, 0.78, 2.5, 5.0, 0.05),
            ("P-351", p.wash_pump, 0.905, 0.75, 18.0, 0.01),
            ("P-351 at full speed", p.wash_pump, 1.0, 0.75, 20.4, 0.01),
            ("P-501", p.lift_pump, 0.96, 0.0, 6.0, 0.01),
        ] {
            let found = station(curve, &[ratio]).flow_against(curve.static_head_m + unit_head, 0.0);
            assert!((found / flow - 1.0).abs() < within, "{name}: {found} m³/h");
        }
    }

    #[test]
    fn below_its_lowest_speed_a_pump_moves_nothing() {
        let p = TwinParameters::default();
        for (curve, ratio) in
            [(p.raw_pump, 0.50), (p.feed_pump, 0.285), (p.wash_pump, 0.38), (p.lift_pump, 0.675)]
        {
            assert_eq!(station(curve, &[ratio]).flow_against(curve.static_head_m, 0.0), 0.0);
        }
    }

    #[test]
    fn two_pumps_give_more_than_one_and_less_than_twice() {
        let curve = TwinParameters::default().lift_pump;
        let one = station(curve, &[0.9]).flow_against(22.0, 0.0);
        let two = station(curve, &[0.9, 0.9]).flow_against(22.0, 0.0);
        assert!(two > 1.1 * one && two < 2.0 * one, "{one} {two}");
        // The same by hand: two equal pumps are one with a quarter of k.
        let by_hand = libm::sqrt((48.0 * 0.81 - 22.0) / (0.36 / 4.0 + 0.25));
        assert!((two - by_hand).abs() < 1.0e-6);
    }

    /// V-6.15-16: the tank of the SWaT test bed.
    #[test]
    fn a_tank_rises_by_inflow_less_outflow_over_its_area() {
        for (inflow, outflow, rate) in
            [(2.55, 2.45, 0.1 / 1.5), (2.55, 0.0, 1.70), (0.0, 2.45, -2.45 / 1.5)]
        {
            let pace = Pace::new(1.0);
            let mut tank = Basin::new(1.5, 5.0, 2.0);
            for _ in 0..3_600 {
                tank.draw(pace.volume(outflow));
                tank.pour(pace.volume(inflow));
            }
            assert!((tank.level() - 2.0 - rate).abs() < 1.0e-9, "{}", tank.level());
        }
    }

    #[test]
    fn a_dry_pump_draws_much_less_than_its_duty() {
        let curve = TwinParameters::default().raw_pump;
        let drive = Drive { ratio: 0.8, ..Drive::default() };
        let duty = power(&curve, &drive, 5.0, Suction::Wet);
        assert!((0.3..0.6).contains(&duty), "{duty} kW");
        assert!(power(&curve, &drive, 5.0, Suction::Dry) < 0.6 * duty);
    }
}
