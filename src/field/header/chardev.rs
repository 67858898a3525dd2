//! Lines through the kernel: gpiocdev, for boards and kernels on which rppal does not run.
//!
//! A chip is found by its label, since numbers change between kernels; the kernel keeps two programs off one line, and
//! takes the lines back when the process ends, however it ends.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use gpiocdev::line::{Bias, Value, Values};
use gpiocdev::{Chip, Request};

use super::broadcom::refused;
use super::lines::{Level, LineError, Lines, Pull, Wires};

/// Labels of the chip behind a Raspberry Pi's header: Pi 5; Pi 4; those before (the kernel's pinctrl drivers).
const HEADERS: [&str; 3] = ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"];
/// What others see that have a look who uses a line.
const CONSUMER: &str = "sweetspring";

/// The header.
pub struct Chardev {
    inputs: Option<(Request, Values)>,
    outputs: Option<Request>,
}

impl Chardev {
    /// Opens the lines of a chip, given by label or path; of the header of a Raspberry Pi, if it is not given.
    pub fn open(wires: &Wires, chip: Option<&str>) -> Result<Chardev, LineError> {
        let chip = find(chip)?;
        for line in wires.all() {
            free(&chip, line)?;
        }
        let path = chip.path();
        let outputs = (!wires.outputs.is_empty()).then(|| {
            let mut request = Request::builder();
            request.on_chip(path).with_consumer(CONSUMER);
            for line in &wires.outputs {
                request.with_line(u32::from(*line)).as_output(Value::Inactive);
            }
            request.request().map_err(|error| not_given(path, &error))
        });
        let inputs = (!wires.inputs.is_empty()).then(|| {
            let mut request = Request::builder();
            request.on_chip(path).with_consumer(CONSUMER);
            for (line, pull) in &wires.inputs {
                let bias = match pull {
                    Pull::Up => Bias::PullUp,
                    Pull::Down => Bias::PullDown,
                };
                request.with_line(u32::from(*line)).as_input().with_bias(bias);
            }
            let given = request.request().map_err(|error| not_given(path, &error))?;
            let lines: Vec<u32> = wires.inputs.iter().map(|(line, _)| u32::from(*line)).collect();
            Ok((given, Values::from_offsets(&lines)))
        });
        Ok(Chardev { inputs: inputs.transpose()?, outputs: outputs.transpose()? })
    }
}

impl Lines for Chardev {
    fn levels(&mut self) -> Result<u32, LineError> {
        let Some((request, values)) = &mut self.inputs else { return Ok(0) };
        let failed = |error| LineError::failed("the inputs", io::Error::other(error));
        request.values(values).map_err(failed)?;
        let high = values.iter().filter(|one| one.value == Value::Active);
        Ok(high.fold(0, |levels, one| levels | 1_u32.checked_shl(one.offset).unwrap_or(0)))
    }

    fn set(&mut self, line: u8, level: Level) -> Result<(), LineError> {
        let request = self.outputs.as_ref().ok_or(LineError::NotThere { line })?;
        let value = match level {
            Level::Low => Value::Inactive,
            Level::High => Value::Active,
        };
        let failed = |error| LineError::failed(format!("line {line}"), io::Error::other(error));
        request.set_value(u32::from(line), value).map_err(failed)
    }

    fn is_high(&mut self, line: u8) -> Result<bool, LineError> {
        let request = self.outputs.as_ref().ok_or(LineError::NotThere { line })?;
        let failed = |error| LineError::failed(format!("line {line}"), io::Error::other(error));
        Ok(request.value(u32::from(line)).map_err(failed)? == Value::Active)
    }
}

/// The chip of a Raspberry Pi's header.
pub fn header() -> Result<Chip, LineError> {
    find(None)
}

/// The chip with this label or path.
fn find(wanted: Option<&str>) -> Result<Chip, LineError> {
    if let Some(path) = wanted.filter(|wanted| wanted.starts_with('/')) {
        return opened(Path::new(path));
    }
    let failed = |error| LineError::failed("/dev", io::Error::other(error));
    let mut labelled = Vec::new();
    for path in gpiocdev::chip::chips().map_err(failed)? {
        let info = opened(&path)?.info().map_err(|error| not_given(&path, &error))?;
        labelled.push((path, info.label));
    }
    opened(&choose(wanted, labelled)?)
}

/// The one that is meant among those that are there.
fn choose(wanted: Option<&str>, labelled: Vec<(PathBuf, String)>) -> Result<PathBuf, LineError> {
    if labelled.is_empty() {
        return Err(LineError::NoChips);
    }
    let fits = |label: &str| match wanted {
        Some(wanted) => label == wanted,
        None => HEADERS.contains(&label),
    };
    if let Some((path, _)) = labelled.iter().find(|(_, label)| fits(label)) {
        return Ok(path.clone());
    }
    let found: Vec<String> =
        labelled.iter().map(|(path, label)| format!("{label} ({})", path.display())).collect();
    let wanted = wanted.map_or_else(|| HEADERS.join(" or "), str::to_owned);
    Err(LineError::NoSuchChip { wanted, found: found.join(", ") })
}

fn opened(path: &Path) -> Result<Chip, LineError> {
    let shown = path.display().to_string();
    // Opened by hand first: of a file that is forbidden the library does not say so.
    File::open(path).map_err(|error| refused(&shown, error))?;
    Chip::from_path(path).map_err(|error| not_given(path, &error))
}

/// Whether nobody uses a line.
pub fn free(chip: &Chip, line: u8) -> Result<(), LineError> {
    let info = chip.line_info(u32::from(line)).map_err(|_| LineError::NotThere { line })?;
    if !info.used {
        return Ok(());
    }
    let by = if info.consumer.is_empty() { "the kernel" } else { info.consumer.as_str() };
    Err(LineError::Taken { line, by: by.to_owned() })
}

fn not_given(path: &Path, error: &gpiocdev::Error) -> LineError {
    LineError::failed(path.display().to_string(), io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chips(labels: &[&str]) -> Vec<(PathBuf, String)> {
        let path = |number: usize| PathBuf::from(format!("/dev/gpiochip{number}"));
        labels.iter().enumerate().map(|(at, label)| (path(at + 10), (*label).into())).collect()
    }

    #[test]
    fn the_header_is_found_by_its_label_whatever_its_number() {
        let five = ["gpio-brcmstb@107d508500", "pinctrl-rp1", "gpio-brcmstb@107d517c00"];
        for (wanted, there, found) in [
            (None, &five[..], "/dev/gpiochip11"),
            (None, &["raspberrypi-exp-gpio", "pinctrl-bcm2711"], "/dev/gpiochip11"),
            (None, &["pinctrl-bcm2835"], "/dev/gpiochip10"),
            (Some("gpio-brcmstb@107d517c00"), &five, "/dev/gpiochip12"),
        ] {
            let chosen = choose(wanted, chips(there)).unwrap();
            assert_eq!(chosen, Path::new(found), "{wanted:?} of {there:?}");
        }
    }

    #[test]
    fn a_chip_that_is_not_there_is_said_with_those_that_are() {
        let said = |wanted, there: &[&str]| choose(wanted, chips(there)).unwrap_err().to_string();
        assert!(said(None, &[]).contains("no GPIO chips"));
        let other = said(Some("pinctrl-rp1"), &["sunxi-pio"]);
        assert!(
            other.contains("no chip `pinctrl-rp1` here: there are sunxi-pio (/dev/gpiochip10)")
        );
        assert!(said(None, &["sunxi-pio"]).contains("pinctrl-rp1 or pinctrl-bcm2711"));
    }

    #[test]
    fn a_path_that_is_no_chip_is_refused_by_its_name() {
        for (path, words) in
            [("/dev/null", "/dev/null"), ("/dev/gpiochip_none", "/dev/gpiochip_none")]
        {
            let said = Chardev::open(&Wires::default(), Some(path)).err().unwrap().to_string();
            assert!(said.contains(words), "{said}");
        }
    }
}
