//! The site of a story as rig and controller read it: with a header instead of its node, and with serial ports.

use config::{FieldKind, Profiles, Site, shipped};

use crate::closed_loop::catalogue_of;
use crate::story::Scenario;
use crate::story::stage::text_named;

/// The text of a story's site, and the site.
pub fn of(scenario: &Scenario) -> Result<(String, Site), String> {
    let (path, text) = text_named(&scenario.site)?;
    let sim = &scenario.sim;
    let text = if sim.lines { shipped::on_header(text, shipped::HEADER) } else { text.to_owned() };
    let site = config::check(&text, path, &Profiles::shipped(), &sim.set, catalogue_of)
        .map_err(|faults| faults.to_string())?;
    if site.field != FieldKind::Buses {
        return Err(format!("{path} has no buses: its plant is inside the controller"));
    }
    Ok((text, site))
}

/// The same text with these buses on serial ports.
pub fn on_ports(text: &str, ports: &[(String, String)]) -> String {
    let mut changed = String::new();
    let mut port = None;
    for line in text.lines() {
        if line.starts_with('[') {
            let is_of = |bus: &str| line == format!("[bus.{bus}]");
            port = ports.iter().find(|(bus, _)| is_of(bus)).map(|(_, port)| port);
            changed += line;
            changed += "\n";
            if let Some(port) = port {
                changed += &format!("protocol = \"rtu\"\nport = \"{port}\"\nparity = \"even\"\n");
            }
        } else if port.is_none() || !(line.starts_with("address =") || line.starts_with("line =")) {
            changed += line;
            changed += "\n";
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_on_serial_ports_is_a_whole_site_with_its_other_buses_as_they_were() {
        let ports = ["a", "b", "d"].map(|bus| (bus.to_string(), format!("/dev/pts/{bus}")));
        let text = on_ports(shipped::BENCH, &ports);
        let site = config::check(&text, "bench.toml", &Profiles::shipped(), &[], catalogue_of);
        let site = site.unwrap_or_else(|faults| panic!("{faults}"));
        let places: Vec<&str> = site.buses.iter().map(|bus| bus.kind.place()).collect();
        assert_eq!(
            places,
            ["/dev/pts/a", "/dev/pts/b", "127.0.0.1:1504", "/dev/pts/d", "127.0.0.1:1506"]
        );
    }
}
