//! A sample as OPC UA sends it: value, StatusCode, unit, range.

use ::opcua::types::{
    DataValue, DateTime, EUInformation, ExtensionObject, LocalizedText, Range, StatusCode,
    UAString, Variant,
};
use plc::alarm::State;
use plc::image::Sample;
use plc::quantity::Form;
use plc::reason::Reasons;
use plc::signal::{Fault, Quality};

/// Where the codes of Recommendation 20 live (`docs/spec/interfaces.md` 2.3).
const UNITS: &str = "http://www.opcfoundation.org/UA/units/un/cefact";

/// Smallest difference that [`told_apart`] makes; far below what any instrument of a water plant resolves.
const APART_MIN: f64 = 1e-15;

/// What the quality of a signal is called (`docs/spec/interfaces.md` 2.4).
pub fn status(quality: Quality) -> StatusCode {
    match quality {
        Quality::Good => StatusCode::Good,
        Quality::Uncertain(_) => StatusCode::UncertainSubNormal,
        Quality::Held(_) => StatusCode::UncertainLastUsableValue,
        Quality::Bad(fault) => match fault {
            Fault::NotYetRead => StatusCode::BadWaitingForInitialData,
            Fault::Stale => StatusCode::BadNoCommunication,
            Fault::Invalid | Fault::Range | Fault::Rate | Fault::Implausible | Fault::Computed => {
                StatusCode::BadSensorFailure
            }
            Fault::Overrange => StatusCode::BadOutOfRange,
            Fault::NotFitted | Fault::HoldExpired => StatusCode::BadOutOfService,
        },
    }
}

/// The value of a sample in its form; `None` while its quality is bad, so that no number looks good by accident.
pub fn variant(form: Form, sample: &Sample) -> Option<Variant> {
    if matches!(sample.quality, Quality::Bad(_)) {
        return None;
    }
    Some(match form {
        Form::Number { .. } => Variant::Double(told_apart(sample.value, sample.quality)),
        Form::OnOff => Variant::Boolean(sample.value >= 0.5),
        // An index; the cast cannot leave the range of the few states there are.
        Form::States(_) | Form::Alarm => Variant::Int32(sample.value as i32),
        Form::Reasons => reasons(sample.why),
    })
}

/// The library compares only values for a client that set no filter, so a hold or a doubt that leaves the number as it was
/// would never reach it. The last bit of a doubted or held number differs, so that it does. Contacts and states have no bit
/// to spare: their doubt reaches such a client with the next change.
fn told_apart(value: f64, quality: Quality) -> f64 {
    let step = (value.abs() * f64::EPSILON).max(APART_MIN);
    match quality {
        Quality::Good | Quality::Bad(_) => value,
        Quality::Uncertain(_) => value + step,
        Quality::Held(_) => value + 2.0 * step,
    }
}

/// The keys of a set of reasons, an array even when empty.
pub fn reasons(set: Reasons) -> Variant {
    set.iter().map(|reason| UAString::from(reason.key())).collect::<Vec<_>>().into()
}

/// Names of the alarm states, in order of their numbers.
pub fn alarm_states() -> Variant {
    State::ALL.iter().map(|state| LocalizedText::from(state.key())).collect::<Vec<_>>().into()
}

/// Names of a state point's states.
pub fn states(names: &[&'static str]) -> Variant {
    names.iter().map(|name| LocalizedText::from(*name)).collect::<Vec<_>>().into()
}

/// The alarm state of a sample.
pub fn alarm_state(sample: &Sample) -> State {
    State::from_number(sample.value as u8).unwrap_or_default()
}

/// A value with its quality and both times.
pub fn data_value(
    value: Option<Variant>,
    quality: Quality,
    source_ms: i64,
    now: DateTime,
) -> DataValue {
    DataValue {
        value,
        status: Some(status(quality)),
        source_timestamp: Some(moment(source_ms)),
        source_picoseconds: None,
        server_timestamp: Some(now),
        server_picoseconds: None,
    }
}

/// Milliseconds since 1970 as OPC UA's time; what no calendar holds becomes 1970.
pub fn moment(ms: i64) -> DateTime {
    chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default().into()
}

/// The unit: UnitId is the code's letters as a big-endian number.
pub fn unit(symbol: &str, unece: &str) -> Variant {
    ExtensionObject::from_message(EUInformation {
        namespace_uri: UNITS.into(),
        unit_id: unit_id(unece),
        display_name: symbol.into(),
        description: LocalizedText::null(),
    })
    .into()
}

fn unit_id(unece: &str) -> i32 {
    unece.bytes().fold(0, |id, letter| (id << 8) | i32::from(letter))
}

/// A span as EURange.
pub fn range((low, high): (f64, f64)) -> Variant {
    ExtensionObject::from_message(Range { low, high }).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plc::quantity::{Ntu, Value};
    use plc::reason::Reason;
    use plc::signal::{Doubt, Moment};

    #[test]
    fn unit_ids_are_those_of_the_foundations_table() {
        // Rows of the OPC Foundation's UNECE_to_OPCUA.csv.
        for (code, id) in [
            ("NTU", 5_133_397),
            ("MQH", 5_067_080),
            ("M1", 19_761),
            ("Q30", 5_321_520),
            ("KPA", 4_935_745),
            ("MTR", 5_067_858),
            ("P1", 20_529),
            ("CEL", 4_408_652),
            ("KWH", 4_937_544),
            ("SEC", 5_457_219),
            ("C62", 4_404_786),
        ] {
            assert_eq!(unit_id(code), id, "{code}");
        }
    }

    #[test]
    fn a_bad_sample_has_no_value_that_could_look_good() {
        for fault in
            [Fault::NotYetRead, Fault::Stale, Fault::Range, Fault::Overrange, Fault::NotFitted]
        {
            let sample = Sample { value: 0.3, quality: Quality::Bad(fault), why: Reasons::NONE };
            assert_eq!(variant(Ntu::FORM, &sample), None);
            assert!(status(sample.quality).is_bad());
        }
    }

    #[test]
    fn a_hold_or_a_doubt_reaches_a_client_that_compares_values_alone() {
        for value in [0.0, 1.5, -40.0, 2.5e6] {
            let sent = |quality| {
                variant(Ntu::FORM, &Sample { value, quality, why: Reasons::NONE }).unwrap()
            };
            let (good, doubted, held) = (
                sent(Quality::Good),
                sent(Quality::Uncertain(Doubt::Fallback)),
                sent(Quality::Held(Moment(9))),
            );
            assert_eq!(good, Variant::Double(value));
            assert!(good != doubted && doubted != held && held != good, "{value}");
            assert!((held.as_f64().unwrap() - value).abs() <= 1e-9, "{value}");
        }
    }

    #[test]
    fn reasons_are_sent_by_their_keys() {
        let set = Reasons::only(Reason::MainsLost).with(Reason::EmergencyStop);
        let Variant::Array(array) = reasons(set) else { panic!("an array") };
        assert_eq!(array.values, [Variant::from("EmergencyStop"), Variant::from("MainsLost")]);
    }
}
