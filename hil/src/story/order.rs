//! What people ask of the plant, in words: `start`, `wash 1`, `set distribution.fill_start 1.5`, `mode intake.pump_a manual`.

use plc::device::Mode;
use plc::image::{Batch, Chemical, Command, Tested};
use plc::tag::{Catalogue, Kind, Role};

use super::condition::row;

/// What can be ordered, for people.
pub const ORDERS: &str = "\
start, stop, stop all, reset                the plant
wash FILTER, abort FILTER, desludge TANK, prime
intake close|open
confirm drained|quality|strength|sludge
mode PATH auto|off|manual|maintenance       a device, or a unit with its devices
hand PATH WISH SECONDS                      a device in manual: percent, or on at 100
set PATH VALUE                              a setting, in its unit
hold PATH SECONDS, release PATH             an instrument somebody works on
mixed CHEMICAL PRODUCT% DAYS AMOUNT         a batch in a day tank: coagulation or disinfection
chlorine MG, turbidity NTU                  a test by hand
jar RAW DOSE SETTLED, jar accept, jar revert
tested PATH REFERENCE BEFORE AFTER          a test of an instrument, by the path of its time left
emergency NTU SECONDS, emergency end        the emergency profile (as engineer)
shelve PATH SECONDS, unshelve PATH, acknowledge PATH, reset alarm PATH
as observer|operator|supervisor|engineer ...   in front of any of them; supervisor without";

/// An order with who gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    pub role: Role,
    pub command: Command,
}

/// The order behind words.
///
/// # Errors
/// When there is none such: with what there is.
pub fn parse(words: &[&str], catalogue: &Catalogue) -> Result<Asked, String> {
    let (role, words) = match *words {
        ["as", role, ref rest @ ..] => (role_of(role)?, rest),
        ref words => (Role::Supervisor, words),
    };
    Ok(Asked { role, command: command(words, catalogue)? })
}

fn command(words: &[&str], catalogue: &Catalogue) -> Result<Command, String> {
    let find = |path: &str| row(path, catalogue);
    let mode_of = |path: &str| row(&format!("{path}.mode"), catalogue);
    Ok(match *words {
        ["start"] => Command::Start,
        ["stop"] => Command::Stop,
        ["stop", "all"] => Command::StopAll,
        ["reset"] => Command::Reset,
        ["reset", "alarm", path] => Command::ResetAlarm { alarm: find(path)? },
        ["wash", filter] => Command::Wash { filter: small(filter)? },
        ["abort", filter] => Command::AbortWash { filter: small(filter)? },
        ["desludge", tank] => Command::Desludge { tank: small(tank)? },
        ["prime"] => Command::Prime,
        ["intake", "close"] => Command::CloseIntake,
        ["intake", "open"] => Command::OpenIntake,
        ["confirm", "drained"] => Command::ConfirmDrained,
        ["confirm", "quality"] => Command::ConfirmQuality,
        ["confirm", "strength"] => Command::ConfirmStrength,
        ["confirm", "sludge"] => Command::ConfirmSludgeRemoved,
        ["mode", path, mode] => Command::Handle { device: mode_of(path)?, mode: mode_named(mode)? },
        ["hand", path, wish, seconds] => Command::ByHand {
            device: mode_of(path)?,
            wish: number(wish)?,
            seconds: number(seconds)?,
        },
        ["set", path, value] => {
            let setting = find(path)?;
            if !matches!(catalogue.rows[setting].kind, Kind::Setting(_)) {
                return Err(format!("{path} is no setting"));
            }
            Command::Set { setting, value: number(value)? }
        }
        ["hold", path, seconds] => Command::Hold { input: find(path)?, seconds: number(seconds)? },
        ["release", path] => Command::Release { input: find(path)? },
        ["mixed", chemical, product, days, amount] => Command::Mixed {
            chemical: match chemical {
                "coagulation" => Chemical::Coagulant,
                "disinfection" => Chemical::Chlorine,
                other => return Err(format!("no chemical {other}: coagulation, disinfection")),
            },
            batch: Batch {
                product: number(product.trim_end_matches('%'))?,
                days: number(days)?,
                amount: number(amount)?,
            },
        },
        ["chlorine", tested] => Command::EnterChlorine { tested: number(tested)? },
        ["turbidity", tested] => Command::EnterTurbidity { tested: number(tested)? },
        ["jar", "accept"] => Command::AcceptJarTest,
        ["jar", "revert"] => Command::RevertJarTest,
        ["jar", raw, dose, settled] => {
            Command::JarTest { raw: number(raw)?, dose: number(dose)?, settled: number(settled)? }
        }
        ["tested", path, reference, before, after] => Command::RecordTest {
            due: find(path)?,
            tested: Tested {
                reference: number(reference)?,
                before: number(before)?,
                after: number(after)?,
            },
        },
        ["emergency", "end"] => Command::EndEmergency,
        ["emergency", limit, seconds] => {
            Command::BeginEmergency { limit: number(limit)?, seconds: number(seconds)? }
        }
        ["shelve", path, seconds] => {
            Command::Shelve { alarm: find(path)?, seconds: number(seconds)? }
        }
        ["unshelve", path] => Command::Unshelve { alarm: find(path)? },
        ["acknowledge", path] => Command::Acknowledge { alarm: find(path)? },
        [..] => return Err(format!("no order \"{}\". There are:\n{ORDERS}", words.join(" "))),
    })
}

fn role_of(word: &str) -> Result<Role, String> {
    Ok(match word {
        "observer" => Role::Observer,
        "operator" => Role::Operator,
        "supervisor" => Role::Supervisor,
        "engineer" => Role::Engineer,
        other => return Err(format!("no role {other}: observer, operator, supervisor, engineer")),
    })
}

fn mode_named(word: &str) -> Result<Mode, String> {
    Ok(match word {
        "auto" => Mode::Auto,
        "off" => Mode::Off,
        "manual" => Mode::Manual,
        "maintenance" => Mode::Maintenance,
        other => return Err(format!("no mode {other}: auto, off, manual, maintenance")),
    })
}

fn number(word: &str) -> Result<f64, String> {
    word.parse().map_err(|_| format!("{word} is no number"))
}

fn small(word: &str) -> Result<u8, String> {
    word.parse().map_err(|_| format!("{word} is no number of a tank or filter, from 1"))
}
