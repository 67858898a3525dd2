//! The rig's devices on a line: a pseudo-terminal, and a serial server.

use std::time::Duration;

use config::{BusKind, Parity, StopBits};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_serial::SerialStream;

use super::tests::Bench;
use super::{End, tell};

/// Nothing comes within this: a rig on this machine answers in a hundredth of it.
const SILENCE: Duration = Duration::from_millis(300);

/// Frames as the makers print them, `plant.md` 8: unit 2 is the relay module, unit 3 the float, unit 9 is nobody.
const SWITCH_ON: [u8; 8] = [0x02, 0x05, 0x00, 0x01, 0xFF, 0x00, 0xDD, 0xC9];
const READ_FLOAT: [u8; 8] = [0x03, 0x02, 0x00, 0x00, 0x00, 0x01, 0xB8, 0x28];
const FLOAT_IS_UP: [u8; 6] = [0x03, 0x02, 0x01, 0x01, 0x61, 0xF0];
const READ_NOBODY: [u8; 8] = [0x09, 0x02, 0x00, 0x00, 0x00, 0x01, 0xB8, 0x82];

/// What comes back; nothing when nothing does.
async fn ask(line: &mut (impl AsyncRead + AsyncWrite + Unpin), frame: &[u8]) -> Vec<u8> {
    line.write_all(frame).await.unwrap();
    let (mut answer, mut some) = (Vec::new(), [0; 64]);
    // A frame may come in pieces; the pause behind it is its end.
    while let Ok(Ok(number @ 1..)) = timeout(SILENCE, line.read(&mut some)).await {
        answer.extend(&some[..number]);
    }
    answer
}

async fn behaves(line: &mut (impl AsyncRead + AsyncWrite + Unpin), control: &str) {
    assert_eq!(ask(line, &SWITCH_ON).await, SWITCH_ON);
    assert_eq!(ask(line, &READ_FLOAT).await, FLOAT_IS_UP, "the world goes on");
    assert!(ask(line, &READ_NOBODY).await.is_empty(), "nobody answers for another");
    let mut broken = READ_FLOAT;
    broken[3] ^= 1;
    assert!(ask(line, &broken).await.is_empty(), "a broken request meets silence");
    assert!(ask(line, &READ_FLOAT[..5]).await.is_empty(), "as does half of one");
    assert_eq!(ask(line, &READ_FLOAT).await, FLOAT_IS_UP);
    let refused = ask(line, &[0x03, 0x07, 0x40, 0x82]).await;
    assert_eq!(refused[..3], [0x03, 0x87, 3], "a function that it does not know");
    tell(control, "link a noisy").await.unwrap();
    let mut broken = 0;
    for _ in 0..3 {
        broken += usize::from(ask(line, &READ_FLOAT).await != FLOAT_IS_UP);
    }
    assert_eq!(broken, 1);
    for (what, silent) in [("link a silent", true), ("link a swapped", false)] {
        tell(control, what).await.unwrap();
        let heard = ask(line, &READ_FLOAT).await;
        assert_eq!((heard.is_empty(), heard == FLOAT_IS_UP), (silent, false), "{what}: {heard:?}");
    }
    tell(control, "link a up").await.unwrap();
    tell(control, "device device3 doubled").await.unwrap();
    let heard = ask(line, &READ_FLOAT).await;
    assert!(heard.len() == FLOAT_IS_UP.len() && heard != FLOAT_IS_UP, "both at once: {heard:?}");
    tell(control, "device device3 sound").await.unwrap();
    tell(control, "link a up").await.unwrap();
    assert_eq!(ask(line, &READ_FLOAT).await, FLOAT_IS_UP);
}

#[tokio::test]
async fn devices_on_a_line_answer_what_is_for_them_and_whole_and_nothing_else() {
    let rig = Bench::new().rig_with(vec![("a".into(), End::Pty)]).await.unwrap();
    assert!(rig.buses.is_empty());
    let control = rig.control.to_string();
    let path = &rig.ports[0].1;
    for _ in 0..2 {
        // Opened and closed again as controllers do.
        let mut line = SerialStream::open(&tokio_serial::new(path, 19_200)).unwrap();
        behaves(&mut line, &control).await;
    }
}

#[tokio::test]
async fn a_serial_server_passes_the_same_frames_and_ends_with_its_power() {
    let mut bench = Bench::new();
    bench.site.buses[0].kind = BusKind::RtuOverTcp { address: "127.0.0.1:0".into() };
    let rig = bench.rig_with(Vec::new()).await.unwrap();
    let control = rig.control.to_string();
    let mut line = TcpStream::connect(rig.buses[0].1).await.unwrap();
    behaves(&mut line, &control).await;
    tell(&control, "link a down").await.unwrap();
    assert_eq!(line.read(&mut [0; 8]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_serial_bus_needs_to_know_its_other_end() {
    let mut bench = Bench::new();
    let (parity, stop_bits) = (Parity::Even, StopBits::One);
    bench.site.buses[0].kind = BusKind::Rtu { port: "/dev/ttyUSB0".into(), parity, stop_bits };
    let end = |word: &str| vec![("a".to_string(), End::understand(word))];
    for (serial, said) in [
        (Vec::new(), "--serial a=PORT"),
        (vec![("z".to_string(), End::Pty)], "there is no such bus: there are a"),
        (end("/dev/nothing"), "serial port /dev/nothing of bus a does not open"),
    ] {
        let refused = bench.rig_with(serial).await.err().unwrap().to_string();
        assert!(refused.contains(said), "{refused}");
    }
    assert!(bench.rig_with(end("pty")).await.is_ok());
}
