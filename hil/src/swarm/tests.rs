//! A seed says everything; what is shrunk still breaks; what is written is read again.

use super::*;
use crate::story::Scenario;

/// INV-39: a plan played twice gives the same bits, and a seed the same plan.
#[test]
fn a_seed_gives_the_same_plan_and_the_same_bits_twice() {
    for seed in [1, 2] {
        let (one, other) = (draw(seed, 0.2).unwrap(), draw(seed, 0.2).unwrap());
        let lines = |plan: &Plan| -> Vec<String> {
            plan.timeline().iter().map(|(at, what)| format!("{at:?} {what}")).collect()
        };
        assert_eq!(lines(&one), lines(&other));
        let (one, other) = (play(&one), play(&other));
        assert_eq!((one.digest, one.passed), (other.digest, other.passed));
    }
    assert_ne!(play(&draw(1, 0.05).unwrap()).digest, play(&draw(3, 0.05).unwrap()).digest);
}

/// Of many episodes the two that matter are left, soon after the start, and no more time than they need.
#[test]
fn a_failure_is_shrunk_to_what_matters() {
    let plan = draw(5, 2.0).unwrap();
    assert!(plan.episodes.len() > 8, "{}", plan.episodes.len());
    let (one, other) = (plan.episodes[3].at, plan.episodes[6].at);
    let apart = one.max(other).saturating_sub(one.min(other));
    let mut plan = plan;
    plan.episodes[3].kind = "this".into();
    plan.episodes[6].kind = "that".into();
    let small = shrink::shrink(&plan, |plan| {
        let at = |kind: &str| plan.episodes.iter().find(|one| one.kind == kind).map(|one| one.at);
        Some(at("this")?.max(at("that")?) + Duration::from_secs(30))
    });
    let kinds: Vec<&str> = small.episodes.iter().map(|one| one.kind.as_str()).collect();
    assert!(kinds.len() == 2 && kinds.contains(&"this") && kinds.contains(&"that"), "{kinds:?}");
    assert_eq!(small.length, apart + Duration::from_secs(60 + 30 + 1));
}

/// What is written down as a scenario is the same run: bit by bit.
#[test]
fn a_plan_written_as_a_scenario_is_the_same_run() {
    let plan = (1..)
        .map(|seed| draw(seed, 0.5).unwrap())
        .find(|plan| plan.episodes.len() > 1 && play(plan).breach.is_none())
        .unwrap();
    let breach =
        Breach { invariant: 1, place: String::new(), at: Duration::ZERO, saw: String::new() };
    let text = shrink::scenario(&plan, &breach);
    let read = Scenario::parse("found", &text).unwrap_or_else(|why| panic!("{why}: {text}"));
    assert_eq!(crate::story::run(&read).digest, Some(play(&plan).digest), "{text}");
}
