//! The twin as the rig's world, and what can be said to it.

use std::time::Duration;

use plc::image::{Inputs, Outputs};
use plc::plant::Shape;
use plc::signal::Moment;
use plc::tag::Catalogue;

use super::World;
use crate::model::instruments::SensorFault;
use crate::model::parameters::TwinParameters;
use crate::twin::devices::ActuatorFault;
use crate::twin::{Act, Selector, Twin};

/// What the control endpoint understands, for people.
pub const SAYINGS: &str = "\
press TAG                                        ES-900, HS-901, HV-401, door; HS-900 turns to its other side
release TAG                                      ES-900, HV-401, door
turn HS-900 remote|local                         the selector
storm NTU                                        calls a storm that peaks there
mains on|off                                     the grid
fault PATH stuck|dropout|zero|bias VALUE|clear   an instrument or contact
actuator PATH trip|seize|clear                   a pump or valve
link BUS up|silent|down                          a bus
clear                                            everything sound again";

/// The twin with its selector's side, which it does not tell.
pub struct PlantWorld {
    twin: Twin,
    selector: Selector,
}

impl PlantWorld {
    /// The plant that a site describes.
    #[must_use]
    pub fn new(shape: &Shape, catalogue: &Catalogue, seed: u64) -> PlantWorld {
        let parameters = TwinParameters::of(shape);
        let twin = Twin::new(parameters, catalogue, seed);
        PlantWorld { twin, selector: Selector::Remote }
    }
}

impl World for PlantWorld {
    fn step(&mut self, outputs: &Outputs, inputs: &mut Inputs, at: Moment, elapsed: Duration) {
        self.twin.step(outputs, inputs, at, elapsed);
    }

    fn act(&mut self, words: &[&str]) -> Result<(), String> {
        let act = understand(words, self.selector)?;
        if let Act::Turn(selector) = act {
            self.selector = selector;
        }
        self.twin.act(act)
    }
}

/// The act behind a line's words.
fn understand(words: &[&str], selector: Selector) -> Result<Act, String> {
    let number = |word: &str| word.parse::<f64>().map_err(|_| format!("{word} is no number"));
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
            let fault = match *fault {
                ["stuck"] => Some(SensorFault::Stuck),
                ["dropout"] => Some(SensorFault::Dropout),
                ["zero"] => Some(SensorFault::Zero),
                ["bias", value] => Some(SensorFault::Bias(number(value)?)),
                ["clear"] => None,
                [..] => return Err("fault PATH stuck|dropout|zero|bias VALUE|clear".into()),
            };
            Act::SensorFault { path: path.into(), fault }
        }
        ["actuator", path, fault] => {
            let fault = match fault {
                "trip" => Some(ActuatorFault::Trip),
                "seize" => Some(ActuatorFault::Seize),
                "clear" => None,
                other => return Err(format!("a device can trip, seize or be clear, not {other}")),
            };
            Act::ActuatorFault { path: path.into(), fault }
        }
        ["clear"] => Act::ClearAll,
        [..] => return Err(format!("not understood: {}. See `hil tell --help`", words.join(" "))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_is_offered_is_understood() {
        let remote = Selector::Remote;
        for (line, act) in [
            ("press ES-900", Act::Press("ES-900".into())),
            ("release ES-900", Act::Release("ES-900".into())),
            ("press HS-900", Act::Turn(Selector::Local)),
            ("turn HS-900 local", Act::Turn(Selector::Local)),
            ("turn HS-900 remote", Act::Turn(remote)),
            ("storm 600", Act::Storm { peak_ntu: 600.0 }),
            ("mains off", Act::Mains(false)),
            ("mains on", Act::Mains(true)),
            ("fault intake.flow bias -1.5", sensor("intake.flow", Some(SensorFault::Bias(-1.5)))),
            ("fault intake.flow stuck", sensor("intake.flow", Some(SensorFault::Stuck))),
            ("fault intake.flow dropout", sensor("intake.flow", Some(SensorFault::Dropout))),
            ("fault intake.flow zero", sensor("intake.flow", Some(SensorFault::Zero))),
            ("fault intake.flow clear", sensor("intake.flow", None)),
            ("actuator intake.pump_a trip", actuator(Some(ActuatorFault::Trip))),
            ("actuator intake.pump_a seize", actuator(Some(ActuatorFault::Seize))),
            ("actuator intake.pump_a clear", actuator(None)),
            ("clear", Act::ClearAll),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(understand(&words, remote), Ok(act), "{line}");
        }
        for line in ["", "sing", "press", "storm big", "fault intake.flow", "mains maybe"] {
            let words: Vec<&str> = line.split(' ').collect();
            assert!(understand(&words, remote).is_err(), "{line}");
        }
    }

    fn sensor(path: &str, fault: Option<SensorFault>) -> Act {
        Act::SensorFault { path: path.into(), fault }
    }

    fn actuator(fault: Option<ActuatorFault>) -> Act {
        Act::ActuatorFault { path: "intake.pump_a".into(), fault }
    }
}
