//! Each trap of a serial line, sprung: over pseudo-terminals and over a serial server.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use config::{BusKind, Form, Parity, Profile, StopBits, Table};
use futures_util::future::join_all;
use plc::signal::{Fault, Quality};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_modbus::{ExceptionCode, Request};

use super::bench::{Rigged, bus, profile, register};
use super::connection::{Answer, Connection, Failure, Link};
use super::nasty::{Asked, Memory, honest};
use super::nasty_rtu::{Deed, Line, Over, framed};
use super::way::Way;

/// Ample, for requests that are answered.
const AMPLE: Duration = Duration::from_secs(5);
/// For requests that are not.
const SHORT: Duration = Duration::from_millis(50);
/// What is owed must have come after 3 s of plant time: 300 ms here.
const SPEED: f64 = 10.0;

async fn open(line: &Line) -> Connection {
    let connection = Connection::open(line.way.clone(), SPEED);
    connection.link().wait_for(|link| *link == Link::Up).await.unwrap();
    connection
}

fn read(address: u16) -> Request<'static> {
    Request::ReadHoldingRegisters(address, 1)
}

/// Asks until an answer comes, as a poller does.
async fn ask_on(connection: &Connection, request: Request<'static>, limit: Duration) -> Answer {
    loop {
        match connection.ask(1, request.clone(), limit).await {
            Ok(answer) => return answer,
            Err(Failure::Unsettled { until }) => sleep_until(until).await,
            Err(_) => sleep(Duration::from_millis(5)).await,
        }
    }
}

#[tokio::test]
async fn a_late_answer_never_passes_as_another_registers_value() {
    // Later than the limit by a little; within the pause after a failure; while the next request waits; by nearly as much as
    // can be.
    let lates = [60, 130, 180, 250].map(Duration::from_millis);
    let cases = lates.into_iter().flat_map(|late| [(Over::Pty, late), (Over::Tcp, late)]);
    join_all(cases.map(|(over, late)| async move {
        let mut turn = 0;
        let line = Line::start(over, move |asked| {
            turn += 1;
            // Every third request is answered late; the others wait behind it.
            if turn % 3 == 1 {
                vec![Deed::Late(late, honest(asked))]
            } else {
                vec![Deed::Answer(honest(asked))]
            }
        })
        .await;
        let connection = open(&line).await;
        let first = connection.ask(1, read(10), SHORT).await;
        assert_eq!(first, Err(Failure::Silent(SHORT)));
        for address in 20..25 {
            let answer = ask_on(&connection, read(address), SHORT).await;
            assert_eq!(answer, Answer::Words(vec![address]), "{over:?}, {late:?}");
        }
    }))
    .await;
}

#[tokio::test]
async fn a_line_whose_every_answer_is_late_gives_no_wrong_value() {
    // The second is answered within the limit of the next request, for ever one behind.
    let cases = [70, 155].into_iter().flat_map(|late| [(Over::Pty, late), (Over::Tcp, late)]);
    join_all(cases.map(|(over, late)| async move {
        let late = Duration::from_millis(late);
        let line = Line::start(over, move |asked| vec![Deed::Late(late, honest(asked))]).await;
        let connection = open(&line).await;
        for address in 0..15 {
            match connection.ask(1, read(address), SHORT).await {
                Ok(answer) => assert_eq!(answer, Answer::Words(vec![address]), "{over:?}"),
                Err(Failure::Unsettled { until }) => sleep_until(until).await,
                Err(_) => {}
            }
        }
    }))
    .await;
}

#[tokio::test]
async fn an_answer_held_back_until_the_next_request_is_told_from_its_answer() {
    for over in [Over::Pty, Over::Tcp] {
        // Both at once, and one by one.
        for apart in [Duration::ZERO, Duration::from_millis(30)] {
            let mut held: Option<Asked> = None;
            let mut is_first = true;
            let line = Line::start(over, move |asked| {
                if std::mem::take(&mut is_first) {
                    held = Some(asked.clone());
                    return Vec::new();
                }
                let held = held.take().map(|held| Deed::Answer(honest(&held)));
                held.into_iter().chain([Deed::Late(apart, honest(asked))]).collect()
            })
            .await;
            let connection = open(&line).await;
            assert_eq!(connection.ask(1, read(10), SHORT).await, Err(Failure::Silent(SHORT)));
            for address in 20..23 {
                let answer = ask_on(&connection, read(address), AMPLE).await;
                assert_eq!(answer, Answer::Words(vec![address]), "{over:?}, {apart:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_write_is_not_held_up_by_a_lost_read_and_its_answer_ends_the_doubt() {
    let mut is_first = true;
    let line = Line::start(Over::Pty, move |asked| {
        if std::mem::take(&mut is_first) { Vec::new() } else { vec![Deed::Answer(honest(asked))] }
    })
    .await;
    let connection = open(&line).await;
    assert_eq!(connection.ask(1, read(10), SHORT).await, Err(Failure::Silent(SHORT)));
    let write = Request::WriteMultipleRegisters(5, Cow::Owned(vec![7]));
    assert_eq!(connection.ask(1, write, AMPLE).await, Ok(Answer::Written));
    let before = line.asked().len();
    assert_eq!(connection.ask(1, read(20), AMPLE).await, Ok(Answer::Words(vec![20])));
    assert_eq!(line.asked().len(), before + 1, "asked once");
}

#[tokio::test]
async fn what_is_no_answer_is_refused_and_called_by_its_name() {
    let words = |unit: u8, function: u8, words: &[u16]| {
        let mut frame = vec![unit, function, u8::try_from(words.len() * 2).unwrap()];
        frame.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        framed(&frame)
    };
    let good = words(1, 3, &[1, 2]);
    let broken = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    for (case, bytes, is_garbled) in [
        ("unit", words(2, 3, &[1, 2]), false),
        ("function", words(1, 4, &[1, 2]), false),
        ("too few", words(1, 3, &[1]), false),
        ("too many", words(1, 3, &[1, 2, 3]), false),
        ("none", words(1, 3, &[]), false),
        ("more behind it", [&good[..], &words(1, 3, &[3, 4])].concat(), true),
        ("an echo", framed(&[1, 3, 0, 10, 0, 2]), false),
        ("value", broken(4), true),
        ("checksum", broken(7), true),
        ("half", good[..5].to_vec(), true),
        ("garbage", b"sweet water".to_vec(), true),
        ("garbage before it", [&b"?"[..], &good].concat(), true),
        ("a long glitch before it", [&[0; 9][..], &good].concat(), true),
    ] {
        let mut bad = Some(bytes);
        let line = Line::start(Over::Pty, move |asked| {
            vec![bad.take().map_or_else(|| Deed::Answer(honest(asked)), Deed::Raw)]
        })
        .await;
        let connection = open(&line).await;
        let limit = Duration::from_millis(200);
        let outcome = connection.ask(1, Request::ReadHoldingRegisters(10, 2), limit).await;
        let found = match &outcome {
            Err(Failure::Garbled(_)) => Some(true),
            Err(Failure::Misfit(_)) => Some(false),
            _ => None,
        };
        assert_eq!(found, Some(is_garbled), "{case}: {outcome:?}");
        let answer = ask_on(&connection, read(77), limit).await;
        assert_eq!(answer, Answer::Words(vec![77]), "{case}: the bus goes on");
        let counted = [&connection.counters.garbles, &connection.counters.misfits];
        let counted = counted.map(|counter| counter.load(Ordering::Relaxed));
        assert_eq!(counted, [u64::from(is_garbled), u64::from(!is_garbled)], "{case}");
    }
}

#[tokio::test]
async fn a_glitch_of_the_drivers_before_an_answer_does_no_harm() {
    for glitch in [vec![0], vec![0xFF], vec![0xFF, 0, 0, 0xFF]] {
        let before = glitch.clone();
        let line = Line::start(Over::Pty, move |asked| {
            let frame = framed(&[&[asked.unit][..], &honest(asked)].concat());
            vec![Deed::Raw([&before[..], &frame].concat())]
        })
        .await;
        let connection = open(&line).await;
        let answer = connection.ask(1, read(5), AMPLE).await;
        assert_eq!(answer, Ok(Answer::Words(vec![5])), "{glitch:?}");
    }
}

#[tokio::test]
async fn an_adapter_that_hears_itself_confirms_nothing() {
    // The line is dead; only what we send comes back.
    let line = Line::start(Over::Pty, |asked| {
        vec![Deed::Raw(framed(&[&[asked.unit][..], &asked.pdu].concat()))]
    })
    .await;
    let connection = open(&line).await;
    for request in [
        Request::WriteSingleCoil(3, true),
        Request::WriteSingleRegister(3, 1),
        Request::Custom(5, Cow::Owned(vec![2, 3, 0, 30])),
        Request::WriteMultipleRegisters(3, Cow::Owned(vec![1])),
        Request::ReadCoils(3, 1),
        read(3),
    ] {
        let outcome = connection.ask(1, request.clone(), SHORT).await;
        let Err(Failure::Misfit(why)) = &outcome else { panic!("{request:?}: {outcome:?}") };
        assert!(why.contains("listens while it sends"), "{why}");
    }
}

#[tokio::test]
async fn exceptions_and_switching_for_a_time_work_as_over_tcp() {
    for over in [Over::Pty, Over::Tcp] {
        let line = Line::start(over, |asked| {
            vec![Deed::Answer(match (asked.pdu[0], asked.address()) {
                (5, 0x0205) => vec![0x85, 3],
                (3, 10) => vec![0x83, 2],
                _ => honest(asked),
            })]
        })
        .await;
        let connection = open(&line).await;
        let flash = |address: u8| Request::Custom(5, Cow::Owned(vec![2, address, 0, 30]));
        assert_eq!(connection.ask(9, flash(3), AMPLE).await, Ok(Answer::Written));
        let refused = connection.ask(9, flash(5), AMPLE).await;
        assert_eq!(refused, Err(Failure::Exception(ExceptionCode::IllegalDataValue)));
        let refused = connection.ask(1, read(10), AMPLE).await;
        assert_eq!(refused, Err(Failure::Exception(ExceptionCode::IllegalDataAddress)));
        assert_eq!(connection.ask(1, read(11), AMPLE).await, Ok(Answer::Words(vec![11])));
        let bits = connection.ask(1, Request::ReadCoils(0, 11), AMPLE).await;
        assert_eq!(bits, Ok(Answer::Bits(vec![false; 11])));
        let counters = &connection.counters;
        let counted = [&counters.connects, &counters.exceptions, &counters.silences];
        assert_eq!(counted.map(|counter| counter.load(Ordering::Relaxed)), [1, 2, 0]);
    }
}

#[tokio::test]
async fn an_adapter_that_is_plugged_in_later_is_found() {
    let line = Line::start(Over::Pty, |asked| vec![Deed::Answer(honest(asked))]).await;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("adapter");
    let port = place.display().to_string();
    let kind = BusKind::Rtu { port, parity: Parity::Even, stop_bits: StopBits::One };
    let connection = Connection::open(Way { kind, baud: Some(19_200) }, SPEED);
    let mut link = connection.link();
    link.wait_for(|link| matches!(link, Link::Down { attempts: 1.. })).await.unwrap();
    assert_eq!(connection.ask(1, read(5), AMPLE).await, Err(Failure::NotConnected));
    std::os::unix::fs::symlink(line.way.kind.place(), &place).unwrap();
    link.wait_for(|link| *link == Link::Up).await.unwrap();
    assert_eq!(ask_on(&connection, read(5), AMPLE).await, Answer::Words(vec![5]));
}

/// A site with two serial buses, two devices on the first and one on the second.
fn two_buses(first: &Line, second: &Line) -> Rigged {
    let mut site = Rigged::new(([127, 0, 0, 1], 1).into());
    site.kind = Some(first.way.kind.clone());
    site.others.push(bus("b", second.way.kind.clone()));
    site.speed = 10;
    let registers = vec![register("value", Table::Input, 0, Form::U16)];
    for (number, (on, unit)) in [(0, 1), (0, 2), (1, 1)].into_iter().enumerate() {
        site.device_on(on, "probe", unit, Profile { registers: registers.clone(), ..profile() });
        site.input(number, 0);
    }
    site
}

#[tokio::test]
async fn a_dead_device_costs_its_bus_one_time_out_now_and_then_and_buses_fail_alone() {
    let (unit_2, bus_a) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
    let asked_of = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let memory = Memory::default();
    memory.set(4, 0, &[1]);
    let (alive, live, counts, held) =
        (unit_2.clone(), bus_a.clone(), asked_of.clone(), memory.clone());
    let first = Line::start(Over::Pty, move |asked| {
        counts[usize::from(asked.unit) - 1].fetch_add(1, Ordering::Relaxed);
        let answers =
            live.load(Ordering::Relaxed) && (asked.unit == 1 || alive.load(Ordering::Relaxed));
        if answers { vec![Deed::Answer(held.answer(asked))] } else { Vec::new() }
    })
    .await;
    let second =
        Line::start(Over::Pty, move |asked| vec![Deed::Answer(memory.answer(asked))]).await;
    let mut plant = two_buses(&first, &second).start();
    plant.until("all are read", |plant| (0..3).all(|slot| plant.good(slot))).await;

    unit_2.store(false, Ordering::Relaxed);
    let stale = |slot: usize| {
        move |plant: &super::bench::Plant| plant.quality(slot) == Quality::Bad(Fault::Stale)
    };
    plant.until("one turns bad", stale(1)).await;
    // It is asked every 10 s of the plant; the other one meanwhile at its own pace.
    let asks = || [0, 1].map(|unit: usize| asked_of[unit].load(Ordering::Relaxed));
    let (before, begin) = (asks(), Instant::now());
    plant.until("the other goes on", |plant| plant.good(0) && asks()[0] >= before[0] + 20).await;
    let rests = begin.elapsed().as_secs_f64();
    assert!((asks()[1] - before[1]) as f64 <= rests + 1.0, "{before:?} {:?} in {rests}", asks());
    assert!(plant.good(0) && plant.good(2));

    bus_a.store(false, Ordering::Relaxed);
    plant.until("its bus is silent", |plant| !plant.answers() && stale(0)(plant)).await;
    assert!(plant.good(2) && plant.bus_answers('b'), "the other bus does not notice");
    let polls = second.asked().len();
    plant.until("it is read on", |_| second.asked().len() > polls + 5).await;

    unit_2.store(true, Ordering::Relaxed);
    bus_a.store(true, Ordering::Relaxed);
    plant.until("all come back", |plant| (0..3).all(|slot| plant.good(slot))).await;
    assert!(plant.answers());
}

/// A line that gets worse: exceptions, time-outs and broken answers are told apart, and how busy the bus is.
#[tokio::test]
async fn what_a_bus_carries_is_counted_each_kind_apart() {
    let memory = Memory::default();
    memory.set(4, 0, &[1]);
    let ill = Arc::new(AtomicUsize::new(0));
    let how = ill.clone();
    let line = Line::start(Over::Tcp, move |asked| match how.load(Ordering::Relaxed) {
        0 => vec![Deed::Answer(memory.answer(asked))],
        1 => vec![Deed::Answer(vec![0x84, 2])],
        2 => Vec::new(),
        4 => vec![Deed::Answer(vec![0x84, 0x0B])],
        _ => vec![Deed::Raw(vec![asked.unit, 4, 2, 0, 1, 0, 0])],
    })
    .await;
    let mut site = Rigged::new(([127, 0, 0, 1], 1).into());
    site.kind = Some(line.way.kind.clone());
    let registers = vec![register("value", Table::Input, 0, Form::U16)];
    site.device("probe", 1, Profile { registers, ..profile() });
    site.input(0, 0);
    let mut plant = site.start();
    let of = |plant: &super::bench::Plant| plant.traffic('a').expect("a bus that speaks Modbus");
    plant
        .until("its load is known", |plant| {
            plant.good(0) && of(plant).load.is_some_and(|load| load > 0.0)
        })
        .await;
    let well = of(&plant);
    assert_eq!((well.timeouts, well.exceptions, well.broken), (0, 0, 0));
    assert!(plant.traffic('b').is_none());

    ill.store(1, Ordering::Relaxed);
    plant.until("exceptions", |plant| of(plant).exceptions >= 2).await;
    let refused = of(&plant);
    assert_eq!((refused.timeouts, refused.broken), (0, 0));
    ill.store(3, Ordering::Relaxed);
    plant.until("broken answers", |plant| of(plant).broken >= 1).await;
    assert_eq!(of(&plant).timeouts, 0);
    ill.store(2, Ordering::Relaxed);
    let (exceptions, broken) = (of(&plant).exceptions, of(&plant).broken);
    plant.until("time-outs", |plant| of(plant).timeouts >= 3).await;
    // An answer that was on its way may have come.
    assert!(of(&plant).broken <= broken + 1 && of(&plant).exceptions == exceptions);
    // A gateway that does not reach the device: it was the device that said nothing.
    ill.store(4, Ordering::Relaxed);
    let silent = of(&plant).timeouts;
    plant.until("counted as silence", |plant| of(plant).timeouts >= silent + 4).await;
    assert_eq!(of(&plant).exceptions, exceptions);
}
