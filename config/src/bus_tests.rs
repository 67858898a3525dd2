//! How a bus is reached: TCP, a serial port, RTU through TCP; and what is said of a wrong one.

use crate::explain::bus_loads;
use crate::tests::{bench_but, checked, said};
use crate::{BusKind, Parity, StopBits};

/// Bus C of the bench, which gets other words here.
const TCP: &str = "address = \"127.0.0.1:1504\"\nline = \"ethernet\"\n";

fn with(words: &str) -> String {
    bench_but(TCP, words)
}

#[test]
fn a_bus_is_a_serial_port_of_this_machine_or_rtu_through_tcp() {
    let rtu = |parity, stop_bits| BusKind::Rtu { port: "/dev/ttyUSB0".into(), parity, stop_bits };
    let through = BusKind::RtuOverTcp { address: "10.0.0.5:4001".into() };
    for (words, kind, baud, load) in [
        (
            "protocol = \"rtu\"\nport = \"/dev/ttyUSB0\"\nparity = \"even\"",
            rtu(Parity::Even, StopBits::One),
            19_200,
            "/dev/ttyUSB0 19200 8E1",
        ),
        (
            "protocol = \"rtu\"\nport = \"/dev/ttyUSB0\"\nparity = \"none\"\nstop_bits = 2\nbaud = 115200",
            rtu(Parity::None, StopBits::Two),
            115_200,
            "/dev/ttyUSB0 115200 8N2",
        ),
        (
            "protocol = \"rtu_over_tcp\"\naddress = \"10.0.0.5:4001\"\nbaud = 9600",
            through,
            9_600,
            "10.0.0.5:4001 (RTU)",
        ),
    ] {
        let site = checked(&with(words)).unwrap_or_else(|faults| panic!("{words}: {faults}"));
        let bus = site.buses.iter().find(|bus| bus.name == "c").expect("it is there");
        assert_eq!((&bus.kind, bus.baud), (&kind, Some(baud)), "{words}");
        assert!(site.has_serial_lines());
        let catalogue = crate::tests::catalogue_of(&site.shape);
        assert!(bus_loads(&site, &catalogue).contains(load), "{load}");
    }
}

#[test]
fn a_serial_line_that_cannot_be_is_refused_with_what_is_allowed() {
    let good = "protocol = \"rtu\"\nport = \"/dev/ttyUSB0\"\nparity = \"even\"\n";
    for (words, faults) in [
        (
            good.replace("\"rtu\"", "\"ascii\""),
            vec!["allowed are \"tcp\", \"rtu\", \"rtu_over_tcp\""],
        ),
        (good.replace("parity", "# "), vec!["`parity` is missing: \"none\", \"even\" or \"odd\""]),
        (good.replace("even", "mark"), vec!["allowed are \"none\", \"even\", \"odd\""]),
        (good.replace("port", "# "), vec!["`port` is missing: the path of a serial port"]),
        (
            good.replace("/dev/ttyUSB0", "COM3"),
            vec!["`port = \"COM3\"`: write the path of a serial port"],
        ),
        (
            format!("{good}stop_bits = 0"),
            vec!["`stop_bits = 0`: a whole number from 1 to 2 is allowed"],
        ),
        (format!("{good}data_bits = 7"), vec!["`data_bits` is not to be chosen: RTU always has 8"]),
        (
            format!("{good}baud = 14400"),
            vec!["`baud = 14400`: allowed are 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200"],
        ),
        (format!("{good}baud = 300"), vec!["a whole number from 1200 to 115200 is allowed"]),
        (
            format!("{good}line = \"rs485\"\naddress = \"127.0.0.1:1504\""),
            vec!["`address` is of TCP only", "`line` is of Modbus TCP only"],
        ),
        (
            format!("protocol = \"rtu_over_tcp\"\n{TCP}parity = \"even\""),
            vec!["`parity` is of a serial port only", "`line` is of Modbus TCP only"],
        ),
        (
            "protocol = \"rtu_over_tcp\"\naddress = \"10.0.0.5\"".to_string(),
            vec!["write host:port"],
        ),
        (format!("{TCP}parity = \"odd\""), vec!["`parity` is of a serial port only: give the bus"]),
    ] {
        let said = said(checked(&with(&words)));
        for fault in &faults {
            assert!(said.iter().any(|line| line.contains(fault)), "{words}: {said:#?}");
        }
        assert_eq!(said.len(), faults.len(), "{words}: {said:#?}");
    }
    let twice = with(good).replacen(
        "address = \"127.0.0.1:1502\"\nline = \"rs485\"\nbaud = 19200\n",
        good,
        1,
    );
    let said = said(checked(&twice));
    assert!(
        said.iter().any(|line| line.contains("`port = \"/dev/ttyUSB0\"` is that of bus")),
        "{said:#?}"
    );
}
