//! Each trap of tokio-modbus, sprung.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio_modbus::{ExceptionCode, Request};

use super::connection::{Answer, Connection, Failure, Link, keep};
use super::nasty::{Asked, Deed, Nasty, honest};
use super::way::Way;

/// Ample on loopback, for requests that are answered.
const AMPLE: Duration = Duration::from_secs(10);
/// For requests that are not.
const SHORT: Duration = Duration::from_millis(50);

async fn open(device: &Nasty) -> Connection {
    let connection = Connection::open(Way::tcp(device.address), 1.0);
    up(&connection).await;
    connection
}

async fn up(connection: &Connection) {
    connection.link().wait_for(|link| *link == Link::Up).await.unwrap();
}

fn register(address: u16) -> Request<'static> {
    Request::ReadHoldingRegisters(address, 1)
}

/// Asks until an answer comes, as a poller does.
async fn ask_on(connection: &Connection, request: Request<'static>) -> Answer {
    loop {
        up(connection).await;
        if let Ok(answer) = connection.ask(1, request.clone(), AMPLE).await {
            return answer;
        }
    }
}

#[tokio::test]
async fn the_answer_to_a_request_that_timed_out_never_passes_as_the_next_one() {
    let mut late: Option<Asked> = None;
    let device = Nasty::start(move |asked| match late.take() {
        // Register 10 is answered only when something else is asked on the same connection, before the right answer.
        None if asked.address() == 10 => {
            late = Some(asked.clone());
            vec![Deed::Silence]
        }
        Some(late) if late.connection == asked.connection => {
            vec![
                Deed::Under(late.transaction, late.unit, honest(&late)),
                Deed::Answer(honest(asked)),
            ]
        }
        None | Some(_) => vec![Deed::Answer(honest(asked))],
    })
    .await;
    let connection = open(&device).await;
    let silent = connection.ask(1, register(10), SHORT).await;
    assert_eq!(silent, Err(Failure::Silent(SHORT)));
    for address in 20..40 {
        assert_eq!(ask_on(&connection, register(address)).await, Answer::Words(vec![address]));
    }
    assert_eq!(connection.counters.connects.load(Ordering::Relaxed), 2);
    assert_eq!(connection.counters.silences.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_answer_under_another_header_or_of_another_kind_or_size_is_refused() {
    let words = |function: u8, words: &[u16]| {
        let mut pdu = vec![function, u8::try_from(words.len() * 2).unwrap()];
        pdu.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        pdu
    };
    let read = || Request::ReadHoldingRegisters(10, 2);
    type Case = (&'static str, Request<'static>, Box<dyn Fn(&Asked) -> Deed + Send>);
    let cases: Vec<Case> = vec![
        (
            "transaction",
            read(),
            Box::new(move |asked| {
                Deed::Under(asked.transaction.wrapping_sub(1), 1, words(3, &[1, 2]))
            }),
        ),
        (
            "unit",
            read(),
            Box::new(move |asked| Deed::Under(asked.transaction, 2, words(3, &[1, 2]))),
        ),
        ("function", read(), Box::new(move |_| Deed::Answer(words(4, &[1, 2])))),
        ("too few", read(), Box::new(move |_| Deed::Answer(words(3, &[1])))),
        ("too many", read(), Box::new(move |_| Deed::Answer(words(3, &[1, 2, 3])))),
        ("none", read(), Box::new(move |_| Deed::Answer(words(3, &[])))),
        ("too few bits", Request::ReadCoils(0, 9), Box::new(|_| Deed::Answer(vec![1, 1, 0xFF]))),
        (
            "another register",
            Request::WriteSingleRegister(5, 7),
            Box::new(|_| Deed::Answer(vec![6, 0, 6, 0, 7])),
        ),
        (
            "another value",
            Request::WriteSingleRegister(5, 7),
            Box::new(|_| Deed::Answer(vec![6, 0, 5, 0, 8])),
        ),
        (
            "another number",
            Request::WriteMultipleCoils(5, Cow::Owned(vec![true; 3])),
            Box::new(|_| Deed::Answer(vec![15, 0, 5, 0, 4])),
        ),
        (
            "another time",
            Request::Custom(5, Cow::Owned(vec![2, 3, 0, 30])),
            Box::new(|_| Deed::Answer(vec![5, 2, 3, 0, 31])),
        ),
    ];
    for (case, request, deed) in cases {
        let mut bad = Some(deed);
        let device = Nasty::start(move |asked| match bad.take() {
            Some(bad) => vec![bad(asked)],
            None => vec![Deed::Answer(honest(asked))],
        })
        .await;
        let connection = open(&device).await;
        let outcome = connection.ask(1, request, AMPLE).await;
        assert!(matches!(outcome, Err(Failure::Misfit(_))), "{case}: {outcome:?}");
        assert_eq!(
            ask_on(&connection, register(77)).await,
            Answer::Words(vec![77]),
            "{case}: the bus goes on"
        );
        assert_eq!(connection.counters.panics.load(Ordering::Relaxed), 0, "{case}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_modbus_ends_the_connection_only() {
    for garbage in [vec![], vec![3], vec![3, 3, 0], vec![1, 200, 1], vec![0x83], vec![0xFF; 300]] {
        let mut bad = Some(garbage.clone());
        let device = Nasty::start(move |asked| {
            vec![Deed::Answer(bad.take().unwrap_or_else(|| honest(asked)))]
        })
        .await;
        let connection = open(&device).await;
        let outcome = connection.ask(1, register(1), AMPLE).await;
        assert!(outcome.is_err(), "{garbage:?}: {outcome:?}");
        assert_eq!(ask_on(&connection, register(77)).await, Answer::Words(vec![77]));
    }
}

#[tokio::test]
async fn an_exception_is_an_answer_and_leaves_the_connection_alone() {
    let device = Nasty::start(|asked| {
        vec![Deed::Answer(match asked.address() {
            0x0203 => vec![0x85, 3],
            10 => vec![0x83, 2],
            _ => honest(asked),
        })]
    })
    .await;
    let connection = open(&device).await;
    let refused = connection.ask(1, register(10), AMPLE).await;
    assert_eq!(refused, Err(Failure::Exception(ExceptionCode::IllegalDataAddress)));
    let flash = Request::Custom(5, Cow::Owned(vec![2, 3, 0, 30]));
    let refused = connection.ask(1, flash, AMPLE).await;
    assert_eq!(refused, Err(Failure::Exception(ExceptionCode::IllegalDataValue)));
    let answer = connection.ask(1, register(11), AMPLE).await;
    assert_eq!(answer, Ok(Answer::Words(vec![11])));
    let counters = &connection.counters;
    let counted = [&counters.connects, &counters.exceptions, &counters.answers, &counters.silences];
    assert_eq!(counted.map(|counter| counter.load(Ordering::Relaxed)), [1, 2, 1, 0]);
}

#[tokio::test]
async fn a_relay_is_switched_on_for_a_time_between_other_requests() {
    let device = Nasty::start(|asked| vec![Deed::Answer(honest(asked))]).await;
    let connection = open(&device).await;
    for _ in 0..3 {
        let flash = Request::Custom(5, Cow::Owned(vec![2, 3, 0, 30]));
        assert_eq!(connection.ask(9, flash, AMPLE).await, Ok(Answer::Written));
        assert_eq!(ask_on(&connection, register(4)).await, Answer::Words(vec![4]));
    }
    assert_eq!(connection.counters.connects.load(Ordering::Relaxed), 1);
    assert_eq!(device.asked()[0].pdu, [5, 2, 3, 0, 30]);
    assert_eq!(device.asked()[0].unit, 9);
}

#[tokio::test]
async fn a_device_that_closes_midway_is_asked_again_on_a_new_connection() {
    let mut times = 0;
    let device = Nasty::start(move |asked| {
        times += 1;
        match times {
            1 => vec![Deed::Close],
            2 => vec![Deed::Break(honest(asked), 3)],
            3 => vec![Deed::Break(honest(asked), 10)],
            _ => vec![Deed::Answer(honest(asked))],
        }
    })
    .await;
    let connection = open(&device).await;
    assert_eq!(ask_on(&connection, register(5)).await, Answer::Words(vec![5]));
    assert_eq!(connection.counters.losses.load(Ordering::Relaxed), 3);
    assert_eq!(connection.counters.connects.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_device_that_restarts_is_found_again_and_requests_meanwhile_fail_at_once() {
    let device = Nasty::start(|asked| vec![Deed::Answer(honest(asked))]).await;
    let address = device.address;
    let connection = open(&device).await;
    assert_eq!(ask_on(&connection, register(5)).await, Answer::Words(vec![5]));
    device.stop().await;
    // The broken connection shows at the first request.
    assert!(connection.ask(1, register(6), AMPLE).await.is_err());
    let mut link = connection.link();
    link.wait_for(|link| matches!(link, Link::Down { attempts: 1.. })).await.unwrap();
    assert_eq!(connection.ask(1, register(6), AMPLE).await, Err(Failure::NotConnected));
    let _device = Nasty::start_at(address, |asked| vec![Deed::Answer(honest(asked))]).await;
    assert_eq!(ask_on(&connection, register(7)).await, Answer::Words(vec![7]));
}

#[tokio::test]
async fn the_owner_ends_with_its_last_user() {
    let device = Nasty::start(|asked| vec![Deed::Answer(honest(asked))]).await;
    let connection = open(&device).await;
    let mut link = connection.link();
    drop(connection);
    // The sender of the link's state lives in the owner.
    while link.changed().await.is_ok() {}
}

#[tokio::test]
async fn a_task_that_panics_is_started_again() {
    let (panics, starts) = (AtomicU64::new(0), std::sync::Arc::new(AtomicUsize::new(0)));
    let task = || {
        let starts = starts.clone();
        async move {
            assert!(starts.fetch_add(1, Ordering::Relaxed) >= 2, "a debug assertion of a library");
        }
    };
    keep(task, &panics).await;
    assert_eq!((panics.into_inner(), starts.load(Ordering::Relaxed)), (2, 3));
}
