use super::*;
use crate::TwinParameters;
use crate::closed_loop::ClosedLoop;
use crate::story::run::bring;
use crate::story::scenario::Start;
use crate::story::stage::{Setting, site_named};
use crate::twin::begin::Begin;

const PERIOD: Duration = Duration::from_millis(500);
const SEEN: Duration = Duration::from_secs(2 * 3_600);
const AHEAD: Duration = Duration::from_secs(2 * 3_600);

fn setting() -> Setting {
    let site = site_named("demo").unwrap();
    let parameters = TwinParameters::of(&site.shape);
    Setting { parameters, site, seed: 11, period: PERIOD, trace: Some(every(AHEAD)) }
}

/// A demo that makes water and was watched for two hours; the same every time.
fn watched(setting: &Setting) -> (Stage, Begin) {
    let mut stage = Stage::new(setting);
    bring(&mut stage, Start::Producing).unwrap();
    let mut begin = Begin::new(stage.plant.plant.catalogue());
    let end = stage.plant.passed() + SEEN;
    while stage.plant.passed() < end {
        stage.step();
        begin.look(stage.plant.now(), stage.plant.inputs());
    }
    begin.stand(stage.plant.inputs(), stage.plant.plant.outputs());
    begin.day = Some(setting.parameters.start_day);
    (stage, begin)
}

/// The plant of a watched demo beside a twin begun from what was measured of the first one.
fn begun(setting: &Setting) -> (Stage, Vec<String>) {
    let (stage, begin) = watched(setting);
    let plant = stage.plant.plant;
    let (onward, begun) = ClosedLoop::onward(plant, &setting.site.shape, &begin, 5, PERIOD);
    let stage = Stage::of(onward, &setting.site.shape, &begun.parameters, setting.trace);
    (stage, begun.assumed)
}

/// INV-46, and the look-ahead: what was measured is enough to foresee the next hours.
#[test]
fn a_twin_begun_from_what_was_measured_stays_close_to_the_one_it_was_measured_from() {
    let setting = setting();
    let (mut first, _) = watched(&setting);
    let mut recorded = Told::new(first.plant.plant.catalogue(), every(AHEAD));
    let began = first.plant.passed();
    recorded.note(Duration::ZERO, first.plant.inputs());
    while first.plant.passed() < began + AHEAD {
        first.step();
        recorded.note(first.plant.passed() - began, first.plant.inputs());
    }
    let (stage, assumed) = begun(&setting);
    assert!(assumed.iter().any(|line| line.starts_with("sludge:")), "{assumed:?}");
    assert!(assumed.iter().all(|line| !line.contains("never read")), "{assumed:?}");
    let future = run(stage, &[], AHEAD, &mut |_| {}).unwrap();
    let breaches: Vec<&Mark> =
        future.marks.iter().filter(|mark| mark.kind == MarkKind::Breach).collect();
    assert!(breaches.is_empty(), "{breaches:?}");
    let apart = recorded.furthest(&future.told);
    for (path, most) in [
        ("distribution.level_a", 0.15),
        ("distribution.elevated_level", 0.15),
        ("sedimentation.settled_turbidity", 0.4),
        ("filtration.combined_turbidity", 0.05),
        ("disinfection.outlet_chlorine", 0.15),
        ("coagulation.tank_level", 2.0),
        ("disinfection.tank_level", 2.0),
        ("filter1.head_loss", 2.0),
        ("filter2.head_loss", 2.0),
    ] {
        let found = apart.iter().find(|apart| apart.path == path).unwrap();
        assert!(found.by < most, "{found:?}");
    }
}

/// The same plant, the same weather: nothing but what was asked makes the two differ.
#[test]
fn two_futures_differ_by_what_was_asked_and_by_nothing_before_it() {
    let setting = setting();
    let catalogue = crate::closed_loop::catalogue_of(&setting.site.shape);
    let asked = [
        parse("at 20min: storm 600", &catalogue).unwrap(),
        (
            Duration::ZERO,
            parse_setting("disinfection.residual_target=1.0 mg/l", &catalogue).unwrap(),
        ),
    ];
    let now = run(begun(&setting).0, &[], AHEAD, &mut |_| {}).unwrap();
    let then = run(begun(&setting).0, &asked, AHEAD, &mut |_| {}).unwrap();
    assert_eq!(then.refused, [""; 0]);
    let raw = CURVES.iter().position(|curve| curve.name == "raw").unwrap();
    let at = |future: &Future, minutes: u64| {
        future.trace.at(Duration::from_secs(60 * minutes)).unwrap()[raw]
    };
    assert_eq!(at(&now, 19), at(&then, 19));
    assert!(at(&then, 119) > 3.0 * at(&now, 119), "{} NTU", at(&then, 119));
    let lines = events(&now, Some(&then));
    assert!(lines.iter().any(|line| line.contains("only then") && line.contains("storm 600")));
    let table = table(&now, Some(&then));
    assert!(table.contains("turbidity raw, NTU"), "{table}");
    assert!(table.contains("filter 2") && table.contains("Filtering"), "{table}");
    let page = page("two", "said", &now, Some(&then), None);
    assert!(page.contains("<rect ") && page.contains("filter 1, then"));
    assert!(page.contains("stroke-dasharray") && page.ends_with("</html>\n"));
}

#[test]
fn what_is_asked_is_refused_with_what_there_is() {
    let catalogue = crate::closed_loop::catalogue_of(&setting().site.shape);
    for (line, says) in [
        ("at 30 storm 600", "a colon is missing"),
        ("at noon: storm 600", "is no time"),
        ("sing", "storm NTU"),
    ] {
        let why = parse(line, &catalogue).unwrap_err();
        assert!(why.contains(says), "{line}: {why}");
    }
    for (text, says) in [
        ("disinfection.residual_target", "PATH=VALUE"),
        ("nothing.here=1", "no setting nothing.here"),
        ("intake.flow=1", "is no setting"),
        ("disinfection.residual_target=1 m", "is in mg/l"),
    ] {
        let why = parse_setting(text, &catalogue).unwrap_err();
        assert!(why.contains(says), "{text}: {why}");
    }
}
