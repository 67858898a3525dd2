use plc::quantity::{MilligramsPerLitre, Value};
use plc::tag::{Adjustable, Head, Point, Visitor};

use super::users::in_memory::InMemory;
use super::*;

const DOSE: Point<Adjustable> = setting("dose", Role::Operator);
const TARGET: Point<Adjustable> = setting("target", Role::Supervisor);
const RANGE: Point<Adjustable> = setting("range", Role::Engineer);
const GOOD: &str = "clear river 12";

const fn setting(field: &'static str, role: Role) -> Point<Adjustable> {
    Point {
        head: Head { field, tag: "", about: "", form: <MilligramsPerLitre as Value>::FORM },
        words: plc::declare::between(0.0..=5.0, 1.0).by(role),
    }
}

fn catalogue() -> Arc<Catalogue> {
    static POINTS: [Point<Adjustable>; 3] = [DOSE, TARGET, RANGE];
    Arc::new(Catalogue::of(|walk| {
        for point in &POINTS {
            walk.setting(point, &mut MilligramsPerLitre(1.0));
        }
    }))
}

fn here() -> Origin {
    Origin::Web("192.168.1.20".into())
}

async fn access() -> (Access, Arc<InMemory>) {
    let users = Arc::new(InMemory::default());
    let access = Access::open(users.clone(), catalogue()).await.unwrap();
    (access, users)
}

#[tokio::test]
async fn each_role_may_do_what_the_role_table_says() {
    let (access, _) = access().await;
    let set = |setting| Command::Set { setting, value: 1.0 };
    let table = [
        (Command::Start, [false, true, true, true, false]),
        (Command::StopAll, [false, true, true, true, false]),
        (Command::Wash { filter: 1 }, [false, true, true, true, false]),
        (Command::Acknowledge { alarm: 0 }, [false, true, true, true, false]),
        (Command::AcknowledgeLow, [false, true, true, true, false]),
        (Command::Shelve { alarm: 0, seconds: 60.0 }, [false, true, true, true, false]),
        (Command::Unshelve { alarm: 0 }, [false, true, true, true, false]),
        (Command::OutOfService { alarm: 0 }, [false, false, false, true, false]),
        (Command::InService { alarm: 0 }, [false, false, false, true, false]),
        (Command::Silence, [false, true, true, true, false]),
        (set(0), [false, true, true, true, false]),
        (set(1), [false, false, true, true, false]),
        (set(2), [false, false, false, true, false]),
    ];
    let roles = [Role::Observer, Role::Operator, Role::Supervisor, Role::Engineer, Role::Admin];
    for (command, allowed) in table {
        for (role, allowed) in roles.into_iter().zip(allowed) {
            let who = Who { user: "x".into(), roles: vec![role], origin: here() };
            assert_eq!(access.may(&who, &command).is_ok(), allowed, "{role:?} {command:?}");
        }
    }
    let owner = Who { user: "x".into(), roles: vec![Role::Engineer, Role::Admin], origin: here() };
    assert_eq!(access.may(&owner, &set(2)), Ok(()));
    assert_eq!(access.may(&owner, &set(3)), Err(Reason::Unknown));
    let nobody = Who { user: "x".into(), roles: vec![], origin: here() };
    assert_eq!(access.may(&nobody, &Command::Stop), Err(Reason::NotPermitted));
}

#[tokio::test]
async fn the_set_up_code_makes_one_owner_and_no_more() {
    let (access, users) = access().await;
    let code = access.setup_code().unwrap();
    assert!(access.setup_needed().await);
    let wrong = access.set_up("0000-0000-0000", "bounmy", GOOD, here()).await;
    assert!(matches!(wrong, Err(SetUpRefused::WrongCode)));
    let weak = access.set_up(&code, "bounmy", "password", here()).await;
    assert!(matches!(weak, Err(SetUpRefused::User(UserRefused::WeakPassword(_)))));

    let (token, who) = access.set_up(&code, "bounmy", GOOD, here()).await.unwrap();
    assert_eq!(who.roles, [Role::Engineer, Role::Admin]);
    assert_eq!(access.session(&token).unwrap().who.user, "bounmy");
    assert!(access.setup_code().is_none() && !access.setup_needed().await);
    let again = access.set_up(&code, "khamla", GOOD, here()).await;
    assert!(matches!(again, Err(SetUpRefused::SetupDone)));

    let next_start = Access::open(users, catalogue()).await.unwrap();
    assert!(next_start.setup_code().is_none());
}

#[tokio::test]
async fn an_owner_added_from_the_command_line_completes_the_set_up() {
    let (access, users) = access().await;
    let code = access.setup_code().unwrap();
    users::add(users.as_ref(), "watcher", GOOD, vec![Role::Observer]).await.unwrap();
    assert!(access.setup_needed().await);
    users::add(users.as_ref(), "bounmy", GOOD, vec![Role::Engineer, Role::Admin]).await.unwrap();
    assert!(!access.setup_needed().await);
    let late = access.set_up(&code, "khamla", GOOD, here()).await;
    assert!(matches!(late, Err(SetUpRefused::SetupDone)));
}

#[tokio::test]
async fn five_wrong_passwords_lock_the_user_and_the_address() {
    let (access, users) = access().await;
    users::add(users.as_ref(), "bounmy", GOOD, vec![Role::Operator]).await.unwrap();
    users::add(users.as_ref(), "khamla", GOOD, vec![Role::Operator]).await.unwrap();
    for _ in 0..4 {
        let wrong = access.log_in("bounmy", "wrong", here()).await;
        assert!(matches!(wrong, Err(LogInRefused::WrongPassword)));
    }
    let fifth = access.log_in("bounmy", "wrong", here()).await;
    assert!(matches!(fifth, Err(LogInRefused::LockedOut { seconds: 60 })));
    let elsewhere = Origin::Web("192.168.1.21".into());
    for (name, origin, let_in) in [
        ("bounmy", here(), false),
        ("bounmy", elsewhere.clone(), false),
        ("khamla", here(), false),
        ("khamla", elsewhere.clone(), true),
    ] {
        let answer = access.log_in(name, GOOD, origin.clone()).await;
        assert_eq!(answer.is_ok(), let_in, "{name} from {origin:?}");
    }
    assert_eq!(users.0.lock()["bounmy"].failures, 5);
    let next_start = Access::open(users.clone(), catalogue()).await.unwrap();
    let locked = next_start.log_in("bounmy", GOOD, elsewhere.clone()).await;
    assert!(matches!(locked, Err(LogInRefused::LockedOut { .. })), "the lock outlives a restart");

    users::reset(users.as_ref(), "bounmy", "another river 12").await.unwrap();
    assert!(access.log_in("bounmy", "another river 12", elsewhere).await.is_ok());
}

#[tokio::test]
async fn a_right_password_starts_the_count_afresh() {
    let (access, users) = access().await;
    users::add(users.as_ref(), "bounmy", GOOD, vec![Role::Operator]).await.unwrap();
    for _ in 0..2 {
        for _ in 0..4 {
            assert!(access.log_in("bounmy", "wrong", here()).await.is_err());
        }
        assert!(access.log_in("bounmy", GOOD, here()).await.is_ok());
    }
    assert_eq!(users.0.lock()["bounmy"].failures, 0);
}

#[tokio::test]
async fn a_session_ends_with_its_password_and_follows_its_roles() {
    let (access, users) = access().await;
    users::add(users.as_ref(), "bounmy", GOOD, vec![Role::Operator]).await.unwrap();
    let (token, _) = access.open_session("bounmy", GOOD, here()).await.unwrap();
    users.0.lock().get_mut("bounmy").unwrap().roles = vec![Role::Observer];
    assert_eq!(access.acting(&token).await.unwrap().roles, [Role::Observer]);
    users::reset(users.as_ref(), "bounmy", "another river 12").await.unwrap();
    assert!(matches!(access.acting(&token).await, Err(SessionOver)));
    assert!(access.session(&token).is_none());
}

#[tokio::test]
async fn a_name_the_journal_uses_itself_is_nobodys() {
    let (_, users) = access().await;
    for name in ["", " bounmy", "Controller", "panel", "a\nb", &"x".repeat(33)] {
        let answer = users::add(users.as_ref(), name, GOOD, vec![Role::Operator]).await;
        assert!(matches!(answer, Err(UserRefused::BadName)), "{name:?}");
    }
    assert!(users::add(users.as_ref(), "ບຸນມີ", GOOD, vec![Role::Operator]).await.is_ok());
    let taken = users::add(users.as_ref(), "ບຸນມີ", GOOD, vec![Role::Operator]).await;
    assert!(matches!(taken, Err(UserRefused::NameTaken)));
}

/// Users on a disk that can break.
struct Breakable {
    users: Arc<InMemory>,
    broken: std::sync::atomic::AtomicBool,
}

#[async_trait::async_trait]
impl Users for Breakable {
    async fn load(&self, name: &str) -> Result<Option<User>, UsersFailed> {
        if self.broken.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(UsersFailed("disk I/O error".into()));
        }
        self.users.load(name).await
    }
    async fn save(&self, user: &User) -> Result<(), UsersFailed> {
        self.users.save(user).await
    }
    async fn list(&self) -> Result<Vec<User>, UsersFailed> {
        self.users.list().await
    }
}

#[tokio::test]
async fn who_is_in_can_still_act_when_the_disk_breaks() {
    let disk = Arc::new(Breakable { users: Arc::default(), broken: false.into() });
    users::add(disk.as_ref(), "bounmy", GOOD, vec![Role::Operator]).await.unwrap();
    let access = Access::open(disk.clone(), catalogue()).await.unwrap();
    let (token, _) = access.open_session("bounmy", GOOD, here()).await.unwrap();
    disk.broken.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(access.acting(&token).await.unwrap().roles, [Role::Operator]);
    let newcomer = access.log_in("bounmy", GOOD, here()).await;
    assert!(matches!(newcomer, Err(LogInRefused::Users(_))));
}
