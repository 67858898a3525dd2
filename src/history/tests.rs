use plc::image::Snapshot;
use plc::signal::Fault;
use plc::tag::Row;

use super::*;
use crate::exchange::Wall;

const LEVEL: usize = 0;
const PUMP: usize = 1;
const NOON: i64 = 1_800_000_000_000;

fn plant() -> Arc<Exchange> {
    let words = plc::declare::measured(0.0..=10.0);
    let row = |id: usize, path: &str, form| Row {
        id,
        path: path.into(),
        tag: String::new(),
        unit: String::new(),
        about: "",
        form,
        kind: Kind::Input(words),
        slot: id,
    };
    let metres = Form::Number { symbol: "m", unece: "MTR", decimals: 2 };
    let rows = vec![row(LEVEL, "intake.level", metres), row(PUMP, "intake.runs", Form::OnOff)];
    Exchange::new(Arc::new(Catalogue { rows: rows.into(), inputs: 2, outputs: 0, alarms: 0 }))
}

/// The plant some seconds after noon.
fn at(exchange: &Exchange, second: u64, level: f64) -> Live {
    let mut snapshot = Snapshot::new(&exchange.catalogue);
    snapshot.at = Moment(second * 1_000_000);
    snapshot.samples[LEVEL].value = level;
    snapshot.samples[LEVEL].quality = Quality::Good;
    let ms = NOON + i64::try_from(second).unwrap() * 1_000;
    Live { snapshot, wall: Wall { ms, trusted: true }, scan: second + 1 }
}

#[test]
fn a_value_is_stored_when_it_moves_when_its_quality_falls_and_once_a_minute() {
    let exchange = plant();
    let mut rules = Rule::all(&exchange.catalogue);
    let rule = &mut rules[LEVEL];
    for (second, level, stored) in [
        (0, 1.0, true),
        (1, 1.04, false),
        (2, 1.05, true),
        (3, 1.0, true),
        (62, 1.0, false),
        (63, 1.0, true),
    ] {
        let judged = rule.judge(&at(&exchange, second, level));
        assert_eq!(judged.is_some(), stored, "second {second}");
    }
    let mut broken = at(&exchange, 64, 1.0);
    broken.snapshot.samples[LEVEL].quality = Quality::Bad(Fault::Stale);
    let point = rule.judge(&broken).expect("the loss is not stored").point;
    assert_eq!((point.value, point.grade), (None, Grade::Bad));
}

#[tokio::test]
async fn samples_outlive_a_stop_and_come_with_what_held_before() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = plant();
    let pump = tokio::spawn(exchange.clone().pump());
    let history = History::start(folder.path(), exchange.clone());
    for second in 0..5_u32 {
        let live = at(&exchange, u64::from(second), f64::from(second));
        exchange.publish(&live.snapshot, live.wall, live.scan);
        // What waits is part of the answer, and so is what lies before the span.
        loop {
            let found =
                history.query("intake.level", live.wall.ms, live.wall.ms, 10).await.unwrap();
            if found.last().is_some_and(|point| point.ts == live.wall.ms) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    history.close().await;
    pump.abort();
    let history = History::start(folder.path(), plant());
    let found = loop {
        let span = (NOON + 2_500, NOON + 9_000);
        let found = history.query("intake.level", span.0, span.1, 10).await.unwrap();
        // The file opens behind the start.
        if !found.is_empty() {
            break found;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    let values: Vec<Option<f64>> = found.iter().map(|point| point.value).collect();
    assert_eq!(values, [Some(2.0), Some(3.0), Some(4.0)]);
    assert!(history.query("intake.nothing", 0, i64::MAX, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn thirty_days_with_samples_are_kept_however_far_the_clock_jumped_between_them() {
    const DAY: i64 = 86_400_000;
    let folder = tempfile::tempdir().unwrap();
    let mut connection = store::open(folder.path()).await.unwrap();
    let tags = store::tags(&mut connection, &["intake.level".into()]).await.unwrap();
    let tags: Vec<Option<i64>> = tags.into_iter().map(Some).collect();
    let ten_years_on = 3_650;
    let days: Vec<i64> = (0..35).chain([ten_years_on]).collect();
    let batch: Vec<Sampled> = days
        .iter()
        .map(|day| Point { ts: NOON + day * DAY, value: Some(1.0), grade: Grade::Good })
        .map(|point| Sampled { row: LEVEL, point })
        .collect();
    store::write(&mut connection, &tags, &batch).await.unwrap();
    store::prune(&mut connection).await.unwrap();
    let readers = store::readers(folder.path());
    let kept = store::query(&readers, "intake.level", (0, i64::MAX), 0).await.unwrap();
    let kept: Vec<i64> = kept.iter().map(|point| (point.ts - NOON) / DAY).collect();
    assert_eq!(kept, days[6..]);
}

#[test]
fn a_thinned_trend_keeps_every_peak_and_every_gap() {
    let mut all: Vec<Point> =
        (0..10_000).map(|ts| Point { ts, value: Some(1.0), grade: Grade::Good }).collect();
    all[3_333].value = Some(9.0);
    all[7_777].value = Some(-9.0);
    all[5_000] = Point { ts: 5_000, value: None, grade: Grade::Bad };
    let thinned = thin::thin(&all, 400);
    assert!(thinned.len() <= 400, "{} points", thinned.len());
    for peak in [3_333, 7_777, 5_000] {
        assert!(thinned.contains(&all[peak]), "{peak} is gone");
    }
    assert!(thinned.windows(2).all(|pair| pair[0].ts < pair[1].ts));
}
