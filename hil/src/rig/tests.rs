//! The rig's devices over real sockets, and by hand where time matters.

use std::sync::Arc;
use std::time::Duration;

use config::{
    Access, Binding, Bus, BusKind, DeadMan, Device as Bought, Direction, FieldKind, Form, Hmi,
    Profile, Register, Site, Table, Watchdog, WordOrder,
};
use plc::image::{Inputs, Outputs};
use plc::interlock::Column;
use plc::plant::Shape;
use plc::quantity::{self, CubicMetresPerHour};
use plc::signal::{Moment, Reading};
use plc::tag::{Catalogue, Driven, Kind, Row};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::device::Device;
use super::{End, Rig, RigError, Setup, World, tell};

const RUN: u16 = 8501;
const TIMEOUT: u16 = 6005;

/// Outputs: 0 drive, 1 relay with dead-man, 2 plain relay. Inputs: 0 level, 1 float.
pub struct Bench {
    pub site: Site,
    catalogue: Catalogue,
}

#[test]
fn a_drive_starts_only_step_by_step_and_stops_at_any_other_word() {
    let mut drive = Bench::new().device(0);
    for (word, runs) in
        [(15, 0.0), (6, 0.0), (15, 0.0), (6, 0.0), (7, 0.0), (15, 1.0), (15, 1.0), (6, 0.0)]
    {
        assert_eq!(drive.ask(&write(RUN, word)), write(RUN, word));
        assert_eq!(drive.drives()[0], runs, "after {word}");
    }
}

#[test]
fn a_drive_that_hears_nothing_for_its_time_out_stops_until_started_anew() {
    let mut drive = Bench::new().device(0);
    for word in [6, 7, 15] {
        drive.ask(&write(RUN, word));
    }
    drive.ask(&write(TIMEOUT, 30));
    assert_eq!(drive.ask(&[3, 0x17, 0x75, 0, 1]), [3, 2, 0, 30]);
    drive.passes(Duration::from_millis(2900));
    assert_eq!(drive.drives()[0], 1.0);
    // Any request keeps it awake.
    drive.ask(&[3, 0x17, 0x75, 0, 1]);
    drive.passes(Duration::from_millis(2900));
    assert_eq!(drive.drives()[0], 1.0);
    drive.passes(Duration::from_millis(200));
    assert_eq!(drive.drives()[0], 0.0);
    drive.ask(&write(RUN, 15));
    assert_eq!(drive.drives()[0], 0.0, "the last word alone does not start it");
}

#[test]
fn a_relay_switched_on_for_a_time_falls_unless_renewed() {
    let mut relays = Bench::new().device(1);
    let flash = [5, 2, 0, 0, 30];
    assert_eq!(relays.ask(&flash), flash);
    relays.ask(&[5, 0, 1, 0xFF, 0]);
    relays.passes(Duration::from_secs(2));
    relays.ask(&flash);
    relays.passes(Duration::from_secs(2));
    assert_eq!(relays.drives()[1..], [1.0, 1.0]);
    assert_eq!(relays.ask(&[1, 0, 0, 0, 2]), [1, 1, 0b11]);
    relays.passes(Duration::from_secs(2));
    assert_eq!(relays.drives()[1..], [0.0, 1.0], "what is on for good stays");
    assert_eq!(relays.ask(&[15, 0, 0, 0, 2, 1, 0]), [15, 0, 0, 0, 2]);
    assert_eq!(relays.drives()[1..], [0.0, 0.0]);
}

#[test]
fn what_a_device_does_not_have_is_refused_as_the_standard_says() {
    let mut drive = Bench::new().device(0);
    for (case, pdu, exception) in [
        ("function", vec![7], 3),
        ("function", vec![43, 0, 0, 0, 0], 1),
        ("address", vec![3, 0, 1, 0, 1], 2),
        ("table", vec![4, 0x21, 0x35, 0, 1], 2),
        ("read of a command", vec![3, 0x21, 0x35, 0, 1], 2),
        ("none", vec![3, 0x17, 0x75, 0, 0], 3),
        ("too many", vec![3, 0x17, 0x75, 0, 30], 3),
        ("beyond the end", vec![3, 0xFF, 0xFF, 0, 2], 2),
        ("write past the end", vec![16, 0x21, 0x35, 0, 2, 4, 0, 1, 0, 1], 2),
        ("byte count", vec![16, 0x21, 0x35, 0, 1, 4, 0, 1, 0, 1], 3),
        ("coil value", vec![5, 0, 0, 0, 1], 3),
    ] {
        assert_eq!(drive.ask(&pdu), [pdu[0] | 0x80, exception], "{case} {pdu:?}");
    }
}

#[test]
fn an_instrument_that_fell_silent_shows_it_and_a_device_with_nothing_to_say_does_not_answer() {
    let mut probe = Bench::new().device(2);
    let mut inputs = probe.inputs();
    inputs.readings[0] = Reading::good(1.234, Moment(0));
    inputs.readings[1] = Reading::good(1.0, Moment(0));
    probe.show(&inputs);
    assert_eq!(probe.ask(&[4, 0, 0, 0, 1]), [4, 2, 0x04, 0xD2]);
    assert_eq!(probe.ask(&[2, 0, 0, 0, 1]), [2, 1, 1]);
    probe.passes(Duration::from_secs(6));
    inputs.readings[1] = Reading::good(0.0, probe.now);
    probe.show(&inputs);
    assert_eq!(probe.ask(&[4, 0, 0, 0, 1]), [4, 2, 0x7F, 0xFF], "its sentinel");
    assert_eq!(probe.ask(&[2, 0, 0, 0, 1]), [2, 1, 0]);
    probe.passes(Duration::from_secs(6));
    probe.show(&inputs);
    assert_eq!(probe.ask(&[4, 0, 0, 0, 1]), [0x84, 11]);
    inputs.readings[0] = Reading::good(1.0, probe.now);
    probe.show(&inputs);
    assert_eq!(probe.ask(&[4, 0, 0, 0, 1]), [4, 2, 0x03, 0xE8]);
}

#[tokio::test]
async fn a_rig_serves_every_unit_of_a_bus_and_its_world_goes_on() {
    let rig = Bench::new().rig().await;
    let mut bus = TcpStream::connect(rig.buses[0].1).await.unwrap();
    assert_eq!(ask(&mut bus, 9, &[3, 0, 0, 0, 1]).await.unwrap(), [0x83, 11], "no such unit");
    // The world of this test shows on the float what stands on the plain relay.
    assert_eq!(ask(&mut bus, 2, &[5, 0, 1, 0xFF, 0]).await.unwrap(), [5, 0, 1, 0xFF, 0]);
    while ask(&mut bus, 3, &[2, 0, 0, 0, 1]).await.unwrap() != [2, 1, 1] {}
    // Nonsense ends the connection, and no other.
    let mut other = TcpStream::connect(rig.buses[0].1).await.unwrap();
    other.write_all(&[0, 1, 0, 9, 0, 6, 1, 3, 0, 0, 0, 1]).await.unwrap();
    assert_eq!(other.read(&mut [0; 8]).await.unwrap_or(0), 0);
    assert!(ask(&mut bus, 3, &[2, 0, 0, 0, 1]).await.is_ok());
}

#[tokio::test]
async fn a_bus_is_cut_and_joined_again_by_a_line_to_the_rig() {
    let rig = Bench::new().rig().await;
    let control = rig.control.to_string();
    let float = [2, 0, 0, 0, 1];
    let mut bus = TcpStream::connect(rig.buses[0].1).await.unwrap();
    assert!(ask(&mut bus, 3, &float).await.is_ok());
    tell(&control, "link a down").await.unwrap();
    assert!(ask(&mut bus, 3, &float).await.is_err());
    tell(&control, "link a silent").await.unwrap();
    let mut bus = TcpStream::connect(rig.buses[0].1).await.unwrap();
    bus.write_all(&frame(1, 3, &float)).await.unwrap();
    tell(&control, "link a down").await.unwrap();
    assert_eq!(bus.read(&mut [0; 8]).await.unwrap_or(0), 0, "no answer before the end");
    tell(&control, "link a up").await.unwrap();
    let mut bus = TcpStream::connect(rig.buses[0].1).await.unwrap();
    assert!(ask(&mut bus, 3, &float).await.is_ok());
    assert_eq!(tell(&control, "link z up").await, Err("no bus z: there are a".into()));
    assert_eq!(
        tell(&control, "link a left").await,
        Err("a link is up, silent, down, noisy, late, slow, swapped, not left".into())
    );
    assert_eq!(tell(&control, "sing").await, Err("no song".into()));
    assert!(tell(&control, &"x".repeat(300)).await.is_err());
}

#[tokio::test]
async fn two_rigs_on_one_address_are_one_too_many_and_the_message_says_where() {
    let bench = Bench::new();
    let rig = bench.rig().await;
    let setup = Setup { bind: Some(rig.buses[0].1), ..Setup::default() };
    let second = Rig::start(&bench.site, &bench.catalogue, Box::new(Echo), &setup).await;
    let message = second.err().map(|error| error.to_string()).unwrap_or_default();
    let expected = format!("cannot listen on {} for bus a", rig.buses[0].1);
    assert!(message.starts_with(&expected), "{message}");
}

#[test]
fn a_device_that_lost_its_power_is_away_and_comes_back_as_it_left_the_factory() {
    let mut drive = Bench::new().device(0);
    for pdu in [write(RUN, 6), write(RUN, 7), write(RUN, 15), write(TIMEOUT, 30)] {
        drive.ask(&pdu);
    }
    assert_eq!(drive.drives()[0], 1.0);
    let read = [3, 0x17, 0x75, 0, 1];
    drive.device.reboot(drive.now);
    assert_eq!(drive.device.respond(&read, drive.now), None);
    assert_eq!(drive.drives()[0], 0.0);
    drive.passes(Duration::from_secs(3));
    let answer = drive.device.respond(&read, drive.now).unwrap();
    assert_eq!(answer.pdu, [3, 2, 0, 100], "its time-out is its maker's again");
}

#[tokio::test]
async fn a_gateway_says_that_a_silent_or_doubled_device_does_not_answer_and_passes_on_a_refusal() {
    let rig = Bench::new().rig().await;
    let float = [2, 0, 0, 0, 1];
    let mut bus = TcpStream::connect(rig.buses[0].1).await.unwrap();
    let cases: [(&str, &[u8]); 5] = [
        ("silent", &[0x82, 11]),
        ("doubled", &[0x82, 11]),
        ("refuses", &[0x82, 4]),
        ("slow", &[2, 1, 0]),
        ("sound", &[2, 1, 0]),
    ];
    for (state, answer) in cases {
        rig.obey(&format!("device device3 {state}")).unwrap();
        assert_eq!(ask(&mut bus, 3, &float).await.unwrap(), answer, "{state}");
    }
    rig.obey("link a swapped").unwrap();
    bus.write_all(&frame(1, 3, &float)).await.unwrap();
    rig.obey("link a down").unwrap();
    assert_eq!(bus.read(&mut [0; 8]).await.unwrap_or(0), 0, "nobody understood");
    for words in ["device pump silent", "device device3 ill", "line 4 low", "device"] {
        assert!(rig.obey(words).is_err(), "{words}");
    }
}

/// A world that shows on the float what stands on the plain relay.
struct Echo;

impl World for Echo {
    fn step(&mut self, outputs: &Outputs, inputs: &mut Inputs, at: Moment, _elapsed: Duration) {
        inputs.readings[0] = Reading::good(1.0, at);
        inputs.readings[1] = Reading::good(outputs.values[2], at);
    }

    fn act(&mut self, _words: &[&str]) -> Result<(), String> {
        Err("no song".into())
    }
}

/// A device worked by hand.
struct Hand {
    device: Device,
    catalogue: Catalogue,
    now: Moment,
}

impl Hand {
    fn ask(&mut self, pdu: &[u8]) -> Vec<u8> {
        self.device.answer(pdu, self.now)
    }

    fn passes(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    fn drives(&mut self) -> Vec<f64> {
        let mut outputs = Outputs::new(&self.catalogue);
        self.device.drive(self.now, &mut outputs);
        outputs.values.to_vec()
    }

    fn inputs(&self) -> Inputs {
        Inputs::new(&self.catalogue)
    }

    fn show(&mut self, inputs: &Inputs) {
        self.device.show(inputs, self.now);
    }
}

impl Bench {
    pub fn new() -> Bench {
        let command = Form::Command { start: vec![6, 7, 15], stop: 6 };
        let contact = Form::Bool { bit: 0 };
        let drive = Profile {
            registers: vec![register("run", Table::Holding, RUN, command, Access::Write)],
            watchdog: Some(Watchdog { address: TIMEOUT, value: 30, verify: TIMEOUT }),
            ..profile()
        };
        let coil = |name, at| register(name, Table::Coil, at, contact.clone(), Access::Both);
        let relays = Profile {
            registers: vec![coil("relay1", 0), coil("relay2", 1)],
            dead_man: Some(DeadMan { address: 0x200, ticks: 30 }),
            ..profile()
        };
        let level = Register {
            scale: 0.001,
            sentinels: vec![0x7FFF],
            ..register("level", Table::Input, 0, Form::I16, Access::Read)
        };
        let float = register("float", Table::DiscreteInput, 0, contact.clone(), Access::Read);
        let probe = Profile { registers: vec![level, float], ..profile() };
        let bought = |(number, profile): (u8, Profile)| Bought {
            name: format!("device{number}"),
            bus: 0,
            unit: number,
            profile: Arc::new(profile),
        };
        let bind = |path: &str, direction, device, register| Binding {
            path: path.into(),
            direction,
            device,
            register,
            invert: false,
            scale: 1.0,
            offset: 0.0,
            live: None,
            dead_man: false,
        };
        let input = Kind::Input(plc::declare::measured(0.0..=1.0));
        let output = Kind::Output(Driven { column: None, high: 1.0 }, Column::Positions);
        let rows =
            [("in0", input), ("in1", input), ("out0", output), ("out1", output), ("out2", output)];
        let row = |(id, (path, kind)): (usize, (&str, Kind))| Row {
            id,
            path: path.into(),
            tag: String::new(),
            unit: "unit".into(),
            about: "",
            form: quantity::Form::OnOff,
            kind,
            slot: usize::from(path.as_bytes()[path.len() - 1] - b'0'),
        };
        let catalogue = Catalogue {
            rows: rows.into_iter().enumerate().map(row).collect(),
            inputs: 2,
            outputs: 3,
            ..Catalogue::default()
        };
        let site = Site {
            name: "test".into(),
            languages: vec!["en".into()],
            shape: Shape {
                nominal_flow: CubicMetresPerHour(5.0),
                tanks: 1,
                filters: 1,
                raw_pumps: 1,
                feed_pumps: 1,
                lift_pumps: 1,
                blower: false,
                elevated_tank: false,
                settling: plc::plant::Settling::Continuous,
                telemetry: false,
            },
            period: Duration::from_millis(100),
            speed: 1,
            hmi: Hmi::default(),
            field: FieldKind::Buses,
            buses: vec![Bus {
                name: "a".into(),
                kind: BusKind::Tcp { address: "127.0.0.1:0".into() },
                baud: None,
                timeout: Duration::from_secs(1),
            }],
            devices: (1..).zip([drive, relays, probe]).map(bought).collect(),
            bindings: vec![
                bind("out0", Direction::Output, 0, 0),
                bind("out1", Direction::Output, 1, 0),
                bind("out2", Direction::Output, 1, 1),
                bind("in0", Direction::Input, 2, 0),
                bind("in1", Direction::Input, 2, 1),
            ],
            settings: Vec::new(),
            absent: Vec::new(),
            tags: Vec::new(),
        };
        Bench { site, catalogue }
    }

    fn device(self, number: usize) -> Hand {
        let mut devices = Device::of(&self.site, &self.catalogue);
        Hand { device: devices.swap_remove(number), catalogue: self.catalogue, now: Moment(0) }
    }

    async fn rig(&self) -> Rig {
        self.rig_with(Vec::new()).await.unwrap()
    }

    pub async fn rig_with(&self, serial: Vec<(String, End)>) -> Result<Rig, RigError> {
        let bind = Some(([127, 0, 0, 1], 0).into());
        let setup = Setup { bind, speed: 10, serial, ..Setup::default() };
        Rig::start(&self.site, &self.catalogue, Box::new(Echo), &setup).await
    }
}

fn register(name: &str, table: Table, address: u16, form: Form, access: Access) -> Register {
    Register {
        name: name.into(),
        table,
        address,
        form,
        order: WordOrder::Abcd,
        access,
        symbol: String::new(),
        scale: 1.0,
        offset: 0.0,
        sentinels: Vec::new(),
    }
}

fn profile() -> Profile {
    Profile {
        name: "test".into(),
        about: String::new(),
        source: String::new(),
        registers: Vec::new(),
        max_registers_per_read: 29,
        max_gap: 0,
        read_every: Duration::ZERO,
        write_every: Duration::from_secs(1),
        read_back: false,
        starts: None,
        watchdog: None,
        dead_man: None,
        hardware_guard: None,
    }
}

fn write(address: u16, word: u16) -> Vec<u8> {
    [vec![6], address.to_be_bytes().to_vec(), word.to_be_bytes().to_vec()].concat()
}

fn frame(transaction: u8, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let length = u8::try_from(pdu.len() + 1).unwrap();
    [vec![0, transaction, 0, 0, 0, length, unit], pdu.to_vec()].concat()
}

async fn ask(stream: &mut TcpStream, unit: u8, pdu: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.write_all(&frame(7, unit, pdu)).await?;
    let mut header = [0; 7];
    stream.read_exact(&mut header).await?;
    assert_eq!((header[..4].to_vec(), header[6]), (vec![0, 7, 0, 0], unit));
    let mut pdu = vec![0; usize::from(header[5]) - 1];
    stream.read_exact(&mut pdu).await?;
    Ok(pdu)
}
