//! What to do when a bus does not answer as hoped.

use std::time::Duration;

use config::{BusKind, Table};
use sweetspring::field::modbus::{ExceptionCode, Failure, Refused, Way};

/// An error with what it means and what to look at.
pub fn advice(refused: &Refused, unit: u8, way: &Way) -> anyhow::Error {
    let failure = match refused {
        Refused::Closed(closed) => return anyhow::anyhow!("{closed}"),
        Refused::Failed(failure) => failure,
    };
    anyhow::anyhow!(match failure {
        Failure::Silent(limit) => silence(&format!("unit {unit}"), way, *limit),
        Failure::Exception(exception) => format!("unit {unit} answers: {}", meaning(*exception)),
        Failure::Garbled(why) => format!(
            "what comes from unit {unit} is broken ({why}). Look at: speed and parity ({}); two devices with this unit \
             number; 120 Ω at both ends of the line and nowhere else; bias; the shield; a second master",
            settings(way)
        ),
        Failure::Misfit(why) => format!(
            "what comes is not the answer ({why}). Look at: an adapter that listens while it sends (switch its echo off), \
             two devices with one unit number, a second master"
        ),
        Failure::Lost(_) | Failure::NotConnected | Failure::Unsettled { .. } => {
            format!("{failure}, at {way}")
        }
    })
}

/// Nobody answered.
pub fn silence(who: &str, way: &Way, limit: Duration) -> String {
    match &way.kind {
        BusKind::Tcp { .. } | BusKind::Gpio { .. } => format!(
            "{way} is there, but nothing comes from {who} within {limit:?}. Look at: the unit number, and the speed and \
             parity that the gateway is set to"
        ),
        BusKind::Rtu { .. } | BusKind::RtuOverTcp { .. } => format!(
            "nothing comes from {who} at {way} ({}) within {limit:?}. Look at, in this order: power of the device; its unit \
             number, speed and parity, as its menu or switches say; A and B, which many makers name the other way round \
             (swapping them harms nothing); GND; 120 Ω at both ends of the line and nowhere else; that nobody else is master",
            settings(way)
        ),
    }
}

fn settings(way: &Way) -> String {
    let baud = way.baud.unwrap_or_default();
    match &way.kind {
        BusKind::Rtu { parity, stop_bits, .. } => {
            format!("{baud} baud, 8{}{}", parity.letter(), stop_bits.count())
        }
        BusKind::Tcp { .. } | BusKind::RtuOverTcp { .. } | BusKind::Gpio { .. } => {
            "as the gateway is set".to_owned()
        }
    }
}

/// An exception in plain words.
fn meaning(exception: ExceptionCode) -> String {
    let more = match exception {
        ExceptionCode::IllegalFunction => {
            "it does not know this function: try another table, or `--multiple`".to_owned()
        }
        ExceptionCode::IllegalDataAddress => format!(
            "it has no such register. Addresses are those on the wire: a manual's 40001 is `{} 0`, 30001 is `{} 0`; or it \
             gives fewer at once",
            Table::Holding.word(),
            Table::Input.word()
        ),
        ExceptionCode::IllegalDataValue => {
            "it does not take this value, or gives fewer at once".to_owned()
        }
        ExceptionCode::ServerDeviceBusy | ExceptionCode::Acknowledge => {
            "it is busy: try again".to_owned()
        }
        ExceptionCode::GatewayPathUnavailable | ExceptionCode::GatewayTargetDevice => {
            "a gateway is there, the device behind it is not: unit number, speed, parity, wiring"
                .to_owned()
        }
        ExceptionCode::ServerDeviceFailure
        | ExceptionCode::MemoryParityError
        | ExceptionCode::Custom(_) => "it reports a fault of its own: see its manual".to_owned(),
    };
    format!("{exception}: {more}")
}

/// Whether the device itself, or a gateway before it, said no: then nothing was done.
pub fn is_answered(refused: &Refused) -> bool {
    match refused {
        Refused::Closed(_) | Refused::Failed(Failure::Exception(_)) => true,
        Refused::Failed(_) => false,
    }
}

/// What a scan says of a unit that gave no value: `None` when nobody is there. An error ends the scan.
pub fn presence(refused: &Refused) -> anyhow::Result<Option<String>> {
    match refused {
        Refused::Closed(closed) => Err(anyhow::anyhow!("{closed}")),
        Refused::Failed(Failure::Silent(_)) => Ok(None),
        Refused::Failed(Failure::Exception(
            ExceptionCode::GatewayPathUnavailable | ExceptionCode::GatewayTargetDevice,
        )) => Ok(None),
        Refused::Failed(Failure::Exception(exception)) => {
            Ok(Some(format!("{exception} (it is there)")))
        }
        // The gateway is gone, and with it the way to every unit.
        Refused::Failed(failure @ (Failure::Lost(_) | Failure::NotConnected)) => {
            Err(anyhow::anyhow!("{failure}"))
        }
        Refused::Failed(
            failure @ (Failure::Garbled(_) | Failure::Misfit(_) | Failure::Unsettled { .. }),
        ) => Ok(Some(format!("{failure}"))),
    }
}
