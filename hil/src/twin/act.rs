//! What may be done to a plant by hand, or befall it: as data, and in the words that bench, scenarios and swarm share.

use core::fmt;

use super::devices::{ActuatorFault, DoserAt};
use super::wiring::Bus;
use crate::model::instruments::SensorFault;

/// The selector HS-900.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    Remote,
    Local,
}

/// What somebody does to the plant by hand, or what befalls it.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Pushes ES-900 or HS-901, opens HV-401 or the cabinet (`door`). HS-901 comes back by itself after a second.
    Press(String),
    /// Pulls ES-900 out again, closes HV-401 or the cabinet.
    Release(String),
    /// Turns HS-900.
    Turn(Selector),
    /// Calls a storm that peaks near this raw turbidity after an hour and a half.
    Storm { peak_ntu: f64 },
    /// The grid comes (`true`) or goes.
    Mains(bool),
    /// Breaks the instrument or contact of this path; `None` mends it.
    SensorFault { path: String, fault: Option<SensorFault> },
    /// Breaks the device of this path (`intake.pump_a`, `filter1.outlet`); `None` mends it.
    ActuatorFault { path: String, fault: Option<ActuatorFault> },
    /// Everything under this path answers no more, or again: a plug pulled out.
    Silence { path: String, silent: bool },
    /// Cuts a bus (`up: false`) or joins it again.
    Link { bus: Bus, up: bool },
    /// What befalls water, chemicals and village.
    Befall(Trouble),
    /// Everything sound: devices, instruments, buses, mains, water. Buttons, storms and what lies in tanks stay.
    ClearAll,
}

/// Troubles of water, chemicals, grid and village.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// Share of the intake screen that is blocked, 0 to 0.95.
    Screen(f64),
    /// What is in a day tank is so many times as strong as it should be.
    Stock(DoserAt, f64),
    /// A day tank stands at this fill, percent.
    Fill(DoserAt, f64),
    /// A siphon runs past a dosing pump, l/h; 0 ends it.
    Siphon(DoserAt, f64),
    /// The person who looks after tanks and screen comes, or not.
    Attended(bool),
    /// The village takes so many times what it does as a rule.
    Demand(f64),
    /// m³/h out of a broken main; 0: mended.
    Burst(f64),
    /// V of the grid; `None`: as the grid's weather has it.
    Voltage(Option<f64>),
    /// pH of the river; `None`: its own.
    RiverPh(Option<f64>),
    /// Something in the clear well eats this much chlorine at once, mg/l; 0: no more.
    Filth(f64),
    /// Share of a filter's water that passes its bed by a hole; filters count from 1.
    Bypass(usize, f64),
    /// kg of sludge more in a sedimentation tank; tanks count from 1.
    Sludge(usize, f64),
    /// The waste tank stands at least this full, percent.
    Waste(f64),
    /// The blower's air finds no way out.
    AirBlocked(bool),
}

/// What can be said, for people.
pub const SAYINGS: &str = "\
press TAG                               ES-900, HS-901, HV-401, door; HS-900 turns to its other side
release TAG                             ES-900, HV-401, door
turn HS-900 remote|local                the selector
storm NTU                               calls a storm that peaks there
mains on|off                            the grid
voltage V|normal                        the grid, too low or too high
fault PATH stuck|dropout|zero|clear     an instrument or contact (zero: open)
fault PATH bias|scale|drift|noise|spike|value NUMBER   drift is an hour's; a contact is closed at value 1
actuator PATH trip|seize|run|clear      a pump, valve or dosing pump; run: welded, or driven open
actuator PATH slow|plug|leak SHARE      a valve; leak: a dosing pump's tube too
silence PATH, answer PATH               everything under this path: its plug out, and in again
link BUS up|silent|down                 a bus
screen SHARE                            of the intake screen, blocked
stock CHEMICAL TIMES                    coagulation or disinfection: as strong as it should be, so many times
fill CHEMICAL PERCENT                   what stands in the day tank
siphon CHEMICAL LITRES                  an hour, past the dosing pump
attendant on|off                        who fills day tanks and cleans the screen
demand TIMES                            of the village, against its habit
burst FLOW                              m3/h out of the main
ph VALUE|normal                         of the river
filth MG                                per litre of chlorine eaten in the clear well
bypass FILTER SHARE                     of a filter's water past its sand
sludge TANK KG                          more in a sedimentation tank
waste PERCENT                           the waste tank stands at least there
air blocked|free                        the blower's way out
clear                                   everything sound again";

impl Act {
    /// The act behind words. `selector` is where HS-900 stands.
    ///
    /// # Errors
    /// When nothing of the kind can be said.
    pub fn understand(words: &[&str], selector: Selector) -> Result<Act, String> {
        Ok(match *words {
            ["press", "HS-900"] => Act::Turn(match selector {
                Selector::Remote => Selector::Local,
                Selector::Local => Selector::Remote,
            }),
            ["press", tag] => Act::Press(tag.into()),
            ["release", tag] => Act::Release(tag.into()),
            ["turn", "HS-900", "remote"] => Act::Turn(Selector::Remote),
            ["turn", "HS-900", "local"] => Act::Turn(Selector::Local),
            ["storm", peak] => Act::Storm { peak_ntu: number(peak)? },
            ["mains", "on"] => Act::Mains(true),
            ["mains", "off"] => Act::Mains(false),
            ["fault", path, ref fault @ ..] => {
                Act::SensorFault { path: path.into(), fault: sensor_fault(fault)? }
            }
            ["actuator", path, ref fault @ ..] => {
                Act::ActuatorFault { path: path.into(), fault: actuator_fault(fault)? }
            }
            ["silence", path] => Act::Silence { path: path.into(), silent: true },
            ["answer", path] => Act::Silence { path: path.into(), silent: false },
            ["link", bus, state] => Act::Link { bus: bus_named(bus)?, up: state == "up" },
            ["clear"] => Act::ClearAll,
            ref other => Act::Befall(Trouble::understand(other)?),
        })
    }
}

impl Trouble {
    fn understand(words: &[&str]) -> Result<Trouble, String> {
        Ok(match *words {
            ["screen", share] => Trouble::Screen(number(share)?),
            ["stock", at, times] => Trouble::Stock(doser(at)?, number(times)?),
            ["fill", at, percent] => Trouble::Fill(doser(at)?, number(percent)?),
            ["siphon", at, litres] => Trouble::Siphon(doser(at)?, number(litres)?),
            ["attendant", "on"] => Trouble::Attended(true),
            ["attendant", "off"] => Trouble::Attended(false),
            ["demand", times] => Trouble::Demand(number(times)?),
            ["burst", flow] => Trouble::Burst(number(flow)?),
            ["voltage", "normal"] => Trouble::Voltage(None),
            ["voltage", volts] => Trouble::Voltage(Some(number(volts)?)),
            ["ph", "normal"] => Trouble::RiverPh(None),
            ["ph", value] => Trouble::RiverPh(Some(number(value)?)),
            ["filth", demand] => Trouble::Filth(number(demand)?),
            ["bypass", filter, share] => Trouble::Bypass(count(filter)?, number(share)?),
            ["sludge", tank, kg] => Trouble::Sludge(count(tank)?, number(kg)?),
            ["waste", percent] => Trouble::Waste(number(percent)?),
            ["air", "blocked"] => Trouble::AirBlocked(true),
            ["air", "free"] => Trouble::AirBlocked(false),
            [..] => {
                return Err(format!("not understood: {}. See `hil tell --help`", words.join(" ")));
            }
        })
    }
}

fn sensor_fault(words: &[&str]) -> Result<Option<SensorFault>, String> {
    Ok(match *words {
        ["stuck"] => Some(SensorFault::Stuck),
        ["dropout"] => Some(SensorFault::Dropout),
        ["zero"] => Some(SensorFault::Zero),
        ["bias", value] => Some(SensorFault::Bias(number(value)?)),
        ["value", value] => Some(SensorFault::Value(number(value)?)),
        ["scale", value] => Some(SensorFault::Scale(number(value)?)),
        ["drift", value] => Some(SensorFault::Drift(number(value)?)),
        ["noise", value] => Some(SensorFault::Noise(number(value)?)),
        ["spike", value] => Some(SensorFault::Spike(number(value)?)),
        ["clear"] => None,
        [..] => {
            return Err("fault PATH stuck|dropout|zero|clear, or \
                bias|value|scale|drift|noise|spike NUMBER"
                .into());
        }
    })
}

fn actuator_fault(words: &[&str]) -> Result<Option<ActuatorFault>, String> {
    Ok(match *words {
        ["trip"] => Some(ActuatorFault::Trip),
        ["seize"] => Some(ActuatorFault::Seize),
        ["run"] => Some(ActuatorFault::Run),
        ["slow"] => Some(ActuatorFault::Slow),
        ["plug"] => Some(ActuatorFault::Plug),
        ["leak", share] => Some(ActuatorFault::Leak(number(share)?)),
        ["clear"] => None,
        [..] => {
            return Err(format!(
                "a device can trip, seize, run, slow, plug, leak SHARE or be clear, not {}",
                words.join(" ")
            ));
        }
    })
}

fn number(word: &str) -> Result<f64, String> {
    match word.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) | Err(_) => Err(format!("{word} is no number")),
    }
}

fn count(word: &str) -> Result<usize, String> {
    word.parse().map_err(|_| format!("{word} is no number of a tank or filter, from 1"))
}

fn doser(word: &str) -> Result<DoserAt, String> {
    match word {
        "coagulation" => Ok(DoserAt::Coagulant),
        "disinfection" => Ok(DoserAt::Hypochlorite),
        other => Err(format!("no chemical {other}: coagulation, disinfection")),
    }
}

fn bus_named(word: &str) -> Result<Bus, String> {
    match word {
        "a" | "A" => Ok(Bus::A),
        "b" | "B" => Ok(Bus::B),
        "c" | "C" => Ok(Bus::C),
        "d" | "D" => Ok(Bus::D),
        other => Err(format!("no bus {other}: a, b, c, d")),
    }
}

/// The words that [`Act::understand`] takes for the same act.
impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Press(tag) => write!(f, "press {tag}"),
            Act::Release(tag) => write!(f, "release {tag}"),
            Act::Turn(Selector::Remote) => f.write_str("turn HS-900 remote"),
            Act::Turn(Selector::Local) => f.write_str("turn HS-900 local"),
            Act::Storm { peak_ntu } => write!(f, "storm {peak_ntu}"),
            Act::Mains(true) => f.write_str("mains on"),
            Act::Mains(false) => f.write_str("mains off"),
            Act::SensorFault { path, fault } => match fault {
                None => write!(f, "fault {path} clear"),
                Some(SensorFault::Stuck) => write!(f, "fault {path} stuck"),
                Some(SensorFault::Dropout) => write!(f, "fault {path} dropout"),
                Some(SensorFault::Zero) => write!(f, "fault {path} zero"),
                Some(SensorFault::Bias(value)) => write!(f, "fault {path} bias {value}"),
                Some(SensorFault::Value(value)) => write!(f, "fault {path} value {value}"),
                Some(SensorFault::Scale(value)) => write!(f, "fault {path} scale {value}"),
                Some(SensorFault::Drift(value)) => write!(f, "fault {path} drift {value}"),
                Some(SensorFault::Noise(value)) => write!(f, "fault {path} noise {value}"),
                Some(SensorFault::Spike(value)) => write!(f, "fault {path} spike {value}"),
            },
            Act::ActuatorFault { path, fault } => match fault {
                None => write!(f, "actuator {path} clear"),
                Some(ActuatorFault::Trip) => write!(f, "actuator {path} trip"),
                Some(ActuatorFault::Seize) => write!(f, "actuator {path} seize"),
                Some(ActuatorFault::Run) => write!(f, "actuator {path} run"),
                Some(ActuatorFault::Slow) => write!(f, "actuator {path} slow"),
                Some(ActuatorFault::Plug) => write!(f, "actuator {path} plug"),
                Some(ActuatorFault::Leak(share)) => write!(f, "actuator {path} leak {share}"),
            },
            Act::Silence { path, silent: true } => write!(f, "silence {path}"),
            Act::Silence { path, silent: false } => write!(f, "answer {path}"),
            Act::Link { bus, up } => {
                let bus = format!("{bus:?}").to_lowercase();
                write!(f, "link {bus} {}", if *up { "up" } else { "down" })
            }
            Act::Befall(trouble) => trouble.fmt(f),
            Act::ClearAll => f.write_str("clear"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |at: &DoserAt| match at {
            DoserAt::Coagulant => "coagulation",
            DoserAt::Hypochlorite => "disinfection",
        };
        match self {
            Trouble::Screen(share) => write!(f, "screen {share}"),
            Trouble::Stock(at, times) => write!(f, "stock {} {times}", name(at)),
            Trouble::Fill(at, percent) => write!(f, "fill {} {percent}", name(at)),
            Trouble::Siphon(at, litres) => write!(f, "siphon {} {litres}", name(at)),
            Trouble::Attended(true) => f.write_str("attendant on"),
            Trouble::Attended(false) => f.write_str("attendant off"),
            Trouble::Demand(times) => write!(f, "demand {times}"),
            Trouble::Burst(flow) => write!(f, "burst {flow}"),
            Trouble::Voltage(None) => f.write_str("voltage normal"),
            Trouble::Voltage(Some(volts)) => write!(f, "voltage {volts}"),
            Trouble::RiverPh(None) => f.write_str("ph normal"),
            Trouble::RiverPh(Some(value)) => write!(f, "ph {value}"),
            Trouble::Filth(demand) => write!(f, "filth {demand}"),
            Trouble::Bypass(filter, share) => write!(f, "bypass {filter} {share}"),
            Trouble::Sludge(tank, kg) => write!(f, "sludge {tank} {kg}"),
            Trouble::Waste(percent) => write!(f, "waste {percent}"),
            Trouble::AirBlocked(true) => f.write_str("air blocked"),
            Trouble::AirBlocked(false) => f.write_str("air free"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What can be said is understood, and says itself again.
    #[test]
    fn every_line_that_is_offered_is_understood_and_says_itself() {
        let remote = Selector::Remote;
        for line in [
            "press ES-900",
            "release ES-900",
            "turn HS-900 local",
            "turn HS-900 remote",
            "storm 600",
            "mains off",
            "mains on",
            "voltage 160",
            "voltage normal",
            "fault intake.flow stuck",
            "fault intake.flow dropout",
            "fault intake.flow zero",
            "fault intake.flow bias -1.5",
            "fault intake.flow scale 0.7",
            "fault intake.flow drift 0.1",
            "fault intake.flow noise 0.2",
            "fault intake.flow spike 5",
            "fault intake.flow value 5",
            "fault intake.flow clear",
            "actuator intake.pump_a trip",
            "actuator intake.pump_a seize",
            "actuator intake.pump_a run",
            "actuator intake.inlet slow",
            "actuator intake.inlet plug",
            "actuator intake.inlet leak 0.05",
            "actuator intake.pump_a clear",
            "silence intake.pump_a",
            "answer intake.pump_a",
            "link b down",
            "link b up",
            "screen 0.9",
            "stock coagulation 0.4",
            "fill disinfection 1",
            "siphon disinfection 3",
            "attendant off",
            "attendant on",
            "demand 1.3",
            "burst 8",
            "ph 4.5",
            "ph normal",
            "filth 1",
            "bypass 1 0.5",
            "sludge 1 14",
            "waste 96",
            "air blocked",
            "air free",
            "clear",
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let act = Act::understand(&words, remote);
            assert_eq!(act.map(|act| act.to_string()), Ok(line.to_owned()));
            assert!(SAYINGS.contains(words[0]), "{line} is not offered");
        }
        let turned = Act::understand(&["press", "HS-900"], remote);
        assert_eq!(turned, Ok(Act::Turn(Selector::Local)));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in
            ["", "sing", "press", "storm big", "storm nan", "fault intake.flow", "mains maybe"]
        {
            let words: Vec<&str> = line.split(' ').collect();
            assert!(Act::understand(&words, Selector::Remote).is_err(), "{line}");
        }
    }
}
