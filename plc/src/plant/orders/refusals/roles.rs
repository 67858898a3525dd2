//! Who may ask for what, and what is chosen before it is carried out.

use super::*;

const ROLES: [Role; 5] =
    [Role::Observer, Role::Operator, Role::Supervisor, Role::Engineer, Role::Admin];

/// The roles of `docs/spec/contracts.md`. A command more does not compile before it has its place here.
fn of_the_contract(command: &Command) -> (usize, Role) {
    match command {
        Command::Start => (0, Role::Operator),
        Command::Stop => (1, Role::Operator),
        Command::StopAll => (2, Role::Operator),
        Command::Reset => (3, Role::Operator),
        Command::Wash { .. } => (4, Role::Operator),
        Command::AbortWash { .. } => (5, Role::Operator),
        Command::Desludge { .. } => (6, Role::Operator),
        Command::Prime => (7, Role::Operator),
        Command::CloseIntake => (8, Role::Operator),
        Command::OpenIntake => (9, Role::Operator),
        Command::ConfirmDrained => (10, Role::Operator),
        Command::ConfirmQuality => (11, Role::Operator),
        Command::ConfirmStrength => (12, Role::Operator),
        Command::ConfirmSludgeRemoved => (13, Role::Operator),
        Command::Mixed { .. } => (14, Role::Operator),
        Command::EnterChlorine { .. } => (23, Role::Operator),
        Command::EnterTurbidity { .. } => (30, Role::Operator),
        Command::JarTest { .. } => (31, Role::Operator),
        Command::AcceptJarTest => (32, Role::Supervisor),
        Command::RevertJarTest => (33, Role::Operator),
        Command::Acknowledge { .. } => (15, Role::Operator),
        Command::ResetAlarm { .. } => (16, Role::Operator),
        Command::BeginEmergency { .. } => (34, Role::Engineer),
        Command::EndEmergency => (35, Role::Operator),
        Command::Silence => (17, Role::Operator),
        Command::AcknowledgeLow => (24, Role::Operator),
        // Of alarms of the lowest two priorities; see below.
        Command::Shelve { .. } => (25, Role::Operator),
        Command::ShelveOnce { .. } => (26, Role::Operator),
        Command::Unshelve { .. } => (27, Role::Operator),
        Command::OutOfService { .. } => (28, Role::Engineer),
        Command::InService { .. } => (29, Role::Engineer),
        Command::Handle { .. } => (18, Role::Supervisor),
        Command::ByHand { .. } => (19, Role::Supervisor),
        Command::Hold { .. } => (20, Role::Supervisor),
        Command::Release { .. } => (21, Role::Supervisor),
        Command::RecordTest { .. } => (36, Role::Supervisor),
        Command::Set { .. } => (22, Role::Engineer),
    }
}
const COMMANDS: usize = 37;

/// R-2.1-07, INV-36: the table of roles, over every command and every role. Admin keeps users, and touches no plant.
#[test]
fn each_role_may_ask_for_what_the_contract_says_and_nothing_else() {
    let commands = every_command(&Rig::new());
    let mut seen = [false; COMMANDS];
    for command in commands {
        let (number, least) = of_the_contract(&command);
        seen[number] = true;
        for role in ROLES {
            let may = role >= least && role != Role::Admin;
            let verdict = Rig::new().ask(role, command);
            let refused = verdict == Err(Reason::NotPermitted);
            assert_eq!(refused, !may, "{role:?} {command:?}: {verdict:?}");
        }
    }
    assert_eq!(seen, [true; COMMANDS], "every command has its row");
}

/// R-2.1-07: an Operator puts the lowest two priorities on the shelf, a Supervisor the high ones too, nobody the critical.
#[test]
fn who_may_shelve_an_alarm_depends_on_its_priority() {
    for (path, least) in [
        ("system.clock", Some(Role::Operator)),
        ("system.access", Some(Role::Operator)),
        ("system.audit", Some(Role::Supervisor)),
        ("disinfection.cap_reached", None),
    ] {
        for role in ROLES {
            let mut rig = Rig::new();
            let command = Command::Shelve { alarm: rig.row(path), seconds: 60.0 };
            let may = least.is_some_and(|least| role >= least) && role != Role::Admin;
            let verdict = rig.ask(role, command);
            assert_eq!(verdict.is_ok(), may, "{role:?} {path}: {verdict:?}");
        }
    }
}

/// R-2.1-07: a setting asks for the role of its declaration.
#[test]
fn each_setting_asks_for_its_own_role() {
    for (path, value, least) in [
        ("disinfection.residual_target", 1.0, Role::Operator),
        ("coagulation.dose_at_20", 10.0, Role::Supervisor),
        ("coagulation.hourly_cap", 300.0, Role::Engineer),
    ] {
        for role in ROLES {
            let mut rig = Rig::new();
            let verdict = rig.ask(role, rig.setting(path, value));
            let may = role >= least && role != Role::Admin;
            assert_eq!(
                verdict,
                if may { Ok(()) } else { Err(Reason::NotPermitted) },
                "{role:?} {path}"
            );
        }
    }
}

/// R-2.1-07, INV-36: what may start something is chosen first; the token is one order's, for 30 s, once.
#[test]
fn what_starts_something_is_chosen_before_it_is_carried_out() {
    for command in every_command(&Rig::new()) {
        let mut rig = Rig::new();
        let order = |number, step| Order { number, role: Role::Engineer, step, command };
        let direct = rig.send(&[order(1, Step::Direct)]);
        assert_eq!(direct == Err(Reason::NotSelected), command.needs_selection(), "{command:?}");
        if !command.needs_selection() {
            continue;
        }
        assert_eq!(rig.send(&[order(2, Step::Operate { token: 77 })]), Err(Reason::NotSelected));
        assert_eq!(rig.send(&[order(3, Step::Select)]), Ok(()));
        (0..30).for_each(|_| {
            rig.plant.scan(&rig.inputs, &[], SECOND);
        });
        let late = rig.send(&[order(4, Step::Operate { token: 3 })]);
        assert_eq!(late, Err(Reason::NotSelected), "{command:?}, 31 s later");
        assert_eq!(rig.send(&[order(5, Step::Select)]), Ok(()));
        assert_ne!(rig.send(&[order(6, Step::Operate { token: 5 })]), Err(Reason::NotSelected));
        let again = rig.send(&[order(7, Step::Operate { token: 5 })]);
        assert_eq!(again, Err(Reason::NotSelected), "{command:?}, a second time");
    }
}
