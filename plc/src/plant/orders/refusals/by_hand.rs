//! What people wish by hand, and what ends it at the panel.

use super::*;

/// R-2.2-11, R-2.1-05, INV-36: while the panel commands, no order sets anything going; what stops, shows or is typed in is taken.
#[test]
fn while_the_panel_commands_nothing_is_set_going_from_afar() {
    let slot = |rig: &Rig| rig.plant.catalogue().input_slot("system.remote").unwrap();
    let starts = |command: &Command| {
        matches!(
            command,
            Command::Start
                | Command::Wash { .. }
                | Command::Desludge { .. }
                | Command::Prime
                | Command::ByHand { .. }
        )
    };
    for command in every_command(&Rig::new()) {
        let mut rig = Rig::new();
        let at = slot(&rig);
        rig.inputs.readings[at] = Reading::good(0.0, Moment(1_000_000));
        let verdict = rig.ask(Role::Engineer, command);
        let refused = verdict == Err(Reason::LocalControl);
        assert_eq!(refused, starts(&command), "{command:?}: {verdict:?}");
    }
}

/// R-2.1-05, R-2.1-02: a motor that was to run by hand does not begin to when the panel lets go.
#[test]
fn a_wish_by_hand_ends_when_somebody_takes_over_at_the_panel() {
    let mut rig = Rig::ready();
    let device = rig.row("intake.pump_a.mode");
    assert_eq!(rig.ask(Role::Supervisor, Command::Handle { device, mode: Mode::Manual }), Ok(()));
    let wish = Command::ByHand { device, wish: 60.0, seconds: 3600.0 };
    assert_eq!(rig.ask(Role::Supervisor, wish), Ok(()));
    let is = |rig: &Rig| rig.plant.units.intake.pump[0].handling.wish();
    assert_eq!(is(&rig), Some(Percent(60.0)));
    rig.turn(false, 2);
    assert_eq!(is(&rig), Some(Percent::ZERO));
}

/// R-2.1-05: a desludging that waits is ordered no more once somebody has taken over at the panel.
#[test]
fn an_order_to_desludge_ends_when_somebody_takes_over_at_the_panel() {
    let mut rig = Rig::new();
    rig.turn(true, 12);
    assert_eq!(rig.ask(Role::Operator, Command::Desludge { tank: 1 }), Ok(()));
    rig.turn(true, 60);
    assert!(
        rig.plant.units.sedimentation.has_orders(),
        "nobody knows the level of T-601: it waits"
    );
    rig.turn(false, 2);
    assert!(!rig.plant.units.sedimentation.has_orders());
}

/// R-2.1-05, R-2.1-02: a dosing pump that was to run by hand does not go on when the panel lets go.
#[test]
fn a_dose_by_hand_ends_when_somebody_takes_over_at_the_panel() {
    for path in ["coagulation.doser.mode", "disinfection.doser.mode"] {
        let mut rig = Rig::ready();
        let device = rig.row(path);
        let handle = Command::Handle { device, mode: Mode::Manual };
        assert_eq!(rig.ask(Role::Supervisor, handle), Ok(()), "{path}");
        let wish = Command::ByHand { device, wish: 60.0, seconds: 3600.0 };
        assert_eq!(rig.ask(Role::Supervisor, wish), Ok(()), "{path}");
        let is = |rig: &Rig| {
            let units = &rig.plant.units;
            let doser = if path.starts_with('c') {
                &units.coagulation.doser.handling
            } else {
                &units.disinfection.doser.handling
            };
            doser.wish()
        };
        assert_eq!(is(&rig), Some(Percent(60.0)), "{path}");
        rig.turn(false, 2);
        assert_eq!(is(&rig), Some(Percent::ZERO), "{path}");
    }
}

/// R-2.1-03: in AUTO the sequence owns its devices; a person's wish is taken in MANUAL only, and ends by itself.
#[test]
fn a_wish_of_a_person_is_taken_in_manual_and_ends_by_itself() {
    let mut rig = Rig::ready();
    let device = rig.row("intake.pump_a.mode");
    let wish = Command::ByHand { device, wish: 60.0, seconds: 120.0 };
    assert_eq!(rig.ask(Role::Supervisor, wish), Err(Reason::NotInManual));
    assert!(rig.plant.units.intake.pump[0].handling.is_auto());
    assert_eq!(rig.ask(Role::Supervisor, Command::Handle { device, mode: Mode::Manual }), Ok(()));
    assert_eq!(rig.ask(Role::Supervisor, wish), Ok(()));
    let now = |rig: &Rig| rig.plant.units.intake.pump[0].handling.wish();
    rig.turn(true, 118);
    assert_eq!(now(&rig), Some(Percent(60.0)));
    rig.turn(true, 2);
    assert_eq!(now(&rig), Some(Percent(0.0)), "it ended, and nothing took it up");
    assert!(rig.plant.units.intake.pump[0].handling.is_manual());
}

/// R-2.1-02, INV-36: what a person may not run by hand against: the output stays off, and says why.
#[test]
fn a_wish_by_hand_passes_no_interlock() {
    let mut rig = Rig::ready();
    let device = rig.row("intake.pump_a.mode");
    assert_eq!(rig.ask(Role::Supervisor, Command::Handle { device, mode: Mode::Manual }), Ok(()));
    let wish = Command::ByHand { device, wish: 100.0, seconds: 3600.0 };
    assert_eq!(rig.ask(Role::Supervisor, wish), Ok(()));
    for _ in 0..60 {
        rig.scan(&[]);
        let outputs = rig.plant.units.intake.pump[0].outputs;
        assert!(!outputs.run.value() && outputs.speed.value() == Percent::ZERO);
    }
    let pump = &rig.plant.units.intake.pump[0];
    assert_eq!(pump.handling.wish(), Some(Percent(100.0)), "held off, not ended");
    assert!(pump.status.blocked.has(Reason::LevelUnknown), "nobody knows the wet well");
    assert_ne!(rig.plant.units.intake.status.blocked, Reasons::NONE);
}
